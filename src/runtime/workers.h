/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file workers.h
 * The pool of threads that call actions: started when needed, given back after a while, served first come first served.
 *
 * One thread always stands by, so that a job that was accepted is always run. A thread that blocks in an action takes
 * one place of the pool and hinders nobody else.
 */
#ifndef BP_RUNTIME_WORKERS_H
#define BP_RUNTIME_WORKERS_H

#include <stdint.h>

/** Threads at most, when nothing else is said. */
#define BP_WORKERS_DEFAULT 64

/** One job: a member of the struct it works on. */
struct bp_job {
        struct bp_job *next;
        void (*run)(struct bp_job *job);
};

struct bp_workers;

/** How a pool works. 0 means the default named beside the member. */
struct bp_workers_settings {
        uint32_t threads;           /**< at most; 64 */
        uint32_t idle_milliseconds; /**< after which a thread without work ends, all but one; 10,000 */
};

/** A pool with one thread. @return 0 or a negative errno. */
int bp_workers_new(const struct bp_workers_settings *settings, struct bp_workers **ret_workers);

/** Waits for running jobs; jobs that have not begun are dropped. NULL is allowed. Always returns NULL. */
struct bp_workers *bp_workers_free(struct bp_workers *workers);

/** Runs a job on some thread of the pool, after those submitted before it have begun. Any thread. */
void bp_workers_submit(struct bp_workers *workers, struct bp_job *job);

/** Threads that exist now. Any thread. */
uint32_t bp_workers_count(struct bp_workers *workers);

/** Jobs that run now, and those that wait for a thread. Any thread. */
void bp_workers_load(struct bp_workers *workers, uint32_t *ret_busy, uint32_t *ret_queued);

#endif
