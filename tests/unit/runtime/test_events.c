/* SPDX-License-Identifier: Apache-2.0 */
/* Steps that wait for events: which event reaches which step, and when. */
#include "world.h"

static const struct bp_runtime_settings plain;
static const struct bp_runtime_settings virtual_time = {.virtual_time = true};

static struct bp_id start_waiting(struct world *world, const char *external_id) {
        char members[256];

        snprintf(members, sizeof(members),
                 "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"await\", \"params\": {\"id\": \"%s\"}}]",
                 external_id);
        return start(world, members);
}

static void an_event_decides_how_its_step_ends(void **state) {
        static const struct {
                const char *event, *code, *text;
                enum bp_step_state expected;
        } cases[] = {
                {"{\"type\": \"success\"}", "", "success", BP_STEP_COMPLETED},
                {"{\"type\": \"failure\"}", "REPORTED", "", BP_STEP_FAILED},
                {"{\"no\": \"type\"}", "", "unknown", BP_STEP_COMPLETED},
        };

        (void)state;
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct world *world = world_new(&plain, NULL);

                world_begin(world);
                start_waiting(world, "x-1");
                await_record(world, BP_RECORD_STEP_WAITING, 0);
                send_event(world, "another", "{\"type\": \"failure\"}");
                send_event(world, "x-1", cases[i].event);
                await_ended(world, 1);
                world_end(world);
                assert_int_equal(world->ended[0].steps[0].state, cases[i].expected);
                assert_string_equal(world->ended[0].steps[0].code, cases[i].code);
                assert_string_equal(world->ended[0].steps[0].text, cases[i].text);
                world_free(world);
        }
}

static void an_event_that_came_first_is_kept_for_its_step(void **state) {
        struct world *world = world_new(&plain, NULL);

        (void)state;
        send_event(world, "x-1", "{\"type\": \"early\"}");
        start_waiting(world, "x-1");
        world_run(world);
        assert_int_equal(world->ended[0].state, BP_EXECUTION_COMPLETED);
        assert_string_equal(world->ended[0].steps[0].text, "early");
        world_free(world);
}

static void events_of_a_step_are_handled_in_the_order_they_came(void **state) {
        struct world *world = world_new(&plain, NULL);
        double last = 0;
        char event[64];

        (void)state;
        world_begin(world);
        start_waiting(world, "x-1");
        for (int i = 1; i <= 50; i++) {
                snprintf(event, sizeof(event), "{\"type\": \"progress\", \"percent\": %d}", i);
                send_event(world, "x-1", event);
        }
        send_event(world, "x-1", "{\"type\": \"done\"}");
        await_ended(world, 1);
        world_end(world);
        assert_int_equal(world->ended[0].state, BP_EXECUTION_COMPLETED);
        for (size_t i = 0; i < world->n_records; i++)
                if (world->records[i].type == BP_RECORD_STEP_PROGRESS) {
                        assert_true(world->records[i].percent > last);
                        last = world->records[i].percent;
                }
        assert_float_equal(last, 50, 0);
        assert_int_equal(calls_of("progress", "s0"), 50);
        world_free(world);
}

static void an_ignored_event_leaves_the_step_waiting(void **state) {
        struct world *world = world_new(&plain, NULL);

        (void)state;
        send_event(world, "x-1", "{\"type\": \"ignore\"}");
        send_event(world, "x-1", "{\"type\": \"ignore\"}");
        send_event(world, "x-1", "{\"type\": \"meant\"}");
        start_waiting(world, "x-1");
        world_run(world);
        assert_string_equal(world->ended[0].steps[0].text, "meant");
        assert_int_equal(calls_of("ignore", "s0"), 2);
        world_free(world);
}

static void of_two_executions_that_wait_for_one_id_each_gets_its_event(void **state) {
        struct world *world = world_new(&plain, NULL);
        struct bp_id first, second;

        (void)state;
        world_begin(world);
        first = start_waiting(world, "x-1");
        await_record(world, BP_RECORD_STEP_WAITING, 0);
        second = start_waiting(world, "x-1");
        await_calls(2);
        send_event(world, "x-1", "{\"type\": \"one\"}");
        send_event(world, "x-1", "{\"type\": \"two\"}");
        await_ended(world, 2);
        world_end(world);
        assert_string_equal(ended_as(world, first)->steps[0].text, "one");
        assert_string_equal(ended_as(world, second)->steps[0].text, "two");
        world_free(world);
}

static void a_wait_without_its_event_times_out(void **state) {
        struct world *world = world_new(&virtual_time, NULL);

        (void)state;
        start(world, "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"await\","
                     "\"params\": {\"id\": \"x-1\", \"timeout\": 5000}}]");
        start_waiting(world, "x-2");
        world_run(world);
        assert_int_equal(world->n_ended, 2);
        for (size_t i = 0; i < 2; i++)
                assert_int_equal(world->ended[i].steps[0].state, BP_STEP_TIMEOUT);
        /* Half an hour unless the step says otherwise. */
        assert_int_equal(world->ended[0].lasted_us / 1000000, 1800);
        assert_int_equal(world->ended[1].lasted_us / 1000000, 5000);
        world_free(world);
}

