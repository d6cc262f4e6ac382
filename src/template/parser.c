/* SPDX-License-Identifier: Apache-2.0 */
/* Statements: what stands between the tags, and the tags that steer rendering. Expressions are in expression.c. */
#include "template/parser.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/utf8.h"
#include "template/functions.h"

/* Statements under construction, in order. */
struct body {
        struct bp_statement *first, *last;
};

int bp_parser_advance(struct bp_parser *parser) {
        return bp_lexer_next(&parser->lexer, &parser->token);
}

bool bp_parser_at_word(const struct bp_parser *parser, const char *word) {
        size_t size = strlen(word);

        return parser->token.kind == BP_TOKEN_NAME && parser->token.size == size &&
               memcmp(parser->lexer.source + parser->token.offset, word, size) == 0;
}

int bp_parser_fail(struct bp_parser *parser, const char *format, ...) {
        const struct bp_token *token = &parser->token;
        const char *found = parser->lexer.source + token->offset;
        char message[200];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);
        if (token->kind == BP_TOKEN_END)
                return bp_lexer_fail(&parser->lexer, token->offset, "TEMPLATE_SYNTAX", "%s, found the end", message);
        return bp_lexer_fail(&parser->lexer, token->offset, "TEMPLATE_SYNTAX", "%s, found '%.*s'", message,
                             (int)bp_utf8_offset(found, token->size, 40), found);
}

int bp_parser_expect(struct bp_parser *parser, uint8_t kind, const char *what) {
        if (parser->token.kind != kind)
                return bp_parser_fail(parser, "expected %s", what);
        return bp_parser_advance(parser);
}

int bp_parser_enter(struct bp_parser *parser) {
        if (parser->depth >= parser->limits->depth)
                return bp_lexer_fail(&parser->lexer, parser->token.offset, "TEMPLATE_LIMIT",
                                     "the template is nested deeper than %u levels", parser->limits->depth);
        parser->depth++;
        return 0;
}

void bp_parser_leave(struct bp_parser *parser) {
        parser->depth--;
}

int bp_parser_variable(struct bp_parser *parser, const char *name, uint32_t size, uint32_t *ret_variable) {
        struct bp_value number = bp_value_int(parser->variables.count);

        if (!bp_object_has(&parser->variables, name, size)) {
                bp_object_set(&parser->variables, name, size, number);
                if (parser->variables.error)
                        return -ENOMEM;
                *ret_variable = parser->variables.count - 1;
                return 0;
        }
        for (uint32_t i = 0; i < parser->variables.count; i++) {
                const struct bp_member *member = &parser->variables.members[i];

                if (member->key_size == size && memcmp(member->key, name, size) == 0)
                        *ret_variable = i;
        }
        return 0;
}

static void append(struct body *body, struct bp_statement *statement) {
        if (body->last)
                body->last->next = statement;
        else
                body->first = statement;
        body->last = statement;
}

static int add_statement(struct bp_parser *parser, struct body *body, struct bp_statement statement) {
        struct bp_statement *copy = bp_arena_alloc(parser->arena, sizeof(*copy));

        if (!copy)
                return -ENOMEM;
        *copy = statement;
        append(body, copy);
        return 0;
}

static int expect_block_end(struct bp_parser *parser) {
        return bp_parser_expect(parser, BP_TOKEN_BLOCK_END, "'%}'");
}

static int take_word(struct bp_parser *parser, const char *word) {
        if (!bp_parser_at_word(parser, word))
                return bp_parser_fail(parser, "expected '%s'", word);
        return bp_parser_advance(parser);
}

/* Words that end a body, with NULL behind the last. */
typedef const char *const end_words[4];

static bool at_any_word(const struct bp_parser *parser, end_words words) {
        for (size_t i = 0; words && words[i]; i++)
                if (bp_parser_at_word(parser, words[i]))
                        return true;
        return false;
}

static int parse_statement(struct bp_parser *parser, struct body *body);

static int parse_print(struct bp_parser *parser, struct body *body) {
        struct bp_statement statement = {.kind = BP_STATEMENT_PRINT, .offset = parser->token.offset};
        int r = bp_parser_advance(parser);

        if (r == 0)
                r = bp_parser_tuple(parser, true, &statement.expression);
        if (r == 0)
                r = bp_parser_expect(parser, BP_TOKEN_PRINT_END, "'}}'");
        return r != 0 ? r : add_statement(parser, body, statement);
}

