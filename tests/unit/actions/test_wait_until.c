/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values follow the reference, section 6.1, and the calendar; it is 2026-01-17T09:30:00Z, a Saturday. */
#include "action_fixture.h"

extern const struct bp_action bp_action_wait_until;

#define OUTPUTS(at, seconds)                                                                  \
        "\"outputs\": {\"waited\": false, \"scheduled_wake_time\": \"2026-01-" at "+00:00\"," \
        " \"actual_wake_time\": null, \"wait_duration_seconds\": " seconds "}"
#define WAITS(at, seconds) "{\"success\": true, \"error\": null, " OUTPUTS(at, seconds) "}"
#define FAILURE(message) "{\"success\": false, \"error\": \"" message "\", \"outputs\": {}}"
#define NO_FORMAT(text)                                                                                        \
        "Unrecognized time format: '" text "'. Use ISO 8601 (e.g., '2024-01-27T09:00:00') or time-only (e.g.," \
        " '09:00')"
#define TIME(text) "{\"until_time\": \"" text "\"}"
#define TIME_IN(text, zone) "{\"until_time\": \"" text "\", \"timezone\": \"" zone "\"}"

static void the_end_of_the_wait_is_worked_out(void **state) {
        static const struct action_case cases[] = {
                {"{\"duration_hours\": 2.5}", WAITS("17T12:00:00.000000", "9000.0")},
                {"{\"duration_hours\": \" 0.0167 \"}", WAITS("17T09:31:00.120000", "60.12")},
                {"{\"duration_hours\": 168, \"until_time\": null}", WAITS("24T09:30:00.000000", "604800.0")},
                {TIME("09:30"), WAITS("18T09:30:00.000000", "86400.0")},
                {TIME("9:31"), WAITS("17T09:31:00.000000", "60.0")},
                {TIME("09:30:01"), WAITS("17T09:30:01.000000", "1.0")},
                {TIME("00:00"), WAITS("18T00:00:00.000000", "52200.0")},
                {TIME_IN("10:31", "Europe/Berlin"), WAITS("17T09:31:00.000000", "60.0")},
                {TIME_IN("10:30", "Europe/Berlin"), WAITS("18T09:30:00.000000", "86400.0")},
                {TIME_IN("05:00", "Asia/Kolkata"), WAITS("17T23:30:00.000000", "50400.0")},
                {TIME_IN("22:00", "America/Los_Angeles"), WAITS("18T06:00:00.000000", "73800.0")},
                {TIME("2026-01-17T10:00:00"), WAITS("17T10:00:00.000000", "1800.0")},
                {TIME("2026-01-17T10:00"), WAITS("17T10:00:00.000000", "1800.0")},
                {TIME("2026-01-17T10:00:00Z"), WAITS("17T10:00:00.000000", "1800.0")},
                {TIME("2026-01-17T10:00:00.25+00:00"), WAITS("17T10:00:00.250000", "1800.25")},
                {TIME("2026-01-17T12:00:00.123456789+02:00"), WAITS("17T10:00:00.123456", "1800.123456")},
                {TIME_IN("2026-01-17T04:30:00-05:30", "Asia/Tokyo"), WAITS("17T10:00:00.000000", "1800.0")},
                {TIME_IN("2026-01-17T19:00:00", "Asia/Tokyo"), WAITS("17T10:00:00.000000", "1800.0")},
                {TIME("2026-01-24T09:30:00"), WAITS("24T09:30:00.000000", "604800.0")},
        };

        (void)state;
        check_cases(&bp_action_wait_until, CASES(cases));
}

static void the_wait_is_handed_to_the_engine(void **state) {
        struct fixture *fixture = fixture_new(&bp_action_wait_until);
        struct bp_call_result result = execute(fixture, TIME("2026-01-17T09:30:00.000001"));

        (void)state;
        assert_int_equal(result.outcome, BP_SLEEPING);
        assert_int_equal(result.wake_at.us, TEST_NOW_US + 1);
        assert_null(result.external_id);
        fixture_free(fixture);
}

