/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls: prepare a context, call the action's function, judge what came back. Whatever an action does, the result
 * is one of the documented ones.
 */
#include "host/host.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/value.h"
#include "host/state.h"
#include "registry/registry.h"

enum {
        CONDITION_WORK = 1000000,
        INLINE_WEIGHT_MAX = 32 << 10,
};

const struct bp_host bp_host_table = {
        .struct_size = sizeof(struct bp_host),
        .abi_version = BP_ABI_VERSION,
        .type = bp_host_type,
        .as_bool = bp_host_as_bool,
        .as_int = bp_host_as_int,
        .as_float = bp_host_as_float,
        .as_string = bp_host_as_string,
        .count = bp_host_count,
        .item = bp_host_item,
        .member = bp_host_member,
        .get = bp_host_get,
        .equal = bp_host_equal,
        .compare = bp_host_compare,
        .make_null = bp_host_make_null,
        .make_bool = bp_host_make_bool,
        .make_int = bp_host_make_int,
        .make_float = bp_host_make_float,
        .make_string = bp_host_make_string,
        .parse_json = bp_host_parse_json,
        .list_new = bp_host_list_new,
        .object_new = bp_host_object_new,
        .list_add = bp_host_list_add,
        .object_set = bp_host_object_set,
        .finish = bp_host_finish,
        .to_json = bp_host_to_json,
        .to_text = bp_host_to_text,
        .change_case = bp_host_change_case,
        .output = bp_host_output,
        .complete = bp_host_complete,
        .fail = bp_host_fail,
        .fail_with = bp_host_fail_with,
        .await_event = bp_host_await_event,
        .await_reply = bp_host_await_reply,
        .sleep_until = bp_host_sleep_until,
        .event_complete = bp_host_event_complete,
        .event_progress = bp_host_event_progress,
        .finding = bp_host_finding,
        .now_us = bp_host_now_us,
        .cancelled = bp_host_cancelled,
        .log = bp_host_log,
        .progress = bp_host_progress,
        .condition = bp_host_condition,
        .http = bp_host_http,
        .http_guard = bp_host_http_guard,
        .service = bp_host_service,
};

int bp_call_metadata(struct bp_arena *arena, const char *system_user_id, struct bp_value *ret_metadata) {
        struct bp_object_builder metadata;
        struct bp_value id;
        int r = 0;

        bp_object_init(&metadata, arena);
        if (system_user_id && *system_user_id) {
                r = bp_value_text_z(arena, system_user_id, &id);
                if (r == 0)
                        bp_object_set_z(&metadata, "system_user_id", id);
        }
        return r < 0 ? r : bp_object_finish(&metadata, ret_metadata);
}

static const struct bp_value *object_or_empty(const struct bp_value *value) {
        return value ? value : &bp_value_empty_object;
}

static const char *text_or_empty(const char *text) {
        return text ? text : "";
}

static void prepare(struct bp_host_state *state, const struct bp_call *call, enum bp_host_kind kind) {
        *state = (struct bp_host_state){
                .context = {.struct_size = sizeof(struct bp_action_context),
                            .abi_version = BP_ABI_VERSION,
                            .host = &bp_host_table,
                            .step_id = text_or_empty(call->step_id),
                            .execution_id = text_or_empty(call->execution_id),
                            .params = object_or_empty(call->params),
                            .workflow_params = object_or_empty(call->workflow_params),
                            .step_outputs = object_or_empty(call->step_outputs),
                            .metadata = object_or_empty(call->metadata),
                            .timeout_seconds = call->timeout_seconds,
                            .retry_count = call->retry_count,
                            .idempotency_key = text_or_empty(call->idempotency_key),
                            .outputs = object_or_empty(call->outputs)},
                .kind = kind,
                .call = call,
                .action = bp_action_entry_executor(call->entry),
                .arena = call->arena,
                .result = {.error = bp_value_null, .percent = -1, .eta_minutes = -1},
                .condition_work = CONDITION_WORK,
        };
        bp_object_init(&state->outputs, call->arena);
        if (call->outputs && !call->only_new)
                bp_object_merge(&state->outputs, call->outputs);
}

/* Nothing but the outcome and its reason: what was set on the way no longer counts. */
static struct bp_call_result failure(int outcome, const char *code, const char *message) {
        return (struct bp_call_result){.outcome = outcome,
                                       .outputs = bp_value_empty_object,
                                       .code = code,
                                       .message = message,
                                       .error = bp_value_null,
                                       .percent = -1,
                                       .eta_minutes = -1};
}

static const char *broken_rule(const struct bp_host_state *state, int returned) {
        if (state->misuse)
                return state->misuse;
        if (state->n_endings == 0)
                return "the action ended without saying how";
        if (state->n_endings > 1)
                return "the action ended more than once";
        return returned == state->result.outcome ? NULL : "the action did not return what its ending returned";
}

static bool is_of_memory(const struct bp_host_state *state) {
        return state->fault == -ENOMEM && !bp_arena_over_limit(state->arena);
}

/* @return 0; -ENOMEM; 1 when the call went over a limit; 2 when it broke a rule, which is then in `ret_rule` */
static int conclude(struct bp_host_state *state, int returned, struct bp_call_result *ret_result,
                    const char **ret_rule) {
        struct bp_value outputs;
        int r = bp_object_finish(&state->outputs, &outputs);

        bp_host_end_log(state);
        if (r < 0)
                bp_host_spoil(state, r, NULL);
        if (is_of_memory(state))
                return -ENOMEM;
        if (state->fault)
                return 1;
        *ret_rule = broken_rule(state, returned);
        if (*ret_rule)
                return 2;
        state->result.outputs = outputs;
        *ret_result = state->result;
        return 0;
}

