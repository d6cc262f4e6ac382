/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators, by recursive descent in the order of Jinja2's precedence, which binds unary minus tighter than `**` and
 * filters tighter than arithmetic. What they are applied to is in operand.c.
 */
#include <errno.h>

#include "base/memory.h"
#include "template/parser.h"

static int parse_unary(struct bp_parser *parser, bool with_filters, const struct bp_node **ret_node) {
        struct bp_node sign = {.offset = parser->token.offset};
        const struct bp_node *node = NULL;
        int r = bp_parser_enter(parser);

        if (r != 0)
                return r;
        if (parser->token.kind == BP_TOKEN_SUBTRACT)
                sign.kind = BP_NODE_NEGATE;
        else if (parser->token.kind == BP_TOKEN_ADD)
                sign.kind = BP_NODE_PLUS;
        if (sign.kind) {
                r = bp_parser_advance(parser);
                if (r == 0)
                        r = parse_unary(parser, false, &sign.left);
                if (r == 0)
                        r = bp_parser_finish(parser, sign, &node);
        } else {
                r = bp_parser_primary(parser, &node);
        }
        if (r == 0)
                r = bp_parser_postfix(parser, node, &node);
        if (r == 0 && with_filters)
                r = bp_parser_applied(parser, node, &node);
        bp_parser_leave(parser);
        if (r == 0)
                *ret_node = node;
        return r;
}

/* Operators of one level of precedence; 0 where the token is none. */
static uint8_t power_operator(uint8_t token) {
        return token == BP_TOKEN_POWER ? BP_OP_POWER : 0;
}

static uint8_t product_operator(uint8_t token) {
        switch (token) {
        case BP_TOKEN_MULTIPLY:
                return BP_OP_MULTIPLY;
        case BP_TOKEN_DIVIDE:
                return BP_OP_DIVIDE;
        case BP_TOKEN_FLOOR_DIVIDE:
                return BP_OP_FLOOR_DIVIDE;
        case BP_TOKEN_MODULO:
                return BP_OP_MODULO;
        default:
                return 0;
        }
}

static uint8_t sum_operator(uint8_t token) {
        return token == BP_TOKEN_ADD ? BP_OP_ADD : token == BP_TOKEN_SUBTRACT ? BP_OP_SUBTRACT : 0;
}

static int parse_operand(struct bp_parser *parser, const struct bp_node **ret_node) {
        return parse_unary(parser, true, ret_node);
}

/* operand (operation operand)*, from left to right */
static int parse_chain(struct bp_parser *parser, uint8_t (*operator_of)(uint8_t token),
                       int (*parse)(struct bp_parser *parser, const struct bp_node **ret_node),
                       const struct bp_node **ret_node) {
        const struct bp_node *left;
        int r = parse(parser, &left);

        while (r == 0 && operator_of(parser->token.kind)) {
                struct bp_node node = {.kind = BP_NODE_BINARY,
                                       .operation = operator_of(parser->token.kind),
                                       .left = left,
                                       .offset = parser->token.offset};

                r = bp_parser_advance(parser);
                if (r == 0)
                        r = parse(parser, &node.right);
                if (r == 0)
                        r = bp_parser_finish(parser, node, &left);
        }
        if (r == 0)
                *ret_node = left;
        return r;
}

static int parse_power(struct bp_parser *parser, const struct bp_node **ret_node) {
        return parse_chain(parser, power_operator, parse_operand, ret_node);
}

static int parse_product(struct bp_parser *parser, const struct bp_node **ret_node) {
        return parse_chain(parser, product_operator, parse_power, ret_node);
}

static int parse_concat(struct bp_parser *parser, const struct bp_node **ret_node) {
        struct bp_node node = {.kind = BP_NODE_CONCAT, .offset = parser->token.offset};
        struct bp_node_list items = {0};
        const struct bp_node *item;
        int r = parse_product(parser, &item);

        if (r != 0 || parser->token.kind != BP_TOKEN_TILDE) {
                if (r == 0)
                        *ret_node = item;
                return r;
        }
        r = bp_parser_add_node(parser, &items, item);
        while (r == 0 && parser->token.kind == BP_TOKEN_TILDE) {
                r = bp_parser_advance(parser);
                if (r == 0)
                        r = parse_product(parser, &item);
                if (r == 0)
                        r = bp_parser_add_node(parser, &items, item);
        }
        if (r != 0)
                return r;
        node.items = items.items;
        node.n_items = items.count;
        return bp_parser_finish(parser, node, ret_node);
}

static int parse_sum(struct bp_parser *parser, const struct bp_node **ret_node) {
        return parse_chain(parser, sum_operator, parse_concat, ret_node);
}

static uint8_t comparison_of(uint8_t token) {
        switch (token) {
        case BP_TOKEN_EQUAL:
                return BP_OP_EQUAL;
        case BP_TOKEN_NOT_EQUAL:
                return BP_OP_NOT_EQUAL;
        case BP_TOKEN_LESS:
                return BP_OP_LESS;
        case BP_TOKEN_LESS_EQUAL:
                return BP_OP_LESS_EQUAL;
        case BP_TOKEN_GREATER:
                return BP_OP_GREATER;
        case BP_TOKEN_GREATER_EQUAL:
                return BP_OP_GREATER_EQUAL;
        default:
                return 0;
        }
}

