/* SPDX-License-Identifier: Apache-2.0 */
/* The value of an expression: one function for each kind of node, found through a table. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "template/evaluation.h"

/* Bytes that count as one unit of work. */
enum { BYTES_PER_UNIT = 32 };

int bp_eval_fail(struct bp_evaluation *evaluation, const char *code, const char *format, ...) {
        char message[400];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);
        evaluation->failed = false;
        return bp_problem_set(evaluation->problem, code, "%s", message);
}

int bp_eval_type_error(struct bp_evaluation *evaluation, const char *format, ...) {
        char message[400];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);
        return bp_eval_fail(evaluation, "TEMPLATE_TYPE", "%s", message);
}

int bp_eval_limit(struct bp_evaluation *evaluation, const char *what) {
        return bp_eval_fail(evaluation, "TEMPLATE_LIMIT", "the template goes beyond the limit on %s", what);
}

int bp_eval_undefined_error(struct bp_evaluation *evaluation, const struct bp_value *undefined) {
        return bp_eval_fail(evaluation, "TEMPLATE_UNDEFINED", "'%.*s' is undefined", (int)undefined->count,
                            undefined->as.text);
}

int bp_eval_work_bytes(struct bp_evaluation *evaluation, uint64_t bytes) {
        return bp_eval_work(evaluation, bytes / BYTES_PER_UNIT);
}

int bp_eval_check_bytes(struct bp_evaluation *evaluation, uint64_t bytes) {
        return bytes > evaluation->limits->output_bytes ? bp_eval_limit(evaluation, "the size of a text") : 0;
}

int bp_eval_check_items(struct bp_evaluation *evaluation, uint64_t items) {
        return items > evaluation->limits->result_items ? bp_eval_limit(evaluation, "items") : 0;
}

static int eval_constant(struct bp_evaluation *evaluation, const struct bp_node *node, struct bp_value *ret_value) {
        (void)evaluation;
        *ret_value = node->value;
        return 0;
}

static int eval_name(struct bp_evaluation *evaluation, const struct bp_node *node, struct bp_value *ret_value) {
        const struct bp_value *root = NULL;

        if (node->variable != BP_NO_VARIABLE && evaluation->variables[node->variable].type != BP_T_ABSENT) {
                *ret_value = evaluation->variables[node->variable];
                return 0;
        }
        if (node->root == BP_ROOT_PARAMS)
                root = evaluation->scope->params;
        else if (node->root == BP_ROOT_STEPS)
                root = evaluation->scope->steps;
        *ret_value = root ? *root : bp_value_undefined(node->text, node->size);
        return 0;
}

static int eval_attribute(struct bp_evaluation *evaluation, const struct bp_node *node, struct bp_value *ret_value) {
        struct bp_value left;
        int r = bp_eval_node(evaluation, node->left, &left);

        return r != 0 ? r : bp_access_attribute(evaluation, &left, node->text, node->size, ret_value);
}

static int eval_operands(struct bp_evaluation *evaluation, const struct bp_node *node, struct bp_value *ret_left,
                         struct bp_value *ret_right) {
        int r = bp_eval_node(evaluation, node->left, ret_left);

        return r != 0 ? r : bp_eval_node(evaluation, node->right, ret_right);
}

static int eval_item(struct bp_evaluation *evaluation, const struct bp_node *node, struct bp_value *ret_value) {
        struct bp_value left, key;
        int r = eval_operands(evaluation, node, &left, &key);

        return r != 0 ? r : bp_access_item(evaluation, &left, &key, ret_value);
}

static int eval_slice(struct bp_evaluation *evaluation, const struct bp_node *node, struct bp_value *ret_value) {
        struct bp_value left, parts[3] = {{0}, {0}, {0}};
        int r = bp_eval_node(evaluation, node->left, &left);

        for (uint32_t i = 0; r == 0 && i < 3; i++)
                if (node->items[i])
                        r = bp_eval_node(evaluation, node->items[i], &parts[i]);
        return r != 0 ? r : bp_access_slice(evaluation, &left, parts, ret_value);
}

