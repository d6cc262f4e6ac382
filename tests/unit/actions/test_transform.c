/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values from the table of the reference, section 6.1, and from Python's str.upper, sorted and str. */
#include "action_fixture.h"

extern const struct bp_action bp_action_transform;

/* Operation, input, result; the kinds of input and result. */
#define TRANSFORMED(operation, input, input_type, result, output_type)                                   \
        {                                                                                                \
                "{\"operation\": \"" operation "\", \"input\": " input "}",                              \
                        "{\"success\": true, \"error\": null, \"outputs\": {\"operation\": \"" operation \
                        "\", \"result\": " result ", \"input_type\": \"" input_type                      \
                        "\", \"output_type\": \"" output_type "\"}}"                                     \
        }

/* clang-format off */
static void each_operation_on_each_kind(void **state) {
        static const struct action_case cases[] = {
                TRANSFORMED("passthrough", "null", "NoneType", "null", "NoneType"),
                TRANSFORMED("passthrough", "2.0", "float", "2.0", "float"),
                TRANSFORMED("bogus", "[1]", "list", "[1]", "list"),
                TRANSFORMED("uppercase", "\"stra\u00dfe\"", "str", "\"STRASSE\"", "str"),
                TRANSFORMED("uppercase", "{\"a\": \"x\", \"b\": {\"c\": \"y\"}, \"d\": [\"z\"], \"e\": 1}", "dict",
                            "{\"a\": \"X\", \"b\": {\"c\": \"y\"}, \"d\": [\"z\"], \"e\": 1}", "dict"),
                TRANSFORMED("uppercase", "[\"a\"]", "list", "[\"a\"]", "list"),
                TRANSFORMED("lowercase", "\"\u00c4B\"", "str", "\"\u00e4b\"", "str"),
                TRANSFORMED("lowercase", "true", "bool", "true", "bool"),
                TRANSFORMED("keys", "{\"z\": 1, \"a\": 2}", "dict", "[\"z\", \"a\"]", "list"),
                TRANSFORMED("keys", "\"abc\"", "str", "[]", "list"),
                TRANSFORMED("values", "{\"z\": 1, \"a\": [2]}", "dict", "[1, [2]]", "list"),
                TRANSFORMED("values", "null", "NoneType", "[]", "list"),
                TRANSFORMED("count", "\"\u00e4\u20ac\U0001f600x\"", "str", "4", "int"),
                TRANSFORMED("count", "{\"a\": 1}", "dict", "1", "int"),
                TRANSFORMED("count", "[1, [2, 3]]", "list", "2", "int"),
                TRANSFORMED("count", "12345", "int", "0", "int"),
                TRANSFORMED("count", "null", "NoneType", "0", "int"),
                TRANSFORMED("flatten", "[[1, [2]], 3, [], {\"a\": [4]}]", "list", "[1, [2], 3, {\"a\": [4]}]", "list"),
                TRANSFORMED("flatten", "\"ab\"", "str", "\"ab\"", "str"),
                TRANSFORMED("unique", "[2, 1, 2.0, true, 1, \"1\", null, null, false, 0]", "list",
                            "[2, 1, \"1\", null, false]", "list"),
                TRANSFORMED("unique", "[{\"k\": 1}, {\"k\": 1}, {\"k\": 1.0}, {\"a\": 1, \"b\": 2},"
                            " {\"b\": 2, \"a\": 1}]", "list",
                            "[{\"k\": 1}, {\"k\": 1.0}, {\"a\": 1, \"b\": 2}, {\"b\": 2, \"a\": 1}]", "list"),
                TRANSFORMED("unique", "[]", "list", "[]", "list"),
                TRANSFORMED("unique", "{\"a\": 1}", "dict", "{\"a\": 1}", "dict"),
                TRANSFORMED("sort", "[3, true, 2.5, false, -1]", "list", "[-1, false, true, 2.5, 3]", "list"),
                TRANSFORMED("sort", "[\"b\", \"B\", \"\u00e4\", \"a\"]", "list",
                            "[\"B\", \"a\", \"b\", \"\u00e4\"]", "list"),
                TRANSFORMED("sort", "[[2, 1], [1, 9], [1], [1, 2]]", "list", "[[1], [1, 2], [1, 9], [2, 1]]", "list"),
                TRANSFORMED("sort", "[\"b\", null, 10, 9, true]", "list", "[10, 9, null, true, \"b\"]", "list"),
                TRANSFORMED("sort", "[{\"b\": 1}, {\"a\": 2}]", "list", "[{\"a\": 2}, {\"b\": 1}]", "list"),
                TRANSFORMED("sort", "[null, null]", "list", "[null, null]", "list"),
                TRANSFORMED("sort", "[1, 1.0, true]", "list", "[1, 1.0, true]", "list"),
                TRANSFORMED("sort", "\"ba\"", "str", "\"ba\"", "str"),
                TRANSFORMED("reverse", "\"a\u00e4\U0001f600\"", "str", "\"\U0001f600\u00e4a\"", "str"),
                TRANSFORMED("reverse", "[1, 2, 3]", "list", "[3, 2, 1]", "list"),
                TRANSFORMED("reverse", "\"\"", "str", "\"\"", "str"),
                TRANSFORMED("reverse", "{\"a\": 1, \"b\": 2}", "dict", "{\"a\": 1, \"b\": 2}", "dict"),
        };
        /* clang-format on */

        (void)state;
        check_cases(&bp_action_transform, CASES(cases));
}

