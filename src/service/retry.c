/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A retry is a new execution linked to the old one: completed steps that do not come after a chosen one are taken over
 * with their outputs, the rest runs. Without a chosen step, those that failed are chosen.
 */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "service/state.h"

static bool failed(enum bp_step_state state) {
        return state == BP_STEP_FAILED || state == BP_STEP_TIMEOUT || state == BP_STEP_CANCELLED ||
               state == BP_STEP_INTERRUPTED;
}

/* @return how many are chosen, BP_NO_STEP when there is no such step */
static uint32_t choose(const struct bp_execution *old, const char *from_step, bool *chosen) {
        const struct bp_definition *definition = bp_execution_view(old).definition;
        const struct bp_step_definition *step;
        uint32_t n = 0;

        if (from_step) {
                step = bp_definition_step(definition, from_step);
                if (!step)
                        return BP_NO_STEP;
                chosen[step->index] = true;
                return 1;
        }
        for (uint32_t i = 0; i < definition->n_steps; i++) {
                chosen[i] = failed(bp_execution_step(old, i).state);
                n += chosen[i] ? 1 : 0;
        }
        return n;
}

/* What comes after a chosen step runs again too; in the order of levels, so that one look at each is enough. */
static void spread(const struct bp_definition *definition, bool *runs) {
        for (uint32_t i = 0; i < definition->n_steps; i++) {
                const struct bp_step_definition *step = &definition->steps[definition->start_order[i]];

                for (uint32_t j = 0; j < step->n_depends_on; j++)
                        runs[step->index] = runs[step->index] || runs[step->depends_on[j]];
        }
}

static int take_over(const struct bp_execution *old, const bool *runs, struct bp_arena *arena,
                     const struct bp_value ***ret_reused) {
        uint32_t n_steps = bp_execution_view(old).definition->n_steps;
        const struct bp_value **reused = bp_arena_array(arena, n_steps, sizeof(struct bp_value *));
        struct bp_value *outputs = bp_arena_array(arena, n_steps, sizeof(*outputs));

        if (!reused || !outputs)
                return -ENOMEM;
        for (uint32_t i = 0; i < n_steps; i++) {
                struct bp_step_view step = bp_execution_step(old, i);

                if (step.state != BP_STEP_COMPLETED || runs[i])
                        continue;
                outputs[i] = step.outputs;
                reused[i] = &outputs[i];
        }
        *ret_reused = reused;
        return 0;
}

static int refuse(struct bp_problem_list *errors, const char *code, const char *pointer, const char *message) {
        int r = bp_problem_list_addf(errors, code, pointer, "%s", message);

        return r < 0 ? r : BP_SERVICE_INVALID;
}

/* @return 0, BP_SERVICE_INVALID, -ENOMEM */
static int plan(const struct bp_execution *old, const char *from_step, struct bp_arena *arena,
                struct bp_problem_list *errors, const struct bp_value ***ret_reused) {
        struct bp_execution_view view = bp_execution_view(old);
        bool *runs = bp_arena_array(arena, view.definition->n_steps, sizeof(*runs));
        uint32_t n;

        if (!runs)
                return -ENOMEM;
        n = choose(old, from_step, runs);
        if (n == BP_NO_STEP)
                return refuse(errors, "UNKNOWN_STEP", "/from_step", "The execution has no step with this id");
        if (n == 0 && view.state == BP_EXECUTION_COMPLETED)
                return refuse(errors, "NOTHING_TO_RETRY", "",
                              "Every step completed: name a step to run it again, with what comes after it");
        spread(view.definition, runs);
        return take_over(old, runs, arena, ret_reused);
}

/* What the old execution was made from. */
struct origin {
        const struct bp_execution_row *row;
        const struct bp_execution *old;
        struct bp_value given, options;
};

static int read_origin(const struct bp_execution_row *row, const struct bp_execution *old, struct bp_arena *arena,
                       struct origin *ret_origin) {
        int r;

        *ret_origin = (struct origin){.row = row, .old = old};
        r = bp_stored_json(&row->given, arena, &ret_origin->given);
        return r ? r : bp_stored_json(&row->options, arena, &ret_origin->options);
}

static int start_again(struct bp_service *service, const struct bp_service_retry *retry, const struct origin *origin,
                       const struct bp_value *const *reused, struct bp_arena *arena, struct bp_problem_list *errors,
                       struct bp_service_started *ret_started, bp_service_done *done, void *userdata) {
        struct bp_execution_view view = bp_execution_view(origin->old);
        struct bp_wall now = bp_wall_now();
        struct bp_value params;
        struct bp_start_order order = {.reused_outputs = reused,
                                       .row = {.id = retry->key ? retry->key->subject : bp_id_new(now),
                                               .definition = view.definition,
                                               .has_pipeline = origin->row->has_pipeline,
                                               .pipeline = origin->row->pipeline,
                                               .revision = origin->row->revision,
                                               .params = &params,
                                               .given = origin->given.type == BP_OBJECT ? &origin->given : NULL,
                                               .options = origin->options.type == BP_OBJECT ? &origin->options : NULL,
                                               .initiator = retry->initiator,
                                               .principal = retry->principal,
                                               .origin = origin->row->origin,
                                               .has_retry_of = true,
                                               .retry_of = retry->execution,
                                               .created_at = now,
                                               .key = retry->key}};
        int r = bp_definition_check_start(view.definition, &view.params, errors);

        if (r)
                return r == BP_PROBLEM ? BP_SERVICE_INVALID : r;
        r = bp_value_copy(arena, &view.params, &params); /* the answer repeats them when the old execution is gone */
        return r ? r : bp_start_hand_over(service, &order, arena, ret_started, done, userdata);
}

static int retry_new(struct bp_service *service, const struct bp_service_retry *retry, struct bp_arena *arena,
                     struct bp_problem_list *errors, struct bp_service_started *ret_started, bp_service_done *done,
                     void *userdata) {
        const struct bp_value **reused;
        struct bp_execution_row row;
        struct bp_execution *old;
        struct origin origin;
        int r = bp_store_execution(service->store, retry->execution, arena, &row);

        if (r)
                return r;
        if (!bp_execution_state_is_final(row.state))
                return BP_STORE_CONFLICT;
        r = bp_service_execution(service, &row, &old);
        if (r)
                return r;
        r = plan(old, retry->from_step, arena, errors, &reused);
        if (r == 0)
                r = read_origin(&row, old, arena, &origin);
        if (r == 0)
                r = start_again(service, retry, &origin, reused, arena, errors, ret_started, done, userdata);
        bp_execution_free(old);
        return r;
}

int bp_service_retry(struct bp_service *service, const struct bp_service_retry *retry, struct bp_arena *arena,
                     struct bp_problem_list *errors, struct bp_service_started *ret_started, bp_service_done *done,
                     void *userdata) {
        int r = retry->key ? bp_start_repeat(service, retry->key->subject, arena, ret_started, done, userdata)
                           : BP_STORE_NOT_FOUND;

        if (r != BP_STORE_NOT_FOUND)
                return r;
        r = bp_start_admit(service, errors);
        return r ? r : retry_new(service, retry, arena, errors, ret_started, done, userdata);
}
