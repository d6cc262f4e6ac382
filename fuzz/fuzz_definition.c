/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a definition, in JSON and in YAML: what is refused is refused with a code and a readable message; what
 * is taken has an order, and its normal form is a definition with the same normal form.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "base/value.h"
#include "pipeline/definition.h"
#include "pipeline/graph.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct bp_definition_limits limits = {.source_bytes = 1 << 16, .steps = 100, .arena_bytes = 8 << 20};
static const struct bp_definition_options options = {.limits = &limits};

static void demand(bool condition) {
        if (!condition)
                abort();
}

static void check_problems(const struct bp_problem_list *problems) {
        for (size_t i = 0; i < problems->count; i++) {
                const struct bp_problem *problem = problems->items[i];

                demand(problem->code && *problem->message);
                demand(bp_utf8_valid(problem->message, strlen(problem->message)));
                demand(bp_utf8_valid(problem->pointer, strlen(problem->pointer)));
                demand(problem->line > 0 || strcmp(problem->code, "LIMIT") == 0);
        }
}

static void check_graph(struct bp_arena *arena, const struct bp_definition *definition) {
        struct bp_strbuf text;

        bp_strbuf_init(&text, arena, SIZE_MAX / 2);
        bp_definition_write_order(&text, definition);
        demand(text.error == 0 && bp_utf8_valid(text.text, text.size));
        for (uint32_t i = 1; i < definition->n_steps; i++)
                demand(definition->steps[definition->start_order[i - 1]].level <=
                       definition->steps[definition->start_order[i]].level);
}

static void check_definition(struct bp_arena *arena, const struct bp_definition *definition) {
        struct bp_problem_list errors = {.arena = arena}, warnings = {.arena = arena};
        const struct bp_definition_report report = {.errors = &errors, .warnings = &warnings};
        const struct bp_definition *again;
        struct bp_value normal, normal_again, params;

        check_graph(arena, definition);
        demand(bp_definition_normalize(definition, arena, &normal) == 0);
        demand(bp_definition_load(&normal, &options, &report, &again) == 0);
        demand(bp_definition_normalize(again, arena, &normal_again) == 0);
        demand(bp_value_equal(&normal, &normal_again));
        demand(bp_definition_merge_params(again, &bp_value_empty_object, arena, &params) == 0);
        demand(bp_definition_check_start(again, &params, &errors) == BP_PROBLEM);
        bp_definition_unref(again);
}

static void read_as(enum bp_definition_format format, const char *text, size_t size) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_problem_list errors = {.arena = arena}, warnings = {.arena = arena};
        const struct bp_definition_report report = {.errors = &errors, .warnings = &warnings};
        const struct bp_definition *definition = NULL;
        int r;

        if (!arena)
                return;
        r = bp_definition_read(text, size, format, &options, &report, &definition);
        demand(r == 0 || r == BP_PROBLEM);
        demand((r == 0) == (errors.count == 0));
        check_problems(&errors);
        check_problems(&warnings);
        if (definition)
                check_definition(arena, definition);
        bp_definition_unref(definition);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        read_as(BP_FORMAT_JSON, (const char *)data, size);
        read_as(BP_FORMAT_YAML, (const char *)data, size);
        return 0;
}
