/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at an execution: what the API, the command line and the timers of the runtime ask. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "engine/state.h"

struct bp_execution_view bp_execution_view(const struct bp_execution *execution) {
        const struct bp_core *core = &execution->core;
        const struct bp_kept *kept = bp_execution_state_is_final(core->state) ? core->kept : NULL;

        return (struct bp_execution_view){
                .id = execution->id,
                .definition = execution->definition,
                .state = core->state,
                .code = kept ? kept->code : NULL,
                .message = kept ? kept->message : NULL,
                .params = execution->params,
                .outputs = kept ? kept->outputs : bp_value_empty_object,
                .started_at = core->started_at,
                .ended_at = core->ended_at,
                .sequence = core->sequence,
                .principal = execution->principal,
                .origin = execution->origin,
                .userdata = execution->userdata,
        };
}

const struct bp_id *bp_execution_id(const struct bp_execution *execution) {
        return &execution->id;
}

const struct bp_definition *bp_execution_definition(const struct bp_execution *execution) {
        return execution->definition;
}

const struct bp_value *bp_execution_params(const struct bp_execution *execution) {
        return &execution->params;
}

static struct bp_wall deadline_of(const struct bp_step *step) {
        if (step->state == BP_STEP_RUNNING)
                return step->attempt_deadline;
        if (bp_step_state_is_final(step->state))
                return (struct bp_wall){0};
        return step->deadline;
}

struct bp_step_view bp_execution_step(const struct bp_execution *execution, uint32_t step_index) {
        const struct bp_step *step = &execution->steps[step_index];
        const struct bp_kept *kept = step->kept;

        return (struct bp_step_view){
                .state = step->state,
                .attempt = step->attempt,
                .code = kept ? kept->code : NULL,
                .message = kept ? kept->message : NULL,
                .error = kept && kept->error ? *kept->error : bp_value_null,
                .outputs = kept ? kept->outputs : bp_value_empty_object,
                .external_id = kept && bp_step_awaits_event(step) ? kept->external_id : NULL,
                .started_at = step->started_at,
                .ended_at = step->ended_at,
                .deadline = deadline_of(step),
                .percent = step->percent,
                .eta_minutes = step->eta_minutes,
                .reused = step->reused,
        };
}

static bool deadline_counts(const struct bp_execution *execution) {
        const struct bp_core *core = &execution->core;

        return core->state == BP_EXECUTION_RUNNING && core->deadline.us != 0 &&
               (core->stop == BP_STOP_NONE || core->stop == BP_STOP_FAILURE) &&
               core->n_final < execution->definition->n_steps;
}

bool bp_execution_next_deadline(const struct bp_execution *execution, struct bp_wall *ret_deadline) {
        int64_t first_us = deadline_counts(execution) ? execution->core.deadline.us : INT64_MAX;

        for (uint32_t i = bp_bits_next(bp_timed_steps(execution), bp_execution_words(execution), 0); i != UINT32_MAX;
             i = bp_bits_next(bp_timed_steps(execution), bp_execution_words(execution), i + 1)) {
                const struct bp_step *step = &execution->steps[i];
                int64_t timer_us = bp_step_timer(step).us;

                if (step->marks.final && execution->core.shutting_down)
                        continue;
                if (timer_us < first_us)
                        first_us = timer_us;
        }
        if (first_us == INT64_MAX)
                return false;
        ret_deadline->us = first_us;
        return true;
}

/* ---- progress: reference engine.md section 9 ---- */

static bool is_done(const struct bp_step *step) {
        return step->state == BP_STEP_COMPLETED || step->state == BP_STEP_SKIPPED;
}

static bool is_under_way(const struct bp_step *step) {
        return step->state == BP_STEP_RUNNING || step->state == BP_STEP_WAITING;
}

static double own_percent(const struct bp_step *step) {
        return step->percent > 0.0 ? step->percent : 0.0;
}

static double share_of(const struct bp_step *step) {
        if (is_done(step))
                return 100.0;
        return is_under_way(step) || step->state == BP_STEP_FAILED ? own_percent(step) : 0.0;
}

/* Mean duration of the steps that are done, in seconds, or -1 when none has both times. */
static double mean_seconds(const struct bp_execution *execution) {
        double total_us = 0.0;
        uint32_t count = 0;

        for (uint32_t i = 0; i < execution->definition->n_steps; i++) {
                const struct bp_step *step = &execution->steps[i];

                if (!is_done(step) || step->started_at.us == 0 || step->ended_at.us == 0)
                        continue;
                total_us += (double)(step->ended_at.us - step->started_at.us);
                count++;
        }
        return count ? total_us / 1e6 / count : -1.0;
}

static int64_t eta_seconds(const struct bp_execution *execution) {
        double mean = mean_seconds(execution), left = 0.0;
        uint32_t done = 0;

        for (uint32_t i = 0; i < execution->definition->n_steps; i++) {
                const struct bp_step *step = &execution->steps[i];

                done += is_done(step) ? 1 : 0;
                if (!bp_step_state_is_final(step->state))
                        left += is_under_way(step) ? 1.0 - own_percent(step) / 100.0 : 1.0;
        }
        if (done == 0 || done == execution->definition->n_steps || mean < 0.0)
                return -1;
        return (int64_t)(left * mean);
}

double bp_execution_progress(const struct bp_execution *execution, struct bp_wall now, int64_t *ret_eta_seconds) {
        double total = 0.0;

        (void)now;
        for (uint32_t i = 0; i < execution->definition->n_steps; i++)
                total += share_of(&execution->steps[i]);
        if (ret_eta_seconds)
                *ret_eta_seconds = eta_seconds(execution);
        return round(total / execution->definition->n_steps * 100.0) / 100.0;
}

int bp_idempotency_key(struct bp_id execution, const char *step_id, uint32_t generation, uint32_t call,
                       struct bp_arena *arena, const char **ret_key) {
        char id[BP_ID_TEXT_SIZE], key[BP_ID_TEXT_SIZE];
        struct bp_strbuf name;
        char *copy;

        bp_strbuf_init(&name, arena, SIZE_MAX / 2);
        bp_strbuf_printf(&name, "%s/%s/%u/%u", bp_id_format(execution, id), step_id, generation, call);
        if (name.error)
                return name.error;
        bp_id_format(bp_id_derive(name.text, name.size), key);
        copy = bp_arena_text(arena, key, BP_ID_TEXT_SIZE - 1);
        if (!copy)
                return -ENOMEM;
        *ret_key = copy;
        return 0;
}
