/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values follow the rules of the reference, section 6.1. */
#include "action_fixture.h"

extern const struct bp_action bp_action_set_output;

static void the_object_becomes_the_outputs(void **state) {
        static const struct action_case cases[] = {
                {"{}", "{\"success\": true, \"outputs\": {}, \"error\": null}"},
                {"{\"outputs\": {}}", "{\"success\": true, \"outputs\": {}, \"error\": null}"},
                {"{\"outputs\": {\"a\": 1, \"b\": {\"c\": [null, 2.0, true]}, \"\": null}}",
                 "{\"success\": true, \"outputs\": {\"a\": 1, \"b\": {\"c\": [null, 2.0, true]}, \"\": null},"
                 " \"error\": null}"},
        };

        (void)state;
        check_cases(&bp_action_set_output, CASES(cases));
}

static void anything_else_fails_and_names_its_kind(void **state) {
        static const struct action_case cases[] = {
                {"{\"outputs\": null}",
                 "{\"success\": false, \"outputs\": {}, \"error\": \"outputs must be an object, got NoneType\"}"},
                {"{\"outputs\": [1]}",
                 "{\"success\": false, \"outputs\": {}, \"error\": \"outputs must be an object, got list\"}"},
                {"{\"outputs\": \"x\"}",
                 "{\"success\": false, \"outputs\": {}, \"error\": \"outputs must be an object, got str\"}"},
                {"{\"outputs\": 1.5}",
                 "{\"success\": false, \"outputs\": {}, \"error\": \"outputs must be an object, got float\"}"},
        };

        (void)state;
        check_cases(&bp_action_set_output, CASES(cases));
}

static void its_examples_are_valid(void **state) {
        (void)state;
        check_examples(&bp_action_set_output, 2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_object_becomes_the_outputs),
                cmocka_unit_test(anything_else_fails_and_names_its_kind),
                cmocka_unit_test(its_examples_are_valid),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
