/* SPDX-License-Identifier: Apache-2.0 */
/* An action that uses every member of its metadata. */
#ifndef TEST_REGISTRY_SAMPLE_H
#define TEST_REGISTRY_SAMPLE_H

#include <budpipeline/action.h>

static int sample_execute(struct bp_action_context *context) {
        return bp_complete(context);
}

static int sample_on_event(struct bp_action_context *context, const struct bp_event_context *event) {
        (void)event;
        return bp_event_complete(context);
}

/* clang-format off */
BP_ACTION(sample,
        .name = "Sample", .category = "Model", .description = "Uses \"everything\".", .version = "2.1.0",
        .icon = "cpu", .color = "#123456", .execution_mode = BP_EVENT_DRIVEN, .effect = BP_ONCE,
        .idempotent = BP_YES, .flags = BP_FLAG_TIMEOUT_IS_SUCCESS, .timeout_seconds = 600,
        BP_RETRY(.max_attempts = 4, .backoff_multiplier = 1.5, .initial_interval_seconds = 2,
                 .max_interval_seconds = 30, .jitter = 0.25),
        .required_services = BP_STRINGS("budapp", "budsim"), .required_permissions = BP_STRINGS("model.write"),
        .also_accepts = BP_STRINGS("hint"), .woken = "success", .woken_at = "body",
        .docs_url = "https://example.com/docs", .deprecated = "use another", .routes = "branches",
        BP_PARAMS(
                {.name = "model", .label = "Model", .type = BP_PARAM_MODEL_REF, .required = 1, .alias = "model_id"},
                {.name = "mode", .label = "Mode", .type = BP_PARAM_SELECT, .default_json = "\"fast\"",
                 .description = "How", .placeholder = "pick", .group = "Advanced",
                 BP_OPTIONS({"fast", "Fast"}, {"slow", "Slow"})},
                {.name = "size", .label = "Size", .type = BP_PARAM_NUMBER, .required = 1, .default_json = "1",
                 BP_BETWEEN(1, 2.5), BP_SHOW_WHEN("mode", .equals_json = "\"slow\"")},
                {.name = "note", .label = "Note", .type = BP_PARAM_STRING, .required = 1,
                 BP_RULES(.rules = BP_RULE_MIN_LENGTH | BP_RULE_MAX_LENGTH, .min_length = 2, .max_length = 9,
                          .pattern = "^a", .pattern_message = "starts with a"),
                 BP_SHOW_WHEN("mode", .not_equals_json = "\"fast\"")},
                {.name = "branches", .label = "Branches", .type = BP_PARAM_BRANCHES, .flags = BP_PARAM_RAW | BP_PARAM_NULLABLE},
                {.name = "range", .label = "Range", .type = BP_PARAM_RANGE, .default_json = "[10,50]",
                 .flags = BP_PARAM_FORM_DEFAULT,
                 BP_BETWEEN(10, 100)},
                {.name = "tags", .label = "Tags", .type = BP_PARAM_MULTISELECT, BP_OPTIONS({"a", "A"})},
                {.name = "payload", .label = "Payload", .type = BP_PARAM_JSON, .required = 1},
                {.name = "title", .label = "Title", .type = BP_PARAM_STRING, .required = 1}),
        BP_OUTPUTS({"success", "boolean", NULL}, {"body", "any", "What came back"}, {"*", "string", NULL}),
        BP_EXAMPLES({"One", "{\"model\": \"m\", \"mode\": \"fast\", \"payload\": 1, \"title\": \"t\"}", "The least"}),
        .execute = sample_execute, .on_event = sample_on_event);
/* clang-format on */

#endif
