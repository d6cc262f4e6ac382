/* SPDX-License-Identifier: Apache-2.0 */
/* The rounds of one call, done one after the other on the caller's thread. */
#include "runtime/call_action.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/id.h"
#include "base/memory.h"
#include "base/problem.h"
#include "host/host.h"
#include "invoke/invoke.h"
#include "registry/registry.h"

enum {
        ROUNDS_MAX = 1000,           /* replies that one call may ask for */
        SLEEP_SLICE_US = 100 * 1000, /* how often a sleeper looks whether it shall stop */
        MESSAGE_BYTES = 1024,
        CHECK_ARENA_BYTES = 64 << 20,
};

static const char nil_id[] = "00000000-0000-0000-0000-000000000000";

/* One call on its way. */
struct session {
        const struct bp_action_run *run;
        struct bp_invoker *invoker;
        int64_t skipped_us;
        uint32_t n_calls;
        struct bp_id id; /* of this call: each is a request of its own to the other side */
        char key[BP_ID_TEXT_SIZE];
        struct bp_value metadata;
};

/* ---------------------------------------------------------------------------------------------------------------
 * Services
 */

static struct bp_wall service_now(void *userdata) {
        struct session *session = userdata;

        return (struct bp_wall){bp_wall_now().us + session->skipped_us};
}

static bool service_cancelled(void *userdata) {
        struct session *session = userdata;

        return session->run->cancelled && session->run->cancelled(session->run->userdata);
}

static void service_log(void *userdata, enum bp_log_level level, const char *message) {
        struct session *session = userdata;

        if (session->run->log)
                session->run->log(session->run->userdata, level, message);
}

static void service_progress(void *userdata, double percent, double eta_minutes) {
        (void)userdata;
        (void)percent;
        (void)eta_minutes;
}

static int no_answer(struct bp_arena *arena, const struct bp_http_response **ret_response) {
        struct bp_http_response *response = bp_arena_alloc(arena, sizeof(*response));

        if (!response)
                return -ENOMEM;
        *response = (struct bp_http_response){.struct_size = sizeof(*response),
                                              .failure = BP_HTTP_UNSENT,
                                              .headers = &bp_value_empty_object,
                                              .body = "",
                                              .message = "the HTTP client could not be started"};
        *ret_response = response;
        return 0;
}

static int service_http(void *userdata, const struct bp_http_request *request, struct bp_arena *arena,
                        const struct bp_http_response **ret_response) {
        struct session *session = userdata;
        const struct bp_invoker_caller caller = {
                .execution = session->id, .step_id = session->run->step_id, .attempt = 1, .call = session->n_calls++};
        int r = bp_invoker_perform(session->invoker, request, &caller, arena, ret_response);

        return r < 0 && r != -ENOMEM ? no_answer(arena, ret_response) : r;
}

static const char *service_http_guard(void *userdata, const char *url, struct bp_arena *arena) {
        struct session *session = userdata;

        return bp_invoker_guard(session->invoker, url, arena);
}

static const struct bp_host_services services = {
        .now = service_now,
        .cancelled = service_cancelled,
        .log = service_log,
        .progress = service_progress,
        .http = service_http,
        .http_guard = service_http_guard,
};

/* ---------------------------------------------------------------------------------------------------------------
 * Rounds
 */

static void fail_result(struct bp_call_result *result, const char *code, const char *message) {
        *result = (struct bp_call_result){
                .outcome = BP_FAILED, .outputs = bp_value_empty_object, .code = code, .message = message};
}

static int perform_round(struct session *session, struct bp_call *call, struct bp_call_result *result) {
        const struct bp_http_response *performed;
        struct bp_http_response *reply = bp_arena_alloc(call->arena, sizeof(*reply));
        struct bp_value *outputs = bp_arena_alloc(call->arena, sizeof(*outputs));
        int r;

        if (!reply || !outputs)
                return -ENOMEM;
        r = service_http(session, result->request, call->arena, &performed);
        if (r < 0)
                return r;
        *reply = *performed;
        reply->state = result->state;
        *outputs = result->outputs;
        call->outputs = outputs;
        return bp_call_reply(call, reply, result);
}

/* @return false when it was told to stop meanwhile. */
static bool sleep_until(struct session *session, struct bp_wall wake_at) {
        int64_t left_us;

        while ((left_us = wake_at.us - service_now(session).us) > 0) {
                int64_t slice_us = left_us < SLEEP_SLICE_US ? left_us : SLEEP_SLICE_US;
                struct timespec slice = {.tv_sec = slice_us / 1000000, .tv_nsec = slice_us % 1000000 * 1000};

                if (session->run->virtual_time) {
                        session->skipped_us += left_us;
                        return true;
                }
                if (service_cancelled(session))
                        return false;
                clock_nanosleep(CLOCK_MONOTONIC, 0, &slice, NULL);
        }
        return true;
}

