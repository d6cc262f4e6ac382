/* SPDX-License-Identifier: Apache-2.0 */
/* What an input led to, collected in memory that is used again and again. */
#include <errno.h>
#include <stdlib.h>

#include "base/memory.h"
#include "engine/state.h"
#include "engine/turn.h"

int bp_batch_init(struct bp_batch *batch) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);

        if (!arena)
                return -ENOMEM;
        *batch = (struct bp_batch){.arena = arena};
        return 0;
}

void bp_batch_drop_effects(struct bp_batch *batch, size_t from, const struct bp_arena *except) {
        for (size_t i = from; i < batch->n_effects; i++)
                if (batch->effects[i].arena != except)
                        bp_arena_free(batch->effects[i].arena);
        batch->n_effects = from;
}

void bp_batch_clear(struct bp_batch *batch) {
        bp_batch_drop_effects(batch, 0, NULL);
        batch->n_records = 0;
        bp_arena_reset(batch->arena);
}

void bp_batch_done(struct bp_batch *batch) {
        bp_batch_drop_effects(batch, 0, NULL);
        bp_arena_free(batch->arena);
        free(batch->records);
        free(batch->effects);
        free(batch->undo);
        *batch = (struct bp_batch){0};
}

/* Room for one more element; the new capacity, or 0 when memory is exhausted. */
static size_t grown(void **array, size_t capacity, size_t element_size) {
        size_t wanted = capacity ? capacity * 2 : 16;
        void *larger = bp_realloc(*array, wanted, element_size);

        if (!larger)
                return 0;
        *array = larger;
        return wanted;
}

int bp_batch_reserve_record(struct bp_batch *batch) {
        void *array = batch->records;
        size_t capacity;

        if (batch->n_records < batch->records_capacity)
                return 0;
        capacity = grown(&array, batch->records_capacity, sizeof(*batch->records));
        if (!capacity)
                return -ENOMEM;
        batch->records = array;
        batch->records_capacity = capacity;
        return 0;
}

int bp_batch_add_effect(struct bp_batch *batch, const struct bp_effect_item *effect) {
        void *array = batch->effects;
        size_t capacity;

        if (batch->n_effects == batch->effects_capacity) {
                capacity = grown(&array, batch->effects_capacity, sizeof(*batch->effects));
                if (!capacity)
                        return -ENOMEM;
                batch->effects = array;
                batch->effects_capacity = capacity;
        }
        batch->effects[batch->n_effects++] = *effect;
        return 0;
}

int bp_batch_reserve_undo(struct bp_batch *batch) {
        void *array = batch->undo;
        size_t capacity;

        if (batch->n_undo < batch->undo_capacity)
                return 0;
        capacity = grown(&array, batch->undo_capacity, sizeof(*batch->undo));
        if (!capacity)
                return -ENOMEM;
        batch->undo = array;
        batch->undo_capacity = capacity;
        return 0;
}
