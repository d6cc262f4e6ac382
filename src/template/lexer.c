/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tokens of Jinja2: text between tags, and names, numbers, strings and operators inside them. White space control
 * and comments and raw blocks are dealt with here, so that the parser sees text that is final.
 */
#include "template/lexer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "template/template.h"

void bp_lexer_locate(const char *source, size_t size, size_t offset, uint32_t *ret_line, uint32_t *ret_column) {
        uint32_t line = 1;
        size_t start = 0;

        if (offset > size)
                offset = size;
        for (size_t i = 0; i < offset; i++) {
                if (source[i] == '\n') {
                        line++;
                        start = i + 1;
                }
        }
        *ret_line = line;
        *ret_column = (uint32_t)bp_utf8_length(source + start, offset - start) + 1;
}

int bp_lexer_fail(const struct bp_lexer *lexer, uint32_t offset, const char *code, const char *format, ...) {
        char message[400];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);
        bp_problem_set(lexer->problem, code, "%s", message);
        if (lexer->problem)
                bp_lexer_locate(lexer->source, lexer->size, offset, &lexer->problem->line, &lexer->problem->column);
        return BP_PROBLEM;
}

static int syntax(const struct bp_lexer *lexer, uint32_t offset, const char *text) {
        return bp_lexer_fail(lexer, offset, "TEMPLATE_SYNTAX", "%s", text);
}

static uint32_t skip_space(const struct bp_lexer *lexer, uint32_t at) {
        while (at < lexer->size) {
                size_t step;

                if (!bp_utf8_is_space(bp_utf8_decode(lexer->source + at, &step)))
                        break;
                at += (uint32_t)step;
        }
        return at;
}

static uint32_t trim_end(const struct bp_lexer *lexer, uint32_t start, uint32_t end) {
        while (end > start) {
                uint32_t last = end - 1;
                size_t step;

                while (last > start && ((unsigned char)lexer->source[last] & 0xC0) == 0x80)
                        last--;
                if (!bp_utf8_is_space(bp_utf8_decode(lexer->source + last, &step)))
                        break;
                end = last;
        }
        return end;
}

static bool looking_at(const struct bp_lexer *lexer, uint32_t at, const char *text) {
        size_t size = strlen(text);

        return lexer->size - at >= size && memcmp(lexer->source + at, text, size) == 0;
}

/* The next `{{`, `{%` or `{#`, or the end. */
static uint32_t find_tag(const struct bp_lexer *lexer, uint32_t at) {
        while (at < lexer->size) {
                const char *brace = memchr(lexer->source + at, '{', lexer->size - at);

                if (!brace)
                        break;
                at = (uint32_t)(brace - lexer->source);
                if (at + 1 < lexer->size && strchr("{%#", brace[1]))
                        return at;
                at++;
        }
        return lexer->size;
}

/* What stands between a tag's opening and a word: `{%- word`. @return offset after the word, 0 when it is not there */
static uint32_t match_block_word(const struct bp_lexer *lexer, uint32_t at, const char *word) {
        if (!looking_at(lexer, at, "{%"))
                return 0;
        at += 2;
        if (at < lexer->size && (lexer->source[at] == '-' || lexer->source[at] == '+'))
                at++;
        at = skip_space(lexer, at);
        if (!looking_at(lexer, at, word))
                return 0;
        return skip_space(lexer, at + (uint32_t)strlen(word));
}

/* The end of a block tag with its white space control. @return offset after it, 0 when it is not there */
static uint32_t match_block_end(const struct bp_lexer *lexer, uint32_t at, bool plus_allowed) {
        if (looking_at(lexer, at, "-%}"))
                return skip_space(lexer, at + 3);
        if (plus_allowed && looking_at(lexer, at, "+%}"))
                return at + 3;
        return looking_at(lexer, at, "%}") ? at + 2 : 0;
}

static void set_text(struct bp_token *token, uint32_t start, uint32_t end) {
        *token = (struct bp_token){.kind = BP_TOKEN_TEXT, .offset = start, .size = end - start};
}

/* `at` is behind `{% raw %}`. */
static int lex_raw(struct bp_lexer *lexer, uint32_t opening, uint32_t at, struct bp_token *ret_token) {
        for (uint32_t tag = at; tag < lexer->size; tag++) {
                const char *brace = memchr(lexer->source + tag, '{', lexer->size - tag);
                uint32_t after;

                if (!brace)
                        break;
                tag = (uint32_t)(brace - lexer->source);
                after = match_block_word(lexer, tag, "endraw");
                after = after ? match_block_end(lexer, after, true) : 0;
                if (!after)
                        continue;
                set_text(ret_token, at, lexer->source[tag + 2] == '-' ? trim_end(lexer, at, tag) : tag);
                lexer->at = after;
                return 0;
        }
        return syntax(lexer, opening, "this {% raw %} has no {% endraw %}");
}

