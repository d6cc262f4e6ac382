/* SPDX-License-Identifier: Apache-2.0 */
/* One action with several findings beside a sound one. */
#include <budpipeline/action.h>

static int execute(struct bp_action_context *context) {
        return bp_complete(context);
}

/* clang-format off */
BP_ACTION(bad,
        .category = "Tests", .description = "Has findings.", .execution_mode = BP_EVENT_DRIVEN,
        BP_PARAMS({.name = "a", .type = BP_PARAM_SELECT, .default_json = "{"}),
        .execute = execute);
BP_ACTION(beside_bad,
        .name = "Beside", .category = "Tests", .description = "Is sound.", .effect = BP_PURE, .execute = execute);
/* clang-format on */
BP_PLUGIN("bad_metadata", "1.0.0", &bp_action_bad, &bp_action_beside_bad);
