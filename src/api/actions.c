/* SPDX-License-Identifier: Apache-2.0 */
/* The Actions API: what actions there are, what each takes, and whether parameters are right for one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/documents.h"
#include "api/failures.h"
#include "api/json.h"
#include "api/private.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "registry/registry.h"
#include "runtime/call_action.h"
#include "service/service.h"

static const struct bp_registry_snapshot *acquire(struct bp_api *api) {
        return bp_registry_acquire(bp_service_registry(api->settings.service));
}

/* ---------------------------------------------------------------------------------------------------------------
 * The catalogue: made once for each snapshot of the registry, kept until the next one is asked for
 */

static void release_snapshot(void *userdata) {
        bp_registry_release(userdata);
}

/* Takes the snapshot. */
static int make_catalogue(const struct bp_registry_snapshot *snapshot, struct bp_api_document **ret_document) {
        struct bp_api_document_source source = {
                .compress = true, .release = release_snapshot, .userdata = (void *)(uintptr_t)snapshot};
        int r;

        r = bp_registry_answer(snapshot, &source.bytes, &source.size);
        if (r == 0)
                r = bp_api_document_new(&source, ret_document);
        if (r)
                bp_registry_release(snapshot);
        return r;
}

static int current_catalogue(struct bp_api *api, struct bp_api_document **ret_document) {
        const struct bp_registry_snapshot *snapshot = acquire(api);
        uint64_t generation = bp_registry_generation(snapshot);
        struct bp_api_document *made;
        int r = 0;

        pthread_mutex_lock(&api->lock);
        if (api->catalogue && api->catalogue_generation == generation) {
                bp_registry_release(snapshot);
        } else {
                r = make_catalogue(snapshot, &made);
                if (r == 0) {
                        bp_api_document_unref(api->catalogue);
                        api->catalogue = made;
                        api->catalogue_generation = generation;
                }
        }
        if (r == 0)
                *ret_document = bp_api_document_ref(api->catalogue);
        pthread_mutex_unlock(&api->lock);
        return r;
}

static void list_actions(struct bp_request *request, void *app) {
        struct bp_api_document *document;
        int r;

        r = current_catalogue(app, &document);
        if (r)
                bp_request_fail_errno(request, r);
        else
                bp_api_answer_document(request, document);
}

/* ---------------------------------------------------------------------------------------------------------------
 * One action
 */

typedef void write_entry(struct bp_strbuf *buffer, const struct bp_action_entry *entry);

static void write_schemas(struct bp_strbuf *buffer, const struct bp_action_entry *entry) {
        const struct bp_action_meta *meta = bp_action_entry_meta(entry);
        struct bp_writer object = bp_writer_open(buffer, '{');

        bp_writer_text(&object, "type", meta->type);
        bp_writer_text(&object, "version", meta->version);
        bp_action_meta_write_params_schema(bp_writer_key(&object, "params"), meta);
        bp_action_meta_write_outputs_schema(bp_writer_key(&object, "outputs"), meta);
        bp_strbuf_add_char(buffer, '}');
}

/* Takes what was written. */
static void answer_text(struct bp_request *request, struct bp_strbuf *buffer) {
        const size_t size = buffer->size;
        char *text = bp_strbuf_steal(buffer);
        struct bp_api_document *document;

        if (text &&
            bp_api_document_new(
                    &(struct bp_api_document_source){.bytes = text, .size = size, .release = free, .userdata = text},
                    &document) == 0) {
                bp_api_answer_document(request, document);
                return;
        }
        free(text);
        bp_request_fail_errno(request, -ENOMEM);
}

static void answer_entry(struct bp_request *request, struct bp_api *api, write_entry *write) {
        const char *type = bp_request_text(request, "action_type");
        const struct bp_registry_snapshot *snapshot = acquire(api);
        const struct bp_action_entry *entry = bp_registry_find(snapshot, type);
        struct bp_strbuf buffer;

        if (entry) {
                bp_api_begin(&buffer);
                write(&buffer, entry);
                answer_text(request, &buffer);
                bp_strbuf_done(&buffer);
        } else {
                bp_api_fail_no_action(request, type);
        }
        bp_registry_release(snapshot);
}

static void get_action(struct bp_request *request, void *app) {
        answer_entry(request, app, bp_action_meta_write);
}

