/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file defer.h
 * Answers that take time, as connection.c uses them. Private to the room.
 */
#ifndef BP_SERVER_DEFER_H
#define BP_SERVER_DEFER_H

#include <stdbool.h>
#include <stdint.h>

struct bp_connection;
struct bp_deferred;
struct bp_request;

/** The handler has returned: puts the connection to sleep unless the answer can be made at once. @return true when it
 * sleeps */
bool bp_deferred_sleep(struct bp_deferred *deferred, struct bp_connection *connection);

/** Calls `finish` with what came, and gives the deferred back; `request->deferred` is another one or NULL afterwards.
 */
void bp_deferred_finish(struct bp_request *request);

/** The deadline has passed, or the server stops: wakes the connection if it still sleeps. Any thread that holds the
 * connection's lock. */
void bp_deferred_expire(struct bp_deferred *deferred);

/** When the deadline passes, by the monotonic clock. */
int64_t bp_deferred_deadline_us(const struct bp_deferred *deferred);

#endif
