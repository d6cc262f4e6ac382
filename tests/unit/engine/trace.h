/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an execution did, as a list of inputs, records and effects, and a judge that knows the rules but not the engine.
 * The judge walks the list once and names the first rule that was broken. test_trace.c shows that it finds faults;
 * test_properties.c has it look at random executions.
 */
#ifndef TEST_ENGINE_TRACE_H
#define TEST_ENGINE_TRACE_H

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "pipeline/definition.h"

enum trace_kind {
        TRACE_INPUT = 1,
        TRACE_RECORD,
        TRACE_EFFECT,
        TRACE_CRASH, /* the process died: nothing that was under way is any more */
};

struct trace_entry {
        enum trace_kind kind;
        enum bp_input_type input; /* TRACE_INPUT, with the next two */
        uint32_t step, attempt;
        struct bp_record record;      /* TRACE_RECORD */
        struct bp_effect_item effect; /* TRACE_EFFECT */
};

struct trace {
        const struct bp_definition *definition;
        uint32_t slots, attempts, cleanup_tries; /* what the settings allow; attempts where no step says otherwise */
        struct trace_entry *entries;
        size_t count, capacity;
};

static inline void trace_add(struct trace *trace, const struct trace_entry *entry) {
        if (trace->count == trace->capacity) {
                trace->capacity = trace->capacity ? trace->capacity * 2 : 64;
                trace->entries = realloc(trace->entries, trace->capacity * sizeof(*trace->entries));
                assert_non_null(trace->entries);
        }
        trace->entries[trace->count++] = *entry;
}

/* Adds an input and what it led to. */
static inline void trace_add_turn(struct trace *trace, const struct bp_input *input, const struct bp_batch *batch) {
        trace_add(trace,
                  &(struct trace_entry){
                          .kind = TRACE_INPUT, .input = input->type, .step = input->step, .attempt = input->attempt});
        for (size_t i = 0; i < batch->n_records; i++)
                trace_add(trace, &(struct trace_entry){.kind = TRACE_RECORD, .record = batch->records[i]});
        for (size_t i = 0; i < batch->n_effects; i++)
                trace_add(trace, &(struct trace_entry){.kind = TRACE_EFFECT, .effect = batch->effects[i]});
}

/* The process died with `n_records` records on disk: whatever followed the last of them never was. */
static inline void trace_crash(struct trace *trace, uint64_t n_records) {
        size_t keep = 0;

        while (keep < trace->count &&
               !(trace->entries[keep].kind == TRACE_RECORD && trace->entries[keep].record.sequence > n_records))
                keep++;
        trace->count = keep;
        trace_add(trace, &(struct trace_entry){.kind = TRACE_CRASH});
}

/* ---- the judge ---- */

struct judged_step {
        bool ended, running, awaits, awaited /* at the crash */, routed, retrying, unknown, cleanup_running,
                cleanup_out;
        enum bp_step_state state;
        enum bp_effect effect;
        uint32_t attempt, generation, failures, cleanup_try, out; /* out: attempt whose result has not come */
        uint64_t started_sequence, waiting_sequence;              /* of the last start, of the last wait for an event */
        int64_t retry_at_us;
        bool ran; /* the attempt under way has had its RUN */
};

struct judge {
        const struct trace *trace;
        struct judged_step *steps;
        uint64_t sequence;
        int64_t now_us;
        uint32_t n_slots, n_out, n_resolving;
        bool started, paused, stopped, failed, ended, told;
};

typedef const char *judgement(struct judge *judge, struct judged_step *step, const struct trace_entry *entry);

static inline const struct bp_step_definition *judged_definition(const struct judge *judge,
                                                                 const struct judged_step *step) {
        return &judge->trace->definition->steps[step - judge->steps];
}

static inline const char *judge_slots(struct judge *judge) {
        return judge->n_slots > judge->trace->slots ? "more attempts and waits than slots" : NULL;
}

static inline void judge_leave_slot(struct judge *judge, struct judged_step *step) {
        if (step->running || step->awaits)
                judge->n_slots--;
        step->running = step->awaits = false;
}

