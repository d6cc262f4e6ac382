/* SPDX-License-Identifier: Apache-2.0 */
/* The pool with real threads. Jobs meet the test at gates, so nothing depends on how fast a thread is. */
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <time.h>

#include "base/clock.h"
#include "runtime/workers.h"

enum {
        THREADS = 4,
        JOBS = 100,
        PATIENCE_SECONDS = 20,
};

/* Counts jobs that have come, and holds them until it is opened. */
struct gate {
        pthread_mutex_t mutex;
        pthread_cond_t changed;
        bool open;
        unsigned waiting, most_waiting, passed;
        unsigned order[JOBS];
};

struct gated_job {
        struct bp_job job;
        struct gate *gate;
        unsigned number;
};

static void gate_init(struct gate *gate) {
        *gate = (struct gate){.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
}

static void pass_gate(struct bp_job *job) {
        struct gated_job *gated = (struct gated_job *)(void *)job;
        struct gate *gate = gated->gate;

        pthread_mutex_lock(&gate->mutex);
        gate->waiting++;
        if (gate->waiting > gate->most_waiting)
                gate->most_waiting = gate->waiting;
        pthread_cond_broadcast(&gate->changed);
        while (!gate->open)
                pthread_cond_wait(&gate->changed, &gate->mutex);
        gate->waiting--;
        gate->order[gate->passed++] = gated->number;
        pthread_cond_broadcast(&gate->changed);
        pthread_mutex_unlock(&gate->mutex);
}

static struct timespec patience(void) {
        struct timespec until;

        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += PATIENCE_SECONDS;
        return until;
}

static void wait_for_count(struct gate *gate, const unsigned *counter, unsigned count) {
        struct timespec until = patience();

        pthread_mutex_lock(&gate->mutex);
        while (*counter < count)
                assert_int_not_equal(pthread_cond_timedwait(&gate->changed, &gate->mutex, &until), ETIMEDOUT);
        pthread_mutex_unlock(&gate->mutex);
}

static void open_gate(struct gate *gate) {
        pthread_mutex_lock(&gate->mutex);
        gate->open = true;
        pthread_cond_broadcast(&gate->changed);
        pthread_mutex_unlock(&gate->mutex);
}

static struct bp_workers *pool_of(uint32_t threads, uint32_t idle_milliseconds) {
        struct bp_workers_settings settings = {.threads = threads, .idle_milliseconds = idle_milliseconds};
        struct bp_workers *workers;

        assert_int_equal(bp_workers_new(&settings, &workers), 0);
        return workers;
}

static void blocked_jobs_do_not_hinder_others(void **state) {
        struct bp_workers *workers = pool_of(THREADS, 0);
        struct gated_job blocked[THREADS - 1], free_job;
        struct gate closed, open;

        (void)state;
        gate_init(&closed);
        gate_init(&open);
        open_gate(&open);
        for (unsigned i = 0; i < THREADS - 1; i++) {
                blocked[i] = (struct gated_job){.job.run = pass_gate, .gate = &closed, .number = i};
                bp_workers_submit(workers, &blocked[i].job);
        }
        wait_for_count(&closed, &closed.waiting, THREADS - 1);
        free_job = (struct gated_job){.job.run = pass_gate, .gate = &open};
        bp_workers_submit(workers, &free_job.job);
        wait_for_count(&open, &open.passed, 1);
        open_gate(&closed);
        bp_workers_free(workers);
        assert_int_equal(closed.passed, THREADS - 1);
}

static void no_more_threads_than_allowed(void **state) {
        struct bp_workers *workers = pool_of(THREADS, 0);
        static struct gated_job jobs[JOBS];
        uint32_t busy, queued;
        struct gate gate;

        (void)state;
        gate_init(&gate);
        for (unsigned i = 0; i < JOBS; i++) {
                jobs[i] = (struct gated_job){.job.run = pass_gate, .gate = &gate, .number = i};
                bp_workers_submit(workers, &jobs[i].job);
        }
        wait_for_count(&gate, &gate.waiting, THREADS);
        assert_int_equal(bp_workers_count(workers), THREADS);
        bp_workers_load(workers, &busy, &queued);
        assert_int_equal(busy, THREADS);
        assert_int_equal(queued, JOBS - THREADS);
        open_gate(&gate);
        wait_for_count(&gate, &gate.passed, JOBS);
        assert_int_equal(gate.most_waiting, THREADS);
        bp_workers_free(workers);
}

static void jobs_begin_in_the_order_they_came(void **state) {
        struct bp_workers *workers = pool_of(1, 0);
        static struct gated_job jobs[JOBS];
        struct gate gate;

        (void)state;
        gate_init(&gate);
        for (unsigned i = 0; i < JOBS; i++) {
                jobs[i] = (struct gated_job){.job.run = pass_gate, .gate = &gate, .number = i};
                bp_workers_submit(workers, &jobs[i].job);
        }
        open_gate(&gate);
        wait_for_count(&gate, &gate.passed, JOBS);
        for (unsigned i = 0; i < JOBS; i++)
                assert_int_equal(gate.order[i], i);
        bp_workers_free(workers);
}

/* Yields until the pool has shrunk; the bound is patience, not a guess at how long it takes. */
static void wait_until_one_is_left(struct bp_workers *workers) {
        int64_t until = bp_mono_now().us + PATIENCE_SECONDS * INT64_C(1000000);

        while (bp_workers_count(workers) > 1) {
                assert_true(bp_mono_now().us < until);
                sched_yield();
        }
}

static void idle_threads_go_and_come_back(void **state) {
        struct bp_workers *workers = pool_of(THREADS, 5);
        struct gated_job jobs[THREADS];
        struct gate gate;

        (void)state;
        for (unsigned round = 0; round < 3; round++) {
                gate_init(&gate);
                for (unsigned i = 0; i < THREADS; i++) {
                        jobs[i] = (struct gated_job){.job.run = pass_gate, .gate = &gate, .number = i};
                        bp_workers_submit(workers, &jobs[i].job);
                }
                wait_for_count(&gate, &gate.waiting, THREADS);
                open_gate(&gate);
                wait_for_count(&gate, &gate.passed, THREADS);
                wait_until_one_is_left(workers);
        }
        bp_workers_free(workers);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(blocked_jobs_do_not_hinder_others),
                cmocka_unit_test(no_more_threads_than_allowed),
                cmocka_unit_test(jobs_begin_in_the_order_they_came),
                cmocka_unit_test(idle_threads_go_and_come_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
