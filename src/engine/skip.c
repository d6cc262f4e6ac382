/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a step is skipped although its turn has come: it depends on a failure, another branch was taken, everything it
 * depends on was skipped, or the execution winds up. Judged when all dependencies have ended, from their outcomes.
 */
#include <errno.h>
#include <string.h>

#include "engine/decide.h"
#include "registry/registry.h"

static int skip(struct bp_turn *turn, uint32_t index, const char *code, const char *message) {
        if (!message)
                return -ENOMEM;
        return bp_turn_emit(turn, &(struct bp_record){.type = BP_RECORD_STEP_ENDED,
                                                      .step = index,
                                                      .attempt = bp_turn_step(turn, index)->attempt,
                                                      .step_state = BP_STEP_SKIPPED,
                                                      .code = code,
                                                      .message = message});
}

/* ---- a dependency failed, and the pipeline goes on without what follows it (fail_fast: false) ---- */

static bool skipped_after_failure(const struct bp_step *step) {
        return step->state == BP_STEP_SKIPPED && step->kept && step->kept->code &&
               strcmp(step->kept->code, BP_CODE_DEPENDENCY_FAILED) == 0;
}

static uint32_t failed_dependency(const struct bp_turn *turn, uint32_t index) {
        const struct bp_step_definition *definition = bp_step_definition(turn->execution, index);

        for (uint32_t i = 0; i < definition->n_depends_on; i++) {
                uint32_t dependency = definition->depends_on[i];

                if (bp_step_failed(turn->execution, dependency) ||
                    skipped_after_failure(bp_turn_step(turn, dependency)))
                        return dependency;
        }
        return BP_NO_STEP;
}

bool bp_when_dependency_failed(const struct bp_turn *turn, uint32_t index) {
        return turn->execution->core.first_failure != BP_NO_STEP && failed_dependency(turn, index) != BP_NO_STEP;
}

int bp_decide_skip_after_failure(struct bp_turn *turn, uint32_t index) {
        uint32_t dependency = failed_dependency(turn, index);
        const char *id = bp_step_definition(turn->execution, dependency)->id;

        return skip(turn, index, BP_CODE_DEPENDENCY_FAILED,
                    bp_turn_text(turn,
                                 bp_step_failed(turn->execution, dependency) ? "Step `%s` failed"
                                                                             : "Step `%s` was skipped after a failure",
                                 id));
}

/* ---- routing ---- */

/* The branches of a step that routes, or NULL. */
static const struct bp_value *branches_of(const struct bp_step_definition *definition) {
        const struct bp_action_meta *meta = definition->entry ? bp_action_entry_meta(definition->entry) : NULL;
        const struct bp_value *branches;
        const struct bp_param_meta *param;

        if (!meta || !meta->routes)
                return NULL;
        branches = bp_value_get(&definition->params, meta->routes);
        param = branches ? NULL : bp_action_meta_param(meta, meta->routes);
        if (param && param->alias)
                branches = bp_value_get(&definition->params, param->alias);
        return branches && branches->type == BP_LIST ? branches : NULL;
}

static bool routes_to(const struct bp_step_definition *router, const char *id) {
        const struct bp_value *branches = branches_of(router);

        for (uint32_t i = 0; branches && i < branches->count; i++) {
                const struct bp_value *target = bp_value_get(&branches->as.items[i], "target_step");

                if (target && bp_value_is_text(target, id))
                        return true;
        }
        return false;
}

static bool chose(const struct bp_step *router, const char *id) {
        struct bp_value outputs = bp_step_outputs(router);
        const struct bp_value *target = bp_value_get(&outputs, "target_step");

        return target && bp_value_is_text(target, id);
}

/* The completed step that routed past `index`, when no other one routed to it; else BP_NO_STEP. */
static uint32_t router_past(const struct bp_turn *turn, uint32_t index) {
        const struct bp_step_definition *definition = bp_step_definition(turn->execution, index);
        uint32_t past = BP_NO_STEP;

        for (uint32_t i = 0; i < definition->n_depends_on; i++) {
                uint32_t router = definition->depends_on[i];

                if (bp_turn_step(turn, router)->state != BP_STEP_COMPLETED ||
                    !routes_to(bp_step_definition(turn->execution, router), definition->id))
                        continue;
                if (chose(bp_turn_step(turn, router), definition->id))
                        return BP_NO_STEP;
                past = router;
        }
        return past;
}

bool bp_when_branch_not_taken(const struct bp_turn *turn, uint32_t index) {
        return router_past(turn, index) != BP_NO_STEP;
}

int bp_decide_skip_branch(struct bp_turn *turn, uint32_t index) {
        struct bp_value outputs = bp_step_outputs(bp_turn_step(turn, router_past(turn, index)));
        const struct bp_value *label = bp_value_get(&outputs, "matched_label");

        return skip(turn, index, BP_CODE_BRANCH_NOT_TAKEN,
                    bp_turn_text(turn, "Branch condition not matched (matched: %s)",
                                 label && label->type == BP_STRING ? label->as.text : "none"));
}

/* ---- everything before it was skipped (skip_propagation: all) ---- */

bool bp_when_dependencies_skipped(const struct bp_turn *turn, uint32_t index) {
        const struct bp_step_definition *definition = bp_step_definition(turn->execution, index);

        if (turn->execution->definition->skip_propagation != BP_SKIP_ALL || definition->n_depends_on == 0)
                return false;
        for (uint32_t i = 0; i < definition->n_depends_on; i++)
                if (bp_turn_step(turn, definition->depends_on[i])->state != BP_STEP_SKIPPED)
                        return false;
        return true;
}

int bp_decide_skip_with_dependencies(struct bp_turn *turn, uint32_t index) {
        return skip(turn, index, BP_CODE_DEPENDENCIES_SKIPPED, "Every step that this one depends on was skipped");
}

/* ---- the execution winds up ---- */

int bp_decide_skip_stopped(struct bp_turn *turn, uint32_t index) {
        const struct bp_core *core = &turn->execution->core;

        switch (core->stop) {
        case BP_STOP_CANCEL:
                return skip(turn, index, BP_CODE_CANCELLED, "The execution was cancelled");
        case BP_STOP_TIMEOUT:
                return skip(turn, index, BP_CODE_TIMEOUT, "The execution ran out of time");
        default:
                return skip(turn, index, BP_CODE_FAIL_FAST,
                            bp_turn_text(turn, "Step `%s` failed",
                                         bp_step_definition(turn->execution, core->first_failure)->id));
        }
}
