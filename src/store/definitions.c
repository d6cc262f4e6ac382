/* SPDX-License-Identifier: Apache-2.0 */
#include "store/definitions.h"

#include <errno.h>

#include "store/connection.h"
#include "store/readers.h"

int bp_definitions_find(struct bp_connection *connection, const struct bp_digest *digest, uint64_t *ret_number) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection, "SELECT number FROM definitions WHERE digest = ?", &stmt);

        if (r)
                return r;
        bp_bind_digest(stmt, 1, digest);
        r = bp_connection_step(connection, stmt);
        if (r)
                return r;
        *ret_number = (uint64_t)sqlite3_column_int64(stmt, 0);
        bp_statement_reset(&stmt);
        return 0;
}

int bp_definitions_keep(struct bp_connection *connection, const struct bp_digest *digest, const char *name,
                        uint32_t n_steps, struct bp_text document, uint64_t *ret_number) {
        sqlite3_stmt *stmt;
        int r = bp_definitions_find(connection, digest, ret_number);

        if (r != BP_STORE_NOT_FOUND)
                return r;
        r = bp_connection_prepare(connection,
                                  "INSERT INTO definitions (digest, name, n_steps, source) VALUES (?, ?, ?, ?)", &stmt);
        if (r)
                return r;
        bp_bind_digest(stmt, 1, digest);
        bp_bind_text(stmt, 2, name);
        bp_bind_int(stmt, 3, n_steps);
        bp_bind_text_n(stmt, 4, document.text, document.size);
        r = bp_connection_run(connection, stmt);
        if (!r)
                *ret_number = (uint64_t)sqlite3_last_insert_rowid(connection->db);
        return r;
}

int bp_store_definition(struct bp_store *store, uint64_t definition, struct bp_arena *arena, struct bp_text *ret_json,
                        struct bp_digest *ret_digest) {
        _cleanup_(bp_reader_release) struct bp_reader reader = {.operation = "get", .entity = "definition"};
        struct bp_digest digest;
        struct bp_text json;
        int r = bp_reader_begin(&reader, store, "SELECT source, digest FROM definitions WHERE number = ?");

        if (r)
                return r;
        bp_bind_int(reader.stmt, 1, (int64_t)definition);
        r = bp_connection_step(reader.connection, reader.stmt);
        if (!r)
                r = bp_column_text_n(reader.stmt, 0, arena, &json);
        if (r)
                return r;
        if (!bp_column_digest(reader.stmt, 1, &digest))
                return -EUCLEAN;
        *ret_json = json;
        *ret_digest = digest;
        return 0;
}
