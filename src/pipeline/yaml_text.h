/* SPDX-License-Identifier: Apache-2.0 */
/* YAML text in. The only place that knows the YAML library. Inside the room only. */
#ifndef BP_PIPELINE_YAML_TEXT_H
#define BP_PIPELINE_YAML_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct bp_arena;
struct bp_place;
struct bp_problem;
struct bp_value;

/**
 * Reads one YAML document: the value into one arena, the places of everything in it into another.
 * Keys are text as written. Refused: tags, anchors, aliases, merge keys, duplicate keys, keys that are no scalars,
 * further documents, and whatever JSON can't hold. Anything may be in the text.
 * @param depth deepest nesting
 * @return 0; -ENOMEM; BP_PROBLEM with line and column, code PARSE_ERROR or LIMIT.
 */
int bp_yaml_parse(struct bp_arena *arena, struct bp_arena *scratch, const char *text, size_t size, uint32_t depth,
                  struct bp_value *ret_value, struct bp_place *ret_places, struct bp_problem *reterr_problem);

#endif
