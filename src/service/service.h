/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file service.h
 * The durable engine as one thing: the runtime, the store, and what joins them. Starts, commands and recovers
 * executions, saves pipelines, tells subscribers what happened once it is durable. Knows neither HTTP nor SQL.
 *
 * Threads: bp_service_run() is the engine thread. Everything else may be called from any thread, unless it says
 * otherwise. Callbacks run on the engine thread or on the store's writer thread; they must not block and must not call
 * back into a function that waits.
 */
#ifndef BP_SERVICE_SERVICE_H
#define BP_SERVICE_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/value.h"
#include "engine/engine.h"
#include "runtime/runtime.h"
#include "store/store.h"

struct bp_action_entry;
struct bp_arena;
struct bp_definition;
struct bp_definition_limits;
struct bp_metrics;
struct bp_problem;
struct bp_problem_list;
struct bp_registry;
struct bp_service;

/* Documented outcomes of functions of this room, beside those of the store (BP_STORE_NOT_FOUND, ...). */
#define BP_SERVICE_INVALID 10     /**< see the problems */
#define BP_SERVICE_UNAVAILABLE 11 /**< the store cannot write at the moment, or too much waits: see the problem */

/** Who is told what happens in executions (store/deliveries.h), and who is to be woken for it. */
struct bp_service_telling {
        /** An execution that somebody is told of has new durable records. Engine thread; must not block. NULL: nobody
         * publishes, so that subscriptions are entered as failed, for the reason NO_BUS. */
        void (*durable)(void *userdata, uint64_t execution);
        void *userdata;
        const char *notify_topic;  /**< told of every execution with `subscriber_ids`; NULL: none */
        uint32_t lifetime_seconds; /**< of a subscription; 0: until its execution has ended */
};

/** How a service works. 0 and NULL mean the default named beside the member. */
struct bp_service_settings {
        const char *store_url;              /**< mandatory */
        struct bp_registry *registry;       /**< mandatory; borrowed */
        struct bp_runtime_settings runtime; /**< journal and observer are the service's own */
        const struct bp_definition_limits *definition_limits;
        uint32_t cached_definitions; /**< parsed definitions kept; 256 */
        size_t queue_bytes;          /**< see bp_store_settings */
        struct bp_store_inbox inbox; /**< the same */
        struct bp_metrics *metrics;  /**< or NULL */
        /** Told of every execution too, after the service: for a program that shows what runs. Copied; or NULL. */
        const struct bp_observer *observer;
        struct bp_service_telling telling; /**< who is told what happens; copied */
        /** What an operator should know (recovery, commits that fail): for the log. Any thread. NULL: dropped. */
        void (*notice)(void *userdata, enum bp_log_level level, const char *message);
        void *userdata;
};

/**
 * Opens the store and recovers: every execution that has not ended is rebuilt and goes on once bp_service_run() is
 * called. @return 0; BP_STORE_PROBLEM with a problem of bp_store_open(), RECORD_FORMAT, or RECOVERY; -ENOMEM.
 */
int bp_service_new(const struct bp_service_settings *settings, struct bp_service **ret_service,
                   struct bp_problem *reterr_problem);

/** The engine thread: runs until bp_service_stop() has drained. `until_idle`: see bp_runtime_run(). */
int bp_service_run(struct bp_service *service, bool until_idle);

/** Starts no steps any more, drains and ends bp_service_run(). Any thread. */
void bp_service_stop(struct bp_service *service);

/**
 * Writes what waits, after bp_service_run() and when nobody else uses the service any more.
 * @return 0: all is durable; BP_STORE_PROBLEM: it could not be written, the next start recovers as after a crash.
 */
int bp_service_finish(struct bp_service *service, struct bp_problem *reterr_problem);

/** Closes; it must not be running. NULL is allowed. Always returns NULL. */
struct bp_service *bp_service_free(struct bp_service *service);

/** The store, for reading. */
struct bp_store *bp_service_store(struct bp_service *service);

/** The registry it was made with. */
struct bp_registry *bp_service_registry(struct bp_service *service);

/** Whether it takes new work. @return 0, or BP_SERVICE_UNAVAILABLE with the reason. */
int bp_service_ready(struct bp_service *service, struct bp_problem *reterr_problem);

/** Asks the engine thread for a sign of life: the receipt is called on it as soon as it gets to it, whatever becomes of
 * commits. Copied. @return 0 or -ENOMEM. */
int bp_service_ping(struct bp_service *service, const struct bp_receipt *receipt);

/** How many executions are live in memory. */
size_t bp_service_active(struct bp_service *service);

/* ---------------------------------------------------------------------------------------------------------------
 * Definitions
 */

/**
 * The parsed definition of a document, from a cache by digest and registry snapshot where it is there. Warnings are
 * found only when the report has a list for them (then the cache is not used for reading).
 * @return 0 and a reference; BP_SERVICE_INVALID: errors are in the report; -ENOMEM.
 */
