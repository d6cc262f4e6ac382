/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One mutex guards everything; it is held for a few instructions only. A thread that ends leaves its place for the next
 * one that starts, which joins it first, so that every thread is joined by somebody.
 */
#include "runtime/workers.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"

enum {
        STACK_BYTES = 1 << 20, /* address space; only what is touched costs memory */
        IDLE_MILLISECONDS = 10000,
};

enum place_state {
        PLACE_FREE = 0,
        PLACE_RUNNING,
        PLACE_ENDED, /* to be joined */
};

struct place {
        struct bp_workers *workers;
        pthread_t thread;
        enum place_state state;
};

struct bp_workers {
        pthread_mutex_t mutex;
        pthread_cond_t work;
        struct bp_job *first, **last;
        uint32_t n_queued, n_idle, n_threads, threads_max, idle_milliseconds;
        bool closing;
        struct place places[];
};

static struct timespec deadline_after(uint32_t milliseconds) {
        struct timespec time;

        clock_gettime(CLOCK_MONOTONIC, &time);
        time.tv_sec += milliseconds / 1000;
        time.tv_nsec += (long)(milliseconds % 1000) * 1000000;
        if (time.tv_nsec >= 1000000000) {
                time.tv_nsec -= 1000000000;
                time.tv_sec++;
        }
        return time;
}

static struct bp_job *pop(struct bp_workers *workers) {
        struct bp_job *job = workers->first;

        if (!job)
                return NULL;
        workers->first = job->next;
        if (!workers->first)
                workers->last = &workers->first;
        workers->n_queued--;
        return job;
}

/* Waits for a job with the mutex held. @return NULL when the thread shall end. */
static struct bp_job *next_job(struct bp_workers *workers) {
        struct timespec deadline = deadline_after(workers->idle_milliseconds);

        while (!workers->closing) {
                struct bp_job *job = pop(workers);
                int r;

                if (job)
                        return job;
                workers->n_idle++;
                r = pthread_cond_timedwait(&workers->work, &workers->mutex, &deadline);
                workers->n_idle--;
                if (r != ETIMEDOUT)
                        continue;
                if (!workers->first && workers->n_threads > 1)
                        return NULL;
                deadline = deadline_after(workers->idle_milliseconds);
        }
        return NULL;
}

static void *work(void *argument) {
        struct place *place = argument;
        struct bp_workers *workers = place->workers;
        struct bp_job *job;

        pthread_setname_np(pthread_self(), "bp-worker");
        pthread_mutex_lock(&workers->mutex);
        while ((job = next_job(workers))) {
                pthread_mutex_unlock(&workers->mutex);
                job->run(job);
                pthread_mutex_lock(&workers->mutex);
        }
        workers->n_threads--;
        place->state = PLACE_ENDED;
        pthread_mutex_unlock(&workers->mutex);
        return NULL;
}

/* Signals belong to the threads of the program, not to those that call actions. */
static int create_thread(struct place *place) {
        pthread_attr_t attributes;
        sigset_t all, before;
        int r;

        r = pthread_attr_init(&attributes);
        if (r)
                return -r;
        pthread_attr_setstacksize(&attributes, STACK_BYTES);
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        r = pthread_create(&place->thread, &attributes, work, place);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        pthread_attr_destroy(&attributes);
        return -r;
}

/* Starts one more thread, with the mutex held. A thread that has ended has let go of the mutex, so joining it is brief.
 */
static int start_thread(struct bp_workers *workers) {
        struct place *place = workers->places;
        int r;

        while (place->state == PLACE_RUNNING)
                place++;
        if (place->state == PLACE_ENDED) {
                pthread_join(place->thread, NULL);
                place->state = PLACE_FREE;
        }
        place->workers = workers;
        r = create_thread(place);
        if (r < 0)
                return r;
        place->state = PLACE_RUNNING;
        workers->n_threads++;
        return 0;
}

static int init_locks(struct bp_workers *workers) {
        pthread_condattr_t attributes;
        int r;

        r = pthread_mutex_init(&workers->mutex, NULL);
        if (r)
                return -r;
        r = pthread_condattr_init(&attributes);
        if (r == 0) {
                pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
                r = pthread_cond_init(&workers->work, &attributes);
                pthread_condattr_destroy(&attributes);
        }
        if (r)
                pthread_mutex_destroy(&workers->mutex);
        return -r;
}

int bp_workers_new(const struct bp_workers_settings *settings, struct bp_workers **ret_workers) {
        uint32_t threads = settings->threads ? settings->threads : BP_WORKERS_DEFAULT;
        struct bp_workers *workers = bp_calloc(1, sizeof(*workers) + threads * sizeof(workers->places[0]));
        int r;

        if (!workers)
                return -ENOMEM;
        r = init_locks(workers);
        if (r < 0) {
                free(workers);
                return r;
        }
        workers->threads_max = threads;
        workers->idle_milliseconds = settings->idle_milliseconds ? settings->idle_milliseconds : IDLE_MILLISECONDS;
        workers->last = &workers->first;
        pthread_mutex_lock(&workers->mutex);
        r = start_thread(workers);
        pthread_mutex_unlock(&workers->mutex);
        if (r < 0) {
                bp_workers_free(workers);
                return r;
        }
        *ret_workers = workers;
        return 0;
}

/* Nothing starts a thread any more, so a place that is free stays free. */
static void join_place(struct bp_workers *workers, const struct place *place) {
        enum place_state state;

        pthread_mutex_lock(&workers->mutex);
        state = place->state;
        pthread_mutex_unlock(&workers->mutex);
        if (state != PLACE_FREE)
                pthread_join(place->thread, NULL);
}

struct bp_workers *bp_workers_free(struct bp_workers *workers) {
        if (!workers)
                return NULL;
        pthread_mutex_lock(&workers->mutex);
        workers->closing = true;
        pthread_cond_broadcast(&workers->work);
        pthread_mutex_unlock(&workers->mutex);
        for (uint32_t i = 0; i < workers->threads_max; i++)
                join_place(workers, &workers->places[i]);
        pthread_cond_destroy(&workers->work);
        pthread_mutex_destroy(&workers->mutex);
        free(workers);
        return NULL;
}

void bp_workers_submit(struct bp_workers *workers, struct bp_job *job) {
        pthread_mutex_lock(&workers->mutex);
        job->next = NULL;
        *workers->last = job;
        workers->last = &job->next;
        workers->n_queued++;
        /* When no thread can be started, those that exist will come to it. */
        if (workers->n_queued > workers->n_idle && workers->n_threads < workers->threads_max && !workers->closing)
                (void)start_thread(workers);
        pthread_cond_signal(&workers->work);
        pthread_mutex_unlock(&workers->mutex);
}

uint32_t bp_workers_count(struct bp_workers *workers) {
        uint32_t count;

        pthread_mutex_lock(&workers->mutex);
        count = workers->n_threads;
        pthread_mutex_unlock(&workers->mutex);
        return count;
}

void bp_workers_load(struct bp_workers *workers, uint32_t *ret_busy, uint32_t *ret_queued) {
        pthread_mutex_lock(&workers->mutex);
        *ret_busy = workers->n_threads - workers->n_idle;
        *ret_queued = workers->n_queued;
        pthread_mutex_unlock(&workers->mutex);
}