/* Arguments of a call, evaluated. */
struct argument_builder {
        struct bp_list_builder items;
        struct bp_named_argument *named;
        uint32_t n_named;
};

static int add_positional(struct bp_evaluation *evaluation, const struct bp_call *call,
                          struct argument_builder *builder) {
        for (uint32_t i = 0; i < call->n_items; i++) {
                struct bp_value value;
                int r = bp_eval_node(evaluation, call->items[i], &value);

                if (r != 0)
                        return r;
                bp_list_add(&builder->items, value);
                if (builder->items.error)
                        return builder->items.error == -ENOMEM ? -ENOMEM : bp_eval_limit(evaluation, "depth");
        }
        return 0;
}

static int add_star(struct bp_evaluation *evaluation, const struct bp_call *call, struct argument_builder *builder) {
        struct bp_value star, list;
        int r;

        if (!call->star)
                return 0;
        r = bp_eval_node(evaluation, call->star, &star);
        if (r == 0)
                r = bp_value_items(evaluation, &star, &list);
        for (uint32_t i = 0; r == 0 && i < list.count; i++)
                r = bp_list_append(evaluation, &builder->items, &list.as.items[i]);
        return r;
}

static int add_named(struct bp_evaluation *evaluation, struct argument_builder *builder, const char *name,
                     uint32_t name_size, const struct bp_value *value) {
        struct bp_value *copy = bp_arena_alloc(evaluation->arena, sizeof(*copy));

        if (!copy)
                return -ENOMEM;
        *copy = *value;
        builder->named[builder->n_named++] = (struct bp_named_argument){name, name_size, copy};
        return 0;
}

static int add_star_star(struct bp_evaluation *evaluation, const struct bp_value *mapping,
                         struct argument_builder *builder) {
        for (uint32_t i = 0; i < mapping->count; i++) {
                struct bp_value key, value;
                int r;

                bp_mapping_entry(mapping, i, &key, &value);
                if (key.type != BP_STRING)
                        return bp_eval_type_error(evaluation, "names of arguments must be texts");
                r = add_named(evaluation, builder, key.as.text, key.count, &value);
                if (r != 0)
                        return r;
        }
        return 0;
}

static int add_all_named(struct bp_evaluation *evaluation, const struct bp_call *call,
                         struct argument_builder *builder) {
        struct bp_value mapping = bp_value_empty_object;
        int r = call->star_star ? bp_eval_node(evaluation, call->star_star, &mapping) : 0;

        if (r != 0)
                return r;
        if (!bp_value_is_mapping(&mapping))
                return bp_eval_type_error(evaluation, "what follows ** must be an object");
        if (call->n_keywords + mapping.count == 0)
                return 0;
        builder->named =
                bp_arena_array(evaluation->arena, (size_t)call->n_keywords + mapping.count, sizeof(*builder->named));
        if (!builder->named)
                return -ENOMEM;
        for (uint32_t i = 0; i < call->n_keywords; i++) {
                const struct bp_keyword *keyword = &call->keywords[i];
                struct bp_value value;

                r = bp_eval_node(evaluation, keyword->value, &value);
                if (r == 0)
                        r = add_named(evaluation, builder, keyword->name, keyword->name_size, &value);
                if (r != 0)
                        return r;
        }
        return add_star_star(evaluation, &mapping, builder);
}

static int eval_arguments(struct bp_evaluation *evaluation, const struct bp_call *call,
                          struct bp_arguments *ret_arguments) {
        struct argument_builder builder = {0};
        int r;

        *ret_arguments = (struct bp_arguments){0};
        if (!call)
                return 0;
        bp_list_init(&builder.items, evaluation->arena);
        r = add_positional(evaluation, call, &builder);
        if (r == 0)
                r = add_star(evaluation, call, &builder);
        if (r == 0)
                r = add_all_named(evaluation, call, &builder);
        *ret_arguments = (struct bp_arguments){.items = builder.items.items,
                                               .n_items = builder.items.count,
                                               .named = builder.named,
                                               .n_named = builder.n_named};
        return r;
}

