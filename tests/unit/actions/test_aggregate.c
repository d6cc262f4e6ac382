/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values from the table of the reference, section 6.1, and from Python's sum, min, str.join and division. */
#include "action_fixture.h"

extern const struct bp_action bp_action_aggregate;

#define AGGREGATED(operation, inputs, result, count)                                                     \
        {                                                                                                \
                "{\"operation\": \"" operation "\", \"inputs\": " inputs "}",                            \
                        "{\"success\": true, \"error\": null, \"outputs\": {\"operation\": \"" operation \
                        "\", \"result\": " result ", \"count\": " count "}}"                             \
        }
#define FAILED(error) "{\"success\": false, \"outputs\": {}, \"error\": \"Aggregate failed: " error "\"}"

/* clang-format off */
static void each_operation(void **state) {
        static const struct action_case cases[] = {
                AGGREGATED("list", "[1, [2], null]", "[1, [2], null]", "3"),
                AGGREGATED("list", "null", "[]", "0"),
                AGGREGATED("list", "\"x\"", "[\"x\"]", "0"),
                AGGREGATED("bogus", "[1]", "[1]", "1"),
                AGGREGATED("sum", "[]", "0", "0"),
                AGGREGATED("sum", "[1, true, 2]", "4", "3"),
                AGGREGATED("sum", "[1, 2.5]", "3.5", "2"),
                AGGREGATED("sum", "[1, \"2\"]", "0", "2"),
                AGGREGATED("sum", "5", "5", "0"),
                AGGREGATED("sum", "[9223372036854775806, 1]", "9223372036854775807", "2"),
                AGGREGATED("join", "[1, \"a\", null, true, 2.0, {\"k\": \"v\"}]",
                           "\"1, a, None, True, 2.0, {'k': 'v'}\"", "6"),
                AGGREGATED("join", "[]", "\"\"", "0"),
                AGGREGATED("merge", "[{\"a\": 1, \"b\": {\"x\": 1}}, 7, {\"b\": {\"y\": 2}}]",
                           "{\"a\": 1, \"b\": {\"y\": 2}}", "3"),
                AGGREGATED("first", "[7, 8]", "7", "2"),
                AGGREGATED("first", "[]", "null", "0"),
                AGGREGATED("last", "[7, 8]", "8", "2"),
                AGGREGATED("last", "[]", "null", "0"),
                AGGREGATED("last", "{\"k\": 1}", "{\"k\": 1}", "0"),
                AGGREGATED("min", "[2, 1.0, 1, true]", "1.0", "4"),
                AGGREGATED("min", "[2, \"1\"]", "null", "2"),
                AGGREGATED("min", "[]", "null", "0"),
                AGGREGATED("max", "[1, 2, 2.0]", "2", "3"),
                AGGREGATED("max", "[false, true]", "true", "2"),
                AGGREGATED("average", "[1, 2]", "1.5", "2"),
                AGGREGATED("average", "[2, 4]", "3.0", "2"),
                AGGREGATED("average", "[true, 2.5]", "1.75", "2"),
                AGGREGATED("average", "[]", "null", "0"),
                AGGREGATED("average", "[1, null]", "null", "2"),
                AGGREGATED("average", "[9007199254740993, 2, 3]", "3002399751580332.5", "3"),
                AGGREGATED("average", "[-9007199254740993]", "-9007199254740992.0", "1"),
                AGGREGATED("count", "[1, 2]", "2", "2"),
                AGGREGATED("count", "\"x\"", "1", "0"),
                AGGREGATED("count", "null", "0", "0"),
                AGGREGATED("flatten", "[[1, [2]], 3]", "[1, [2], 3]", "2"),
        };
        /* clang-format on */

        (void)state;
        check_cases(&bp_action_aggregate, CASES(cases));
}

static void what_is_left_out_has_a_default(void **state) {
        static const struct action_case cases[] = {
                {"{}", "{\"success\": true, \"error\": null, \"outputs\": {\"operation\": \"list\", \"result\": [],"
                       " \"count\": 0}}"},
                {"{\"inputs\": [1, 2], \"operation\": \"join\", \"separator\": \"\"}",
                 "{\"success\": true, \"error\": null, \"outputs\": {\"operation\": \"join\", \"result\": \"12\","
                 " \"count\": 2}}"},
                {"{\"inputs\": [1, 2], \"operation\": null}",
                 "{\"success\": true, \"error\": null, \"outputs\": {\"operation\": null, \"result\": [1, 2],"
                 " \"count\": 2}}"},
        };

        (void)state;
        check_cases(&bp_action_aggregate, CASES(cases));
}

static void what_has_no_result_fails(void **state) {
        static const struct action_case cases[] = {
                {"{\"inputs\": [1], \"operation\": \"join\", \"separator\": null}",
                 FAILED("'NoneType' object has no attribute 'join'")},
                {"{\"inputs\": [1], \"operation\": \"join\", \"separator\": 5}",
                 FAILED("'int' object has no attribute 'join'")},
                {"{\"inputs\": [9223372036854775807, 1], \"operation\": \"sum\"}", FAILED("the sum is out of range")},
                {"{\"inputs\": [-9223372036854775807, -2], \"operation\": \"average\"}",
                 FAILED("the sum is out of range")},
                {"{\"inputs\": [1.7e308, 1.7e308], \"operation\": \"sum\"}", FAILED("the sum is out of range")},
        };

        (void)state;
        check_cases(&bp_action_aggregate, CASES(cases));
}

static void validation_wants_a_list_and_a_known_operation(void **state) {
        static const struct action_case cases[] = {
                {"{}", "[]"},
                {"{\"inputs\": null}", "[]"},
                {"{\"inputs\": [1], \"operation\": \"average\"}", "[]"},
                {"{\"inputs\": \"x\", \"operation\": \"mean\"}",
                 "[\"inputs must be a list\", \"operation must be one of: list, sum, join, merge, first, last, min, "
                 "max, average, count, flatten\"]"},
        };

        (void)state;
        check_findings(&bp_action_aggregate, CASES(cases));
}

static void its_examples_are_valid(void **state) {
        (void)state;
        check_examples(&bp_action_aggregate, 3);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_operation),
                cmocka_unit_test(what_is_left_out_has_a_default),
                cmocka_unit_test(what_has_no_result_fails),
                cmocka_unit_test(validation_wants_a_list_and_a_known_operation),
                cmocka_unit_test(its_examples_are_valid),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
