/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/value.h"

static int new_arena(void **state) {
        *state = bp_arena_new(BP_ARENA_UNLIMITED);
        return *state ? 0 : -1;
}

static int free_arena(void **state) {
        bp_arena_free(*state);
        return 0;
}

static struct bp_value json(struct bp_arena *arena, const char *text) {
        struct bp_value value;

        assert_int_equal(bp_json_parse(arena, text, strlen(text), NULL, &value, NULL), 0);
        return value;
}

/* Python's answers: `a == b`, and `a < b` or `a > b` where that is no TypeError. */
static const struct {
        const char *a, *b;
        bool equal;
        int order; /* -1, 0, 1, or 2: no order */
} pairs[] = {
        {"1", "1.0", true, 0},
        {"1", "true", true, 0},
        {"0.0", "-0.0", true, 0},
        {"9007199254740993", "9007199254740992.0", false, 1},
        {"9223372036854775807", "9223372036854775808.0", false, -1},
        {"-9223372036854775808", "-9223372036854775808.0", true, 0},
        {"9223372036854775807", "1e300", false, -1},
        {"-9223372036854775808", "-1e300", false, 1},
        {"2", "2.5", false, -1},
        {"-2", "-2.5", false, 1},
        {"false", "0.5", false, -1},
        {"\"a\"", "\"b\"", false, -1},
        {"\"a\"", "\"ab\"", false, -1},
        {"\"\"", "\"\"", true, 0},
        {"\"z\"", "\"\\u00e9\"", false, -1},
        {"\"\\uffff\"", "\"\\ud800\\udc00\"", false, -1},
        {"\"1\"", "1", false, 2},
        {"null", "null", true, 2},
        {"null", "0", false, 2},
        {"[1,2]", "[1.0,2.0]", true, 0},
        {"[1,2]", "[1,3]", false, -1},
        {"[1]", "[1,null]", false, -1},
        {"[1,null]", "[2,\"x\"]", false, -1},
        {"[null,1]", "[null,2]", false, -1},
        {"[\"a\"]", "[1]", false, 2},
        {"{\"a\":1,\"b\":2}", "{\"b\":2.0,\"a\":true}", true, 2},
        {"{\"a\":1}", "{\"a\":1,\"b\":2}", false, 2},
        {"{\"a\":1}", "{\"b\":1}", false, 2},
        {"[]", "{}", false, 2},
};

static void values_compare_as_in_python(void **state) {
        for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
                struct bp_value a = json(*state, pairs[i].a), b = json(*state, pairs[i].b);
                int order = 2;

                if (bp_value_equal(&a, &b) != pairs[i].equal || bp_value_equal(&b, &a) != pairs[i].equal)
                        fail_msg("%s == %s", pairs[i].a, pairs[i].b);
                bp_value_compare(&a, &b, &order);
                if (order != pairs[i].order)
                        fail_msg("%s against %s: %d", pairs[i].a, pairs[i].b, order);
                order = 2;
                bp_value_compare(&b, &a, &order);
                if (order != (pairs[i].order == 2 ? 2 : -pairs[i].order))
                        fail_msg("%s against %s: %d", pairs[i].b, pairs[i].a, order);
        }
}

static void nan_equals_nothing_and_has_no_order(void **state) {
        struct bp_value nan = bp_value_float(NAN), one = bp_value_int(1);
        int order = 7;

        (void)state;
        assert_false(bp_value_equal(&nan, &nan));
        assert_false(bp_value_equal(&nan, &one));
        assert_int_equal(bp_value_compare(&nan, &one, &order), 1);
        assert_int_equal(bp_value_compare(&one, &nan, &order), 1);
        assert_int_equal(order, 7);
}

static void truth_is_pythons(void **state) {
        static const struct {
                const char *text;
                bool truth;
        } cases[] = {
                {"null", false}, {"false", false}, {"true", true},   {"0", false},          {"-1", true},
                {"0.0", false},  {"-0.0", false},  {"1e-300", true}, {"\"\"", false},       {"\"0\"", true},
                {"[]", false},   {"[null]", true}, {"{}", false},    {"{\"\":null}", true},
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct bp_value value = json(*state, cases[i].text);

                assert_int_equal(bp_value_truth(&value), cases[i].truth);
        }
}

static void members_are_found_in_objects_of_any_size(void **state) {
        for (int count = 0; count <= 300; count += count < 40 ? 1 : 37) {
                struct bp_object_builder object;
                struct bp_value value;
                char key[16];

                bp_object_init(&object, *state);
                for (int i = 0; i < count; i++)
                        bp_object_set(&object, key, (size_t)snprintf(key, sizeof(key), "key-%d", i), bp_value_int(i));
                assert_int_equal(bp_object_finish(&object, &value), 0);
                assert_int_equal(value.count, count);
                for (int i = 0; i < count; i++) {
                        snprintf(key, sizeof(key), "key-%d", i);
                        assert_int_equal(bp_value_get(&value, key)->as.integer, i);
                        assert_string_equal(value.as.members[i].key, key);
                }
                assert_null(bp_value_get(&value, "key-x"));
                assert_null(bp_value_get_n(&value, "key-1", 4));
        }
}

