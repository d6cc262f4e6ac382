/* SPDX-License-Identifier: Apache-2.0 */
/* Versions of a pipeline: every save makes one and none is ever changed. */
#include <errno.h>
#include <stdint.h>

#include "api/diff.h"
#include "api/failures.h"
#include "api/json.h"
#include "api/owner.h"
#include "api/pipeline_change.h"
#include "api/pipeline_json.h"
#include "api/private.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "service/service.h"

static uint32_t revision_field(const struct bp_request *request, const char *name) {
        return (uint32_t)bp_request_integer(request, name);
}

static void write_revision(struct bp_strbuf *buffer, const struct bp_pipeline_row *row, bool with_dag) {
        struct bp_writer object = bp_writer_open(buffer, '{');

        bp_api_write_id(&object, "pipeline_id", row->id);
        bp_api_write_revision_members(&object, row);
        bp_api_write_time(&object, "saved_at", row->updated_at);
        if (with_dag)
                bp_api_write_stored_json(&object, "dag", row->dag);
        bp_strbuf_add_char(buffer, '}');
}

static void fail_no_revision(struct bp_request *request, uint32_t revision) {
        bp_request_failf(request, 404, "NOT_FOUND", "Pipeline %s has no version %u",
                         bp_request_text(request, "pipeline_id"), revision);
}

/* One revision of a pipeline that was found. @return true; false: the request has been answered. */
static bool find_revision(const struct bp_api *api, struct bp_request *request, struct bp_id id, uint32_t revision,
                          struct bp_pipeline_row *ret_row) {
        int r = bp_store_pipeline(bp_service_store(api->settings.service), id, revision, bp_request_arena(request),
                                  ret_row);

        if (r < 0)
                bp_request_fail_errno(request, r);
        else if (r)
                fail_no_revision(request, revision);
        return r == 0;
}

static void list_revisions(struct bp_request *request, void *app) {
        const struct bp_api *api = app;
        struct bp_pipeline_row pipeline, *rows;
        struct bp_strbuf buffer;
        struct bp_writer list;
        size_t n_rows;
        int r;

        if (!bp_api_find_pipeline(app, request, 0, &pipeline))
                return;
        r = bp_store_pipeline_revisions(bp_service_store(api->settings.service), pipeline.id, bp_request_arena(request),
                                        &rows, &n_rows);
        if (r < 0) {
                bp_request_fail_errno(request, r);
                return;
        }
        if (r) {
                bp_api_fail_no_pipeline(request, bp_request_text(request, "pipeline_id"));
                return;
        }
        bp_api_begin(&buffer);
        bp_strbuf_add_text(&buffer, "{\"versions\":");
        list = bp_writer_open(&buffer, '[');
        for (size_t i = 0; i < n_rows; i++) {
                bp_writer_next(&list);
                write_revision(&buffer, &rows[i], false);
        }
        bp_strbuf_add_text(&buffer, "]}");
        bp_api_answer(request, 200, &buffer);
}

static void get_revision(struct bp_request *request, void *app) {
        struct bp_pipeline_row pipeline, row;
        struct bp_strbuf buffer;

        if (!bp_api_find_pipeline(app, request, 0, &pipeline) ||
            !find_revision(app, request, pipeline.id, revision_field(request, "version"), &row))
                return;
        bp_api_begin(&buffer);
        write_revision(&buffer, &row, true);
        bp_api_answer(request, 200, &buffer);
}

/* ---------------------------------------------------------------------------------------------------------------
 * What changed between two
 */

static int read_dag(struct bp_request *request, const struct bp_pipeline_row *row, struct bp_value *ret_value) {
        static const struct bp_json_limits limits = {.depth = BP_VALUE_DEPTH_MAX, .size_bytes = BP_API_ANSWER_BYTES};
        int r;

        r = bp_json_parse(bp_request_arena(request), row->dag.text, row->dag.size, &limits, ret_value, NULL);
        return r > 0 ? -EBADMSG : r;
}

static void answer_diff(struct bp_request *request, uint32_t a, uint32_t b, const struct bp_value *from,
                        const struct bp_value *to) {
        struct bp_writer object;
        struct bp_strbuf buffer;

        bp_api_begin(&buffer);
        object = bp_writer_open(&buffer, '{');
        bp_strbuf_printf(bp_writer_key(&object, "from"), "\"%u\"", a);
        bp_strbuf_printf(bp_writer_key(&object, "to"), "\"%u\"", b);
        bp_api_write_patch(bp_writer_key(&object, "changes"), from, to);
        bp_api_write_step_changes(bp_writer_key(&object, "steps"), from, to, bp_request_arena(request));
        bp_api_write_changed_fields(bp_writer_key(&object, "fields"), from, to);
        bp_strbuf_add_char(&buffer, '}');
        bp_api_answer(request, 200, &buffer);
}

static void diff(struct bp_request *request, void *app) {
        const uint32_t a = revision_field(request, "version"), b = revision_field(request, "other");
        struct bp_pipeline_row pipeline, old_row, new_row;
        struct bp_value from, to;
        int r;

        if (!bp_api_find_pipeline(app, request, 0, &pipeline) ||
            !find_revision(app, request, pipeline.id, a, &old_row) ||
            !find_revision(app, request, pipeline.id, b, &new_row))
                return;
        r = read_dag(request, &old_row, &from);
        if (r == 0)
                r = read_dag(request, &new_row, &to);
        if (r)
                bp_request_fail_errno(request, r);
        else
                answer_diff(request, a, b, &from, &to);
}

