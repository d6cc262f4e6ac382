/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an expression is made of: names, literals, and what is applied to them (attributes, subscripts, calls, filters,
 * tests). Filters, tests and globals are looked up here, once. Operators are in expression.c.
 */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/utf8.h"
#include "template/functions.h"
#include "template/parser.h"

/* A chain such as a + b + c is as high as it is long: it may be longer than things may be nested. */
enum { HEIGHT_FACTOR = 4 };

static void raise_height(struct bp_node *node, const struct bp_node *child) {
        if (child && child->height >= node->height)
                node->height = (uint16_t)(child->height + 1);
}

static void raise_height_over_call(struct bp_node *node) {
        for (uint32_t i = 0; i < node->call->n_items; i++)
                raise_height(node, node->call->items[i]);
        for (uint32_t i = 0; i < node->call->n_keywords; i++)
                raise_height(node, node->call->keywords[i].value);
        raise_height(node, node->call->star);
        raise_height(node, node->call->star_star);
}

int bp_parser_finish(struct bp_parser *parser, struct bp_node node, const struct bp_node **ret_node) {
        struct bp_node *copy;

        node.height = 1;
        raise_height(&node, node.left);
        raise_height(&node, node.right);
        raise_height(&node, node.third);
        for (uint32_t i = 0; i < node.n_items; i++)
                raise_height(&node, node.items[i]);
        if (node.call)
                raise_height_over_call(&node);
        if (node.height > parser->limits->depth * HEIGHT_FACTOR)
                return bp_lexer_fail(&parser->lexer, node.offset, "TEMPLATE_LIMIT", "this expression is too long");
        copy = bp_arena_alloc(parser->arena, sizeof(*copy));
        if (!copy)
                return -ENOMEM;
        *copy = node;
        *ret_node = copy;
        return 0;
}

int bp_parser_add_node(struct bp_parser *parser, struct bp_node_list *list, const struct bp_node *node) {
        if (list->count == list->capacity) {
                uint32_t capacity = list->capacity ? list->capacity * 2 : 4;
                const struct bp_node **items =
                        bp_arena_grow(parser->arena, list->items, list->capacity * sizeof(struct bp_node *),
                                      capacity * sizeof(struct bp_node *));

                if (!items)
                        return -ENOMEM;
                list->items = items;
                list->capacity = capacity;
        }
        list->items[list->count++] = node;
        return 0;
}

/* Parses a further item into the list. */
static int add_expression(struct bp_parser *parser, struct bp_node_list *list, bool conditional) {
        const struct bp_node *item;
        int r = bp_parser_expression(parser, conditional, &item);

        return r != 0 ? r : bp_parser_add_node(parser, list, item);
}

static int constant(struct bp_parser *parser, uint32_t offset, struct bp_value value, const struct bp_node **ret_node) {
        return bp_parser_finish(parser, (struct bp_node){.kind = BP_NODE_CONSTANT, .offset = offset, .value = value},
                                ret_node);
}

static int copy_name(struct bp_parser *parser, const struct bp_token *token, const char **ret_name) {
        *ret_name = bp_arena_text(parser->arena, parser->lexer.source + token->offset, token->size);
        return *ret_name ? 0 : -ENOMEM;
}

int bp_parser_name(struct bp_parser *parser, const struct bp_node **ret_node) {
        struct bp_node node = {
                .kind = BP_NODE_NAME, .height = 1, .offset = parser->token.offset, .size = parser->token.size};
        struct bp_name_use *use = bp_arena_alloc(parser->arena, sizeof(*use));
        struct bp_node *copy = bp_arena_alloc(parser->arena, sizeof(*copy));
        int r;

        if (!use || !copy)
                return -ENOMEM;
        r = copy_name(parser, &parser->token, &node.text);
        if (r != 0)
                return r;
        *copy = node;
        *use = (struct bp_name_use){.node = copy, .next = parser->uses};
        parser->uses = use;
        *ret_node = copy;
        return bp_parser_advance(parser);
}

static const struct {
        const char *word;
        const struct bp_value *value;
} literal_names[] = {
        {"true", &bp_value_true}, {"false", &bp_value_false}, {"none", &bp_value_null},
        {"True", &bp_value_true}, {"False", &bp_value_false}, {"None", &bp_value_null},
};

