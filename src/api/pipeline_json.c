/* SPDX-License-Identifier: Apache-2.0 */
#include "api/pipeline_json.h"

#include <stdio.h>

#include "api/json.h"
#include "api/owner.h"
#include "api/private.h"
#include "base/strbuf.h"
#include "service/service.h"

static const char *status_word(enum bp_pipeline_status status) {
        switch (status) {
        case BP_PIPELINE_DRAFT:
                return "draft";
        case BP_PIPELINE_ACTIVE:
                return "active";
        case BP_PIPELINE_ARCHIVED:
                return "archived";
        }
        return NULL;
}

void bp_api_write_revision_members(struct bp_writer *object, const struct bp_pipeline_row *pipeline) {
        bp_writer_text(object, "name", pipeline->name);
        bp_strbuf_printf(bp_writer_key(object, "version"), "\"%u\"", pipeline->revision);
        bp_writer_text(object, "status", status_word(pipeline->status));
        bp_writer_count(object, "step_count", pipeline->n_steps);
        bp_writer_text(object, "description", pipeline->description);
        bp_writer_text(object, "icon", pipeline->icon);
        bp_writer_text(object, "saved_by", pipeline->saved_by);
        if (pipeline->restored_from)
                bp_writer_count(object, "restored_from", pipeline->restored_from);
        else
                bp_writer_text(object, "restored_from", NULL);
}

void bp_api_write_pipeline(struct bp_strbuf *buffer, const struct bp_pipeline_row *pipeline) {
        struct bp_writer object = bp_writer_open(buffer, '{');

        bp_api_write_id(&object, "id", pipeline->id);
        bp_api_write_revision_members(&object, pipeline);
        bp_api_write_time(&object, "created_at", pipeline->created_at);
        bp_api_write_time(&object, "updated_at", pipeline->updated_at);
        bp_api_write_id_if(&object, "user_id", pipeline->has_user, pipeline->user);
        bp_writer_bool(&object, "system_owned", pipeline->system_owned);
        bp_writer_text(&object, "created_by", pipeline->created_by);
        bp_api_write_stored_json(&object, "dag", pipeline->dag);
        bp_writer_count(&object, "execution_count", pipeline->execution_count);
        bp_api_write_time(&object, "last_execution_at", pipeline->last_execution_at);
        bp_strbuf_add_char(buffer, '}');
}

void bp_api_answer_pipeline(struct bp_request *request, uint32_t status, const struct bp_pipeline_row *pipeline) {
        struct bp_strbuf buffer;
        char etag[16];

        snprintf(etag, sizeof(etag), "\"%u\"", pipeline->revision);
        bp_request_add_header(request, "ETag", etag);
        bp_api_begin(&buffer);
        bp_api_write_pipeline(&buffer, pipeline);
        bp_api_answer(request, status, &buffer);
}

void bp_api_fail_no_pipeline(struct bp_request *request, const char *id) {
        bp_request_failf(request, 404, "NOT_FOUND", "Pipeline not found: %s", id);
}

bool bp_api_find_pipeline(struct bp_api *api, struct bp_request *request, uint32_t revision,
                          struct bp_pipeline_row *ret_pipeline) {
        const struct bp_api_viewer viewer = bp_api_viewer_of(api, request);
        const char *text = bp_request_text(request, "pipeline_id");
        struct bp_pipeline_row row;
        struct bp_id id;
        int r = BP_STORE_NOT_FOUND;

        if (bp_id_parse(text, &id))
                r = bp_store_pipeline(bp_service_store(api->settings.service), id, revision, bp_request_arena(request),
                                      &row);
        if (r < 0) {
                bp_request_fail_errno(request, r);
                return false;
        }
        if (r || !bp_api_may_see(&viewer, &row)) {
                bp_api_fail_no_pipeline(request, text);
                return false;
        }
        *ret_pipeline = row;
        return true;
}