static inline const char *judge_started(struct judge *judge, struct judged_step *step,
                                        const struct trace_entry *entry) {
        const struct bp_record *record = &entry->record;
        const struct bp_step_definition *definition = judged_definition(judge, step);

        for (uint32_t i = 0; i < definition->n_depends_on; i++)
                if (!judge->steps[definition->depends_on[i]].ended)
                        return "a step started before what it depends on had ended";
        if (judge->paused)
                return "a step started during a pause";
        if (judge->stopped)
                return "a step started although the execution winds up";
        if (step->out)
                return "an attempt started while the one before was still running";
        if (record->attempt != step->attempt + 1 || (step->attempt > 0 && !step->retrying))
                return "an attempt too many";
        if (step->retrying && judge->now_us < step->retry_at_us)
                return "an attempt started before its time";
        if (step->attempt > 0 && step->effect == BP_ONCE && step->unknown &&
            definition->on_interrupt != BP_ON_INTERRUPT_RETRY)
                return "a once step was repeated after an unknown outcome";
        if (record->generation != (step->attempt == 0 ? 1 : step->generation + (step->unknown ? 0 : 1)))
                return "the wrong generation";
        step->running = true;
        step->retrying = step->ran = false;
        step->attempt = record->attempt;
        step->generation = record->generation;
        step->effect = record->effect;
        step->started_sequence = record->sequence;
        judge->n_slots++;
        return judge_slots(judge);
}

static inline const char *judge_waiting(struct judge *judge, struct judged_step *step,
                                        const struct trace_entry *entry) {
        if (!step->running)
                return "a wait without an attempt";
        judge_leave_slot(judge, step);
        step->awaits = entry->record.external_id != NULL;
        if (step->awaits) {
                step->waiting_sequence = entry->record.sequence;
                judge->n_slots++;
        }
        return judge_slots(judge);
}

static inline uint32_t attempts_allowed(const struct judge *judge, const struct judged_step *step) {
        const struct bp_step_definition *definition = judged_definition(judge, step);

        if (definition->on_failure != BP_ON_FAILURE_RETRY)
                return 1;
        return definition->retry ? definition->retry->max_attempts : judge->trace->attempts;
}

static inline const char *judge_retrying(struct judge *judge, struct judged_step *step,
                                         const struct trace_entry *entry) {
        const struct bp_record *record = &entry->record;

        if (step->retrying)
                return "a retry of a retry";
        judge_leave_slot(judge, step);
        step->retrying = true;
        step->unknown = record->unknown;
        step->retry_at_us = record->deadline.us;
        if (record->step_state == BP_STEP_FAILED || record->step_state == BP_STEP_TIMEOUT)
                if (++step->failures >= attempts_allowed(judge, step))
                        return "more retries than the policy allows";
        return NULL;
}

static inline bool ended_badly(enum bp_step_state state) {
        return state == BP_STEP_FAILED || state == BP_STEP_TIMEOUT || state == BP_STEP_INTERRUPTED;
}

static inline const char *judge_step_ended(struct judge *judge, struct judged_step *step,
                                           const struct trace_entry *entry) {
        enum bp_step_state state = entry->record.step_state;

        judge_leave_slot(judge, step);
        step->ended = true;
        step->retrying = false;
        step->state = state;
        if (state == BP_STEP_SKIPPED && step->attempt > 0)
                return "a step that had started was skipped";
        if (!ended_badly(state) || judged_definition(judge, step)->on_failure == BP_ON_FAILURE_CONTINUE)
                return NULL;
        judge->failed = true;
        judge->stopped = judge->stopped || judge->trace->definition->fail_fast;
        return NULL;
}

static inline const char *judge_cleanup_started(struct judge *judge, struct judged_step *step,
                                                const struct trace_entry *entry) {
        if (!step->ended || !(ended_badly(step->state) || step->state == BP_STEP_CANCELLED))
                return "a cleanup of a step that has not ended badly";
        if (step->attempt == 0)
                return "a cleanup of a step that never started";
        if (step->effect == BP_PURE)
                return "a cleanup of a pure step";
        if (step->cleanup_running || entry->record.attempt != step->cleanup_try + 1 ||
            entry->record.attempt > judge->trace->cleanup_tries)
                return "a cleanup too many";
        step->cleanup_running = true;
        step->cleanup_try++;
        return NULL;
}

