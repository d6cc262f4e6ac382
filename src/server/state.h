/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file state.h
 * The server as its files share it. Private to the room.
 */
#ifndef BP_SERVER_STATE_H
#define BP_SERVER_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/networks.h"
#include "server/route.h"
#include "server/server.h"
#include "server/watch.h"

struct MHD_Daemon;
struct bp_keys_under_way;
struct bp_rate_limits;

/** A server. What is not atomic is set before the first connection. */
struct bp_server {
        struct bp_server_settings settings; /**< defaults filled in */
        const struct bp_route *const *tables;
        size_t n_tables;
        struct bp_arena *arena;
        struct bp_route_tree *routes;
        struct bp_networks trusted;
        struct bp_rate_limits *rate_limits;
        struct bp_keys_under_way *keys;
        struct bp_watch watch;
        struct MHD_Daemon *daemon;
        int listen_fd;
        bool is_tls;
        char *unix_path; /**< removed at the end */
        char url[160];
        char complaint[256]; /**< what the library said last, while it starts */
        _Atomic bool has_started, is_draining, is_stopping;
        _Atomic uint32_t n_connections, n_under_way; /**< open; requests that were begun and not ended */
        _Atomic size_t body_bytes;                   /**< held by all requests */
        size_t most_body_bytes;
};

/** Memory that bodies of all requests may take together, in bodies of the largest size. */
#define BP_SERVER_LARGE_BODIES 32

/** Fills in the defaults and builds what requests need but sockets do not: routes, limits, keys. @return 0; BP_PROBLEM
 * (ROUTES, LISTEN: trusted_proxies); -ENOMEM. */
int bp_server_prepare(struct bp_server *server, const struct bp_server_settings *settings,
                      const struct bp_route *const *tables, size_t n_tables, struct bp_problem *reterr_problem);

/** Gives back what bp_server_prepare() built. */
void bp_server_unprepare(struct bp_server *server);

#endif