int bp_service_definition(struct bp_service *service, const struct bp_value *document, struct bp_problem_list *errors,
                          struct bp_problem_list *warnings, const struct bp_definition **ret_definition);

/** The parsed definition of an execution's row: what it started with. @return 0 and a reference, or negative errno. */
int bp_service_row_definition(struct bp_service *service, const struct bp_execution_row *row,
                              const struct bp_definition **ret_definition);

/**
 * The execution of a row as its durable records tell it: for steps and progress. The caller frees it; it is not live
 * and takes no input. @return 0 or negative errno.
 */
int bp_service_execution(struct bp_service *service, const struct bp_execution_row *row,
                         struct bp_execution **ret_execution);

/* ---------------------------------------------------------------------------------------------------------------
 * Pipelines
 */

/** A pipeline to be created (`id` zero) or saved. */
struct bp_service_pipeline {
        struct bp_id id;
        uint32_t expected_revision; /**< 0: any */
        const struct bp_value *dag; /**< document */
        const char *name;           /**< or NULL: the definition's */
        const char *icon;           /**< or NULL */
        bool has_user;
        struct bp_id user; /**< create: owner; save: who must be allowed to see it (else NOT_FOUND) */
        bool system_owned;
        const char *saved_by;
        const struct bp_store_key *key; /**< or NULL; its subject becomes the pipeline's id */
};

/**
 * Checks and hands over. A definition without steps is a draft (it needs a name), one with steps must be valid.
 * @return 0: `done` is called once; BP_SERVICE_INVALID: see `errors`; BP_SERVICE_UNAVAILABLE: see `errors`; -ENOMEM.
 */
int bp_service_pipeline_save(struct bp_service *service, const struct bp_service_pipeline *pipeline,
                             struct bp_problem_list *errors, bp_store_done *done, void *userdata);

/**
 * Makes revision `revision` the newest one again. NOT_FOUND (told on the caller's thread), CONFLICT by `done`.
 * @param key kept in the same transaction, or NULL
 * @return as bp_service_pipeline_save()
 */
int bp_service_pipeline_restore(struct bp_service *service, struct bp_id id, uint32_t revision, const char *saved_by,
                                const struct bp_store_key *key, struct bp_problem_list *errors, bp_store_done *done,
                                void *userdata);

/** Deletes. @return 0 or -ENOMEM. */
int bp_service_pipeline_delete(struct bp_service *service, struct bp_id id, bp_store_done *done, void *userdata);

/* ---------------------------------------------------------------------------------------------------------------
 * Executions
 */

/** What an execution came to so far: durable facts only. Valid during the callback. */
struct bp_service_answer {
        int result; /**< 0, BP_STORE_NOT_FOUND, BP_STORE_CONFLICT (ended already), or negative errno: it was not started
                     */
        struct bp_id id;
        enum bp_execution_state state;
        const char *code, *message;          /**< of its failure, or NULL */
        const struct bp_value *outputs;      /**< object, or NULL before the end */
        struct bp_wall started_at, ended_at; /**< 0: not yet */
};

/** Receives an answer, once. Engine thread or, where nothing had to be waited for, the caller's thread. */
typedef void bp_service_done(void *userdata, const struct bp_service_answer *answer);

/** An execution to be started. Borrowed during the call. */
struct bp_service_start {
        struct bp_id pipeline;           /**< of a stored pipeline, or zero */
        const struct bp_value *document; /**< of an ephemeral one, when `pipeline` is zero */
        const struct bp_value *params;   /**< object, as given */
        const struct bp_value *options;  /**< see bp_store_new_execution, or NULL */
        const char *initiator;
        const char *principal, *origin; /**< or NULL */
        bool has_user;
        struct bp_id user;              /**< has_user: the pipeline must be visible to this user */
        const struct bp_store_key *key; /**< or NULL; its subject becomes the execution's id */
};

/** What was started: for an answer that repeats it. References and values live as long as the arena of the call; the
 * caller gives `definition` back. */
struct bp_service_started {
        struct bp_id id;
        const struct bp_definition *definition;
        uint32_t revision;
        struct bp_value params; /**< merged */
        struct bp_wall created_at;
};

/**
 * Starts an execution; `done` is called when the start is durable, which a chain of pure steps is with its end.
 * @return 0; BP_STORE_NOT_FOUND (no such pipeline); BP_SERVICE_INVALID (draft without steps: PIPELINE_DRAFT;
 *         definition; parameters: pointers are /steps/0/action, /params/NAME); BP_SERVICE_UNAVAILABLE; -ENOMEM. `done`
 *         is called only after 0.
 */
int bp_service_start(struct bp_service *service, const struct bp_service_start *start, struct bp_arena *arena,
                     struct bp_problem_list *errors, struct bp_service_started *ret_started, bp_service_done *done,
                     void *userdata);

