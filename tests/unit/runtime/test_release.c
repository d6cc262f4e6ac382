/* SPDX-License-Identifier: Apache-2.0 */
/* The output commit rule, literally: what touches the outside starts only when its own start is durable. */
#include "world.h"

#define CHAIN_OF_PURE                                                                        \
        "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"pure\"},"               \
        "{\"id\": \"s1\", \"name\": \"b\", \"action\": \"pure\", \"depends_on\": [\"s0\"]}," \
        "{\"id\": \"s2\", \"name\": \"c\", \"action\": \"pure\", \"depends_on\": [\"s1\"]}]"

static const struct bp_runtime_settings plain;

static void pure_steps_run_at_once_and_are_shown_when_durable(void **state) {
        struct journal_double *journal = journal_new();
        struct world *world = world_new(&plain, journal);

        (void)state;
        world_begin(world);
        start(world, CHAIN_OF_PURE);
        await_calls(3);
        assert_int_equal(journal->confirmed, 0);
        assert_int_equal(count_records(world, BP_RECORD_EXECUTION_STARTED, BP_NO_STEP), 0);
        assert_int_equal(ended_count(world), 0);
        journal_await(journal, BP_RECORD_EXECUTION_ENDED, BP_NO_STEP);
        journal_let_go(journal);
        await_ended(world, 1);
        world_end(world);
        assert_int_equal(world->ended[0].state, BP_EXECUTION_COMPLETED);
        assert_int_equal(world->n_not_durable, 0);
        world_free(world);
        test_free(journal);
}

static void a_chain_of_pure_steps_is_one_commit(void **state) {
        struct journal_double *journal = journal_new();
        struct world *world = world_new(&plain, journal);

        (void)state;
        journal->at_once = true;
        start(world, CHAIN_OF_PURE);
        world_run(world);
        assert_int_equal(calls_of("pure", NULL), 3);
        assert_int_equal(journal->committed, 1);
        world_free(world);
        test_free(journal);
}

static void outside_effects_wait_for_their_own_start(void **state) {
        static const struct {
                const char *action, *pipeline;
        } cases[] = {
                {"outside", "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"outside\"}]"},
                {"once", "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"once\"}]"},
        };

        (void)state;
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct journal_double *journal = journal_new();
                struct world *world = world_new(&plain, journal);
                uint64_t ticket;

                world_begin(world);
                start(world, cases[i].pipeline);
                ticket = journal_await(journal, BP_RECORD_STEP_STARTED, 0);
                /* Another execution goes all the way through the same thread: the first one had its turn. */
                start(world, CHAIN_OF_PURE);
                await_calls(3);
                assert_int_equal(calls_of(cases[i].action, NULL), 0);
                journal_confirm(journal, ticket);
                await_calls(4);
                assert_int_equal(calls_of(cases[i].action, "s0"), 1);
                journal_let_go(journal);
                await_ended(world, 2);
                world_end(world);
                world_free(world);
                test_free(journal);
        }
}

/* What a step states about its effect decides when it runs, not where: such steps start together, in one commit. */
static void steps_that_count_as_more_than_pure_start_together(void **state) {
        struct journal_double *journal = journal_new();
        struct world *world = world_new(&plain, journal);
        uint64_t ticket;

        (void)state;
        world_begin(world);
        start(world, "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"pure\", \"effect\": \"idempotent\"},"
                     "{\"id\": \"s1\", \"name\": \"b\", \"action\": \"pure\", \"effect\": \"idempotent\"},"
                     "{\"id\": \"s2\", \"name\": \"c\", \"action\": \"pure\", \"effect\": \"idempotent\"}]");
        ticket = journal_await(journal, BP_RECORD_STEP_STARTED, 2);
        assert_int_equal(ticket, journal_await(journal, BP_RECORD_STEP_STARTED, 0));
        assert_int_equal(calls_of("pure", NULL), 0);
        journal_confirm(journal, ticket);
        await_calls(3);
        journal_let_go(journal);
        await_ended(world, 1);
        world_end(world);
        assert_int_equal(world->ended[0].state, BP_EXECUTION_COMPLETED);
        world_free(world);
        test_free(journal);
}

/* Confirms late and in jumps: most tickets are never confirmed themselves, only by a later one. */
struct confirmer {
        struct journal_double *journal;
        bool done;
        pthread_t thread;
};

static void *confirm_every_third(void *argument) {
        struct confirmer *confirmer = argument;
        struct journal_double *journal = confirmer->journal;
        bool done = false;

        while (!done) {
                struct timespec until = in_a_moment();
                uint64_t committed;
                bool quiet;

                pthread_mutex_lock(&journal->mutex);
                quiet = pthread_cond_timedwait(&journal->changed, &journal->mutex, &until) == ETIMEDOUT;
                committed = journal->committed;
                done = confirmer->done;
                pthread_mutex_unlock(&journal->mutex);
                if (quiet || committed % 3 == 0)
                        journal_confirm(journal, committed);
        }
        return NULL;
}

