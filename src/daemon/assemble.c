/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/assemble.h"

#include <strings.h>

#include "daemon/config.h"

static uint32_t number(const struct bp_config *config, const char *name) {
        return (uint32_t)bp_config_integer(config, name);
}

static size_t bytes(const struct bp_config *config, const char *name) {
        return (size_t)bp_config_integer(config, name);
}

static const char *const *list(const struct bp_config *config, const char *name) {
        const char *const *items = bp_config_list(config, name);

        return items[0] ? items : NULL;
}

static struct bp_engine_settings engine_settings(const struct bp_config *config) {
        return (struct bp_engine_settings){
                .retry = {.max_attempts = number(config, "retry.max_attempts"),
                          .backoff_seconds = number(config, "retry.backoff_seconds"),
                          .backoff_multiplier = bp_config_number(config, "retry.backoff_multiplier"),
                          .max_backoff_seconds = number(config, "retry.max_backoff_seconds")},
                .event_timeout_seconds = number(config, "engine.event_timeout_seconds"),
                .cancel_grace_seconds = number(config, "engine.cancel_grace_seconds"),
                .step_output_bytes = number(config, "limits.step_output_bytes"),
                .execution_output_bytes = number(config, "limits.execution_output_bytes"),
                .crash_limit = number(config, "engine.crash_limit"),
        };
}

static enum bp_bus_kind bus_kind(const char *word) {
        if (strcasecmp(word, "dapr") == 0)
                return BP_BUS_DAPR;
        return strcasecmp(word, "http") == 0 ? BP_BUS_HTTP : BP_BUS_NONE;
}

/* What the platform sends us is what its services and its sidecar expect, unless another token is given. */
static const char *dapr_token(const struct bp_config *config) {
        const char *token = bp_config_text(config, "dapr.token");

        return token ? token : bp_config_text(config, "auth.app_api_token");
}

static struct bp_invoker_settings invoker_settings(const struct bp_config *config) {
        struct bp_invoker_settings settings = {
                .dapr_url = bp_config_text(config, "dapr.url"),
                .dapr_token = dapr_token(config),
                .bus = {.kind = bus_kind(bp_config_text(config, "bus.kind")),
                        .pubsub = bp_config_text(config, "bus.pubsub"),
                        .url = bp_config_text(config, "bus.url"),
                        .token = bp_config_text(config, "bus.token")},
                .retry = {.tries = number(config, "invoke.retries") + 1,
                          .wait_ms = number(config, "invoke.retry_wait_ms"),
                          .wait_max_ms = number(config, "invoke.retry_max_wait_ms")},
                .breaker = {.failures = number(config, "invoke.breaker_failures"),
                            .seconds = number(config, "invoke.breaker_seconds")},
        };

        settings.services = bp_config_services(config, &settings.n_services);
        return settings;
}

static void assemble_service(const struct bp_config *config, struct bp_assembled *assembled) {
        assembled->http = (struct bp_http_client_settings){
                .allow_hosts = list(config, "client.allow_hosts"),
                .response_bytes = bytes(config, "client.response_bytes"),
                .connect_timeout_ms = number(config, "client.connect_timeout_ms"),
                .max_connections = number(config, "client.connections"),
                .max_per_host = number(config, "client.connections_per_host"),
                .max_waiting = number(config, "client.waiting"),
        };
        assembled->invoke = invoker_settings(config);
        assembled->invoke.http = &assembled->http;
        assembled->limits = (struct bp_definition_limits){
                .source_bytes = bytes(config, "limits.definition_bytes"),
                .steps = number(config, "limits.steps"),
                .depth = number(config, "limits.depth"),
                .arena_bytes = bytes(config, "limits.definition_memory_bytes"),
        };
        assembled->service = (struct bp_service_settings){
                .store_url = bp_config_text(config, "store.url"),
                .runtime = {.engine = engine_settings(config),
                            .worker_threads = number(config, "engine.worker_threads"),
                            .system_user_id = bp_config_text(config, "invoke.system_user_id"),
                            .early_events = number(config, "inbox.waiting"),
                            .early_seconds = number(config, "inbox.wait_seconds"),
                            .drain_seconds = number(config, "engine.drain_seconds")},
                .inbox = {.wait_seconds = number(config, "inbox.wait_seconds"),
                          .known_seconds = number(config, "inbox.known_seconds"),
                          .events = number(config, "inbox.events")},
                .definition_limits = &assembled->limits,
                .cached_definitions = number(config, "engine.cached_definitions"),
                .queue_bytes = bytes(config, "store.queue_bytes"),
        };
}

