/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reaching into values: attributes, items, slices, and the paths of `attribute=`. What is not there is undefined, and
 * so is whatever is looked for in an undefined value.
 */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "template/evaluation.h"

static bool name_is(const char *name, size_t size, const char *text) {
        return strlen(text) == size && memcmp(name, text, size) == 0;
}

static struct bp_value neighbour(const struct bp_loop *loop, int64_t index, const char *name) {
        if (index < 0 || index >= loop->items.count)
                return bp_value_undefined(name, strlen(name));
        return loop->items.as.items[index];
}

static struct bp_value loop_index(const struct bp_loop *loop) {
        return bp_value_int((int64_t)loop->index0 + 1);
}

static struct bp_value loop_index0(const struct bp_loop *loop) {
        return bp_value_int(loop->index0);
}

static struct bp_value loop_revindex(const struct bp_loop *loop) {
        return bp_value_int((int64_t)loop->items.count - loop->index0);
}

static struct bp_value loop_revindex0(const struct bp_loop *loop) {
        return bp_value_int((int64_t)loop->items.count - loop->index0 - 1);
}

static struct bp_value loop_first(const struct bp_loop *loop) {
        return bp_value_bool(loop->index0 == 0);
}

static struct bp_value loop_last(const struct bp_loop *loop) {
        return bp_value_bool(loop->index0 + 1 >= loop->items.count);
}

static struct bp_value loop_length(const struct bp_loop *loop) {
        return bp_value_int(loop->items.count);
}

static struct bp_value loop_depth(const struct bp_loop *loop) {
        return bp_value_int((int64_t)loop->depth0 + 1);
}

static struct bp_value loop_depth0(const struct bp_loop *loop) {
        return bp_value_int(loop->depth0);
}

static struct bp_value loop_previtem(const struct bp_loop *loop) {
        return neighbour(loop, (int64_t)loop->index0 - 1, "loop.previtem");
}

static struct bp_value loop_nextitem(const struct bp_loop *loop) {
        return neighbour(loop, (int64_t)loop->index0 + 1, "loop.nextitem");
}

static const struct {
        const char *name;
        struct bp_value (*get)(const struct bp_loop *loop);
} loop_attributes[] = {
        {"index", loop_index},       {"index0", loop_index0},     {"revindex", loop_revindex},
        {"first", loop_first},       {"last", loop_last},         {"length", loop_length},
        {"depth", loop_depth},       {"depth0", loop_depth0},     {"revindex0", loop_revindex0},
        {"nextitem", loop_nextitem}, {"previtem", loop_previtem},
};

static bool attribute_of_loop(const struct bp_value *value, const char *name, size_t size, struct bp_value *ret_value) {
        for (size_t i = 0; i < BP_COUNT(loop_attributes); i++) {
                if (!name_is(name, size, loop_attributes[i].name))
                        continue;
                *ret_value = loop_attributes[i].get(bp_value_loop(value));
                return true;
        }
        return false;
}

static bool attribute_of_namespace(const struct bp_value *value, const char *name, size_t size,
                                   struct bp_value *ret_value) {
        const struct bp_object_builder *members = &bp_value_namespace(value)->members;

        for (uint32_t i = 0; i < members->count; i++) {
                const struct bp_member *member = &members->members[i];

                if (member->key_size != size || memcmp(member->key, name, size) != 0)
                        continue;
                *ret_value = member->value;
                return true;
        }
        return false;
}

static bool attribute_of_group(const struct bp_value *value, const char *name, size_t size,
                               struct bp_value *ret_value) {
        bool grouper = name_is(name, size, "grouper");

        if (value->unused != BP_SHAPE_GROUP || (!grouper && !name_is(name, size, "list")))
                return false;
        *ret_value = value->as.items[grouper ? 0 : 1];
        return true;
}

static bool attribute_of_cycler(const struct bp_value *value, const char *name, size_t size,
                                struct bp_value *ret_value) {
        const struct bp_cycler *cycler = bp_value_cycler(value);

        if (!name_is(name, size, "current"))
                return false;
        *ret_value = cycler->items.as.items[cycler->position];
        return true;
}