static void no_effect_is_ahead_of_its_record_under_load(void **state) {
        enum { EXECUTIONS = 60 };
        static const char mixed[] =
                "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"outside\"},"
                "{\"id\": \"s1\", \"name\": \"b\", \"action\": \"pure\", \"depends_on\": [\"s0\"]},"
                "{\"id\": \"s2\", \"name\": \"c\", \"action\": \"once\", \"depends_on\": [\"s1\"]},"
                "{\"id\": \"s3\", \"name\": \"d\", \"action\": \"heavy\", \"depends_on\": [\"s0\"]},"
                "{\"id\": \"s4\", \"name\": \"e\", \"action\": \"outside\","
                " \"depends_on\": [\"s2\", \"s3\"]}]";
        struct journal_double *journal = journal_new();
        struct world *world = world_new(&plain, journal);
        struct confirmer confirmer = {.journal = journal};
        uint64_t last[EXECUTIONS] = {0};

        (void)state;
        assert_int_equal(pthread_create(&confirmer.thread, NULL, confirm_every_third, &confirmer), 0);
        world_begin(world);
        for (unsigned i = 0; i < EXECUTIONS; i++)
                start(world, mixed);
        await_ended(world, EXECUTIONS);
        world_end(world);
        pthread_mutex_lock(&journal->mutex);
        confirmer.done = true;
        pthread_mutex_unlock(&journal->mutex);
        pthread_join(confirmer.thread, NULL);
        assert_int_equal(stage.n_calls, EXECUTIONS * 5);
        for (size_t i = 0; i < stage.n_calls; i++)
                if (strcmp(stage.calls[i].action, "pure") != 0)
                        assert_true(stage.calls[i].start_was_durable);
        assert_int_equal(world->n_not_durable, 0);
        for (size_t i = 0; i < world->n_ended; i++)
                assert_int_equal(world->ended[i].state, BP_EXECUTION_COMPLETED);
        /* Each execution's records are shown in order, without a gap. */
        for (size_t i = 0; i < world->n_records; i++)
                for (unsigned k = 0; k < EXECUTIONS; k++)
                        if (memcmp(&world->records[i].execution, &world->ended[k].id, sizeof(struct bp_id)) == 0)
                                assert_int_equal(world->records[i].sequence, ++last[k]);
        world_free(world);
        test_free(journal);
}

static void a_refused_record_breaks_the_execution_and_nothing_leaves(void **state) {
        struct journal_double *journal = journal_new();
        struct world *world = world_new(&plain, journal);

        (void)state;
        journal->at_once = true;
        journal->refuse_from = 1;
        start(world, "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"once\"}]");
        world_run(world);
        assert_int_equal(stage.n_calls, 0);
        assert_int_equal(world->n_records, 0);
        assert_int_equal(world->n_ended, 0);
        assert_int_equal(world->n_broken, 1);
        assert_int_equal(world->broken_error, -EIO);
        world_free(world);
        test_free(journal);
}

static void cancelled_before_its_start_is_durable_an_attempt_never_begins(void **state) {
        struct journal_double *journal = journal_new();
        struct world *world = world_new(&plain, journal);
        struct bp_id id;

        (void)state;
        world_begin(world);
        id = start(world,
                   "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"gate\", \"timeout_seconds\": 5}]");
        journal_await(journal, BP_RECORD_STEP_STARTED, 0);
        bp_runtime_cancel(world->runtime, id, "changed my mind", NULL);
        journal_await(journal, BP_RECORD_CANCEL_REQUESTED, BP_NO_STEP);
        journal_let_go(journal);
        await_ended(world, 1);
        world_end(world);
        assert_int_equal(world->ended[0].state, BP_EXECUTION_CANCELLED);
        assert_int_equal(stage.most_inside, 0);
        world_free(world);
        test_free(journal);
}

static void lines_are_shown_after_the_records_before_them(void **state) {
        struct journal_double *journal = journal_new();
        struct world *world = world_new(&plain, journal);

        (void)state;
        world_begin(world);
        start(world, "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"chatty_inline\"}]");
        journal_await(journal, BP_RECORD_EXECUTION_ENDED, BP_NO_STEP);
        assert_int_equal(line_count(world), 0);
        journal_let_go(journal);
        await_ended(world, 1);
        world_end(world);
        assert_int_equal(world->n_lines, 3);
        for (size_t i = 0; i < 3; i++) {
                bool started = false;

                for (size_t k = 0; k < world->lines[i].n_records_before; k++)
                        started |= world->records[k].type == BP_RECORD_STEP_STARTED;
                assert_true(started);
                assert_int_equal(world->lines[i].message[0], '0' + (int)i);
        }
        world_free(world);
        test_free(journal);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(pure_steps_run_at_once_and_are_shown_when_durable),
                cmocka_unit_test(a_chain_of_pure_steps_is_one_commit),
                cmocka_unit_test(outside_effects_wait_for_their_own_start),
                cmocka_unit_test(steps_that_count_as_more_than_pure_start_together),
                cmocka_unit_test(no_effect_is_ahead_of_its_record_under_load),
                cmocka_unit_test(a_refused_record_breaks_the_execution_and_nothing_leaves),
                cmocka_unit_test(cancelled_before_its_start_is_durable_an_attempt_never_begins),
                cmocka_unit_test(lines_are_shown_after_the_records_before_them),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
