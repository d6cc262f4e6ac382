/* SPDX-License-Identifier: Apache-2.0 */
/* What can be asked of live executions: waits, commands, subscriptions, retries. */
#include "house.h"

#define STEP(id, action, more) "{\"id\": \"" id "\", \"name\": \"n\", \"action\": \"" action "\"" more "}"
#define AFTER(dependency) ", \"depends_on\": [\"" dependency "\"]"
#define STEPS(list) "\"steps\": [" list "]"
#define GATE STEPS(STEP("s0", "gate", ""))
#define CHAIN STEPS(STEP("s0", "pure", "") ", " STEP("s1", "pure", AFTER("s0")) ", " STEP("s2", "pure", AFTER("s1")))

/* ---- waits ---- */

static void waits_that_are_given_up_are_not_told(void **state) {
        struct house *house = *state;
        struct told start = TOLD, given_up = TOLD, end = TOLD, late = TOLD;
        struct bp_service_wait *wait;
        struct bp_id id = begin(house, GATE, &start);

        assert_int_equal(bp_service_wait(house->service, id, tell, &given_up, &wait), 0);
        assert_non_null(wait);
        assert_true(bp_service_unwait(house->service, wait));
        assert_int_equal(bp_service_wait(house->service, bp_id_derive("no", 2), tell, &given_up, &wait),
                         BP_STORE_NOT_FOUND);
        stage_open_gate();
        await_end(house, id, &end);
        assert_int_equal(given_up.n, 0);
        assert_int_equal(bp_service_wait(house->service, id, tell, &late, &wait), 0);
        assert_null(wait);
        assert_int_equal(late.n, 1);
        assert_int_equal(late.state, BP_EXECUTION_COMPLETED);
}

/* Waits and gives up at once, while executions end: each wait is told or given up, never both, never neither. */
static void waits_race_with_ends(void **state) {
        enum { ROUNDS = 300 };
        struct house *house = *state;
        unsigned n_told = 0, n_given_up = 0;

        for (int i = 0; i < ROUNDS; i++) {
                struct told start = TOLD, end = TOLD;
                struct bp_service_wait *wait;
                struct bp_id id = begin(house, STEPS(STEP("s0", "outside", "")), &start);

                assert_int_equal(bp_service_wait(house->service, id, tell, &end, &wait), 0);
                if (i % 3 == 0 && wait)
                        sched_yield();
                if (!wait) {
                        assert_int_equal(end.n, 1);
                        n_told++;
                } else if (bp_service_unwait(house->service, wait)) {
                        assert_int_equal(end.n, 0);
                        n_given_up++;
                } else {
                        await_told(&end);
                        n_told++;
                }
        }
        assert_int_equal(n_told + n_given_up, ROUNDS);
}

/* ---- commands ---- */

static void commands_are_answered_when_durable(void **state) {
        struct house *house = *state;
        struct told start = TOLD, pause = TOLD, again = TOLD, resume = TOLD, twice = TOLD, cancel = TOLD, end = TOLD,
                    late = TOLD, nobody = TOLD;
        struct bp_id id = begin(house, GATE, &start);

        await_inside(1);
        assert_int_equal(command(house, id, BP_SERVICE_PAUSE, &pause), 0);
        assert_int_equal(pause.state, BP_EXECUTION_PAUSED);
        assert_int_equal(row_of(house, id).state, BP_EXECUTION_PAUSED);
        assert_int_equal(command(house, id, BP_SERVICE_PAUSE, &again), 0);
        assert_int_equal(command(house, id, BP_SERVICE_RESUME, &resume), 0);
        assert_int_equal(resume.state, BP_EXECUTION_RUNNING);
        assert_int_equal(command(house, id, BP_SERVICE_RESUME, &twice), BP_STORE_CONFLICT);
        assert_int_equal(command(house, id, BP_SERVICE_CANCEL, &cancel), 0);
        await_end(house, id, &end);
        assert_int_equal(end.state, BP_EXECUTION_CANCELLED);
        assert_int_equal(command(house, id, BP_SERVICE_CANCEL, &late), BP_STORE_CONFLICT);
        assert_int_equal(late.state, BP_EXECUTION_CANCELLED);
        assert_int_equal(command(house, bp_id_derive("no", 2), BP_SERVICE_CANCEL, &nobody), BP_STORE_NOT_FOUND);
}

/* ---- subscriptions ---- */

static bool is_after(struct bp_position a, struct bp_position b) {
        return a.row > b.row || (a.row == b.row && a.sequence > b.sequence);
}

