/* SPDX-License-Identifier: Apache-2.0 */
/* Subscribers are told through a bus that the tests own, by a real service over a real store. */
#include "office.h"

static void test_told_in_order_and_done(void **state) {
        struct office *office = *state;
        struct bp_id id = start_telling(office, TWO_STEPS, "{\"callback_topics\": [\"t\", \"u\", \"t\"]}");
        size_t n;

        await_state(office, id, BP_SUBSCRIPTION_DONE);
        assert_types(&office->bus, "t", TOLD_OF_TWO_STEPS);
        assert_types(&office->bus, "u", TOLD_OF_TWO_STEPS);
        assert_int_equal(office->bus.n_early, 0);
        rows_of(office, id, &n);
        assert_int_equal(n, 2);
        for (size_t i = 0; i < office->bus.n; i++)
                for (size_t j = 0; j < i; j++)
                        assert_string_not_equal(office->bus.caught[i].id, office->bus.caught[j].id);
}

static void test_the_operators_topic_is_told_where_there_are_subscribers(void **state) {
        struct office *office = *state;
        struct bp_id with = start_telling(office, TWO_STEPS, "{\"subscriber_ids\": \"user-1\"}");
        struct bp_id without = start_telling(office, TWO_STEPS, "{\"payload_type\": \"x\"}");
        size_t n;

        await_state(office, with, BP_SUBSCRIPTION_DONE);
        assert_types(&office->bus, "notify", TOLD_OF_TWO_STEPS);
        rows_of(office, without, &n);
        assert_int_equal(n, 0);
}

static void test_what_is_refused_for_good_is_given_up_and_the_rest_is_told(void **state) {
        struct office *office = *state;
        struct bp_dead_letter *letters;
        struct bp_id id;
        uint64_t total;
        size_t n;

        office->bus.refused = "bad";
        id = start_telling(office, "\"steps\": [{\"id\": \"a\", \"name\": \"A\", \"action\": \"pure\"}]",
                           "{\"callback_topics\": [\"bad\", \"good\"]}");
        await_events(&office->bus, "good", "workflow_completed", 1);
        await_state(office, id, BP_SUBSCRIPTION_DONE);
        assert_int_equal(count_of(&office->bus, "good", NULL), 3);
        assert_types(&office->bus, "bad",
                     "step_started step_started step_completed step_completed workflow_completed workflow_completed");
        assert_string_equal(office->bus.caught[0].topic, "bad");
        assert_int_equal(bp_store_dead_letters(office->bus.store, &(struct bp_dead_letter_filter){.limit = 10},
                                               office->house->arena, &letters, &n, &total),
                         0);
        assert_int_equal(total, 3);
        assert_string_equal(letters[2].type, "step_started");
        assert_string_equal(letters[2].code, "REFUSED");
        assert_string_equal(letters[2].message, "it said 500");
        assert_int_equal(letters[2].attempts, 2);
}

static void take_replay(void *userdata, const struct bp_replayed *replayed) {
        struct told *told = userdata;

        pthread_mutex_lock(&told->mutex);
        told->n++;
        told->result = replayed->result;
        snprintf(told->code, sizeof(told->code), "%s", replayed->code ? replayed->code : "");
        pthread_cond_broadcast(&told->changed);
        pthread_mutex_unlock(&told->mutex);
}

static void test_a_dead_letter_is_published_again_with_its_id(void **state) {
        struct office *office = *state;
        struct told refused = TOLD, taken = TOLD;
        struct bp_dead_letter *letters, letter;
        char id[BP_ID_TEXT_SIZE];
        struct bp_id execution;
        uint64_t total;
        size_t n;

        office->bus.refused = "t";
        execution = start_telling(office, "\"steps\": [{\"id\": \"a\", \"name\": \"A\", \"action\": \"pure\"}]",
                                  "{\"callback_topics\": [\"t\"]}");
        await_state(office, execution, BP_SUBSCRIPTION_DONE);
        assert_int_equal(bp_store_dead_letters(office->bus.store, &(struct bp_dead_letter_filter){.limit = 10},
                                               office->house->arena, &letters, &n, &total),
                         0);
        assert_int_equal(n, 3);
        assert_int_equal(bp_publisher_replay(office->publisher, letters[0].id, take_replay, &refused), 0);
        await_told(&refused);
        assert_string_equal(refused.code, "REFUSED");
        assert_int_equal(bp_store_dead_letter(office->bus.store, letters[0].id, office->house->arena, &letter), 0);
        assert_int_equal(letter.attempts, 3);
        office->bus.refused = NULL;
        assert_int_equal(bp_publisher_replay(office->publisher, letters[0].id, take_replay, &taken), 0);
        await_told(&taken);
        assert_int_equal(taken.result, 0);
        assert_string_equal(taken.code, "");
        assert_string_equal(office->bus.caught[office->bus.n - 1].id, bp_id_format(letters[0].id, id));
        assert_int_equal(bp_store_dead_letter(office->bus.store, letters[0].id, office->house->arena, &letter),
                         BP_STORE_NOT_FOUND);
        assert_int_equal(bp_publisher_replay(office->publisher, letters[0].id, take_replay, &taken),
                         BP_STORE_NOT_FOUND);
}

