/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Life of the server. Sockets are opened here, libmicrohttpd runs the threads, the watch keeps time. At the end
 * requests under way are waited for; who still sleeps is woken without what it waited for, since the library cannot
 * stop while a connection sleeps.
 */
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "server/connection.h"
#include "server/idempotency.h"
#include "server/listen.h"
#include "server/rate_limit.h"
#include "server/state.h"

enum {
        THREAD_STACK_BYTES = 256 << 10,
        SURPLUS_CONNECTIONS = 64, /* beyond the limit: taken only to be told so */
        LIBRARY_GRACE_SECONDS = 5,
        ROUTE_BYTES = 4 << 20,
        LARGEST_PEM = 1 << 20,
        POLL_US = 5000,
        LAST_ANSWERS_US = 1000000,
};

/* ---------------------------------------------------------------------------------------------------------------
 * Settings
 */

static void fill_defaults(struct bp_server_settings *settings) {
#define DEFAULT(member, value) settings->member = settings->member ? settings->member : (value)
        DEFAULT(address, "127.0.0.1");
        DEFAULT(threads, 2);
        DEFAULT(connections, 4096);
        DEFAULT(header_bytes, 32 << 10);
        DEFAULT(url_bytes, 8 << 10);
        DEFAULT(body_bytes, 4 << 20);
        DEFAULT(raw_body_bytes, SIZE_MAX);
        DEFAULT(json_depth, 64);
        DEFAULT(idle_seconds, 30);
        DEFAULT(request_seconds, 60);
        DEFAULT(rate_limit, 1000);
        DEFAULT(rate_window_seconds, 60);
        DEFAULT(stream_bytes, 256 << 10);
        DEFAULT(stream_ping_seconds, 15);
#undef DEFAULT
}

int bp_server_prepare(struct bp_server *server, const struct bp_server_settings *settings,
                      const struct bp_route *const *tables, size_t n_tables, struct bp_problem *reterr_problem) {
        int r;

        server->settings = *settings;
        fill_defaults(&server->settings);
        server->tables = tables;
        server->n_tables = n_tables;
        server->listen_fd = -1;
        server->most_body_bytes = BP_SERVER_LARGE_BODIES * server->settings.body_bytes;
        server->arena = bp_arena_new(ROUTE_BYTES);
        if (!server->arena)
                return -ENOMEM;
        r = bp_routes_new(server->arena, tables, n_tables, &server->routes, reterr_problem);
        if (!r)
                r = bp_networks_parse(server->arena, settings->trusted_proxies, &server->trusted, reterr_problem);
        if (!r && server->settings.rate_limit != UINT32_MAX)
                r = bp_rate_limits_new(server->settings.rate_limit, server->settings.rate_window_seconds,
                                       &server->rate_limits);
        if (!r)
                r = bp_keys_under_way_new(&server->keys);
        return r;
}

void bp_server_unprepare(struct bp_server *server) {
        bp_keys_under_way_free(server->keys);
        bp_rate_limits_free(server->rate_limits);
        bp_arena_free(server->arena);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Start
 */

/* While it starts, the library's complaint becomes the problem; later ones are about clients that went away. */
__attribute__((format(printf, 2, 0))) static void take_complaint(void *data, const char *format, va_list arguments) {
        struct bp_server *server = data;

        if (!atomic_load(&server->has_started))
                vsnprintf(server->complaint, sizeof(server->complaint), format, arguments);
}

static int read_pem(const char *path, struct bp_strbuf *text, struct bp_problem *reterr_problem) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        char bytes[4096];
        ssize_t n = -1;

        while (fd >= 0 && (n = read(fd, bytes, sizeof(bytes))) > 0)
                bp_strbuf_add(text, bytes, (size_t)n);
        if (n < 0)
                bp_problem_set(reterr_problem, "TLS", "cannot read %s: %s", path, strerror(errno));
        if (fd >= 0)
                close(fd);
        return n < 0 ? BP_PROBLEM : text->error;
}

/* The library's own way to stop listening (quiesce) is not used: its threads and the caller may both take the socket
 * out of a poll set, and then it aborts the program. */
static enum MHD_Result takes_connection(void *data, const struct sockaddr *address, socklen_t size) {
        struct bp_server *server = data;

        (void)address;
        (void)size;
        return atomic_load(&server->is_draining) ? MHD_NO : MHD_YES;
}

