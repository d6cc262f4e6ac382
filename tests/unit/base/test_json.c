/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "base/value.h"

static int new_arena(void **state) {
        *state = bp_arena_new(BP_ARENA_UNLIMITED);
        return *state ? 0 : -1;
}

static int free_arena(void **state) {
        bp_arena_free(*state);
        return 0;
}

/* Documents and how they are written without spaces. */
static const struct {
        const char *text, *written;
} documents[] = {
        {" null ", "null"},
        {"[true, false]", "[true,false]"},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"1.0", "1.0"},
        {"1e2", "100.0"},
        {"-0.0", "-0.0"},
        {"1E-7", "1e-07"},
        {"\"\\u0041\\/\\b\\f\\n\\r\\t\\\"\\\\\"", "\"A/\\b\\f\\n\\r\\t\\\"\\\\\""},
        {"\"\\u001f\\u007f\"", "\"\\u001f\\u007f\""},
        {"\"\\ud83d\\ude00\"", "\"\U0001f600\""},
        {"{\"b\": 1, \"a\": {}, \"c\": []}", "{\"b\":1,\"a\":{},\"c\":[]}"},
        {"\"\"", "\"\""},
};

static void documents_are_read_and_written(void **state) {
        for (size_t i = 0; i < sizeof(documents) / sizeof(*documents); i++) {
                struct bp_value value;
                struct bp_strbuf buffer;

                assert_int_equal(
                        bp_json_parse(*state, documents[i].text, strlen(documents[i].text), NULL, &value, NULL), 0);
                bp_strbuf_init(&buffer, *state, 1000);
                bp_json_write(&buffer, &value);
                assert_string_equal(bp_strbuf_text(&buffer), documents[i].written);
        }
}

#define BYTES(text) text, sizeof(text) - 1

static const struct {
        const char *text;
        size_t size;
        const char *code;
        uint32_t line; /* 0: not looked at */
} refused[] = {
        {BYTES(""), "JSON_SYNTAX", 1},
        {BYTES("nul"), "JSON_SYNTAX", 1},
        {BYTES("{\"a\": 1,\n \"b\" 2}"), "JSON_SYNTAX", 2},
        {BYTES("[1,]"), "JSON_SYNTAX", 1},
        {BYTES("[1] 2"), "JSON_SYNTAX", 1},
        {BYTES("{\"a\": 1, \"a\": 2}"), "JSON_SYNTAX", 1},
        {BYTES("{\"a\": 1, \"\\u0061\": 2}"), "JSON_SYNTAX", 1},
        {BYTES("\"\\u0000\""), "JSON_SYNTAX", 1},
        {BYTES("\"a\0b\""), "JSON_SYNTAX", 1},
        {BYTES("{\"\\u0000\": 1}"), "JSON_SYNTAX", 1},
        {BYTES("\"\xff\""), "JSON_SYNTAX", 0},
        {BYTES("\"\xc0\xaf\""), "JSON_SYNTAX", 0},
        {BYTES("\"\xed\xa0\x80\""), "JSON_SYNTAX", 0},
        {BYTES("\"\\ud800\""), "JSON_SYNTAX", 1},
        {BYTES("\"\\udc00\\ud800\""), "JSON_SYNTAX", 1},
        {BYTES("01"), "JSON_SYNTAX", 1},
        {BYTES("+1"), "JSON_SYNTAX", 1},
        {BYTES("1."), "JSON_SYNTAX", 1},
        {BYTES("NaN"), "JSON_SYNTAX", 1},
        {BYTES("'a'"), "JSON_SYNTAX", 1},
        {BYTES("\"tab\there\""), "JSON_SYNTAX", 1},
        {BYTES("// c\n1"), "JSON_SYNTAX", 1},
        {BYTES("9223372036854775808"), "JSON_NUMBER_RANGE", 1},
        {BYTES("[\n-9223372036854775809]"), "JSON_NUMBER_RANGE", 2},
        {BYTES("1e400"), "JSON_NUMBER_RANGE", 1},
};

static void what_is_not_json_is_refused_with_its_place(void **state) {
        for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
                struct bp_value value = bp_value_true;
                struct bp_problem problem;

                if (bp_json_parse(*state, refused[i].text, refused[i].size, NULL, &value, &problem) != BP_PROBLEM)
                        fail_msg("taken as JSON: %s", refused[i].text);
                assert_string_equal(problem.code, refused[i].code);
                if (refused[i].line)
                        assert_int_equal(problem.line, refused[i].line);
                assert_true(problem.column >= 1);
                assert_true(bp_utf8_valid(problem.message, strlen(problem.message)));
                assert_null(strstr(problem.message, "JSON_")); /* a word for programmers */
                assert_int_equal(value.type, BP_BOOL);
        }
}