/* Takes a comparison operation, if there is one. */
static int take_comparison(struct bp_parser *parser, uint8_t *ret_operator) {
        struct bp_parser before = *parser;
        int r;

        *ret_operator = comparison_of(parser->token.kind);
        if (bp_parser_at_word(parser, "in"))
                *ret_operator = BP_OP_IN;
        if (*ret_operator)
                return bp_parser_advance(parser);
        if (!bp_parser_at_word(parser, "not"))
                return 0;
        r = bp_parser_advance(parser);
        if (r != 0)
                return r;
        if (!bp_parser_at_word(parser, "in")) {
                *parser = before;
                return 0;
        }
        *ret_operator = BP_OP_NOT_IN;
        return bp_parser_advance(parser);
}

static int parse_comparison(struct bp_parser *parser, const struct bp_node **ret_node) {
        struct bp_node node = {.kind = BP_NODE_COMPARE, .offset = parser->token.offset};
        struct bp_node_list items = {0};
        const struct bp_node *item;
        uint8_t operation = 0, *operations = NULL;
        uint32_t capacity = 0;
        int r = parse_sum(parser, &item);

        if (r == 0)
                r = take_comparison(parser, &operation);
        if (r != 0)
                return r;
        if (!operation) {
                *ret_node = item;
                return 0;
        }
        r = bp_parser_add_node(parser, &items, item);
        while (r == 0 && operation) {
                if (!operations || items.count > capacity) {
                        operations = bp_arena_grow(parser->arena, operations, capacity, capacity * 2 + 8);
                        if (!operations)
                                return -ENOMEM;
                        capacity = capacity * 2 + 8;
                }
                operations[items.count - 1] = operation;
                r = parse_sum(parser, &item);
                if (r == 0)
                        r = bp_parser_add_node(parser, &items, item);
                if (r == 0)
                        r = take_comparison(parser, &operation);
        }
        if (r != 0)
                return r;
        node.items = items.items;
        node.n_items = items.count;
        node.operations = operations;
        return bp_parser_finish(parser, node, ret_node);
}

static int parse_not(struct bp_parser *parser, const struct bp_node **ret_node) {
        struct bp_node node = {.kind = BP_NODE_NOT, .offset = parser->token.offset};
        int r;

        if (!bp_parser_at_word(parser, "not"))
                return parse_comparison(parser, ret_node);
        r = bp_parser_enter(parser);
        if (r == 0)
                r = bp_parser_advance(parser);
        if (r == 0)
                r = parse_not(parser, &node.left);
        if (r != 0)
                return r;
        bp_parser_leave(parser);
        return bp_parser_finish(parser, node, ret_node);
}

static int parse_logic(struct bp_parser *parser, const char *word, uint8_t kind,
                       int (*parse)(struct bp_parser *parser, const struct bp_node **ret_node),
                       const struct bp_node **ret_node) {
        const struct bp_node *left;
        int r = parse(parser, &left);

        while (r == 0 && bp_parser_at_word(parser, word)) {
                struct bp_node node = {.kind = kind, .left = left, .offset = parser->token.offset};

                r = bp_parser_advance(parser);
                if (r == 0)
                        r = parse(parser, &node.right);
                if (r == 0)
                        r = bp_parser_finish(parser, node, &left);
        }
        if (r == 0)
                *ret_node = left;
        return r;
}

static int parse_and(struct bp_parser *parser, const struct bp_node **ret_node) {
        return parse_logic(parser, "and", BP_NODE_AND, parse_not, ret_node);
}

static int parse_or(struct bp_parser *parser, const struct bp_node **ret_node) {
        return parse_logic(parser, "or", BP_NODE_OR, parse_and, ret_node);
}

static int parse_conditional(struct bp_parser *parser, const struct bp_node **ret_node) {
        const struct bp_node *left;
        int r = parse_or(parser, &left);

        while (r == 0 && bp_parser_at_word(parser, "if")) {
                struct bp_node node = {.kind = BP_NODE_CONDITIONAL, .left = left, .offset = parser->token.offset};

                r = bp_parser_advance(parser);
                if (r == 0)
                        r = parse_or(parser, &node.right);
                if (r == 0 && bp_parser_at_word(parser, "else")) {
                        r = bp_parser_advance(parser);
                        if (r == 0)
                                r = bp_parser_expression(parser, true, &node.third);
                }
                if (r == 0)
                        r = bp_parser_finish(parser, node, &left);
        }
        if (r == 0)
                *ret_node = left;
        return r;
}

int bp_parser_expression(struct bp_parser *parser, bool conditional, const struct bp_node **ret_node) {
        int r = bp_parser_enter(parser);

        if (r != 0)
                return r;
        r = conditional ? parse_conditional(parser, ret_node) : parse_or(parser, ret_node);
        bp_parser_leave(parser);
        return r;
}
