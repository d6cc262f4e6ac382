/* SPDX-License-Identifier: Apache-2.0 */
/* Two actions in one shared object. */
#include <budpipeline/action.h>

static int execute(struct bp_action_context *context) {
        return bp_complete(context);
}

BP_ACTION(several_one, .name = "One", .category = "Tests", .description = "First of two.", .effect = BP_PURE,
          .execute = execute);
BP_ACTION(several_two, .name = "Two", .category = "Tests", .description = "Second of two.", .effect = BP_IDEMPOTENT,
          .execute = execute);
BP_PLUGIN("several", "1.2.3", &bp_action_several_one, &bp_action_several_two);
