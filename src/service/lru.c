/* SPDX-License-Identifier: Apache-2.0 */
#include "service/lru.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/memory.h"

struct bp_lru_entry {
        struct bp_lru_entry *next;          /* in its bucket */
        struct bp_lru_entry *newer, *older; /* by use */
        struct bp_lru_key key;
        void *value;
};

int bp_lru_init(struct bp_lru *lru, const struct bp_lru_kind *kind, size_t capacity) {
        size_t n_buckets = 16;
        int r;

        while (n_buckets < capacity)
                n_buckets *= 2;
        lru->buckets = bp_calloc(n_buckets, sizeof(struct bp_lru_entry *));
        if (!lru->buckets)
                return -ENOMEM;
        r = pthread_mutex_init(&lru->mutex, NULL);
        if (r) {
                free(lru->buckets);
                lru->buckets = NULL;
                return -r;
        }
        lru->kind = kind;
        lru->n_buckets = n_buckets;
        lru->capacity = capacity;
        return 0;
}

static struct bp_lru_entry **place_of(struct bp_lru *lru, const struct bp_lru_key *key) {
        uint64_t hash = bp_hash64(key->bytes, sizeof(key->bytes), 0);
        struct bp_lru_entry **place = &lru->buckets[hash & (lru->n_buckets - 1)];

        while (*place && memcmp(&(*place)->key, key, sizeof(*key)) != 0)
                place = &(*place)->next;
        return place;
}

static void unlink_use(struct bp_lru *lru, struct bp_lru_entry *entry) {
        *(entry->newer ? &entry->newer->older : &lru->newest) = entry->older;
        *(entry->older ? &entry->older->newer : &lru->oldest) = entry->newer;
}

static void link_newest(struct bp_lru *lru, struct bp_lru_entry *entry) {
        entry->newer = NULL;
        entry->older = lru->newest;
        *(entry->older ? &entry->older->newer : &lru->oldest) = entry;
        lru->newest = entry;
}

/* Takes what stands at a place out of the table. @return the entry, for the caller to free. */
static struct bp_lru_entry *take_out(struct bp_lru *lru, struct bp_lru_entry **place) {
        struct bp_lru_entry *entry = *place;

        if (!entry)
                return NULL;
        *place = entry->next;
        unlink_use(lru, entry);
        lru->n--;
        return entry;
}

static void enter(struct bp_lru *lru, struct bp_lru_entry *entry) {
        struct bp_lru_entry **place = place_of(lru, &entry->key);

        entry->next = *place;
        *place = entry;
        link_newest(lru, entry);
        lru->n++;
}

static void free_entry(struct bp_lru *lru, struct bp_lru_entry *entry) {
        if (!entry)
                return;
        lru->kind->unref(entry->value);
        free(entry);
}

void bp_lru_done(struct bp_lru *lru) {
        if (!lru->buckets)
                return;
        while (lru->oldest)
                free_entry(lru, take_out(lru, place_of(lru, &lru->oldest->key)));
        free(lru->buckets);
        lru->buckets = NULL;
        pthread_mutex_destroy(&lru->mutex);
}

void *bp_lru_find(struct bp_lru *lru, const struct bp_lru_key *key, uint64_t *ret_changes) {
        struct bp_lru_entry *entry;
        void *value = NULL;

        pthread_mutex_lock(&lru->mutex);
        entry = *place_of(lru, key);
        if (entry) {
                value = entry->value;
                lru->kind->ref(value);
                unlink_use(lru, entry);
                link_newest(lru, entry);
        }
        if (ret_changes)
                *ret_changes = lru->changes;
        pthread_mutex_unlock(&lru->mutex);
        return value;
}

static struct bp_lru_entry *new_entry(struct bp_lru *lru, const struct bp_lru_key *key, void *value) {
        struct bp_lru_entry *entry = value ? bp_calloc(1, sizeof(*entry)) : NULL;

        if (!entry)
                return NULL;
        entry->key = *key;
        entry->value = value;
        lru->kind->ref(value);
        return entry;
}

/* @return false: the table has changed, the entry was not taken */
static bool replace(struct bp_lru *lru, const struct bp_lru_key *key, struct bp_lru_entry *entry,
                    const uint64_t *expected, bool is_change) {
        struct bp_lru_entry *old = NULL, *oldest = NULL;
        bool current;

        pthread_mutex_lock(&lru->mutex);
        current = !expected || *expected == lru->changes;
        if (is_change)
                lru->changes++;
        if (current) {
                old = take_out(lru, place_of(lru, key));
                if (entry)
                        enter(lru, entry);
                if (lru->n > lru->capacity)
                        oldest = take_out(lru, place_of(lru, &lru->oldest->key));
        }
        pthread_mutex_unlock(&lru->mutex);
        free_entry(lru, old);
        free_entry(lru, oldest);
        return current;
}

void bp_lru_put(struct bp_lru *lru, const struct bp_lru_key *key, void *value) {
        struct bp_lru_entry *entry = new_entry(lru, key, value);

        if (entry)
                replace(lru, key, entry, NULL, false);
}

void bp_lru_offer(struct bp_lru *lru, const struct bp_lru_key *key, void *value, uint64_t changes) {
        struct bp_lru_entry *entry = new_entry(lru, key, value);

        if (entry && !replace(lru, key, entry, &changes, false))
                free_entry(lru, entry);
}

void bp_lru_change(struct bp_lru *lru, const struct bp_lru_key *key, void *value) {
        replace(lru, key, new_entry(lru, key, value), NULL, true);
}
