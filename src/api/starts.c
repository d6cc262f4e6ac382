/* SPDX-License-Identifier: Apache-2.0 */
/* Executions are started: of a stored pipeline, of a definition in the request, and again. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/execution_json.h"
#include "api/failures.h"
#include "api/json.h"
#include "api/owner.h"
#include "api/private.h"
#include "api/starting.h"
#include "base/memory.h"
#include "base/problem.h"
#include "envelope/envelope.h"
#include "service/service.h"

enum { TOPICS_MAX = 64 }; /* of an execution */

/* The platform's proxy speaks for its caller: what says who that is does not come from the body. */
static bool is_by_proxy(const struct bp_request *request) {
        return strncmp(bp_request_path(request), "/budpipeline/", 13) == 0;
}

static const char *text_member(const struct bp_request *request, const char *name) {
        const struct bp_value *value = bp_request_member(request, name);

        return value ? value->as.text : NULL;
}

static struct bp_value text_value(const char *text) {
        return bp_value_text_borrow(text, strlen(text));
}

/* Who asks, in the request's arena. */
static const char *caller_of(struct bp_request *request) {
        char text[BP_ID_TEXT_SIZE];
        const char *caller = bp_api_caller(request, text);

        return caller == text ? bp_arena_text(bp_request_arena(request), text, BP_ID_TEXT_SIZE - 1) : caller;
}

/* @return 0 or -ENOMEM */
static int complete_params(struct bp_request *request, const char *caller, struct bp_value *ret_params) {
        const struct bp_value *params = bp_request_member(request, "params");
        const char *user = is_by_proxy(request) ? caller : text_member(request, "user_id");
        struct bp_object_builder builder;

        *ret_params = params ? *params : bp_value_empty_object;
        if (!user)
                return 0;
        bp_object_init(&builder, bp_request_arena(request));
        bp_object_merge(&builder, ret_params);
        bp_object_set_z(&builder, "user_id", text_value(user));
        return bp_object_finish(&builder, ret_params);
}

/* Who is to be told what: kept with the execution. An empty object when nobody said. @return 0 or -ENOMEM */
static int collect_options(struct bp_request *request, const char *caller, struct bp_value *ret_options) {
        static const char *const names[] = {"callback_topics", "subscriber_ids", "payload_type",
                                            "notification_workflow_id"};
        struct bp_object_builder builder;

        *ret_options = bp_value_empty_object;
        bp_object_init(&builder, bp_request_arena(request));
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                const struct bp_value *value = bp_request_member(request, names[i]);

                if (value)
                        bp_object_set_z(&builder, names[i], *value);
        }
        if (is_by_proxy(request))
                bp_object_set_z(&builder, "subscriber_ids", text_value(caller));
        return builder.count || builder.error ? bp_object_finish(&builder, ret_options) : 0;
}

static void fail_topic(struct bp_request *request, const char *pointer, const char *why) {
        bp_request_fail(request,
                        &(struct bp_failure){.status = 422, .code = "TOPIC", .message = why, .pointer = pointer});
}

/* @return false: the request has been answered */
static bool check_topics(struct bp_request *request) {
        const struct bp_value *topics = bp_request_member(request, "callback_topics");
        char pointer[48];

        if (topics && topics->count > TOPICS_MAX) {
                fail_topic(request, "/callback_topics", "an execution tells at most 64 topics");
                return false;
        }
        for (uint32_t i = 0; topics && i < topics->count; i++) {
                const char *why = bp_topic_problem(topics->as.items[i].as.text, topics->as.items[i].count);

                if (!why)
                        continue;
                snprintf(pointer, sizeof(pointer), "/callback_topics/%u", i);
                fail_topic(request, pointer, why);
                return false;
        }
        return true;
}

/* Fills in what all starts share, and hands over. */
static void start(struct bp_request *request, const struct bp_api *api, struct bp_service_start order,
                  const char *workflow_id) {
        const char *caller = caller_of(request), *initiator = text_member(request, "initiator");
        struct bp_value params, options;
        struct bp_api_starting *starting;
        struct bp_store_key key;

        if (!check_topics(request))
                return;
        if (!caller || complete_params(request, caller, &params) || collect_options(request, caller, &options)) {
                bp_request_fail_errno(request, -ENOMEM);
                return;
        }
        order.params = &params;
        order.options = options.count ? &options : NULL;
        order.initiator = is_by_proxy(request) ? caller : initiator ? initiator : "api";
        order.principal = caller;
        order.key = bp_api_store_key(request, &key);
        starting = bp_api_starting_begin(request, workflow_id, NULL);
        if (starting)
                bp_api_starting_handed(
                        starting, bp_service_start(api->settings.service, &order, bp_request_arena(request),
                                                   bp_api_starting_errors(starting), bp_api_starting_started(starting),
                                                   bp_api_starting_done, starting));
}

/* ---------------------------------------------------------------------------------------------------------------
 * Of a pipeline
 */

