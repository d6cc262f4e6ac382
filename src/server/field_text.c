/* SPDX-License-Identifier: Apache-2.0 */
#include "server/field_text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/id.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "base/utf8.h"

/* ---------------------------------------------------------------------------------------------------------------
 * Times
 */

/* Reads exactly `digits` digits. */
static bool take_number(const char **at, int digits, int *ret_number) {
        int number = 0;

        for (int i = 0; i < digits; i++) {
                if (!isdigit((unsigned char)**at))
                        return false;
                number = number * 10 + (*(*at)++ - '0');
        }
        *ret_number = number;
        return true;
}

static bool take(const char **at, char byte) {
        if (**at != byte)
                return false;
        ++*at;
        return true;
}

static int days_in(int year, int month) {
        static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

        return days[month - 1] + (month == 2 && leap);
}

/* Days since 1970-01-01 in the Gregorian calendar; years begin in March, so that the leap day is the last. */
static int64_t day_number(int year, int month, int day) {
        int64_t years = month > 2 ? year : year - 1, era = years / 400, of_era = years - era * 400;
        int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

        return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool take_date(const char **at, int64_t *ret_us) {
        int year, month, day;

        if (!take_number(at, 4, &year) || !take(at, '-') || !take_number(at, 2, &month) || !take(at, '-') ||
            !take_number(at, 2, &day))
                return false;
        if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in(year, month))
                return false;
        *ret_us = day_number(year, month, day) * 86400 * 1000000;
        return true;
}

/* Digits behind the sixth are dropped. */
static bool take_fraction(const char **at, int64_t *us) {
        int64_t unit = 100000;

        if (!isdigit((unsigned char)**at))
                return false;
        for (; isdigit((unsigned char)**at); ++*at) {
                *us += (**at - '0') * unit;
                unit /= 10;
        }
        return true;
}

static bool take_clock(const char **at, int64_t *us) {
        int hour, minute, second = 0;

        if (!take_number(at, 2, &hour) || !take(at, ':') || !take_number(at, 2, &minute))
                return false;
        if (take(at, ':') && !take_number(at, 2, &second))
                return false;
        if (hour > 23 || minute > 59 || second > 59)
                return false;
        *us += ((int64_t)hour * 3600 + minute * 60 + second) * 1000000;
        return !take(at, '.') || take_fraction(at, us);
}

/* A plus that was not encoded in a query arrives as a space. */
static bool take_zone(const char **at, int64_t *us) {
        char sign = **at;
        int hour, minute = 0;

        if (!sign)
                return true;
        ++*at;
        if (sign == 'Z' || sign == 'z')
                return true;
        if ((sign != '+' && sign != '-' && sign != ' ') || !take_number(at, 2, &hour))
                return false;
        take(at, ':');
        if (**at && !take_number(at, 2, &minute))
                return false;
        if (hour > 23 || minute > 59)
                return false;
        *us -= (sign == '-' ? -1 : 1) * ((int64_t)hour * 3600 + minute * 60) * 1000000;
        return true;
}

