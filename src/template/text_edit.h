/* SPDX-License-Identifier: Apache-2.0 */
/* What filters and methods of texts have in common: Python's way of cutting, padding and changing text. */
#ifndef BP_TEMPLATE_TEXT_EDIT_H
#define BP_TEMPLATE_TEXT_EDIT_H

#include "base/utf8.h"
#include "template/evaluation.h"

/* Arguments with a fallback for those that are absent. */
int bp_argument_integer(struct bp_evaluation *evaluation, const struct bp_value *argument, const char *name,
                        int64_t fallback, int64_t *ret_integer);
int bp_argument_truth(struct bp_evaluation *evaluation, const struct bp_value *argument, bool fallback,
                      bool *ret_truth);
int bp_argument_text(struct bp_evaluation *evaluation, const struct bp_value *argument, const char *name,
                     const char *fallback, struct bp_value *ret_text);
/* True for an argument that is not there or None. */
bool bp_argument_is_none(const struct bp_value *argument);

/* The text in another case; keeps markup. */
int bp_text_case(struct bp_evaluation *evaluation, const struct bp_value *text, enum bp_case to,
                 struct bp_value *ret_text);
/* First character in title case, the others lower. */
int bp_text_capitalize(struct bp_evaluation *evaluation, const struct bp_value *text, struct bp_value *ret_text);
/* str.replace(); `count` negative: all. */
int bp_text_replace(struct bp_evaluation *evaluation, const struct bp_value *text, const struct bp_value *old,
                    const struct bp_value *new, int64_t count, struct bp_value *ret_text);
/* str.strip(): `characters` NULL for white space. */
enum bp_side { BP_SIDE_LEFT = 1, BP_SIDE_RIGHT = 2, BP_SIDE_BOTH = 3 };
int bp_text_strip(struct bp_evaluation *evaluation, const struct bp_value *text, const struct bp_value *characters,
                  enum bp_side side, struct bp_value *ret_text);
/* Pads with `fill` (one character) on both sides. */
int bp_text_pad(struct bp_evaluation *evaluation, const struct bp_value *text, uint64_t left, uint64_t right,
                const struct bp_value *fill, struct bp_value *ret_text);
/* str.center(). */
int bp_text_center(struct bp_evaluation *evaluation, const struct bp_value *text, int64_t width,
                   const struct bp_value *fill, struct bp_value *ret_text);
/* The end of the line that starts at an offset, and where the next one starts; both the size at the end. */
void bp_text_line(const struct bp_value *text, size_t start, size_t *ret_end, size_t *ret_next);
/* The lines of a text without their ends, as str.splitlines(). */
int bp_text_lines(struct bp_evaluation *evaluation, const struct bp_value *text, bool keep_ends,
                  struct bp_value *ret_list);

#endif
