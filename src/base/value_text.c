/* SPDX-License-Identifier: Apache-2.0 */
/* The textual form of values, as Python writes them: templates and data actions promise exactly that. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/utf8.h"
#include "base/value.h"

const char *bp_value_python_type(const struct bp_value *value) {
        static const char *const names[] = {
                [BP_NULL] = "NoneType", [BP_BOOL] = "bool", [BP_INT] = "int",     [BP_FLOAT] = "float",
                [BP_STRING] = "str",    [BP_LIST] = "list", [BP_OBJECT] = "dict",
        };

        return names[value->type];
}

enum {
        EXPONENT_FROM = 16, /* 1e+16 and up */
        EXPONENT_BELOW = -4 /* 1e-05 and down */
};

/* `text` is d.ddde[+-]xx: the next larger number of as many digits; false when that needs one digit more. */
static bool round_up(char *text) {
        char *at = strchr(text, 'e');

        while (at-- > text) {
                if (*at == '.')
                        continue;
                if (*at != '9') {
                        ++*at;
                        return true;
                }
                *at = '0';
        }
        return false;
}

/*
 * The fewest digits that read back the same; 17 always do, most numbers need 15 or fewer, only those too small for full
 * precision can do with less. Next to a power of two the decimal that reads back may be the one above the nearest.
 */
static void shortest_digits(double number, char text[40]) {
        for (int digits = number < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
                snprintf(text, 40, "%.*e", digits - 1, number);
                if (strtod(text, NULL) == number)
                        return;
                if (digits == 16 && round_up(text) && strtod(text, NULL) == number)
                        return;
        }
}

/* `text` is d.ddde[+-]xx: drops zeros at the end of the digits. @return digits left, without sign and point */
static int split_digits(const char *text, char digits[20], int *ret_exponent) {
        int count = 0;

        for (; *text && *text != 'e'; text++)
                if (*text >= '0' && *text <= '9' && count < 19)
                        digits[count++] = *text;
        *ret_exponent = (int)strtol(text + 1, NULL, 10);
        while (count > 1 && digits[count - 1] == '0')
                count--;
        digits[count] = '\0';
        return count;
}

static void write_plain(struct bp_strbuf *buffer, const char *digits, int count, int exponent) {
        if (exponent < 0) {
                bp_strbuf_add_text(buffer, "0.");
                for (int i = -1; i > exponent; i--)
                        bp_strbuf_add_char(buffer, '0');
                bp_strbuf_add(buffer, digits, (size_t)count);
                return;
        }
        for (int i = 0; i <= exponent; i++)
                bp_strbuf_add_char(buffer, i < count ? digits[i] : '0');
        bp_strbuf_add_char(buffer, '.');
        if (count > exponent + 1)
                bp_strbuf_add(buffer, digits + exponent + 1, (size_t)(count - exponent - 1));
        else
                bp_strbuf_add_char(buffer, '0');
}

void bp_value_write_float(struct bp_strbuf *buffer, double number) {
        char text[40], digits[20];
        int count, exponent;

        if (isnan(number)) {
                bp_strbuf_add_text(buffer, "nan");
                return;
        }
        if (signbit(number))
                bp_strbuf_add_char(buffer, '-');
        number = fabs(number);
        if (isinf(number)) {
                bp_strbuf_add_text(buffer, "inf");
                return;
        }
        if (number < 1e15 && number == floor(number)) {
                bp_strbuf_printf(buffer, "%lld.0", (long long)number);
                return;
        }
        shortest_digits(number, text);
        count = split_digits(text, digits, &exponent);
        if (exponent >= EXPONENT_BELOW && exponent < EXPONENT_FROM) {
                write_plain(buffer, digits, count, exponent);
                return;
        }
        bp_strbuf_add_char(buffer, digits[0]);
        if (count > 1) {
                bp_strbuf_add_char(buffer, '.');
                bp_strbuf_add(buffer, digits + 1, (size_t)count - 1);
        }
        bp_strbuf_printf(buffer, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
}

static void write_escaped(struct bp_strbuf *buffer, uint32_t code_point) {
        if (code_point < 0x100)
                bp_strbuf_printf(buffer, "\\x%02x", code_point);
        else if (code_point < 0x10000)
                bp_strbuf_printf(buffer, "\\u%04x", code_point);
        else
                bp_strbuf_printf(buffer, "\\U%08x", code_point);
}

static void write_quoted(struct bp_strbuf *buffer, const char *text, size_t size) {
        char quote = memchr(text, '\'', size) && !memchr(text, '"', size) ? '"' : '\'';

        bp_strbuf_add_char(buffer, quote);
        for (size_t at = 0, step; at < size; at += step) {
                uint32_t code_point = bp_utf8_decode(text + at, &step);

                if (code_point == (uint32_t)quote || code_point == '\\') {
                        bp_strbuf_add_char(buffer, '\\');
                        bp_strbuf_add_char(buffer, (char)code_point);
                } else if (code_point == '\n') {
                        bp_strbuf_add_text(buffer, "\\n");
                } else if (code_point == '\r') {
                        bp_strbuf_add_text(buffer, "\\r");
                } else if (code_point == '\t') {
                        bp_strbuf_add_text(buffer, "\\t");
                } else if (bp_utf8_is_printable(code_point)) {
                        bp_strbuf_add(buffer, text + at, step);
                } else {
                        write_escaped(buffer, code_point);
                }
        }
        bp_strbuf_add_char(buffer, quote);
}

void bp_value_write_repr(struct bp_strbuf *buffer, const struct bp_value *value) {
        switch (value->type) {
        case BP_NULL:
                bp_strbuf_add_text(buffer, "None");
                break;
        case BP_BOOL:
                bp_strbuf_add_text(buffer, value->as.boolean ? "True" : "False");
                break;
        case BP_INT:
                bp_strbuf_printf(buffer, "%lld", (long long)value->as.integer);
                break;
        case BP_FLOAT:
                bp_value_write_float(buffer, value->as.number);
                break;
        case BP_STRING:
                write_quoted(buffer, value->as.text, value->count);
                break;
        case BP_LIST:
                bp_strbuf_add_char(buffer, '[');
                for (uint32_t i = 0; i < value->count; i++) {
                        if (i)
                                bp_strbuf_add_text(buffer, ", ");
                        bp_value_write_repr(buffer, &value->as.items[i]);
                }
                bp_strbuf_add_char(buffer, ']');
                break;
        default:
                bp_strbuf_add_char(buffer, '{');
                for (uint32_t i = 0; i < value->count; i++) {
                        const struct bp_member *member = &value->as.members[i];

                        if (i)
                                bp_strbuf_add_text(buffer, ", ");
                        write_quoted(buffer, member->key, member->key_size);
                        bp_strbuf_add_text(buffer, ": ");
                        bp_value_write_repr(buffer, &member->value);
                }
                bp_strbuf_add_char(buffer, '}');
        }
}

void bp_value_write_text(struct bp_strbuf *buffer, const struct bp_value *value) {
        if (value->type == BP_STRING)
                bp_strbuf_add(buffer, value->as.text, value->count);
        else
                bp_value_write_repr(buffer, value);
}
