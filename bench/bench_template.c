/* SPDX-License-Identifier: Apache-2.0 */
/* A template of three expressions, compiled once and evaluated often; script/bench gives Jinja2 the same one. */
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/value.h"
#include "template/template.h"

#include "measure.h"

static const char text[] =
        "Dear {{ params.name | upper }}, {{ steps.fetch.outputs.total + 1 }} of {{ params.lines[1].title }} are left";
static const char expected[] = "Dear ALICE, 42 of tea are left";
static const char params_text[] = "{\"name\": \"Alice\", \"lines\": [{\"title\": \"coffee\"}, {\"title\": \"tea\"}]}";
static const char steps_text[] = "{\"fetch\": {\"outputs\": {\"total\": 41, \"status\": 200}}}";

struct rendering {
        const struct bp_template *template;
        struct bp_template_scope scope;
        struct bp_arena *arena;
};

static void render(void *data) {
        struct rendering *rendering = data;
        struct bp_value value;

        bp_arena_reset(rendering->arena);
        measure_demand(
                bp_template_evaluate(rendering->template, &rendering->scope, rendering->arena, NULL, &value, NULL) == 0,
                "the template failed");
        measure_demand(bp_value_is_text(&value, expected), "the template came to something else");
}

int main(void) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct rendering rendering = {.arena = bp_arena_new(BP_ARENA_UNLIMITED)};
        struct bp_value params, steps;

        measure_demand(arena && rendering.arena, "no memory");
        measure_demand(bp_json_parse(arena, params_text, strlen(params_text), NULL, &params, NULL) == 0, "params");
        measure_demand(bp_json_parse(arena, steps_text, strlen(steps_text), NULL, &steps, NULL) == 0, "steps");
        measure_demand(bp_template_compile(arena, text, strlen(text), NULL, &rendering.template, NULL) == 0, "text");
        rendering.scope = (struct bp_template_scope){.params = &params, .steps = &steps};
        measure("template", render, &rendering, 2000);
        bp_arena_free(rendering.arena);
        bp_arena_free(arena);
        return EXIT_SUCCESS;
}