static void what_cannot_be_waited_for_fails(void **state) {
        static const struct action_case cases[] = {
                {"{}", FAILURE("Either duration_hours or until_time must be specified")},
                {"{\"duration_hours\": 500}", FAILURE("duration_hours cannot exceed 168 (1 week)")},
                {"{\"duration_hours\": 0.0166}", FAILURE("duration_hours must be at least 0.0167 (1 minute)")},
                {"{\"duration_hours\": \"soon\"}", FAILURE("duration_hours must be a valid number")},
                {"{\"duration_hours\": [1]}", FAILURE("duration_hours must be a valid number")},
                {"{\"duration_hours\": 1, \"timezone\": \"Mars/Crater\"}", FAILURE("Invalid timezone: Mars/Crater")},
                {TIME_IN("09:00", "../../../etc/passwd"), FAILURE("Invalid timezone: ../../../etc/passwd")},
                {TIME("2026-01-17T09:30:00"), FAILURE("until_time must be in the future")},
                {TIME("2026-01-24T09:30:00.000001"),
                 FAILURE("until_time cannot be more than 168 hours (1 week) in the future")},
                {TIME("9"), FAILURE(NO_FORMAT("9"))},
                {TIME("24:00"), FAILURE(NO_FORMAT("24:00"))},
                {TIME("09:60"), FAILURE(NO_FORMAT("09:60"))},
                {TIME("09:00 "), FAILURE(NO_FORMAT("09:00 "))},
                {TIME("2026-02-30T09:00"), FAILURE(NO_FORMAT("2026-02-30T09:00"))},
                {TIME("2026-01-17T09:00+25:00"), FAILURE(NO_FORMAT("2026-01-17T09:00+25:00"))},
                {TIME("2026-01-17Tx"), FAILURE(NO_FORMAT("2026-01-17Tx"))},
                {TIME("2026-01-17T10:00:00."), FAILURE(NO_FORMAT("2026-01-17T10:00:00."))},
        };

        (void)state;
        check_cases(&bp_action_wait_until, CASES(cases));
}

static void any_event_wakes_the_step(void **state) {
        static const struct event_case cases[] = {
                {.event = "{\"type\": \"anything\"}",
                 .result = "{\"action\": \"complete\", \"status\": \"COMPLETED\", \"outputs\": {\"waited\": true,"
                           " \"actual_wake_time\": \"2026-01-17T09:30:00.000000+00:00\"}}"},
        };

        (void)state;
        check_events(&bp_action_wait_until, CASES(cases));
}

static void validation_wants_one_of_two_ways(void **state) {
        static const struct action_case cases[] = {
                {"{\"duration_hours\": 1}", "[]"},
                {TIME_IN("09:00", "Europe/Berlin"), "[]"},
                {TIME("2020-01-27T09:00:00"), "[]"},
                {"{}", "[\"Either duration_hours or until_time must be specified\"]"},
                {"{\"duration_hours\": 1, \"until_time\": \"09:00\"}",
                 "[\"Cannot specify both duration_hours and until_time\"]"},
                {"{\"duration_hours\": 169}", "[\"duration_hours cannot exceed 168 (1 week)\"]"},
                {"{\"duration_hours\": 0}", "[\"duration_hours must be at least 0.0167 (1 minute)\"]"},
                {"{\"duration_hours\": \"x\"}", "[\"duration_hours must be a valid number\"]"},
                {TIME("9"), "[\"" NO_FORMAT("9") "\"]"},
                {"{\"duration_hours\": 1, \"timezone\": \"Nowhere\"}", "[\"Unknown timezone: Nowhere\"]"},
                {TIME_IN("09:00", "Nowhere"), "[\"Invalid timezone: Nowhere\", \"Unknown timezone: Nowhere\"]"},
        };

        (void)state;
        check_findings(&bp_action_wait_until, CASES(cases));
        check_examples(&bp_action_wait_until, 2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_end_of_the_wait_is_worked_out), cmocka_unit_test(the_wait_is_handed_to_the_engine),
                cmocka_unit_test(what_cannot_be_waited_for_fails),   cmocka_unit_test(any_event_wakes_the_step),
                cmocka_unit_test(validation_wants_one_of_two_ways),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
