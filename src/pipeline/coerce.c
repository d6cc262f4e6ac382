/* SPDX-License-Identifier: Apache-2.0 */
/* Texts come from forms and environment variables; blanks around a number are therefore tolerated. */
#include "pipeline/coerce.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/value.h"

#define BLANK " \t\n\v\f\r"
#define DIGITS "0123456789"

static const char not_an_integer[] = "Input should be a valid integer, unable to parse string as an integer";
static const char beyond_integer[] = "Input should be a valid integer, the number is beyond 64 bits";

/* A number as text without blanks around it and without the single underscores that may part its digits. */
struct number_text {
        char text[64];
};

static bool read_number_text(const struct bp_value *value, struct number_text *number) {
        const char *at = value->as.text + strspn(value->as.text, BLANK), *end = value->as.text + value->count;
        size_t used = 0;

        while (end > at && strchr(BLANK, end[-1]))
                end--;
        for (; at < end; at++) {
                if (*at == '_') {
                        if (!used || !strchr(DIGITS, number->text[used - 1]) || at + 1 == end || !strchr(DIGITS, at[1]))
                                return false;
                        continue;
                }
                if (used + 1 == sizeof(number->text))
                        return false;
                number->text[used++] = *at;
        }
        number->text[used] = '\0';
        return used > 0;
}

static const char *int_of_text(const struct bp_value *value, struct bp_value *ret_value) {
        struct number_text number;
        const char *digits, *tail;
        uint64_t magnitude = 0;
        bool negative, beyond = false;

        if (!read_number_text(value, &number))
                return not_an_integer;
        negative = number.text[0] == '-';
        digits = number.text + (negative || number.text[0] == '+');
        for (tail = digits; *tail >= '0' && *tail <= '9'; tail++)
                beyond |= __builtin_mul_overflow(magnitude, 10u, &magnitude) ||
                          __builtin_add_overflow(magnitude, (uint64_t)(*tail - '0'), &magnitude);
        if (tail == digits)
                return not_an_integer;
        if (*tail == '.')
                tail += 1 + strspn(tail + 1, "0");
        if (*tail)
                return not_an_integer;
        if (beyond || magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0))
                return beyond_integer;
        *ret_value = bp_value_int(negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude);
        return NULL;
}

const char *bp_coerce_int(const struct bp_value *value, struct bp_value *ret_value) {
        switch (value->type) {
        case BP_INT:
                *ret_value = *value;
                return NULL;
        case BP_BOOL:
                *ret_value = bp_value_int(value->as.boolean ? 1 : 0);
                return NULL;
        case BP_FLOAT:
                if (value->as.number != floor(value->as.number))
                        return "Input should be a valid integer, got a number with a fractional part";
                if (value->as.number < -9223372036854775808.0 || value->as.number >= 9223372036854775808.0)
                        return beyond_integer;
                *ret_value = bp_value_int((int64_t)value->as.number);
                return NULL;
        case BP_STRING:
                return int_of_text(value, ret_value);
        default:
                return "Input should be a valid integer";
        }
}

static const char *float_of_text(const struct bp_value *value, struct bp_value *ret_value) {
        static const char wrong[] = "Input should be a valid number, unable to parse string as a number";
        struct number_text number;
        double parsed;
        char *end;

        if (!read_number_text(value, &number) || number.text[strspn(number.text, DIGITS "+-.eE")])
                return wrong;
        parsed = strtod(number.text, &end);
        if (*end || end == number.text)
                return wrong;
        if (!isfinite(parsed))
                return "Input should be a finite number";
        *ret_value = bp_value_float(parsed);
        return NULL;
}

const char *bp_coerce_float(const struct bp_value *value, struct bp_value *ret_value) {
        switch (value->type) {
        case BP_INT:
        case BP_BOOL:
        case BP_FLOAT:
                *ret_value = bp_value_float(bp_value_as_float(value));
                return NULL;
        case BP_STRING:
                return float_of_text(value, ret_value);
        default:
                return "Input should be a valid number";
        }
}

static const char *bool_of_text(const struct bp_value *value, struct bp_value *ret_value) {
        static const struct {
                const char *text;
                bool value;
        } words[] = {
                {"true", true},   {"1", true},  {"yes", true}, {"on", true},   {"y", true},  {"t", true},
                {"false", false}, {"0", false}, {"no", false}, {"off", false}, {"n", false}, {"f", false},
        };

        for (size_t i = 0; i < BP_COUNT(words); i++) {
                if (strcasecmp(value->as.text, words[i].text) == 0) {
                        *ret_value = bp_value_bool(words[i].value);
                        return NULL;
                }
        }
        return "Input should be a valid boolean, unable to interpret input";
}

const char *bp_coerce_bool(const struct bp_value *value, struct bp_value *ret_value) {
        double number = bp_value_as_float(value);

        switch (value->type) {
        case BP_BOOL:
        case BP_INT:
        case BP_FLOAT:
                if (number != 0.0 && number != 1.0)
                        return "Input should be a valid boolean, unable to interpret input";
                *ret_value = bp_value_bool(number != 0.0);
                return NULL;
        case BP_STRING:
                return bool_of_text(value, ret_value);
        default:
                return "Input should be a valid boolean";
        }
}
