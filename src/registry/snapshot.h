/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file snapshot.h
 * A snapshot from the inside. Private to the room.
 */
#ifndef BP_REGISTRY_SNAPSHOT_H
#define BP_REGISTRY_SNAPSHOT_H

#include <stdatomic.h>

#include "registry/entry_set.h"

/** The prepared text of GET /actions. */
struct bp_registry_answer {
        char *text;
        size_t size;
};

/** A snapshot. Constant once published, but for the count and the answer. */
struct bp_registry_snapshot {
        atomic_uint references;
        uint64_t generation;
        struct bp_entry_set set;
        struct bp_registry_category *categories;
        size_t n_categories;
        const struct bp_action_entry **by_category;  /**< what the categories point into */
        size_t *places;                              /**< place in registration order of each of `by_category` */
        _Atomic(struct bp_registry_answer *) answer; /**< made when first asked for */
};

/** Writes the answer for a snapshot, or NULL. */
struct bp_registry_answer *bp_registry_answer_new(const struct bp_registry_snapshot *snapshot);

/** Gives it back. NULL is allowed. */
void bp_registry_answer_free(struct bp_registry_answer *answer);

#endif
