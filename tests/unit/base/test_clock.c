/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "base/clock.h"

/* Texts from Python: datetime.fromtimestamp(us / 1e6, UTC).isoformat(timespec="microseconds"). */
static const struct {
        int64_t us;
        const char *text;
} times[] = {
        {0, "1970-01-01T00:00:00.000000+00:00"},
        {1, "1970-01-01T00:00:00.000001+00:00"},
        {-1, "1969-12-31T23:59:59.999999+00:00"},
        {-1000000, "1969-12-31T23:59:59.000000+00:00"},
        {1768642200123456, "2026-01-17T09:30:00.123456+00:00"},
        {951782400000000, "2000-02-29T00:00:00.000000+00:00"},
        {253402300799999999, "9999-12-31T23:59:59.999999+00:00"},
};

static void a_time_is_written_as_iso_8601_in_utc(void **state) {
        (void)state;
        for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
                char text[BP_WALL_TEXT_SIZE];

                assert_string_equal(bp_wall_format((struct bp_wall){times[i].us}, text), times[i].text);
        }
}

static void a_time_beyond_four_digit_years_is_written_as_zeros(void **state) {
        static const int64_t outside[] = {253402300800000000, INT64_MAX, INT64_MIN};
        char text[BP_WALL_TEXT_SIZE];

        (void)state;
        for (size_t i = 0; i < sizeof(outside) / sizeof(*outside); i++)
                assert_string_equal(bp_wall_format((struct bp_wall){outside[i]}, text),
                                    "0000-00-00T00:00:00.000000+00:00");
}

static void the_monotonic_clock_does_not_go_back(void **state) {
        struct bp_mono before = bp_mono_now();

        (void)state;
        for (int i = 0; i < 1000; i++) {
                struct bp_mono now = bp_mono_now();

                assert_true(now.us >= before.us);
                before = now;
        }
}

static void the_wall_clock_is_in_microseconds_since_1970(void **state) {
        (void)state;
        assert_in_range(bp_wall_now().us, 1700000000000000, 4000000000000000);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_time_is_written_as_iso_8601_in_utc),
                cmocka_unit_test(a_time_beyond_four_digit_years_is_written_as_zeros),
                cmocka_unit_test(the_monotonic_clock_does_not_go_back),
                cmocka_unit_test(the_wall_clock_is_in_microseconds_since_1970),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
