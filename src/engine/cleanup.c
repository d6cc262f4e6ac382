/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Undoing what a last attempt may have left behind. A cleanup starts when nothing of the attempt runs any more, or when
 * it has been told to stop and the time to do so is over. A try that fails is repeated a few times, each pause twice as
 * long; what comes of it changes no status. The execution ends when the last cleanup has.
 */
#include <errno.h>

#include "base/memory.h"
#include "engine/decide.h"

static bool may_start(const struct bp_step *step, struct bp_wall now) {
        if (step->cleanup_alive || step->cleanup_running || step->resolving != BP_RESOLVING_NOTHING)
                return false;
        if (step->alive && step->patience.us > now.us)
                return false;
        return step->deadline.us <= now.us;
}

static int record_start(struct bp_turn *turn, uint32_t index) {
        return bp_turn_emit(turn, &(struct bp_record){.type = BP_RECORD_CLEANUP_STARTED,
                                                      .step = index,
                                                      .attempt = bp_turn_step(turn, index)->cleanup_try + 1});
}

static int record_end(struct bp_turn *turn, uint32_t index, const char *code, const char *message,
                      struct bp_wall next) {
        return bp_turn_emit(turn, &(struct bp_record){.type = BP_RECORD_CLEANUP_ENDED,
                                                      .step = index,
                                                      .attempt = bp_turn_step(turn, index)->cleanup_try,
                                                      .code = code,
                                                      .message = message,
                                                      .deadline = next});
}

/* The parameters were fine when the attempt started; should they not be now, there is nothing to call. */
static int give_up(struct bp_turn *turn, uint32_t index, const struct bp_resolution *resolution) {
        int r = record_start(turn, index);

        if (r < 0)
                return r;
        return record_end(turn, index, resolution->skip ? BP_CODE_CONDITION_FALSE : resolution->code,
                          resolution->skip ? "The condition is false" : resolution->message, (struct bp_wall){0});
}

static int call(struct bp_turn *turn, uint32_t index, const struct bp_resolution *resolution, struct bp_arena **arena,
                struct bp_value step_outputs) {
        struct bp_value outputs = bp_step_outputs(bp_turn_step(turn, index));
        struct bp_step *step;
        int r;

        if (resolution->skip || resolution->failed)
                return give_up(turn, index, resolution);
        r = bp_value_copy(*arena, &outputs, &outputs);
        if (r == 0)
                r = record_start(turn, index);
        if (r < 0)
                return r;
        step = bp_turn_change(turn, index);
        if (!step)
                return -ENOMEM;
        step->cleanup_alive = true;
        bp_step_sync(turn->execution, index);
        r = bp_turn_effect(turn, &(struct bp_effect_item){.type = BP_EFFECT_CLEANUP,
                                                          .after_sequence = turn->execution->core.sequence,
                                                          .step = index,
                                                          .attempt = step->cleanup_try,
                                                          .generation = step->generation,
                                                          .effect = step->effect,
                                                          .arena = *arena,
                                                          .params = resolution->params,
                                                          .step_outputs = step_outputs,
                                                          .outputs = outputs});
        if (r < 0)
                return r;
        *arena = NULL;
        return 0;
}

static int start(struct bp_turn *turn, uint32_t index) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_attempt_arena_new();
        struct bp_execution *execution = turn->execution;
        struct bp_resolution resolution;
        struct bp_value step_outputs;
        int r;

        if (!arena)
                return -ENOMEM;
        r = bp_execution_outputs(execution, index, arena, &step_outputs);
        if (r < 0)
                return r;
        r = bp_step_resolve(bp_step_definition(execution, index), &execution->params, &step_outputs,
                            execution->settings->inline_work, arena, &resolution);
        if (r < 0)
                return r;
        if (r > 0)
                return bp_turn_ask_worker(turn, index, BP_RESOLVING_CLEANUP, &arena, step_outputs);
        return call(turn, index, &resolution, &arena, step_outputs);
}

int bp_turn_start_cleanups(struct bp_turn *turn) {
        struct bp_execution *execution = turn->execution;

        if (execution->core.n_cleaning == 0 || execution->core.shutting_down)
                return 0;
        for (uint32_t i = bp_bits_next(bp_cleaning_steps(execution), bp_execution_words(execution), 0); i != UINT32_MAX;
             i = bp_bits_next(bp_cleaning_steps(execution), bp_execution_words(execution), i + 1)) {
                int r;

                if (!may_start(&execution->steps[i], turn->input->now))
                        continue;
                r = start(turn, i);
                if (r < 0)
                        return r;
        }
        return 0;
}

int bp_turn_cleanup_resolved(struct bp_turn *turn, uint32_t index) {
        struct bp_value step_outputs;
        int r;

        if (turn->execution->core.shutting_down)
                return 0;
        r = bp_execution_outputs(turn->execution, index, turn->spent, &step_outputs);
        return r < 0 ? r : call(turn, index, turn->input->resolution, &turn->spent, step_outputs);
}

/* 1, 2, 4 ... seconds, at most about a minute. */
static struct bp_wall next_try(const struct bp_turn *turn, uint32_t index) {
        uint32_t tries = bp_turn_step(turn, index)->cleanup_try;
        uint32_t doublings = tries < 7 ? tries - 1 : 6;

        if (tries >= turn->execution->settings->cleanup_tries)
                return (struct bp_wall){0};
        return (struct bp_wall){turn->input->now.us + ((int64_t)1000000 << doublings)};
}

int bp_decide_cleanup_ended(struct bp_turn *turn, uint32_t index) {
        const struct bp_attempt_result *result = turn->input->result;
        struct bp_step *step = bp_turn_change(turn, index);

        if (!step)
                return -ENOMEM;
        if (!step->cleanup_alive || step->cleanup_try != turn->input->attempt)
                return 0;
        step->cleanup_alive = false;
        bp_step_sync(turn->execution, index);
        if (result->outcome == BP_ATTEMPT_COMPLETED)
                return record_end(turn, index, NULL, NULL, (struct bp_wall){0});
        return record_end(turn, index, result->code ? result->code : BP_CODE_STEP_FAILED, result->message,
                          next_try(turn, index));
}

int bp_turn_cleanup_lost(struct bp_turn *turn, uint32_t index) {
        bool last = bp_turn_step(turn, index)->cleanup_try >= turn->execution->settings->cleanup_tries;
        struct bp_wall next_try = {last ? 0 : turn->input->now.us};

        return record_end(turn, index, BP_CODE_INTERRUPTED, "The server stopped while the cleanup was under way",
                          next_try);
}
