/* SPDX-License-Identifier: Apache-2.0 */
#include "store/connection.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Pages kept in memory by each connection, in KiB: idle memory is counted in single megabytes. */
#define WRITER_SETTINGS \
        "PRAGMA cache_size=-1024; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF;"
#define READER_SETTINGS \
        "PRAGMA cache_size=-512; PRAGMA query_only=ON; PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF;"

int bp_connection_error(struct bp_connection *connection, int code) {
        const char *words = connection->db ? sqlite3_errmsg(connection->db) : sqlite3_errstr(code);

        snprintf(connection->message, sizeof(connection->message), "%s", words);
        switch (code & 0xFF) {
        case SQLITE_NOMEM:
                return -ENOMEM;
        case SQLITE_FULL:
                return -ENOSPC;
        case SQLITE_CORRUPT:
                return -EUCLEAN;
        case SQLITE_NOTADB:
                return -EMEDIUMTYPE;
        case SQLITE_READONLY:
        case SQLITE_PERM:
                return -EROFS;
        case SQLITE_CONSTRAINT:
                return -EEXIST;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return -EBUSY;
        case SQLITE_TOOBIG:
                return -E2BIG;
        default:
                return -EIO;
        }
}

const char *bp_connection_message(const struct bp_connection *connection) {
        return connection->message;
}

int bp_connection_open(struct bp_connection *connection, const char *uri, enum bp_connection_kind kind) {
        int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, code, r;

        *connection = (struct bp_connection){0};
        if (kind == BP_CONNECTION_WRITER)
                flags |= SQLITE_OPEN_CREATE;
        code = sqlite3_open_v2(uri, &connection->db, flags, NULL);
        r = code ? bp_connection_error(connection, code) : 0;
        if (!r) {
                sqlite3_extended_result_codes(connection->db, 1);
                sqlite3_busy_timeout(connection->db, BP_CONNECTION_BUSY_MS);
                r = bp_connection_exec(connection, kind == BP_CONNECTION_READER ? READER_SETTINGS : WRITER_SETTINGS);
        }
        if (r)
                bp_connection_close(connection);
        return r;
}

void bp_connection_close(struct bp_connection *connection) {
        for (size_t i = 0; i < BP_CONNECTION_STATEMENTS; i++) {
                sqlite3_finalize(connection->statements[i].stmt);
                connection->statements[i].sql = NULL;
                connection->statements[i].stmt = NULL;
        }
        connection->n_statements = 0;
        sqlite3_close(connection->db);
        connection->db = NULL;
}

int bp_connection_exec(struct bp_connection *connection, const char *sql) {
        int code = sqlite3_exec(connection->db, sql, NULL, NULL, NULL);

        return code ? bp_connection_error(connection, code) : 0;
}

int bp_connection_prepare(struct bp_connection *connection, const char *sql, sqlite3_stmt **ret_stmt) {
        size_t slot = ((uintptr_t)sql >> 3) * 0x9E3779B1u % BP_CONNECTION_STATEMENTS;
        sqlite3_stmt *stmt;
        int code;

        while (connection->statements[slot].sql && connection->statements[slot].sql != sql)
                slot = (slot + 1) % BP_CONNECTION_STATEMENTS;
        if (connection->statements[slot].sql) {
                *ret_stmt = connection->statements[slot].stmt;
                return 0;
        }
        if (connection->n_statements == BP_CONNECTION_STATEMENTS - 1)
                return -ENOBUFS;
        code = sqlite3_prepare_v3(connection->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
        if (code)
                return bp_connection_error(connection, code);
        connection->statements[slot].sql = sql;
        connection->statements[slot].stmt = stmt;
        connection->n_statements++;
        *ret_stmt = stmt;
        return 0;
}

void bp_statement_reset(sqlite3_stmt **stmt) {
        if (*stmt) {
                sqlite3_reset(*stmt);
                sqlite3_clear_bindings(*stmt);
        }
}

int bp_connection_step(struct bp_connection *connection, sqlite3_stmt *stmt) {
        int code = sqlite3_step(stmt), r;

        if (code == SQLITE_ROW)
                return 0;
        r = code == SQLITE_DONE ? BP_STORE_NOT_FOUND : bp_connection_error(connection, code);
        bp_statement_reset(&stmt);
        return r;
}

int bp_connection_run(struct bp_connection *connection, sqlite3_stmt *stmt) {
        int code = sqlite3_step(stmt);
        int r = code == SQLITE_DONE || code == SQLITE_ROW ? 0 : bp_connection_error(connection, code);

        bp_statement_reset(&stmt);
        return r;
}

int64_t bp_connection_changes(struct bp_connection *connection) {
        return sqlite3_changes64(connection->db);
}

void bp_bind_id(sqlite3_stmt *stmt, int column, bool has, const struct bp_id *id) {
        if (has)
                sqlite3_bind_blob(stmt, column, id->bytes, sizeof(id->bytes), SQLITE_STATIC);
        else
                sqlite3_bind_null(stmt, column);
}

void bp_bind_digest(sqlite3_stmt *stmt, int column, const struct bp_digest *digest) {
        sqlite3_bind_blob(stmt, column, digest->bytes, sizeof(digest->bytes), SQLITE_STATIC);
}

void bp_bind_text(sqlite3_stmt *stmt, int column, const char *text) {
        bp_bind_text_n(stmt, column, text, text ? strlen(text) : 0);
}

void bp_bind_text_n(sqlite3_stmt *stmt, int column, const char *text, size_t size) {
        if (text)
                sqlite3_bind_text64(stmt, column, text, size, SQLITE_STATIC, SQLITE_UTF8);
        else
                sqlite3_bind_null(stmt, column);
}

void bp_bind_int(sqlite3_stmt *stmt, int column, int64_t value) {
        sqlite3_bind_int64(stmt, column, value);
}

void bp_bind_optional(sqlite3_stmt *stmt, int column, int64_t value) {
        if (value)
                sqlite3_bind_int64(stmt, column, value);
        else
                sqlite3_bind_null(stmt, column);
}

static bool column_bytes(sqlite3_stmt *stmt, int column, void *ret_bytes, size_t size) {
        const void *blob = sqlite3_column_blob(stmt, column);

        if (!blob || (size_t)sqlite3_column_bytes(stmt, column) != size)
                return false;
        memcpy(ret_bytes, blob, size);
        return true;
}

bool bp_column_id(sqlite3_stmt *stmt, int column, struct bp_id *ret_id) {
        return column_bytes(stmt, column, ret_id->bytes, sizeof(ret_id->bytes));
}

bool bp_column_digest(sqlite3_stmt *stmt, int column, struct bp_digest *ret_digest) {
        return column_bytes(stmt, column, ret_digest->bytes, sizeof(ret_digest->bytes));
}

int bp_column_text_n(sqlite3_stmt *stmt, int column, struct bp_arena *arena, struct bp_text *ret_text) {
        const char *text;
        size_t size;

        if (sqlite3_column_type(stmt, column) == SQLITE_NULL) {
                *ret_text = (struct bp_text){0};
                return 0;
        }
        text = (const char *)sqlite3_column_text(stmt, column);
        size = (size_t)sqlite3_column_bytes(stmt, column);
        text = text ? bp_arena_text(arena, text, size) : NULL;
        if (!text)
                return -ENOMEM;
        *ret_text = (struct bp_text){text, size};
        return 0;
}

int bp_column_text(sqlite3_stmt *stmt, int column, struct bp_arena *arena, const char **ret_text) {
        struct bp_text text;
        int r = bp_column_text_n(stmt, column, arena, &text);

        if (!r)
                *ret_text = text.text;
        return r;
}
