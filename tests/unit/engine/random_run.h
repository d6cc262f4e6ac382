/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random pipelines under random circumstances: attempts that fail, hang, wait, sleep or answer late; events; commands;
 * time; crashes that lose every record that nothing depended on yet.
 */
#ifndef TEST_ENGINE_RANDOM_RUN_H
#define TEST_ENGINE_RANDOM_RUN_H

#include "random_pipeline.h"
#include "world.h"

/* An attempt or a cleanup that runs. */
struct call {
        uint32_t step, attempt;
        uint64_t after_sequence;
        bool cleanup;
};

struct driver {
        struct world *world;
        uint64_t seed;
        struct call *calls;
        size_t n_calls;
        uint64_t durable; /* records up to here cannot be lost any more */
        bool stopping;
};

/* ---- what the engine asked for ---- */

static inline void follow_effects(struct driver *driver) {
        const struct bp_batch *batch = &driver->world->batch;

        for (size_t i = 0; i < batch->n_effects; i++) {
                const struct bp_effect_item *effect = &batch->effects[i];

                if (effect->type != BP_EFFECT_RUN && effect->type != BP_EFFECT_CLEANUP)
                        continue;
                driver->calls = realloc(driver->calls, (driver->n_calls + 1) * sizeof(*driver->calls));
                assert_non_null(driver->calls);
                driver->calls[driver->n_calls++] = (struct call){.step = effect->step,
                                                                 .attempt = effect->attempt,
                                                                 .after_sequence = effect->after_sequence,
                                                                 .cleanup = effect->type == BP_EFFECT_CLEANUP};
        }
}

static inline void give(struct driver *driver, struct bp_input input) {
        assert_int_equal(world_give(driver->world, input), 0);
        follow_effects(driver);
}

static inline struct call take_call(struct driver *driver, uint32_t at) {
        struct call call = driver->calls[at];

        driver->calls[at] = driver->calls[--driver->n_calls];
        if (driver->durable < call.after_sequence)
                driver->durable = call.after_sequence;
        return call;
}

/* ---- what happens to it ---- */

static inline const char *choice_of(struct driver *driver, uint32_t step) {
        const struct bp_step_definition *definition = &driver->world->definition->steps[step];
        const struct bp_value *branches = bp_value_get(&definition->params, "branches");

        if (!branches || branches->count == 0 || draw_chance(&driver->seed, 25))
                return NULL;
        return bp_value_get(&branches->as.items[draw_below(&driver->seed, branches->count)], "target_step")->as.text;
}

static inline struct bp_value random_outputs(struct driver *driver, uint32_t step) {
        const char *target = choice_of(driver, step);
        struct bp_object_builder outputs;
        struct bp_value value;

        bp_object_init(&outputs, driver->world->arena);
        bp_object_set_z(&outputs, "n", bp_value_int(draw_below(&driver->seed, 8)));
        bp_object_set_z(&outputs, "target_step", target ? bp_value_text_borrow(target, strlen(target)) : bp_value_null);
        assert_int_equal(bp_object_finish(&outputs, &value), 0);
        return value;
}

static inline void answer(struct driver *driver, const struct call *call, enum bp_attempt_outcome outcome) {
        struct bp_value outputs = random_outputs(driver, call->step);
        struct bp_attempt_result result = {.outcome = outcome, .outputs = &outputs};

        if (outcome == BP_ATTEMPT_FAILED || outcome == BP_ATTEMPT_UNKNOWN)
                result = (struct bp_attempt_result){.outcome = outcome, .code = "INTERRUPTED", .message = "no"};
        if (outcome == BP_ATTEMPT_WAITING) {
                result.external_id = "key";
                result.timeout_seconds = draw_below(&driver->seed, 3) * 15;
        }
        if (outcome == BP_ATTEMPT_SLEEPING)
                result.wake_at.us = driver->world->now.us + draw_below(&driver->seed, 50) * 1000000;
        give(driver, (struct bp_input){.type = call->cleanup ? BP_INPUT_CLEANUP_ENDED : BP_INPUT_ATTEMPT_ENDED,
                                       .step = call->step,
                                       .attempt = call->attempt,
                                       .result = &result});
}