static int call_joiner(struct bp_joiner *joiner, struct bp_value *ret_value) {
        *ret_value = joiner->used ? joiner->separator : bp_value_empty_text;
        joiner->used = true;
        return 0;
}

static int call_value(struct bp_evaluation *evaluation, const struct bp_value *value, struct bp_value *ret_value) {
        if (bp_value_is_undefined(value))
                return bp_eval_undefined_error(evaluation, value);
        if (value->type == BP_T_JOINER)
                return call_joiner(bp_value_joiner(value), ret_value);
        return bp_eval_type_error(evaluation, "'%s' object is not callable", bp_value_kind(value));
}

static int call_global(struct bp_evaluation *evaluation, const struct bp_global *global,
                       const struct bp_arguments *arguments, struct bp_value *ret_value) {
        struct bp_value bound[BP_PARAMETERS_MAX];
        int r;

        if (global->signature.open)
                return global->call(evaluation, NULL, arguments, ret_value);
        r = bp_arguments_bind(evaluation, global->name, &global->signature, arguments, bound);
        return r != 0 ? r : global->call(evaluation, bound, arguments, ret_value);
}

static int eval_call(struct bp_evaluation *evaluation, const struct bp_node *node, struct bp_value *ret_value) {
        const struct bp_node *left = node->left;
        bool global = left->kind == BP_NODE_NAME && left->root == BP_ROOT_GLOBAL &&
                      (left->variable == BP_NO_VARIABLE || evaluation->variables[left->variable].type == BP_T_ABSENT);
        struct bp_arguments arguments;
        struct bp_value value = {0};
        int r = global ? 0 : bp_eval_node(evaluation, left, &value);

        /* items["name"](...) is a method, as items.name(...) is */
        if (r == 0 && bp_value_is_undefined(&value) && left->kind == BP_NODE_ITEM &&
            left->right->kind == BP_NODE_CONSTANT && left->right->value.type == BP_STRING) {
                struct bp_node method = *node;

                method.left = left->left;
                method.text = left->right->value.as.text;
                method.size = left->right->value.count;
                method.kind = BP_NODE_METHOD;
                return bp_eval_node(evaluation, &method, ret_value);
        }
        if (r == 0)
                r = eval_arguments(evaluation, node->call, &arguments);
        if (r != 0)
                return r;
        return global ? call_global(evaluation, left->function.global, &arguments, ret_value)
                      : call_value(evaluation, &value, ret_value);
}

static int eval_method(struct bp_evaluation *evaluation, const struct bp_node *node, struct bp_value *ret_value) {
        struct bp_arguments arguments;
        struct bp_value subject;
        int r = bp_eval_node(evaluation, node->left, &subject);

        if (r == 0)
                r = eval_arguments(evaluation, node->call, &arguments);
        return r != 0 ? r : bp_method_call(evaluation, &subject, node->text, node->size, &arguments, ret_value);
}

static int apply_filter(struct bp_evaluation *evaluation, const struct bp_node *node, const struct bp_value *subject,
                        struct bp_value *ret_value) {
        struct bp_arguments arguments;
        int r = eval_arguments(evaluation, node->call, &arguments);

        return r != 0 ? r : bp_filter_apply(evaluation, node->function.filter, subject, &arguments, ret_value);
}

static int eval_filter(struct bp_evaluation *evaluation, const struct bp_node *node, struct bp_value *ret_value) {
        struct bp_value subject;
        int r = bp_eval_node(evaluation, node->left, &subject);

        return r != 0 ? r : apply_filter(evaluation, node, &subject, ret_value);
}

