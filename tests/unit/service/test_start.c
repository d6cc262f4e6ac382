/* SPDX-License-Identifier: Apache-2.0 */
/* Starts: what is answered when, what is refused, and one execution for one key. */
#include "house.h"

#include <sqlite3.h>

#define CHAIN                                                                                                \
        "\"outputs\": {\"n\": \"{{ steps.s1.outputs.n }}\"}, \"steps\": [{\"id\": \"s0\", \"name\": \"a\", " \
        "\"action\": \"pure\", "                                                                             \
        "\"params\": {\"n\": 40}}, {\"id\": \"s1\", \"name\": \"b\", \"action\": \"pure\", \"depends_on\": " \
        "[\"s0\"], \"params\": {\"n\": \"{{ steps.s0.outputs.n }}\"}}]"
#define GATE "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"gate\"}]"

static void a_chain_of_pure_steps_is_answered_with_its_end(void **state) {
        struct told told = TOLD;
        struct bp_id id = begin(*state, CHAIN, &told);
        struct bp_execution_row row = row_of(*state, id);

        assert_int_equal(told.state, BP_EXECUTION_COMPLETED);
        assert_string_equal(told.outputs, "{\"n\":42}");
        assert_true(told.started_at.us > 0 && told.ended_at.us >= told.started_at.us);
        assert_int_equal(row.state, BP_EXECUTION_COMPLETED);
        assert_string_equal(row.outputs.text, "{\"n\":42}");
}

static void a_start_with_effects_is_answered_before_its_end(void **state) {
        struct told start = TOLD, end = TOLD;
        struct bp_id id = begin(*state, GATE, &start);

        assert_int_equal(start.state, BP_EXECUTION_RUNNING);
        assert_int_equal(bp_service_active(((struct house *)*state)->service), 1);
        stage_open_gate();
        await_end(*state, id, &end);
        assert_int_equal(end.state, BP_EXECUTION_COMPLETED);
        assert_string_equal(end.outputs, "{}");
}

static void wrong_starts_are_refused_before_anything_runs(void **state) {
        struct house *house = *state;
        struct told told = TOLD;
        struct bp_value unknown = pipeline_of(house,
                                              "\"steps\": [{\"id\": \"s\", \"name\": \"s\", \"action\": \"nope\"}]"),
                        needy = pipeline_of(house, "\"parameters\": [{\"name\": \"p\"}], " GATE),
                        broken = pipeline_of(house, "\"steps\": 3");
        struct started tried;

        tried = try_start(house, (struct bp_service_start){.document = &unknown}, &told);
        assert_int_equal(tried.result, BP_SERVICE_INVALID);
        assert_string_equal(tried.errors.items[0]->code, "UNKNOWN_ACTION");
        assert_string_equal(tried.errors.items[0]->pointer, "/steps/0/action");
        tried = try_start(house, (struct bp_service_start){.document = &needy}, &told);
        assert_int_equal(tried.result, BP_SERVICE_INVALID);
        assert_string_equal(tried.errors.items[0]->pointer, "/params/p");
        tried = try_start(house, (struct bp_service_start){.document = &broken}, &told);
        assert_int_equal(tried.result, BP_SERVICE_INVALID);
        assert_string_equal(tried.errors.items[0]->code, "SCHEMA");
        tried = try_start(house, (struct bp_service_start){.pipeline = bp_id_derive("none", 4)}, &told);
        assert_int_equal(tried.result, BP_STORE_NOT_FOUND);
        assert_int_equal(told.n, 0);
        assert_int_equal(bp_service_active(house->service), 0);
}

static struct bp_store_key key_of(const char *key) {
        return (struct bp_store_key){
                .scope = "test", .key = key, .subject = bp_id_derive(key, strlen(key)), .created_at = bp_wall_now()};
}

static void a_repeated_start_finds_the_execution(void **state) {
        struct house *house = *state;
        struct bp_store_key key = key_of("k1");
        struct told first = TOLD, second = TOLD, third = TOLD, end = TOLD;
        struct bp_value document = pipeline_of(house, "\"parameters\": [{\"name\": \"p\", \"default\": 7}], " GATE);
        const struct bp_service_start start = {.document = &document, .key = &key};
        struct started tried = try_start(house, start, &first), again;

        assert_int_equal(tried.result, 0);
        await_told(&first);
        again = try_start(house, start, &second);
        assert_int_equal(again.result, 0);
        await_told(&second);
        assert_memory_equal(&again.started.id, &key.subject, sizeof(key.subject));
        assert_int_equal(second.state, BP_EXECUTION_RUNNING);
        assert_int_equal(bp_value_get(&again.started.params, "p")->as.integer, 7);
        assert_int_equal(again.started.created_at.us, tried.started.created_at.us);
        stage_open_gate();
        await_end(house, key.subject, &end);
        again = try_start(house, start, &third);
        assert_int_equal(again.result, 0);
        await_told(&third);
        assert_int_equal(third.state, BP_EXECUTION_COMPLETED);
        assert_int_equal(calls_of("gate", NULL), 1);
}

struct contest {
        struct house *house;
        const struct bp_service_start *start;
        struct told told;
        int result;
};

static void *compete(void *argument) {
        struct contest *contest = argument;
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_problem_list errors = {.arena = arena};
        struct bp_service_started started;

        contest->result = bp_service_start(contest->house->service, contest->start, arena, &errors, &started, tell,
                                           &contest->told);
        if (contest->result == 0)
                bp_definition_unref(started.definition);
        bp_arena_free(arena);
        return NULL;
}

