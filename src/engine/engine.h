/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file engine.h
 * The pure core: one execution as a state machine. (state, input) -> (state', records, effects).
 *
 * No sockets, no SQL, no clock, no threads: time is what an input carries, randomness follows from identities. The
 * same definition, parameters and inputs give the same records. What was decided is in the records, as facts: a state
 * is rebuilt by applying them in order, and applying decides nothing. What leaves the machine is an effect, and each
 * effect names the record that must be durable before it may happen.
 *
 * One thread at a time may use an execution. Values inside records and effects belong to the batch or, where it is
 * said, to the attempt.
 */
#ifndef BP_ENGINE_ENGINE_H
#define BP_ENGINE_ENGINE_H

#include <budpipeline/action.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/value.h"
#include "pipeline/definition.h"

struct bp_arena;
struct bp_problem;

/** No step: the record or input is about the execution. */
#define BP_NO_STEP UINT32_MAX

/** State of a step. Those from BP_STEP_COMPLETED on are final. */
enum bp_step_state {
        BP_STEP_PENDING = 1,
        BP_STEP_RUNNING,
        BP_STEP_WAITING,  /**< for an event or a time */
        BP_STEP_RETRYING, /**< for the next attempt */
        BP_STEP_COMPLETED,
        BP_STEP_FAILED,
        BP_STEP_SKIPPED,
        BP_STEP_TIMEOUT,
        BP_STEP_CANCELLED,
        BP_STEP_INTERRUPTED, /**< a `once` attempt whose outcome a crash made unknowable */
};

/** State of an execution. Those from BP_EXECUTION_COMPLETED on are final. */
enum bp_execution_state {
        BP_EXECUTION_PENDING = 1,
        BP_EXECUTION_RUNNING,
        BP_EXECUTION_PAUSED,
        BP_EXECUTION_COMPLETED,
        BP_EXECUTION_FAILED,
        BP_EXECUTION_CANCELLED,
        BP_EXECUTION_TIMEOUT,
        BP_EXECUTION_INTERRUPTED,
};

/** True for a state that does not change any more. */
bool bp_step_state_is_final(enum bp_step_state state);

/** True for a state that does not change any more. */
bool bp_execution_state_is_final(enum bp_execution_state state);

/** Upper-case word: "COMPLETED". */
const char *bp_step_state_name(enum bp_step_state state);

/** Upper-case word: "COMPLETED". */
const char *bp_execution_state_name(enum bp_execution_state state);

/* ---------------------------------------------------------------------------------------------------------------
 * Inputs
 */

/** How an attempt ended. */
enum bp_attempt_outcome {
        BP_ATTEMPT_COMPLETED = 1,
        BP_ATTEMPT_FAILED,   /**< definitely: repeated by policy whatever the effect */
        BP_ATTEMPT_UNKNOWN,  /**< lost: repeated only where the effect allows it */
        BP_ATTEMPT_WAITING,  /**< an event with `external_id` ends the step */
        BP_ATTEMPT_SLEEPING, /**< the step completes at `wake_at` */
};

/** The result of one attempt. Borrowed until the call that receives it returns. */
struct bp_attempt_result {
        enum bp_attempt_outcome outcome;
        const struct bp_value *outputs; /**< object, or NULL for none */
        const char *code;               /**< of a failure, else NULL */
        const char *message;            /**< of a failure, else NULL */
        const struct bp_value *error;   /**< what the action gave as error where it is more than text, or NULL */
        const char *external_id;        /**< BP_ATTEMPT_WAITING */
        int64_t timeout_seconds;        /**< BP_ATTEMPT_WAITING: replaces the step's timeout for the wait; 0 keeps it */
        struct bp_wall wake_at;         /**< BP_ATTEMPT_SLEEPING */
};

/** What on_event decided about an event that matched a waiting step. */
struct bp_event_result {
        enum bp_event_action action;
        bool success;                   /**< BP_EVENT_COMPLETE */
        const struct bp_value *outputs; /**< object merged over the stored outputs, or NULL */
        const char *code, *message;     /**< BP_EVENT_COMPLETE without success */
        double percent, eta_minutes;    /**< BP_EVENT_UPDATE_PROGRESS; negative: not said */
};

/** What a step's condition and parameters came to. Made by bp_step_resolve(). */
struct bp_resolution {
        bool skip;              /**< the condition is false */
        bool failed;            /**< see `code`, `message` */
        struct bp_value params; /**< complete: aliases, defaults, nulls done; belongs to the attempt's arena */
        const char *code;
        char message[512];
};

/** Kind of an input. */
enum bp_input_type {
        BP_INPUT_START = 1,
        BP_INPUT_CANCEL, /**< `text`: reason, or NULL */
        BP_INPUT_PAUSE,
        BP_INPUT_RESUME,
        BP_INPUT_CLOCK,         /**< time has passed: whatever is due happens */
        BP_INPUT_ATTEMPT_ENDED, /**< `step`, `attempt`, `result` */
        BP_INPUT_RESOLVED,      /**< `step`, `resolution`, `arena` (taken unless it fails): see BP_EFFECT_RESOLVE */
        BP_INPUT_EVENT,         /**< `step`, `attempt`, `event` */
        BP_INPUT_PROGRESS,      /**< `step`, `attempt`, `percent`, `eta_minutes` */
        BP_INPUT_CLEANUP_ENDED, /**< `step`, `attempt` (the try), `result` */
        BP_INPUT_RECOVER,       /**< after the last record was applied: what was under way is lost */
        BP_INPUT_SHUTDOWN,      /**< the process stops: running `once` attempts become INTERRUPTED, others are marked to
                                   be run again; nothing starts any more */
        BP_INPUT_DRAIN, /**< the process is going to stop: no attempt starts any more, what is under way goes on */
};

/** One input. Everything it points to is borrowed, unless said otherwise. */
struct bp_input {
        enum bp_input_type type;
        struct bp_wall now;
        uint32_t step;
        uint32_t attempt;
        const char *text;
        const struct bp_attempt_result *result;
        const struct bp_event_result *event;
        const struct bp_resolution *resolution;
        struct bp_arena *arena;
        double percent, eta_minutes;
};

/* ---------------------------------------------------------------------------------------------------------------
 * Records: facts, stored once; history, streams and step rows are projections of them
 */

/** Code of BP_RECORD_CANCEL_REQUESTED and of the ending when the execution's own timeout asked, not a person. */
#define BP_CODE_TIMEOUT "TIMEOUT"

/** Format of records; a store that holds a newer one is refused. */
#define BP_RECORD_FORMAT 1

/** Kind of a record. The members it uses stand behind it. */
enum bp_record_type {
        BP_RECORD_EXECUTION_STARTED = 1, /**< data: parameters; deadline: of the whole, 0 for none */
        BP_RECORD_EXECUTION_PAUSED,
        BP_RECORD_EXECUTION_RESUMED, /**< deadline: of the whole, later by the length of the pause; 0 for none */
        BP_RECORD_CANCEL_REQUESTED,  /**< message: reason; code: NULL, or BP_CODE_TIMEOUT */
        BP_RECORD_EXECUTION_ENDED,   /**< execution_state, code, message, data: outputs */
        BP_RECORD_STEP_REUSED,       /**< step, data: outputs taken over from the execution this one retries */
        BP_RECORD_STEP_STARTED,      /**< step, attempt, generation, effect, deadline: of the attempt, 0 for none */
        BP_RECORD_STEP_WAITING, /**< step, attempt, external_id or NULL for a sleep, deadline, data: outputs so far */
        /**
         * step, attempt: that ended, step_state: how (FAILED or TIMEOUT: by policy; INTERRUPTED: a crash; CANCELLED:
         * the process stopped), code, message, unknown, data: outputs it left, deadline: of the next one
         */
        BP_RECORD_STEP_RETRYING,
        BP_RECORD_STEP_PROGRESS,   /**< step, attempt, percent, eta_minutes */
        BP_RECORD_STEP_ENDED,      /**< step, attempt (0: none was started), step_state, code, message, unknown, data:
                                      outputs, also those that are left for the cleanup, error */
        BP_RECORD_CLEANUP_STARTED, /**< step, attempt: the try */
        BP_RECORD_CLEANUP_ENDED, /**< step, attempt: the try, code and message when it failed, deadline: of the next try
                                    or 0 when it was the last */
        BP_RECORD_LATE,          /**< step, attempt, message: came after the end, changes nothing */
};

/** One record. */
struct bp_record {
        enum bp_record_type type;
        uint64_t sequence; /**< 1, 2, 3 ... within the execution */
        struct bp_wall at;
        uint32_t step; /**< BP_NO_STEP for the execution's own */
        uint32_t attempt;
        uint32_t generation;   /**< of the idempotency key: raised by a complete answer or a manual retry */
        enum bp_effect effect; /**< how the attempt counts; 0 when the kind has none */
        bool unknown;          /**< what the attempt did outside is not known */
        enum bp_step_state step_state;
        enum bp_execution_state execution_state;
        const char *code, *message, *external_id;
        struct bp_wall deadline; /**< 0: none */
        double percent, eta_minutes;
        struct bp_value data;  /**< null when the kind has none */
        struct bp_value error; /**< null unless the action gave more than text */
};

/** Word of a record's kind on the wire: "step_started". */
const char *bp_record_type_name(enum bp_record_type type);

/* ---------------------------------------------------------------------------------------------------------------
 * Effects: everything that leaves
 */

/** Kind of an effect. */
enum bp_effect_type {
        BP_EFFECT_RUN = 1, /**< run an attempt: `step`, `attempt` */
        BP_EFFECT_RESOLVE, /**< call bp_execution_resolve() on a worker, it is too much work for this thread; answer
                              BP_INPUT_RESOLVED. `step` is BP_NO_STEP for the outputs of the definition. */
        BP_EFFECT_STOP,    /**< tell a running attempt to stop; its result must still be given, as any other */
        BP_EFFECT_AWAIT,   /**< route events with `external_id` to this step */
        BP_EFFECT_FORGET,  /**< stop routing them */
        BP_EFFECT_CLEANUP, /**< run the action's cleanup: `step`, `attempt` (the try), `params` */
        BP_EFFECT_ENDED,   /**< the execution has ended and nothing of it is under way any more */
};

/** One effect. */
struct bp_effect_item {
        enum bp_effect_type type;
        /** Sequence of the last record that must be durable before this happens; 0: none. */
        uint64_t after_sequence;
        uint32_t step;
        uint32_t attempt;
        uint32_t generation;
        enum bp_effect effect;   /**< BP_EFFECT_RUN: how the attempt counts */
        struct bp_wall deadline; /**< BP_EFFECT_RUN: of the attempt, 0 for none */
        const char *external_id; /**< BP_EFFECT_AWAIT, BP_EFFECT_FORGET */
        /** BP_EFFECT_RUN, RESOLVE, CLEANUP: the attempt's memory. The receiver takes it: sets it to NULL and frees it.
         */
        struct bp_arena *arena;
        struct bp_value params; /**< BP_EFFECT_RUN, CLEANUP: resolved; in `arena`, borrows from the execution too */
        struct bp_value step_outputs; /**< BP_EFFECT_RUN, RESOLVE, CLEANUP: outputs of the ancestors that completed, by
                                         step id; in `arena`, borrows from the execution too */
        struct bp_value outputs;      /**< BP_EFFECT_CLEANUP: what the step's last attempt left; in `arena` */
};

struct bp_undo_entry;

/** What inputs led to. Reused from input to input: bp_batch_clear() keeps the memory. */
struct bp_batch {
        struct bp_arena *arena; /**< of records and effects */
        struct bp_record *records;
        size_t n_records, records_capacity;
        struct bp_effect_item *effects;
        size_t n_effects, effects_capacity;
        struct bp_undo_entry *undo; /**< private: how steps were before the input at hand */
        size_t n_undo, undo_capacity;
};

/** An empty batch. @return 0 or -ENOMEM. */
int bp_batch_init(struct bp_batch *batch);

/** Forgets records and effects; arenas of effects that nobody took are given back. */
void bp_batch_clear(struct bp_batch *batch);

/** Gives everything back. */
void bp_batch_done(struct bp_batch *batch);

/* ---------------------------------------------------------------------------------------------------------------
 * The machine
 */

/** What holds where neither step, pipeline nor action says otherwise, and every limit. 0 means the default. */
struct bp_engine_settings {
        struct bp_retry retry;           /**< 3 attempts, 60 s, factor 2, at most 3600 s, no jitter */
        uint32_t event_timeout_seconds;  /**< of a wait for an event without a timeout; 1,800 */
        uint32_t cancel_grace_seconds;   /**< 10 */
        uint32_t cleanup_tries;          /**< 3 */
        uint32_t step_output_bytes;      /**< as JSON; 1 MiB */
        uint32_t execution_output_bytes; /**< 16 MiB */
        uint32_t inline_work;            /**< template work a start may do on the engine's thread; 20,000 */
        uint32_t total_work;             /**< and in all, on a worker; 1,000,000 */
        uint32_t crash_limit;            /**< unclean stops in a row at which a step in flight is given up; 3 */
        /**
         * How an action counts for these parameters (the action's effect_of, which needs a host to call it). Called on
         * the engine's thread once a step is resolved, unless the step states its effect. NULL: the metadata's effect.
         */
        enum bp_effect (*effect_of)(void *userdata, const struct bp_action_entry *entry, const struct bp_value *params);
        void *effect_of_userdata;
        /**
         * The action's own check (validate_params, which needs a host to call it) of parameters that templates made;
         * what holds for any result was checked when the definition was loaded. Any thread; a pure function. A finding
         * fails the step with PARAM_INVALID. @return 0 or -ENOMEM. NULL: not done.
         */
        int (*check_action)(void *userdata, const struct bp_action_entry *entry, const struct bp_value *params,
                            struct bp_problem_list *findings);
        void *check_action_userdata;
};

/** Puts the defaults where a setting is 0. */
void bp_engine_settings_complete(struct bp_engine_settings *settings);

/** How an execution begins. Everything is copied or referenced. */
struct bp_execution_start {
        struct bp_id id;
        const struct bp_definition *definition;
        const struct bp_value *params;  /**< merged, checked */
        const char *principal, *origin; /**< or NULL */
        void *userdata;                 /**< the owner's, shown in the view */
        /** Retry of an older execution: outputs of steps taken over, by index; NULL entries run. NULL: none. */
        const struct bp_value *const *reused_outputs;
};

struct bp_execution;

/**
 * A new execution in state PENDING; BP_INPUT_START sets it going. The settings are complete and stay as long as it
 * does; NULL: the defaults.
 * @return 0 or -ENOMEM.
 */
int bp_execution_new(const struct bp_execution_start *start, const struct bp_engine_settings *settings,
                     struct bp_execution **ret_execution);

/** The id of the view. It never changes. Borrowed; any thread. */
const struct bp_id *bp_execution_id(const struct bp_execution *execution);

/** The definition of the view. It never changes. Borrowed; any thread. */
const struct bp_definition *bp_execution_definition(const struct bp_execution *execution);

/** The parameters of the view. They never change once the execution is handed to its owner. Borrowed; any thread. */
const struct bp_value *bp_execution_params(const struct bp_execution *execution);

/** Gives it back. NULL is allowed. Always returns NULL. */
struct bp_execution *bp_execution_free(struct bp_execution *execution);

/**
 * Handles one input: changes the state, appends to the batch. After a negative return nothing has changed and the
 * input may be given again.
 * @return 0, -ENOMEM, or -EINVAL for an input that makes no sense (a step that does not exist).
 */
int bp_execution_handle(struct bp_execution *execution, const struct bp_input *input, struct bp_batch *batch);

/** Rebuilds state: applies a record that an earlier process stored. Decides nothing. @return 0, -ENOMEM, -EINVAL. */
int bp_execution_apply(struct bp_execution *execution, const struct bp_record *record);

/** The earliest time at which BP_INPUT_CLOCK has something to do. @return false when there is none. */
bool bp_execution_next_deadline(const struct bp_execution *execution, struct bp_wall *ret_deadline);

/**
 * Does the work of a BP_EFFECT_RESOLVE, in the effect's arena and with settings.total_work. A pure function of what
 * does not change; may run on any thread while the execution lives.
 * @return 0: give the resolution (a failure is data) and the arena to BP_INPUT_RESOLVED; -ENOMEM: may be tried again.
 */
int bp_execution_resolve(const struct bp_execution *execution, const struct bp_effect_item *effect,
                         struct bp_resolution *ret_resolution);

/**
 * Resolves a step: judges its condition, evaluates, completes and checks its parameters. A pure function; may run on
 * any thread. What it finds is in the arena, or borrowed from `params` and `step_outputs`.
 * @param work units of template work allowed
 * @return 0 (see the resolution); 1 when the work was not enough; -ENOMEM.
 */
int bp_step_resolve(const struct bp_step_definition *step, const struct bp_value *params,
                    const struct bp_value *step_outputs, uint32_t work, struct bp_arena *arena,
                    struct bp_resolution *ret_resolution);

/* ---------------------------------------------------------------------------------------------------------------
 * Looking at it
 */

/** A step as it stands. Pointers are valid until the next input. */
struct bp_step_view {
        enum bp_step_state state;
        uint32_t attempt;                              /**< of the last one started, from 1; 0: none */
        const char *code, *message;                    /**< of the last failure or the reason of a skip, or NULL */
        struct bp_value error;                         /**< null, or what the action gave as error */
        struct bp_value outputs;                       /**< object */
        const char *external_id;                       /**< while it waits for an event, else NULL */
        struct bp_wall started_at, ended_at, deadline; /**< 0: not yet, none */
        double percent, eta_minutes;                   /**< negative: not said */
        bool reused;
};

/** The execution as it stands. Pointers are valid until the next input. */
struct bp_execution_view {
        struct bp_id id;
        const struct bp_definition *definition;
        enum bp_execution_state state;
        const char *code, *message; /**< of its failure, or NULL */
        struct bp_value params, outputs;
        struct bp_wall started_at, ended_at; /**< 0: not yet */
        uint64_t sequence;                   /**< of its last record */
        const char *principal, *origin;      /**< or NULL */
        void *userdata;                      /**< the owner's */
};

/** The execution as it stands. */
struct bp_execution_view bp_execution_view(const struct bp_execution *execution);

/** A step as it stands. */
struct bp_step_view bp_execution_step(const struct bp_execution *execution, uint32_t step_index);

/** How far it is: percent as the reference weighs steps (engine.md section 9), and seconds left or -1. */
double bp_execution_progress(const struct bp_execution *execution, struct bp_wall now, int64_t *ret_eta_seconds);

/**
 * Outputs, by step id, that a step can read: those of the steps before it that completed; BP_NO_STEP: of all that did.
 * @return 0 or negative errno
 */
int bp_execution_outputs(const struct bp_execution *execution, uint32_t index, struct bp_arena *arena,
                         struct bp_value *ret_outputs);

/**
 * What a JSON value whose texts may be templates comes to: for somebody who tries it out. Changes nothing.
 * @return 0; BP_PROBLEM with a code of bp_template_compile() or bp_template_evaluate() and the pointer of the text;
 *         -ENOMEM
 */
int bp_engine_preview(const struct bp_value *template, const struct bp_value *params,
                      const struct bp_value *step_outputs, struct bp_arena *arena, struct bp_value *ret_value,
                      struct bp_problem *reterr_problem);

/** The idempotency key of a call: execution, step, generation, ordinal of the call within the attempt. */
int bp_idempotency_key(struct bp_id execution, const char *step_id, uint32_t generation, uint32_t call,
                       struct bp_arena *arena, const char **ret_key);

#endif
