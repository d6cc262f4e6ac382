/* SPDX-License-Identifier: Apache-2.0 */
/* What a durable owner relies on: rebuilt executions go on, commands are answered, chains are whole, a stop holds back.
 */
#include "world.h"

#include "base/strbuf.h"

static const struct bp_runtime_settings plain;

/* What came of one command. */
struct answer {
        pthread_mutex_t mutex;
        pthread_cond_t changed;
        unsigned count;
        int result;
};

#define ANSWER \
        { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .result = -1000 }

static void note_answer(void *userdata, int result) {
        struct answer *answer = userdata;

        pthread_mutex_lock(&answer->mutex);
        answer->count++;
        answer->result = result;
        pthread_cond_broadcast(&answer->changed);
        pthread_mutex_unlock(&answer->mutex);
}

static int await_answer(struct answer *answer) {
        struct timespec until = patience_ends();
        bool timed_out = false;

        pthread_mutex_lock(&answer->mutex);
        while (answer->count == 0 && !timed_out)
                timed_out = pthread_cond_timedwait(&answer->changed, &answer->mutex, &until) == ETIMEDOUT;
        pthread_mutex_unlock(&answer->mutex);
        assert_int_equal(answer->count, 1);
        return answer->result;
}

static void a_receipt_comes_when_the_command_is_durable(void **state) {
        struct journal_double *journal = journal_new();
        struct world *world = world_new(&plain, journal);
        struct answer answer = ANSWER, idle = ANSWER;
        const struct bp_receipt receipt = {note_answer, &answer}, idle_receipt = {note_answer, &idle};
        struct bp_id id;
        uint64_t ticket;

        (void)state;
        world_begin(world);
        id = start(world, "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"gate\"}]");
        journal_confirm(journal, journal_await(journal, BP_RECORD_STEP_STARTED, 0));
        assert_int_equal(bp_runtime_pause(world->runtime, id, true, &receipt), 0);
        ticket = journal_await(journal, BP_RECORD_EXECUTION_PAUSED, BP_NO_STEP);
        assert_int_equal(answer.count, 0);
        journal_confirm(journal, ticket);
        assert_int_equal(await_answer(&answer), 0);
        assert_int_equal(bp_runtime_pause(world->runtime, id, true, &idle_receipt), 0);
        assert_int_equal(await_answer(&idle), BP_COMMAND_IDLE);
        bp_runtime_pause(world->runtime, id, false, NULL);
        stage_open_gate();
        journal_let_go(journal);
        await_ended(world, 1);
        world_end(world);
        world_free(world);
        test_free(journal);
}

static void commands_that_reach_nobody_are_answered(void **state) {
        struct world *world = world_new(&plain, NULL);
        struct answer unknown = ANSWER, never = ANSWER;
        const struct bp_receipt unknown_receipt = {note_answer, &unknown}, never_receipt = {note_answer, &never};

        (void)state;
        bp_runtime_cancel(world->runtime, bp_id_derive("nobody", 6), NULL, &unknown_receipt);
        world_run(world);
        assert_int_equal(await_answer(&unknown), BP_COMMAND_UNKNOWN);
        bp_runtime_cancel(world->runtime, bp_id_derive("nobody", 6), NULL, &never_receipt);
        world_free(world);
        assert_int_equal(await_answer(&never), -ECANCELED);
}

static struct bp_execution *rebuilt(struct world *world, const char *json, const struct bp_record *records,
                                    size_t n_records) {
        const struct bp_definition *definition = define(world, json);
        const struct bp_execution_start start = {
                .id = bp_id_derive("rebuilt", 7), .definition = definition, .params = &bp_value_empty_object};
        struct bp_execution *execution;

        assert_int_equal(bp_execution_new(&start, NULL, &execution), 0);
        bp_definition_unref(definition);
        for (size_t i = 0; i < n_records; i++)
                assert_int_equal(bp_execution_apply(execution, &records[i]), 0);
        return execution;
}

