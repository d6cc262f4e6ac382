/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers what the YAML reader makes of a text, so that a test can compare it with PyYAML: for each line, a JSON text
 * that holds YAML, one line {"value": ...} or {"refused": message}.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "pipeline/places.h"
#include "pipeline/yaml_text.h"

static int answer(struct bp_arena *arena, const struct bp_value *yaml, struct bp_strbuf *out) {
        struct bp_problem problem;
        struct bp_place places;
        struct bp_value value;
        int r = bp_yaml_parse(arena, arena, yaml->as.text, yaml->count, 64, &value, &places, &problem);

        if (r < 0)
                return r;
        bp_strbuf_add_text(out, r ? "{\"refused\":" : "{\"value\":");
        if (r)
                bp_json_write_string(out, problem.message, strlen(problem.message));
        else
                bp_json_write(out, &value);
        bp_strbuf_add_char(out, '}');
        return out->error;
}

int main(void) {
        _cleanup_(bp_freep) char *line = NULL;
        size_t capacity = 0;
        ssize_t size;

        while ((size = getline(&line, &capacity, stdin)) > 0) {
                _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
                struct bp_strbuf out;
                struct bp_value yaml;

                if (!arena)
                        return EXIT_FAILURE;
                bp_strbuf_init(&out, arena, SIZE_MAX / 2);
                if (bp_json_parse(arena, line, (size_t)size, NULL, &yaml, NULL) || yaml.type != BP_STRING ||
                    answer(arena, &yaml, &out))
                        return EXIT_FAILURE;
                puts(bp_strbuf_text(&out));
        }
        return EXIT_SUCCESS;
}
