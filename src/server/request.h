/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file request.h
 * One request from its first line to its answer, without sockets: connection.c feeds it, dispatch.c runs it. Private to
 * the room. A request belongs to one thread at a time.
 */
#ifndef BP_SERVER_REQUEST_H
#define BP_SERVER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/problem.h"
#include "base/value.h"
#include "server/route.h"
#include "server/server.h"

struct bp_arena;
struct bp_connection;
struct bp_server;

/** A header of request or answer. */
struct bp_header {
        const char *name, *value;
        struct bp_header *next; /**< of an answer */
};

/** A checked field of path, query or header. */
struct bp_field_value {
        const char *name;
        struct bp_value value;
        bool there;
};

/** What will be sent. */
struct bp_answer {
        bool given;
        uint32_t status;
        const char *media_type; /**< NULL: no body */
        const char *bytes;
        size_t size;
        char *owned; /**< malloc'ed `bytes`, or NULL: they live as long as the request */
        bool is_prepared;
        struct bp_prepared prepared;
        struct bp_header *headers; /**< newest first */
};

/** One request. */
struct bp_request {
        struct bp_server *server;
        struct bp_connection *connection; /**< NULL: no socket, as in tests */
        struct bp_arena *arena;
        struct bp_mono began;

        const char *method_text;
        enum bp_method method; /**< 0: one that no route has */
        bool is_head, is_options;
        const char *target; /**< as it was sent */
        const char *path;   /**< before '?', as it was sent */
        const char *query;  /**< after '?', or NULL */
        const char *peer;   /**< the client's address; behind a trusted proxy, what that says */
        bool by_proxy;      /**< a trusted proxy passed the request on */
        struct bp_header *headers;
        size_t n_headers, header_bytes;
        uint64_t content_length;
        bool is_chunked;
        bool is_endless;  /**< it is not clear where the body ends: nothing after it can be read */
        bool is_too_long; /**< the target: it was not kept */
        bool is_surplus;  /**< of a connection too many */

        struct bp_match match; /**< match.route is NULL until one is taken */
        struct bp_principal principal;
        const char *correlation_id;
        struct bp_field_value *fields;
        size_t n_fields;

        char *body_text; /**< malloc'ed */
        size_t body_size, body_capacity;
        size_t body_held;   /**< bytes counted against the server's memory for bodies */
        bool body_unwanted; /**< an answer is there already, or the route takes none: what comes is dropped */
        uint64_t body_dropped;
        struct bp_value body;
        bool has_body;

        struct bp_request_key key;
        bool has_key;
        const char *key_under_way; /**< what it is listed as while no second request may use it, or NULL */

        struct bp_answer answer;
        struct bp_deferred *deferred; /**< the answer will come */
        struct bp_stream *stream;     /**< the answer is a stream */
        void *state;                  /**< what the handler remembers */
        bool is_counted;              /**< among requests under way */
};

/**
 * Begins a request whose first line and headers are known: finds the route and judges all that can be judged without
 * the body. When `answer.given` is true afterwards, it was refused.
 */
void bp_request_open(struct bp_request *request);

/** Takes a piece of the body. @return 0; 1: refused, an answer is there; 2: the client does not stop: cut it off. */
int bp_request_take(struct bp_request *request, const char *bytes, size_t size);

/** The body is complete: checks it and calls the handler, unless there is an answer already. Afterwards there is an
 * answer, a stream, or `deferred`. */
void bp_request_run(struct bp_request *request);

/** What a handler leaves without an answer becomes one; idempotency keys are kept. */
void bp_request_settle(struct bp_request *request);

/** Gives back what belongs to the request but not to its arena. */
void bp_request_done(struct bp_request *request);

/** Counts the request, which took so long, in the metrics. */
void bp_request_observe(const struct bp_request *request, uint64_t duration_us);

/** True when failures are told as application/problem+json. */
bool bp_request_wants_problem(const struct bp_request *request);

#endif
