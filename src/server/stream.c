/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream is a queue of events, bounded in bytes. Events are counted texts, so that one that goes to a thousand
 * streams is one. Whoever sends appends and, where the connection sleeps, puts the stream on the watch's list: the
 * connection is woken by that thread. The library's thread empties the queue into its own buffer when the socket takes
 * more, and sends the connection to sleep when the queue is empty.
 */
#include "server/stream.h"

#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "metrics/metrics.h"
#include "server/connection.h"
#include "server/state.h"

enum {
        RESPONSE_BLOCK = 1024,
        FIRST_SLOTS = 8,
};

static const char ping_text[] = ": ping\n\n";
static const char first_text[] = "retry: 1000\n\n";

struct bp_stream_event {
        _Atomic uint32_t owners;
        uint32_t size;
        char bytes[];
};

struct bp_stream {
        _Atomic uint32_t owners;
        pthread_mutex_t lock;
        struct bp_server *server;
        struct bp_connection *connection; /* NULL: closed */
        struct bp_stream *next_ready;
        struct bp_stream_event **slots; /* a ring of n_slots, a power of two */
        uint32_t n_slots, first, count;
        uint32_t offset; /* into the first event */
        size_t bytes;    /* of all events, with what each costs besides */
        bool is_asleep, is_ready, is_ending, is_cut;
        void (*closed)(void *userdata);
        void *userdata;
};

/* ---------------------------------------------------------------------------------------------------------------
 * Events
 */

/* What one event of this size counts. */
static size_t cost(const struct bp_stream_event *event) {
        return sizeof(*event) + sizeof(struct bp_stream_event *) + event->size;
}

static struct bp_stream_event *event_of(size_t size) {
        struct bp_stream_event *event = bp_calloc(1, sizeof(*event) + size);

        if (event) {
                atomic_init(&event->owners, 1);
                event->size = (uint32_t)size;
        }
        return event;
}

static struct bp_stream_event *event_from(const char *text, size_t size) {
        struct bp_stream_event *event = event_of(size);

        if (event)
                memcpy(event->bytes, text, size);
        return event;
}

static char *put(char *at, const char *text, size_t size) {
        memcpy(at, text, size);
        return at + size;
}

static char *put_line(char *at, const char *name, const char *text, size_t size) {
        at = put(at, name, strlen(name));
        at = put(at, text, size);
        return put(at, "\n", 1);
}

static bool is_one_line(const char *text, size_t size) {
        return !memchr(text, '\n', size) && !memchr(text, '\r', size);
}

int bp_stream_event_new(const char *id, const char *event, const char *data, size_t size,
                        struct bp_stream_event **ret_event) {
        size_t id_size = id ? strlen(id) : 0, name_size = event ? strlen(event) : 0;
        struct bp_stream_event *made;
        char *at;

        if (size > UINT32_MAX / 2 || id_size > 1024 || name_size > 1024)
                return -E2BIG;
        if (!is_one_line(data, size) || (id && !is_one_line(id, id_size)) || (event && !is_one_line(event, name_size)))
                return -EINVAL;
        made = event_of((id ? 5 + id_size : 0) + (event ? 8 + name_size : 0) + 7 + size + 1);
        if (!made)
                return -ENOMEM;
        at = made->bytes;
        if (id)
                at = put_line(at, "id: ", id, id_size);
        if (event)
                at = put_line(at, "event: ", event, name_size);
        at = put_line(at, "data: ", data, size);
        put(at, "\n", 1);
        *ret_event = made;
        return 0;
}

struct bp_stream_event *bp_stream_event_ref(struct bp_stream_event *event) {
        atomic_fetch_add(&event->owners, 1);
        return event;
}

struct bp_stream_event *bp_stream_event_unref(struct bp_stream_event *event) {
        if (event && atomic_fetch_sub(&event->owners, 1) == 1)
                free(event);
        return NULL;
}

/* ---------------------------------------------------------------------------------------------------------------
 * The queue; under the stream's lock
 */

static int grow(struct bp_stream *stream) {
        uint32_t n_slots = stream->n_slots ? stream->n_slots * 2 : FIRST_SLOTS;
        struct bp_stream_event **slots;

        if (stream->count < stream->n_slots)
                return 0;
        slots = bp_calloc(n_slots, sizeof(struct bp_stream_event *));
        if (!slots)
                return -ENOMEM;
        for (uint32_t i = 0; i < stream->count; i++)
                slots[i] = stream->slots[(stream->first + i) & (stream->n_slots - 1)];
        free(stream->slots);
        stream->slots = slots;
        stream->n_slots = n_slots;
        stream->first = 0;
        return 0;
}

