/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void stamp(struct bp_id *id, uint8_t version) {
        id->bytes[6] = (uint8_t)((id->bytes[6] & 0x0F) | (version << 4));
        id->bytes[8] = (uint8_t)((id->bytes[8] & 0x3F) | 0x80);
}

/* Milliseconds, then in 12 bits the fraction of one (RFC 9562, section 6.2, method 3), then 62 random bits. */
struct bp_id bp_id_new(struct bp_wall now) {
        uint64_t milliseconds = (uint64_t)now.us / 1000;
        unsigned fraction = (unsigned)((uint64_t)now.us % 1000 * 4096 / 1000);
        struct bp_id id;

        arc4random_buf(id.bytes, sizeof(id.bytes));
        for (int i = 0; i < 6; i++)
                id.bytes[i] = (uint8_t)(milliseconds >> (40 - 8 * i));
        id.bytes[6] = (uint8_t)(fraction >> 8);
        id.bytes[7] = (uint8_t)fraction;
        stamp(&id, 7);
        return id;
}

struct bp_id bp_id_derive(const char *text, size_t size) {
        struct bp_digest digest = bp_digest_of(text, size);
        struct bp_id id;

        memcpy(id.bytes, digest.bytes, sizeof(id.bytes));
        stamp(&id, 8);
        return id;
}

static bool is_dash(size_t at) {
        return at == 8 || at == 13 || at == 18 || at == 23;
}

char *bp_id_format(struct bp_id id, char text[BP_ID_TEXT_SIZE]) {
        static const char digits[] = "0123456789abcdef";
        size_t byte = 0;

        for (size_t at = 0; at < BP_ID_TEXT_SIZE - 1;) {
                if (is_dash(at)) {
                        text[at++] = '-';
                        continue;
                }
                text[at++] = digits[id.bytes[byte] >> 4];
                text[at++] = digits[id.bytes[byte++] & 15];
        }
        text[BP_ID_TEXT_SIZE - 1] = '\0';
        return text;
}

static int hex_value(char digit) {
        if (digit >= '0' && digit <= '9')
                return digit - '0';
        if (digit >= 'a' && digit <= 'f')
                return digit - 'a' + 10;
        if (digit >= 'A' && digit <= 'F')
                return digit - 'A' + 10;
        return -1;
}

bool bp_id_parse(const char *text, struct bp_id *ret_id) {
        struct bp_id id;
        size_t byte = 0;

        if (strlen(text) != BP_ID_TEXT_SIZE - 1)
                return false;
        for (size_t at = 0; at < BP_ID_TEXT_SIZE - 1;) {
                int high, low;

                if (is_dash(at)) {
                        if (text[at++] != '-')
                                return false;
                        continue;
                }
                high = hex_value(text[at++]);
                low = hex_value(text[at++]);
                if (high < 0 || low < 0)
                        return false;
                id.bytes[byte++] = (uint8_t)(high << 4 | low);
        }
        *ret_id = id;
        return true;
}

struct bp_digest bp_digest_of(const void *bytes, size_t size) {
        struct bp_digest digest;

        crypto_generichash(digest.bytes, sizeof(digest.bytes), bytes, size, NULL, 0);
        return digest;
}

uint64_t bp_hash64(const void *bytes, size_t size, uint64_t seed) {
        unsigned char key[crypto_shorthash_KEYBYTES] = {0}, out[crypto_shorthash_BYTES];
        uint64_t hash;

        memcpy(key, &seed, sizeof(seed));
        crypto_shorthash(out, bytes, size, key);
        memcpy(&hash, out, sizeof(hash));
        return hash;
}
