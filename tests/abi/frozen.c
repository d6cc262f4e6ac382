/* SPDX-License-Identifier: Apache-2.0 */
/* Built against each frozen header in turn; uses what the first release had. */
#include <budpipeline/action.h>

static int execute(struct bp_action_context *context) {
        return bp_complete(context);
}

static int on_event(struct bp_action_context *context, const struct bp_event_context *event) {
        (void)event;
        return bp_event_ignore(context);
}

/* clang-format off */
BP_ACTION(frozen,
        .name = "Frozen", .category = "Tests", .description = "Built against a frozen header.", .version = "1.2.3",
        .execution_mode = BP_EVENT_DRIVEN, .effect = BP_IDEMPOTENT, .timeout_seconds = 60,
        BP_RETRY(.max_attempts = 2, .backoff_multiplier = 2, .initial_interval_seconds = 1, .max_interval_seconds = 9),
        .required_services = BP_STRINGS("one", "two"),
        BP_PARAMS(
                {.name = "mode", .label = "Mode", .type = BP_PARAM_SELECT, .default_json = "\"a\"",
                 BP_OPTIONS({"a", "A"}, {"b", "B"})},
                {.name = "count", .label = "Count", .type = BP_PARAM_NUMBER, .alias = "n", BP_BETWEEN(1, 5),
                 BP_SHOW_WHEN("mode", .equals_json = "\"b\"")}),
        BP_OUTPUTS({"done", "boolean", "Whether it is done"}),
        BP_EXAMPLES({"One", "{\"mode\": \"b\", \"count\": 2}", "Two of them"}),
        .execute = execute, .on_event = on_event);
/* clang-format on */
