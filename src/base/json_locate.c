/* SPDX-License-Identifier: Apache-2.0 */
/* Lines and columns are found when there is something to report, by walking the source text to the pointer. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/value.h"

struct scan {
        const char *at, *end;
};

static bool is_space(char byte) {
        return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
}

static void skip_space(struct scan *scan) {
        while (scan->at < scan->end && is_space(*scan->at))
                scan->at++;
}

static void skip_string(struct scan *scan) {
        for (scan->at++; scan->at < scan->end && *scan->at != '"'; scan->at++)
                if (*scan->at == '\\')
                        scan->at++;
        scan->at = scan->at < scan->end ? scan->at + 1 : scan->end;
}

/* Brackets inside texts do not count; valid JSON needs no more to find the end of a value. */
static void skip_value(struct scan *scan) {
        unsigned open = 0;

        skip_space(scan);
        do {
                if (scan->at >= scan->end)
                        return;
                if (*scan->at == '"') {
                        skip_string(scan);
                } else if (*scan->at == '{' || *scan->at == '[') {
                        open++;
                        scan->at++;
                } else if (*scan->at == '}' || *scan->at == ']') {
                        open--;
                        scan->at++;
                } else if (open) {
                        scan->at++;
                } else {
                        while (scan->at < scan->end && !is_space(*scan->at) && *scan->at != ',' && *scan->at != ']' &&
                               *scan->at != '}')
                                scan->at++;
                }
        } while (open);
}

/* `key` stands in quotes. Only a key with escapes needs decoding. */
static bool key_matches(const char *key, size_t size, const char *token, size_t token_size) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = NULL;
        struct bp_value decoded;

        if (!memchr(key, '\\', size))
                return size == token_size + 2 && memcmp(key + 1, token, token_size) == 0;
        arena = bp_arena_new(BP_ARENA_UNLIMITED);
        return arena && bp_json_parse(arena, key, size, NULL, &decoded, NULL) == 0 && decoded.count == token_size &&
               memcmp(decoded.as.text, token, token_size) == 0;
}

static bool enter_object(struct scan *scan, const char *token, size_t token_size, const char **ret_key) {
        scan->at++;
        for (;;) {
                const char *key;
                bool found;

                skip_space(scan);
                if (scan->at >= scan->end || *scan->at != '"')
                        return false;
                key = scan->at;
                skip_string(scan);
                found = key_matches(key, (size_t)(scan->at - key), token, token_size);
                skip_space(scan);
                scan->at++; /* the colon */
                skip_space(scan);
                if (found) {
                        *ret_key = key;
                        return true;
                }
                skip_value(scan);
                skip_space(scan);
                if (scan->at >= scan->end || *scan->at != ',')
                        return false;
                scan->at++;
        }
}

static bool enter_array(struct scan *scan, const char *token) {
        size_t index;

        if (!bp_pointer_index(token, &index))
                return false;
        scan->at++;
        for (size_t i = 0;; i++) {
                skip_space(scan);
                if (scan->at >= scan->end || *scan->at == ']')
                        return false;
                if (i == index)
                        return true;
                skip_value(scan);
                skip_space(scan);
                if (scan->at >= scan->end || *scan->at != ',')
                        return false;
                scan->at++;
        }
}

static size_t decode_token(const char **pointer, char *token, size_t capacity) {
        size_t used = 0;

        for ((*pointer)++; **pointer && **pointer != '/'; (*pointer)++) {
                char byte = **pointer;

                if (byte == '~' && ((*pointer)[1] == '0' || (*pointer)[1] == '1'))
                        byte = *++*pointer == '0' ? '~' : '/';
                if (used + 1 < capacity)
                        token[used++] = byte;
        }
        token[used] = '\0';
        return used;
}

static void place_of(const char *text, const char *at, uint32_t *ret_line, uint32_t *ret_column) {
        *ret_line = 1;
        *ret_column = 1;
        for (; text < at; text++) {
                if (*text == '\n') {
                        ++*ret_line;
                        *ret_column = 1;
                } else if (((unsigned char)*text & 0xC0) != 0x80) {
                        ++*ret_column;
                }
        }
}

int bp_json_locate(const char *text, size_t size, const char *pointer, uint32_t *ret_line, uint32_t *ret_column) {
        struct scan scan = {.at = text, .end = text + size};
        const char *place;
        bool found = true;

        skip_space(&scan);
        place = scan.at;
        while (found && *pointer == '/') {
                char token[256];
                size_t token_size = decode_token(&pointer, token, sizeof(token));
                const char *key = NULL;

                if (scan.at < scan.end && *scan.at == '{')
                        found = enter_object(&scan, token, token_size, &key);
                else if (scan.at < scan.end && *scan.at == '[')
                        found = enter_array(&scan, token);
                else
                        found = false;
                if (found)
                        place = key ? key : scan.at;
        }
        place_of(text, place, ret_line, ret_column);
        return found ? 0 : 1;
}
