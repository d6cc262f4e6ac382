/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file entry_set.h
 * Entries in registration order, found by type in constant time. Private to the room.
 */
#ifndef BP_REGISTRY_ENTRY_SET_H
#define BP_REGISTRY_ENTRY_SET_H

#include "registry/entry.h"

/** Makes an entry from constant data. Returns as bp_registry_draft_add(). The caller owns it. */
int bp_action_entry_new(const struct bp_action *action, const struct bp_action_origin *origin,
                        struct bp_problem_list *problems, struct bp_action_entry **ret_entry);

/** Makes an entry from its description. Returns as bp_registry_draft_add_described(). The caller owns it. */
int bp_action_entry_new_described(const struct bp_value *description, const struct bp_action_origin *origin,
                                  struct bp_problem_list *problems, struct bp_action_entry **ret_entry);

/** The set. Owns a reference to each entry. */
struct bp_entry_set {
        const struct bp_action_entry **entries;
        size_t count, capacity;
        uint32_t *slots; /**< open addressing; place in `entries` plus one */
        size_t n_slots;  /**< a power of two, at least twice the count */
};

/** Gives everything back. */
void bp_entry_set_done(struct bp_entry_set *set);

/** An entry by type, or NULL. */
const struct bp_action_entry *bp_entry_set_find(const struct bp_entry_set *set, const char *type);

/** Appends an entry, whose type is not in the set, and takes the caller's reference. @return 0 or -ENOMEM. */
int bp_entry_set_take(struct bp_entry_set *set, const struct bp_action_entry *entry);

/** Appends every entry of another set, with references of its own. @return 0 or -ENOMEM. */
int bp_entry_set_copy(struct bp_entry_set *set, const struct bp_entry_set *from);

/** Removes an entry; the others keep their order. @return true when there was one. */
bool bp_entry_set_remove(struct bp_entry_set *set, const char *type);

#endif
