/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file task.h
 * One call under way: an attempt, a resolution, a cleanup, or the handling of an event. Seen inside this room only.
 *
 * A task is made and freed on the engine thread. In between it belongs to one thread at a time: the engine thread, a
 * worker, or the HTTP client's thread, handed over by queue; only the members marked atomic may be touched by others.
 * As long as it exists, the execution that it borrows from does too.
 */
#ifndef BP_RUNTIME_TASK_H
#define BP_RUNTIME_TASK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/value.h"
#include "engine/engine.h"
#include "host/host.h"
#include "runtime/mailbox.h"
#include "runtime/workers.h"

struct bp_event_letter;
struct bp_live;
struct bp_runtime;
struct bp_wait;

/** What is called. */
enum bp_task_kind {
        BP_TASK_RUN = 1,
        BP_TASK_RESOLVE,
        BP_TASK_CLEANUP,
        BP_TASK_EVENT,
};

/** One call. */
struct bp_task {
        struct bp_letter letter;   /**< says that it has finished */
        struct bp_letter progress; /**< says that there is progress to read */
        struct bp_job job;
        struct bp_task *next_of_live, **place_of_live;
        struct bp_task *next; /**< ready for the engine thread, or free */
        struct bp_runtime *runtime;
        struct bp_live *live;
        const struct bp_step_definition *step; /**< NULL: the outputs of the definition are resolved */
        enum bp_task_kind kind;
        uint32_t attempt, generation;
        enum bp_effect effect;
        bool on_engine_thread; /**< what it logs needs no letter */
        bool overdue;          /**< stopped by a deadline of the runtime */
        struct bp_mono limit;  /**< when it is stopped; 0: never */

        struct bp_arena *arena; /**< everything below is in it */
        struct bp_value params, step_outputs, outputs;
        char execution_id[BP_ID_TEXT_SIZE];
        const char *idempotency_key;
        struct bp_event_letter *event; /**< BP_TASK_EVENT: owned */
        struct bp_wait *wait;          /**< BP_TASK_EVENT: the wait that it keeps busy */

        int error; /**< of the call: 0 or -ENOMEM */
        uint32_t rounds, lines_dropped, n_calls, n_keyed_calls;
        struct bp_call_result result;
        const struct bp_effect_item *effect_item; /**< BP_TASK_RESOLVE: what asked for it */
        struct bp_resolution *resolution;
        const struct bp_http_response *reply; /**< for on_reply; NULL: the first call */

        atomic_bool stopped;         /**< told to stop */
        _Atomic uint64_t exchange;   /**< to be cancelled when it is stopped; 0: none */
        atomic_uint reply_parties;   /**< of sender and answer, who is still to come; the last one goes on */
        atomic_bool progress_queued; /**< the letter is on its way */
        _Atomic double percent, eta_minutes;
};

/** A task of an execution; takes the arena, also on failure. NULL when memory is exhausted. */
struct bp_task *bp_task_new(struct bp_runtime *runtime, struct bp_live *live, enum bp_task_kind kind, uint32_t step,
                            struct bp_arena *arena);

/** Gives it back, and the execution's reference with it. */
void bp_task_free(struct bp_runtime *runtime, struct bp_task *task);

/** Sets it going: on the engine thread's queue where the action allows it, else on a worker. */
void bp_task_start(struct bp_runtime *runtime, struct bp_task *task);

/** Runs the first task of the engine thread's queue, which is not empty; its execution becomes the current one. */
void bp_task_run_ready(struct bp_runtime *runtime);

/** Tells it to stop; its end still comes. */
void bp_task_stop(struct bp_task *task);

/** Makes it end as stopped before anything was called. */
void bp_task_cancel(struct bp_runtime *runtime, struct bp_task *task);

/** It has come back: gives what it came to to the core, and the task back. */
void bp_task_finish(struct bp_runtime *runtime, struct bp_task *task);

/** The letter of its progress has come. */
void bp_task_report_progress(struct bp_runtime *runtime, struct bp_task *task);

/** Handles the next event of a wait, unless it is busy. @return 0 or -ENOMEM. */
int bp_task_next_event(struct bp_runtime *runtime, struct bp_wait *wait);

#endif
