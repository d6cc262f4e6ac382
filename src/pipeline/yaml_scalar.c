/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML 1.1 gives unquoted text a type by its shape. Definitions written for the original were read by PyYAML, so its
 * shapes are the ones that count: `yes` is a boolean, 0o17 is text, 017 is fifteen, 1:30 is ninety, 1e3 is text.
 */
#include "pipeline/yaml_scalar.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/value.h"

#define DECIMAL "0123456789"

/* What looking at a scalar as one kind of number came to; 0 and negative values are those of the caller. */
enum {
        OUT_OF_RANGE = BP_PROBLEM,
        NOT_A_NUMBER,
};

static const struct word {
        const char *text;
        const struct bp_value *value;
} words[] = {
        {"", &bp_value_null},       {"~", &bp_value_null},    {"null", &bp_value_null},   {"Null", &bp_value_null},
        {"NULL", &bp_value_null},   {"yes", &bp_value_true},  {"Yes", &bp_value_true},    {"YES", &bp_value_true},
        {"no", &bp_value_false},    {"No", &bp_value_false},  {"NO", &bp_value_false},    {"true", &bp_value_true},
        {"True", &bp_value_true},   {"TRUE", &bp_value_true}, {"false", &bp_value_false}, {"False", &bp_value_false},
        {"FALSE", &bp_value_false}, {"on", &bp_value_true},   {"On", &bp_value_true},     {"ON", &bp_value_true},
        {"off", &bp_value_false},   {"Off", &bp_value_false}, {"OFF", &bp_value_false},
};

static bool is_only(const char *text, const char *set) {
        size_t run = strspn(text, set);

        return run > 0 && !text[run];
}

static int digit_value(char digit) {
        if (digit >= '0' && digit <= '9')
                return digit - '0';
        return (digit | 0x20) - 'a' + 10;
}

static int as_signed(uint64_t magnitude, bool negative, struct bp_value *ret_value) {
        uint64_t most = (uint64_t)INT64_MAX + (negative ? 1 : 0);

        if (magnitude > most)
                return OUT_OF_RANGE;
        *ret_value = bp_value_int(negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude);
        return 0;
}

static int digits_value(const char *text, unsigned base, bool negative, struct bp_value *ret_value) {
        uint64_t magnitude = 0;
        bool any = false, beyond = false;

        for (; *text; text++) {
                if (*text == '_')
                        continue;
                any = true;
                beyond |= __builtin_mul_overflow(magnitude, base, &magnitude) ||
                          __builtin_add_overflow(magnitude, (uint64_t)digit_value(*text), &magnitude);
        }
        if (!any)
                return NOT_A_NUMBER;
        return beyond ? OUT_OF_RANGE : as_signed(magnitude, negative, ret_value);
}

/* The size of `:[0-5]?[0-9]`, or 0. */
static size_t sixtieth_size(const char *text) {
        size_t digits;

        if (*text != ':')
                return 0;
        digits = strspn(text + 1, DECIMAL);
        if (digits == 1)
                return 2;
        return digits == 2 && text[1] <= '5' ? 3 : 0;
}

static size_t sixtieths_size(const char *text) {
        size_t total = 0, size;

        while ((size = sixtieth_size(text + total)))
                total += size;
        return total;
}

static int sexagesimal_value(const char *text, bool negative, struct bp_value *ret_value) {
        size_t head = strspn(text, DECIMAL "_"), tail = sixtieths_size(text + head);
        uint64_t magnitude = 0, part = 0;
        bool beyond = false;

        if (!tail || text[head + tail])
                return NOT_A_NUMBER;
        for (;; text++) {
                if (*text == ':' || !*text) {
                        beyond |= __builtin_mul_overflow(magnitude, 60u, &magnitude) ||
                                  __builtin_add_overflow(magnitude, part, &magnitude);
                        part = 0;
                        if (!*text)
                                break;
                } else if (*text != '_') {
                        beyond |= __builtin_mul_overflow(part, 10u, &part) ||
                                  __builtin_add_overflow(part, (uint64_t)digit_value(*text), &part);
                }
        }
        return beyond ? OUT_OF_RANGE : as_signed(magnitude, negative, ret_value);
}

static int integer_value(const char *text, struct bp_value *ret_value) {
        bool negative = *text == '-';

        if (*text == '-' || *text == '+')
                text++;
        if (text[0] == '0' && text[1] == 'b' && is_only(text + 2, "01_"))
                return digits_value(text + 2, 2, negative, ret_value);
        if (text[0] == '0' && text[1] == 'x' && is_only(text + 2, DECIMAL "abcdefABCDEF_"))
                return digits_value(text + 2, 16, negative, ret_value);
        if (text[0] == '0')
                return is_only(text, "01234567_") ? digits_value(text, 8, negative, ret_value) : NOT_A_NUMBER;
        if (*text < '1' || *text > '9')
                return NOT_A_NUMBER;
        if (is_only(text, DECIMAL "_"))
                return digits_value(text, 10, negative, ret_value);
        return sexagesimal_value(text, negative, ret_value);
}

