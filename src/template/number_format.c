/* SPDX-License-Identifier: Apache-2.0 */
#include "template/number_format.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* Digits a precision may ask for: enough for every digit of a double. */
enum { PRECISION_MAX = 1100, NUMBER_TEXT = 1600 };

static void add_fill(struct bp_strbuf *output, uint32_t fill, uint64_t count) {
        char bytes[4];
        size_t size = bp_utf8_encode(fill ? fill : ' ', bytes);

        for (uint64_t i = 0; i < count && !output->error; i++)
                bp_strbuf_add(output, bytes, size);
}

/* Pads `sign` and `body`; '=' puts the padding between them. */
static int pad(struct bp_evaluation *evaluation, const struct bp_format_spec *spec, const char *sign, const char *body,
               size_t size, char align, struct bp_strbuf *output) {
        uint64_t length = strlen(sign) + bp_utf8_length(body, size), missing, left;
        int r;

        if (spec->width < 0)
                return bp_eval_type_error(evaluation, "a width must not be negative");
        missing = (uint64_t)spec->width > length ? (uint64_t)spec->width - length : 0;
        r = bp_eval_check_bytes(evaluation, missing);
        if (r == 0)
                r = bp_eval_work_bytes(evaluation, missing + size);
        if (r != 0)
                return r;
        left = align == '<' ? 0 : align == '^' ? missing / 2 : missing;
        if (align == '=')
                bp_strbuf_add_text(output, sign);
        add_fill(output, spec->fill, left);
        if (align != '=')
                bp_strbuf_add_text(output, sign);
        bp_strbuf_add(output, body, size);
        add_fill(output, spec->fill, missing - left);
        return output->error ? bp_text_failure(evaluation, output) : 0;
}

int bp_format_text(struct bp_evaluation *evaluation, const struct bp_format_spec *spec, const char *text, size_t size,
                   char default_align, struct bp_strbuf *output) {
        if (spec->precision >= 0)
                size = bp_utf8_offset(text, size, (size_t)spec->precision);
        return pad(evaluation, spec, "", text, size, spec->align ? spec->align : default_align, output);
}

/* Puts separators into the digits before the point. */
static void group(const char *digits, char separator, int every, char grouped[NUMBER_TEXT]) {
        size_t whole = every == 4 ? strspn(digits, "0123456789abcdefABCDEF") : strspn(digits, "0123456789"), used = 0;

        for (size_t i = 0; i < whole && used + 2 < NUMBER_TEXT; i++) {
                if (i > 0 && (whole - i) % (size_t)every == 0)
                        grouped[used++] = separator;
                grouped[used++] = digits[i];
        }
        snprintf(grouped + used, NUMBER_TEXT - used, "%s", digits + whole);
}

static int finish_number(struct bp_evaluation *evaluation, const struct bp_format_spec *spec, bool negative,
                         const char *prefix, const char *digits, int every, struct bp_strbuf *output) {
        char grouped[NUMBER_TEXT], sign[8];
        struct bp_format_spec padded = *spec;
        char align = spec->align ? spec->align : '>';

        snprintf(sign, sizeof(sign), "%s%s",
                 negative            ? "-"
                 : spec->sign == '+' ? "+"
                 : spec->sign == ' ' ? " "
                                     : "",
                 prefix);
        if (spec->zero && !spec->align) {
                align = '=';
                if (!padded.fill)
                        padded.fill = '0';
        }
        if (spec->grouping) {
                group(digits, spec->grouping, every, grouped);
                digits = grouped;
        }
        return pad(evaluation, &padded, sign, digits, strlen(digits), align, output);
}

static void write_binary(uint64_t number, char digits[NUMBER_TEXT]) {
        size_t used = 0;

        for (int bit = 63; bit >= 0; bit--)
                if (number >> bit & 1 || used || bit == 0)
                        digits[used++] = number >> bit & 1 ? '1' : '0';
        digits[used] = '\0';
}

static int format_character(struct bp_evaluation *evaluation, const struct bp_format_spec *spec, int64_t integer,
                            struct bp_strbuf *output) {
        char bytes[4];

        if (integer <= 0 || integer > 0x10FFFF || (integer >= 0xD800 && integer < 0xE000))
                return bp_eval_type_error(evaluation, "%%c needs the number of a character");
        return pad(evaluation, spec, "", bytes, bp_utf8_encode((uint32_t)integer, bytes),
                   spec->align ? spec->align : '>', output);
}

