/* SPDX-License-Identifier: Apache-2.0 */
/* Two clocks in the test's hand: what a jump of one does to an execution, and what skipping does to both. */
#include "unit.h"

#include "runtime/timekeeper.h"

static struct bp_wall wall_is;
static struct bp_mono mono_is;

static struct bp_wall test_wall(void) {
        return wall_is;
}

static struct bp_mono test_mono(void) {
        return mono_is;
}

static void set_clocks(int64_t wall_us, int64_t mono_us) {
        wall_is.us = wall_us;
        mono_is.us = mono_us;
}

static void an_execution_counts_from_its_anchor(void **state) {
        struct bp_timekeeper keeper = {.wall = test_wall, .mono = test_mono};
        struct bp_anchor anchor;

        (void)state;
        set_clocks(1000000, 50);
        anchor = bp_timekeeper_anchor(&keeper);
        set_clocks(1000007, 57);
        assert_int_equal(bp_anchor_now(&keeper, anchor).us, 1000007);
        assert_int_equal(bp_anchor_mono(anchor, (struct bp_wall){1000100}).us, 150);
}

static void a_jump_of_the_wall_clock_does_not_reach_it(void **state) {
        static const int64_t jumps[] = {-86400000000, 86400000000};
        struct bp_timekeeper keeper = {.wall = test_wall, .mono = test_mono};

        (void)state;
        for (size_t i = 0; i < 2; i++) {
                struct bp_anchor anchor;

                set_clocks(100000000000, 50);
                anchor = bp_timekeeper_anchor(&keeper);
                set_clocks(100000000000 + jumps[i], 60);
                assert_int_equal(bp_anchor_now(&keeper, anchor).us, 100000000010);
                assert_int_equal(bp_anchor_mono(anchor, (struct bp_wall){100000000100}).us, 150);
                anchor = bp_timekeeper_anchor(&keeper);
                assert_int_equal(bp_anchor_now(&keeper, anchor).us, 100000000000 + jumps[i]);
        }
}

static void skipping_moves_both_clocks_and_only_forward(void **state) {
        struct bp_timekeeper keeper = {.wall = test_wall, .mono = test_mono};
        struct bp_anchor anchor;

        (void)state;
        set_clocks(1000, 100);
        anchor = bp_timekeeper_anchor(&keeper);
        bp_timekeeper_skip(&keeper, (struct bp_mono){150});
        assert_int_equal(bp_timekeeper_mono(&keeper).us, 150);
        assert_int_equal(bp_timekeeper_wall(&keeper).us, 1050);
        assert_int_equal(bp_anchor_now(&keeper, anchor).us, 1050);
        bp_timekeeper_skip(&keeper, (struct bp_mono){120});
        assert_int_equal(bp_timekeeper_mono(&keeper).us, 150);
}

static void an_execution_begun_after_a_skip_agrees_with_one_begun_before(void **state) {
        struct bp_timekeeper keeper = {.wall = test_wall, .mono = test_mono};
        struct bp_anchor before, after;

        (void)state;
        set_clocks(1000, 100);
        before = bp_timekeeper_anchor(&keeper);
        bp_timekeeper_skip(&keeper, (struct bp_mono){700});
        after = bp_timekeeper_anchor(&keeper);
        assert_int_equal(bp_anchor_now(&keeper, before).us, bp_anchor_now(&keeper, after).us);
}

static void a_deadline_beyond_all_time_does_not_wrap(void **state) {
        struct bp_timekeeper keeper = {.wall = test_wall, .mono = test_mono};
        struct bp_anchor anchor;

        (void)state;
        set_clocks(10, 100);
        anchor = bp_timekeeper_anchor(&keeper);
        assert_int_equal(bp_anchor_mono(anchor, (struct bp_wall){INT64_MAX}).us, INT64_MAX);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_execution_counts_from_its_anchor),
                cmocka_unit_test(a_jump_of_the_wall_clock_does_not_reach_it),
                cmocka_unit_test(skipping_moves_both_clocks_and_only_forward),
                cmocka_unit_test(an_execution_begun_after_a_skip_agrees_with_one_begun_before),
                cmocka_unit_test(a_deadline_beyond_all_time_does_not_wrap),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
