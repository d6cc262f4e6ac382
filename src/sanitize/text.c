/* SPDX-License-Identifier: Apache-2.0 */
/* One walk over a text. A replacement may bring together what stood apart, so the walk is repeated until it changes
 * nothing: what comes out is left alone when it comes in again. */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "sanitize/sanitize.h"
#include "sanitize/secret.h"

/* The shortest secret, "pwd=x", grows from 5 bytes to 18. */
enum { GROWTH_MAX = 4, WALKS_MAX = 8 };

static bool find_at(struct bp_scan *scan, size_t at, struct bp_secret *ret_secret) {
        char byte = scan->text[at];

        if (byte == '=')
                return bp_secret_named(scan, at, ret_secret);
        if (byte == ':')
                return bp_secret_in_address(scan, at, ret_secret) || bp_secret_named(scan, at, ret_secret);
        if (byte == '-' || byte == '+' || byte == '/' || bp_is_word(byte))
                return bp_secret_by_shape(scan, at, ret_secret);
        return false;
}

static bool is_marked(const struct bp_scan *scan, const struct bp_secret *secret) {
        size_t size = strlen(secret->marker);

        return secret->to - secret->from == size && memcmp(scan->text + secret->from, secret->marker, size) == 0;
}

/* Appends nothing when nothing has to be replaced. */
static void walk(struct bp_scan *scan, struct bp_strbuf *out) {
        struct bp_secret secret;
        size_t copied = 0, at = 0;

        while (at < scan->size) {
                if (!find_at(scan, at, &secret)) {
                        at++;
                        continue;
                }
                if (!is_marked(scan, &secret)) {
                        bp_strbuf_add(out, scan->text + copied, secret.from - copied);
                        bp_strbuf_add_text(out, secret.marker);
                        copied = secret.to;
                }
                scan->floor = at = secret.to;
        }
        if (copied)
                bp_strbuf_add(out, scan->text + copied, scan->size - copied);
}

int bp_sanitize_text(struct bp_arena *arena, const char *text, size_t size, const char **ret_text, size_t *ret_size) {
        struct bp_scan scan = {.text = text, .size = size};
        struct bp_strbuf out;

        for (int walks = 0; walks < WALKS_MAX; walks++) {
                bp_strbuf_init(&out, arena, size > SIZE_MAX / GROWTH_MAX ? SIZE_MAX : size * GROWTH_MAX);
                walk(&scan, &out);
                if (out.error)
                        return -ENOMEM;
                if (!out.size)
                        break;
                scan = (struct bp_scan){.text = bp_strbuf_text(&out), .size = out.size};
        }
        *ret_text = scan.text;
        *ret_size = scan.size;
        return 0;
}
