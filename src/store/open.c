/* SPDX-License-Identifier: Apache-2.0 */
/* Opening changes nothing before it is sure what the file is: lock, header, schema, and only then the token. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/lock.h"
#include "store/migrate.h"
#include "store/state.h"
#include "store/url.h"
#include "store/writer.h"

enum {
        DEFAULT_READERS = 4,
        DEFAULT_QUEUE_BYTES = 64 << 20,
        DEFAULT_WAIT_SECONDS = 24 * 3600,
        DEFAULT_KNOWN_SECONDS = 7 * 24 * 3600,
        DEFAULT_EVENTS = 1000000,
        CHECKED_BYTES = 1 << 20, /* a store up to this size is looked through after an unclean stop: milliseconds */
};

/* Reads one number; there must be a row. */
static int read_number(struct bp_connection *connection, const char *sql, int64_t *ret_number) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection, sql, &stmt);

        if (!r)
                r = bp_connection_step(connection, stmt);
        if (r)
                return r > 0 ? -EUCLEAN : r;
        *ret_number = sqlite3_column_int64(stmt, 0);
        bp_statement_reset(&stmt);
        return 0;
}

static int64_t file_size(const char *path, const char *suffix) {
        char name[4096];
        struct stat status;

        if (snprintf(name, sizeof(name), "%s%s", path, suffix) >= (int)sizeof(name) || stat(name, &status) < 0)
                return -1;
        return status.st_size;
}

/* A log that is left over says that the last process did not stop by itself. */
static bool was_unclean(const char *path) {
        return file_size(path, "-wal") > 0;
}

static int check_pages(struct bp_connection *connection) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection, "PRAGMA quick_check(1)", &stmt);

        if (!r)
                r = bp_connection_step(connection, stmt);
        if (r)
                return r > 0 ? -EUCLEAN : r;
        if (strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") != 0) {
                snprintf(connection->message, sizeof(connection->message), "%s", sqlite3_column_text(stmt, 0));
                r = -EUCLEAN;
        }
        bp_statement_reset(&stmt);
        return r;
}

static int newer(const struct bp_store *store, uint32_t number, struct bp_problem *reterr_problem) {
        bp_problem_set(reterr_problem, "STORE_NEWER",
                       "the store %s was made by a newer version of this program (schema %u, this one knows %zu): use "
                       "that version",
                       store->path, number, bp_n_migrations);
        return BP_STORE_PROBLEM;
}

/* @return 0, BP_STORE_PROBLEM (filled), negative errno */
static int bring_up_to_date(struct bp_store *store, struct bp_problem *reterr_problem) {
        uint32_t number;
        int r = bp_migrate_number(&store->writer, &number);

        if (r)
                return r;
        if (number > bp_n_migrations)
                return newer(store, number, reterr_problem);
        if (store->mode == BP_STORE_ADMIN && number < bp_n_migrations) {
                bp_problem_set(
                        reterr_problem, "STORE_OLDER",
                        "the store %s was made by an older version: start the service once to bring it up to date",
                        store->path);
                return BP_STORE_PROBLEM;
        }
        store->migration = (uint32_t)bp_n_migrations;
        return bp_migrate(&store->writer, bp_migrations, bp_n_migrations);
}

/*
 * Write-ahead logging, and nothing that the driver would only tell at the first write. A commit of few small rows
 * writes every page that it touches: with pages of a quarter of the usual size that is about half the bytes.
 */
static int prepare_file(struct bp_store *store, bool unclean) {
        int r = bp_connection_exec(&store->writer, "PRAGMA page_size=1024; PRAGMA journal_mode=WAL");

        if (!r && sqlite3_db_readonly(store->writer.db, "main") == 1) {
                snprintf(store->writer.message, sizeof(store->writer.message), "opened for reading only");
                r = -EROFS;
        }
        if (!r)
                r = bp_connection_exec(&store->writer,
                                       "PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=8388608");
        if (!r && unclean && file_size(store->path, "") <= CHECKED_BYTES)
                r = check_pages(&store->writer);
        return r;
}

/* Raises the fencing token: who had the store before writes nothing any more. */
static int take_over(struct bp_store *store) {
        int64_t token;
        int r = bp_connection_exec(&store->writer, "UPDATE meta SET value = value + 1 WHERE key = 'fencing_token'");

        if (!r)
                r = read_number(&store->writer, "SELECT value FROM meta WHERE key = 'fencing_token'", &token);
        if (!r)
                store->fencing_token = (uint64_t)token;
        return r;
}

/* Where numbers and positions go on: behind everything that was ever given out. */
static int go_on(struct bp_store *store) {
        int64_t number, position;
        int r = read_number(&store->writer,
                            "SELECT max(value, coalesce((SELECT max(number) FROM executions), 0)) FROM meta "
                            "WHERE key = 'last_number'",
                            &number);

        if (!r)
                r = read_number(&store->writer,
                                "SELECT max(value, coalesce((SELECT max(position) FROM journal), 0), "
                                "coalesce((SELECT max(position) FROM logs), 0)) FROM meta WHERE key = 'last_position'",
                                &position);
        if (r)
                return r;
        store->last_number = (uint64_t)number;
        store->last_position = (uint64_t)position;
        return bp_applier_init(&store->applier);
}

