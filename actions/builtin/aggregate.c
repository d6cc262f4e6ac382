/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aggregate: combines a list into one value. `inputs` that are no list count as a list of one; null is an empty list.
 *
 *   list      the inputs as they are (also for an operation that is not known)
 *   sum       of numbers, booleans as 0 and 1; 0 when there is anything else among them
 *   average   the mean as a float; null under the same condition, or without inputs
 *   min, max  the first smallest or largest number; null under the same condition, or without inputs
 *   join      the inputs as text with `separator` between them
 *   merge     objects put together from left to right, one level deep; others are left out
 *   first, last, count
 *   flatten   lists among the inputs are replaced by their items, one level deep
 *
 * Fails when a sum leaves the range of numbers, and when a separator is needed that is not text.
 * Work is linear in the inputs, hence inline.
 */
#include <budpipeline/action.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* @return the result; NULL with `ret_error` when it fails; NULL alone when the host has no memory left */
struct operation {
        const char *name;
        const struct bp_value *(*apply)(struct bp_action_context *context, const struct bp_value *inputs,
                                        const char **ret_error);
};

/* A sum as Python has it: an integer until the first float. */
struct total {
        bool is_float;
        int64_t integer;
        double number;
};

static bool is_number(struct bp_action_context *context, const struct bp_value *value) {
        enum bp_type type = bp_type(context, value);

        return type == BP_BOOL || type == BP_INT || type == BP_FLOAT;
}

static bool are_numbers(struct bp_action_context *context, const struct bp_value *inputs) {
        for (size_t i = 0; i < context->host->count(inputs); i++)
                if (!is_number(context, context->host->item(inputs, i)))
                        return false;
        return true;
}

static bool add_number(struct bp_action_context *context, struct total *total, const struct bp_value *value) {
        if (bp_type(context, value) != BP_FLOAT && !total->is_float) {
                int64_t integer = bp_type(context, value) == BP_BOOL ? context->host->as_bool(value)
                                                                     : context->host->as_int(value);

                return !__builtin_add_overflow(total->integer, integer, &total->integer);
        }
        if (!total->is_float)
                total->number = (double)total->integer;
        total->is_float = true;
        total->number += context->host->as_float(value);
        return isfinite(total->number);
}

static bool add_numbers(struct bp_action_context *context, const struct bp_value *inputs, struct total *ret_total,
                        const char **ret_error) {
        struct total total = {0};

        for (size_t i = 0; i < context->host->count(inputs); i++)
                if (!add_number(context, &total, context->host->item(inputs, i))) {
                        *ret_error = "the sum is out of range";
                        return false;
                }
        *ret_total = total;
        return true;
}

static const struct bp_value *apply_list(struct bp_action_context *context, const struct bp_value *inputs,
                                         const char **ret_error) {
        (void)context;
        (void)ret_error;
        return inputs;
}

static const struct bp_value *apply_sum(struct bp_action_context *context, const struct bp_value *inputs,
                                        const char **ret_error) {
        struct total total;

        if (!are_numbers(context, inputs))
                return context->host->make_int(context, 0);
        if (!add_numbers(context, inputs, &total, ret_error))
                return NULL;
        return total.is_float ? context->host->make_float(context, total.number)
                              : context->host->make_int(context, total.integer);
}

/* Rounded once, as Python does, also where the sum has more digits than a double can hold. */
static double divide(int64_t sum, size_t count) {
        uint64_t size = sum < 0 ? -(uint64_t)sum : (uint64_t)sum;
        unsigned __int128 scaled = (unsigned __int128)size << 64;
        unsigned __int128 quotient = scaled / count;
        double result;

        if (size < UINT64_C(1) << 53)
                return (double)sum / (double)count;
        quotient |= scaled % count != 0;
        result = ldexp((double)quotient, -64);
        return sum < 0 ? -result : result;
}

static const struct bp_value *apply_average(struct bp_action_context *context, const struct bp_value *inputs,
                                            const char **ret_error) {
        size_t count = context->host->count(inputs);
        struct total total;

        if (count == 0 || !are_numbers(context, inputs))
                return context->host->make_null(context);
        if (!add_numbers(context, inputs, &total, ret_error))
                return NULL;
        return context->host->make_float(context,
                                         total.is_float ? total.number / (double)count : divide(total.integer, count));
}

static const struct bp_value *pick_extreme(struct bp_action_context *context, const struct bp_value *inputs,
                                           int wanted_order) {
        const struct bp_value *best = context->host->item(inputs, 0);
        int order;

        if (!best || !are_numbers(context, inputs))
                return context->host->make_null(context);
        for (size_t i = 1; i < context->host->count(inputs); i++) {
                const struct bp_value *candidate = context->host->item(inputs, i);

                if (context->host->compare(candidate, best, &order) == 0 && order == wanted_order)
                        best = candidate;
        }
        return best;
}

