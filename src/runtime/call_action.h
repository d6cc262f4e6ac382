/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file call_action.h
 * One action called alone, outside any pipeline: to try it out, and to check parameters before a pipeline is saved.
 *
 * Everything happens on the calling thread; no bp_runtime is needed.
 */
#ifndef BP_RUNTIME_CALL_ACTION_H
#define BP_RUNTIME_CALL_ACTION_H

#include <budpipeline/action.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/value.h"

struct bp_action_entry;
struct bp_arena;
struct bp_invoker;
struct bp_invoker_settings;
struct bp_problem_list;

/** What to call, and with what. 0 and NULL mean the default named beside the member. Everything is borrowed. */
struct bp_action_run {
        const struct bp_action_entry *entry;    /**< mandatory */
        const struct bp_value *params;          /**< object; aliases, nulls and defaults are completed here; empty */
        const struct bp_value *workflow_params; /**< object; empty */
        const struct bp_value *step_outputs;    /**< object by step id; empty */
        const char *step_id;                    /**< "step" */
        const char *execution_id;               /**< the nil UUID */
        bool check_params; /**< parameters that break the metadata's rules are a failure and nothing is called */
        bool virtual_time; /**< sleeping costs no time */
        struct bp_invoker *invoker;               /**< how its requests go out; one for this call alone */
        const struct bp_invoker_settings *invoke; /**< of the one for this call alone; its defaults */
        const char *system_user_id;               /**< see struct bp_runtime_settings; none */
        /** Lines the action logs, on the calling thread. NULL: dropped. */
        void (*log)(void *userdata, enum bp_log_level level, const char *message);
        /** True once the call shall stop: asked by the action, between its rounds and while it sleeps. NULL: never. */
        bool (*cancelled)(void *userdata);
        void *userdata;
};

/** What it came to. Everything belongs to the arena of the call or is constant. */
struct bp_action_answer {
        bool success;
        struct bp_value outputs; /**< object */
        const char *code;        /**< of a failure, else NULL */
        const char *message;     /**< of a failure, else NULL */
        struct bp_value error;   /**< null, or what the action gave as error where it is more than text */
        bool unknown;            /**< a failure whose outcome outside is not known */
        bool awaiting_event;     /**< success so far: an event with `external_id` would end it */
        const char *external_id; /**< or NULL */
        int64_t timeout_seconds; /**< of the wait for the event; 0: not said */
};

/**
 * Calls execute, performs the exchanges it asks for (on_reply), sleeps where it asks to, and says how it ended.
 * @return 0 or -ENOMEM; whatever the action does is data in the answer.
 */
int bp_run_action(const struct bp_action_run *run, struct bp_arena *arena, struct bp_action_answer *ret_answer);

/** What an action made of an event. Everything belongs to the arena of the call or is constant. */
struct bp_event_answer {
        enum bp_event_action action;
        bool success;                /**< of BP_EVENT_COMPLETE: completed, or failed */
        struct bp_value outputs;     /**< object: what on_event set */
        const char *code, *message;  /**< of a failure, and why an event was ignored that broke a rule; else NULL */
        double percent, eta_minutes; /**< negative: not said */
};

/**
 * Calls on_event alone; `run->step_outputs` are the outputs of the waiting step itself.
 * @return 0 or -ENOMEM; whatever the action does is data in the answer.
 */
int bp_run_event(const struct bp_action_run *run, const struct bp_value *event, const char *external_id,
                 struct bp_arena *arena, struct bp_event_answer *ret_answer);

/**
 * Runs an action's validate_params, without services. Fits bp_definition_options.check_action; `userdata` is not used.
 * @return 0 or -ENOMEM; findings are data.
 */
int bp_check_action(void *userdata, const struct bp_action_entry *entry, const struct bp_value *params,
                    struct bp_problem_list *findings);

/**
 * Checks parameters by the metadata, templates allowed, unknown names reported (PARAM_UNKNOWN), and then, where no
 * template stands in them, by the action's own rules. @return 0 or -ENOMEM; findings are data.
 */
int bp_check_action_params(const struct bp_action_entry *entry, const struct bp_value *params,
                           struct bp_problem_list *findings);

#endif
