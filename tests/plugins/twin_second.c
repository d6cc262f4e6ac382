/* SPDX-License-Identifier: Apache-2.0 */
/* Its twin in the other file has the same type. */
#include <budpipeline/action.h>

static int execute(struct bp_action_context *context) {
        return bp_complete(context);
}

BP_ACTION(twin, .name = "Twin", .category = "Tests", .description = "The second.", .effect = BP_PURE,
          .execute = execute);
BP_PLUGIN("twin_second", "1.0.0", &bp_action_twin);