/* `at` is behind `{#`. */
static int skip_comment(struct bp_lexer *lexer, uint32_t at) {
        uint32_t content = at;
        const char *end;

        if (content < lexer->size && (lexer->source[content] == '-' || lexer->source[content] == '+'))
                content++;
        end = memmem(lexer->source + content, lexer->size - content, "#}", 2);
        if (!end)
                return syntax(lexer, at - 2, "this comment has no end; close it with '#}'");
        lexer->at = (uint32_t)(end - lexer->source) + 2;
        if (end > lexer->source + content && end[-1] == '-')
                lexer->at = skip_space(lexer, lexer->at);
        return 0;
}

static void open_tag(struct bp_lexer *lexer, uint32_t tag, struct bp_token *ret_token) {
        bool print = lexer->source[tag + 1] == '{';
        char sign = tag + 2 < lexer->size ? lexer->source[tag + 2] : '\0';

        *ret_token = (struct bp_token){.kind = print ? BP_TOKEN_PRINT_BEGIN : BP_TOKEN_BLOCK_BEGIN,
                                       .trims = sign == '-',
                                       .offset = tag,
                                       .size = 2 + (sign == '-' || sign == '+')};
        lexer->mode = print ? BP_LEXER_PRINT : BP_LEXER_BLOCK;
        lexer->opened = tag;
        lexer->at = tag + ret_token->size;
}

static int lex_text(struct bp_lexer *lexer, struct bp_token *ret_token) {
        while (lexer->at < lexer->size) {
                uint32_t start = lexer->at, tag = find_tag(lexer, start), raw;
                bool trims = tag + 2 < lexer->size && lexer->source[tag + 2] == '-';
                uint32_t end = trims ? trim_end(lexer, start, tag) : tag;
                int r;

                if (end > start) {
                        set_text(ret_token, start, end);
                        lexer->at = tag;
                        return 0;
                }
                lexer->at = tag;
                if (tag == lexer->size)
                        break;
                raw = match_block_word(lexer, tag, "raw");
                raw = raw ? match_block_end(lexer, raw, false) : 0;
                if (raw)
                        return lex_raw(lexer, tag, raw, ret_token);
                if (lexer->source[tag + 1] != '#') {
                        open_tag(lexer, tag, ret_token);
                        return 0;
                }
                r = skip_comment(lexer, tag + 2);
                if (r != 0)
                        return r;
        }
        *ret_token = (struct bp_token){.kind = BP_TOKEN_END, .offset = lexer->size};
        return 0;
}

static bool is_digit(char byte) {
        return byte >= '0' && byte <= '9';
}

/* Digits that underscores may separate. @return offset behind them, `at` when there is none */
static uint32_t scan_digits(const struct bp_lexer *lexer, uint32_t at) {
        uint32_t end = at;

        while (end < lexer->size &&
               (is_digit(lexer->source[end]) || (lexer->source[end] == '_' && end > at && end + 1 < lexer->size &&
                                                 is_digit(lexer->source[end - 1]) && is_digit(lexer->source[end + 1]))))
                end++;
        return end;
}

/* @return offset behind the float, 0 when there is none */
static uint32_t scan_float(const struct bp_lexer *lexer, uint32_t at) {
        uint32_t end = scan_digits(lexer, at), fraction, exponent;
        bool is_float = false;

        if (at > 0 && lexer->source[at - 1] == '.')
                return 0;
        if (end < lexer->size && lexer->source[end] == '.') {
                fraction = scan_digits(lexer, end + 1);
                if (fraction > end + 1) {
                        is_float = true;
                        end = fraction;
                }
        }
        if (end < lexer->size && (lexer->source[end] == 'e' || lexer->source[end] == 'E')) {
                exponent = end + 1;
                if (exponent < lexer->size && (lexer->source[exponent] == '+' || lexer->source[exponent] == '-'))
                        exponent++;
                if (scan_digits(lexer, exponent) > exponent) {
                        is_float = true;
                        end = scan_digits(lexer, exponent);
                }
        }
        return is_float ? end : 0;
}