/** Which steps of an ended execution a retry runs. */
struct bp_service_retry {
        struct bp_id execution;
        const char *from_step;             /**< or NULL: from every step that did not complete */
        const char *initiator, *principal; /**< principal or NULL */
        const struct bp_store_key *key;    /**< or NULL */
};

/**
 * Starts a new execution linked to an ended one, same definition and parameters; what is not downstream of the chosen
 * steps is taken over. @return as bp_service_start(), and BP_STORE_CONFLICT: it has not ended; BP_SERVICE_INVALID:
 * UNKNOWN_STEP, or nothing to retry (NOTHING_TO_RETRY).
 */
int bp_service_retry(struct bp_service *service, const struct bp_service_retry *retry, struct bp_arena *arena,
                     struct bp_problem_list *errors, struct bp_service_started *ret_started, bp_service_done *done,
                     void *userdata);

/** What can be asked of a live execution. */
enum bp_service_command {
        BP_SERVICE_CANCEL = 1,
        BP_SERVICE_PAUSE,
        BP_SERVICE_RESUME,
};

/**
 * Gives a command; `done` is called when it is durable. CONFLICT: the execution has ended, or (resume) is not paused.
 * @param reason of a cancellation, or NULL
 * @return 0 or -ENOMEM
 */
int bp_service_command(struct bp_service *service, struct bp_id execution, enum bp_service_command command,
                       const char *reason, bp_service_done *done, void *userdata);

/** Someone who waits for the end of an execution. */
struct bp_service_wait;

/**
 * Calls `done` when the execution has ended, durably: at once when it has already.
 * @return 0 and a handle for bp_service_unwait() (NULL when `done` was called already); BP_STORE_NOT_FOUND; -ENOMEM.
 */
int bp_service_wait(struct bp_service *service, struct bp_id execution, bp_service_done *done, void *userdata,
                    struct bp_service_wait **ret_wait);

/** Stops waiting. @return true: `done` will not be called; false: it was, or is being called. Frees the handle; to be
 * called exactly once for each handle, also after `done` was called. */
bool bp_service_unwait(struct bp_service *service, struct bp_service_wait *wait);

/* ---------------------------------------------------------------------------------------------------------------
 * Events from outside
 */

/** What became of an event. Durable. Valid during the callback. */
struct bp_service_event_answer {
        int result; /**< 0; BP_STORE_NOT_FOUND or BP_STORE_CONFLICT of a replay; negative errno: it is not durable */
        struct bp_id id;
        bool is_duplicate;         /**< it came before: the rest tells of the first */
        enum bp_inbox_state state; /**< BP_INBOX_WAITING: it is kept, or on its way to a step when the process stops */
        enum bp_inbox_effect effect; /**< of BP_INBOX_HANDLED */
        bool has_execution;
        struct bp_id execution;
        const char *step; /**< id, or NULL */
};

/** Receives an answer, once. Engine thread, writer thread, or that of bp_service_free(). */
typedef void bp_service_event_done(void *userdata, const struct bp_service_event_answer *answer);

/**
 * Keeps an event durably, hands it to the step that waits for it, and calls `done` when what became of it is durable. A
 * repetition is answered as the first. @return 0, -ENOMEM: `done` is called only after 0
 */
int bp_service_event(struct bp_service *service, const struct bp_store_event *event, bp_service_event_done *done,
                     void *userdata);

/** Delivers an event anew that expired or was dropped. @return as bp_service_event() */
int bp_service_event_replay(struct bp_service *service, const struct bp_event_row *row, bp_service_event_done *done,
                            void *userdata);

/** Steps that wait for events. Engine thread: in the receipt of bp_service_ping(). */
void bp_service_waits(struct bp_service *service, struct bp_runtime_waits *ret_waits);

/** How many events wait for a step that does not wait for them yet. */
size_t bp_service_early_events(struct bp_service *service);

/* ---------------------------------------------------------------------------------------------------------------
 * Streams
 */

/** What a subscriber is told: a durable record, or a line of a log. Valid during the call. */
struct bp_service_event {
        struct bp_id execution;
        const struct bp_definition *definition;
        struct bp_position position;    /**< row 0 where it is not known: a line */
        const struct bp_record *record; /**< or NULL: a line */
        const struct bp_store_line *line;
        double percent; /**< progress of the execution after it */
};

/** A subscription. */
struct bp_service_subscription;

/**
 * Tells `event` everything that becomes durable from now on, in order: of one execution, or (NULL) of all. Engine
 * thread; the callback hands it on and returns. What was before is read from the store; a subscriber subscribes first,
 * reads then, and drops what it has by sequence. @return 0 or -ENOMEM.
 */
int bp_service_subscribe(struct bp_service *service, const struct bp_id *execution,
                         void (*event)(void *userdata, const struct bp_service_event *event), void *userdata,
                         struct bp_service_subscription **ret_subscription);

/** Ends a subscription: after the return `event` is not called any more. Any thread but the engine's. */
void bp_service_unsubscribe(struct bp_service *service, struct bp_service_subscription *subscription);

#endif