static int parse_name(struct bp_parser *parser, const struct bp_node **ret_node) {
        for (size_t i = 0; i < BP_COUNT(literal_names); i++) {
                int r;

                if (!bp_parser_at_word(parser, literal_names[i].word))
                        continue;
                r = constant(parser, parser->token.offset, *literal_names[i].value, ret_node);
                return r != 0 ? r : bp_parser_advance(parser);
        }
        return bp_parser_name(parser, ret_node);
}

/* Texts side by side are one. */
static int parse_string(struct bp_parser *parser, const struct bp_node **ret_node) {
        uint32_t offset = parser->token.offset;
        struct bp_value text = parser->token.value;
        int r = bp_parser_advance(parser);

        while (r == 0 && parser->token.kind == BP_TOKEN_STRING) {
                uint32_t size = text.count + parser->token.value.count;
                char *joined = bp_arena_alloc(parser->arena, size + 1);

                if (!joined)
                        return -ENOMEM;
                memcpy(joined, text.as.text, text.count);
                memcpy(joined + text.count, parser->token.value.as.text, parser->token.value.count);
                text = bp_value_text_borrow(joined, size);
                r = bp_parser_advance(parser);
        }
        return r != 0 ? r : constant(parser, offset, text, ret_node);
}

static int parse_number(struct bp_parser *parser, const struct bp_node **ret_node) {
        int r = constant(parser, parser->token.offset, parser->token.value, ret_node);

        return r != 0 ? r : bp_parser_advance(parser);
}

/* Items up to `closer`, a comma after the last one allowed; the token is behind the opening bracket. */
static int parse_items(struct bp_parser *parser, uint8_t closer, const char *what, struct bp_node_list *items) {
        while (parser->token.kind != closer) {
                int r = items->count ? bp_parser_expect(parser, BP_TOKEN_COMMA, what) : 0;

                if (r != 0)
                        return r;
                if (parser->token.kind == closer)
                        break;
                r = add_expression(parser, items, true);
                if (r != 0)
                        return r;
        }
        return bp_parser_advance(parser);
}

static int parse_list(struct bp_parser *parser, const struct bp_node **ret_node) {
        struct bp_node node = {.kind = BP_NODE_LIST, .offset = parser->token.offset};
        struct bp_node_list items = {0};
        int r = bp_parser_advance(parser);

        if (r == 0)
                r = parse_items(parser, BP_TOKEN_RIGHT_BRACKET, "',' or ']'", &items);
        if (r != 0)
                return r;
        node.items = items.items;
        node.n_items = items.count;
        return bp_parser_finish(parser, node, ret_node);
}

static int parse_pair(struct bp_parser *parser, struct bp_node_list *items) {
        int r = add_expression(parser, items, true);

        if (r == 0)
                r = bp_parser_expect(parser, BP_TOKEN_COLON, "':'");
        return r != 0 ? r : add_expression(parser, items, true);
}

static int parse_dict(struct bp_parser *parser, const struct bp_node **ret_node) {
        struct bp_node node = {.kind = BP_NODE_DICT, .offset = parser->token.offset};
        struct bp_node_list items = {0};
        int r = bp_parser_advance(parser);

        while (r == 0 && parser->token.kind != BP_TOKEN_RIGHT_BRACE) {
                if (items.count)
                        r = bp_parser_expect(parser, BP_TOKEN_COMMA, "',' or '}'");
                if (r == 0 && parser->token.kind != BP_TOKEN_RIGHT_BRACE)
                        r = parse_pair(parser, &items);
        }
        if (r == 0)
                r = bp_parser_advance(parser);
        if (r != 0)
                return r;
        node.items = items.items;
        node.n_items = items.count;
        return bp_parser_finish(parser, node, ret_node);
}

static bool at_tuple_end(const struct bp_parser *parser) {
        switch (parser->token.kind) {
        case BP_TOKEN_PRINT_END:
        case BP_TOKEN_BLOCK_END:
        case BP_TOKEN_RIGHT_PAREN:
        case BP_TOKEN_END:
                return true;
        default:
                return false;
        }
}

