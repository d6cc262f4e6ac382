/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file server.h
 * HTTP in: connections, limits, routing by table, checked parameters, authentication hook, answers, event streams.
 * Knows no resource: what is served is a table of routes. The same table makes the OpenAPI document.
 *
 * A request is handled on one of the server's threads once its body is complete. The handler answers at once, or
 * defers: then the request sleeps without a thread until bp_deferred_complete() or its deadline.
 */
#ifndef BP_SERVER_SERVER_H
#define BP_SERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/problem.h"
#include "base/value.h"

struct bp_arena;
struct bp_deferred;
struct bp_metrics;
struct bp_request;
struct bp_server;
struct bp_stream;
struct bp_strbuf;

/* ---------------------------------------------------------------------------------------------------------------
 * Routes
 */

/** Methods; HEAD answers as GET without a body, OPTIONS is answered by the server. */
enum bp_method { BP_GET = 1, BP_POST, BP_PUT, BP_DELETE };

/** Kind of a field. */
enum bp_field_type {
        BP_FIELD_TEXT = 1,
        BP_FIELD_UUID,
        BP_FIELD_INTEGER,
        BP_FIELD_NUMBER,
        BP_FIELD_BOOLEAN, /**< query: true false 1 0 yes no on off, any case */
        BP_FIELD_TIME,    /**< ISO 8601 with or without zone (UTC) */
        BP_FIELD_OBJECT,  /**< body only */
        BP_FIELD_LIST,    /**< body only; `schema` names the items, NULL: texts */
        BP_FIELD_ANY,     /**< body only */
};

/**
 * A parameter of path, query or header, or a member of a JSON body: checked before the handler runs, shown in the
 * OpenAPI document. A wrong one is a 422 with the place.
 */
struct bp_field {
        const char *name;
        const char *alias; /**< another spelling, or NULL */
        enum bp_field_type type;
        bool required;
        bool nullable;                   /**< body: null counts as absent */
        const char *fallback;            /**< JSON text of the default, or NULL */
        double min, max;                 /**< BP_FIELD_INTEGER, NUMBER: bounds unless both are 0 */
        uint32_t min_length, max_length; /**< BP_FIELD_TEXT; 0: none */
        const char *const *words;        /**< BP_FIELD_TEXT: allowed ones, NULL-terminated, or NULL */
        bool any_case;                   /**< of `words` */
        const char *schema;              /**< component that describes an object or item, or NULL */
        const char *description;
};

/** An answer that a route may give. Every route may give those of the server itself (400 404 405 413 422 429 ...). */
struct bp_answer_spec {
        uint32_t status;
        const char *description;
        const char *schema;     /**< name of a component; NULL: none or any */
        const char *media_type; /**< NULL: application/json */
};

/** Ends of lists in route tables: an element whose name (method, status) is 0. */

/** What a token may do: bits. */
enum bp_scope {
        BP_SCOPE_NONE = 0,            /**< open to everyone: health, readiness, documents */
        BP_SCOPE_READ = 1u << 0,      /**< look at actions, pipelines, executions */
        BP_SCOPE_PIPELINES = 1u << 1, /**< create, change, delete pipelines */
        BP_SCOPE_EXECUTE = 1u << 2,   /**< start and command executions */
        BP_SCOPE_METRICS = 1u << 3,
        BP_SCOPE_ACT_AS = 1u << 4,   /**< X-User-ID counts */
        BP_SCOPE_ADMIN = 1u << 5,    /**< all of them, and delete executions */
        BP_SCOPE_INTERNAL = 1u << 6, /**< routes of the platform: dapr-api-token */
};

/** One route. Constant tables end with an element without a handler. */
struct bp_route {
        enum bp_method method;
        const char *path;           /**< "/executions/{id}/steps": what the document shows; a last "{rest...}" takes
                                     * one segment or more */
        const char *const *aliases; /**< further paths with the same placeholders, NULL-terminated, or NULL */
        const char *operation;      /**< operationId: "listSteps"; also the label of metrics */
        const char *tag, *summary, *description;              /**< description or NULL */
        uint32_t scope;                                       /**< enum bp_scope bits, any of which is enough */
        const struct bp_field *path_fields, *query, *headers; /**< end: name NULL; the list itself may be NULL */
        const struct bp_field *body;                          /**< members of the JSON object; NULL: no body is read */
        bool body_optional;
        const char *body_schema; /**< name the document gives the body, or NULL */
        /** Media types of a body that the handler reads itself (bp_request_raw_body()), whatever its type says;
         * NULL-terminated; `body` is NULL then. NULL: none. */
        const char *const *raw_types;
        const struct bp_answer_spec *answers;
        bool streams;      /**< answers with an event stream */
        bool undocumented; /**< no part of the API: the document leaves it out */
        void (*handler)(struct bp_request *request, void *app);
};