static void a_member_set_again_keeps_its_place(void **state) {
        for (int count = 3; count <= 40; count += 37) {
                struct bp_object_builder object;
                struct bp_value value;
                char key[16];

                bp_object_init(&object, *state);
                for (int i = 0; i < count; i++)
                        bp_object_set(&object, key, (size_t)snprintf(key, sizeof(key), "k%d", i), bp_value_int(i));
                bp_object_set_z(&object, "k1", bp_value_true);
                assert_true(bp_object_has(&object, "k1", 2));
                assert_false(bp_object_has(&object, "k", 1));
                assert_int_equal(bp_object_finish(&object, &value), 0);
                assert_int_equal(value.count, count);
                assert_string_equal(value.as.members[1].key, "k1");
                assert_int_equal(value.as.members[1].value.type, BP_BOOL);
        }
}

static void merging_adds_and_replaces(void **state) {
        struct bp_value a = json(*state, "{\"x\":1,\"y\":2}"), b = json(*state, "{\"y\":3,\"z\":4}"), merged;
        struct bp_value expected = json(*state, "{\"x\":1,\"y\":3,\"z\":4}");
        struct bp_object_builder object;

        bp_object_init(&object, *state);
        bp_object_merge(&object, &a);
        bp_object_merge(&object, &b);
        assert_int_equal(bp_object_finish(&object, &merged), 0);
        assert_true(bp_value_equal(&merged, &expected));
}

static void nothing_is_a_member_of_what_is_no_object(void **state) {
        struct bp_value list = json(*state, "[1]"), text = json(*state, "\"a\"");

        assert_null(bp_value_get(&list, "0"));
        assert_null(bp_value_get(&text, "a"));
}

/* RFC 6901, section 5, and what is not there. */
static void pointers_lead_to_values(void **state) {
        static const char document[] = "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"m~n\":8,\"01\":9}";
        static const struct {
                const char *pointer, *value;
        } cases[] = {
                {"/foo", "[\"bar\",\"baz\"]"},
                {"/foo/0", "\"bar\""},
                {"/foo/1", "\"baz\""},
                {"/", "0"},
                {"/a~1b", "1"},
                {"/c%d", "2"},
                {"/m~0n", "8"},
                {"/01", "9"},
                {"/foo/2", NULL},
                {"/foo/-", NULL},
                {"/foo/-1", NULL},
                {"/foo/01", NULL},
                {"/foo/ 1", NULL},
                {"/foo/", NULL},
                {"/nope", NULL},
                {"/foo/0/x", NULL},
                {"foo", NULL},
                {"/foo/99999999999999999999", NULL},
        };
        struct bp_value root = json(*state, document);

        assert_ptr_equal(bp_value_at(&root, ""), &root);
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                const struct bp_value *found = bp_value_at(&root, cases[i].pointer);

                if (!cases[i].value) {
                        assert_null(found);
                } else {
                        struct bp_value expected = json(*state, cases[i].value);

                        assert_non_null(found);
                        assert_true(bp_value_equal(found, &expected));
                }
        }
}

static void depth_is_known_and_bounded(void **state) {
        struct bp_value value = bp_value_int(1);

        for (int depth = 1; depth <= BP_VALUE_DEPTH_MAX; depth++) {
                struct bp_list_builder list;

                bp_list_init(&list, *state);
                bp_list_add(&list, bp_value_null);
                bp_list_add(&list, value);
                assert_int_equal(bp_list_finish(&list, &value), 0);
                assert_int_equal(value.depth, depth);
        }
        for (int as_object = 0; as_object < 2; as_object++) {
                struct bp_object_builder object;
                struct bp_list_builder list;
                struct bp_value deeper = bp_value_null;

                bp_list_init(&list, *state);
                bp_list_add(&list, value);
                bp_object_init(&object, *state);
                bp_object_set_z(&object, "k", value);
                assert_int_equal(as_object ? bp_object_finish(&object, &deeper) : bp_list_finish(&list, &deeper),
                                 -E2BIG);
                assert_int_equal(deeper.type, BP_NULL);
        }
}

static void a_copy_shares_nothing(void **state) {
        struct bp_arena *other = bp_arena_new(BP_ARENA_UNLIMITED);
        const char *text = "{\"a\":[1,2.5,null,true,{\"t\":\"text\"}],\"b\":{}}";
        struct bp_value original = json(other, text), copy, expected = json(*state, text);

        assert_int_equal(bp_value_copy(*state, &original, &copy), 0);
        bp_arena_free(other);
        assert_true(bp_value_equal(&copy, &expected));
        assert_int_equal(copy.depth, 3);
}

static void kinds_have_pythons_names(void **state) {
        static const struct {
                const char *text, *name;
        } cases[] = {{"null", "NoneType"}, {"true", "bool"}, {"1", "int"},  {"1.0", "float"},
                     {"\"\"", "str"},      {"[]", "list"},   {"{}", "dict"}};

        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct bp_value value = json(*state, cases[i].text);

                assert_string_equal(bp_value_python_type(&value), cases[i].name);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(values_compare_as_in_python),
                cmocka_unit_test(nan_equals_nothing_and_has_no_order),
                cmocka_unit_test(truth_is_pythons),
                cmocka_unit_test(members_are_found_in_objects_of_any_size),
                cmocka_unit_test(a_member_set_again_keeps_its_place),
                cmocka_unit_test(merging_adds_and_replaces),
                cmocka_unit_test(nothing_is_a_member_of_what_is_no_object),
                cmocka_unit_test(pointers_lead_to_values),
                cmocka_unit_test(depth_is_known_and_bounded),
                cmocka_unit_test(a_copy_shares_nothing),
                cmocka_unit_test(kinds_have_pythons_names),
        };

        return cmocka_run_group_tests(tests, new_arena, free_arena);
}