static bool is_digit_of(char byte, int base) {
        int value = -1;

        if (byte >= '0' && byte <= '9')
                value = byte - '0';
        else if (byte >= 'a' && byte <= 'f')
                value = byte - 'a' + 10;
        else if (byte >= 'A' && byte <= 'F')
                value = byte - 'A' + 10;
        return value >= 0 && value < base;
}

/* @return offset behind the integer; its base and where its digits start */
static uint32_t scan_integer(const struct bp_lexer *lexer, uint32_t at, int *ret_base, uint32_t *ret_digits) {
        char marker = at + 1 < lexer->size ? (char)(lexer->source[at + 1] | 0x20) : '\0';
        int base = marker == 'x' ? 16 : marker == 'o' ? 8 : marker == 'b' ? 2 : 10;
        uint32_t end = at;

        *ret_base = 10;
        *ret_digits = at;
        if (lexer->source[at] != '0')
                return scan_digits(lexer, at);
        if (base != 10) {
                end = at + 2;
                while (end < lexer->size &&
                       (is_digit_of(lexer->source[end], base) ||
                        (lexer->source[end] == '_' && end + 1 < lexer->size && lexer->source[end - 1] != '_' &&
                         is_digit_of(lexer->source[end + 1], base))))
                        end++;
                if (end > at + 2) {
                        *ret_base = base;
                        *ret_digits = at + 2;
                        return end;
                }
                end = at;
        }
        while (end < lexer->size &&
               (lexer->source[end] == '0' ||
                (lexer->source[end] == '_' && end > at && end + 1 < lexer->size && lexer->source[end + 1] == '0')))
                end++;
        return end;
}

enum { LONGEST_NUMBER = 400 };

/* Copies without underscores. @return false when it is too long for a number */
static bool copy_number(const struct bp_lexer *lexer, uint32_t start, uint32_t end, char text[LONGEST_NUMBER]) {
        size_t used = 0;

        for (; start < end; start++) {
                if (lexer->source[start] == '_')
                        continue;
                if (used + 1 >= LONGEST_NUMBER)
                        return false;
                text[used++] = lexer->source[start];
        }
        text[used] = '\0';
        return true;
}

static int lex_number(struct bp_lexer *lexer, struct bp_token *ret_token) {
        uint32_t at = lexer->at, end = scan_float(lexer, at), digits = at;
        char text[LONGEST_NUMBER];
        struct bp_token token = {.offset = at};
        int base = 10;

        token.kind = end ? BP_TOKEN_FLOAT : BP_TOKEN_INTEGER;
        if (!end)
                end = scan_integer(lexer, at, &base, &digits);
        token.size = end - at;
        if (!copy_number(lexer, digits, end, text))
                return syntax(lexer, at, "this number has too many digits");
        if (token.kind == BP_TOKEN_FLOAT) {
                token.value = bp_value_float(strtod(text, NULL));
                if (token.value.as.number > 1.7976931348623157e308)
                        return syntax(lexer, at, "this number is too large");
        } else {
                errno = 0;
                token.value = bp_value_int(strtoll(text, NULL, base));
                if (errno == ERANGE)
                        return syntax(lexer, at, "this integer is beyond 64 bits");
        }
        lexer->at = end;
        *ret_token = token;
        return 0;
}