int bp_eval_filters(struct bp_evaluation *evaluation, const struct bp_node *filters, const struct bp_value *subject,
                    struct bp_value *ret_value) {
        struct bp_value value = *subject;
        int r = filters->left ? bp_eval_filters(evaluation, filters->left, subject, &value) : 0;

        return r != 0 ? r : apply_filter(evaluation, filters, &value, ret_value);
}

static int eval_test(struct bp_evaluation *evaluation, const struct bp_node *node, struct bp_value *ret_value) {
        struct bp_arguments arguments;
        struct bp_value subject;
        bool result;
        int r = bp_eval_node(evaluation, node->left, &subject);

        if (r == 0)
                r = eval_arguments(evaluation, node->call, &arguments);
        if (r == 0)
                r = bp_test_check(evaluation, node->function.test, &subject, &arguments, &result);
        if (r == 0)
                *ret_value = bp_value_bool(result);
        return r;
}

static int eval_truth(struct bp_evaluation *evaluation, const struct bp_node *node, struct bp_value *ret_value,
                      bool *ret_truth) {
        int r = bp_eval_node(evaluation, node, ret_value);

        return r != 0 ? r : bp_eval_truth(evaluation, ret_value, ret_truth);
}

static int eval_not(struct bp_evaluation *evaluation, const struct bp_node *node, struct bp_value *ret_value) {
        struct bp_value value;
        bool truth;
        int r = eval_truth(evaluation, node->left, &value, &truth);

        if (r == 0)
                *ret_value = bp_value_bool(!truth);
        return r;
}

static int eval_sign(struct bp_evaluation *evaluation, const struct bp_node *node, struct bp_value *ret_value) {
        struct bp_value value;
        int r = bp_eval_node(evaluation, node->left, &value);

        return r != 0 ? r : bp_operate_sign(evaluation, node->kind == BP_NODE_NEGATE, &value, ret_value);
}

static int eval_binary(struct bp_evaluation *evaluation, const struct bp_node *node, struct bp_value *ret_value) {
        struct bp_value left, right;
        int r = eval_operands(evaluation, node, &left, &right);

        return r != 0 ? r : bp_operate(evaluation, node->operation, &left, &right, ret_value);
}

static int eval_compare(struct bp_evaluation *evaluation, const struct bp_node *node, struct bp_value *ret_value) {
        struct bp_value left, right;
        bool result = true;
        int r = bp_eval_node(evaluation, node->items[0], &left);

        for (uint32_t i = 1; r == 0 && result && i < node->n_items; i++) {
                r = bp_eval_node(evaluation, node->items[i], &right);
                if (r == 0)
                        r = bp_compare(evaluation, node->operations[i - 1], &left, &right, &result);
                left = right;
        }
        if (r == 0)
                *ret_value = bp_value_bool(result);
        return r;
}

static int eval_logic(struct bp_evaluation *evaluation, const struct bp_node *node, struct bp_value *ret_value) {
        struct bp_value left;
        bool truth;
        int r = eval_truth(evaluation, node->left, &left, &truth);

        if (r != 0)
                return r;
        if (truth == (node->kind == BP_NODE_AND))
                return bp_eval_node(evaluation, node->right, ret_value);
        *ret_value = left;
        return 0;
}

static int eval_conditional(struct bp_evaluation *evaluation, const struct bp_node *node, struct bp_value *ret_value) {
        struct bp_value value;
        bool truth;
        int r = eval_truth(evaluation, node->right, &value, &truth);

        if (r != 0)
                return r;
        if (truth)
                return bp_eval_node(evaluation, node->left, ret_value);
        if (node->third)
                return bp_eval_node(evaluation, node->third, ret_value);
        *ret_value = bp_value_undefined("if without else", 15);
        ret_value->unused = BP_SHAPE_NOTHING;
        return 0;
}

