/* SPDX-License-Identifier: Apache-2.0 */
#include "template/sorting.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/id.h"
#include "base/memory.h"
#include "template/text_edit.h"

int bp_sort_key(struct bp_evaluation *evaluation, const struct bp_value *item, const struct bp_value *path,
                bool case_sensitive, struct bp_value *ret_key) {
        int r = bp_access_path(evaluation, item, path, ret_key);

        if (r != 0 || case_sensitive || ret_key->type != BP_STRING)
                return r;
        return bp_text_case(evaluation, ret_key, BP_CASE_LOWER, ret_key);
}

/* Does the right one come first, strictly? */
static int comes_first(struct bp_evaluation *evaluation, const struct bp_sortable *right,
                       const struct bp_sortable *left, bool reverse, bool *ret_result) {
        return reverse ? bp_less(evaluation, &left->key, &right->key, ret_result)
                       : bp_less(evaluation, &right->key, &left->key, ret_result);
}

static int merge(struct bp_evaluation *evaluation, const struct bp_sortable *left, uint32_t n_left,
                 const struct bp_sortable *right, uint32_t n_right, bool reverse, struct bp_sortable *target) {
        uint32_t i = 0, j = 0;

        while (i < n_left && j < n_right) {
                bool take_right;
                int r = comes_first(evaluation, &right[j], &left[i], reverse, &take_right);

                if (r != 0)
                        return r;
                *target++ = take_right ? right[j++] : left[i++];
        }
        while (i < n_left)
                *target++ = left[i++];
        while (j < n_right)
                *target++ = right[j++];
        return 0;
}

/* From the bottom up: no recursion. */
int bp_sort(struct bp_evaluation *evaluation, struct bp_sortable *items, uint32_t count, bool reverse) {
        struct bp_sortable *spare = bp_arena_array(evaluation->arena, count, sizeof(*spare));
        struct bp_sortable *from = items, *to = spare;

        if (!spare)
                return -ENOMEM;
        for (uint32_t width = 1; width < count; width *= 2) {
                for (uint32_t start = 0; start < count; start += 2 * width) {
                        uint32_t rest = count - start, n_left = rest < width ? rest : width;
                        uint32_t n_right = rest - n_left < width ? rest - n_left : width;
                        int r = merge(evaluation, from + start, n_left, from + start + n_left, n_right, reverse,
                                      to + start);

                        if (r != 0)
                                return r;
                }
                to = from;
                from = from == items ? spare : items;
        }
        if (from != items)
                memcpy(items, from, count * sizeof(*items));
        return 0;
}

/* Equal values have equal hashes: 1, 1.0 and true are equal. */
static uint64_t hash_number(double number) {
        double plain = number == 0.0 ? 0.0 : number;

        return bp_hash64(&plain, sizeof(plain), 1);
}

static uint64_t hash_value(const struct bp_value *value) {
        uint64_t hash = 0;

        switch (value->type) {
        case BP_BOOL:
        case BP_INT:
        case BP_FLOAT:
                return hash_number(bp_value_as_float(value));
        case BP_STRING:
                return bp_hash64(value->as.text, value->count, 2);
        case BP_LIST:
                for (uint32_t i = 0; i < value->count; i++)
                        hash = hash * 1000003 ^ hash_value(&value->as.items[i]);
                return hash;
        default:
                return value->type;
        }
}

static int check_hashable(struct bp_evaluation *evaluation, const struct bp_value *key) {
        if (bp_eval_is_forbidden(evaluation, key))
                return bp_eval_undefined_error(evaluation, key);
        if (bp_value_is_mapping(key) || (key->type == BP_LIST && !bp_value_is_tuple(key)))
                return bp_eval_type_error(evaluation, "unhashable type: '%s'", bp_value_kind(key));
        for (uint32_t i = 0; key->type == BP_LIST && i < key->count; i++) {
                int r = check_hashable(evaluation, &key->as.items[i]);

                if (r != 0)
                        return r;
        }
        return 0;
}

static int grow(struct bp_evaluation *evaluation, struct bp_key_set *set) {
        uint32_t capacity = set->capacity ? set->capacity * 2 : 16, n_slots = capacity * 2;
        struct bp_value *keys =
                bp_arena_grow(evaluation->arena, set->keys, set->capacity * sizeof(*keys), capacity * sizeof(*keys));
        uint32_t *slots = bp_arena_array(evaluation->arena, n_slots, sizeof(*slots));

        if (!keys || !slots)
                return -ENOMEM;
        for (uint32_t i = 0; i < set->count; i++) {
                uint32_t slot = (uint32_t)hash_value(&keys[i]) & (n_slots - 1);

                while (slots[slot])
                        slot = (slot + 1) & (n_slots - 1);
                slots[slot] = i + 1;
        }
        *set = (struct bp_key_set){keys, slots, set->count, capacity, n_slots};
        return bp_eval_work(evaluation, set->count);
}

int bp_key_set_add(struct bp_evaluation *evaluation, struct bp_key_set *set, const struct bp_value *key,
                   bool *ret_new) {
        uint32_t slot;
        int r = check_hashable(evaluation, key);

        if (r == 0 && set->count == set->capacity)
                r = grow(evaluation, set);
        if (r != 0)
                return r;
        *ret_new = false;
        for (slot = (uint32_t)hash_value(key) & (set->n_slots - 1); set->slots[slot];
             slot = (slot + 1) & (set->n_slots - 1)) {
                bool equal;

                r = bp_equal(evaluation, &set->keys[set->slots[slot] - 1], key, &equal);
                if (r != 0 || equal)
                        return r;
        }
        set->keys[set->count] = *key;
        set->slots[slot] = ++set->count;
        *ret_new = true;
        return 0;
}