static void fail_no_pipeline(struct bp_request *request, const char *text) {
        bp_request_failf(request, 404, "NOT_FOUND", "Pipeline not found: %s", text);
}

/* Where users are isolated, a request without one starts nothing that has an owner. The service knows users only.
 * @return false: the request has been answered */
static bool check_owner(struct bp_request *request, const struct bp_api *api, struct bp_id id, const char *text) {
        const struct bp_api_viewer viewer = bp_api_viewer_of(api, request);
        struct bp_pipeline_row row;
        int r;

        if (!viewer.only_unowned)
                return true;
        r = bp_store_pipeline(bp_service_store(api->settings.service), id, 0, bp_request_arena(request), &row);
        if (r < 0)
                bp_request_fail_errno(request, r);
        else if (r || !bp_api_may_see(&viewer, &row))
                fail_no_pipeline(request, text);
        else
                return true;
        return false;
}

static void start_pipeline(struct bp_request *request, const struct bp_api *api, const char *text) {
        const struct bp_api_viewer viewer = bp_api_viewer_of(api, request);
        struct bp_service_start order = {.has_user = viewer.has_user, .user = viewer.user};

        if (!bp_id_parse(text, &order.pipeline))
                fail_no_pipeline(request, text);
        else if (check_owner(request, api, order.pipeline, text))
                start(request, api, order, text);
}

static void start_execution(struct bp_request *request, void *app) {
        start_pipeline(request, app, text_member(request, "workflow_id"));
}

static void execute_pipeline(struct bp_request *request, void *app) {
        start_pipeline(request, app, bp_request_text(request, "pipeline_id"));
}

/* ---------------------------------------------------------------------------------------------------------------
 * Of a definition, and again
 */

static void run_definition(struct bp_request *request, void *app) {
        struct bp_service_start order = {.document = bp_request_member(request, "pipeline_definition")};

        start(request, app, order, "ephemeral");
}

static void retry(struct bp_request *request, void *app) {
        const struct bp_api *api = app;
        struct bp_api_starting *starting;
        struct bp_service_retry order = {.from_step = text_member(request, "from_step"), .initiator = "retry"};
        struct bp_execution_row row;
        struct bp_store_key key;
        char *workflow_id;

        if (!bp_api_find_execution(app, request, &row))
                return;
        workflow_id = bp_arena_alloc(bp_request_arena(request), BP_ID_TEXT_SIZE);
        order.principal = caller_of(request);
        if (!workflow_id || !order.principal) {
                bp_request_fail_errno(request, -ENOMEM);
                return;
        }
        if (row.has_pipeline)
                bp_id_format(row.pipeline, workflow_id);
        else
                snprintf(workflow_id, BP_ID_TEXT_SIZE, "ephemeral");
        order.execution = row.id;
        order.key = bp_api_store_key(request, &key);
        starting = bp_api_starting_begin(request, workflow_id, &row.id);
        if (starting)
                bp_api_starting_handed(
                        starting, bp_service_retry(api->settings.service, &order, bp_request_arena(request),
                                                   bp_api_starting_errors(starting), bp_api_starting_started(starting),
                                                   bp_api_starting_done, starting));
}

/* ---------------------------------------------------------------------------------------------------------------
 * Tables
 */

#define PARAMS_FIELD                                                                                             \
        {                                                                                                        \
                .name = "params", .type = BP_FIELD_OBJECT, .nullable = true, .fallback = "{}",                   \
                .description =                                                                                   \
                        "Parameters of the pipeline; defaults are filled in, further ones are kept as they are." \
        }
#define USER_FIELD                                                                             \
        {                                                                                      \
                .name = "user_id", .type = BP_FIELD_TEXT, .nullable = true, .max_length = 255, \
                .description = "Copied into the parameters as `user_id`."                      \
        }
#define INITIATOR_FIELD                                                                               \
        {                                                                                             \
                .name = "initiator", .type = BP_FIELD_TEXT, .fallback = "\"api\"", .max_length = 255, \
                .description = "Who or what started it, to be found by."                              \
        }
#define NOTIFICATION_FIELDS                                                                                    \
        {.name = "callback_topics",                                                                            \
         .type = BP_FIELD_LIST,                                                                                \
         .nullable = true,                                                                                     \
         .description = "Topics that are told what happens."},                                                 \
                {.name = "subscriber_ids", .type = BP_FIELD_TEXT, .nullable = true, .max_length = 500},        \
                {.name = "payload_type", .type = BP_FIELD_TEXT, .nullable = true, .max_length = 100}, {        \
                .name = "notification_workflow_id", .type = BP_FIELD_TEXT, .nullable = true, .max_length = 255 \
        }

static const struct bp_field start_body[] = {
        {.name = "workflow_id",
         .alias = "pipeline_id",
         .type = BP_FIELD_TEXT,
         .required = true,
         .description = "Id of a pipeline."},
        PARAMS_FIELD,
        USER_FIELD,
        INITIATOR_FIELD,
        NOTIFICATION_FIELDS,
        {0},
};

