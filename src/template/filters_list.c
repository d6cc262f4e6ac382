/* SPDX-License-Identifier: Apache-2.0 */
/* Filters on lists and objects as a whole; those that look at each item by rules are in filters_select.c. */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "template/sorting.h"
#include "template/text_edit.h"

#define FILTER(name)                                                                                \
        static int apply_##name(struct bp_evaluation *evaluation, const struct bp_value *subject,   \
                                const struct bp_value *bound, const struct bp_arguments *arguments, \
                                struct bp_value *ret_value)

FILTER(length) {
        uint64_t length;
        int r = bp_value_length(evaluation, subject, &length);

        (void)bound, (void)arguments;
        if (r == 0)
                *ret_value = bp_value_int((int64_t)length);
        return r;
}

FILTER(first) {
        struct bp_iterator iterator;
        bool more;
        int r = bp_iterator_open(evaluation, subject, &iterator);

        (void)bound, (void)arguments;
        if (r == 0)
                r = bp_iterator_next(evaluation, &iterator, &more, ret_value);
        if (r == 0 && !more)
                *ret_value = bp_value_undefined("first item", 10);
        return r;
}

static int last_character(struct bp_evaluation *evaluation, const struct bp_value *text, struct bp_value *ret_value) {
        size_t start = text->count;

        if (!start) {
                *ret_value = bp_value_undefined("last item", 9);
                return 0;
        }
        do
                start--;
        while (start > 0 && ((unsigned char)text->as.text[start] & 0xC0) == 0x80);
        return bp_text_slice(evaluation, text, start, text->count, ret_value);
}

FILTER(last) {
        struct bp_value minus_one = bp_value_int(-1), list;
        int r;

        (void)bound, (void)arguments;
        if (subject->type == BP_STRING)
                return last_character(evaluation, subject, ret_value);
        if (subject->type == BP_T_RANGE)
                return bp_access_item(evaluation, subject, &minus_one, ret_value);
        if (subject->type == BP_T_GENERATOR)
                return bp_eval_type_error(evaluation, "'generator' object is not reversible");
        r = bp_value_items(evaluation, subject, &list);
        if (r == 0)
                *ret_value = list.count ? list.as.items[list.count - 1] : bp_value_undefined("last item", 9);
        return r;
}

FILTER(list) {
        struct bp_value items;
        int r = bp_value_items(evaluation, subject, &items);

        (void)bound, (void)arguments;
        return r != 0 ? r : bp_value_list(evaluation, BP_SHAPE_PLAIN, items.as.items, items.count, ret_value);
}

FILTER(join) {
        struct bp_iterator iterator;
        struct bp_strbuf buffer;
        struct bp_value separator = bp_value_empty_text, item;
        bool more = true, first = true;
        int r = bp_iterator_open(evaluation, subject, &iterator);

        (void)arguments;
        if (r == 0 && bound[0].type != BP_T_ABSENT)
                r = bp_text_of(evaluation, &bound[0], &separator);
        bp_text_init(evaluation, &buffer);
        while (r == 0) {
                r = bp_iterator_next(evaluation, &iterator, &more, &item);
                if (r != 0 || !more)
                        break;
                if (!first)
                        bp_strbuf_add(&buffer, separator.as.text, separator.count);
                first = false;
                r = bp_access_path(evaluation, &item, &bound[1], &item);
                if (r == 0)
                        r = bp_text_write(evaluation, &buffer, &item);
        }
        return r != 0 ? r : bp_text_close(evaluation, &buffer, ret_value);
}

static int reverse_text(struct bp_evaluation *evaluation, const struct bp_value *text, struct bp_value *ret_value) {
        struct bp_value parts[3] = {{0}, {0}, bp_value_int(-1)};

        return bp_access_slice(evaluation, text, parts, ret_value);
}

/* Python gives an iterator for what has an order, a list for what has none. */
FILTER(reverse) {
        struct bp_list_builder list;
        struct bp_value items;
        bool generator = subject->type != BP_T_GENERATOR;
        int r;

        (void)bound, (void)arguments;
        if (subject->type == BP_STRING)
                return reverse_text(evaluation, subject, ret_value);
        r = bp_value_items(evaluation, subject, &items);
        if (r == 0)
                r = bp_value_reversed(evaluation, &items, &items);
        if (r != 0 || !generator) {
                if (r == 0)
                        *ret_value = items;
                return r;
        }
        bp_list_init(&list, evaluation->arena);
        for (uint32_t i = 0; r == 0 && i < items.count; i++)
                r = bp_list_append(evaluation, &list, &items.as.items[i]);
        return bp_generator_close(evaluation, &list, r, ret_value);
}

