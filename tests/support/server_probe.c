/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server with a small table of routes, for tests from outside. Settings are NAME=VALUE arguments; prints its URL, and
 * at the end of its input drains and ends.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/writer.h"
#include "server/server.h"

enum { MOST_STREAMS = 4096, MOST_KEPT = 1024, ANSWER_LIMIT = 64 << 20, PREPARED_BYTES = 20 << 10 };

struct kept {
        char *scope, *key;
        struct bp_kept_answer answer;
};

struct app {
        pthread_mutex_t lock;
        struct bp_stream *streams[MOST_STREAMS];
        struct kept kept[MOST_KEPT];
        size_t n_kept;
        struct bp_prepared prepared;
        _Atomic uint64_t calls, closed, deferred, freed, released;
        uint64_t last_event;
        uint32_t drain_seconds;
        bool verbose;
};

/* ---------------------------------------------------------------------------------------------------------------
 * Handlers
 */

/* Everything that the request is known to be. */
static void echo(struct bp_request *request, void *data) {
        static const char *const names[] = {"id", "word", "page", "ratio", "flag", "since", "text", "name", "X-Number"};
        const struct bp_request_key *key = bp_request_key(request);
        struct app *app = data;
        struct bp_strbuf json;
        struct bp_writer writer, fields;

        atomic_fetch_add(&app->calls, 1);
        bp_strbuf_init(&json, NULL, ANSWER_LIMIT);
        writer = bp_writer_open(&json, '{');
        bp_writer_text(&writer, "operation", bp_request_route(request)->operation);
        bp_writer_text(&writer, "path", bp_request_path(request));
        bp_writer_count(&writer, "alias", bp_request_alias(request));
        bp_writer_text(&writer, "base_url", bp_request_base_url(request));
        bp_writer_text(&writer, "principal", bp_request_principal(request)->name);
        bp_writer_count(&writer, "wait", bp_request_wait_seconds(request));
        bp_writer_count(&writer, "calls", atomic_load(&app->calls));
        bp_writer_bool(&writer, "has_key", key);
        if (key)
                bp_writer_bool(&writer, "repeated", key->repeated);
        fields = bp_writer_open(bp_writer_key(&writer, "fields"), '{');
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                const struct bp_value *value = bp_request_field(request, names[i]);

                if (value)
                        bp_writer_value(&fields, names[i], value);
        }
        bp_strbuf_add_char(&json, '}');
        if (bp_request_body(request))
                bp_writer_value(&writer, "body", bp_request_body(request));
        bp_strbuf_add_char(&json, '}');
        bp_request_add_header(request, "X-Smuggled", "a\r\nSet-Cookie: b");
        bp_request_add_header(request, "Location", bp_request_path(request));
        bp_request_answer(request, bp_request_route(request)->method == BP_POST ? 201 : 200, &json);
        bp_strbuf_done(&json);
}

static void gone(struct bp_request *request, void *data) {
        (void)data;
        bp_request_answer_empty(request, 204);
}

static void nothing(struct bp_request *request, void *data) {
        (void)request;
        (void)data;
}

static void fail_in_domain(struct bp_request *request, void *data) {
        struct bp_problem_list problems = {.arena = bp_request_arena(request)};

        (void)data;
        bp_problem_list_addf(&problems, "FIRST", "/dag/steps/0", "the first");
        bp_problem_list_addf(&problems, "SECOND", "/dag/steps/1", "the second");
        bp_request_fail(
                request,
                &(struct bp_failure){.status = 400, .code = "FIRST", .message = "the first", .problems = &problems});
}

/* As often as asked for the status that is asked for. */
static void fail_as_asked(struct bp_request *request, void *data) {
        const struct bp_value *status = bp_request_member(request, "status");
        struct app *app = data;

        atomic_fetch_add(&app->calls, 1);
        bp_request_failf(request, (uint32_t)status->as.integer, "ASKED_FOR", "call %llu",
                         (unsigned long long)atomic_load(&app->calls));
}

static void give_prepared(struct bp_request *request, void *data) {
        struct app *app = data;

        bp_request_answer_prepared(request, 200, &app->prepared);
}

static void release(void *data) {
        struct app *app = data;

        atomic_fetch_add(&app->released, 1);
}

static void give_bytes(struct bp_request *request, void *data) {
        size_t size = (size_t)bp_request_integer(request, "size");
        char *bytes = bp_calloc(size, 1);

        (void)data;
        if (!bytes) {
                bp_request_fail_errno(request, -ENOMEM);
                return;
        }
        memset(bytes, 'x', size);
        bp_request_answer_bytes(request, 200, "application/octet-stream", bytes, size);
        free(bytes);
}

