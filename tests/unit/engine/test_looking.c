/* SPDX-License-Identifier: Apache-2.0 */
/* What an execution shows, what effects carry, and what is refused. */
#include "scenario.h"

#include "base/clock.h"

struct fixture {
        struct bp_registry *registry;
        struct world world;
};

static struct world *make(struct fixture *fixture, const char *pipeline, const struct bp_engine_settings *settings) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_value document = parse(arena, pipeline);

        fixture->registry = test_registry_new();
        world_init(&fixture->world, definition_load(fixture->registry, &document), settings);
        return &fixture->world;
}

static void give_back(struct fixture *fixture) {
        world_done(&fixture->world);
        bp_registry_free(fixture->registry);
}

static const struct bp_effect_item *effect_of_type(const struct world *world, enum bp_effect_type type, uint32_t step) {
        for (size_t i = 0; i < world->batch.n_effects; i++)
                if (world->batch.effects[i].type == type && world->batch.effects[i].step == step)
                        return &world->batch.effects[i];
        fail_msg("no effect %d", type);
        abort(); /* never reached; cmocka does not say so to the compiler */
}

/* ---- effects ---- */

static void an_effect_waits_for_what_it_depends_on(void **state) {
        struct fixture fixture;
        struct world *world = make(&fixture,
                                   "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'work'},"
                                   " {'id': 'b', 'name': 'B', 'action': 'bare'},"
                                   " {'id': 'c', 'name': 'C', 'action': 'send'}]}",
                                   NULL);

        (void)state;
        give_line(world, "start"); /* records: 1 execution_started, 2, 3, 4 the three starts */
        assert_int_equal(effect_of_type(world, BP_EFFECT_RUN, 0)->after_sequence, 0);
        assert_int_equal(effect_of_type(world, BP_EFFECT_RUN, 1)->after_sequence, 2);
        assert_int_equal(effect_of_type(world, BP_EFFECT_RUN, 2)->after_sequence, 4);
        give_line(world, "b#1 waits key");
        assert_int_equal(effect_of_type(world, BP_EFFECT_AWAIT, 1)->after_sequence, 5);
        give_line(world, "cancel"); /* 6 cancel_requested, 7 the end of b */
        assert_int_equal(effect_of_type(world, BP_EFFECT_STOP, 0)->after_sequence, 6);
        assert_int_equal(effect_of_type(world, BP_EFFECT_FORGET, 1)->after_sequence, 7);
        give_back(&fixture);
}

static void an_attempt_sees_its_parameters_and_completed_ancestors_only(void **state) {
        struct fixture fixture;
        struct world *world = make(&fixture,
                                   "{'name': 'w', 'steps': ["
                                   " {'id': 'a', 'name': 'A', 'action': 'bare'},"
                                   " {'id': 'x', 'name': 'X', 'action': 'bare'},"
                                   " {'id': 'f', 'name': 'F', 'action': 'bare', 'on_failure': 'continue'},"
                                   " {'id': 'b', 'name': 'B', 'action': 'bare', 'depends_on': ['a', 'f'],"
                                   "  'params': {'got': '{{ steps.a.outputs.n + 1 }}',"
                                   "             'none': '{{ steps.f.outputs.n is defined }}'}}]}",
                                   NULL);
        const struct bp_effect_item *run;
        struct bp_value expected = parse(world->arena, "{'a': {'n': 41}}");

        (void)state;
        give_line(world, "start");
        give_line(world, "x#1 completed {'n': 1}");
        give_line(world, "a#1 completed {'n': 41}");
        give_line(world, "f#1 failed E {}");
        run = effect_of_type(world, BP_EFFECT_RUN, 3);
        assert_true(bp_value_equal(&run->step_outputs, &expected));
        expected = parse(world->arena, "{'got': 42, 'none': false}");
        assert_true(bp_value_equal(&run->params, &expected));
        give_back(&fixture);
}

static enum bp_effect once_when_asked(void *userdata, const struct bp_action_entry *entry,
                                      const struct bp_value *params) {
        const struct bp_value *careful = bp_value_get(params, "careful");

        assert_string_equal(bp_action_entry_meta(entry)->type, "bare");
        assert_string_equal(userdata, "asked");
        return careful && careful->as.boolean ? BP_ONCE : 0;
}

