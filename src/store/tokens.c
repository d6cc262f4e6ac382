/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens are written on a connection of their own: whoever adds one waits for it and is told at once what went wrong,
 * while the writer thread would try a commit again and again. */
#include <errno.h>
#include <stdlib.h>

#include "store/state.h"

static int run(struct bp_connection *connection, const char *sql) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection, sql, &stmt);

        return r ? r : bp_connection_run(connection, stmt);
}

static int transaction(struct bp_connection *connection, int (*change)(struct bp_connection *, const void *),
                       const void *what) {
        int r = bp_connection_exec(connection, "BEGIN IMMEDIATE");

        if (r)
                return r;
        r = change(connection, what);
        if (!r)
                r = run(connection, "UPDATE meta SET value = value + 1 WHERE key = 'tokens_version'");
        if (!r)
                r = bp_connection_exec(connection, "COMMIT");
        if (r)
                sqlite3_exec(connection->db, "ROLLBACK", NULL, NULL, NULL);
        return r;
}

/* Changes the tokens, and the number that tells so. */
static int change_tokens(struct bp_store *store, int (*change)(struct bp_connection *, const void *),
                         const void *what) {
        struct bp_connection *connection = bp_calloc(1, sizeof(*connection));
        int r = connection ? bp_connection_open(connection, store->uri, BP_CONNECTION_ADMIN) : -ENOMEM;

        if (!r) {
                if (store->in_memory)
                        pthread_rwlock_wrlock(&store->readers.exclusion);
                r = transaction(connection, change, what);
                if (store->in_memory)
                        pthread_rwlock_unlock(&store->readers.exclusion);
                bp_connection_close(connection);
        }
        free(connection);
        return r;
}

static int add(struct bp_connection *connection, const void *what) {
        const struct bp_token_row *token = what;
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection,
                                      "INSERT INTO tokens (id, name, owner, scopes, hash, created_at, expires_at, "
                                      "revoked) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                                      &stmt);

        if (r)
                return r;
        bp_bind_id(stmt, 1, true, &token->id);
        bp_bind_text(stmt, 2, token->name);
        bp_bind_text(stmt, 3, token->owner);
        bp_bind_int(stmt, 4, token->scopes);
        bp_bind_digest(stmt, 5, &token->hash);
        bp_bind_int(stmt, 6, token->created_at.us);
        bp_bind_time(stmt, 7, token->expires_at);
        bp_bind_int(stmt, 8, token->revoked);
        r = bp_connection_run(connection, stmt);
        return r == -EEXIST ? BP_STORE_DUPLICATE : r;
}

int bp_store_token_add(struct bp_store *store, const struct bp_token_row *token) {
        if (!token->name || !token->owner)
                return -EINVAL;
        return change_tokens(store, add, token);
}

static int revoke(struct bp_connection *connection, const void *what) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection, "UPDATE tokens SET revoked = 1 WHERE name = ? AND NOT revoked",
                                      &stmt);

        if (r)
                return r;
        bp_bind_text(stmt, 1, what);
        r = bp_connection_run(connection, stmt);
        if (r)
                return r;
        return bp_connection_changes(connection) ? 0 : BP_STORE_NOT_FOUND;
}

int bp_store_token_revoke(struct bp_store *store, const char *name) {
        return change_tokens(store, revoke, name);
}

#define SELECT_TOKEN "SELECT id, name, owner, scopes, hash, created_at, expires_at, revoked FROM tokens "

static int read_token(sqlite3_stmt *stmt, struct bp_arena *arena, struct bp_token_row *ret_row) {
        struct bp_token_row row = {0};
        int r = bp_column_text(stmt, 1, arena, &row.name);

        if (!r)
                r = bp_column_text(stmt, 2, arena, &row.owner);
        if (r)
                return r;
        if (!bp_column_id(stmt, 0, &row.id) || !bp_column_digest(stmt, 4, &row.hash))
                return -EUCLEAN;
        row.scopes = (uint32_t)sqlite3_column_int64(stmt, 3);
        row.created_at = bp_column_time(stmt, 5);
        row.expires_at = bp_column_time(stmt, 6);
        row.revoked = sqlite3_column_int(stmt, 7);
        *ret_row = row;
        return 0;
}

int bp_store_token_find(struct bp_store *store, struct bp_digest hash, struct bp_arena *arena,
                        struct bp_token_row *ret_row) {
        _cleanup_(bp_reader_release) struct bp_reader reader = {.operation = "get", .entity = "token"};
        int r = bp_reader_begin(&reader, store, SELECT_TOKEN "WHERE hash = ?");

        if (r)
                return r;
        bp_bind_digest(reader.stmt, 1, &hash);
        r = bp_connection_step(reader.connection, reader.stmt);
        return r ? r : read_token(reader.stmt, arena, ret_row);
}

int bp_store_tokens(struct bp_store *store, struct bp_arena *arena, struct bp_token_row **ret_rows,
                    size_t *ret_n_rows) {
        _cleanup_(bp_reader_release) struct bp_reader reader = {.operation = "list", .entity = "token"};
        struct bp_token_row *rows = NULL;
        size_t n = 0, capacity = 0;
        int r = bp_reader_begin(&reader, store, SELECT_TOKEN "ORDER BY number");

        if (r)
                return r;
        while (!(r = bp_connection_step(reader.connection, reader.stmt))) {
                if (n == capacity) {
                        size_t more = capacity ? capacity * 2 : 16;

                        rows = bp_arena_grow(arena, rows, capacity * sizeof(*rows), more * sizeof(*rows));
                        if (!rows)
                                return -ENOMEM;
                        capacity = more;
                }
                r = read_token(reader.stmt, arena, &rows[n]);
                if (r)
                        return r;
                n++;
        }
        if (r < 0)
                return r;
        *ret_rows = rows;
        *ret_n_rows = n;
        return 0;
}

int bp_store_tokens_version(struct bp_store *store, uint64_t *ret_version) {
        _cleanup_(bp_reader_release) struct bp_reader reader = {0};
        int r = bp_reader_begin(&reader, store, "SELECT value FROM meta WHERE key = 'tokens_version'");

        if (!r)
                r = bp_connection_step(reader.connection, reader.stmt);
        if (r)
                return r > 0 ? -EUCLEAN : r;
        *ret_version = (uint64_t)sqlite3_column_int64(reader.stmt, 0);
        return 0;
}