static void nobody_has_to_ask_for_the_problem(void **state) {
        struct bp_value value;

        assert_int_equal(bp_json_parse(*state, "[", 1, NULL, &value, NULL), BP_PROBLEM);
        assert_int_equal(bp_json_parse(*state, "1e999", 5, NULL, &value, NULL), BP_PROBLEM);
}

static char *nested(size_t depth) {
        char *text = calloc(1, 2 * depth + 1);

        assert_non_null(text);
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        return text;
}

static void depth_is_limited(void **state) {
        static const struct {
                size_t depth;
                uint32_t limit;
                int result;
        } cases[] = {
                {64, 0, 0},
                {65, 0, BP_PROBLEM},
                {3, 3, 0},
                {4, 3, BP_PROBLEM},
                {128, 1000, 0},
                {129, 1000, BP_PROBLEM},
                {100000, 0, BP_PROBLEM},
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct bp_json_limits limits = {.depth = cases[i].limit};
                struct bp_problem problem = {0};
                struct bp_value value;
                char *text = nested(cases[i].depth);

                assert_int_equal(bp_json_parse(*state, text, 2 * cases[i].depth, &limits, &value, &problem),
                                 cases[i].result);
                if (cases[i].result)
                        assert_string_equal(problem.code, "JSON_TOO_DEEP");
                free(text);
        }
}

static void the_bracket_that_is_too_much_is_named(void **state) {
        struct bp_json_limits limits = {.depth = 2};
        struct bp_problem problem;
        struct bp_value value;

        assert_int_equal(bp_json_parse(*state, BYTES("{\"\u00e9[[[\\\"\": [1],\n \"b\": [\"]\", {}]}"), &limits, &value,
                                       &problem),
                         BP_PROBLEM);
        assert_string_equal(problem.code, "JSON_TOO_DEEP");
        assert_int_equal(problem.line, 2);
        assert_int_equal(problem.column, 13);
}

static void size_is_limited(void **state) {
        struct bp_json_limits limits = {.size_bytes = 4};
        struct bp_problem problem;
        struct bp_value value;

        assert_int_equal(bp_json_parse(*state, "1234", 4, &limits, &value, &problem), 0);
        assert_int_equal(bp_json_parse(*state, "12345", 5, &limits, &value, &problem), BP_PROBLEM);
        assert_string_equal(problem.code, "JSON_TOO_LARGE");
}

static void an_arena_without_room_is_no_problem_of_the_text(void **state) {
        struct bp_arena *small = bp_arena_new(32);
        struct bp_value value;

        (void)state;
        assert_int_equal(bp_json_parse(small, BYTES("[1,2,3,4,5,6,7,8,9]"), NULL, &value, NULL), -ENOMEM);
        assert_true(bp_arena_over_limit(small));
        bp_arena_free(small);
}

static void floats_that_are_not_finite_become_null(void **state) {
        struct bp_value value = bp_value_float((double)INFINITY);
        struct bp_strbuf buffer;

        bp_strbuf_init(&buffer, *state, 100);
        bp_json_write(&buffer, &value);
        assert_string_equal(bp_strbuf_text(&buffer), "null");
}

/* json.dumps(..., indent=2) */
static void the_pretty_form_is_indented(void **state) {
        struct bp_value value;
        struct bp_strbuf buffer;

        assert_int_equal(bp_json_parse(*state, BYTES("{\"a\":[1,{\"b\":[]}],\"c\":{}}"), NULL, &value, NULL), 0);
        bp_strbuf_init(&buffer, *state, 1000);
        bp_json_write_pretty(&buffer, &value);
        assert_string_equal(bp_strbuf_text(&buffer), "{\n"
                                                     "  \"a\": [\n"
                                                     "    1,\n"
                                                     "    {\n"
                                                     "      \"b\": []\n"
                                                     "    }\n"
                                                     "  ],\n"
                                                     "  \"c\": {}\n"
                                                     "}");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(documents_are_read_and_written),
                cmocka_unit_test(what_is_not_json_is_refused_with_its_place),
                cmocka_unit_test(nobody_has_to_ask_for_the_problem),
                cmocka_unit_test(depth_is_limited),
                cmocka_unit_test(the_bracket_that_is_too_much_is_named),
                cmocka_unit_test(size_is_limited),
                cmocka_unit_test(an_arena_without_room_is_no_problem_of_the_text),
                cmocka_unit_test(floats_that_are_not_finite_become_null),
                cmocka_unit_test(the_pretty_form_is_indented),
        };

        return cmocka_run_group_tests(tests, new_arena, free_arena);
}
