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

static int read_yaml(struct bp_arena *arena, struct bp_arena *places_arena, const char *text, size_t size,
                     struct bp_value *ret_value, struct bp_place *ret_places, struct bp_problem *reterr_problem) {
        if (!bp_utf8_valid(text, size))
                return bp_problem_set(reterr_problem, "PARSE_ERROR", "the text is not valid UTF-8, or contains NUL");
        return bp_yaml_parse(arena, places_arena, text, size, BP_JSON_DEPTH, ret_value, ret_places, reterr_problem);
}

int bp_document_read(struct bp_arena *arena, const char *text, size_t size, enum bp_definition_format format,
                     struct bp_value *ret_value, struct bp_problem *reterr_problem) {
        _cleanup_(bp_arena_freep) struct bp_arena *scratch = NULL;
        struct bp_place places;

        if (format != BP_FORMAT_YAML)
                return bp_json_parse(arena, text, size, NULL, ret_value, reterr_problem);
        scratch = bp_arena_new(BP_ARENA_UNLIMITED);
        return scratch ? read_yaml(arena, scratch, text, size, ret_value, &places, reterr_problem) : -ENOMEM;
}

int bp_document_read_placed(struct bp_arena *arena, const char *text, size_t size, enum bp_definition_format format,
                            struct bp_value *ret_value, const struct bp_place **ret_places,
                            struct bp_problem *reterr_problem) {
        struct bp_place *places = bp_arena_alloc(arena, sizeof(*places));
        struct bp_value value;
        int r;

        if (!places)
                return -ENOMEM;
        if (format == BP_FORMAT_YAML)
                r = read_yaml(arena, arena, text, size, &value, places, reterr_problem);
        else
                r = bp_json_parse(arena, text, size, NULL, &value, reterr_problem);
        if (r == 0 && format != BP_FORMAT_YAML)
                r = bp_places_of_json(arena, text, size, &value, places);
        if (r)
                return r;
        *ret_value = value;
        *ret_places = places;
        return 0;
}

void bp_document_locate(const struct bp_place *places, const struct bp_value *document, const char *pointer,
                        uint32_t *ret_line, uint32_t *ret_column) {
        const struct bp_place *place = bp_places_find(places, document, pointer);

        *ret_line = place->line;
        *ret_column = place->column;
}
