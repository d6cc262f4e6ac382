/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judging conditions and evaluating templates: pure functions of parameters and outputs, on whichever thread has time.
 * A failure of the pipeline's author is data in the resolution; only a lack of memory or of work is a return value.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "engine/state.h"
#include "registry/registry.h"
#include "template/template.h"

/* What one step may use: outsiders write the templates. */
enum { ATTEMPT_BYTES = 64 << 20 };

struct bp_arena *bp_attempt_arena_new(void) {
        return bp_arena_new(ATTEMPT_BYTES);
}

static void fail(struct bp_resolution *resolution, const struct bp_problem *problem) {
        resolution->failed = true;
        resolution->code = problem->code;
        memcpy(resolution->message, problem->message, sizeof(resolution->message));
}

static void fail_with_text(struct bp_resolution *resolution, const char *code, const char *text) {
        struct bp_problem problem;

        bp_problem_set(&problem, code, "%s", text);
        fail(resolution, &problem);
}

/* Where a problem was found stands in the text, since a step's failure is a code and a text. */
static void fail_at(struct bp_resolution *resolution, const struct bp_problem *found, const char *where) {
        struct bp_problem problem;

        bp_problem_set(&problem, found->code, "%s (%s%s)", found->message, where, found->pointer);
        fail(resolution, &problem);
}

static bool is_limit(const char *code) {
        size_t size = strlen(code);

        return size > 6 && strcmp(code + size - 6, "_LIMIT") == 0;
}

/* Out of work: somebody with more time may try. Any other limit is the template's fault. */
static int judge_problem(struct bp_resolution *resolution, const struct bp_problem *problem, uint32_t work_left,
                         const char *where) {
        if (work_left == 0 && is_limit(problem->code))
                return 1;
        fail_at(resolution, problem, where);
        return 0;
}

/* An arena that is full because of its limit is the fault of what was evaluated, not of the machine. */
static int judge_error(struct bp_resolution *resolution, int error, const struct bp_arena *arena) {
        if (error == -E2BIG || bp_arena_over_limit(arena)) {
                fail_with_text(resolution, BP_CODE_LIMIT, "The resolved parameters are too large");
                return 0;
        }
        return error;
}

int bp_wrap_outputs(const struct bp_value *step_outputs, struct bp_arena *arena, struct bp_value *ret_steps) {
        struct bp_object_builder steps;

        bp_object_init(&steps, arena);
        for (uint32_t i = 0; i < step_outputs->count; i++) {
                struct bp_object_builder step;
                struct bp_value value;
                int r;

                bp_object_init(&step, arena);
                bp_object_set_z(&step, "outputs", step_outputs->as.members[i].value);
                r = bp_object_finish(&step, &value);
                if (r < 0)
                        return r;
                bp_object_set_z(&steps, step_outputs->as.members[i].key, value);
        }
        return bp_object_finish(&steps, ret_steps);
}

static int judge_condition(const struct bp_step_definition *step, const struct bp_template_scope *scope,
                           struct bp_arena *arena, uint32_t *work, struct bp_resolution *resolution) {
        struct bp_problem problem;
        bool holds = true;
        int r;

        if (!step->condition)
                return 0;
        r = bp_condition_evaluate(step->condition, scope, arena, work, &holds, &problem);
        if (r < 0)
                return judge_error(resolution, r, arena);
        if (r > 0)
                return judge_problem(resolution, &problem, *work, "/condition");
        resolution->skip = !holds;
        return 0;
}

static void check_action(const struct bp_step_definition *step, struct bp_resolution *resolution) {
        const char *reason = step->entry ? bp_action_entry_unavailable(step->entry) : NULL;
        struct bp_problem problem;

        if (step->entry && !reason)
                return;
        if (reason)
                bp_problem_set(&problem, "ACTION_UNAVAILABLE", "Action %s cannot be run: %s", step->action, reason);
        else
                bp_problem_set(&problem, "UNKNOWN_ACTION", "Unknown action: %s", step->action);
        fail(resolution, &problem);
}

static int evaluate_params(const struct bp_step_definition *step, const struct bp_template_scope *scope,
                           struct bp_arena *arena, uint32_t *work, struct bp_resolution *resolution) {
        struct bp_problem problem;
        int r;

        resolution->params = step->params;
        if (!step->params_tree || bp_template_tree_is_constant(step->params_tree))
                return 0;
        r = bp_template_tree_evaluate(step->params_tree, scope, arena, work, &resolution->params, &problem);
        if (r < 0)
                return judge_error(resolution, r, arena);
        return r > 0 ? judge_problem(resolution, &problem, *work, "/params") : 0;
}

/* Parameters of which a check found something. */
static int judge_findings(struct bp_resolution *resolution, int r, const struct bp_problem_list *findings,
                          struct bp_arena *arena) {
        if (r < 0)
                return judge_error(resolution, r, arena);
        if (findings->count > 0) {
                fail_at(resolution, findings->items[0], "/params");
                resolution->code = "PARAM_INVALID";
        }
        return 0;
}

static int check_params(const struct bp_step_definition *step, struct bp_arena *arena,
                        struct bp_resolution *resolution) {
        const struct bp_action_meta *meta = bp_action_entry_meta(step->entry);
        struct bp_problem_list findings = {.arena = arena, .limit = 1};
        int r;

        r = bp_params_complete(meta, &resolution->params, arena, &resolution->params);
        if (r < 0)
                return judge_error(resolution, r, arena);
        r = bp_params_check(meta, &resolution->params, &(struct bp_params_check){0}, &findings);
        return judge_findings(resolution, r, &findings, arena);
}

