/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file documents.h
 * Answers that are made once and sent often, without a copy: the catalogue of actions, the OpenAPI document. Counted,
 * because one may be replaced while another connection still sends it. Private to the room.
 */
#ifndef BP_API_DOCUMENTS_H
#define BP_API_DOCUMENTS_H

#include <stdbool.h>
#include <stddef.h>

struct bp_api_document;
struct bp_request;

/** Size of an ETag with its quotes, NUL included. */
#define BP_API_ETAG_SIZE 35

/** What a document is made of. */
struct bp_api_document_source {
        const char *media_type; /**< NULL: application/json */
        const char *bytes;      /**< live until `release` */
        size_t size;
        bool compress; /**< worth it: sent often, or large */
        void (*release)(void *userdata);
        void *userdata;
};

/** Makes a document with one owner; its ETag follows from the bytes. @return 0 or -ENOMEM (nothing is released). */
int bp_api_document_new(const struct bp_api_document_source *source, struct bp_api_document **ret_document);

/** One more owner. @return the document. */
struct bp_api_document *bp_api_document_ref(struct bp_api_document *document);

/** One owner fewer; NULL is allowed. Any thread. Always returns NULL. */
struct bp_api_document *bp_api_document_unref(struct bp_api_document *document);

/** Answers with a document (If-None-Match counts) and takes the caller's ownership of it. */
void bp_api_answer_document(struct bp_request *request, struct bp_api_document *document);

#endif
