/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers what is wrong with a definition and how its steps are ordered, knowing no action: for each line {"dag": ...},
 * {"yaml": text} or {"json": text} one line of JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "pipeline/definition.h"
#include "pipeline/graph.h"

static int load(const struct bp_value *line, const struct bp_definition_report *report,
                const struct bp_definition **ret_definition) {
        const struct bp_value *dag = bp_value_get(line, "dag"), *yaml = bp_value_get(line, "yaml");
        const struct bp_value *text = yaml ? yaml : bp_value_get(line, "json");

        if (dag)
                return bp_definition_load(dag, NULL, report, ret_definition);
        return bp_definition_read(text->as.text, text->count, yaml ? BP_FORMAT_YAML : BP_FORMAT_JSON, NULL, report,
                                  ret_definition);
}

static void write_problems(struct bp_strbuf *out, const struct bp_problem_list *problems) {
        for (size_t i = 0; i < problems->count; i++) {
                const struct bp_problem *problem = problems->items[i];

                bp_strbuf_printf(out, "%s{\"code\":\"%s\",\"line\":%u,\"column\":%u,\"pointer\":", i ? "," : "",
                                 problem->code, problem->line, problem->column);
                bp_json_write_string(out, problem->pointer, strlen(problem->pointer));
                bp_strbuf_add_text(out, ",\"message\":");
                bp_json_write_string(out, problem->message, strlen(problem->message));
                bp_strbuf_add_char(out, '}');
        }
}

static void write_definition(struct bp_arena *arena, struct bp_strbuf *out, const struct bp_definition *definition) {
        struct bp_value normal;

        bp_strbuf_add_char(out, ',');
        bp_definition_write_order(out, definition);
        if (bp_definition_normalize(definition, arena, &normal))
                return;
        bp_strbuf_add_text(out, ",\"normalized\":");
        bp_json_write(out, &normal);
}

static int answer(struct bp_arena *arena, const struct bp_value *line, struct bp_strbuf *out) {
        struct bp_problem_list errors = {.arena = arena}, warnings = {.arena = arena};
        const struct bp_definition_report report = {.errors = &errors, .warnings = &warnings};
        const struct bp_definition *definition = NULL;
        int r = load(line, &report, &definition);

        if (r < 0)
                return r;
        bp_strbuf_add_text(out, r ? "{\"valid\":false,\"errors\":[" : "{\"valid\":true,\"errors\":[");
        write_problems(out, &errors);
        bp_strbuf_add_text(out, "],\"warnings\":[");
        write_problems(out, &warnings);
        bp_strbuf_add_char(out, ']');
        if (definition)
                write_definition(arena, out, definition);
        bp_strbuf_add_char(out, '}');
        bp_definition_unref(definition);
        return out->error;
}

int main(void) {
        _cleanup_(bp_freep) char *line = NULL;
        size_t capacity = 0;
        ssize_t size;

        while ((size = getline(&line, &capacity, stdin)) > 0) {
                _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
                struct bp_strbuf out;
                struct bp_value value;

                if (!arena)
                        return EXIT_FAILURE;
                bp_strbuf_init(&out, arena, SIZE_MAX / 2);
                if (bp_json_parse(arena, line, (size_t)size, NULL, &value, NULL) || value.type != BP_OBJECT ||
                    answer(arena, &value, &out))
                        return EXIT_FAILURE;
                puts(bp_strbuf_text(&out));
        }
        return EXIT_SUCCESS;
}