/* sort(attribute="a,b") sorts by several: the key is the list of them, also where there is only one. */
static int sort_keys(struct bp_evaluation *evaluation, const struct bp_value *item, const struct bp_value *attribute,
                     bool case_sensitive, struct bp_value *ret_key) {
        const char *at = attribute->as.text, *end;
        struct bp_list_builder keys;
        struct bp_value key;
        int r;

        bp_list_init(&keys, evaluation->arena);
        if (attribute->type != BP_STRING) {
                r = bp_sort_key(evaluation, item, attribute, case_sensitive, &key);
                if (r == 0)
                        r = bp_list_append(evaluation, &keys, &key);
                return r != 0 ? r : bp_list_close(evaluation, &keys, BP_SHAPE_PLAIN, ret_key);
        }
        end = at + attribute->count;
        for (;;) {
                const char *comma = memchr(at, ',', (size_t)(end - at));
                struct bp_value path = bp_value_text_borrow(at, (size_t)((comma ? comma : end) - at));

                r = bp_sort_key(evaluation, item, &path, case_sensitive, &key);
                if (r == 0)
                        r = bp_list_append(evaluation, &keys, &key);
                if (r != 0 || !comma)
                        break;
                at = comma + 1;
        }
        return r != 0 ? r : bp_list_close(evaluation, &keys, BP_SHAPE_PLAIN, ret_key);
}

static int unpack(struct bp_evaluation *evaluation, const struct bp_sortable *sorted, uint32_t count,
                  struct bp_value *ret_value) {
        struct bp_value *values = bp_arena_array(evaluation->arena, count, sizeof(*values));

        if (!values)
                return -ENOMEM;
        for (uint32_t i = 0; i < count; i++)
                values[i] = sorted[i].value;
        return bp_value_list(evaluation, BP_SHAPE_PLAIN, values, count, ret_value);
}

FILTER(sort) {
        struct bp_sortable *sortables;
        struct bp_value items;
        bool reverse, case_sensitive;
        int r = bp_value_items(evaluation, subject, &items);

        (void)arguments;
        if (r == 0)
                r = bp_argument_truth(evaluation, &bound[0], false, &reverse);
        if (r == 0)
                r = bp_argument_truth(evaluation, &bound[1], false, &case_sensitive);
        if (r != 0)
                return r;
        sortables = bp_arena_array(evaluation->arena, items.count, sizeof(*sortables));
        if (!sortables)
                return -ENOMEM;
        for (uint32_t i = 0; r == 0 && i < items.count; i++) {
                sortables[i].value = items.as.items[i];
                r = sort_keys(evaluation, &items.as.items[i], &bound[2], case_sensitive, &sortables[i].key);
        }
        if (r == 0)
                r = bp_sort(evaluation, sortables, items.count, reverse);
        return r != 0 ? r : unpack(evaluation, sortables, items.count, ret_value);
}

FILTER(dictsort) {
        struct bp_value by = bp_value_text_borrow("key", 3);
        struct bp_sortable *sortables;
        bool reverse, case_sensitive, by_value;
        int r = bp_argument_truth(evaluation, &bound[0], false, &case_sensitive);

        (void)arguments;
        if (r == 0 && bound[1].type != BP_T_ABSENT)
                by = bound[1];
        if (r == 0)
                r = bp_argument_truth(evaluation, &bound[2], false, &reverse);
        if (r != 0)
                return r;
        by_value = bp_value_is_text(&by, "value");
        if (!by_value && !bp_value_is_text(&by, "key"))
                return bp_eval_type_error(evaluation, "dictsort sorts by 'key' or 'value'");
        if (bp_value_is_undefined(subject))
                return bp_eval_undefined_error(evaluation, subject);
        if (!bp_value_is_mapping(subject))
                return bp_eval_type_error(evaluation, "dictsort needs an object, not '%s'", bp_value_kind(subject));
        sortables = bp_arena_array(evaluation->arena, subject->count, sizeof(*sortables));
        if (!sortables)
                return -ENOMEM;
        for (uint32_t i = 0; r == 0 && i < subject->count; i++) {
                struct bp_value key, value;

                bp_mapping_entry(subject, i, &key, &value);
                r = bp_value_pair(evaluation, &key, &value, &sortables[i].value);
                if (r == 0)
                        r = bp_sort_key(evaluation, by_value ? &value : &key, &bp_value_null, case_sensitive,
                                        &sortables[i].key);
        }
        if (r == 0)
                r = bp_sort(evaluation, sortables, subject->count, reverse);
        return r != 0 ? r : unpack(evaluation, sortables, subject->count, ret_value);
}

