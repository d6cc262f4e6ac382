/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over statements and expressions that notes every read of a root name, with the constant part of its path. */
#include "template/references.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "template/ast.h"
#include "template/functions.h"
#include "template/lexer.h"

struct walk {
        struct bp_arena *arena;
        struct bp_template *template;
        struct bp_template_reference *items;
        uint32_t *offsets; /* of the references, for the order */
        size_t count, capacity;
        int error;
};

static bool is_constant_key(const struct bp_node *node) {
        return node->kind == BP_NODE_ITEM && node->right->kind == BP_NODE_CONSTANT &&
               node->right->value.type == BP_STRING;
}

/* The name at the bottom of a chain of attributes and constant keys; NULL when there is something else. */
static const struct bp_node *chain_root(const struct bp_node *node, uint32_t *ret_length) {
        *ret_length = 1;
        while (node->kind == BP_NODE_ATTRIBUTE || is_constant_key(node)) {
                node = node->left;
                (*ret_length)++;
        }
        return node->kind == BP_NODE_NAME ? node : NULL;
}

static bool reserve(struct walk *walk) {
        size_t capacity = walk->capacity ? walk->capacity * 2 : 8;

        if (walk->count < walk->capacity)
                return true;
        walk->items = bp_arena_grow(walk->arena, walk->items, walk->capacity * sizeof(*walk->items),
                                    capacity * sizeof(*walk->items));
        walk->offsets = walk->items ? bp_arena_grow(walk->arena, walk->offsets, walk->capacity * sizeof(*walk->offsets),
                                                    capacity * sizeof(*walk->offsets))
                                    : NULL;
        if (!walk->offsets) {
                walk->error = -ENOMEM;
                return false;
        }
        walk->capacity = capacity;
        return true;
}

/* Keeps the references in the order of the text: the walk is nearly in order already. */
static void insert(struct walk *walk, struct bp_template_reference reference, uint32_t offset) {
        size_t place = walk->count++;

        for (; place > 0 && walk->offsets[place - 1] > offset; place--) {
                walk->items[place] = walk->items[place - 1];
                walk->offsets[place] = walk->offsets[place - 1];
        }
        walk->items[place] = reference;
        walk->offsets[place] = offset;
}

static void add(struct walk *walk, const struct bp_node *node, const struct bp_node *root, uint32_t length,
                bool guarded) {
        struct bp_template_reference reference = {.n_path = length, .guarded = guarded};
        const char **path;

        if (root->variable != BP_NO_VARIABLE || root->root == BP_ROOT_GLOBAL)
                return;
        path = bp_arena_array(walk->arena, length, sizeof(*path));
        if (!path || !reserve(walk)) {
                walk->error = -ENOMEM;
                return;
        }
        for (uint32_t i = length; i > 1; i--, node = node->left)
                path[i - 1] = node->kind == BP_NODE_ATTRIBUTE ? node->text : node->right->value.as.text;
        path[0] = root->text;
        reference.path = path;
        bp_lexer_locate(walk->template->source, walk->template->source_size, root->offset, &reference.line,
                        &reference.column);
        insert(walk, reference, root->offset);
}

static void visit(struct walk *walk, const struct bp_node *node, bool guarded);

static void visit_call(struct walk *walk, const struct bp_call *call, bool guarded) {
        if (!call)
                return;
        for (uint32_t i = 0; i < call->n_items; i++)
                visit(walk, call->items[i], guarded);
        for (uint32_t i = 0; i < call->n_keywords; i++)
                visit(walk, call->keywords[i].value, guarded);
        visit(walk, call->star, guarded);
        visit(walk, call->star_star, guarded);
}

/* What is on the left may be undefined where `default` or `is defined` looks at it, or where `or` has an answer. */
static bool guards_left(const struct bp_node *node) {
        switch (node->kind) {
        case BP_NODE_FILTER:
                return node->function.filter->may_be_undefined;
        case BP_NODE_TEST:
                return node->function.test->may_be_undefined;
        case BP_NODE_OR:
        case BP_NODE_CONDITIONAL:
                return true;
        default:
                return false;
        }
}

static void visit(struct walk *walk, const struct bp_node *node, bool guarded) {
        const struct bp_node *root;
        uint32_t length;
        bool logic;

        if (!node || walk->error)
                return;
        root = chain_root(node, &length);
        if (root) {
                add(walk, node, root, length, guarded);
                return;
        }
        logic = node->kind == BP_NODE_AND || node->kind == BP_NODE_OR;
        visit(walk, node->left, guarded || guards_left(node));
        visit(walk, node->right, guarded || logic);
        visit(walk, node->third, true);
        for (uint32_t i = 0; i < node->n_items; i++)
                visit(walk, node->items[i], guarded);
        visit_call(walk, node->call, guarded);
}

static void visit_body(struct walk *walk, const struct bp_statement *body, bool guarded);

/* A chain of elif hangs together by `otherwise`. */
static void visit_branches(struct walk *walk, const struct bp_statement *statement, bool guarded) {
        for (; !walk->error; guarded = true, statement = statement->otherwise) {
                visit(walk, statement->expression, guarded);
                visit_body(walk, statement->body, true);
                if (!statement->is_elif)
                        break;
        }
        visit_body(walk, statement->otherwise, true);
}

static void visit_body(struct walk *walk, const struct bp_statement *body, bool guarded) {
        for (const struct bp_statement *statement = body; statement && !walk->error; statement = statement->next) {
                if (statement->kind == BP_STATEMENT_IF) {
                        visit_branches(walk, statement, guarded);
                        continue;
                }
                visit(walk, statement->expression, guarded);
                visit(walk, statement->condition, guarded);
                for (uint32_t i = 0; i < statement->n_targets; i++)
                        visit(walk, statement->values[i], guarded);
                visit_body(walk, statement->body, guarded);
                visit_body(walk, statement->otherwise, guarded);
        }
}

int bp_references_collect(struct bp_arena *arena, struct bp_template *template) {
        struct walk walk = {.arena = arena, .template = template};

        if (template->body)
                visit_body(&walk, template->body, false);
        else
                visit(&walk, template->expression, false);
        template->references = walk.items;
        template->n_references = walk.count;
        return walk.error;
}

const struct bp_template_reference *bp_template_references(const struct bp_template *template, size_t *ret_count) {
        *ret_count = template->n_references;
        return template->references;
}
