/* SPDX-License-Identifier: Apache-2.0 */
/* Who is due next, compared with a plain search over all that is set. */
#include "unit.h"

#include <stdbool.h>

#include "base/id.h"
#include "runtime/due_times.h"

enum {
        N = 500,
        ROUNDS = 20000,
};

static void nothing_is_due_at_first(void **state) {
        struct bp_due_times times = {0};

        (void)state;
        assert_null(bp_due_times_earliest(&times));
}

static void the_earliest_comes_first_whatever_the_order_of_setting(void **state) {
        struct bp_due_times times = {0};
        struct bp_due dues[5] = {0};
        static const int64_t us[] = {30, 10, 50, 20, 40};

        (void)state;
        for (size_t i = 0; i < 5; i++)
                bp_due_times_set(&times, &dues[i], (struct bp_mono){us[i]});
        for (int64_t expected = 10; expected <= 50; expected += 10) {
                struct bp_due *due = bp_due_times_earliest(&times);

                assert_int_equal(due->due.us, expected);
                bp_due_times_clear(&times, due);
        }
        assert_null(bp_due_times_earliest(&times));
}

static void a_deadline_that_is_set_again_moves(void **state) {
        struct bp_due_times times = {0};
        struct bp_due a = {0}, b = {0};

        (void)state;
        bp_due_times_set(&times, &a, (struct bp_mono){10});
        bp_due_times_set(&times, &b, (struct bp_mono){20});
        bp_due_times_set(&times, &a, (struct bp_mono){30});
        assert_ptr_equal(bp_due_times_earliest(&times), &b);
        bp_due_times_set(&times, &a, (struct bp_mono){5});
        assert_ptr_equal(bp_due_times_earliest(&times), &a);
}

static void one_that_is_not_set_can_be_cleared(void **state) {
        struct bp_due_times times = {0};
        struct bp_due a = {0}, b = {0};

        (void)state;
        bp_due_times_set(&times, &a, (struct bp_mono){10});
        bp_due_times_clear(&times, &b);
        assert_ptr_equal(bp_due_times_earliest(&times), &a);
}

static void a_time_before_the_clock_began_is_due_at_once(void **state) {
        struct bp_due_times times = {0};
        struct bp_due long_ago = {0}, soon = {0};

        (void)state;
        bp_due_times_set(&times, &soon, (struct bp_mono){10});
        bp_due_times_set(&times, &long_ago, (struct bp_mono){-5});
        assert_ptr_equal(bp_due_times_earliest(&times), &long_ago);
        bp_due_times_clear(&times, &long_ago);
        assert_ptr_equal(bp_due_times_earliest(&times), &soon);
}

static const struct bp_due *earliest_by_search(const struct bp_due *dues) {
        const struct bp_due *earliest = NULL;

        for (size_t i = 0; i < N; i++)
                if (dues[i].due.us && (!earliest || dues[i].due.us < earliest->due.us))
                        earliest = &dues[i];
        return earliest;
}

static void agrees_with_a_search_through_random_changes(void **state) {
        static struct bp_due dues[N];
        struct bp_due_times times = {0};

        (void)state;
        for (uint64_t round = 0; round < ROUNDS; round++) {
                uint64_t random = bp_hash64(&round, sizeof(round), 7);
                struct bp_due *due = &dues[random % N];
                const struct bp_due *expected, *got;

                if ((random >> 32) % 3 == 0)
                        bp_due_times_clear(&times, due);
                else
                        bp_due_times_set(&times, due, (struct bp_mono){(int64_t)((random >> 40) % 1000)});
                expected = earliest_by_search(dues);
                got = bp_due_times_earliest(&times);
                assert_true(!expected == !got);
                if (got)
                        assert_int_equal(got->due.us, expected->due.us);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_is_due_at_first),
                cmocka_unit_test(the_earliest_comes_first_whatever_the_order_of_setting),
                cmocka_unit_test(a_deadline_that_is_set_again_moves),
                cmocka_unit_test(one_that_is_not_set_can_be_cleared),
                cmocka_unit_test(a_time_before_the_clock_began_is_due_at_once),
                cmocka_unit_test(agrees_with_a_search_through_random_changes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
