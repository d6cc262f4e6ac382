/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test of the tests: a sound trace, taken from a real execution, is spoilt in one place, and the judge that the
 * property tests rely on must name the rule that the fault breaks. A fault it does not see would be a fault that the
 * engine could have.
 */
#include "scenario.h"
#include "trace.h"

static const char pipeline[] = "{'name': 'w', 'settings': {'max_parallel_steps': 2}, 'steps': ["
                               " {'id': 'a', 'name': 'A', 'action': 'slow', 'on_failure': 'retry'},"
                               " {'id': 'b', 'name': 'B', 'action': 'bare'},"
                               " {'id': 'c', 'name': 'C', 'action': 'send', 'depends_on': ['a', 'b']},"
                               " {'id': 'd', 'name': 'D', 'action': 'read', 'depends_on': ['a', 'b']},"
                               " {'id': 'e', 'name': 'E', 'action': 'read', 'depends_on': ['d']}]}";

/* a times out, returns late, is repeated; b waits for an event; d fails, is cleaned up; e is skipped. */
static const char *const lines[] = {
        "start",         "b#1 waits key",           "+20",  "a#1 failed E no",      "event b#1 completed",
        "+60",           "a#2 failed E no",         "+120", "a#3 completed",        "d#1 failed E no",
        "c#1 completed", "cleanup d#1 failed E no", "+1",   "cleanup d#2 completed"};

/* ---- spoiling ---- */

static bool is_record(const struct trace_entry *entry, enum bp_record_type type, uint32_t step) {
        return entry->kind == TRACE_RECORD && entry->record.type == type && entry->record.step == step;
}

static size_t find_record(const struct trace *trace, enum bp_record_type type, uint32_t step, uint32_t attempt) {
        for (size_t i = 0; i < trace->count; i++)
                if (is_record(&trace->entries[i], type, step) && trace->entries[i].record.attempt == attempt)
                        return i;
        fail_msg("no record %s of step %u, attempt %u", bp_record_type_name(type), step, attempt);
        return 0;
}

static size_t find_effect(const struct trace *trace, enum bp_effect_type type, uint32_t step, uint32_t attempt) {
        for (size_t i = 0; i < trace->count; i++) {
                const struct trace_entry *entry = &trace->entries[i];

                if (entry->kind == TRACE_EFFECT && entry->effect.type == type && entry->effect.step == step &&
                    entry->effect.attempt == attempt)
                        return i;
        }
        fail_msg("no effect %d of step %u, attempt %u", type, step, attempt);
        return 0;
}

static size_t find_answer(const struct trace *trace, uint32_t step, uint32_t attempt) {
        for (size_t i = 0; i < trace->count; i++)
                if (trace->entries[i].kind == TRACE_INPUT && trace->entries[i].input == BP_INPUT_ATTEMPT_ENDED &&
                    trace->entries[i].step == step && trace->entries[i].attempt == attempt)
                        return i;
        fail_msg("no answer of step %u, attempt %u", step, attempt);
        return 0;
}

static void take_out(struct trace *trace, size_t at) {
        memmove(&trace->entries[at], &trace->entries[at + 1], (--trace->count - at) * sizeof(*trace->entries));
}

static void put_in(struct trace *trace, size_t at, struct trace_entry entry) {
        trace_add(trace, &entry);
        memmove(&trace->entries[at + 1], &trace->entries[at], (trace->count - 1 - at) * sizeof(*trace->entries));
        trace->entries[at] = entry;
}

static void move(struct trace *trace, size_t from, size_t to) {
        struct trace_entry entry = trace->entries[from];

        take_out(trace, from);
        put_in(trace, to, entry);
}

/* Numbers records afresh, so that a fault does not show by its number alone. */
static void renumber(struct trace *trace) {
        uint64_t sequence = 0;

        for (size_t i = 0; i < trace->count; i++)
                if (trace->entries[i].kind == TRACE_RECORD)
                        trace->entries[i].record.sequence = ++sequence;
}

enum { A, B, C, D, E };

static void lose_a_record(struct trace *trace) {
        take_out(trace, find_record(trace, BP_RECORD_STEP_RETRYING, A, 2));
}

static void lose_a_start(struct trace *trace) {
        take_out(trace, find_record(trace, BP_RECORD_STEP_STARTED, C, 1));
        renumber(trace);
}

static void lose_a_run(struct trace *trace) {
        take_out(trace, find_effect(trace, BP_EFFECT_RUN, C, 1));
}

static void run_before_the_record(struct trace *trace) {
        move(trace, find_effect(trace, BP_EFFECT_RUN, D, 1), find_record(trace, BP_RECORD_STEP_STARTED, D, 1));
}