static int append(struct bp_stream *stream, struct bp_stream_event *event) {
        int r = grow(stream);

        if (r)
                return r;
        stream->slots[(stream->first + stream->count++) & (stream->n_slots - 1)] = bp_stream_event_ref(event);
        stream->bytes += cost(event);
        return 0;
}

static void drop_first(struct bp_stream *stream) {
        struct bp_stream_event *event = stream->slots[stream->first];

        stream->first = (stream->first + 1) & (stream->n_slots - 1);
        stream->count--;
        stream->offset = 0;
        stream->bytes -= cost(event);
        bp_stream_event_unref(event);
}

/* Lets the watch wake the connection. */
static void make_ready(struct bp_stream *stream) {
        struct bp_watch *watch = &stream->server->watch;
        bool is_first;

        if (stream->is_ready || !stream->connection)
                return;
        stream->is_ready = true;
        bp_stream_ref(stream);
        pthread_mutex_lock(&watch->ready_lock);
        is_first = !watch->ready;
        stream->next_ready = watch->ready;
        watch->ready = stream;
        pthread_mutex_unlock(&watch->ready_lock);
        if (is_first)
                bp_watch_wake(watch);
}

static void cut(struct bp_stream *stream) {
        stream->is_cut = true;
        while (stream->count)
                drop_first(stream);
        bp_metrics_add(stream->server->settings.metrics, BP_METRIC_STREAMS_CUT, NULL, NULL, 1);
        make_ready(stream);
}

/* What counts against the limit: the event that is being sent does not, so that one of any size gets through. */
static size_t waiting_bytes(const struct bp_stream *stream) {
        return stream->count ? stream->bytes - cost(stream->slots[stream->first]) : 0;
}

