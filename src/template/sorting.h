/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting and telling apart values by keys, as Python's sorted() and set() do. */
#ifndef BP_TEMPLATE_SORTING_H
#define BP_TEMPLATE_SORTING_H

#include "template/evaluation.h"

/* A value and what it is sorted by. */
struct bp_sortable {
        struct bp_value key, value;
};

/* Sorts stably; `reverse` keeps the order of equal ones too. */
int bp_sort(struct bp_evaluation *evaluation, struct bp_sortable *items, uint32_t count, bool reverse);

/* The key of an item: what the path leads to, texts in lower case unless case counts. */
int bp_sort_key(struct bp_evaluation *evaluation, const struct bp_value *item, const struct bp_value *path,
                bool case_sensitive, struct bp_value *ret_key);

/* Keys that have been seen. */
struct bp_key_set {
        struct bp_value *keys;
        uint32_t *slots; /* number of a key plus one */
        uint32_t count, capacity, n_slots;
};

/* Adds a key; `*ret_new` tells whether it was not there. Fails for keys that Python cannot hash. */
int bp_key_set_add(struct bp_evaluation *evaluation, struct bp_key_set *set, const struct bp_value *key, bool *ret_new);

#endif
