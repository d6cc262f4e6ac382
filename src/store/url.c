/* SPDX-License-Identifier: Apache-2.0 */
#include "store/url.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "store/store.h"

/* What a URI would take for something else is escaped. */
static void add_escaped(struct bp_strbuf *uri, const char *path) {
        for (; *path; path++)
                if (strchr("%?#", *path))
                        bp_strbuf_printf(uri, "%%%02X", (unsigned char)*path);
                else
                        bp_strbuf_add_char(uri, *path);
}

static int finish(const char *path, struct bp_strbuf *uri, char **ret_path, char **ret_uri) {
        char *path_copy = bp_memdup_text(path, strlen(path));
        char *uri_copy = path_copy ? bp_strbuf_steal(uri) : NULL;

        if (!uri_copy) {
                free(path_copy);
                bp_strbuf_done(uri);
                return -ENOMEM;
        }
        *ret_path = path_copy;
        *ret_uri = uri_copy;
        return 0;
}

int bp_store_url_read(const char *url, bool *ret_in_memory, char **ret_path, char **ret_uri,
                      struct bp_problem *reterr_problem) {
        bool in_memory = strcmp(url, "memory:") == 0;
        const char *path = in_memory ? url : url + strlen("sqlite:");
        struct bp_strbuf uri;
        int r;

        if (!in_memory && (strncmp(url, "sqlite:", strlen("sqlite:")) != 0 || !*path)) {
                bp_problem_set(reterr_problem, "STORE_URL", "`%s` names no store: write sqlite:PATH or memory:", url);
                return BP_STORE_PROBLEM;
        }
        bp_strbuf_init(&uri, NULL, SIZE_MAX / 2);
        if (in_memory) {
                char name[BP_ID_TEXT_SIZE];

                bp_strbuf_printf(&uri, "file:/bp-%s?vfs=memdb", bp_id_format(bp_id_new(bp_wall_now()), name));
        } else {
                bp_strbuf_add_text(&uri, *path == '/' ? "file://" : "file:");
                add_escaped(&uri, path);
        }
        r = finish(path, &uri, ret_path, ret_uri);
        if (!r)
                *ret_in_memory = in_memory;
        return r;
}

static bool has_scheme(const char *text) {
        size_t letters = strspn(text, "abcdefghijklmnopqrstuvwxyz");

        return letters > 1 && text[letters] == ':';
}

int bp_store_url_complete(struct bp_arena *arena, const char *text, const char **ret_url) {
        struct bp_strbuf url;

        if (has_scheme(text)) {
                *ret_url = text;
                return 0;
        }
        bp_strbuf_init(&url, arena, SIZE_MAX / 2);
        bp_strbuf_printf(&url, "sqlite:%s", text);
        if (!url.error)
                *ret_url = bp_strbuf_text(&url);
        return url.error;
}
