/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service put together. The engine runs on the thread that calls bp_daemon_run(); signals are taken by a thread of
 * their own. Parts are made from the store upwards and given back in the opposite order, so that nobody outlives what
 * it uses.
 */
#include "daemon/daemon.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/problem.h"
#include "daemon/assemble.h"
#include "daemon/bus.h"
#include "daemon/config.h"
#include "daemon/events_log.h"
#include "daemon/handed_socket.h"
#include "daemon/installed.h"
#include "daemon/load_pipelines.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/signals.h"
#include "daemon/store_folder.h"
#include "editor/editor.h"
#include "invoke/invoke.h"
#include "metrics/metrics.h"
#include "options/options.h"
#include "plugins/plugins.h"
#include "registry/registry.h"

/* Requests under way when the engine has ended are answered at once; a client that reads slowly gets this long. */
enum { SECONDS_FOR_ANSWERS = 2, MALLOC_ARENAS = 2 };

struct daemon {
        const struct bp_config *config;
        struct bp_assembled assembled;
        struct bp_notify notify;
        struct bp_log *log;
        struct bp_metrics *metrics;
        struct bp_registry *registry;
        struct bp_invoker *invoker;
        struct bp_service *service;
        struct bp_bus *bus;
        struct bp_publisher *publisher; /* NULL: there is no bus */
        struct bp_events_log *events_log;
        struct bp_options *options;
        struct bp_api *api;
        struct bp_server *server;
        struct bp_signals *signals;
        atomic_bool engine_is_heard; /* since the watchdog was fed */
};

/* ---------------------------------------------------------------------------------------------------------------
 * What the parts tell and ask
 */

static void log_notice(void *userdata, enum bp_log_level level, const char *message) {
        const struct daemon *daemon = userdata;

        bp_log_write(daemon->log, level, "service", NULL, 0, message);
}

static void log_left_out(void *userdata, const char *message) {
        const struct daemon *daemon = userdata;

        bp_log_write(daemon->log, BP_LOG_WARNING, "actions", NULL, 0, message);
}

static void log_access(void *userdata, const struct bp_access *access) {
        const struct daemon *daemon = userdata;
        const struct bp_log_field fields[] = {
                {.name = "method", .text = access->method},
                {.name = "path", .text = access->path},
                {.name = "status", .number = access->status},
                {.name = "duration_ms", .number = (double)access->duration_us / 1000},
                {.name = "bytes", .number = (double)access->bytes},
                {.name = "operation", .text = access->operation},
                {.name = "peer", .text = access->peer},
                {.name = "principal", .text = access->principal},
                {.name = "correlation_id", .text = access->correlation_id},
        };

        bp_log_write(daemon->log, BP_LOG_INFO, "access", fields, sizeof(fields) / sizeof(fields[0]), "request");
}

