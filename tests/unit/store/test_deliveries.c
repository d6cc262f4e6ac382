/* SPDX-License-Identifier: Apache-2.0 */
/* Subscriptions come and go with their execution; cursors move together; what was given up is kept, bounded. */
#include "execution.h"

#include "store/deliveries.h"

struct answer {
        pthread_mutex_t mutex;
        pthread_cond_t changed;
        bool came;
        int result;
};

#define ANSWER \
        { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER }

static void take(void *userdata, int result, const void *row) {
        struct answer *answer = userdata;

        (void)row;
        pthread_mutex_lock(&answer->mutex);
        answer->came = true;
        answer->result = result;
        pthread_cond_signal(&answer->changed);
        pthread_mutex_unlock(&answer->mutex);
}

static int result_of(struct answer *answer) {
        pthread_mutex_lock(&answer->mutex);
        while (!answer->came)
                pthread_cond_wait(&answer->changed, &answer->mutex);
        pthread_mutex_unlock(&answer->mutex);
        return answer->result;
}

/* An execution that tells these topics, with a first record. */
static uint64_t create_telling(struct fixture *fixture, const char *const *topics, const char *refused,
                               struct bp_id *ret_id) {
        const struct bp_definition *definition = definition_of("p", 1);
        struct bp_store_new_execution execution = plain_execution(definition, 1000);
        struct bp_record record = {
                .type = BP_RECORD_EXECUTION_STARTED, .sequence = 1, .at = {1000}, .step = BP_NO_STEP};
        uint64_t number;

        execution.topics = topics;
        execution.topics_refused = refused;
        *ret_id = execution.id;
        number = create(fixture, &execution);
        assert_int_equal(bp_store_append(fixture->store, number, &record, 1, NULL), 0);
        fixture_commit(fixture);
        bp_definition_unref(definition);
        return number;
}

static struct bp_subscription_row *subscriptions(struct fixture *fixture, uint64_t number, size_t expected) {
        struct bp_subscription_row *rows;
        size_t n;

        assert_int_equal(bp_store_subscriptions(fixture->store, number, fixture->arena, &rows, &n), 0);
        assert_int_equal(n, expected);
        return rows;
}

static void save(struct fixture *fixture, const struct bp_delivery *deliveries, size_t n, uint64_t most) {
        struct answer answer = ANSWER;

        assert_int_equal(bp_store_deliveries_save(fixture->store, deliveries, n, most, take, &answer), 0);
        assert_int_equal(result_of(&answer), 0);
}

static struct bp_dead_letter letter_of(uint64_t execution, int64_t at) {
        return (struct bp_dead_letter){.id = bp_id_new((struct bp_wall){at}),
                                       .execution = execution,
                                       .topic = "one",
                                       .type = "step_started",
                                       .sequence = 2,
                                       .event = {"{\"a\":1}", 7},
                                       .content_type = "application/cloudevents+json",
                                       .code = "REFUSED",
                                       .message = "it said 500",
                                       .attempts = 10,
                                       .at = {at}};
}

static const char *const two[] = {"one", "two.three", NULL};

static void test_entered_with_the_execution(void **state) {
        struct fixture *fixture = *state;
        struct bp_subscription_row *rows;
        struct bp_id id;
        uint64_t number = create_telling(fixture, two, NULL, &id);

        rows = subscriptions(fixture, number, 2);
        assert_string_equal(rows[0].topic, "one");
        assert_string_equal(rows[1].topic, "two.three");
        for (size_t i = 0; i < 2; i++) {
                assert_int_equal(rows[i].state, BP_SUBSCRIPTION_ACTIVE);
                assert_int_equal(rows[i].execution, number);
                assert_memory_equal(&rows[i].execution_id, &id, sizeof(id));
                assert_int_equal(rows[i].cursor, 0);
                assert_int_equal(rows[i].created_at.us, 1000);
                assert_null(rows[i].error);
        }
}