static struct bp_publisher_settings publisher_settings(const struct bp_config *config) {
        bool seed = strcasecmp(bp_config_text(config, "events.envelope"), "seed") == 0;

        return (struct bp_publisher_settings){
                .envelope = seed ? BP_ENVELOPE_SEED : BP_ENVELOPE_NOTIFICATION,
                .in_flight = number(config, "events.in_flight"),
                .queue_bytes = bytes(config, "events.queue_bytes"),
                .max_attempts = number(config, "events.max_attempts"),
                .backoff_seconds = number(config, "events.backoff_seconds"),
                .max_backoff_seconds = number(config, "events.max_backoff_seconds"),
                .dead_letters = (uint64_t)bp_config_integer(config, "events.dead_letters"),
        };
}

static struct bp_options_settings options_settings(const struct bp_config *config) {
        return (struct bp_options_settings){
                .timeout_ms = number(config, "options.timeout_ms"),
                .response_bytes = bytes(config, "options.response_bytes"),
        };
}

static struct bp_api_settings api_settings(const struct bp_config *config) {
        return (struct bp_api_settings){
                .public_url = bp_config_text(config, "http.public_url"),
                .authentication = bp_config_boolean(config, "auth.enabled"),
                .isolate_users = bp_config_boolean(config, "auth.isolate_users"),
                .system_user_id = bp_config_text(config, "invoke.system_user_id"),
                .app_api_token = bp_config_text(config, "auth.app_api_token"),
                .subscription_declared = bp_config_boolean(config, "events.declared"),
                .event_batch = number(config, "inbox.batch"),
                .events_pubsub = bp_config_text(config, "events.pubsub"),
                .events_topic = bp_config_text(config, "events.topic"),
                .events_dead_letter_topic = bp_config_text(config, "events.dead_letter_topic"),
        };
}

static struct bp_server_settings server_settings(const struct bp_config *config) {
        uint32_t rate_limit = number(config, "http.rate_limit");

        return (struct bp_server_settings){
                .address = bp_config_text(config, "http.address"),
                .port = (uint16_t)bp_config_integer(config, "http.port"),
                .unix_path = bp_config_text(config, "http.unix"),
                .tls_cert = bp_config_text(config, "http.tls_cert"),
                .tls_key = bp_config_text(config, "http.tls_key"),
                .threads = number(config, "http.threads"),
                .connections = number(config, "http.connections"),
                .connections_per_peer = number(config, "http.connections_per_peer"),
                .header_bytes = bytes(config, "http.header_bytes"),
                .url_bytes = bytes(config, "http.url_bytes"),
                .body_bytes = bytes(config, "http.body_bytes"),
                .raw_body_bytes = bytes(config, "inbox.body_bytes"),
                .json_depth = number(config, "http.json_depth"),
                .idle_seconds = number(config, "http.idle_seconds"),
                .request_seconds = number(config, "http.request_seconds"),
                .rate_limit = rate_limit ? rate_limit : UINT32_MAX,
                .rate_window_seconds = number(config, "http.rate_window_seconds"),
                .trusted_proxies = list(config, "http.trusted_proxies"),
                .cors_origins = list(config, "http.cors_origins"),
                .stream_bytes = bytes(config, "http.stream_bytes"),
                .stream_ping_seconds = number(config, "http.stream_ping_seconds"),
        };
}

void bp_assemble(const struct bp_config *config, struct bp_assembled *ret_assembled) {
        assemble_service(config, ret_assembled);
        ret_assembled->publisher = publisher_settings(config);
        ret_assembled->publisher.source = ret_assembled->invoke.bus.source;
        ret_assembled->options = options_settings(config);
        ret_assembled->api = api_settings(config);
        ret_assembled->server = server_settings(config);
}
