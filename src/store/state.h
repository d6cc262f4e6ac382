/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file state.h
 * The store itself. Seen inside this room only.
 *
 * Three kinds of threads: the engine's and others fill the group and read; the writer thread alone uses `writer` and
 * what stands beside it. What is under `mutex` is held for the time of a copy, never during a statement.
 */
#ifndef BP_STORE_STATE_H
#define BP_STORE_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"
#include "store/apply.h"
#include "store/connection.h"
#include "store/group.h"
#include "store/readers.h"
#include "store/store.h"

struct bp_key_keep;

enum {
        BP_KEY_BUCKETS = 64, /* a power of two */
};

struct bp_store {
        /* Set when it is opened. */
        enum bp_store_mode mode;
        bool in_memory;
        char *path, *uri;
        int lock_fd;
        uint64_t fencing_token;
        uint32_t migration;
        size_t queue_bytes;
        struct bp_store_inbox inbox; /* complete */
        struct bp_metrics *metrics;
        void (*durable)(void *userdata, uint64_t ticket);
        void (*health)(void *userdata, const struct bp_problem *problem);
        void *userdata;

        struct bp_readers readers;

        pthread_mutex_t mutex;
        pthread_cond_t wake;       /* the writer: there is something to do; monotonic clock */
        struct bp_group *filling;  /* under mutex */
        bool wanted, closing;      /* under mutex: the group is to be written; the store is to be closed */
        bool held;                 /* under mutex: the engine has begun to fill it and not said that it has done */
        struct bp_problem problem; /* under mutex: why commits fail; code NULL: they do not */
        uint64_t last_number;      /* under mutex: of the execution created last */
        uint64_t last_position;    /* under mutex: of the row of journal or logs begun last */
        struct bp_key_keep *keeps[BP_KEY_BUCKETS]; /* under mutex: answers handed over and not durable yet, by key */
        atomic_size_t queued;                      /* bytes that wait or are being written */

        /* The writer thread's. */
        pthread_t thread;
        bool running;
        struct bp_connection writer;
        struct bp_group groups[2];
        struct bp_applier applier;
        bool failing;
        bool given_up; /* a group was not written when the store was closed: none is after it */
};

/* Fills a problem for an errno of this room: STORE_FULL, STORE_READ_ONLY, STORE_CORRUPT, STORE_FENCED (-ESTALE) or
 * STORE_IO. @return BP_STORE_PROBLEM, or -ENOMEM for -ENOMEM. */
int bp_store_fault_problem(int error, const char *path, const char *words, struct bp_problem *reterr_problem);

#endif