int bp_access_attribute(struct bp_evaluation *evaluation, const struct bp_value *value, const char *name, size_t size,
                        struct bp_value *ret_value) {
        const struct bp_value *member = NULL;
        bool found = false;
        int r = bp_eval_work(evaluation, 1);

        if (r != 0)
                return r;
        switch (value->type) {
        case BP_OBJECT:
                member = bp_value_get_n(value, name, size);
                break;
        case BP_T_DICT: {
                struct bp_value key = bp_value_text_borrow(name, size);

                r = bp_mapping_get(evaluation, value, &key, &found, ret_value);
                if (r != 0)
                        return r;
                break;
        }
        case BP_LIST:
                found = attribute_of_group(value, name, size, ret_value);
                break;
        case BP_T_LOOP:
                found = attribute_of_loop(value, name, size, ret_value);
                break;
        case BP_T_NAMESPACE:
                found = attribute_of_namespace(value, name, size, ret_value);
                break;
        case BP_T_CYCLER:
                found = attribute_of_cycler(value, name, size, ret_value);
                break;
        default:
                break;
        }
        if (member)
                *ret_value = *member;
        else if (!found)
                *ret_value = bp_value_undefined_in(value, name, size);
        return 0;
}

/* The index counted from the start. @return false when it is outside */
static bool place(int64_t index, uint64_t count, uint64_t *ret_place) {
        if (index < 0)
                index = (uint64_t) - (index + 1) >= count ? -1 : index + (int64_t)count;
        if (index < 0 || (uint64_t)index >= count)
                return false;
        *ret_place = (uint64_t)index;
        return true;
}

static int item_of_text(struct bp_evaluation *evaluation, const struct bp_value *text, int64_t index, bool *ret_found,
                        struct bp_value *ret_value) {
        size_t start, step;
        uint64_t at;
        int r = bp_eval_work_bytes(evaluation, text->count);

        *ret_found = r == 0 && place(index, bp_text_length(text), &at);
        if (!*ret_found)
                return r;
        start = bp_utf8_offset(text->as.text, text->count, at);
        bp_utf8_decode(text->as.text + start, &step);
        return bp_text_slice(evaluation, text, start, start + step, ret_value);
}

static int item_at(struct bp_evaluation *evaluation, const struct bp_value *value, int64_t index, bool *ret_found,
                   struct bp_value *ret_value) {
        uint64_t at;

        *ret_found = false;
        if (value->type == BP_STRING)
                return item_of_text(evaluation, value, index, ret_found, ret_value);
        if (bp_value_is_sequence(value) && place(index, value->count, &at)) {
                *ret_found = true;
                *ret_value = value->as.items[at];
        }
        if (value->type == BP_T_RANGE && place(index, bp_value_range(value)->count, &at)) {
                const struct bp_range *range = bp_value_range(value);

                *ret_found = true;
                *ret_value = bp_value_int((int64_t)((uint64_t)range->start + (uint64_t)range->step * at));
        }
        return 0;
}

static bool is_hashable(const struct bp_value *key) {
        return !bp_value_is_mapping(key) && (key->type != BP_LIST || bp_value_is_tuple(key));
}

int bp_access_item(struct bp_evaluation *evaluation, const struct bp_value *value, const struct bp_value *key,
                   struct bp_value *ret_value) {
        bool found = false;
        int64_t index;
        int r = bp_eval_work(evaluation, 1);

        if (r != 0)
                return r;
        if (key->type == BP_STRING && value->type != BP_T_DICT)
                return bp_access_attribute(evaluation, value, key->as.text, key->count, ret_value);
        if (bp_value_is_mapping(value) && is_hashable(key))
                r = bp_mapping_get(evaluation, value, key, &found, ret_value);
        else if (bp_value_integer(key, &index))
                r = item_at(evaluation, value, index, &found, ret_value);
        if (r == 0 && !found)
                *ret_value = bp_value_undefined_in(value, "item", 4);
        return r;
}