static inline void answer_some_call(struct driver *driver) {
        static const enum bp_attempt_outcome outcomes[] = {
                BP_ATTEMPT_COMPLETED, BP_ATTEMPT_COMPLETED, BP_ATTEMPT_COMPLETED, BP_ATTEMPT_COMPLETED,
                BP_ATTEMPT_FAILED,    BP_ATTEMPT_FAILED,    BP_ATTEMPT_UNKNOWN,   BP_ATTEMPT_WAITING,
                BP_ATTEMPT_WAITING,   BP_ATTEMPT_SLEEPING,
        };
        struct call call;

        if (driver->n_calls == 0)
                return;
        call = take_call(driver, draw_below(&driver->seed, (uint32_t)driver->n_calls));
        answer(driver, &call, outcomes[draw_below(&driver->seed, BP_COUNT(outcomes))]);
}

/* To a step that waits, mostly; else to whom it does not concern. */
static inline void send_event(struct driver *driver) {
        const struct bp_definition *definition = driver->world->definition;
        uint32_t step = draw_below(&driver->seed, definition->n_steps);
        struct bp_value outputs = random_outputs(driver, step);
        struct bp_event_result event = {.action = BP_EVENT_COMPLETE, .outputs = &outputs, .percent = -1.0};
        struct bp_step_view view;

        for (uint32_t i = 0; i < definition->n_steps && !bp_execution_step(driver->world->execution, step).external_id;
             i++)
                step = (step + 1) % definition->n_steps;
        view = bp_execution_step(driver->world->execution, step);
        event.success = draw_chance(&driver->seed, 70);
        if (draw_chance(&driver->seed, 20))
                event = (struct bp_event_result){.action = BP_EVENT_UPDATE_PROGRESS,
                                                 .percent = draw_below(&driver->seed, 100)};
        driver->durable = driver->world->n_records;
        give(driver, (struct bp_input){.type = BP_INPUT_EVENT,
                                       .step = step,
                                       .attempt = view.attempt ? view.attempt : 1,
                                       .event = &event});
}

static inline void report_progress(struct driver *driver) {
        if (driver->n_calls > 0)
                give(driver, (struct bp_input){.type = BP_INPUT_PROGRESS,
                                               .step = driver->calls[0].step,
                                               .attempt = driver->calls[0].attempt,
                                               .percent = draw_below(&driver->seed, 100),
                                               .eta_minutes = -1.0});
}

static inline void tell_the_time(struct driver *driver) {
        struct bp_wall deadline;

        give(driver, (struct bp_input){.type = BP_INPUT_CLOCK});
        if (bp_execution_next_deadline(driver->world->execution, &deadline) && deadline.us <= driver->world->now.us)
                fail_msg("what was due is still due after the clock was told");
}

static inline bool go_to_deadline(struct driver *driver) {
        struct bp_wall deadline;

        if (!bp_execution_next_deadline(driver->world->execution, &deadline))
                return false;
        if (deadline.us > driver->world->now.us)
                driver->world->now = deadline;
        tell_the_time(driver);
        return true;
}

static inline void let_time_pass(struct driver *driver) {
        driver->world->now.us += draw_below(&driver->seed, 20) * 1000000;
        tell_the_time(driver);
}

static inline void resolve_some(struct driver *driver) {
        const struct world *world = driver->world;

        if (world->n_resolves == 0)
                return;
        assert_int_equal(world_resolve(driver->world,
                                       world->resolves[draw_below(&driver->seed, (uint32_t)world->n_resolves)].step),
                         0);
        follow_effects(driver);
}

/* Whatever nothing depended on may be lost with the process. */
static inline void crash(struct driver *driver) {
        uint64_t at_risk = driver->world->n_records - driver->durable;
        uint64_t survive = driver->durable + draw_below(&driver->seed, (uint32_t)at_risk + 1);

        trace_crash(driver->world->trace, survive);
        world_crash(driver->world, survive);
        driver->n_calls = 0;
        driver->stopping = false;
        driver->durable = survive;
        give(driver, (struct bp_input){.type = BP_INPUT_RECOVER});
        if (bp_execution_view(driver->world->execution).state == BP_EXECUTION_PENDING)
                give(driver, (struct bp_input){.type = BP_INPUT_START});
}

