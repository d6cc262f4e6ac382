/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file json.h
 * JSON text in and out. The only place that knows the JSON library.
 */
#ifndef BP_BASE_JSON_H
#define BP_BASE_JSON_H

#include <stddef.h>
#include <stdint.h>

struct bp_arena;
struct bp_problem;
struct bp_strbuf;
struct bp_value;

/** Default of bp_json_limits.depth. */
#define BP_JSON_DEPTH 64

/** What hostile text may cost. */
struct bp_json_limits {
        uint32_t depth;    /**< deepest nesting; 0: BP_JSON_DEPTH */
        size_t size_bytes; /**< longest text; 0: 16 MiB */
};

/**
 * Reads one JSON document (RFC 8259) into the arena.
 * @param limits or NULL for the defaults
 * @return 0; -ENOMEM; BP_PROBLEM with line and column and one of the codes JSON_SYNTAX (also duplicate keys, NUL in
 *         a text, invalid UTF-8), JSON_NUMBER_RANGE (an integer beyond 64 bits, a float beyond double), JSON_TOO_DEEP,
 *         JSON_TOO_LARGE.
 */
int bp_json_parse(struct bp_arena *arena, const char *text, size_t size, const struct bp_json_limits *limits,
                  struct bp_value *ret_value, struct bp_problem *reterr_problem);

/** Appends the value as JSON without spaces. Floats that are not finite become null. */
void bp_json_write(struct bp_strbuf *buffer, const struct bp_value *value);

/** Appends the value as JSON over several lines, indented by two spaces a level. */
void bp_json_write_pretty(struct bp_strbuf *buffer, const struct bp_value *value);

/** Appends a text as JSON, quotes included. */
void bp_json_write_string(struct bp_strbuf *buffer, const char *text, size_t size);

/**
 * Finds where in the source text the value at a JSON Pointer stands: the line and column (in code points) of its
 * first character, of its key where the last token names a member. The text must be valid JSON.
 * @return 0, or 1 when the pointer leads nowhere; the deepest existing ancestor is then what is named.
 */
int bp_json_locate(const char *text, size_t size, const char *pointer, uint32_t *ret_line, uint32_t *ret_column);

#endif
