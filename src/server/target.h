/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file target.h
 * Path and query of a request, percent-decoded. Private to the room.
 */
#ifndef BP_SERVER_TARGET_H
#define BP_SERVER_TARGET_H

#include <stdbool.h>
#include <stddef.h>

struct bp_arena;
struct bp_segments;

/** A request whose target cannot be decoded: a `%` without two digits, NUL, or bytes that are not UTF-8. */
#define BP_TARGET_MALFORMED 1

/**
 * Decodes `size` bytes. @param plus_is_space as in queries
 * @return 0, BP_TARGET_MALFORMED, -ENOMEM
 */
int bp_target_decode(struct bp_arena *arena, const char *text, size_t size, bool plus_is_space, const char **ret_text);

/**
 * Splits a target into path and query, copied: "/a?b" or "http://host/a?b". `ret_query` is NULL without '?'.
 * @return 0, BP_TARGET_MALFORMED (it names no path), -ENOMEM
 */
int bp_target_split(struct bp_arena *arena, const char *target, const char **ret_path, const char **ret_query);

/**
 * Splits a path at its slashes and decodes each segment, so that an encoded slash does not separate.
 * A path with too many or with an empty segment has none that could be found: count is then SIZE_MAX.
 * `ret_trailing_slash`: the path ended in one, which is not part of the segments.
 * @return 0, BP_TARGET_MALFORMED, -ENOMEM
 */
int bp_target_segments(struct bp_arena *arena, const char *path, struct bp_segments *ret_segments,
                       bool *ret_trailing_slash);

/** A parameter of a query, decoded. */
struct bp_parameter {
        const char *name, *value;
        struct bp_parameter *next;
};

/** Reads a query (NULL: none), the last parameter first. @return 0, BP_TARGET_MALFORMED, -ENOMEM */
int bp_target_query(struct bp_arena *arena, const char *query, struct bp_parameter **ret_first);

/** The value of the first in the list with this name: the last that was given. NULL: absent. */
const char *bp_target_parameter(const struct bp_parameter *first, const char *name);

#endif
