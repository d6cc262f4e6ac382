/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that are no definitions, read by the same parsers. */
#include "pipeline/document.h"

#include <errno.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/utf8.h"
#include "pipeline/places.h"
#include "pipeline/yaml_text.h"

/* Nobody asks for the places, so they go away with their arena. */
static int read_yaml(struct bp_arena *arena, const char *text, size_t size, struct bp_value *ret_value,
                     struct bp_problem *reterr_problem) {
        _cleanup_(bp_arena_freep) struct bp_arena *scratch = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_place places;

        if (!scratch)
                return -ENOMEM;
        if (!bp_utf8_valid(text, size))
                return bp_problem_set(reterr_problem, "PARSE_ERROR", "the text is not valid UTF-8, or contains NUL");
        return bp_yaml_parse(arena, scratch, text, size, BP_JSON_DEPTH, ret_value, &places, reterr_problem);
}

int bp_document_read(struct bp_arena *arena, const char *text, size_t size, enum bp_definition_format format,
                     struct bp_value *ret_value, struct bp_problem *reterr_problem) {
        if (format == BP_FORMAT_YAML)
                return read_yaml(arena, text, size, ret_value, reterr_problem);
        return bp_json_parse(arena, text, size, NULL, ret_value, reterr_problem);
}