static void an_event_needs_its_own_wait_to_be_durable(void **state) {
        struct journal_double *journal = journal_new();
        struct world *world = world_new(&plain, journal);
        uint64_t ticket;

        (void)state;
        world_begin(world);
        send_event(world, "x-1", "{\"type\": \"early\"}");
        start_waiting(world, "x-1");
        journal_confirm(journal, journal_await(journal, BP_RECORD_STEP_STARTED, 0));
        ticket = journal_await(journal, BP_RECORD_STEP_WAITING, 0);
        assert_int_equal(calls_of("early", NULL), 0);
        journal_confirm(journal, ticket);
        await_calls(2);
        journal_let_go(journal);
        await_ended(world, 1);
        world_end(world);
        assert_string_equal(world->ended[0].steps[0].text, "early");
        world_free(world);
        test_free(journal);
}

static void cancelling_ends_a_wait_and_a_later_event_disturbs_nobody(void **state) {
        struct world *world = world_new(&plain, NULL);
        struct bp_id id;

        (void)state;
        world_begin(world);
        id = start_waiting(world, "x-1");
        await_record(world, BP_RECORD_STEP_WAITING, 0);
        bp_runtime_cancel(world->runtime, id, NULL, NULL);
        await_ended(world, 1);
        send_event(world, "x-1", "{\"type\": \"late\"}");
        send_event(world, "x-2", "{\"type\": \"early\"}");
        start_waiting(world, "x-2");
        await_ended(world, 2);
        world_end(world);
        assert_int_equal(ended_as(world, id)->state, BP_EXECUTION_CANCELLED);
        assert_int_equal(calls_of("late", NULL), 0);
        world_free(world);
}

/* Two completions come before the first is durable: the second is late, and nothing is told of it after the end. */
static void an_event_after_the_last_is_late(void **state) {
        struct journal_double *journal = journal_new();
        struct world *world = world_new(&plain, journal);

        (void)state;
        world_begin(world);
        start_waiting(world, "x-1");
        journal_confirm(journal, journal_await(journal, BP_RECORD_STEP_STARTED, 0));
        journal_confirm(journal, journal_await(journal, BP_RECORD_STEP_WAITING, 0));
        await_record(world, BP_RECORD_STEP_WAITING, 0);
        send_event(world, "x-1", "{\"type\": \"first\"}");
        send_event(world, "x-1", "{\"type\": \"second\"}");
        journal_await(journal, BP_RECORD_EXECUTION_ENDED, BP_NO_STEP);
        journal_let_go(journal);
        await_ended(world, 1);
        world_end(world);
        assert_string_equal(world->ended[0].steps[0].text, "first");
        assert_int_equal(calls_of("second", NULL), 0);
        assert_int_equal(world->n_after_end, 0);
        world_free(world);
        test_free(journal);
}

/* A handler is under way when its execution is cancelled, writes a line and completes once the end has been told. */
static void what_an_event_comes_to_after_the_end_is_told_to_nobody(void **state) {
        struct journal_double *journal = journal_new();
        struct world *world = world_new(&plain, journal);
        struct bp_id id;

        (void)state;
        journal->at_once = true;
        world_begin(world);
        id = start_waiting(world, "x-1");
        await_record(world, BP_RECORD_STEP_WAITING, 0);
        send_event(world, "x-1", "{\"type\": \"gate\"}");
        await_inside(1);
        bp_runtime_cancel(world->runtime, id, NULL, NULL);
        await_ended(world, 1);
        stage_open_gate();
        world_end(world);
        assert_int_equal(ended_as(world, id)->state, BP_EXECUTION_CANCELLED);
        assert_int_equal(world->n_after_end, 0);
        world_free(world);
        test_free(journal);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_event_decides_how_its_step_ends),
                cmocka_unit_test(an_event_that_came_first_is_kept_for_its_step),
                cmocka_unit_test(events_of_a_step_are_handled_in_the_order_they_came),
                cmocka_unit_test(an_ignored_event_leaves_the_step_waiting),
                cmocka_unit_test(of_two_executions_that_wait_for_one_id_each_gets_its_event),
                cmocka_unit_test(a_wait_without_its_event_times_out),
                cmocka_unit_test(an_event_needs_its_own_wait_to_be_durable),
                cmocka_unit_test(cancelling_ends_a_wait_and_a_later_event_disturbs_nobody),
                cmocka_unit_test(an_event_after_the_last_is_late),
                cmocka_unit_test(what_an_event_comes_to_after_the_end_is_told_to_nobody),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
