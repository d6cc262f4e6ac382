/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file contexts.h
 * What the service knows of each live execution, by id, for all threads. Seen inside this room only.
 *
 * There are as many contexts as live executions, so they are tiny. An execution is in the table from before its start
 * is handed to the runtime until its end is durable: whoever does not find it here finds its last word in the store.
 */
#ifndef BP_SERVICE_CONTEXTS_H
#define BP_SERVICE_CONTEXTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "engine/engine.h"
#include "service/service.h"

/** Who is told when a start is durable. */
struct bp_starter {
        struct bp_starter *next; /**< who asked for the same start; malloc'ed */
        bp_service_done *done;
        void *userdata;
};

/** What an execution is created from. Lives until its start is durable. */
struct bp_creation {
        struct bp_starter first;
        struct bp_arena *arena;            /**< of everything here, this struct included */
        struct bp_store_new_execution row; /**< params are those of the execution */
        struct bp_store_key key;           /**< of row.key */
        struct bp_value given, options, params;
};

/** Someone who waits for an end. malloc'ed, freed by bp_service_unwait(). */
struct bp_service_wait {
        struct bp_service_wait *next, **place; /**< place: what points to it; NULL: in no list */
        bp_service_done *done;
        void *userdata;
        bool told; /**< `done` was called or is being called */
};

/** A live execution. */
struct bp_context {
        struct bp_id id;
        struct bp_context *next;       /**< in its bucket */
        uint64_t number;               /**< in the store; 0: not entered yet. Engine thread. */
        struct bp_creation *creation;  /**< until its start is durable. Under the mutex, or the engine thread's. */
        struct bp_service_wait *waits; /**< under the mutex */
        uint32_t n_done;               /**< steps that are durably completed or skipped. Engine thread. */
        uint8_t state;                 /**< enum bp_execution_state, durable. Under the mutex. */
        uint8_t n_rebuilt;             /**< times it was built again in this process. Engine thread. */
        bool is_told;                  /**< somebody may be told of it: see struct bp_service_telling */
};

/** The table. `mutex` guards what says so above; it is held for the time of a look. */
struct bp_contexts {
        pthread_mutex_t mutex;
        bool has_mutex;
        bool closed; /**< nothing is entered any more */
        struct bp_context **buckets;
        size_t n_buckets;
        _Atomic size_t n;
};

/** An empty table. @return 0 or negative errno. */
int bp_contexts_init(struct bp_contexts *contexts);

/** Gives the table back, contexts and creations included. */
void bp_contexts_done(struct bp_contexts *contexts);

/** A context by id, or NULL. The mutex is held. */
struct bp_context *bp_contexts_find(const struct bp_contexts *contexts, struct bp_id id);

/** Enters a context. The mutex is held. @return 0 or -ENOMEM. */
int bp_contexts_enter(struct bp_contexts *contexts, struct bp_context *context);

/** Takes a context out of the table and frees it; who waits for its end is not told any more. */
void bp_contexts_forget(struct bp_contexts *contexts, struct bp_context *context);

/** Calls `visit` with every context while the mutex is held. */
void bp_contexts_each(struct bp_contexts *contexts, void (*visit)(void *userdata, struct bp_context *context),
                      void *userdata);

/** Gives a creation back. NULL is allowed. Always returns NULL. */
struct bp_creation *bp_creation_free(struct bp_creation *creation);

#endif
