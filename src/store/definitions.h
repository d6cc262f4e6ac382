/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file definitions.h
 * Documents of definitions, kept once per digest. Seen inside this room only.
 */
#ifndef BP_STORE_DEFINITIONS_H
#define BP_STORE_DEFINITIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"
#include "store/store.h"

struct bp_connection;

/* The number of the document with this digest. @return 0, BP_STORE_NOT_FOUND, negative errno. */
int bp_definitions_find(struct bp_connection *connection, const struct bp_digest *digest, uint64_t *ret_number);

/* Keeps a document unless it is there; within a transaction of the writer. @return 0 or negative errno. */
int bp_definitions_keep(struct bp_connection *connection, const struct bp_digest *digest, const char *name,
                        uint32_t n_steps, struct bp_text document, uint64_t *ret_number);

#endif
