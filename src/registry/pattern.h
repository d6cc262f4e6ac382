/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file pattern.h
 * Patterns of parameters. The only place that knows the pattern library. Private to the room.
 */
#ifndef BP_REGISTRY_PATTERN_H
#define BP_REGISTRY_PATTERN_H

#include <stddef.h>

struct bp_arena;
struct bp_problem;

/** A compiled pattern; belongs to its arena. May be used by several threads at once. */
struct bp_pattern;

/** Longest pattern, in bytes. */
#define BP_PATTERN_SIZE_MAX 4096

/** Compiles a pattern. @return 0; -ENOMEM; BP_PROBLEM (PATTERN_SYNTAX) that says what is wrong and where. */
int bp_pattern_compile(struct bp_arena *arena, const char *text, const struct bp_pattern **ret_pattern,
                       struct bp_problem *reterr_problem);

/** How a search ends. */
enum bp_pattern_result {
        BP_PATTERN_FOUND = 1,
        BP_PATTERN_ABSENT,
        BP_PATTERN_TOO_HARD, /**< it would have cost more steps, depth or memory than a pattern may */
};

/** Searches text for the pattern, anywhere in it, as JSON Schema does. @return 0 or -ENOMEM. */
int bp_pattern_search(const struct bp_pattern *pattern, const char *text, size_t size,
                      enum bp_pattern_result *ret_result);

#endif