static void test_refused_from_the_beginning(void **state) {
        struct fixture *fixture = *state;
        struct bp_subscription_row *rows;
        struct bp_id id;
        uint64_t number = create_telling(fixture, two, "NO_BUS: none", &id);
        size_t n;

        rows = subscriptions(fixture, number, 2);
        assert_int_equal(rows[1].state, BP_SUBSCRIPTION_FAILED);
        assert_string_equal(rows[1].error, "NO_BUS: none");
        assert_int_equal(bp_store_subscriptions_active(fixture->store, 0, 10, fixture->arena, &rows, &n), 0);
        assert_int_equal(n, 0);
}

static void test_cursors_move_together_and_due_ones_are_found(void **state) {
        struct fixture *fixture = *state;
        struct bp_subscription_row *rows, *found;
        struct bp_wall next;
        uint64_t n_waiting;
        struct bp_id id;
        uint64_t number = create_telling(fixture, two, NULL, &id);
        size_t n;

        rows = subscriptions(fixture, number, 2);
        save(fixture,
             (const struct bp_delivery[]){
                     {.subscription = rows[0].number, .state = BP_SUBSCRIPTION_ACTIVE, .cursor = 7},
                     {.subscription = rows[1].number,
                      .state = BP_SUBSCRIPTION_ACTIVE,
                      .cursor = 3,
                      .attempts = 2,
                      .next_at = {5000},
                      .error = "UNREACHABLE: no"}},
             2, 10);
        assert_int_equal(bp_store_subscriptions_active(fixture->store, 0, 10, fixture->arena, &found, &n), 0);
        assert_int_equal(n, 1);
        assert_int_equal(found[0].cursor, 7);
        assert_int_equal(bp_store_subscriptions_active(fixture->store, found[0].number, 10, fixture->arena, &found, &n),
                         0);
        assert_int_equal(n, 0);
        assert_int_equal(
                bp_store_subscriptions_due(fixture->store, (struct bp_wall){4999}, 10, fixture->arena, &found, &n), 0);
        assert_int_equal(n, 0);
        assert_int_equal(
                bp_store_subscriptions_due(fixture->store, (struct bp_wall){5000}, 10, fixture->arena, &found, &n), 0);
        assert_int_equal(n, 1);
        assert_int_equal(found[0].attempts, 2);
        assert_string_equal(found[0].error, "UNREACHABLE: no");
        assert_int_equal(bp_store_subscriptions_next(fixture->store, (struct bp_wall){0}, &next, &n_waiting), 0);
        assert_int_equal(next.us, 5000);
        assert_int_equal(n_waiting, 1);
        assert_int_equal(bp_store_subscriptions_next(fixture->store, (struct bp_wall){5000}, &next, &n_waiting), 0);
        assert_int_equal(next.us, 0);
}

static void test_dead_letters_are_kept_once_listed_and_bounded(void **state) {
        struct fixture *fixture = *state;
        struct bp_dead_letter letters[4], *found, one;
        struct bp_id id;
        uint64_t number = create_telling(fixture, two, NULL, &id), total;
        struct bp_subscription_row *rows = subscriptions(fixture, number, 2);
        size_t n;

        for (size_t i = 0; i < 4; i++) {
                struct bp_delivery delivery = {.subscription = rows[0].number,
                                               .state = BP_SUBSCRIPTION_ACTIVE,
                                               .cursor = i + 1,
                                               .dead_letter = &letters[i]};

                letters[i] = letter_of(number, 100 + (int64_t)i);
                save(fixture, &delivery, 1, 3);
                save(fixture, &delivery, 1, 3); /* again, as after a crash */
        }
        assert_int_equal(bp_store_dead_letters(fixture->store, &(struct bp_dead_letter_filter){.limit = 2},
                                               fixture->arena, &found, &n, &total),
                         0);
        assert_int_equal(total, 3);
        assert_int_equal(n, 2);
        assert_memory_equal(&found[0].id, &letters[3].id, sizeof(id));
        assert_memory_equal(&found[0].execution_id, &id, sizeof(id));
        assert_string_equal(found[0].event.text, "{\"a\":1}");
        assert_string_equal(found[0].code, "REFUSED");
        assert_string_equal(found[0].message, "it said 500");
        assert_int_equal(found[0].attempts, 10);
        assert_int_equal(bp_store_dead_letter(fixture->store, letters[0].id, fixture->arena, &one), BP_STORE_NOT_FOUND);
        assert_int_equal(bp_store_dead_letters(fixture->store,
                                               &(struct bp_dead_letter_filter){.topic = "two.three", .limit = 2},
                                               fixture->arena, &found, &n, &total),
                         0);
        assert_int_equal(total, 0);
}

