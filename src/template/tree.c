/* SPDX-License-Identifier: Apache-2.0 */
/* Trees: JSON values with templates in them, compiled into the same shape with the constant parts left as they are. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/value.h"
#include "template/template.h"

struct bp_template_tree {
        uint8_t type;          /* BP_STRING, BP_LIST or BP_OBJECT; 0 for a value that is taken over as it is */
        struct bp_value value; /* the constant; of an object, also where the keys are */
        const struct bp_template *template;
        const struct bp_template_tree *children; /* of a list or object */
};

struct compilation {
        struct bp_arena *arena;
        const struct bp_template_limits *limits;
        bool (*skip)(void *userdata, const char *key);
        void *userdata;
        struct bp_problem *problem;
};

/* One more step in front of a problem's pointer. */
static void name_place(struct bp_problem *problem, const struct bp_value *container, uint32_t number) {
        if (!problem)
                return;
        if (container->type == BP_OBJECT)
                bp_problem_prefix(problem, container->as.members[number].key);
        else
                bp_problem_prefix_index(problem, number);
}

static const struct bp_value *child_of(const struct bp_value *container, uint32_t number) {
        return container->type == BP_OBJECT ? &container->as.members[number].value : &container->as.items[number];
}

static int compile_text(struct compilation *compilation, const struct bp_value *value, struct bp_template_tree *tree) {
        int r = bp_template_compile(compilation->arena, value->as.text, value->count, compilation->limits,
                                    &tree->template, compilation->problem);

        if (r == 0 && !bp_template_is_constant(tree->template))
                tree->type = BP_STRING;
        return r;
}

/* Recursion is bounded by the depth of values. */
static int compile(struct compilation *compilation, const struct bp_value *value, bool top,
                   struct bp_template_tree *tree) {
        struct bp_template_tree *children;
        bool constant = true;

        *tree = (struct bp_template_tree){.value = *value};
        if (value->type == BP_STRING)
                return compile_text(compilation, value, tree);
        if (value->type != BP_LIST && value->type != BP_OBJECT)
                return 0;
        children = bp_arena_array(compilation->arena, value->count, sizeof(*children));
        if (!children)
                return -ENOMEM;
        for (uint32_t i = 0; i < value->count; i++) {
                bool skipped = top && value->type == BP_OBJECT && compilation->skip &&
                               compilation->skip(compilation->userdata, value->as.members[i].key);
                int r = 0;

                if (skipped)
                        children[i] = (struct bp_template_tree){.value = *child_of(value, i)};
                else
                        r = compile(compilation, child_of(value, i), false, &children[i]);
                if (r > 0)
                        name_place(compilation->problem, value, i);
                if (r != 0)
                        return r;
                constant = constant && !children[i].type;
        }
        if (!constant) {
                tree->type = value->type;
                tree->children = children;
        }
        return 0;
}

int bp_template_tree_compile(struct bp_arena *arena, const struct bp_value *value,
                             const struct bp_template_limits *limits, bool (*skip)(void *userdata, const char *key),
                             void *userdata, const struct bp_template_tree **ret_tree,
                             struct bp_problem *reterr_problem) {
        struct compilation compilation = {arena, limits, skip, userdata, reterr_problem};
        struct bp_template_tree *tree = bp_arena_alloc(arena, sizeof(*tree));
        struct bp_value copy;
        int r;

        if (!tree)
                return -ENOMEM;
        r = bp_value_copy(arena, value, &copy);
        if (r == 0)
                r = compile(&compilation, &copy, true, tree);
        if (r == -ENOMEM && bp_arena_over_limit(arena))
                return bp_problem_set(reterr_problem, "TEMPLATE_LIMIT", "the templates need too much memory");
        if (r == 0)
                *ret_tree = tree;
        return r;
}

bool bp_template_tree_is_constant(const struct bp_template_tree *tree) {
        return !tree->type;
}

struct tree_evaluation {
        const struct bp_template_scope *scope;
        struct bp_arena *arena;
        uint32_t *work;
        struct bp_problem *problem;
};

static int evaluate(struct tree_evaluation *evaluation, const struct bp_template_tree *tree,
                    struct bp_value *ret_value);

