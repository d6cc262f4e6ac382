/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values follow the rules of the reference, section 6.1. */
#include "action_fixture.h"

extern const struct bp_action bp_action_log;

static void a_message_is_echoed_with_its_type(void **state) {
        static const struct action_case cases[] = {
                {"{}", "{\"success\": true, \"error\": null, \"outputs\": {\"logged\": true,"
                       " \"message\": \"No message provided\", \"level\": \"info\"}}"},
                {"{\"message\": \"hi\", \"level\": \"ERROR\"}",
                 "{\"success\": true, \"error\": null, \"outputs\": {\"logged\": true, \"message\": \"hi\","
                 " \"level\": \"error\"}}"},
                {"{\"message\": {\"a\": [1, 2.0]}}",
                 "{\"success\": true, \"error\": null, \"outputs\": {\"logged\": true, \"message\": {\"a\": [1, 2.0]},"
                 " \"level\": \"info\"}}"},
                {"{\"message\": null}", "{\"success\": true, \"error\": null, \"outputs\": {\"logged\": true,"
                                        " \"message\": null, \"level\": \"info\"}}"},
                {"{\"message\": \"\", \"level\": null}", "{\"success\": true, \"error\": null, \"outputs\": {"
                                                         "\"logged\": true, \"message\": \"\", \"level\": \"info\"}}"},
                {"{\"message\": \"x\", \"level\": \"Loud\"}",
                 "{\"success\": true, \"error\": null, \"outputs\": {\"logged\": true, \"message\": \"x\","
                 " \"level\": \"loud\"}}"},
                {"{\"level\": 5}", "{\"success\": false, \"error\": \"level must be text\", \"outputs\": {}}"},
        };

        (void)state;
        check_cases(&bp_action_log, CASES(cases));
}

static void the_line_has_the_level_and_the_text_of_the_message(void **state) {
        static const struct {
                const char *params;
                enum bp_log_level level;
                const char *line;
        } cases[] = {
                {"{\"message\": \"hi\"}", BP_LOG_INFO, "hi"},
                {"{\"message\": \"hi\", \"level\": \"Debug\"}", BP_LOG_DEBUG, "hi"},
                {"{\"message\": \"hi\", \"level\": \"warning\"}", BP_LOG_WARNING, "hi"},
                {"{\"message\": \"hi\", \"level\": \"error\"}", BP_LOG_ERROR, "hi"},
                {"{\"message\": \"hi\", \"level\": \"loud\"}", BP_LOG_INFO, "hi"},
                {"{\"message\": {\"k\": [true, null, 2.0]}}", BP_LOG_INFO, "{'k': [True, None, 2.0]}"},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct fixture *fixture = fixture_new(&bp_action_log);

                execute(fixture, cases[i].params);
                assert_int_equal(fixture->n_log_lines, 1);
                assert_int_equal(fixture->log_level, cases[i].level);
                assert_string_equal(fixture->log_line, cases[i].line);
                fixture_free(fixture);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_message_is_echoed_with_its_type),
                cmocka_unit_test(the_line_has_the_level_and_the_text_of_the_message),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