static int hex_value(char byte) {
        if (is_digit(byte))
                return byte - '0';
        byte = (char)(byte | 0x20);
        return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* \xhh, \uhhhh, \Uhhhhhhhh: `at` is at the letter. @return bytes read after the backslash, 0 when it is not valid */
static uint32_t add_hex_escape(struct bp_strbuf *text, const char *at, const char *end) {
        uint32_t digits = *at == 'x' ? 2 : *at == 'u' ? 4 : 8;
        uint32_t code_point = 0;
        char bytes[4];

        if ((size_t)(end - at) < digits + 1)
                return 0;
        for (uint32_t i = 1; i <= digits; i++) {
                if (hex_value(at[i]) < 0 || code_point > 0xFFFFFF)
                        return 0;
                code_point = code_point << 4 | (uint32_t)hex_value(at[i]);
        }
        if (code_point == 0 || code_point > 0x10FFFF || (code_point >= 0xD800 && code_point < 0xE000))
                return 0;
        bp_strbuf_add(text, bytes, bp_utf8_encode(code_point, bytes));
        return digits + 1;
}

static uint32_t add_octal_escape(struct bp_strbuf *text, const char *at, const char *end) {
        uint32_t code_point = 0, count = 0;
        char bytes[4];

        while (count < 3 && at + count < end && at[count] >= '0' && at[count] <= '7')
                code_point = code_point << 3 | (uint32_t)(at[count++] - '0');
        if (code_point == 0)
                return 0;
        bp_strbuf_add(text, bytes, bp_utf8_encode(code_point, bytes));
        return count;
}

/* `at` is behind the backslash. @return bytes read, 0 when the escape is not valid */
static uint32_t add_escape(struct bp_strbuf *text, const char *at, const char *end) {
        static const char letters[] = "abfnrtv\\'\"", meanings[] = "\a\b\f\n\r\t\v\\'\"";
        const char *letter = strchr(letters, *at);

        if (letter) {
                bp_strbuf_add_char(text, meanings[letter - letters]);
                return 1;
        }
        if (*at == '\n')
                return 1;
        if (*at == 'x' || *at == 'u' || *at == 'U')
                return add_hex_escape(text, at, end);
        if (*at >= '0' && *at <= '7')
                return add_octal_escape(text, at, end);
        if (*at == 'N')
                return 0;
        bp_strbuf_add_char(text, '\\');
        return UINT32_MAX;
}

static int unescape(struct bp_lexer *lexer, uint32_t start, uint32_t end, struct bp_value *ret_value) {
        const char *at = lexer->source + start, *stop = lexer->source + end;
        struct bp_strbuf text;

        bp_strbuf_init(&text, lexer->arena, lexer->size);
        bp_strbuf_add(&text, "", 0);
        while (at < stop) {
                const char *backslash = memchr(at, '\\', (size_t)(stop - at));
                uint32_t used;

                bp_strbuf_add(&text, at, (size_t)((backslash ? backslash : stop) - at));
                if (!backslash)
                        break;
                used = add_escape(&text, backslash + 1, stop);
                if (!used)
                        return syntax(lexer, (uint32_t)(backslash - lexer->source),
                                      "this escape in a text is not valid");
                at = backslash + 1 + (used == UINT32_MAX ? 0 : used);
        }
        if (text.error)
                return -ENOMEM;
        *ret_value = bp_value_text_borrow(text.text, text.size);
        return 0;
}

static int lex_string(struct bp_lexer *lexer, struct bp_token *ret_token) {
        uint32_t start = lexer->at + 1, end = start;
        char quote = lexer->source[lexer->at];
        struct bp_token token = {.kind = BP_TOKEN_STRING, .offset = lexer->at};
        int r;

        while (end < lexer->size && lexer->source[end] != quote)
                end += lexer->source[end] == '\\' ? 2 : 1;
        if (end >= lexer->size)
                return syntax(lexer, lexer->at, "this text has no closing quote");
        r = unescape(lexer, start, end, &token.value);
        if (r != 0)
                return r;
        token.size = end + 1 - lexer->at;
        lexer->at = end + 1;
        *ret_token = token;
        return 0;
}

static bool is_name_part(uint32_t code_point, bool first) {
        if (code_point < 0x80)
                return code_point == '_' || (code_point | 0x20) - 'a' < 26 || (!first && code_point - '0' < 10);
        return first ? bp_utf8_is_letter(code_point) : bp_utf8_is_alphanumeric(code_point);
}

static uint32_t scan_name(const struct bp_lexer *lexer, uint32_t at) {
        uint32_t start = at;

        while (at < lexer->size) {
                size_t step;

                if (!is_name_part(bp_utf8_decode(lexer->source + at, &step), at == start))
                        break;
                at += (uint32_t)step;
        }
        return at;
}

/* Longer ones first. */
static const struct {
        char text[3];
        uint8_t kind;
} operators[] = {
        {"//", BP_TOKEN_FLOOR_DIVIDE}, {"**", BP_TOKEN_POWER},         {"==", BP_TOKEN_EQUAL},
        {"!=", BP_TOKEN_NOT_EQUAL},    {">=", BP_TOKEN_GREATER_EQUAL}, {"<=", BP_TOKEN_LESS_EQUAL},
        {"+", BP_TOKEN_ADD},           {"-", BP_TOKEN_SUBTRACT},       {"*", BP_TOKEN_MULTIPLY},
        {"/", BP_TOKEN_DIVIDE},        {"%", BP_TOKEN_MODULO},         {"~", BP_TOKEN_TILDE},
        {">", BP_TOKEN_GREATER},       {"<", BP_TOKEN_LESS},           {"=", BP_TOKEN_ASSIGN},
        {".", BP_TOKEN_DOT},           {":", BP_TOKEN_COLON},          {"|", BP_TOKEN_PIPE},
        {",", BP_TOKEN_COMMA},         {";", BP_TOKEN_SEMICOLON},      {"(", BP_TOKEN_LEFT_PAREN},
        {")", BP_TOKEN_RIGHT_PAREN},   {"[", BP_TOKEN_LEFT_BRACKET},   {"]", BP_TOKEN_RIGHT_BRACKET},
        {"{", BP_TOKEN_LEFT_BRACE},    {"}", BP_TOKEN_RIGHT_BRACE},
};

static int balance(struct bp_lexer *lexer, char byte) {
        char closer = byte == '(' ? ')' : byte == '[' ? ']' : byte == '{' ? '}' : '\0';

        if (closer) {
                if (lexer->n_closers == BP_LEXER_NESTING)
                        return bp_lexer_fail(lexer, lexer->at, "TEMPLATE_LIMIT", "brackets are nested too deep");
                lexer->closers[lexer->n_closers++] = closer;
                return 0;
        }
        if (byte != ')' && byte != ']' && byte != '}')
                return 0;
        if (lexer->n_closers == 0)
                return bp_lexer_fail(lexer, lexer->at, "TEMPLATE_SYNTAX", "unexpected '%c'", byte);
        closer = lexer->closers[--lexer->n_closers];
        if (closer != byte)
                return bp_lexer_fail(lexer, lexer->at, "TEMPLATE_SYNTAX", "unexpected '%c', expected '%c'", byte,
                                     closer);
        return 0;
}

static int lex_operator(struct bp_lexer *lexer, struct bp_token *ret_token) {
        for (size_t i = 0; i < BP_COUNT(operators); i++) {
                int r;

                if (!looking_at(lexer, lexer->at, operators[i].text))
                        continue;
                r = balance(lexer, operators[i].text[0]);
                if (r != 0)
                        return r;
                *ret_token = (struct bp_token){
                        .kind = operators[i].kind, .offset = lexer->at, .size = (uint32_t)strlen(operators[i].text)};
                lexer->at += ret_token->size;
                return 0;
        }
        return bp_lexer_fail(lexer, lexer->at, "TEMPLATE_SYNTAX", "unexpected character in an expression");
}

/* The end of the tag the lexer is in. @return false when it is not there */
static bool lex_tag_end(struct bp_lexer *lexer, struct bp_token *ret_token) {
        bool print = lexer->mode == BP_LEXER_PRINT;
        const char *end = print ? "}}" : "%}";
        char sign = lexer->source[lexer->at];
        bool trims = sign == '-', signed_end = trims || (sign == '+' && !print);

        if (lexer->mode == BP_LEXER_EXPRESSION || lexer->n_closers > 0)
                return false;
        if (!looking_at(lexer, lexer->at + (signed_end ? 1 : 0), end))
                return false;
        *ret_token = (struct bp_token){.kind = print ? BP_TOKEN_PRINT_END : BP_TOKEN_BLOCK_END,
                                       .trims = trims,
                                       .offset = lexer->at,
                                       .size = 2 + signed_end};
        lexer->at += ret_token->size;
        if (trims)
                lexer->at = skip_space(lexer, lexer->at);
        lexer->mode = BP_LEXER_TEXT;
        return true;
}

static int lex_end(struct bp_lexer *lexer, struct bp_token *ret_token) {
        if (lexer->mode == BP_LEXER_PRINT)
                return syntax(lexer, lexer->opened, "this expression has no end; close it with '}}'");
        if (lexer->mode == BP_LEXER_BLOCK)
                return syntax(lexer, lexer->opened, "this statement has no end; close it with '%}'");
        *ret_token = (struct bp_token){.kind = BP_TOKEN_END, .offset = lexer->size};
        return 0;
}

int bp_lexer_next(struct bp_lexer *lexer, struct bp_token *ret_token) {
        uint32_t end;
        char byte;

        if (lexer->mode == BP_LEXER_TEXT)
                return lex_text(lexer, ret_token);
        lexer->at = skip_space(lexer, lexer->at);
        if (lexer->at >= lexer->size)
                return lex_end(lexer, ret_token);
        if (lex_tag_end(lexer, ret_token))
                return 0;
        byte = lexer->source[lexer->at];
        if (is_digit(byte))
                return lex_number(lexer, ret_token);
        if (byte == '\'' || byte == '"')
                return lex_string(lexer, ret_token);
        end = scan_name(lexer, lexer->at);
        if (end == lexer->at)
                return lex_operator(lexer, ret_token);
        *ret_token = (struct bp_token){.kind = BP_TOKEN_NAME, .offset = lexer->at, .size = end - lexer->at};
        lexer->at = end;
        return 0;
}
