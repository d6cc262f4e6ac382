/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transform: makes another value of one.
 *
 *   passthrough           the input as it is (also for an operation that is not known)
 *   uppercase, lowercase  text by the full Unicode rules; in an object its text values, one level deep
 *   keys, values          of an object, in its order; of anything else none
 *   count                 code points, entries or items; 0 for a number, a boolean, null
 *   flatten               a list whose lists are replaced by their items, one level deep
 *   unique                a list without repetitions, the first of each kept; 1, 1.0 and true are the same; objects are
 *                         compared by their textual form
 *   sort                  a list in ascending order; when its items have no common order, by their textual form
 *   reverse               text or a list from its end
 *
 * Where an operation has no meaning for a kind of input, the input comes back unchanged. The outputs also name the
 * kinds of input and result (str, int, float, bool, dict, list, NoneType).
 *
 * Fails when `unique` meets a list within the list. Work is at most n log n in the input, hence inline.
 */
#include <budpipeline/action.h>

#include <stdlib.h>
#include <string.h>

/* @return the result; NULL with `ret_error` when it fails; NULL alone when the host has no memory left */
struct operation {
        const char *name;
        const struct bp_value *(*apply)(struct bp_action_context *context, const struct bp_value *input,
                                        const char **ret_error);
};

static const char no_memory[] = "not enough memory";

static const struct bp_value *change_case(struct bp_action_context *context, const struct bp_value *value, bool upper) {
        size_t size;
        const char *text = context->host->as_string(value, &size);

        if (bp_type(context, value) != BP_STRING)
                return value;
        text = context->host->change_case(context, text, size, upper, &size);
        return text ? context->host->make_string(context, text, size) : NULL;
}

static const struct bp_value *change_case_inside(struct bp_action_context *context, const struct bp_value *input,
                                                 bool upper) {
        struct bp_builder *changed;
        const struct bp_value *value;
        const char *key;

        if (bp_type(context, input) != BP_OBJECT)
                return change_case(context, input, upper);
        changed = context->host->object_new(context);
        for (size_t i = 0; (value = context->host->member(input, i, &key)); i++)
                context->host->object_set(changed, key, change_case(context, value, upper));
        return context->host->finish(changed);
}

static const struct bp_value *apply_passthrough(struct bp_action_context *context, const struct bp_value *input,
                                                const char **ret_error) {
        (void)context;
        (void)ret_error;
        return input;
}

static const struct bp_value *apply_uppercase(struct bp_action_context *context, const struct bp_value *input,
                                              const char **ret_error) {
        (void)ret_error;
        return change_case_inside(context, input, true);
}

static const struct bp_value *apply_lowercase(struct bp_action_context *context, const struct bp_value *input,
                                              const char **ret_error) {
        (void)ret_error;
        return change_case_inside(context, input, false);
}

static const struct bp_value *apply_keys(struct bp_action_context *context, const struct bp_value *input,
                                         const char **ret_error) {
        struct bp_builder *keys = context->host->list_new(context);
        const char *key;

        (void)ret_error;
        for (size_t i = 0; context->host->member(input, i, &key); i++)
                context->host->list_add(keys, bp_make_text(context, key));
        return context->host->finish(keys);
}

static const struct bp_value *apply_values(struct bp_action_context *context, const struct bp_value *input,
                                           const char **ret_error) {
        struct bp_builder *values = context->host->list_new(context);
        const struct bp_value *value;
        const char *key;

        (void)ret_error;
        for (size_t i = 0; (value = context->host->member(input, i, &key)); i++)
                context->host->list_add(values, value);
        return context->host->finish(values);
}

static bool begins_code_point(char byte) {
        return ((unsigned char)byte & 0xc0) != 0x80;
}

static const struct bp_value *apply_count(struct bp_action_context *context, const struct bp_value *input,
                                          const char **ret_error) {
        size_t size, count = context->host->count(input);
        const char *text = context->host->as_string(input, &size);

        (void)ret_error;
        for (size_t i = 0; i < size; i++)
                count += begins_code_point(text[i]);
        return context->host->make_int(context, (int64_t)count);
}

static const struct bp_value *apply_flatten(struct bp_action_context *context, const struct bp_value *input,
                                            const char **ret_error) {
        struct bp_builder *flat;

        (void)ret_error;
        if (bp_type(context, input) != BP_LIST)
                return input;
        flat = context->host->list_new(context);
        for (size_t i = 0; i < context->host->count(input); i++) {
                const struct bp_value *item = context->host->item(input, i);

                if (bp_type(context, item) != BP_LIST)
                        context->host->list_add(flat, item);
                for (size_t j = 0; bp_type(context, item) == BP_LIST && j < context->host->count(item); j++)
                        context->host->list_add(flat, context->host->item(item, j));
        }
        return context->host->finish(flat);
}