static void the_effect_may_follow_from_parameters_unless_the_step_states_it(void **state) {
        char userdata[] = "asked";
        struct fixture fixture;
        struct world *world = make(
                &fixture,
                "{'name': 'w', 'steps': ["
                " {'id': 'a', 'name': 'A', 'action': 'bare', 'params': {'careful': true}},"
                " {'id': 'b', 'name': 'B', 'action': 'bare'},"
                " {'id': 'c', 'name': 'C', 'action': 'bare', 'params': {'careful': true}, 'effect': 'idempotent'}]}",
                &(struct bp_engine_settings){.effect_of = once_when_asked, .effect_of_userdata = userdata});

        (void)state;
        give_line(world, "start");
        assert_int_equal(effect_of_type(world, BP_EFFECT_RUN, 0)->effect, BP_ONCE);
        assert_int_equal(world->records[1].effect, BP_ONCE);
        assert_int_equal(effect_of_type(world, BP_EFFECT_RUN, 1)->effect, BP_IDEMPOTENT);
        assert_int_equal(effect_of_type(world, BP_EFFECT_RUN, 2)->effect, BP_IDEMPOTENT);
        give_back(&fixture);
}

/* ---- outputs and texts ---- */

static void an_event_puts_its_outputs_over_the_stored_ones(void **state) {
        struct fixture fixture;
        struct world *world =
                make(&fixture, "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'}]}", NULL);
        struct bp_attempt_result result = {.outcome = BP_ATTEMPT_WAITING, .external_id = "key"};
        struct bp_value stored = parse(world->arena, "{'job': 7, 'ready': false}");
        struct bp_value expected = parse(world->arena, "{'job': 7, 'ready': true, 'url': 'u'}");
        struct bp_step_view view;

        (void)state;
        give_line(world, "start");
        result.outputs = &stored;
        assert_int_equal(
                world_give(world, (struct bp_input){.type = BP_INPUT_ATTEMPT_ENDED, .attempt = 1, .result = &result}),
                0);
        view = bp_execution_step(world->execution, 0);
        assert_true(bp_value_equal(&view.outputs, &stored));
        assert_string_equal(view.external_id, "key");
        give_line(world, "event a#1 completed {'ready': true, 'url': 'u'}");
        view = bp_execution_step(world->execution, 0);
        assert_true(bp_value_equal(&view.outputs, &expected));
        assert_null(view.external_id);
        give_back(&fixture);
}

static void a_failure_without_text_gets_the_general_one(void **state) {
        struct fixture fixture;
        struct world *world =
                make(&fixture, "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'}]}", NULL);

        (void)state;
        give_line(world, "start");
        give_line(world, "a#1 failed");
        assert_string_equal(bp_execution_view(world->execution).message, "Step execution failed");
        assert_string_equal(bp_execution_view(world->execution).code, "STEP_FAILED");
        give_back(&fixture);
}

static void the_reason_of_a_skip_names_the_branch_that_was_taken(void **state) {
        struct fixture fixture;
        struct world *world =
                make(&fixture,
                     "{'name': 'w', 'steps': [{'id': 'c', 'name': 'C', 'action': 'choose', 'params': {"
                     " 'branches': [{'id': 'x', 'label': 'X', 'condition': 'true', 'target_step': 't'}]}},"
                     " {'id': 't', 'name': 'T', 'action': 'bare', 'depends_on': ['c']}]}",
                     NULL);

        (void)state;
        give_line(world, "start");
        give_line(world, "c#1 completed {'target_step': 'elsewhere', 'matched_label': 'Other'}");
        assert_string_equal(bp_execution_step(world->execution, 1).message,
                            "Branch condition not matched (matched: Other)");
        give_back(&fixture);
}

static void the_outputs_of_the_pipeline_are_resolved_at_the_end(void **state) {
        struct fixture fixture;
        struct world *world = make(&fixture,
                                   "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'}],"
                                   " 'outputs': {'twice': '{{ steps.a.outputs.n * 2 }}'}}",
                                   NULL);
        struct bp_value expected = parse(world->arena, "{'twice': 42}"), outputs;

        (void)state;
        give_line(world, "start");
        give_line(world, "a#1 completed {'n': 21}");
        outputs = bp_execution_view(world->execution).outputs;
        assert_true(bp_value_equal(&outputs, &expected));
        give_back(&fixture);
}

