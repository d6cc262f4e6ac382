/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file private.h
 * What the files of the API share. Private to the room.
 *
 * A resource is a file with two tables: its routes, and the schemas of what it takes and answers. Both are named in
 * api.c, one line each.
 */
#ifndef BP_API_PRIVATE_H
#define BP_API_PRIVATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/api.h"
#include "server/server.h"

/** A named schema of the OpenAPI document: what bp_field.schema and bp_answer_spec.schema point to. Tables end with an
 * element without a name. */
struct bp_api_component {
        const char *name;
        const char *schema; /**< JSON Schema 2020-12 as JSON text */
};

/** The API of one service. */
struct bp_api {
        struct bp_api_settings settings; /**< defaults filled in; what it points to is borrowed */
        struct bp_idempotency idempotency;
};

/** Tables of schemas, NULL-terminated. */
extern const struct bp_api_component *const bp_api_component_tables[];

#endif
