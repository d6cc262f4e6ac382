/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two hash tables of chains, for steps that wait and for early events. Chains keep the order of arrival, so the first
 * match is the oldest; the oldest early event of all is therefore the first of its chain.
 */
#include "runtime/waits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/memory.h"

enum {
        FIRST_BUCKETS = 64, /* a power of two */
        EARLY_LIMIT = 100000,
        EARLY_BYTES = 256 << 20,
        KEEP_SECONDS = 24 * 3600,
};

static uint64_t hash_of(const char *external_id) {
        return bp_hash64(external_id, strlen(external_id), 0);
}

void bp_event_queue_push(struct bp_event_queue *queue, struct bp_event_letter *event) {
        event->next = NULL;
        if (queue->last)
                queue->last->next = event;
        else
                queue->first = event;
        queue->last = event;
}

struct bp_event_letter *bp_event_queue_pop(struct bp_event_queue *queue) {
        struct bp_event_letter *event = queue->first;

        if (event) {
                queue->first = event->next;
                if (!queue->first)
                        queue->last = NULL;
        }
        return event;
}

int bp_event_letter_new(const char *external_id, char *json, size_t json_size, struct bp_event_letter **ret_event) {
        size_t id_size = strlen(external_id);
        struct bp_event_letter *event = bp_calloc(1, sizeof(*event) + id_size + 1);

        if (!event) {
                free(json);
                return -ENOMEM;
        }
        memcpy(event->external_id, external_id, id_size);
        event->json = json;
        event->json_size = json ? json_size : 0;
        event->hash = hash_of(external_id);
        *ret_event = event;
        return 0;
}

struct bp_event_letter *bp_event_letter_free(struct bp_event_letter *event) {
        if (event)
                free(event->json);
        free(event);
        return NULL;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Steps that wait
 */

static struct bp_wait **bucket_of(const struct bp_waits *waits, uint64_t hash) {
        return &waits->buckets[hash & (waits->n_buckets - 1)];
}

static void append_to_bucket(struct bp_waits *waits, struct bp_wait *wait) {
        struct bp_wait **place = bucket_of(waits, wait->hash);

        while (*place)
                place = &(*place)->next_in_bucket;
        wait->next_in_bucket = NULL;
        *place = wait;
}

static void grow_buckets(struct bp_waits *waits) {
        size_t n_old = waits->n_buckets, n_new = n_old ? n_old * 2 : FIRST_BUCKETS;
        struct bp_wait **old = waits->buckets, **new = bp_calloc(n_new, sizeof(struct bp_wait *));

        if (!new)
                return;
        waits->buckets = new;
        waits->n_buckets = n_new;
        for (size_t i = 0; i < n_old; i++) {
                struct bp_wait *wait = old[i];

                while (wait) {
                        struct bp_wait *next = wait->next_in_bucket;

                        append_to_bucket(waits, wait);
                        wait = next;
                }
        }
        free(old);
}

static void enter_list(struct bp_wait **list, struct bp_wait *wait) {
        wait->place_of_live = list;
        wait->next_of_live = *list;
        if (*list)
                (*list)->place_of_live = &wait->next_of_live;
        *list = wait;
}

static void leave_list(struct bp_wait *wait) {
        *wait->place_of_live = wait->next_of_live;
        if (wait->next_of_live)
                wait->next_of_live->place_of_live = wait->place_of_live;
}

int bp_waits_add(struct bp_waits *waits, struct bp_wait **list, struct bp_live *live, uint32_t step, uint32_t attempt,
                 const char *external_id, struct bp_wait **ret_wait) {
        size_t size = strlen(external_id);
        struct bp_wait *wait;

        if (waits->n_waits >= waits->n_buckets)
                grow_buckets(waits);
        wait = waits->n_buckets ? bp_calloc(1, sizeof(*wait) + size + 1) : NULL;
        if (!wait)
                return -ENOMEM;
        memcpy(wait->external_id, external_id, size);
        wait->hash = hash_of(external_id);
        wait->live = live;
        wait->step = step;
        wait->attempt = attempt;
        append_to_bucket(waits, wait);
        enter_list(list, wait);
        waits->n_waits++;
        *ret_wait = wait;
        return 0;
}

struct bp_wait *bp_waits_find(const struct bp_waits *waits, const char *external_id) {
        uint64_t hash = hash_of(external_id);

