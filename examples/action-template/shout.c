/* SPDX-License-Identifier: Apache-2.0 */
/* shout: puts a text in upper case and adds exclamation marks. */
#include <budpipeline/action.h>

#include <stdio.h>

static int shout_execute(struct bp_action_context *context) {
        const struct bp_value *text = bp_param(context, "text");
        int marks = (int)bp_param_int(context, "marks", 1);
        char shout[1024];
        size_t size;

        if (bp_type(context, text) != BP_STRING)
                return bp_fail(context, "PARAM_INVALID", "text is missing");
        size = (size_t)snprintf(shout, sizeof(shout), "%s%.*s", context->host->as_string(text, NULL), marks,
                                "!!!!!!!!!!");
        if (size >= sizeof(shout))
                return bp_fail(context, "TOO_LOUD", "text is longer than %zu bytes", sizeof(shout) - 11);
        bp_output_string(context, "text", context->host->change_case(context, shout, size, true, NULL));
        return bp_complete(context);
}

/* clang-format off */
BP_ACTION(shout,
        .name = "Shout", .category = "Examples", .description = "Puts a text in upper case, with emphasis.",
        .effect = BP_PURE,
        BP_PARAMS(
                {.name = "text", .label = "Text", .type = BP_PARAM_STRING, .required = 1},
                {.name = "marks", .label = "Marks", .type = BP_PARAM_NUMBER, .default_json = "1",
                 .description = "How many exclamation marks.", BP_BETWEEN(0, 10)}),
        BP_OUTPUTS({"text", "string", "The text, louder"}),
        BP_EXAMPLES({"Hello", "{\"text\": \"hello\", \"marks\": 3}", "Gives HELLO!!!"}),
        .execute = shout_execute);
/* clang-format on */
