/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile templates end soon, with a code; nothing but the scope is reachable. */
#include "unit.h"

#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "template/template.h"

static int outcome_of(struct bp_arena *arena, const char *text, size_t size, struct bp_problem *problem) {
        const struct bp_template *template;
        struct bp_value value;
        int r = bp_template_compile(arena, text, size, NULL, &template, problem);

        return r != 0 ? r
                      : bp_template_evaluate(template, &(struct bp_template_scope){0}, arena, NULL, &value, problem);
}

static void expect_code(const char *text, size_t size, const char *code) {
        struct bp_arena *arena = bp_arena_new(64 << 20);
        struct bp_problem problem = {0};

        assert_int_equal(outcome_of(arena, text, size, &problem), BP_PROBLEM);
        assert_string_equal(problem.code, code);
        assert_string_not_equal(problem.message, "");
        bp_arena_free(arena);
}

static void what_costs_too_much_is_refused(void **state) {
        static const char *const texts[] = {
                "{{ 'a' * 10 ** 9 }}",
                "{{ [0] * 10 ** 9 }}",
                "{{ range(10 ** 12) | list }}",
                "{{ 'x' | center(10 ** 9) }}",
                "{{ '%1000000000d' % 1 }}",
                "{{ '{:>1000000000}'.format(1) }}",
                "{{ 'x'.ljust(10 ** 9) }}",
                "{{ ('a' * 1000000).replace('a', 'b' * 1000000) }}",
                "{% for a in range(2000) %}{% for b in range(2000) %}x{% endfor %}{% endfor %}",
                "{% set ns = namespace(s='aa') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        };

        (void)state;
        for (size_t i = 0; i < BP_COUNT(texts); i++)
                expect_code(texts[i], strlen(texts[i]), "TEMPLATE_LIMIT");
}

static void what_nests_too_deep_is_refused(void **state) {
        static const char *const openers[] = {"(", "[", "-", "not ", "{% if 1 %}"};

        (void)state;
        for (size_t i = 0; i < BP_COUNT(openers); i++) {
                struct bp_strbuf text;

                bp_strbuf_init(&text, NULL, 1 << 20);
                if (openers[i][0] != '{')
                        bp_strbuf_add_text(&text, "{{ ");
                for (int depth = 0; depth < 2000; depth++)
                        bp_strbuf_add_text(&text, openers[i]);
                expect_code(text.text, text.size, "TEMPLATE_LIMIT");
                bp_strbuf_done(&text);
        }
}

static void a_text_that_is_too_long_is_refused(void **state) {
        struct bp_strbuf text;

        (void)state;
        bp_strbuf_init(&text, NULL, 1 << 20);
        for (int i = 0; i < 70000; i++)
                bp_strbuf_add_char(&text, 'x');
        expect_code(text.text, text.size, "TEMPLATE_LIMIT");
        bp_strbuf_done(&text);
}

static void numbers_end_at_64_bits(void **state) {
        static const char *const texts[] = {
                "{{ 9223372036854775807 + 1 }}",
                "{{ -9223372036854775807 - 2 }}",
                "{{ 9223372036854775807 * 2 }}",
                "{{ 2 ** 64 }}",
                "{{ 1 / 0 }}",
                "{{ 1 // 0 }}",
                "{{ 1 % 0 }}",
                "{{ 1e308 * 10 }}",
                "{{ 'inf' | float }}",
        };

        (void)state;
        for (size_t i = 0; i < BP_COUNT(texts); i++)
                expect_code(texts[i], strlen(texts[i]), "TEMPLATE_ARITHMETIC");
}

static void nothing_of_the_host_is_reachable(void **state) {
        static const char *const texts[] = {
                "{{ ''.__class__ }}",
                "{{ params.__class__.__mro__ }}",
                "{{ [].__init__.__globals__ }}",
                "{{ range.__self__ }}",
                "{{ self }}",
                "{{ config }}",
                "{{ ''['__class__'] }}",
                "{{ () | attr('__class__') }}",
        };
        struct bp_value params = bp_value_empty_object;

        (void)state;
        for (size_t i = 0; i < BP_COUNT(texts); i++) {
                struct bp_arena *arena = bp_arena_new(1 << 20);
                const struct bp_template *template;
                struct bp_value value;

                assert_int_equal(bp_template_compile(arena, texts[i], strlen(texts[i]), NULL, &template, NULL), 0);
                assert_int_equal(bp_template_evaluate(template, &(struct bp_template_scope){.params = &params}, arena,
                                                      NULL, &value, NULL),
                                 0);
                assert_true(bp_value_is_text(&value, ""));
                bp_arena_free(arena);
        }
}

static void work_is_counted_down(void **state) {
        static const char text[] = "{% for i in range(100) %}{{ i }}{% endfor %}";
        struct bp_arena *arena = bp_arena_new(1 << 20);
        const struct bp_template *template;
        struct bp_problem problem = {0};
        struct bp_value value;
        uint32_t work = 1000000, used;

        (void)state;
        assert_int_equal(bp_template_compile(arena, text, strlen(text), NULL, &template, &problem), 0);
        assert_int_equal(bp_template_evaluate(template, &(struct bp_template_scope){0}, arena, &work, &value, &problem),
                         0);
        used = 1000000 - work;
        assert_true(used >= 100);
        work = used - 1;
        assert_int_equal(bp_template_evaluate(template, &(struct bp_template_scope){0}, arena, &work, &value, &problem),
                         BP_PROBLEM);
        assert_string_equal(problem.code, "TEMPLATE_LIMIT");
        bp_arena_free(arena);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_costs_too_much_is_refused),     cmocka_unit_test(what_nests_too_deep_is_refused),
                cmocka_unit_test(a_text_that_is_too_long_is_refused), cmocka_unit_test(numbers_end_at_64_bits),
                cmocka_unit_test(nothing_of_the_host_is_reachable),   cmocka_unit_test(work_is_counted_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
