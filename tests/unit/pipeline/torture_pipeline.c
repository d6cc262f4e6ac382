/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, ordering and starting a definition, with every memory request failing in turn. */
#include "torture.h"

#include "fixture.h"
#include "pipeline/graph.h"

static const char yaml[] = "name: p\n"
                           "parameters:\n- {name: n, type: integer, default: 3}\n"
                           "settings: {retry_policy: {max_attempts: 2}}\n"
                           "steps:\n"
                           "- {id: a, name: A, action: route, params: {branches: [{id: x, label: X,\n"
                           "   condition: '{{ params.n > 1 }}', target_step: b}]}}\n"
                           "- {id: b, name: B, action: fetch, on_failure: retry, retry: {}, outputs: [x],\n"
                           "   params: {url: 'u{{ params.n }}'}, condition: 'true', odd: 1}\n"
                           "outputs: {o: '{{ steps.b.outputs.body }}'}\n";

static const char json_text[] =
        "{\"name\":\"p\",\"parameters\":[{\"name\":\"n\"}],\"steps\":[{\"id\":\"a\",\"name\":\"A\",\"action\":\"note\","
        "\"params\":{\"message\":\"{{ params.n }}\"}},{\"id\":\"b\",\"name\":\"B\",\"action\":\"note\",\"depends_on\":"
        "[\"a\"]}]}";

static const char broken[] =
        "name: p\nsteps:\n- {id: a, name: A, action: nott, depends_on: [b, zz], params: {m: '{{'}}\n"
        "- {id: b, depends_on: [a]}\n";

struct work {
        const struct fixture *fixture;
        const char *text;
        enum bp_definition_format format;
        int outcome;
};

static int use(struct bp_arena *arena, const struct bp_definition *definition) {
        struct bp_problem_list errors = {.arena = arena};
        struct bp_value normal, params;
        struct bp_strbuf text;
        int r;

        r = bp_definition_normalize(definition, arena, &normal);
        if (r)
                return r;
        r = bp_definition_merge_params(definition, &bp_value_empty_object, arena, &params);
        if (r)
                return r;
        r = bp_definition_check_start(definition, &params, &errors);
        if (r < 0)
                return r;
        bp_strbuf_init(&text, arena, BP_ARENA_UNLIMITED / 2);
        bp_definition_write_order(&text, definition);
        return text.error;
}

static int read_and_use(const void *data) {
        const struct work *work = data;
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_problem_list errors = {.arena = arena}, warnings = {.arena = arena};
        const struct bp_definition_report report = {.errors = &errors, .warnings = &warnings};
        const struct bp_definition_options options = {.registry = work->fixture->snapshot};
        const struct bp_definition *definition = NULL;
        int r;

        if (!arena)
                return -ENOMEM;
        r = bp_definition_read(work->text, strlen(work->text), work->format, &options, &report, &definition);
        if (r == 0)
                r = use(arena, definition);
        bp_definition_unref(definition);
        return r;
}

static void reading_survives_every_failing_request(void **state) {
        const struct work works[] = {
                {.fixture = *state, .text = yaml, .format = BP_FORMAT_YAML, .outcome = 0},
                {.fixture = *state, .text = json_text, .format = BP_FORMAT_JSON, .outcome = 0},
                {.fixture = *state, .text = broken, .format = BP_FORMAT_YAML, .outcome = BP_PROBLEM},
        };

        for (size_t i = 0; i < BP_COUNT(works); i++)
                assert_int_equal(torture(read_and_use, &works[i]), works[i].outcome);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(reading_survives_every_failing_request, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
