/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The publisher with every memory request failing in turn: those of the caller who makes it or replays an event, and
 * those of its own thread, one in each round. Whatever fails, every event is told in order, and the subscription ends.
 */
#include "torture.h"

#include "office.h"

/* ---------------------------------------------------------------------------------------------------------------
 * The caller's requests
 */

static int make_and_free(const void *data) {
        const struct bp_publisher_settings *settings = data;
        struct bp_publisher *publisher = NULL;
        int r = bp_publisher_new(settings, &publisher);

        bp_publisher_free(publisher);
        return r;
}

static void a_publisher_that_cannot_be_made_leaves_nothing(void **state) {
        struct office *office = *state;

        assert_int_equal(torture(make_and_free, &office->settings), 0);
}

static void take_replay(void *userdata, const struct bp_replayed *replayed) {
        struct told *told = userdata;

        pthread_mutex_lock(&told->mutex);
        told->n++;
        told->result = replayed->result;
        pthread_cond_broadcast(&told->changed);
        pthread_mutex_unlock(&told->mutex);
}

struct letter {
        struct office *office;
        struct bp_id id;
};

static int replay(const void *data) {
        const struct letter *letter = data;
        struct told told = TOLD;
        int r = bp_publisher_replay(letter->office->publisher, letter->id, take_replay, &told);

        if (r)
                return r;
        await_told(&told);
        return told.result;
}

static void an_event_that_cannot_be_replayed_stays_a_dead_letter(void **state) {
        struct office *office = *state;
        struct bp_dead_letter *letters;
        struct bp_id execution;
        uint64_t total;
        size_t n;

        office->bus.refused = "t";
        execution = start_telling(office, TWO_STEPS, "{\"callback_topics\": [\"t\"]}");
        await_state(office, execution, BP_SUBSCRIPTION_DONE);
        assert_int_equal(bp_store_dead_letters(office->bus.store, &(struct bp_dead_letter_filter){.limit = 10},
                                               office->house->arena, &letters, &n, &total),
                         0);
        office->bus.refused = NULL;
        office->bus.is_trusting = true;
        assert_int_equal(n, 5);
        assert_int_equal(torture(replay, &(struct letter){office, letters[0].id}), 0);
        assert_int_equal(replay(&(struct letter){office, letters[0].id}), BP_STORE_NOT_FOUND);
}

/* ---------------------------------------------------------------------------------------------------------------
 * The publisher's own
 */

enum { MOST_ROUNDS = 1000 };

static struct {
        int64_t request; /* which one fails of those after the last event of an execution */
        bool has_failed; /* one did since then */
        char execution[BP_ID_TEXT_SIZE];
} round_;

/* From the end of an execution on, what is done for the next one can fail. */
static void arm(const struct caught *caught) {
        if (strcmp(caught->type, "workflow_completed") != 0 || strcmp(caught->execution, round_.execution) == 0)
                return;
        snprintf(round_.execution, sizeof(round_.execution), "%s", caught->execution);
        round_.has_failed = bp_torture_has_failed();
        bp_torture_fail_after(round_.request);
}

/* Repetitions left out, the types that an execution was told. */
static void assert_told(const struct bus *bus, struct bp_id execution) {
        char id[BP_ID_TEXT_SIZE], types[512] = "", last[BP_ID_TEXT_SIZE] = "";

        bp_id_format(execution, id);
        for (size_t i = 0; i < bus->n; i++) {
                const struct caught *caught = &bus->caught[i];
                size_t size = strlen(types);

                if (strcmp(caught->execution, id) != 0 || strcmp(caught->id, last) == 0)
                        continue;
                snprintf(last, sizeof(last), "%s", caught->id);
                snprintf(types + size, sizeof(types) - size, "%s%s", size ? " " : "", caught->type);
        }
        assert_string_equal(types, TOLD_OF_TWO_STEPS);
}

static void tell_one(struct office *office) {
        struct bp_id id = start_telling(office, TWO_STEPS, "{\"callback_topics\": [\"t\"]}");

        await_state(office, id, BP_SUBSCRIPTION_DONE);
        pthread_mutex_lock(&office->bus.mutex);
        assert_told(&office->bus, id);
        office->bus.n = 0;
        pthread_mutex_unlock(&office->bus.mutex);
}

static void everything_is_told_whatever_fails(void **state) {
        struct office *office = *state;

        office->bus.look = arm;
        office->bus.is_trusting = true;
        round_.request = 0;
        tell_one(office);
        do {
                tell_one(office);
                pthread_mutex_lock(&office->bus.mutex);
                round_.request++;
                pthread_mutex_unlock(&office->bus.mutex);
        } while (round_.has_failed && round_.request < MOST_ROUNDS);
        assert_in_range(round_.request, 10, MOST_ROUNDS - 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_AN_OFFICE(a_publisher_that_cannot_be_made_leaves_nothing),
                IN_AN_OFFICE(an_event_that_cannot_be_replayed_stays_a_dead_letter),
                IN_AN_OFFICE(everything_is_told_whatever_fails),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
