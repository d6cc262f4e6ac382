/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file state.h
 * What the engine knows of one execution, private to this room.
 *
 * Three kinds of members stand in a step, and the difference is what recovery rests on: facts are set by records alone
 * (fold.c); what is under way belongs to this process and is lost with it; marks follow from the other two and are
 * kept only so that nobody has to look at every step again.
 */
#ifndef BP_ENGINE_STATE_H
#define BP_ENGINE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/value.h"
#include "engine/engine.h"

/* Codes that the core gives itself. */
#define BP_CODE_BRANCH_NOT_TAKEN "BRANCH_NOT_TAKEN"
#define BP_CODE_CANCELLED "CANCELLED"
#define BP_CODE_CONDITION_FALSE "CONDITION_FALSE"
#define BP_CODE_CRASH_LOOP "CRASH_LOOP"
#define BP_CODE_DEPENDENCIES_SKIPPED "DEPENDENCIES_SKIPPED"
#define BP_CODE_DEPENDENCY_FAILED "DEPENDENCY_FAILED"
#define BP_CODE_FAIL_FAST "FAIL_FAST"
#define BP_CODE_INTERRUPTED "INTERRUPTED"
#define BP_CODE_INVALID_RESULT "INVALID_RESULT"
#define BP_CODE_LIMIT "LIMIT"
#define BP_CODE_SHUTDOWN "SHUTDOWN"
#define BP_CODE_STEP_FAILED "STEP_FAILED"

/** Texts and values that a record left, in one block of memory. */
struct bp_kept {
        struct bp_value outputs;      /**< object */
        const struct bp_value *error; /**< NULL: none */
        const char *code, *message, *external_id;
};

/** Why an execution is winding up. Later ones take the place of earlier ones. */
enum bp_stop {
        BP_STOP_NONE = 1,
        BP_STOP_FAILURE, /**< a step failed and the pipeline says fail_fast */
        BP_STOP_CANCEL,
        BP_STOP_TIMEOUT,
};

/** What a resolution that is under way on a worker is for. */
enum bp_resolving {
        BP_RESOLVING_NOTHING = 1,
        BP_RESOLVING_ATTEMPT,
        BP_RESOLVING_CLEANUP,
};

/** What follows from a step, counted and indexed; see bp_step_sync(). */
struct bp_marks {
        bool ready : 1;      /**< nothing but a slot is missing for the next attempt */
        bool timed : 1;      /**< time alone will change it */
        bool slot : 1;       /**< holds one of the parallel slots */
        bool is_inline : 1;  /**< runs on the engine's thread: nothing starts beside it */
        bool final : 1;      /**< will not change any more */
        bool cleaning : 1;   /**< has a cleanup ahead or under way */
        uint8_t pending : 2; /**< calls out there whose answer must still come */
};

/** One step of an execution. There may be millions of them: they are packed. */
struct bp_step {
        /* Facts. */
        uint32_t attempt, generation;
        uint32_t failures;    /**< attempts repeated by policy */
        uint32_t crashes;     /**< attempts in a row lost to unclean stops */
        uint32_t cleanup_try; /**< of the last one started */
        enum bp_step_state state : 5;
        enum bp_effect effect : 3; /**< of the last attempt, 0 before the first */
        bool unknown : 1;          /**< of the last attempt's outcome */
        bool reused : 1, cleanup_running : 1, cleanup_over : 1;

        /* Under way in this process. */
        bool told : 1; /**< to stop */
        bool due : 1;  /**< the backoff is over */
        bool cleanup_alive : 1;
        enum bp_resolving resolving : 3;

        struct bp_marks marks;

        /* Facts. */
        struct bp_wall started_at, ended_at;
        struct bp_wall attempt_deadline; /**< of the attempt, its wait included */
        struct bp_wall deadline;         /**< of the wait, the next attempt or the next try of the cleanup */
        double percent, eta_minutes;
        struct bp_kept *kept; /**< or NULL */

        /* Under way in this process. */
        struct bp_wall patience; /**< until when an attempt that was told is waited for */
        uint32_t alive;          /**< attempt whose result has not come, be it wanted or not; 0: none */

        uint32_t undo; /**< number of the entry that holds how the step was before the input at hand; 0: untouched */
};

/** The part of an execution that is copied before each input. */
struct bp_core {
        /* Facts. */
        enum bp_execution_state state : 8;
        enum bp_stop stop : 8;

        /* Under way in this process. */
        enum bp_stop stop_applied : 8;
        bool draining : 1, shutting_down : 1, resolving_outputs : 1, ended_told : 1;

        /* Facts. */
        uint32_t first_failure; /**< step whose failure is the execution's, or BP_NO_STEP */
        uint64_t sequence;
        struct bp_wall started_at, ended_at, paused_at;
        struct bp_wall deadline; /**< of the whole; 0: none */
        uint64_t output_bytes;   /**< of all completed steps */
        struct bp_kept *kept;    /**< of the ending or the request to cancel, or NULL */

        /* Counted marks. */
        uint32_t n_final, n_slots, n_inline, n_cleaning, n_pending;
};

