/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait_until: the step completes some hours from now, or at a time of day or a date of some place. The wait is durable
 * and holds neither a thread nor a parallel slot; it ends to the microsecond, not to the minute.
 *
 * A time of day that is over means tomorrow's. Where clocks skip the time, it is the first moment after the gap; where
 * they show it twice, the first of the two. Nothing further away than a week is waited for.
 */
#include <budpipeline/action.h>
#include <budpipeline/number.h>
#include <budpipeline/zone.h>

#include <math.h>
#include <string.h>

#define HOURS_MIN 0.0167
#define HOURS_MAX 168.0
#define SECOND_US INT64_C(1000000)
#define NO_MODE "Either duration_hours or until_time must be specified"

/* A moment as the user wrote it. */
struct moment {
        bool has_date, has_offset;
        struct bp_civil civil;
        int32_t microsecond;
        int32_t offset_seconds; /* ahead of UTC, with `has_offset` */
};

/* ---- reading ---- */

static bool hours_of(struct bp_action_context *context, double *ret_hours) {
        return bp_read_number(context, bp_param(context, "duration_hours"), ret_hours) && isfinite(*ret_hours);
}

/* @return what is wrong with them, or NULL */
static const char *judge_hours(double hours) {
        if (hours < HOURS_MIN)
                return "duration_hours must be at least 0.0167 (1 minute)";
        return hours > HOURS_MAX ? "duration_hours cannot exceed 168 (1 week)" : NULL;
}

static bool read_digits(const char **at, size_t least, size_t most, int32_t *ret_number) {
        int32_t number = 0;
        size_t count = 0;

        for (; count < most && **at >= '0' && **at <= '9'; count++)
                number = number * 10 + (*(*at)++ - '0');
        *ret_number = number;
        return count >= least;
}

static bool skip(const char **at, char character) {
        if (**at != character)
                return false;
        (*at)++;
        return true;
}

/* .5 or ,500000; what is smaller than a microsecond is cut off */
static bool read_fraction(const char **at, int32_t *ret_microsecond) {
        int32_t microsecond = 0, unit = 100000;

        if (!skip(at, '.') && !skip(at, ','))
                return true;
        if (**at < '0' || **at > '9')
                return false;
        for (; **at >= '0' && **at <= '9'; (*at)++, unit /= 10)
                microsecond += (**at - '0') * unit;
        *ret_microsecond = microsecond;
        return true;
}

/* HH:MM[:SS[.fff]], and with a date also HH alone */
static bool read_time_of_day(const char **at, struct moment *moment) {
        size_t least = moment->has_date ? 2 : 1;

        if (!read_digits(at, least, 2, &moment->civil.hour))
                return false;
        if (!skip(at, ':'))
                return moment->has_date;
        if (!read_digits(at, least, 2, &moment->civil.minute))
                return false;
        if (!skip(at, ':'))
                return true;
        return read_digits(at, least, 2, &moment->civil.second) &&
               (!moment->has_date || read_fraction(at, &moment->microsecond));
}

/* Z, +HH:MM[:SS] or +HHMM */
static bool read_offset(const char **at, struct moment *moment) {
        int32_t sign = **at == '-' ? -1 : 1, hours, minutes = 0, seconds = 0;

        if (!**at)
                return true;
        moment->has_offset = true;
        if (skip(at, 'Z') || skip(at, 'z'))
                return true;
        if ((!skip(at, '+') && !skip(at, '-')) || !read_digits(at, 2, 2, &hours) || hours > 23)
                return false;
        skip(at, ':');
        if (**at && (!read_digits(at, 2, 2, &minutes) || minutes > 59))
                return false;
        if (skip(at, ':') && (!read_digits(at, 2, 2, &seconds) || seconds > 59))
                return false;
        moment->offset_seconds = sign * (hours * 3600 + minutes * 60 + seconds);
        return true;
}

static bool read_date(const char **at, struct bp_civil *ret_civil) {
        return read_digits(at, 4, 4, &ret_civil->year) && skip(at, '-') && read_digits(at, 2, 2, &ret_civil->month) &&
               skip(at, '-') && read_digits(at, 2, 2, &ret_civil->day) && (skip(at, 'T') || skip(at, 't'));
}

/* The calendar is the zone service's business; a time of day is checked with a day that there always is. */
static bool is_on_the_clock(const struct bp_civil *civil) {
        return civil->hour <= 23 && civil->minute <= 59 && civil->second <= 59;
}

