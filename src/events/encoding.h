/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file encoding.h
 * Encodings that events carry text in. Private to the room.
 */
#ifndef BP_EVENTS_ENCODING_H
#define BP_EVENTS_ENCODING_H

#include <stddef.h>

struct bp_arena;

/** Decodes base64 (RFC 4648, with padding, without line breaks). @return 0; 1: it is none; -ENOMEM */
int bp_base64_decode(struct bp_arena *arena, const char *text, size_t size, char **ret_bytes, size_t *ret_size);

/** Decodes percent-encoded text of a header; what is not encoded stays. @return 0; 1: not UTF-8, or with a NUL; -ENOMEM
 */
int bp_percent_decode(struct bp_arena *arena, const char *text, const char **ret_text);

#endif
