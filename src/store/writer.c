/* SPDX-License-Identifier: Apache-2.0 */
/* While one group flushes, the next one fills: under load groups grow by themselves, at rest a record goes out at once.
 * A commit that fails is rolled back and tried again, later and later, up to once a second. */
#include "store/writer.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "metrics/metrics.h"
#include "store/state.h"
#include "store/write.h"

enum {
        FIRST_BACKOFF_MS = 20,
        LAST_BACKOFF_MS = 1000,
        CHECKPOINT_PAGES = 3000, /* of the write-ahead log, from which on it is copied into the database */
};

static int run(struct bp_connection *connection, const char *sql) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection, sql, &stmt);

        return r ? r : bp_connection_run(connection, stmt);
}

/* Another process that took the store over raised the token. */
static int check_token(struct bp_store *store) {
        sqlite3_stmt *stmt;
        int r;

        if (!store->fencing_token)
                return 0;
        r = bp_connection_prepare(&store->writer, "SELECT value FROM meta WHERE key = 'fencing_token'", &stmt);
        if (!r)
                r = bp_connection_step(&store->writer, stmt);
        if (!r && (uint64_t)sqlite3_column_int64(stmt, 0) != store->fencing_token)
                r = BP_STORE_NOT_FOUND;
        if (r <= 0) {
                if (!r)
                        bp_statement_reset(&stmt);
                return r;
        }
        bp_statement_reset(&stmt);
        return -ESTALE;
}

static int transaction(struct bp_store *store, struct bp_group *group) {
        int r = run(&store->writer, "BEGIN IMMEDIATE");

        if (r)
                return r;
        r = check_token(store);
        if (!r)
                r = bp_applier_apply(&store->applier, group, &store->writer);
        if (!r)
                r = run(&store->writer, "COMMIT");
        if (r && !sqlite3_get_autocommit(store->writer.db)) /* keeps the words of the first error */
                sqlite3_exec(store->writer.db, "ROLLBACK", NULL, NULL, NULL);
        bp_applier_settle(&store->applier, !r);
        return r;
}

static void measure(struct bp_store *store, const struct bp_group *group, struct bp_mono began) {
        bp_metrics_add(store->metrics, BP_METRIC_COMMITS, NULL, NULL, 1);
        bp_metrics_add(store->metrics, BP_METRIC_COMMIT_ROWS, NULL, NULL, store->applier.rows);
        bp_metrics_observe(store->metrics, BP_HISTOGRAM_COMMIT_DURATION, NULL, NULL, NULL,
                           (double)(bp_mono_now().us - began.us) / 1e6);
        bp_metrics_observe(store->metrics, BP_HISTOGRAM_COMMIT_GROUP, NULL, NULL, NULL, group->n_records);
}

static int commit(struct bp_store *store, struct bp_group *group) {
        struct bp_mono began = bp_mono_now();
        int r;

        if (store->in_memory)
                pthread_rwlock_wrlock(&store->readers.exclusion);
        r = transaction(store, group);
        if (store->in_memory)
                pthread_rwlock_unlock(&store->readers.exclusion);
        if (!r)
                measure(store, group, began);
        return r;
}

static void tell_failure(struct bp_store *store, int error) {
        struct bp_problem problem;
        bool news;

        if (bp_store_fault_problem(error, store->path, bp_connection_message(&store->writer), &problem) < 0)
                bp_problem_set(&problem, "STORE_IO", "cannot write to the store %s: out of memory", store->path);
        problem.retryable = true;
        pthread_mutex_lock(&store->mutex);
        news = !store->problem.code || store->problem.code != problem.code;
        store->problem = problem;
        pthread_mutex_unlock(&store->mutex);
        store->failing = true;
        bp_metrics_add(store->metrics, BP_METRIC_DB_ERRORS, "commit", problem.code, 1);
        if (news && store->health)
                store->health(store->userdata, &problem);
}

static void tell_success(struct bp_store *store) {
        if (!store->failing)
                return;
        store->failing = false;
        pthread_mutex_lock(&store->mutex);
        store->problem = (struct bp_problem){0};
        pthread_mutex_unlock(&store->mutex);
        if (store->health)
                store->health(store->userdata, NULL);
}