static int parse_tuple_items(struct bp_parser *parser, bool conditional, bool empty_allowed,
                             const struct bp_node **ret_node) {
        struct bp_node node = {.kind = BP_NODE_TUPLE, .offset = parser->token.offset};
        struct bp_node_list items = {0};
        bool comma = false;

        while (!at_tuple_end(parser)) {
                int r = add_expression(parser, &items, conditional);

                if (r != 0)
                        return r;
                if (parser->token.kind != BP_TOKEN_COMMA)
                        break;
                comma = true;
                r = bp_parser_advance(parser);
                if (r != 0)
                        return r;
        }
        if (!comma && items.count == 1) {
                *ret_node = items.items[0];
                return 0;
        }
        if (items.count == 0 && !empty_allowed)
                return bp_parser_fail(parser, "expected an expression");
        node.items = items.items;
        node.n_items = items.count;
        return bp_parser_finish(parser, node, ret_node);
}

int bp_parser_tuple(struct bp_parser *parser, bool conditional, const struct bp_node **ret_node) {
        return parse_tuple_items(parser, conditional, false, ret_node);
}

static int parse_parentheses(struct bp_parser *parser, const struct bp_node **ret_node) {
        int r = bp_parser_advance(parser);

        if (r == 0)
                r = parse_tuple_items(parser, true, true, ret_node);
        return r != 0 ? r : bp_parser_expect(parser, BP_TOKEN_RIGHT_PAREN, "')'");
}

int bp_parser_primary(struct bp_parser *parser, const struct bp_node **ret_node) {
        switch (parser->token.kind) {
        case BP_TOKEN_NAME:
                return parse_name(parser, ret_node);
        case BP_TOKEN_STRING:
                return parse_string(parser, ret_node);
        case BP_TOKEN_INTEGER:
        case BP_TOKEN_FLOAT:
                return parse_number(parser, ret_node);
        case BP_TOKEN_LEFT_PAREN:
                return parse_parentheses(parser, ret_node);
        case BP_TOKEN_LEFT_BRACKET:
                return parse_list(parser, ret_node);
        case BP_TOKEN_LEFT_BRACE:
                return parse_dict(parser, ret_node);
        default:
                return bp_parser_fail(parser, "expected an expression");
        }
}

/* Behind a name, where only `=` decides what the name is: the source is looked at, nothing is taken. */
static bool is_keyword(const struct bp_parser *parser) {
        const char *at = parser->lexer.source + parser->lexer.at, *end = parser->lexer.source + parser->lexer.size;

        while (at < end && (*at == ' ' || (*at >= '\t' && *at <= '\r')))
                at++;
        return parser->token.kind == BP_TOKEN_NAME && at < end && *at == '=' && (at + 1 == end || at[1] != '=');
}

struct call_builder {
        struct bp_node_list items;
        struct bp_keyword *keywords;
        uint32_t n_keywords, capacity;
        const struct bp_node *star, *star_star;
};

static int parse_keyword(struct bp_parser *parser, struct call_builder *call) {
        struct bp_keyword keyword = {.name_size = parser->token.size};
        int r;

        if (call->n_keywords == call->capacity) {
                uint32_t capacity = call->capacity ? call->capacity * 2 : 4;
                struct bp_keyword *keywords =
                        bp_arena_grow(parser->arena, call->keywords, call->capacity * sizeof(*keywords),
                                      capacity * sizeof(*keywords));

                if (!keywords)
                        return -ENOMEM;
                call->keywords = keywords;
                call->capacity = capacity;
        }
        for (uint32_t i = 0; i < call->n_keywords; i++)
                if (call->keywords[i].name_size == parser->token.size &&
                    memcmp(call->keywords[i].name, parser->lexer.source + parser->token.offset, parser->token.size) ==
                            0)
                        return bp_parser_fail(parser, "this argument is given twice");
        r = copy_name(parser, &parser->token, &keyword.name);
        if (r == 0)
                r = bp_parser_advance(parser);
        if (r == 0)
                r = bp_parser_expect(parser, BP_TOKEN_ASSIGN, "'='");
        if (r == 0)
                r = bp_parser_expression(parser, true, &keyword.value);
        if (r == 0)
                call->keywords[call->n_keywords++] = keyword;
        return r;
}

