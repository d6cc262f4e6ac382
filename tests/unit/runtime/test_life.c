/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a runtime: starting, fairness, pausing, draining, stopping, being freed at any moment. */
#include "world.h"

static const struct bp_runtime_settings plain;

#define ONE(action) "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"" action "\"}]"

static void with_nothing_to_do_it_returns(void **state) {
        struct world *world = world_new(&plain, NULL);

        (void)state;
        world_run(world);
        world_run(world);
        world_free(world);
}

static void it_can_run_again_after_it_was_idle(void **state) {
        struct world *world = world_new(&plain, NULL);

        (void)state;
        start(world, ONE("pure"));
        world_run(world);
        start(world, ONE("outside"));
        world_run(world);
        assert_int_equal(world->n_ended, 2);
        world_free(world);
}

static void what_never_ran_is_given_back(void **state) {
        struct world *world = world_new(&plain, NULL);
        struct bp_id id = start(world, ONE("pure"));

        (void)state;
        send_event(world, "x", "{}");
        assert_int_equal(bp_runtime_cancel(world->runtime, id, "why not", NULL), 0);
        assert_int_equal(bp_runtime_pause(world->runtime, id, true, NULL), 0);
        world_free(world);
}

static void commands_about_unknown_executions_are_ignored(void **state) {
        struct world *world = world_new(&plain, NULL);
        struct bp_id nobody = bp_id_derive("nobody", 6);

        (void)state;
        bp_runtime_cancel(world->runtime, nobody, NULL, NULL);
        bp_runtime_pause(world->runtime, nobody, true, NULL);
        bp_runtime_pause(world->runtime, nobody, false, NULL);
        start(world, ONE("pure"));
        world_run(world);
        assert_int_equal(world->n_ended, 1);
        world_free(world);
}

static void an_id_that_is_live_is_not_started_twice(void **state) {
        struct world *world = world_new(&plain, NULL);

        (void)state;
        start(world, ONE("outside"));
        world->n_started = 0;
        start(world, ONE("outside"));
        world_run(world);
        assert_int_equal(stage.n_calls, 1);
        assert_int_equal(world->n_ended, 1);
        world_free(world);
}

static const struct bp_definition *chain_of(struct world *world, const char *action, unsigned n_steps) {
        size_t capacity = n_steps * 128 + 64, size = 0;
        char *json = test_malloc(capacity);
        const struct bp_definition *definition;

        size += (size_t)snprintf(json, capacity, "{\"name\": \"p\", \"steps\": [");
        for (unsigned i = 0; i < n_steps; i++) {
                size += (size_t)snprintf(json + size, capacity - size,
                                         "%s{\"id\": \"s%u\", \"name\": \"a\", \"action\": \"%s\"", i ? "," : "", i,
                                         action);
                size += i ? (size_t)snprintf(json + size, capacity - size, ", \"depends_on\": [\"s%u\"]}", i - 1)
                          : (size_t)snprintf(json + size, capacity - size, "}");
        }
        size += (size_t)snprintf(json + size, capacity - size, "]}");
        assert_true(size < capacity);
        definition = define(world, json);
        test_free(json);
        return definition;
}

static void a_slow_chain_leaves_room_for_a_short_one(void **state) {
        struct world *world = world_new(&plain, NULL);
        const struct bp_definition *long_chain = chain_of(world, "slow", 300),
                                   *short_chain = chain_of(world, "pure", 3);
        struct bp_id short_one;

        (void)state;
        start_as(world, long_chain);
        short_one = start_as(world, short_chain);
        world_run(world);
        assert_int_equal(stage.n_calls, 303);
        assert_int_equal(world->n_ended, 2);
        assert_memory_equal(&world->ended[0].id, &short_one, sizeof(short_one));
        bp_definition_unref(long_chain);
        bp_definition_unref(short_chain);
        world_free(world);
}

struct starter {
        struct world *world;
        const struct bp_definition *definition;
        unsigned number;
        pthread_t thread;
};

enum {
        STARTERS = 4,
        STARTS = 200,
};

static void *start_many(void *argument) {
        struct starter *starter = argument;

        for (unsigned i = 0; i < STARTS; i++) {
                char name[32];
                int size = snprintf(name, sizeof(name), "%u of %u", i, starter->number);
                const struct bp_execution_start begin = {.id = bp_id_derive(name, (size_t)size),
                                                         .definition = starter->definition,
                                                         .params = &bp_value_empty_object};

                if (bp_runtime_start(starter->world->runtime, &begin) < 0)
                        return starter;
        }
        return NULL;
}

