/* SPDX-License-Identifier: Apache-2.0 */
/* Attempts on real threads and in real time: limits, time-outs, cancelling, cleanup, lines and progress. */
#include "world.h"

#include <stdatomic.h>

static const struct bp_runtime_settings plain;
static const struct bp_runtime_settings virtual_time = {.virtual_time = true};

#define SIX_GATES                                                                                                 \
        "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"gate\"},"                                    \
        "{\"id\": \"s1\", \"name\": \"b\", \"action\": \"gate\"}, {\"id\": \"s2\", \"name\": \"c\", \"action\": " \
        "\"gate\"},"                                                                                              \
        "{\"id\": \"s3\", \"name\": \"d\", \"action\": \"gate\"}, {\"id\": \"s4\", \"name\": \"e\", \"action\": " \
        "\"gate\"},"                                                                                              \
        "{\"id\": \"s5\", \"name\": \"f\", \"action\": \"gate\"}]"

static void parallel_attempts_keep_to_the_limits(void **state) {
        static const struct {
                const char *pipeline;
                uint32_t threads;
                unsigned most;
        } cases[] = {
                {"\"settings\": {\"max_parallel_steps\": 2}, " SIX_GATES, 0, 2},
                {"\"settings\": {\"max_parallel_steps\": 10}, " SIX_GATES, 0, 6},
                {"\"settings\": {\"max_parallel_steps\": 10}, " SIX_GATES, 3, 3},
        };

        (void)state;
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                const struct bp_runtime_settings settings = {.worker_threads = cases[i].threads};
                struct world *world = world_new(&settings, NULL);

                world_begin(world);
                start(world, cases[i].pipeline);
                await_inside(cases[i].most);
                stage_open_gate();
                await_ended(world, 1);
                world_end(world);
                assert_int_equal(world->ended[0].state, BP_EXECUTION_COMPLETED);
                assert_int_equal(stage.n_calls, 6);
                assert_int_equal(stage.most_inside, cases[i].most);
                world_free(world);
        }
}

static void a_timed_out_attempt_is_told_and_cleaned_up_after(void **state) {
        struct world *world = world_new(&plain, NULL);

        (void)state;
        start(world, "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"gate\", \"timeout_seconds\": 1}]");
        world_run(world);
        assert_int_equal(world->ended[0].state, BP_EXECUTION_FAILED);
        assert_int_equal(world->ended[0].steps[0].state, BP_STEP_TIMEOUT);
        assert_true(world->ended[0].lasted_us >= 1000000);
        assert_int_equal(calls_of("gate", "s0"), 1);
        assert_int_equal(calls_of("cleanup", "s0"), 1);
        world_free(world);
}

static void the_next_attempt_waits_until_the_timed_out_one_has_returned(void **state) {
        struct world *world = world_new(&plain, NULL);
        struct bp_id id;

        (void)state;
        world_begin(world);
        id = start(world, "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"deaf\", \"timeout_seconds\": 1,"
                          "\"on_failure\": \"retry\", \"retry\": {\"max_attempts\": 2, \"backoff_seconds\": 1}}]");
        await_record(world, BP_RECORD_STEP_RETRYING, 0);
        /* This one sleeps past the backoff of the other. */
        start(world,
              "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"sleep\", \"params\": {\"seconds\": 1.2}}]");
        await_ended(world, 1);
        assert_int_equal(calls_of("deaf", NULL), 1);
        stage_open_gate();
        await_ended(world, 2);
        world_end(world);
        assert_int_equal(calls_of("deaf", NULL), 2);
        assert_int_equal(ended_as(world, id)->state, BP_EXECUTION_COMPLETED);
        assert_int_equal(ended_as(world, id)->steps[0].attempt, 2);
        /* The outcome of the first is unknown, so the second says it is the same one again. */
        assert_string_equal(stage.calls[0].key, stage.calls[2].key);
        world_free(world);
}

static void a_cancelled_attempt_is_told_and_cleaned_up_after(void **state) {
        struct world *world = world_new(&plain, NULL);
        struct bp_id id;

        (void)state;
        world_begin(world);
        id = start(world, "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"gate\"},"
                          "{\"id\": \"s1\", \"name\": \"b\", \"action\": \"pure\", \"depends_on\": [\"s0\"]}]");
        await_inside(1);
        bp_runtime_cancel(world->runtime, id, "enough", NULL);
        await_ended(world, 1);
        world_end(world);
        assert_int_equal(world->ended[0].state, BP_EXECUTION_CANCELLED);
        assert_int_equal(world->ended[0].steps[0].state, BP_STEP_CANCELLED);
        assert_int_equal(world->ended[0].steps[1].state, BP_STEP_SKIPPED);
        assert_int_equal(calls_of("cleanup", "s0"), 1);
        assert_int_equal(calls_of("pure", NULL), 0);
        world_free(world);
}

