/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements: text comes out, variables come and go. Loops, `with` and blocks that are captured open a frame; what is
 * set inside a frame is undone when it ends, as in Jinja2. `if` opens none.
 */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "template/evaluation.h"

/* What a variable was before a frame set it. */
struct bp_binding {
        uint32_t variable;
        struct bp_value before;
        struct bp_binding *older;
};

static int bind(struct bp_evaluation *evaluation, uint32_t variable, const struct bp_value *value) {
        struct bp_binding *binding = bp_arena_alloc(evaluation->arena, sizeof(*binding));

        if (!binding)
                return -ENOMEM;
        *binding = (struct bp_binding){variable, evaluation->variables[variable], evaluation->bindings};
        evaluation->bindings = binding;
        evaluation->variables[variable] = *value;
        return 0;
}

static void end_frame(struct bp_evaluation *evaluation, struct bp_binding *mark) {
        while (evaluation->bindings != mark) {
                evaluation->variables[evaluation->bindings->variable] = evaluation->bindings->before;
                evaluation->bindings = evaluation->bindings->older;
        }
}

static int assign(struct bp_evaluation *evaluation, const struct bp_target *target, const struct bp_value *value);

static int assign_items(struct bp_evaluation *evaluation, const struct bp_target *target,
                        const struct bp_value *value) {
        struct bp_value items;
        int r = bp_value_items(evaluation, value, &items);

        if (r != 0)
                return r;
        if (items.count != target->n_items)
                return bp_eval_type_error(evaluation, "cannot unpack %u values into %u names", items.count,
                                          target->n_items);
        for (uint32_t i = 0; r == 0 && i < items.count; i++)
                r = assign(evaluation, target->items[i], &items.as.items[i]);
        return r;
}

static int assign_in_namespace(struct bp_evaluation *evaluation, const struct bp_target *target,
                               const struct bp_value *value) {
        struct bp_object_builder *members;
        struct bp_value namespace;
        int r = bp_eval_node(evaluation, target->name, &namespace);

        if (r != 0)
                return r;
        if (namespace.type != BP_T_NAMESPACE)
                return bp_eval_type_error(evaluation, "cannot assign attribute on non-namespace object");
        members = &bp_value_namespace(&namespace)->members;
        r = bp_eval_check_items(evaluation, (uint64_t)members->count + 1);
        if (r != 0)
                return r;
        bp_object_set(members, target->attribute, target->attribute_size, *value);
        return members->error == -E2BIG ? bp_eval_limit(evaluation, "depth") : members->error;
}

static int assign(struct bp_evaluation *evaluation, const struct bp_target *target, const struct bp_value *value) {
        switch (target->kind) {
        case BP_TARGET_TUPLE:
                return assign_items(evaluation, target, value);
        case BP_TARGET_NAMESPACE:
                return assign_in_namespace(evaluation, target, value);
        default:
                return bind(evaluation, target->variable, value);
        }
}

static int render_text(struct bp_evaluation *evaluation, const struct bp_statement *statement,
                       struct bp_strbuf *output) {
        int r = bp_eval_work_bytes(evaluation, statement->size);

        if (r != 0)
                return r;
        bp_strbuf_add(output, statement->text, statement->size);
        return output->error ? bp_text_failure(evaluation, output) : 0;
}

static int render_print(struct bp_evaluation *evaluation, const struct bp_statement *statement,
                        struct bp_strbuf *output) {
        struct bp_value value;
        int r = bp_eval_node(evaluation, statement->expression, &value);

        return r != 0 ? r : bp_text_write(evaluation, output, &value);
}

static int render_if(struct bp_evaluation *evaluation, const struct bp_statement *statement, struct bp_strbuf *output) {
        for (;;) {
                struct bp_value value;
                bool truth;
                int r = bp_eval_node(evaluation, statement->expression, &value);

                if (r == 0)
                        r = bp_eval_truth(evaluation, &value, &truth);
                if (r != 0)
                        return r;
                if (truth)
                        return bp_render(evaluation, statement->body, output);
                if (!statement->is_elif)
                        return bp_render(evaluation, statement->otherwise, output);
                statement = statement->otherwise;
        }
}

/* Is the item one that `for ... if` lets through? */
static int passes(struct bp_evaluation *evaluation, const struct bp_statement *statement, const struct bp_value *item,
                  bool *ret_passes) {
        struct bp_binding *mark = evaluation->bindings;
        struct bp_value value;
        int r = assign(evaluation, statement->target, item);

        if (r == 0)
                r = bp_eval_node(evaluation, statement->condition, &value);
        if (r == 0)
                r = bp_eval_truth(evaluation, &value, ret_passes);
        end_frame(evaluation, mark);
        return r;
}

static int select_items(struct bp_evaluation *evaluation, const struct bp_statement *statement,
                        struct bp_value *items) {
        struct bp_list_builder selected;

        bp_list_init(&selected, evaluation->arena);
        for (uint32_t i = 0; i < items->count; i++) {
                bool pass;
                int r = passes(evaluation, statement, &items->as.items[i], &pass);

                if (r == 0 && pass)
                        r = bp_list_append(evaluation, &selected, &items->as.items[i]);
                if (r != 0)
                        return r;
        }
        return bp_list_close(evaluation, &selected, BP_SHAPE_PLAIN, items);
}