struct slice {
        int64_t start, step;
        uint64_t count;
};

static int slice_border(struct bp_evaluation *evaluation, const struct bp_value *part, int64_t fallback,
                        int64_t *ret_border) {
        *ret_border = fallback;
        if (part->type == BP_T_ABSENT || part->type == BP_NULL)
                return 0;
        if (!bp_value_integer(part, ret_border))
                return bp_eval_type_error(evaluation, "a slice needs integers, not '%s'", bp_value_kind(part));
        return 0;
}

static int64_t clamp(int64_t border, int64_t length, int64_t low, int64_t high) {
        if (border < 0) {
                border += length;
                return border < low ? low : border;
        }
        return border > high ? high : border;
}

/* Python's slice.indices(). */
static int resolve_slice(struct bp_evaluation *evaluation, const struct bp_value parts[3], uint64_t length,
                         struct slice *ret_slice) {
        int64_t size = (int64_t)length, start, stop, step;
        int r = slice_border(evaluation, &parts[2], 1, &step);

        if (r != 0)
                return r;
        if (step == 0)
                return bp_eval_type_error(evaluation, "the step of a slice cannot be zero");
        r = slice_border(evaluation, &parts[0], step > 0 ? 0 : INT64_MAX, &start);
        if (r == 0)
                r = slice_border(evaluation, &parts[1], step > 0 ? INT64_MAX : INT64_MIN, &stop);
        if (r != 0)
                return r;
        start = step > 0 ? clamp(start, size, 0, size) : clamp(start, size, -1, size - 1);
        stop = step > 0 ? clamp(stop, size, 0, size) : clamp(stop, size, -1, size - 1);
        *ret_slice = (struct slice){.start = start, .step = step};
        if (step > 0 && start < stop)
                ret_slice->count = ((uint64_t)(stop - start) - 1) / (uint64_t)step + 1;
        if (step < 0 && start > stop)
                ret_slice->count = ((uint64_t)(start - stop) - 1) / (0 - (uint64_t)step) + 1;
        return 0;
}

/* Steps other than one need to find characters by number: once for all, in a table of offsets. */
static int slice_text_stepped(struct bp_evaluation *evaluation, const struct bp_value *text, const struct slice *slice,
                              uint64_t length, struct bp_value *ret_value) {
        uint32_t *offsets = bp_arena_array(evaluation->arena, length + 1, sizeof(*offsets));
        struct bp_strbuf buffer;
        uint32_t number = 0;
        int r = bp_eval_work(evaluation, length);

        if (!offsets)
                return -ENOMEM;
        if (r != 0)
                return r;
        for (uint32_t i = 0; i < text->count; i++)
                if (((unsigned char)text->as.text[i] & 0xC0) != 0x80)
                        offsets[number++] = i;
        offsets[number] = text->count;
        bp_text_init(evaluation, &buffer);
        for (uint64_t i = 0; i < slice->count; i++) {
                int64_t at = slice->start + slice->step * (int64_t)i;

                bp_strbuf_add(&buffer, text->as.text + offsets[at], offsets[at + 1] - offsets[at]);
        }
        r = bp_text_close(evaluation, &buffer, ret_value);
        if (r == 0)
                ret_value->unused = text->unused;
        return r;
}

static int slice_text(struct bp_evaluation *evaluation, const struct bp_value *text, const struct bp_value parts[3],
                      struct bp_value *ret_value) {
        uint64_t length = bp_text_length(text);
        struct slice slice = {0};
        size_t start, end;
        int r = bp_eval_work_bytes(evaluation, text->count);

        if (r == 0)
                r = resolve_slice(evaluation, parts, length, &slice);
        if (r != 0)
                return r;
        if (slice.step != 1)
                return slice_text_stepped(evaluation, text, &slice, length, ret_value);
        start = bp_utf8_offset(text->as.text, text->count, (size_t)slice.start);
        end = start + bp_utf8_offset(text->as.text + start, text->count - start, slice.count);
        return bp_text_slice(evaluation, text, start, end, ret_value);
}

