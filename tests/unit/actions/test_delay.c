/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values follow the rules of the reference, section 6.1; durations in arithmetic on microseconds. */
#include "action_fixture.h"

extern const struct bp_action bp_action_delay;

#define DELAYED(seconds, reason)                                                                               \
        "{\"success\": true, \"error\": null, \"outputs\": {\"delayed\": true, \"duration_seconds\": " seconds \
        ", \"reason\": " reason "}}"

static void the_duration_is_echoed_as_a_float(void **state) {
        static const struct action_case cases[] = {
                {"{}", DELAYED("1.0", "\"\"")},
                {"{\"duration_seconds\": 0}", DELAYED("0.0", "\"\"")},
                {"{\"duration_seconds\": null, \"reason\": \"limit\"}", DELAYED("1.0", "\"limit\"")},
                {"{\"duration_seconds\": \" 2.5 \", \"reason\": \"\"}", DELAYED("2.5", "\"\"")},
                {"{\"duration_seconds\": true}", DELAYED("1.0", "\"\"")},
                {"{\"duration_seconds\": 7200}", DELAYED("7200.0", "\"\"")},
        };

        (void)state;
        check_cases(&bp_action_delay, CASES(cases));
}

static void what_is_no_duration_fails(void **state) {
        static const struct action_case cases[] = {
                {"{\"duration_seconds\": -0.5}",
                 "{\"success\": false, \"outputs\": {}, \"error\": \"Duration must be non-negative\"}"},
                {"{\"duration_seconds\": \"soon\"}", "{\"success\": false, \"outputs\": {}, \"error\":"
                                                     " \"Invalid duration: duration_seconds must be a number\"}"},
                {"{\"duration_seconds\": \"\"}", "{\"success\": false, \"outputs\": {}, \"error\":"
                                                 " \"Invalid duration: duration_seconds must be a number\"}"},
                {"{\"duration_seconds\": \"nan\"}", "{\"success\": false, \"outputs\": {}, \"error\":"
                                                    " \"Invalid duration: duration_seconds must be a number\"}"},
                {"{\"duration_seconds\": [1]}", "{\"success\": false, \"outputs\": {}, \"error\":"
                                                " \"Invalid duration: duration_seconds must be a number\"}"},
                {"{\"duration_seconds\": 1e300}", "{\"success\": false, \"outputs\": {}, \"error\":"
                                                  " \"Invalid duration: duration_seconds must be a number\"}"},
        };

        (void)state;
        check_cases(&bp_action_delay, CASES(cases));
}

static void the_wait_is_handed_to_the_engine(void **state) {
        struct fixture *fixture = fixture_new(&bp_action_delay);
        struct bp_call_result result = execute(fixture, "{\"duration_seconds\": 2.5}");

        (void)state;
        assert_int_equal(result.outcome, BP_SLEEPING);
        assert_int_equal(result.wake_at.us, TEST_NOW_US + 2500000);
        assert_null(result.external_id);
        fixture_free(fixture);
}

static void validation_knows_the_bounds(void **state) {
        static const struct action_case cases[] = {
                {"{}", "[]"},
                {"{\"duration_seconds\": 3600}", "[]"},
                {"{\"duration_seconds\": \"10\"}", "[]"},
                {"{\"duration_seconds\": 3600.5}", "[\"duration_seconds cannot exceed 3600\"]"},
                {"{\"duration_seconds\": -1}", "[\"duration_seconds must be non-negative\"]"},
                {"{\"duration_seconds\": \"x\"}", "[\"duration_seconds must be a valid number\"]"},
        };

        (void)state;
        check_findings(&bp_action_delay, CASES(cases));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_duration_is_echoed_as_a_float),
                cmocka_unit_test(what_is_no_duration_fails),
                cmocka_unit_test(the_wait_is_handed_to_the_engine),
                cmocka_unit_test(validation_knows_the_bounds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
