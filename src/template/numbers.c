/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers from text, by Python's rules: spaces around, underscores between digits, digits of any script. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "template/evaluation.h"

enum { LONGEST_FLOAT = 1024 };

/* A text without spaces around it, digits as ASCII, underscores gone. @return size, or -1 when it cannot be a number */
static int normalize(const char *text, size_t size, char buffer[LONGEST_FLOAT]) {
        bool after_digit = false, after_underscore = false;
        size_t start = 0, used = 0, end = size, step;

        while (start < end && bp_utf8_is_space(bp_utf8_decode(text + start, &step)))
                start += step;
        for (size_t at = start; at < size; at += step)
                if (!bp_utf8_is_space(bp_utf8_decode(text + at, &step)))
                        end = at + step;
                else if (at == start)
                        end = start;
        for (size_t at = start; at < end; at += step) {
                uint32_t code_point = bp_utf8_decode(text + at, &step);
                int digit = bp_utf8_digit(code_point);
                bool alphanumeric = digit >= 0 || (code_point < 0x80 && (code_point | 0x20) - 'a' < 26);

                if (used + 1 >= LONGEST_FLOAT || (code_point >= 0x80 && digit < 0))
                        return -1;
                if (code_point == '_') {
                        if (!after_digit)
                                return -1;
                        after_digit = false;
                        after_underscore = true;
                        continue;
                }
                if (after_underscore && !alphanumeric)
                        return -1;
                after_underscore = false;
                after_digit = alphanumeric;
                buffer[used++] = digit >= 0 ? (char)('0' + digit) : (char)code_point;
        }
        buffer[used] = '\0';
        return after_underscore || used == 0 ? -1 : (int)used;
}

static bool is_word(const char *text, const char *word) {
        return strcasecmp(text, word) == 0;
}

bool bp_number_parse_float(const char *text, size_t size, double *ret_number) {
        char buffer[LONGEST_FLOAT], *end;
        const char *digits = buffer;

        if (normalize(text, size, buffer) < 0)
                return false;
        for (size_t i = 0; i + 1 < size; i++)
                if (text[i] == '_' && (text[i + 1] < '0' || text[i + 1] > '9'))
                        return false;
        if (*digits == '+' || *digits == '-')
                digits++;
        if (!is_word(digits, "inf") && !is_word(digits, "infinity") && !is_word(digits, "nan") &&
            (strpbrk(digits, "xXnNiIpP+-") == digits || strpbrk(digits, "xXnNiIpP")))
                return false;
        if (*digits == '\0')
                return false;
        *ret_number = strtod(buffer, &end);
        return *end == '\0';
}

static int64_t prefix_base(const char *digits) {
        if (digits[0] != '0')
                return 0;
        switch (digits[1] | 0x20) {
        case 'x':
                return 16;
        case 'o':
                return 8;
        case 'b':
                return 2;
        default:
                return 0;
        }
}

static int digit_value(char byte) {
        if (byte >= '0' && byte <= '9')
                return byte - '0';
        byte = (char)(byte | 0x20);
        return byte >= 'a' && byte <= 'z' ? byte - 'a' + 10 : 99;
}

static bool only_zeros(const char *digits) {
        return digits[strspn(digits, "0")] == '\0';
}

int bp_number_parse_int(struct bp_evaluation *evaluation, const struct bp_value *text, int64_t base, bool *ret_valid,
                        int64_t *ret_integer) {
        char buffer[LONGEST_FLOAT];
        const char *digits = buffer;
        bool negative;
        int64_t result = 0;

        *ret_valid = false;
        if (base != 0 && (base < 2 || base > 36))
                return 0;
        if (normalize(text->as.text, text->count, buffer) < 0)
                return 0;
        negative = *digits == '-';
        if (*digits == '+' || *digits == '-')
                digits++;
        if (prefix_base(digits) && (base == 0 || base == prefix_base(digits))) {
                base = prefix_base(digits);
                digits += 2;
        } else if (base == 0) {
                if (*digits == '0' && !only_zeros(digits))
                        return 0;
                base = 10;
        }
        if (*digits == '\0')
                return 0;
        for (const char *at = digits; *at; at++)
                if (digit_value(*at) >= base)
                        return 0;
        *ret_valid = true;
        for (; *digits; digits++) {
                int64_t digit = negative ? -digit_value(*digits) : digit_value(*digits);

                if (__builtin_mul_overflow(result, base, &result) || __builtin_add_overflow(result, digit, &result))
                        return bp_eval_fail(evaluation, "TEMPLATE_ARITHMETIC", "the integer is beyond 64 bits");
        }
        *ret_integer = result;
        return 0;
}
