/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file lru.h
 * A bounded table of counted values by a short key; what was used longest ago makes room. Seen inside this room only.
 * Any thread; nothing is freed while the table is locked.
 */
#ifndef BP_SERVICE_LRU_H
#define BP_SERVICE_LRU_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct bp_lru_entry;

/** Longest key: a digest and a number. */
enum { BP_LRU_KEY_SIZE = 40 };

/** A key; bytes that it does not need are zero. */
struct bp_lru_key {
        uint8_t bytes[BP_LRU_KEY_SIZE];
};

/** What a table keeps. */
struct bp_lru_kind {
        void (*ref)(void *value);   /**< one more owner */
        void (*unref)(void *value); /**< one owner fewer */
};

/** The table. */
struct bp_lru {
        pthread_mutex_t mutex;
        const struct bp_lru_kind *kind;
        struct bp_lru_entry **buckets;
        struct bp_lru_entry *newest, *oldest;
        size_t n_buckets, n, capacity;
        uint64_t changes; /**< grows with bp_lru_change() */
};

/** An empty table of at most `capacity` values. @return 0 or negative errno. */
int bp_lru_init(struct bp_lru *lru, const struct bp_lru_kind *kind, size_t capacity);

/** Gives everything back; also after a failed or missing bp_lru_init() of zeroed memory. */
void bp_lru_done(struct bp_lru *lru);

/** A value by key with one more owner, or NULL. `ret_changes` (or NULL) is for bp_lru_offer(). */
void *bp_lru_find(struct bp_lru *lru, const struct bp_lru_key *key, uint64_t *ret_changes);

/** Keeps a value (one more owner) in place of an older one. Without memory it is not kept: it is only a cache. */
void bp_lru_put(struct bp_lru *lru, const struct bp_lru_key *key, void *value);

/** As bp_lru_put(), unless something was changed since `changes` was told: the value may be out of date. */
void bp_lru_offer(struct bp_lru *lru, const struct bp_lru_key *key, void *value, uint64_t changes);

/** What the key stands for has changed: keeps the new value (NULL: none) and refuses offers from before. */
void bp_lru_change(struct bp_lru *lru, const struct bp_lru_key *key, void *value);

#endif