#define TWO_STEPS                                                                                 \
        "{\"name\": \"p\", \"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"once\"}, " \
        "{\"id\": \"s1\", \"name\": \"b\", \"action\": \"pure\", \"depends_on\": [\"s0\"]}]}"

static void a_rebuilt_execution_goes_on_where_it_was(void **state) {
        const struct bp_record records[] = {
                {.type = BP_RECORD_EXECUTION_STARTED, .sequence = 1, .at = {1}, .step = BP_NO_STEP},
                {.type = BP_RECORD_STEP_STARTED,
                 .sequence = 2,
                 .at = {2},
                 .step = 0,
                 .attempt = 1,
                 .generation = 1,
                 .effect = BP_ONCE},
                {.type = BP_RECORD_STEP_ENDED,
                 .sequence = 3,
                 .at = {3},
                 .step = 0,
                 .attempt = 1,
                 .step_state = BP_STEP_COMPLETED},
        };
        struct world *world = world_new(&plain, NULL);

        (void)state;
        assert_int_equal(bp_runtime_adopt(world->runtime, rebuilt(world, TWO_STEPS, records, 3)), 0);
        world_run(world);
        assert_int_equal(calls_of("once", NULL), 0);
        assert_int_equal(calls_of("pure", "s1"), 1);
        assert_int_equal(world->n_ended, 1);
        assert_int_equal(world->ended[0].state, BP_EXECUTION_COMPLETED);
        world_free(world);
}

static void a_once_attempt_that_was_under_way_is_interrupted(void **state) {
        const struct bp_record records[] = {
                {.type = BP_RECORD_EXECUTION_STARTED, .sequence = 1, .at = {1}, .step = BP_NO_STEP},
                {.type = BP_RECORD_STEP_STARTED,
                 .sequence = 2,
                 .at = {2},
                 .step = 0,
                 .attempt = 1,
                 .generation = 1,
                 .effect = BP_ONCE},
        };
        struct world *world = world_new(&plain, NULL);

        (void)state;
        assert_int_equal(bp_runtime_adopt(world->runtime, rebuilt(world, TWO_STEPS, records, 2)), 0);
        world_run(world);
        assert_int_equal(calls_of(NULL, NULL), 0);
        assert_int_equal(world->ended[0].state, BP_EXECUTION_INTERRUPTED);
        world_free(world);
}

static void without_a_record_it_is_started(void **state) {
        struct world *world = world_new(&plain, NULL);

        (void)state;
        assert_int_equal(bp_runtime_adopt(world->runtime, rebuilt(world, TWO_STEPS, NULL, 0)), 0);
        world_run(world);
        assert_int_equal(calls_of(NULL, NULL), 2);
        assert_int_equal(world->ended[0].state, BP_EXECUTION_COMPLETED);
        world_free(world);
}

/* The caller gives it back. */
static const struct bp_definition *chain_of_pure(struct world *world, int length) {
        const struct bp_definition *definition;
        struct bp_strbuf json;

        bp_strbuf_init(&json, NULL, 1 << 16);
        bp_strbuf_add_text(&json,
                           "{\"name\": \"p\", \"steps\": [{\"id\": \"s0\", \"name\": \"n\", \"action\": \"pure\"}");
        for (int i = 1; i < length; i++)
                bp_strbuf_printf(
                        &json, ", {\"id\": \"s%d\", \"name\": \"n\", \"action\": \"pure\", \"depends_on\": [\"s%d\"]}",
                        i, i - 1);
        bp_strbuf_add_text(&json, "]}");
        definition = define(world, bp_strbuf_text(&json));
        bp_strbuf_done(&json);
        return definition;
}

static void assert_none_is_torn(const struct journal_double *journal) {
        for (size_t i = 0; i < journal->n_facts; i++)
                for (size_t k = i + 1; k < journal->n_facts; k++)
                        if (memcmp(&journal->facts[i].execution, &journal->facts[k].execution, sizeof(struct bp_id)) ==
                            0)
                                assert_int_equal(journal->facts[i].ticket, journal->facts[k].ticket);
}

