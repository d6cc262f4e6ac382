/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What templates come to. Expected values are Jinja2's, or the rules of typed expressions and of conditions where they
 * leave it; tests/contract/test_template_differential.py compares far more of them.
 */
#include "unit.h"

#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "template/template.h"

static const char params_text[] = "{\"n\":7,\"t\":true,\"name\":\"alice\",\"lst\":[3,1,2],\"el\":[],\"nul\":null,"
                                  "\"d\":{\"a\":1,\"b\":\"two\"},\"with-dash\":1,\"items\":\"entry\","
                                  "\"objs\":[{\"k\":\"x\",\"ok\":true},{\"k\":\"y\",\"ok\":false}]}";
static const char steps_text[] = "{\"s1\":{\"outputs\":{\"n\":11}},\"my-step\":{\"outputs\":{\"v\":5}}}";

struct fixture {
        struct bp_arena *arena;
        struct bp_value params, steps;
        struct bp_template_scope scope;
};

static void set_up(struct fixture *fixture, bool strict) {
        fixture->arena = bp_arena_new(16 << 20);
        assert_non_null(fixture->arena);
        assert_int_equal(bp_json_parse(fixture->arena, params_text, strlen(params_text), NULL, &fixture->params, NULL),
                         0);
        assert_int_equal(bp_json_parse(fixture->arena, steps_text, strlen(steps_text), NULL, &fixture->steps, NULL), 0);
        fixture->scope =
                (struct bp_template_scope){.params = &fixture->params, .steps = &fixture->steps, .strict = strict};
}

static int evaluate(struct fixture *fixture, const char *text, struct bp_value *ret_value, struct bp_problem *problem) {
        const struct bp_template *template;
        int r = bp_template_compile(fixture->arena, text, strlen(text), NULL, &template, problem);

        return r != 0 ? r : bp_template_evaluate(template, &fixture->scope, fixture->arena, NULL, ret_value, problem);
}

struct value_case {
        const char *text, *json;
};

static void expect_values(const struct value_case *cases, size_t count, bool strict) {
        for (size_t i = 0; i < count; i++) {
                struct fixture fixture;
                struct bp_problem problem = {0};
                struct bp_value value;
                struct bp_strbuf json;

                set_up(&fixture, strict);
                if (evaluate(&fixture, cases[i].text, &value, &problem) != 0)
                        fail_msg("%s: %s: %s", cases[i].text, problem.code, problem.message);
                bp_strbuf_init(&json, fixture.arena, 1 << 20);
                bp_json_write(&json, &value);
                if (strcmp(json.text, cases[i].json) != 0)
                        fail_msg("%s: expected %s, got %s", cases[i].text, cases[i].json, json.text);
                bp_arena_free(fixture.arena);
        }
}

static void one_expression_keeps_its_type(void **state) {
        static const struct value_case cases[] = {
                {"{{ params.n }}", "7"},
                {"  {{ params.n }}\n", "7"},
                {"{{ params.n / 2 }}", "3.5"},
                {"{{ 7 // 2 }}", "3"},
                {"{{ -7 // 2 }}", "-4"},
                {"{{ -7 % 3 }}", "2"},
                {"{{ 2 ** 3 }}", "8"},
                {"{{ params.n > 5 and params.t }}", "true"},
                {"{{ 1 < 2 < 3 }}", "true"},
                {"{{ params.el or 'none' }}", "\"none\""},
                {"{{ params.lst | sort }}", "[1,2,3]"},
                {"{{ (1, 'x') }}", "[1,\"x\"]"},
                {"{{ range(3) }}", "[0,1,2]"},
                {"{{ params.objs | selectattr('ok') | map(attribute='k') | list }}", "[\"x\"]"},
                {"{{ params.d }}", "{\"a\":1,\"b\":\"two\"}"},
                {"{{ '007' | string }}", "\"007\""},
                {"{{ params.lst[1:] }}", "[1,2]"},
                {"{{ params.lst[::-1] }}", "[2,1,3]"},
                {"{{ params.d.keys() }}", "\"\""},
                {"{{ params.items }}", "\"entry\""},
                {"{{\n params.n\n+ 1 }}", "8"},
        };

        (void)state;
        expect_values(cases, BP_COUNT(cases), false);
}

static void anything_else_is_text(void **state) {
        static const struct value_case cases[] = {
                {"n={{ params.n }}", "\"n=7\""},
                {"{{ 1 }}{{ 2 }}", "\"12\""},
                {"{{ params.nul }}!", "\"None!\""},
                {"{{ params.d }}!", "\"{'a': 1, 'b': 'two'}!\""},
                {"{{ 1e22 }} {{ 1e-7 }} {{ 3.0 }}", "\"1e+22 1e-07 3.0\""},
                {"a {{- params.n -}} b", "\"a7b\""},
                {"{# note #}x\n", "\"x\""},
                {"no template\n", "\"no template\\n\""},
                {"stray }} braces", "\"stray }} braces\""},
                {"{% for x in params.lst %}{{ loop.index }}{{ x }}{{ ',' if not loop.last }}{% endfor %}",
                 "\"13,21,32\""},
                {"{% set x = 3 %}{{ x }}", "\"3\""},
                {"{% raw %}{{ x }}{% endraw %}", "\"{{ x }}\""},
        };

        (void)state;
        expect_values(cases, BP_COUNT(cases), false);
}