static int sleep_and_wake(struct session *session, const struct bp_call *call, struct bp_call_result *result) {
        if (sleep_until(session, result->wake_at))
                return bp_outputs_at_wake(bp_action_entry_meta(call->entry), &result->outputs, service_now(session),
                                          call->arena, &result->outputs);
        fail_result(result, "CANCELLED", "The call was stopped.");
        return 0;
}

static int call_until_done(struct session *session, struct bp_call *call, struct bp_call_result *result) {
        int r = bp_call_execute(call, result);

        for (unsigned round = 0; r == 0 && result->outcome == BP_AWAITING_REPLY; round++) {
                if (service_cancelled(session))
                        fail_result(result, "CANCELLED", "The call was stopped.");
                else if (round >= ROUNDS_MAX)
                        fail_result(result, "LIMIT", "The action asked for more than 1000 replies in one attempt.");
                else
                        r = perform_round(session, call, result);
        }
        return r == 0 && result->outcome == BP_SLEEPING ? sleep_and_wake(session, call, result) : r;
}

static struct bp_action_answer answer_of(const struct bp_call_result *result) {
        bool failed = result->outcome == BP_FAILED || result->outcome == BP_UNKNOWN;

        return (struct bp_action_answer){
                .success = !failed,
                .outputs = result->outputs.type == BP_OBJECT ? result->outputs : bp_value_empty_object,
                .code = failed ? result->code : NULL,
                .message = failed ? result->message : NULL,
                .error = result->error.type > BP_NULL ? result->error : bp_value_null,
                .unknown = result->outcome == BP_UNKNOWN,
                .awaiting_event = result->outcome == BP_AWAITING_EVENT,
                .external_id = result->external_id,
                .timeout_seconds = result->timeout_seconds,
        };
}

/* ---------------------------------------------------------------------------------------------------------------
 * Parameters
 */

static int first_finding(const struct bp_call *call, struct bp_problem_list *findings) {
        const struct bp_params_check how = {.unknown_names = true};
        int r = bp_params_check(bp_action_entry_meta(call->entry), call->params, &how, findings);

        if (r < 0 || findings->count > 0)
                return r;
        return bp_call_validate(call, findings);
}

/* @return 0 when they may be used, 1 with the result filled, or -ENOMEM. */
static int refuse_params(const struct bp_call *call, struct bp_call_result *result) {
        struct bp_problem_list findings = {.arena = call->arena};
        const struct bp_problem *first;
        char text[MESSAGE_BYTES], *message;
        int r, size;

        r = first_finding(call, &findings);
        if (r < 0 || findings.count == 0)
                return r;
        first = findings.items[0];
        size = snprintf(text, sizeof(text), "%s%s%s", first->pointer, first->pointer[0] ? ": " : "", first->message);
        message = bp_arena_text(call->arena, text, (size_t)size < sizeof(text) ? (size_t)size : sizeof(text) - 1);
        if (!message)
                return -ENOMEM;
        fail_result(result, "PARAM_INVALID", message);
        return 1;
}

