/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that are there without a value to call them on: range, dict, namespace, cycler, joiner. */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "template/evaluation.h"

static int range_argument(struct bp_evaluation *evaluation, const struct bp_value *value, int64_t *ret_integer) {
        if (!bp_value_integer(value, ret_integer))
                return bp_eval_type_error(evaluation, "range() needs integers, not '%s'", bp_value_kind(value));
        return 0;
}

static uint64_t count_of(const struct bp_range *range) {
        if (range->step > 0 && range->start < range->stop)
                return ((uint64_t)range->stop - (uint64_t)range->start - 1) / (uint64_t)range->step + 1;
        if (range->step < 0 && range->start > range->stop)
                return ((uint64_t)range->start - (uint64_t)range->stop - 1) / (0 - (uint64_t)range->step) + 1;
        return 0;
}

static int call_range(struct bp_evaluation *evaluation, const struct bp_value *bound,
                      const struct bp_arguments *arguments, struct bp_value *ret_value) {
        struct bp_range *range = bp_arena_alloc(evaluation->arena, sizeof(*range));
        int64_t values[3] = {0, 0, 1};
        int r = 0;

        (void)bound;
        if (!range)
                return -ENOMEM;
        if (arguments->n_items < 1 || arguments->n_items > 3 || arguments->n_named)
                return bp_eval_type_error(evaluation, "range() takes one to three arguments without names");
        for (uint32_t i = 0; r == 0 && i < arguments->n_items; i++)
                r = range_argument(evaluation, &arguments->items[i], &values[i]);
        if (r != 0)
                return r;
        if (values[2] == 0)
                return bp_eval_type_error(evaluation, "the step of range() must not be zero");
        *range = (struct bp_range){.start = values[0], .stop = values[1], .step = values[2]};
        if (arguments->n_items == 1)
                *range = (struct bp_range){.stop = values[0], .step = 1};
        range->count = count_of(range);
        if (range->count > INT64_MAX)
                return bp_eval_limit(evaluation, "items");
        *ret_value = bp_value_internal(evaluation, BP_T_RANGE, range, 1);
        return 0;
}

/* dict(mapping_or_pairs, name=value ...) */
static int add_pairs(struct bp_evaluation *evaluation, struct bp_mapping_builder *mapping,
                     const struct bp_value *source) {
        struct bp_iterator iterator;
        struct bp_value item, pair;
        bool more = true;
        int r = bp_iterator_open(evaluation, source, &iterator);

        while (r == 0) {
                r = bp_iterator_next(evaluation, &iterator, &more, &item);
                if (r != 0 || !more)
                        break;
                r = bp_value_items(evaluation, &item, &pair);
                if (r == 0 && pair.count != 2)
                        return bp_eval_type_error(evaluation, "dict() needs pairs");
                if (r == 0)
                        r = bp_mapping_set(evaluation, mapping, &pair.as.items[0], &pair.as.items[1]);
        }
        return r;
}

static int add_mapping(struct bp_evaluation *evaluation, struct bp_mapping_builder *mapping,
                       const struct bp_value *source) {
        int r = 0;

        for (uint32_t i = 0; r == 0 && i < source->count; i++) {
                struct bp_value key, value;

                bp_mapping_entry(source, i, &key, &value);
                r = bp_mapping_set(evaluation, mapping, &key, &value);
        }
        return r;
}

static int build_mapping(struct bp_evaluation *evaluation, const char *function, const struct bp_arguments *arguments,
                         struct bp_mapping_builder *mapping) {
        int r = 0;

        bp_mapping_init(evaluation, mapping);
        if (arguments->n_items > 1)
                return bp_eval_type_error(evaluation, "%s takes at most one argument without a name", function);
        if (arguments->n_items == 1)
                r = bp_value_is_mapping(&arguments->items[0]) ? add_mapping(evaluation, mapping, &arguments->items[0])
                                                              : add_pairs(evaluation, mapping, &arguments->items[0]);
        for (uint32_t i = 0; r == 0 && i < arguments->n_named; i++) {
                struct bp_value key = bp_value_text_borrow(arguments->named[i].name, arguments->named[i].name_size);

                r = bp_mapping_set(evaluation, mapping, &key, arguments->named[i].value);
        }
        return r;
}

static int call_dict(struct bp_evaluation *evaluation, const struct bp_value *bound,
                     const struct bp_arguments *arguments, struct bp_value *ret_value) {
        struct bp_mapping_builder mapping;
        int r = build_mapping(evaluation, "dict()", arguments, &mapping);

        (void)bound;
        return r != 0 ? r : bp_mapping_close(evaluation, &mapping, ret_value);
}

static int call_namespace(struct bp_evaluation *evaluation, const struct bp_value *bound,
                          const struct bp_arguments *arguments, struct bp_value *ret_value) {
        struct bp_namespace *namespace = bp_arena_alloc(evaluation->arena, sizeof(*namespace));
        struct bp_mapping_builder mapping;
        int r = build_mapping(evaluation, "namespace()", arguments, &mapping);

        (void)bound;
        if (!namespace)
                return -ENOMEM;
        if (r != 0)
                return r;
        if (!mapping.text_only)
                return bp_eval_type_error(evaluation, "the names in a namespace must be texts");
        namespace->members = mapping.object;
        *ret_value = bp_value_internal(evaluation, BP_T_NAMESPACE, namespace, 1);
        return 0;
}

static int call_cycler(struct bp_evaluation *evaluation, const struct bp_value *bound,
                       const struct bp_arguments *arguments, struct bp_value *ret_value) {
        struct bp_cycler *cycler = bp_arena_alloc(evaluation->arena, sizeof(*cycler));
        int r;

        (void)bound;
        if (!cycler)
                return -ENOMEM;
        if (arguments->n_items == 0 || arguments->n_named)
                return bp_eval_type_error(evaluation, "cycler() needs items without names");
        r = bp_value_list(evaluation, BP_SHAPE_TUPLE, arguments->items, arguments->n_items, &cycler->items);
        if (r == 0)
                *ret_value = bp_value_internal(evaluation, BP_T_CYCLER, cycler, 1);
        return r;
}

static int call_joiner(struct bp_evaluation *evaluation, const struct bp_value *bound,
                       const struct bp_arguments *arguments, struct bp_value *ret_value) {
        struct bp_joiner *joiner = bp_arena_alloc(evaluation->arena, sizeof(*joiner));

        (void)arguments;
        if (!joiner)
                return -ENOMEM;
        joiner->separator = bound[0].type == BP_T_ABSENT ? bp_value_text_borrow(", ", 2) : bound[0];
        *ret_value = bp_value_internal(evaluation, BP_T_JOINER, joiner, 1);
        return 0;
}

static const struct bp_global globals[] = {
        {"range", call_range, {{0}, 0, true}},         {"dict", call_dict, {{0}, 0, true}},
        {"namespace", call_namespace, {{0}, 0, true}}, {"cycler", call_cycler, {{0}, 0, true}},
        {"joiner", call_joiner, {{"sep"}, 0, false}},
};

const struct bp_global *bp_global_find(const char *name, size_t size) {
        for (size_t i = 0; i < BP_COUNT(globals); i++)
                if (strlen(globals[i].name) == size && memcmp(globals[i].name, name, size) == 0)
                        return &globals[i];
        return NULL;
}