static int parse_text(struct bp_parser *parser, struct body *body) {
        struct bp_statement statement = {.kind = BP_STATEMENT_TEXT,
                                         .offset = parser->token.offset,
                                         .text = parser->lexer.source + parser->token.offset,
                                         .size = parser->token.size};
        int r = bp_parser_advance(parser);

        return r != 0 || !statement.size ? r : add_statement(parser, body, statement);
}

/* Up to a block tag that starts with one of `ends` (NULL: to the end of the text); the token is then at that word. */
static int parse_body(struct bp_parser *parser, end_words ends, uint32_t opening, struct body *body) {
        int r = bp_parser_enter(parser);

        while (r == 0) {
                if (parser->token.kind == BP_TOKEN_TEXT) {
                        r = parse_text(parser, body);
                } else if (parser->token.kind == BP_TOKEN_PRINT_BEGIN) {
                        r = parse_print(parser, body);
                } else if (parser->token.kind == BP_TOKEN_BLOCK_BEGIN) {
                        r = bp_parser_advance(parser);
                        if (r == 0 && at_any_word(parser, ends))
                                break;
                        if (r == 0)
                                r = parse_statement(parser, body);
                        if (r == 0)
                                r = expect_block_end(parser);
                } else if (ends) {
                        return bp_lexer_fail(&parser->lexer, opening, "TEMPLATE_SYNTAX",
                                             "this statement is not closed; expected '{%% %s %%}'", ends[0]);
                } else {
                        break;
                }
        }
        bp_parser_leave(parser);
        return r;
}

/* The body behind a statement's tag: optional colon, `%}`, body. */
static int parse_block(struct bp_parser *parser, end_words ends, uint32_t opening,
                       const struct bp_statement **ret_body) {
        struct body body = {0};
        int r = 0;

        if (parser->token.kind == BP_TOKEN_COLON)
                r = bp_parser_advance(parser);
        if (r == 0)
                r = expect_block_end(parser);
        if (r == 0)
                r = parse_body(parser, ends, opening, &body);
        if (r == 0)
                *ret_body = body.first;
        return r;
}

static int add_target(struct bp_parser *parser, struct bp_target target, const struct bp_target **ret_target) {
        struct bp_target *copy = bp_arena_alloc(parser->arena, sizeof(*copy));

        if (!copy)
                return -ENOMEM;
        *copy = target;
        *ret_target = copy;
        return 0;
}

static bool at_reserved_name(const struct bp_parser *parser) {
        static const char *const names[] = {"true", "false", "none", "True", "False", "None"};

        for (size_t i = 0; i < BP_COUNT(names); i++)
                if (bp_parser_at_word(parser, names[i]))
                        return true;
        return false;
}

static int parse_namespace_target(struct bp_parser *parser, const struct bp_target **ret_target) {
        struct bp_target target = {.kind = BP_TARGET_NAMESPACE};
        int r = bp_parser_name(parser, &target.name);

        if (r == 0)
                r = bp_parser_expect(parser, BP_TOKEN_DOT, "'.'");
        if (r == 0 && parser->token.kind != BP_TOKEN_NAME)
                r = bp_parser_fail(parser, "expected a name");
        if (r != 0)
                return r;
        target.attribute = parser->lexer.source + parser->token.offset;
        target.attribute_size = parser->token.size;
        r = bp_parser_advance(parser);
        return r != 0 ? r : add_target(parser, target, ret_target);
}

static int parse_name_target(struct bp_parser *parser, bool namespaces, const struct bp_target **ret_target) {
        struct bp_target target = {.kind = BP_TARGET_NAME};
        int r;

        if (parser->token.kind != BP_TOKEN_NAME || at_reserved_name(parser))
                return bp_parser_fail(parser, "expected a name to assign to");
        if (namespaces && parser->lexer.at < parser->lexer.size && parser->lexer.source[parser->lexer.at] == '.')
                return parse_namespace_target(parser, ret_target);
        r = bp_parser_variable(parser, parser->lexer.source + parser->token.offset, parser->token.size,
                               &target.variable);
        if (r == 0)
                r = bp_parser_advance(parser);
        return r != 0 ? r : add_target(parser, target, ret_target);
}

struct target_list {
        const struct bp_target **items;
        uint32_t count, capacity;
};

