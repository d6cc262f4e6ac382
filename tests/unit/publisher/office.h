/* SPDX-License-Identifier: Apache-2.0 */
/* A publisher between a real service over a real store and a bus that the tests own. */
#ifndef TEST_PUBLISHER_OFFICE_H
#define TEST_PUBLISHER_OFFICE_H

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
        unsigned n_early;                          /* events whose record was not durable */
        bool is_trusting;                          /* it does not look, since memory requests of its own would fail */
        void (*look)(const struct caught *caught); /* called on the publisher's thread with each event; or NULL */
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

static inline const char *text_at(const struct bp_value *event, const char *pointer) {
        const struct bp_value *value = bp_value_at(event, pointer);

        return value && value->type == BP_STRING ? value->as.text : "";
}

/* The last word of an execution is told when it is durable that it has ended. */
static inline bool is_early(struct bus *bus, const struct caught *caught) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_execution_row row;
        struct bp_id id;

        if (!bp_id_parse(caught->execution, &id) || bp_store_execution(bus->store, id, arena, &row))
                return true;
        return strncmp(caught->type, "workflow_co", 11) == 0 && row.state != BP_EXECUTION_COMPLETED;
}

static inline int publish(void *userdata, const char *topic, const struct bp_value *event, bp_published_done *done,
                          void *done_userdata) {
        struct bus *bus = userdata;
        struct caught caught = {.taken = !bus->refused || strcmp(topic, bus->refused) != 0};
        bool is_held = bus->held && strcmp(topic, bus->held) == 0;

        snprintf(caught.topic, sizeof(caught.topic), "%s", topic);
        snprintf(caught.type, sizeof(caught.type), "%s", text_at(event, "/type"));
        snprintf(caught.id, sizeof(caught.id), "%s", text_at(event, "/id"));
        snprintf(caught.execution, sizeof(caught.execution), "%s", text_at(event, "/data/execution_id"));
        pthread_mutex_lock(&bus->mutex);
        bus->n_early += !bus->is_trusting && is_early(bus, &caught) ? 1 : 0;
        assert_true(bus->n < CAUGHT_MAX);
        bus->caught[bus->n++] = caught;
        if (is_held) {
                bus->held_done = done;
                bus->held_userdata = done_userdata;
        }
        if (bus->look)
                bus->look(&caught);
        pthread_cond_broadcast(&bus->changed);
        pthread_mutex_unlock(&bus->mutex);
        if (!is_held)
                done(done_userdata,
                     &(struct bp_published){.taken = caught.taken, .code = "REFUSED", .message = "it said 500"});
        return 0;
}

static inline size_t count_of(const struct bus *bus, const char *topic, const char *type) {
        size_t n = 0;

        for (size_t i = 0; i < bus->n; i++)
                n += (!topic || strcmp(bus->caught[i].topic, topic) == 0) &&
                     (!type || strcmp(bus->caught[i].type, type) == 0);
        return n;
}

static inline void await_events(struct bus *bus, const char *topic, const char *type, size_t count) {
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
static inline void assert_types(const struct bus *bus, const char *topic, const char *expected) {
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

static inline void wake(void *userdata, uint64_t execution) {
        struct office *office = userdata;

        bp_publisher_wake(office->publisher, execution);
}

static inline void office_open(struct office *office) {
        office->bus.store = bp_service_store(office->house->service);
        office->settings.service = office->house->service;
        assert_int_equal(bp_publisher_new(&office->settings, &office->publisher), 0);
}

static inline struct office *office_new(bool in_memory) {
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

static inline int office_setup(void **state) {
        struct office *office = office_new(false);

        house_open(office->house);
        office_open(office);
        house_begin(office->house);
        *state = office;
        return 0;
}

static inline int office_setup_closed(void **state) {
        *state = office_new(false);
        return 0;
}

static inline int office_teardown(void **state) {
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

static inline struct bp_id start_telling(struct office *office, const char *members, const char *options) {
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

static inline struct bp_subscription_row *rows_of(struct office *office, struct bp_id id, size_t *ret_n) {
        struct bp_subscription_row *rows;

        assert_int_equal(bp_store_subscriptions(office->bus.store, row_of(office->house, id).number,
                                                office->house->arena, &rows, ret_n),
                         0);
        return rows;
}

/* Waits until all subscriptions of an execution are in this state. */
static inline void await_state(struct office *office, struct bp_id id, enum bp_subscription_state state) {
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

#endif
