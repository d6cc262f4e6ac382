/* SPDX-License-Identifier: Apache-2.0 */
/* A store to be tested, of either driver, and what its writer thread says. */
#ifndef BP_TESTS_STORE_FIXTURE_H
#define BP_TESTS_STORE_FIXTURE_H

#include "unit.h"

#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/problem.h"
#include "store/store.h"

struct fixture {
        bool in_memory;
        char folder[64], path[96], url[112];
        struct bp_store *store;
        struct bp_arena *arena;
        pthread_mutex_t mutex;
        pthread_cond_t changed;
        uint64_t durable;   /* under mutex */
        const char *health; /* under mutex: code of the problem that the callback told, or NULL */
        unsigned n_health;  /* under mutex */
        void (*on_health)(struct fixture *fixture); /* on the writer thread, or NULL */
        bool lift;                                  /* under mutex: for on_health */
        uint64_t last_ticket;
};

static inline void fixture_durable(void *userdata, uint64_t ticket) {
        struct fixture *fixture = userdata;

        pthread_mutex_lock(&fixture->mutex);
        fixture->durable = ticket;
        pthread_cond_broadcast(&fixture->changed);
        pthread_mutex_unlock(&fixture->mutex);
}

static inline void fixture_health(void *userdata, const struct bp_problem *problem) {
        struct fixture *fixture = userdata;

        pthread_mutex_lock(&fixture->mutex);
        fixture->health = problem ? problem->code : NULL;
        fixture->n_health++;
        pthread_cond_broadcast(&fixture->changed);
        pthread_mutex_unlock(&fixture->mutex);
        if (fixture->on_health)
                fixture->on_health(fixture);
}

/* @return what bp_store_open() returned */
static inline int fixture_try_open(struct fixture *fixture, enum bp_store_mode mode, struct bp_store **ret_store,
                                   struct bp_problem *reterr_problem) {
        struct bp_store_settings settings = {.url = fixture->url,
                                             .mode = mode,
                                             .durable = fixture_durable,
                                             .health = fixture_health,
                                             .userdata = fixture};

        return bp_store_open(&settings, ret_store, reterr_problem);
}

static inline void fixture_open(struct fixture *fixture) {
        struct bp_problem problem = {0};

        if (fixture_try_open(fixture, BP_STORE_EXECUTE, &fixture->store, &problem))
                fail_msg("the store does not open: %s %s", problem.code, problem.message);
}

static inline void fixture_close(struct fixture *fixture) {
        fixture->store = bp_store_close(fixture->store);
}

static inline void fixture_reopen(struct fixture *fixture) {
        fixture_close(fixture);
        fixture_open(fixture);
}

/* Asks for a commit and waits until it is durable. */
static inline void fixture_commit(struct fixture *fixture) {
        uint64_t ticket = ++fixture->last_ticket;

        bp_store_commit(fixture->store, ticket);
        pthread_mutex_lock(&fixture->mutex);
        while (fixture->durable < ticket)
                pthread_cond_wait(&fixture->changed, &fixture->mutex);
        pthread_mutex_unlock(&fixture->mutex);
}

static inline struct fixture *fixture_new(bool in_memory) {
        struct fixture *fixture = bp_calloc(1, sizeof(*fixture));

        assert_non_null(fixture);
        fixture->in_memory = in_memory;
        snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/budpipeline-store-XXXXXX");
        assert_non_null(mkdtemp(fixture->folder));
        snprintf(fixture->path, sizeof(fixture->path), "%s/a store", fixture->folder);
        snprintf(fixture->url, sizeof(fixture->url), in_memory ? "memory:" : "sqlite:%s", fixture->path);
        pthread_mutex_init(&fixture->mutex, NULL);
        pthread_cond_init(&fixture->changed, NULL);
        fixture->arena = bp_arena_new(BP_ARENA_UNLIMITED);
        assert_non_null(fixture->arena);
        return fixture;
}

static inline int fixture_remove(const char *path, const struct stat *status, int type, struct FTW *walk) {
        (void)status, (void)type, (void)walk;
        return remove(path);
}

static inline void fixture_free(struct fixture *fixture) {
        bp_store_close(fixture->store);
        nftw(fixture->folder, fixture_remove, 8, FTW_DEPTH | FTW_PHYS);
        bp_arena_free(fixture->arena);
        pthread_cond_destroy(&fixture->changed);
        pthread_mutex_destroy(&fixture->mutex);
        free(fixture);
}

/* For cmocka: an open store of either driver, a file that is not opened yet. */
static inline int fixture_setup_memory(void **state) {
        *state = fixture_new(true);
        fixture_open(*state);
        return 0;
}

static inline int fixture_setup_sqlite(void **state) {
        *state = fixture_new(false);
        fixture_open(*state);
        return 0;
}

static inline int fixture_setup_closed(void **state) {
        *state = fixture_new(false);
        return 0;
}

static inline int fixture_teardown(void **state) {
        fixture_free(*state);
        return 0;
}

/* One test on both drivers. */
#define ON_BOTH_DRIVERS(test)                                                        \
        {"memory: " #test, test, fixture_setup_memory, fixture_teardown, NULL}, {    \
                "sqlite: " #test, test, fixture_setup_sqlite, fixture_teardown, NULL \
        }

#endif