static const struct bp_value *reverse_text(struct bp_action_context *context, const struct bp_value *input,
                                           const char **ret_error) {
        const struct bp_value *reversed;
        size_t size, end;
        const char *text = context->host->as_string(input, &size);
        char *bytes = malloc(size + 1);

        if (!bytes) {
                *ret_error = no_memory;
                return NULL;
        }
        end = size;
        for (size_t i = 0; i < size;) {
                size_t length = 1;

                while (i + length < size && !begins_code_point(text[i + length]))
                        length++;
                end -= length;
                memcpy(bytes + end, text + i, length);
                i += length;
        }
        reversed = context->host->make_string(context, bytes, size);
        free(bytes);
        return reversed;
}

static const struct bp_value *apply_reverse(struct bp_action_context *context, const struct bp_value *input,
                                            const char **ret_error) {
        struct bp_builder *reversed;

        if (bp_type(context, input) == BP_STRING)
                return reverse_text(context, input, ret_error);
        if (bp_type(context, input) != BP_LIST)
                return input;
        reversed = context->host->list_new(context);
        for (size_t i = context->host->count(input); i > 0; i--)
                context->host->list_add(reversed, context->host->item(input, i - 1));
        return context->host->finish(reversed);
}

/* ---- sort and unique: a stable merge sort over (key, place in the list) ---- */

struct item {
        const struct bp_value *key;
        size_t index;
        bool is_repetition;
};

/* @return 0 with the order, or 1 when the two have none */
typedef int order_function(struct bp_action_context *context, const struct item *a, const struct item *b,
                           int *ret_order);

static int natural_order(struct bp_action_context *context, const struct item *a, const struct item *b,
                         int *ret_order) {
        return context->host->compare(a->key, b->key, ret_order);
}

/* Kinds that are never equal apart from each other, so that there is an order over all keys of `unique`. */
static int kind_of(struct bp_action_context *context, const struct bp_value *key) {
        switch (bp_type(context, key)) {
        case BP_NULL:
                return 0;
        case BP_STRING:
                return 2;
        default:
                return 1;
        }
}

static int key_order(struct bp_action_context *context, const struct item *a, const struct item *b, int *ret_order) {
        int kind_a = kind_of(context, a->key), kind_b = kind_of(context, b->key);

        if (kind_a == kind_b && kind_a != 0)
                return context->host->compare(a->key, b->key, ret_order);
        *ret_order = kind_a < kind_b ? -1 : kind_a > kind_b;
        return 0;
}

static int merge(struct bp_action_context *context, order_function *order_of, const struct item *from, size_t start,
                 size_t middle, size_t end, struct item *to) {
        size_t left = start, right = middle;
        int order = 0;

        for (size_t i = start; i < end; i++) {
                if (left < middle && right < end && order_of(context, &from[left], &from[right], &order))
                        return 1;
                if (right == end || (left < middle && order <= 0))
                        to[i] = from[left++];
                else
                        to[i] = from[right++];
        }
        return 0;
}

/* Sorts `items`, which has room for twice its count. @return 0, or 1 when two items have no order */
static int sort_items(struct bp_action_context *context, order_function *order_of, struct item *items, size_t count) {
        struct item *from = items, *to = items + count, *swap;

        for (size_t width = 1; width < count; width *= 2) {
                for (size_t start = 0; start < count; start += 2 * width) {
                        size_t middle = start + width < count ? start + width : count;
                        size_t end = start + 2 * width < count ? start + 2 * width : count;

                        if (merge(context, order_of, from, start, middle, end, to))
                                return 1;
                }
                swap = from;
                from = to;
                to = swap;
        }
        if (from != items)
                memcpy(items, from, count * sizeof(*items));
        return 0;
}

static struct item *items_of(struct bp_action_context *context, const struct bp_value *list) {
        size_t count = context->host->count(list);
        struct item *items = calloc(2 * count + 1, sizeof(*items));

        for (size_t i = 0; items && i < count; i++)
                items[i] = (struct item){.key = context->host->item(list, i), .index = i};
        return items;
}

static const struct bp_value *text_of(struct bp_action_context *context, const struct bp_value *value) {
        size_t size = 0;
        const char *text = context->host->to_text(context, value, &size);

        return text ? context->host->make_string(context, text, size) : NULL;
}

static const struct bp_value *listed(struct bp_action_context *context, const struct bp_value *list,
                                     const struct item *items) {
        struct bp_builder *result = context->host->list_new(context);

        for (size_t i = 0; i < context->host->count(list); i++)
                if (!items[i].is_repetition)
                        context->host->list_add(result, context->host->item(list, items[i].index));
        return context->host->finish(result);
}

static void sort_by_text(struct bp_action_context *context, const struct bp_value *list, struct item *items) {
        size_t count = context->host->count(list);

        for (size_t i = 0; i < count; i++)
                items[i] = (struct item){.key = text_of(context, context->host->item(list, i)), .index = i};
        sort_items(context, natural_order, items, count);
}

static const struct bp_value *apply_sort(struct bp_action_context *context, const struct bp_value *input,
                                         const char **ret_error) {
        const struct bp_value *sorted;
        struct item *items;

        if (bp_type(context, input) != BP_LIST)
                return input;
        items = items_of(context, input);
        if (!items) {
                *ret_error = no_memory;
                return NULL;
        }
        if (sort_items(context, natural_order, items, context->host->count(input)))
                sort_by_text(context, input, items);
        sorted = listed(context, input, items);
        free(items);
        return sorted;
}