static int authenticate(void *userdata, struct bp_request *request, struct bp_principal *ret_principal) {
        const struct daemon *daemon = userdata;

        return bp_api_authenticate(daemon->api, request, ret_principal);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Signals and the watchdog
 */

static void stop(void *userdata, int signal) {
        struct daemon *daemon = userdata;

        bp_logf(daemon->log, BP_LOG_INFO, "daemon", "%s: stopping; attempts under way may take %lld seconds",
                sigabbrev_np(signal), (long long)bp_config_integer(daemon->config, "engine.drain_seconds"));
        bp_notify_send(&daemon->notify, "STOPPING=1\nSTATUS=draining");
        bp_server_drain(daemon->server);
        bp_service_stop(daemon->service);
}

/* Nothing acknowledged is lost: what is under way is recovered at the next start. */
static void stop_at_once(void *userdata, int signal) {
        const struct daemon *daemon = userdata;

        bp_logf(daemon->log, BP_LOG_WARNING, "daemon", "%s again: stopped at once; the next start recovers",
                sigabbrev_np(signal));
        _exit(1);
}

static void hang_up(void *userdata) {
        const struct daemon *daemon = userdata;

        bp_logf(daemon->log, BP_LOG_INFO, "daemon", "SIGHUP: nothing is read again; restart to change settings");
}

static void hear_engine(void *userdata, int result) {
        struct daemon *daemon = userdata;

        (void)result;
        atomic_store(&daemon->engine_is_heard, true);
}

/* An engine that has not answered since the last time is not fed. */
static void alive(void *userdata) {
        struct daemon *daemon = userdata;

        if (!atomic_exchange(&daemon->engine_is_heard, false))
                return;
        bp_notify_send(&daemon->notify, "WATCHDOG=1");
        if (bp_service_ping(daemon->service, &(struct bp_receipt){.done = hear_engine, .userdata = daemon}))
                atomic_store(&daemon->engine_is_heard, true);
}

static int start_signals(struct daemon *daemon) {
        return bp_signals_start(&(struct bp_signals_settings){.stop = stop,
                                                              .abort = stop_at_once,
                                                              .hang_up = hang_up,
                                                              .alive = alive,
                                                              .alive_us = daemon->notify.watchdog_us / 2,
                                                              .userdata = daemon},
                                &daemon->signals);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Making the parts
 */

static int open_log(struct daemon *daemon) {
        const char *format = bp_config_text(daemon->config, "log.format");
        bool as_text = strcasecmp(format, "text") == 0 || (strcasecmp(format, "auto") == 0 && isatty(STDERR_FILENO));

        daemon->log = bp_log_new(STDERR_FILENO, bp_log_level_of(bp_config_text(daemon->config, "log.level")),
                                 as_text ? BP_LOG_TEXT : BP_LOG_JSON);
        return daemon->log ? 0 : -ENOMEM;
}

static int load_actions(struct daemon *daemon) {
        const char *const *paths = bp_config_list(daemon->config, "plugins.folders");
        struct bp_plugin_folder *folders;
        size_t count = 0;
        int r;

        while (paths[count])
                count++;
        daemon->registry = bp_registry_new();
        folders = bp_calloc(count + 1, sizeof(*folders));
        if (!daemon->registry || !folders) {
                bp_freep(&folders);
                return -ENOMEM;
        }
        for (size_t i = 0; i < count; i++)
                folders[i] = (struct bp_plugin_folder){.path = paths[i], .trusted = true};
        r = bp_installed_load(daemon->registry, folders, count,
                              &(struct bp_installed_listener){.left_out = log_left_out, .userdata = daemon});
        bp_freep(&folders);
        return r;
}

static void wake_publisher(void *userdata, uint64_t execution) {
        const struct daemon *daemon = userdata;

        bp_publisher_wake(daemon->publisher, execution);
}

static struct bp_service_telling telling_of(struct daemon *daemon) {
        return (struct bp_service_telling){
                .durable = bp_invoker_has_bus(daemon->invoker) ? wake_publisher : NULL,
                .userdata = daemon,
                .notify_topic = bp_config_text(daemon->config, "events.notify_topic"),
                .lifetime_seconds = (uint32_t)bp_config_integer(daemon->config, "events.subscription_seconds"),
        };
}

static int make_publisher(struct daemon *daemon) {
        struct bp_publisher_settings *settings = &daemon->assembled.publisher;
        int r;

        if (!bp_invoker_has_bus(daemon->invoker))
                return 0;
        r = bp_bus_new(&daemon->assembled.invoke, (uint32_t)bp_config_integer(daemon->config, "events.timeout_ms"),
                       &daemon->bus);
        if (r)
                return r;
        settings->service = daemon->service;
        settings->bus = bp_bus_interface(daemon->bus);
        settings->metrics = daemon->metrics;
        settings->notice = log_notice;
        settings->userdata = daemon;
        return bp_publisher_new(settings, &daemon->publisher);
}

static int make_service(struct daemon *daemon, struct bp_problem *reterr_problem) {
        struct bp_service_settings *settings = &daemon->assembled.service;
        int r = bp_store_folder_make(daemon->config, reterr_problem);

        if (r)
                return r;
        daemon->assembled.invoke.metrics = daemon->metrics;
        r = bp_invoker_new(&daemon->assembled.invoke, &daemon->invoker);
        if (r)
                return r;
        settings->runtime.invoker = daemon->invoker;
        settings->telling = telling_of(daemon);
        settings->registry = daemon->registry;
        settings->metrics = daemon->metrics;
        settings->notice = log_notice;
        settings->userdata = daemon;
        r = bp_service_new(settings, &daemon->service, reterr_problem);
        return r > 0 ? BP_PROBLEM : r;
}

static int make_options(struct daemon *daemon) {
        daemon->assembled.options.invoke = &daemon->assembled.invoke;
        return bp_options_new(&daemon->assembled.options, &daemon->options);
}

/* Authentication without a valid token shuts everybody out: safe, and seldom meant. */
static int look_for_tokens(const struct daemon *daemon) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_token_row *tokens;
        size_t n_tokens;
        int r = arena ? bp_store_tokens(bp_service_store(daemon->service), arena, &tokens, &n_tokens) : -ENOMEM;

        if (r)
                return r;
        for (size_t i = 0; i < n_tokens; i++)
                if (!tokens[i].revoked && (!tokens[i].expires_at.us || tokens[i].expires_at.us > bp_wall_now().us))
                        return 0;
        bp_logf(daemon->log, BP_LOG_WARNING, "daemon",
                "authentication is on and no token is valid, so clients are refused: make one with 'budpipeline token "
                "create NAME'; it counts at once");
        return 0;
}

/* Services that are called report back by events: without the token these are refused, and steps wait in vain. */
static void look_for_platform_token(const struct daemon *daemon) {
        const struct bp_invoker_settings *invoke = &daemon->assembled.invoke;
        bool takes_bearers = bp_config_boolean(daemon->config, "auth.enabled");

        if (bp_config_text(daemon->config, "auth.app_api_token"))
                return;
        if (invoke->dapr_url || (invoke->n_services > 0 && !takes_bearers))
                bp_logf(daemon->log, BP_LOG_WARNING, "daemon",
                        "services are configured and auth.app_api_token (APP_API_TOKEN) is not, so the events by which "
                        "they report back are refused");
}

static int load_pipelines(struct daemon *daemon, struct bp_problem *reterr_problem) {
        const struct bp_pipeline_files files = {.paths = bp_config_list(daemon->config, "pipelines.load"),
                                                .file_bytes = daemon->assembled.limits.source_bytes,
                                                .log = daemon->log};

        return bp_pipelines_load(daemon->service, &files, reterr_problem);
}

static int make_server(struct daemon *daemon, struct bp_problem *reterr_problem) {
        struct bp_server_settings *settings = &daemon->assembled.server;
        const struct bp_route *const *tables;
        size_t n_tables;
        int r;

        r = bp_handed_socket_check(daemon->config, daemon->notify.listen_fd, reterr_problem);
        if (r)
                return r;
        daemon->assembled.api.service = daemon->service;
        daemon->assembled.api.metrics = daemon->metrics;
        daemon->assembled.api.editor = &bp_editor_bundle;
        daemon->assembled.api.publisher = daemon->publisher;
        daemon->assembled.api.options = daemon->options;
        r = bp_api_new(&daemon->assembled.api, &daemon->api);
        if (r)
                return r;
        tables = bp_api_routes(&n_tables);
        settings->listen_fd = daemon->notify.listen_fd;
        settings->metrics = daemon->metrics;
        settings->authenticate = authenticate;
        settings->userdata = daemon;
        settings->app = daemon->api;
        settings->idempotency = bp_api_idempotency(daemon->api);
        if (bp_config_boolean(daemon->config, "log.access"))
                settings->access = log_access;
        return bp_server_new(settings, tables, n_tables, &daemon->server, reterr_problem);
}

static int begin(struct daemon *daemon, struct bp_problem *reterr_problem) {
        int r;

        r = open_log(daemon);
        if (r == 0)
                r = load_actions(daemon);
        if (r)
                return r;
        bp_signals_block();
        mallopt(M_ARENA_MAX, MALLOC_ARENAS);
        bp_assemble(daemon->config, &daemon->assembled);
        daemon->metrics = bp_metrics_new();
        if (!daemon->metrics)
                return -ENOMEM;
        r = make_service(daemon, reterr_problem);
        if (r == 0 && bp_config_boolean(daemon->config, "auth.enabled"))
                r = look_for_tokens(daemon);
        if (r == 0)
                look_for_platform_token(daemon);
        if (r == 0)
                r = load_pipelines(daemon, reterr_problem);
        if (r == 0 && bp_log_takes(daemon->log, BP_LOG_DEBUG))
                r = bp_events_log_begin(daemon->service, daemon->log, &daemon->events_log);
        if (r == 0)
                r = make_publisher(daemon);
        if (r == 0)
                r = make_options(daemon);
        if (r == 0)
                r = make_server(daemon, reterr_problem);
        return r ? r : start_signals(daemon);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Running and ending
 */

static void tell_ready(struct daemon *daemon) {
        const char *url = bp_server_url(daemon->server);
        char message[256], state[300];

        snprintf(message, sizeof(message), "listening on %s", url);
        snprintf(state, sizeof(state), "READY=1\nSTATUS=%s", message);
        bp_log_announce(daemon->log, "daemon", message);
        bp_notify_send(&daemon->notify, state);
}

/* Whoever uses the service ends before it. */
static void end_users(struct daemon *daemon) {
        bp_signals_stop(daemon->signals);
        bp_server_free(daemon->server, SECONDS_FOR_ANSWERS);
        bp_api_free(daemon->api);
        bp_options_free(daemon->options);
        bp_events_log_end(daemon->events_log);
        bp_publisher_free(daemon->publisher);
        bp_bus_free(daemon->bus);
}

/* @return 0, or -EIO when something was not written, as after a crash */
static int finish(struct daemon *daemon) {
        struct bp_problem problem;

        if (!bp_service_finish(daemon->service, &problem)) {
                bp_logf(daemon->log, BP_LOG_INFO, "daemon", "stopped");
                return 0;
        }
        bp_logf(daemon->log, BP_LOG_ERROR, "daemon",
                "stopped while the store did not write; the next start recovers as after a crash: %s: %s", problem.code,
                problem.message);
        return -EIO;
}

static void free_rest(struct daemon *daemon) {
        bp_service_free(daemon->service);
        bp_invoker_free(daemon->invoker);
        bp_registry_free(daemon->registry);
        bp_metrics_free(daemon->metrics);
        bp_notify_close(&daemon->notify);
        bp_log_free(daemon->log);
}

int bp_daemon_run(const struct bp_config *config, struct bp_problem *reterr_problem) {
        struct daemon daemon = {.config = config, .engine_is_heard = true};
        bool has_begun;
        int r;

        bp_notify_open(&daemon.notify);
        r = begin(&daemon, reterr_problem);
        has_begun = r == 0;
        if (has_begun) {
                tell_ready(&daemon);
                r = bp_service_run(daemon.service, false);
                if (r)
                        bp_logf(daemon.log, BP_LOG_ERROR, "daemon", "the engine failed: %s", strerror(-r));
        }
        end_users(&daemon);
        if (has_begun && r == 0)
                r = finish(&daemon);
        free_rest(&daemon);
        return r;
}
