/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file state.h
 * One call from the inside: what the functions of the table share. Each gets the context and finds the state around it.
 */
#ifndef BP_HOST_STATE_H
#define BP_HOST_STATE_H

#include <budpipeline/action.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/value.h"
#include "host/host.h"
#include "template/template.h"

struct bp_problem_list;

/** Which function of the action is being called. Bits, so that an ending can say where it is allowed. */
enum bp_host_kind {
        BP_HOST_EXECUTE = 1u << 0,
        BP_HOST_REPLY = 1u << 1,
        BP_HOST_EVENT = 1u << 2,
        BP_HOST_CLEANUP = 1u << 3,
        BP_HOST_VALIDATE = 1u << 4,
        BP_HOST_EFFECT = 1u << 5,
};

/** A call under way. */
struct bp_host_state {
        struct bp_action_context context; /**< what the action sees; first, see bp_host_state_of() */
        enum bp_host_kind kind;
        const struct bp_call *call;
        const struct bp_action *action;
        struct bp_arena *arena;

        struct bp_object_builder outputs;
        struct bp_call_result result;
        unsigned n_endings;
        const char *misuse;        /**< the first rule that was broken, or NULL */
        int fault;                 /**< 0, or the first -ENOMEM or -E2BIG */
        const char *limit_message; /**< which limit, or NULL: memory */

        struct bp_problem_list *findings; /**< validate_params, else NULL */
        uint32_t n_log_lines, n_log_lines_dropped;
        bool has_scope;
        struct bp_template_scope scope;
        struct bp_value scope_steps;
        uint32_t condition_work; /**< units left for all conditions of the call */
};

/** The table that every context points to. */
extern const struct bp_host bp_host_table;

/** The call that a context belongs to. */
static inline struct bp_host_state *bp_host_state_of(struct bp_action_context *context) {
        return (struct bp_host_state *)(void *)((char *)context - offsetof(struct bp_host_state, context));
}

/** Remembers that something could not be made; the call fails with it whatever the action does. */
void bp_host_spoil(struct bp_host_state *state, int error, const char *limit_message);

/** Remembers that the action broke a rule of the contract. */
void bp_host_misuse(struct bp_host_state *state, const char *rule);

/** The text in the arena, as valid UTF-8 without NUL; NULL (and the call is spoilt) when memory is exhausted. */
const char *bp_host_text(struct bp_host_state *state, const char *text, size_t size, size_t *ret_size);

/* What stands behind the members of the same names in struct bp_host; their meaning is written there. */

uint32_t bp_host_type(const struct bp_value *value);
bool bp_host_as_bool(const struct bp_value *value);
int64_t bp_host_as_int(const struct bp_value *value);
double bp_host_as_float(const struct bp_value *value);
const char *bp_host_as_string(const struct bp_value *value, size_t *ret_size);
size_t bp_host_count(const struct bp_value *value);
const struct bp_value *bp_host_item(const struct bp_value *list, size_t index);
const struct bp_value *bp_host_member(const struct bp_value *object, size_t index, const char **ret_key);
const struct bp_value *bp_host_get(const struct bp_value *object, const char *key);
bool bp_host_equal(const struct bp_value *a, const struct bp_value *b);
int bp_host_compare(const struct bp_value *a, const struct bp_value *b, int *ret_order);
const struct bp_value *bp_host_make_null(struct bp_action_context *context);
const struct bp_value *bp_host_make_bool(struct bp_action_context *context, bool value);
const struct bp_value *bp_host_make_int(struct bp_action_context *context, int64_t value);
const struct bp_value *bp_host_make_float(struct bp_action_context *context, double value);
const struct bp_value *bp_host_make_string(struct bp_action_context *context, const char *text, size_t size);
const struct bp_value *bp_host_parse_json(struct bp_action_context *context, const char *text, size_t size);
struct bp_builder *bp_host_list_new(struct bp_action_context *context);
struct bp_builder *bp_host_object_new(struct bp_action_context *context);
void bp_host_list_add(struct bp_builder *list, const struct bp_value *value);
void bp_host_object_set(struct bp_builder *object, const char *key, const struct bp_value *value);
const struct bp_value *bp_host_finish(struct bp_builder *builder);
const char *bp_host_to_json(struct bp_action_context *context, const struct bp_value *value, size_t *ret_size);
const char *bp_host_to_text(struct bp_action_context *context, const struct bp_value *value, size_t *ret_size);
const char *bp_host_change_case(struct bp_action_context *context, const char *text, size_t size, bool upper,
                                size_t *ret_size);

void bp_host_output(struct bp_action_context *context, const char *name, const struct bp_value *value);
int bp_host_complete(struct bp_action_context *context);
int bp_host_fail(struct bp_action_context *context, const char *code, const char *message, bool unknown);
void bp_host_fail_with(struct bp_action_context *context, const struct bp_value *error);
int bp_host_await_event(struct bp_action_context *context, const char *external_workflow_id, int64_t timeout_seconds);
int bp_host_await_reply(struct bp_action_context *context, const struct bp_http_request *request,
                        const struct bp_value *state_value);
int bp_host_sleep_until(struct bp_action_context *context, int64_t unix_us);
int bp_host_event_complete(struct bp_action_context *context, bool success, const char *code, const char *message);
int bp_host_event_progress(struct bp_action_context *context, double percent, double eta_minutes);
void bp_host_finding(struct bp_action_context *context, const char *message);

int64_t bp_host_now_us(struct bp_action_context *context);
bool bp_host_cancelled(struct bp_action_context *context);
void bp_host_log(struct bp_action_context *context, uint32_t level, const char *message);
void bp_host_progress(struct bp_action_context *context, double percent, double eta_minutes);
int bp_host_condition(struct bp_action_context *context, const struct bp_value *condition, bool *ret_result,
                      const char **ret_error);
const struct bp_http_response *bp_host_http(struct bp_action_context *context, const struct bp_http_request *request);
const char *bp_host_http_guard(struct bp_action_context *context, const char *url);
const void *bp_host_service(struct bp_action_context *context, const char *name, uint32_t revision);

/** A request of whatever size the action knows it to have, as this host knows it. */
struct bp_http_request bp_host_request(const struct bp_http_request *request);

/** After the action has returned: one line for all those that were too many. */
void bp_host_end_log(struct bp_host_state *state);

#endif
