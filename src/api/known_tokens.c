/* SPDX-License-Identifier: Apache-2.0 */
#include "api/known_tokens.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

/* One place a hash: a newcomer takes the place of whoever has it, so nobody outside can make the table grow. */
enum { PLACES = 1024, CHECK_EVERY_US = 1000000 };

struct place {
        bool taken;
        int result; /* 0 or BP_STORE_NOT_FOUND */
        struct bp_token_row token;
        char *owner;
};

struct bp_api_known_tokens {
        struct bp_store *store;
        pthread_mutex_t lock;
        bool has_version;
        uint64_t version;
        struct bp_mono checked_at;
        struct place places[PLACES];
};

static struct place *place_of(struct bp_api_known_tokens *known, const struct bp_digest *hash) {
        return &known->places[(hash->bytes[0] | (unsigned)hash->bytes[1] << 8) % PLACES];
}

/* The place is found by two bytes only; the rest decides, in a time that does not tell where two hashes differ. */
static bool is_same(const struct bp_digest *a, const struct bp_digest *b) {
        volatile uint8_t difference = 0;

        for (size_t i = 0; i < sizeof(a->bytes); i++)
                difference |= a->bytes[i] ^ b->bytes[i];
        return difference == 0;
}

static void empty(struct place *place) {
        free(place->owner);
        *place = (struct place){0};
}

static void forget_all(struct bp_api_known_tokens *known) {
        for (size_t i = 0; i < PLACES; i++)
                empty(&known->places[i]);
}

/* Locked. */
static int check_version(struct bp_api_known_tokens *known) {
        const struct bp_mono now = bp_mono_now();
        uint64_t version;
        int r;

        if (known->has_version && now.us - known->checked_at.us < CHECK_EVERY_US)
                return 0;
        r = bp_store_tokens_version(known->store, &version);
        if (r)
                return r;
        if (!known->has_version || version != known->version)
                forget_all(known);
        known->has_version = true;
        known->version = version;
        known->checked_at = now;
        return 0;
}

/* Locked. */
static int take(const struct place *place, struct bp_arena *arena, struct bp_token_row *ret_token) {
        struct bp_token_row token = place->token;

        if (place->result)
                return place->result;
        token.name = "";
        token.owner = bp_arena_text(arena, place->owner, strlen(place->owner));
        if (!token.owner)
                return -ENOMEM;
        *ret_token = token;
        return 0;
}

/* Locked. What cannot be remembered for want of memory is asked for again. */
static void put(struct bp_api_known_tokens *known, const struct bp_digest *hash, int result,
                const struct bp_token_row *token) {
        struct place *place = place_of(known, hash);

        empty(place);
        if (result == 0) {
                place->owner = bp_memdup_text(token->owner, strlen(token->owner));
                if (!place->owner)
                        return;
                place->token = *token;
        }
        place->token.hash = *hash;
        place->result = result;
        place->taken = true;
}

struct bp_api_known_tokens *bp_api_known_tokens_new(struct bp_store *store) {
        struct bp_api_known_tokens *known = bp_calloc(1, sizeof(*known));

        if (!known)
                return NULL;
        known->store = store;
        pthread_mutex_init(&known->lock, NULL);
        return known;
}

struct bp_api_known_tokens *bp_api_known_tokens_free(struct bp_api_known_tokens *known) {
        if (!known)
                return NULL;
        forget_all(known);
        pthread_mutex_destroy(&known->lock);
        free(known);
        return NULL;
}

/* The store is asked without the lock; what it said counts only for the version that was current before. */
static int ask_store(struct bp_api_known_tokens *known, uint64_t version, const struct bp_digest *hash,
                     struct bp_arena *arena, struct bp_token_row *ret_token) {
        struct bp_token_row token;
        int r;

        r = bp_store_token_find(known->store, *hash, arena, &token);
        if (r < 0)
                return r;
        pthread_mutex_lock(&known->lock);
        if (known->version == version)
                put(known, hash, r, &token);
        pthread_mutex_unlock(&known->lock);
        if (r == 0)
                *ret_token = token;
        return r;
}

int bp_api_known_tokens_find(struct bp_api_known_tokens *known, struct bp_digest hash, struct bp_arena *arena,
                             struct bp_token_row *ret_token) {
        const struct place *place = place_of(known, &hash);
        uint64_t version;
        bool found;
        int r;

        pthread_mutex_lock(&known->lock);
        r = check_version(known);
        version = known->version;
        found = r == 0 && place->taken && is_same(&place->token.hash, &hash);
        if (found)
                r = take(place, arena, ret_token);
        pthread_mutex_unlock(&known->lock);
        return r || found ? r : ask_store(known, version, &hash, arena, ret_token);
}