        if (waits->n_buckets == 0)
                return NULL;
        for (struct bp_wait *wait = *bucket_of(waits, hash); wait; wait = wait->next_in_bucket)
                if (wait->hash == hash && strcmp(wait->external_id, external_id) == 0)
                        return wait;
        return NULL;
}

struct bp_wait *bp_waits_find_step(const struct bp_waits *waits, const struct bp_live *live, uint32_t step,
                                   const char *external_id) {
        struct bp_wait *wait = bp_waits_find(waits, external_id);

        while (wait && (wait->live != live || wait->step != step || strcmp(wait->external_id, external_id) != 0))
                wait = wait->next_in_bucket;
        return wait;
}

void bp_waits_remove(struct bp_waits *waits, struct bp_wait *wait, struct bp_event_queue *ret_queue) {
        struct bp_wait **place = bucket_of(waits, wait->hash);
        struct bp_event_letter *event;

        while (*place != wait)
                place = &(*place)->next_in_bucket;
        *place = wait->next_in_bucket;
        leave_list(wait);
        waits->n_waits--;
        while ((event = bp_event_queue_pop(&wait->queue)))
                if (ret_queue)
                        bp_event_queue_push(ret_queue, event);
                else
                        bp_event_letter_free(event);
        wait->forgotten = true;
        if (!wait->busy)
                free(wait);
}

struct bp_wait *bp_waits_finish(struct bp_wait *wait) {
        wait->busy = false;
        if (!wait->forgotten)
                return wait;
        free(wait);
        return NULL;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Early events
 */

static struct bp_event_letter **early_bucket_of(const struct bp_waits *waits, uint64_t hash) {
        return &waits->early_buckets[hash & (waits->n_early_buckets - 1)];
}

static void append_to_early_bucket(struct bp_waits *waits, struct bp_event_letter *event) {
        struct bp_event_letter **place = early_bucket_of(waits, event->hash);

        while (*place)
                place = &(*place)->next_in_bucket;
        event->next_in_bucket = NULL;
        *place = event;
}

static void grow_early_buckets(struct bp_waits *waits) {
        size_t n_new = waits->n_early_buckets ? waits->n_early_buckets * 2 : FIRST_BUCKETS;
        struct bp_event_letter **new = bp_calloc(n_new, sizeof(struct bp_event_letter *));

        if (!new)
                return;
        free(waits->early_buckets);
        waits->early_buckets = new;
        waits->n_early_buckets = n_new;
        for (struct bp_event_letter *event = waits->oldest; event; event = event->next_early)
                append_to_early_bucket(waits, event);
}

static void take_early(struct bp_waits *waits, struct bp_event_letter *event) {
        struct bp_event_letter **place = early_bucket_of(waits, event->hash);

        while (*place != event)
                place = &(*place)->next_in_bucket;
        *place = event->next_in_bucket;
        if (event->previous_early)
                event->previous_early->next_early = event->next_early;
        else
                waits->oldest = event->next_early;
        if (event->next_early)
                event->next_early->previous_early = event->previous_early;
        else
                waits->newest = event->previous_early;
        waits->n_early--;
        waits->early_bytes -= event->json_size;
}

static void drop_oldest(struct bp_waits *waits, bool expired) {
        struct bp_event_letter *oldest = waits->oldest, *next = oldest->next_early;

        take_early(waits, oldest);
        if (waits->gone)
                waits->gone(waits->userdata, oldest, expired);
        bp_event_letter_free(oldest);
        waits->oldest = next;
}

void bp_waits_expire(struct bp_waits *waits, struct bp_mono now) {
        int64_t keep_us = (int64_t)(waits->keep_seconds ? waits->keep_seconds : KEEP_SECONDS) * 1000000;

        while (waits->oldest && now.us - waits->oldest->arrived.us >= keep_us)
                drop_oldest(waits, true);
}

static void leave_text_to_journal(struct bp_event_letter *event) {
        if (!event->is_stored)
                return;
        free(event->json);
        event->json = NULL;
        event->json_size = 0;
}

bool bp_waits_keep_early(struct bp_waits *waits, struct bp_event_letter *event, struct bp_mono now) {
        size_t limit = waits->early_limit ? waits->early_limit : EARLY_LIMIT;

        leave_text_to_journal(event);
        bp_waits_expire(waits, now);
        while (waits->oldest && (waits->n_early >= limit || waits->early_bytes + event->json_size > EARLY_BYTES))
                drop_oldest(waits, false);
        if (waits->n_early >= waits->n_early_buckets)
                grow_early_buckets(waits);
        if (waits->n_early_buckets == 0) {
                bp_event_letter_free(event);
                return false;
        }
        event->arrived.us = now.us - event->age_us;
        event->age_us = 0;
        event->next_early = NULL;
        event->previous_early = waits->newest;
        if (waits->newest)
                waits->newest->next_early = event;
        else
                waits->oldest = event;
        waits->newest = event;
        waits->n_early++;
        waits->early_bytes += event->json_size;
        append_to_early_bucket(waits, event);
        return true;
}

void bp_waits_take_early(struct bp_waits *waits, const char *external_id, struct bp_mono now,
                         struct bp_event_queue *queue) {
        struct bp_event_letter *event, *next;
        uint64_t hash = hash_of(external_id);

        bp_waits_expire(waits, now);
        if (waits->n_early == 0)
                return;
        for (event = *early_bucket_of(waits, hash); event; event = next) {
                next = event->next_in_bucket;
                if (event->hash == hash && strcmp(event->external_id, external_id) == 0) {
                        take_early(waits, event);
                        bp_event_queue_push(queue, event);
                }
        }
}

void bp_waits_done(struct bp_waits *waits) {
        waits->gone = NULL;
        while (waits->oldest)
                drop_oldest(waits, false);
        free(waits->early_buckets);
        free(waits->buckets);
        *waits = (struct bp_waits){0};
}
