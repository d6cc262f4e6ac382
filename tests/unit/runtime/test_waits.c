/* SPDX-License-Identifier: Apache-2.0 */
/* Which step gets which event, and what becomes of events that come too early. */
#include "unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/waits.h"

static const struct bp_mono start = {1000};
static const int64_t day_us = INT64_C(86400000000);

static struct bp_event_letter *event_of(const char *external_id, const char *json) {
        struct bp_event_letter *event;

        assert_int_equal(bp_event_letter_new(external_id, strdup(json), strlen(json), &event), 0);
        return event;
}

static struct bp_wait *wait_for(struct bp_waits *waits, struct bp_wait **list, uint32_t step, const char *external_id) {
        struct bp_wait *wait;

        assert_int_equal(bp_waits_add(waits, list, NULL, step, 1, external_id, &wait), 0);
        return wait;
}

static void an_event_finds_the_step_that_waits_for_its_id(void **state) {
        struct bp_waits waits = {0};
        struct bp_wait *list = NULL, *a = wait_for(&waits, &list, 0, "a"), *b = wait_for(&waits, &list, 1, "b");

        (void)state;
        assert_ptr_equal(bp_waits_find(&waits, "a"), a);
        assert_ptr_equal(bp_waits_find(&waits, "b"), b);
        assert_null(bp_waits_find(&waits, "c"));
        bp_waits_remove(&waits, a, NULL);
        assert_null(bp_waits_find(&waits, "a"));
        bp_waits_remove(&waits, b, NULL);
        assert_null(list);
        bp_waits_done(&waits);
}

static void of_two_that_wait_for_one_id_the_older_gets_it(void **state) {
        struct bp_waits waits = {0};
        struct bp_wait *list = NULL, *older = wait_for(&waits, &list, 0, "x"), *newer = wait_for(&waits, &list, 1, "x");

        (void)state;
        assert_ptr_equal(bp_waits_find(&waits, "x"), older);
        assert_ptr_equal(bp_waits_find_step(&waits, NULL, 1, "x"), newer);
        bp_waits_remove(&waits, older, NULL);
        assert_ptr_equal(bp_waits_find(&waits, "x"), newer);
        bp_waits_remove(&waits, newer, NULL);
        bp_waits_done(&waits);
}

static void many_waits_are_all_found_again(void **state) {
        struct bp_waits waits = {0};
        struct bp_wait *list = NULL;
        char id[32];

        (void)state;
        for (uint32_t i = 0; i < 1000; i++) {
                snprintf(id, sizeof(id), "id-%u", i);
                wait_for(&waits, &list, i, id);
        }
        for (uint32_t i = 0; i < 1000; i++) {
                snprintf(id, sizeof(id), "id-%u", i);
                assert_int_equal(bp_waits_find(&waits, id)->step, i);
        }
        while (list)
                bp_waits_remove(&waits, list, NULL);
        assert_int_equal(waits.n_waits, 0);
        bp_waits_done(&waits);
}

static void a_busy_wait_that_is_forgotten_is_freed_when_its_event_is_done(void **state) {
        struct bp_waits waits = {0};
        struct bp_wait *list = NULL, *wait = wait_for(&waits, &list, 0, "x");
        struct bp_event_queue left = {0};
        struct bp_event_letter *event;

        (void)state;
        wait->busy = true;
        bp_event_queue_push(&wait->queue, event_of("x", "1"));
        bp_waits_remove(&waits, wait, &left);
        assert_null(bp_waits_find(&waits, "x"));
        assert_null(bp_waits_finish(wait));
        event = bp_event_queue_pop(&left);
        assert_string_equal(event->json, "1");
        bp_event_letter_free(event);
        bp_waits_done(&waits);
}

static void early_events_wait_for_their_step_in_order(void **state) {
        struct bp_waits waits = {0};
        struct bp_event_queue queue = {0};
        struct bp_event_letter *event;

        (void)state;
        bp_waits_keep_early(&waits, event_of("x", "1"), start);
        bp_waits_keep_early(&waits, event_of("y", "2"), start);
        bp_waits_keep_early(&waits, event_of("x", "3"), start);
        bp_waits_take_early(&waits, "x", start, &queue);
        event = bp_event_queue_pop(&queue);
        assert_string_equal(event->json, "1");
        bp_event_letter_free(event);
        event = bp_event_queue_pop(&queue);
        assert_string_equal(event->json, "3");
        bp_event_letter_free(event);
        assert_null(bp_event_queue_pop(&queue));
        assert_int_equal(waits.n_early, 1);
        bp_waits_done(&waits);
}

static void early_events_are_kept_for_a_day(void **state) {
        struct bp_waits waits = {0};
        struct bp_event_queue queue = {0};

        (void)state;
        bp_waits_keep_early(&waits, event_of("x", "1"), start);
        bp_waits_take_early(&waits, "x", (struct bp_mono){start.us + day_us - 1}, &queue);
        assert_non_null(queue.first);
        bp_waits_keep_early(&waits, bp_event_queue_pop(&queue), start);
        bp_waits_take_early(&waits, "x", (struct bp_mono){start.us + day_us}, &queue);
        assert_null(queue.first);
        assert_int_equal(waits.n_early, 0);
        bp_waits_done(&waits);
}

static void beyond_the_limit_the_oldest_go(void **state) {
        struct bp_waits waits = {.early_limit = 200};
        struct bp_event_queue queue = {0};
        char id[32];

        (void)state;
        for (unsigned i = 0; i < 300; i++) {
                snprintf(id, sizeof(id), "id-%u", i);
                bp_waits_keep_early(&waits, event_of(id, "{}"), start);
        }
        assert_int_equal(waits.n_early, 200);
        bp_waits_take_early(&waits, "id-99", start, &queue);
        assert_null(queue.first);
        bp_waits_take_early(&waits, "id-100", start, &queue);
        assert_non_null(queue.first);
        bp_event_letter_free(bp_event_queue_pop(&queue));
        bp_waits_done(&waits);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_event_finds_the_step_that_waits_for_its_id),
                cmocka_unit_test(of_two_that_wait_for_one_id_the_older_gets_it),
                cmocka_unit_test(many_waits_are_all_found_again),
                cmocka_unit_test(a_busy_wait_that_is_forgotten_is_freed_when_its_event_is_done),
                cmocka_unit_test(early_events_wait_for_their_step_in_order),
                cmocka_unit_test(early_events_are_kept_for_a_day),
                cmocka_unit_test(beyond_the_limit_the_oldest_go),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
