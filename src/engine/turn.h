/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file turn.h
 * The handling of one input: how decisions become records and effects, all of them or none. Private to this room.
 */
#ifndef BP_ENGINE_TURN_H
#define BP_ENGINE_TURN_H

#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"
#include "engine/state.h"

/** One input being handled. */
struct bp_turn {
        struct bp_execution *execution;
        const struct bp_input *input;
        struct bp_batch *batch;
        size_t first_record, first_effect;
        struct bp_core before;
        struct bp_arena *spent; /**< what the input brought and nobody took on; freed once the turn has succeeded */
};

/** The step an index names. */
static inline const struct bp_step *bp_turn_step(const struct bp_turn *turn, uint32_t index) {
        return &turn->execution->steps[index];
}

/**
 * Emits a record: fills in its number and time, copies what it points to into the batch, applies it, appends it.
 * Adds the effects that follow from the change itself: events are routed to a step exactly while it awaits one, and an
 * attempt that its step no longer runs is told to stop.
 */
int bp_turn_emit(struct bp_turn *turn, const struct bp_record *record);

/** Appends an effect. */
int bp_turn_effect(struct bp_turn *turn, const struct bp_effect_item *effect);

/** Appends an effect that routes events, or stops routing them; the id is copied. */
int bp_turn_route(struct bp_turn *turn, enum bp_effect_type type, uint32_t index, const char *external_id);

/** A text for a record, at most 1,023 bytes of it, in the batch; NULL when memory is exhausted. */
__attribute__((format(printf, 2, 3))) const char *bp_turn_text(struct bp_turn *turn, const char *format, ...);

/** Tells the attempt under way to stop and begins to wait for it; again: does nothing. */
int bp_turn_tell(struct bp_turn *turn, uint32_t index);

/**
 * The step for a change of what is under way (facts change through bp_turn_emit() only); NULL when memory is exhausted.
 * bp_step_sync() must follow the change.
 */
struct bp_step *bp_turn_change(struct bp_turn *turn, uint32_t index);

/* batch.c */

/** Room for one more record. @return 0 or -ENOMEM. */
int bp_batch_reserve_record(struct bp_batch *batch);

/** Room for one more step to undo. @return 0 or -ENOMEM. */
int bp_batch_reserve_undo(struct bp_batch *batch);

/** Appends an effect. @return 0 or -ENOMEM. */
int bp_batch_add_effect(struct bp_batch *batch, const struct bp_effect_item *effect);

/** Forgets effects from a number on and frees their arenas but one. */
void bp_batch_drop_effects(struct bp_batch *batch, size_t from, const struct bp_arena *except);

/* transitions.c */

/** What can happen to a step. */
enum bp_signal {
        BP_SIGNAL_READY = 1, /**< nothing stands before the next attempt */
        BP_SIGNAL_RESOLVED,
        BP_SIGNAL_COMPLETED, /**< this and the next four: the attempt under way ended so */
        BP_SIGNAL_FAILED,
        BP_SIGNAL_UNKNOWN,
        BP_SIGNAL_AWAITS,
        BP_SIGNAL_SLEEPS,
        BP_SIGNAL_EVENT_COMPLETED,
        BP_SIGNAL_EVENT_FAILED,
        BP_SIGNAL_PROGRESS,
        BP_SIGNAL_DUE,      /**< its timer has run out */
        BP_SIGNAL_STOP,     /**< the execution winds up */
        BP_SIGNAL_LOST,     /**< the process before this one stopped without a word */
        BP_SIGNAL_SHUTDOWN, /**< this process is about to stop */
};

/** Finds the row of the table for the step's state and the signal, and follows it. @return 0, 1: no row, or an error.
 */
int bp_step_signal(struct bp_turn *turn, uint32_t index, enum bp_signal signal);

/** Same for the execution and the input at hand. @return 0 or an error; an input without a row changes nothing. */
int bp_execution_signal(struct bp_turn *turn);

/* settle.c */

/** Follows up on what has changed until nothing more follows: winds up, starts what is ready, cleans up, ends. */
int bp_turn_settle(struct bp_turn *turn);

/** The answer to a resolution of the definition's outputs. */
int bp_turn_outputs_resolved(struct bp_turn *turn);

/* start.c */

/** Has a step resolved on a worker. The arena is taken. */
int bp_turn_ask_worker(struct bp_turn *turn, uint32_t index, enum bp_resolving purpose, struct bp_arena **arena,
                       struct bp_value step_outputs);

/* cleanup.c */

/** Starts every cleanup that may start now. */
int bp_turn_start_cleanups(struct bp_turn *turn);

/** The answer to a resolution that was for a cleanup. */
int bp_turn_cleanup_resolved(struct bp_turn *turn, uint32_t index);

/** A try was lost with the process that ran it. */
int bp_turn_cleanup_lost(struct bp_turn *turn, uint32_t index);

#endif
