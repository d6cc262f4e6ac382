/* SPDX-License-Identifier: Apache-2.0 */
#include <budpipeline/action.h>

static int execute(struct bp_action_context *context) {
        return bp_complete(context);
}

/* clang-format off */
BP_ACTION(good,
        .name = "Good", .category = "Tests", .description = "Loads.", .effect = BP_PURE,
        BP_PARAMS({.name = "text", .label = "Text", .type = BP_PARAM_STRING, .required = 1}),
        BP_OUTPUTS({"text", "string", "The text"}),
        .execute = execute);
/* clang-format on */