static int extreme(struct bp_evaluation *evaluation, const struct bp_value *subject, const struct bp_value *bound,
                   enum bp_operator better, struct bp_value *ret_value) {
        struct bp_value items, best_key = {0}, key;
        bool case_sensitive, wins = true;
        uint32_t best = 0;
        int r = bp_value_items(evaluation, subject, &items);

        if (r == 0)
                r = bp_argument_truth(evaluation, &bound[0], false, &case_sensitive);
        if (r != 0)
                return r;
        if (items.count == 0) {
                *ret_value = bp_value_undefined("aggregated item", 15);
                return 0;
        }
        for (uint32_t i = 0; i < items.count; i++) {
                r = bp_sort_key(evaluation, &items.as.items[i], &bound[1], case_sensitive, &key);
                if (r == 0 && i > 0)
                        r = bp_compare(evaluation, better, &key, &best_key, &wins);
                if (r != 0)
                        return r;
                if (wins) {
                        best = i;
                        best_key = key;
                }
        }
        *ret_value = items.as.items[best];
        return 0;
}

FILTER(min) {
        (void)arguments;
        return extreme(evaluation, subject, bound, BP_OP_LESS, ret_value);
}

FILTER(max) {
        (void)arguments;
        return extreme(evaluation, subject, bound, BP_OP_GREATER, ret_value);
}

FILTER(sum) {
        struct bp_value total = bound[1].type == BP_T_ABSENT ? bp_value_int(0) : bound[1], items;
        int r;

        (void)arguments;
        if (total.type == BP_STRING)
                return bp_eval_type_error(evaluation, "sum cannot add texts; use join");
        r = bp_value_items(evaluation, subject, &items);
        for (uint32_t i = 0; r == 0 && i < items.count; i++) {
                struct bp_value item;

                r = bp_access_path(evaluation, &items.as.items[i], &bound[0], &item);
                if (r == 0)
                        r = bp_operate(evaluation, BP_OP_ADD, &total, &item, &total);
        }
        if (r == 0)
                *ret_value = total;
        return r;
}

FILTER(unique) {
        struct bp_list_builder list;
        struct bp_key_set seen = {0};
        struct bp_iterator iterator;
        struct bp_value item, key;
        bool case_sensitive, more, is_new;
        int r = bp_argument_truth(evaluation, &bound[0], false, &case_sensitive);

        (void)arguments;
        bp_list_init(&list, evaluation->arena);
        if (r == 0)
                r = bp_iterator_open(evaluation, subject, &iterator);
        while (r == 0) {
                r = bp_iterator_next(evaluation, &iterator, &more, &item);
                if (r != 0 || !more)
                        break;
                r = bp_sort_key(evaluation, &item, &bound[1], case_sensitive, &key);
                if (r == 0)
                        r = bp_key_set_add(evaluation, &seen, &key, &is_new);
                if (r == 0 && is_new)
                        r = bp_list_append(evaluation, &list, &item);
        }
        return bp_generator_close(evaluation, &list, r, ret_value);
}

FILTER(items) {
        struct bp_list_builder list;
        int r = 0;

        (void)bound, (void)arguments;
        bp_list_init(&list, evaluation->arena);
        if (!bp_value_is_undefined(subject) && !bp_value_is_mapping(subject))
                r = bp_eval_type_error(evaluation, "can only get item pairs from an object");
        for (uint32_t i = 0; r == 0 && bp_value_is_mapping(subject) && i < subject->count; i++) {
                struct bp_value key, value, pair;

                bp_mapping_entry(subject, i, &key, &value);
                r = bp_value_pair(evaluation, &key, &value, &pair);
                if (r == 0)
                        r = bp_list_append(evaluation, &list, &pair);
        }
        return bp_generator_close(evaluation, &list, r, ret_value);
}

/* Appends the items from `start` to `end` as a list, filled up to `size`. */
static int append_part(struct bp_evaluation *evaluation, struct bp_list_builder *parts, const struct bp_value *items,
                       uint64_t start, uint64_t end, uint64_t size, const struct bp_value *fill) {
        struct bp_list_builder part;
        struct bp_value list;
        int r = 0;

        bp_list_init(&part, evaluation->arena);
        for (uint64_t i = start; r == 0 && i < end; i++)
                r = bp_list_append(evaluation, &part, &items->as.items[i]);
        while (r == 0 && !bp_argument_is_none(fill) && part.count < size)
                r = bp_list_append(evaluation, &part, fill);
        if (r == 0)
                r = bp_list_close(evaluation, &part, BP_SHAPE_PLAIN, &list);
        return r != 0 ? r : bp_list_append(evaluation, parts, &list);
}