static const struct bp_value *apply_min(struct bp_action_context *context, const struct bp_value *inputs,
                                        const char **ret_error) {
        (void)ret_error;
        return pick_extreme(context, inputs, -1);
}

static const struct bp_value *apply_max(struct bp_action_context *context, const struct bp_value *inputs,
                                        const char **ret_error) {
        (void)ret_error;
        return pick_extreme(context, inputs, 1);
}

static void write_joined(struct bp_action_context *context, const struct bp_value *inputs,
                         const struct bp_value *separator, FILE *stream) {
        size_t separator_size;
        const char *glue = context->host->as_string(separator, &separator_size);

        for (size_t i = 0; i < context->host->count(inputs); i++) {
                size_t size = 0;
                const char *text = context->host->to_text(context, context->host->item(inputs, i), &size);

                if (i > 0)
                        fwrite(glue, 1, separator_size, stream);
                if (text)
                        fwrite(text, 1, size, stream);
        }
}

static const struct bp_value *join_texts(struct bp_action_context *context, const struct bp_value *inputs,
                                         const struct bp_value *separator, const char **ret_error) {
        const struct bp_value *joined = NULL;
        char *text = NULL;
        size_t size = 0;
        FILE *stream = open_memstream(&text, &size);

        if (stream)
                write_joined(context, inputs, separator, stream);
        if (!stream || fclose(stream) != 0)
                *ret_error = "not enough memory";
        else
                joined = context->host->make_string(context, text, size);
        free(text);
        return joined;
}

static const struct bp_value *apply_join(struct bp_action_context *context, const struct bp_value *inputs,
                                         const char **ret_error) {
        static const char *const no_text[] = {
                [BP_NULL] = "'NoneType' object has no attribute 'join'",
                [BP_BOOL] = "'bool' object has no attribute 'join'",
                [BP_INT] = "'int' object has no attribute 'join'",
                [BP_FLOAT] = "'float' object has no attribute 'join'",
                [BP_LIST] = "'list' object has no attribute 'join'",
                [BP_OBJECT] = "'dict' object has no attribute 'join'",
        };
        const struct bp_value *separator = bp_param(context, "separator");

        if (!separator)
                separator = bp_make_text(context, ", ");
        if (separator && bp_type(context, separator) != BP_STRING) {
                *ret_error = no_text[bp_type(context, separator)];
                return NULL;
        }
        return join_texts(context, inputs, separator, ret_error);
}

static const struct bp_value *apply_merge(struct bp_action_context *context, const struct bp_value *inputs,
                                          const char **ret_error) {
        struct bp_builder *merged = context->host->object_new(context);

        (void)ret_error;
        for (size_t i = 0; i < context->host->count(inputs); i++) {
                const struct bp_value *object = context->host->item(inputs, i), *value;
                const char *key;

                for (size_t j = 0; (value = context->host->member(object, j, &key)); j++)
                        context->host->object_set(merged, key, value);
        }
        return context->host->finish(merged);
}

static const struct bp_value *item_or_null(struct bp_action_context *context, const struct bp_value *inputs,
                                           size_t index) {
        const struct bp_value *item = context->host->item(inputs, index);

        return item ? item : context->host->make_null(context);
}

static const struct bp_value *apply_first(struct bp_action_context *context, const struct bp_value *inputs,
                                          const char **ret_error) {
        (void)ret_error;
        return item_or_null(context, inputs, 0);
}

static const struct bp_value *apply_last(struct bp_action_context *context, const struct bp_value *inputs,
                                         const char **ret_error) {
        (void)ret_error;
        return item_or_null(context, inputs, context->host->count(inputs) - 1);
}

static const struct bp_value *apply_count(struct bp_action_context *context, const struct bp_value *inputs,
                                          const char **ret_error) {
        (void)ret_error;
        return context->host->make_int(context, (int64_t)context->host->count(inputs));
}

static const struct bp_value *apply_flatten(struct bp_action_context *context, const struct bp_value *inputs,
                                            const char **ret_error) {
        struct bp_builder *flat = context->host->list_new(context);

        (void)ret_error;
        for (size_t i = 0; i < context->host->count(inputs); i++) {
                const struct bp_value *item = context->host->item(inputs, i);

                if (bp_type(context, item) != BP_LIST)
                        context->host->list_add(flat, item);
                for (size_t j = 0; bp_type(context, item) == BP_LIST && j < context->host->count(item); j++)
                        context->host->list_add(flat, context->host->item(item, j));
        }
        return context->host->finish(flat);
}

