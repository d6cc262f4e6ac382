/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libmicrohttpd calls, in this order for each request: begin_request (its first line is known), access (headers
 * are known), access (a piece of the body) ..., access (the body is complete), and again after each sleep until there
 * is an answer; end_request. Connections begin and end with notify.
 */
#include "server/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "metrics/metrics.h"
#include "server/defer.h"
#include "server/state.h"
#include "server/stream.h"

enum {
        KEPT_ARENA_BYTES = 16 << 10, /* a larger one is not kept for the next request */
        SMALL_BODY_BYTES = 64 << 10, /* read to the end although the answer is known, so that the connection lives */
        SLOWEST_BYTES_PER_SECOND = 16 << 10, /* of a client that reads an answer */
        WAITS_US = 20000,                    /* between headers and body */
        ARENA_BYTES = 16 << 20,
        ARENA_PER_BODY_BYTE = 24, /* `[1,1,...` takes two bytes in text, 16 as value, and lists double */
};

static const char late_text[] =
        "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Type: application/json\r\n"
        "Content-Length: 38\r\n\r\n{\"detail\":\"The request took too long\"}";

static int64_t seconds_from(int64_t now_us, uint32_t seconds) {
        return now_us + (int64_t)seconds * 1000000;
}

/* @return false when the watch has cut it off */
static bool go(struct bp_connection *connection, uint32_t phase) {
        uint32_t old = atomic_load(&connection->phase);

        while (old != BP_PHASE_CUT) {
                if (atomic_compare_exchange_weak(&connection->phase, &old, phase))
                        return true;
        }
        return false;
}

static void expect(struct bp_connection *connection, int64_t deadline_us) {
        bp_watch_expect(&connection->server->watch, connection, deadline_us);
}

/* ---------------------------------------------------------------------------------------------------------------
 * The watch's side
 */

/* @return false when the phase has changed meanwhile */
static bool cut(struct bp_connection *connection, uint32_t phase) {
        return atomic_compare_exchange_strong(&connection->phase, &phase, BP_PHASE_CUT);
}

