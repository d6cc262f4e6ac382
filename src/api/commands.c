/* SPDX-License-Identifier: Apache-2.0 */
/* Live executions are cancelled, paused, resumed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/execution_json.h"
#include "api/failures.h"
#include "api/private.h"
#include "base/memory.h"
#include "service/service.h"

enum { DURABLE_WITHIN_MS = 30000 };

struct command {
        struct bp_deferred *deferred;
        enum bp_service_command command;
        int result;
        enum bp_execution_state state;
};

static void answer_conflict(struct bp_request *request, const struct command *command) {
        if (command->command == BP_SERVICE_RESUME && !bp_execution_state_is_final(command->state))
                bp_request_failf(request, 409, "NOT_PAUSED", "The execution is not paused");
        else
                bp_request_failf(request, 409, "HAS_ENDED", "The execution has ended already");
}

static void finish(struct bp_request *request, void *app, void *data) {
        const struct command *command = data;
        const struct bp_id id = bp_request_id(request, "execution_id");

        if (!command)
                bp_api_fail_late(request);
        else if (command->result == BP_STORE_NOT_FOUND)
                bp_api_fail_no_execution(request, id);
        else if (command->result == BP_STORE_CONFLICT)
                answer_conflict(request, command);
        else if (command->result)
                bp_request_fail_errno(request, command->result < 0 ? command->result : -EPROTO);
        else
                bp_api_answer_execution_of(app, request, command->command == BP_SERVICE_CANCEL ? 202 : 200, id);
}

static void done(void *userdata, const struct bp_service_answer *answer) {
        struct command *command = userdata;

        command->result = answer->result;
        command->state = answer->state;
        bp_deferred_complete(command->deferred, command, free);
}

static void give(struct bp_request *request, struct bp_api *api, enum bp_service_command what) {
        const struct bp_value *reason = what == BP_SERVICE_CANCEL ? bp_request_member(request, "reason") : NULL;
        struct bp_execution_row row;
        struct command *command;
        int r;

        if (!bp_api_find_execution(api, request, &row))
                return;
        command = bp_calloc(1, sizeof(*command));
        if (!command) {
                bp_request_fail_errno(request, -ENOMEM);
                return;
        }
        command->command = what;
        command->deferred = bp_request_defer(request, DURABLE_WITHIN_MS, finish);
        if (!command->deferred) {
                free(command);
                return;
        }
        r = bp_service_command(api->settings.service, row.id, what, reason ? reason->as.text : NULL, done, command);
        if (r)
                done(command, &(struct bp_service_answer){.result = r});
}

static void cancel(struct bp_request *request, void *app) {
        give(request, app, BP_SERVICE_CANCEL);
}

static void pause_execution(struct bp_request *request, void *app) {
        give(request, app, BP_SERVICE_PAUSE);
}

static void resume(struct bp_request *request, void *app) {
        give(request, app, BP_SERVICE_RESUME);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Tables
 */

static const struct bp_field execution_field[] = {
        {.name = "execution_id", .type = BP_FIELD_UUID, .required = true, .description = "Id of an execution."},
        {0},
};

static const struct bp_field cancel_body[] = {
        {.name = "reason",
         .type = BP_FIELD_TEXT,
         .nullable = true,
         .max_length = 1000,
         .description = "Why, for the history."},
        {0},
};

const struct bp_route bp_api_command_routes[] = {
        {.method = BP_POST,
         .path = "/executions/{execution_id}/cancel",
         .aliases = (const char *const[]){"/api/v1/executions/{execution_id}/cancel", NULL},
         .operation = "cancelExecution",
         .tag = "executions",
         .summary = "Cancel an execution",
         .description = "Durable when it is answered; steps that run are told to stop and cleaned up after.",
         .scope = BP_SCOPE_EXECUTE,
         .path_fields = execution_field,
         .body = cancel_body,
         .body_optional = true,
         .body_schema = "ExecutionCancel",
         .answers = (const struct bp_answer_spec[]){{202, "It is being cancelled", "Execution", NULL},
                                                    {404, "No such execution", NULL, NULL},
                                                    {409, "It has ended already", NULL, NULL},
                                                    {0}},
         .handler = cancel},
        {.method = BP_POST,
         .path = "/executions/{execution_id}/pause",
         .aliases = (const char *const[]){"/api/v1/executions/{execution_id}/pause", NULL},
         .operation = "pauseExecution",
         .tag = "executions",
         .summary = "Start no further step for the time being",
         .description = "What runs goes on; nothing new starts.",
         .scope = BP_SCOPE_EXECUTE,
         .path_fields = execution_field,
         .answers = (const struct bp_answer_spec[]){{200, "It is paused", "Execution", NULL},
                                                    {404, "No such execution", NULL, NULL},
                                                    {409, "It has ended already", NULL, NULL},
                                                    {0}},
         .handler = pause_execution},
        {.method = BP_POST,
         .path = "/executions/{execution_id}/resume",
         .aliases = (const char *const[]){"/api/v1/executions/{execution_id}/resume", NULL},
         .operation = "resumeExecution",
         .tag = "executions",
         .summary = "Go on after a pause",
         .scope = BP_SCOPE_EXECUTE,
         .path_fields = execution_field,
         .answers = (const struct bp_answer_spec[]){{200, "It goes on", "Execution", NULL},
                                                    {404, "No such execution", NULL, NULL},
                                                    {409, "It is not paused, or has ended already", NULL, NULL},
                                                    {0}},
         .handler = resume},
        {0},
};
