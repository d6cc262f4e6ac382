/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_us(clockid_t clock) {
        struct timespec now;

        clock_gettime(clock, &now); /* fails only for clocks that do not exist */
        return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct bp_wall bp_wall_now(void) {
        return (struct bp_wall){read_us(CLOCK_REALTIME)};
}

struct bp_mono bp_mono_now(void) {
        return (struct bp_mono){read_us(CLOCK_MONOTONIC)};
}

char *bp_wall_format(struct bp_wall time, char text[BP_WALL_TEXT_SIZE]) {
        int64_t fraction = time.us % 1000000;
        time_t seconds = (time_t)(time.us / 1000000);
        struct tm parts;

        if (fraction < 0) {
                fraction += 1000000;
                seconds--;
        }
        if (!gmtime_r(&seconds, &parts) || parts.tm_year < -1900 || parts.tm_year > 8099) {
                snprintf(text, BP_WALL_TEXT_SIZE, "0000-00-00T00:00:00.000000+00:00");
                return text;
        }
        snprintf(text, BP_WALL_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%06u+00:00",
                 (unsigned)(parts.tm_year + 1900) % 10000, (unsigned)(parts.tm_mon + 1) % 100,
                 (unsigned)parts.tm_mday % 100, (unsigned)parts.tm_hour % 100, (unsigned)parts.tm_min % 100,
                 (unsigned)parts.tm_sec % 100, (unsigned)fraction % 1000000);
        return text;
}