static int build_batches(struct bp_evaluation *evaluation, const struct bp_value *subject, const struct bp_value *bound,
                         struct bp_list_builder *parts) {
        struct bp_value items;
        int64_t size;
        int r = bp_value_items(evaluation, subject, &items);

        if (r != 0)
                return r;
        r = bp_argument_integer(evaluation, &bound[0], "linecount", 1, &size);
        if (r != 0)
                return r;
        if (size == 0 && items.count > 0) {
                r = append_part(evaluation, parts, &items, 0, 0, 0, &bp_value_null);
                size = INT64_MAX;
        }
        if (size < 0)
                size = INT64_MAX;
        for (uint64_t at = 0; r == 0 && at < items.count;) {
                uint64_t end = items.count - at < (uint64_t)size ? items.count : at + (uint64_t)size;

                r = append_part(evaluation, parts, &items, at, end, size == INT64_MAX ? 0 : (uint64_t)size, &bound[1]);
                at = end;
        }
        return r;
}

FILTER(batch) {
        struct bp_list_builder parts;
        int r;

        (void)arguments;
        bp_list_init(&parts, evaluation->arena);
        r = build_batches(evaluation, subject, bound, &parts);
        return bp_generator_close(evaluation, &parts, r, ret_value);
}

static int build_slices(struct bp_evaluation *evaluation, const struct bp_value *subject, const struct bp_value *bound,
                        struct bp_list_builder *parts) {
        struct bp_value items;
        uint64_t per_slice, extra, at = 0;
        int64_t slices;
        int r = bp_value_items(evaluation, subject, &items);

        if (r == 0)
                r = bp_argument_integer(evaluation, &bound[0], "slices", 1, &slices);
        if (r != 0)
                return r;
        if (slices == 0)
                return bp_eval_fail(evaluation, "TEMPLATE_ARITHMETIC", "division by zero");
        if (slices < 0)
                return 0;
        per_slice = items.count / (uint64_t)slices;
        extra = items.count % (uint64_t)slices;
        for (int64_t i = 0; r == 0 && i < slices; i++) {
                bool longer = (uint64_t)i < extra;
                uint64_t end = at + per_slice + longer;

                r = append_part(evaluation, parts, &items, at, end, longer ? 0 : per_slice + 1, &bound[1]);
                at = end;
        }
        return r;
}

FILTER(slice) {
        struct bp_list_builder parts;
        int r;

        (void)arguments;
        bp_list_init(&parts, evaluation->arena);
        r = build_slices(evaluation, subject, bound, &parts);
        return bp_generator_close(evaluation, &parts, r, ret_value);
}

/* clang-format off */
const struct bp_filter bp_filters_list[] = {
        {.name = "length", .apply = apply_length},
        {.name = "count", .apply = apply_length},
        {.name = "first", .apply = apply_first},
        {.name = "last", .apply = apply_last},
        {.name = "list", .apply = apply_list},
        {.name = "join", .apply = apply_join, .signature = {{"d", "attribute"}, 0, false}},
        {.name = "reverse", .apply = apply_reverse},
        {.name = "sort", .apply = apply_sort, .signature = {{"reverse", "case_sensitive", "attribute"}, 0, false}},
        {.name = "dictsort", .apply = apply_dictsort, .signature = {{"case_sensitive", "by", "reverse"}, 0, false}},
        {.name = "min", .apply = apply_min, .signature = {{"case_sensitive", "attribute"}, 0, false}},
        {.name = "max", .apply = apply_max, .signature = {{"case_sensitive", "attribute"}, 0, false}},
        {.name = "sum", .apply = apply_sum, .signature = {{"attribute", "start"}, 0, false}},
        {.name = "unique", .apply = apply_unique, .signature = {{"case_sensitive", "attribute"}, 0, false}},
        {.name = "items", .apply = apply_items},
        {.name = "batch", .apply = apply_batch, .signature = {{"linecount", "fill_with"}, 1, false}},
        {.name = "slice", .apply = apply_slice, .signature = {{"slices", "fill_with"}, 1, false}},
        {0},
};
/* clang-format on */
