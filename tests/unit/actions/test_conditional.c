/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values follow the rules of the reference, section 6.1 with quirks 10, 12 and 27, and the vectors. */
#include "action_fixture.h"

extern const struct bp_action bp_action_conditional;

#define TAKEN(id, label, target)                                                                                   \
        "{\"success\": true, \"error\": null, \"outputs\": {\"matched_branch\": " id ", \"matched_label\": " label \
        ", \"target_step\": " target ", \"result\": " label ", \"branch\": " id "}}"
#define NONE                                                                                                        \
        "{\"success\": true, \"error\": null, \"outputs\": {\"matched_branch\": null, \"matched_label\": \"none\"," \
        " \"target_step\": null, \"result\": null, \"branch\": \"none\"}}"
#define LEGACY(word, result)                                                                                      \
        "{\"success\": true, \"error\": null, \"outputs\": {\"matched_branch\": \"" word                          \
        "\", \"matched_label\": \"" word "\", \"target_step\": null, \"result\": " result ", \"branch\": \"" word \
        "\"}}"

static void check_in_execution(const struct action_case *cases, size_t count) {
        for (size_t i = 0; i < count; i++) {
                struct fixture *fixture = fixture_new(&bp_action_conditional);
                struct bp_value params = parse(fixture, "{\"priority\": 7, \"mode\": \"fast\", \"empty\": \"\"}");
                struct bp_value outputs = parse(fixture, "{\"chk\": {\"status\": \"healthy\", \"n\": 0}}");
                struct bp_call_result result;

                fixture->call.workflow_params = &params;
                fixture->call.step_outputs = &outputs;
                result = execute(fixture, cases[i].params);
                check_result(fixture, &result, cases[i].result, cases[i].params);
                fixture_free(fixture);
        }
}

static void the_first_true_branch_is_taken(void **state) {
        static const struct action_case cases[] = {
                {"{\"branches\": [{\"id\": \"a\", \"label\": \"A\", \"condition\": \"false\", \"target_step\": \"t\"},"
                 " {\"id\": \"b\", \"label\": \"B\", \"condition\": \"true\", \"target_step\": \"u\"},"
                 " {\"id\": \"c\", \"condition\": \"true\"}]}",
                 TAKEN("\"b\"", "\"B\"", "\"u\"")},
                {"{\"branches\": [{\"id\": \"a\", \"condition\": \"{{ params.priority > 9 }}\"},"
                 " {\"id\": \"b\", \"condition\": \"{{ params.mode == 'fast' }}\"}]}",
                 TAKEN("\"b\"", "\"b\"", "null")},
                {"{\"branches\": [{\"id\": \"a\", \"condition\": \"{{ steps.chk.outputs.n }}\"},"
                 " {\"id\": \"b\", \"condition\": \"{{ steps.chk.outputs.status == 'healthy' }}\"}]}",
                 TAKEN("\"b\"", "\"b\"", "null")},
                {"{\"branches\": [{\"id\": \"a\", \"condition\": \"no\"}, {\"id\": \"b\", \"condition\": \"0\"},"
                 " {\"id\": \"c\", \"condition\": \"1\"}]}",
                 TAKEN("\"c\"", "\"c\"", "null")},
                {"{\"branches\": [{\"id\": \"a\", \"condition\": \"false\"}], \"condition\": true}", NONE},
        };

        (void)state;
        check_in_execution(CASES(cases));
}

static void what_a_branch_leaves_out_has_a_default(void **state) {
        static const struct action_case cases[] = {
                {"{\"branches\": [{}]}", TAKEN("\"unknown\"", "\"unknown\"", "null")},
                {"{\"branches\": [{\"id\": \"only\"}]}", TAKEN("\"only\"", "\"only\"", "null")},
                {"{\"branches\": [{\"id\": \"x\", \"condition\": null}]}", TAKEN("\"x\"", "\"x\"", "null")},
                {"{\"branches\": [{\"id\": \"x\", \"condition\": \"\"}]}", TAKEN("\"x\"", "\"x\"", "null")},
                {"{\"branches\": [{\"id\": 7, \"label\": null}]}", TAKEN("7", "null", "null")},
        };

        (void)state;
        check_in_execution(CASES(cases));
}

static void a_condition_that_is_no_text_counts_by_its_truth(void **state) {
        static const struct action_case cases[] = {
                {"{\"branches\": [{\"id\": \"a\", \"condition\": false}, {\"id\": \"b\", \"condition\": 0},"
                 " {\"id\": \"c\", \"condition\": []}, {\"id\": \"d\", \"condition\": true}]}",
                 TAKEN("\"d\"", "\"d\"", "null")},
        };

        (void)state;
        check_in_execution(CASES(cases));
}

