/* SPDX-License-Identifier: Apache-2.0 */
#include "api/json.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "sanitize/sanitize.h"
#include "server/server.h"

void bp_api_begin(struct bp_strbuf *buffer) {
        bp_strbuf_init(buffer, NULL, BP_API_ANSWER_BYTES);
}

void bp_api_answer(struct bp_request *request, uint32_t status, struct bp_strbuf *buffer) {
        if (buffer->error == -E2BIG)
                bp_request_failf(request, 500, "ANSWER_TOO_LARGE", "the answer would be larger than %zu bytes",
                                 buffer->limit);
        else if (buffer->error)
                bp_request_fail_errno(request, buffer->error);
        else
                bp_request_answer(request, status, buffer);
        bp_strbuf_done(buffer);
}

static void write_null(struct bp_writer *writer, const char *name) {
        bp_strbuf_add_text(bp_writer_key(writer, name), "null");
}

void bp_api_write_time(struct bp_writer *writer, const char *name, struct bp_wall time) {
        char text[BP_WALL_TEXT_SIZE];

        bp_writer_text(writer, name, time.us ? bp_wall_format(time, text) : NULL);
}

void bp_api_write_id(struct bp_writer *writer, const char *name, struct bp_id id) {
        char text[BP_ID_TEXT_SIZE];

        bp_writer_text(writer, name, bp_id_format(id, text));
}

void bp_api_write_id_if(struct bp_writer *writer, const char *name, bool is_there, struct bp_id id) {
        if (is_there)
                bp_api_write_id(writer, name, id);
        else
                write_null(writer, name);
}

void bp_api_write_percent(struct bp_writer *writer, const char *name, double percent) {
        if (!(percent > 0))
                percent = 0;
        else if (percent > 100)
                percent = 100;
        bp_strbuf_printf(bp_writer_key(writer, name), "\"%.2f\"", percent);
}

void bp_api_write_safe_text(struct bp_writer *writer, const char *name, const char *text, struct bp_arena *arena) {
        size_t size;

        if (!text) {
                write_null(writer, name);
                return;
        }
        if (bp_sanitize_text(arena, text, strlen(text), &text, &size))
                writer->buffer->error = -ENOMEM;
        else
                bp_json_write_string(bp_writer_key(writer, name), text, size);
}

void bp_api_write_safe_value(struct bp_writer *writer, const char *name, const struct bp_value *value,
                             struct bp_arena *arena) {
        struct bp_value safe;

        if (bp_sanitize(arena, value, &safe))
                writer->buffer->error = -ENOMEM;
        else
                bp_writer_value(writer, name, &safe);
}

void bp_api_write_safe_json(struct bp_writer *writer, const char *name, struct bp_text json, struct bp_arena *arena) {
        static const struct bp_json_limits limits = {.depth = BP_VALUE_DEPTH_MAX, .size_bytes = BP_API_ANSWER_BYTES};
        struct bp_value value;
        int r;

        if (!json.text) {
                write_null(writer, name);
                return;
        }
        r = bp_json_parse(arena, json.text, json.size, &limits, &value, NULL);
        if (r)
                writer->buffer->error = r < 0 ? r : -EBADMSG;
        else
                bp_api_write_safe_value(writer, name, &value, arena);
}

void bp_api_write_stored_json(struct bp_writer *writer, const char *name, struct bp_text json) {
        if (json.text)
                bp_strbuf_add(bp_writer_key(writer, name), json.text, json.size);
        else
                write_null(writer, name);
}

void bp_api_write_finding(struct bp_writer *list, const struct bp_problem *problem, bool is_warning) {
        struct bp_writer object;

        bp_writer_next(list);
        object = bp_writer_open(list->buffer, '{');
        bp_writer_text(&object, "severity", is_warning ? "warning" : "error");
        bp_writer_text(&object, "code", problem->code);
        bp_writer_text(&object, "message", problem->message);
        bp_writer_text(&object, "pointer", problem->pointer);
        bp_strbuf_add_char(list->buffer, '}');
}

void bp_api_write_messages(struct bp_writer *writer, const char *name, const struct bp_problem_list *problems) {
        struct bp_writer list = bp_writer_open(bp_writer_key(writer, name), '[');
        char text[BP_PROBLEM_SENTENCE_BYTES];

        for (size_t i = 0; i < problems->count; i++) {
                bp_writer_next(&list);
                bp_writer_text_or_null(list.buffer, bp_problem_sentence(problems->items[i], text));
        }
        bp_strbuf_add_char(list.buffer, ']');
}

void bp_api_write_pagination(struct bp_writer *object, const struct bp_request *request, uint64_t total) {
        const uint64_t size = (uint64_t)bp_request_integer(request, "page_size");
        struct bp_writer pagination = bp_writer_open(bp_writer_key(object, "pagination"), '{');

        bp_writer_count(&pagination, "page", (uint64_t)bp_request_integer(request, "page"));
        bp_writer_count(&pagination, "page_size", size);
        bp_writer_count(&pagination, "total_count", total);
        bp_writer_count(&pagination, "total_pages", (total + size - 1) / size);
        bp_strbuf_add_char(object->buffer, '}');
}

const char *bp_api_execution_state_lower(enum bp_execution_state state) {
        static const char *const words[] = {
                [BP_EXECUTION_PENDING] = "pending", [BP_EXECUTION_RUNNING] = "running",
                [BP_EXECUTION_PAUSED] = "paused",   [BP_EXECUTION_COMPLETED] = "completed",
                [BP_EXECUTION_FAILED] = "failed",   [BP_EXECUTION_CANCELLED] = "cancelled",
                [BP_EXECUTION_TIMEOUT] = "timeout", [BP_EXECUTION_INTERRUPTED] = "interrupted",
        };

        return words[state];
}

enum bp_execution_state bp_api_execution_state_of(const char *word) {
        for (enum bp_execution_state state = BP_EXECUTION_PENDING; state <= BP_EXECUTION_INTERRUPTED; state++) {
                if (strcasecmp(word, bp_execution_state_name(state)) == 0)
                        return state;
        }
        return 0;
}
