/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values follow the rules of the reference, section 6.1. */
#include "action_fixture.h"

extern const struct bp_action bp_action_fail;

static void the_message_is_the_error(void **state) {
        static const struct action_case cases[] = {
                {"{}", "{\"success\": false, \"error\": \"Intentional failure\", \"outputs\":"
                       " {\"error_code\": \"INTENTIONAL_FAILURE\", \"message\": \"Intentional failure\"}}"},
                {"{\"message\": \"no\", \"error_code\": \"E1\"}",
                 "{\"success\": false, \"error\": \"no\", \"outputs\": {\"error_code\": \"E1\", \"message\": \"no\"}}"},
                {"{\"message\": {\"why\": [1]}}",
                 "{\"success\": false, \"error\": {\"why\": [1]}, \"outputs\":"
                 " {\"error_code\": \"INTENTIONAL_FAILURE\", \"message\": {\"why\": [1]}}}"},
                {"{\"message\": \"\"}", "{\"success\": false, \"error\": \"\", \"outputs\":"
                                        " {\"error_code\": \"INTENTIONAL_FAILURE\", \"message\": \"\"}}"},
                {"{\"message\": null}", "{\"success\": false, \"error\": \"Step execution failed\", \"outputs\":"
                                        " {\"error_code\": \"INTENTIONAL_FAILURE\", \"message\": null}}"},
        };

        (void)state;
        check_cases(&bp_action_fail, CASES(cases));
}

static void the_failure_is_definite_and_has_text(void **state) {
        static const struct {
                const char *params, *message;
        } cases[] = {
                {"{\"message\": \"no\"}", "no"},
                {"{\"message\": {\"why\": [true]}}", "{'why': [True]}"},
                {"{\"message\": \"\"}", "Step execution failed"},
                {"{\"message\": null}", "Step execution failed"},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct fixture *fixture = fixture_new(&bp_action_fail);
                struct bp_call_result result = execute(fixture, cases[i].params);

                assert_int_equal(result.outcome, BP_FAILED);
                assert_string_equal(result.code, "INTENTIONAL_FAILURE");
                assert_string_equal(result.message, cases[i].message);
                fixture_free(fixture);
        }
}

static void its_examples_are_valid(void **state) {
        (void)state;
        check_examples(&bp_action_fail, 2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_message_is_the_error),
                cmocka_unit_test(the_failure_is_definite_and_has_text),
                cmocka_unit_test(its_examples_are_valid),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