static int append_target(struct bp_parser *parser, struct target_list *list, const struct bp_target *target) {
        if (list->count == list->capacity) {
                uint32_t capacity = list->capacity ? list->capacity * 2 : 4;
                const struct bp_target **items =
                        bp_arena_grow(parser->arena, list->items, list->capacity * sizeof(struct bp_target *),
                                      capacity * sizeof(struct bp_target *));

                if (!items)
                        return -ENOMEM;
                list->items = items;
                list->capacity = capacity;
        }
        list->items[list->count++] = target;
        return 0;
}

static int parse_targets(struct bp_parser *parser, bool namespaces, const struct bp_target **ret_target);

/* One name, or several in parentheses. */
static int parse_one_target(struct bp_parser *parser, bool namespaces, const struct bp_target **ret_target) {
        int r;

        if (parser->token.kind != BP_TOKEN_LEFT_PAREN)
                return parse_name_target(parser, namespaces, ret_target);
        r = bp_parser_enter(parser);
        if (r == 0)
                r = bp_parser_advance(parser);
        if (r == 0)
                r = parse_targets(parser, false, ret_target);
        if (r == 0)
                r = bp_parser_expect(parser, BP_TOKEN_RIGHT_PAREN, "')'");
        if (r == 0)
                bp_parser_leave(parser);
        return r;
}

/* What is assigned to: a name, `namespace.name`, or several with commas between them. */
static int parse_targets(struct bp_parser *parser, bool namespaces, const struct bp_target **ret_target) {
        struct bp_target tuple = {.kind = BP_TARGET_TUPLE};
        struct target_list list = {0};
        const struct bp_target *first = NULL, *target = NULL;
        int r = parse_one_target(parser, namespaces, &first);

        if (r != 0 || parser->token.kind != BP_TOKEN_COMMA) {
                if (r == 0)
                        *ret_target = first;
                return r;
        }
        r = append_target(parser, &list, first);
        while (r == 0 && parser->token.kind == BP_TOKEN_COMMA) {
                r = bp_parser_advance(parser);
                if (r != 0 || parser->token.kind == BP_TOKEN_ASSIGN || bp_parser_at_word(parser, "in") ||
                    parser->token.kind == BP_TOKEN_RIGHT_PAREN)
                        break;
                r = parse_one_target(parser, false, &target);
                if (r == 0)
                        r = append_target(parser, &list, target);
        }
        tuple.items = list.items;
        tuple.n_items = list.count;
        return r != 0 ? r : add_target(parser, tuple, ret_target);
}

/* The token is behind `if`. The links of the chain hang below one another and are parsed in a loop: it may be long. */
static int parse_if(struct bp_parser *parser, uint32_t offset, struct body *body) {
        static end_words links = {"endif", "elif", "else", NULL}, end = {"endif", NULL};
        const struct bp_statement **hook = NULL;
        int r = 0;

        while (r == 0) {
                struct bp_statement *link = bp_arena_alloc(parser->arena, sizeof(*link));

                if (!link)
                        return -ENOMEM;
                *link = (struct bp_statement){.kind = BP_STATEMENT_IF, .offset = offset};
                if (hook)
                        *hook = link;
                else
                        append(body, link);
                hook = &link->otherwise;
                r = bp_parser_tuple(parser, false, &link->expression);
                if (r == 0)
                        r = parse_block(parser, links, offset, &link->body);
                if (r != 0 || bp_parser_at_word(parser, "endif"))
                        break;
                link->is_elif = bp_parser_at_word(parser, "elif");
                r = bp_parser_advance(parser);
                if (r != 0 || link->is_elif)
                        continue;
                r = parse_block(parser, end, offset, &link->otherwise);
                break;
        }
        return r != 0 ? r : take_word(parser, "endif");
}

static int parse_for(struct bp_parser *parser, uint32_t offset, struct body *body) {
        static end_words ends = {"endfor", "else", NULL}, end = {"endfor", NULL};
        struct bp_statement statement = {.kind = BP_STATEMENT_FOR, .offset = offset};
        int r = parse_targets(parser, false, &statement.target);

        if (r == 0)
                r = take_word(parser, "in");
        if (r == 0)
                r = bp_parser_tuple(parser, false, &statement.expression);
        if (r == 0 && bp_parser_at_word(parser, "if")) {
                r = bp_parser_advance(parser);
                if (r == 0)
                        r = bp_parser_expression(parser, true, &statement.condition);
        }
        if (r == 0 && bp_parser_at_word(parser, "recursive"))
                return bp_parser_fail(parser, "recursive loops are not supported");
        if (r == 0)
                r = bp_parser_variable(parser, "loop", 4, &statement.loop_variable);
        if (r == 0)
                r = parse_block(parser, ends, offset, &statement.body);
        if (r == 0 && bp_parser_at_word(parser, "else")) {
                r = bp_parser_advance(parser);
                if (r == 0)
                        r = parse_block(parser, end, offset, &statement.otherwise);
        }
        if (r == 0)
                r = take_word(parser, "endfor");
        return r != 0 ? r : add_statement(parser, body, statement);
}