static inline const char *judge_cleanup_ended(struct judge *judge, struct judged_step *step,
                                              const struct trace_entry *entry) {
        (void)judge;
        (void)entry;
        if (!step->cleanup_running)
                return "a cleanup ended that had not started";
        step->cleanup_running = false;
        return NULL;
}

static inline const char *judge_execution_ended(struct judge *judge, const struct trace_entry *entry) {
        for (uint32_t i = 0; i < judge->trace->definition->n_steps; i++) {
                if (!judge->steps[i].ended)
                        return "the execution ended before all of its steps";
                if (judge->steps[i].cleanup_running)
                        return "the execution ended before a cleanup";
        }
        if (entry->record.execution_state == BP_EXECUTION_COMPLETED && judge->failed)
                return "the execution completed although a step failed";
        judge->ended = true;
        return NULL;
}

static inline const char *judge_own_record(struct judge *judge, const struct trace_entry *entry) {
        switch (entry->record.type) {
        case BP_RECORD_EXECUTION_STARTED:
                judge->started = true;
                return NULL;
        case BP_RECORD_EXECUTION_PAUSED:
                judge->paused = true;
                return NULL;
        case BP_RECORD_EXECUTION_RESUMED:
                judge->paused = false;
                return NULL;
        case BP_RECORD_CANCEL_REQUESTED:
                judge->stopped = true;
                return NULL;
        case BP_RECORD_EXECUTION_ENDED:
                return judge_execution_ended(judge, entry);
        default:
                return "a record about no step";
        }
}

static inline const char *judge_record(struct judge *judge, const struct trace_entry *entry) {
        static judgement *const judgements[] = {
                [BP_RECORD_STEP_STARTED] = judge_started,
                [BP_RECORD_STEP_WAITING] = judge_waiting,
                [BP_RECORD_STEP_RETRYING] = judge_retrying,
                [BP_RECORD_STEP_ENDED] = judge_step_ended,
                [BP_RECORD_CLEANUP_STARTED] = judge_cleanup_started,
                [BP_RECORD_CLEANUP_ENDED] = judge_cleanup_ended,
                [BP_RECORD_LATE] = NULL,
        };
        const struct bp_record *record = &entry->record;
        struct judged_step *step;

        if (record->sequence != judge->sequence + 1)
                return "a record is missing";
        judge->sequence = record->sequence;
        judge->now_us = record->at.us;
        if (judge->ended && record->type != BP_RECORD_LATE)
                return "a record after the end";
        if (record->step == BP_NO_STEP)
                return judge_own_record(judge, entry);
        step = &judge->steps[record->step];
        if (step->ended && record->type < BP_RECORD_CLEANUP_STARTED)
                return "a record of a step that had ended";
        return judgements[record->type] ? judgements[record->type](judge, step, entry) : NULL;
}

static inline const char *judge_run(struct judge *judge, struct judged_step *step, const struct trace_entry *entry) {
        const struct bp_effect_item *effect = &entry->effect;

        if (!step->running || step->attempt != effect->attempt || step->ran)
                return "an attempt was run without a record of its start";
        if (effect->effect != step->effect || effect->generation != step->generation)
                return "an attempt was run otherwise than recorded";
        if (effect->effect == BP_ONCE && effect->after_sequence < step->started_sequence)
                return "a once attempt ran before its start was durable";
        if (effect->effect == BP_IDEMPOTENT && effect->after_sequence + 1 < step->started_sequence)
                return "an attempt ran before what it depends on was durable";
        step->ran = true;
        step->out = effect->attempt;
        judge->n_out++;
        return NULL;
}

static inline const char *judge_stop(struct judge *judge, struct judged_step *step, const struct trace_entry *entry) {
        (void)judge;
        return step->out && step->out == entry->effect.attempt ? NULL : "an attempt was told to stop that does not run";
}

static inline const char *judge_await(struct judge *judge, struct judged_step *step, const struct trace_entry *entry) {
        bool awaited = step->awaits || step->awaited || step->waiting_sequence == entry->effect.after_sequence;

        (void)judge;
        step->awaited = false;
        if (step->routed || !awaited || !entry->effect.external_id)
                return "events are routed to a step that awaits none";
        step->routed = true;
        return NULL;
}

