/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a parameter may be set to. The question goes to the room that knows, and the request sleeps until it is
 * answered; what a service says leaves here as everything else that comes from outside: without secrets.
 */
#include <errno.h>
#include <string.h>

#include "api/failures.h"
#include "api/json.h"
#include "api/private.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "options/options.h"
#include "registry/registry.h"
#include "sanitize/sanitize.h"
#include "service/service.h"

/* How much longer than the service a request may take: what it is answered with then says who was slow. */
enum { GRACE_MS = 5000 };

/* ---------------------------------------------------------------------------------------------------------------
 * The answer
 */

/* A value is an id that goes into a definition: one that cannot be shown as it is cannot be chosen either. */
static int write_option(struct bp_writer *list, const struct bp_option *option, struct bp_arena *arena) {
        const size_t value_size = strlen(option->value);
        struct bp_writer object;
        const char *value;
        size_t size;
        int r = bp_sanitize_text(arena, option->value, value_size, &value, &size);

        if (r < 0 || size != value_size || memcmp(value, option->value, size) != 0)
                return r;
        bp_writer_next(list);
        object = bp_writer_open(list->buffer, '{');
        bp_writer_text(&object, "value", option->value);
        bp_api_write_safe_text(&object, "label", option->label, arena);
        if (option->description)
                bp_api_write_safe_text(&object, "description", option->description, arena);
        bp_strbuf_add_char(list->buffer, '}');
        return 0;
}

static void answer_found(struct bp_request *request, const struct bp_options_answer *answer) {
        struct bp_writer object, list;
        struct bp_strbuf buffer;
        int r = 0;

        bp_api_begin(&buffer);
        object = bp_writer_open(&buffer, '{');
        list = bp_writer_open(bp_writer_key(&object, "options"), '[');
        for (size_t i = 0; r == 0 && i < answer->n_items; i++)
                r = write_option(&list, &answer->items[i], bp_request_arena(request));
        bp_strbuf_add_char(&buffer, ']');
        if (answer->has_total)
                bp_writer_count(&object, "total", answer->total);
        bp_writer_bool(&object, "has_more", answer->has_more);
        bp_strbuf_add_char(&buffer, '}');
        if (r < 0)
                buffer.error = r;
        bp_api_answer(request, 200, &buffer);
}

static void answer_failed(struct bp_request *request, const struct bp_options_answer *answer) {
        static const struct {
                uint32_t status;
                const char *code;
        } failures[] = {
                [BP_OPTIONS_NOT_CONFIGURED] = {503, "SERVICE_NOT_CONFIGURED"},
                [BP_OPTIONS_UNREACHABLE] = {502, "SERVICE_UNREACHABLE"},
                [BP_OPTIONS_LATE] = {504, "SERVICE_TIMEOUT"},
                [BP_OPTIONS_REFUSED] = {502, "SERVICE_REFUSED"},
                [BP_OPTIONS_UNREADABLE] = {502, "SERVICE_ANSWER"},
        };
        const char *message;
        size_t size;

        if (bp_sanitize_text(bp_request_arena(request), answer->message, strlen(answer->message), &message, &size) < 0)
                bp_request_fail_errno(request, -ENOMEM);
        else
                bp_request_failf(request, failures[answer->end].status, failures[answer->end].code, "%s", message);
}

/* In the request's arena. */
struct lookup {
        const char *service; /* or NULL: the action's own options */
        int error;           /* why it was not asked */
};

static void finish(struct bp_request *request, void *app, void *data) {
        const struct lookup *lookup = bp_request_state(request);
        const struct bp_options_answer *answer = data;

        (void)app;
        if (!answer && !lookup->error)
                bp_request_failf(request, 504, "SERVICE_TIMEOUT", "%s did not answer in time",
                                 lookup->service ? lookup->service : "the service");
        else if (!answer || answer->error)
                bp_request_fail_errno(request, answer ? answer->error : lookup->error);
        else if (answer->end == BP_OPTIONS_FOUND)
                answer_found(request, answer);
        else
                answer_failed(request, answer);
}

/* ---------------------------------------------------------------------------------------------------------------
 * The question
 */

static void complete(void *userdata, struct bp_options_answer *answer) {
        bp_deferred_complete(userdata, answer, bp_options_answer_free);
}

/* As actions do: the user who asks, else the system's. */
static const char *user_of(const struct bp_api *api, const struct bp_request *request, char text[BP_ID_TEXT_SIZE]) {
        const struct bp_principal *principal = bp_request_principal(request);

        return principal->has_user ? bp_id_format(principal->user, text) : api->settings.system_user_id;
}

/* What the system's user sees is not for everybody where users are isolated. */
static bool may_ask(const struct bp_api *api, const struct bp_request *request) {
        const struct bp_principal *principal = bp_request_principal(request);

        return principal->has_user || !api->settings.isolate_users || (principal->scopes & BP_SCOPE_ADMIN);
}

