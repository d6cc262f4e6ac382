/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file hub.h
 * Who follows executions, and the one thread that tells them. Private to the room.
 *
 * The engine's thread hands over what became durable and goes on. The hub's thread writes each event once and sends it
 * to whoever follows. A follower whose client does not take it at once finds it in the backlog of what was told last;
 * one who is further behind, because it has just come or its client reads slowly, gets what it misses from the store,
 * as much at a time as its client takes. Then it goes on with what comes.
 */
#ifndef BP_API_HUB_H
#define BP_API_HUB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"
#include "store/store.h"

struct bp_api;
struct bp_api_hub;
struct bp_request;

/** What a client wants to follow. */
struct bp_api_interest {
        bool to_one;                        /**< one execution, else all */
        const struct bp_execution_row *row; /**< of to_one; used during the call */
        bool is_resumed;                    /**< `after` counts; else: to_one from the first record, all from now on */
        struct bp_position after;           /**< to_one: its sequence alone */
        bool with_logs;
};

/** A hub without a thread: that starts with the first follower. @return 0 or -ENOMEM. */
int bp_api_hub_new(struct bp_api *api, struct bp_api_hub **ret_hub);

/** Ends the thread; no request is under way any more. NULL is allowed. Always returns NULL. */
struct bp_api_hub *bp_api_hub_free(struct bp_api_hub *hub);

/** Answers a request with a stream of what it is interested in. */
void bp_api_hub_follow(struct bp_api_hub *hub, struct bp_request *request, const struct bp_api_interest *interest);

#endif