static int parse_argument(struct bp_parser *parser, struct call_builder *call) {
        bool star = parser->token.kind == BP_TOKEN_MULTIPLY, star_star = parser->token.kind == BP_TOKEN_POWER;

        if (call->star_star || (star && call->star))
                return bp_parser_fail(parser, "no argument may stand here");
        if (star || star_star) {
                int r = bp_parser_advance(parser);

                return r != 0 ? r : bp_parser_expression(parser, true, star ? &call->star : &call->star_star);
        }
        if (is_keyword(parser))
                return parse_keyword(parser, call);
        if (call->n_keywords || call->star)
                return bp_parser_fail(parser, "an argument without a name must come before those with one");
        return add_expression(parser, &call->items, true);
}

/* The token is at `(`. */
static int parse_call(struct bp_parser *parser, const struct bp_call **ret_call) {
        struct call_builder builder = {0};
        struct bp_call *call;
        bool first = true;
        int r = bp_parser_advance(parser);

        while (r == 0 && parser->token.kind != BP_TOKEN_RIGHT_PAREN) {
                if (!first)
                        r = bp_parser_expect(parser, BP_TOKEN_COMMA, "',' or ')'");
                if (r == 0 && parser->token.kind != BP_TOKEN_RIGHT_PAREN)
                        r = parse_argument(parser, &builder);
                first = false;
        }
        if (r == 0)
                r = bp_parser_advance(parser);
        if (r != 0)
                return r;
        call = bp_arena_alloc(parser->arena, sizeof(*call));
        if (!call)
                return -ENOMEM;
        *call = (struct bp_call){.items = builder.items.items,
                                 .n_items = builder.items.count,
                                 .keywords = builder.keywords,
                                 .n_keywords = builder.n_keywords,
                                 .star = builder.star,
                                 .star_star = builder.star_star};
        *ret_call = call;
        return 0;
}

static bool is_steps(const struct bp_parser *parser, const struct bp_node *node) {
        return node->kind == BP_NODE_NAME && node->size == 5 && memcmp(node->text, "steps", 5) == 0 &&
               !bp_object_has(&parser->variables, "steps", 5);
}

static bool is_id_part(const struct bp_lexer *lexer, uint32_t at, uint32_t *ret_step) {
        uint32_t code_point;
        size_t step;

        if (at >= lexer->size)
                return false;
        code_point = bp_utf8_decode(lexer->source + at, &step);
        *ret_step = (uint32_t)step;
        return code_point == '_' || bp_utf8_is_alphanumeric(code_point);
}

/*
 * Ids of steps may hold hyphens. Right behind `steps.` nothing can be subtracted that makes sense, so a hyphen between
 * two parts of an id, without spaces, belongs to the id.
 */
static void extend_step_id(struct bp_parser *parser) {
        struct bp_lexer *lexer = &parser->lexer;
        uint32_t at = parser->token.offset + parser->token.size, step;

        for (;;) {
                if (is_id_part(lexer, at, &step))
                        at += step;
                else if (at < lexer->size && lexer->source[at] == '-' && is_id_part(lexer, at + 1, &step))
                        at += 1 + step;
                else
                        break;
        }
        if (at == parser->token.offset + parser->token.size)
                return;
        parser->token.kind = BP_TOKEN_NAME;
        parser->token.size = at - parser->token.offset;
        lexer->at = at;
}

static int parse_attribute(struct bp_parser *parser, const struct bp_node *left, const struct bp_node **ret_node) {
        struct bp_node node = {.kind = BP_NODE_ATTRIBUTE, .left = left};
        int r = bp_parser_advance(parser);

        if (r != 0)
                return r;
        if (is_steps(parser, left) && (parser->token.kind == BP_TOKEN_NAME || parser->token.kind == BP_TOKEN_INTEGER))
                extend_step_id(parser);
        node.offset = parser->token.offset;
        node.size = parser->token.size;
        if (parser->token.kind == BP_TOKEN_INTEGER) {
                node.kind = BP_NODE_ITEM;
                r = constant(parser, node.offset, parser->token.value, &node.right);
        } else if (parser->token.kind == BP_TOKEN_NAME) {
                r = copy_name(parser, &parser->token, &node.text);
        } else {
                return bp_parser_fail(parser, "expected a name or number behind '.'");
        }
        if (r == 0)
                r = bp_parser_advance(parser);
        return r != 0 ? r : bp_parser_finish(parser, node, ret_node);
}

static bool at_slice_border(const struct bp_parser *parser) {
        return parser->token.kind == BP_TOKEN_COLON || parser->token.kind == BP_TOKEN_RIGHT_BRACKET ||
               parser->token.kind == BP_TOKEN_COMMA;
}