static void outputs_that_cannot_be_resolved_fail_the_execution(void **state) {
        struct fixture fixture;
        struct world *world = make(&fixture,
                                   "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'}],"
                                   " 'outputs': {'x': '{{ 1 / steps.a.outputs.n }}'}}",
                                   NULL);

        (void)state;
        give_line(world, "start");
        give_line(world, "a#1 completed {'n': 0}");
        assert_string_equal(what_came(world),
                            "step_ended:a#1=COMPLETED execution_ended=FAILED(TEMPLATE_ARITHMETIC) | ended");
        give_back(&fixture);
}

static void outputs_that_are_much_work_are_resolved_on_a_worker(void **state) {
        struct fixture fixture;
        struct world *world = make(&fixture,
                                   "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'}],"
                                   " 'outputs': {'x': '{{ range(1000) | sum }}'}}",
                                   &(struct bp_engine_settings){.inline_work = 100});
        struct bp_value expected = parse(world->arena, "{'x': 499500}"), outputs;

        (void)state;
        give_line(world, "start");
        give_line(world, "a#1 completed");
        assert_string_equal(what_came(world), "step_ended:a#1=COMPLETED | resolve:outputs");
        give_line(world, "resolved outputs");
        assert_string_equal(what_came(world), "execution_ended=COMPLETED | ended");
        outputs = bp_execution_view(world->execution).outputs;
        assert_true(bp_value_equal(&outputs, &expected));
        give_back(&fixture);
}

static void work_beyond_all_limits_fails_the_step(void **state) {
        struct fixture fixture;
        struct world *world = make(&fixture,
                                   "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare',"
                                   " 'condition': '{{ range(1000) | sum > 0 }}'}]}",
                                   &(struct bp_engine_settings){.inline_work = 100, .total_work = 200});

        (void)state;
        give_line(world, "start");
        give_line(world, "resolved a");
        assert_string_equal(what_came(world), "step_ended:a#0=FAILED(TEMPLATE_LIMIT) "
                                              "execution_ended=FAILED(TEMPLATE_LIMIT) | ended");
        give_back(&fixture);
}

/* ---- retry of an older execution ---- */

static void reused_steps_are_taken_over_with_their_outputs(void **state) {
        struct fixture fixture;
        struct world *world = make(&fixture,
                                   "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'},"
                                   " {'id': 'b', 'name': 'B', 'action': 'bare', 'depends_on': ['a'],"
                                   "  'params': {'x': '{{ steps.a.outputs.n }}'}}]}",
                                   NULL);
        struct bp_value outputs = parse(world->arena, "{'n': 5}");
        const struct bp_value *reused[] = {&outputs, NULL};
        struct bp_execution_start start = {
                .definition = world->definition, .params = &world->params, .reused_outputs = reused};

        (void)state;
        bp_execution_free(world->execution);
        assert_int_equal(bp_execution_new(&start, NULL, &world->execution), 0);
        give_line(world, "start");
        assert_string_equal(what_came(world), "execution_started step_reused:a#0 step_started:b#1 | run:b#1");
        assert_int_equal(bp_value_get(&effect_of_type(world, BP_EFFECT_RUN, 1)->params, "x")->as.integer, 5);
        assert_true(bp_execution_step(world->execution, 0).reused);
        assert_int_equal(bp_execution_step(world->execution, 0).state, BP_STEP_COMPLETED);
        give_back(&fixture);
}

/* ---- progress ---- */

