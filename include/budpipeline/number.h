/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file number.h
 * For actions whose numbers may come as text: templates render text, and the services' events carry it.
 */
#ifndef BUDPIPELINE_NUMBER_H
#define BUDPIPELINE_NUMBER_H

#include <budpipeline/action.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Decimal digits with a sign and blanks around them. @return false for anything else, and beyond 64 bits */
static inline bool bp_parse_integer(const char *text, int64_t *ret_number) {
        static const char blanks[] = " \t\r\n\v\f";
        const char *start = text + strspn(text, blanks);
        const char *digits = start + (*start == '-' || *start == '+' ? 1 : 0);
        size_t n_digits = strspn(digits, "0123456789");
        long long number;

        if (n_digits == 0 || digits[n_digits + strspn(digits + n_digits, blanks)] != '\0')
                return false;
        errno = 0;
        number = strtoll(start, NULL, 10);
        if (errno)
                return false;
        *ret_number = number;
        return true;
}

/**
 * A decimal number with blanks around it, "1.5" or "2e3"; inf, nan and hexadecimal, which strtod() takes too, are none.
 * @return false for anything else. What is too large for a double comes as an infinity.
 */
static inline bool bp_parse_number(const char *text, double *ret_number) {
        char *end;
        double number;

        if (text[strspn(text, " \t\r\n0123456789+-.eE")] != '\0')
                return false;
        number = strtod(text, &end);
        if (end == text || end[strspn(end, " \t\r\n")] != '\0')
                return false;
        *ret_number = number;
        return true;
}

/**
 * An integer, a number cut towards 0, a boolean as 0 or 1, or text by bp_parse_integer().
 * @return false for any other value, NULL among them
 */
static inline bool bp_read_integer(const struct bp_action_context *context, const struct bp_value *value,
                                   int64_t *ret_number) {
        switch (bp_type(context, value)) {
        case BP_BOOL:
                *ret_number = context->host->as_bool(value);
                return true;
        case BP_INT:
        case BP_FLOAT:
                *ret_number = context->host->as_int(value);
                return true;
        case BP_STRING:
                return bp_parse_integer(context->host->as_string(value, NULL), ret_number);
        default:
                return false;
        }
}

/** A number, a boolean as 0 or 1, or text by bp_parse_number(). @return false for any other value, NULL among them */
static inline bool bp_read_number(const struct bp_action_context *context, const struct bp_value *value,
                                  double *ret_number) {
        switch (bp_type(context, value)) {
        case BP_BOOL:
        case BP_INT:
        case BP_FLOAT:
                *ret_number = context->host->as_float(value);
                return true;
        case BP_STRING:
                return bp_parse_number(context->host->as_string(value, NULL), ret_number);
        default:
                return false;
        }
}

#ifdef __cplusplus
}
#endif

#endif
