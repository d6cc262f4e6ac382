/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file live.h
 * One live execution, the table of them, and the runtime that owns them. Seen inside this room only.
 *
 * Everything here belongs to the engine thread, but for the members that say otherwise.
 */
#ifndef BP_RUNTIME_LIVE_H
#define BP_RUNTIME_LIVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/id.h"
#include "base/value.h"
#include "engine/engine.h"
#include "runtime/due_times.h"
#include "runtime/mailbox.h"
#include "runtime/runtime.h"
#include "runtime/timekeeper.h"
#include "runtime/waits.h"
#include "runtime/workers.h"

struct bp_invoker;
struct bp_task;

/** The struct of type `type` whose member `member` is at `pointer`. */
#define BP_OWNER_OF(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/** Kinds of letters to the engine thread. */
enum bp_letter_kind {
        BP_LETTER_START = 1, /**< struct bp_live */
        BP_LETTER_CANCEL,    /**< struct bp_command */
        BP_LETTER_PAUSE,     /**< struct bp_command */
        BP_LETTER_RESUME,    /**< struct bp_command */
        BP_LETTER_EVENT,     /**< struct bp_event_letter */
        BP_LETTER_LINE,      /**< struct bp_line */
        BP_LETTER_PROGRESS,  /**< struct bp_task */
        BP_LETTER_DONE,      /**< struct bp_task */
};

/** One live execution. There may be millions that wait: it is small. */
struct bp_live {
        struct bp_letter letter; /**< on its way to the engine thread */
        struct bp_execution *execution;
        struct bp_anchor anchor;
        struct bp_due deadline;
        struct bp_live *next_in_bucket;
        struct bp_live *next_touched;
        struct bp_task *tasks; /**< calls under way; they borrow from the execution */
        struct bp_wait *waits;
        uint64_t durable_sequence; /**< of its last durable record */
        struct bp_pending *last_pending;
        uint32_t n_pending : 30; /**< batches that are not durable yet */
        bool touched : 1;        /**< has to be looked at when the turn ends */
        bool ended : 1;          /**< observers know */
        int broken;              /**< 0, or why it cannot go on */
};

/** A command about an execution. malloc'ed. */
struct bp_command {
        struct bp_letter letter;
        struct bp_command *next; /**< among the receipts of a batch */
        struct bp_receipt receipt;
        struct bp_id execution;
        int result;
        bool has_text;
        char text[];
};

/** A line that an action logged. malloc'ed. */
struct bp_line {
        struct bp_letter letter;
        struct bp_line *next;
        struct bp_live *live;
        uint32_t step, attempt;
        struct bp_wall at;
        enum bp_log_level level;
        char message[];
};

/** One input's records and effects, until they are durable and released. Recycled. */
struct bp_pending {
        struct bp_pending *next; /**< in the order of the journal, or in the pool */
        struct bp_live *live;
        uint64_t ticket;        /**< of the commit that makes it durable */
        uint64_t last_sequence; /**< of its last record; 0: it has none */
        struct bp_batch batch;
        struct bp_line *lines, **last_line; /**< logged after it; shown after it */
        struct bp_command *receipts;        /**< commands to finish when it is durable */
};

/** A first-in first-out queue of pending batches. */
struct bp_pending_queue {
        struct bp_pending *first, *last;
};

/** A first-in first-out queue of tasks for the engine thread. */
struct bp_task_queue {
        struct bp_task *first, *last;
};

/** Where the life of a runtime stands. */
enum bp_runtime_phase {
        BP_PHASE_RUNNING = 1,
        BP_PHASE_DRAINING, /**< attempts under way may finish */
        BP_PHASE_FLUSHING, /**< nothing happens any more, the last records become durable */
};

/** The runtime. */
struct bp_runtime {
        struct bp_engine_settings engine;
        struct bp_journal journal; /**< append is NULL: everything is durable at once */
        struct bp_observer observer;
        struct bp_invoker *invoker;     /**< any thread */
        struct bp_invoker *own_invoker; /**< or NULL: it was given */
        struct bp_arena *arena;         /**< of `metadata` */
        struct bp_value metadata;       /**< for actions; never changes */
        uint32_t drain_seconds;
        bool virtual_time;
        bool has_loop;

        struct bp_mailbox mailbox;       /**< any thread */
        struct bp_letter *letters;       /**< taken from the box, to be read in the next turns, oldest first */
        _Atomic uint64_t durable_ticket; /**< any thread */
        _Atomic uint64_t shown_ticket;   /**< last_ticket, for other threads */
        _Atomic size_t shown_live, shown_away, shown_early; /**< n_live, n_away, waits.n_early, for other threads */
        atomic_bool stop_requested;                         /**< any thread */
        _Atomic uint32_t n_lines;                           /**< logged and not shown yet; any thread */
        struct bp_timekeeper timekeeper;                    /**< any thread reads */
        struct bp_workers *workers;                         /**< any thread submits */

        uv_loop_t loop;
        uv_async_t wake; /**< any thread sends */
        uv_timer_t timer;

        struct bp_live **buckets;
        size_t n_buckets, n_live;
        struct bp_live *touched;
        struct bp_due_times deadlines;
        struct bp_waits waits;

        struct bp_pending_queue undurable;
        struct bp_pending *pool;
        size_t n_pooled;
        uint64_t last_ticket;
        bool appended; /**< in this turn */

        struct bp_task_queue ready; /**< to be run on the engine thread */
        struct bp_live *current;    /**< whose tasks go first, so that a chain is run in one turn; or NULL */
        struct bp_task *free_tasks;
        size_t n_free_tasks;
        size_t n_away; /**< tasks on workers or in HTTP exchanges */

        enum bp_runtime_phase phase;
        struct bp_mono phase_ends;
        bool until_idle;
};

/** A live execution that nobody knows yet. Any thread. @return 0 or -ENOMEM. */
int bp_live_new(const struct bp_execution_start *start, const struct bp_engine_settings *settings,
                struct bp_live **ret_live);

/** The same for an execution that was rebuilt; it is taken. Any thread. @return 0 or -ENOMEM. */
int bp_live_adopt(struct bp_execution *execution, struct bp_live **ret_live);

/** Tells what came of a command, and frees it. */
void bp_command_finish(struct bp_command *command, int result);

/** Gives it back; no call of it is under way any more. */
void bp_live_free(struct bp_runtime *runtime, struct bp_live *live);

/** An empty table. @return 0 or -ENOMEM. */
int bp_live_table_init(struct bp_runtime *runtime);

/** Gives the table and everything in it back; no call is under way any more. */
void bp_live_table_done(struct bp_runtime *runtime);

/** Enters it into the table. @return false when there is one with this id already. */
bool bp_live_add(struct bp_runtime *runtime, struct bp_live *live);

/** Takes it out of the table. */
void bp_live_remove(struct bp_runtime *runtime, struct bp_live *live);

/** The live execution with this id, or NULL. */
struct bp_live *bp_live_find(const struct bp_runtime *runtime, struct bp_id id);

/** Has it looked at when the turn ends: its deadline, and whether it can be forgotten. */
void bp_live_touch(struct bp_runtime *runtime, struct bp_live *live);

/** Time as this execution counts it. Any thread. */
struct bp_wall bp_live_now(const struct bp_runtime *runtime, const struct bp_live *live);

/** Sends a letter to the engine thread. Any thread. */
void bp_runtime_send(struct bp_runtime *runtime, struct bp_letter *letter);

#endif