static void an_attempt_that_does_not_listen_is_given_up_after_the_grace(void **state) {
        const struct bp_runtime_settings settings = {.engine.cancel_grace_seconds = 1};
        struct world *world = world_new(&settings, NULL);
        struct bp_id id;

        (void)state;
        world_begin(world);
        id = start(world, "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"deaf\"}]");
        await_inside(1);
        bp_runtime_cancel(world->runtime, id, NULL, NULL);
        await_record(world, BP_RECORD_STEP_ENDED, 0);
        /* The execution is not forgotten while its attempt is still under way. */
        assert_int_equal(ended_count(world), 0);
        stage_open_gate();
        await_ended(world, 1);
        world_end(world);
        assert_int_equal(world->ended[0].state, BP_EXECUTION_CANCELLED);
        assert_int_equal(world->ended[0].steps[0].state, BP_STEP_CANCELLED);
        world_free(world);
}

static void the_cleanup_of_a_cancelled_wait_knows_what_was_asked(void **state) {
        struct world *world = world_new(&plain, NULL);
        struct bp_id id;

        (void)state;
        world_begin(world);
        id = start(world, "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"ask\","
                          " \"params\": {\"id\": \"job\"}}]");
        await_record(world, BP_RECORD_STEP_WAITING, 0);
        bp_runtime_cancel(world->runtime, id, "enough", NULL);
        await_ended(world, 1);
        world_end(world);
        assert_int_equal(world->ended[0].steps[0].state, BP_STEP_CANCELLED);
        assert_int_equal(calls_of("undo asked", "s0"), 1);
        world_free(world);
}

static void a_failing_cleanup_is_tried_three_times_and_changes_nothing(void **state) {
        struct world *world = world_new(&virtual_time, NULL);

        (void)state;
        start(world,
              "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"messy\", \"params\": {\"times\": 99}}]");
        world_run(world);
        assert_int_equal(world->ended[0].state, BP_EXECUTION_FAILED);
        assert_string_equal(world->ended[0].steps[0].code, "FLAKY");
        assert_int_equal(calls_of("cleanup", "s0"), 3);
        world_free(world);
}

static void a_day_of_retries_takes_no_time_in_virtual_time(void **state) {
        struct world *world = world_new(&virtual_time, NULL);
        int64_t begun_us = bp_mono_now().us;

        (void)state;
        start(world, "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"flaky\", \"params\": {\"times\": 5},"
                     "\"on_failure\": \"retry\", \"retry\": {\"max_attempts\": 6, \"backoff_seconds\": 3600,"
                     "\"backoff_multiplier\": 2, \"max_backoff_seconds\": 43200}}]");
        world_run(world);
        assert_int_equal(world->ended[0].state, BP_EXECUTION_COMPLETED);
        assert_int_equal(world->ended[0].steps[0].attempt, 6);
        /* 3600 + 7200 + 14400 + 28800 + 43200 */
        assert_true(world->ended[0].lasted_us >= INT64_C(97200) * 1000000);
        assert_true(bp_mono_now().us - begun_us < INT64_C(20) * 1000000);
        /* A failure is definite: each attempt is a new request to the other side. */
        assert_string_not_equal(stage.calls[0].key, stage.calls[1].key);
        assert_string_not_equal(stage.calls[0].key, "");
        world_free(world);
}

static void sleeping_steps_of_many_executions_end_in_the_order_of_their_times(void **state) {
        struct world *world = world_new(&virtual_time, NULL);
        struct bp_id ids[20];
        char members[256];

        (void)state;
        for (int i = 0; i < 20; i++) {
                snprintf(members, sizeof(members),
                         "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"sleep\","
                         "\"params\": {\"seconds\": %d}}]",
                         (20 - i) * 1000);
                ids[i] = start(world, members);
        }
        world_run(world);
        assert_int_equal(world->n_ended, 20);
        for (int i = 0; i < 20; i++)
                assert_memory_equal(&world->ended[19 - i].id, &ids[i], sizeof(ids[i]));
        world_free(world);
}

static _Atomic int64_t wall_offset_us;

static struct bp_wall jumping_wall(void) {
        return (struct bp_wall){bp_wall_now().us + atomic_load(&wall_offset_us)};
}