static int send_locked(struct bp_stream *stream, struct bp_stream_event *event) {
        int r;

        if (!stream->connection || stream->is_cut || stream->is_ending)
                return -EPIPE;
        if (stream->count && waiting_bytes(stream) + cost(event) > stream->server->settings.stream_bytes) {
                cut(stream);
                return -EPIPE;
        }
        r = append(stream, event);
        if (!r && stream->is_asleep)
                make_ready(stream);
        return r;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Senders
 */

int bp_stream_send_event(struct bp_stream *stream, struct bp_stream_event *event) {
        int r;

        pthread_mutex_lock(&stream->lock);
        r = send_locked(stream, event);
        pthread_mutex_unlock(&stream->lock);
        return r;
}

int bp_stream_send(struct bp_stream *stream, const char *id, const char *event, const char *data, size_t size) {
        struct bp_stream_event *made;
        int r;

        r = bp_stream_event_new(id, event, data, size, &made);
        if (r)
                return r;
        r = bp_stream_send_event(stream, made);
        bp_stream_event_unref(made);
        return r;
}

size_t bp_stream_room(struct bp_stream *stream) {
        const size_t limit = stream->server->settings.stream_bytes;
        size_t room = 0;

        pthread_mutex_lock(&stream->lock);
        if (stream->connection && !stream->is_cut && !stream->count)
                room = SIZE_MAX;
        else if (stream->connection && !stream->is_cut && waiting_bytes(stream) < limit)
                room = limit - waiting_bytes(stream);
        pthread_mutex_unlock(&stream->lock);
        return room;
}

void bp_stream_end(struct bp_stream *stream) {
        pthread_mutex_lock(&stream->lock);
        stream->is_ending = true;
        if (stream->is_asleep)
                make_ready(stream);
        pthread_mutex_unlock(&stream->lock);
}

void bp_stream_farewell(struct bp_stream *stream) {
        bp_stream_send(stream, NULL, "shutdown", "{}", 2);
        bp_stream_end(stream);
}

void bp_stream_ping(struct bp_stream *stream) {
        struct bp_stream_event *ping;

        pthread_mutex_lock(&stream->lock);
        if (stream->is_asleep && !stream->count) {
                ping = event_from(ping_text, sizeof(ping_text) - 1);
                if (ping)
                        send_locked(stream, ping);
                bp_stream_event_unref(ping);
        }
        pthread_mutex_unlock(&stream->lock);
}

struct bp_stream *bp_stream_ref(struct bp_stream *stream) {
        atomic_fetch_add(&stream->owners, 1);
        return stream;
}

struct bp_stream *bp_stream_unref(struct bp_stream *stream) {
        if (stream && atomic_fetch_sub(&stream->owners, 1) == 1) {
                while (stream->count)
                        drop_first(stream);
                free(stream->slots);
                pthread_mutex_destroy(&stream->lock);
                free(stream);
        }
        return NULL;
}

/* ---------------------------------------------------------------------------------------------------------------
 * The connection
 */

/* The kernel would let megabytes wait for a client that does not read. Where it refuses, that is found out later. */
static void bound_send_buffer(const struct bp_stream *stream) {
        const size_t limit = stream->server->settings.stream_bytes;
        const int size = limit < INT_MAX / 2 ? (int)limit : INT_MAX / 2;

        (void)setsockopt(stream->connection->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

struct bp_stream *bp_request_stream(struct bp_request *request, void (*closed)(void *userdata), void *userdata) {
        struct bp_stream *stream = bp_calloc(1, sizeof(*stream));
        struct bp_stream_event *first = event_from(first_text, sizeof(first_text) - 1);

        if (!stream || !first || !request->connection) {
                free(stream);
                free(first);
                bp_request_fail_errno(request, -ENOMEM);
                return NULL;
        }
        atomic_init(&stream->owners, 1);
        pthread_mutex_init(&stream->lock, NULL);
        stream->server = request->server;
        stream->connection = request->connection;
        bound_send_buffer(stream);
        stream->closed = closed;
        stream->userdata = userdata;
        send_locked(stream, first);
        bp_stream_event_unref(first);
        pthread_mutex_lock(&request->connection->lock);
        request->stream = stream;
        pthread_mutex_unlock(&request->connection->lock);
        bp_metrics_add(request->server->settings.metrics, BP_METRIC_STREAMS, NULL, NULL, 1);
        return stream;
}

static size_t take(struct bp_stream *stream, char *buffer, size_t room) {
        size_t taken = 0;

        while (stream->count && taken < room) {
                struct bp_stream_event *event = stream->slots[stream->first];
                size_t size = event->size - stream->offset;

                if (size > room - taken)
                        size = room - taken;
                memcpy(buffer + taken, event->bytes + stream->offset, size);
                taken += size;
                stream->offset += (uint32_t)size;
                if (stream->offset == event->size)
                        drop_first(stream);
        }
        return taken;
}

static ssize_t read_stream(void *data, uint64_t position, char *buffer, size_t room) {
        struct bp_stream *stream = data;
        ssize_t n;

        (void)position;
        pthread_mutex_lock(&stream->lock);
        n = (ssize_t)take(stream, buffer, room);
        if (stream->is_cut) {
                n = MHD_CONTENT_READER_END_WITH_ERROR;
        } else if (!n && (stream->is_ending || atomic_load(&stream->server->is_stopping))) {
                n = MHD_CONTENT_READER_END_OF_STREAM;
        } else if (!n) {
                stream->is_asleep = true;
                MHD_suspend_connection(stream->connection->mhd);
        }
        if (n > 0)
                stream->connection->sent_bytes += (uint64_t)n;
        pthread_mutex_unlock(&stream->lock);
        return n;
}

struct MHD_Response *bp_stream_response(struct bp_stream *stream) {
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, RESPONSE_BLOCK, read_stream, stream, NULL);
}

static void wake(struct bp_stream *stream) {
        pthread_mutex_lock(&stream->lock);
        stream->is_ready = false;
        if (stream->connection && stream->is_cut)
                shutdown(stream->connection->fd, SHUT_RDWR);
        if (stream->connection && stream->is_asleep) {
                stream->is_asleep = false;
                MHD_resume_connection(stream->connection->mhd);
        }
        pthread_mutex_unlock(&stream->lock);
        bp_stream_unref(stream);
}

void bp_streams_wake(struct bp_watch *watch) {
        struct bp_stream *ready;

        pthread_mutex_lock(&watch->ready_lock);
        ready = watch->ready;
        watch->ready = NULL;
        pthread_mutex_unlock(&watch->ready_lock);
        while (ready) {
                struct bp_stream *next = ready->next_ready;

                wake(ready);
                ready = next;
        }
}

void bp_stream_closed(struct bp_stream *stream) {
        pthread_mutex_lock(&stream->lock);
        stream->connection = NULL;
        pthread_mutex_unlock(&stream->lock);
        bp_metrics_add(stream->server->settings.metrics, BP_METRIC_STREAMS, NULL, NULL, -1);
        if (stream->closed)
                stream->closed(stream->userdata);
        bp_stream_unref(stream);
}
