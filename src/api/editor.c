/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The web application below /ui, which no route of the API can have. Files whose name follows from their content are
 * kept by browsers for ever. Every other path is a page of the application, and answers with its start page; that has a
 * new nonce each time, for the styles that its libraries make at run time, so nobody may keep it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "api/json.h"
#include "api/private.h"
#include "base/strbuf.h"
#include "editor/editor.h"

#define PREFIX "/ui/"
#define ASSETS "assets/"
#define PATH_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"

enum { NONCE_BYTES = 16, NONCE_SIZE = 2 * NONCE_BYTES + 1, POLICY_SIZE = 400, PAGE_BYTES = 64 * 1024 };

const char bp_api_no_editor[] = "This program was built without the editor: Node.js was not there, or -Dweb=disabled.";

bool bp_api_has_editor(const struct bp_api *api) {
        return api->settings.editor && api->settings.editor->n_files > 0;
}

static int make_nonce(char nonce[NONCE_SIZE]) {
        unsigned char bytes[NONCE_BYTES];

        if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
                return -EIO;
        for (size_t i = 0; i < sizeof(bytes); i++)
                snprintf(nonce + 2 * i, 3, "%02x", bytes[i]);
        return 0;
}

static void add_common_headers(struct bp_request *request) {
        bp_request_add_header(request, "X-Content-Type-Options", "nosniff");
        bp_request_add_header(request, "Referrer-Policy", "no-referrer");
        bp_request_add_header(request, "Cross-Origin-Resource-Policy", "same-origin");
}

static void add_page_headers(struct bp_request *request, const char *nonce) {
        char policy[POLICY_SIZE];

        snprintf(policy, sizeof(policy),
                 "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-%s'; img-src 'self' data:; "
                 "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                 nonce);
        add_common_headers(request);
        bp_request_add_header(request, "Content-Security-Policy", policy);
        bp_request_add_header(request, "Cross-Origin-Opener-Policy", "same-origin");
        bp_request_add_header(request, "X-Frame-Options", "DENY");
        bp_request_add_header(request, "Cache-Control", "no-store");
}

/* The path of a URL without slashes at its end, as far as it needs no quoting in a page; else nothing. */
static size_t prefix_of(const char *url, const char **ret_prefix) {
        const char *authority = url ? strstr(url, "://") : NULL;
        const char *path = authority ? strchr(authority + 3, '/') : NULL;
        size_t size = path ? strlen(path) : 0;

        while (size > 0 && path[size - 1] == '/')
                size--;
        if (size == 0 || strspn(path, PATH_CHARACTERS) != strlen(path) || strncmp(path, "//", 2) == 0)
                return 0;
        *ret_prefix = path;
        return size;
}

/* Writes what stands in front of the first mark, and the text in its place. @return what stands behind it */
static const char *fill_in(struct bp_strbuf *page, const char *from, const char *mark, size_t mark_size,
                           const char *text, size_t size) {
        bp_strbuf_add(page, from, (size_t)(mark - from));
        bp_strbuf_add(page, text, size);
        return mark + mark_size;
}

static void write_page(struct bp_strbuf *page, const struct bp_editor_file *file, const char *nonce,
                       const char *public_url) {
        const size_t nonce_mark = strlen(BP_EDITOR_NONCE_MARK), prefix_mark = strlen(BP_EDITOR_PREFIX_MARK);
        const char *from = file->bytes, *end = file->bytes + file->size, *prefix = "", *mark;
        const size_t prefix_size = prefix_of(public_url, &prefix);

        while ((mark = memmem(from, (size_t)(end - from), "__", 2))) {
                const size_t left = (size_t)(end - mark);

                if (left >= nonce_mark && memcmp(mark, BP_EDITOR_NONCE_MARK, nonce_mark) == 0)
                        from = fill_in(page, from, mark, nonce_mark, nonce, strlen(nonce));
                else if (left >= prefix_mark && memcmp(mark, BP_EDITOR_PREFIX_MARK, prefix_mark) == 0)
                        from = fill_in(page, from, mark, prefix_mark, prefix, prefix_size);
                else
                        from = fill_in(page, from, mark, 2, mark, 2);
        }
        bp_strbuf_add(page, from, (size_t)(end - from));
}

static void answer_page(struct bp_request *request, const struct bp_editor_file *file, const char *public_url) {
        char nonce[NONCE_SIZE];
        struct bp_strbuf page;
        int r = make_nonce(nonce);

        bp_strbuf_init(&page, bp_request_arena(request), PAGE_BYTES);
        if (r == 0) {
                write_page(&page, file, nonce, public_url);
                r = page.error;
        }
        if (r) {
                bp_request_fail_errno(request, r);
                return;
        }
        add_page_headers(request, nonce);
        bp_request_answer_bytes(request, 200, file->media_type, bp_strbuf_text(&page), page.size);
}

static void answer_file(struct bp_request *request, const struct bp_editor_file *file) {
        add_common_headers(request);
        bp_request_add_header(request, "Cache-Control",
                              file->immutable ? "public, max-age=31536000, immutable" : "no-cache");
        bp_request_answer_prepared(request, 200,
                                   &(struct bp_prepared){.media_type = file->media_type,
                                                         .bytes = file->bytes,
                                                         .size = file->size,
                                                         .gzip = file->gzip,
                                                         .gzip_size = file->gzip_size,
                                                         .brotli = file->brotli,
                                                         .brotli_size = file->brotli_size,
                                                         .etag = file->etag});
}

static void get_file(struct bp_request *request, void *app) {
        const struct bp_api *api = app;
        const char *path = bp_request_path(request);
        const struct bp_editor_file *file;

        path = strncmp(path, PREFIX, strlen(PREFIX)) == 0 ? path + strlen(PREFIX) : "index.html";
        if (!bp_api_has_editor(api)) {
                bp_request_failf(request, 404, "NOT_FOUND", "%s", bp_api_no_editor);
                return;
        }
        file = bp_editor_find(api->settings.editor, path);
        if (file && strcmp(path, "index.html") != 0)
                answer_file(request, file);
        else if (strncmp(path, ASSETS, strlen(ASSETS)) == 0)
                bp_request_failf(request, 404, "NOT_FOUND", "Not Found");
        else
                answer_page(request, bp_editor_find(api->settings.editor, "index.html"), api->settings.public_url);
}

static const char *const page_aliases[] = {"/ui/{page...}", NULL};

const struct bp_route bp_api_editor_routes[] = {
        {.method = BP_GET,
         .path = "/ui",
         .aliases = page_aliases,
         .operation = "getEditor",
         .tag = "service",
         .summary = "The editor",
         .undocumented = true,
         .handler = get_file},
        {0},
};