/* Waits before the next try. @return false when the store is closed. */
static bool wait_out(struct bp_store *store, unsigned ms) {
        struct timespec until;
        bool closing;
        int r = 0;

        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += (long)(ms % 1000) * 1000000;
        until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_mutex_lock(&store->mutex);
        while (!store->closing && r != ETIMEDOUT)
                r = pthread_cond_timedwait(&store->wake, &store->mutex, &until);
        closing = store->closing;
        pthread_mutex_unlock(&store->mutex);
        return !closing;
}

/* The last try of a store that is being closed. Later groups may build on this one, so with it they are given up. */
static int try_once_more(struct bp_store *store, struct bp_group *group) {
        store->given_up = commit(store, group) != 0;
        return store->given_up ? -ECANCELED : 0;
}

/* Makes a group durable. @return 0; negative errno when it was given up: the store is closed, or nobody would wait. */
static int make_durable(struct bp_store *store, struct bp_group *group) {
        unsigned backoff_ms = FIRST_BACKOFF_MS;

        while (!store->given_up) {
                int r = commit(store, group);

                if (!r) {
                        tell_success(store);
                        return 0;
                }
                if (store->mode == BP_STORE_ADMIN)
                        return r;
                tell_failure(store, r);
                if (!wait_out(store, backoff_ms))
                        return try_once_more(store, group);
                backoff_ms = backoff_ms * 2 > LAST_BACKOFF_MS ? LAST_BACKOFF_MS : backoff_ms * 2;
        }
        return -ECANCELED;
}

/* Keeps the write-ahead log bounded. What could not be copied for a reader's sake is copied the next time. */
static int after_commit(void *userdata, sqlite3 *db, const char *name, int pages) {
        if (pages >= CHECKPOINT_PAGES)
                sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        (void)userdata;
        return SQLITE_OK;
}

/* The group to be written next, NULL when the store is closed and nothing waits. What the engine appends between two
 * commits stays together, also when another thread's write wants the group written. */
static struct bp_group *next_group(struct bp_store *store) {
        struct bp_group *group;

        pthread_mutex_lock(&store->mutex);
        while ((!store->wanted || store->held) && !store->closing)
                pthread_cond_wait(&store->wake, &store->mutex);
        group = store->filling;
        store->filling = group == &store->groups[0] ? &store->groups[1] : &store->groups[0];
        store->wanted = false;
        pthread_mutex_unlock(&store->mutex);
        return bp_group_is_empty(group) ? NULL : group;
}

static void *write_groups(void *userdata) {
        struct bp_store *store = userdata;
        struct bp_group *group;

        while ((group = next_group(store))) {
                size_t bytes = group->bytes;
                uint64_t ticket = group->ticket;
                int r = make_durable(store, group);

                bp_metrics_set(store->metrics, BP_METRIC_WRITE_QUEUE_BYTES,
                               (int64_t)(atomic_fetch_sub(&store->queued, bytes) - bytes));
                bp_group_finish(group, r);
                if (!r && ticket && store->durable)
                        store->durable(store->userdata, ticket);
        }
        return NULL;
}

int bp_writer_start(struct bp_store *store) {
        sigset_t all, before;
        int r;

        sqlite3_wal_hook(store->writer.db, after_commit, NULL);
        sigfillset(&all); /* signals are for the program's own threads */
        pthread_sigmask(SIG_BLOCK, &all, &before);
        r = pthread_create(&store->thread, NULL, write_groups, store);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        store->running = !r;
        return -r;
}

void bp_writer_stop(struct bp_store *store) {
        if (!store->running)
                return;
        pthread_mutex_lock(&store->mutex);
        store->closing = true;
        pthread_cond_signal(&store->wake);
        pthread_mutex_unlock(&store->mutex);
        pthread_join(store->thread, NULL);
        store->running = false;
}

int bp_store_finish(struct bp_store *store, struct bp_problem *reterr_problem) {
        bp_writer_stop(store);
        return store->given_up ? bp_store_problem(store, reterr_problem) : 0;
}

void bp_write_submit(struct bp_store *store, struct bp_write *write) {
        pthread_mutex_lock(&store->mutex);
        atomic_fetch_add(&store->queued, write->bytes);
        bp_group_add_write(store->filling, write);
        store->wanted = true;
        pthread_cond_signal(&store->wake);
        pthread_mutex_unlock(&store->mutex);
}