static bool set_keys(struct bp_action_context *context, struct item *items, size_t count) {
        for (size_t i = 0; i < count; i++) {
                if (bp_type(context, items[i].key) == BP_LIST)
                        return false;
                if (bp_type(context, items[i].key) == BP_OBJECT)
                        items[i].key = text_of(context, items[i].key);
        }
        return true;
}

/* Equal keys stand beside each other then, the earliest first. Afterwards in the order of the list again. */
static void mark_repetitions(struct bp_action_context *context, struct item *items, size_t count) {
        struct item *by_place = items + count;

        sort_items(context, key_order, items, count);
        for (size_t i = 0; i < count; i++) {
                int order = 1;

                if (i > 0)
                        key_order(context, &items[i - 1], &items[i], &order);
                items[i].is_repetition = order == 0;
        }
        for (size_t i = 0; i < count; i++)
                by_place[items[i].index] = items[i];
        memcpy(items, by_place, count * sizeof(*items));
}

static const struct bp_value *apply_unique(struct bp_action_context *context, const struct bp_value *input,
                                           const char **ret_error) {
        size_t count = context->host->count(input);
        const struct bp_value *unique = NULL;
        struct item *items;

        if (bp_type(context, input) != BP_LIST)
                return input;
        items = items_of(context, input);
        if (!items) {
                *ret_error = no_memory;
                return NULL;
        }
        if (set_keys(context, items, count)) {
                mark_repetitions(context, items, count);
                unique = listed(context, input, items);
        } else {
                *ret_error = "unhashable type: 'list'";
        }
        free(items);
        return unique;
}

/* ---- the action ---- */

static const struct operation operations[] = {
        {"passthrough", apply_passthrough},
        {"uppercase", apply_uppercase},
        {"lowercase", apply_lowercase},
        {"keys", apply_keys},
        {"values", apply_values},
        {"count", apply_count},
        {"flatten", apply_flatten},
        {"unique", apply_unique},
        {"sort", apply_sort},
        {"reverse", apply_reverse},
};

static const struct operation *find_operation(struct bp_action_context *context, const struct bp_value *name) {
        const char *text = context->host->as_string(name, NULL);

        for (size_t i = 0; i < BP_COUNT(operations); i++)
                if (strcmp(operations[i].name, text) == 0)
                        return &operations[i];
        return &operations[0];
}

static int transform_execute(struct bp_action_context *context) {
        const struct bp_value *input = bp_param(context, "input"), *name = bp_param(context, "operation"), *result;
        const char *error = NULL;

        if (!input)
                input = context->host->finish(context->host->object_new(context));
        if (!name)
                name = bp_make_text(context, "passthrough");
        result = find_operation(context, name)->apply(context, input, &error);
        if (error)
                return bp_fail(context, "TRANSFORM_FAILED", "Transform failed: %s", error);
        bp_output(context, "result", result);
        bp_output(context, "operation", name);
        bp_output_string(context, "input_type", bp_type_name(context, input));
        bp_output_string(context, "output_type", bp_type_name(context, result));
        return bp_complete(context);
}

/* clang-format off */
BP_ACTION(transform,
        .name = "Transform", .category = "Control Flow", .icon = "swap", .color = "#10b981",
        .description = "Makes another value of one: another case, keys, a sorted list, a count.",
        .effect = BP_PURE, .flags = BP_FLAG_INLINE,
        BP_PARAMS(
                {.name = "input", .label = "Input", .type = BP_PARAM_JSON, .default_json = "{}",
                 .flags = BP_PARAM_NULLABLE, .description = "Any JSON value."},
                {.name = "operation", .label = "Operation", .type = BP_PARAM_SELECT,
                 .default_json = "\"passthrough\"", .flags = BP_PARAM_NULLABLE, .description = "What to do with it.",
                 BP_OPTIONS({"passthrough", "Passthrough"}, {"uppercase", "Uppercase"}, {"lowercase", "Lowercase"},
                            {"keys", "Extract Keys"}, {"values", "Extract Values"}, {"count", "Count"},
                            {"flatten", "Flatten List"}, {"unique", "Remove Duplicates"}, {"sort", "Sort"},
                            {"reverse", "Reverse"})}),
        BP_OUTPUTS({"result", "object", "The new value"},
                   {"operation", "string", "The operation as given"},
                   {"input_type", "string", "Kind of the input: str, int, float, bool, dict, list, NoneType"},
                   {"output_type", "string", "Kind of the result"}),
        BP_EXAMPLES({"Sort", "{\"input\": [3, 1, 2], \"operation\": \"sort\"}", "The result is [1, 2, 3]."},
                    {"How many", "{\"input\": \"{{ steps.fetch.outputs.body }}\", \"operation\": \"count\"}",
                     "Items of a list, entries of an object, or characters of a text."}),
        .execute = transform_execute);
/* clang-format on */
