/* SPDX-License-Identifier: Apache-2.0 */
/* What is a secret by its own shape, wherever it stands. */
#include <string.h>

#include "sanitize/secret.h"

enum {
        BEARER_SIZE_MIN = 20,
        JWT_SIZE_MIN = 20,
        BASE64_SIZE_MIN = 40,
        AWS_PREFIX_SIZE = 4,
        AWS_TAIL_SIZE = 16,
};

/* Tokens that say by their beginning what they are. */
static const struct shape {
        const char *prefix;
        size_t tail_min; /* bytes behind the prefix */
} shapes[] = {
        {"sk-", 16},         {"sk_live_", 10}, {"sk_test_", 10}, {"pk_live_", 10}, {"pk_test_", 10}, {"rk_live_", 10},
        {"rk_test_", 10},    {"whsec_", 10},   {"ghp_", 20},     {"gho_", 20},     {"ghu_", 20},     {"ghs_", 20},
        {"ghr_", 20},        {"glpat-", 20},   {"glrt-", 20},    {"xoxb-", 10},    {"xoxp-", 10},    {"xoxa-", 10},
        {"github_pat_", 20}, {"hf_", 20},      {"AIza", 30},
};

static const char *const aws_prefixes[] = {"AKIA", "ASIA", "AGPA", "AIDA", "AROA",
                                           "AIPA", "ANPA", "ANVA", "ABIA", "ACCA"};

static bool starts_with(const struct bp_scan *scan, size_t at, const char *prefix, size_t size) {
        return scan->size - at >= size && memcmp(scan->text + at, prefix, size) == 0;
}

static bool is_token_byte(char byte) {
        return bp_is_word(byte) || byte == '_' || byte == '-';
}

static bool is_bearer_byte(char byte) {
        return is_token_byte(byte) || byte == '.' || byte == '~' || byte == '+' || byte == '/' || byte == '=';
}

static bool is_base64_byte(char byte) {
        return bp_is_word(byte) || byte == '+' || byte == '/';
}

static size_t skip_run(const struct bp_scan *scan, size_t at, bool is_member(char byte)) {
        while (at < scan->size && is_member(scan->text[at]))
                at++;
        return at;
}

/* Three parts with a point between them. @return the end, or 0: there are not so many. */
static size_t end_of_jwt(const struct bp_scan *scan, size_t at) {
        size_t end = at;

        for (int part = 0; part < 3; part++) {
                size_t from = end;

                end = skip_run(scan, from, is_token_byte);
                if (end == from)
                        return 0;
                if (part < 2 && (end == scan->size || scan->text[end++] != '.'))
                        return 0;
        }
        return end;
}

static bool is_letter(char byte, char lower) {
        return (byte | 0x20) == lower;
}

static bool find_bearer(const struct bp_scan *scan, size_t at, struct bp_secret *ret_secret) {
        static const char word[] = "bearer";
        size_t from, to;

        if (scan->size - at < sizeof(word))
                return false;
        for (size_t i = 0; word[i]; i++) {
                if (!is_letter(scan->text[at + i], word[i]))
                        return false;
        }
        for (from = at + sizeof(word) - 1; from < scan->size && bp_is_blank(scan->text[from]);)
                from++;
        if (from == at + sizeof(word) - 1)
                return false;
        to = skip_run(scan, from, is_bearer_byte);
        if (to - from < BEARER_SIZE_MIN && !end_of_jwt(scan, from))
                return false;
        *ret_secret = (struct bp_secret){.from = from, .to = to, .marker = BP_REDACTED_TOKEN};
        return true;
}

static bool find_jwt(const struct bp_scan *scan, size_t at, struct bp_secret *ret_secret) {
        size_t end;

        if (!starts_with(scan, at, "eyJ", 3) ||
            (at > scan->floor && (is_token_byte(scan->text[at - 1]) || scan->text[at - 1] == '.')))
                return false;
        end = end_of_jwt(scan, at);
        if (!end || end - at < JWT_SIZE_MIN)
                return false;
        *ret_secret = (struct bp_secret){.from = at, .to = end, .marker = BP_REDACTED_TOKEN};
        return true;
}

static bool find_token(const struct bp_scan *scan, size_t at, struct bp_secret *ret_secret) {
        for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
                size_t size = strlen(shapes[i].prefix), end;

                if (!starts_with(scan, at, shapes[i].prefix, size))
                        continue;
                end = skip_run(scan, at + size, is_token_byte);
                if (end - at - size < shapes[i].tail_min)
                        return false;
                *ret_secret = (struct bp_secret){.from = at, .to = end, .marker = BP_REDACTED_TOKEN};
                return true;
        }
        return false;
}