static int parse_set(struct bp_parser *parser, uint32_t offset, struct body *body) {
        static end_words end = {"endset", NULL};
        struct bp_statement statement = {.kind = BP_STATEMENT_SET, .offset = offset};
        int r = parse_targets(parser, true, &statement.target);

        if (r == 0 && parser->token.kind == BP_TOKEN_ASSIGN) {
                r = bp_parser_advance(parser);
                if (r == 0)
                        r = bp_parser_tuple(parser, true, &statement.expression);
                return r != 0 ? r : add_statement(parser, body, statement);
        }
        statement.kind = BP_STATEMENT_SET_BLOCK;
        if (r == 0 && parser->token.kind == BP_TOKEN_PIPE) {
                r = bp_parser_advance(parser);
                if (r == 0)
                        r = bp_parser_filters(parser, &statement.expression);
        }
        if (r == 0)
                r = parse_block(parser, end, offset, &statement.body);
        if (r == 0)
                r = take_word(parser, "endset");
        return r != 0 ? r : add_statement(parser, body, statement);
}

static int parse_with_item(struct bp_parser *parser, struct target_list *targets, struct bp_node_list *values) {
        const struct bp_target *target = NULL;
        const struct bp_node *value = NULL;
        int r = parse_one_target(parser, false, &target);

        if (r == 0)
                r = append_target(parser, targets, target);
        if (r == 0)
                r = bp_parser_expect(parser, BP_TOKEN_ASSIGN, "'='");
        if (r == 0)
                r = bp_parser_expression(parser, true, &value);
        return r != 0 ? r : bp_parser_add_node(parser, values, value);
}

static int parse_with(struct bp_parser *parser, uint32_t offset, struct body *body) {
        static end_words end = {"endwith", NULL};
        struct bp_statement statement = {.kind = BP_STATEMENT_WITH, .offset = offset};
        struct target_list targets = {0};
        struct bp_node_list values = {0};
        int r = 0;

        while (r == 0 && parser->token.kind != BP_TOKEN_BLOCK_END) {
                if (targets.count)
                        r = bp_parser_expect(parser, BP_TOKEN_COMMA, "','");
                if (r == 0)
                        r = parse_with_item(parser, &targets, &values);
        }
        if (r == 0)
                r = parse_block(parser, end, offset, &statement.body);
        if (r == 0)
                r = take_word(parser, "endwith");
        statement.targets = targets.items;
        statement.values = values.items;
        statement.n_targets = targets.count;
        return r != 0 ? r : add_statement(parser, body, statement);
}

static int parse_filter_block(struct bp_parser *parser, uint32_t offset, struct body *body) {
        static end_words end = {"endfilter", NULL};
        struct bp_statement statement = {.kind = BP_STATEMENT_FILTER, .offset = offset};
        int r = bp_parser_filters(parser, &statement.expression);

        if (r == 0)
                r = parse_block(parser, end, offset, &statement.body);
        if (r == 0)
                r = take_word(parser, "endfilter");
        return r != 0 ? r : add_statement(parser, body, statement);
}

static int parse_print_statement(struct bp_parser *parser, uint32_t offset, struct body *body) {
        (void)body;
        return bp_lexer_fail(&parser->lexer, offset, "TEMPLATE_SYNTAX",
                             "'print' is not supported; write {{ expression }}");
}

static const struct {
        const char *word;
        int (*parse)(struct bp_parser *parser, uint32_t offset, struct body *body);
} statements[] = {
        {"if", parse_if},
        {"for", parse_for},
        {"set", parse_set},
        {"with", parse_with},
        {"filter", parse_filter_block},
        {"print", parse_print_statement},
};

static const char *const unsupported[] = {"macro",   "call",       "include", "import", "from",
                                          "extends", "autoescape", "block",   "do",     "trans"};