/* ---------------------------------------------------------------------------------------------------------------
 * The server
 */

/** Who asks. */
struct bp_principal {
        const char *name; /**< of the token's owner; "anonymous" while authentication is off */
        uint32_t scopes;
        struct bp_id token; /**< zero: none */
        bool has_user;
        struct bp_id user; /**< X-User-ID, where it counts */
};

/** One line of the access log. Valid during the call. */
struct bp_access {
        const char *method, *path, *operation, *peer, *correlation_id, *principal;
        uint32_t status;
        uint64_t bytes, duration_us;
};

/** How a server works. 0 and NULL mean the default named beside the member. Copied; what it points to is borrowed. */
struct bp_server_settings {
        const char *address;            /**< "127.0.0.1"; an IPv4 or IPv6 address */
        uint16_t port;                  /**< 0: any free one */
        const char *unix_path;          /**< listen on this socket instead; NULL */
        int listen_fd;                  /**< an open listening socket (systemd), or 0 */
        const char *tls_cert, *tls_key; /**< PEM files, or NULL */
        uint32_t threads;               /**< 2 */
        uint32_t connections;           /**< 4,096, streams included */
        uint32_t connections_per_peer;  /**< 0: no limit */
        size_t header_bytes;            /**< 32 KiB, request line included */
        size_t url_bytes;               /**< 8 KiB */
        size_t body_bytes;              /**< 4 MiB */
        size_t raw_body_bytes;          /**< of routes that read it themselves, at most body_bytes; body_bytes */
        uint32_t json_depth;            /**< 64 */
        uint32_t idle_seconds;        /**< a connection without a request, or one that sends or reads too slowly; 30 */
        uint32_t request_seconds;     /**< to send a whole request; 60 */
        uint32_t rate_limit;          /**< requests of a client per window; 1,000; UINT32_MAX: none */
        uint32_t rate_window_seconds; /**< 60 */
        const char *const *trusted_proxies; /**< addresses or networks whose X-Forwarded-For counts; NULL */
        const char *const *cors_origins;    /**< origins allowed; NULL: none; {"*", NULL}: any, without credentials */
        size_t stream_bytes;                /**< queue of one event stream before its client is cut off; 256 KiB */
        uint32_t stream_ping_seconds;       /**< a comment that keeps streams open; 15 */
        struct bp_metrics *metrics;
        /** Who asks: fills the principal, texts in the arena. @return 0; 401 (no or wrong token); negative errno. NULL:
         * everyone may do everything. */
        int (*authenticate)(void *userdata, struct bp_request *request, struct bp_principal *ret_principal);
        void (*access)(void *userdata, const struct bp_access *access);
        void *userdata;
        void *app; /**< given to handlers */
        /**
         * Idempotency keys of POST requests (reference: decisions of this project in docs/http.md). Looked up before
         * the handler; kept after it. NULL: the header is ignored.
         */
        const struct bp_idempotency *idempotency;
};

/** A kept answer. */
struct bp_kept_answer {
        bool found;
        struct bp_digest body;
        uint32_t status; /**< 0: not known: the handler runs again, with the subject */
        struct bp_id subject;
        const char *answer; /**< in the request's arena */
        size_t answer_size;
};

/** Where idempotency keys live. Any thread. */
struct bp_idempotency {
        int (*find)(void *userdata, struct bp_arena *arena, const char *scope, const char *key,
                    struct bp_kept_answer *ret_kept);
        int (*keep)(void *userdata, const char *scope, const char *key, const struct bp_kept_answer *kept);
        void *userdata;
};

/** Binds and serves the routes of several tables. @return 0; BP_PROBLEM: LISTEN (address in use ...), TLS; -ENOMEM. */
int bp_server_new(const struct bp_server_settings *settings, const struct bp_route *const *tables, size_t n_tables,
                  struct bp_server **ret_server, struct bp_problem *reterr_problem);

/** Where it listens: "http://127.0.0.1:8010". Lives as long as the server. */
const char *bp_server_url(const struct bp_server *server);

/** Takes no new connections; requests under way may finish; streams end with a last event. */
void bp_server_drain(struct bp_server *server);