static bool is_upper_or_digit(char byte) {
        return bp_is_word(byte) && !(byte >= 'a' && byte <= 'z');
}

static bool find_aws_key_id(const struct bp_scan *scan, size_t at, struct bp_secret *ret_secret) {
        size_t end = at + AWS_PREFIX_SIZE + AWS_TAIL_SIZE;

        if (end > scan->size || (end < scan->size && bp_is_word(scan->text[end])))
                return false;
        for (size_t i = at; i < end; i++) {
                if (!is_upper_or_digit(scan->text[i]))
                        return false;
        }
        for (size_t i = 0; i < sizeof(aws_prefixes) / sizeof(aws_prefixes[0]); i++) {
                if (starts_with(scan, at, aws_prefixes[i], AWS_PREFIX_SIZE)) {
                        *ret_secret = (struct bp_secret){.from = at, .to = end, .marker = BP_REDACTED_KEY};
                        return true;
                }
        }
        return false;
}

/* A long run that could be base64 and is a member of a list or object written as text. */
static bool find_base64(const struct bp_scan *scan, size_t at, struct bp_secret *ret_secret) {
        size_t end, behind;

        if (at > scan->floor && is_base64_byte(scan->text[at - 1]))
                return false;
        end = skip_run(scan, at, is_base64_byte);
        if (end - at < BASE64_SIZE_MIN)
                return false;
        for (int padding = 0; padding < 2 && end < scan->size && scan->text[end] == '='; padding++)
                end++;
        behind = end;
        while (behind < scan->size && scan->text[behind] == '\\')
                behind++;
        if (behind < scan->size && (scan->text[behind] == '"' || scan->text[behind] == '\''))
                behind++;
        if (behind == scan->size || !strchr(",}]", scan->text[behind]))
                return false;
        *ret_secret = (struct bp_secret){.from = at, .to = end, .marker = BP_REDACTED};
        return true;
}

/* A label like "RSA PRIVATE KEY" behind the dashes. @return its end, or 0: this is no secret. */
static size_t end_of_label(const struct bp_scan *scan, size_t at) {
        size_t end = at;

        while (end < scan->size && (scan->text[end] == ' ' || is_upper_or_digit(scan->text[end])))
                end++;
        if (memmem(scan->text + at, end - at, "PRIVATE KEY", 11) ||
            memmem(scan->text + at, end - at, "CERTIFICATE", 11))
                return end;
        return 0;
}

/* Without an end everything behind the beginning is taken. */
static bool find_pem(const struct bp_scan *scan, size_t at, struct bp_secret *ret_secret) {
        static const char begin[] = "-----BEGIN ", close[] = "-----END ";
        size_t label, end;
        const char *found;

        if (!starts_with(scan, at, begin, sizeof(begin) - 1))
                return false;
        label = end_of_label(scan, at + sizeof(begin) - 1);
        if (!label)
                return false;
        found = memmem(scan->text + label, scan->size - label, close, sizeof(close) - 1);
        end = found ? (size_t)(found - scan->text) + sizeof(close) - 1 : scan->size;
        while (end < scan->size && (scan->text[end] == ' ' || is_upper_or_digit(scan->text[end])))
                end++;
        while (end < scan->size && scan->text[end] == '-')
                end++;
        *ret_secret = (struct bp_secret){.from = at, .to = end, .marker = BP_REDACTED_KEY};
        return true;
}

bool bp_secret_by_shape(const struct bp_scan *scan, size_t at, struct bp_secret *ret_secret) {
        char byte = scan->text[at];

        if (byte == '-')
                return find_pem(scan, at, ret_secret);
        if (at > scan->floor && bp_is_word(scan->text[at - 1]))
                return false;
        switch (byte) {
        case 'b':
        case 'B':
                if (find_bearer(scan, at, ret_secret))
                        return true;
                break;
        case 'A':
                if (find_aws_key_id(scan, at, ret_secret) || find_token(scan, at, ret_secret))
                        return true;
                break;
        case 'e':
                if (find_jwt(scan, at, ret_secret))
                        return true;
                break;
        case 's':
        case 'p':
        case 'r':
        case 'w':
        case 'g':
        case 'x':
        case 'h':
                if (find_token(scan, at, ret_secret))
                        return true;
                break;
        default:
                break;
        }
        return find_base64(scan, at, ret_secret);
}
