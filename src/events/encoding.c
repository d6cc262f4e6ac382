/* SPDX-License-Identifier: Apache-2.0 */
#include "events/encoding.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

static int base64_digit(char byte) {
        if (byte >= 'A' && byte <= 'Z')
                return byte - 'A';
        if (byte >= 'a' && byte <= 'z')
                return byte - 'a' + 26;
        if (byte >= '0' && byte <= '9')
                return byte - '0' + 52;
        if (byte == '+')
                return 62;
        return byte == '/' ? 63 : -1;
}

/* Digits before the padding; SIZE_MAX: the size or the padding is wrong. */
static size_t count_digits(const char *text, size_t size) {
        size_t n = size;

        if (size % 4 != 0)
                return SIZE_MAX;
        while (n > 0 && text[n - 1] == '=')
                n--;
        return size - n > 2 ? SIZE_MAX : n;
}

int bp_base64_decode(struct bp_arena *arena, const char *text, size_t size, char **ret_bytes, size_t *ret_size) {
        size_t n_digits = count_digits(text, size), n = 0;
        uint32_t bits = 0;
        char *bytes;

        if (n_digits == SIZE_MAX)
                return 1;
        bytes = bp_arena_alloc(arena, size / 4 * 3 + 1);
        if (!bytes)
                return -ENOMEM;
        for (size_t i = 0; i < n_digits; i++) {
                int digit = base64_digit(text[i]);

                if (digit < 0)
                        return 1;
                bits = bits << 6 | (uint32_t)digit;
                if (i % 4 > 0)
                        bytes[n++] = (char)(bits >> (6 - 2 * (i % 4)) & 0xff);
        }
        *ret_bytes = bytes;
        *ret_size = n;
        return 0;
}

static int hex_digit(char byte) {
        if (byte >= '0' && byte <= '9')
                return byte - '0';
        byte = (char)(byte | 0x20);
        return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

int bp_percent_decode(struct bp_arena *arena, const char *text, const char **ret_text) {
        size_t size = strlen(text), n = 0;
        char *decoded = bp_arena_alloc(arena, size + 1);

        if (!decoded)
                return -ENOMEM;
        for (size_t i = 0; i < size; i++) {
                bool encoded = text[i] == '%' && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;

                decoded[n++] = encoded ? (char)(hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2])) : text[i];
                i += encoded ? 2 : 0;
        }
        if (!bp_utf8_valid(decoded, n))
                return 1;
        *ret_text = decoded;
        return 0;
}
