/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file connection.h
 * One connection to the database with its prepared statements. One thread at a time. Seen inside this room only.
 *
 * Functions that talk to the database return 0, a positive outcome where one is documented, or a negative errno made
 * by bp_connection_error(), which also keeps the words of the database for bp_connection_message().
 */
#ifndef BP_STORE_CONNECTION_H
#define BP_STORE_CONNECTION_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/memory.h"
#include "store/store.h"

enum {
        BP_CONNECTION_STATEMENTS = 128, /* slots for prepared statements; a power of two */
        BP_CONNECTION_BUSY_MS = 5000,   /* how long a lock of another process is waited for */
};

/* How a connection is opened. */
enum bp_connection_kind {
        BP_CONNECTION_WRITER = 1, /* creates the database where there is none */
        BP_CONNECTION_ADMIN,      /* writes, creates nothing */
        BP_CONNECTION_READER,
};

struct bp_connection {
        sqlite3 *db;
        struct {
                const char *sql;
                sqlite3_stmt *stmt;
        } statements[BP_CONNECTION_STATEMENTS];
        size_t n_statements;
        char message[256];          /* of the last error */
        struct bp_connection *next; /* among the idle ones of a pool */
};

/* Opens `uri` (a file: URI). @return 0 or negative errno; the connection is then closed but has its message. */
int bp_connection_open(struct bp_connection *connection, const char *uri, enum bp_connection_kind kind);

/* Gives everything back; a zeroed connection is allowed. */
void bp_connection_close(struct bp_connection *connection);

/* The negative errno for what the database answered; keeps its words. Out of memory is -ENOMEM, a full disk -ENOSPC,
 * damage -EUCLEAN, a file of another kind -EMEDIUMTYPE, no permission to write -EROFS, a broken rule of the schema
 * -EEXIST, a lock -EBUSY, all else -EIO. */
int bp_connection_error(struct bp_connection *connection, int code);

/* Words of the last error. */
const char *bp_connection_message(const struct bp_connection *connection);

/* Runs statements without results; not kept. @return 0 or negative errno. */
int bp_connection_exec(struct bp_connection *connection, const char *sql);

/* A prepared statement, kept under the address of its constant text; it is reset and has no bindings of earlier use.
 * @return 0 or negative errno. */
int bp_connection_prepare(struct bp_connection *connection, const char *sql, sqlite3_stmt **ret_stmt);

/* Steps a statement that gives no rows, and resets it. @return 0 or negative errno. */
int bp_connection_run(struct bp_connection *connection, sqlite3_stmt *stmt);

/* Steps to the next row. @return 0: there is one; BP_STORE_NOT_FOUND: there is none, the statement is reset; negative
 * errno: likewise. */
int bp_connection_step(struct bp_connection *connection, sqlite3_stmt *stmt);

/* Ends a statement early: `_cleanup_(bp_statement_reset) sqlite3_stmt *stmt = NULL;`. */
void bp_statement_reset(sqlite3_stmt **stmt);

/* Rows that the last statement changed. */
int64_t bp_connection_changes(struct bp_connection *connection);

/* Binding. What is bound is borrowed until the statement is reset. */
void bp_bind_id(sqlite3_stmt *stmt, int column, bool has, const struct bp_id *id); /* else NULL */
void bp_bind_digest(sqlite3_stmt *stmt, int column, const struct bp_digest *digest);
void bp_bind_text(sqlite3_stmt *stmt, int column, const char *text);                /* NULL: NULL */
void bp_bind_text_n(sqlite3_stmt *stmt, int column, const char *text, size_t size); /* NULL: NULL */
void bp_bind_int(sqlite3_stmt *stmt, int column, int64_t value);
void bp_bind_optional(sqlite3_stmt *stmt, int column, int64_t value);                  /* 0: NULL */
static inline void bp_bind_time(sqlite3_stmt *stmt, int column, struct bp_wall time) { /* 0: NULL */
        bp_bind_optional(stmt, column, time.us);
}

/* Reading columns of the row at hand. */
bool bp_column_id(sqlite3_stmt *stmt, int column, struct bp_id *ret_id); /* false: NULL or of another size */
bool bp_column_digest(sqlite3_stmt *stmt, int column, struct bp_digest *ret_digest);
static inline struct bp_wall bp_column_time(sqlite3_stmt *stmt, int column) { /* NULL: 0 */
        return (struct bp_wall){sqlite3_column_int64(stmt, column)};
}

/* Copies of texts in an arena. SQL NULL leaves `ret_text` NULL. @return 0 or -ENOMEM. */
int bp_column_text(sqlite3_stmt *stmt, int column, struct bp_arena *arena, const char **ret_text);
int bp_column_text_n(sqlite3_stmt *stmt, int column, struct bp_arena *arena, struct bp_text *ret_text);

#endif
