/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file template.h
 * The expression language of definitions: Jinja2's, closed over the values it is given.
 *
 * A text is compiled once and evaluated often. A text that is exactly one `{{ expression }}` (white space around it
 * aside) keeps the JSON type of its value; anything else renders to text, as Jinja2 renders. Compiled templates are
 * immutable and may be evaluated on several threads at once. Nothing is reachable from a template but its scope.
 */
#ifndef BP_TEMPLATE_TEMPLATE_H
#define BP_TEMPLATE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bp_arena;
struct bp_problem;
struct bp_value;

/** What a hostile template may cost. 0 means the default named beside it. */
struct bp_template_limits {
        uint32_t source_bytes; /**< longest template text; 65,536 */
        uint32_t depth;        /**< deepest nesting of expressions, statements and resulting values; 64 */
        uint32_t work; /**< units of work an evaluation may do (nodes visited, items and bytes touched); 1,000,000 */
        uint32_t output_bytes; /**< longest rendered or intermediate text; 1 MiB */
        uint32_t result_items; /**< most items a list or object under construction may have; 100,000 */
};

/** A compiled text. Belongs to the arena it was compiled in. */
struct bp_template;

/** What a template can see. Any member may be NULL: the name is then undefined. */
struct bp_template_scope {
        const struct bp_value *params; /**< `params`: object */
        const struct bp_value *steps;  /**< `steps`: object of `{outputs: {...}}` by step id */
        bool strict;                   /**< an undefined value that is rendered, tested or compared is an error */
};

/**
 * Compiles a text.
 * @param limits or NULL for the defaults
 * @return 0; -ENOMEM; BP_PROBLEM with line and column in the text and one of TEMPLATE_SYNTAX, TEMPLATE_UNKNOWN_FILTER,
 *         TEMPLATE_UNKNOWN_TEST, TEMPLATE_LIMIT.
 */
int bp_template_compile(struct bp_arena *arena, const char *text, size_t size, const struct bp_template_limits *limits,
                        const struct bp_template **ret_template, struct bp_problem *reterr_problem);

/** True when the text holds no template at all and evaluates to itself. */
bool bp_template_is_constant(const struct bp_template *template);

/** True when the text is exactly one expression, whose value keeps its type. */
bool bp_template_is_expression(const struct bp_template *template);

/**
 * Evaluates a template; the result and everything below it belongs to `arena` or to the scope.
 * @param work in: units left, out: units left; NULL for the limit the template was compiled with
 * @return 0; -ENOMEM; BP_PROBLEM with one of TEMPLATE_UNDEFINED (strict only), TEMPLATE_TYPE, TEMPLATE_ARITHMETIC
 *         (division by zero, integer beyond 64 bits, a result that is not finite), TEMPLATE_LIMIT.
 */
int bp_template_evaluate(const struct bp_template *template, const struct bp_template_scope *scope,
                         struct bp_arena *arena, uint32_t *work, struct bp_value *ret_value,
                         struct bp_problem *reterr_problem);

/** One place where a template reads something: `steps.fetch.outputs.body` is {"steps", "fetch", "outputs", "body"}. */
struct bp_template_reference {
        const char *const *path; /**< constant keys from the root name on; stops where the path is computed */
        uint32_t n_path;
        uint32_t line, column; /**< in the template text */
        bool guarded; /**< the value may be undefined there: `is defined`, `default`, a short-circuited operand */
};

/** Every read of a root name that the template does not set itself. Order: as in the text. */
const struct bp_template_reference *bp_template_references(const struct bp_template *template, size_t *ret_count);

/* ---------------------------------------------------------------------------------------------------------------
 * Trees: a JSON value any of whose texts may be a template. Keys are left alone; results are not evaluated again.
 */

/** A compiled JSON value. Belongs to the arena it was compiled in. */
struct bp_template_tree;

/**
 * Compiles every text of a value.
 * @param skip called with each top-level key of an object, true to take that member over as it is; or NULL
 * @return as bp_template_compile(); the problem's pointer names the text, line and column are within it.
 */
int bp_template_tree_compile(struct bp_arena *arena, const struct bp_value *value,
                             const struct bp_template_limits *limits, bool (*skip)(void *userdata, const char *key),
                             void *userdata, const struct bp_template_tree **ret_tree,
                             struct bp_problem *reterr_problem);

/** True when nothing in the tree needs evaluation. */
bool bp_template_tree_is_constant(const struct bp_template_tree *tree);

/** Evaluates a tree. @return as bp_template_evaluate(); the problem's pointer names the text. */
int bp_template_tree_evaluate(const struct bp_template_tree *tree, const struct bp_template_scope *scope,
                              struct bp_arena *arena, uint32_t *work, struct bp_value *ret_value,
                              struct bp_problem *reterr_problem);

/** Calls `visit` for every template of the tree with its pointer; stops at the first return that is not 0. */
int bp_template_tree_visit(const struct bp_template_tree *tree,
                           int (*visit)(void *userdata, const char *pointer, const struct bp_template *template),
                           void *userdata);

/* ---------------------------------------------------------------------------------------------------------------
 * Conditions: a text judged true or false
 */

/** A compiled condition. Belongs to the arena it was compiled in. */
struct bp_condition;

/**
 * Compiles a condition. NULL or blank text is always true. Codes are those of bp_template_compile() with
 * CONDITION_ in place of TEMPLATE_.
 */
int bp_condition_compile(struct bp_arena *arena, const char *text, size_t size, const struct bp_template_limits *limits,
                         const struct bp_condition **ret_condition, struct bp_problem *reterr_problem);

/** Judges a condition. @return 0; -ENOMEM; BP_PROBLEM with the codes of bp_template_evaluate(), CONDITION_ in front. */
int bp_condition_evaluate(const struct bp_condition *condition, const struct bp_template_scope *scope,
                          struct bp_arena *scratch, uint32_t *work, bool *ret_result,
                          struct bp_problem *reterr_problem);

/** The template inside a condition, for bp_template_references(); NULL when it is a bare word. */
const struct bp_template *bp_condition_template(const struct bp_condition *condition);

#endif
