/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file document.h
 * JSON or YAML text as a value, whatever it says: parameters in files, and other documents beside definitions.
 */
#ifndef BP_PIPELINE_DOCUMENT_H
#define BP_PIPELINE_DOCUMENT_H

#include <stddef.h>
#include <stdint.h>

#include "pipeline/definition.h"

struct bp_arena;
struct bp_place;
struct bp_problem;
struct bp_value;

/**
 * Reads a text in the same subset of JSON or YAML as definitions.
 * @return 0; -ENOMEM; BP_PROBLEM with line and column, and a code of bp_json_parse(), or PARSE_ERROR or LIMIT.
 */
int bp_document_read(struct bp_arena *arena, const char *text, size_t size, enum bp_definition_format format,
                     struct bp_value *ret_value, struct bp_problem *reterr_problem);

/** Same, and remembers where in the text everything stands, in the same arena. */
int bp_document_read_placed(struct bp_arena *arena, const char *text, size_t size, enum bp_definition_format format,
                            struct bp_value *ret_value, const struct bp_place **ret_places,
                            struct bp_problem *reterr_problem);

/** Line and column of what a JSON Pointer names, of its key where it is a member; of the deepest value on the way
 * where the pointer leads nowhere. */
void bp_document_locate(const struct bp_place *places, const struct bp_value *document, const char *pointer,
                        uint32_t *ret_line, uint32_t *ret_column);

#endif