static void ask(struct bp_request *request, const struct bp_api *api, const struct bp_param_meta *param,
                struct lookup *lookup) {
        char user[BP_ID_TEXT_SIZE];
        const struct bp_options_question question = {.param = param,
                                                     .text = bp_request_text(request, "q"),
                                                     .within = bp_request_text(request, "provider_id"),
                                                     .user_id = user_of(api, request, user),
                                                     .limit = (uint32_t)bp_request_integer(request, "limit")};
        struct bp_deferred *deferred;

        bp_request_set_state(request, lookup);
        deferred = bp_request_defer(request, bp_options_timeout_ms(api->settings.options) + GRACE_MS, finish);
        if (!deferred)
                return;
        lookup->error = bp_options_ask(api->settings.options, &question, complete, deferred);
        if (lookup->error)
                bp_deferred_complete(deferred, NULL, NULL);
}

static void fail_at(struct bp_request *request, uint32_t status, const char *code, const char *message) {
        struct bp_problem problem = {0};

        bp_problem_set(&problem, code, "%s", message);
        bp_problem_prefix(&problem, bp_request_text(request, "param"));
        bp_problem_prefix(&problem, "params");
        bp_request_fail(request, &(struct bp_failure){.status = status,
                                                      .code = code,
                                                      .message = problem.message,
                                                      .pointer = problem.pointer});
}

static void ask_for(struct bp_request *request, const struct bp_api *api, const struct bp_param_meta *param) {
        struct lookup *lookup;

        if (!param) {
                fail_at(request, 404, "PARAM_UNKNOWN", "the action has no such parameter");
                return;
        }
        if (!bp_options_has(param)) {
                fail_at(request, 422, "PARAM_OPTIONS", "the parameter takes any value of its type: it has no options");
                return;
        }
        lookup = bp_arena_alloc(bp_request_arena(request), sizeof(*lookup));
        if (!lookup) {
                bp_request_fail_errno(request, -ENOMEM);
                return;
        }
        lookup->service = bp_options_service(param);
        if (lookup->service && !may_ask(api, request))
                bp_request_failf(request, 403, "FORBIDDEN",
                                 "Users are isolated: ask with X-User-ID, or with scope admin");
        else
                ask(request, api, param, lookup);
}

static void get_options(struct bp_request *request, void *app) {
        const struct bp_api *api = app;
        const char *type = bp_request_text(request, "action_type");
        const struct bp_registry_snapshot *snapshot = bp_registry_acquire(bp_service_registry(api->settings.service));
        const struct bp_action_entry *entry = bp_registry_find(snapshot, type);

        if (entry)
                ask_for(request, api,
                        bp_action_meta_param(bp_action_entry_meta(entry), bp_request_text(request, "param")));
        else
                bp_api_fail_no_action(request, type);
        bp_registry_release(snapshot);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Table
 */

static const struct bp_field option_fields[] = {
        {.name = "action_type", .type = BP_FIELD_TEXT, .required = true, .description = "Type of an action: `delay`."},
        {.name = "param", .type = BP_FIELD_TEXT, .required = true, .description = "Name of one of its parameters."},
        {0},
};
static const struct bp_field option_query[] = {
        {.name = "q",
         .type = BP_FIELD_TEXT,
         .max_length = 200,
         .description = "What label, description or value must hold, in letters of any case."},
        {.name = "limit",
         .type = BP_FIELD_INTEGER,
         .fallback = "20",
         .min = 1,
         .max = BP_OPTIONS_MAX,
         .description = "Most options of the answer."},
        {.name = "provider_id",
         .type = BP_FIELD_TEXT,
         .max_length = 200,
         .description = "For `cloud_model_ref`: the models of this provider alone."},
        {0},
};

const struct bp_route bp_api_option_routes[] = {
        {.method = BP_GET,
         .path = "/actions/{action_type}/params/{param}/options",
         .aliases = (const char *const[]){"/api/v1/actions/{action_type}/params/{param}/options",
                                          "/budpipeline/actions/{action_type}/params/{param}/options", NULL},
         .operation = "listParamOptions",
         .tag = "actions",
         .summary = "What a parameter may be set to",
         .description = "The options that the action states or, for a parameter that names a thing of the platform "
                        "(`model_ref`, `cluster_ref`, `project_ref`, `endpoint_ref`, `provider_ref`, `credential_ref`, "
                        "`cloud_model_ref`), what the service that knows these things lists for the user who asks. "
                        "Without `total` it is not known how many match.",
         .scope = BP_SCOPE_READ,
         .path_fields = option_fields,
         .query = option_query,
         .answers = (const struct bp_answer_spec[]){{200, "The options", "ParamOptions", NULL},
                                                    {403, "Users are isolated", NULL, NULL},
                                                    {404, "No such action, or no such parameter", NULL, NULL},
                                                    {502, "The service failed, or what it answered is no list", NULL,
                                                     NULL},
                                                    {503, "Nobody said how the service is reached", NULL, NULL},
                                                    {504, "The service did not answer in time", NULL, NULL},
                                                    {0}},
         .handler = get_options},
        {0},
};
