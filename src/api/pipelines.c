/* SPDX-License-Identifier: Apache-2.0 */
/* Pipelines: checked, created, listed, shown, saved, deleted. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/failures.h"
#include "api/json.h"
#include "api/owner.h"
#include "api/pipeline_change.h"
#include "api/pipeline_json.h"
#include "api/private.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "pipeline/definition.h"
#include "service/service.h"

/* ---------------------------------------------------------------------------------------------------------------
 * Whether a definition is right
 */

static bool has_code(const struct bp_problem_list *problems, const char *code) {
        for (size_t i = 0; i < problems->count; i++) {
                if (strcmp(problems->items[i]->code, code) == 0)
                        return true;
        }
        return false;
}

static void write_findings(struct bp_writer *list, const struct bp_problem_list *problems, bool are_warnings) {
        for (size_t i = 0; i < problems->count; i++)
                bp_api_write_finding(list, problems->items[i], are_warnings);
}

static void answer_validation(struct bp_request *request, const struct bp_definition *definition,
                              const struct bp_problem_list *errors, const struct bp_problem_list *warnings) {
        struct bp_writer object, list;
        struct bp_strbuf buffer;

        bp_api_begin(&buffer);
        object = bp_writer_open(&buffer, '{');
        bp_writer_bool(&object, "valid", definition != NULL);
        bp_api_write_messages(&object, "errors", errors);
        bp_api_write_messages(&object, "warnings", warnings);
        bp_writer_count(&object, "step_count", definition ? definition->n_steps : 0);
        bp_writer_bool(&object, "has_cycles", has_code(errors, "CYCLE") || has_code(errors, "SELF_DEPENDENCY"));
        list = bp_writer_open(bp_writer_key(&object, "problems"), '[');
        write_findings(&list, errors, false);
        write_findings(&list, warnings, true);
        bp_strbuf_add_text(&buffer, "]}");
        bp_api_answer(request, 200, &buffer);
}

