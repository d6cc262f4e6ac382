/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/utf8.h"

static void setting_a_problem_says_that_there_is_one(void **state) {
        struct bp_problem problem = {.line = 9, .retryable = true};

        (void)state;
        assert_int_equal(bp_problem_set(&problem, "CODE", "%d of %s", 3, "four"), BP_PROBLEM);
        assert_string_equal(problem.code, "CODE");
        assert_string_equal(problem.message, "3 of four");
        assert_string_equal(problem.pointer, "");
        assert_int_equal(problem.line, 0);
        assert_false(problem.retryable);
        assert_int_equal(bp_problem_set(NULL, "CODE", "nobody asks"), BP_PROBLEM);
}

static void a_message_that_is_too_long_is_cut_between_code_points(void **state) {
        struct bp_problem problem;
        char text[1024];

        (void)state;
        for (size_t offset = 0; offset < 4; offset++) {
                memset(text, 'x', offset);
                for (size_t i = offset; i + 3 < sizeof(text); i += 3)
                        memcpy(text + i, "\xe2\x82\xac", 4);
                bp_problem_set(&problem, "CODE", "%s", text);
                assert_true(strlen(problem.message) >= sizeof(problem.message) - 4);
                assert_string_equal(problem.message + strlen(problem.message) - 3, "...");
                assert_true(bp_utf8_valid(problem.message, strlen(problem.message)));
        }
}

static void a_message_is_utf8_whatever_goes_into_it(void **state) {
        struct bp_problem problem;

        (void)state;
        bp_problem_set(&problem, "X", "name '%.3s' and %s", "gr\xc3\xbc", "\xff");
        assert_string_equal(problem.message, "name 'gr?' and ?");
}

static void prefixes_build_a_pointer_from_the_inside(void **state) {
        struct bp_problem problem;

        (void)state;
        bp_problem_set(&problem, "CODE", "x");
        bp_problem_prefix(&problem, "a/b~c");
        bp_problem_prefix_index(&problem, 12);
        bp_problem_prefix(&problem, "steps");
        assert_string_equal(problem.pointer, "/steps/12/a~1b~0c");
}

static void a_pointer_that_is_too_long_keeps_its_beginning(void **state) {
        struct bp_problem problem;
        char token[300];

        (void)state;
        memset(token, 't', sizeof(token) - 1);
        token[sizeof(token) - 1] = '\0';
        bp_problem_set(&problem, "CODE", "x");
        bp_problem_prefix(&problem, token);
        assert_int_equal(strlen(problem.pointer), sizeof(problem.pointer) - 1);
        assert_string_equal(problem.pointer + strlen(problem.pointer) - 3, "...");
        bp_problem_prefix(&problem, "steps");
        assert_memory_equal(problem.pointer, "/steps/tttt", 11);
        assert_string_equal(problem.pointer + strlen(problem.pointer) - 3, "...");
}

static void a_long_rest_is_cut_behind_a_short_token(void **state) {
        struct bp_problem problem;
        char token[201];

        (void)state;
        memset(token, 't', sizeof(token) - 1);
        token[sizeof(token) - 1] = '\0';
        bp_problem_set(&problem, "CODE", "x");
        bp_problem_prefix(&problem, token);
        bp_problem_prefix(&problem, token);
        assert_int_equal(strlen(problem.pointer), sizeof(problem.pointer) - 1);
        assert_string_equal(problem.pointer + strlen(problem.pointer) - 3, "...");
}

static void a_sentence_names_the_place_that_its_message_does_not_name(void **state) {
        static const struct {
                struct bp_problem problem;
                const char *sentence;
        } cases[] = {
                {{.code = "SCHEMA", .message = "At least one step is required", .pointer = "/steps"},
                 "steps: At least one step is required"},
                {{.code = "SCHEMA", .message = "no", .pointer = "/steps/0/retry/max_attempts"},
                 "steps.0.retry.max_attempts: no"},
                {{.code = "SCHEMA", .message = "no", .pointer = "/outputs/a~1b~0c"}, "outputs.a/b~c: no"},
                {{.code = "SCHEMA", .message = "no"}, "no"},
                {{.code = "FIELD_REQUIRED", .message = "Field required", .pointer = "/dag"}, "dag: Field required"},
                {{.code = "UNKNOWN_STEP", .message = "Unknown step: b", .pointer = "/steps/0"}, "Unknown step: b"},
        };
        char text[BP_PROBLEM_SENTENCE_BYTES];

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                assert_string_equal(bp_problem_sentence(&cases[i].problem, text), cases[i].sentence);
}

static void a_list_keeps_copies_in_order(void **state) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_problem_list list = {.arena = arena};

        (void)state;
        for (int i = 0; i < 100; i++)
                assert_int_equal(bp_problem_list_addf(&list, "CODE", "/a", "number %d", i), 0);
        assert_int_equal(list.count, 100);
        assert_string_equal(list.items[0]->message, "number 0");
        assert_string_equal(list.items[99]->message, "number 99");
        assert_string_equal(list.items[99]->pointer, "/a");
        bp_arena_free(arena);
}

static void problems_over_the_limit_are_counted_only(void **state) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_problem_list list = {.arena = arena, .limit = 3};

        (void)state;
        for (int i = 0; i < 10; i++)
                assert_int_equal(bp_problem_list_addf(&list, "CODE", "", "number %d", i), 0);
        assert_int_equal(list.count, 3);
        assert_int_equal(list.dropped, 7);
        bp_arena_free(arena);
}

static void a_list_without_memory_says_so(void **state) {
        struct bp_arena *arena = bp_arena_new(16);
        struct bp_problem_list list = {.arena = arena};

        (void)state;
        assert_int_equal(bp_problem_list_addf(&list, "CODE", "", "x"), -ENOMEM);
        assert_int_equal(list.count, 0);
        bp_arena_free(arena);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(setting_a_problem_says_that_there_is_one),
                cmocka_unit_test(a_message_that_is_too_long_is_cut_between_code_points),
                cmocka_unit_test(a_message_is_utf8_whatever_goes_into_it),
                cmocka_unit_test(prefixes_build_a_pointer_from_the_inside),
                cmocka_unit_test(a_pointer_that_is_too_long_keeps_its_beginning),
                cmocka_unit_test(a_long_rest_is_cut_behind_a_short_token),
                cmocka_unit_test(a_sentence_names_the_place_that_its_message_does_not_name),
                cmocka_unit_test(a_list_keeps_copies_in_order),
                cmocka_unit_test(problems_over_the_limit_are_counted_only),
                cmocka_unit_test(a_list_without_memory_says_so),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
