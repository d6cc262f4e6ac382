/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delay: the step completes after some time. The wait is durable and holds neither a thread nor a parallel slot; after
 * a restart what is left of it counts. `duration_seconds` may be a number or text that reads as one.
 *
 * Fails when the duration is negative or no number.
 */
#include <budpipeline/action.h>
#include <budpipeline/number.h>

#include <math.h>

/* Longest that makes sense to a clock of microseconds; the metadata's 3600 is what is asked of authors. */
#define DURATION_MAX_SECONDS 1e9

static bool duration_of(struct bp_action_context *context, double *ret_seconds) {
        const struct bp_value *value = bp_param(context, "duration_seconds");

        if (value)
                return bp_read_number(context, value, ret_seconds) && isfinite(*ret_seconds);
        *ret_seconds = 1.0;
        return true;
}

static int delay_execute(struct bp_action_context *context) {
        const struct bp_value *reason = bp_param(context, "reason");
        double seconds;

        if (!duration_of(context, &seconds) || seconds > DURATION_MAX_SECONDS)
                return bp_fail(context, "PARAM_INVALID", "Invalid duration: duration_seconds must be a number");
        if (seconds < 0)
                return bp_fail(context, "PARAM_INVALID", "Duration must be non-negative");
        bp_output_bool(context, "delayed", true);
        bp_output_float(context, "duration_seconds", seconds);
        bp_output(context, "reason", reason ? reason : bp_make_text(context, ""));
        return bp_sleep_until(context, bp_now_us(context) + (int64_t)(seconds * 1e6));
}

static void delay_validate(struct bp_action_context *context) {
        double seconds;

        if (!duration_of(context, &seconds))
                bp_finding(context, "duration_seconds must be a valid number");
        else if (seconds < 0)
                bp_finding(context, "duration_seconds must be non-negative");
        else if (seconds > 3600)
                bp_finding(context, "duration_seconds cannot exceed 3600");
}

/* clang-format off */
BP_ACTION(delay,
        .name = "Delay", .category = "Control Flow", .icon = "timer", .color = "#6b7280",
        .description = "Waits for some time before the steps that depend on it go on.",
        .effect = BP_PURE, .flags = BP_FLAG_INLINE, .timeout_seconds = 3660,
        BP_PARAMS(
                {.name = "duration_seconds", .label = "Duration (seconds)", .type = BP_PARAM_NUMBER,
                 .default_json = "1.0", .placeholder = "1.0", BP_BETWEEN(0, 3600),
                 .description = "How long to wait."},
                {.name = "reason", .label = "Reason", .type = BP_PARAM_STRING, .default_json = "\"\"",
                 .placeholder = "Waiting for rate limit...",
                 .description = "Why it waits, for those who look at the run."}),
        BP_OUTPUTS({"delayed", "boolean", "Always true"},
                   {"duration_seconds", "number", "How long it waited"},
                   {"reason", "string", "The reason as given"}),
        .execute = delay_execute, .validate_params = delay_validate);
/* clang-format on */
