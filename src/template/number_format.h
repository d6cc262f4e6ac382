/* SPDX-License-Identifier: Apache-2.0 */
/* How one value is laid out: what Python's format specifications and %-conversions have in common. */
#ifndef BP_TEMPLATE_NUMBER_FORMAT_H
#define BP_TEMPLATE_NUMBER_FORMAT_H

#include "template/evaluation.h"

/* [[fill]align][sign][#][0][width][grouping][.precision][type] */
struct bp_format_spec {
        uint32_t fill; /* code point, 0 for a space */
        char align;    /* < > ^ = or 0 */
        char sign;     /* + - space or 0 */
        bool alternate, zero;
        char grouping; /* , _ or 0 */
        char type;     /* or 0 */
        int64_t width;
        int64_t precision; /* -1: none */
};

/* Appends a text, cut to the precision and padded. */
int bp_format_text(struct bp_evaluation *evaluation, const struct bp_format_spec *spec, const char *text, size_t size,
                   char default_align, struct bp_strbuf *output);
/* Appends an integer by one of the types b c d o x X. */
int bp_format_integer(struct bp_evaluation *evaluation, const struct bp_format_spec *spec, int64_t integer,
                      struct bp_strbuf *output);
/* Appends a float by one of the types e E f F g G %, or 0 for the shortest form. */
int bp_format_float(struct bp_evaluation *evaluation, const struct bp_format_spec *spec, double number,
                    struct bp_strbuf *output);

#endif
