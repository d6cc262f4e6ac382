/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file token.h
 * Bearer tokens: how they look, what is kept of them, and what they may do. For authentication and for the command
 * line.
 */
#ifndef BP_API_TOKEN_H
#define BP_API_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"

struct bp_strbuf;

/** Size of a token as text, NUL included: `bp_` and 32 random bytes in base64url. */
#define BP_TOKEN_TEXT_SIZE (3 + 43 + 1)

/** Makes a token. Its text is shown once and not kept; the hash is what the store keeps. @return 0 or negative errno.
 */
int bp_token_make(char text[BP_TOKEN_TEXT_SIZE], struct bp_digest *ret_hash);

/** The hash of a token. @return false for what does not look like a token. */
bool bp_token_hash(const char *text, struct bp_digest *ret_hash);

/** Scopes as words, in the order of their bits: read, pipelines, execute, metrics, act-as, admin. Ends with NULL. */
extern const char *const bp_scope_words[];

/** The scope of a word, or BP_SCOPE_NONE when there is none of this name. */
uint32_t bp_scope_of(const char *word, size_t size);

/** Appends scopes as words, separated by spaces. */
void bp_scopes_write(struct bp_strbuf *buffer, uint32_t scopes);

/** Scopes with those that they include: admin has all of the others. */
uint32_t bp_scopes_expand(uint32_t scopes);

#endif
