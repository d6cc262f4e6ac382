/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"

#include <errno.h>
#include <stdlib.h>

#include "api/documents.h"
#include "api/hub.h"
#include "api/known_tokens.h"
#include "api/private.h"
#include "base/clock.h"
#include "base/memory.h"
#include "service/service.h"
#include "store/store.h"

static const struct bp_route *const route_tables[] = {
        bp_api_service_routes,  bp_api_action_routes,    bp_api_pipeline_routes,     bp_api_revision_routes,
        bp_api_start_routes,    bp_api_execution_routes, bp_api_command_routes,      bp_api_progress_routes,
        bp_api_log_routes,      bp_api_stream_routes,    bp_api_subscription_routes, bp_api_dead_letter_routes,
        bp_api_editor_routes,   bp_api_event_routes,     bp_api_preview_routes,      bp_api_inbox_routes,
        bp_api_platform_routes, bp_api_option_routes,
};

const struct bp_route *const *bp_api_routes(size_t *ret_n_tables) {
        *ret_n_tables = sizeof(route_tables) / sizeof(route_tables[0]);
        return route_tables;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Idempotency keys live in the store
 */

static int find_key(void *userdata, struct bp_arena *arena, const char *scope, const char *key,
                    struct bp_kept_answer *ret_kept) {
        struct bp_api *api = userdata;
        struct bp_store_key row;
        int r;

        r = bp_store_key_find(bp_service_store(api->settings.service), scope, key, bp_wall_now(), arena, &row);
        if (r < 0)
                return r;
        *ret_kept = (struct bp_kept_answer){.found = r == 0};
        if (r == 0)
                *ret_kept = (struct bp_kept_answer){
                        .found = true,
                        .body = row.body,
                        .status = row.status,
                        .subject = row.subject,
                        .answer = row.answer,
                        .answer_size = row.answer_size,
                };
        return 0;
}

static int keep_key(void *userdata, const char *scope, const char *key, const struct bp_kept_answer *kept) {
        struct bp_api *api = userdata;
        const struct bp_store_key row = {
                .scope = scope,
                .key = key,
                .body = kept->body,
                .subject = kept->subject,
                .status = kept->status,
                .answer = kept->answer,
                .answer_size = kept->answer_size,
                .created_at = bp_wall_now(),
        };

        return bp_store_key_keep(bp_service_store(api->settings.service), &row);
}

const struct bp_idempotency *bp_api_idempotency(struct bp_api *api) {
        return &api->idempotency;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Life
 */

int bp_api_new(const struct bp_api_settings *settings, struct bp_api **ret_api) {
        struct bp_api *api = bp_calloc(1, sizeof(*api));

        if (!api)
                return -ENOMEM;
        api->tokens = bp_api_known_tokens_new(bp_service_store(settings->service));
        if (!api->tokens || bp_api_hub_new(api, &api->hub)) {
                bp_api_known_tokens_free(api->tokens);
                free(api);
                return -ENOMEM;
        }
        api->settings = *settings;
        if (!api->settings.service_name)
                api->settings.service_name = "budpipeline";
        if (!api->settings.events_pubsub)
                api->settings.events_pubsub = "pubsub";
        if (!api->settings.events_topic)
                api->settings.events_topic = "budpipelineEvents";
        if (!api->settings.events_dead_letter_topic)
                api->settings.events_dead_letter_topic = "poisonMessages";
        api->idempotency = (struct bp_idempotency){.find = find_key, .keep = keep_key, .userdata = api};
        pthread_mutex_init(&api->lock, NULL);
        *ret_api = api;
        return 0;
}

const struct bp_store_key *bp_api_store_key(const struct bp_request *request, struct bp_store_key *key) {
        const struct bp_request_key *given = bp_request_key(request);

        if (!given)
                return NULL;
        *key = (struct bp_store_key){.scope = given->scope,
                                     .key = given->key,
                                     .body = given->body,
                                     .subject = given->subject,
                                     .created_at = bp_wall_now()};
        return key;
}

struct bp_api *bp_api_free(struct bp_api *api) {
        if (!api)
                return NULL;
        bp_api_document_unref(api->catalogue);
        bp_api_document_unref(api->openapi);
        bp_api_hub_free(api->hub);
        bp_api_known_tokens_free(api->tokens);
        pthread_mutex_destroy(&api->lock);
        free(api);
        return NULL;
}
