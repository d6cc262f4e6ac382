/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file runtime.h
 * What gives the pure core its time, threads and effects: one loop that owns all live executions, a pool of workers
 * that calls actions, the HTTP client, and the journal whose durability releases effects.
 *
 * The engine thread is the one that calls bp_runtime_run(). Commands may come from any thread; they are messages to
 * the engine thread. Observers run on the engine thread and must not block.
 */
#ifndef BP_RUNTIME_RUNTIME_H
#define BP_RUNTIME_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/id.h"
#include "engine/engine.h"

struct bp_arena;
struct bp_invoker;
struct bp_invoker_settings;
struct bp_registry_snapshot;
struct bp_runtime;

/** What became of an event. */
enum bp_event_fate {
        BP_EVENT_HANDLED = 1, /**< a waiting step had it, see the action */
        BP_EVENT_LATE,        /**< the step that waited for it, or its execution, has ended */
        BP_EVENT_KEPT,        /**< no step waits for it yet */
        BP_EVENT_EXPIRED,     /**< none did in time */
        BP_EVENT_DROPPED,     /**< too many waited, and it was the oldest */
};

/** What became of an event. Valid during the call. */
struct bp_event_outcome {
        struct bp_id event;
        enum bp_event_fate fate;
        bool has_execution;
        struct bp_id execution;
        const char *step;            /**< id, or NULL */
        enum bp_event_action action; /**< BP_EVENT_HANDLED: what on_event decided */
        struct bp_wall at;
};

/**
 * Where records go before effects leave (the output commit rule). Called on the engine thread. `append` hands over the
 * records of one input; `commit` is called once per turn of the loop after all of its appends, and answers with
 * bp_runtime_durable(), from any thread, when everything appended before it is durable.
 */
struct bp_journal {
        /**
         * Copies what it needs. @return 0 or a negative errno: the execution is then stopped, nothing of it leaves, and
         * bp_observer.broken is told.
         */
        int (*append)(void *userdata, const struct bp_execution *execution, const struct bp_record *records,
                      size_t n_records);
        /** @param ticket number to give to bp_runtime_durable() */
        void (*commit)(void *userdata, uint64_t ticket);
        /**
         * What became of an event that has an id. After append() of the records that it led to and before the commit:
         * both are to become durable as one. May be NULL, as the two below.
         */
        void (*event)(void *userdata, const struct bp_event_outcome *outcome);
        /** Text of an event that waited, as JSON in the arena. Any thread. @return 0; 1: it is not there any more;
         * negative errno. */
        int (*event_text)(void *userdata, struct bp_id event, struct bp_arena *arena, const char **ret_json,
                          size_t *ret_size);
        /** Whether an execution that is not live has ended, rather than waits for a later start of the process. */
        bool (*has_ended)(void *userdata, struct bp_id execution);
        void *userdata;
};

/** Who is told what happens. Called on the engine thread after the records are durable. Members may be NULL. */
struct bp_observer {
        /**
         * Records of one input, in the order of the journal, and the execution: after it, or already further, since
         * pure steps do not wait for the journal.
         */
        void (*records)(void *userdata, const struct bp_execution *execution, const struct bp_record *records,
                        size_t n_records);
        /** A line that an action logged. */
        void (*log)(void *userdata, const struct bp_execution *execution, uint32_t step, uint32_t attempt,
                    struct bp_wall at, enum bp_log_level level, const char *message);
        /** The execution has ended and is about to be forgotten. */
        void (*ended)(void *userdata, const struct bp_execution *execution);
        /**
         * The execution cannot go on in this process: the journal refused its records, or memory is exhausted. What is
         * durable of it stays true; nothing more of it leaves, its calls are told to stop, and it is forgotten. Its
         * owner may build it again from what is durable.
         * @param error negative errno
         */
        void (*broken)(void *userdata, const struct bp_execution *execution, int error);
        /**
         * A broken execution is about to be forgotten: what of it was handed to the journal is durable, and no call of
         * it is under way any more. From now on its owner may build it again.
         */
        void (*forgotten)(void *userdata, const struct bp_execution *execution);
        /** One turn of the loop is over: for how long it held the engine thread, and nothing else was served. */
        void (*turn)(void *userdata, int64_t held_us);
        void *userdata;
};

/** Who is told what came of a command. */
struct bp_receipt {
        /**
         * Called once, on the engine thread, when everything that the command led to is durable.
         * @param result 0; BP_COMMAND_UNKNOWN: no such execution is live; BP_COMMAND_IDLE: it changed nothing;
         *               negative errno: it was not carried out (-ECANCELED: the runtime ended, or the execution is
         * broken)
         */
        void (*done)(void *userdata, int result);
        void *userdata;
};

/** Result of a command: no such execution is live. */
#define BP_COMMAND_UNKNOWN 1
/** Result of a command: it changed nothing. */
#define BP_COMMAND_IDLE 2

/** How much there is to do. */
struct bp_runtime_load {
        size_t live;        /**< executions */
        size_t away;        /**< calls on workers or in HTTP exchanges */
        uint32_t workers;   /**< threads that exist */
        uint32_t busy;      /**< threads in a call */
        uint32_t queued;    /**< calls that wait for a thread */
        uint64_t undurable; /**< commits that the journal has not answered */
        size_t early;       /**< events that no step waits for yet */
};

