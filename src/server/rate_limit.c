/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The window slides in slices of a sixtieth: a request is forgotten between one window and one window and a slice after
 * it came. A client is 256 bytes, however much it asks. The table has a fixed number of places in sets of eight; who
 * has been away longest makes room.
 */
#include "server/rate_limit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/memory.h"
#include "metrics/metrics.h"
#include "server/networks.h"
#include "server/request.h"
#include "server/state.h"

enum {
        SLICES = 60,
        WAYS = 8,
        SETS = 512,
};

struct client {
        uint64_t hash; /* 0: free */
        int64_t slice; /* the newest that counts[] holds */
        uint32_t counts[SLICES];
        uint32_t sum;
};

struct bp_rate_limits {
        pthread_mutex_t lock;
        uint32_t limit;
        int64_t slice_us;
        struct client *sets[SETS]; /* made when they are needed */
};

int bp_rate_limits_new(uint32_t limit, uint32_t window_seconds, struct bp_rate_limits **ret_limits) {
        struct bp_rate_limits *limits = bp_calloc(1, sizeof(*limits));

        if (!limits)
                return -ENOMEM;
        pthread_mutex_init(&limits->lock, NULL);
        limits->limit = limit;
        limits->slice_us = (int64_t)window_seconds * 1000000 / SLICES;
        *ret_limits = limits;
        return 0;
}

struct bp_rate_limits *bp_rate_limits_free(struct bp_rate_limits *limits) {
        if (limits) {
                for (size_t i = 0; i < SETS; i++)
                        free(limits->sets[i]);
                pthread_mutex_destroy(&limits->lock);
                free(limits);
        }
        return NULL;
}

/* The place of a client; NULL when memory is exhausted. */
static struct client *place_of(struct bp_rate_limits *limits, uint64_t hash) {
        struct client **set = &limits->sets[hash % SETS], *oldest;

        if (!*set)
                *set = bp_calloc(WAYS, sizeof(**set));
        if (!*set)
                return NULL;
        oldest = *set;
        for (struct client *client = *set; client < *set + WAYS; client++) {
                if (client->hash == hash)
                        return client;
                if (client->slice < oldest->slice)
                        oldest = client;
        }
        *oldest = (struct client){.hash = hash};
        return oldest;
}

static void slide(struct client *client, int64_t slice) {
        if (slice - client->slice >= SLICES) {
                memset(client->counts, 0, sizeof(client->counts));
                client->sum = 0;
                client->slice = slice;
        }
        while (client->slice < slice) {
                uint32_t *count = &client->counts[++client->slice % SLICES];

                client->sum -= *count;
                *count = 0;
        }
}

bool bp_rate_limits_take(struct bp_rate_limits *limits, const char *name, int64_t now_us, uint32_t *ret_remaining) {
        uint64_t hash = bp_hash64(name, strlen(name), 0);
        struct client *client;
        bool is_taken = true;

        pthread_mutex_lock(&limits->lock);
        client = place_of(limits, hash ? hash : 1);
        if (client) {
                slide(client, now_us / limits->slice_us);
                is_taken = client->sum < limits->limit;
                client->sum += is_taken;
                client->counts[client->slice % SLICES] += is_taken;
                *ret_remaining = limits->limit - client->sum;
        } else {
                *ret_remaining = limits->limit;
        }
        pthread_mutex_unlock(&limits->lock);
        return is_taken;
}

static void name_client(const struct bp_request *request, char name[BP_ADDRESS_SIZE]) {
        static const struct bp_id none;
        struct in6_addr address;

        if (memcmp(&request->principal.token, &none, sizeof(none)) != 0) {
                bp_id_format(request->principal.token, name);
        } else if (inet_pton(AF_INET6, request->peer, &address) == 1) {
                memset(&address.s6_addr[8], 0, 8);
                inet_ntop(AF_INET6, &address, name, BP_ADDRESS_SIZE);
        } else {
                snprintf(name, BP_ADDRESS_SIZE, "%s", request->peer);
        }
}

static void add_number(struct bp_request *request, const char *name, uint32_t number) {
        char text[16];

        snprintf(text, sizeof(text), "%u", number);
        bp_request_add_header(request, name, text);
}

void bp_rate_limit_check(struct bp_request *request) {
        const struct bp_server_settings *settings = &request->server->settings;
        char client[BP_ADDRESS_SIZE];
        uint32_t remaining;
        bool is_taken;

        if (!request->server->rate_limits || request->method != BP_GET || !strstr(request->path, "/executions"))
                return;
        name_client(request, client);
        is_taken = bp_rate_limits_take(request->server->rate_limits, client, request->began.us, &remaining);
        add_number(request, "X-RateLimit-Limit", settings->rate_limit);
        add_number(request, "X-RateLimit-Remaining", remaining);
        if (is_taken)
                return;
        bp_metrics_add(settings->metrics, BP_METRIC_RATE_LIMITED, NULL, NULL, 1);
        bp_request_fail(request, &(struct bp_failure){
                                         .status = 429,
                                         .code = "TOO_MANY_REQUESTS",
                                         .message = "Too many requests: wait before asking again",
                                         .retry_after_seconds = settings->rate_window_seconds,
                                 });
}