static int slice_list(struct bp_evaluation *evaluation, const struct bp_value *list, const struct bp_value parts[3],
                      struct bp_value *ret_value) {
        struct bp_value *items;
        struct slice slice = {0};
        int r = resolve_slice(evaluation, parts, list->count, &slice);

        if (r == 0)
                r = bp_eval_work(evaluation, slice.count);
        if (r != 0)
                return r;
        items = bp_arena_array(evaluation->arena, slice.count, sizeof(*items));
        if (!items)
                return -ENOMEM;
        for (uint64_t i = 0; i < slice.count; i++)
                items[i] = list->as.items[slice.start + slice.step * (int64_t)i];
        return bp_value_list(evaluation, bp_value_is_tuple(list) ? BP_SHAPE_TUPLE : BP_SHAPE_PLAIN, items,
                             (uint32_t)slice.count, ret_value);
}

static int slice_range(struct bp_evaluation *evaluation, const struct bp_value *value, const struct bp_value parts[3],
                       struct bp_value *ret_value) {
        const struct bp_range *range = bp_value_range(value);
        struct bp_range *part = bp_arena_alloc(evaluation->arena, sizeof(*part));
        struct slice slice = {0};
        int r;

        if (!part)
                return -ENOMEM;
        r = resolve_slice(evaluation, parts, range->count, &slice);
        if (r != 0)
                return r;
        part->start = (int64_t)((uint64_t)range->start + (uint64_t)range->step * (uint64_t)slice.start);
        part->step = (int64_t)((uint64_t)range->step * (uint64_t)slice.step);
        part->count = slice.count;
        part->stop = (int64_t)((uint64_t)part->start + (uint64_t)part->step * slice.count);
        *ret_value = bp_value_internal(evaluation, BP_T_RANGE, part, 1);
        return 0;
}

int bp_access_slice(struct bp_evaluation *evaluation, const struct bp_value *value, const struct bp_value parts[3],
                    struct bp_value *ret_value) {
        if (bp_value_is_undefined(value)) {
                *ret_value = *value;
                return 0;
        }
        if (value->type == BP_STRING)
                return slice_text(evaluation, value, parts, ret_value);
        if (bp_value_is_sequence(value))
                return slice_list(evaluation, value, parts, ret_value);
        if (value->type == BP_T_RANGE)
                return slice_range(evaluation, value, parts, ret_value);
        return bp_eval_type_error(evaluation, "'%s' object cannot be sliced", bp_value_kind(value));
}

/* One step of a path: digits are an index. */
static int follow(struct bp_evaluation *evaluation, const struct bp_value *value, const char *part, size_t size,
                  struct bp_value *ret_value) {
        int64_t index = 0;
        size_t digits = 0;
        struct bp_value key;

        while (digits < size && digits < 18 && part[digits] >= '0' && part[digits] <= '9')
                index = index * 10 + (part[digits++] - '0');
        if (size == 0 || digits < size)
                return bp_access_attribute(evaluation, value, part, size, ret_value);
        key = bp_value_int(index);
        return bp_access_item(evaluation, value, &key, ret_value);
}

int bp_access_path(struct bp_evaluation *evaluation, const struct bp_value *value, const struct bp_value *path,
                   struct bp_value *ret_value) {
        struct bp_value at = *value;
        const char *part = path->as.text, *end;

        if (path->type == BP_NULL || path->type == BP_T_ABSENT) {
                *ret_value = at;
                return 0;
        }
        if (path->type != BP_STRING)
                return bp_access_item(evaluation, &at, path, ret_value);
        end = part + path->count;
        for (;;) {
                const char *dot = memchr(part, '.', (size_t)(end - part));
                int r = follow(evaluation, &at, part, (size_t)((dot ? dot : end) - part), &at);

                if (r != 0)
                        return r;
                if (!dot)
                        break;
                part = dot + 1;
        }
        *ret_value = at;
        return 0;
}
