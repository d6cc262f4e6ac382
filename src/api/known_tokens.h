/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file known_tokens.h
 * Tokens as the store has them, remembered until the store says that one was added or revoked, which is asked at most
 * once a second. Any thread. Private to the room.
 */
#ifndef BP_API_KNOWN_TOKENS_H
#define BP_API_KNOWN_TOKENS_H

#include "base/id.h"
#include "store/store.h"

struct bp_api_known_tokens;
struct bp_arena;

/** Knows none yet. The store is borrowed. NULL when memory is exhausted. */
struct bp_api_known_tokens *bp_api_known_tokens_new(struct bp_store *store);

/** Gives it back. NULL is allowed. Always returns NULL. */
struct bp_api_known_tokens *bp_api_known_tokens_free(struct bp_api_known_tokens *known);

/** A token by the hash of its secret; texts belong to the arena. @return 0, BP_STORE_NOT_FOUND, negative errno. */
int bp_api_known_tokens_find(struct bp_api_known_tokens *known, struct bp_digest hash, struct bp_arena *arena,
                             struct bp_token_row *ret_token);

#endif