static int evaluate_list(struct tree_evaluation *evaluation, const struct bp_template_tree *tree,
                         struct bp_value *ret_value) {
        struct bp_list_builder list;

        bp_list_init(&list, evaluation->arena);
        for (uint32_t i = 0; i < tree->value.count; i++) {
                struct bp_value item = bp_value_null;
                int r = evaluate(evaluation, &tree->children[i], &item);

                if (r > 0)
                        name_place(evaluation->problem, &tree->value, i);
                if (r != 0)
                        return r;
                bp_list_add(&list, item);
        }
        return bp_list_finish(&list, ret_value);
}

static int evaluate_object(struct tree_evaluation *evaluation, const struct bp_template_tree *tree,
                           struct bp_value *ret_value) {
        struct bp_object_builder object;

        bp_object_init(&object, evaluation->arena);
        for (uint32_t i = 0; i < tree->value.count; i++) {
                const struct bp_member *member = &tree->value.as.members[i];
                struct bp_value value = bp_value_null;
                int r = evaluate(evaluation, &tree->children[i], &value);

                if (r > 0)
                        name_place(evaluation->problem, &tree->value, i);
                if (r != 0)
                        return r;
                bp_object_set(&object, member->key, member->key_size, value);
        }
        return bp_object_finish(&object, ret_value);
}

static int evaluate(struct tree_evaluation *evaluation, const struct bp_template_tree *tree,
                    struct bp_value *ret_value) {
        int r;

        switch (tree->type) {
        case BP_STRING:
                return bp_template_evaluate(tree->template, evaluation->scope, evaluation->arena, evaluation->work,
                                            ret_value, evaluation->problem);
        case BP_LIST:
                r = evaluate_list(evaluation, tree, ret_value);
                break;
        case BP_OBJECT:
                r = evaluate_object(evaluation, tree, ret_value);
                break;
        default:
                *ret_value = tree->value;
                return 0;
        }
        if (r == -E2BIG)
                return bp_problem_set(evaluation->problem, "TEMPLATE_LIMIT", "the result is nested too deep");
        return r;
}

int bp_template_tree_evaluate(const struct bp_template_tree *tree, const struct bp_template_scope *scope,
                              struct bp_arena *arena, uint32_t *work, struct bp_value *ret_value,
                              struct bp_problem *reterr_problem) {
        struct tree_evaluation evaluation = {scope, arena, work, reterr_problem};
        int r = evaluate(&evaluation, tree, ret_value);

        if (r == -ENOMEM && bp_arena_over_limit(arena))
                return bp_problem_set(reterr_problem, "TEMPLATE_LIMIT", "the result needs too much memory");
        return r;
}

enum { POINTER_BYTES = 1024 };

struct visit {
        int (*visit)(void *userdata, const char *pointer, const struct bp_template *template);
        void *userdata;
        char pointer[POINTER_BYTES];
        size_t size;
};

static void add_byte(struct visit *visit, char byte) {
        if (visit->size + 1 < POINTER_BYTES)
                visit->pointer[visit->size++] = byte;
        visit->pointer[visit->size] = '\0';
}

static void add_step(struct visit *visit, const struct bp_value *container, uint32_t number) {
        char index[16];
        const char *token = index;

        snprintf(index, sizeof(index), "%u", number);
        if (container->type == BP_OBJECT)
                token = container->as.members[number].key;
        add_byte(visit, '/');
        for (; *token; token++) {
                if (*token == '~' || *token == '/') {
                        add_byte(visit, '~');
                        add_byte(visit, *token == '~' ? '0' : '1');
                } else {
                        add_byte(visit, *token);
                }
        }
}

static int visit_tree(struct visit *visit, const struct bp_template_tree *tree) {
        size_t size = visit->size;
        int r = 0;

        if (tree->type == BP_STRING)
                return visit->visit(visit->userdata, visit->pointer, tree->template);
        if (!tree->type)
                return 0;
        for (uint32_t i = 0; r == 0 && i < tree->value.count; i++) {
                add_step(visit, &tree->value, i);
                r = visit_tree(visit, &tree->children[i]);
                visit->size = size;
                visit->pointer[size] = '\0';
        }
        return r;
}

int bp_template_tree_visit(const struct bp_template_tree *tree,
                           int (*visit)(void *userdata, const char *pointer, const struct bp_template *template),
                           void *userdata) {
        struct visit state = {.visit = visit, .userdata = userdata};

        return visit_tree(&state, tree);
}
