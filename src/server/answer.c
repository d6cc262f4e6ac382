/* SPDX-License-Identifier: Apache-2.0 */
/* Answers, kept in the request until connection.c sends them. The first answer counts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "server/headers.h"
#include "server/request.h"

void bp_request_add_header(struct bp_request *request, const char *name, const char *value) {
        struct bp_header *header;

        if (!bp_header_name_is_sane(name) || !bp_header_value_is_sane(value))
                return;
        header = bp_arena_alloc(request->arena, sizeof(*header));
        if (!header)
                return;
        header->name = bp_arena_text(request->arena, name, strlen(name));
        header->value = bp_arena_text(request->arena, value, strlen(value));
        if (!header->name || !header->value)
                return;
        header->next = request->answer.headers;
        request->answer.headers = header;
}

/* @return false when there is an answer already */
static bool begin(struct bp_request *request, uint32_t status, const char *media_type) {
        if (request->answer.given)
                return false;
        request->answer.given = true;
        request->answer.status = status;
        request->answer.media_type = media_type;
        return true;
}

static void set_owned(struct bp_request *request, char *bytes, size_t size) {
        request->answer.owned = bytes;
        request->answer.bytes = bytes;
        request->answer.size = size;
}

void bp_request_answer(struct bp_request *request, uint32_t status, struct bp_strbuf *json) {
        size_t size = json->size;
        char *bytes;

        if (json->error) {
                bp_request_fail_errno(request, json->error);
                return;
        }
        if (json->arena || !json->text) {
                bp_request_answer_bytes(request, status, "application/json", bp_strbuf_text(json), size);
                return;
        }
        if (!begin(request, status, "application/json"))
                return;
        bytes = bp_strbuf_steal(json);
        set_owned(request, bytes, size);
}

void bp_request_answer_empty(struct bp_request *request, uint32_t status) {
        begin(request, status, NULL);
}

void bp_request_answer_bytes(struct bp_request *request, uint32_t status, const char *media_type, const void *bytes,
                             size_t size) {
        char *copy, *type;

        if (request->answer.given)
                return;
        copy = bp_memdup_text(bytes, size);
        type = bp_arena_text(request->arena, media_type, strlen(media_type));
        if (!copy || !type) {
                free(copy);
                bp_request_answer_empty(request, 503);
                return;
        }
        begin(request, status, type);
        set_owned(request, copy, size);
}

static bool takes_coding(const struct bp_request *request, const char *coding) {
        const char *accepted = bp_request_header(request, "Accept-Encoding");
        int quality = bp_header_quality(accepted, coding);

        return quality > 0 || (quality < 0 && bp_header_quality(accepted, "*") > 0);
}

/* The smallest form that the client takes. */
static void set_prepared_body(struct bp_request *request, const struct bp_prepared *prepared) {
        const struct {
                const char *coding, *bytes;
                size_t size;
        } forms[] = {{"br", prepared->brotli, prepared->brotli_size}, {"gzip", prepared->gzip, prepared->gzip_size}};

        request->answer.bytes = prepared->bytes;
        request->answer.size = prepared->size;
        for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
                if (!forms[i].bytes || !takes_coding(request, forms[i].coding))
                        continue;
                bp_request_add_header(request, "Content-Encoding", forms[i].coding);
                request->answer.bytes = forms[i].bytes;
                request->answer.size = forms[i].size;
                return;
        }
}

void bp_request_answer_prepared(struct bp_request *request, uint32_t status, const struct bp_prepared *prepared) {
        const char *known = bp_request_header(request, "If-None-Match");
        bool is_known = known && prepared->etag && bp_header_matches_tag(known, prepared->etag);

        if (!begin(request, is_known ? 304 : status, is_known ? NULL : prepared->media_type)) {
                if (prepared->release)
                        prepared->release(prepared->userdata);
                return;
        }
        request->answer.is_prepared = true;
        request->answer.prepared = *prepared;
        if (prepared->etag)
                bp_request_add_header(request, "ETag", prepared->etag);
        if (prepared->gzip || prepared->brotli)
                bp_request_add_header(request, "Vary", "Accept-Encoding");
        if (!is_known)
                set_prepared_body(request, prepared);
}