static const struct bp_field run_body[] = {
        {.name = "pipeline_definition",
         .type = BP_FIELD_OBJECT,
         .required = true,
         .description = "Definition of a pipeline, which is not stored as one."},
        PARAMS_FIELD,
        USER_FIELD,
        INITIATOR_FIELD,
        NOTIFICATION_FIELDS,
        {0},
};

static const struct bp_field execute_body[] = {PARAMS_FIELD, NOTIFICATION_FIELDS, {0}};

static const struct bp_field retry_body[] = {
        {.name = "from_step",
         .type = BP_FIELD_TEXT,
         .nullable = true,
         .description = "Run this step and what follows from it; else every step that did not complete."},
        {0},
};

static const struct bp_field execution_field[] = {
        {.name = "execution_id", .type = BP_FIELD_UUID, .required = true, .description = "Id of an execution."},
        {0},
};

static const struct bp_field pipeline_field[] = {
        {.name = "pipeline_id", .type = BP_FIELD_TEXT, .required = true, .description = "Id of a pipeline."},
        {0},
};

static const struct bp_field start_headers[] = {
        {.name = "X-User-ID", .type = BP_FIELD_TEXT, .description = "The user on whose behalf this is asked."},
        {.name = "Prefer",
         .type = BP_FIELD_TEXT,
         .description = "`wait=N`: answer once the execution has ended, or after N seconds as it stands then."},
        {0},
};

static const struct bp_answer_spec start_answers[] = {
        {201, "It is durable; a chain of pure steps has ended by then", "ExecutionStart", NULL},
        {400, "The pipeline is a draft, or definition or parameters are not valid", NULL, NULL},
        {404, "No such pipeline, or another user owns it", NULL, NULL},
        {503, "The store cannot write, or too much waits", NULL, NULL},
        {0},
};

static const struct bp_answer_spec run_answers[] = {
        {201, "It is durable; a chain of pure steps has ended by then", "ExecutionStart", NULL},
        {400, "Definition or parameters are not valid", NULL, NULL},
        {503, "The store cannot write, or too much waits", NULL, NULL},
        {0},
};

static const struct bp_answer_spec retry_answers[] = {
        {201, "The new execution is durable", "ExecutionStart", NULL},
        {400, "No such step, or nothing to retry", NULL, NULL},
        {404, "No such execution", NULL, NULL},
        {409, "It has not ended", NULL, NULL},
        {503, "The store cannot write, or too much waits", NULL, NULL},
        {0},
};

const struct bp_route bp_api_start_routes[] = {
        {.method = BP_POST,
         .path = "/executions",
         .aliases = (const char *const[]){"/api/v1/executions", NULL},
         .operation = "startExecution",
         .tag = "executions",
         .summary = "Start a pipeline",
         .description = "Answers as soon as the start is durable. A pipeline of pure steps has ended by then, and the "
                        "answer says how.",
         .scope = BP_SCOPE_EXECUTE,
         .headers = start_headers,
         .body = start_body,
         .body_schema = "ExecutionCreate",
         .answers = start_answers,
         .handler = start_execution},
        {.method = BP_POST,
         .path = "/executions/run",
         .aliases = (const char *const[]){"/api/v1/executions/run", "/budpipeline/run", NULL},
         .operation = "runDefinition",
         .tag = "executions",
         .summary = "Run a definition that is not stored",
         .scope = BP_SCOPE_EXECUTE,
         .headers = start_headers,
         .body = run_body,
         .body_schema = "ExecutionRun",
         .answers = run_answers,
         .handler = run_definition},
        {.method = BP_POST,
         .path = "/executions/{execution_id}/retry",
         .aliases = (const char *const[]){"/api/v1/executions/{execution_id}/retry", NULL},
         .operation = "retryExecution",
         .tag = "executions",
         .summary = "Run an ended execution again",
         .description = "A new execution with the same definition and parameters. Steps that completed are taken over.",
         .scope = BP_SCOPE_EXECUTE,
         .path_fields = execution_field,
         .headers = start_headers,
         .body = retry_body,
         .body_optional = true,
         .body_schema = "ExecutionRetry",
         .answers = retry_answers,
         .handler = retry},
        {.method = BP_POST,
         .path = "/budpipeline/{pipeline_id}/execute",
         .operation = "executePipeline",
         .tag = "executions",
         .summary = "Start a pipeline, as the platform's proxy does",
         .description = "The caller becomes user, initiator and subscriber.",
         .scope = BP_SCOPE_EXECUTE,
         .path_fields = pipeline_field,
         .headers = start_headers,
         .body = execute_body,
         .body_schema = "ExecutionExecute",
         .answers = start_answers,
         .handler = execute_pipeline},
        {0},
};
