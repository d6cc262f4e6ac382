/* SPDX-License-Identifier: Apache-2.0 */
/* Where in the source text each value of a document stands. Inside the room only. */
#ifndef BP_PIPELINE_PLACES_H
#define BP_PIPELINE_PLACES_H

#include <stddef.h>
#include <stdint.h>

struct bp_arena;
struct bp_value;

/** The place of a value, or of its key where it is a member of an object. Places form a tree shaped like the value. */
struct bp_place {
        uint32_t line, column; /**< from 1, column in code points */
        const struct bp_place
                *children; /**< one for each item or member, in the order of the value; NULL for scalars */
};

/**
 * The places of a JSON text, in one pass over it. Both must be what bp_json_parse() took and gave.
 * @return 0 or -ENOMEM.
 */
int bp_places_of_json(struct bp_arena *arena, const char *text, size_t size, const struct bp_value *value,
                      struct bp_place *ret_root);

/** The place a JSON Pointer names; where it leads nowhere, that of the deepest value on the way. */
const struct bp_place *bp_places_find(const struct bp_place *root, const struct bp_value *value, const char *pointer);

#endif
