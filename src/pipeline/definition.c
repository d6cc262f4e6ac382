/* SPDX-License-Identifier: Apache-2.0 */
/* Ownership of definitions, and looking into one. */
#include "pipeline/definition.h"

#include <stdatomic.h>

#include "base/memory.h"
#include "base/value.h"
#include "pipeline/loader.h"
#include "registry/registry.h"

/* Whoever counts owners may write to the count, whatever else is constant. */
static atomic_uint *owners_of(const struct bp_definition *definition) {
        return &((struct bp_loaded *)(uintptr_t)definition)->owners;
}

const struct bp_definition *bp_definition_ref(const struct bp_definition *definition) {
        atomic_fetch_add_explicit(owners_of(definition), 1, memory_order_relaxed);
        return definition;
}

const struct bp_definition *bp_definition_unref(const struct bp_definition *definition) {
        if (!definition || atomic_fetch_sub_explicit(owners_of(definition), 1, memory_order_acq_rel) > 1)
                return NULL;
        for (uint32_t i = 0; i < definition->n_steps; i++)
                bp_action_entry_unref(definition->steps[i].entry);
        bp_arena_free(bp_loaded_of(definition)->arena);
        return NULL;
}

const struct bp_step_definition *bp_definition_step(const struct bp_definition *definition, const char *id) {
        int64_t number = bp_number_of(&bp_loaded_of(definition)->step_numbers, id);

        return number < 0 ? NULL : &definition->steps[number];
}

bool bp_step_is_after(const struct bp_step_definition *step, uint32_t ancestor) {
        return step->ancestors[ancestor / 64] >> (ancestor % 64) & 1;
}

int bp_definition_normalize(const struct bp_definition *definition, struct bp_arena *arena,
                            struct bp_value *ret_document) {
        return bp_value_copy(arena, &bp_loaded_of(definition)->normal, ret_document);
}