static int complete_params(const struct bp_action_run *run, struct bp_arena *arena, struct bp_value **ret_params) {
        struct bp_value *params = bp_arena_alloc(arena, sizeof(*params));
        int r;

        if (!params)
                return -ENOMEM;
        r = bp_params_complete(bp_action_entry_meta(run->entry), run->params ? run->params : &bp_value_empty_object,
                               arena, params);
        if (r < 0)
                return r;
        *ret_params = params;
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * The call
 */

static int check_and_call(struct session *session, struct bp_call *call, struct bp_call_result *result) {
        int r = 0;

        if (session->run->check_params)
                r = refuse_params(call, result);
        if (r != 0)
                return r < 0 ? r : 0;
        return call_until_done(session, call, result);
}

static int call_alone(struct session *session, struct bp_arena *arena, struct bp_call_result *result) {
        const struct bp_action_run *run = session->run;
        struct bp_value *params;
        struct bp_call call;
        int r = complete_params(run, arena, &params);

        if (r < 0)
                return r;
        call = (struct bp_call){
                .entry = run->entry,
                .arena = arena,
                .step_id = run->step_id ? run->step_id : "step",
                .execution_id = run->execution_id ? run->execution_id : nil_id,
                .params = params,
                .workflow_params = run->workflow_params ? run->workflow_params : &bp_value_empty_object,
                .step_outputs = run->step_outputs ? run->step_outputs : &bp_value_empty_object,
                .timeout_seconds = bp_action_entry_meta(run->entry)->timeout_seconds,
                .idempotency_key = session->key,
                .metadata = &session->metadata,
                .services = &services,
                .userdata = session,
        };
        return check_and_call(session, &call, result);
}

static int call_with_invoker(struct session *session, struct bp_arena *arena, struct bp_call_result *result) {
        struct bp_invoker *own = NULL;
        int r = session->invoker ? 0 : bp_invoker_new(session->run->invoke, &own);

        if (own)
                session->invoker = own;
        if (r == 0)
                r = bp_call_metadata(arena, session->run->system_user_id, &session->metadata);
        if (r == 0)
                r = call_alone(session, arena, result);
        bp_invoker_free(own);
        return r;
}

int bp_run_action(const struct bp_action_run *run, struct bp_arena *arena, struct bp_action_answer *ret_answer) {
        struct session session = {.run = run, .invoker = run->invoker, .id = bp_id_new(bp_wall_now())};
        struct bp_call_result result = {0};
        const char *unavailable;
        int r = 0;

        bp_id_format(session.id, session.key);
        if (bp_action_entry_executor(run->entry)) {
                r = call_with_invoker(&session, arena, &result);
        } else {
                unavailable = bp_action_entry_unavailable(run->entry);
                fail_result(&result, "ACTION_UNAVAILABLE",
                            unavailable ? unavailable : "The action cannot be run here.");
        }
        if (r < 0)
                return r;
        *ret_answer = answer_of(&result);
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Events
 */

static int call_on_event(struct session *session, const struct bp_value *event, const char *external_id,
                         struct bp_arena *arena, struct bp_call_result *result) {
        const struct bp_action_run *run = session->run;
        const struct bp_value *outputs = run->step_outputs ? run->step_outputs : &bp_value_empty_object;
        const struct bp_value *type = bp_value_get(event, "type");
        const char *execution_id = run->execution_id ? run->execution_id : nil_id;
        struct bp_value *params;
        int r = complete_params(run, arena, &params);

        if (r < 0)
                return r;
        return bp_call_event(
                &(struct bp_call){.entry = run->entry,
                                  .arena = arena,
                                  .step_id = run->step_id ? run->step_id : "step",
                                  .execution_id = execution_id,
                                  .params = params,
                                  .workflow_params =
                                          run->workflow_params ? run->workflow_params : &bp_value_empty_object,
                                  .step_outputs = &bp_value_empty_object,
                                  .outputs = outputs,
                                  .only_new = true,
                                  .idempotency_key = session->key,
                                  .metadata = &session->metadata,
                                  .services = &services,
                                  .userdata = session},
                &(struct bp_event_context){.struct_size = sizeof(struct bp_event_context),
                                           .step_execution_id = nil_id,
                                           .execution_id = execution_id,
                                           .external_workflow_id = external_id,
                                           .event_type = type && type->type == BP_STRING ? type->as.text : "unknown",
                                           .event_data = event,
                                           .step_outputs = outputs},
                result);
}

int bp_run_event(const struct bp_action_run *run, const struct bp_value *event, const char *external_id,
                 struct bp_arena *arena, struct bp_event_answer *ret_answer) {
        struct session session = {.run = run, .invoker = run->invoker, .id = bp_id_new(bp_wall_now())};
        struct bp_call_result result = {0};
        struct bp_invoker *own = NULL;
        int r = run->invoker ? 0 : bp_invoker_new(run->invoke, &own);

        if (own)
                session.invoker = own;
        bp_id_format(session.id, session.key);
        if (r == 0)
                r = bp_call_metadata(arena, run->system_user_id, &session.metadata);
        if (r == 0)
                r = call_on_event(&session, event, external_id, arena, &result);
        bp_invoker_free(own);
        if (r < 0)
                return r;
        *ret_answer = (struct bp_event_answer){.action = (enum bp_event_action)result.outcome,
                                               .success = result.success,
                                               .outputs = result.outputs.type == BP_OBJECT ? result.outputs
                                                                                           : bp_value_empty_object,
                                               .code = result.code,
                                               .message = result.message,
                                               .percent = result.percent,
                                               .eta_minutes = result.eta_minutes};
        return 0;
}

int bp_check_action(void *userdata, const struct bp_action_entry *entry, const struct bp_value *params,
                    struct bp_problem_list *findings) {
        static const struct bp_host_services none;
        const struct bp_action *executor = bp_action_entry_executor(entry);
        _cleanup_(bp_arena_freep) struct bp_arena *arena = NULL;
        struct bp_value completed;
        int r;

        (void)userdata;
        if (!executor || !executor->validate_params)
                return 0;
        arena = bp_arena_new(CHECK_ARENA_BYTES);
        if (!arena)
                return -ENOMEM;
        r = bp_params_complete(bp_action_entry_meta(entry), params, arena, &completed);
        if (r < 0)
                return r;
        return bp_call_validate(&(struct bp_call){.entry = entry,
                                                  .arena = arena,
                                                  .step_id = "step",
                                                  .execution_id = nil_id,
                                                  .params = &completed,
                                                  .workflow_params = &bp_value_empty_object,
                                                  .step_outputs = &bp_value_empty_object,
                                                  .idempotency_key = nil_id,
                                                  .services = &none},
                                findings);
}

int bp_check_action_params(const struct bp_action_entry *entry, const struct bp_value *params,
                           struct bp_problem_list *findings) {
        const struct bp_params_check how = {.templates = true, .unknown_names = true};
        const struct bp_action_meta *meta = bp_action_entry_meta(entry);
        int r;

        r = bp_params_check(meta, params, &how, findings);
        if (r || bp_params_have_templates(meta, params))
                return r;
        return bp_check_action(NULL, entry, params, findings);
}
