/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A telling name, `:` or `=`, and a value: password=x, "api_key": "x", Authorization: Bearer x.
 *
 * The value is what stands between quotes, or what ends at a blank or another separator. It goes on where it would
 * otherwise end in the middle of a secret: behind the name of a scheme (Bearer), and where it is itself a name with a
 * separator.
 */
#include <string.h>

#include "sanitize/secret.h"

static const struct word {
        const char *text;
        size_t size;
} names[] = {
#define WORD(word) \
        { word, sizeof(word) - 1 }
        WORD("password"),   WORD("passwd"),        WORD("pwd"),         WORD("passphrase"),  WORD("secret"),
        WORD("token"),      WORD("apikey"),        WORD("api_key"),     WORD("api-key"),     WORD("api key"),
        WORD("auth"),       WORD("authorization"), WORD("credential"),  WORD("credentials"), WORD("secret_key"),
        WORD("secret-key"), WORD("access_key"),    WORD("private_key"), WORD("private-key"), WORD("connection_string"),
};

static const struct word schemes[] = {
        WORD("bearer"), WORD("basic"), WORD("token"), WORD("apikey"), WORD("negotiate"), WORD("ntlm"), WORD("hawk"),
};

/* Their values are lists of names and values: everything to the end of the line belongs to them. */
static const struct word line_schemes[] = {
        WORD("digest"),
        WORD("aws4-hmac-sha256"),
        WORD("signature"),
#undef WORD
};

static bool is_equal_word(const char *text, const struct word *word) {
        for (size_t i = 0; i < word->size; i++) {
                char byte = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] | 0x20) : text[i];

                if (byte != word->text[i])
                        return false;
        }
        return true;
}

static bool is_one_of(const struct word *words, size_t n_words, const char *text, size_t size) {
        for (size_t i = 0; i < n_words; i++) {
                if (words[i].size == size && is_equal_word(text, &words[i]))
                        return true;
        }
        return false;
}

/* The end of a name before the separator: blanks, a quote and the backslashes before it may stand between. The name may
 * lie in what was taken for the value of another. */
static bool find_name_end(const struct bp_scan *scan, size_t at, size_t *ret_end) {
        size_t end = at;

        while (end > 0 && bp_is_blank(scan->text[end - 1]))
                end--;
        if (end > 0 && (scan->text[end - 1] == '"' || scan->text[end - 1] == '\''))
                end--;
        while (end > 0 && scan->text[end - 1] == '\\')
                end--;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                if (end >= names[i].size && is_equal_word(scan->text + end - names[i].size, &names[i])) {
                        *ret_end = end;
                        return true;
                }
        }
        return false;
}

static bool is_separator(char byte) {
        return byte == ':' || byte == '=' || byte == '>';
}

static bool ends_value(char byte) {
        return bp_is_blank(byte) || (byte && strchr("\r\n\v\f\"'`,;&}])", byte));
}

static size_t skip_blanks(const struct bp_scan *scan, size_t at) {
        while (at < scan->size && bp_is_blank(scan->text[at]))
                at++;
        return at;
}

static size_t skip_separators(const struct bp_scan *scan, size_t at) {
        while (at < scan->size && is_separator(scan->text[at]))
                at++;
        return skip_blanks(scan, at);
}

static size_t skip_line(const struct bp_scan *scan, size_t at) {
        while (at < scan->size && scan->text[at] != '\n')
                at++;
        return at;
}

static size_t skip_plain(const struct bp_scan *scan, size_t at) {
        while (at < scan->size && !ends_value(scan->text[at]))
                at++;
        return at;
}

/* Behind the closing quote: the first one with no more backslashes before it than the opening one had. Without one the
 * line ends the value. */
static size_t skip_quoted(const struct bp_scan *scan, size_t at, size_t n_backslashes, char quote) {
        size_t run = 0;

        for (; at < scan->size && scan->text[at] != '\n'; at++) {
                if (scan->text[at] == quote && run <= n_backslashes)
                        return at + 1;
                run = scan->text[at] == '\\' ? run + 1 : 0;
        }
        return at;
}

/* A value between quotes, if one begins here, and what touches it behind. */
static bool take_quoted(const struct bp_scan *scan, size_t at, size_t *ret_end) {
        size_t quote = at;

        while (quote < scan->size && scan->text[quote] == '\\')
                quote++;
        if (quote == scan->size || (scan->text[quote] != '"' && scan->text[quote] != '\'' && scan->text[quote] != '`'))
                return false;
        *ret_end = skip_plain(scan, skip_quoted(scan, quote + 1, quote - at, scan->text[quote]));
        return true;
}

/* True when the value at `at` is only the beginning. */
static bool goes_on(const struct bp_scan *scan, size_t at, size_t end, size_t next) {
        if (end == at || next == scan->size)
                return false;
        return is_separator(scan->text[end - 1]) || is_separator(scan->text[next]) ||
               is_one_of(schemes, sizeof(schemes) / sizeof(schemes[0]), scan->text + at, end - at);
}

static size_t take_value(const struct bp_scan *scan, size_t at) {
        size_t end, next;

        for (;;) {
                if (!take_quoted(scan, at, &end))
                        end = skip_plain(scan, at);
                if (is_one_of(line_schemes, sizeof(line_schemes) / sizeof(line_schemes[0]), scan->text + at, end - at))
                        return skip_line(scan, end);
                next = skip_blanks(scan, end);
                if (!goes_on(scan, at, end, next))
                        return end;
                at = skip_separators(scan, next);
        }
}

bool bp_secret_named(const struct bp_scan *scan, size_t at, struct bp_secret *ret_secret) {
        size_t name_end, from, to;

        if (!find_name_end(scan, at, &name_end))
                return false;
        from = skip_separators(scan, at);
        to = take_value(scan, from);
        if (to == from)
                return false;
        *ret_secret = (struct bp_secret){
                .from = name_end > scan->floor ? name_end : scan->floor, .to = to, .marker = "=" BP_REDACTED};
        return true;
}
