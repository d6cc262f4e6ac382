/* SPDX-License-Identifier: Apache-2.0 */
/* Filters that apply other filters and tests to each item, that group items, and that look into values. */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "template/sorting.h"
#include "template/text_edit.h"

#define FILTER(name)                                                                                \
        static int apply_##name(struct bp_evaluation *evaluation, const struct bp_value *subject,   \
                                const struct bp_value *bound, const struct bp_arguments *arguments, \
                                struct bp_value *ret_value)

static const struct bp_value *named(const struct bp_arguments *arguments, const char *name) {
        for (uint32_t i = 0; i < arguments->n_named; i++)
                if (strlen(name) == arguments->named[i].name_size &&
                    memcmp(arguments->named[i].name, name, arguments->named[i].name_size) == 0)
                        return arguments->named[i].value;
        return NULL;
}

/* The arguments behind the first `count`. */
static struct bp_arguments behind(const struct bp_arguments *arguments, uint32_t count) {
        struct bp_arguments rest = *arguments;

        rest.items += count;
        rest.n_items -= count;
        return rest;
}

FILTER(default) {
        bool boolean, use = bp_value_is_undefined(subject), truth;
        int r = bp_argument_truth(evaluation, &bound[1], false, &boolean);

        (void)arguments;
        if (r == 0 && !use && boolean) {
                r = bp_eval_truth(evaluation, subject, &truth);
                use = r == 0 && !truth;
        }
        if (r != 0)
                return r;
        if (use)
                *ret_value = bound[0].type == BP_T_ABSENT ? bp_value_empty_text : bound[0];
        else
                *ret_value = *subject;
        return 0;
}

/* Attributes in Python's sense: items of an object are not, but what the template made with attributes has them. */
FILTER(attr) {
        struct bp_value name;
        int r = bp_argument_text(evaluation, &bound[0], "name", NULL, &name);

        (void)arguments;
        if (r != 0)
                return r;
        *ret_value = bp_value_undefined(name.as.text, name.count);
        if (subject->type == BP_LIST || subject->type >= BP_T_NAMESPACE || bp_value_is_undefined(subject))
                return bp_access_attribute(evaluation, subject, name.as.text, name.count, ret_value);
        return 0;
}

/* What map() does to each item: follow a path, or apply a filter. */
struct mapping {
        const struct bp_value *path, *fallback;
        const struct bp_filter *filter;
        struct bp_arguments arguments;
};

static int prepare_path(struct bp_evaluation *evaluation, const struct bp_arguments *arguments,
                        struct mapping *mapping) {
        for (uint32_t i = 0; i < arguments->n_named; i++) {
                const struct bp_value *value = arguments->named[i].value;

                if (value != mapping->path && value != named(arguments, "default"))
                        return bp_eval_type_error(evaluation, "map takes no argument named '%.*s'",
                                                  (int)arguments->named[i].name_size, arguments->named[i].name);
        }
        mapping->fallback = named(arguments, "default");
        return 0;
}

static int prepare_mapping(struct bp_evaluation *evaluation, const struct bp_arguments *arguments,
                           struct mapping *mapping) {
        const struct bp_value *name = arguments->items;

        *mapping = (struct mapping){.path = arguments->n_items ? NULL : named(arguments, "attribute")};
        if (mapping->path)
                return prepare_path(evaluation, arguments, mapping);
        if (arguments->n_items == 0)
                return bp_eval_type_error(evaluation, "map requires a filter argument");
        if (name->type == BP_STRING)
                mapping->filter = bp_filter_find(name->as.text, name->count);
        if (!mapping->filter)
                return bp_eval_type_error(evaluation, "map: no such filter");
        mapping->arguments = behind(arguments, 1);
        return 0;
}

/* The default stands in at each step of the path that leads nowhere. */
static int follow_with_default(struct bp_evaluation *evaluation, const struct mapping *mapping,
                               const struct bp_value *item, struct bp_value *ret_value) {
        const struct bp_value *fallback = mapping->fallback, *path = mapping->path;
        struct bp_value at = *item;
        const char *part = path->as.text, *end;
        int r = 0;

        if (!fallback || fallback->type == BP_NULL || path->type != BP_STRING) {
                r = bp_access_path(evaluation, item, path, ret_value);
                if (r == 0 && fallback && fallback->type != BP_NULL && bp_value_is_undefined(ret_value))
                        *ret_value = *fallback;
                return r;
        }
        end = part + path->count;
        while (r == 0) {
                const char *dot = memchr(part, '.', (size_t)(end - part));
                struct bp_value step = bp_value_text_borrow(part, (size_t)((dot ? dot : end) - part));

                r = bp_access_path(evaluation, &at, &step, &at);
                if (r == 0 && bp_value_is_undefined(&at))
                        at = *fallback;
                if (!dot)
                        break;
                part = dot + 1;
        }
        *ret_value = at;
        return r;
}

