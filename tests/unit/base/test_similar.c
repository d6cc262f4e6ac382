/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/similar.h"

/* Distances worked out by hand. */
static const struct {
        const char *a, *b;
        size_t distance;
} distances[] = {
        {"", "", 0},         {"log", "log", 0},  {"log", "Log", 0},        {"", "ab", 2},
        {"lgo", "log", 1},   {"logg", "log", 1}, {"kitten", "sitting", 3}, {"transfrom", "transform", 1},
        {"abcd", "badc", 2}, {"ca", "abc", 3},
};

static void the_distance_counts_edits(void **state) {
        (void)state;
        for (size_t i = 0; i < sizeof(distances) / sizeof(*distances); i++) {
                assert_int_equal(bp_similar_distance(distances[i].a, distances[i].b, 9), distances[i].distance);
                assert_int_equal(bp_similar_distance(distances[i].b, distances[i].a, 9), distances[i].distance);
        }
}

static void a_distance_over_the_limit_is_one_more_than_the_limit(void **state) {
        char longer[BP_SIMILAR_LENGTH_MAX + 2] = {0};

        (void)state;
        memset(longer, 'x', BP_SIMILAR_LENGTH_MAX + 1);
        assert_int_equal(bp_similar_distance("kitten", "sitting", 2), 3);
        assert_int_equal(bp_similar_distance("abcdef", "uvwxyz", 1), 2);
        assert_int_equal(bp_similar_distance(longer, longer, 3), 4);
}

static void the_nearest_name_wins_and_nothing_far_is_offered(void **state) {
        static const char *const known[] = {"delay", "transform", "log", "lag"};
        static const struct {
                const char *wanted, *nearest;
        } cases[] = {
                {"lgo", "log"}, {"lg", "log"}, {"lig", "log"}, {"trnsfrm", "transform"}, {"http_request", NULL},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct bp_similar similar;

                bp_similar_init(&similar, cases[i].wanted);
                for (size_t j = 0; j < sizeof(known) / sizeof(*known); j++)
                        bp_similar_offer(&similar, known[j]);
                if (cases[i].nearest)
                        assert_string_equal(similar.nearest, cases[i].nearest);
                else
                        assert_null(similar.nearest);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_distance_counts_edits),
                cmocka_unit_test(a_distance_over_the_limit_is_one_more_than_the_limit),
                cmocka_unit_test(the_nearest_name_wins_and_nothing_far_is_offered),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
