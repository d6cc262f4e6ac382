/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file waits.h
 * Who waits for which event, and events that came before anybody waited for them.
 *
 * Early events are kept for a time, at most so many of them, and 256 MiB of text that the journal does not have; the
 * oldest go first. When two steps wait for the same external id, the one that has waited longer gets the event. Engine
 * thread only.
 */
#ifndef BP_RUNTIME_WAITS_H
#define BP_RUNTIME_WAITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/id.h"
#include "runtime/mailbox.h"
#include "runtime/runtime.h"

struct bp_live;

/** An event as JSON text. */
struct bp_event_letter {
        struct bp_letter letter;
        struct bp_event_letter *next;           /**< of the same wait */
        struct bp_event_letter *next_in_bucket; /**< among early events */
        struct bp_event_letter *next_early, *previous_early;
        struct bp_mono arrived; /**< among early events: when its time began */
        int64_t age_us;         /**< of its time, before it was given to the runtime */
        uint64_t hash;
        bool is_stored;                  /**< the journal knows it by `id`, and its text while it waits */
        struct bp_id id;                 /**< of is_stored */
        struct bp_event_awaited awaited; /**< who waited for it, as far as is known */
        char *json;                      /**< malloc'ed; NULL: the journal has it */
        size_t json_size;
        char external_id[];
};

/** Events in the order they came. */
struct bp_event_queue {
        struct bp_event_letter *first, *last;
};

/** A step that waits for events. */
struct bp_wait {
        struct bp_wait *next_in_bucket;
        struct bp_wait *next_of_live, **place_of_live; /**< among those of the execution */
        struct bp_live *live;
        struct bp_event_queue queue; /**< behind the one being handled */
        uint64_t hash;
        uint32_t step, attempt;
        bool busy;      /**< an event of it is being handled */
        bool forgotten; /**< gone from the table, freed when no longer busy */
        char external_id[];
};

/** Both. All zeroes is empty. */
struct bp_waits {
        struct bp_wait **buckets;
        size_t n_buckets, n_waits;
        struct bp_event_letter **early_buckets;
        size_t n_early_buckets, n_early, early_bytes;
        struct bp_event_letter *oldest, *newest;
        size_t early_limit;    /**< 0: 100,000 */
        uint32_t keep_seconds; /**< how long an early event is kept; 0: 86,400 */
        /** Told of an early event that is given up: its time is over, or there are too many. Or NULL. */
        void (*gone)(void *userdata, const struct bp_event_letter *event, bool expired);
        void *userdata;
};

/** Gives early events back; no step waits any more. */
void bp_waits_done(struct bp_waits *waits);

/** An event to be sent. `json` is malloc'ed and taken, or NULL. Any thread. @return 0 or -ENOMEM (then it is freed). */
int bp_event_letter_new(const char *external_id, char *json, size_t json_size, struct bp_event_letter **ret_event);

/** Gives it back. NULL is allowed. Always returns NULL. */
struct bp_event_letter *bp_event_letter_free(struct bp_event_letter *event);

/** Forgets early events whose time is over. */
void bp_waits_expire(struct bp_waits *waits, struct bp_mono now);

/** A step begins to wait; `list` is the execution's. @return 0 or -ENOMEM. */
int bp_waits_add(struct bp_waits *waits, struct bp_wait **list, struct bp_live *live, uint32_t step, uint32_t attempt,
                 const char *external_id, struct bp_wait **ret_wait);

/** The step that has waited longest for this id, or NULL. */
struct bp_wait *bp_waits_find(const struct bp_waits *waits, const char *external_id);

/** The wait of a step of an execution for this id, or NULL. */
struct bp_wait *bp_waits_find_step(const struct bp_waits *waits, const struct bp_live *live, uint32_t step,
                                   const char *external_id);

/**
 * A step stops waiting. A busy wait is freed by bp_waits_finish().
 * @param ret_queue gets events that have not been handled; NULL: they are freed
 */
void bp_waits_remove(struct bp_waits *waits, struct bp_wait *wait, struct bp_event_queue *ret_queue);

/** The event that kept a wait busy has been handled. @return the wait, or NULL when it was forgotten and is freed. */
struct bp_wait *bp_waits_finish(struct bp_wait *wait);

/** Keeps an event for which nobody waits; takes it. The text of one that is stored is given back. @return false when
 * memory was exhausted and it is gone (not told) */
bool bp_waits_keep_early(struct bp_waits *waits, struct bp_event_letter *event, struct bp_mono now);

/** Takes the early events with this id, in the order they came, into a queue. */
void bp_waits_take_early(struct bp_waits *waits, const char *external_id, struct bp_mono now,
                         struct bp_event_queue *queue);

/** Adds an event to a queue; takes it. */
void bp_event_queue_push(struct bp_event_queue *queue, struct bp_event_letter *event);

/** Takes the first event of a queue, or NULL. */
struct bp_event_letter *bp_event_queue_pop(struct bp_event_queue *queue);

#endif
