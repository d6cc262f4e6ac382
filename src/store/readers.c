/* SPDX-License-Identifier: Apache-2.0 */
#include "store/readers.h"

#include <errno.h>
#include <stdlib.h>

#include "metrics/metrics.h"
#include "store/connection.h"
#include "store/state.h"

int bp_readers_init(struct bp_readers *readers, uint32_t most, int exclusive) {
        *readers = (struct bp_readers){.most = most, .exclusive = exclusive};
        if (pthread_mutex_init(&readers->mutex, NULL))
                return -ENOMEM;
        if (pthread_cond_init(&readers->returned, NULL)) {
                pthread_mutex_destroy(&readers->mutex);
                return -ENOMEM;
        }
        if (pthread_rwlock_init(&readers->exclusion, NULL)) {
                pthread_cond_destroy(&readers->returned);
                pthread_mutex_destroy(&readers->mutex);
                return -ENOMEM;
        }
        return 0;
}

void bp_readers_done(struct bp_readers *readers) {
        while (readers->idle) {
                struct bp_connection *connection = readers->idle;

                readers->idle = connection->next;
                bp_connection_close(connection);
                free(connection);
        }
        pthread_rwlock_destroy(&readers->exclusion);
        pthread_cond_destroy(&readers->returned);
        pthread_mutex_destroy(&readers->mutex);
}

/* One of the pool, or the right to open one: NULL. */
static struct bp_connection *take(struct bp_readers *readers) {
        struct bp_connection *connection;

        pthread_mutex_lock(&readers->mutex);
        while (!readers->idle && readers->n_open == readers->most)
                pthread_cond_wait(&readers->returned, &readers->mutex);
        connection = readers->idle;
        if (connection)
                readers->idle = connection->next;
        else
                readers->n_open++;
        pthread_mutex_unlock(&readers->mutex);
        return connection;
}

static void give_up(struct bp_readers *readers) {
        pthread_mutex_lock(&readers->mutex);
        readers->n_open--;
        pthread_cond_signal(&readers->returned);
        pthread_mutex_unlock(&readers->mutex);
}

int bp_readers_acquire(struct bp_store *store, struct bp_connection **ret_connection) {
        struct bp_readers *readers = &store->readers;
        struct bp_connection *connection = take(readers);
        int r = 0;

        if (!connection) {
                connection = bp_calloc(1, sizeof(*connection));
                r = connection ? bp_connection_open(connection, store->uri, BP_CONNECTION_READER) : -ENOMEM;
                if (r) {
                        free(connection);
                        give_up(readers);
                        return r;
                }
        }
        if (readers->exclusive)
                pthread_rwlock_rdlock(&readers->exclusion);
        *ret_connection = connection;
        return 0;
}

void bp_readers_release(struct bp_store *store, struct bp_connection *connection) {
        struct bp_readers *readers;

        if (!connection)
                return;
        readers = &store->readers;
        if (readers->exclusive)
                pthread_rwlock_unlock(&readers->exclusion);
        pthread_mutex_lock(&readers->mutex);
        connection->next = readers->idle;
        readers->idle = connection;
        pthread_cond_signal(&readers->returned);
        pthread_mutex_unlock(&readers->mutex);
}

int bp_reader_begin(struct bp_reader *reader, struct bp_store *store, const char *sql) {
        int r;

        reader->began = bp_mono_now();
        r = bp_readers_acquire(store, &reader->connection);
        if (r)
                return r;
        reader->store = store;
        return bp_connection_prepare(reader->connection, sql, &reader->stmt);
}

static int run(struct bp_connection *connection, const char *sql) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection, sql, &stmt);

        return r ? r : bp_connection_run(connection, stmt);
}

int bp_reader_snapshot(struct bp_reader *reader, struct bp_store *store) {
        int r = bp_reader_begin(reader, store, "BEGIN");

        if (!r)
                r = bp_connection_run(reader->connection, reader->stmt);
        reader->stmt = NULL;
        reader->in_transaction = !r;
        return r;
}

void bp_reader_release(struct bp_reader *reader) {
        if (reader->operation && reader->connection && reader->store->metrics)
                bp_metrics_observe(reader->store->metrics, BP_HISTOGRAM_DB_OPERATION, reader->operation, reader->entity,
                                   NULL, (double)(bp_mono_now().us - reader->began.us) / 1e6);
        bp_statement_reset(&reader->stmt);
        if (reader->in_transaction)
                run(reader->connection, "ROLLBACK"); /* nothing was written; it frees the snapshot */
        bp_readers_release(reader->store, reader->connection);
}