static const char *limit_message(const struct bp_host_state *state) {
        return state->limit_message ? state->limit_message : "the call used more memory than it may";
}

static int conclude_attempt(struct bp_host_state *state, int returned, struct bp_call_result *ret_result) {
        const char *rule = NULL;
        int r = conclude(state, returned, ret_result, &rule);

        if (r == 1)
                *ret_result = failure(BP_FAILED, "LIMIT", limit_message(state));
        else if (r == 2)
                *ret_result = failure(BP_FAILED, "INVALID_RESULT", rule);
        return r < 0 ? r : 0;
}

static struct bp_call_result unavailable(const struct bp_call *call) {
        const char *reason = bp_action_entry_unavailable(call->entry);

        return failure(BP_FAILED, "ACTION_UNAVAILABLE", reason ? reason : "the action has no code to run");
}

int bp_call_execute(const struct bp_call *call, struct bp_call_result *ret_result) {
        struct bp_host_state state;

        prepare(&state, call, BP_HOST_EXECUTE);
        if (!state.action) {
                *ret_result = unavailable(call);
                return 0;
        }
        return conclude_attempt(&state, state.action->execute(&state.context), ret_result);
}

int bp_call_reply(const struct bp_call *call, const struct bp_http_response *response,
                  struct bp_call_result *ret_result) {
        struct bp_host_state state;
        int r;

        prepare(&state, call, BP_HOST_REPLY);
        if (!state.action || !state.action->on_reply) {
                *ret_result = unavailable(call);
                return 0;
        }
        r = state.action->on_reply(&state.context, response);
        if (response->no_connection && state.result.outcome == BP_FAILED)
                state.result.code = "CONNECTION_LIMIT";
        return conclude_attempt(&state, r, ret_result);
}

int bp_call_event(const struct bp_call *call, const struct bp_event_context *event, struct bp_call_result *ret_result) {
        struct bp_host_state state;
        const char *rule = NULL;
        int r;

        prepare(&state, call, BP_HOST_EVENT);
        if (!state.action || !state.action->on_event) {
                *ret_result = failure(BP_EVENT_IGNORE, "NOT_IMPLEMENTED", "the action handles no events");
                return 0;
        }
        r = state.action->on_event(&state.context, event);
        if (r == BP_EVENT_IGNORE && state.n_endings == 0) {
                state.n_endings = 1;
                state.result.outcome = BP_EVENT_IGNORE;
        }
        r = conclude(&state, r, ret_result, &rule);
        if (r == 1)
                *ret_result = failure(BP_EVENT_COMPLETE, "LIMIT", limit_message(&state));
        else if (r == 2)
                *ret_result = failure(BP_EVENT_IGNORE, "INVALID_RESULT", rule);
        return r < 0 ? r : 0;
}

int bp_call_cleanup(const struct bp_call *call, struct bp_call_result *ret_result) {
        struct bp_host_state state;

        prepare(&state, call, BP_HOST_CLEANUP);
        if (!state.action || !state.action->cleanup) {
                *ret_result = failure(BP_COMPLETED, NULL, NULL);
                return 0;
        }
        return conclude_attempt(&state, state.action->cleanup(&state.context), ret_result);
}

int bp_call_validate(const struct bp_call *call, struct bp_problem_list *findings) {
        struct bp_host_state state;

        prepare(&state, call, BP_HOST_VALIDATE);
        if (!state.action || !state.action->validate_params)
                return 0;
        state.findings = findings;
        state.action->validate_params(&state.context);
        bp_host_end_log(&state);
        if (is_of_memory(&state))
                return -ENOMEM;
        return state.fault ? bp_problem_list_addf(findings, "LIMIT", "", "%s", limit_message(&state)) : 0;
}

enum bp_effect bp_call_effect(const struct bp_call *call) {
        enum bp_effect declared = bp_action_entry_meta(call->entry)->effect;
        struct bp_host_state state;
        uint32_t effect;

        prepare(&state, call, BP_HOST_EFFECT);
        if (!state.action || !state.action->effect_of)
                return declared;
        effect = state.action->effect_of(&state.context);
        return !state.fault && effect >= BP_PURE && effect <= BP_ONCE ? (enum bp_effect)effect : declared;
}

/* Bytes of text and a few for each value; stops counting once there are too many. */
static size_t add_weight(const struct bp_value *value, size_t weight) {
        weight += sizeof(*value);
        switch (value->type) {
        case BP_STRING:
                return weight + value->count;
        case BP_LIST:
                for (uint32_t i = 0; i < value->count && weight <= INLINE_WEIGHT_MAX; i++)
                        weight = add_weight(&value->as.items[i], weight);
                return weight;
        case BP_OBJECT:
                for (uint32_t i = 0; i < value->count && weight <= INLINE_WEIGHT_MAX; i++)
                        weight = add_weight(&value->as.members[i].value, weight + value->as.members[i].key_size);
                return weight;
        default:
                return weight;
        }
}

bool bp_call_is_inline(const struct bp_call *call) {
        const struct bp_action_meta *meta = bp_action_entry_meta(call->entry);

        return meta->is_inline && meta->effect == BP_PURE &&
               (!call->params || add_weight(call->params, 0) <= INLINE_WEIGHT_MAX);
}