/** Waits for requests under way until the deadline, then cuts off. NULL is allowed. Always returns NULL. */
struct bp_server *bp_server_free(struct bp_server *server, uint32_t seconds);

/** All routes in the order of the tables: for the OpenAPI document. Calls `visit` with each. */
void bp_server_routes(const struct bp_server *server, void (*visit)(void *userdata, const struct bp_route *route),
                      void *userdata);

/* ---------------------------------------------------------------------------------------------------------------
 * A request, on the server's thread
 */

/** Memory that lives as long as the request, bounded. */
struct bp_arena *bp_request_arena(struct bp_request *request);

/** Who asks. */
const struct bp_principal *bp_request_principal(const struct bp_request *request);

/** The route that was taken. */
const struct bp_route *bp_request_route(const struct bp_request *request);

/** The path as asked: not decoded, without the query. */
const char *bp_request_path(const struct bp_request *request);

/** Index of the alias that was taken: 0 for the route's own path, 1 for the first alias. */
size_t bp_request_alias(const struct bp_request *request);

/** X-Correlation-ID of the request, or one made for it. */
const char *bp_request_correlation_id(const struct bp_request *request);

/** A header by name, any case, or NULL. */
const char *bp_request_header(const struct bp_request *request, const char *name);

/** Scheme and host the client sees, for links ("http://127.0.0.1:8010"). */
const char *bp_request_base_url(struct bp_request *request);

/** A checked field of path, query or header by its name, its default filled in; NULL: absent. Integers, numbers,
 * booleans and times (as integer microseconds) have their own type, others are texts. */
const struct bp_value *bp_request_field(const struct bp_request *request, const char *name);

/** Shortcuts for fields: an id; zero when it is absent. */
struct bp_id bp_request_id(const struct bp_request *request, const char *name);
/** An integer or a time in microseconds; 0 when it is absent. */
int64_t bp_request_integer(const struct bp_request *request, const char *name);
/** A boolean; false when it is absent. */
bool bp_request_boolean(const struct bp_request *request, const char *name);
/** A text; NULL when it is absent. */
const char *bp_request_text(const struct bp_request *request, const char *name);

/** The body as it came, of a route with raw_types; valid until the handler returns. */
const char *bp_request_raw_body(const struct bp_request *request, size_t *ret_size);

/** The checked body: an object with defaults filled in and aliases renamed; NULL: there was none. */
const struct bp_value *bp_request_body(const struct bp_request *request);

/** A member of the body, or NULL when it is absent or null. */
const struct bp_value *bp_request_member(const struct bp_request *request, const char *name);

/** Idempotency-Key of the request with the scope it counts in and the digest of the body; NULL: none was given.
 * `subject`: a stable id that follows from scope and key, for what the request makes. */
struct bp_request_key {
        const char *scope, *key;
        struct bp_digest body;
        struct bp_id subject;
        bool repeated; /**< kept with its subject before, without an answer: what it made may exist */
};

/** The request's key, or NULL. */
const struct bp_request_key *bp_request_key(const struct bp_request *request);

/** Remembers something for `finish` (see bp_request_defer()), which gets no data when the deadline has passed. It lives
 * in the request's arena, or somewhere that `finish` gives it back from. */
void bp_request_set_state(struct bp_request *request, void *state);

/** What was remembered; NULL: nothing. */
void *bp_request_state(const struct bp_request *request);

/** Seconds of `Prefer: wait=N`, at most 300; 0: not asked for. */
uint32_t bp_request_wait_seconds(const struct bp_request *request);

/** Adds a header to the answer. Texts are copied. */
void bp_request_add_header(struct bp_request *request, const char *name, const char *value);

/** Answers with JSON text that is copied (or steals the memory of a buffer without an arena). */
void bp_request_answer(struct bp_request *request, uint32_t status, struct bp_strbuf *json);

/** Answers without a body. */
void bp_request_answer_empty(struct bp_request *request, uint32_t status);

/** Answers with bytes of any type; copied. */
void bp_request_answer_bytes(struct bp_request *request, uint32_t status, const char *media_type, const void *bytes,
                             size_t size);

/** An answer prepared once and sent often without a copy. */
struct bp_prepared {
        const char *media_type;
        const char *bytes; /**< live until `release` */
        size_t size;
        const char *gzip; /**< the same compressed, or NULL */
        size_t gzip_size;
        const char *brotli; /**< the same compressed, or NULL */
        size_t brotli_size;
        const char *etag;                /**< with quotes; answers If-None-Match with 304 */
        void (*release)(void *userdata); /**< called when the answer is sent; may be NULL */
        void *userdata;
};

