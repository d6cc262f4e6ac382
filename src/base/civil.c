/* SPDX-License-Identifier: Apache-2.0 */
/* The Gregorian calendar in arithmetic: years begin in March here, so that the leap day is the last of its year. */
#include "base/zone.h"

enum {
        DAY_SECONDS = 86400,
        ERA_YEARS = 400,
        ERA_DAYS = 146097,
        DAYS_TO_1970 = 719468, /* from 1 March of the year 0 */
};

#define SECONDS_MIN INT64_C(-62135596800) /* 0001-01-01T00:00:00 */
#define SECONDS_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59 */

static bool is_leap(int32_t year) {
        return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

bool bp_civil_is_valid(const struct bp_civil *civil) {
        static const int32_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

        if (civil->year < 1 || civil->year > 9999 || civil->month < 1 || civil->month > 12)
                return false;
        if (civil->day < 1 || civil->day > days[civil->month - 1] + (civil->month == 2 && is_leap(civil->year)))
                return false;
        return civil->hour >= 0 && civil->hour <= 23 && civil->minute >= 0 && civil->minute <= 59 &&
               civil->second >= 0 && civil->second <= 59;
}

int64_t bp_civil_seconds(const struct bp_civil *civil) {
        int64_t year = civil->year - (civil->month <= 2), era = year / ERA_YEARS, of_era = year % ERA_YEARS;
        int64_t day_of_year = (153 * (civil->month + (civil->month > 2 ? -3 : 9)) + 2) / 5 + civil->day - 1;
        int64_t day = era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - DAYS_TO_1970;

        return day * DAY_SECONDS + civil->hour * 3600 + civil->minute * 60 + civil->second;
}

struct bp_civil bp_civil_of_seconds(int64_t seconds) {
        int64_t day, left, era, of_era, year, day_of_year, month;

        seconds = seconds < SECONDS_MIN ? SECONDS_MIN : seconds > SECONDS_MAX ? SECONDS_MAX : seconds;
        left = ((seconds % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS;
        day = (seconds - left) / DAY_SECONDS + DAYS_TO_1970;
        era = day / ERA_DAYS;
        of_era = day % ERA_DAYS;
        year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
        day_of_year = of_era - (365 * year + year / 4 - year / 100);
        month = (5 * day_of_year + 2) / 153;
        return (struct bp_civil){.year = (int32_t)(year + era * ERA_YEARS + (month >= 10)),
                                 .month = (int32_t)(month < 10 ? month + 3 : month - 9),
                                 .day = (int32_t)(day_of_year - (153 * month + 2) / 5 + 1),
                                 .hour = (int32_t)(left / 3600),
                                 .minute = (int32_t)(left / 60 % 60),
                                 .second = (int32_t)(left % 60)};
}
