/* SPDX-License-Identifier: Apache-2.0 */
/* Subscribers are told through a bus that the tests own, by a real service over a real store. */
#include "../service/house.h"

#include "publisher/publisher.h"
#include "store/deliveries.h"

enum { CAUGHT_MAX = 4096 };

/* An event as the bus got it. */
struct caught {
        char topic[64], type[32], id[BP_ID_TEXT_SIZE], execution[BP_ID_TEXT_SIZE];
        bool taken;
};

struct bus {
        pthread_mutex_t mutex;
        pthread_cond_t changed;
        struct caught caught[CAUGHT_MAX];
        size_t n;
        const char *refused; /* topic whose events are refused, or NULL */
        const char *held;    /* topic whose events are never answered, or NULL */
        bp_published_done *held_done;
        void *held_userdata;
        struct bp_store *store;
        unsigned n_early; /* events whose record was not durable */
};

struct office {
        struct house *house;
        struct bus bus;
        struct bp_publisher *publisher;
        struct bp_publisher_settings settings;
};

/* ---------------------------------------------------------------------------------------------------------------
 * The bus
 */

static const char *text_at(const struct bp_value *event, const char *pointer) {
        const struct bp_value *value = bp_value_at(event, pointer);

        return value && value->type == BP_STRING ? value->as.text : "";
}

/* The last word of an execution is told when it is durable that it has ended. */
static bool is_early(struct bus *bus, const struct caught *caught) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_execution_row row;
        struct bp_id id;

        if (!bp_id_parse(caught->execution, &id) || bp_store_execution(bus->store, id, arena, &row))
                return true;
        return strncmp(caught->type, "workflow_co", 11) == 0 && row.state != BP_EXECUTION_COMPLETED;
}

static int publish(void *userdata, const char *topic, const struct bp_value *event, bp_published_done *done,
                   void *done_userdata) {
        struct bus *bus = userdata;
        struct caught caught = {.taken = !bus->refused || strcmp(topic, bus->refused) != 0};
        bool is_held = bus->held && strcmp(topic, bus->held) == 0;

        snprintf(caught.topic, sizeof(caught.topic), "%s", topic);
        snprintf(caught.type, sizeof(caught.type), "%s", text_at(event, "/type"));
        snprintf(caught.id, sizeof(caught.id), "%s", text_at(event, "/id"));
        snprintf(caught.execution, sizeof(caught.execution), "%s", text_at(event, "/data/execution_id"));
        pthread_mutex_lock(&bus->mutex);
        bus->n_early += is_early(bus, &caught) ? 1 : 0;
        assert_true(bus->n < CAUGHT_MAX);
        bus->caught[bus->n++] = caught;
        if (is_held) {
                bus->held_done = done;
                bus->held_userdata = done_userdata;
        }
        pthread_cond_broadcast(&bus->changed);
        pthread_mutex_unlock(&bus->mutex);
        if (!is_held)
                done(done_userdata,
                     &(struct bp_published){.taken = caught.taken, .code = "REFUSED", .message = "it said 500"});
        return 0;
}

static size_t count_of(const struct bus *bus, const char *topic, const char *type) {
        size_t n = 0;

        for (size_t i = 0; i < bus->n; i++)
                n += (!topic || strcmp(bus->caught[i].topic, topic) == 0) &&
                     (!type || strcmp(bus->caught[i].type, type) == 0);
        return n;
}

static void await_events(struct bus *bus, const char *topic, const char *type, size_t count) {
        struct timespec until = patience_ends();
        bool timed_out = false;

        pthread_mutex_lock(&bus->mutex);
        while (count_of(bus, topic, type) < count && !timed_out)
                timed_out = pthread_cond_timedwait(&bus->changed, &bus->mutex, &until) == ETIMEDOUT;
        pthread_mutex_unlock(&bus->mutex);
        if (timed_out)
                fail_msg("%zu of %s for %s, not %zu", count_of(bus, topic, type), type ? type : "events",
                         topic ? topic : "all", count);
}