static bool parse_moment(const char *text, struct moment *ret_moment) {
        struct moment moment = {.has_date = strchr(text, 'T') != NULL};

        if (moment.has_date && !read_date(&text, &moment.civil))
                return false;
        if (!read_time_of_day(&text, &moment) || !is_on_the_clock(&moment.civil))
                return false;
        if (moment.has_date && !read_offset(&text, &moment))
                return false;
        *ret_moment = moment;
        return *text == '\0';
}

/* ---- when ---- */

static const char *zone_of(struct bp_action_context *context) {
        return bp_param_string(context, "timezone", "UTC");
}

static bool is_zone(struct bp_action_context *context, const char *zone) {
        const struct bp_zone_service *zones = bp_zone_service(context);
        struct bp_civil civil;

        return zones && zones->to_civil(context, zone, 0, &civil) == 0;
}

static int64_t seconds_of(int64_t us) {
        return us >= 0 ? us / SECOND_US : -((-us + SECOND_US - 1) / SECOND_US);
}

/* The date and time that the user wrote. @return false for one that there is not */
static bool at_date(struct bp_action_context *context, const struct moment *moment, int64_t *ret_us) {
        const char *zone = moment->has_offset ? "UTC" : zone_of(context);
        int64_t seconds;

        if (bp_zone_service(context)->to_unix(context, zone, &moment->civil, &seconds) != 0)
                return false;
        *ret_us = (seconds - moment->offset_seconds) * SECOND_US + moment->microsecond;
        return true;
}

/* The next time of day: today's if it is still to come, else that of the day after. */
static bool at_time_of_day(struct bp_action_context *context, const struct moment *moment, int64_t *ret_us) {
        const struct bp_zone_service *zones = bp_zone_service(context);
        int64_t now = bp_now_us(context), noon, seconds;
        struct bp_civil day;

        if (zones->to_civil(context, zone_of(context), seconds_of(now), &day) != 0)
                return false;
        for (int next_day = 0; next_day <= 1; next_day++) {
                day.hour = moment->civil.hour;
                day.minute = moment->civil.minute;
                day.second = moment->civil.second;
                if (zones->to_unix(context, zone_of(context), &day, &seconds) != 0)
                        return false;
                if (seconds * SECOND_US > now)
                        break;
                /* A day later is the same time of day however long that day is: by the calendar, not by the clock. */
                day.hour = 12;
                day.minute = day.second = 0;
                if (zones->to_unix(context, "UTC", &day, &noon) != 0 ||
                    zones->to_civil(context, "UTC", noon + 86400, &day) != 0)
                        return false;
        }
        *ret_us = seconds * SECOND_US;
        return true;
}

static int fail_param(struct bp_action_context *context, const char *message) {
        return bp_fail(context, "PARAM_INVALID", "%s", message);
}

static int fail_format(struct bp_action_context *context, const char *text) {
        return bp_fail(context, "PARAM_INVALID",
                       "Unrecognized time format: '%s'. Use ISO 8601 (e.g., '2024-01-27T09:00:00') or time-only (e.g., "
                       "'09:00')",
                       text);
}

static void output_time(struct bp_action_context *context, const char *name, int64_t us) {
        struct bp_civil civil = {0};
        char text[64];
        int32_t fraction = (int32_t)(us - seconds_of(us) * SECOND_US);

        bp_zone_service(context)->to_civil(context, "UTC", seconds_of(us), &civil);
        snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%06d+00:00", civil.year, civil.month, civil.day,
                 civil.hour, civil.minute, civil.second, fraction);
        bp_output_string(context, name, text);
}

static int sleep_until(struct bp_action_context *context, int64_t now, int64_t wake_us) {
        bp_output_bool(context, "waited", false);
        output_time(context, "scheduled_wake_time", wake_us);
        bp_output_string(context, "actual_wake_time", NULL);
        bp_output_float(context, "wait_duration_seconds", (double)(wake_us - now) / 1e6);
        return bp_sleep_until(context, wake_us);
}

static int wait_hours(struct bp_action_context *context) {
        int64_t now = bp_now_us(context);
        const char *wrong;
        double hours;

        if (!hours_of(context, &hours))
                return fail_param(context, "duration_hours must be a valid number");
        wrong = judge_hours(hours);
        return wrong ? fail_param(context, wrong) : sleep_until(context, now, now + (int64_t)(hours * 3600e6));
}

static int wait_for_moment(struct bp_action_context *context, const char *text) {
        int64_t now = bp_now_us(context), wake_us;
        struct moment moment;

        if (!parse_moment(text, &moment))
                return fail_format(context, text);
        if (!(moment.has_date ? at_date(context, &moment, &wake_us) : at_time_of_day(context, &moment, &wake_us)))
                return fail_format(context, text);
        if (wake_us <= now)
                return fail_param(context, "until_time must be in the future");
        if (wake_us - now > (int64_t)(HOURS_MAX * 3600e6))
                return fail_param(context, "until_time cannot be more than 168 hours (1 week) in the future");
        return sleep_until(context, now, wake_us);
}

