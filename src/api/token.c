/* SPDX-License-Identifier: Apache-2.0 */
#include "api/token.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>

#include "base/strbuf.h"
#include "server/server.h"

enum { SECRET_BYTES = 32, SECRET_TEXT = 43, PREFIX_TEXT = 3 };

static const char prefix[] = "bp_";
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int fill_random(uint8_t *bytes, size_t size) {
        while (size) {
                ssize_t n = getrandom(bytes, size, 0);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                bytes += n;
                size -= (size_t)n;
        }
        return 0;
}

/* Base64url without padding: three bytes are four letters, the last two are three. */
static void encode(const uint8_t bytes[SECRET_BYTES], char text[SECRET_TEXT + 1]) {
        uint32_t bits = 0, n_bits = 0;
        size_t at = 0;

        for (size_t i = 0; i < SECRET_BYTES; i++) {
                bits = bits << 8 | bytes[i];
                for (n_bits += 8; n_bits >= 6; n_bits -= 6)
                        text[at++] = alphabet[bits >> (n_bits - 6) & 63];
        }
        text[at++] = alphabet[bits << (6 - n_bits) & 63];
        text[at] = '\0';
}

int bp_token_make(char text[BP_TOKEN_TEXT_SIZE], struct bp_digest *ret_hash) {
        uint8_t secret[SECRET_BYTES];
        int r;

        r = fill_random(secret, sizeof(secret));
        if (r)
                return r;
        memcpy(text, prefix, PREFIX_TEXT);
        encode(secret, text + PREFIX_TEXT);
        explicit_bzero(secret, sizeof(secret));
        bp_token_hash(text, ret_hash);
        return 0;
}

bool bp_token_hash(const char *text, struct bp_digest *ret_hash) {
        if (strncmp(text, prefix, PREFIX_TEXT) != 0 || strlen(text) != PREFIX_TEXT + SECRET_TEXT ||
            strspn(text + PREFIX_TEXT, alphabet) != SECRET_TEXT)
                return false;
        *ret_hash = bp_digest_of(text, PREFIX_TEXT + SECRET_TEXT);
        return true;
}

const char *const bp_scope_words[] = {"read", "pipelines", "execute", "metrics", "act-as", "admin", NULL};

uint32_t bp_scope_of(const char *word, size_t size) {
        for (size_t i = 0; bp_scope_words[i]; i++) {
                if (strlen(bp_scope_words[i]) == size && memcmp(bp_scope_words[i], word, size) == 0)
                        return UINT32_C(1) << i;
        }
        return BP_SCOPE_NONE;
}

void bp_scopes_write(struct bp_strbuf *buffer, uint32_t scopes) {
        const char *separator = "";

        for (size_t i = 0; bp_scope_words[i]; i++) {
                if (!(scopes & UINT32_C(1) << i))
                        continue;
                bp_strbuf_add_text(buffer, separator);
                bp_strbuf_add_text(buffer, bp_scope_words[i]);
                separator = " ";
        }
}

uint32_t bp_scopes_expand(uint32_t scopes) {
        if (!(scopes & BP_SCOPE_ADMIN))
                return scopes;
        return scopes | BP_SCOPE_READ | BP_SCOPE_PIPELINES | BP_SCOPE_EXECUTE | BP_SCOPE_METRICS | BP_SCOPE_ACT_AS;
}
