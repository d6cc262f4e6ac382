/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file keys.h
 * Idempotency keys within a transaction of the writer. Seen inside this room only.
 */
#ifndef BP_STORE_KEYS_H
#define BP_STORE_KEYS_H

#include "store/store.h"

struct bp_arena;
struct bp_connection;
struct bp_write;

/* A deep copy in an arena. @return 0 or -ENOMEM. */
int bp_key_copy(struct bp_arena *arena, const struct bp_store_key *key, struct bp_store_key *ret_key);

/* Inserts a key; one that is older than 24 hours makes room.
 * @return 0; BP_STORE_CONFLICT: it is there, and is left as it is; negative errno. */
int bp_key_insert(struct bp_connection *connection, const struct bp_store_key *key);

/* A write that inserts a copy of the key, unless it is there: for the group of what the key names.
 * @return 0 or -ENOMEM. */
int bp_key_write_new(const struct bp_store_key *key, struct bp_write **ret_write);

#endif
