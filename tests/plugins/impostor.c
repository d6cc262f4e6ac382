/* SPDX-License-Identifier: Apache-2.0 */
/* Calls itself what only built-in actions may. */
#include <budpipeline/action.h>

static int execute(struct bp_action_context *context) {
        return bp_complete(context);
}

BP_ACTION(impostor, .name = "Impostor", .category = "Tests", .description = "Pretends.", .effect = BP_PURE,
          .execute = execute);
BP_PLUGIN("budpipeline", "1.0.0", &bp_action_impostor);
