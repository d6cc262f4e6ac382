/* SPDX-License-Identifier: Apache-2.0 */
/* Executions are listed, shown, deleted. */
#include <errno.h>
#include <stdlib.h>

#include "api/execution_json.h"
#include "api/failures.h"
#include "api/json.h"
#include "api/private.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "service/service.h"

enum { DURABLE_WITHIN_MS = 30000 };

/* ---------------------------------------------------------------------------------------------------------------
 * Listing
 */

static struct bp_wall time_field(const struct bp_request *request, const char *name) {
        const struct bp_value *value = bp_request_field(request, name);

        return (struct bp_wall){value ? value->as.integer : 0};
}

static struct bp_execution_filter filter_of(const struct bp_request *request) {
        const char *status = bp_request_text(request, "status");
        const uint32_t size = (uint32_t)bp_request_integer(request, "page_size");
        struct bp_execution_filter filter = {
                .states = status ? 1u << bp_api_execution_state_of(status) : 0,
                .initiator = bp_request_text(request, "initiator"),
                .principal = bp_request_text(request, "user"),
                .created_from = time_field(request, "start_date"),
                .created_to = time_field(request, "end_date"),
                .offset = (uint64_t)(bp_request_integer(request, "page") - 1) * size,
                .limit = size,
        };

        filter.has_pipeline = bp_request_field(request, "workflow_id") != NULL;
        if (filter.has_pipeline)
                filter.pipeline = bp_request_id(request, "workflow_id");
        return filter;
}

static int write_rows(struct bp_writer *object, struct bp_api *api, struct bp_arena *arena,
                      const struct bp_execution_row *rows, size_t n_rows) {
        struct bp_writer list = bp_writer_open(bp_writer_key(object, "executions"), '[');
        struct bp_api_documents documents = {0};
        double percent;
        int r = 0;

        for (size_t i = 0; i < n_rows && r == 0; i++) {
                r = bp_api_percent(api, &rows[i], &percent);
                if (r)
                        break;
                bp_writer_next(&list);
                r = bp_api_write_execution(object->buffer, api, arena, &documents, &rows[i], percent);
        }
        bp_strbuf_add_char(object->buffer, ']');
        return r;
}

static void list_executions(struct bp_request *request, void *app) {
        struct bp_api *api = app;
        struct bp_execution_filter filter = filter_of(request);
        struct bp_execution_row *rows;
        char caller[BP_ID_TEXT_SIZE];
        struct bp_strbuf buffer;
        struct bp_writer object;
        uint64_t total;
        size_t n_rows;
        int r;

        if (api->settings.isolate_users)
                filter.principal = bp_api_caller(request, caller);
        r = bp_store_executions(bp_service_store(api->settings.service), &filter, bp_request_arena(request), &rows,
                                &n_rows, &total);
        if (r) {
                bp_request_fail_errno(request, r);
                return;
        }
        bp_api_begin(&buffer);
        object = bp_writer_open(&buffer, '{');
        r = write_rows(&object, api, bp_request_arena(request), rows, n_rows);
        bp_api_write_pagination(&object, request, total);
        bp_strbuf_add_char(&buffer, '}');
        if (r)
                buffer.error = r;
        bp_api_answer(request, 200, &buffer);
}

