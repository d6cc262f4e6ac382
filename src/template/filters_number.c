/* SPDX-License-Identifier: Apache-2.0 */
/* Filters that make numbers and change them. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "template/text_edit.h"

#define FILTER(name)                                                                                \
        static int apply_##name(struct bp_evaluation *evaluation, const struct bp_value *subject,   \
                                const struct bp_value *bound, const struct bp_arguments *arguments, \
                                struct bp_value *ret_value)

static int out_of_range(struct bp_evaluation *evaluation) {
        return bp_eval_fail(evaluation, "TEMPLATE_ARITHMETIC", "the result is beyond 64 bits");
}

/* Python's int(float). @return 0 with *ret_done false for nan */
static int truncate_float(struct bp_evaluation *evaluation, double number, bool *ret_done, struct bp_value *ret_value) {
        *ret_done = !isnan(number);
        if (!*ret_done)
                return 0;
        if (!(number > -9223372036854777856.0 && number < 9223372036854775808.0))
                return out_of_range(evaluation);
        *ret_value = bp_value_int((int64_t)number);
        return 0;
}

static int parse_int(struct bp_evaluation *evaluation, const struct bp_value *text, const struct bp_value *base,
                     bool *ret_done, struct bp_value *ret_value) {
        int64_t base_number, integer;
        double number;
        int r = bp_eval_work_bytes(evaluation, text->count);

        *ret_done = false;
        if (r != 0)
                return r;
        if (base->type == BP_T_ABSENT)
                base_number = 10;
        else if (!bp_value_integer(base, &base_number))
                base_number = 1;
        r = bp_number_parse_int(evaluation, text, base_number, ret_done, &integer);
        if (r != 0)
                return r;
        if (*ret_done) {
                *ret_value = bp_value_int(integer);
                return 0;
        }
        if (!bp_number_parse_float(text->as.text, text->count, &number))
                return 0;
        return truncate_float(evaluation, number, ret_done, ret_value);
}

FILTER(int) {
        bool done = false;
        int64_t integer;
        int r = 0;

        (void)arguments;
        if (bp_value_is_undefined(subject))
                return bp_eval_undefined_error(evaluation, subject);
        if (subject->type == BP_STRING) {
                r = parse_int(evaluation, subject, &bound[1], &done, ret_value);
        } else if (subject->type == BP_FLOAT) {
                r = truncate_float(evaluation, subject->as.number, &done, ret_value);
        } else if (bp_value_integer(subject, &integer)) {
                done = true;
                *ret_value = bp_value_int(integer);
        }
        if (r == 0 && !done)
                *ret_value = bound[0].type == BP_T_ABSENT ? bp_value_int(0) : bound[0];
        return r;
}

FILTER(float) {
        double number;

        (void)arguments;
        if (bp_value_is_undefined(subject))
                return bp_eval_undefined_error(evaluation, subject);
        if (subject->type == BP_INT || subject->type == BP_BOOL || subject->type == BP_FLOAT)
                *ret_value = bp_value_float(bp_value_as_float(subject));
        else if (subject->type == BP_STRING && bp_number_parse_float(subject->as.text, subject->count, &number))
                *ret_value = bp_value_float(number);
        else
                *ret_value = bound[0].type == BP_T_ABSENT ? bp_value_float(0.0) : bound[0];
        evaluation->foreign |= ret_value->type == BP_FLOAT && !isfinite(ret_value->as.number);
        return 0;
}

FILTER(abs) {
        int64_t integer;

        (void)bound, (void)arguments;
        if (subject->type == BP_FLOAT) {
                *ret_value = bp_value_float(fabs(subject->as.number));
                return 0;
        }
        if (!bp_value_integer(subject, &integer))
                return bp_eval_type_error(evaluation, "bad operand type for abs(): '%s'", bp_value_kind(subject));
        if (integer == INT64_MIN)
                return out_of_range(evaluation);
        *ret_value = bp_value_int(integer < 0 ? -integer : integer);
        return 0;
}

/* Rounds half to even at a power of ten above the units. */
static int round_integer(struct bp_evaluation *evaluation, int64_t integer, int64_t precision,
                         struct bp_value *ret_value) {
        __int128 power = 1, value = integer, rest, half;

        if (precision < -19)
                precision = -20;
        for (int64_t i = precision; i < 0; i++)
                power *= 10;
        rest = ((value % power) + power) % power;
        half = power / 2;
        value -= rest;
        if (rest > half || (rest == half && power > 1 && (value / power) % 2 != 0))
                value += power;
        if (value > INT64_MAX || value < INT64_MIN)
                return out_of_range(evaluation);
        *ret_value = bp_value_int((int64_t)value);
        return 0;
}

enum { DECIMALS_MAX = 330, DOUBLE_TEXT = 700 };

/* Correctly rounded, as Python does it: through the decimal form. */
static double round_decimal(double number, int64_t precision) {
        char text[DOUBLE_TEXT];

        if (!isfinite(number) || precision > DECIMALS_MAX)
                return number;
        if (precision >= 0) {
                snprintf(text, sizeof(text), "%.*f", (int)precision, number);
                return strtod(text, NULL);
        }
        if (precision < -308)
                return copysign(0.0, number);
        number /= pow(10.0, (double)-precision);
        return nearbyint(number) * pow(10.0, (double)-precision);
}