int bp_step_resolve(const struct bp_step_definition *step, const struct bp_value *params,
                    const struct bp_value *step_outputs, uint32_t work, struct bp_arena *arena,
                    struct bp_resolution *ret_resolution) {
        struct bp_resolution resolution = {.params = bp_value_empty_object};
        struct bp_value steps = bp_value_empty_object;
        struct bp_template_scope scope = {.params = params, .steps = &steps};
        int r = 0;

        if (step->reads_steps)
                r = bp_wrap_outputs(step_outputs, arena, &steps);
        if (r < 0)
                r = judge_error(&resolution, r, arena);
        if (r == 0 && !resolution.failed)
                r = judge_condition(step, &scope, arena, &work, &resolution);
        if (r == 0 && !resolution.failed && !resolution.skip)
                check_action(step, &resolution);
        if (r == 0 && !resolution.failed && !resolution.skip)
                r = evaluate_params(step, &scope, arena, &work, &resolution);
        if (r == 0 && !resolution.failed && !resolution.skip)
                r = check_params(step, arena, &resolution);
        if (r == 0)
                *ret_resolution = resolution;
        return r;
}

int bp_own_check(const struct bp_execution *execution, uint32_t index, struct bp_arena *arena,
                 struct bp_resolution *resolution) {
        const struct bp_engine_settings *settings = execution->settings;
        const struct bp_step_definition *step = bp_step_definition(execution, index);
        struct bp_problem_list findings = {.arena = arena, .limit = 1};
        int r;

        if (resolution->failed || resolution->skip || !settings->check_action || !step->params_tree ||
            bp_template_tree_is_constant(step->params_tree))
                return 0;
        r = settings->check_action(settings->check_action_userdata, step->entry, &resolution->params, &findings);
        return judge_findings(resolution, r, &findings, arena);
}

static int evaluate_output(const struct bp_output_template *output, const struct bp_template_scope *scope,
                           struct bp_arena *arena, uint32_t *work, struct bp_value *ret_value,
                           struct bp_resolution *resolution) {
        struct bp_problem problem;
        char where[256];
        int r = bp_template_evaluate(output->template, scope, arena, work, ret_value, &problem);

        if (r <= 0)
                return r < 0 ? judge_error(resolution, r, arena) : 0;
        snprintf(where, sizeof(where), "/outputs/%.200s", output->name);
        return judge_problem(resolution, &problem, *work, where);
}

int bp_outputs_resolve(const struct bp_definition *definition, const struct bp_value *params,
                       const struct bp_value *step_outputs, uint32_t work, struct bp_arena *arena,
                       struct bp_resolution *ret_resolution) {
        struct bp_resolution resolution = {.params = bp_value_empty_object};
        struct bp_template_scope scope = {.params = params};
        struct bp_object_builder outputs;
        struct bp_value steps;
        int r = bp_wrap_outputs(step_outputs, arena, &steps);

        if (r < 0)
                r = judge_error(&resolution, r, arena);
        scope.steps = &steps;
        bp_object_init(&outputs, arena);
        for (size_t i = 0; r == 0 && !resolution.failed && i < definition->n_outputs; i++) {
                struct bp_value value = bp_value_null;

                r = evaluate_output(&definition->outputs[i], &scope, arena, &work, &value, &resolution);
                if (r == 0 && !resolution.failed)
                        bp_object_set_z(&outputs, definition->outputs[i].name, value);
        }
        if (r == 0 && !resolution.failed) {
                r = bp_object_finish(&outputs, &resolution.params);
                if (r < 0)
                        r = judge_error(&resolution, r, arena);
        }
        if (r == 0)
                *ret_resolution = resolution;
        return r;
}

int bp_execution_resolve(const struct bp_execution *execution, const struct bp_effect_item *effect,
                         struct bp_resolution *ret_resolution) {
        const struct bp_definition *definition = execution->definition;
        uint32_t work = execution->settings->total_work;
        int r;

        if (effect->step == BP_NO_STEP)
                r = bp_outputs_resolve(definition, &execution->params, &effect->step_outputs, work, effect->arena,
                                       ret_resolution);
        else
                r = bp_step_resolve(&definition->steps[effect->step], &execution->params, &effect->step_outputs, work,
                                    effect->arena, ret_resolution);
        if (r == 0 && effect->step != BP_NO_STEP)
                r = bp_own_check(execution, effect->step, effect->arena, ret_resolution);
        if (r > 0) {
                *ret_resolution = (struct bp_resolution){.params = bp_value_empty_object};
                fail_with_text(ret_resolution, "TEMPLATE_LIMIT", "The templates take more work than is allowed");
                r = 0;
        }
        return r;
}

static void add_outputs(const struct bp_execution *execution, uint32_t index, struct bp_object_builder *outputs) {
        const struct bp_step *step = &execution->steps[index];

        if (step->state == BP_STEP_COMPLETED)
                bp_object_set_z(outputs, bp_step_definition(execution, index)->id, bp_step_outputs(step));
}

int bp_execution_outputs(const struct bp_execution *execution, uint32_t index, struct bp_arena *arena,
                         struct bp_value *ret_outputs) {
        const uint64_t *ancestors = index == BP_NO_STEP ? NULL : bp_step_definition(execution, index)->ancestors;
        struct bp_object_builder outputs;

        bp_object_init(&outputs, arena);
        if (index == BP_NO_STEP)
                for (uint32_t i = 0; i < execution->definition->n_steps; i++)
                        add_outputs(execution, i, &outputs);
        for (uint32_t i = 0; ancestors && (i = bp_bits_next(ancestors, bp_execution_words(execution), i)) != UINT32_MAX;
             i++)
                add_outputs(execution, i, &outputs);
        return bp_object_finish(&outputs, ret_outputs);
}