/** One execution. */
struct bp_execution {
        struct bp_id id;
        const struct bp_definition *definition;
        const struct bp_engine_settings *settings; /**< the owner's, complete */
        struct bp_value params;
        void *params_memory;            /**< or NULL */
        const char *principal, *origin; /**< or NULL */
        void *userdata;                 /**< the owner's */
        struct bp_value *reused;        /**< outputs to take over, by step, type 0 for none; or NULL */
        struct bp_core core;
        uint64_t *ready; /**< bit set by position in the start order; behind it is what the functions below find */
        struct bp_step steps[];
};

/** How many words a bit set of steps has. */
static inline uint32_t bp_execution_words(const struct bp_execution *execution) {
        return (execution->definition->n_steps + 63) / 64;
}

/** Bit set by step: time alone will change it. */
static inline uint64_t *bp_timed_steps(const struct bp_execution *execution) {
        return execution->ready + bp_execution_words(execution);
}

/** Bit set by step: has a cleanup ahead or under way. */
static inline uint64_t *bp_cleaning_steps(const struct bp_execution *execution) {
        return bp_timed_steps(execution) + bp_execution_words(execution);
}

/** By step: how many of its dependencies have not ended. */
static inline uint32_t *bp_unmet(const struct bp_execution *execution) {
        return (uint32_t *)(bp_cleaning_steps(execution) + bp_execution_words(execution));
}

/** How a step was before the input at hand. */
struct bp_undo_entry {
        uint32_t index;
        struct bp_step step;
};

/** The definition of a step. */
static inline const struct bp_step_definition *bp_step_definition(const struct bp_execution *execution,
                                                                  uint32_t index) {
        return &execution->definition->steps[index];
}

/** First bit set at `from` or after it, or UINT32_MAX. */
uint32_t bp_bits_next(const uint64_t *bits, uint32_t n_words, uint32_t from);

/** Brings the marks of a step, and of its dependents, up to date after it changed. Cannot fail. */
void bp_step_sync(struct bp_execution *execution, uint32_t index);

/** When time alone changes this step; 0: never. */
struct bp_wall bp_step_timer(const struct bp_step *step);

/** True when the outcome of the step makes the execution fail. */
bool bp_step_failed(const struct bp_execution *execution, uint32_t index);

/** Takes a copy of the parameters in the place of those it has. 0 or -ENOMEM. */
int bp_execution_keep_params(struct bp_execution *execution, const struct bp_value *params);

/** True while events with an external id are routed to the step. */
bool bp_step_awaits_event(const struct bp_step *step);

/** True when the step's action has a cleanup that can be called here. */
bool bp_step_has_cleanup(const struct bp_execution *execution, uint32_t index);

/** One block that holds everything a record leaves behind; NULL in `ret_kept` when that is nothing. 0 or -ENOMEM. */
int bp_kept_new(const struct bp_record *record, struct bp_kept **ret_kept);

/** Outputs of a step: an object, empty unless a record left some. */
struct bp_value bp_step_outputs(const struct bp_step *step);

/** Bytes of the value as JSON, without writing it; a float counts as 24, the longest it can be. */
uint64_t bp_json_size(const struct bp_value *value);

/* ---------------------------------------------------------------------------------------------------------------
 * fold.c
 */

/**
 * Applies a record. `ret_old` receives what the step or execution kept before, for the caller to free, or NULL.
 * @return 0, -ENOMEM or -EINVAL; after an error nothing has changed.
 */
int bp_execution_fold(struct bp_execution *execution, const struct bp_record *record, struct bp_kept **ret_old);

/* ---------------------------------------------------------------------------------------------------------------
 * retry.c
 */

/** Attempts that the settings in force for a step allow, the first included. */
uint32_t bp_retry_attempts(const struct bp_execution *execution, uint32_t index);

/** When the attempt after the one that just failed may start. */
struct bp_wall bp_retry_deadline(const struct bp_execution *execution, uint32_t index, struct bp_wall now);

/* ---------------------------------------------------------------------------------------------------------------
 * resolve.c
 */

/** `steps` as templates see it, {outputs: {...}} by id, of outputs by id. @return 0 or negative errno */
int bp_wrap_outputs(const struct bp_value *step_outputs, struct bp_arena *arena, struct bp_value *ret_steps);

/** Evaluates the outputs of the definition into `ret_resolution->params`. Returns as bp_step_resolve(). */
int bp_outputs_resolve(const struct bp_definition *definition, const struct bp_value *params,
                       const struct bp_value *step_outputs, uint32_t work, struct bp_arena *arena,
                       struct bp_resolution *ret_resolution);

/** Lets the action itself check parameters that templates made, unless the resolution has failed or skips the step.
 * What it finds is a failure in the resolution. @return 0 or -ENOMEM */
int bp_own_check(const struct bp_execution *execution, uint32_t index, struct bp_arena *arena,
                 struct bp_resolution *resolution);

/** A new arena for one attempt, or NULL. */
struct bp_arena *bp_attempt_arena_new(void);

#endif
