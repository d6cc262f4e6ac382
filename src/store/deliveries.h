/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file deliveries.h
 * Who is told what happens in an execution: subscriptions, how far each was told, and the events that were given up.
 *
 * A subscription is entered with its execution (bp_store_new_execution.topics). Whoever publishes reads the records
 * behind its cursor and moves the cursor, for many subscriptions at once.
 */
#ifndef BP_STORE_DELIVERIES_H
#define BP_STORE_DELIVERIES_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/id.h"
#include "store/store.h"

struct bp_arena;

/** State of a subscription. All but the first are final. */
enum bp_subscription_state {
        BP_SUBSCRIPTION_ACTIVE = 1,
        BP_SUBSCRIPTION_EXPIRED, /**< its time was up before its execution had ended */
        BP_SUBSCRIPTION_FAILED,  /**< nobody will be told: see `error` */
        BP_SUBSCRIPTION_DONE,    /**< told everything up to the end */
};

/** Lower-case word: "active". */
const char *bp_subscription_state_name(enum bp_subscription_state state);

/** A subscription as stored. Texts belong to the arena of the call. */
struct bp_subscription_row {
        uint64_t number;    /**< grows in the order in which they were made */
        uint64_t execution; /**< number */
        struct bp_id execution_id;
        const char *topic;
        enum bp_subscription_state state;
        uint64_t cursor;                       /**< sequence of the last record that was told; 0: none */
        uint32_t attempts;                     /**< that failed since */
        struct bp_wall next_at;                /**< when it is tried again; 0: nothing has failed */
        const char *error;                     /**< of the last failure, or NULL */
        struct bp_wall created_at, expires_at; /**< expires_at 0: never */
};

/** Subscriptions of an execution, oldest first. Any thread. @return 0 or negative errno. */
int bp_store_subscriptions(struct bp_store *store, uint64_t execution, struct bp_arena *arena,
                           struct bp_subscription_row **ret_rows, size_t *ret_n_rows);

/** Active ones with a number greater than `after` of which nothing has failed, at most `limit`, in order. */
int bp_store_subscriptions_active(struct bp_store *store, uint64_t after, uint32_t limit, struct bp_arena *arena,
                                  struct bp_subscription_row **ret_rows, size_t *ret_n_rows);

/** Active ones that are to be tried again by `now`, at most `limit`, the longest due first. */
int bp_store_subscriptions_due(struct bp_store *store, struct bp_wall now, uint32_t limit, struct bp_arena *arena,
                               struct bp_subscription_row **ret_rows, size_t *ret_n_rows);

/** When the first of them is to be tried again after `after` (0: none is), and how many wait for a try in all.
 * @return 0 or negative errno. */
int bp_store_subscriptions_next(struct bp_store *store, struct bp_wall after, struct bp_wall *ret_next,
                                uint64_t *ret_n_waiting);

/** An event that was given up. Texts belong to the arena of the call, or are borrowed. */
struct bp_dead_letter {
        uint64_t number;           /**< of the letter, once stored */
        struct bp_id id;           /**< of the event */
        uint64_t execution;        /**< number */
        struct bp_id execution_id; /**< when read */
        const char *topic, *type;
        uint64_t sequence;    /**< of the record it tells */
        struct bp_text event; /**< JSON, as it would have been published: without secrets */
        const char *content_type;
        const char *code, *message; /**< why */
        uint32_t attempts;
        struct bp_wall at; /**< when it was given up, or tried last */
};

/** How far a subscription was told. */
struct bp_delivery {
        uint64_t subscription; /**< number */
        enum bp_subscription_state state;
        uint64_t cursor;
        uint32_t attempts;
        struct bp_wall next_at;                   /**< 0: none */
        const char *error;                        /**< or NULL */
        const struct bp_dead_letter *dead_letter; /**< what was given up on the way, or NULL */
};

/**
 * Writes how far subscriptions were told, all in one transaction; those that were deleted meanwhile are passed over. Of
 * the dead letters the newest `most_dead_letters` are kept. Copies. `done` is called as by other writes of store.h.
 * @return 0 or -ENOMEM.
 */
int bp_store_deliveries_save(struct bp_store *store, const struct bp_delivery *deliveries, size_t n_deliveries,
                             uint64_t most_dead_letters, bp_store_done *done, void *userdata);

/** Which dead letters to list. Zeroed: all. */
struct bp_dead_letter_filter {
        const char *topic; /**< or NULL */
        bool has_execution;
        struct bp_id execution; /**< of has_execution */
        uint64_t offset;
        uint32_t limit;
};

/** Lists, newest first, and counts all that match. @return 0 or negative errno. */
int bp_store_dead_letters(struct bp_store *store, const struct bp_dead_letter_filter *filter, struct bp_arena *arena,
                          struct bp_dead_letter **ret_letters, size_t *ret_n_letters, uint64_t *ret_total);

/** A dead letter by the id of its event. @return 0, BP_STORE_NOT_FOUND, negative errno. */
int bp_store_dead_letter(struct bp_store *store, struct bp_id id, struct bp_arena *arena,
                         struct bp_dead_letter *ret_letter);

/** Removes a dead letter. BP_STORE_NOT_FOUND. @return 0 or -ENOMEM. */
int bp_store_dead_letter_delete(struct bp_store *store, struct bp_id id, bp_store_done *done, void *userdata);

/** Notes that one more try failed, and why. BP_STORE_NOT_FOUND. @return 0 or -ENOMEM. */
int bp_store_dead_letter_failed(struct bp_store *store, struct bp_id id, const char *code, const char *message,
                                struct bp_wall now, bp_store_done *done, void *userdata);

#endif
