/* SPDX-License-Identifier: Apache-2.0 */
/* What actions logged: of an execution, or of one step. */
#include "api/logs.h"

#include <errno.h>

#include "api/execution_json.h"
#include "api/json.h"
#include "api/private.h"
#include "base/strbuf.h"
#include "pipeline/definition.h"
#include "service/service.h"

static const char *level_word(uint8_t level) {
        switch (level) {
        case BP_LOG_DEBUG:
                return "debug";
        case BP_LOG_WARNING:
                return "warning";
        case BP_LOG_ERROR:
                return "error";
        default:
                return "info";
        }
}

void bp_api_write_log_line(struct bp_strbuf *buffer, const struct bp_store_line *line,
                           const struct bp_definition *definition, struct bp_id execution, struct bp_arena *arena) {
        struct bp_writer object = bp_writer_open(buffer, '{');

        bp_api_write_id(&object, "execution_id", execution);
        bp_writer_text(&object, "step_id", line->step < definition->n_steps ? definition->steps[line->step].id : NULL);
        bp_writer_count(&object, "attempt", line->attempt);
        bp_api_write_time(&object, "timestamp", line->at);
        bp_writer_text(&object, "level", level_word(line->level));
        bp_api_write_safe_text(&object, "message", line->message, arena);
        bp_strbuf_add_char(buffer, '}');
}

static int write_lines(struct bp_strbuf *buffer, struct bp_request *request, const struct bp_api *api,
                       const struct bp_execution_row *row, const struct bp_definition *definition, uint32_t step) {
        const uint64_t offset = (uint64_t)bp_request_integer(request, "offset");
        const uint32_t limit = (uint32_t)bp_request_integer(request, "limit");
        struct bp_arena *arena = bp_request_arena(request);
        struct bp_writer object, list;
        struct bp_store_line *lines;
        size_t n_lines;
        int r;

        r = bp_store_logs(bp_service_store(api->settings.service), row->number, step, offset, limit, arena, &lines,
                          &n_lines);
        if (r)
                return r;
        object = bp_writer_open(buffer, '{');
        list = bp_writer_open(bp_writer_key(&object, "logs"), '[');
        for (size_t i = 0; i < n_lines; i++) {
                bp_writer_next(&list);
                bp_api_write_log_line(buffer, &lines[i], definition, row->id, arena);
        }
        bp_strbuf_add_char(buffer, ']');
        bp_writer_count(&object, "limit", limit);
        bp_writer_count(&object, "offset", offset);
        bp_strbuf_add_char(buffer, '}');
        return 0;
}

/* `step_id`: NULL for all steps. */
static void answer_logs(struct bp_request *request, struct bp_api *api, const char *step_id) {
        const struct bp_definition *definition;
        const struct bp_step_definition *step;
        struct bp_execution_row row;
        struct bp_strbuf buffer;
        int r;

        if (!bp_api_find_execution(api, request, &row))
                return;
        r = bp_service_row_definition(api->settings.service, &row, &definition);
        if (r) {
                bp_request_fail_errno(request, r);
                return;
        }
        step = step_id ? bp_definition_step(definition, step_id) : NULL;
        if (step_id && !step) {
                bp_request_failf(request, 404, "UNKNOWN_STEP", "The execution has no step %s", step_id);
        } else {
                bp_api_begin(&buffer);
                r = write_lines(&buffer, request, api, &row, definition, step ? step->index : BP_NO_STEP);
                if (r)
                        buffer.error = r;
                bp_api_answer(request, 200, &buffer);
        }
        bp_definition_unref(definition);
}

static void list_logs(struct bp_request *request, void *app) {
        answer_logs(request, app, NULL);
}

static void list_step_logs(struct bp_request *request, void *app) {
        answer_logs(request, app, bp_request_text(request, "step_id"));
}

/* ---------------------------------------------------------------------------------------------------------------
 * Tables
 */

static const struct bp_field execution_field[] = {
        {.name = "execution_id", .type = BP_FIELD_UUID, .required = true, .description = "Id of an execution."},
        {0},
};

static const struct bp_field step_fields[] = {
        {.name = "execution_id", .type = BP_FIELD_UUID, .required = true, .description = "Id of an execution."},
        {.name = "step_id", .type = BP_FIELD_TEXT, .required = true, .description = "Id of a step of its pipeline."},
        {0},
};

static const struct bp_field page_query[] = {
        {.name = "limit", .type = BP_FIELD_INTEGER, .fallback = "1000", .min = 1, .max = 10000},
        {.name = "offset", .type = BP_FIELD_INTEGER, .fallback = "0", .min = 0, .max = 1000000000},
        {0},
};

const struct bp_route bp_api_log_routes[] = {
        {.method = BP_GET,
         .path = "/executions/{execution_id}/logs",
         .aliases = (const char *const[]){"/api/v1/executions/{execution_id}/logs", NULL},
         .operation = "listLogs",
         .tag = "executions",
         .summary = "Show what the actions of an execution logged, oldest first",
         .scope = BP_SCOPE_READ,
         .path_fields = execution_field,
         .query = page_query,
         .answers = (const struct bp_answer_spec[]){{200, "A page of lines", "LogPage", NULL},
                                                    {404, "No such execution", NULL, NULL},
                                                    {0}},
         .handler = list_logs},
        {.method = BP_GET,
         .path = "/executions/{execution_id}/steps/{step_id}/logs",
         .aliases = (const char *const[]){"/api/v1/executions/{execution_id}/steps/{step_id}/logs", NULL},
         .operation = "listStepLogs",
         .tag = "executions",
         .summary = "Show what the action of a step logged, oldest first",
         .scope = BP_SCOPE_READ,
         .path_fields = step_fields,
         .query = page_query,
         .answers = (const struct bp_answer_spec[]){{200, "A page of lines", "LogPage", NULL},
                                                    {404, "No such execution or step", NULL, NULL},
                                                    {0}},
         .handler = list_step_logs},
        {0},
};
