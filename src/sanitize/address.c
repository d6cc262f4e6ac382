/* SPDX-License-Identifier: Apache-2.0 */
/*
 * User and password in an address: postgres://user:password@host, https://user:password@host, https://token@host.
 *
 * In an address of the web they end at the first `/`. Elsewhere a password may hold one, so everything up to the last
 * `@` before a blank is taken.
 */
#include <string.h>
#include <strings.h>

#include "sanitize/secret.h"

static bool is_scheme_byte(char byte) {
        return bp_is_word(byte) || byte == '+' || byte == '.' || byte == '-';
}

static bool ends_address(char byte) {
        return (unsigned char)byte <= ' ' || strchr("\"'`<>", byte);
}

static bool is_web(const struct bp_scan *scan, size_t from, size_t to) {
        static const char *const words[] = {"http", "https", "ws", "wss", "ftp"};

        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
                if (to - from == strlen(words[i]) && strncasecmp(scan->text + from, words[i], to - from) == 0)
                        return true;
        }
        return false;
}

/* Where the part ends in which user and password stand, and the last `@` before. */
static bool find_at_sign(struct bp_scan *scan, size_t from, bool web, size_t *ret_at) {
        bool found = false;
        size_t at;

        if (!web && from >= scan->no_at_from && from < scan->no_at)
                return false;
        for (at = from; at < scan->size && !ends_address(scan->text[at]); at++) {
                if (web && strchr("/?#\\", scan->text[at]))
                        break;
                if (scan->text[at] == '@') {
                        *ret_at = at;
                        found = true;
                }
        }
        if (!web && !found) {
                scan->no_at_from = from;
                scan->no_at = at;
        }
        return found;
}

bool bp_secret_in_address(struct bp_scan *scan, size_t at, struct bp_secret *ret_secret) {
        size_t scheme = at, from = at + 3, end = from;
        bool web;

        if (scan->size - at < 4 || scan->text[at + 1] != '/' || scan->text[at + 2] != '/')
                return false;
        while (scheme > scan->floor && is_scheme_byte(scan->text[scheme - 1]))
                scheme--;
        if (scheme == at)
                return false;
        web = is_web(scan, scheme, at);
        if (!find_at_sign(scan, from, web, &end) || end == from)
                return false;
        if (!web && !memchr(scan->text + from, ':', end - from))
                return false;
        *ret_secret = (struct bp_secret){.from = from, .to = end, .marker = BP_REDACTED};
        return true;
}