static int map_items(struct bp_evaluation *evaluation, const struct bp_value *subject,
                     const struct bp_arguments *arguments, struct bp_list_builder *list) {
        struct mapping mapping;
        struct bp_iterator iterator;
        struct bp_value item;
        bool truth, more = true;
        int r = bp_eval_truth(evaluation, subject, &truth);

        if (r != 0 || !truth)
                return r;
        r = prepare_mapping(evaluation, arguments, &mapping);
        if (r == 0)
                r = bp_iterator_open(evaluation, subject, &iterator);
        while (r == 0) {
                r = bp_iterator_next(evaluation, &iterator, &more, &item);
                if (r != 0 || !more)
                        break;
                r = mapping.filter ? bp_filter_apply(evaluation, mapping.filter, &item, &mapping.arguments, &item)
                                   : follow_with_default(evaluation, &mapping, &item, &item);
                if (r == 0)
                        r = bp_list_append(evaluation, list, &item);
        }
        return r;
}

FILTER(map) {
        struct bp_list_builder list;
        int r;

        (void)bound;
        bp_list_init(&list, evaluation->arena);
        r = map_items(evaluation, subject, arguments, &list);
        return bp_generator_close(evaluation, &list, r, ret_value);
}

/* What select() and its like ask of each item. */
struct selection {
        bool keep, by_path;
        const struct bp_value *path;
        const struct bp_test *test;
        struct bp_arguments arguments;
};

static int prepare_selection(struct bp_evaluation *evaluation, const struct bp_arguments *arguments,
                             struct selection *selection) {
        struct bp_arguments rest = *arguments;

        if (selection->by_path) {
                if (rest.n_items == 0)
                        return bp_eval_type_error(evaluation, "the name of an attribute is missing");
                selection->path = rest.items;
                rest = behind(&rest, 1);
        }
        if (rest.n_items == 0)
                return 0;
        if (rest.items->type == BP_STRING)
                selection->test = bp_test_find(rest.items->as.text, rest.items->count);
        if (!selection->test)
                return bp_eval_type_error(evaluation, "no such test");
        selection->arguments = behind(&rest, 1);
        return 0;
}

static int is_selected(struct bp_evaluation *evaluation, const struct selection *selection, const struct bp_value *item,
                       bool *ret_selected) {
        struct bp_value value = *item;
        bool result;
        int r = selection->path ? bp_access_path(evaluation, item, selection->path, &value) : 0;

        if (r == 0)
                r = selection->test ? bp_test_check(evaluation, selection->test, &value, &selection->arguments, &result)
                                    : bp_eval_truth(evaluation, &value, &result);
        if (r == 0)
                *ret_selected = result == selection->keep;
        return r;
}

static int select_items(struct bp_evaluation *evaluation, const struct bp_value *subject,
                        const struct bp_arguments *arguments, struct selection selection,
                        struct bp_list_builder *list) {
        struct bp_iterator iterator;
        struct bp_value item;
        bool truth, more = true, selected;
        int r = bp_eval_truth(evaluation, subject, &truth);

        if (r != 0 || !truth)
                return r;
        r = prepare_selection(evaluation, arguments, &selection);
        if (r == 0)
                r = bp_iterator_open(evaluation, subject, &iterator);
        while (r == 0) {
                r = bp_iterator_next(evaluation, &iterator, &more, &item);
                if (r != 0 || !more)
                        break;
                r = is_selected(evaluation, &selection, &item, &selected);
                if (r == 0 && selected)
                        r = bp_list_append(evaluation, list, &item);
        }
        return r;
}

static int apply_selection(struct bp_evaluation *evaluation, const struct bp_value *subject,
                           const struct bp_arguments *arguments, struct selection selection,
                           struct bp_value *ret_value) {
        struct bp_list_builder list;
        int r;

        bp_list_init(&list, evaluation->arena);
        r = select_items(evaluation, subject, arguments, selection, &list);
        return bp_generator_close(evaluation, &list, r, ret_value);
}

FILTER(select) {
        (void)bound;
        return apply_selection(evaluation, subject, arguments, (struct selection){.keep = true}, ret_value);
}

FILTER(reject) {
        (void)bound;
        return apply_selection(evaluation, subject, arguments, (struct selection){.keep = false}, ret_value);
}