static void run_once_before_durable(struct trace *trace) {
        trace->entries[find_effect(trace, BP_EFFECT_RUN, C, 1)].effect.after_sequence--;
}

static void run_before_dependencies_durable(struct trace *trace) {
        trace->entries[find_effect(trace, BP_EFFECT_RUN, D, 1)].effect.after_sequence--;
}

static void promise_a_record_to_come(struct trace *trace) {
        trace->entries[find_effect(trace, BP_EFFECT_RUN, C, 1)].effect.after_sequence += 100;
}

static void run_twice(struct trace *trace) {
        size_t at = find_effect(trace, BP_EFFECT_RUN, C, 1);

        put_in(trace, at, trace->entries[at]);
}

static void miss_the_fence(struct trace *trace) {
        take_out(trace, find_answer(trace, A, 1));
}

static void retry_twice(struct trace *trace) {
        size_t at = find_record(trace, BP_RECORD_STEP_RETRYING, A, 1);

        put_in(trace, at, trace->entries[at]);
        renumber(trace);
}

static void start_without_retry(struct trace *trace) {
        take_out(trace, find_record(trace, BP_RECORD_STEP_RETRYING, A, 2));
        renumber(trace);
}

static void retry_too_soon(struct trace *trace) {
        trace->entries[find_record(trace, BP_RECORD_STEP_RETRYING, A, 2)].record.deadline.us += 1;
}

static void retry_beyond_the_policy(struct trace *trace) {
        trace->attempts = 2;
}

static void keep_the_generation(struct trace *trace) {
        trace->entries[find_record(trace, BP_RECORD_STEP_STARTED, A, 3)].record.generation--;
}

static void raise_the_generation_in_doubt(struct trace *trace) {
        trace->entries[find_record(trace, BP_RECORD_STEP_STARTED, A, 2)].record.generation++;
}

static void repeat_once_in_doubt(struct trace *trace) {
        for (size_t i = 0; i < trace->count; i++) {
                if (is_record(&trace->entries[i], BP_RECORD_STEP_STARTED, A)) {
                        trace->entries[i].record.effect = BP_ONCE;
                } else if (trace->entries[i].kind == TRACE_EFFECT && trace->entries[i].effect.type == BP_EFFECT_RUN &&
                           trace->entries[i].effect.step == A) {
                        trace->entries[i].effect.effect = BP_ONCE;
                        trace->entries[i].effect.after_sequence++;
                }
        }
}

static void start_before_dependency(struct trace *trace) {
        move(trace, find_record(trace, BP_RECORD_STEP_ENDED, A, 3), find_record(trace, BP_RECORD_STEP_STARTED, D, 1));
        renumber(trace);
}

static void have_fewer_slots(struct trace *trace) {
        trace->slots = 1;
}

static void end_twice(struct trace *trace) {
        size_t at = find_record(trace, BP_RECORD_STEP_ENDED, C, 1);

        put_in(trace, at, trace->entries[at]);
        renumber(trace);
}

static void clean_up_a_pure_step(struct trace *trace) {
        trace->entries[find_record(trace, BP_RECORD_STEP_STARTED, D, 1)].record.effect = BP_PURE;
        trace->entries[find_effect(trace, BP_EFFECT_RUN, D, 1)].effect.effect = BP_PURE;
}

static void clean_up_too_often(struct trace *trace) {
        trace->cleanup_tries = 1;
}

static void clean_up_what_completed(struct trace *trace) {
        trace->entries[find_record(trace, BP_RECORD_STEP_ENDED, D, 1)].record.step_state = BP_STEP_COMPLETED;
}

static void start_after_the_failure(struct trace *trace) {
        size_t at = find_record(trace, BP_RECORD_STEP_ENDED, E, 0);

        trace->entries[at].record.type = BP_RECORD_STEP_STARTED;
        trace->entries[at].record.attempt = 1;
        trace->entries[at].record.generation = 1;
}

static void route_to_nobody(struct trace *trace) {
        size_t at = find_record(trace, BP_RECORD_STEP_WAITING, B, 1);

        trace->entries[at].record.external_id = NULL;
}

static void stop_what_does_not_run(struct trace *trace) {
        trace->entries[find_effect(trace, BP_EFFECT_STOP, A, 1)].effect.attempt = 2;
}

static void end_too_early(struct trace *trace) {
        move(trace, find_record(trace, BP_RECORD_EXECUTION_ENDED, BP_NO_STEP, 0),
             find_record(trace, BP_RECORD_STEP_ENDED, C, 1));
        renumber(trace);
}

static void call_a_failure_completed(struct trace *trace) {
        size_t at = find_record(trace, BP_RECORD_EXECUTION_ENDED, BP_NO_STEP, 0);

        trace->entries[at].record.execution_state = BP_EXECUTION_COMPLETED;
}

