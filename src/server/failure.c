/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shapes in which the server says no: the reference's {"detail": ...}, RFC 9457 for clients that take
 * application/problem+json at least as gladly as application/json, and the front proxy's under its prefix.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "base/writer.h"
#include "server/headers.h"
#include "server/request.h"

#define PROXY_PREFIX "/budpipeline"

enum { ANSWER_LIMIT = 16 << 20 };

static const struct {
        uint32_t status;
        const char *title;
} titles[] = {
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
};

static const char *title_of(uint32_t status) {
        for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
                if (titles[i].status == status)
                        return titles[i].title;
        }
        return status < 500 ? "Error" : "Failure";
}

bool bp_request_wants_problem(const struct bp_request *request) {
        const char *accepted = bp_request_header(request, "Accept");
        int problem = accepted ? bp_header_quality(accepted, "application/problem+json") : -1;

        return problem > 0 && problem >= bp_header_quality(accepted, "application/json");
}

static bool is_behind_proxy_prefix(const struct bp_request *request) {
        size_t size = strlen(PROXY_PREFIX);

        return request->path && strncmp(request->path, PROXY_PREFIX, size) == 0 &&
               (!request->path[size] || request->path[size] == '/');
}

/* All sentences, as the editor's lists show them. */
static void write_message(struct bp_strbuf *buffer, struct bp_arena *arena, const struct bp_failure *failure) {
        char sentence[BP_PROBLEM_SENTENCE_BYTES];
        struct bp_strbuf text;

        if (!failure->problems || failure->problems->count == 0) {
                bp_writer_text_or_null(buffer, failure->message);
                return;
        }
        bp_strbuf_init(&text, arena, 64 << 10);
        for (size_t i = 0; i < failure->problems->count; i++) {
                if (i)
                        bp_strbuf_add_text(&text, "; ");
                bp_strbuf_add_text(&text, bp_problem_sentence(failure->problems->items[i], sentence));
        }
        bp_writer_text_or_null(buffer, text.error ? failure->message : bp_strbuf_text(&text));
}

static void write_proxy_shape(struct bp_strbuf *buffer, struct bp_request *request, const struct bp_failure *failure) {
        struct bp_writer writer = bp_writer_open(buffer, '{');

        bp_writer_text(&writer, "object", "error");
        write_message(bp_writer_key(&writer, "message"), request->arena, failure);
        bp_writer_text(&writer, "type", failure->code);
        bp_writer_text(&writer, "param", NULL);
        bp_writer_count(&writer, "code", failure->status);
        bp_strbuf_add_char(buffer, '}');
}

static void write_problem(struct bp_strbuf *buffer, const struct bp_problem *problem) {
        struct bp_writer writer = bp_writer_open(buffer, '{');

        bp_writer_text(&writer, "code", problem->code);
        bp_writer_text(&writer, "detail", problem->message);
        bp_writer_text(&writer, "pointer", problem->pointer);
        if (problem->line) {
                bp_writer_count(&writer, "line", problem->line);
                bp_writer_count(&writer, "column", problem->column);
        }
        bp_strbuf_add_char(buffer, '}');
}

static void write_problem_shape(struct bp_strbuf *buffer, const struct bp_request *request,
                                const struct bp_failure *failure) {
        const struct bp_problem_list *problems = failure->problems;
        const char *pointer = failure->pointer;
        struct bp_writer writer = bp_writer_open(buffer, '{'), list;

        if (!pointer && problems && problems->count)
                pointer = problems->items[0]->pointer;
        bp_writer_text(&writer, "type", "about:blank");
        bp_writer_text(&writer, "title", title_of(failure->status));
        bp_writer_count(&writer, "status", failure->status);
        bp_writer_text(&writer, "detail", failure->message);
        bp_writer_text(&writer, "instance", request->path ? request->path : "");
        bp_writer_text(&writer, "code", failure->code);
        bp_writer_text(&writer, "pointer", pointer ? pointer : "");
        list = bp_writer_open(bp_writer_key(&writer, "errors"), '[');
        for (size_t i = 0; problems && i < problems->count; i++) {
                bp_writer_next(&list);
                write_problem(buffer, problems->items[i]);
        }
        bp_strbuf_add_char(buffer, ']');
        bp_writer_text(&writer, "correlation_id", request->correlation_id);
        bp_strbuf_add_char(buffer, '}');
}

/* Two failures of the reference have shapes of their own. */
static void write_reference_shape(struct bp_strbuf *buffer, const struct bp_failure *failure) {
        struct bp_writer writer = bp_writer_open(buffer, '{');

        if (failure->status == 429) {
                bp_writer_text(&writer, "error", "TooManyRequests");
                bp_writer_text(&writer, "message", failure->message);
                bp_writer_count(&writer, "retry_after_seconds", failure->retry_after_seconds);
        } else if (failure->detail) {
                bp_writer_value(&writer, "detail", failure->detail);
        } else {
                bp_writer_text(&writer, "detail", failure->message);
        }
        bp_strbuf_add_char(buffer, '}');
}

/* Bytes of a path that are no text must not reach the answer. */
static bool instance_is_text(const struct bp_request *request) {
        return !request->path || bp_utf8_valid(request->path, strlen(request->path));
}

void bp_request_fail(struct bp_request *request, const struct bp_failure *failure) {
        const char *media_type = "application/json";
        struct bp_strbuf buffer;
        char seconds[16];

        if (request->answer.given)
                return;
        if (!instance_is_text(request))
                request->path = "";
        bp_strbuf_init(&buffer, request->arena, ANSWER_LIMIT);
        if (is_behind_proxy_prefix(request)) {
                write_proxy_shape(&buffer, request, failure);
        } else if (bp_request_wants_problem(request)) {
                write_problem_shape(&buffer, request, failure);
                media_type = "application/problem+json";
        } else {
                write_reference_shape(&buffer, failure);
        }
        if (failure->retry_after_seconds) {
                snprintf(seconds, sizeof(seconds), "%u", failure->retry_after_seconds);
                bp_request_add_header(request, "Retry-After", seconds);
        }
        if (buffer.error)
                bp_request_answer_empty(request, failure->status);
        else
                bp_request_answer_bytes(request, failure->status, media_type, buffer.text, buffer.size);
}

void bp_request_failf(struct bp_request *request, uint32_t status, const char *code, const char *format, ...) {
        char message[512];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);
        bp_utf8_mend(message, strlen(message));
        bp_request_fail(request, &(struct bp_failure){.status = status, .code = code, .message = message});
}

void bp_request_fail_errno(struct bp_request *request, int error) {
        if (error == -ENOMEM)
                bp_request_fail(request, &(struct bp_failure){.status = 503,
                                                              .code = "NO_MEMORY",
                                                              .message = "The server is short of memory",
                                                              .retry_after_seconds = 1});
        else
                bp_request_failf(request, 500, "INTERNAL", "Internal Server Error");
}
