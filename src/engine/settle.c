/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What follows from where things stand, whatever led there: an execution that has to stop stops its steps, what is
 * ready starts in order as long as there are slots, cleanups begin, and when nothing is left the execution ends.
 */
#include <errno.h>

#include "base/memory.h"
#include "engine/decide.h"

/* ---- winding up ---- */

static int stop_steps(struct bp_turn *turn) {
        struct bp_core *core = &turn->execution->core;

        core->stop_applied = core->stop;
        for (uint32_t i = 0; i < turn->execution->definition->n_steps; i++) {
                int r = bp_step_signal(turn, i, BP_SIGNAL_STOP);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- starting ---- */

/* An inline action is over before anything else could start, so nothing starts beside it. */
static bool may_start_more(const struct bp_turn *turn) {
        const struct bp_execution *execution = turn->execution;

        return bp_when_starting_allowed(turn, BP_NO_STEP) && execution->core.n_inline == 0 &&
               execution->core.n_slots < execution->definition->max_parallel_steps;
}

static int start_ready(struct bp_turn *turn) {
        struct bp_execution *execution = turn->execution;

        while (may_start_more(turn)) {
                uint32_t position = bp_bits_next(execution->ready, bp_execution_words(execution), 0);
                int r;

                if (position == UINT32_MAX)
                        return 0;
                r = bp_step_signal(turn, execution->definition->start_order[position], BP_SIGNAL_READY);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- ending ---- */

static int end(struct bp_turn *turn, enum bp_execution_state state, const char *code, const char *message,
               struct bp_value outputs) {
        return bp_turn_emit(turn, &(struct bp_record){.type = BP_RECORD_EXECUTION_ENDED,
                                                      .step = BP_NO_STEP,
                                                      .execution_state = state,
                                                      .code = code,
                                                      .message = message,
                                                      .data = outputs});
}

static int end_stopped(struct bp_turn *turn) {
        const struct bp_core *core = &turn->execution->core;
        const char *message = core->kept ? core->kept->message : NULL;

        if (core->stop == BP_STOP_TIMEOUT)
                return end(turn, BP_EXECUTION_TIMEOUT, BP_CODE_TIMEOUT, message, bp_value_empty_object);
        return end(turn, BP_EXECUTION_CANCELLED, BP_CODE_CANCELLED, message ? message : "The execution was cancelled",
                   bp_value_empty_object);
}

static int end_failed(struct bp_turn *turn) {
        const struct bp_step *step = bp_turn_step(turn, turn->execution->core.first_failure);
        bool interrupted = step->state == BP_STEP_INTERRUPTED;
        const char *code = step->kept ? step->kept->code : NULL;
        const char *message = step->kept ? step->kept->message : NULL;

        return end(turn, interrupted ? BP_EXECUTION_INTERRUPTED : BP_EXECUTION_FAILED,
                   code ? code : BP_CODE_STEP_FAILED, message && *message ? message : "Step execution failed",
                   bp_value_empty_object);
}

static int end_with_outputs(struct bp_turn *turn, const struct bp_resolution *resolution) {
        uint32_t limit = turn->execution->settings->execution_output_bytes;

        if (resolution->failed)
                return end(turn, BP_EXECUTION_FAILED, resolution->code, resolution->message, bp_value_empty_object);
        if (bp_json_size(&resolution->params) > limit) {
                const char *message = bp_turn_text(
                        turn, "The outputs of the pipeline (/outputs) are larger than the %u bytes allowed", limit);

                return message ? end(turn, BP_EXECUTION_FAILED, BP_CODE_LIMIT, message, bp_value_empty_object)
                               : -ENOMEM;
        }
        return end(turn, BP_EXECUTION_COMPLETED, NULL, NULL, resolution->params);
}

static int end_completed(struct bp_turn *turn) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = NULL;
        struct bp_execution *execution = turn->execution;
        struct bp_resolution resolution;
        struct bp_value step_outputs;
        int r;

        if (execution->definition->n_outputs == 0)
                return end(turn, BP_EXECUTION_COMPLETED, NULL, NULL, bp_value_empty_object);
        arena = bp_attempt_arena_new();
        if (!arena)
                return -ENOMEM;
        r = bp_execution_outputs(execution, BP_NO_STEP, arena, &step_outputs);
        if (r < 0)
                return r;
        r = bp_outputs_resolve(execution->definition, &execution->params, &step_outputs,
                               execution->settings->inline_work, arena, &resolution);
        if (r < 0)
                return r;
        if (r == 0)
                return end_with_outputs(turn, &resolution);
        r = bp_turn_effect(turn, &(struct bp_effect_item){.type = BP_EFFECT_RESOLVE,
                                                          .step = BP_NO_STEP,
                                                          .arena = arena,
                                                          .step_outputs = step_outputs});
        if (r < 0)
                return r;
        arena = NULL;
        execution->core.resolving_outputs = true;
        return 0;
}

int bp_turn_outputs_resolved(struct bp_turn *turn) {
        turn->execution->core.resolving_outputs = false;
        return end_with_outputs(turn, turn->input->resolution);
}

static int end_if_over(struct bp_turn *turn) {
        const struct bp_execution *execution = turn->execution;
        const struct bp_core *core = &execution->core;

        if (core->n_final < execution->definition->n_steps || core->n_cleaning > 0 || core->resolving_outputs ||
            bp_execution_state_is_final(core->state))
                return 0;
        if (core->stop == BP_STOP_CANCEL || core->stop == BP_STOP_TIMEOUT)
                return end_stopped(turn);
        return core->first_failure == BP_NO_STEP ? end_completed(turn) : end_failed(turn);
}

/* Late results are still waited for: what runs borrows from the execution. */
static int tell_ended(struct bp_turn *turn) {
        struct bp_core *core = &turn->execution->core;

        if (!bp_execution_state_is_final(core->state) || core->n_pending > 0 || core->ended_told)
                return 0;
        core->ended_told = true;
        return bp_turn_effect(turn, &(struct bp_effect_item){.type = BP_EFFECT_ENDED,
                                                             .after_sequence = core->sequence,
                                                             .step = BP_NO_STEP});
}

int bp_turn_settle(struct bp_turn *turn) {
        const struct bp_core *core = &turn->execution->core;
        int r = start_ready(turn);

        while (r == 0 && core->stop != core->stop_applied && !bp_execution_state_is_final(core->state))
                r = stop_steps(turn);
        if (r == 0)
                r = bp_turn_start_cleanups(turn);
        if (r == 0)
                r = end_if_over(turn);
        return r < 0 ? r : tell_ended(turn);
}