static int start_library(struct bp_server *server, const char *certificate, const char *key) {
        const struct bp_server_settings *settings = &server->settings;
        unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
        struct MHD_OptionItem options[24] = {
                {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)take_complaint, server},
                {MHD_OPTION_LISTEN_SOCKET, server->listen_fd, NULL},
                {MHD_OPTION_THREAD_STACK_SIZE, THREAD_STACK_BYTES, NULL},
                {MHD_OPTION_CONNECTION_LIMIT, settings->connections + SURPLUS_CONNECTIONS, NULL},
                {MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)settings->header_bytes, NULL},
                {MHD_OPTION_CONNECTION_TIMEOUT, settings->idle_seconds + LIBRARY_GRACE_SECONDS, NULL},
                {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)bp_connection_end_request, server},
                {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)bp_connection_notify, server},
                {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)bp_connection_begin_request, server},
                {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        };
        size_t n = 10;

        if (settings->threads > 1)
                options[n++] = (struct MHD_OptionItem){MHD_OPTION_THREAD_POOL_SIZE, settings->threads, NULL};
        if (settings->connections_per_peer)
                options[n++] = (struct MHD_OptionItem){MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                                                       settings->connections_per_peer, NULL};
        if (server->is_tls) {
                flags |= MHD_USE_TLS;
                options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)certificate};
                options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key};
                options[n++] = (struct MHD_OptionItem){
                        MHD_OPTION_HTTPS_PRIORITIES, 0,
                        (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"};
        }
        options[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
        server->daemon = MHD_start_daemon(flags, settings->port, takes_connection, server, bp_connection_access, server,
                                          MHD_OPTION_ARRAY, options, MHD_OPTION_END);
        return server->daemon ? 0 : BP_PROBLEM;
}

static int start(struct bp_server *server, struct bp_problem *reterr_problem) {
        struct bp_strbuf certificate, key;
        int r = 0;

        bp_strbuf_init(&certificate, NULL, LARGEST_PEM);
        bp_strbuf_init(&key, NULL, LARGEST_PEM);
        if (server->is_tls)
                r = read_pem(server->settings.tls_cert, &certificate, reterr_problem);
        if (server->is_tls && !r)
                r = read_pem(server->settings.tls_key, &key, reterr_problem);
        if (!r) {
                r = start_library(server, bp_strbuf_text(&certificate), bp_strbuf_text(&key));
                if (r)
                        bp_problem_set(reterr_problem, server->is_tls ? "TLS" : "LISTEN", "cannot serve: %s",
                                       server->complaint);
        }
        if (key.text)
                explicit_bzero(key.text, key.capacity);
        bp_strbuf_done(&key);
        bp_strbuf_done(&certificate);
        atomic_store(&server->has_started, true);
        return r;
}

int bp_server_new(const struct bp_server_settings *settings, const struct bp_route *const *tables, size_t n_tables,
                  struct bp_server **ret_server, struct bp_problem *reterr_problem) {
        struct bp_server *server = bp_calloc(1, sizeof(*server));
        int r;

        if (!server)
                return -ENOMEM;
        server->is_tls = settings->tls_cert;
        r = bp_watch_init(&server->watch);
        if (r) {
                free(server);
                return r;
        }
        r = bp_server_prepare(server, settings, tables, n_tables, reterr_problem);
        if (!r)
                r = bp_listen_open(server, reterr_problem);
        if (!r)
                r = bp_watch_start(&server->watch);
        if (!r)
                r = start(server, reterr_problem);
        if (r) {
                bp_server_free(server, 0);
                return r;
        }
        *ret_server = server;
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Life and end
 */

const char *bp_server_url(const struct bp_server *server) {
        return server->url;
}

void bp_server_routes(const struct bp_server *server, void (*visit)(void *userdata, const struct bp_route *route),
                      void *userdata) {
        for (size_t i = 0; i < server->n_tables; i++) {
                for (const struct bp_route *route = server->tables[i]; route->handler; route++)
                        visit(userdata, route);
        }
}

void bp_server_drain(struct bp_server *server) {
        if (atomic_exchange(&server->is_draining, true) || !server->daemon)
                return;
        bp_listen_unlink(server);
        bp_watch_each(&server->watch, bp_connection_cut_idle);
        bp_watch_each(&server->watch, bp_connection_hurry);
}

static void rest(void) {
        static const struct timespec pause = {.tv_nsec = POLL_US * 1000};

        nanosleep(&pause, NULL);
}

/* Requests under way may end by themselves until then. */
static void wait_for_requests(struct bp_server *server, int64_t until_us) {
        while (atomic_load(&server->n_under_way) && bp_mono_now().us < until_us)
                rest();
}

/* Whoever sleeps is woken, whoever still sends is cut off; answers have a moment to leave. Again and again, since a
 * request may just be on its way from one to the other. */
static void end_requests(struct bp_server *server) {
        int64_t until_us = bp_mono_now().us + LAST_ANSWERS_US;

        atomic_store(&server->is_stopping, true);
        while (atomic_load(&server->n_under_way)) {
                bp_watch_each(&server->watch, bp_connection_hurry);
                bp_watch_each(&server->watch, bp_connection_cut_reading);
                if (bp_mono_now().us >= until_us)
                        bp_watch_each(&server->watch, bp_connection_cut_writing);
                rest();
        }
}

struct bp_server *bp_server_free(struct bp_server *server, uint32_t seconds) {
        if (!server)
                return NULL;
        if (server->daemon) {
                bp_server_drain(server);
                wait_for_requests(server, bp_mono_now().us + (int64_t)seconds * 1000000);
                end_requests(server);
                MHD_stop_daemon(server->daemon);
                server->listen_fd = -1; /* closed with it */
        }
        bp_watch_done(&server->watch);
        bp_listen_close(server);
        bp_server_unprepare(server);
        free(server);
        return NULL;
}
