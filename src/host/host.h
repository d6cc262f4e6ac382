/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file host.h
 * One call of an action: what the header `budpipeline/action.h` promises, made real.
 *
 * The engine's process and, later, a sandboxed process of its own both lend actions the same table; they differ in
 * what stands behind the services, which is why those are callbacks here. A call happens on one thread. What it sets
 * is copied into the call's arena; an exhausted arena or limit fails the call with code LIMIT.
 */
#ifndef BP_HOST_HOST_H
#define BP_HOST_HOST_H

#include <budpipeline/action.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/value.h"

struct bp_action_entry;
struct bp_arena;
struct bp_problem_list;

/**
 * What stands behind the services of a call. Of a NULL member: `now` is the wall clock, `cancelled` is no, lines and
 * progress are dropped, `http` is BP_HTTP_UNSENT, and `http_guard` lets pass, since the client judges each exchange
 * anyway.
 */
struct bp_host_services {
        struct bp_wall (*now)(void *userdata);
        bool (*cancelled)(void *userdata);
        void (*log)(void *userdata, enum bp_log_level level, const char *message);
        void (*progress)(void *userdata, double percent, double eta_minutes);
        /** Performs and waits. @return 0 or -ENOMEM; the response belongs to the arena. */
        int (*http)(void *userdata, const struct bp_http_request *request, struct bp_arena *arena,
                    const struct bp_http_response **ret_response);
        /** @return NULL when the URL may be tried, else why not. */
        const char *(*http_guard)(void *userdata, const char *url, struct bp_arena *arena);
};

/** One call. Everything is borrowed until the call returns. */
struct bp_call {
        const struct bp_action_entry *entry;
        struct bp_arena *arena; /**< the result belongs to it */
        const char *step_id;
        const char *execution_id;
        const struct bp_value *params;          /**< resolved and complete */
        const struct bp_value *workflow_params; /**< or NULL */
        const struct bp_value *step_outputs;    /**< object by step id, or NULL */
        const struct bp_value *outputs;         /**< set before (on_reply, on_event, cleanup), or NULL */
        const struct bp_value *metadata;        /**< object: what the configuration says to actions, or NULL */
        bool only_new; /**< the result has as outputs what this call sets, not what was set before */
        int64_t timeout_seconds;
        uint32_t retry_count;
        const char *idempotency_key;
        uint32_t log_lines_max; /**< further lines are counted in one last line; 0: 10,000 */
        const struct bp_host_services *services;
        void *userdata; /**< for the services */
};

/** What a call came to. Belongs to the call's arena. */
struct bp_call_result {
        int outcome;             /**< enum bp_outcome; for on_event enum bp_event_action */
        struct bp_value outputs; /**< object: what was set, over what was set before */
        bool success;            /**< on_event: completed or failed */
        const char *code;        /**< of a failure, else NULL */
        const char *message;     /**< of a failure, else NULL */
        struct bp_value error;   /**< of a failure: the value given with fail_with, else null */
        const char *external_id;
        int64_t timeout_seconds;
        struct bp_wall wake_at;
        const struct bp_http_request *request; /**< BP_AWAITING_REPLY */
        const struct bp_value *state;          /**< BP_AWAITING_REPLY: or NULL */
        double percent, eta_minutes;           /**< on_event: negative when not said */
};

/** What bp_call.metadata holds. @param system_user_id or NULL @return 0 or -ENOMEM. */
int bp_call_metadata(struct bp_arena *arena, const char *system_user_id, struct bp_value *ret_metadata);

/**
 * Calls execute. An action without code is a failure with code ACTION_UNAVAILABLE. Broken invariants (no ending called,
 * another value returned, await_event of a sync action, an empty external id) are failures with code INVALID_RESULT.
 * @return 0 or -ENOMEM.
 */
int bp_call_execute(const struct bp_call *call, struct bp_call_result *ret_result);

/**
 * Calls on_reply. An attempt that fails because its request got no connection has the code CONNECTION_LIMIT, whatever
 * the action calls it: that is for the operator to mend.
 * @return 0 or -ENOMEM.
 */
int bp_call_reply(const struct bp_call *call, const struct bp_http_response *response,
                  struct bp_call_result *ret_result);

/**
 * Calls on_event. Without one (NOT_IMPLEMENTED), or when it breaks its rules (INVALID_RESULT), the result is
 * BP_EVENT_IGNORE with code and message; over a limit, the step has failed with code LIMIT. @return 0 or -ENOMEM.
 */
int bp_call_event(const struct bp_call *call, const struct bp_event_context *event, struct bp_call_result *ret_result);

/** Calls cleanup; completed when there is none. @return 0 or -ENOMEM. */
int bp_call_cleanup(const struct bp_call *call, struct bp_call_result *ret_result);

/** Calls validate_params; findings get code PARAM_INVALID and pointer "". @return 0 or -ENOMEM. */
int bp_call_validate(const struct bp_call *call, struct bp_problem_list *findings);

/** The effect for these parameters: effect_of where there is one and it answers, else the metadata's. */
enum bp_effect bp_call_effect(const struct bp_call *call);

/** True when the call may run on the engine's thread: an inline action whose parameters are small. */
bool bp_call_is_inline(const struct bp_call *call);

#endif
