/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file follower.h
 * One client of the hub: where it is, and what it gets next. All but `is_closed` belongs to the hub's thread once the
 * hub has it. Private to the room.
 */
#ifndef BP_API_FOLLOWER_H
#define BP_API_FOLLOWER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/history.h"
#include "service/service.h"

struct bp_api;
struct bp_api_hub;
struct bp_arena;
struct bp_stream;
struct bp_stream_event;

/** One client. */
struct bp_api_follower {
        struct bp_api_follower *next;
        struct bp_api_hub *hub;
        _Atomic uint32_t owners; /**< the hub, the stream */
        _Atomic bool is_closed;  /**< the client is gone */
        struct bp_stream *stream;
        bool to_one, with_logs;
        struct bp_id execution;   /**< of to_one */
        bool is_placed;           /**< `after` is known */
        bool is_live;             /**< has everything that the store had; goes on with what comes */
        bool is_ended;            /**< nothing more will be sent */
        struct bp_position after; /**< of what was sent last; to_one: its sequence alone */
        bool has_history;         /**< of to_one, while it is behind */
        struct bp_api_history history;
        uint64_t number, replayed; /**< of has_history: the execution in the store, the last record gone over */
};

/** Sends an event of about this size; a follower whose client does not take it now falls behind. @return false when it
 * did not go out. */
bool bp_api_follower_send(struct bp_api_follower *follower, struct bp_stream_event *event, size_t size);

/** Tells that the execution has ended, and ends the stream. */
void bp_api_follower_end(struct bp_api_follower *follower, enum bp_execution_state state);

/** Sends some of what a follower misses. @return true: there is more, or its client takes no more now. */
bool bp_api_follower_catch_up(struct bp_api_follower *follower, struct bp_api *api, struct bp_arena *arena);

/** One owner fewer. */
void bp_api_follower_unref(struct bp_api_follower *follower);

#endif