FILTER(selectattr) {
        (void)bound;
        return apply_selection(evaluation, subject, arguments, (struct selection){.keep = true, .by_path = true},
                               ret_value);
}

FILTER(rejectattr) {
        (void)bound;
        return apply_selection(evaluation, subject, arguments, (struct selection){.keep = false, .by_path = true},
                               ret_value);
}

/* What an item is grouped by: as it is shown, and as it is compared. */
static int group_key(struct bp_evaluation *evaluation, const struct bp_value *item, const struct bp_value *bound,
                     bool case_sensitive, struct bp_value *ret_key) {
        struct mapping mapping = {.path = &bound[0], .fallback = bound[1].type == BP_T_ABSENT ? NULL : &bound[1]};
        int r = follow_with_default(evaluation, &mapping, item, ret_key);

        if (r != 0 || case_sensitive || ret_key->type != BP_STRING)
                return r;
        return bp_text_case(evaluation, ret_key, BP_CASE_LOWER, ret_key);
}

static int append_group(struct bp_evaluation *evaluation, const struct bp_sortable *members, uint32_t count,
                        const struct bp_value *bound, struct bp_list_builder *groups) {
        struct bp_value *values = bp_arena_array(evaluation->arena, count, sizeof(*values));
        struct bp_value *pair = bp_arena_array(evaluation->arena, 2, sizeof(*pair)), group;
        int r;

        if (!values || !pair)
                return -ENOMEM;
        for (uint32_t i = 0; i < count; i++)
                values[i] = members[i].value;
        r = bp_value_list(evaluation, BP_SHAPE_PLAIN, values, count, &pair[1]);
        if (r == 0)
                r = group_key(evaluation, &values[0], bound, true, &pair[0]);
        if (r == 0)
                r = bp_value_list(evaluation, BP_SHAPE_GROUP, pair, 2, &group);
        return r != 0 ? r : bp_list_append(evaluation, groups, &group);
}

static int append_groups(struct bp_evaluation *evaluation, const struct bp_sortable *sorted, uint32_t count,
                         const struct bp_value *bound, struct bp_list_builder *groups) {
        uint32_t start = 0;

        for (uint32_t i = 1; i <= count; i++) {
                bool equal = false;
                int r = i < count ? bp_equal(evaluation, &sorted[start].key, &sorted[i].key, &equal) : 0;

                if (r == 0 && !equal) {
                        r = append_group(evaluation, sorted + start, i - start, bound, groups);
                        start = i;
                }
                if (r != 0)
                        return r;
        }
        return 0;
}

FILTER(groupby) {
        struct bp_list_builder groups;
        struct bp_sortable *sortables;
        struct bp_value items;
        bool case_sensitive;
        int r = bp_argument_truth(evaluation, &bound[2], false, &case_sensitive);

        (void)arguments;
        if (r == 0)
                r = bp_value_items(evaluation, subject, &items);
        if (r != 0)
                return r;
        sortables = bp_arena_array(evaluation->arena, items.count, sizeof(*sortables));
        if (!sortables)
                return -ENOMEM;
        for (uint32_t i = 0; r == 0 && i < items.count; i++) {
                sortables[i].value = items.as.items[i];
                r = group_key(evaluation, &items.as.items[i], bound, case_sensitive, &sortables[i].key);
        }
        if (r == 0)
                r = bp_sort(evaluation, sortables, items.count, false);
        bp_list_init(&groups, evaluation->arena);
        if (r == 0)
                r = append_groups(evaluation, sortables, items.count, bound, &groups);
        return r != 0 ? r : bp_list_close(evaluation, &groups, BP_SHAPE_PLAIN, ret_value);
}

/* clang-format off */
const struct bp_filter bp_filters_select[] = {
        {.name = "default", .apply = apply_default, .may_be_undefined = true,
         .signature = {{"default_value", "boolean"}, 0, false}},
        {.name = "d", .apply = apply_default, .may_be_undefined = true,
         .signature = {{"default_value", "boolean"}, 0, false}},
        {.name = "attr", .apply = apply_attr, .signature = {{"name"}, 1, false}},
        {.name = "map", .apply = apply_map, .signature = {.open = true}},
        {.name = "select", .apply = apply_select, .signature = {.open = true}},
        {.name = "reject", .apply = apply_reject, .signature = {.open = true}},
        {.name = "selectattr", .apply = apply_selectattr, .signature = {.open = true}},
        {.name = "rejectattr", .apply = apply_rejectattr, .signature = {.open = true}},
        {.name = "groupby", .apply = apply_groupby, .signature = {{"attribute", "default", "case_sensitive"}, 1, false}},
        {0},
};
/* clang-format on */
