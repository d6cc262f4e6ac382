/* SPDX-License-Identifier: Apache-2.0 */
/* The public interface over real sockets: threads that complete, send and end at the worst moments. Meant to be run
 * under the thread sanitizer too. */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "server/server.h"

enum { CLIENTS = 4, REQUESTS = 500, STREAMS = 16 };

struct app {
        struct bp_server *server;
        _Atomic uint32_t finished, freed, closed;
        pthread_mutex_t lock;
        pthread_cond_t there;
        struct bp_deferred *waiting[CLIENTS];
        size_t n_waiting;
        bool is_ending;
        struct bp_stream *streams[STREAMS];
};

static void finish(struct bp_request *request, void *data, void *answer) {
        struct app *app = data;

        atomic_fetch_add(&app->finished, 1);
        bp_request_answer_bytes(request, answer ? 200 : 202, "text/plain", "ok", 2);
}

static void defer(struct bp_request *request, void *data) {
        struct app *app = data;
        struct bp_deferred *deferred = bp_request_defer(request, 20000, finish);

        pthread_mutex_lock(&app->lock);
        app->waiting[app->n_waiting++] = deferred;
        pthread_cond_signal(&app->there);
        pthread_mutex_unlock(&app->lock);
}

static void count_freed(void *data) {
        struct app *app = data;

        atomic_fetch_add(&app->freed, 1);
}

/* Completes at once, so that it meets handlers that have not returned, and connections that fall asleep. */
static void *complete(void *data) {
        struct app *app = data;

        pthread_mutex_lock(&app->lock);
        for (;;) {
                while (!app->n_waiting && !app->is_ending)
                        pthread_cond_wait(&app->there, &app->lock);
                if (!app->n_waiting)
                        break;
                bp_deferred_complete(app->waiting[--app->n_waiting], app, count_freed);
        }
        pthread_mutex_unlock(&app->lock);
        return NULL;
}

static void stream_closed(void *data) {
        struct app *app = data;

        atomic_fetch_add(&app->closed, 1);
}

static void stream(struct bp_request *request, void *data) {
        struct app *app = data;
        struct bp_stream *made = bp_request_stream(request, stream_closed, app);

        pthread_mutex_lock(&app->lock);
        for (size_t i = 0; i < STREAMS; i++) {
                if (!app->streams[i]) {
                        app->streams[i] = bp_stream_ref(made);
                        break;
                }
        }
        pthread_mutex_unlock(&app->lock);
}

static const struct bp_field no_fields[] = {{0}};
static const struct bp_route routes[] = {
        {.method = BP_POST, .path = "/defer", .operation = "defer", .body = no_fields, .handler = defer},
        {.method = BP_GET, .path = "/stream", .operation = "stream", .streams = true, .handler = stream},
        {.handler = NULL},
};

static void begin(struct app *app, const struct bp_server_settings *settings) {
        static const struct bp_route *const tables[] = {routes};
        struct bp_server_settings copy = *settings;

        memset(app, 0, sizeof(*app));
        pthread_mutex_init(&app->lock, NULL);
        pthread_cond_init(&app->there, NULL);
        copy.app = app;
        assert_int_equal(bp_server_new(&copy, tables, 1, &app->server, NULL), 0);
}

static int connect_to(const struct app *app) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        address.sin_port = htons((uint16_t)strtoul(strrchr(bp_server_url(app->server), ':') + 1, NULL, 10));
        assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
        return fd;
}