static int wait_until_execute(struct bp_action_context *context) {
        const char *text = bp_param_string(context, "until_time", "");

        if (!bp_zone_service(context))
                return bp_fail(context, "UNSUPPORTED", "This host knows no time zones");
        if (!is_zone(context, zone_of(context)))
                return bp_fail(context, "PARAM_INVALID", "Invalid timezone: %s", zone_of(context));
        if (bp_param(context, "duration_hours"))
                return wait_hours(context);
        return *text ? wait_for_moment(context, text) : fail_param(context, NO_MODE);
}

/* Whatever comes for a step that waits wakes it. */
static int wait_until_on_event(struct bp_action_context *context, const struct bp_event_context *event) {
        (void)event;
        bp_output_bool(context, "waited", true);
        output_time(context, "actual_wake_time", bp_now_us(context));
        return bp_event_complete(context);
}

static void validate_hours(struct bp_action_context *context) {
        const char *wrong;
        double hours;

        if (!hours_of(context, &hours)) {
                bp_finding(context, "duration_hours must be a valid number");
                return;
        }
        wrong = judge_hours(hours);
        if (wrong)
                bp_finding(context, "%s", wrong);
}

static void validate_moment(struct bp_action_context *context, const char *text) {
        struct moment moment;

        if (!is_zone(context, zone_of(context)))
                bp_finding(context, "Invalid timezone: %s", zone_of(context));
        else if (!parse_moment(text, &moment) || (moment.has_date && !at_date(context, &moment, &(int64_t){0})))
                bp_finding(context,
                           "Unrecognized time format: '%s'. Use ISO 8601 (e.g., '2024-01-27T09:00:00') or time-only "
                           "(e.g., '09:00')",
                           text);
}

static void wait_until_validate(struct bp_action_context *context) {
        const char *text = bp_param_string(context, "until_time", "");
        bool has_hours = bp_param(context, "duration_hours") != NULL;

        if (!bp_zone_service(context))
                return;
        if (has_hours && *text)
                bp_finding(context, "Cannot specify both duration_hours and until_time");
        else if (!has_hours && !*text)
                bp_finding(context, NO_MODE);
        if (has_hours)
                validate_hours(context);
        if (*text)
                validate_moment(context, text);
        if (!is_zone(context, zone_of(context)))
                bp_finding(context, "Unknown timezone: %s", zone_of(context));
}

/* clang-format off */
BP_ACTION(wait_until,
        .name = "Wait Until", .category = "Control Flow", .icon = "clock", .color = "#6366f1",
        .description = "Waits some hours, or until a time of day or a date, before the steps that depend on it go on.",
        .execution_mode = BP_EVENT_DRIVEN, .effect = BP_PURE, .flags = BP_FLAG_TIMEOUT_IS_SUCCESS,
        .timeout_seconds = 604860, .woken = "waited", .woken_at = "actual_wake_time",
        BP_PARAMS(
                {.name = "duration_hours", .label = "Duration (hours)", .type = BP_PARAM_NUMBER,
                 .placeholder = "2.5", BP_BETWEEN(HOURS_MIN, HOURS_MAX),
                 .description = "How long to wait; not together with a time."},
                {.name = "until_time", .label = "Until Time", .type = BP_PARAM_STRING,
                 .placeholder = "09:00 or 2024-01-27T09:00:00",
                 .description = "When to go on: the next such time of day, or a date and time as ISO 8601 writes them."},
                {.name = "timezone", .label = "Timezone", .type = BP_PARAM_STRING, .default_json = "\"UTC\"",
                 .placeholder = "UTC", .description = "Whose clocks the time is read from: Europe/Berlin."}),
        BP_OUTPUTS({"waited", "boolean", "True once the wait is over"},
                   {"scheduled_wake_time", "string", "When it was to end"},
                   {"actual_wake_time", "string", "When it did"},
                   {"wait_duration_seconds", "number", "How long it was to be"}),
        BP_EXAMPLES({"Until nine in the morning in Berlin",
                     "{\"until_time\": \"09:00\", \"timezone\": \"Europe/Berlin\"}",
                     "Goes on at the next nine o'clock there."},
                    {"Half an hour", "{\"duration_hours\": 0.5}", "Goes on thirty minutes from now."}),
        .execute = wait_until_execute, .on_event = wait_until_on_event, .validate_params = wait_until_validate);
/* clang-format on */
