/* SPDX-License-Identifier: Apache-2.0 */
/* Going through values: lists, keys of objects, characters of texts, ranges, and generators, which end. */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "template/evaluation.h"

int bp_iterator_open(struct bp_evaluation *evaluation, const struct bp_value *value, struct bp_iterator *ret_iterator) {
        switch (value->type) {
        case BP_T_UNDEFINED:
                if (bp_eval_is_forbidden(evaluation, value))
                        return bp_eval_undefined_error(evaluation, value);
                break;
        case BP_STRING:
        case BP_LIST:
        case BP_OBJECT:
        case BP_T_DICT:
        case BP_T_RANGE:
        case BP_T_GENERATOR:
                break;
        default:
                return bp_eval_type_error(evaluation, "'%s' object is not iterable", bp_value_kind(value));
        }
        *ret_iterator = (struct bp_iterator){.source = *value};
        return 0;
}

static bool next_character(struct bp_iterator *iterator, struct bp_evaluation *evaluation, int *ret_error,
                           struct bp_value *ret_value) {
        const struct bp_value *text = &iterator->source;
        size_t start = iterator->position, size;

        if (start >= text->count)
                return false;
        bp_utf8_decode(text->as.text + start, &size);
        iterator->position += size;
        *ret_error = bp_text_slice(evaluation, text, start, start + size, ret_value);
        ret_value->unused = BP_SHAPE_PLAIN; /* Python's iterator over markup gives plain text */
        return true;
}

static int next_generated(struct bp_evaluation *evaluation, struct bp_iterator *iterator, bool *ret_more,
                          struct bp_value *ret_value) {
        struct bp_generator *generator = bp_value_generator(&iterator->source);

        if (generator->position < generator->items.count) {
                *ret_value = generator->items.as.items[generator->position++];
                *ret_more = true;
                return 0;
        }
        *ret_more = false;
        if (generator->code) {
                const char *code = generator->code;

                generator->code = NULL;
                return bp_eval_fail(evaluation, code, "%s", generator->message);
        }
        return 0;
}

static struct bp_value range_item(const struct bp_range *range, uint64_t position) {
        return bp_value_int((int64_t)((uint64_t)range->start + (uint64_t)range->step * position));
}

int bp_iterator_next(struct bp_evaluation *evaluation, struct bp_iterator *iterator, bool *ret_more,
                     struct bp_value *ret_value) {
        const struct bp_value *source = &iterator->source;
        struct bp_value unused;
        int r = bp_eval_work(evaluation, 1);

        if (r != 0)
                return r;
        switch (source->type) {
        case BP_STRING:
                *ret_more = next_character(iterator, evaluation, &r, ret_value);
                return r;
        case BP_LIST:
                *ret_more = iterator->position < source->count;
                if (*ret_more)
                        *ret_value = source->as.items[iterator->position++];
                return 0;
        case BP_OBJECT:
        case BP_T_DICT:
                *ret_more = iterator->position < source->count;
                if (*ret_more)
                        bp_mapping_entry(source, (uint32_t)iterator->position++, ret_value, &unused);
                return 0;
        case BP_T_RANGE:
                *ret_more = iterator->position < bp_value_range(source)->count;
                if (*ret_more)
                        *ret_value = range_item(bp_value_range(source), iterator->position++);
                return 0;
        case BP_T_GENERATOR:
                return next_generated(evaluation, iterator, ret_more, ret_value);
        default:
                *ret_more = false;
                return 0;
        }
}

int bp_value_items(struct bp_evaluation *evaluation, const struct bp_value *value, struct bp_value *ret_list) {
        struct bp_iterator iterator;
        struct bp_list_builder list;
        struct bp_value item;
        bool more = true;
        int r;

        if (value->type == BP_LIST) {
                *ret_list = *value;
                return 0;
        }
        if (value->type == BP_T_RANGE) {
                r = bp_eval_check_items(evaluation, bp_value_range(value)->count);
                if (r != 0)
                        return r;
        }
        r = bp_iterator_open(evaluation, value, &iterator);
        if (r != 0)
                return r;
        bp_list_init(&list, evaluation->arena);
        for (;;) {
                r = bp_iterator_next(evaluation, &iterator, &more, &item);
                if (r != 0)
                        return r;
                if (!more)
                        return bp_list_close(evaluation, &list, BP_SHAPE_PLAIN, ret_list);
                r = bp_list_append(evaluation, &list, &item);
                if (r != 0)
                        return r;
        }
}

int bp_value_length(struct bp_evaluation *evaluation, const struct bp_value *value, uint64_t *ret_length) {
        int r;

        switch (value->type) {
        case BP_T_UNDEFINED:
                if (bp_eval_is_forbidden(evaluation, value))
                        return bp_eval_undefined_error(evaluation, value);
                *ret_length = 0;
                return 0;
        case BP_STRING:
                r = bp_eval_work_bytes(evaluation, value->count);
                *ret_length = bp_text_length(value);
                return r;
        case BP_LIST:
        case BP_OBJECT:
        case BP_T_DICT:
                *ret_length = value->count;
                return 0;
        case BP_T_RANGE:
                *ret_length = bp_value_range(value)->count;
                return 0;
        case BP_T_LOOP:
                *ret_length = bp_value_loop(value)->items.count;
                return 0;
        default:
                return bp_eval_type_error(evaluation, "object of type '%s' has no len()", bp_value_kind(value));
        }
}

int bp_value_reversed(struct bp_evaluation *evaluation, const struct bp_value *value, struct bp_value *ret_list) {
        struct bp_value forward, *items;
        int r;

        if (value->type == BP_T_GENERATOR)
                return bp_eval_type_error(evaluation, "'generator' object is not reversible");
        r = bp_value_items(evaluation, value, &forward);
        if (r == 0)
                r = bp_eval_work(evaluation, forward.count);
        if (r != 0)
                return r;
        items = bp_arena_array(evaluation->arena, forward.count, sizeof(*items));
        if (!items)
                return -ENOMEM;
        for (uint32_t i = 0; i < forward.count; i++)
                items[i] = forward.as.items[forward.count - 1 - i];
        return bp_value_list(evaluation, BP_SHAPE_PLAIN, items, forward.count, ret_list);
}