static void progress_weighs_steps_alike_and_guesses_from_their_mean(void **state) {
        struct fixture fixture;
        struct world *world = make(&fixture,
                                   "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'},"
                                   " {'id': 'b', 'name': 'B', 'action': 'bare', 'depends_on': ['a']},"
                                   " {'id': 'c', 'name': 'C', 'action': 'bare', 'depends_on': ['b']}]}",
                                   NULL);
        int64_t eta_seconds;

        (void)state;
        give_line(world, "start");
        assert_true(bp_execution_progress(world->execution, world->now, &eta_seconds) == 0.0);
        assert_int_equal(eta_seconds, -1);
        give_line(world, "+20");
        give_line(world, "a#1 completed");
        give_line(world, "progress b#1 25");
        assert_true(bp_execution_progress(world->execution, world->now, &eta_seconds) == 41.67);
        assert_int_equal(eta_seconds, 35); /* three quarters of b and the whole of c, 20 seconds each */
        give_line(world, "b#1 completed");
        give_line(world, "c#1 completed");
        assert_true(bp_execution_progress(world->execution, world->now, &eta_seconds) == 100.0);
        assert_int_equal(eta_seconds, -1);
        give_back(&fixture);
}

/* ---- jitter, keys, words ---- */

static void jitter_shortens_the_pause_by_at_most_its_share_and_always_alike(void **state) {
        int64_t first_us = 0;

        (void)state;
        for (int i = 0; i < 2; i++) {
                struct fixture fixture;
                struct world *world =
                        make(&fixture,
                             "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare', 'on_failure': 'retry',"
                             " 'retry': {'max_attempts': 2, 'backoff_seconds': 100, 'jitter': 0.5}}]}",
                             NULL);
                int64_t pause_us;

                give_line(world, "start");
                give_line(world, "a#1 failed E no");
                pause_us = world->records[2].deadline.us - world->now.us;
                assert_in_range(pause_us, 50000000, 100000000);
                assert_int_not_equal(pause_us, 100000000);
                if (i > 0)
                        assert_int_equal(pause_us, first_us);
                first_us = pause_us;
                give_back(&fixture);
        }
}

static void a_key_names_execution_step_generation_and_call(void **state) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_id one = bp_id_derive("1", 1), other = bp_id_derive("2", 1), parsed;
        const char *keys[6];

        (void)state;
        assert_int_equal(bp_idempotency_key(one, "a", 1, 1, arena, &keys[0]), 0);
        assert_int_equal(bp_idempotency_key(one, "a", 1, 1, arena, &keys[1]), 0);
        assert_int_equal(bp_idempotency_key(other, "a", 1, 1, arena, &keys[2]), 0);
        assert_int_equal(bp_idempotency_key(one, "b", 1, 1, arena, &keys[3]), 0);
        assert_int_equal(bp_idempotency_key(one, "a", 2, 1, arena, &keys[4]), 0);
        assert_int_equal(bp_idempotency_key(one, "a", 1, 2, arena, &keys[5]), 0);
        assert_string_equal(keys[0], keys[1]);
        assert_true(bp_id_parse(keys[0], &parsed));
        for (size_t i = 1; i < BP_COUNT(keys); i++)
                for (size_t j = i + 1; j < BP_COUNT(keys); j++)
                        assert_string_not_equal(keys[i], keys[j]);
}

static void states_and_records_have_their_words(void **state) {
        (void)state;
        assert_string_equal(bp_step_state_name(BP_STEP_INTERRUPTED), "INTERRUPTED");
        assert_string_equal(bp_execution_state_name(BP_EXECUTION_PAUSED), "PAUSED");
        assert_string_equal(bp_record_type_name(BP_RECORD_CANCEL_REQUESTED), "cancel_requested");
        for (enum bp_record_type type = BP_RECORD_EXECUTION_STARTED; type <= BP_RECORD_LATE; type++)
                assert_non_null(bp_record_type_name(type));
        assert_false(bp_step_state_is_final(BP_STEP_RETRYING));
        assert_true(bp_step_state_is_final(BP_STEP_SKIPPED));
        assert_false(bp_execution_state_is_final(BP_EXECUTION_PAUSED));
        assert_true(bp_execution_state_is_final(BP_EXECUTION_INTERRUPTED));
}

/* ---- what is refused ---- */

