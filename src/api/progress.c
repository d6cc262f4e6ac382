/* SPDX-License-Identifier: Apache-2.0 */
/* How far an execution is: its steps, what happened last, and all of it in one number. */
#include <errno.h>
#include <string.h>

#include "api/execution_json.h"
#include "api/history.h"
#include "api/json.h"
#include "api/private.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "pipeline/definition.h"
#include "service/service.h"

/* ---------------------------------------------------------------------------------------------------------------
 * Steps
 */

static void list_steps(struct bp_request *request, void *app) {
        const struct bp_api *api = app;
        struct bp_execution *execution;
        struct bp_execution_row row;
        struct bp_strbuf buffer;
        struct bp_writer object;
        int r;

        if (!bp_api_find_execution(app, request, &row))
                return;
        r = bp_service_execution(api->settings.service, &row, &execution);
        if (r) {
                bp_request_fail_errno(request, r);
                return;
        }
        bp_api_begin(&buffer);
        object = bp_writer_open(&buffer, '{');
        bp_api_write_steps(&object, &row, execution, bp_request_arena(request));
        bp_strbuf_add_char(&buffer, '}');
        bp_execution_free(execution);
        bp_api_answer(request, 200, &buffer);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Progress
 */

static void write_aggregate(struct bp_writer *object, const struct bp_api_history *history) {
        struct bp_writer aggregate = bp_writer_open(bp_writer_key(object, "aggregated_progress"), '{');
        const char *current = NULL;
        uint32_t completed = 0;

        for (uint32_t i = 0; i < history->definition->n_steps; i++) {
                enum bp_step_state state = bp_execution_step(history->execution, i).state;

                completed += state == BP_STEP_COMPLETED || state == BP_STEP_SKIPPED ? 1 : 0;
                if (state == BP_STEP_RUNNING || state == BP_STEP_WAITING)
                        current = history->definition->steps[i].name;
        }
        bp_api_write_percent(&aggregate, "overall_progress",
                             bp_execution_progress(history->execution, bp_wall_now(), NULL));
        if (history->eta_seconds > 0 || (history->eta_seconds == 0 && completed < history->definition->n_steps))
                bp_writer_count(&aggregate, "eta_seconds", (uint64_t)history->eta_seconds);
        else
                bp_writer_text(&aggregate, "eta_seconds", NULL);
        bp_writer_count(&aggregate, "completed_steps", completed);
        bp_writer_count(&aggregate, "total_steps", history->definition->n_steps);
        bp_writer_text(&aggregate, "current_step", current);
        bp_strbuf_add_char(object->buffer, '}');
}

/* Goes over all records; the last `n_shown` of them are appended, oldest first. */
static int write_events(struct bp_writer *object, struct bp_api_history *history, const struct bp_record *records,
                        size_t n_records, size_t n_shown, struct bp_arena *arena) {
        struct bp_writer list = bp_writer_open(bp_writer_key(object, "recent_events"), '[');
        int r = 0;

        for (size_t i = 0; i < n_records && r == 0; i++) {
                struct bp_api_event event;

                r = bp_api_history_apply(history, &records[i]);
                if (r || n_records - i > n_shown)
                        continue;
                event = bp_api_history_event(history, &records[i]);
                bp_writer_next(&list);
                bp_api_write_event(list.buffer, &event, arena);
        }
        bp_strbuf_add_char(list.buffer, ']');
        return r;
}

static int write_progress(struct bp_strbuf *buffer, struct bp_api *api, struct bp_request *request,
                          const struct bp_execution_row *row, struct bp_api_history *history) {
        const char *detail = bp_request_text(request, "detail");
        const bool is_full = strcmp(detail, "full") == 0;
        const bool with_events = is_full && bp_request_boolean(request, "include_events");
        struct bp_writer object = bp_writer_open(buffer, '{');
        struct bp_arena *arena = bp_request_arena(request);
        struct bp_api_documents documents = {0};
        struct bp_record *records;
        size_t n_records;
        int r;

        r = bp_store_records(bp_service_store(api->settings.service), row->number, 0, 0, arena, &records, &n_records);
        if (r == 0)
                r = write_events(&object, history, records, n_records,
                                 with_events ? (size_t)bp_request_integer(request, "events_limit") : 0, arena);
        if (r)
                return r;
        bp_writer_key(&object, "execution");
        r = bp_api_write_execution(buffer, api, arena, &documents, row,
                                   row->state == BP_EXECUTION_COMPLETED
                                           ? 100.0
                                           : bp_execution_progress(history->execution, bp_wall_now(), NULL));
        if (is_full || strcmp(detail, "steps") == 0)
                bp_api_write_steps(&object, row, history->execution, arena);
        else
                bp_strbuf_add_text(bp_writer_key(&object, "steps"), "[]");
        write_aggregate(&object, history);
        bp_strbuf_add_char(buffer, '}');
        return r;
}

static void get_progress(struct bp_request *request, void *app) {
        struct bp_api_history history;
        struct bp_execution_row row;
        struct bp_strbuf buffer;
        int r;

        if (!bp_api_find_execution(app, request, &row))
                return;
        r = bp_api_history_open(app, &row, &history);
        if (r) {
                bp_request_fail_errno(request, r);
                return;
        }
        bp_api_begin(&buffer);
        r = write_progress(&buffer, app, request, &row, &history);
        bp_api_history_done(&history);
        if (r)
                buffer.error = r;
        bp_api_answer(request, 200, &buffer);
}

/* ---------------------------------------------------------------------------------------------------------------
 * History
 */

static bool is_wanted(const struct bp_request *request, const struct bp_record *record) {
        const struct bp_value *from = bp_request_field(request, "start_time");
        const struct bp_value *to = bp_request_field(request, "end_time");

        return bp_api_event_is(record, bp_request_text(request, "event_type")) &&
               (!from || record->at.us >= from->as.integer) && (!to || record->at.us <= to->as.integer);
}

static size_t count_wanted(const struct bp_request *request, const struct bp_record *records, size_t n_records) {
        size_t count = 0;

        for (size_t i = 0; i < n_records; i++)
                count += is_wanted(request, &records[i]) ? 1 : 0;
        return count;
}

/* Each event is written while the execution stands as it stood then, so oldest first; the page is newest first. */
static int write_page(struct bp_strbuf *buffer, struct bp_request *request, struct bp_api_history *history,
                      const struct bp_record *records, size_t n_records) {
        const uint64_t offset = (uint64_t)bp_request_integer(request, "offset");
        const uint64_t limit = (uint64_t)bp_request_integer(request, "limit");
        const size_t total = count_wanted(request, records, n_records);
        struct bp_arena *arena = bp_request_arena(request);
        struct bp_strbuf *texts = bp_arena_array(arena, limit, sizeof(*texts));
        struct bp_writer object = bp_writer_open(buffer, '{'), list;
        size_t n_texts = 0, behind = total;
        int r = texts ? 0 : -ENOMEM;

        for (size_t i = 0; i < n_records && r == 0; i++) {
                struct bp_api_event event;

                r = bp_api_history_apply(history, &records[i]);
                if (r || !is_wanted(request, &records[i]))
                        continue;
                behind--; /* newer ones than this */
                if (behind < offset || behind >= offset + limit)
                        continue;
                event = bp_api_history_event(history, &records[i]);
                bp_strbuf_init(&texts[n_texts], arena, BP_API_ANSWER_BYTES);
                bp_api_write_event(&texts[n_texts], &event, arena);
                r = texts[n_texts++].error;
        }
        list = bp_writer_open(bp_writer_key(&object, "events"), '[');
        for (size_t i = n_texts; i-- > 0 && r == 0;) {
                bp_writer_next(&list);
                bp_strbuf_add(buffer, bp_strbuf_text(&texts[i]), texts[i].size);
        }
        bp_strbuf_add_char(buffer, ']');
        bp_writer_count(&object, "total_count", total);
        bp_writer_count(&object, "limit", limit);
        bp_writer_count(&object, "offset", offset);
        bp_strbuf_add_char(buffer, '}');
        return r;
}

static void list_events(struct bp_request *request, void *app) {
        const struct bp_api *api = app;
        struct bp_api_history history;
        struct bp_execution_row row;
        struct bp_record *records;
        struct bp_strbuf buffer;
        size_t n_records;
        int r;

        if (!bp_api_find_execution(app, request, &row))
                return;
        r = bp_store_records(bp_service_store(api->settings.service), row.number, 0, 0, bp_request_arena(request),
                             &records, &n_records);
        if (r == 0)
                r = bp_api_history_open(app, &row, &history);
        if (r) {
                bp_request_fail_errno(request, r);
                return;
        }
        bp_api_begin(&buffer);
        r = write_page(&buffer, request, &history, records, n_records);
        bp_api_history_done(&history);
        if (r)
                buffer.error = r;
        bp_api_answer(request, 200, &buffer);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Tables
 */

static const struct bp_field execution_field[] = {
        {.name = "execution_id", .type = BP_FIELD_UUID, .required = true, .description = "Id of an execution."},
        {0},
};

static const struct bp_field progress_query[] = {
        {.name = "detail",
         .type = BP_FIELD_TEXT,
         .fallback = "\"full\"",
         .words = (const char *const[]){"summary", "steps", "full", NULL},
         .description = "`steps`: with steps; `full`: with recent events too."},
        {.name = "include_events", .type = BP_FIELD_BOOLEAN, .fallback = "true"},
        {.name = "events_limit", .type = BP_FIELD_INTEGER, .fallback = "20", .min = 1, .max = 100},
        {0},
};

static const struct bp_field events_query[] = {
        {.name = "event_type",
         .type = BP_FIELD_TEXT,
         .words = bp_api_event_types,
         .description = "A type of event of the original, or a kind of record."},
        {.name = "start_time", .type = BP_FIELD_TIME},
        {.name = "end_time", .type = BP_FIELD_TIME},
        {.name = "limit", .type = BP_FIELD_INTEGER, .fallback = "100", .min = 1, .max = 1000},
        {.name = "offset", .type = BP_FIELD_INTEGER, .fallback = "0", .min = 0, .max = 1000000000},
        {0},
};

const struct bp_route bp_api_progress_routes[] = {
        {.method = BP_GET,
         .path = "/executions/{execution_id}/steps",
         .aliases = (const char *const[]){"/api/v1/executions/{execution_id}/steps", NULL},
         .operation = "listSteps",
         .tag = "executions",
         .summary = "Show the steps of an execution",
         .description = "A step that waits for an event or a time is RUNNING with `awaiting_event`.",
         .scope = BP_SCOPE_READ,
         .path_fields = execution_field,
         .answers = (const struct bp_answer_spec[]){{200, "The steps in their order", "StepList", NULL},
                                                    {404, "No such execution", NULL, NULL},
                                                    {0}},
         .handler = list_steps},
        {.method = BP_GET,
         .path = "/executions/{execution_id}/progress",
         .aliases = (const char *const[]){"/api/v1/executions/{execution_id}/progress",
                                          "/budpipeline/executions/{execution_id}/progress", NULL},
         .operation = "getProgress",
         .tag = "executions",
         .summary = "Show how far an execution is",
         .scope = BP_SCOPE_READ,
         .path_fields = execution_field,
         .query = progress_query,
         .answers = (const struct bp_answer_spec[]){{200, "The progress", "ExecutionProgress", NULL},
                                                    {404, "No such execution", NULL, NULL},
                                                    {0}},
         .handler = get_progress},
        {.method = BP_GET,
         .path = "/executions/{execution_id}/events",
         .aliases = (const char *const[]){"/api/v1/executions/{execution_id}/events", NULL},
         .operation = "listEvents",
         .tag = "executions",
         .summary = "Show what happened, newest first",
         .scope = BP_SCOPE_READ,
         .path_fields = execution_field,
         .query = events_query,
         .answers = (const struct bp_answer_spec[]){{200, "A page of events", "EventPage", NULL},
                                                    {404, "No such execution", NULL, NULL},
                                                    {0}},
         .handler = list_events},
        {0},
};
