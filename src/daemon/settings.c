/* SPDX-License-Identifier: Apache-2.0 */
/* The table of settings: its lines are data. Defaults are those of the rooms that use them. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "daemon/config.h"

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define KIB 1024.0
#define MIB (1024.0 * 1024)
#define GIB (1024.0 * 1024 * 1024)
#define DAY (24.0 * 3600)

/* clang-format off */

#define INTEGER(path, value, least, most, what, ...)                                                         \
        {.name = path, .type = BP_SETTING_INTEGER, .fallback = value, .min = least, .max = most, .help = what, __VA_ARGS__}
#define SECONDS(path, value, most, what, ...) INTEGER(path, value, 1, most, what, .unit = "seconds", __VA_ARGS__)
#define BYTES(path, value, least, most, what, ...) INTEGER(path, value, least, most, what, .unit = "bytes", __VA_ARGS__)
#define TEXT(path, value, what, ...) {.name = path, .type = BP_SETTING_TEXT, .fallback = value, .help = what, __VA_ARGS__}
#define SWITCH(path, what, ...) {.name = path, .type = BP_SETTING_BOOLEAN, .fallback = "false", .help = what, __VA_ARGS__}
#define LIST(path, what, ...) {.name = path, .type = BP_SETTING_LIST, .help = what, __VA_ARGS__}