static void an_undefined_value_is_empty_or_an_error(void **state) {
        static const struct value_case lenient[] = {
                {"{{ params.missing }}", "\"\""},
                {"{{ params.missing.deeper[0] }}", "\"\""},
                {"{{ nothing }}", "\"\""},
                {"x{{ params.missing }}y", "\"xy\""},
                {"{{ params.missing + 1 }}", "\"\""},
                {"{{ params.missing | default(3) }}", "3"},
                {"{{ params.missing is defined }}", "false"},
                {"{{ params.lst[9] }}", "\"\""},
        };
        static const struct value_case strict[] = {
                {"{{ params.missing | default(3) }}", "3"},
                {"{{ params.missing is defined }}", "false"},
                {"x{{ 'a' if false }}y", "\"xy\""},
        };
        static const char *const errors[] = {"{{ params.missing }}", "{{ params.missing == 1 }}", "{{ not nothing }}",
                                             "x{{ params.missing.deeper }}", "{{ params.missing + 1 }}"};

        (void)state;
        expect_values(lenient, BP_COUNT(lenient), false);
        expect_values(strict, BP_COUNT(strict), true);
        for (size_t i = 0; i < BP_COUNT(errors); i++) {
                struct fixture fixture;
                struct bp_problem problem = {0};
                struct bp_value value;

                set_up(&fixture, true);
                assert_int_equal(evaluate(&fixture, errors[i], &value, &problem), BP_PROBLEM);
                assert_string_equal(problem.code, "TEMPLATE_UNDEFINED");
                bp_arena_free(fixture.arena);
        }
}

static void a_step_is_named_with_its_hyphens(void **state) {
        static const struct value_case cases[] = {
                {"{{ steps.my-step.outputs.v }}", "5"},
                {"{{ steps['my-step'].outputs.v + 1 }}", "6"},
                {"{{ steps.s1.outputs.n-1 }}", "10"},
        };

        (void)state;
        expect_values(cases, BP_COUNT(cases), false);
}

static void what_is_wrong_is_named_with_its_place(void **state) {
        static const struct {
                const char *text, *code;
                uint32_t line, column;
        } cases[] = {
                {"{{ params.n", "TEMPLATE_SYNTAX", 1, 1},
                {"a\nb {{ 1 + }}", "TEMPLATE_SYNTAX", 2, 10},
                {"{{ params.n | nosuch }}", "TEMPLATE_UNKNOWN_FILTER", 1, 15},
                {"{{ params.n is nosuch }}", "TEMPLATE_UNKNOWN_TEST", 1, 16},
                {"{% if 1 %}", "TEMPLATE_SYNTAX", 1, 4},
                {"{% macro m() %}{% endmacro %}", "TEMPLATE_SYNTAX", 1, 4},
        };

        (void)state;
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_arena *arena = bp_arena_new(1 << 20);
                struct bp_problem problem = {0};
                const struct bp_template *template;

                assert_int_equal(
                        bp_template_compile(arena, cases[i].text, strlen(cases[i].text), NULL, &template, &problem),
                        BP_PROBLEM);
                assert_string_equal(problem.code, cases[i].code);
                if (problem.line != cases[i].line || problem.column != cases[i].column)
                        fail_msg("%s: expected %u:%u, got %u:%u", cases[i].text, cases[i].line, cases[i].column,
                                 problem.line, problem.column);
                bp_arena_free(arena);
        }
}

static void conditions_follow_their_rules(void **state) {
        static const struct {
                const char *text;
                bool result;
        } cases[] = {
                {"", true},
                {"  ", true},
                {"TRUE", true},
                {"no", false},
                {"0", false},
                {"{{ params.n > 5 }}", true},
                {"params.n > 8", false},
                {"{{ '' }}", false},
                {"{{ 'none' }}", false},
                {"{{ '0.0' }}", false},
                {"{{ 'nan' }}", true},
                {"{{ [] }}", false},
                {"{{ params.missing }}", false},
                {"{{ params.n }} > 5", true},
                {"{{ 'no' }}", true},
        };

        (void)state;
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct fixture fixture;
                const struct bp_condition *condition;
                bool result;

                set_up(&fixture, false);
                assert_int_equal(bp_condition_compile(fixture.arena, cases[i].text, strlen(cases[i].text), NULL,
                                                      &condition, NULL),
                                 0);
                assert_int_equal(bp_condition_evaluate(condition, &fixture.scope, fixture.arena, NULL, &result, NULL),
                                 0);
                if (result != cases[i].result)
                        fail_msg("'%s' is %s", cases[i].text, result ? "true" : "false");
                bp_arena_free(fixture.arena);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(one_expression_keeps_its_type),
                cmocka_unit_test(anything_else_is_text),
                cmocka_unit_test(an_undefined_value_is_empty_or_an_error),
                cmocka_unit_test(a_step_is_named_with_its_hyphens),
                cmocka_unit_test(what_is_wrong_is_named_with_its_place),
                cmocka_unit_test(conditions_follow_their_rules),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