static void compare_with_the_store(struct house *house, struct seen *seen) {
        struct bp_feed_item *items;
        size_t n;

        assert_int_equal(bp_store_feed(bp_service_store(house->service), (struct bp_position){0}, SEEN_MAX,
                                       house->arena, &items, &n),
                         0);
        assert_int_equal(n, seen->n);
        for (size_t i = 0; i < n; i++) {
                assert_int_equal(items[i].position.row, seen->records[i].position.row);
                assert_int_equal(items[i].position.sequence, seen->records[i].position.sequence);
                assert_memory_equal(&items[i].execution, &seen->records[i].execution, sizeof(items[i].execution));
                assert_int_equal(items[i].record.type, seen->records[i].type);
        }
}

static void subscribers_see_every_record_once_in_order(void **state) {
        enum { EXECUTIONS = 200 };
        struct house *house = *state;
        struct seen *seen = seen_new(house, NULL);
        struct bp_value chain = pipeline_of(house, CHAIN),
                        wide = pipeline_of(house,
                                           STEPS(STEP("s0", "outside", "") ", " STEP("s1", "outside", "") ", " STEP(
                                                   "s2", "once", "") ", " STEP("s3", "outside", AFTER("s0"))));
        struct told *told = test_calloc(EXECUTIONS, sizeof(*told));

        for (size_t i = 0; i < EXECUTIONS; i++) {
                told[i] = (struct told)TOLD;
                assert_int_equal(
                        try_start(house, (struct bp_service_start){.document = i % 2 ? &chain : &wide}, &told[i])
                                .result,
                        0);
        }
        await_seen(seen, BP_RECORD_EXECUTION_ENDED, EXECUTIONS);
        house_end(house);
        for (size_t i = 1; i < seen->n; i++)
                assert_true(is_after(seen->records[i].position, seen->records[i - 1].position));
        compare_with_the_store(house, seen);
        seen_free(house, seen);
        test_free(told);
}

static void a_subscriber_of_one_sees_one_and_its_progress(void **state) {
        struct house *house = *state;
        struct told start = TOLD, other = TOLD, end = TOLD;
        struct bp_id id = begin(house, STEPS(STEP("s0", "gate", "") ", " STEP("s1", "pure", AFTER("s0"))), &start);
        struct seen *seen = seen_new(house, &id);

        begin(house, CHAIN, &other);
        stage_open_gate();
        await_end(house, id, &end);
        await_seen(seen, BP_RECORD_EXECUTION_ENDED, 1);
        house_end(house);
        for (size_t i = 0; i < seen->n; i++) {
                assert_memory_equal(&seen->records[i].execution, &id, sizeof(id));
                if (seen->records[i].type == BP_RECORD_STEP_ENDED)
                        assert_float_equal((float)seen->records[i].percent, seen->records[i].step ? 100 : 50, 0.01f);
        }
        assert_int_equal(count_seen(seen, BP_RECORD_STEP_ENDED), 2);
        seen_free(house, seen);
}

static void lines_are_kept_and_told(void **state) {
        struct house *house = *state;
        struct seen *seen = seen_new(house, NULL);
        struct told start = TOLD, end = TOLD;
        struct bp_id id = begin(house, STEPS(STEP("s0", "chatty", ", \"params\": {\"lines\": 5}")), &start);
        struct bp_store_line *lines;
        size_t n;

        await_end(house, id, &end);
        house_end(house);
        assert_int_equal(seen->n_lines, 5);
        seen_free(house, seen);
        if (strcmp(house->url, "memory:") != 0) {
                house_close(house);
                house_open(house);
        }
        assert_int_equal(bp_store_logs(bp_service_store(house->service), row_of(house, id).number, 0, 0, 10,
                                       house->arena, &lines, &n),
                         0);
        if (strcmp(house->url, "memory:") != 0) {
                assert_int_equal(n, 5);
                assert_string_equal(lines[4].message, "4");
        }
}

/* ---- retries ---- */

static struct started retry(struct house *house, struct bp_id id, const char *from_step, struct told *told) {
        const struct bp_service_retry asked = {.execution = id, .from_step = from_step, .initiator = "retry"};
        struct started tried = {.errors.arena = house->arena};

        tried.result =
                bp_service_retry(house->service, &asked, house->arena, &tried.errors, &tried.started, tell, told);
        if (tried.result == 0)
                bp_definition_unref(tried.started.definition);
        return tried;
}

#define HALF_BROKEN                                                                                              \
        STEPS(STEP("s0", "outside", "") ", " STEP("s1", "flaky_once", ", \"params\": {\"times\": 9}") ", " STEP( \
                "s2", "outside", AFTER("s1")) ", " STEP("s3", "once", AFTER("s0")))