/** How a runtime works. 0 and NULL mean the default named beside the member. */
struct bp_runtime_settings {
        struct bp_engine_settings engine;
        uint32_t worker_threads;    /**< most at once, started when needed; 64 */
        bool virtual_time;          /**< when nothing runs, time jumps to the next deadline */
        struct bp_invoker *invoker; /**< how requests of actions go out; bp_runtime_free() closes it; one of its own */
        const struct bp_invoker_settings *invoke; /**< of the one of its own; its defaults */
        const char *system_user_id;       /**< on whose behalf actions ask services where nobody else is named; none */
        const struct bp_journal *journal; /**< NULL: everything is durable at once, for `run` and tests */
        const struct bp_observer *observer;
        uint32_t early_events;        /**< that are kept until a step waits for them, the newest ones; 100,000 */
        uint32_t early_seconds;       /**< how long; 86,400 */
        uint32_t drain_seconds;       /**< how long bp_runtime_stop() lets attempts finish; 30 */
        struct bp_wall (*wall)(void); /**< the wall clock, for tests that let it jump; bp_wall_now() */
};

/** A runtime that does not run yet. Settings are copied, what they point to is borrowed. @return 0 or negative errno.
 */
int bp_runtime_new(const struct bp_runtime_settings *settings, struct bp_runtime **ret_runtime);

/**
 * Gives it back; it must not be running. Ends HTTP exchanges and waits for actions that are in a call; they have been
 * told to stop. NULL is allowed. Always returns NULL.
 */
struct bp_runtime *bp_runtime_free(struct bp_runtime *runtime);

/**
 * Runs the loop on this thread until bp_runtime_stop(). `until_idle`: returns also when no execution is live and no
 * message is left. May be called again. @return 0 or a negative errno.
 */
int bp_runtime_run(struct bp_runtime *runtime, bool until_idle);

/**
 * Drains and ends bp_runtime_run(): no attempt starts any more, those under way may finish for `drain_seconds`, then
 * executions get BP_INPUT_SHUTDOWN, and the loop ends once that is durable. Any thread, not in a signal handler.
 */
void bp_runtime_stop(struct bp_runtime *runtime);

/** Starts an execution. Everything is copied or referenced. @return 0 or -ENOMEM. */
int bp_runtime_start(struct bp_runtime *runtime, const struct bp_execution_start *start);

/**
 * Takes over an execution that was rebuilt from its records, and lets it go on: what was under way is lost, by its
 * effect; one without any record is started. The execution belongs to the runtime after 0.
 * @return 0 or -ENOMEM.
 */
int bp_runtime_adopt(struct bp_runtime *runtime, struct bp_execution *execution);

/** What the executions of this runtime are made with: for one that is built again. Lives as long as the runtime. */
const struct bp_engine_settings *bp_runtime_engine(const struct bp_runtime *runtime);

/** Cancels an execution. @param receipt copied, or NULL @return 0 or -ENOMEM (then the receipt is not used). */
int bp_runtime_cancel(struct bp_runtime *runtime, struct bp_id execution, const char *reason,
                      const struct bp_receipt *receipt);

/** Pauses or resumes an execution. @param receipt copied, or NULL @return as bp_runtime_cancel(). */
int bp_runtime_pause(struct bp_runtime *runtime, struct bp_id execution, bool pause, const struct bp_receipt *receipt);

/** The step that waits, or once waited, for an event, as far as is known. */
struct bp_event_awaited {
        bool found;
        bool ended; /**< its execution has */
        struct bp_id execution;
        uint32_t step;
};

/** An event to be handed to a step. */
struct bp_runtime_event {
        const char *external_id;
        bool is_stored;  /**< the journal knows it by `id`, and is told what became of it */
        struct bp_id id; /**< of is_stored */
        char *json;      /**< malloc'ed and taken; NULL: journal.event_text has it */
        size_t json_size;
        int64_t age_us; /**< how long it has waited for its step already */
};

/** An event on its way. */
struct bp_event_letter;

/** Makes one. Any thread. @return 0 or -ENOMEM (`json` is freed then too). */
int bp_runtime_event_new(const struct bp_runtime_event *event, struct bp_event_letter **ret_letter);

/** Gives one back that was not handed over. NULL is allowed. Always returns NULL. */
struct bp_event_letter *bp_runtime_event_free(struct bp_event_letter *letter);

/**
 * Hands an event, which is taken, to the step that has waited longest for its id. One for a step that has ended is
 * recorded as late; else it is kept for `early_seconds`. Any thread.
 */
void bp_runtime_deliver(struct bp_runtime *runtime, struct bp_event_letter *letter,
                        const struct bp_event_awaited *awaited);

/**
 * The same for an event that no journal knows.
 * @return 0, -ENOMEM, or -E2BIG for an event of more than 1 MiB as JSON.
 */
int bp_runtime_event(struct bp_runtime *runtime, const char *external_id, const struct bp_value *event);

/** Steps that wait for events. */
struct bp_runtime_waits {
        size_t n, n_overdue;     /**< overdue: their time is over, and they end at once */
        struct bp_wall earliest; /**< when the first one's time is over; 0: none */
};

/** Looks at all steps that wait for events. Engine thread. */
void bp_runtime_waits(const struct bp_runtime *runtime, struct bp_runtime_waits *ret_waits);

/** Everything up to the commit with this ticket is durable. Any thread. */
void bp_runtime_durable(struct bp_runtime *runtime, uint64_t ticket);

/** How much there is to do, as it was at the end of a turn. Any thread. */
struct bp_runtime_load bp_runtime_load(const struct bp_runtime *runtime);

/** Wall-clock time as this runtime counts it: the real one, or the virtual one. Engine thread. */
struct bp_wall bp_runtime_now(const struct bp_runtime *runtime);

#endif