static const struct operation operations[] = {
        {"list", apply_list},       {"sum", apply_sum},     {"join", apply_join},       {"merge", apply_merge},
        {"first", apply_first},     {"last", apply_last},   {"min", apply_min},         {"max", apply_max},
        {"average", apply_average}, {"count", apply_count}, {"flatten", apply_flatten},
};

static const struct operation *find_operation(struct bp_action_context *context, const struct bp_value *name) {
        const char *text = context->host->as_string(name, NULL);

        for (size_t i = 0; i < BP_COUNT(operations); i++)
                if (strcmp(operations[i].name, text) == 0)
                        return &operations[i];
        return NULL;
}

/* A list: the inputs themselves, nothing for null, else a list of one. */
static const struct bp_value *listed(struct bp_action_context *context, const struct bp_value *inputs) {
        struct bp_builder *list;

        if (bp_type(context, inputs) == BP_LIST)
                return inputs;
        list = context->host->list_new(context);
        if (bp_type(context, inputs) != BP_NULL)
                context->host->list_add(list, inputs);
        return context->host->finish(list);
}

static int aggregate_execute(struct bp_action_context *context) {
        const struct bp_value *inputs = bp_param(context, "inputs"), *name = bp_param(context, "operation"), *result;
        const struct operation *operation;
        const char *error = NULL;

        if (!name)
                name = bp_make_text(context, "list");
        operation = find_operation(context, name);
        if (!operation)
                operation = &operations[0];
        result = operation->apply(context, listed(context, inputs), &error);
        if (error)
                return bp_fail(context, "AGGREGATE_FAILED", "Aggregate failed: %s", error);
        bp_output(context, "result", result);
        bp_output_int(context, "count",
                      bp_type(context, inputs) == BP_LIST ? (int64_t)context->host->count(inputs) : 0);
        bp_output(context, "operation", name);
        return bp_complete(context);
}

static void aggregate_validate(struct bp_action_context *context) {
        const struct bp_value *inputs = bp_param(context, "inputs"), *operation = bp_param(context, "operation");

        if (inputs && bp_type(context, inputs) != BP_NULL && bp_type(context, inputs) != BP_LIST)
                bp_finding(context, "inputs must be a list");
        if (operation && !find_operation(context, operation))
                bp_finding(context, "operation must be one of: list, sum, join, merge, first, last, min, max, "
                                    "average, count, flatten");
}

/* clang-format off */
BP_ACTION(aggregate,
        .name = "Aggregate", .category = "Control Flow", .icon = "stack", .color = "#f59e0b",
        .description = "Combines a list of values into one: a sum, a text, one object, the first of them.",
        .effect = BP_PURE, .flags = BP_FLAG_INLINE,
        BP_PARAMS(
                {.name = "inputs", .label = "Inputs", .type = BP_PARAM_JSON, .default_json = "[]",
                 .flags = BP_PARAM_NULLABLE, .description = "The values to combine."},
                {.name = "operation", .label = "Operation", .type = BP_PARAM_SELECT, .default_json = "\"list\"",
                 .flags = BP_PARAM_NULLABLE, .description = "How to combine them.",
                 BP_OPTIONS({"list", "List"}, {"sum", "Sum"}, {"join", "Join Text"}, {"merge", "Merge Dicts"},
                            {"first", "First"}, {"last", "Last"}, {"min", "Min"}, {"max", "Max"},
                            {"average", "Average"}, {"count", "Count"}, {"flatten", "Flatten"})},
                {.name = "separator", .label = "Separator", .type = BP_PARAM_STRING, .default_json = "\", \"",
                 .flags = BP_PARAM_NULLABLE, .placeholder = ", ",
                 .description = "What stands between the texts of `join`."}),
        BP_OUTPUTS({"result", "object", "The combined value"},
                   {"count", "number", "How many inputs there were; 0 when they were no list"},
                   {"operation", "string", "The operation as given"}),
        BP_EXAMPLES({"Add up", "{\"inputs\": [3, 4.5, 10], \"operation\": \"sum\"}", "The result is 17.5."},
                    {"One text of many", "{\"inputs\": [\"red\", \"green\"], \"operation\": \"join\","
                     " \"separator\": \" and \"}", "The result is: red and green."},
                    {"Settings over defaults",
                     "{\"inputs\": [{\"size\": 1, \"debug\": false}, {\"size\": 8}], \"operation\": \"merge\"}",
                     "What comes later wins: size is 8, debug stays false."}),
        .execute = aggregate_execute, .validate_params = aggregate_validate);
/* clang-format on */
