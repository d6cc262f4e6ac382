/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file readers.h
 * The pool of connections for reading. Seen inside this room only.
 */
#ifndef BP_STORE_READERS_H
#define BP_STORE_READERS_H

#include <pthread.h>
#include <stdint.h>

#include "base/clock.h"

struct bp_connection;
struct bp_metrics;
struct bp_store;

struct bp_readers {
        pthread_mutex_t mutex;
        pthread_cond_t returned;
        struct bp_connection *idle;
        uint32_t n_open, most;
        /* The memory driver knows no snapshots: there, readers and the writer's transaction exclude each other. */
        pthread_rwlock_t exclusion;
        int exclusive;
};

/* Sets a pool of at most `most` connections up. @return 0 or -ENOMEM. */
int bp_readers_init(struct bp_readers *readers, uint32_t most, int exclusive);

/* Closes the connections; all must have been released. */
void bp_readers_done(struct bp_readers *readers);

/**
 * Takes a connection for reading; waits while all are taken, so a thread must not hold one and wait for another, but in
 * the visit of bp_store_each_live(). Opened on first use. @return 0 or negative errno.
 */
int bp_readers_acquire(struct bp_store *store, struct bp_connection **ret_connection);

/* Gives it back; its statements are reset by then. NULL is allowed. */
void bp_readers_release(struct bp_store *store, struct bp_connection *connection);

/* A connection with one statement, for a scope: with what the metrics call it:
 * `_cleanup_(bp_reader_release) struct bp_reader reader = {.operation = "get", .entity = "execution"};` */
struct bp_reader {
        struct bp_store *store;
        struct bp_connection *connection;
        struct sqlite3_stmt *stmt;
        int in_transaction;
        const char *operation, *entity; /* what the metrics call it: constant texts, or NULL */
        struct bp_mono began;
};

/* Takes a connection and prepares the statement. @return 0 or negative errno. */
int bp_reader_begin(struct bp_reader *reader, struct bp_store *store, const char *sql);

/* Takes a connection and begins a transaction: every statement on it sees the same. @return 0 or negative errno. */
int bp_reader_snapshot(struct bp_reader *reader, struct bp_store *store);

/* Resets the statement, ends the transaction, and gives the connection back. */
void bp_reader_release(struct bp_reader *reader);

#endif