/* Behind `[` or `[start`, at the first colon. */
static int parse_slice(struct bp_parser *parser, struct bp_node node, const struct bp_node *start,
                       const struct bp_node **ret_node) {
        const struct bp_node **parts = bp_arena_array(parser->arena, 3, sizeof(struct bp_node *));
        int r = 0;

        if (!parts)
                return -ENOMEM;
        parts[0] = start;
        for (uint32_t i = 1; r == 0 && i < 3 && parser->token.kind == BP_TOKEN_COLON; i++) {
                r = bp_parser_advance(parser);
                if (r == 0 && !at_slice_border(parser))
                        r = bp_parser_expression(parser, true, &parts[i]);
        }
        if (r == 0)
                r = bp_parser_expect(parser, BP_TOKEN_RIGHT_BRACKET, "']'");
        if (r != 0)
                return r;
        node.kind = BP_NODE_SLICE;
        node.items = parts;
        node.n_items = 3;
        return bp_parser_finish(parser, node, ret_node);
}

static int parse_subscript(struct bp_parser *parser, const struct bp_node *left, const struct bp_node **ret_node) {
        struct bp_node node = {.kind = BP_NODE_ITEM, .left = left, .offset = parser->token.offset};
        int r = bp_parser_advance(parser);

        if (r == 0 && parser->token.kind == BP_TOKEN_COLON)
                return parse_slice(parser, node, NULL, ret_node);
        if (r == 0)
                r = bp_parser_expression(parser, true, &node.right);
        if (r == 0 && parser->token.kind == BP_TOKEN_COLON)
                return parse_slice(parser, node, node.right, ret_node);
        if (r == 0)
                r = bp_parser_expect(parser, BP_TOKEN_RIGHT_BRACKET, "']'");
        return r != 0 ? r : bp_parser_finish(parser, node, ret_node);
}

/* A call of an attribute is a call of a method: methods are not values. */
static int parse_call_of(struct bp_parser *parser, const struct bp_node *left, const struct bp_node **ret_node) {
        struct bp_node node = {.kind = BP_NODE_CALL, .left = left, .offset = parser->token.offset};
        int r = parse_call(parser, &node.call);

        if (r != 0)
                return r;
        if (left && left->kind == BP_NODE_ATTRIBUTE) {
                node.kind = BP_NODE_METHOD;
                node.left = left->left;
                node.text = left->text;
                node.size = left->size;
                node.offset = left->offset;
        }
        return bp_parser_finish(parser, node, ret_node);
}

int bp_parser_postfix(struct bp_parser *parser, const struct bp_node *node, const struct bp_node **ret_node) {
        int r = 0;

        for (;;) {
                if (parser->token.kind == BP_TOKEN_DOT)
                        r = parse_attribute(parser, node, &node);
                else if (parser->token.kind == BP_TOKEN_LEFT_BRACKET)
                        r = parse_subscript(parser, node, &node);
                else if (parser->token.kind == BP_TOKEN_LEFT_PAREN)
                        r = parse_call_of(parser, node, &node);
                else
                        break;
                if (r != 0)
                        return r;
        }
        *ret_node = node;
        return 0;
}

static int parse_filter(struct bp_parser *parser, const struct bp_node *left, const struct bp_node **ret_node) {
        struct bp_node node = {
                .kind = BP_NODE_FILTER, .left = left, .offset = parser->token.offset, .size = parser->token.size};
        int r;

        if (parser->token.kind != BP_TOKEN_NAME)
                return bp_parser_fail(parser, "expected the name of a filter");
        node.text = parser->lexer.source + node.offset;
        node.function.filter = bp_filter_find(node.text, node.size);
        if (!node.function.filter)
                return bp_lexer_fail(&parser->lexer, node.offset, "TEMPLATE_UNKNOWN_FILTER", "no filter named '%.*s'",
                                     (int)node.size, node.text);
        r = bp_parser_advance(parser);
        if (r == 0 && parser->token.kind == BP_TOKEN_LEFT_PAREN)
                r = parse_call(parser, &node.call);
        return r != 0 ? r : bp_parser_finish(parser, node, ret_node);
}