static void starts_with_one_key_make_one_execution(void **state) {
        enum { ROUNDS = 25, RIVALS = 4 };
        struct house *house = *state;
        struct bp_value document = pipeline_of(house, CHAIN);

        for (int round = 0; round < ROUNDS; round++) {
                struct contest contests[RIVALS];
                pthread_t threads[RIVALS];
                char name[32];
                struct bp_store_key key;
                struct bp_service_start start = {
                        .document = &document, .params = &bp_value_empty_object, .initiator = "api", .key = &key};

                snprintf(name, sizeof(name), "round %d", round);
                key = key_of(name);
                for (int i = 0; i < RIVALS; i++) {
                        contests[i] = (struct contest){.house = house, .start = &start, .told = TOLD};
                        assert_int_equal(pthread_create(&threads[i], NULL, compete, &contests[i]), 0);
                }
                for (int i = 0; i < RIVALS; i++) {
                        pthread_join(threads[i], NULL);
                        assert_int_equal(contests[i].result, 0);
                        await_told(&contests[i].told);
                        assert_int_equal(contests[i].told.result, 0);
                        assert_memory_equal(&contests[i].told.id, &key.subject, sizeof(key.subject));
                }
        }
        assert_int_equal(calls_of("pure", "s0"), ROUNDS);
}

static void a_stopping_service_takes_nothing(void **state) {
        struct house *house = *state;
        struct told told = TOLD;
        struct bp_value document = pipeline_of(house, CHAIN);
        struct started tried;

        house_end(house);
        tried = try_start(house, (struct bp_service_start){.document = &document}, &told);
        assert_int_equal(tried.result, BP_SERVICE_UNAVAILABLE);
        assert_string_equal(tried.errors.items[0]->code, "STOPPING");
        assert_int_equal(told.n, 0);
}

static void await_ready(struct house *house, int expected) {
        struct timespec until = patience_ends(), now;

        do {
                assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
                assert_true(now.tv_sec < until.tv_sec);
                usleep(1000);
        } while (bp_service_ready(house->service, NULL) != expected);
}

/* Another program holds the database's lock for a while. */
static void executions_wait_while_the_store_cannot_write(void **state) {
        struct house *house = *state;
        struct told start = TOLD, end = TOLD, refused = TOLD, later = TOLD;
        struct bp_value document = pipeline_of(house, CHAIN);
        struct bp_id id = begin(house, GATE, &start);
        struct bp_service_wait *wait;
        struct started tried;
        sqlite3 *other;

        await_inside(1);
        assert_int_equal(sqlite3_open(house->path, &other), SQLITE_OK);
        assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(bp_service_wait(house->service, id, tell, &end, &wait), 0);
        stage_open_gate();
        await_ready(house, BP_SERVICE_UNAVAILABLE);
        tried = try_start(house, (struct bp_service_start){.document = &document}, &refused);
        assert_int_equal(tried.result, BP_SERVICE_UNAVAILABLE);
        assert_true(tried.errors.items[0]->retryable);
        assert_int_equal(end.n, 0);
        assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(other);
        await_told(&end);
        assert_int_equal(end.state, BP_EXECUTION_COMPLETED);
        assert_false(bp_service_unwait(house->service, wait));
        await_ready(house, 0);
        tried = try_start(house, (struct bp_service_start){.document = &document}, &later);
        assert_int_equal(tried.result, 0);
        await_told(&later);
        assert_int_equal(refused.n, 0);
        assert_non_null(strstr(house->notices, "the store does not write"));
        assert_non_null(strstr(house->notices, "writes again"));
}

static void two_gates_in_a_row_stop_after_the_first(void **state) {
        struct house *house = *state;
        struct told start = TOLD, end = TOLD;
        struct bp_id id = begin(house,
                                "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"gate\"}, {\"id\": \"s1\", "
                                "\"name\": \"b\", \"action\": \"outside\", \"depends_on\": [\"s0\"]}]",
                                &start);

        await_inside(1);
        bp_service_stop(house->service);
        stage_open_gate();
        pthread_join(house->thread, NULL);
        house->running = false;
        assert_int_equal(calls_of("outside", NULL), 0);
        assert_int_equal(step_state(house, id, 0), BP_STEP_COMPLETED);
        assert_int_equal(row_of(house, id).state, BP_EXECUTION_RUNNING);
        house_close(house);
        house_open(house);
        house_begin(house);
        await_end(house, id, &end);
        assert_int_equal(end.state, BP_EXECUTION_COMPLETED);
        assert_int_equal(calls_of("gate", NULL), 1);
        assert_int_equal(calls_of("outside", NULL), 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_BOTH_DRIVERS(a_chain_of_pure_steps_is_answered_with_its_end),
                ON_BOTH_DRIVERS(a_start_with_effects_is_answered_before_its_end),
                ON_BOTH_DRIVERS(wrong_starts_are_refused_before_anything_runs),
                ON_BOTH_DRIVERS(a_repeated_start_finds_the_execution),
                ON_BOTH_DRIVERS(starts_with_one_key_make_one_execution),
                ON_BOTH_DRIVERS(a_stopping_service_takes_nothing),
                cmocka_unit_test_setup_teardown(executions_wait_while_the_store_cannot_write, setup_sqlite, teardown),
                cmocka_unit_test_setup_teardown(two_gates_in_a_row_stop_after_the_first, setup_sqlite, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
