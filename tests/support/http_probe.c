/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives the outgoing HTTP client from a test: one request a line in, as JSON ({"id", "method", "url", "headers",
 * "body", "timeout_ms"}), all of them begun at once; one line out as each ends. Options set what holds for all:
 * --allow TARGET, --response-bytes N, --header-bytes N, --connect-timeout-ms N, --connections N, and --close, which
 * closes the client as soon as everything has begun.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "base/value.h"
#include "http/client.h"

enum { ALLOWED_MAX = 16 };

static const char *const failures[] = {NULL, "OK", "UNSENT", "TIMEOUT", "BROKEN", "BLOCKED", "LIMIT"};

struct probe {
        pthread_mutex_t lock;
        pthread_cond_t ended;
        size_t n_waiting;
};

struct question {
        struct probe *probe;
        int64_t id;
};

static void write_answer(const struct question *question, const struct bp_http_response *response) {
        struct bp_strbuf line;

        bp_strbuf_init(&line, NULL, SIZE_MAX);
        bp_strbuf_printf(&line, "{\"id\":%lld,\"failure\":\"%s\",\"timed_out\":%s,\"status\":%u,\"headers\":",
                         (long long)question->id, failures[response->failure], response->timed_out ? "true" : "false",
                         response->status);
        bp_json_write(&line, response->headers);
        bp_strbuf_add_text(&line, ",\"message\":");
        bp_json_write_string(&line, response->message, strlen(response->message));
        bp_strbuf_printf(&line, ",\"body_size\":%zu,\"body\":", response->body_size);
        if (bp_utf8_valid(response->body, response->body_size))
                bp_json_write_string(&line, response->body, response->body_size);
        else
                bp_strbuf_add_text(&line, "null");
        bp_strbuf_add_char(&line, '}');
        if (!line.error)
                puts(bp_strbuf_text(&line));
        bp_strbuf_done(&line);
}

static void on_done(void *userdata, const struct bp_http_response *response) {
        struct question *question = userdata;
        struct probe *probe = question->probe;

        write_answer(question, response);
        free(question);
        pthread_mutex_lock(&probe->lock);
        probe->n_waiting--;
        pthread_cond_signal(&probe->ended);
        pthread_mutex_unlock(&probe->lock);
}

static const char *text_of(const struct bp_value *value, const char *key) {
        const struct bp_value *text = bp_value_get(value, key);

        return text && text->type == BP_STRING ? text->as.text : NULL;
}

static int64_t number_of(const struct bp_value *value, const char *key) {
        const struct bp_value *number = bp_value_get(value, key);

        return number && number->type == BP_INT ? number->as.integer : 0;
}

static bool ask(struct probe *probe, struct bp_http_client *client, const struct bp_value *line) {
        struct bp_http_request request = {.struct_size = sizeof(request),
                                          .method = text_of(line, "method"),
                                          .url = text_of(line, "url"),
                                          .headers = bp_value_get(line, "headers"),
                                          .body = text_of(line, "body"),
                                          .timeout_ms = (uint32_t)number_of(line, "timeout_ms")};
        struct question *question = bp_calloc(1, sizeof(*question));

        if (!question)
                return false;
        question->probe = probe;
        question->id = number_of(line, "id");
        request.body_size = request.body ? strlen(request.body) : 0;
        pthread_mutex_lock(&probe->lock);
        probe->n_waiting++;
        pthread_mutex_unlock(&probe->lock);
        if (bp_http_client_begin(client, &request, on_done, question, NULL) == 0)
                return true;
        free(question);
        return false;
}

static bool ask_all(struct probe *probe, struct bp_http_client *client) {
        _cleanup_(bp_freep) char *line = NULL;
        size_t capacity = 0;
        ssize_t size;

        while ((size = getline(&line, &capacity, stdin)) > 0) {
                _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
                struct bp_value value;

                if (!arena || bp_json_parse(arena, line, (size_t)size, NULL, &value, NULL) != 0 ||
                    !ask(probe, client, &value))
                        return false;
        }
        return true;
}

static void wait_for_all(struct probe *probe) {
        pthread_mutex_lock(&probe->lock);
        while (probe->n_waiting)
                pthread_cond_wait(&probe->ended, &probe->lock);
        pthread_mutex_unlock(&probe->lock);
}

struct options {
        struct bp_http_client_settings settings;
        const char *allowed[ALLOWED_MAX + 1];
        size_t n_allowed;
        bool close;
};

static bool read_option(struct options *options, const char *name, const char *value) {
        unsigned long number = strtoul(value, NULL, 10);

        if (strcmp(name, "--allow") == 0 && options->n_allowed < ALLOWED_MAX)
                options->allowed[options->n_allowed++] = value;
        else if (strcmp(name, "--response-bytes") == 0)
                options->settings.response_bytes = number;
        else if (strcmp(name, "--header-bytes") == 0)
                options->settings.response_header_bytes = number;
        else if (strcmp(name, "--connect-timeout-ms") == 0)
                options->settings.connect_timeout_ms = (uint32_t)number;
        else if (strcmp(name, "--connections") == 0)
                options->settings.max_connections = options->settings.max_per_host = (uint32_t)number;
        else if (strcmp(name, "--close") == 0)
                options->close = number;
        else
                return false;
        return true;
}

int main(int argc, char **argv) {
        struct probe probe = {.lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};
        struct options options = {0};
        struct bp_http_client *client;
        bool well;

        for (int i = 1; i + 1 < argc; i += 2)
                if (!read_option(&options, argv[i], argv[i + 1]))
                        return 2;
        options.settings.allow_hosts = options.allowed;
        if (bp_http_client_new(&options.settings, &client) < 0)
                return 2;
        well = ask_all(&probe, client);
        if (well && !options.close)
                wait_for_all(&probe);
        bp_http_client_free(client);
        return well ? 0 : 2;
}
