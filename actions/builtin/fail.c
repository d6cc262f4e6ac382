/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fail: ends the step as failed, on purpose, for instance behind a condition. `message` may be any JSON value and is
 * the error as it is; an empty one is reported as "Step execution failed". `error_code` is published for those who
 * handle the failure; the attempt's own code is INTENTIONAL_FAILURE.
 */
#include <budpipeline/action.h>

static int fail_execute(struct bp_action_context *context) {
        const struct bp_value *message = bp_param(context, "message"), *code = bp_param(context, "error_code");

        if (!message)
                message = bp_make_text(context, "Intentional failure");
        bp_output(context, "error_code", code ? code : bp_make_text(context, "INTENTIONAL_FAILURE"));
        bp_output(context, "message", message);
        if (bp_truth(context, message))
                return bp_fail_with(context, "INTENTIONAL_FAILURE", message);
        context->host->fail_with(context, message);
        return bp_fail(context, "INTENTIONAL_FAILURE", "Step execution failed");
}

/* clang-format off */
BP_ACTION(fail,
        .name = "Fail", .category = "Control Flow", .icon = "x-circle", .color = "#ef4444",
        .description = "Ends the step as failed, on purpose.",
        .effect = BP_PURE, .flags = BP_FLAG_INLINE,
        BP_PARAMS(
                {.name = "message", .label = "Error Message", .type = BP_PARAM_TEMPLATE,
                 .default_json = "\"Intentional failure\"", .flags = BP_PARAM_NULLABLE,
                 .placeholder = "Something went wrong...", .description = "What went wrong."},
                {.name = "error_code", .label = "Error Code", .type = BP_PARAM_STRING,
                 .default_json = "\"INTENTIONAL_FAILURE\"", .placeholder = "ERROR_CODE", /* lint: a word */
                 .description = "A code for programs that handle the failure."}),
        BP_OUTPUTS({"error_code", "string", "The code as given"},
                   {"message", "string", "The message as given"}),
        BP_EXAMPLES({"With a message", "{\"message\": \"No capacity left in {{ params.region }}\"}",
                     "The text may hold templates."},
                    {"With a code", "{\"message\": \"Quota exceeded\", \"error_code\": \"QUOTA\"}",
                     "Whoever handles the failure can tell it from others."}),
        .execute = fail_execute);
/* clang-format on */
