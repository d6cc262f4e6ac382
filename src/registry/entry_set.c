/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/entry_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"

enum { FEWEST_SLOTS = 32 };

void bp_entry_set_done(struct bp_entry_set *set) {
        for (size_t i = 0; i < set->count; i++)
                bp_action_entry_unref(set->entries[i]);
        free(set->entries);
        free(set->slots);
        *set = (struct bp_entry_set){0};
}

static const char *type_at(const struct bp_entry_set *set, uint32_t slot) {
        return set->entries[slot - 1]->meta.type;
}

/* The slot that holds this type, or the free one where it belongs. */
static size_t slot_of(const struct bp_entry_set *set, const char *type) {
        size_t slot = bp_hash64(type, strlen(type), 0) & (set->n_slots - 1);

        while (set->slots[slot] && strcmp(type_at(set, set->slots[slot]), type) != 0)
                slot = (slot + 1) & (set->n_slots - 1);
        return slot;
}

static void fill_slots(struct bp_entry_set *set) {
        memset(set->slots, 0, set->n_slots * sizeof(*set->slots));
        for (size_t i = 0; i < set->count; i++)
                set->slots[slot_of(set, set->entries[i]->meta.type)] = (uint32_t)(i + 1);
}

static int reserve_entry(struct bp_entry_set *set) {
        size_t capacity = set->capacity ? set->capacity * 2 : FEWEST_SLOTS / 2;
        const struct bp_action_entry **entries;

        if (set->count < set->capacity)
                return 0;
        entries = bp_realloc(set->entries, capacity, sizeof(const struct bp_action_entry *));
        if (!entries)
                return -ENOMEM;
        set->entries = entries;
        set->capacity = capacity;
        return 0;
}

static int reserve_slot(struct bp_entry_set *set) {
        size_t n_slots = set->n_slots ? set->n_slots * 2 : FEWEST_SLOTS;
        uint32_t *slots;

        if ((set->count + 1) * 2 <= set->n_slots)
                return 0;
        slots = bp_calloc(n_slots, sizeof(*slots));
        if (!slots)
                return -ENOMEM;
        free(set->slots);
        set->slots = slots;
        set->n_slots = n_slots;
        fill_slots(set);
        return 0;
}

const struct bp_action_entry *bp_entry_set_find(const struct bp_entry_set *set, const char *type) {
        uint32_t place;

        if (set->n_slots == 0)
                return NULL;
        place = set->slots[slot_of(set, type)];
        return place ? set->entries[place - 1] : NULL;
}

int bp_entry_set_take(struct bp_entry_set *set, const struct bp_action_entry *entry) {
        int r = reserve_entry(set);

        if (r == 0)
                r = reserve_slot(set);
        if (r < 0)
                return r;
        set->slots[slot_of(set, entry->meta.type)] = (uint32_t)(set->count + 1);
        set->entries[set->count++] = entry;
        return 0;
}

int bp_entry_set_copy(struct bp_entry_set *set, const struct bp_entry_set *from) {
        for (size_t i = 0; i < from->count; i++) {
                int r = bp_entry_set_take(set, bp_action_entry_ref(from->entries[i]));

                if (r < 0) {
                        bp_action_entry_unref(from->entries[i]);
                        return r;
                }
        }
        return 0;
}

bool bp_entry_set_remove(struct bp_entry_set *set, const char *type) {
        const struct bp_action_entry *entry = bp_entry_set_find(set, type);
        size_t place;

        if (!entry)
                return false;
        place = set->slots[slot_of(set, type)] - 1;
        memmove(&set->entries[place], &set->entries[place + 1],
                (set->count - place - 1) * sizeof(const struct bp_action_entry *));
        set->count--;
        fill_slots(set);
        bp_action_entry_unref(entry);
        return true;
}