int bp_format_integer(struct bp_evaluation *evaluation, const struct bp_format_spec *spec, int64_t integer,
                      struct bp_strbuf *output) {
        uint64_t magnitude = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
        const char *prefix = "";
        char digits[NUMBER_TEXT];
        int every = 4;

        switch (spec->type) {
        case 'c':
                return format_character(evaluation, spec, integer, output);
        case 'b':
                write_binary(magnitude, digits);
                prefix = "0b";
                break;
        case 'o':
                snprintf(digits, sizeof(digits), "%" PRIo64, magnitude);
                prefix = "0o";
                break;
        case 'x':
                snprintf(digits, sizeof(digits), "%" PRIx64, magnitude);
                prefix = "0x";
                break;
        case 'X':
                snprintf(digits, sizeof(digits), "%" PRIX64, magnitude);
                prefix = "0X";
                break;
        default:
                snprintf(digits, sizeof(digits), "%" PRIu64, magnitude);
                every = 3;
        }
        if (!spec->alternate)
                prefix = "";
        return finish_number(evaluation, spec, integer < 0, prefix, digits, every, output);
}

static bool has_point(const char *digits) {
        return strpbrk(digits, ".en") != NULL;
}

/* Shortest form, or like %g with at least one digit behind the point. */
static void write_general(const struct bp_format_spec *spec, double number, char digits[NUMBER_TEXT]) {
        int precision = spec->precision == 0 ? 1 : (int)spec->precision;
        struct bp_strbuf buffer;
        char scientific[64];
        int exponent;

        if (spec->precision < 0) {
                bp_strbuf_init(&buffer, NULL, NUMBER_TEXT - 1);
                bp_value_write_float(&buffer, number);
                snprintf(digits, NUMBER_TEXT, "%s", bp_strbuf_text(&buffer));
                bp_strbuf_done(&buffer);
                return;
        }
        snprintf(scientific, sizeof(scientific), "%.*e", precision > 40 ? 40 : precision - 1, number);
        exponent = strchr(scientific, 'e') ? (int)strtol(strchr(scientific, 'e') + 1, NULL, 10) : 0;
        if (exponent >= -4 && exponent == precision - 1) {
                /* %g would write all digits before the point; one less makes it use an exponent */
                size_t end;

                snprintf(digits, NUMBER_TEXT, "%.*e", precision - 1, number);
                end = strcspn(digits, "e");
                memcpy(scientific, digits + end, strlen(digits + end) + 1);
                if (memchr(digits, '.', end)) {
                        while (end > 0 && digits[end - 1] == '0')
                                end--;
                        if (end > 0 && digits[end - 1] == '.')
                                end--;
                }
                snprintf(digits + end, NUMBER_TEXT - end, "%s", scientific);
                return;
        }
        snprintf(digits, NUMBER_TEXT - 2, "%.*g", precision, number);
        if (!has_point(digits))
                memcpy(digits + strlen(digits), ".0", 3);
}

int bp_format_float(struct bp_evaluation *evaluation, const struct bp_format_spec *spec, double number,
                    struct bp_strbuf *output) {
        int precision = spec->precision < 0 ? 6 : (int)spec->precision;
        bool negative = signbit(number) && !isnan(number);
        char digits[NUMBER_TEXT], format[8];

        if (spec->precision > PRECISION_MAX)
                return bp_eval_limit(evaluation, "the precision of a number");
        number = fabs(number);
        switch (spec->type) {
        case 'e':
        case 'E':
        case 'f':
        case 'F':
        case 'g':
        case 'G':
                snprintf(format, sizeof(format), spec->alternate ? "%%#.*%c" : "%%.*%c", spec->type);
                break;
        case '%':
                number *= 100;
                snprintf(format, sizeof(format), "%%.*f%%%%");
                break;
        default:
                write_general(spec, number, digits);
                return finish_number(evaluation, spec, negative, "", digits, 3, output);
        }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(digits, sizeof(digits), format, precision, number);
#pragma GCC diagnostic pop
        return finish_number(evaluation, spec, negative, "", digits, 3, output);
}
