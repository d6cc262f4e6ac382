/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file rate_limit.h
 * How many requests of a client count within a sliding window. Clients are told apart by token, else by address; of
 * IPv6 addresses the network counts, since a client has as many as it likes. Private to the room.
 */
#ifndef BP_SERVER_RATE_LIMIT_H
#define BP_SERVER_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct bp_rate_limits;
struct bp_request;

/** Counts for a limit within a window. @return 0 or -ENOMEM */
int bp_rate_limits_new(uint32_t limit, uint32_t window_seconds, struct bp_rate_limits **ret_limits);

/** Gives back. NULL is allowed. Always returns NULL. */
struct bp_rate_limits *bp_rate_limits_free(struct bp_rate_limits *limits);

/** Counts a request of a client, unless it is refused. `ret_remaining`: how many more may come now. @return true when
 * it may go on. Any thread. */
bool bp_rate_limits_take(struct bp_rate_limits *limits, const char *client, int64_t now_us, uint32_t *ret_remaining);

/** Counts a request where requests of its kind count, tells the client in headers, and refuses it with 429. */
void bp_rate_limit_check(struct bp_request *request);

#endif