static void what_is_left_out_has_a_default(void **state) {
        static const struct action_case cases[] = {
                {"{}", "{\"success\": true, \"error\": null, \"outputs\": {\"operation\": \"passthrough\","
                       " \"result\": {}, \"input_type\": \"dict\", \"output_type\": \"dict\"}}"},
                {"{\"operation\": null, \"input\": 1}",
                 "{\"success\": true, \"error\": null, \"outputs\": {\"operation\": null,"
                 " \"result\": 1, \"input_type\": \"int\", \"output_type\": \"int\"}}"},
        };

        (void)state;
        check_cases(&bp_action_transform, CASES(cases));
}

static void a_list_within_the_list_has_no_repetitions_to_look_for(void **state) {
        static const struct action_case cases[] = {
                {"{\"operation\": \"unique\", \"input\": [1, [2]]}",
                 "{\"success\": false, \"outputs\": {}, \"error\": \"Transform failed: unhashable type: 'list'\"}"},
        };

        (void)state;
        check_cases(&bp_action_transform, CASES(cases));
}

/* 0, 7, 14 ... modulo a prime: every number below it once, in another order. */
static void a_long_list_is_sorted(void **state) {
        enum { PRIME = 4001 };
        struct fixture *fixture = fixture_new(&bp_action_transform);
        struct bp_list_builder list;
        struct bp_object_builder object;
        struct bp_value value, params;
        struct bp_call_result result;
        const struct bp_value *sorted;

        (void)state;
        bp_list_init(&list, fixture->arena);
        for (int i = 0; i < PRIME; i++)
                bp_list_add(&list, bp_value_int(i * 7 % PRIME));
        assert_int_equal(bp_list_finish(&list, &value), 0);
        bp_object_init(&object, fixture->arena);
        bp_object_set_z(&object, "input", value);
        bp_object_set_z(&object, "operation", bp_value_text_borrow("sort", 4));
        assert_int_equal(bp_object_finish(&object, &params), 0);
        fixture->call.params = &params;
        assert_int_equal(bp_call_execute(&fixture->call, &result), 0);
        sorted = bp_value_get(&result.outputs, "result");
        assert_int_equal(sorted->count, PRIME);
        for (int i = 0; i < PRIME; i++)
                assert_int_equal(sorted->as.items[i].as.integer, i);
        fixture_free(fixture);
}

static void its_examples_are_valid(void **state) {
        (void)state;
        check_examples(&bp_action_transform, 2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_operation_on_each_kind),
                cmocka_unit_test(what_is_left_out_has_a_default),
                cmocka_unit_test(a_list_within_the_list_has_no_repetitions_to_look_for),
                cmocka_unit_test(a_long_list_is_sorted),
                cmocka_unit_test(its_examples_are_valid),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
