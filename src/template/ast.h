/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a text compiles to: statements that render and expressions that have a value. Built by the parser, read by
 * the evaluator and by references.c; never changed after compilation. Everything lives in the arena of the template.
 */
#ifndef BP_TEMPLATE_AST_H
#define BP_TEMPLATE_AST_H

#include "base/value.h"
#include "template/template.h"

struct bp_filter;
struct bp_global;
struct bp_test;

/* Kinds of expressions. */
enum bp_node_kind {
        BP_NODE_CONSTANT = 1, /* value */
        BP_NODE_NAME,         /* text; variable, root */
        BP_NODE_ATTRIBUTE,    /* left.text */
        BP_NODE_ITEM,         /* left[right] */
        BP_NODE_SLICE,        /* left[items[0]:items[1]:items[2]], absent ones NULL */
        BP_NODE_CALL,         /* left(call) */
        BP_NODE_METHOD,       /* left.text(call) */
        BP_NODE_FILTER,       /* left | filter(call); left is NULL in a filter block */
        BP_NODE_TEST,         /* left is test(call) */
        BP_NODE_NOT,          /* not left */
        BP_NODE_NEGATE,       /* -left */
        BP_NODE_PLUS,         /* +left */
        BP_NODE_BINARY,       /* left operation right */
        BP_NODE_COMPARE,      /* items[0] operations[0] items[1] ... */
        BP_NODE_AND,          /* left and right */
        BP_NODE_OR,           /* left or right */
        BP_NODE_CONDITIONAL,  /* left if right else third; third may be NULL */
        BP_NODE_CONCAT,       /* items joined as text */
        BP_NODE_LIST,         /* items */
        BP_NODE_TUPLE,        /* items */
        BP_NODE_DICT,         /* items: key, value, key, value ... */
        BP_NODE_KINDS,
};

/* Operators of BP_NODE_BINARY and BP_NODE_COMPARE. */
enum bp_operator {
        BP_OP_ADD = 1,
        BP_OP_SUBTRACT,
        BP_OP_MULTIPLY,
        BP_OP_DIVIDE,
        BP_OP_FLOOR_DIVIDE,
        BP_OP_MODULO,
        BP_OP_POWER,
        BP_OP_EQUAL,
        BP_OP_NOT_EQUAL,
        BP_OP_LESS,
        BP_OP_LESS_EQUAL,
        BP_OP_GREATER,
        BP_OP_GREATER_EQUAL,
        BP_OP_IN,
        BP_OP_NOT_IN,
};

/* What a name means when the template has not set it. */
enum bp_root {
        BP_ROOT_UNKNOWN = 1,
        BP_ROOT_PARAMS,
        BP_ROOT_STEPS,
        BP_ROOT_GLOBAL,
};

/* name=expression in a call. */
struct bp_keyword {
        const char *name;
        uint32_t name_size;
        const struct bp_node *value;
};

/* The arguments of a call as they are written. */
struct bp_call {
        const struct bp_node *const *items;
        const struct bp_keyword *keywords;
        uint32_t n_items, n_keywords;
        const struct bp_node *star;      /* *expression, or NULL */
        const struct bp_node *star_star; /* **expression, or NULL */
};

/* A variable that no statement of the template sets. */
#define BP_NO_VARIABLE UINT32_MAX

struct bp_node {
        uint8_t kind;      /* enum bp_node_kind */
        uint8_t operation; /* enum bp_operator */
        uint8_t root;      /* enum bp_root */
        uint16_t height;   /* 1 + that of the highest child: the evaluator recurses so deep */
        uint32_t offset;   /* in the normalized source */
        uint32_t size;     /* of text */
        uint32_t variable;
        uint32_t n_items;
        const char *text;
        const struct bp_node *left, *right, *third;
        const struct bp_node *const *items;
        const struct bp_call *call;
        const uint8_t *operations;
        union {
                const struct bp_filter *filter;
                const struct bp_test *test;
                const struct bp_global *global;
        } function;
        struct bp_value value;
};

/* What a statement assigns to. */
enum bp_target_kind {
        BP_TARGET_NAME = 1,
        BP_TARGET_TUPLE,
        BP_TARGET_NAMESPACE, /* name.attribute */
};

struct bp_target {
        uint8_t kind;
        uint32_t variable;
        const struct bp_target *const *items;
        uint32_t n_items;
        const struct bp_node *name; /* of a namespace */
        const char *attribute;
        uint32_t attribute_size;
};

/* Kinds of statements. */
enum bp_statement_kind {
        BP_STATEMENT_TEXT = 1,  /* text */
        BP_STATEMENT_PRINT,     /* expression */
        BP_STATEMENT_IF,        /* expression, body, otherwise */
        BP_STATEMENT_FOR,       /* target in expression if condition: body, otherwise; loop_variable */
        BP_STATEMENT_SET,       /* target = expression */
        BP_STATEMENT_SET_BLOCK, /* target = body, through the filters of expression if there are any */
        BP_STATEMENT_WITH,      /* targets[i] = values[i], body */
        BP_STATEMENT_FILTER,    /* body through the filters of expression */
        BP_STATEMENT_KINDS,
};

struct bp_statement {
        uint8_t kind;
        bool is_elif; /* `otherwise` is one more IF of the same chain */
        uint32_t offset;
        const struct bp_statement *next;
        const char *text;
        uint32_t size;
        uint32_t loop_variable;
        const struct bp_node *expression, *condition;
        const struct bp_statement *body, *otherwise;
        const struct bp_target *target;
        const struct bp_target *const *targets;
        const struct bp_node *const *values;
        uint32_t n_targets;
};

struct bp_template {
        const char *source; /* line ends are \n, one at the end is gone */
        size_t source_size;
        struct bp_template_limits limits; /* no zeros left */
        struct bp_value constant;         /* when is_constant: the text as it was */
        bool is_constant;
        const struct bp_node *expression; /* the whole text is this one; or NULL */
        const struct bp_statement *body;
        uint32_t n_variables;
        bool object_methods; /* objects of the scope answer items(), keys(), values() and get() */
        const struct bp_template_reference *references;
        size_t n_references;
};

#endif
