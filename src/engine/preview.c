/* SPDX-License-Identifier: Apache-2.0 */
/* What templates come to, for people who look: nothing here changes an execution, and nothing is decided. */
#include <errno.h>

#include "base/memory.h"
#include "base/problem.h"
#include "engine/state.h"
#include "template/template.h"

/* What somebody who tries a template out may have done on a thread that serves requests. */
enum { PREVIEW_WORK = 100000 };

int bp_engine_preview(const struct bp_value *template, const struct bp_value *params,
                      const struct bp_value *step_outputs, struct bp_arena *arena, struct bp_value *ret_value,
                      struct bp_problem *reterr_problem) {
        const struct bp_template_limits limits = {.work = PREVIEW_WORK};
        struct bp_template_scope scope = {.params = params};
        const struct bp_template_tree *tree;
        struct bp_value steps;
        int r = bp_wrap_outputs(step_outputs, arena, &steps);

        scope.steps = &steps;
        if (r == 0)
                r = bp_template_tree_compile(arena, template, &limits, NULL, NULL, &tree, reterr_problem);
        if (r == 0)
                r = bp_template_tree_evaluate(tree, &scope, arena, NULL, ret_value, reterr_problem);
        if (r == -E2BIG || (r == -ENOMEM && bp_arena_over_limit(arena))) {
                bp_problem_set(reterr_problem, "TEMPLATE_LIMIT", "What the template comes to is too large");
                return BP_PROBLEM;
        }
        return r;
}