static void get_schema(struct bp_request *request, void *app) {
        answer_entry(request, app, write_schemas);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Whether parameters are right. A name that the action does not know was never an error of this route.
 */

static bool is_warning(const struct bp_problem *problem) {
        return strcmp(problem->code, "PARAM_UNKNOWN") == 0;
}

static void write_messages(struct bp_strbuf *buffer, const struct bp_problem_list *findings, bool warnings) {
        struct bp_writer list = bp_writer_open(buffer, '[');

        for (size_t i = 0; i < findings->count; i++) {
                if (is_warning(findings->items[i]) != warnings)
                        continue;
                bp_writer_next(&list);
                bp_writer_text_or_null(buffer, findings->items[i]->message);
        }
        bp_strbuf_add_char(buffer, ']');
}

static bool is_valid(const struct bp_problem_list *findings) {
        for (size_t i = 0; i < findings->count; i++) {
                if (!is_warning(findings->items[i]))
                        return false;
        }
        return findings->dropped == 0;
}

static void answer_findings(struct bp_request *request, const struct bp_problem_list *findings) {
        struct bp_strbuf buffer;
        struct bp_writer object, list;

        bp_api_begin(&buffer);
        object = bp_writer_open(&buffer, '{');
        bp_writer_bool(&object, "valid", is_valid(findings));
        write_messages(bp_writer_key(&object, "errors"), findings, false);
        write_messages(bp_writer_key(&object, "warnings"), findings, true);
        list = bp_writer_open(bp_writer_key(&object, "problems"), '[');
        for (size_t i = 0; i < findings->count; i++)
                bp_api_write_finding(&list, findings->items[i], is_warning(findings->items[i]));
        bp_strbuf_add_text(&buffer, "]}");
        bp_api_answer(request, 200, &buffer);
}

static void validate(struct bp_request *request, void *app) {
        struct bp_problem_list findings = {.arena = bp_request_arena(request)};
        const char *type = bp_request_member(request, "actionType")->as.text;
        const struct bp_registry_snapshot *snapshot = acquire(app);
        const struct bp_action_entry *entry = bp_registry_find(snapshot, type);
        int r;

        if (!entry) {
                bp_api_fail_no_action(request, type);
        } else {
                r = bp_check_action_params(entry, bp_request_member(request, "params"), &findings);
                if (r)
                        bp_request_fail_errno(request, r);
                else
                        answer_findings(request, &findings);
        }
        bp_registry_release(snapshot);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Tables
 */

static const struct bp_field type_field[] = {
        {.name = "action_type", .type = BP_FIELD_TEXT, .required = true, .description = "Type of an action: `delay`."},
        {0},
};
static const struct bp_field validate_body[] = {
        {.name = "actionType",
         .alias = "action_type",
         .type = BP_FIELD_TEXT,
         .required = true,
         .description = "Type of an action."},
        {.name = "params",
         .type = BP_FIELD_OBJECT,
         .required = true,
         .description = "Parameters as a step would give them; templates may stand in them."},
        {0},
};

const struct bp_route bp_api_action_routes[] = {
        {.method = BP_GET,
         .path = "/actions",
         .aliases = (const char *const[]){"/api/v1/actions", "/budpipeline/actions", NULL},
         .operation = "listActions",
         .tag = "actions",
         .summary = "List all actions",
         .description = "All actions in the order of their registration, and once more by category.",
         .scope = BP_SCOPE_READ,
         .answers = (const struct bp_answer_spec[]){{200, "The catalogue", "ActionList", NULL}, {0}},
         .handler = list_actions},
        {.method = BP_POST,
         .path = "/actions/validate",
         .aliases = (const char *const[]){"/api/v1/actions/validate", "/budpipeline/actions/validate", NULL},
         .operation = "validateAction",
         .tag = "actions",
         .summary = "Check parameters against an action",
         .description = "Errors come in the order in which the action declares its parameters, then those of the "
                        "action's own check.",
         .scope = BP_SCOPE_READ,
         .body = validate_body,
         .body_schema = "ActionValidation",
         .answers = (const struct bp_answer_spec[]){{200, "What was found", "ActionFindings", NULL},
                                                    {404, "No such action", NULL, NULL},
                                                    {0}},
         .handler = validate},
        {.method = BP_GET,
         .path = "/actions/{action_type}",
         .aliases = (const char *const[]){"/api/v1/actions/{action_type}", "/budpipeline/actions/{action_type}", NULL},
         .operation = "getAction",
         .tag = "actions",
         .summary = "Show one action",
         .scope = BP_SCOPE_READ,
         .path_fields = type_field,
         .answers = (const struct bp_answer_spec[]){{200, "The action", "Action", NULL},
                                                    {404, "No such action", NULL, NULL},
                                                    {0}},
         .handler = get_action},
        {.method = BP_GET,
         .path = "/actions/{action_type}/schema",
         .aliases = (const char *const[]){"/api/v1/actions/{action_type}/schema", NULL},
         .operation = "getActionSchema",
         .tag = "actions",
         .summary = "JSON Schema of an action's parameters and outputs",
         .scope = BP_SCOPE_READ,
         .path_fields = type_field,
         .answers = (const struct bp_answer_spec[]){{200, "The schemas", "ActionSchemas", NULL},
                                                    {404, "No such action", NULL, NULL},
                                                    {0}},
         .handler = get_schema},
        {0},
};
