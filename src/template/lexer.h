/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts a template text into tokens, one at a time and only when asked: the parser may look at the source behind a
 * token, which is how hyphens in step ids are told from minus signs.
 */
#ifndef BP_TEMPLATE_LEXER_H
#define BP_TEMPLATE_LEXER_H

#include "base/value.h"

struct bp_arena;
struct bp_problem;

enum bp_token_kind {
        BP_TOKEN_END = 1,
        BP_TOKEN_TEXT,
        BP_TOKEN_PRINT_BEGIN,
        BP_TOKEN_PRINT_END,
        BP_TOKEN_BLOCK_BEGIN,
        BP_TOKEN_BLOCK_END,
        BP_TOKEN_NAME,
        BP_TOKEN_STRING,
        BP_TOKEN_INTEGER,
        BP_TOKEN_FLOAT,
        BP_TOKEN_ADD,
        BP_TOKEN_SUBTRACT,
        BP_TOKEN_MULTIPLY,
        BP_TOKEN_DIVIDE,
        BP_TOKEN_FLOOR_DIVIDE,
        BP_TOKEN_MODULO,
        BP_TOKEN_POWER,
        BP_TOKEN_TILDE,
        BP_TOKEN_EQUAL,
        BP_TOKEN_NOT_EQUAL,
        BP_TOKEN_LESS,
        BP_TOKEN_LESS_EQUAL,
        BP_TOKEN_GREATER,
        BP_TOKEN_GREATER_EQUAL,
        BP_TOKEN_ASSIGN,
        BP_TOKEN_DOT,
        BP_TOKEN_COLON,
        BP_TOKEN_PIPE,
        BP_TOKEN_COMMA,
        BP_TOKEN_SEMICOLON,
        BP_TOKEN_LEFT_PAREN,
        BP_TOKEN_RIGHT_PAREN,
        BP_TOKEN_LEFT_BRACKET,
        BP_TOKEN_RIGHT_BRACKET,
        BP_TOKEN_LEFT_BRACE,
        BP_TOKEN_RIGHT_BRACE,
};

struct bp_token {
        uint8_t kind;
        bool trims;            /* of the four tag borders: with a minus sign */
        uint32_t offset;       /* in the source */
        uint32_t size;         /* in the source */
        struct bp_value value; /* of a string or number */
};

/* What the lexer is inside of. */
enum bp_lexer_mode {
        BP_LEXER_TEXT = 1,
        BP_LEXER_PRINT,
        BP_LEXER_BLOCK,
        BP_LEXER_EXPRESSION, /* the source is one expression without braces around it */
};

enum { BP_LEXER_NESTING = 128 };

struct bp_lexer {
        struct bp_arena *arena;
        const char *source;
        uint32_t size, at;
        uint32_t opened; /* where the tag starts that the lexer is in */
        uint8_t mode;
        uint8_t n_closers;
        char closers[BP_LEXER_NESTING]; /* the brackets that are open, by what closes them */
        struct bp_problem *problem;
};

/* The next token. @return 0, -ENOMEM or BP_PROBLEM */
int bp_lexer_next(struct bp_lexer *lexer, struct bp_token *ret_token);

/* Where an offset lies in the source: both from 1, the column in code points. */
void bp_lexer_locate(const char *source, size_t size, size_t offset, uint32_t *ret_line, uint32_t *ret_column);

/* Fills a problem with the place of `offset`. @return BP_PROBLEM */
__attribute__((format(printf, 4, 5))) int bp_lexer_fail(const struct bp_lexer *lexer, uint32_t offset, const char *code,
                                                        const char *format, ...);

#endif
