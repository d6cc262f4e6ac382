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

#include "api/backlog.h"
#include "api/history.h"
#include "service/service.h"

struct bp_api;
struct bp_api_hub;
struct bp_arena;
struct bp_stream;

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
        bool is_live;             /**< has everything so far; goes on with what comes */
        bool in_backlog;          /**< not is_live, and what it misses is in the backlog from `next_told` on */
        uint64_t next_told;       /**< of in_backlog: what it gets next */
        bool is_ended;            /**< nothing more will be sent */
        struct bp_position after; /**< of what was sent last; to_one: its sequence alone */
        bool has_history;         /**< of to_one, while it is behind */
        struct bp_api_history history;
        uint64_t number, replayed; /**< of has_history: the execution in the store, the last record gone over */
};

/** Tells a live follower what has come; told already, it is passed over. A follower whose client does not take it now
 * falls behind and will find it in the backlog, under this number. @return false: the follower needs the backlog. */
bool bp_api_follower_tell(struct bp_api_follower *follower, const struct bp_api_told *told, uint64_t number);

/** Sends some of what a follower misses, from the backlog of its topic or from the store. @return true: there is more,
 * or its client takes no more now. */
bool bp_api_follower_catch_up(struct bp_api_follower *follower, const struct bp_api_backlog *backlog,
                              struct bp_api *api, struct bp_arena *arena);

/** One owner fewer. */
void bp_api_follower_unref(struct bp_api_follower *follower);

#endif