static inline void shut_down(struct driver *driver) {
        driver->stopping = true;
        give(driver, (struct bp_input){.type = BP_INPUT_SHUTDOWN});
}

static inline void something_happens(struct driver *driver) {
        uint32_t dice = draw_below(&driver->seed, 100);

        if (dice < 42)
                answer_some_call(driver);
        else if (dice < 58)
                send_event(driver);
        else if (dice < 74)
                go_to_deadline(driver);
        else if (dice < 80)
                let_time_pass(driver);
        else if (dice < 86)
                resolve_some(driver);
        else if (dice < 89)
                report_progress(driver);
        else if (dice < 92)
                give(driver, (struct bp_input){.type = BP_INPUT_PAUSE});
        else if (dice < 97)
                give(driver, (struct bp_input){.type = BP_INPUT_RESUME});
        else if (dice < 98)
                give(driver, (struct bp_input){.type = BP_INPUT_CANCEL});
        else if (draw_chance(&driver->seed, 30))
                shut_down(driver);
        else
                crash(driver);
}

/* ---- and in the end ---- */

static inline bool has_ended(const struct world *world) {
        const struct trace *trace = world->trace;

        for (size_t i = trace->count; i > 0 && trace->entries[i - 1].kind != TRACE_CRASH; i--)
                if (trace->entries[i - 1].kind == TRACE_EFFECT && trace->entries[i - 1].effect.type == BP_EFFECT_ENDED)
                        return true;
        return false;
}

/* Every call returns, nobody stands in the way any more, time passes. */
static inline void come_to_an_end(struct driver *driver) {
        if (driver->stopping)
                crash(driver);
        give(driver, (struct bp_input){.type = BP_INPUT_RESUME});
        for (int moves = 0; !has_ended(driver->world); moves++) {
                if (moves > 5000)
                        fail_msg("the execution does not end");
                if (driver->n_calls > 0) {
                        struct call call = take_call(driver, 0);

                        answer(driver, &call, BP_ATTEMPT_COMPLETED);
                } else if (driver->world->n_resolves > 0) {
                        resolve_some(driver);
                } else if (!go_to_deadline(driver)) {
                        fail_msg("nothing is under way, nothing is due, and the execution has not ended");
                }
        }
}

static inline uint64_t digest(const struct world *world) {
        uint64_t hash = 0;

        for (size_t i = 0; i < world->n_records; i++) {
                const struct bp_record *record = &world->records[i];
                int64_t numbers[] = {record->type,    (int64_t)record->sequence, record->at.us,      record->step,
                                     record->attempt, record->generation,        record->effect,     record->step_state,
                                     record->unknown, record->execution_state,   record->deadline.us};

                hash = bp_hash64(numbers, sizeof(numbers), hash);
                if (record->message)
                        hash = bp_hash64(record->message, strlen(record->message), hash);
        }
        return hash;
}

/* One pipeline from beginning to end. @return a digest of its records */
static inline uint64_t run_random(struct bp_registry *registry, uint64_t seed, bool tortured) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct driver driver = {.seed = seed};
        struct trace trace = {.attempts = 3, .cleanup_tries = 3};
        struct bp_strbuf text;
        struct bp_value document;
        struct world world;
        const char *broken;
        uint64_t hash;

        bp_strbuf_init(&text, arena, 1 << 20);
        write_pipeline(&text, &driver.seed);
        document = parse(arena, bp_strbuf_text(&text));
        world_init(&world, definition_load(registry, &document),
                   &(struct bp_engine_settings){.inline_work = 500, .event_timeout_seconds = 60});
        world.trace = &trace;
        world.tortured = tortured;
        driver.world = &world;
        trace.definition = world.definition;
        trace.slots = world.definition->max_parallel_steps;
        give(&driver, (struct bp_input){.type = BP_INPUT_START});
        for (uint32_t moves = draw_below(&driver.seed, 80); moves > 0; moves--)
                something_happens(&driver);
        come_to_an_end(&driver);
        broken = trace_judge(&trace);
        if (broken)
                fail_msg("%s, in %s", broken, bp_strbuf_text(&text));
        hash = digest(&world);
        world_done(&world);
        free(trace.entries);
        free(driver.calls);
        return hash;
}

#endif