static void an_input_that_makes_no_sense_is_refused_and_changes_nothing(void **state) {
        struct bp_attempt_result result = {.outcome = BP_ATTEMPT_COMPLETED};
        struct bp_resolution resolution = {0};
        const struct bp_input inputs[] = {
                {0},
                {.type = BP_INPUT_DRAIN + 1},
                {.type = BP_INPUT_ATTEMPT_ENDED, .step = 1, .attempt = 1, .result = &result},
                {.type = BP_INPUT_ATTEMPT_ENDED, .step = 0, .attempt = 0, .result = &result},
                {.type = BP_INPUT_ATTEMPT_ENDED, .step = 0, .attempt = 2, .result = &result},
                {.type = BP_INPUT_ATTEMPT_ENDED, .step = 0, .attempt = 1},
                {.type = BP_INPUT_EVENT, .step = 0, .attempt = 1},
                {.type = BP_INPUT_RESOLVED, .step = 0, .resolution = &resolution},
                {.type = BP_INPUT_RESOLVED, .step = BP_NO_STEP, .resolution = &resolution},
                {.type = BP_INPUT_CLEANUP_ENDED, .step = BP_NO_STEP, .attempt = 1, .result = &result},
        };
        struct fixture fixture;
        struct world *world =
                make(&fixture, "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'}]}", NULL);

        (void)state;
        give_line(world, "start");
        for (size_t i = 0; i < BP_COUNT(inputs); i++)
                assert_int_equal(world_give(world, inputs[i]), -EINVAL);
        assert_null(executions_differ(world->execution, world->mirror));
        give_back(&fixture);
}

static void a_record_that_does_not_follow_is_refused(void **state) {
        struct fixture fixture;
        struct world *world =
                make(&fixture, "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'}]}", NULL);
        static const struct bp_record records[] = {
                {.type = BP_RECORD_EXECUTION_STARTED, .sequence = 2, .step = BP_NO_STEP},
                {.type = BP_RECORD_EXECUTION_RESUMED, .sequence = 1, .step = BP_NO_STEP},
                {.type = BP_RECORD_STEP_STARTED, .sequence = 1, .attempt = 1, .effect = BP_PURE},
                {.type = BP_RECORD_STEP_ENDED, .sequence = 1, .step = 1, .step_state = BP_STEP_SKIPPED},
                {.type = BP_RECORD_STEP_ENDED, .sequence = 1, .step_state = BP_STEP_RUNNING},
                {.type = BP_RECORD_STEP_ENDED, .sequence = 1, .step_state = BP_STEP_INTERRUPTED + 1},
                {.type = BP_RECORD_EXECUTION_ENDED,
                 .sequence = 1,
                 .step = BP_NO_STEP,
                 .execution_state = BP_EXECUTION_RUNNING},
                {.type = BP_RECORD_LATE + 1, .sequence = 1},
                {.sequence = 1},
        };

        (void)state;
        for (size_t i = 0; i < BP_COUNT(records); i++)
                assert_int_equal(bp_execution_apply(world->execution, &records[i]), -EINVAL);
        assert_null(executions_differ(world->execution, world->mirror));
        give_back(&fixture);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_effect_waits_for_what_it_depends_on),
                cmocka_unit_test(an_attempt_sees_its_parameters_and_completed_ancestors_only),
                cmocka_unit_test(the_effect_may_follow_from_parameters_unless_the_step_states_it),
                cmocka_unit_test(an_event_puts_its_outputs_over_the_stored_ones),
                cmocka_unit_test(a_failure_without_text_gets_the_general_one),
                cmocka_unit_test(the_reason_of_a_skip_names_the_branch_that_was_taken),
                cmocka_unit_test(the_outputs_of_the_pipeline_are_resolved_at_the_end),
                cmocka_unit_test(outputs_that_cannot_be_resolved_fail_the_execution),
                cmocka_unit_test(outputs_that_are_much_work_are_resolved_on_a_worker),
                cmocka_unit_test(work_beyond_all_limits_fails_the_step),
                cmocka_unit_test(reused_steps_are_taken_over_with_their_outputs),
                cmocka_unit_test(progress_weighs_steps_alike_and_guesses_from_their_mean),
                cmocka_unit_test(jitter_shortens_the_pause_by_at_most_its_share_and_always_alike),
                cmocka_unit_test(a_key_names_execution_step_generation_and_call),
                cmocka_unit_test(states_and_records_have_their_words),
                cmocka_unit_test(an_input_that_makes_no_sense_is_refused_and_changes_nothing),
                cmocka_unit_test(a_record_that_does_not_follow_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