static void a_condition_that_cannot_be_judged_is_logged_and_false(void **state) {
        struct fixture *fixture = fixture_new(&bp_action_conditional);
        struct bp_call_result result =
                execute(fixture, "{\"branches\": [{\"id\": \"a\", \"condition\": \"{{ bad\"}, {\"id\": \"b\"}]}");

        (void)state;
        check_result(fixture, &result, TAKEN("\"b\"", "\"b\"", "null"), "a broken condition");
        assert_int_equal(fixture->n_log_lines, 1);
        assert_int_equal(fixture->log_level, BP_LOG_WARNING);
        assert_memory_equal(fixture->log_line, "branches[0]: ", strlen("branches[0]: "));
        fixture_free(fixture);
}

static void what_is_no_branch_fails_once_it_would_be_judged(void **state) {
        static const struct action_case cases[] = {
                {"{\"branches\": \"x\"}",
                 "{\"success\": false, \"outputs\": {}, \"error\": \"branches must be a list, not str\"}"},
                {"{\"branches\": [{\"id\": \"a\", \"condition\": \"false\"}, 5]}",
                 "{\"success\": false, \"outputs\": {}, \"error\": \"branches[1] must be an object, not int\"}"},
                {"{\"branches\": [{\"id\": \"a\"}, 5]}", TAKEN("\"a\"", "\"a\"", "null")},
        };

        (void)state;
        check_in_execution(CASES(cases));
}

static void without_branches_a_value_decides(void **state) {
        static const struct action_case cases[] = {
                {"{}", LEGACY("true", "{\"branch\": \"true\"}")},
                {"{\"branches\": []}", LEGACY("true", "{\"branch\": \"true\"}")},
                {"{\"branches\": null, \"condition\": false}", LEGACY("false", "{\"branch\": \"false\"}")},
                {"{\"condition\": 0}", LEGACY("false", "{\"branch\": \"false\"}")},
                {"{\"condition\": \"\"}", LEGACY("false", "{\"branch\": \"false\"}")},
                {"{\"condition\": null}", LEGACY("false", "{\"branch\": \"false\"}")},
                {"{\"condition\": []}", LEGACY("false", "{\"branch\": \"false\"}")},
                {"{\"condition\": 0.5}", LEGACY("true", "{\"branch\": \"true\"}")},
                {"{\"condition\": \" False \"}", LEGACY("false", "{\"branch\": \"false\"}")},
                {"{\"condition\": \"NO\"}", LEGACY("false", "{\"branch\": \"false\"}")},
                {"{\"condition\": \"falsehood\"}", LEGACY("true", "{\"branch\": \"true\"}")},
                {"{\"condition\": \"not false\"}", LEGACY("true", "{\"branch\": \"true\"}")},
                {"{\"condition\": true, \"true_result\": [1]}", LEGACY("true", "[1]")},
                {"{\"condition\": false, \"false_result\": null}", LEGACY("false", "null")},
        };

        (void)state;
        check_in_execution(CASES(cases));
}

static void validation_wants_an_id_and_a_condition(void **state) {
        static const struct action_case cases[] = {
                {"{}", "[]"},
                {"{\"branches\": [{\"id\": \"a\", \"condition\": \"c\"}]}", "[]"},
                {"{\"branches\": [{\"id\": \"a\"}, {\"condition\": \"c\", \"id\": \"\"}, 7]}",
                 "[\"branches[0]: condition is required\", \"branches[1]: id is required\","
                 " \"branches[2] must be an object\"]"},
                {"{\"branches\": \"x\"}", "[\"branches must be a list\"]"},
        };

        (void)state;
        check_findings(&bp_action_conditional, CASES(cases));
}

static void the_engine_learns_from_the_metadata_that_it_routes(void **state) {
        struct fixture *fixture = fixture_new(&bp_action_conditional);
        const struct bp_action_meta *meta = bp_action_entry_meta(fixture->entry);

        (void)state;
        assert_string_equal(meta->routes, "branches");
        assert_true(bp_action_meta_param(meta, "branches")->raw);
        fixture_free(fixture);
        check_examples(&bp_action_conditional, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_first_true_branch_is_taken),
                cmocka_unit_test(what_a_branch_leaves_out_has_a_default),
                cmocka_unit_test(a_condition_that_is_no_text_counts_by_its_truth),
                cmocka_unit_test(a_condition_that_cannot_be_judged_is_logged_and_false),
                cmocka_unit_test(what_is_no_branch_fails_once_it_would_be_judged),
                cmocka_unit_test(without_branches_a_value_decides),
                cmocka_unit_test(validation_wants_an_id_and_a_condition),
                cmocka_unit_test(the_engine_learns_from_the_metadata_that_it_routes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