static void test_a_dead_letter_fails_again_and_goes(void **state) {
        struct fixture *fixture = *state;
        struct answer failed = ANSWER, gone = ANSWER, unknown = ANSWER;
        struct bp_dead_letter letter, found;
        struct bp_id id;
        uint64_t number = create_telling(fixture, two, NULL, &id);
        struct bp_subscription_row *rows = subscriptions(fixture, number, 2);

        letter = letter_of(number, 100);
        save(fixture,
             &(struct bp_delivery){.subscription = rows[0].number,
                                   .state = BP_SUBSCRIPTION_DONE,
                                   .cursor = 2,
                                   .dead_letter = &letter},
             1, 3);
        assert_int_equal(bp_store_dead_letter_failed(fixture->store, letter.id, "UNREACHABLE", "no",
                                                     (struct bp_wall){200}, take, &failed),
                         0);
        assert_int_equal(result_of(&failed), 0);
        assert_int_equal(bp_store_dead_letter(fixture->store, letter.id, fixture->arena, &found), 0);
        assert_int_equal(found.attempts, 11);
        assert_int_equal(found.at.us, 200);
        assert_string_equal(found.code, "UNREACHABLE");
        assert_int_equal(bp_store_dead_letter_delete(fixture->store, letter.id, take, &gone), 0);
        assert_int_equal(result_of(&gone), 0);
        assert_int_equal(bp_store_dead_letter_delete(fixture->store, letter.id, take, &unknown), 0);
        assert_int_equal(result_of(&unknown), BP_STORE_NOT_FOUND);
}

static void test_deleted_with_the_execution(void **state) {
        struct fixture *fixture = *state;
        struct bp_record ended = {.type = BP_RECORD_EXECUTION_ENDED,
                                  .sequence = 2,
                                  .at = {2000},
                                  .step = BP_NO_STEP,
                                  .execution_state = BP_EXECUTION_COMPLETED};
        struct answer gone = ANSWER;
        struct bp_dead_letter letter, found;
        struct bp_delivery delivery;
        struct bp_id id;
        uint64_t number = create_telling(fixture, two, NULL, &id);
        struct bp_subscription_row *rows = subscriptions(fixture, number, 2);

        letter = letter_of(number, 100);
        delivery = (struct bp_delivery){
                .subscription = rows[0].number, .state = BP_SUBSCRIPTION_ACTIVE, .cursor = 2, .dead_letter = &letter};
        save(fixture, &delivery, 1, 3);
        assert_int_equal(bp_store_append(fixture->store, number, &ended, 1, NULL), 0);
        fixture_commit(fixture);
        assert_int_equal(bp_store_execution_delete(fixture->store, id, take, &gone), 0);
        assert_int_equal(result_of(&gone), 0);
        subscriptions(fixture, number, 0);
        assert_int_equal(bp_store_dead_letter(fixture->store, letter.id, fixture->arena, &found), BP_STORE_NOT_FOUND);
        save(fixture, &delivery, 1, 3); /* what comes late is nobody's */
        assert_int_equal(bp_store_dead_letter(fixture->store, letter.id, fixture->arena, &found), BP_STORE_NOT_FOUND);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_BOTH_DRIVERS(test_entered_with_the_execution),
                ON_BOTH_DRIVERS(test_refused_from_the_beginning),
                ON_BOTH_DRIVERS(test_cursors_move_together_and_due_ones_are_found),
                ON_BOTH_DRIVERS(test_dead_letters_are_kept_once_listed_and_bounded),
                ON_BOTH_DRIVERS(test_a_dead_letter_fails_again_and_goes),
                ON_BOTH_DRIVERS(test_deleted_with_the_execution),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