static void cut_late(struct bp_connection *connection, uint32_t phase, bool tells) {
        if (!cut(connection, phase))
                return;
        if (tells && !connection->server->is_tls)
                send(connection->fd, late_text, sizeof(late_text) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        shutdown(connection->fd, SHUT_RDWR);
}

void bp_connection_overdue(struct bp_connection *connection, int64_t now_us) {
        uint32_t phase = atomic_load(&connection->phase);

        atomic_store(&connection->deadline_us, BP_NEVER_US);
        switch (phase) {
        case BP_PHASE_IDLE:
                cut_late(connection, phase, connection->is_fresh);
                break;
        case BP_PHASE_READING:
                cut_late(connection, phase, true);
                break;
        case BP_PHASE_WRITING:
                cut_late(connection, phase, false);
                break;
        case BP_PHASE_SLEEPING:
                pthread_mutex_lock(&connection->lock);
                if (connection->request.deferred)
                        bp_deferred_expire(connection->request.deferred);
                pthread_mutex_unlock(&connection->lock);
                break;
        case BP_PHASE_STREAMING:
                pthread_mutex_lock(&connection->lock);
                if (connection->request.stream)
                        bp_stream_ping(connection->request.stream);
                pthread_mutex_unlock(&connection->lock);
                atomic_store(&connection->deadline_us,
                             seconds_from(now_us, connection->server->settings.stream_ping_seconds));
                break;
        default:
                break;
        }
}

void bp_connection_cut_idle(struct bp_connection *connection) {
        cut_late(connection, BP_PHASE_IDLE, false);
}

void bp_connection_cut_reading(struct bp_connection *connection) {
        cut_late(connection, BP_PHASE_READING, true);
}

void bp_connection_cut_writing(struct bp_connection *connection) {
        cut_late(connection, BP_PHASE_WRITING, false);
        if (atomic_load(&connection->phase) == BP_PHASE_STREAMING)
                shutdown(connection->fd, SHUT_RDWR);
}

void bp_connection_hurry(struct bp_connection *connection) {
        pthread_mutex_lock(&connection->lock);
        if (connection->request.stream)
                bp_stream_farewell(connection->request.stream);
        if (connection->request.deferred && atomic_load(&connection->server->is_stopping))
                bp_deferred_expire(connection->request.deferred);
        pthread_mutex_unlock(&connection->lock);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Connections
 */

static void begin_connection(struct bp_server *server, struct MHD_Connection *mhd, void **socket_context) {
        struct bp_connection *connection = bp_calloc(1, sizeof(*connection));
        const union MHD_ConnectionInfo *fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
        const union MHD_ConnectionInfo *address = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

        *socket_context = connection;
        if (!connection)
                return;
        connection->server = server;
        connection->mhd = mhd;
        connection->fd = fd ? fd->connect_fd : -1;
        bp_address_text(address ? address->client_addr : NULL, connection->peer);
        pthread_mutex_init(&connection->lock, NULL);
        atomic_init(&connection->phase, BP_PHASE_IDLE);
        atomic_init(&connection->deadline_us, BP_NEVER_US);
        connection->is_fresh = true;
        connection->is_surplus = atomic_fetch_add(&server->n_connections, 1) >= server->settings.connections;
        bp_watch_add(&server->watch, connection);
        expect(connection, seconds_from(bp_mono_now().us, server->settings.idle_seconds));
}

/* The thread that watches looks for what sleeps in the request at any moment. */
static void set_request(struct bp_connection *connection, const struct bp_request *request) {
        pthread_mutex_lock(&connection->lock);
        connection->request = *request;
        pthread_mutex_unlock(&connection->lock);
}

static void forget_request(struct bp_connection *connection) {
        static const struct bp_request none;

        bp_request_done(&connection->request);
        set_request(connection, &none);
        if (bp_arena_used(connection->arena) > KEPT_ARENA_BYTES)
                connection->arena = bp_arena_free(connection->arena);
        else
                bp_arena_reset(connection->arena);
        connection->has_request = false;
}

static void end_connection(struct bp_connection *connection) {
        bp_watch_remove(&connection->server->watch, connection);
        atomic_fetch_sub(&connection->server->n_connections, 1);
        if (connection->has_request)
                forget_request(connection);
        bp_arena_free(connection->arena);
        pthread_mutex_destroy(&connection->lock);
        free(connection);
}

void bp_connection_notify(void *server, struct MHD_Connection *mhd, void **socket_context,
                          enum MHD_ConnectionNotificationCode code) {
        if (code == MHD_CONNECTION_NOTIFY_STARTED) {
                begin_connection(server, mhd, socket_context);
        } else if (*socket_context) {
                end_connection(*socket_context);
                *socket_context = NULL;
        }
}

/* ---------------------------------------------------------------------------------------------------------------
 * The beginning of a request
 */

void *bp_connection_begin_request(void *data, const char *target, struct MHD_Connection *mhd) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
        struct bp_connection *connection = info ? info->socket_context : NULL;
        struct bp_server *server = data;
        struct bp_mono now = bp_mono_now();
        size_t size = strlen(target);

        if (!connection)
                return NULL;
        if (connection->has_request)
                forget_request(connection);
        if (!connection->arena)
                connection->arena = bp_arena_new(ARENA_BYTES + ARENA_PER_BODY_BYTE * server->settings.body_bytes);
        if (!connection->arena)
                return NULL;
        connection->has_request = true;
        connection->is_open = connection->has_run = false;
        connection->is_fresh = false;
        connection->sent_bytes = 0;
        connection->latest_us = seconds_from(now.us, server->settings.request_seconds);
        set_request(connection, &(struct bp_request){
                                        .server = server,
                                        .connection = connection,
                                        .arena = connection->arena,
                                        .began = now,
                                        .peer = connection->peer,
                                        .target = size > server->settings.url_bytes
                                                          ? NULL
                                                          : bp_arena_text(connection->arena, target, size),
                                        .is_too_long = size > server->settings.url_bytes,
                                        .is_surplus = connection->is_surplus,
                                });
        go(connection, BP_PHASE_READING);
        expect(connection, seconds_from(now.us, server->settings.idle_seconds));
        return connection;
}

static enum MHD_Result add_header(void *data, enum MHD_ValueKind kind, const char *name, const char *value) {
        struct bp_request *request = data;

        (void)kind;
        request->headers[request->n_headers++] = (struct bp_header){.name = name, .value = value ? value : ""};
        request->header_bytes += strlen(name) + strlen(value ? value : "") + 4;
        return MHD_YES;
}

/* The answer is known and much is still to come: it would be read for nothing. */
static bool answers_early(const struct bp_request *request) {
        const char *waits = bp_request_header(request, "Expect");

        if (!request->answer.given)
                return false;
        return request->is_endless || request->content_length > SMALL_BODY_BYTES ||
               ((request->content_length || request->is_chunked) && waits && strcasecmp(waits, "100-continue") == 0);
}

/* ---------------------------------------------------------------------------------------------------------------
 * The answer
 */

static struct MHD_Response *response_of(struct bp_answer *answer) {
        struct MHD_Response *response;

        if (answer->owned)
                response = MHD_create_response_from_buffer(answer->size, answer->owned, MHD_RESPMEM_MUST_FREE);
        else
                response = MHD_create_response_from_buffer(answer->size, (void *)(uintptr_t)answer->bytes,
                                                           MHD_RESPMEM_PERSISTENT);
        if (response)
                answer->owned = NULL;
        return response;
}

static void add_headers(struct MHD_Response *response, const struct bp_request *request) {
        const struct bp_answer *answer = &request->answer;

        if (answer->media_type)
                MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->media_type);
        for (const struct bp_header *header = answer->headers; header; header = header->next)
                MHD_add_response_header(response, header->name, header->value);
        if (request->correlation_id)
                MHD_add_response_header(response, "X-Correlation-ID", request->correlation_id);
        if (request->is_surplus || atomic_load(&request->server->is_draining))
                MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

static enum MHD_Result queue(struct bp_connection *connection, uint32_t status, struct MHD_Response *response) {
        enum MHD_Result result;

        if (!response)
                return MHD_NO;
        add_headers(response, &connection->request);
        result = MHD_queue_response(connection->mhd, status, response);
        MHD_destroy_response(response);
        return result;
}

static enum MHD_Result send_answer(struct bp_connection *connection) {
        const struct bp_server_settings *settings = &connection->server->settings;
        struct bp_answer *answer = &connection->request.answer;
        uint32_t seconds = settings->idle_seconds + (uint32_t)(answer->size / SLOWEST_BYTES_PER_SECOND);

        if (!go(connection, BP_PHASE_WRITING))
                return MHD_NO;
        connection->sent_bytes = answer->size;
        expect(connection, seconds_from(bp_mono_now().us, seconds));
        return queue(connection, answer->status, response_of(answer));
}

static enum MHD_Result send_stream(struct bp_connection *connection) {
        const struct bp_server_settings *settings = &connection->server->settings;
        struct bp_request *request = &connection->request;

        if (!go(connection, BP_PHASE_STREAMING))
                return MHD_NO;
        request->answer.media_type = "text/event-stream";
        request->answer.status = 200;
        bp_request_add_header(request, "Cache-Control", "no-cache");
        bp_request_add_header(request, "X-Accel-Buffering", "no");
        expect(connection, seconds_from(bp_mono_now().us, settings->stream_ping_seconds));
        return queue(connection, 200, bp_stream_response(request->stream));
}

/* Goes on after handler or `finish`: answers, streams, or sleeps. */
static enum MHD_Result go_on(struct bp_connection *connection) {
        struct bp_request *request = &connection->request;

        while (request->deferred && !request->answer.given) {
                go(connection, BP_PHASE_SLEEPING);
                expect(connection, bp_deferred_deadline_us(request->deferred));
                if (bp_deferred_sleep(request->deferred, connection))
                        return MHD_YES;
                bp_deferred_finish(request);
        }
        bp_request_settle(request);
        return request->stream && !request->answer.given ? send_stream(connection) : send_answer(connection);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Calls of the library
 */

/* A client that waits for the acknowledgement of its headers before it sends the body (Nagle) loses 40 ms with each
 * request, unless it is acknowledged at once. */
static void acknowledge(struct bp_connection *connection) {
        int on = 1;

        if (connection->waits_for_acknowledgement && connection->request.content_length)
                setsockopt(connection->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

static enum MHD_Result open_request(struct bp_connection *connection, const char *method) {
        struct bp_request *request = &connection->request;
        int n = MHD_get_connection_values(connection->mhd, MHD_HEADER_KIND, NULL, NULL);

        request->method_text = method;
        request->headers = bp_arena_array(request->arena, (size_t)n, sizeof(*request->headers));
        if (!request->headers)
                return MHD_NO;
        MHD_get_connection_values(connection->mhd, MHD_HEADER_KIND, add_header, request);
        connection->is_open = true;
        bp_request_open(request);
        acknowledge(connection);
        return answers_early(request) ? send_answer(connection) : MHD_YES;
}

static enum MHD_Result take_body(struct bp_connection *connection, const char *bytes, size_t size) {
        int64_t now_us = bp_mono_now().us;
        int64_t latest_us = seconds_from(now_us, connection->server->settings.idle_seconds);

        if (now_us - connection->request.began.us > WAITS_US)
                connection->waits_for_acknowledgement = true;
        expect(connection, latest_us < connection->latest_us ? latest_us : connection->latest_us);
        return bp_request_take(&connection->request, bytes, size) == 2 ? MHD_NO : MHD_YES;
}

enum MHD_Result bp_connection_access(void *server, struct MHD_Connection *mhd, const char *url, const char *method,
                                     const char *version, const char *upload_data, size_t *upload_data_size,
                                     void **request_context) {
        struct bp_connection *connection = *request_context;

        (void)server;
        (void)mhd;
        (void)url;
        (void)version;
        if (!connection || atomic_load(&connection->phase) == BP_PHASE_CUT)
                return MHD_NO;
        if (!connection->is_open)
                return open_request(connection, method);
        if (*upload_data_size) {
                enum MHD_Result result = take_body(connection, upload_data, *upload_data_size);

                *upload_data_size = 0;
                return result;
        }
        if (!go(connection, BP_PHASE_HANDLING))
                return MHD_NO;
        atomic_store(&connection->deadline_us, BP_NEVER_US);
        if (!connection->has_run) {
                connection->has_run = true;
                bp_request_run(&connection->request);
        } else if (connection->request.deferred) {
                bp_deferred_finish(&connection->request);
        }
        return go_on(connection);
}

/* ---------------------------------------------------------------------------------------------------------------
 * The end of a request
 */

static void tell(struct bp_connection *connection) {
        const struct bp_request *request = &connection->request;
        const struct bp_server_settings *settings = &request->server->settings;
        const char *operation = request->match.route ? request->match.route->route->operation : "none";
        uint64_t us = (uint64_t)(bp_mono_now().us - request->began.us);

        bp_request_observe(request, us);
        if (settings->access)
                settings->access(settings->userdata, &(struct bp_access){
                                                             .method = request->method_text,
                                                             .path = request->path ? request->path : "",
                                                             .operation = operation,
                                                             .peer = request->peer,
                                                             .correlation_id = request->correlation_id,
                                                             .principal = request->principal.name,
                                                             .status = request->answer.status,
                                                             .bytes = connection->sent_bytes,
                                                             .duration_us = us,
                                                     });
}

/* The library closes at once when it has answered early; what the client still sends would make the system discard
 * the answer on its way. A copy of the socket keeps it open for a moment. */
static void linger(struct bp_connection *connection) {
        int fd = fcntl(connection->fd, F_DUPFD_CLOEXEC, 0);

        if (fd >= 0)
                bp_watch_linger(&connection->server->watch, fd);
}

static void detach(struct bp_connection *connection) {
        struct bp_request *request = &connection->request;
        struct bp_stream *stream;

        pthread_mutex_lock(&connection->lock);
        stream = request->stream;
        request->stream = NULL;
        pthread_mutex_unlock(&connection->lock);
        if (stream)
                bp_stream_closed(stream);
        while (request->deferred)
                bp_deferred_finish(request);
}

void bp_connection_end_request(void *data, struct MHD_Connection *mhd, void **request_context,
                               enum MHD_RequestTerminationCode how) {
        struct bp_connection *connection = *request_context;
        struct bp_server *server = data;

        (void)mhd;
        if (!connection || !connection->has_request)
                return;
        detach(connection);
        if (connection->is_open)
                tell(connection);
        if (how == MHD_REQUEST_TERMINATED_COMPLETED_OK && !connection->has_run)
                linger(connection);
        forget_request(connection);
        go(connection, BP_PHASE_IDLE);
        expect(connection, seconds_from(bp_mono_now().us, server->settings.idle_seconds));
}