/* The token is at the word behind `{%`. */
static int parse_statement(struct bp_parser *parser, struct body *body) {
        uint32_t offset = parser->token.offset;

        for (size_t i = 0; i < BP_COUNT(statements); i++) {
                int r;

                if (!bp_parser_at_word(parser, statements[i].word))
                        continue;
                r = bp_parser_advance(parser);
                return r != 0 ? r : statements[i].parse(parser, offset, body);
        }
        for (size_t i = 0; i < BP_COUNT(unsupported); i++)
                if (bp_parser_at_word(parser, unsupported[i]))
                        return bp_lexer_fail(&parser->lexer, offset, "TEMPLATE_SYNTAX",
                                             "the statement '%s' is not supported", unsupported[i]);
        return bp_parser_fail(parser, "expected a statement");
}

/* Now that every assignment is known: what does each name mean? */
static void resolve_names(struct bp_parser *parser) {
        struct bp_value variables = {0};
        bool any = parser->variables.count > 0 && bp_object_finish(&parser->variables, &variables) == 0;

        for (struct bp_name_use *use = parser->uses; use; use = use->next) {
                struct bp_node *node = use->node;
                const struct bp_value *variable = any ? bp_value_get_n(&variables, node->text, node->size) : NULL;

                node->variable = variable ? (uint32_t)variable->as.integer : BP_NO_VARIABLE;
                node->function.global = bp_global_find(node->text, node->size);
                if (strcmp(node->text, "params") == 0)
                        node->root = BP_ROOT_PARAMS;
                else if (strcmp(node->text, "steps") == 0)
                        node->root = BP_ROOT_STEPS;
                else
                        node->root = node->function.global ? BP_ROOT_GLOBAL : BP_ROOT_UNKNOWN;
        }
}

static bool is_blank(const struct bp_statement *statement) {
        for (uint32_t at = 0; at < statement->size;) {
                size_t step;

                if (!bp_utf8_is_space(bp_utf8_decode(statement->text + at, &step)))
                        return false;
                at += (uint32_t)step;
        }
        return true;
}

/* White space control, or a comment beside it, makes an expression part of a text. */
static bool has_plain_braces(const struct bp_template *template) {
        const char *start = template->source, *end = start + template->source_size;
        size_t step;

        while (start < end && bp_utf8_is_space(bp_utf8_decode(start, &step)))
                start += step;
        while (end > start && end[-1] != '}')
                end--;
        return end - start >= 4 && memcmp(start, "{{", 2) == 0 && start[2] != '-' && start[2] != '+' &&
               memcmp(end - 2, "}}", 2) == 0 && end[-3] != '-';
}

static const struct bp_node *sole_expression(const struct bp_template *template) {
        const struct bp_node *expression = NULL;

        for (const struct bp_statement *at = template->body; at; at = at->next) {
                if (at->kind == BP_STATEMENT_TEXT && is_blank(at))
                        continue;
                if (at->kind != BP_STATEMENT_PRINT || expression)
                        return NULL;
                expression = at->expression;
        }
        return expression && has_plain_braces(template) ? expression : NULL;
}

static struct bp_parser new_parser(struct bp_template *template, struct bp_arena *arena, uint8_t mode,
                                   struct bp_problem *problem) {
        struct bp_parser parser = {.lexer = {.arena = arena,
                                             .source = template->source,
                                             .size = (uint32_t) template->source_size,
                                             .mode = mode,
                                             .problem = problem},
                                   .arena = arena,
                                   .limits = &template->limits};

        bp_object_init(&parser.variables, arena);
        return parser;
}

int bp_parser_run(struct bp_template *template, struct bp_arena *arena, struct bp_problem *reterr_problem) {
        struct bp_parser parser = new_parser(template, arena, BP_LEXER_TEXT, reterr_problem);
        struct body body = {0};
        int r = bp_parser_advance(&parser);

        if (r == 0)
                r = parse_body(&parser, NULL, 0, &body);
        if (r != 0)
                return r;
        resolve_names(&parser);
        template->body = body.first;
        template->n_variables = parser.variables.count;
        template->expression = sole_expression(template);
        return 0;
}

int bp_parser_run_expression(struct bp_template *template, struct bp_arena *arena, struct bp_problem *reterr_problem) {
        struct bp_parser parser = new_parser(template, arena, BP_LEXER_EXPRESSION, reterr_problem);
        int r = bp_parser_advance(&parser);

        if (r == 0)
                r = bp_parser_expression(&parser, true, &template->expression);
        if (r == 0 && parser.token.kind != BP_TOKEN_END)
                r = bp_parser_fail(&parser, "expected the end of the expression");
        if (r == 0)
                resolve_names(&parser);
        return r;
}
