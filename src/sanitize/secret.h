/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file secret.h
 * How the rules tell what they found. Private to the room.
 */
#ifndef BP_SANITIZE_SECRET_H
#define BP_SANITIZE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/** What stands where a value was. */
#define BP_REDACTED "***REDACTED***"

/** What stands where a token was. */
#define BP_REDACTED_TOKEN "***TOKEN_REDACTED***"

/** What stands where a key was. */
#define BP_REDACTED_KEY "***KEY_REDACTED***"

/** A text on its way through the rules. */
struct bp_scan {
        const char *text;
        size_t size;
        size_t floor; /**< what is before it was replaced: nobody looks there */
        size_t no_at; /**< no `@` stands between `no_at_from` and here: spares looking again */
        size_t no_at_from;
};

/** A part of the text that is to be replaced. */
struct bp_secret {
        size_t from, to; /**< first byte, and first byte behind */
        const char *marker;
};

/** A secret that is named before the `:` or `=` at `at`. */
bool bp_secret_named(const struct bp_scan *scan, size_t at, struct bp_secret *ret_secret);

/** A user and password in an address whose `://` stands at `at`. */
bool bp_secret_in_address(struct bp_scan *scan, size_t at, struct bp_secret *ret_secret);

/** A token, key or certificate that begins at `at`. */
bool bp_secret_by_shape(const struct bp_scan *scan, size_t at, struct bp_secret *ret_secret);

/** True for an ASCII letter or digit, whatever the locale. */
static inline bool bp_is_word(char byte) {
        return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}

/** True for a space or tab. */
static inline bool bp_is_blank(char byte) {
        return byte == ' ' || byte == '\t';
}

#endif