/* Types that a topic was told, in order, joined by spaces. */
static void assert_types(const struct bus *bus, const char *topic, const char *expected) {
        char types[4096] = "";

        for (size_t i = 0; i < bus->n; i++)
                if (strcmp(bus->caught[i].topic, topic) == 0) {
                        size_t size = strlen(types);

                        snprintf(types + size, sizeof(types) - size, "%s%s", size ? " " : "", bus->caught[i].type);
                }
        assert_string_equal(types, expected);
}

/* ---------------------------------------------------------------------------------------------------------------
 * The office
 */

static void wake(void *userdata, uint64_t execution) {
        struct office *office = userdata;

        bp_publisher_wake(office->publisher, execution);
}

static void office_open(struct office *office) {
        office->bus.store = bp_service_store(office->house->service);
        office->settings.service = office->house->service;
        assert_int_equal(bp_publisher_new(&office->settings, &office->publisher), 0);
}

static struct office *office_new(bool in_memory) {
        struct office *office = test_calloc(1, sizeof(*office));

        pthread_mutex_init(&office->bus.mutex, NULL);
        pthread_cond_init(&office->bus.changed, NULL);
        office->house = house_new(in_memory);
        office->house->telling =
                (struct bp_service_telling){.durable = wake, .userdata = office, .notify_topic = "notify"};
        office->settings = (struct bp_publisher_settings){
                .bus = {.publish = publish, .userdata = &office->bus}, .envelope = BP_ENVELOPE_SEED, .max_attempts = 2};
        return office;
}

static int office_setup(void **state) {
        struct office *office = office_new(false);

        house_open(office->house);
        office_open(office);
        house_begin(office->house);
        *state = office;
        return 0;
}

static int office_setup_closed(void **state) {
        *state = office_new(false);
        return 0;
}

static int office_teardown(void **state) {
        struct office *office = *state;

        house_end(office->house);
        office->publisher = bp_publisher_free(office->publisher);
        if (office->bus.held_done) /* the bus answers whatever was handed to it, however late */
                office->bus.held_done(office->bus.held_userdata, &(struct bp_published){.taken = true});
        house_free(office->house);
        test_free(office);
        return 0;
}

#define IN_AN_OFFICE(test) cmocka_unit_test_setup_teardown(test, office_setup, office_teardown)

/* Two steps, one after the other. */
#define TWO_STEPS                                                                                        \
        "\"steps\": [{\"id\": \"a\", \"name\": \"A\", \"action\": \"pure\"}, {\"id\": \"b\", \"name\": " \
        "\"B\", \"action\": \"pure\", \"depends_on\": [\"a\"]}]"
#define TOLD_OF_TWO_STEPS "step_started step_completed step_started step_completed workflow_completed"

static struct bp_id start_telling(struct office *office, const char *members, const char *options) {
        struct house *house = office->house;
        struct bp_value document = pipeline_of(house, members), given = read_json(house, options);
        struct told told = TOLD;
        struct started tried =
                try_start(house, (struct bp_service_start){.document = &document, .options = &given}, &told);

        assert_int_equal(tried.result, 0);
        await_told(&told);
        assert_int_equal(told.result, 0);
        return tried.started.id;
}

static struct bp_subscription_row *rows_of(struct office *office, struct bp_id id, size_t *ret_n) {
        struct bp_subscription_row *rows;

        assert_int_equal(bp_store_subscriptions(office->bus.store, row_of(office->house, id).number,
                                                office->house->arena, &rows, ret_n),
                         0);
        return rows;
}

/* Waits until all subscriptions of an execution are in this state. */
static void await_state(struct office *office, struct bp_id id, enum bp_subscription_state state) {
        struct timespec until = patience_ends(), now;
        size_t n, n_there;

        do {
                const struct bp_subscription_row *rows = rows_of(office, id, &n);

                n_there = 0;
                for (size_t i = 0; i < n; i++)
                        n_there += rows[i].state == state;
                clock_gettime(CLOCK_REALTIME, &now);
        } while (n_there < n && now.tv_sec < until.tv_sec && usleep(2000) == 0);
        assert_int_equal(n_there, n);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Tests
 */

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