/* The size of `([eE][-+][0-9]+)?`. */
static size_t exponent_size(const char *text) {
        size_t digits;

        if ((text[0] != 'e' && text[0] != 'E') || (text[1] != '-' && text[1] != '+'))
                return 0;
        digits = strspn(text + 2, DECIMAL);
        return digits ? digits + 2 : 0;
}

static bool is_float(const char *text) {
        size_t head, fraction;

        if (text[0] == '.' && text[1] >= '0' && text[1] <= '9') {
                fraction = 1 + strspn(text + 1, DECIMAL "_");
                return !text[fraction + exponent_size(text + fraction)];
        }
        if (*text == '-' || *text == '+')
                text++;
        if (*text < '0' || *text > '9')
                return false;
        head = strspn(text, DECIMAL "_");
        head += sixtieths_size(text + head);
        if (text[head] != '.')
                return false;
        fraction = head + 1 + strspn(text + head + 1, DECIMAL "_");
        return !text[fraction + (memchr(text, ':', head) ? 0 : exponent_size(text + fraction))];
}

static bool is_infinite_or_nan(const char *text) {
        static const char *const infinities[] = {".inf", ".Inf", ".INF"}, *const nans[] = {".nan", ".NaN", ".NAN"};

        for (size_t i = 0; i < BP_COUNT(nans); i++)
                if (strcmp(text, nans[i]) == 0)
                        return true;
        if (*text == '-' || *text == '+')
                text++;
        for (size_t i = 0; i < BP_COUNT(infinities); i++)
                if (strcmp(text, infinities[i]) == 0)
                        return true;
        return false;
}

static char *without_underscores(struct bp_arena *arena, const char *text) {
        char *copy = bp_arena_alloc(arena, strlen(text) + 1), *to = copy;

        for (; copy && *text; text++)
                if (*text != '_')
                        *to++ = *text;
        return copy;
}

/* Parts from the last to the first, each weighing sixty times the one after it. */
static double sexagesimal_float(char *text) {
        size_t left = strlen(text);
        double value = 0, weight = 1;
        char *colon;

        while ((colon = memrchr(text, ':', left))) {
                value += strtod(colon + 1, NULL) * weight;
                weight *= 60;
                *colon = '\0';
                left = (size_t)(colon - text);
        }
        return value + strtod(text, NULL) * weight;
}

static int float_value(struct bp_arena *arena, const char *text, struct bp_value *ret_value) {
        double number;
        char *digits;

        if (is_infinite_or_nan(text))
                return OUT_OF_RANGE;
        if (!is_float(text))
                return NOT_A_NUMBER;
        digits = without_underscores(arena, text);
        if (!digits)
                return -ENOMEM;
        if (!strchr(digits, ':'))
                number = strtod(digits, NULL);
        else if (*digits == '-')
                number = -sexagesimal_float(digits + 1);
        else
                number = sexagesimal_float(digits + (*digits == '+'));
        if (!isfinite(number))
                return OUT_OF_RANGE;
        *ret_value = bp_value_float(number);
        return 0;
}

static int number_value(struct bp_arena *arena, const char *text, struct bp_value *ret_value) {
        int r;

        if (!*text || !strchr("-+." DECIMAL, *text))
                return NOT_A_NUMBER;
        r = integer_value(text, ret_value);
        return r == NOT_A_NUMBER ? float_value(arena, text, ret_value) : r;
}

int bp_yaml_resolve(struct bp_arena *arena, const char *text, struct bp_value *ret_value,
                    struct bp_problem *reterr_problem) {
        int r;

        for (size_t i = 0; i < BP_COUNT(words); i++) {
                if (strcmp(text, words[i].text) == 0) {
                        *ret_value = *words[i].value;
                        return 0;
                }
        }
        r = number_value(arena, text, ret_value);
        if (r == NOT_A_NUMBER) {
                *ret_value = bp_value_text_borrow(text, strlen(text));
                return 0;
        }
        if (r == OUT_OF_RANGE)
                return bp_problem_set(reterr_problem, "PARSE_ERROR",
                                      "the number %s is outside the range of 64-bit integers and finite doubles; "
                                      "put it in quotes if it is a text",
                                      text);
        return r;
}
