/* SPDX-License-Identifier: Apache-2.0 */
/* What a template reads, as validation sees it: every path, wherever it stands, and whether it may be undefined. */
#include "unit.h"

#include <string.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "template/template.h"

/* Paths with dots, `?` behind a guarded one, blanks between. */
static void expect_references(const char *text, const char *expected) {
        struct bp_arena *arena = bp_arena_new(1 << 20);
        const struct bp_template_reference *references;
        const struct bp_template *template;
        struct bp_strbuf found;
        size_t count;

        assert_int_equal(bp_template_compile(arena, text, strlen(text), NULL, &template, NULL), 0);
        references = bp_template_references(template, &count);
        bp_strbuf_init(&found, arena, 1 << 16);
        for (size_t i = 0; i < count; i++) {
                if (i)
                        bp_strbuf_add_char(&found, ' ');
                for (uint32_t j = 0; j < references[i].n_path; j++)
                        bp_strbuf_printf(&found, "%s%s", j ? "." : "", references[i].path[j]);
                if (references[i].guarded)
                        bp_strbuf_add_char(&found, '?');
        }
        if (strcmp(bp_strbuf_text(&found), expected) != 0)
                fail_msg("%s: expected '%s', got '%s'", text, expected, bp_strbuf_text(&found));
        bp_arena_free(arena);
}

static void every_path_is_seen(void **state) {
        (void)state;
        expect_references("{{ params.a.b }}", "params.a.b");
        expect_references("{{ params['a']['b'] + steps.s.outputs.n }}", "params.a.b steps.s.outputs.n");
        expect_references("x {{ 1 + params.a }} y {{ params.b }}", "params.a params.b");
        expect_references("{% for x in params.lst %}{{ x.k }}{{ params.z }}{% endfor %}", "params.lst params.z");
        expect_references("{% if steps.a.outputs.ok %}{{ steps.b }}{% endif %}", "steps.a.outputs.ok steps.b?");
        expect_references("{{ foo(params.a) if params.b else [params.c] }}", "foo? params.a? params.b params.c?");
        expect_references("plain text", "");
}

static void a_computed_part_ends_a_path(void **state) {
        (void)state;
        expect_references("{{ params.a[params.i].c }}", "params.a params.i");
}

static void names_that_the_template_sets_are_its_own(void **state) {
        (void)state;
        expect_references("{% set y = params.a %}{{ y.z }}", "params.a");
}

static void what_may_be_undefined_is_guarded(void **state) {
        (void)state;
        expect_references("{{ params.a | default(1) }}", "params.a?");
        expect_references("{{ params.a is defined }}", "params.a?");
        expect_references("{{ params.a }}{{ params.a | d('x') }}", "params.a params.a?");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_path_is_seen),
                cmocka_unit_test(a_computed_part_ends_a_path),
                cmocka_unit_test(names_that_the_template_sets_are_its_own),
                cmocka_unit_test(what_may_be_undefined_is_guarded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