static void restore(struct bp_request *request, void *app) {
        const uint32_t revision = revision_field(request, "version");
        const struct bp_request_key *given = bp_request_key(request);
        const struct bp_api *api = app;
        struct bp_pipeline_row pipeline, row;
        struct bp_api_change *change;
        struct bp_store_key key;
        char author[BP_ID_TEXT_SIZE];

        if (!bp_api_find_pipeline(app, request, 0, &pipeline) ||
            !find_revision(app, request, pipeline.id, revision, &row))
                return;
        if (given && given->repeated) { /* the first try became durable and its answer was lost */
                bp_api_answer_pipeline(request, 200, &pipeline);
                return;
        }
        change = bp_api_change_begin(request, 200);
        if (change)
                bp_api_change_handed(change, bp_service_pipeline_restore(
                                                     api->settings.service, pipeline.id, revision,
                                                     bp_api_author(request, author), bp_api_store_key(request, &key),
                                                     bp_api_change_errors(change), bp_api_change_done, change));
}

/* ---------------------------------------------------------------------------------------------------------------
 * Tables
 */

#define PIPELINE_FIELD \
        { .name = "pipeline_id", .type = BP_FIELD_TEXT, .required = true, .description = "Id of a pipeline." }
#define VERSION_FIELD(word, text)                                                                        \
        {                                                                                                \
                .name = (word), .type = BP_FIELD_INTEGER, .required = true, .min = 1, .max = UINT32_MAX, \
                .description = (text)                                                                    \
        }

static const struct bp_field pipeline_path[] = {PIPELINE_FIELD, {0}};
static const struct bp_field version_path[] = {
        PIPELINE_FIELD,
        VERSION_FIELD("version", "A version: 1, 2, 3 ..."),
        {0},
};
static const struct bp_field diff_path[] = {
        PIPELINE_FIELD,
        VERSION_FIELD("version", "The version to compare from."),
        VERSION_FIELD("other", "The version to compare to."),
        {0},
};
static const struct bp_field user_header[] = {
        {.name = "X-User-ID", .type = BP_FIELD_TEXT, .description = "The user on whose behalf this is asked."},
        {0},
};

static const char *const list_aliases[] = {"/api/v1/pipeline/pipelines/{pipeline_id}/versions", NULL};
static const char *const item_aliases[] = {"/api/v1/pipeline/pipelines/{pipeline_id}/versions/{version}", NULL};
static const char *const diff_aliases[] = {"/api/v1/pipeline/pipelines/{pipeline_id}/versions/{version}/diff/{other}",
                                           NULL};
static const char *const restore_aliases[] = {"/api/v1/pipeline/pipelines/{pipeline_id}/versions/{version}/restore",
                                              NULL};

const struct bp_route bp_api_revision_routes[] = {
        {.method = BP_GET,
         .path = "/pipelines/{pipeline_id}/versions",
         .aliases = list_aliases,
         .operation = "listPipelineVersions",
         .tag = "pipelines",
         .summary = "List the versions of a pipeline, newest first",
         .scope = BP_SCOPE_READ,
         .path_fields = pipeline_path,
         .headers = user_header,
         .answers = (const struct bp_answer_spec[]){{200, "Versions", "PipelineRevisionList", NULL},
                                                    {404, "No such pipeline", NULL, NULL},
                                                    {0}},
         .handler = list_revisions},
        {.method = BP_GET,
         .path = "/pipelines/{pipeline_id}/versions/{version}",
         .aliases = item_aliases,
         .operation = "getPipelineVersion",
         .tag = "pipelines",
         .summary = "Show a version of a pipeline",
         .scope = BP_SCOPE_READ,
         .path_fields = version_path,
         .headers = user_header,
         .answers = (const struct bp_answer_spec[]){{200, "The version", "PipelineRevision", NULL},
                                                    {404, "No such pipeline or version", NULL, NULL},
                                                    {0}},
         .handler = get_revision},
        {.method = BP_GET,
         .path = "/pipelines/{pipeline_id}/versions/{version}/diff/{other}",
         .aliases = diff_aliases,
         .operation = "diffPipelineVersions",
         .tag = "pipelines",
         .summary = "Compare two versions of a pipeline",
         .scope = BP_SCOPE_READ,
         .path_fields = diff_path,
         .headers = user_header,
         .answers = (const struct bp_answer_spec[]){{200, "What changed", "PipelineDiff", NULL},
                                                    {404, "No such pipeline or version", NULL, NULL},
                                                    {0}},
         .handler = diff},
        {.method = BP_POST,
         .path = "/pipelines/{pipeline_id}/versions/{version}/restore",
         .aliases = restore_aliases,
         .operation = "restorePipelineVersion",
         .tag = "pipelines",
         .summary = "Make a version the newest one again",
         .description = "Saves it once more, as a new version.",
         .scope = BP_SCOPE_PIPELINES,
         .path_fields = version_path,
         .headers = user_header,
         .answers = (const struct bp_answer_spec[]){{200, "The pipeline", "Pipeline", NULL},
                                                    {400, "It is not valid any more", NULL, NULL},
                                                    {404, "No such pipeline or version", NULL, NULL},
                                                    {409, "Its name is taken, or it was changed meanwhile", NULL, NULL},
                                                    {0}},
         .handler = restore},
        {0},
};