static void a_jump_of_the_wall_clock_neither_shortens_nor_prolongs_a_sleep(void **state) {
        static const int64_t jumps_us[] = {INT64_C(86400) * 1000000, INT64_C(-86400) * 1000000};
        const struct bp_runtime_settings settings = {.wall = jumping_wall};

        (void)state;
        for (size_t i = 0; i < BP_COUNT(jumps_us); i++) {
                struct world *world = world_new(&settings, NULL);
                int64_t begun_us = bp_mono_now().us;

                atomic_store(&wall_offset_us, 0);
                world_begin(world);
                start(world, "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"sleep\","
                             "\"params\": {\"seconds\": 0.2}}]");
                await_record(world, BP_RECORD_STEP_WAITING, 0);
                atomic_store(&wall_offset_us, jumps_us[i]);
                await_ended(world, 1);
                world_end(world);
                assert_true(bp_mono_now().us - begun_us >= 200000);
                assert_true(world->ended[0].lasted_us >= 200000);
                assert_true(world->ended[0].lasted_us < INT64_C(3600) * 1000000);
                world_free(world);
        }
}

static void lines_and_progress_of_a_worker_come_in_order(void **state) {
        struct world *world = world_new(&plain, NULL);
        double last = 0;
        size_t n_progress = 0;

        (void)state;
        start(world,
              "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"chatty\", \"params\": {\"lines\": 500}}]");
        world_run(world);
        assert_int_equal(world->n_lines, 500);
        for (size_t i = 0; i < 500; i++) {
                assert_int_equal(strtol(world->lines[i].message, NULL, 10), i);
                assert_int_equal(world->lines[i].step, 0);
                assert_int_equal(world->lines[i].attempt, 1);
        }
        for (size_t i = 0; i < world->n_records; i++)
                if (world->records[i].type == BP_RECORD_STEP_PROGRESS) {
                        n_progress++;
                        last = world->records[i].percent;
                }
        assert_true(n_progress >= 1 && n_progress <= 2);
        assert_float_equal(last, 75, 0);
        world_free(world);
}

static void a_pure_step_that_is_not_inline_runs_on_a_worker(void **state) {
        struct world *world = world_new(&plain, NULL);

        (void)state;
        start(world, "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"heavy\", \"params\": {\"n\": 41}}]");
        world_run(world);
        assert_int_equal(world->ended[0].state, BP_EXECUTION_COMPLETED);
        assert_int_equal(world->ended[0].steps[0].n, 42);
        world_free(world);
}

static void templates_that_take_long_are_evaluated_on_a_worker(void **state) {
        static const struct {
                uint32_t total_work;
                enum bp_execution_state expected;
                const char *code;
                int64_t n;
        } cases[] = {
                {0, BP_EXECUTION_COMPLETED, "", 42},
                {1, BP_EXECUTION_FAILED, "TEMPLATE_LIMIT", -1},
        };

        (void)state;
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                const struct bp_runtime_settings settings = {
                        .engine = {.inline_work = 1, .total_work = cases[i].total_work}};
                struct world *world = world_new(&settings, NULL);

                start(world, "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"pure\","
                             "\"params\": {\"n\": \"{{ 40 + 1 }}\"}}],"
                             "\"outputs\": {\"all\": \"{{ steps.s0.outputs.n }}\"}");
                world_run(world);
                assert_int_equal(world->ended[0].state, cases[i].expected);
                assert_string_equal(world->ended[0].steps[0].code, cases[i].code);
                assert_int_equal(world->ended[0].steps[0].n, cases[i].n);
                world_free(world);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(parallel_attempts_keep_to_the_limits),
                cmocka_unit_test(a_timed_out_attempt_is_told_and_cleaned_up_after),
                cmocka_unit_test(the_next_attempt_waits_until_the_timed_out_one_has_returned),
                cmocka_unit_test(a_cancelled_attempt_is_told_and_cleaned_up_after),
                cmocka_unit_test(an_attempt_that_does_not_listen_is_given_up_after_the_grace),
                cmocka_unit_test(the_cleanup_of_a_cancelled_wait_knows_what_was_asked),
                cmocka_unit_test(a_failing_cleanup_is_tried_three_times_and_changes_nothing),
                cmocka_unit_test(a_day_of_retries_takes_no_time_in_virtual_time),
                cmocka_unit_test(sleeping_steps_of_many_executions_end_in_the_order_of_their_times),
                cmocka_unit_test(a_jump_of_the_wall_clock_neither_shortens_nor_prolongs_a_sleep),
                cmocka_unit_test(lines_and_progress_of_a_worker_come_in_order),
                cmocka_unit_test(a_pure_step_that_is_not_inline_runs_on_a_worker),
                cmocka_unit_test(templates_that_take_long_are_evaluated_on_a_worker),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
