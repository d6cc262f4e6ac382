/* SPDX-License-Identifier: Apache-2.0 */
#include "api/execution_json.h"

#include <errno.h>
#include <string.h>

#include "api/failures.h"
#include "api/json.h"
#include "api/owner.h"
#include "api/private.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "service/service.h"

/* ---------------------------------------------------------------------------------------------------------------
 * Finding
 */

const char *bp_api_caller(const struct bp_request *request, char text[BP_ID_TEXT_SIZE]) {
        return bp_api_author(request, text);
}

bool bp_api_may_see_execution(const struct bp_api *api, const struct bp_request *request,
                              const struct bp_execution_row *row) {
        char text[BP_ID_TEXT_SIZE];

        return !api->settings.isolate_users ||
               (row->principal && strcmp(row->principal, bp_api_caller(request, text)) == 0);
}

static bool find(struct bp_api *api, struct bp_request *request, struct bp_id id, struct bp_execution_row *ret_row) {
        int r = bp_store_execution(bp_service_store(api->settings.service), id, bp_request_arena(request), ret_row);

        if (r < 0)
                bp_request_fail_errno(request, r);
        else if (r || !bp_api_may_see_execution(api, request, ret_row))
                bp_api_fail_no_execution(request, id);
        else
                return true;
        return false;
}

bool bp_api_find_execution(struct bp_api *api, struct bp_request *request, struct bp_execution_row *ret_row) {
        return find(api, request, bp_request_id(request, "execution_id"), ret_row);
}

int bp_api_percent(struct bp_api *api, const struct bp_execution_row *row, double *ret_percent) {
        struct bp_execution *execution;
        int r;

        if (row->state == BP_EXECUTION_COMPLETED || row->state == BP_EXECUTION_PENDING) {
                *ret_percent = row->state == BP_EXECUTION_COMPLETED ? 100.0 : 0.0;
                return 0;
        }
        r = bp_service_execution(api->settings.service, row, &execution);
        if (r)
                return r;
        *ret_percent = bp_execution_progress(execution, bp_wall_now(), NULL);
        bp_execution_free(execution);
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Writing
 */

/* The original's clients read `error` or `message`. */
static void write_error(struct bp_writer *object, const struct bp_execution_row *row, struct bp_arena *arena) {
        struct bp_strbuf *buffer = bp_writer_key(object, "error_info");
        struct bp_writer error;

        if (!row->code && !row->message) {
                bp_strbuf_add_text(buffer, "null");
                return;
        }
        error = bp_writer_open(buffer, '{');
        bp_api_write_safe_text(&error, "error", row->message, arena);
        bp_api_write_safe_text(&error, "message", row->message, arena);
        bp_writer_text(&error, "code", row->code);
        bp_strbuf_add_char(buffer, '}');
}

static int write_definition(struct bp_writer *object, struct bp_api *api, struct bp_arena *arena,
                            struct bp_api_documents *documents, const struct bp_execution_row *row) {
        struct bp_strbuf *buffer = bp_writer_key(object, "pipeline_definition");
        struct bp_writer definition = bp_writer_open(buffer, '{');
        struct bp_digest digest;
        int r = 0;

        if (documents->number != row->definition || !documents->json.text)
                r = bp_store_definition(bp_service_store(api->settings.service), row->definition, arena,
                                        &documents->json, &digest);
        if (r)
                return r < 0 ? r : -EBADMSG;
        documents->number = row->definition;
        if (row->has_pipeline)
                bp_api_write_id(&definition, "workflow_id", row->pipeline);
        else
                bp_writer_text(&definition, "workflow_id", "ephemeral");
        bp_writer_text(&definition, "workflow_name", row->name);
        bp_api_write_stored_json(&definition, "dag", documents->json);
        bp_api_write_safe_json(&definition, "params", row->params, arena);
        bp_strbuf_add_char(buffer, '}');
        return 0;
}

static void write_revision(struct bp_writer *object, const struct bp_execution_row *row) {
        if (row->has_pipeline)
                bp_writer_count(object, "pipeline_revision", row->revision);
        else
                bp_writer_text(object, "pipeline_revision", NULL);
}

int bp_api_write_execution(struct bp_strbuf *buffer, struct bp_api *api, struct bp_arena *arena,
                           struct bp_api_documents *documents, const struct bp_execution_row *row, double percent) {
        struct bp_writer object = bp_writer_open(buffer, '{');
        int r;

        bp_api_write_id(&object, "id", row->id);
        bp_writer_count(&object, "version", row->sequence ? row->sequence : 1);
        r = write_definition(&object, api, arena, documents, row);
        bp_writer_text(&object, "initiator", row->initiator);
        bp_api_write_time(&object, "start_time", row->started_at);
        bp_api_write_time(&object, "end_time", row->ended_at);
        bp_writer_text(&object, "status", bp_execution_state_name(row->state));
        bp_api_write_percent(&object, "progress_percentage", percent);
        bp_api_write_safe_json(&object, "final_outputs", row->outputs, arena);
        write_error(&object, row, arena);
        bp_api_write_time(&object, "created_at", row->created_at);
        bp_api_write_time(&object, "updated_at", row->updated_at.us ? row->updated_at : row->created_at);
        write_revision(&object, row);
        bp_writer_count(&object, "step_count", row->n_steps);
        bp_writer_text(&object, "principal", row->principal);
        bp_api_write_id_if(&object, "retry_of", row->has_retry_of, row->retry_of);
        bp_strbuf_add_char(buffer, '}');
        return r;
}

void bp_api_answer_execution(struct bp_api *api, struct bp_request *request, uint32_t status,
                             const struct bp_execution_row *row) {
        struct bp_api_documents documents = {0};
        struct bp_strbuf buffer;
        double percent;
        int r;

        bp_api_begin(&buffer);
        r = bp_api_percent(api, row, &percent);
        if (r == 0)
                r = bp_api_write_execution(&buffer, api, bp_request_arena(request), &documents, row, percent);
        if (r)
                buffer.error = r;
        bp_api_answer(request, status, &buffer);
}

void bp_api_answer_execution_of(struct bp_api *api, struct bp_request *request, uint32_t status, struct bp_id id) {
        struct bp_execution_row row;

        if (find(api, request, id, &row))
                bp_api_answer_execution(api, request, status, &row);
}