static int eval_concat(struct bp_evaluation *evaluation, const struct bp_node *node, struct bp_value *ret_value) {
        struct bp_value *values = bp_arena_array(evaluation->arena, node->n_items, sizeof(*values));
        struct bp_strbuf buffer;
        int r = 0;

        if (!values)
                return -ENOMEM;
        for (uint32_t i = 0; r == 0 && i < node->n_items; i++)
                r = bp_eval_node(evaluation, node->items[i], &values[i]);
        bp_text_init(evaluation, &buffer);
        for (uint32_t i = 0; r == 0 && i < node->n_items; i++)
                r = bp_text_write(evaluation, &buffer, &values[i]);
        return r != 0 ? r : bp_text_close(evaluation, &buffer, ret_value);
}

static int eval_list(struct bp_evaluation *evaluation, const struct bp_node *node, struct bp_value *ret_value) {
        struct bp_value *items = bp_arena_array(evaluation->arena, node->n_items, sizeof(*items));
        int r = bp_eval_check_items(evaluation, node->n_items);

        if (!items)
                return -ENOMEM;
        for (uint32_t i = 0; r == 0 && i < node->n_items; i++)
                r = bp_eval_node(evaluation, node->items[i], &items[i]);
        if (r != 0)
                return r;
        return bp_value_list(evaluation, node->kind == BP_NODE_TUPLE ? BP_SHAPE_TUPLE : BP_SHAPE_PLAIN, items,
                             node->n_items, ret_value);
}

static int eval_dict(struct bp_evaluation *evaluation, const struct bp_node *node, struct bp_value *ret_value) {
        struct bp_mapping_builder mapping;

        bp_mapping_init(evaluation, &mapping);
        for (uint32_t i = 0; i < node->n_items; i += 2) {
                struct bp_value key, value;
                int r = bp_eval_node(evaluation, node->items[i], &key);

                if (r == 0)
                        r = bp_eval_node(evaluation, node->items[i + 1], &value);
                if (r == 0)
                        r = bp_mapping_set(evaluation, &mapping, &key, &value);
                if (r != 0)
                        return r;
        }
        return bp_mapping_close(evaluation, &mapping, ret_value);
}

static int (*const evaluators[BP_NODE_KINDS])(struct bp_evaluation *evaluation, const struct bp_node *node,
                                              struct bp_value *ret_value) = {
        [BP_NODE_CONSTANT] = eval_constant,
        [BP_NODE_NAME] = eval_name,
        [BP_NODE_ATTRIBUTE] = eval_attribute,
        [BP_NODE_ITEM] = eval_item,
        [BP_NODE_SLICE] = eval_slice,
        [BP_NODE_CALL] = eval_call,
        [BP_NODE_METHOD] = eval_method,
        [BP_NODE_FILTER] = eval_filter,
        [BP_NODE_TEST] = eval_test,
        [BP_NODE_NOT] = eval_not,
        [BP_NODE_NEGATE] = eval_sign,
        [BP_NODE_PLUS] = eval_sign,
        [BP_NODE_BINARY] = eval_binary,
        [BP_NODE_COMPARE] = eval_compare,
        [BP_NODE_AND] = eval_logic,
        [BP_NODE_OR] = eval_logic,
        [BP_NODE_CONDITIONAL] = eval_conditional,
        [BP_NODE_CONCAT] = eval_concat,
        [BP_NODE_LIST] = eval_list,
        [BP_NODE_TUPLE] = eval_list,
        [BP_NODE_DICT] = eval_dict,
};

int bp_eval_node(struct bp_evaluation *evaluation, const struct bp_node *node, struct bp_value *ret_value) {
        int r = bp_eval_work(evaluation, 1);

        if (r == 0)
                r = evaluators[node->kind](evaluation, node, ret_value);
        if (r > 0 && !evaluation->failed) {
                evaluation->failed = true;
                evaluation->failed_offset = node->offset;
        }
        return r;
}