static void get_execution(struct bp_request *request, void *app) {
        struct bp_execution_row row;

        if (bp_api_find_execution(app, request, &row))
                bp_api_answer_execution(app, request, 200, &row);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Deleting
 */

struct deletion {
        struct bp_deferred *deferred;
        int result;
};

static void finish_deletion(struct bp_request *request, void *app, void *data) {
        const struct deletion *deletion = data;
        int result = deletion ? deletion->result : 0;

        (void)app;
        if (!deletion)
                bp_api_fail_late(request);
        else if (result == BP_STORE_NOT_FOUND)
                bp_api_fail_no_execution(request, bp_request_id(request, "execution_id"));
        else if (result == BP_STORE_CONFLICT)
                bp_request_failf(request, 409, "NOT_ENDED", "The execution has not ended yet: cancel it first");
        else if (result)
                bp_request_fail_errno(request, result < 0 ? result : -EPROTO);
        else
                bp_request_answer_empty(request, 204);
}

static void deletion_done(void *userdata, int result, const void *row) {
        struct deletion *deletion = userdata;

        (void)row;
        deletion->result = result;
        bp_deferred_complete(deletion->deferred, deletion, free);
}

static void delete_execution(struct bp_request *request, void *app) {
        const struct bp_api *api = app;
        struct bp_execution_row row;
        struct deletion *deletion;
        int r;

        if (!bp_api_find_execution(app, request, &row))
                return;
        deletion = bp_calloc(1, sizeof(*deletion));
        if (!deletion) {
                bp_request_fail_errno(request, -ENOMEM);
                return;
        }
        deletion->deferred = bp_request_defer(request, DURABLE_WITHIN_MS, finish_deletion);
        if (!deletion->deferred) {
                free(deletion);
                return;
        }
        r = bp_store_execution_delete(bp_service_store(api->settings.service), row.id, deletion_done, deletion);
        if (r)
                deletion_done(deletion, r, NULL);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Tables
 */

static const char *const list_aliases[] = {"/api/v1/executions", "/budpipeline/executions", NULL};
static const char *const item_aliases[] = {"/api/v1/executions/{execution_id}",
                                           "/budpipeline/executions/{execution_id}", NULL};
static const char *const delete_aliases[] = {"/api/v1/executions/{execution_id}", NULL};

static const struct bp_field execution_field[] = {
        {.name = "execution_id", .type = BP_FIELD_UUID, .required = true, .description = "Id of an execution."},
        {0},
};

static const char *const states[] = {"PENDING",   "RUNNING", "PAUSED",      "COMPLETED", "FAILED",
                                     "CANCELLED", "TIMEOUT", "INTERRUPTED", NULL};

static const struct bp_field list_query[] = {
        {.name = "start_date", .type = BP_FIELD_TIME, .description = "Created then or later."},
        {.name = "end_date", .type = BP_FIELD_TIME, .description = "Created then or earlier."},
        {.name = "status", .type = BP_FIELD_TEXT, .words = states, .any_case = true},
        {.name = "initiator", .type = BP_FIELD_TEXT},
        {.name = "workflow_id", .alias = "pipeline_id", .type = BP_FIELD_UUID, .description = "Of this pipeline."},
        {.name = "user", .type = BP_FIELD_TEXT, .description = "On behalf of this user, or by this owner of a token."},
        {.name = "page", .type = BP_FIELD_INTEGER, .fallback = "1", .min = 1, .max = 1000000000},
        {.name = "page_size", .type = BP_FIELD_INTEGER, .fallback = "20", .min = 1, .max = 100},
        {0},
};

const struct bp_route bp_api_execution_routes[] = {
        {.method = BP_GET,
         .path = "/executions",
         .aliases = list_aliases,
         .operation = "listExecutions",
         .tag = "executions",
         .summary = "List executions, newest first",
         .scope = BP_SCOPE_READ,
         .query = list_query,
         .answers = (const struct bp_answer_spec[]){{200, "A page of executions", "ExecutionPage", NULL}, {0}},
         .handler = list_executions},
        {.method = BP_GET,
         .path = "/executions/{execution_id}",
         .aliases = item_aliases,
         .operation = "getExecution",
         .tag = "executions",
         .summary = "Show an execution",
         .scope = BP_SCOPE_READ,
         .path_fields = execution_field,
         .answers = (const struct bp_answer_spec[]){{200, "The execution", "Execution", NULL},
                                                    {404, "No such execution", NULL, NULL},
                                                    {0}},
         .handler = get_execution},
        {.method = BP_DELETE,
         .path = "/executions/{execution_id}",
         .aliases = delete_aliases,
         .operation = "deleteExecution",
         .tag = "executions",
         .summary = "Delete an ended execution with its history and logs",
         .scope = BP_SCOPE_ADMIN,
         .path_fields = execution_field,
         .answers = (const struct bp_answer_spec[]){{204, "It is gone", NULL, NULL},
                                                    {404, "No such execution", NULL, NULL},
                                                    {409, "It has not ended", NULL, NULL},
                                                    {0}},
         .handler = delete_execution},
        {0},
};