static void test_a_bus_that_does_not_answer_holds_up_nobody_else(void **state) {
        struct office *office = *state;
        struct bp_id id;

        office->bus.held = "slow";
        start_telling(office, TWO_STEPS, "{\"callback_topics\": [\"slow\"]}");
        await_events(&office->bus, "slow", NULL, 1);
        id = start_telling(office, TWO_STEPS, "{\"callback_topics\": [\"pure\"]}");
        await_state(office, id, BP_SUBSCRIPTION_DONE);
        assert_types(&office->bus, "slow", "step_started");
}

static void test_more_subscriptions_than_room(void **state) {
        enum { EXECUTIONS = 60 };
        struct office *office = *state;
        struct bp_id ids[EXECUTIONS];

        office->settings.in_flight = 3;
        house_open(office->house);
        office_open(office);
        house_begin(office->house);
        for (size_t i = 0; i < EXECUTIONS; i++)
                ids[i] = start_telling(office, TWO_STEPS, "{\"callback_topics\": [\"t\", \"u\"]}");
        for (size_t i = 0; i < EXECUTIONS; i++)
                await_state(office, ids[i], BP_SUBSCRIPTION_DONE);
        assert_int_equal(count_of(&office->bus, "t", NULL), 5 * EXECUTIONS);
        assert_int_equal(count_of(&office->bus, "u", NULL), 5 * EXECUTIONS);
        assert_int_equal(office->bus.n_early, 0);
}

static void test_goes_on_where_the_last_process_stopped(void **state) {
        struct office *office = *state;
        struct bp_id id;

        house_open(office->house);
        office_open(office);
        house_begin(office->house);
        office->bus.held = "t";
        id = start_telling(office, TWO_STEPS, "{\"callback_topics\": [\"t\", \"u\"]}");
        await_events(&office->bus, "t", NULL, 1);
        await_events(&office->bus, "u", "workflow_completed", 1);
        house_end(office->house);
        office->publisher = bp_publisher_free(office->publisher);
        office->bus.held_done(office->bus.held_userdata, &(struct bp_published){.taken = true});
        office->bus.held_done = NULL;
        office->bus.held = NULL;
        house_close(office->house);
        house_open(office->house);
        office_open(office);
        await_state(office, id, BP_SUBSCRIPTION_DONE);
        assert_types(&office->bus, "t", "step_started " TOLD_OF_TWO_STEPS);
        assert_types(&office->bus, "u", TOLD_OF_TWO_STEPS);
}

static void test_without_a_bus_subscriptions_fail_at_once(void **state) {
        struct office *office = *state;
        const struct bp_subscription_row *rows;
        struct bp_id id;
        size_t n;

        office->house->telling.durable = NULL;
        house_open(office->house);
        office->bus.store = bp_service_store(office->house->service);
        house_begin(office->house);
        id = start_telling(office, TWO_STEPS, "{\"callback_topics\": [\"t\"]}");
        rows = rows_of(office, id, &n);
        assert_int_equal(n, 1);
        assert_int_equal(rows[0].state, BP_SUBSCRIPTION_FAILED);
        assert_memory_equal(rows[0].error, "NO_BUS", 6);
}

static void test_a_subscription_ends_with_its_time(void **state) {
        struct office *office = *state;
        struct bp_id id;

        office->house->telling.lifetime_seconds = 1;
        house_open(office->house);
        house_begin(office->house);
        office->bus.store = bp_service_store(office->house->service);
        id = start_telling(office, TWO_STEPS, "{\"callback_topics\": [\"t\"]}");
        house_end(office->house);
        sleep(1);
        office_open(office);
        await_state(office, id, BP_SUBSCRIPTION_EXPIRED);
        assert_int_equal(office->bus.n, 0);
}

#define IN_A_CLOSED_OFFICE(test) cmocka_unit_test_setup_teardown(test, office_setup_closed, office_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_AN_OFFICE(test_told_in_order_and_done),
                IN_AN_OFFICE(test_the_operators_topic_is_told_where_there_are_subscribers),
                IN_AN_OFFICE(test_what_is_refused_for_good_is_given_up_and_the_rest_is_told),
                IN_AN_OFFICE(test_a_dead_letter_is_published_again_with_its_id),
                IN_AN_OFFICE(test_a_bus_that_does_not_answer_holds_up_nobody_else),
                IN_A_CLOSED_OFFICE(test_more_subscriptions_than_room),
                IN_A_CLOSED_OFFICE(test_goes_on_where_the_last_process_stopped),
                IN_A_CLOSED_OFFICE(test_without_a_bus_subscriptions_fail_at_once),
                IN_A_CLOSED_OFFICE(test_a_subscription_ends_with_its_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
