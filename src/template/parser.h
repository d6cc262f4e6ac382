/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the parser share: statements are in parser.c, operators in expression.c, the rest in operand.c. */
#ifndef BP_TEMPLATE_PARSER_H
#define BP_TEMPLATE_PARSER_H

#include "template/ast.h"
#include "template/lexer.h"

/* Names that were read, to be resolved once every assignment is known. */
struct bp_name_use {
        struct bp_node *node;
        struct bp_name_use *next;
};

struct bp_parser {
        struct bp_lexer lexer;
        struct bp_token token; /* the one that is looked at */
        struct bp_arena *arena;
        const struct bp_template_limits *limits;
        uint32_t depth;
        struct bp_object_builder variables; /* name to number */
        struct bp_name_use *uses;
};

/* Parses the whole text of `template` and fills its body, expression and variables. @return 0, -ENOMEM, BP_PROBLEM */
int bp_parser_run(struct bp_template *template, struct bp_arena *arena, struct bp_problem *reterr_problem);

/* Same for a text that is one expression without braces. */
int bp_parser_run_expression(struct bp_template *template, struct bp_arena *arena, struct bp_problem *reterr_problem);

/* One step through the source. */
int bp_parser_advance(struct bp_parser *parser);

/* True when the token is the name `word`. */
bool bp_parser_at_word(const struct bp_parser *parser, const char *word);

/* Takes a token of this kind or fails, saying what was expected. */
int bp_parser_expect(struct bp_parser *parser, uint8_t kind, const char *what);

/* Fails at the current token. */
__attribute__((format(printf, 2, 3))) int bp_parser_fail(struct bp_parser *parser, const char *format, ...);

/* Counts one level of nesting; bp_parser_leave() takes it back. @return 0 or BP_PROBLEM */
int bp_parser_enter(struct bp_parser *parser);
void bp_parser_leave(struct bp_parser *parser);

/* The number of a variable that the template sets. @return 0 or -ENOMEM */
int bp_parser_variable(struct bp_parser *parser, const char *name, uint32_t size, uint32_t *ret_variable);

/* An expression; without `conditional`, `if` ends it. */
int bp_parser_expression(struct bp_parser *parser, bool conditional, const struct bp_node **ret_node);

/* One expression or several with commas between them: a tuple. */
int bp_parser_tuple(struct bp_parser *parser, bool conditional, const struct bp_node **ret_node);

/* A chain of filters without what they are applied to; the token is behind the first `|` or at the first name. */
int bp_parser_filters(struct bp_parser *parser, const struct bp_node **ret_node);

/* A name that is read. */
int bp_parser_name(struct bp_parser *parser, const struct bp_node **ret_node);

/* A name, a literal, or an expression in parentheses. */
int bp_parser_primary(struct bp_parser *parser, const struct bp_node **ret_node);

/* The attributes, subscripts and calls behind a node. */
int bp_parser_postfix(struct bp_parser *parser, const struct bp_node *node, const struct bp_node **ret_node);

/* The filters, tests and calls applied to a node. */
int bp_parser_applied(struct bp_parser *parser, const struct bp_node *node, const struct bp_node **ret_node);

/* Copies the node, whose children are complete, to where it will stay. */
int bp_parser_finish(struct bp_parser *parser, struct bp_node node, const struct bp_node **ret_node);

/* Nodes under construction. */
struct bp_node_list {
        const struct bp_node **items;
        uint32_t count, capacity;
};

int bp_parser_add_node(struct bp_parser *parser, struct bp_node_list *list, const struct bp_node *node);

#endif