static void count(struct bp_request *request, void *data) {
        struct app *app = data;
        struct bp_strbuf json;
        size_t streams = 0;

        pthread_mutex_lock(&app->lock);
        for (size_t i = 0; i < MOST_STREAMS; i++)
                streams += app->streams[i] != NULL;
        pthread_mutex_unlock(&app->lock);
        bp_strbuf_init(&json, NULL, ANSWER_LIMIT);
        bp_strbuf_printf(
                &json,
                "{\"calls\":%llu,\"closed\":%llu,\"deferred\":%llu,\"freed\":%llu,\"released\":%llu,\"streams\":%zu}",
                (unsigned long long)atomic_load(&app->calls), (unsigned long long)atomic_load(&app->closed),
                (unsigned long long)atomic_load(&app->deferred), (unsigned long long)atomic_load(&app->freed),
                (unsigned long long)atomic_load(&app->released), streams);
        bp_request_answer(request, 200, &json);
        bp_strbuf_done(&json);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Answers that take time
 */

struct late {
        struct bp_deferred *deferred;
        struct app *app;
        uint32_t after_ms;
};

static void finish(struct bp_request *request, void *data, void *late) {
        struct bp_strbuf json;

        (void)data;
        bp_strbuf_init(&json, NULL, 64);
        bp_strbuf_add_text(&json, late ? "{\"done\":true}" : "{\"done\":false}");
        bp_request_answer(request, late ? 201 : 202, &json);
        bp_strbuf_done(&json);
}

static void free_late(void *data) {
        struct late *late = data;

        atomic_fetch_add(&late->app->freed, 1);
        free(late);
}

static void *complete_later(void *data) {
        struct late *late = data;

        usleep(late->after_ms * 1000);
        bp_deferred_complete(late->deferred, late, free_late);
        return NULL;
}

static void defer(struct bp_request *request, void *data) {
        const struct bp_value *after = bp_request_member(request, "after_ms");
        const struct bp_value *within = bp_request_member(request, "within_ms");
        struct late *late = bp_calloc(1, sizeof(*late));
        pthread_t thread;

        if (!late) {
                bp_request_fail_errno(request, -ENOMEM);
                return;
        }
        *late = (struct late){.app = data, .after_ms = (uint32_t)after->as.integer};
        late->deferred = bp_request_defer(request, (uint32_t)within->as.integer, finish);
        atomic_fetch_add(&late->app->deferred, 1);
        if (!late->deferred)
                free(late);
        else if (!late->after_ms)
                bp_deferred_complete(late->deferred, late, free_late);
        else if (pthread_create(&thread, NULL, complete_later, late) == 0)
                pthread_detach(thread);
        else
                bp_deferred_complete(late->deferred, late, free_late);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Streams
 */

struct place {
        struct app *app;
        size_t index;
};

static void stream_closed(void *data) {
        struct place *place = data;
        struct bp_stream *stream;

        pthread_mutex_lock(&place->app->lock);
        stream = place->app->streams[place->index];
        place->app->streams[place->index] = NULL;
        pthread_mutex_unlock(&place->app->lock);
        bp_stream_unref(stream);
        atomic_fetch_add(&place->app->closed, 1);
        free(place);
}

static void stream(struct bp_request *request, void *data) {
        struct place *place = bp_calloc(1, sizeof(*place));
        struct app *app = data;
        struct bp_stream *stream;

        if (!place) {
                bp_request_fail_errno(request, -ENOMEM);
                return;
        }
        place->app = app;
        pthread_mutex_lock(&app->lock);
        while (place->index < MOST_STREAMS - 1 && app->streams[place->index])
                place->index++;
        stream = bp_request_stream(request, stream_closed, place);
        if (stream) {
                app->streams[place->index] = bp_stream_ref(stream);
                if (bp_request_header(request, "Last-Event-ID"))
                        bp_stream_send(stream, bp_request_header(request, "Last-Event-ID"), "resumed", "{}", 2);
        } else {
                free(place);
        }
        pthread_mutex_unlock(&app->lock);
}

/* Sends `count` events of `size` bytes to all streams. */
static void publish(struct bp_request *request, void *data) {
        int64_t count = bp_request_member(request, "count")->as.integer;
        size_t size = (size_t)bp_request_member(request, "size")->as.integer;
        char *text = bp_calloc(size + 3, 1);
        struct app *app = data;

        if (!text) {
                bp_request_fail_errno(request, -ENOMEM);
                return;
        }
        memset(text, 'e', size + 2);
        text[0] = text[size + 1] = '"';
        pthread_mutex_lock(&app->lock);
        for (int64_t i = 0; i < count; i++) {
                struct bp_stream_event *event;
                char id[24];

                snprintf(id, sizeof(id), "%llu", (unsigned long long)++app->last_event);
                if (bp_stream_event_new(id, "made", text, size + 2, &event))
                        break;
                for (size_t j = 0; j < MOST_STREAMS; j++) {
                        if (app->streams[j])
                                bp_stream_send_event(app->streams[j], event);
                }
                bp_stream_event_unref(event);
        }
        pthread_mutex_unlock(&app->lock);
        free(text);
        bp_request_answer_empty(request, 204);
}

static void end_streams(struct bp_request *request, void *data) {
        struct app *app = data;

        pthread_mutex_lock(&app->lock);
        for (size_t i = 0; i < MOST_STREAMS; i++) {
                if (app->streams[i])
                        bp_stream_end(app->streams[i]);
        }
        pthread_mutex_unlock(&app->lock);
        bp_request_answer_empty(request, 204);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Routes
 */

/* clang-format off */
static const char *const words[] = {"summary", "steps", "full", NULL};
static const char *const thing_aliases[] = {"/api/v1/things/{id}", NULL};
static const char *const proxy_aliases[] = {"/budpipeline/{id}", NULL};

static const struct bp_field id_fields[] = {{.name = "id", .type = BP_FIELD_UUID, .required = true}, {0}};
static const struct bp_field queries[] = {
        {.name = "word", .type = BP_FIELD_TEXT, .words = words, .any_case = true, .fallback = "\"full\""},
        {.name = "page", .type = BP_FIELD_INTEGER, .min = 1, .max = 100, .fallback = "1"},
        {.name = "ratio", .type = BP_FIELD_NUMBER, .min = 0, .max = 1},
        {.name = "flag", .alias = "is_flag", .type = BP_FIELD_BOOLEAN, .fallback = "false"},
        {.name = "since", .type = BP_FIELD_TIME},
        {.name = "text", .type = BP_FIELD_TEXT, .min_length = 2, .max_length = 5},
        {0},
};
static const struct bp_field headers[] = {{.name = "X-Number", .type = BP_FIELD_INTEGER}, {0}};
static const struct bp_field body[] = {
        {.name = "action_type", .alias = "actionType", .type = BP_FIELD_TEXT, .required = true, .min_length = 1},
        {.name = "params", .type = BP_FIELD_OBJECT, .fallback = "{}", .nullable = true},
        {.name = "topics", .type = BP_FIELD_LIST, .nullable = true},
        {.name = "count", .type = BP_FIELD_INTEGER, .min = 0, .max = 10},
        {.name = "owned", .type = BP_FIELD_BOOLEAN, .fallback = "false"},
        {.name = "owner", .type = BP_FIELD_UUID, .nullable = true},
        {.name = "at", .type = BP_FIELD_TIME, .nullable = true},
        {.name = "any", .type = BP_FIELD_ANY},
        {0},
};
static const struct bp_field free_body[] = {{.name = "params", .type = BP_FIELD_OBJECT}, {0}};
static const struct bp_field status_body[] = {{.name = "status", .type = BP_FIELD_INTEGER, .required = true}, {0}};
static const struct bp_field defer_body[] = {
        {.name = "after_ms", .type = BP_FIELD_INTEGER, .fallback = "0"},
        {.name = "within_ms", .type = BP_FIELD_INTEGER, .fallback = "10000"},
        {0},
};
static const struct bp_field publish_body[] = {
        {.name = "count", .type = BP_FIELD_INTEGER, .fallback = "1"},
        {.name = "size", .type = BP_FIELD_INTEGER, .fallback = "10"},
        {0},
};
static const struct bp_field size_query[] = {{.name = "size", .type = BP_FIELD_INTEGER, .fallback = "10"}, {0}};

static const struct bp_route things[] = {
        {.method = BP_GET, .path = "/", .operation = "root", .handler = echo},
        {.method = BP_GET, .path = "/things", .operation = "listThings", .query = queries, .headers = headers, .handler = echo},
        {.method = BP_POST, .path = "/things", .operation = "makeThing", .scope = BP_SCOPE_PIPELINES, .body = body, .handler = echo},
        {.method = BP_POST, .path = "/things/validate", .operation = "validateThing", .body = free_body, .body_optional = true, .handler = echo},
        {.method = BP_GET, .path = "/things/{id}", .aliases = thing_aliases, .operation = "getThing", .scope = BP_SCOPE_READ, .path_fields = id_fields, .handler = echo},
        {.method = BP_DELETE, .path = "/things/{id}", .operation = "deleteThing", .path_fields = id_fields, .handler = gone},
        {.method = BP_GET, .path = "/named/{name}", .operation = "getNamed", .handler = echo},
        {.method = BP_GET, .path = "/named/fixed", .operation = "getFixed", .handler = echo},
        {.method = BP_GET, .path = "/executions", .operation = "listExecutions", .handler = echo},
        {.method = BP_PUT, .path = "/broken", .aliases = proxy_aliases, .operation = "broken", .handler = fail_in_domain},
        {.method = BP_POST, .path = "/fails", .operation = "fails", .body = status_body, .handler = fail_as_asked},
        {.method = BP_GET, .path = "/nothing", .operation = "nothing", .handler = nothing},
        {.method = BP_POST, .path = "/internal", .operation = "internal", .scope = BP_SCOPE_INTERNAL, .handler = gone},
        {.handler = NULL},
};
static const struct bp_route answers[] = {
        {.method = BP_GET, .path = "/prepared", .operation = "prepared", .handler = give_prepared},
        {.method = BP_GET, .path = "/bytes", .operation = "bytes", .query = size_query, .handler = give_bytes},
        {.method = BP_GET, .path = "/count", .operation = "count", .handler = count},
        {.method = BP_POST, .path = "/defer", .operation = "defer", .body = defer_body, .body_optional = false, .handler = defer},
        {.method = BP_GET, .path = "/stream", .operation = "stream", .streams = true, .handler = stream},
        {.method = BP_POST, .path = "/publish", .operation = "publish", .body = publish_body, .handler = publish},
        {.method = BP_POST, .path = "/end", .operation = "endStreams", .handler = end_streams},
        {.handler = NULL},
};
/* clang-format on */

/* ---------------------------------------------------------------------------------------------------------------
 * What the server asks
 */

static int authenticate(void *data, struct bp_request *request, struct bp_principal *ret_principal) {
        const char *given = bp_request_header(request, "Authorization");

        (void)data;
        *ret_principal = (struct bp_principal){.name = "anonymous"};
        if (!given)
                return 401;
        if (strcmp(given, "Bearer reader") == 0)
                *ret_principal = (struct bp_principal){
                        .name = "reader", .scopes = BP_SCOPE_READ, .token = bp_id_derive("reader", 6)};
        else if (strcmp(given, "Bearer writer") == 0)
                *ret_principal = (struct bp_principal){.name = "writer",
                                                       .scopes = BP_SCOPE_READ | BP_SCOPE_PIPELINES,
                                                       .token = bp_id_derive("writer", 6)};
        else
                return 401;
        return 0;
}

static int find_key(void *data, struct bp_arena *arena, const char *scope, const char *key,
                    struct bp_kept_answer *ret_kept) {
        struct app *app = data;

        (void)arena;
        pthread_mutex_lock(&app->lock);
        for (size_t i = 0; i < app->n_kept; i++) {
                if (strcmp(app->kept[i].scope, scope) == 0 && strcmp(app->kept[i].key, key) == 0)
                        *ret_kept = app->kept[i].answer;
        }
        pthread_mutex_unlock(&app->lock);
        return 0;
}

static int keep_key(void *data, const char *scope, const char *key, const struct bp_kept_answer *kept) {
        struct app *app = data;

        pthread_mutex_lock(&app->lock);
        if (app->n_kept < MOST_KEPT) {
                struct kept *place = &app->kept[app->n_kept++];

                *place = (struct kept){.scope = strdup(scope), .key = strdup(key), .answer = *kept};
                place->answer.answer = bp_memdup_text(kept->answer, kept->answer_size);
        }
        pthread_mutex_unlock(&app->lock);
        return 0;
}

static void log_access(void *data, const struct bp_access *access) {
        struct app *app = data;

        if (app->verbose)
                fprintf(stderr, "%s %s %s %u %s %s %llu\n", access->method, access->path, access->operation,
                        access->status, access->peer, access->correlation_id, (unsigned long long)access->bytes);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Life
 */

static int prepare(struct app *app) {
        struct bp_prepared *prepared = &app->prepared;
        struct bp_strbuf text;
        char *gzip;

        bp_strbuf_init(&text, NULL, ANSWER_LIMIT);
        bp_strbuf_add_char(&text, '[');
        while (text.size < PREPARED_BYTES - 10)
                bp_strbuf_printf(&text, "%zu,", text.size);
        bp_strbuf_add_text(&text, "0]");
        if (text.error || bp_gzip(text.text, text.size, &gzip, &prepared->gzip_size))
                return -ENOMEM;
        prepared->gzip = gzip;
        prepared->size = text.size;
        prepared->bytes = bp_strbuf_steal(&text);
        prepared->media_type = "application/json";
        prepared->etag = "\"v1\"";
        prepared->release = release;
        prepared->userdata = app;
        return 0;
}

static void set(struct bp_server_settings *settings, struct app *app, char *argument, const char **lists) {
        static const struct bp_idempotency idempotency = {.find = find_key, .keep = keep_key};
        static struct bp_idempotency with_app;
        char *value = strchr(argument, '=');
        uint64_t number;

        if (!value)
                return;
        *value++ = 0;
        number = strtoull(value, NULL, 10);
#define NUMBER(member, type)                \
        if (strcmp(argument, #member) == 0) \
        settings->member = (type)number
        NUMBER(port, uint16_t);
        NUMBER(threads, uint32_t);
        NUMBER(connections, uint32_t);
        NUMBER(connections_per_peer, uint32_t);
        NUMBER(header_bytes, size_t);
        NUMBER(url_bytes, size_t);
        NUMBER(body_bytes, size_t);
        NUMBER(json_depth, uint32_t);
        NUMBER(idle_seconds, uint32_t);
        NUMBER(request_seconds, uint32_t);
        NUMBER(rate_limit, uint32_t);
        NUMBER(rate_window_seconds, uint32_t);
        NUMBER(stream_bytes, size_t);
        NUMBER(stream_ping_seconds, uint32_t);
#undef NUMBER
        if (strcmp(argument, "address") == 0)
                settings->address = value;
        else if (strcmp(argument, "unix_path") == 0)
                settings->unix_path = value;
        else if (strcmp(argument, "listen_fd") == 0)
                settings->listen_fd = (int)number;
        else if (strcmp(argument, "tls_cert") == 0)
                settings->tls_cert = value;
        else if (strcmp(argument, "tls_key") == 0)
                settings->tls_key = value;
        else if (strcmp(argument, "authenticate") == 0)
                settings->authenticate = authenticate;
        else if (strcmp(argument, "drain_seconds") == 0)
                app->drain_seconds = (uint32_t)number;
        else if (strcmp(argument, "verbose") == 0)
                app->verbose = number;
        else if (strcmp(argument, "cors") == 0)
                settings->cors_origins = (lists[0] = value, lists);
        else if (strcmp(argument, "trusted") == 0)
                settings->trusted_proxies = (lists[2] = value, lists + 2);
        else if (strcmp(argument, "idempotency") == 0) {
                with_app = idempotency;
                with_app.userdata = app;
                settings->idempotency = &with_app;
        }
}

static void wait_for_end_of_input(void) {
        char byte;

        while (read(STDIN_FILENO, &byte, 1) > 0)
                ;
}

int main(int argc, char **argv) {
        static const struct bp_route *const tables[] = {things, answers};
        const char *lists[4] = {NULL};
        struct bp_server_settings settings = {.rate_limit = UINT32_MAX};
        struct bp_problem problem;
        struct bp_server *server;
        static struct app app;
        int r;

        signal(SIGPIPE, SIG_IGN);
        pthread_mutex_init(&app.lock, NULL);
        settings.app = settings.userdata = &app;
        settings.access = log_access;
        for (int i = 1; i < argc; i++)
                set(&settings, &app, argv[i], lists);
        if (prepare(&app))
                return 1;
        r = bp_server_new(&settings, tables, 2, &server, &problem);
        if (r) {
                printf("%s %s\n", r > 0 ? problem.code : "errno", r > 0 ? problem.message : strerror(-r));
                return 2;
        }
        printf("%s\n", bp_server_url(server));
        fflush(stdout);
        wait_for_end_of_input();
        bp_server_drain(server);
        bp_server_free(server, app.drain_seconds);
        for (size_t i = 0; i < app.n_kept; i++) {
                free(app.kept[i].scope);
                free(app.kept[i].key);
                free((void *)(uintptr_t)app.kept[i].answer.answer);
        }
        free((void *)(uintptr_t)app.prepared.bytes);
        free((void *)(uintptr_t)app.prepared.gzip);
        printf("ended\n");
        return 0;
}