const struct bp_setting bp_settings[] = {
        TEXT("http.address", "127.0.0.1", "IPv4 or IPv6 address to listen on", .flag = "address", .placeholder = "ADDRESS"),
        INTEGER("http.port", "8010", 0, 65535, "port to listen on; 0 takes a free one", .flag = "port",
                .aliases = WORDS("SERVICE_PORT"), .placeholder = "PORT"),
        TEXT("http.unix", NULL, "listen on this Unix socket instead", .placeholder = "PATH"),
        TEXT("http.tls_cert", NULL, "certificate chain in PEM; with it, HTTPS is served", .flag = "tls-cert", .placeholder = "FILE"),
        TEXT("http.tls_key", NULL, "private key in PEM", .flag = "tls-key", .placeholder = "FILE"),
        SWITCH("http.behind_proxy", "a proxy in front does TLS", .flag = "behind-proxy"),
        TEXT("http.public_url", NULL, "URL at which clients see the service, for links", .flag = "public-url", .placeholder = "URL"),
        INTEGER("http.threads", "2", 1, 64, "threads that serve requests"),
        INTEGER("http.connections", "4096", 1, 1000000, "connections at once, event streams included"),
        INTEGER("http.connections_per_peer", "0", 0, 1000000, "connections at once from one address; 0: no bound"),
        BYTES("http.header_bytes", "32 KiB", KIB, MIB, "longest head of a request"),
        BYTES("http.url_bytes", "8 KiB", 256, MIB, "longest URL"),
        BYTES("http.body_bytes", "4 MiB", KIB, GIB, "longest body of a request"),
        INTEGER("http.json_depth", "64", 4, 128, "deepest nesting of a body"),
        SECONDS("http.idle_seconds", "30", DAY, "how long a connection may be idle, or slow"),
        SECONDS("http.request_seconds", "60", DAY, "how long a client may take to send a request"),
        INTEGER("http.rate_limit", "1000", 0, 1e9, "requests of one client in a window; 0: no bound"),
        SECONDS("http.rate_window_seconds", "60", DAY, "length of that window"),
        LIST("http.trusted_proxies", "addresses or networks whose X-Forwarded-For counts", .placeholder = "NETWORK"),
        LIST("http.cors_origins", "origins of browsers that may call; * is any", .placeholder = "ORIGIN"),
        BYTES("http.stream_bytes", "256 KiB", KIB, GIB, "what an event stream may owe its client before it is cut off"),
        SECONDS("http.stream_ping_seconds", "15", DAY, "how often a quiet event stream is kept open"),

        SWITCH("auth.enabled", "demand a bearer token of every request", .flag = "auth"),
        SWITCH("auth.isolate_users", "a request without X-User-ID sees nothing that has an owner"),
        {.name = "auth.app_api_token", .type = BP_SETTING_SECRET, .aliases = WORDS("APP_API_TOKEN"), .placeholder = "TOKEN",
         .help = "what the platform sends as dapr-api-token; unset: its routes are closed"},

        TEXT("store.url", NULL, "where everything is kept: sqlite:PATH, a path, or memory:", .flag = "store", .placeholder = "URL"),
        BYTES("store.queue_bytes", "64 MiB", MIB, 64 * GIB, "what may wait to be written before new work is refused"),

        LIST("pipelines.load", "folders or files whose pipelines are loaded at the start, by name", .flag = "load",
             .placeholder = "PATH"),
        LIST("plugins.folders", "folders of trusted shared objects with actions", .placeholder = "FOLDER", .separator = ':',
             .aliases = WORDS("BUDPIPELINE_ACTION_PATH")),
        LIST("client.allow_hosts", "targets that HTTP requests may reach although their address is private",
             .flag = "allow-host", .placeholder = "HOST[:PORT]"),
        BYTES("client.response_bytes", "1 MiB", KIB, GIB, "longest answer to an HTTP request"),
        INTEGER("client.connections", "1000", 1, 100000, "requests that are under way at once; others wait for their turn"),
        INTEGER("client.connections_per_host", "100", 1, 100000, "of them to one service, or to one host and port"),
        INTEGER("client.waiting", "100000", 1, 10000000, "requests that wait for their turn; those beyond fail"),
        INTEGER("client.connect_timeout_ms", "10000", 1, 600000, "how long connecting may take", .unit = "milliseconds"),

        INTEGER("engine.worker_threads", "64", 1, 4096, "threads that call actions, most at once"),
        SECONDS("engine.drain_seconds", "30", DAY, "how long a stop lets attempts finish", .flag = "drain-seconds"),
        INTEGER("engine.cached_definitions", "256", 1, 100000, "definitions kept parsed"),
        SECONDS("engine.event_timeout_seconds", "1800", 365 * DAY, "wait for an event, where nothing else is said",
                .aliases = WORDS("DEFAULT_ASYNC_STEP_TIMEOUT")),
        SECONDS("engine.cancel_grace_seconds", "10", DAY, "how long a cancelled attempt may take to stop"),
        INTEGER("engine.crash_limit", "3", 1, 1000, "unclean stops in a row after which a step in flight is given up"),

        {.name = "services", .type = BP_SETTING_MAP, .flag = "service", .placeholder = "APP=URL",
         .help = "services that are reached directly, by the name that actions use"},
        TEXT("apps.budapp", NULL, "what Dapr calls budapp", .aliases = WORDS("BUDAPP_APP_ID"), .placeholder = "ID"),
        TEXT("apps.budcluster", NULL, "what Dapr calls budcluster", .aliases = WORDS("BUDCLUSTER_APP_ID"), .placeholder = "ID"),
        TEXT("apps.budmodel", NULL, "what Dapr calls budmodel", .aliases = WORDS("BUDMODEL_APP_ID"), .placeholder = "ID"),
        TEXT("apps.budsim", NULL, "what Dapr calls budsim", .aliases = WORDS("BUDSIM_APP_ID"), .placeholder = "ID"),
        TEXT("apps.budnotify", NULL, "what Dapr calls budnotify", .aliases = WORDS("BUDNOTIFY_APP_ID"), .placeholder = "ID"),
        TEXT("apps.budmetrics", NULL, "what Dapr calls budmetrics", .aliases = WORDS("BUDMETRICS_APP_ID"), .placeholder = "ID"),
        TEXT("invoke.system_user_id", NULL, "on whose behalf services are asked where nobody else is named",
             .aliases = WORDS("SYSTEM_USER_ID"), .placeholder = "ID"),
        INTEGER("invoke.retries", "2", 0, 99, "how often a call to a service may be repeated, where that does no harm"),
        INTEGER("invoke.retry_wait_ms", "200", 1, 600000, "wait before the first repetition, doubled for each further one",
                .unit = "milliseconds"),
        INTEGER("invoke.retry_max_wait_ms", "5000", 1, 600000, "longest wait between repetitions", .unit = "milliseconds"),
        INTEGER("invoke.breaker_failures", "5", 1, 1e6, "failures in a row after which a service is left alone",
                .aliases = WORDS("CIRCUIT_BREAKER_FAILURE_THRESHOLD")),
        SECONDS("invoke.breaker_seconds", "30", DAY, "how long, before one call tries it",
                .aliases = WORDS("CIRCUIT_BREAKER_RECOVERY_TIMEOUT")),
        INTEGER("options.timeout_ms", "10000", 1, 600000, "how long a service may take to list what a parameter may name",
                .unit = "milliseconds"),
        BYTES("options.response_bytes", "1 MiB", KIB, GIB, "longest of these lists"),
        TEXT("dapr.url", NULL, "Dapr sidecar: http://localhost:3500", .placeholder = "URL",
             .aliases = WORDS("DAPR_HTTP_ENDPOINT", "DAPR_BASE_URL")),
        {.name = "dapr.token", .type = BP_SETTING_SECRET, .aliases = WORDS("DAPR_API_TOKEN"), .placeholder = "TOKEN",
         .help = "what the sidecar demands as dapr-api-token"},
        TEXT("bus.kind", "none", "where events go", .words = WORDS("none", "dapr", "http"), .placeholder = "KIND"),
        TEXT("bus.pubsub", "pubsub", "name of the sidecar's pub/sub component", .aliases = WORDS("PUBSUB_NAME"),
             .placeholder = "NAME"),
        TEXT("bus.url", NULL, "URL that takes events by HTTP; {topic} in it stands for the topic", .placeholder = "URL"),
        {.name = "bus.token", .type = BP_SETTING_SECRET, .placeholder = "TOKEN",
         .help = "bearer token that the URL demands"},

        TEXT("events.pubsub", "pubsub", "Dapr's component that brings events", .placeholder = "NAME"),
        TEXT("events.topic", "budpipelineEvents", "topic that they come from", .placeholder = "TOPIC"),
        TEXT("events.dead_letter_topic", "poisonMessages", "where Dapr puts those that stay refused", .placeholder = "TOPIC"),
        SWITCH("events.declared", "a manifest subscribes to them: Dapr is not asked to"),
        TEXT("events.envelope", "notification" /* lint: a word */, "form of the events that subscribers are told",
             .words = WORDS("notification", "seed"), /* lint: a word */
             .placeholder = "FORM"),
        TEXT("events.notify_topic", NULL, "topic that is told of every execution with subscriber_ids",
             .aliases = WORDS("NOTIFY_SERVICE_TOPIC"), .placeholder = "TOPIC"),
        INTEGER("events.in_flight", "256", 1, 65536, "subscriptions that are told at once, each one event at a time"),
        BYTES("events.queue_bytes", "16 MiB", KIB, 4 * GIB, "events that are read and not sent yet"),
        INTEGER("events.timeout_ms", "10000", 1, 600000, "how long the bus may take for an event", .unit = "milliseconds"),
        INTEGER("events.max_attempts", "10", 1, 1000, "tries of an event before it becomes a dead letter"),
        SECONDS("events.backoff_seconds", "1", DAY, "wait before the second try, doubled for each further one"),
        SECONDS("events.max_backoff_seconds", "300", DAY, "longest wait between tries"),
        INTEGER("events.subscription_seconds", "0", 0, 365 * DAY, "how long a subscription lasts; 0: to the end of its execution",
                .unit = "seconds"),
        INTEGER("events.dead_letters", "10000", 1, 1e9, "dead letters that are kept, the newest ones"),

        BYTES("inbox.body_bytes", "1 MiB", KIB, 8 * MIB, "longest body with events from outside; also bounded by http.body_bytes"),
        INTEGER("inbox.batch", "1000", 1, 100000, "events from outside of one batch"),
        SECONDS("inbox.wait_seconds", "86400", 365 * DAY, "how long an event waits for its step"),
        INTEGER("inbox.waiting", "100000", 1, 1e7, "events that wait for their step, the newest ones"),
        SECONDS("inbox.known_seconds", "604800", 365 * DAY, "how long an event is listed, and its repetition known"),
        INTEGER("inbox.events", "1000000", 1, 1e9, "events from outside that are kept, the newest ones"),

        INTEGER("retry.max_attempts", "3", 1, 10, "attempts of a step that is retried", .aliases = WORDS("RETRY_MAX_ATTEMPTS")),
        SECONDS("retry.backoff_seconds", "60", 365 * DAY, "wait before the second attempt", .aliases = WORDS("RETRY_BACKOFF_SECONDS")),
        {.name = "retry.backoff_multiplier", .type = BP_SETTING_NUMBER, .fallback = "2.0", .min = 1, .max = 1000,
         .aliases = WORDS("RETRY_BACKOFF_MULTIPLIER"), .help = "by which each further wait grows"},
        SECONDS("retry.max_backoff_seconds", "3600", 365 * DAY, "longest wait", .aliases = WORDS("RETRY_MAX_BACKOFF_SECONDS")),

        INTEGER("limits.steps", "1000", 1, 100000, "steps of a pipeline"),
        INTEGER("limits.depth", "64", 4, 128, "deepest nesting of a definition"),
        BYTES("limits.definition_bytes", "4 MiB", KIB, GIB, "longest definition"),
        BYTES("limits.definition_memory_bytes", "64 MiB", MIB, 4 * GIB, "memory of one definition"),
        BYTES("limits.step_output_bytes", "1 MiB", KIB, GIB, "outputs of a step"),
        BYTES("limits.execution_output_bytes", "16 MiB", KIB, GIB, "outputs of all steps of an execution"),

        TEXT("log.level", "info", "least severe level that is logged", .flag = "log-level",
             .words = WORDS("debug", "info", "warning", "error"), .placeholder = "LEVEL"),
        TEXT("log.format", "auto", "auto is text on a terminal and JSON lines elsewhere", .flag = "log-format",
             .words = WORDS("auto", "text", "json"), .placeholder = "FORMAT"),
        SWITCH("log.access", "log every request, at level info"),
        {0},
};

/* clang-format on */

size_t bp_n_settings(void) {
        return sizeof(bp_settings) / sizeof(bp_settings[0]) - 1;
}

const struct bp_setting *bp_setting_find(const char *name) {
        for (const struct bp_setting *setting = bp_settings; setting->name; setting++)
                if (strcmp(setting->name, name) == 0)
                        return setting;
        return NULL;
}

char *bp_setting_variable(const struct bp_setting *setting, char text[BP_SETTING_NAME_SIZE]) {
        snprintf(text, BP_SETTING_NAME_SIZE, "BUDPIPELINE_%s", setting->name);
        for (char *at = text; *at; at++)
                *at = *at == '.' ? '_' : (char)toupper((unsigned char)*at);
        return text;
}

char *bp_setting_flag(const struct bp_setting *setting, char text[BP_SETTING_NAME_SIZE]) {
        snprintf(text, BP_SETTING_NAME_SIZE, "%s", setting->flag ? setting->flag : setting->name);
        for (char *at = text; *at; at++)
                if (*at == '.' || *at == '_')
                        *at = '-';
        return text;
}
