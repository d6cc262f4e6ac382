/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a call sets and how it ends. The rules of each ending are checked here, once for all actions; a rule that is
 * broken is remembered and judged when the action has returned.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/utf8.h"
#include "host/state.h"

void bp_host_spoil(struct bp_host_state *state, int error, const char *limit_message) {
        if (state->fault)
                return;
        state->fault = error;
        state->limit_message = limit_message;
}

void bp_host_misuse(struct bp_host_state *state, const char *rule) {
        if (!state->misuse)
                state->misuse = rule;
}

void bp_host_output(struct bp_action_context *context, const char *name, const struct bp_value *value) {
        struct bp_host_state *state = bp_host_state_of(context);
        size_t size = name ? strlen(name) : 0;
        struct bp_value copy;
        int r;

        if (!name || !bp_utf8_valid(name, size)) {
                bp_host_misuse(state, "the name of an output is missing or no UTF-8");
                return;
        }
        if (!value) {
                bp_host_spoil(state, -E2BIG, "an output has no value");
                return;
        }
        r = bp_value_copy(state->arena, value, &copy);
        if (r < 0)
                bp_host_spoil(state, r, NULL);
        else
                bp_object_set(&state->outputs, name, size, copy);
}

static int end(struct bp_host_state *state, int outcome, unsigned where) {
        if (!(state->kind & where))
                bp_host_misuse(state, "this call cannot end that way");
        state->n_endings++;
        state->result.outcome = outcome;
        return outcome;
}

/* Pure actions touch nothing: whatever waits for the outside is not theirs. */
static int end_outside(struct bp_host_state *state, int outcome) {
        if (state->action->effect == BP_PURE)
                bp_host_misuse(state, "an action whose effect is pure must not wait for the outside");
        return end(state, outcome, BP_HOST_EXECUTE | BP_HOST_REPLY);
}

static const char *keep_text(struct bp_host_state *state, const char *text) {
        return bp_host_text(state, text, text ? strlen(text) : 0, NULL);
}

static void set_failure(struct bp_host_state *state, const char *code, const char *message) {
        state->result.code = keep_text(state, code && *code ? code : "ACTION_FAILED");
        state->result.message = keep_text(state, message);
}

int bp_host_complete(struct bp_action_context *context) {
        return end(bp_host_state_of(context), BP_COMPLETED, BP_HOST_EXECUTE | BP_HOST_REPLY | BP_HOST_CLEANUP);
}

int bp_host_fail(struct bp_action_context *context, const char *code, const char *message, bool unknown) {
        struct bp_host_state *state = bp_host_state_of(context);

        set_failure(state, code, message);
        return end(state, unknown ? BP_UNKNOWN : BP_FAILED, BP_HOST_EXECUTE | BP_HOST_REPLY | BP_HOST_CLEANUP);
}

void bp_host_fail_with(struct bp_action_context *context, const struct bp_value *error) {
        struct bp_host_state *state = bp_host_state_of(context);
        int r = error ? bp_value_copy(state->arena, error, &state->result.error) : -E2BIG;

        if (r < 0)
                bp_host_spoil(state, r, r == -E2BIG ? "an error has no value" : NULL);
}

int bp_host_await_event(struct bp_action_context *context, const char *external_workflow_id, int64_t timeout_seconds) {
        struct bp_host_state *state = bp_host_state_of(context);

        if (state->action->execution_mode != BP_EVENT_DRIVEN || !state->action->on_event)
                bp_host_misuse(state, "only an event-driven action with on_event may wait for an event");
        if (!external_workflow_id || !*external_workflow_id)
                bp_host_misuse(state, "a wait for an event needs an external id");
        if (timeout_seconds < 0)
                bp_host_misuse(state, "the timeout of a wait must not be negative");
        state->result.external_id = keep_text(state, external_workflow_id);
        state->result.timeout_seconds = timeout_seconds;
        return end_outside(state, BP_AWAITING_EVENT);
}

struct bp_http_request bp_host_request(const struct bp_http_request *request) {
        struct bp_http_request known = {0};
        size_t size = request->struct_size;