static int render_item(struct bp_evaluation *evaluation, const struct bp_statement *statement,
                       const struct bp_value *loop, const struct bp_value *item, struct bp_strbuf *output) {
        struct bp_binding *mark = evaluation->bindings;
        int r = bind(evaluation, statement->loop_variable, loop);

        if (r == 0)
                r = assign(evaluation, statement->target, item);
        if (r == 0)
                r = bp_render(evaluation, statement->body, output);
        end_frame(evaluation, mark);
        return r;
}

static int render_otherwise(struct bp_evaluation *evaluation, const struct bp_statement *statement,
                            struct bp_strbuf *output) {
        struct bp_binding *mark = evaluation->bindings;
        int r = bp_render(evaluation, statement->otherwise, output);

        end_frame(evaluation, mark);
        return r;
}

static int render_for(struct bp_evaluation *evaluation, const struct bp_statement *statement,
                      struct bp_strbuf *output) {
        struct bp_loop *state = bp_arena_alloc(evaluation->arena, sizeof(*state));
        struct bp_value source, loop;
        int r;

        if (!state)
                return -ENOMEM;
        r = bp_eval_node(evaluation, statement->expression, &source);
        if (r == 0)
                r = bp_value_items(evaluation, &source, &state->items);
        if (r == 0 && statement->condition)
                r = select_items(evaluation, statement, &state->items);
        if (r != 0)
                return r;
        if (state->items.count == 0)
                return render_otherwise(evaluation, statement, output);
        state->depth0 = evaluation->loop_depth++;
        loop = bp_value_internal(evaluation, BP_T_LOOP, state, 1);
        for (; r == 0 && state->index0 < state->items.count; state->index0++) {
                r = bp_eval_work(evaluation, 1);
                if (r == 0)
                        r = render_item(evaluation, statement, &loop, &state->items.as.items[state->index0], output);
        }
        evaluation->loop_depth--;
        return r;
}

static int render_set(struct bp_evaluation *evaluation, const struct bp_statement *statement,
                      struct bp_strbuf *output) {
        struct bp_value value;
        int r = bp_eval_node(evaluation, statement->expression, &value);

        (void)output;
        return r != 0 ? r : assign(evaluation, statement->target, &value);
}

/* The body as a text of its own, through filters if there are any. */
static int capture(struct bp_evaluation *evaluation, const struct bp_statement *statement, struct bp_value *ret_value) {
        struct bp_binding *mark = evaluation->bindings;
        struct bp_strbuf text;
        int r;

        bp_text_init(evaluation, &text);
        r = bp_render(evaluation, statement->body, &text);
        if (r == 0)
                r = bp_text_close(evaluation, &text, ret_value);
        if (r == 0 && statement->expression)
                r = bp_eval_filters(evaluation, statement->expression, ret_value, ret_value);
        end_frame(evaluation, mark);
        return r;
}

static int render_set_block(struct bp_evaluation *evaluation, const struct bp_statement *statement,
                            struct bp_strbuf *output) {
        struct bp_value value;
        int r = capture(evaluation, statement, &value);

        (void)output;
        return r != 0 ? r : assign(evaluation, statement->target, &value);
}

static int render_filter(struct bp_evaluation *evaluation, const struct bp_statement *statement,
                         struct bp_strbuf *output) {
        struct bp_value value;
        int r = capture(evaluation, statement, &value);

        return r != 0 ? r : bp_text_write(evaluation, output, &value);
}

/* The values are all evaluated before the first name is bound. */
static int bind_with(struct bp_evaluation *evaluation, const struct bp_statement *statement) {
        struct bp_value *values = bp_arena_array(evaluation->arena, statement->n_targets, sizeof(*values));
        int r = 0;

        if (!values)
                return -ENOMEM;
        for (uint32_t i = 0; r == 0 && i < statement->n_targets; i++)
                r = bp_eval_node(evaluation, statement->values[i], &values[i]);
        for (uint32_t i = 0; r == 0 && i < statement->n_targets; i++)
                r = assign(evaluation, statement->targets[i], &values[i]);
        return r;
}

static int render_with(struct bp_evaluation *evaluation, const struct bp_statement *statement,
                       struct bp_strbuf *output) {
        struct bp_binding *mark = evaluation->bindings;
        int r = bind_with(evaluation, statement);

        if (r == 0)
                r = bp_render(evaluation, statement->body, output);
        end_frame(evaluation, mark);
        return r;
}

static int (*const renderers[BP_STATEMENT_KINDS])(struct bp_evaluation *evaluation,
                                                  const struct bp_statement *statement, struct bp_strbuf *output) = {
        [BP_STATEMENT_TEXT] = render_text, [BP_STATEMENT_PRINT] = render_print,
        [BP_STATEMENT_IF] = render_if,     [BP_STATEMENT_FOR] = render_for,
        [BP_STATEMENT_SET] = render_set,   [BP_STATEMENT_SET_BLOCK] = render_set_block,
        [BP_STATEMENT_WITH] = render_with, [BP_STATEMENT_FILTER] = render_filter,
};

int bp_render(struct bp_evaluation *evaluation, const struct bp_statement *body, struct bp_strbuf *output) {
        for (const struct bp_statement *statement = body; statement; statement = statement->next) {
                int r = bp_eval_work(evaluation, 1);

                if (r == 0)
                        r = renderers[statement->kind](evaluation, statement, output);
                if (r > 0 && !evaluation->failed) {
                        evaluation->failed = true;
                        evaluation->failed_offset = statement->offset;
                }
                if (r != 0)
                        return r;
        }
        return 0;
}