static int round_common(struct bp_evaluation *evaluation, const struct bp_value *subject,
                        const struct bp_value *precision, struct bp_value *ret_value) {
        int64_t digits = 0, integer;
        bool done;
        int r = 0;

        if (precision->type != BP_NULL)
                r = bp_argument_integer(evaluation, precision, "precision", 0, &digits);
        if (r != 0)
                return r;
        if (bp_value_integer(subject, &integer))
                return round_integer(evaluation, integer, digits, ret_value);
        if (subject->type != BP_FLOAT)
                return bp_eval_type_error(evaluation, "round needs a number, not '%s'", bp_value_kind(subject));
        if (precision->type == BP_NULL) {
                r = truncate_float(evaluation, nearbyint(subject->as.number), &done, ret_value);
                return r != 0 || done ? r : out_of_range(evaluation);
        }
        *ret_value = bp_value_float(round_decimal(subject->as.number, digits));
        if (!isfinite(ret_value->as.number) && isfinite(subject->as.number))
                return out_of_range(evaluation);
        return 0;
}

/* ceil(value * 10 ** precision) / 10 ** precision, with the operators' own rules for each part */
static int round_directed(struct bp_evaluation *evaluation, const struct bp_value *subject,
                          const struct bp_value *precision, bool up, struct bp_value *ret_value) {
        struct bp_value ten = bp_value_int(10), zero = bp_value_int(0), power, scaled;
        int r = bp_operate(evaluation, BP_OP_POWER, &ten, precision->type == BP_T_ABSENT ? &zero : precision, &power);

        if (r == 0)
                r = bp_operate(evaluation, BP_OP_MULTIPLY, subject, &power, &scaled);
        if (r != 0)
                return r;
        if (scaled.type == BP_FLOAT)
                scaled.as.number = up ? ceil(scaled.as.number) : floor(scaled.as.number);
        else if (scaled.type != BP_INT)
                return bp_eval_type_error(evaluation, "round needs a number, not '%s'", bp_value_kind(subject));
        return bp_operate(evaluation, BP_OP_DIVIDE, &scaled, &power, ret_value);
}

FILTER(round) {
        struct bp_value method;
        int r = bp_argument_text(evaluation, &bound[1], "method", "common", &method);

        (void)arguments;
        if (r != 0)
                return r;
        if (bp_value_is_text(&method, "common"))
                return round_common(evaluation, subject, &bound[0], ret_value);
        if (!bp_value_is_text(&method, "ceil") && !bp_value_is_text(&method, "floor"))
                return bp_eval_type_error(evaluation, "the method of round must be common, ceil or floor");
        return round_directed(evaluation, subject, &bound[0], bp_value_is_text(&method, "ceil"), ret_value);
}

static int size_of(struct bp_evaluation *evaluation, const struct bp_value *subject, double *ret_bytes) {
        if (bp_value_is_undefined(subject))
                return bp_eval_undefined_error(evaluation, subject);
        if (subject->type == BP_INT || subject->type == BP_FLOAT || subject->type == BP_BOOL)
                *ret_bytes = bp_value_as_float(subject);
        else if (subject->type != BP_STRING || !bp_number_parse_float(subject->as.text, subject->count, ret_bytes))
                return bp_eval_type_error(evaluation, "filesizeformat needs a number");
        return isfinite(*ret_bytes) ? 0 : out_of_range(evaluation);
}

FILTER(filesizeformat) {
        static const char *const prefixes[2][8] = {{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"},
                                                   {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}};
        double bytes = 0, unit, base;
        char text[DOUBLE_TEXT];
        bool binary = false;
        size_t i = 0;
        int r = size_of(evaluation, subject, &bytes);

        (void)arguments;
        if (r == 0)
                r = bp_argument_truth(evaluation, &bound[0], false, &binary);
        if (r != 0)
                return r;
        base = binary ? 1024 : 1000;
        if (bytes == 1.0)
                return bp_text_copy(evaluation, "1 Byte", 6, ret_value);
        if (bytes < base) {
                r = snprintf(text, sizeof(text), "%.0f Bytes", trunc(bytes) + 0.0);
                return bp_text_copy(evaluation, text, (size_t)r, ret_value);
        }
        for (unit = base * base; i < 7 && bytes >= unit; i++)
                unit *= base;
        r = snprintf(text, sizeof(text), "%.1f %s", base * bytes / unit, prefixes[binary][i]);
        return bp_text_copy(evaluation, text, (size_t)r, ret_value);
}

/* clang-format off */
const struct bp_filter bp_filters_number[] = {
        {.name = "int", .apply = apply_int, .signature = {{"default", "base"}, 0, false}},
        {.name = "float", .apply = apply_float, .signature = {{"default"}, 0, false}},
        {.name = "abs", .apply = apply_abs},
        {.name = "round", .apply = apply_round, .signature = {{"precision", "method"}, 0, false}},
        {.name = "filesizeformat", .apply = apply_filesizeformat, .signature = {{"binary"}, 0, false}},
        {0},
};
/* clang-format on */
