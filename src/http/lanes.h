/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file lanes.h
 * Whose turn it is. Exchanges of one target, or of one service, are a lane: they go in the order they came, and only so
 * many of a lane are under way at once. Lanes that may go on take turns, so that one that is full holds up no other.
 * An exchange that waits has no libcurl handle yet. The client's thread only.
 */
#ifndef BP_HTTP_LANES_H
#define BP_HTTP_LANES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct bp_http_client_settings;
struct bp_http_exchange;
struct bp_http_lane;

/** Buckets of the table of lanes. */
#define BP_HTTP_LANES_TABLE 256

/** Size of the text of bp_http_lanes_explain(). */
#define BP_HTTP_LANES_TEXT_SIZE 512

LIST_HEAD(bp_http_lane_bucket, bp_http_lane);
TAILQ_HEAD(bp_http_lane_list, bp_http_lane);

/** All lanes. */
struct bp_http_lanes {
        const struct bp_http_client_settings *settings; /**< complete */
        struct bp_http_lane_bucket table[BP_HTTP_LANES_TABLE];
        struct bp_http_lane_list ready; /**< those with an exchange that may go as soon as there is a connection */
        uint32_t n_running, n_waiting;
};

/** Sets them up, empty. There is nothing to be undone once every exchange has left. */
void bp_http_lanes_init(struct bp_http_lanes *lanes, const struct bp_http_client_settings *settings);

/** An exchange gets in line. @return 0, -ENOMEM, or -ENOBUFS when as many wait as may */
int bp_http_lanes_enter(struct bp_http_lanes *lanes, struct bp_http_exchange *exchange);

/** The next exchange that may go, which counts as under way from now on. NULL: none may. */
struct bp_http_exchange *bp_http_lanes_next(struct bp_http_lanes *lanes);

/** An exchange is over, or waits no longer. One that is in no lane is ignored. */
void bp_http_lanes_leave(struct bp_http_lanes *lanes, struct bp_http_exchange *exchange);

/** Why an exchange that waits has not had its turn, or could not get in line, for a person. @return `text` */
char *bp_http_lanes_explain(const struct bp_http_lanes *lanes, const struct bp_http_exchange *exchange,
                            char text[BP_HTTP_LANES_TEXT_SIZE]);

#endif
