/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file events.h
 * Events on their way: from the moment they are handed over until what became of them is durable. Seen inside this room
 * only.
 *
 * An event is in the table by its id meanwhile, so that a repetition waits for the same answer. What came before is in
 * the store, which knows repetitions too.
 */
#ifndef BP_SERVICE_EVENTS_H
#define BP_SERVICE_EVENTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/runtime.h"

struct bp_event_on_way;
struct bp_problem;
struct bp_service;

enum {
        BP_EVENT_BUCKETS = 1024,
        BP_EVENTS_EXPIRE_SECONDS = 60, /* how often what is too old is looked for */
};

/** The table. */
struct bp_events_on_way {
        pthread_mutex_t mutex;
        bool has_mutex;
        bool closed; /**< nothing is delivered any more; under the mutex */
        struct bp_event_on_way *buckets[BP_EVENT_BUCKETS];
        _Atomic int64_t expired_at; /**< when what is too old was looked for last */
};

/** An empty table. @return 0 or negative errno. */
int bp_events_init(struct bp_events_on_way *events);

/** Gives it back; everyone has been answered. */
void bp_events_done(struct bp_events_on_way *events);

/** Delivers what waited when the process ended. @return 0; BP_STORE_PROBLEM; -ENOMEM. */
int bp_events_recover(struct bp_service *service, struct bp_problem *reterr_problem);

/** Nothing is delivered any more: answers what is on its way, durable as it is. */
void bp_events_close(struct bp_service *service);

/** Lets events expire, now and then. Any thread. */
void bp_events_expire(struct bp_service *service);

/* For the journal (see struct bp_journal). */
void bp_events_outcome(void *userdata, const struct bp_event_outcome *outcome);
int bp_events_text(void *userdata, struct bp_id event, struct bp_arena *arena, const char **ret_json, size_t *ret_size);
bool bp_events_has_ended(void *userdata, struct bp_id execution);

#endif
