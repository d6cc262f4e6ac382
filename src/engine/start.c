/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an attempt starts: resolve the step (here, or on a worker when it is too much), then record what came of it:
 * skipped, failed, or started. Only what has started is recorded as started.
 */
#include <errno.h>

#include "base/memory.h"
#include "engine/decide.h"
#include "registry/registry.h"

bool bp_when_starting_allowed(const struct bp_turn *turn, uint32_t index) {
        const struct bp_core *core = &turn->execution->core;

        (void)index;
        return core->state == BP_EXECUTION_RUNNING && core->stop == BP_STOP_NONE && !core->draining &&
               !core->shutting_down;
}

int bp_decide_nothing(struct bp_turn *turn, uint32_t index) {
        (void)turn;
        (void)index;
        return 0;
}

int bp_turn_ask_worker(struct bp_turn *turn, uint32_t index, enum bp_resolving purpose, struct bp_arena **arena,
                       struct bp_value step_outputs) {
        struct bp_step *step = bp_turn_change(turn, index);
        int r;

        if (!step)
                return -ENOMEM;
        step->resolving = purpose;
        bp_step_sync(turn->execution, index);
        r = bp_turn_effect(
                turn, &(struct bp_effect_item){
                              .type = BP_EFFECT_RESOLVE, .step = index, .arena = *arena, .step_outputs = step_outputs});
        if (r < 0)
                return r;
        *arena = NULL;
        return 0;
}

static enum bp_effect effect_of(const struct bp_turn *turn, uint32_t index, const struct bp_value *params) {
        const struct bp_engine_settings *settings = turn->execution->settings;
        const struct bp_step_definition *definition = bp_step_definition(turn->execution, index);
        enum bp_effect effect = definition->effect;

        if (effect == 0 && settings->effect_of)
                effect = settings->effect_of(settings->effect_of_userdata, definition->entry, params);
        return effect ? effect : bp_action_entry_meta(definition->entry)->effect;
}

static uint32_t generation_of_next(const struct bp_step *step) {
        if (step->attempt == 0)
                return 1;
        return step->unknown ? step->generation : step->generation + 1;
}

static struct bp_wall deadline_of_next(const struct bp_turn *turn, uint32_t index) {
        const struct bp_step_definition *definition = bp_step_definition(turn->execution, index);
        int64_t seconds = definition->timeout_seconds;

        if (seconds == 0)
                seconds = bp_action_entry_meta(definition->entry)->timeout_seconds;
        return (struct bp_wall){seconds ? turn->input->now.us + seconds * 1000000 : 0};
}

/* The output commit rule: what may have to be durable before the outside is touched. */
static uint64_t durable_before(enum bp_effect effect, uint64_t before_start, uint64_t start) {
        switch (effect) {
        case BP_PURE:
                return 0;
        case BP_IDEMPOTENT:
                return before_start;
        default:
                return start;
        }
}

static int run(struct bp_turn *turn, uint32_t index, const struct bp_resolution *resolution, struct bp_arena **arena,
               struct bp_value step_outputs) {
        const struct bp_step *before = bp_turn_step(turn, index);
        uint64_t sequence = turn->execution->core.sequence;
        enum bp_effect effect = effect_of(turn, index, &resolution->params);
        struct bp_step *step;
        int r;

        r = bp_turn_emit(turn, &(struct bp_record){.type = BP_RECORD_STEP_STARTED,
                                                   .step = index,
                                                   .attempt = before->attempt + 1,
                                                   .generation = generation_of_next(before),
                                                   .effect = effect,
                                                   .deadline = deadline_of_next(turn, index)});
        if (r < 0)
                return r;
        step = bp_turn_change(turn, index);
        if (!step)
                return -ENOMEM;
        step->alive = step->attempt;
        step->told = false;
        step->due = false;
        step->patience = (struct bp_wall){0};
        bp_step_sync(turn->execution, index);
        r = bp_turn_effect(turn, &(struct bp_effect_item){.type = BP_EFFECT_RUN,
                                                          .after_sequence = durable_before(
                                                                  effect, sequence, turn->execution->core.sequence),
                                                          .step = index,
                                                          .attempt = step->attempt,
                                                          .generation = step->generation,
                                                          .effect = effect,
                                                          .deadline = step->attempt_deadline,
                                                          .arena = *arena,
                                                          .params = resolution->params,
                                                          .step_outputs = step_outputs});
        if (r < 0)
                return r;
        *arena = NULL;
        return 0;
}

static int follow(struct bp_turn *turn, uint32_t index, const struct bp_resolution *resolution, struct bp_arena **arena,
                  struct bp_value step_outputs) {
        struct bp_record record = {
                .type = BP_RECORD_STEP_ENDED, .step = index, .attempt = bp_turn_step(turn, index)->attempt};

        if (!resolution->skip && !resolution->failed)
                return run(turn, index, resolution, arena, step_outputs);
        record.step_state = resolution->skip ? BP_STEP_SKIPPED : BP_STEP_FAILED;
        record.code = resolution->skip ? BP_CODE_CONDITION_FALSE : resolution->code;
        record.message = resolution->skip ? "The condition is false" : resolution->message;
        return bp_turn_emit(turn, &record);
}

int bp_decide_resolve(struct bp_turn *turn, uint32_t index) {
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
        if (r == 0)
                r = bp_own_check(execution, index, arena, &resolution);
        if (r < 0)
                return r;
        if (r > 0)
                return bp_turn_ask_worker(turn, index, BP_RESOLVING_ATTEMPT, &arena, step_outputs);
        return follow(turn, index, &resolution, &arena, step_outputs);
}

int bp_decide_start(struct bp_turn *turn, uint32_t index) {
        struct bp_value step_outputs;
        int r = bp_execution_outputs(turn->execution, index, turn->spent, &step_outputs);

        if (r < 0)
                return r;
        return follow(turn, index, turn->input->resolution, &turn->spent, step_outputs);
}
