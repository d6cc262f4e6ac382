/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file sanitize.h
 * Takes secrets out of what leaves: reference engine.md section 19, with its quirk 36 fixed. The store keeps raw
 * values; every exit (API, streams, logs, published events, export) goes through here.
 */
#ifndef BP_SANITIZE_SANITIZE_H
#define BP_SANITIZE_SANITIZE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/value.h"

struct bp_arena;
struct bp_strbuf;

/**
 * A copy of the value without secrets; parts that need no change are shared with the input. Members with a telling key
 * become "***REDACTED***" whatever their value; texts go through bp_sanitize_text(). Linear in the size of the value.
 * @return 0 or -ENOMEM.
 */
int bp_sanitize(struct bp_arena *arena, const struct bp_value *value, struct bp_value *ret_value);

/** A text without secrets: the same pointer when there are none. @return 0 or -ENOMEM. */
int bp_sanitize_text(struct bp_arena *arena, const char *text, size_t size, const char **ret_text, size_t *ret_size);

/** True for a key whose value is a secret, whatever it is: lower-cased, `-` as `_`, exact. */
bool bp_sanitize_key(const char *key, size_t size);

#endif
