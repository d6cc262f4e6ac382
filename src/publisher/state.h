/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file state.h
 * The publisher itself. Everything but the post is its thread's. Inside the room only.
 */
#ifndef BP_PUBLISHER_STATE_H
#define BP_PUBLISHER_STATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "publisher/numbers.h"
#include "publisher/post.h"
#include "publisher/publisher.h"
#include "publisher/told_stream.h"

struct bp_arena;
struct bp_store;

struct bp_publisher {
        struct bp_publisher_settings settings; /**< defaults filled in */
        char *source;
        struct bp_store *store;
        struct bp_post *post;
        pthread_t thread;
        bool has_thread;

        struct bp_arena *scratch;
        struct bp_told_stream *streams; /**< settings.in_flight */
        uint64_t clock;                 /**< counts uses of streams */
        size_t batch_bytes;             /**< of all batches */
        uint32_t n_batches;

        struct bp_numbers news;      /**< executions that are to be looked at */
        bool walking;                /**< all active subscriptions are to be looked at, from: */
        uint64_t walked;             /**< number of the last one looked at */
        struct bp_wall due;          /**< when the next subscription is to be tried again; 0: none */
        uint64_t n_waiting;          /**< subscriptions that wait for another try */
        struct bp_mono paused_until; /**< the store could not be read */

        struct bp_bus_outcome *outcomes; /**< taken from the post */
        struct bp_delivery *deliveries;
        bool is_saving;
        struct bp_mono saved_at; /**< when the last write began */
};

/** What an outcome makes of its stream. */
void bp_bus_outcome_apply(struct bp_publisher *publisher, const struct bp_bus_outcome *outcome);

#endif
