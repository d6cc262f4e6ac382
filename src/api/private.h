/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file private.h
 * What the files of the API share. Private to the room.
 *
 * A resource is a file with a table of routes, listed in api.c, and a file in schemas/ that says what it takes and
 * answers.
 */
#ifndef BP_API_PRIVATE_H
#define BP_API_PRIVATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/api.h"
#include "server/server.h"

/** A named schema of the OpenAPI document: what bp_field.schema and bp_answer_spec.schema name. */
struct bp_api_component {
        const char *name;
        const char *schema; /**< JSON Schema 2020-12 as JSON text */
};

struct bp_api_document;
struct bp_api_hub;
struct bp_store_key;
struct bp_api_known_tokens;

/** The API of one service. */
struct bp_api {
        struct bp_api_settings settings; /**< defaults filled in; what it points to is borrowed */
        struct bp_idempotency idempotency;
        struct bp_api_known_tokens *tokens;
        struct bp_api_hub *hub;
        pthread_mutex_t lock;              /**< of the documents */
        struct bp_api_document *catalogue; /**< answer of GET /actions, or NULL: not made yet */
        uint64_t catalogue_generation;     /**< the snapshot it was made of */
        struct bp_api_document *openapi;   /**< or NULL: not made yet */
};

/** The idempotency key of a request as the store keeps it, filled into `key`; NULL: none was given. */
const struct bp_store_key *bp_api_store_key(const struct bp_request *request, struct bp_store_key *key);

/** What is said where it has none. */
extern const char bp_api_no_editor[];

/** Whether the program has the web application in it. */
bool bp_api_has_editor(const struct bp_api *api);

/** All schemas: what stands in schemas/ (JSON, one object a file), ended by one without a name. */
extern const struct bp_api_component bp_api_components[];

/* Routes, one table a file; api.c lists them. */
extern const struct bp_route bp_api_action_routes[], bp_api_option_routes[], bp_api_pipeline_routes[],
        bp_api_revision_routes[], bp_api_service_routes[], bp_api_start_routes[], bp_api_execution_routes[],
        bp_api_command_routes[], bp_api_progress_routes[], bp_api_log_routes[], bp_api_stream_routes[],
        bp_api_subscription_routes[], bp_api_dead_letter_routes[], bp_api_editor_routes[], bp_api_event_routes[],
        bp_api_inbox_routes[], bp_api_platform_routes[], bp_api_preview_routes[];

#endif