/* @return 0, BP_STORE_PROBLEM (filled), negative errno (the writer has the words) */
static int open_writer(struct bp_store *store, struct bp_problem *reterr_problem) {
        enum bp_connection_kind kind = store->mode == BP_STORE_ADMIN ? BP_CONNECTION_ADMIN : BP_CONNECTION_WRITER;
        bool unclean = !store->in_memory && was_unclean(store->path);
        int r = bp_connection_open(&store->writer, store->uri, kind);

        if (!r && !store->in_memory)
                r = prepare_file(store, unclean);
        if (!r)
                r = bring_up_to_date(store, reterr_problem);
        if (!r && store->mode == BP_STORE_EXECUTE)
                r = take_over(store);
        return r ? r : go_on(store);
}

/* A new store is for its owner alone: it keeps what pipelines work with, secrets among it. Its log follows the file.
 * What keeps it from being made, the database says in its own words. */
static void make_private(const char *path) {
        int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd >= 0)
                close(fd);
}

static int open_database(struct bp_store *store, struct bp_problem *reterr_problem) {
        int r;

        if (store->mode == BP_STORE_ADMIN && (store->in_memory || access(store->path, F_OK) < 0)) {
                bp_problem_set(reterr_problem, "STORE_NOT_FOUND", "there is no store at %s", store->path);
                return BP_STORE_PROBLEM;
        }
        if (store->mode == BP_STORE_EXECUTE && !store->in_memory) {
                r = bp_lock_take(store->path, &store->lock_fd, reterr_problem);
                if (r)
                        return r;
                make_private(store->path);
        }
        r = open_writer(store, reterr_problem);
        return r < 0 ? bp_store_fault_problem(r, store->path, bp_connection_message(&store->writer), reterr_problem)
                     : r;
}

static int init_lock(struct bp_store *store) {
        pthread_condattr_t attributes;
        int r;

        if (pthread_mutex_init(&store->mutex, NULL))
                return -ENOMEM;
        r = pthread_condattr_init(&attributes);
        if (!r) {
                pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
                r = pthread_cond_init(&store->wake, &attributes);
                pthread_condattr_destroy(&attributes);
        }
        if (r)
                pthread_mutex_destroy(&store->mutex);
        return -r;
}

static void done_lock(struct bp_store *store) {
        pthread_cond_destroy(&store->wake);
        pthread_mutex_destroy(&store->mutex);
}

static struct bp_store_inbox complete_inbox(const struct bp_store_inbox *given) {
        return (struct bp_store_inbox){
                .wait_seconds = given->wait_seconds ? given->wait_seconds : DEFAULT_WAIT_SECONDS,
                .known_seconds = given->known_seconds ? given->known_seconds : DEFAULT_KNOWN_SECONDS,
                .events = given->events ? given->events : DEFAULT_EVENTS,
        };
}

/* Everything but the database. */
static int new_store(const struct bp_store_settings *settings, struct bp_store **ret_store,
                     struct bp_problem *reterr_problem) {
        struct bp_store *store = bp_calloc(1, sizeof(*store));
        int r;

        if (!store)
                return -ENOMEM;
        store->mode = settings->mode;
        store->lock_fd = -1;
        store->queue_bytes = settings->queue_bytes ? settings->queue_bytes : DEFAULT_QUEUE_BYTES;
        store->inbox = complete_inbox(&settings->inbox);
        store->metrics = settings->metrics;
        store->durable = settings->durable;
        store->health = settings->health;
        store->userdata = settings->userdata;
        bp_group_init(&store->groups[0]);
        bp_group_init(&store->groups[1]);
        store->filling = &store->groups[0];
        r = bp_store_url_read(settings->url, &store->in_memory, &store->path, &store->uri, reterr_problem);
        if (!r) {
                r = init_lock(store);
                if (!r) {
                        r = bp_readers_init(&store->readers, settings->readers ? settings->readers : DEFAULT_READERS,
                                            store->in_memory);
                        if (r)
                                done_lock(store);
                }
                if (r) {
                        free(store->path);
                        free(store->uri);
                }
        }
        if (r) {
                free(store);
                return r;
        }
        *ret_store = store;
        return 0;
}

int bp_store_open(const struct bp_store_settings *settings, struct bp_store **ret_store,
                  struct bp_problem *reterr_problem) {
        struct bp_store *store;
        int r = new_store(settings, &store, reterr_problem);

        if (r)
                return r;
        r = open_database(store, reterr_problem);
        if (!r)
                r = bp_writer_start(store);
        if (r) {
                bp_store_close(store);
                return r;
        }
        *ret_store = store;
        return 0;
}

struct bp_store *bp_store_close(struct bp_store *store) {
        if (!store)
                return NULL;
        bp_writer_stop(store);
        bp_readers_done(&store->readers);
        bp_connection_close(&store->writer); /* the last connection: copies the log into the database and removes it */
        bp_lock_release(store->lock_fd);
        bp_applier_done(&store->applier);
        bp_group_done(&store->groups[0]);
        bp_group_done(&store->groups[1]);
        done_lock(store);
        free(store->path);
        free(store->uri);
        free(store);
        return NULL;
}

int bp_store_problem(struct bp_store *store, struct bp_problem *reterr_problem) {
        int r;

        pthread_mutex_lock(&store->mutex);
        r = store->problem.code ? BP_STORE_PROBLEM : 0;
        if (r && reterr_problem)
                *reterr_problem = store->problem;
        pthread_mutex_unlock(&store->mutex);
        return r;
}

bool bp_store_is_busy(struct bp_store *store) {
        return atomic_load(&store->queued) > store->queue_bytes;
}

struct bp_store_info bp_store_info(const struct bp_store *store) {
        return (struct bp_store_info){.driver = store->in_memory ? "memory" : "sqlite",
                                      .path = store->path,
                                      .fencing_token = store->fencing_token,
                                      .migration = store->migration};
}