        memcpy(&known, request, size < sizeof(known) ? size : sizeof(known));
        known.struct_size = sizeof(known);
        return known;
}

static const struct bp_value *copy_value(struct bp_host_state *state, const struct bp_value *value) {
        struct bp_value *copy;

        if (!value)
                return NULL;
        copy = bp_arena_alloc(state->arena, sizeof(*copy));
        if (!copy || bp_value_copy(state->arena, value, copy) < 0) {
                bp_host_spoil(state, -ENOMEM, NULL);
                return NULL;
        }
        return copy;
}

static const struct bp_http_request *copy_request(struct bp_host_state *state, const struct bp_http_request *request) {
        struct bp_http_request *copy = bp_arena_alloc(state->arena, sizeof(*copy));

        if (!copy) {
                bp_host_spoil(state, -ENOMEM, NULL);
                return NULL;
        }
        *copy = bp_host_request(request);
        copy->method = keep_text(state, copy->method ? copy->method : "GET");
        copy->url = copy->url ? keep_text(state, copy->url) : NULL;
        copy->service = copy->service ? keep_text(state, copy->service) : NULL;
        copy->topic = copy->topic ? keep_text(state, copy->topic) : NULL;
        copy->headers = copy_value(state, copy->headers);
        copy->query = copy_value(state, copy->query);
        copy->json = copy_value(state, copy->json);
        if (copy->body) {
                copy->body = bp_arena_text(state->arena, copy->body, copy->body_size);
                if (!copy->body)
                        bp_host_spoil(state, -ENOMEM, NULL);
        }
        return copy;
}

static bool has_target(const struct bp_http_request *request) {
        const struct bp_http_request known = bp_host_request(request);

        return known.url || known.topic;
}

int bp_host_await_reply(struct bp_action_context *context, const struct bp_http_request *request,
                        const struct bp_value *state_value) {
        struct bp_host_state *state = bp_host_state_of(context);

        if (!state->action->on_reply)
                bp_host_misuse(state, "only an action with on_reply may wait for a reply");
        if (!request || !has_target(request))
                bp_host_misuse(state, "a request needs a URL, or a topic");
        else
                state->result.request = copy_request(state, request);
        state->result.state = copy_value(state, state_value);
        return end_outside(state, BP_AWAITING_REPLY);
}

int bp_host_sleep_until(struct bp_action_context *context, int64_t unix_us) {
        struct bp_host_state *state = bp_host_state_of(context);

        state->result.wake_at = (struct bp_wall){unix_us};
        return end(state, BP_SLEEPING, BP_HOST_EXECUTE | BP_HOST_REPLY);
}

int bp_host_event_complete(struct bp_action_context *context, bool success, const char *code, const char *message) {
        struct bp_host_state *state = bp_host_state_of(context);

        state->result.success = success;
        if (!success)
                set_failure(state, code, message);
        return end(state, BP_EVENT_COMPLETE, BP_HOST_EVENT);
}

static bool is_progress(double percent, double eta_minutes) {
        bool has_percent = percent >= 0 && percent <= 100, has_eta = eta_minutes >= 0 && isfinite(eta_minutes);

        return (has_percent || has_eta) && (has_percent || percent < 0) && (has_eta || eta_minutes < 0);
}

int bp_host_event_progress(struct bp_action_context *context, double percent, double eta_minutes) {
        struct bp_host_state *state = bp_host_state_of(context);

        if (!is_progress(percent, eta_minutes))
                bp_host_misuse(state, "progress needs a percentage from 0 to 100 or the minutes that are left");
        state->result.percent = percent;
        state->result.eta_minutes = eta_minutes;
        return end(state, BP_EVENT_UPDATE_PROGRESS, BP_HOST_EVENT);
}

void bp_host_finding(struct bp_action_context *context, const char *message) {
        struct bp_host_state *state = bp_host_state_of(context);
        int r;

        if (!state->findings) {
                bp_host_misuse(state, "findings are for validate_params");
                return;
        }
        r = bp_problem_list_addf(state->findings, "PARAM_INVALID", "", "%s", message ? message : "");
        if (r < 0)
                bp_host_spoil(state, r, NULL);
}