static void never_tell(struct trace *trace) {
        trace->count--;
}

static void tell_twice(struct trace *trace) {
        put_in(trace, trace->count, trace->entries[trace->count - 1]);
}

static void tell_while_running(struct trace *trace) {
        take_out(trace, find_answer(trace, C, 1));
}

static const struct {
        const char *fault;
        void (*spoil)(struct trace *trace);
        const char *broken;
} faults[] = {
        {"a record is lost", lose_a_record, "a record is missing"},
        {"a start is lost", lose_a_start, "an attempt was run without a record of its start"},
        {"an effect is lost", lose_a_run, "a start was recorded and nothing was run"},
        {"effect and record are swapped", run_before_the_record, "an attempt was run without a record of its start"},
        {"a once attempt does not wait for its start", run_once_before_durable,
         "a once attempt ran before its start was durable"},
        {"an idempotent attempt does not wait for its causes", run_before_dependencies_durable,
         "an attempt ran before what it depends on was durable"},
        {"an effect waits for a record that is not there", promise_a_record_to_come,
         "an effect whose cause is not recorded"},
        {"an attempt is run twice", run_twice, "an attempt was run without a record of its start"},
        {"the fence is missing", miss_the_fence, "an attempt started while the one before was still running"},
        {"a retry is doubled", retry_twice, "a retry of a retry"},
        {"an attempt follows without a retry", start_without_retry, "an attempt too many"},
        {"a retry comes too soon", retry_too_soon, "an attempt started before its time"},
        {"a retry more than allowed", retry_beyond_the_policy, "more retries than the policy allows"},
        {"the key stays after a complete answer", keep_the_generation, "the wrong generation"},
        {"the key changes in doubt", raise_the_generation_in_doubt, "the wrong generation"},
        {"a once step is repeated in doubt", repeat_once_in_doubt, "a once step was repeated after an unknown outcome"},
        {"a step starts too early", start_before_dependency, "a step started before what it depends on had ended"},
        {"too much runs at once", have_fewer_slots, "more attempts and waits than slots"},
        {"a step ends twice", end_twice, "a record of a step that had ended"},
        {"a pure step is cleaned up", clean_up_a_pure_step, "a cleanup of a pure step"},
        {"a cleanup is tried too often", clean_up_too_often, "a cleanup too many"},
        {"a completed step is cleaned up", clean_up_what_completed, "a cleanup of a step that has not ended badly"},
        {"a step starts after fail_fast", start_after_the_failure, "a step started although the execution winds up"},
        {"events are routed to a sleeper", route_to_nobody, "events are routed to a step that awaits none"},
        {"the wrong attempt is told to stop", stop_what_does_not_run, "an attempt was told to stop that does not run"},
        {"the execution ends before a step", end_too_early, "the execution ended before all of its steps"},
        {"a failure is called completed", call_a_failure_completed, "the execution completed although a step failed"},
        {"the end is not told", never_tell, "the end was not told"},
        {"the end is told twice", tell_twice, "the end was told twice"},
        {"the end is told while something runs", tell_while_running,
         "the end was told while something was still running"},
};

/* ---- running ---- */

static void trace_make(struct world *world, struct bp_registry *registry, struct trace *trace) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_value document = parse(arena, pipeline);

        world_init(world, definition_load(registry, &document), NULL);
        *trace = (struct trace){.definition = world->definition, .slots = 2, .attempts = 3, .cleanup_tries = 3};
        world->trace = trace;
        for (size_t i = 0; i < BP_COUNT(lines); i++)
                give_line(world, lines[i]);
}

static void a_sound_trace_is_found_sound(void **state) {
        struct bp_registry *registry = test_registry_new();
        struct world world;
        struct trace trace;

        (void)state;
        trace_make(&world, registry, &trace);
        assert_null(trace_judge(&trace));
        world_done(&world);
        free(trace.entries);
        bp_registry_free(registry);
}

static void every_planted_fault_is_named(void **state) {
        struct bp_registry *registry = test_registry_new();

        (void)state;
        for (size_t i = 0; i < BP_COUNT(faults); i++) {
                struct world world;
                struct trace trace;
                const char *broken;

                trace_make(&world, registry, &trace);
                faults[i].spoil(&trace);
                broken = trace_judge(&trace);
                if (!broken || strcmp(broken, faults[i].broken) != 0)
                        fail_msg("%s: found %s", faults[i].fault, broken ? broken : "nothing");
                world_done(&world);
                free(trace.entries);
        }
        bp_registry_free(registry);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_sound_trace_is_found_sound),
                cmocka_unit_test(every_planted_fault_is_named),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
