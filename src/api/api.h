/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file api.h
 * The HTTP API: one file per resource, each a table of routes (server.h) and their handlers over the service. The JSON
 * is the reference's field by field (api.md); what is ours is added, never in place of it.
 */
#ifndef BP_API_API_H
#define BP_API_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/server.h"

struct bp_api;
struct bp_editor_bundle;
struct bp_metrics;
struct bp_options;
struct bp_publisher;
struct bp_service;

/** How the API works. 0 and NULL mean the default named beside the member. Borrowed. */
struct bp_api_settings {
        struct bp_service *service;
        struct bp_metrics *metrics;            /**< or NULL */
        struct bp_publisher *publisher;        /**< or NULL: there is no bus to publish to */
        struct bp_options *options;            /**< what parameters may be set to */
        const char *system_user_id;            /**< on whose behalf services are asked where no user asks; or NULL */
        const char *service_name;              /**< "budpipeline" */
        const char *public_url;                /**< for links; NULL: what the request says */
        const struct bp_editor_bundle *editor; /**< the application at /ui; NULL: none */
        bool authentication;                   /**< tokens are demanded */
        bool isolate_users;                    /**< a request without X-User-ID sees nothing that has an owner; false */
        bool subscription_declared; /**< events_* are subscribed to by a manifest: Dapr is told nothing of them */
        uint32_t event_batch;       /**< most events of a batch; 1,000 */
        const char *events_pubsub;  /**< component and topic from which Dapr brings events; "pubsub" */
        const char *events_topic;   /**< "budpipelineEvents" */
        const char *events_dead_letter_topic; /**< "poisonMessages" */
        const char *app_api_token; /**< of routes of the platform (dapr-api-token), or NULL: they are closed */
};

/** The API of a service. @return 0 or -ENOMEM. */
int bp_api_new(const struct bp_api_settings *settings, struct bp_api **ret_api);

/** Gives it back; no request is under way any more. NULL is allowed. Always returns NULL. */
struct bp_api *bp_api_free(struct bp_api *api);

/** Tables of routes for bp_server_new(), with `api` as its `app`. */
const struct bp_route *const *bp_api_routes(size_t *ret_n_tables);

/** For bp_server_settings.authenticate, with authentication or without: X-User-ID counts in both. userdata is the API.
 */
int bp_api_authenticate(void *userdata, struct bp_request *request, struct bp_principal *ret_principal);

/** For bp_server_settings.idempotency. Lives as long as the API. */
const struct bp_idempotency *bp_api_idempotency(struct bp_api *api);

/** Appends the OpenAPI 3.1 document of the tables. */
void bp_api_write_openapi(struct bp_strbuf *buffer, const struct bp_api *api);

#endif