bool bp_time_parse(const char *text, int64_t *ret_us) {
        int64_t us;

        if (!take_date(&text, &us))
                return false;
        if (*text) {
                if (!take(&text, 'T') && !take(&text, 't') && !take(&text, ' '))
                        return false;
                if (!take_clock(&text, &us) || !take_zone(&text, &us) || *text)
                        return false;
        }
        *ret_us = us;
        return true;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Kinds
 */

static int wrong_type(struct bp_finding *finding, const char *type, const char *message) {
        *finding = (struct bp_finding){.type = type, .code = "FIELD_TYPE", .message = message};
        return 1;
}

static bool parse_integer(const char *text, int64_t *ret_integer) {
        char *end;
        long long integer;

        if (!isdigit((unsigned char)text[*text == '-' || *text == '+']))
                return false;
        errno = 0;
        integer = strtoll(text, &end, 10);
        if (errno || *end)
                return false;
        *ret_integer = integer;
        return true;
}

static bool parse_number(const char *text, double *ret_number) {
        char *end;
        double number;

        if (!*text || text[strspn(text, "+-.0123456789eE")])
                return false;
        number = strtod(text, &end);
        if (*end || !isfinite(number))
                return false;
        *ret_number = number;
        return true;
}

static bool parse_boolean(const char *text, bool *ret_boolean) {
        static const char *const words[2][6] = {{"false", "0", "no", "off", "f", "n"},
                                                {"true", "1", "yes", "on", "t", "y"}};

        for (int truth = 0; truth < 2; truth++) {
                for (size_t i = 0; i < 6; i++) {
                        if (strcasecmp(text, words[truth][i]) == 0) {
                                *ret_boolean = truth;
                                return true;
                        }
                }
        }
        return false;
}

static int to_integer(const struct bp_value *value, struct bp_value *ret_value, struct bp_finding *finding) {
        int64_t integer;

        switch (value->type) {
        case BP_INT:
                *ret_value = *value;
                return 0;
        case BP_BOOL:
                *ret_value = bp_value_int(value->as.boolean);
                return 0;
        case BP_FLOAT:
                if (value->as.number != floor(value->as.number) || fabs(value->as.number) >= 9.0e18)
                        return wrong_type(finding, "int_from_float",
                                          "Input should be a valid integer, got a number with a fractional part");
                *ret_value = bp_value_int((int64_t)value->as.number);
                return 0;
        case BP_STRING:
                if (!parse_integer(value->as.text, &integer))
                        return wrong_type(finding, "int_parsing",
                                          "Input should be a valid integer, unable to parse string as an integer");
                *ret_value = bp_value_int(integer);
                return 0;
        default:
                return wrong_type(finding, "int_type", "Input should be a valid integer");
        }
}

static int to_number(const struct bp_value *value, struct bp_value *ret_value, struct bp_finding *finding) {
        double number;

        switch (value->type) {
        case BP_INT:
        case BP_FLOAT:
        case BP_BOOL:
                *ret_value = bp_value_float(bp_value_as_float(value));
                return 0;
        case BP_STRING:
                if (!parse_number(value->as.text, &number))
                        return wrong_type(finding, "float_parsing",
                                          "Input should be a valid number, unable to parse string as a number");
                *ret_value = bp_value_float(number);
                return 0;
        default:
                return wrong_type(finding, "float_type", "Input should be a valid number");
        }
}

static int to_boolean(const struct bp_value *value, struct bp_value *ret_value, struct bp_finding *finding) {
        static const char unclear[] = "Input should be a valid boolean, unable to interpret input";
        bool boolean;

        switch (value->type) {
        case BP_BOOL:
                *ret_value = *value;
                return 0;
        case BP_INT:
                if (value->as.integer != 0 && value->as.integer != 1)
                        return wrong_type(finding, "bool_parsing", unclear);
                *ret_value = bp_value_bool(value->as.integer);
                return 0;
        case BP_STRING:
                if (!parse_boolean(value->as.text, &boolean))
                        return wrong_type(finding, "bool_parsing", unclear);
                *ret_value = bp_value_bool(boolean);
                return 0;
        default:
                return wrong_type(finding, "bool_type", "Input should be a valid boolean");
        }
}

static int to_time(const struct bp_value *value, struct bp_value *ret_value, struct bp_finding *finding) {
        int64_t us;

        if (value->type != BP_STRING)
                return wrong_type(finding, "datetime_type", "Input should be a valid datetime");
        if (!bp_time_parse(value->as.text, &us))
                return wrong_type(finding, "datetime_from_date_parsing",
                                  "Input should be a valid datetime or date: 2026-01-17T09:30:00+00:00");
        *ret_value = bp_value_int(us);
        return 0;
}

static int to_uuid(const struct bp_value *value, struct bp_value *ret_value, struct bp_finding *finding) {
        struct bp_id id;

        if (value->type != BP_STRING)
                return wrong_type(finding, "uuid_type", "UUID input should be a string");
        if (!bp_id_parse(value->as.text, &id))
                return wrong_type(finding, "uuid_parsing",
                                  "Input should be a valid UUID: 8-4-4-4-12 hexadecimal digits");
        *ret_value = *value;
        return 0;
}

static int to_text(const struct bp_value *value, struct bp_value *ret_value, struct bp_finding *finding) {
        if (value->type != BP_STRING)
                return wrong_type(finding, "string_type", "Input should be a valid string");
        *ret_value = *value;
        return 0;
}

static int to_type(const struct bp_field *field, const struct bp_value *value, struct bp_value *ret_value,
                   struct bp_finding *finding) {
        switch (field->type) {
        case BP_FIELD_TEXT:
                return to_text(value, ret_value, finding);
        case BP_FIELD_UUID:
                return to_uuid(value, ret_value, finding);
        case BP_FIELD_INTEGER:
                return to_integer(value, ret_value, finding);
        case BP_FIELD_NUMBER:
                return to_number(value, ret_value, finding);
        case BP_FIELD_BOOLEAN:
                return to_boolean(value, ret_value, finding);
        case BP_FIELD_TIME:
                return to_time(value, ret_value, finding);
        case BP_FIELD_OBJECT:
                if (value->type != BP_OBJECT)
                        return wrong_type(finding, "dict_type", "Input should be a valid dictionary");
                break;
        case BP_FIELD_LIST:
                if (value->type != BP_LIST)
                        return wrong_type(finding, "list_type", "Input should be a valid list");
                break;
        case BP_FIELD_ANY:
                break;
        }
        *ret_value = *value;
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Rules
 */

__attribute__((format(printf, 2, 3))) static const char *text_of(struct bp_arena *arena, const char *format, ...) {
        char text[256];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        return bp_arena_text(arena, text, strlen(text));
}

static int told(const struct bp_finding *finding) {
        return finding->message ? 1 : -ENOMEM;
}

/* A bound as the reference writes it: an integer's without a fraction. */
static struct bp_value bound(const struct bp_field *field, double number) {
        return field->type == BP_FIELD_INTEGER ? bp_value_int((int64_t)number) : bp_value_float(number);
}

static int check_bounds(struct bp_arena *arena, const struct bp_field *field, const struct bp_value *value,
                        struct bp_finding *finding) {
        double number = bp_value_as_float(value);
        bool is_low = number < field->min;

        if ((field->min == 0 && field->max == 0) || (!is_low && !(number > field->max)))
                return 0;
        *finding = (struct bp_finding){
                .type = is_low ? "greater_than_equal" : "less_than_equal",
                .code = "FIELD_RANGE",
                .message = text_of(arena, "Input should be %s than or equal to %.15g", is_low ? "greater" : "less",
                                   is_low ? field->min : field->max),
                .context = is_low ? "ge" : "le",
                .context_value = bound(field, is_low ? field->min : field->max),
        };
        return told(finding);
}

static int check_length(struct bp_arena *arena, const struct bp_field *field, const struct bp_value *value,
                        struct bp_finding *finding) {
        size_t length = bp_utf8_length(value->as.text, value->count);
        bool is_short = length < field->min_length;
        uint32_t limit = is_short ? field->min_length : field->max_length;

        if (!is_short && (!field->max_length || length <= field->max_length))
                return 0;
        *finding = (struct bp_finding){
                .type = is_short ? "string_too_short" : "string_too_long",
                .code = "FIELD_LENGTH",
                .message = text_of(arena, "String should have at %s %u character%s", is_short ? "least" : "most", limit,
                                   limit == 1 ? "" : "s"),
                .context = is_short ? "min_length" : "max_length",
                .context_value = bp_value_int(limit),
        };
        return told(finding);
}

/* 'a', 'b' or 'c' */
static int list_words(struct bp_arena *arena, const char *const *words, struct bp_value *ret_value) {
        struct bp_strbuf buffer;

        bp_strbuf_init(&buffer, arena, 4096);
        for (size_t i = 0; words[i]; i++) {
                if (i)
                        bp_strbuf_add_text(&buffer, words[i + 1] ? ", " : " or ");
                bp_strbuf_printf(&buffer, "'%s'", words[i]);
        }
        *ret_value = bp_value_text_borrow(bp_strbuf_text(&buffer), buffer.size);
        return buffer.error ? -ENOMEM : 0;
}

static int check_words(struct bp_arena *arena, const struct bp_field *field, struct bp_value *value,
                       struct bp_finding *finding) {
        struct bp_value words;

        for (size_t i = 0; field->words[i]; i++) {
                const char *word = field->words[i];

                if (strcmp(word, value->as.text) == 0 || (field->any_case && strcasecmp(word, value->as.text) == 0)) {
                        *value = bp_value_text_borrow(word, strlen(word));
                        return 0;
                }
        }
        if (list_words(arena, field->words, &words))
                return -ENOMEM;
        *finding = (struct bp_finding){
                .type = "literal_error",
                .code = "FIELD_OPTION",
                .message = text_of(arena, "Input should be %s", words.as.text),
                .context = "expected",
                .context_value = words,
        };
        return told(finding);
}

int bp_field_check(struct bp_arena *arena, const struct bp_field *field, const struct bp_value *value,
                   struct bp_value *ret_value, struct bp_finding *ret_finding) {
        struct bp_value converted;
        int r;

        r = to_type(field, value, &converted, ret_finding);
        if (!r && (field->type == BP_FIELD_INTEGER || field->type == BP_FIELD_NUMBER))
                r = check_bounds(arena, field, &converted, ret_finding);
        if (!r && field->type == BP_FIELD_TEXT)
                r = check_length(arena, field, &converted, ret_finding);
        if (!r && field->type == BP_FIELD_TEXT && field->words)
                r = check_words(arena, field, &converted, ret_finding);
        if (!r)
                *ret_value = converted;
        return r;
}
