/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file state.h
 * The service itself, and what its files offer each other. Seen inside this room only.
 *
 * Locks, none of which is held while another is taken: that of the contexts, that of the subscriptions, those of the
 * caches. Callbacks of waits, starts and commands run without any; those of subscriptions under the subscriptions'.
 */
#ifndef BP_SERVICE_STATE_H
#define BP_SERVICE_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"
#include "pipeline/definition.h"
#include "registry/registry.h"
#include "service/contexts.h"
#include "service/events.h"
#include "service/lru.h"
#include "service/service.h"
#include "service/streams.h"

struct bp_metrics;

/** A stored pipeline, ready to be started. Immutable, counted. */
struct bp_stored_pipeline {
        atomic_uint owners;
        uint32_t revision;
        bool has_user, system_owned;
        struct bp_id user;
        uint64_t generation;                    /**< of the registry that the definition was made with */
        const struct bp_definition *definition; /**< NULL: a draft without steps */
};

/** Where appended records went, until they are durable: oldest first, a ring. Engine thread. */
struct bp_appended {
        struct bp_place {
                uint64_t execution, sequence; /**< number; of the last record */
                uint64_t row;
        } * places;
        size_t first, n, capacity; /**< capacity: a power of two */
};

/** What the engine thread keeps for the journal and the observer. */
struct bp_told {
        struct bp_appended appended;
        uint64_t last_ticket;
        bool logged;                     /**< lines were handed over since the last commit */
        struct bp_context *starting;     /**< its start is durable; its answer follows, maybe with its end */
        struct bp_service_answer answer; /**< of `starting` */
};

/** The service. */
struct bp_service {
        struct bp_store *store;
        struct bp_registry *registry;
        struct bp_runtime *runtime;
        struct bp_metrics *metrics;
        struct bp_definition_limits limits;
        struct bp_observer observer;       /**< the caller's; members may be NULL */
        struct bp_service_telling telling; /**< `notify_topic` is a copy */
        char *notify_topic;
        void (*notice)(void *userdata, enum bp_log_level level, const char *message);
        void *userdata;

        atomic_bool stopping;
        struct bp_contexts contexts;
        struct bp_streams streams;
        struct bp_events_on_way events;
        struct bp_lru by_digest; /**< parsed definitions, by digest and registry generation */
        struct bp_lru by_number; /**< the same, by number in the store and registry generation */
        struct bp_lru pipelines; /**< struct bp_stored_pipeline, by id */
        struct bp_told told;
};

/** Tells the operator. */
__attribute__((format(printf, 3, 4))) void bp_service_notice(struct bp_service *service, enum bp_log_level level,
                                                             const char *format, ...);

/* definitions.c */
extern const struct bp_lru_kind bp_lru_definitions, bp_lru_pipelines;

/** The parsed definition of a document in the store. Returns as bp_service_definition(), and BP_STORE_NOT_FOUND. */
int bp_definition_by_number(struct bp_service *service, uint64_t number, struct bp_problem_list *errors,
                            const struct bp_definition **ret_definition);

/* pipelines.c */

/**
 * A stored pipeline as it is now, from the cache where it is there. @return 0 and one owner more; BP_STORE_NOT_FOUND;
 * BP_SERVICE_INVALID: its document is not valid any more, see the errors; negative errno.
 */
int bp_stored_pipeline(struct bp_service *service, struct bp_id id, struct bp_problem_list *errors,
                       struct bp_stored_pipeline **ret_pipeline);

/** One owner fewer; NULL is allowed. Always returns NULL. */
struct bp_stored_pipeline *bp_stored_pipeline_unref(struct bp_stored_pipeline *pipeline);

/* start.c */

/** A start whose parts are known and checked. Borrowed. */
struct bp_start_order {
        struct bp_store_new_execution row; /**< id and created_at are filled in */
        const struct bp_value *const *reused_outputs;
};

/** Whether new work may be taken; adds the reason to the errors. @return 0, BP_SERVICE_UNAVAILABLE, -ENOMEM. */
int bp_start_admit(struct bp_service *service, struct bp_problem_list *errors);

/**
 * Answers a start that was made before, by its id. @return 0: `done` was or will be called; BP_STORE_NOT_FOUND: there
 * is none; negative errno.
 */
int bp_start_repeat(struct bp_service *service, struct bp_id subject, struct bp_arena *arena,
                    struct bp_service_started *ret_started, bp_service_done *done, void *userdata);

/** Hands a start to the runtime. @return 0: `done` was or will be called; BP_SERVICE_UNAVAILABLE; negative errno. */
int bp_start_hand_over(struct bp_service *service, const struct bp_start_order *order, struct bp_arena *arena,
                       struct bp_service_started *ret_started, bp_service_done *done, void *userdata);

/** Answers everyone who waits for the start of this execution, and gives the creation back. */
void bp_start_answer(struct bp_service *service, struct bp_context *context, const struct bp_service_answer *answer);

/** An answer from what the store has. @return 0 or -ENOMEM. */
int bp_answer_from_row(const struct bp_execution_row *row, struct bp_arena *arena, struct bp_value *outputs,
                       struct bp_service_answer *ret_answer);

/** JSON of the store as a value; null where there is no text. @return 0 or negative errno. */
int bp_stored_json(const struct bp_text *text, struct bp_arena *arena, struct bp_value *ret_value);

/* subscribers.c */

/** Fills in who is told of an execution, from its options: each topic once. Texts belong to the arena, or borrow from
 * the options. @return 0 or -ENOMEM */
int bp_subscribers_find(struct bp_service *service, struct bp_arena *arena, struct bp_store_new_execution *row);

/* journal.c */

/** What the runtime writes to and reports to. */
struct bp_journal bp_service_journal(struct bp_service *service);
struct bp_observer bp_service_observer(struct bp_service *service);

/** Answers a start that became durable when no turn followed. Engine thread, or after it. */
void bp_journal_settle(struct bp_service *service);

/* waits.c */

/** Tells everyone who waits for the end of this execution. Engine thread. */
void bp_waits_tell(struct bp_service *service, struct bp_context *context, const struct bp_service_answer *answer);

/* recover.c */

/** Adopts every execution that has not ended. @return 0, BP_STORE_PROBLEM, -ENOMEM. */
int bp_service_recover(struct bp_service *service, struct bp_problem *reterr_problem);

/** Builds a broken execution again from what is durable. Engine thread. */
void bp_service_rebuild(struct bp_service *service, struct bp_context *context);

#endif
