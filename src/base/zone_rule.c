/* SPDX-License-Identifier: Apache-2.0 */
/* `CET-1CEST,M3.5.0,M10.5.0/3`: names, offsets west of Greenwich, and the days on which clocks change. */
#include "base/zone_rule.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "base/zone.h"

/* ---- reading ---- */

static bool skip(const char **at, char character) {
        if (**at != character)
                return false;
        (*at)++;
        return true;
}

static bool read_number(const char **at, int32_t least, int32_t most, int32_t *ret_number) {
        int32_t number = 0;
        size_t digits = 0;

        for (; isdigit((unsigned char)**at) && digits < 4; digits++)
                number = number * 10 + (*(*at)++ - '0');
        if (digits == 0 || isdigit((unsigned char)**at) || number < least || number > most)
                return false;
        *ret_number = number;
        return true;
}

/* Three letters and more, or anything without a blank between < and >. */
static bool read_name(const char **at) {
        const char *start = *at;

        if (skip(at, '<')) {
                *at += strcspn(*at, "> \n");
                return skip(at, '>');
        }
        while (isalpha((unsigned char)**at))
                (*at)++;
        return *at - start >= 3;
}

/* [+-]hh[:mm[:ss]] */
static bool read_time(const char **at, int32_t most_hours, int32_t *ret_seconds) {
        int32_t hours, minutes = 0, seconds = 0, sign = 1;

        if (skip(at, '-'))
                sign = -1;
        else
                skip(at, '+');
        if (!read_number(at, 0, most_hours, &hours))
                return false;
        if (skip(at, ':') && !read_number(at, 0, 59, &minutes))
                return false;
        if (skip(at, ':') && !read_number(at, 0, 59, &seconds))
                return false;
        *ret_seconds = sign * (hours * 3600 + minutes * 60 + seconds);
        return true;
}

static bool read_day(const char **at, struct bp_zone_date *ret_date) {
        if (skip(at, 'J')) {
                ret_date->kind = 'J';
                return read_number(at, 1, 365, &ret_date->day);
        }
        if (!skip(at, 'M')) {
                ret_date->kind = 'D';
                return read_number(at, 0, 365, &ret_date->day);
        }
        ret_date->kind = 'M';
        return read_number(at, 1, 12, &ret_date->month) && skip(at, '.') && read_number(at, 1, 5, &ret_date->week) &&
               skip(at, '.') && read_number(at, 0, 6, &ret_date->weekday);
}

static bool read_date(const char **at, struct bp_zone_date *ret_date) {
        ret_date->seconds = 2 * 3600;
        return skip(at, ',') && read_day(at, ret_date) && (!skip(at, '/') || read_time(at, 167, &ret_date->seconds));
}

static bool read_summer(const char **at, struct bp_zone_rule *rule) {
        int32_t west;

        rule->has_summer = true;
        rule->summer_offset = rule->offset + 3600;
        if (!read_name(at))
                return false;
        if (**at != ',') {
                if (!read_time(at, 24, &west))
                        return false;
                rule->summer_offset = -west;
        }
        return read_date(at, &rule->summer_starts) && read_date(at, &rule->summer_ends);
}

bool bp_zone_rule_parse(const char *text, struct bp_zone_rule *ret_rule) {
        struct bp_zone_rule rule = {0};
        int32_t west;

        if (!read_name(&text) || !read_time(&text, 24, &west))
                return false;
        rule.offset = -west;
        if (*text && (!read_summer(&text, &rule) || *text))
                return false;
        *ret_rule = rule;
        return true;
}

/* ---- using ---- */

static int64_t day_of(int32_t year, int32_t month, int32_t day) {
        return bp_civil_seconds(&(struct bp_civil){.year = year, .month = month, .day = day}) / 86400;
}

static bool is_leap(int32_t year) {
        return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days since 1970; 1970-01-01 was a Thursday. */
static int64_t weekday_in_month(const struct bp_zone_date *date, int32_t year) {
        int64_t first = day_of(year, date->month, 1);
        int64_t next = date->month == 12 ? day_of(year + 1, 1, 1) : day_of(year, date->month + 1, 1);
        int64_t weekday = ((first + 4) % 7 + 7) % 7;
        int64_t day = first + (date->weekday - weekday + 7) % 7 + (date->week - 1) * 7;

        return day < next ? day : day - 7;
}

/* By the clocks before the change, in seconds since 1970. */
static int64_t change_in(const struct bp_zone_date *date, int32_t year) {
        int64_t day;

        if (date->kind == 'M')
                day = weekday_in_month(date, year);
        else if (date->kind == 'J')
                day = day_of(year, 1, 1) + date->day - 1 + (is_leap(year) && date->day >= 60);
        else
                day = day_of(year, 1, 1) + date->day;
        return day * 86400 + date->seconds;
}

struct change {
        int64_t at;
        int32_t offset;
};

/* Where summer ends the moment it starts again, the start comes later and counts. */
static void insert(struct change *changes, size_t count, struct change change) {
        size_t at = count;

        while (at > 0 && changes[at - 1].at > change.at) {
                changes[at] = changes[at - 1];
                at--;
        }
        changes[at] = change;
}

int32_t bp_zone_rule_offset(const struct bp_zone_rule *rule, int64_t unix_seconds, int64_t *ret_until) {
        enum { YEARS = 4 }; /* from the year before the last one that could matter to the year after */
        struct change changes[2 * YEARS];
        size_t count = 0, next = 0;
        int32_t year;

        *ret_until = INT64_MAX;
        if (!rule->has_summer)
                return rule->offset;
        year = bp_civil_of_seconds(unix_seconds).year;
        for (int32_t i = year - 2; i < year - 2 + YEARS; i++) {
                insert(changes, count,
                       (struct change){change_in(&rule->summer_ends, i) - rule->summer_offset, rule->offset});
                count++;
                insert(changes, count,
                       (struct change){change_in(&rule->summer_starts, i) - rule->offset, rule->summer_offset});
                count++;
        }
        while (next < count && changes[next].at <= unix_seconds)
                next++;
        if (next < count)
                *ret_until = changes[next].at;
        return next > 0 ? changes[next - 1].offset : rule->offset;
}