static inline const char *judge_forget(struct judge *judge, struct judged_step *step, const struct trace_entry *entry) {
        (void)judge;
        (void)entry;
        if (!step->routed || step->awaits)
                return "events are no longer routed to a step that awaits one";
        step->routed = false;
        return NULL;
}

static inline const char *judge_cleanup(struct judge *judge, struct judged_step *step,
                                        const struct trace_entry *entry) {
        if (!step->cleanup_running || step->cleanup_out || entry->effect.attempt != step->cleanup_try)
                return "a cleanup without a record of its start";
        step->cleanup_out = true;
        judge->n_out++;
        return NULL;
}

static inline const char *judge_told(struct judge *judge) {
        if (!judge->ended)
                return "the end was told before it was recorded";
        if (judge->told)
                return "the end was told twice";
        if (judge->n_out || judge->n_resolving)
                return "the end was told while something was still running";
        judge->told = true;
        return NULL;
}

static inline const char *judge_effect(struct judge *judge, const struct trace_entry *entry) {
        static judgement *const judgements[] = {
                [BP_EFFECT_RUN] = judge_run,       [BP_EFFECT_STOP] = judge_stop,       [BP_EFFECT_AWAIT] = judge_await,
                [BP_EFFECT_FORGET] = judge_forget, [BP_EFFECT_CLEANUP] = judge_cleanup,
        };

        if (entry->effect.after_sequence > judge->sequence)
                return "an effect whose cause is not recorded";
        if (entry->effect.type == BP_EFFECT_ENDED)
                return judge_told(judge);
        if (judge->told)
                return "an effect after the end was told";
        if (entry->effect.type == BP_EFFECT_RESOLVE) {
                judge->n_resolving++;
                return NULL;
        }
        return judgements[entry->effect.type](judge, &judge->steps[entry->effect.step], entry);
}

static inline const char *judge_input(struct judge *judge, const struct trace_entry *entry) {
        struct judged_step *step = &judge->steps[entry->step == BP_NO_STEP ? 0 : entry->step];

        for (uint32_t i = 0; i < judge->trace->definition->n_steps; i++)
                if (judge->steps[i].running && !judge->steps[i].ran)
                        return "a start was recorded and nothing was run";
        if (entry->input == BP_INPUT_RESOLVED)
                judge->n_resolving--;
        if (entry->input == BP_INPUT_ATTEMPT_ENDED && step->out == entry->attempt) {
                step->out = 0;
                judge->n_out--;
        }
        if (entry->input == BP_INPUT_CLEANUP_ENDED && step->cleanup_out && step->cleanup_try == entry->attempt) {
                step->cleanup_out = false;
                judge->n_out--;
        }
        return NULL;
}

static inline void judge_crash(struct judge *judge) {
        judge->n_out = judge->n_resolving = 0;
        judge->told = false;
        for (uint32_t i = 0; i < judge->trace->definition->n_steps; i++) {
                judge->steps[i].out = 0;
                judge->steps[i].ran = true; /* and lost */
                judge->steps[i].awaited = judge->steps[i].awaits;
                judge->steps[i].routed = judge->steps[i].cleanup_out = false;
        }
}

static inline const char *judge_entry(struct judge *judge, const struct trace_entry *entry) {
        switch (entry->kind) {
        case TRACE_RECORD:
                return judge_record(judge, entry);
        case TRACE_EFFECT:
                return judge_effect(judge, entry);
        case TRACE_CRASH:
                judge_crash(judge);
                return NULL;
        default:
                return judge_input(judge, entry);
        }
}

static inline const char *judge_rest(const struct judge *judge) {
        if (!judge->ended)
                return "the execution has not ended";
        return judge->told ? NULL : "the end was not told";
}

/* The first rule that the trace breaks, or NULL. The execution must have ended. */
static inline const char *trace_judge(const struct trace *trace) {
        struct judge judge = {.trace = trace, .steps = calloc(trace->definition->n_steps, sizeof(struct judged_step))};
        const char *broken = NULL;

        assert_non_null(judge.steps);
        for (size_t i = 0; !broken && i < trace->count; i++)
                broken = judge_entry(&judge, &trace->entries[i]);
        if (!broken)
                broken = judge_rest(&judge);
        free(judge.steps);
        return broken;
}

#endif
