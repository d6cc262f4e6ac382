/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file utf8.h
 * Text as Unicode. The only place that knows the Unicode library. Sizes are bytes, lengths are code points.
 */
#ifndef BP_BASE_UTF8_H
#define BP_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bp_arena;

/** True when the bytes are valid UTF-8 and contain no NUL. */
bool bp_utf8_valid(const char *text, size_t size);

/** Makes any bytes valid UTF-8 in place: each byte that is out of place becomes `?`. */
void bp_utf8_mend(char *text, size_t size);

/** Number of code points. The text must be valid. */
size_t bp_utf8_length(const char *text, size_t size);

/** The code point at `text`, and how many bytes it takes. The text must be valid and not empty. */
uint32_t bp_utf8_decode(const char *text, size_t *ret_size);

/** Writes a code point. @return bytes written, 1..4. */
size_t bp_utf8_encode(uint32_t code_point, char bytes[4]);

/** Byte offset of the code point with this index; `size` when there are not so many. */
size_t bp_utf8_offset(const char *text, size_t size, size_t index);

/** How bp_utf8_change_case() maps. */
enum bp_case {
        BP_CASE_UPPER = 1,
        BP_CASE_LOWER,
        BP_CASE_TITLE, /**< the first letter of each word upper, the others lower, as Python's str.title */
        BP_CASE_FOLD,  /**< for comparison without regard to case */
};

/** The text in another case, by the full Unicode rules. @return 0 or -ENOMEM. */
int bp_utf8_change_case(struct bp_arena *arena, enum bp_case to, const char *text, size_t size, const char **ret_text,
                        size_t *ret_size);

/** Python's str.isalpha for one code point: a letter. */
bool bp_utf8_is_letter(uint32_t code_point);

/** Python's str.isalnum for one code point: a letter or a number. */
bool bp_utf8_is_alphanumeric(uint32_t code_point);

/** Python's str.isspace for one code point. */
bool bp_utf8_is_space(uint32_t code_point);

/** Value 0..9 of a decimal digit of any script, or -1. */
int bp_utf8_digit(uint32_t code_point);

/** Python's str.isupper / str.islower of one code point: has that case. */
bool bp_utf8_is_upper(uint32_t code_point);

/** @see bp_utf8_is_upper */
bool bp_utf8_is_lower(uint32_t code_point);

/** False for what Python's repr writes as an escape: controls, separators other than a space, unassigned. */
bool bp_utf8_is_printable(uint32_t code_point);

#endif
