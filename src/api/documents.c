/* SPDX-License-Identifier: Apache-2.0 */
#include "api/documents.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/id.h"
#include "base/memory.h"
#include "server/server.h"

enum { ETAG_DIGEST_BYTES = 16 };

struct bp_api_document {
        atomic_uint owners;
        struct bp_prepared prepared;
        char etag[BP_API_ETAG_SIZE];
        char *gzip;
        void (*release)(void *userdata);
        void *userdata;
};

static void unref_document(void *userdata) {
        bp_api_document_unref(userdata);
}

static void write_etag(char etag[BP_API_ETAG_SIZE], const char *bytes, size_t size) {
        const struct bp_digest digest = bp_digest_of(bytes, size);

        etag[0] = '"';
        for (size_t i = 0; i < ETAG_DIGEST_BYTES; i++)
                snprintf(etag + 1 + 2 * i, 3, "%02x", digest.bytes[i]);
        etag[BP_API_ETAG_SIZE - 2] = '"';
        etag[BP_API_ETAG_SIZE - 1] = '\0';
}

int bp_api_document_new(const struct bp_api_document_source *source, struct bp_api_document **ret_document) {
        struct bp_api_document *document = bp_calloc(1, sizeof(*document));
        size_t gzip_size = 0;

        if (!document)
                return -ENOMEM;
        if (source->compress && bp_gzip(source->bytes, source->size, &document->gzip, &gzip_size)) {
                free(document);
                return -ENOMEM;
        }
        atomic_init(&document->owners, 1);
        document->release = source->release;
        document->userdata = source->userdata;
        write_etag(document->etag, source->bytes, source->size);
        document->prepared = (struct bp_prepared){
                .media_type = source->media_type ? source->media_type : "application/json",
                .bytes = source->bytes,
                .size = source->size,
                .gzip = document->gzip,
                .gzip_size = gzip_size,
                .etag = document->etag,
                .release = unref_document,
                .userdata = document,
        };
        *ret_document = document;
        return 0;
}

struct bp_api_document *bp_api_document_ref(struct bp_api_document *document) {
        atomic_fetch_add_explicit(&document->owners, 1, memory_order_relaxed);
        return document;
}

struct bp_api_document *bp_api_document_unref(struct bp_api_document *document) {
        if (!document || atomic_fetch_sub_explicit(&document->owners, 1, memory_order_acq_rel) != 1)
                return NULL;
        if (document->release)
                document->release(document->userdata);
        free(document->gzip);
        free(document);
        return NULL;
}

void bp_api_answer_document(struct bp_request *request, struct bp_api_document *document) {
        bp_request_answer_prepared(request, 200, &document->prepared);
}