static void send_text(int fd, const char *text) {
        assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads until the text has come. @return false when the connection ended before */
static bool read_until(int fd, const char *text) {
        char seen[65536] = "";
        size_t size = 0;

        while (!strstr(seen, text)) {
                ssize_t n = recv(fd, seen + size, sizeof(seen) - 1 - size, 0);

                if (n <= 0)
                        return false;
                size += (size_t)n;
                seen[size] = 0;
        }
        return true;
}

static void *ask_often(void *data) {
        int fd = connect_to(data);

        for (int i = 0; i < REQUESTS; i++) {
                send_text(fd, "POST /defer HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}");
                assert_true(read_until(fd, "\r\n\r\nok"));
        }
        close(fd);
        return NULL;
}

static void no_completion_is_lost(void **state) {
        pthread_t clients[CLIENTS], completer;
        struct app app;

        (void)state;
        begin(&app, &(struct bp_server_settings){.threads = 2});
        pthread_create(&completer, NULL, complete, &app);
        for (int i = 0; i < CLIENTS; i++)
                pthread_create(&clients[i], NULL, ask_often, &app);
        for (int i = 0; i < CLIENTS; i++)
                pthread_join(clients[i], NULL);
        pthread_mutex_lock(&app.lock);
        app.is_ending = true;
        pthread_cond_signal(&app.there);
        pthread_mutex_unlock(&app.lock);
        pthread_join(completer, NULL);
        bp_server_free(app.server, 5);
        assert_int_equal(app.finished, CLIENTS * REQUESTS);
        assert_int_equal(app.freed, CLIENTS * REQUESTS);
}

static void who_waits_at_the_end_is_answered_and_may_be_completed_later(void **state) {
        struct app app;
        int fd;

        (void)state;
        begin(&app, &(struct bp_server_settings){.threads = 1});
        fd = connect_to(&app);
        send_text(fd, "POST /defer HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}");
        for (bool is_there = false; !is_there;) {
                pthread_mutex_lock(&app.lock);
                is_there = app.n_waiting;
                pthread_mutex_unlock(&app.lock);
        }
        bp_server_free(app.server, 0);
        assert_true(read_until(fd, "\r\n\r\nok"));
        assert_int_equal(app.finished, 1);
        bp_deferred_complete(app.waiting[0], &app, count_freed);
        assert_int_equal(app.freed, 1);
        close(fd);
}

struct sender {
        struct app *app;
        _Atomic bool is_ending;
};

static void *send_often(void *data) {
        struct sender *sender = data;
        struct bp_stream_event *event;

        while (!atomic_load(&sender->is_ending)) {
                assert_int_equal(bp_stream_event_new("1", "made", "{}", 2, &event), 0);
                pthread_mutex_lock(&sender->app->lock);
                for (size_t i = 0; i < STREAMS; i++) {
                        if (sender->app->streams[i])
                                bp_stream_send_event(sender->app->streams[i], event);
                }
                pthread_mutex_unlock(&sender->app->lock);
                bp_stream_event_unref(event);
                usleep(200);
        }
        return NULL;
}

static void streams_come_and_go_while_events_are_sent(void **state) {
        struct bp_server_settings settings = {.threads = 2, .stream_ping_seconds = 1};
        int fds[STREAMS], read = 0;
        struct sender sender = {0};
        pthread_t thread;
        struct app app;

        (void)state;
        begin(&app, &settings);
        sender.app = &app;
        pthread_create(&thread, NULL, send_often, &sender);
        for (int i = 0; i < STREAMS; i++) {
                fds[i] = connect_to(&app);
                send_text(fds[i], "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        for (int i = 0; i < STREAMS; i++) {
                read += read_until(fds[i], "event: made\ndata: {}\n\n");
                if (i % 2)
                        close(fds[i]);
        }
        assert_int_equal(read, STREAMS);
        bp_server_drain(app.server);
        for (int i = 0; i < STREAMS; i += 2)
                assert_true(read_until(fds[i], "event: shutdown\n"));
        bp_server_free(app.server, 5);
        atomic_store(&sender.is_ending, true);
        pthread_join(thread, NULL);
        assert_int_equal(app.closed, STREAMS);
        for (int i = 0; i < STREAMS; i++) {
                assert_int_equal(bp_stream_send(app.streams[i], NULL, NULL, "{}", 2), -EPIPE);
                bp_stream_unref(app.streams[i]);
                if (i % 2 == 0)
                        close(fds[i]);
        }
}

static void an_event_is_one_line(void **state) {
        struct bp_stream_event *event;

        (void)state;
        assert_int_equal(bp_stream_event_new(NULL, NULL, "a\nb", 3, &event), -EINVAL);
        assert_int_equal(bp_stream_event_new("1\n2", NULL, "a", 1, &event), -EINVAL);
        assert_int_equal(bp_stream_event_new(NULL, "a\rb", "a", 1, &event), -EINVAL);
}

static void compressed_bytes_are_gzip(void **state) {
        char *bytes;
        size_t size;

        (void)state;
        assert_int_equal(bp_gzip("", 0, &bytes, &size), 0);
        assert_true(size > 10);
        assert_memory_equal(bytes, "\x1F\x8B\x08", 3);
        free(bytes);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_completion_is_lost),
                cmocka_unit_test(who_waits_at_the_end_is_answered_and_may_be_completed_later),
                cmocka_unit_test(streams_come_and_go_while_events_are_sent),
                cmocka_unit_test(an_event_is_one_line),
                cmocka_unit_test(compressed_bytes_are_gzip),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
