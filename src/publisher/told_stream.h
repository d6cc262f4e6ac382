/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file told_stream.h
 * One subscription while it is being told. The publisher's thread alone. Inside the room only.
 */
#ifndef BP_PUBLISHER_TOLD_STREAM_H
#define BP_PUBLISHER_TOLD_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "envelope/envelope.h"
#include "store/deliveries.h"

struct bp_arena;
struct bp_publisher;

/** Size of the words of a failure. */
#define BP_TOLD_ERROR_SIZE 320

/** What a stream is about. */
enum bp_told_phase {
        BP_TOLD_FREE = 0,
        BP_TOLD_IDLE,     /**< everything there is was told; kept, so that it need not be read again */
        BP_TOLD_READY,    /**< has something to send, or to look for */
        BP_TOLD_SENDING,  /**< one event is on its way */
        BP_TOLD_GIVEN_UP, /**< goes on once the dead letter is durable */
        BP_TOLD_LEAVING,  /**< is forgotten once where it stands is durable */
};

/** An event that is to be sent. */
struct bp_told_item {
        struct bp_told_event told;
        uint64_t sequence;
        bool completes; /**< the record is told with it */
        bool ends;      /**< the execution is told with it */
};

struct bp_told_stream {
        enum bp_told_phase phase;
        uint64_t subscription, execution; /**< numbers */
        uint64_t n_siblings;              /**< active subscriptions of the execution, when it was looked at */
        uint64_t used_at;                 /**< for choosing whom to forget */
        struct bp_arena *arena;           /**< of the facts */
        struct bp_envelope_facts facts;
        struct bp_track *track;

        struct bp_arena *batch; /**< of the items; NULL: none are read */
        struct bp_told_item *items;
        size_t n_items, next;

        /* As it stands, or will stand, in the store. */
        enum bp_subscription_state state;
        uint64_t cursor;
        uint32_t attempts;
        struct bp_wall next_at;
        char error[BP_TOLD_ERROR_SIZE]; /**< "": none */
        bool has_letter;
        struct bp_dead_letter letter; /**< of has_letter; its texts lie in the batch, or in `error` */
        bool unsaved, saving;
};

/** Begins to tell a subscription. @return 0; negative errno: the store cannot be read, it is free again. */
int bp_told_stream_open(struct bp_publisher *publisher, struct bp_told_stream *stream,
                        const struct bp_subscription_row *row);

/** Forgets it. */
void bp_told_stream_close(struct bp_publisher *publisher, struct bp_told_stream *stream);

/** The next event, read from the store where it must be. NULL: there is none at the moment, it is idle now; or the
 * store cannot be read (`ret_error`). */
const struct bp_told_item *bp_told_stream_next(struct bp_publisher *publisher, struct bp_told_stream *stream,
                                               int *ret_error);

/** The item that was sent is dealt with: goes on behind it. */
void bp_told_stream_advance(struct bp_publisher *publisher, struct bp_told_stream *stream);

/** Nobody will be told any more. */
void bp_told_stream_end(struct bp_told_stream *stream, enum bp_subscription_state state, const char *error);

#endif
