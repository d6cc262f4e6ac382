/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the address guard about URLs: for each line {"url"} one line {"allowed", "reason"}. See script/vectors. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "http/client.h"

/* What is no URL at all is allowed nothing. */
static void answer(struct bp_arena *arena, const struct bp_value *line) {
        const struct bp_value *url = bp_value_get(line, "url");
        const char *reason = "not a text";
        struct bp_value text;
        struct bp_strbuf out;

        if (url && url->type == BP_STRING)
                reason = bp_http_guard(NULL, url->as.text, arena);
        if (bp_value_text_z(arena, reason ? reason : "", &text))
                return;
        bp_strbuf_init(&out, arena, SIZE_MAX / 2);
        bp_strbuf_printf(&out, "{\"allowed\":%s,\"reason\":", reason ? "false" : "true");
        bp_json_write(&out, &text);
        bp_strbuf_add_char(&out, '}');
        puts(bp_strbuf_text(&out));
}

int main(void) {
        _cleanup_(bp_freep) char *line = NULL;
        size_t capacity = 0;
        ssize_t size;

        while ((size = getline(&line, &capacity, stdin)) > 0) {
                _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
                struct bp_value value;

                if (!arena || bp_json_parse(arena, line, (size_t)size, NULL, &value, NULL))
                        return EXIT_FAILURE;
                answer(arena, &value);
        }
        return EXIT_SUCCESS;
}
