/* SPDX-License-Identifier: Apache-2.0 */
/* A lane exists while it has exchanges. It is `ready` when its first exchange lacks nothing but a connection. */
#include "http/lanes.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/memory.h"
#include "http/client.h"
#include "http/exchange.h"

TAILQ_HEAD(exchange_line, bp_http_exchange);

struct bp_http_lane {
        LIST_ENTRY(bp_http_lane) in_table;
        TAILQ_ENTRY(bp_http_lane) in_ready;
        struct exchange_line waiting;
        uint32_t n_running;
        bool is_ready;
        char name[];
};

void bp_http_lanes_init(struct bp_http_lanes *lanes, const struct bp_http_client_settings *settings) {
        *lanes = (struct bp_http_lanes){.settings = settings};
        TAILQ_INIT(&lanes->ready);
}

static struct bp_http_lane_bucket *bucket_of(struct bp_http_lanes *lanes, const char *name) {
        return &lanes->table[bp_hash64(name, strlen(name), 0) % BP_HTTP_LANES_TABLE];
}

static struct bp_http_lane *lane_new(struct bp_http_lanes *lanes, const char *name) {
        size_t size = strlen(name) + 1;
        struct bp_http_lane *lane = bp_calloc(1, sizeof(*lane) + size);

        if (!lane)
                return NULL;
        TAILQ_INIT(&lane->waiting);
        memcpy(lane->name, name, size);
        LIST_INSERT_HEAD(bucket_of(lanes, name), lane, in_table);
        return lane;
}

static struct bp_http_lane *find_lane(struct bp_http_lanes *lanes, const char *name) {
        struct bp_http_lane *lane;

        LIST_FOREACH(lane, bucket_of(lanes, name), in_table) {
                if (strcmp(lane->name, name) == 0)
                        return lane;
        }
        return lane_new(lanes, name);
}

static bool is_full(const struct bp_http_lanes *lanes, const struct bp_http_lane *lane) {
        return lane->n_running >= lanes->settings->max_per_host;
}

/* After every change of a lane. */
static void review(struct bp_http_lanes *lanes, struct bp_http_lane *lane) {
        bool is_ready = !TAILQ_EMPTY(&lane->waiting) && !is_full(lanes, lane);

        if (is_ready && !lane->is_ready)
                TAILQ_INSERT_TAIL(&lanes->ready, lane, in_ready);
        if (!is_ready && lane->is_ready)
                TAILQ_REMOVE(&lanes->ready, lane, in_ready);
        lane->is_ready = is_ready;
        if (lane->n_running > 0 || !TAILQ_EMPTY(&lane->waiting))
                return;
        LIST_REMOVE(lane, in_table);
        free(lane);
}

static bool goes_at_once(const struct bp_http_lanes *lanes, const struct bp_http_lane *lane) {
        return TAILQ_EMPTY(&lane->waiting) && !is_full(lanes, lane) &&
               lanes->n_running < lanes->settings->max_connections;
}

int bp_http_lanes_enter(struct bp_http_lanes *lanes, struct bp_http_exchange *exchange) {
        struct bp_http_lane *lane = find_lane(lanes, bp_http_exchange_lane(exchange));

        if (!lane)
                return -ENOMEM;
        if (lanes->n_waiting >= lanes->settings->max_waiting && !goes_at_once(lanes, lane)) {
                review(lanes, lane);
                return -ENOBUFS;
        }
        exchange->lane = lane;
        exchange->waits_since = bp_mono_now();
        TAILQ_INSERT_TAIL(&lane->waiting, exchange, in_lane);
        lanes->n_waiting++;
        review(lanes, lane);
        return 0;
}

struct bp_http_exchange *bp_http_lanes_next(struct bp_http_lanes *lanes) {
        struct bp_http_lane *lane = TAILQ_FIRST(&lanes->ready);
        struct bp_http_exchange *exchange;

        if (!lane || lanes->n_running >= lanes->settings->max_connections)
                return NULL;
        exchange = TAILQ_FIRST(&lane->waiting);
        TAILQ_REMOVE(&lane->waiting, exchange, in_lane);
        lanes->n_waiting--;
        exchange->has_turn = true;
        lane->n_running++;
        lanes->n_running++;
        TAILQ_REMOVE(&lanes->ready, lane, in_ready);
        lane->is_ready = false;
        review(lanes, lane);
        return exchange;
}

void bp_http_lanes_leave(struct bp_http_lanes *lanes, struct bp_http_exchange *exchange) {
        struct bp_http_lane *lane = exchange->lane;

        if (!lane)
                return;
        if (exchange->has_turn) {
                lane->n_running--;
                lanes->n_running--;
        } else {
                TAILQ_REMOVE(&lane->waiting, exchange, in_lane);
                lanes->n_waiting--;
        }
        exchange->lane = NULL;
        exchange->has_turn = false;
        review(lanes, lane);
}

char *bp_http_lanes_explain(const struct bp_http_lanes *lanes, const struct bp_http_exchange *exchange,
                            char text[BP_HTTP_LANES_TEXT_SIZE]) {
        const struct bp_http_client_settings *settings = lanes->settings;
        const char *name = bp_http_exchange_lane(exchange);
        double seconds = (double)(bp_mono_now().us - exchange->waits_since.us) / 1e6;

        if (!exchange->lane)
                snprintf(text, BP_HTTP_LANES_TEXT_SIZE,
                         "no connection to %.300s: %u requests wait for one already (client.waiting)", name,
                         settings->max_waiting);
        else if (is_full(lanes, exchange->lane))
                snprintf(text, BP_HTTP_LANES_TEXT_SIZE,
                         "waited %.3g s for a free connection to %.300s: limit %u (client.connections_per_host)",
                         seconds, name, settings->max_per_host);
        else
                snprintf(text, BP_HTTP_LANES_TEXT_SIZE,
                         "waited %.3g s for a free connection to %.300s: limit %u in all (client.connections)", seconds,
                         name, settings->max_connections);
        return text;
}