int bp_parser_filters(struct bp_parser *parser, const struct bp_node **ret_node) {
        const struct bp_node *node = NULL;
        int r = parse_filter(parser, NULL, &node);

        while (r == 0 && parser->token.kind == BP_TOKEN_PIPE) {
                r = bp_parser_advance(parser);
                if (r == 0)
                        r = parse_filter(parser, node, &node);
        }
        if (r == 0)
                *ret_node = node;
        return r;
}

/* The one argument a test may have without parentheses: x is divisibleby 3. */
static bool at_test_argument(const struct bp_parser *parser) {
        static const char *const ends[] = {"else", "or", "and", "if", "is", "in", "not"};

        switch (parser->token.kind) {
        case BP_TOKEN_NAME:
                for (size_t i = 0; i < BP_COUNT(ends); i++)
                        if (bp_parser_at_word(parser, ends[i]))
                                return false;
                return true;
        case BP_TOKEN_STRING:
        case BP_TOKEN_INTEGER:
        case BP_TOKEN_FLOAT:
        case BP_TOKEN_LEFT_BRACKET:
        case BP_TOKEN_LEFT_BRACE:
                return true;
        default:
                return false;
        }
}

static int parse_bare_test_argument(struct bp_parser *parser, const struct bp_call **ret_call) {
        struct bp_call *call = bp_arena_alloc(parser->arena, sizeof(*call));
        struct bp_node_list items = {0};
        const struct bp_node *argument = NULL;
        int r;

        if (!call)
                return -ENOMEM;
        r = bp_parser_primary(parser, &argument);
        if (r == 0)
                r = bp_parser_postfix(parser, argument, &argument);
        if (r == 0)
                r = bp_parser_add_node(parser, &items, argument);
        if (r != 0)
                return r;
        *call = (struct bp_call){.items = items.items, .n_items = items.count};
        *ret_call = call;
        return 0;
}

/* The token is at the name of the test. */
static int parse_test_of(struct bp_parser *parser, const struct bp_node *left, const struct bp_node **ret_node) {
        struct bp_node node = {
                .kind = BP_NODE_TEST, .left = left, .offset = parser->token.offset, .size = parser->token.size};
        int r;

        if (parser->token.kind != BP_TOKEN_NAME)
                return bp_parser_fail(parser, "expected the name of a test");
        node.text = parser->lexer.source + node.offset;
        node.function.test = bp_test_find(node.text, node.size);
        if (!node.function.test)
                return bp_lexer_fail(&parser->lexer, node.offset, "TEMPLATE_UNKNOWN_TEST", "no test named '%.*s'",
                                     (int)node.size, node.text);
        r = bp_parser_advance(parser);
        if (r == 0 && parser->token.kind == BP_TOKEN_LEFT_PAREN)
                r = parse_call(parser, &node.call);
        else if (r == 0 && at_test_argument(parser))
                r = parse_bare_test_argument(parser, &node.call);
        return r != 0 ? r : bp_parser_finish(parser, node, ret_node);
}

static int parse_test(struct bp_parser *parser, const struct bp_node *left, const struct bp_node **ret_node) {
        uint32_t offset = parser->token.offset;
        const struct bp_node *test = NULL;
        bool negated;
        int r = bp_parser_advance(parser);

        negated = r == 0 && bp_parser_at_word(parser, "not");
        if (negated)
                r = bp_parser_advance(parser);
        if (r == 0)
                r = parse_test_of(parser, left, &test);
        if (r != 0)
                return r;
        if (negated)
                return bp_parser_finish(parser, (struct bp_node){.kind = BP_NODE_NOT, .left = test, .offset = offset},
                                        ret_node);
        *ret_node = test;
        return 0;
}

int bp_parser_applied(struct bp_parser *parser, const struct bp_node *node, const struct bp_node **ret_node) {
        int r = 0;

        for (;;) {
                if (parser->token.kind == BP_TOKEN_PIPE) {
                        r = bp_parser_advance(parser);
                        if (r == 0)
                                r = parse_filter(parser, node, &node);
                } else if (bp_parser_at_word(parser, "is")) {
                        r = parse_test(parser, node, &node);
                } else if (parser->token.kind == BP_TOKEN_LEFT_PAREN) {
                        r = parse_call_of(parser, node, &node);
                } else {
                        break;
                }
                if (r != 0)
                        return r;
        }
        *ret_node = node;
        return 0;
}
