/* SPDX-License-Identifier: Apache-2.0 */
/* Methods of lists and objects that leave them as they are. */
#include <errno.h>

#include "base/memory.h"
#include "template/text_edit.h"

#define METHOD(name)                                                                               \
        static int call_##name(struct bp_evaluation *evaluation, const struct bp_value *subject,   \
                               const struct bp_value *bound, const struct bp_arguments *arguments, \
                               struct bp_value *ret_value)

METHOD(count) {
        int64_t count = 0;

        (void)arguments;
        for (uint32_t i = 0; i < subject->count; i++) {
                bool equal;
                int r = bp_equal(evaluation, &subject->as.items[i], &bound[0], &equal);

                if (r != 0)
                        return r;
                count += equal;
        }
        *ret_value = bp_value_int(count);
        return 0;
}

static int64_t border(int64_t place, int64_t length) {
        if (place < 0)
                place += length;
        return place < 0 ? 0 : place;
}

METHOD(index) {
        int64_t start, end;
        int r = bp_argument_integer(evaluation, &bound[1], "start", 0, &start);

        (void)arguments;
        if (r == 0)
                r = bp_argument_integer(evaluation, &bound[2], "stop", INT64_MAX, &end);
        if (r != 0)
                return r;
        end = border(end, subject->count);
        for (int64_t i = border(start, subject->count); i < end && i < subject->count; i++) {
                bool equal;

                r = bp_equal(evaluation, &subject->as.items[i], &bound[0], &equal);
                if (r != 0)
                        return r;
                if (equal) {
                        *ret_value = bp_value_int(i);
                        return 0;
                }
        }
        return bp_eval_type_error(evaluation, "the value is not in the list");
}

METHOD(copy) {
        (void)evaluation, (void)bound, (void)arguments;
        *ret_value = *subject;
        return 0;
}

/* Keys, values or pairs of an object. */
static int view(struct bp_evaluation *evaluation, const struct bp_value *subject, enum bp_shape shape,
                struct bp_value *ret_value) {
        struct bp_value *items = bp_arena_array(evaluation->arena, subject->count, sizeof(*items));
        int r = bp_eval_work(evaluation, subject->count);

        if (!items)
                return -ENOMEM;
        for (uint32_t i = 0; r == 0 && i < subject->count; i++) {
                struct bp_value key, value;

                bp_mapping_entry(subject, i, &key, &value);
                if (shape == BP_SHAPE_ITEMS)
                        r = bp_value_pair(evaluation, &key, &value, &items[i]);
                else
                        items[i] = shape == BP_SHAPE_KEYS ? key : value;
        }
        return r != 0 ? r : bp_value_list(evaluation, shape, items, subject->count, ret_value);
}

METHOD(keys) {
        (void)bound, (void)arguments;
        return view(evaluation, subject, BP_SHAPE_KEYS, ret_value);
}

METHOD(values) {
        (void)bound, (void)arguments;
        return view(evaluation, subject, BP_SHAPE_VALUES, ret_value);
}

METHOD(items) {
        (void)bound, (void)arguments;
        return view(evaluation, subject, BP_SHAPE_ITEMS, ret_value);
}

METHOD(get) {
        bool found;
        int r = bp_mapping_get(evaluation, subject, &bound[0], &found, ret_value);

        (void)arguments;
        if (r == 0 && !found)
                *ret_value = bound[1].type == BP_T_ABSENT ? bp_value_null : bound[1];
        return r;
}

/* clang-format off */
const struct bp_method bp_methods_list[] = {
        {"count", call_count, {{"value"}, 1, false}},
        {"index", call_index, {{"value", "start", "stop"}, 1, false}},
        {"copy", call_copy, {{0}, 0, false}},
        {0},
};

const struct bp_method bp_methods_object[] = {
        {"keys", call_keys, {{0}, 0, false}},
        {"values", call_values, {{0}, 0, false}},
        {"items", call_items, {{0}, 0, false}},
        {"get", call_get, {{"key", "default"}, 1, false}},
        {"copy", call_copy, {{0}, 0, false}},
        {0},
};
/* clang-format on */
