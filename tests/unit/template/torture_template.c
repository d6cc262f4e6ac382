/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling and evaluating, with every memory request failing in turn. */
#include "torture.h"

#include <string.h>

#include "base/json.h"
#include "base/problem.h"
#include "base/value.h"
#include "template/template.h"

static const char params_text[] =
        "{\"n\":7,\"name\":\"alice\",\"lst\":[3,1,2],\"s\":\"stra\\u00dfe\","
        "\"objs\":[{\"id\":1,\"k\":\"x\"},{\"id\":2,\"k\":\"y\"}],\"d\":{\"a\":1,\"b\":\"two\"}}";

static const char *const templates[] = {
        "{{ params.n + 1 }}",
        "Dear {{ params.name | title }}, {{ params.s | upper }} {{ params.lst | sort | join('-') }}",
        "{% for o in params.objs if o.id %}{{ loop.index }}{{ o.k }}{% else %}-{% endfor %}",
        "{% set ns = namespace(a=1) %}{% set ns.a = ns.a + 1 %}{{ ns.a }}{% set z %}<{{ 1 }}>{% endset %}{{ z }}",
        "{{ params.objs | groupby('k') | list }}{{ params.d | dictsort }}{{ params.d | tojson }}",
        "{{ '%s %5.1f' % (params.name, 2) }}{{ '{:>6}|{!r}'.format(params.n, params.name) }}",
        "{{ params.lst | map('string') | select | batch(2, 'z') | list }}{{ params.name.split('l')[::-1] }}",
        "{{ params.name | wordwrap(2) | indent | truncate(9) | center(20) | urlencode | escape }}",
        "{{ {'a': [params.lst, (1, 2)], 'b': dict(c=1)} }}",
};

static int evaluate(const void *data) {
        const char *text = data;
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        const struct bp_template *template;
        struct bp_value params, value;
        int r;

        if (!arena)
                return -ENOMEM;
        r = bp_json_parse(arena, params_text, strlen(params_text), NULL, &params, NULL);
        if (r == 0)
                r = bp_template_compile(arena, text, strlen(text), NULL, &template, NULL);
        if (r == 0)
                r = bp_template_evaluate(template, &(struct bp_template_scope){.params = &params}, arena, NULL, &value,
                                         NULL);
        return r;
}

static void templates_survive_want_of_memory(void **state) {
        (void)state;
        for (size_t i = 0; i < BP_COUNT(templates); i++)
                assert_int_equal(torture(evaluate, templates[i]), 0);
}

static int judge(const void *data) {
        const char *text = data;
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        const struct bp_condition *condition;
        bool result;
        int r;

        if (!arena)
                return -ENOMEM;
        r = bp_condition_compile(arena, text, strlen(text), NULL, &condition, NULL);
        if (r == 0)
                r = bp_condition_evaluate(condition, &(struct bp_template_scope){0}, arena, NULL, &result, NULL);
        return r;
}

static void conditions_survive_want_of_memory(void **state) {
        (void)state;
        assert_int_equal(torture(judge, "{{ 'a' in ['a', 'b'] and 1 < 2 }}"), 0);
        assert_int_equal(torture(judge, "1 + 1 == 2"), 0);
}

static int resolve_tree(const void *data) {
        const char *text = data;
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        const struct bp_template_tree *tree;
        struct bp_value source, params, value;
        int r;

        if (!arena)
                return -ENOMEM;
        r = bp_json_parse(arena, text, strlen(text), NULL, &source, NULL);
        if (r == 0)
                r = bp_json_parse(arena, params_text, strlen(params_text), NULL, &params, NULL);
        if (r == 0)
                r = bp_template_tree_compile(arena, &source, NULL, NULL, NULL, &tree, NULL);
        if (r == 0)
                r = bp_template_tree_evaluate(tree, &(struct bp_template_scope){.params = &params}, arena, NULL, &value,
                                              NULL);
        return r;
}

static void trees_survive_want_of_memory(void **state) {
        (void)state;
        assert_int_equal(torture(resolve_tree, "{\"a\":[\"{{ params.n }}\",{\"b\":\"x{{ params.name }}\"}],\"c\":1}"),
                         0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(templates_survive_want_of_memory),
                cmocka_unit_test(conditions_survive_want_of_memory),
                cmocka_unit_test(trees_survive_want_of_memory),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
