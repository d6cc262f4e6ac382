/* SPDX-License-Identifier: Apache-2.0 */
/* waits: begins nothing anywhere, and waits for the events of a workflow. What an event's `status` says happens. */
#include <string.h>

#include <budpipeline/action.h>

static int execute(struct bp_action_context *context) {
        bp_output_string(context, "workflow_id", bp_param_string(context, "workflow_id", ""));
        bp_output_string(context, "status", "started");
        return bp_await_event(context, bp_param_string(context, "workflow_id", ""),
                              bp_param_int(context, "timeout", 0));
}

static double number_of(const struct bp_action_context *context, const struct bp_value *event, const char *name) {
        const struct bp_value *value = context->host->get(event, name);

        return value ? context->host->as_float(value) : -1.0;
}

static int on_event(struct bp_action_context *context, const struct bp_event_context *event) {
        const struct bp_value *status = context->host->get(event->event_data, "status");
        const char *word = bp_type(context, status) == BP_STRING ? context->host->as_string(status, NULL) : "";

        if (strcmp(word, "COMPLETED") == 0) {
                const struct bp_value *result = context->host->get(event->event_data, "result");

                if (result)
                        bp_output(context, "result", result);
                bp_output_string(context, "status", "completed");
                return bp_event_complete(context);
        }
        if (strcmp(word, "FAILED") == 0)
                return bp_event_fail(context, "TEST_FAILED", "the workflow failed");
        if (strcmp(word, "PROGRESS") == 0)
                return bp_event_progress(context, number_of(context, event->event_data, "percent"),
                                         number_of(context, event->event_data, "eta_minutes"));
        return bp_event_ignore(context);
}

/* clang-format off */
BP_ACTION(test_waits,
        .name = "Waits", .category = "Tests", .description = "Waits for an event.", .effect = BP_IDEMPOTENT,
        .execution_mode = BP_EVENT_DRIVEN,
        BP_PARAMS({.name = "workflow_id", .label = "Workflow", .type = BP_PARAM_STRING, .required = 1},
                  {.name = "timeout", .label = "Timeout", .type = BP_PARAM_NUMBER}),
        BP_OUTPUTS({"workflow_id", "string", "What it waits for"},
                   {"status", "string", "started or completed"},
                   {"result", "object", "What the event brought"}),
        .execute = execute, .on_event = on_event);
/* clang-format on */