static void a_retry_runs_what_failed_and_what_follows(void **state) {
        struct house *house = *state;
        struct told start = TOLD, first = TOLD, second = TOLD, end = TOLD;
        struct bp_id id = begin(house, "\"settings\": {\"fail_fast\": false}, " HALF_BROKEN, &start);
        struct started tried;
        struct bp_execution *execution;
        struct bp_execution_row row;

        await_end(house, id, &first);
        assert_int_equal(first.state, BP_EXECUTION_FAILED);
        tried = retry(house, id, NULL, &second);
        assert_int_equal(tried.result, 0);
        await_told(&second);
        await_end(house, tried.started.id, &end);
        assert_int_equal(end.state, BP_EXECUTION_FAILED);
        assert_int_equal(calls_of("outside", "s0"), 1);
        assert_int_equal(calls_of("once", "s3"), 1);
        assert_int_equal(calls_of("flaky", "s1"), 2);
        row = row_of(house, tried.started.id);
        assert_memory_equal(&row.retry_of, &id, sizeof(id));
        execution = folded(house, tried.started.id);
        assert_true(bp_execution_step(execution, 0).reused && bp_execution_step(execution, 3).reused);
        assert_false(bp_execution_step(execution, 1).reused);
        bp_execution_free(execution);
}

static void a_retry_from_a_step_runs_it_and_what_follows(void **state) {
        struct house *house = *state;
        struct told start = TOLD, second = TOLD, end = TOLD;
        struct bp_id id =
                begin(house,
                      "\"outputs\": {\"n\": \"{{ steps.s2.outputs.n }}\"}, \"parameters\": [{\"name\": "
                      "\"p\", \"default\": 5}], " STEPS(
                              STEP("s0", "pure", ", \"params\": {\"n\": \"{{ params.p }}\"}") ", " STEP(
                                      "s1", "pure",
                                      AFTER("s0") ", \"params\": {\"n\": \"{{ "
                                                  "steps.s0.outputs.n }}\"}") ", " STEP("s2", "pure",
                                                                                        AFTER("s1") ", \"params\": "
                                                                                                    "{\"n\": \"{{ "
                                                                                                    "steps.s1.outputs."
                                                                                                    "n }}\"}")),
                      &start);
        struct started tried;

        assert_string_equal(start.outputs, "{\"n\":8}");
        tried = retry(house, id, "s1", &second);
        assert_int_equal(tried.result, 0);
        await_told(&second);
        await_end(house, tried.started.id, &end);
        assert_int_equal(end.state, BP_EXECUTION_COMPLETED);
        assert_string_equal(end.outputs, "{\"n\":8}");
        assert_int_equal(calls_of("pure", "s0"), 1);
        assert_int_equal(calls_of("pure", "s1"), 2);
        assert_int_equal(calls_of("pure", "s2"), 2);
}

static void retries_that_make_no_sense_are_refused(void **state) {
        struct house *house = *state;
        struct told start = TOLD, live = TOLD, none = TOLD;
        struct bp_id done = begin(house, CHAIN, &start), running = begin(house, GATE, &live);
        struct started tried = retry(house, done, NULL, &none);

        assert_int_equal(tried.result, BP_SERVICE_INVALID);
        assert_string_equal(tried.errors.items[0]->code, "NOTHING_TO_RETRY");
        tried = retry(house, done, "nope", &none);
        assert_int_equal(tried.result, BP_SERVICE_INVALID);
        assert_string_equal(tried.errors.items[0]->code, "UNKNOWN_STEP");
        assert_int_equal(retry(house, running, NULL, &none).result, BP_STORE_CONFLICT);
        assert_int_equal(retry(house, bp_id_derive("no", 2), NULL, &none).result, BP_STORE_NOT_FOUND);
        assert_int_equal(none.n, 0);
        stage_open_gate();
}

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_BOTH_DRIVERS(waits_that_are_given_up_are_not_told),
                ON_BOTH_DRIVERS(waits_race_with_ends),
                ON_BOTH_DRIVERS(commands_are_answered_when_durable),
                ON_BOTH_DRIVERS(subscribers_see_every_record_once_in_order),
                ON_BOTH_DRIVERS(a_subscriber_of_one_sees_one_and_its_progress),
                ON_BOTH_DRIVERS(lines_are_kept_and_told),
                ON_BOTH_DRIVERS(a_retry_runs_what_failed_and_what_follows),
                ON_BOTH_DRIVERS(a_retry_from_a_step_runs_it_and_what_follows),
                ON_BOTH_DRIVERS(retries_that_make_no_sense_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