/* Many chains in one turn's worth of letters: none is torn between two commits. */
static void chains_are_never_torn(void **state) {
        enum { CHAINS = 200, LENGTH = 10 };
        struct journal_double *journal = journal_new();
        struct world *world = world_new(&plain, journal);
        const struct bp_definition *definition = chain_of_pure(world, LENGTH);

        (void)state;
        journal->at_once = true;
        for (int i = 0; i < CHAINS; i++)
                start_as(world, definition);
        world_run(world);
        assert_int_equal(world->n_ended, CHAINS);
        assert_true(journal->committed > 1);
        assert_none_is_torn(journal);
        bp_definition_unref(definition);
        world_free(world);
        test_free(journal);
}

/* As on a machine that is busy with others: the turn has lost its time, the chain that begins in it has not. */
static void a_turn_that_was_held_up_tears_no_chain(void **state) {
        struct journal_double *journal = journal_new();
        struct world *world = world_new(&plain, journal);
        const struct bp_definition *definition = chain_of_pure(world, 40);

        (void)state;
        journal->at_once = true;
        start(world, "\"steps\": [{\"id\": \"s\", \"name\": \"n\", \"action\": \"slow\", \"params\": {\"ms\": 200}}]");
        start_as(world, definition);
        world_run(world);
        assert_int_equal(world->n_ended, 2);
        assert_none_is_torn(journal);
        bp_definition_unref(definition);
        world_free(world);
        test_free(journal);
}

static void await_starts(struct journal_double *journal, size_t count) {
        struct timespec until = patience_ends();
        bool timed_out = false;
        size_t n = 0;

        pthread_mutex_lock(&journal->mutex);
        while (n < count && !timed_out) {
                n = 0;
                for (size_t i = 0; i < journal->n_facts; i++)
                        n += journal->facts[i].type == BP_RECORD_EXECUTION_STARTED;
                if (n < count)
                        timed_out = pthread_cond_timedwait(&journal->changed, &journal->mutex, &until) == ETIMEDOUT;
        }
        pthread_mutex_unlock(&journal->mutex);
        assert_false(timed_out);
}

/* While a stop drains, what is under way ends and nothing new begins. */
static void nothing_starts_while_it_drains(void **state) {
        struct journal_double *journal = journal_new();
        struct world *world = world_new(&plain, journal);

        (void)state;
        journal->at_once = true;
        world_begin(world);
        start(world, "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"gate\"}, "
                     "{\"id\": \"s1\", \"name\": \"b\", \"action\": \"outside\", \"depends_on\": [\"s0\"]}]");
        await_calls(1);
        bp_runtime_stop(world->runtime);
        /* An execution that arrives afterwards has its turn when the one before is being held back. */
        start(world, "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"pure\"}]");
        await_starts(journal, 2);
        stage_open_gate();
        pthread_join(world->thread, NULL);
        assert_int_equal(count_records(world, BP_RECORD_STEP_ENDED, 0), 1);
        assert_int_equal(calls_of("outside", NULL), 0);
        assert_int_equal(calls_of("pure", NULL), 0);
        assert_int_equal(world->n_ended, 0);
        world_free(world);
        test_free(journal);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_receipt_comes_when_the_command_is_durable),
                cmocka_unit_test(commands_that_reach_nobody_are_answered),
                cmocka_unit_test(a_rebuilt_execution_goes_on_where_it_was),
                cmocka_unit_test(a_once_attempt_that_was_under_way_is_interrupted),
                cmocka_unit_test(without_a_record_it_is_started),
                cmocka_unit_test(chains_are_never_torn),
                cmocka_unit_test(a_turn_that_was_held_up_tears_no_chain),
                cmocka_unit_test(nothing_starts_while_it_drains),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