static void executions_are_started_from_any_thread(void **state) {
        struct world *world = world_new(&plain, NULL);
        const struct bp_definition *definition =
                define(world, "{\"name\": \"p\", \"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"pure\"},"
                              "{\"id\": \"s1\", \"name\": \"b\", \"action\": \"heavy\", \"depends_on\": [\"s0\"]}]}");
        struct starter starters[STARTERS];

        (void)state;
        world_begin(world);
        for (unsigned i = 0; i < STARTERS; i++) {
                starters[i] = (struct starter){.world = world, .definition = definition, .number = i};
                assert_int_equal(pthread_create(&starters[i].thread, NULL, start_many, &starters[i]), 0);
        }
        for (unsigned i = 0; i < STARTERS; i++) {
                void *failed;

                pthread_join(starters[i].thread, &failed);
                assert_null(failed);
        }
        await_ended(world, STARTERS * STARTS);
        world_end(world);
        assert_int_equal(stage.n_calls, STARTERS * STARTS * 2);
        bp_definition_unref(definition);
        world_free(world);
}

static void a_paused_execution_starts_nothing_until_it_goes_on(void **state) {
        struct world *world = world_new(&plain, NULL);
        struct bp_id id;

        (void)state;
        world_begin(world);
        id = start(world, "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"gate\"},"
                          "{\"id\": \"s1\", \"name\": \"b\", \"action\": \"pure\", \"depends_on\": [\"s0\"]}]");
        await_inside(1);
        bp_runtime_pause(world->runtime, id, true, NULL);
        await_record(world, BP_RECORD_EXECUTION_PAUSED, BP_NO_STEP);
        stage_open_gate();
        await_record(world, BP_RECORD_STEP_ENDED, 0);
        start(world, ONE("outside"));
        await_ended(world, 1);
        assert_int_equal(calls_of("pure", NULL), 0);
        bp_runtime_pause(world->runtime, id, false, NULL);
        await_ended(world, 2);
        world_end(world);
        assert_int_equal(calls_of("pure", "s1"), 1);
        assert_int_equal(ended_as(world, id)->state, BP_EXECUTION_COMPLETED);
        world_free(world);
}

static void stopping_does_not_wait_for_what_only_sleeps(void **state) {
        struct world *world = world_new(&plain, NULL);
        int64_t begun_us = bp_mono_now().us;

        (void)state;
        world_begin(world);
        start(world,
              "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"sleep\", \"params\": {\"seconds\": 900}}]");
        await_record(world, BP_RECORD_STEP_WAITING, 0);
        world_end(world);
        assert_true(bp_mono_now().us - begun_us < INT64_C(20) * 1000000);
        assert_int_equal(world->n_ended, 0);
        world_free(world);
}

static void stopping_lets_attempts_finish(void **state) {
        struct world *world = world_new(&plain, NULL);

        (void)state;
        world_begin(world);
        start(world, ONE("deaf"));
        await_inside(1);
        bp_runtime_stop(world->runtime);
        stage_open_gate();
        pthread_join(world->thread, NULL);
        assert_int_equal(world->n_ended, 1);
        assert_int_equal(world->ended[0].state, BP_EXECUTION_COMPLETED);
        world_free(world);
}

static void what_does_not_finish_in_time_is_left_or_interrupted(void **state) {
        const struct bp_runtime_settings settings = {.drain_seconds = 1};
        struct journal_double *journal = journal_new();
        struct world *world = world_new(&settings, journal);
        struct bp_id once;

        (void)state;
        journal->at_once = true;
        world_begin(world);
        start(world, ONE("gate"));
        once = start(world, ONE("gate_once"));
        await_inside(2);
        world_end(world);
        assert_int_equal(count_records(world, BP_RECORD_STEP_ENDED, 0), 1);
        assert_int_equal(count_records(world, BP_RECORD_STEP_STARTED, 0), 2);
        for (size_t i = 0; i < world->n_records; i++)
                if (world->records[i].type == BP_RECORD_STEP_ENDED)
                        assert_memory_equal(&world->records[i].execution, &once, sizeof(once));
        assert_int_equal(world->n_not_durable, 0);
        world_free(world);
        test_free(journal);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(with_nothing_to_do_it_returns),
                cmocka_unit_test(it_can_run_again_after_it_was_idle),
                cmocka_unit_test(what_never_ran_is_given_back),
                cmocka_unit_test(commands_about_unknown_executions_are_ignored),
                cmocka_unit_test(an_id_that_is_live_is_not_started_twice),
                cmocka_unit_test(a_slow_chain_leaves_room_for_a_short_one),
                cmocka_unit_test(executions_are_started_from_any_thread),
                cmocka_unit_test(a_paused_execution_starts_nothing_until_it_goes_on),
                cmocka_unit_test(stopping_does_not_wait_for_what_only_sleeps),
                cmocka_unit_test(stopping_lets_attempts_finish),
                cmocka_unit_test(what_does_not_finish_in_time_is_left_or_interrupted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