static void validate(struct bp_request *request, void *app) {
        struct bp_problem_list errors = {.arena = bp_request_arena(request)};
        struct bp_problem_list warnings = {.arena = errors.arena};
        const struct bp_definition *definition = NULL;
        const struct bp_api *api = app;
        int r;

        r = bp_service_definition(api->settings.service, bp_request_member(request, "dag"), &errors, &warnings,
                                  &definition);
        if (r < 0)
                bp_request_fail_errno(request, r);
        else
                answer_validation(request, r ? NULL : definition, &errors, &warnings);
        if (r == 0)
                bp_definition_unref(definition);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Looking
 */

static void list_pipelines(struct bp_request *request, void *app) {
        const struct bp_api *api = app;
        const struct bp_api_viewer viewer = bp_api_viewer_of(api, request);
        const struct bp_pipeline_filter filter = {
                .has_user = viewer.has_user,
                .user = viewer.user,
                .include_system = bp_request_boolean(request, "include_system"),
                .with_documents = bp_request_boolean(request, "include_dag"),
        };
        struct bp_pipeline_row *rows;
        struct bp_strbuf buffer;
        struct bp_writer list;
        size_t n_rows;
        int r;

        r = bp_store_pipelines(bp_service_store(api->settings.service), &filter, bp_request_arena(request), &rows,
                               &n_rows);
        if (r) {
                bp_request_fail_errno(request, r);
                return;
        }
        bp_api_begin(&buffer);
        list = bp_writer_open(&buffer, '[');
        for (size_t i = 0; i < n_rows; i++) {
                if (!bp_api_may_see(&viewer, &rows[i]))
                        continue;
                bp_writer_next(&list);
                bp_api_write_pipeline(&buffer, &rows[i]);
        }
        bp_strbuf_add_char(&buffer, ']');
        bp_api_answer(request, 200, &buffer);
}

static void get_pipeline(struct bp_request *request, void *app) {
        struct bp_pipeline_row row;

        if (bp_api_find_pipeline(app, request, 0, &row))
                bp_api_answer_pipeline(request, 200, &row);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Changing
 */

/* NULL for an absent or empty text. */
static const char *text_member(const struct bp_request *request, const char *name) {
        const struct bp_value *value = bp_request_member(request, name);

        return value && value->count ? value->as.text : NULL;
}

/* The body's user wins over the header's, where the caller may speak for others; one that is no id is ignored. */
static void set_owner(const struct bp_request *request, struct bp_service_pipeline *pipeline) {
        const struct bp_principal *principal = bp_request_principal(request);
        const struct bp_value *owned = bp_request_member(request, "system_owned");
        const char *user = text_member(request, "user_id");

        pipeline->has_user = principal->has_user;
        pipeline->user = principal->user;
        pipeline->system_owned = owned && owned->as.boolean;
        if (user && (principal->scopes & BP_SCOPE_ACT_AS) && bp_id_parse(user, &pipeline->user))
                pipeline->has_user = true;
}

/* A repeated request whose first try was cut off after the pipeline had become durable. */
static bool answer_repeated(struct bp_request *request, const struct bp_api *api, const struct bp_request_key *key) {
        struct bp_pipeline_row row;

        if (!key || !key->repeated ||
            bp_store_pipeline(bp_service_store(api->settings.service), key->subject, 1, bp_request_arena(request),
                              &row))
                return false;
        bp_api_answer_pipeline(request, 201, &row);
        return true;
}

static void hand_over(struct bp_request *request, const struct bp_api *api, struct bp_service_pipeline *pipeline,
                      uint32_t status) {
        struct bp_api_change *change;
        char author[BP_ID_TEXT_SIZE];

        pipeline->dag = bp_request_member(request, "dag");
        pipeline->name = text_member(request, "name");
        pipeline->icon = text_member(request, "icon");
        pipeline->saved_by = bp_api_author(request, author);
        change = bp_api_change_begin(request, status);
        if (change)
                bp_api_change_handed(change, bp_service_pipeline_save(api->settings.service, pipeline,
                                                                      bp_api_change_errors(change), bp_api_change_done,
                                                                      change));
}

static void create(struct bp_request *request, void *app) {
        const struct bp_request_key *key = bp_request_key(request);
        struct bp_service_pipeline pipeline = {0};
        struct bp_store_key row;

        if (answer_repeated(request, app, key))
                return;
        pipeline.key = bp_api_store_key(request, &row);
        set_owner(request, &pipeline);
        hand_over(request, app, &pipeline, 201);
}

/* The revision that an If-Match header names: "3", W/"3"; 0 for `*` or no header, UINT32_MAX for what no revision is
 * called. */
static uint32_t matched_revision(const struct bp_request *request) {
        const char *text = bp_request_header(request, "If-Match");
        unsigned long revision;
        char *end;

        if (!text || strcmp(text, "*") == 0)
                return 0;
        if (strncmp(text, "W/", 2) == 0)
                text += 2;
        if (text[0] != '"' || text[1] < '1' || text[1] > '9')
                return UINT32_MAX;
        errno = 0;
        revision = strtoul(text + 1, &end, 10);
        if (errno || strcmp(end, "\"") != 0 || revision > UINT32_MAX)
                return UINT32_MAX;
        return (uint32_t)revision;
}

static void save(struct bp_request *request, void *app) {
        const struct bp_value *expected = bp_request_member(request, "expected_version");
        const struct bp_api_viewer viewer = bp_api_viewer_of(app, request);
        struct bp_service_pipeline pipeline = {.has_user = viewer.has_user, .user = viewer.user};
        struct bp_pipeline_row row;

        if (!bp_api_find_pipeline(app, request, 0, &row))
                return;
        pipeline.id = row.id;
        pipeline.expected_revision = expected ? (uint32_t)expected->as.integer : matched_revision(request);
        hand_over(request, app, &pipeline, 200);
}

static void delete (struct bp_request *request, void *app) {
        const struct bp_api *api = app;
        struct bp_api_change *change;
        struct bp_pipeline_row row;

        if (!bp_api_find_pipeline(app, request, 0, &row))
                return;
        change = bp_api_change_begin(request, 204);
        if (change)
                bp_api_change_handed(
                        change, bp_service_pipeline_delete(api->settings.service, row.id, bp_api_change_done, change));
}

/* ---------------------------------------------------------------------------------------------------------------
 * Tables
 */

static const char *const validate_aliases[] = {"/api/v1/pipeline/validate", "/budpipeline/validate", NULL};
static const char *const list_aliases[] = {"/workflows", "/api/v1/pipeline/pipelines", "/budpipeline", NULL};
static const char *const item_aliases[] = {"/workflows/{pipeline_id}", "/api/v1/pipeline/pipelines/{pipeline_id}",
                                           "/budpipeline/{pipeline_id}", NULL};

static const struct bp_field id_field[] = {
        {.name = "pipeline_id", .type = BP_FIELD_TEXT, .required = true, .description = "Id of a pipeline."},
        {0},
};

static const struct bp_field user_header[] = {
        {.name = "X-User-ID",
         .type = BP_FIELD_TEXT,
         .description = "The user on whose behalf this is asked; without one, or malformed: the system. With "
                        "authentication it counts only for tokens of scope act-as."},
        {0},
};

static const struct bp_field save_headers[] = {
        {.name = "X-User-ID", .type = BP_FIELD_TEXT, .description = "The user on whose behalf this is asked."},
        {.name = "If-Match",
         .type = BP_FIELD_TEXT,
         .description = "The ETag of the pipeline that was read: another revision is a conflict."},
        {0},
};

static const struct bp_field list_query[] = {
        {.name = "include_system",
         .type = BP_FIELD_BOOLEAN,
         .fallback = "false",
         .description = "With a user: pipelines of the system too."},
        {.name = "include_dag",
         .type = BP_FIELD_BOOLEAN,
         .fallback = "true",
         .description = "With their definitions; without them `dag` is null and long lists stay small."},
        {0},
};

static const struct bp_field validate_body[] = {
        {.name = "dag", .type = BP_FIELD_OBJECT, .required = true, .description = "Definition of a pipeline."},
        {0},
};

#define DAG_FIELD                                                                                               \
        {                                                                                                       \
                .name = "dag", .type = BP_FIELD_OBJECT, .required = true,                                       \
                .description = "Definition. Without steps it is saved as a draft, unchecked, and needs a name." \
        }
#define NAME_FIELD                                                                          \
        {                                                                                   \
                .name = "name", .type = BP_FIELD_TEXT, .nullable = true, .max_length = 255, \
                .description = "Else the definition's."                                     \
        }
#define ICON_FIELD \
        { .name = "icon", .type = BP_FIELD_TEXT, .nullable = true, .max_length = 255 }

static const struct bp_field create_body[] = {
        DAG_FIELD,
        NAME_FIELD,
        ICON_FIELD,
        {.name = "user_id",
         .type = BP_FIELD_TEXT,
         .nullable = true,
         .description = "The owner; wins over X-User-ID. Ignored where it is no UUID."},
        {.name = "system_owned",
         .type = BP_FIELD_BOOLEAN,
         .fallback = "false",
         .description = "Every user may see and change it."},
        {0},
};

static const struct bp_field save_body[] = {
        DAG_FIELD,
        NAME_FIELD,
        ICON_FIELD,
        {.name = "expected_version",
         .type = BP_FIELD_INTEGER,
         .nullable = true,
         .min = 1,
         .max = UINT32_MAX,
         .description = "The version that was read: if another was saved meanwhile, nothing is saved (409). Wins over "
                        "If-Match."},
        {0},
};

const struct bp_route bp_api_pipeline_routes[] = {
        {.method = BP_POST,
         .path = "/validate",
         .aliases = validate_aliases,
         .operation = "validatePipeline",
         .tag = "pipelines",
         .summary = "Check a definition",
         .description = "Everything that is wrong with it, at once.",
         .scope = BP_SCOPE_READ,
         .body = validate_body,
         .body_schema = "PipelineValidation",
         .answers = (const struct bp_answer_spec[]){{200, "What was found", "Validation", NULL}, {0}},
         .handler = validate},
        {.method = BP_POST,
         .path = "/pipelines",
         .aliases = list_aliases,
         .operation = "createPipeline",
         .tag = "pipelines",
         .summary = "Create a pipeline",
         .scope = BP_SCOPE_PIPELINES,
         .headers = user_header,
         .body = create_body,
         .body_schema = "PipelineCreate",
         .answers = (const struct bp_answer_spec[]){{201, "The pipeline", "Pipeline", NULL},
                                                    {400, "The definition is not valid", NULL, NULL},
                                                    {409, "Its owner has one of this name", NULL, NULL},
                                                    {0}},
         .handler = create},
        {.method = BP_GET,
         .path = "/pipelines",
         .aliases = list_aliases,
         .operation = "listPipelines",
         .tag = "pipelines",
         .summary = "List pipelines, newest first",
         .scope = BP_SCOPE_READ,
         .headers = user_header,
         .query = list_query,
         .answers = (const struct bp_answer_spec[]){{200, "Pipelines", "PipelineList", NULL}, {0}},
         .handler = list_pipelines},
        {.method = BP_GET,
         .path = "/pipelines/{pipeline_id}",
         .aliases = item_aliases,
         .operation = "getPipeline",
         .tag = "pipelines",
         .summary = "Show a pipeline",
         .scope = BP_SCOPE_READ,
         .path_fields = id_field,
         .headers = user_header,
         .answers = (const struct bp_answer_spec[]){{200, "The pipeline", "Pipeline", NULL},
                                                    {404, "There is none, or another user owns it", NULL, NULL},
                                                    {0}},
         .handler = get_pipeline},
        {.method = BP_PUT,
         .path = "/pipelines/{pipeline_id}",
         .aliases = item_aliases,
         .operation = "savePipeline",
         .tag = "pipelines",
         .summary = "Save a new version of a pipeline",
         .description = "Executions under way keep the version they started with.",
         .scope = BP_SCOPE_PIPELINES,
         .path_fields = id_field,
         .headers = save_headers,
         .body = save_body,
         .body_schema = "PipelineSave",
         .answers = (const struct bp_answer_spec[]){{200, "The pipeline", "Pipeline", NULL},
                                                    {400, "The definition is not valid", NULL, NULL},
                                                    {404, "There is none, or another user owns it", NULL, NULL},
                                                    {409, "Changed meanwhile, or the name is taken", NULL, NULL},
                                                    {0}},
         .handler = save},
        {.method = BP_DELETE,
         .path = "/pipelines/{pipeline_id}",
         .aliases = item_aliases,
         .operation = "deletePipeline",
         .tag = "pipelines",
         .summary = "Delete a pipeline and its versions",
         .description = "Its executions stay.",
         .scope = BP_SCOPE_PIPELINES,
         .path_fields = id_field,
         .headers = user_header,
         .answers = (const struct bp_answer_spec[]){{204, "It is gone", NULL, NULL},
                                                    {404, "There is none, or another user owns it", NULL, NULL},
                                                    {0}},
         .handler = delete},
        {0},
};