/** Answers with something prepared; the struct is copied. */
void bp_request_answer_prepared(struct bp_request *request, uint32_t status, const struct bp_prepared *prepared);

/** Compresses with gzip. malloc'ed. @return 0 or -ENOMEM. */
int bp_gzip(const char *bytes, size_t size, char **ret_bytes, size_t *ret_size);

/** What went wrong, for the shapes in which it is told: the original's `detail` (or `error`), RFC 9457 where the client
 * accepts application/problem+json, the front proxy's under its prefix. */
struct bp_failure {
        uint32_t status;
        const char *code;                       /**< stable: NOT_FOUND */
        const char *message;                    /**< one sentence for a person */
        const char *pointer;                    /**< JSON Pointer into the request's body, or NULL */
        const struct bp_problem_list *problems; /**< or NULL: the one above */
        const struct bp_value *detail;          /**< the original's `detail`; NULL: the message */
        uint32_t retry_after_seconds;           /**< 0: none */
};

/** Answers with a failure. */
void bp_request_fail(struct bp_request *request, const struct bp_failure *failure);

/** Same, short: status, code, message. */
__attribute__((format(printf, 4, 5))) void bp_request_failf(struct bp_request *request, uint32_t status,
                                                            const char *code, const char *format, ...);

/** Answers for a negative errno: 503 when memory is short, else 500; nothing inside leaks. */
void bp_request_fail_errno(struct bp_request *request, int error);

/* ---------------------------------------------------------------------------------------------------------------
 * Answers that take time
 */

/**
 * Lets the request sleep. The handler returns after it. `finish` is called once, on the server's thread, and answers:
 * with the data of bp_deferred_complete(), or with NULL when the deadline passed or the server stops.
 */
struct bp_deferred *bp_request_defer(struct bp_request *request, uint32_t timeout_ms,
                                     void (*finish)(struct bp_request *request, void *app, void *data));

/**
 * Wakes the request. Any thread, exactly once for each deferred, also when the deadline has passed. Takes `data`:
 * `free_data` (may be NULL) is called after `finish`, or at once when nobody waits any more.
 */
void bp_deferred_complete(struct bp_deferred *deferred, void *data, void (*free_data)(void *data));

/* ---------------------------------------------------------------------------------------------------------------
 * Event streams (text/event-stream)
 */

/** Answers with a stream. `closed` is called once, on the server's thread, when it has ended for whatever reason; the
 * stream must not be used after it has returned. NULL when memory is exhausted (the request has been answered). */
struct bp_stream *bp_request_stream(struct bp_request *request, void (*closed)(void *userdata), void *userdata);

/** Queues an event: `id` and `event` may be NULL, `data` is one line of JSON. Any thread. A client whose queue is full
 * is cut off (it can resume); an event that finds the queue empty may have any size. @return 0, -ENOMEM, -EPIPE (cut
 * off or closed), -EINVAL (not one line), -E2BIG. */
int bp_stream_send(struct bp_stream *stream, const char *id, const char *event, const char *data, size_t size);

/** Bytes that still fit into the queue, SIZE_MAX where it is empty; 0 for a client that was cut off. An event takes its
 * texts and about 100 bytes more. Any thread: whoever has much to send sends as much as fits, and goes on later. */
size_t bp_stream_room(struct bp_stream *stream);

/** An event that goes to many streams: made once, counted. */
struct bp_stream_event;

/** Makes one, as bp_stream_send() takes it. @return 0, -ENOMEM, -EINVAL (more than one line), -E2BIG */
int bp_stream_event_new(const char *id, const char *event, const char *data, size_t size,
                        struct bp_stream_event **ret_event);

/** One share more. Any thread. */
struct bp_stream_event *bp_stream_event_ref(struct bp_stream_event *event);

/** Gives one's share back; what is queued stays. NULL is allowed. Always returns NULL. Any thread. */
struct bp_stream_event *bp_stream_event_unref(struct bp_stream_event *event);

/** Queues an event without a copy. @return as bp_stream_send() */
int bp_stream_send_event(struct bp_stream *stream, struct bp_stream_event *event);

/** Ends the stream after what is queued. Any thread. */
void bp_stream_end(struct bp_stream *stream);

/** One more owner: a stream that other threads use lives as long as they hold it. @return the stream */
struct bp_stream *bp_stream_ref(struct bp_stream *stream);

/** One owner fewer. NULL is allowed. Always returns NULL. */
struct bp_stream *bp_stream_unref(struct bp_stream *stream);

#endif
