/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pipeline_rows.h"

#include <errno.h>

#include "store/connection.h"
#include "store/readers.h"

/* How often and when a pipeline ran is not kept with it: the first follows from the counts by hour, the second from the
 * end of an index. */
#define N_EXECUTIONS "(SELECT sum(c.n) FROM execution_counts c WHERE c.pipeline = p.id)"
#define LAST_EXECUTION \
        "(SELECT e.created_at FROM executions e WHERE e.pipeline = p.id ORDER BY e.created_at DESC LIMIT 1)"
#define SELECT_PIPELINE(document, n_executions, last_execution)                                                       \
        "SELECT p.id, r.revision, r.name, r.description, r.icon, r.status, p.user, p.system_owned, p.created_by, "    \
        "r.saved_by, r.restored_from, p.created_at, r.saved_at, r.n_steps, r.definition, d.digest, " document         \
        ", " n_executions ", " last_execution " FROM pipelines p JOIN pipeline_revisions r ON r.pipeline = p.number " \
        "JOIN definitions d ON d.number = r.definition "

/* The columns in their order. */
enum {
        ID,
        REVISION,
        NAME,
        DESCRIPTION,
        ICON,
        STATUS,
        USER,
        SYSTEM_OWNED,
        CREATED_BY,
        SAVED_BY,
        RESTORED_FROM,
        CREATED_AT,
        SAVED_AT,
        N_STEPS,
        DEFINITION,
        DIGEST,
        DOCUMENT,
        EXECUTION_COUNT,
        LAST_EXECUTION_AT,
};

static int read_texts(sqlite3_stmt *stmt, struct bp_arena *arena, struct bp_pipeline_row *row) {
        const struct {
                int column;
                const char **text;
        } texts[] = {{NAME, &row->name},
                     {DESCRIPTION, &row->description},
                     {ICON, &row->icon},
                     {CREATED_BY, &row->created_by},
                     {SAVED_BY, &row->saved_by}};
        int r = bp_column_text_n(stmt, DOCUMENT, arena, &row->dag);

        for (size_t i = 0; !r && i < sizeof(texts) / sizeof(*texts); i++)
                r = bp_column_text(stmt, texts[i].column, arena, texts[i].text);
        return r;
}

static int read_row(sqlite3_stmt *stmt, struct bp_arena *arena, struct bp_pipeline_row *ret_row) {
        struct bp_pipeline_row row = {0};
        int r = read_texts(stmt, arena, &row);

        if (r)
                return r;
        if (!bp_column_id(stmt, ID, &row.id) || !bp_column_digest(stmt, DIGEST, &row.digest))
                return -EUCLEAN;
        row.revision = (uint32_t)sqlite3_column_int64(stmt, REVISION);
        row.status = (enum bp_pipeline_status)sqlite3_column_int(stmt, STATUS);
        row.has_user = bp_column_id(stmt, USER, &row.user);
        row.system_owned = sqlite3_column_int(stmt, SYSTEM_OWNED);
        row.restored_from = (uint32_t)sqlite3_column_int64(stmt, RESTORED_FROM);
        row.created_at = bp_column_time(stmt, CREATED_AT);
        row.updated_at = bp_column_time(stmt, SAVED_AT);
        row.n_steps = (uint32_t)sqlite3_column_int64(stmt, N_STEPS);
        row.definition = (uint64_t)sqlite3_column_int64(stmt, DEFINITION);
        row.execution_count = (uint64_t)sqlite3_column_int64(stmt, EXECUTION_COUNT);
        row.last_execution_at = bp_column_time(stmt, LAST_EXECUTION_AT);
        *ret_row = row;
        return 0;
}

int bp_pipeline_row(struct bp_connection *connection, const struct bp_id *id, uint32_t revision, struct bp_arena *arena,
                    struct bp_pipeline_row *ret_row) {
        _cleanup_(bp_statement_reset) sqlite3_stmt *stmt = NULL;
        int r = bp_connection_prepare(
                connection,
                SELECT_PIPELINE("d.source", N_EXECUTIONS,
                                LAST_EXECUTION) "WHERE p.id = ?1 AND r.revision = coalesce(nullif(?2, 0), p.revision)",
                &stmt);

        if (r)
                return r;
        bp_bind_id(stmt, 1, true, id);
        bp_bind_int(stmt, 2, revision);
        r = bp_connection_step(connection, stmt);
        return r ? r : read_row(stmt, arena, ret_row);
}

int bp_store_pipeline(struct bp_store *store, struct bp_id id, uint32_t revision, struct bp_arena *arena,
                      struct bp_pipeline_row *ret_row) {
        struct bp_connection *connection;
        int r = bp_readers_acquire(store, &connection);

        if (r)
                return r;
        r = bp_pipeline_row(connection, &id, revision, arena, ret_row);
        bp_readers_release(store, connection);
        return r;
}

static int read_rows(const struct bp_reader *reader, struct bp_arena *arena, struct bp_pipeline_row **ret_rows,
                     size_t *ret_n_rows) {
        struct bp_pipeline_row *rows = NULL;
        size_t n = 0, capacity = 0;
        int r;

        while (!(r = bp_connection_step(reader->connection, reader->stmt))) {
                if (n == capacity) {
                        size_t more = capacity ? capacity * 2 : 16;

                        rows = bp_arena_grow(arena, rows, capacity * sizeof(*rows), more * sizeof(*rows));
                        if (!rows)
                                return -ENOMEM;
                        capacity = more;
                }
                r = read_row(reader->stmt, arena, &rows[n]);
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

int bp_store_pipelines(struct bp_store *store, const struct bp_pipeline_filter *filter, struct bp_arena *arena,
                       struct bp_pipeline_row **ret_rows, size_t *ret_n_rows) {
        _cleanup_(bp_reader_release) struct bp_reader reader = {.operation = "get", .entity = "pipeline"};
        int r = bp_reader_begin(&reader, store,
                                SELECT_PIPELINE("CASE WHEN ?3 THEN d.source END", N_EXECUTIONS,
                                                LAST_EXECUTION) "WHERE r.revision = p.revision AND "
                                                                "(?1 IS NULL OR p.user = ?1 OR (?2 AND "
                                                                "p.system_owned)) ORDER BY p.number DESC");

        if (r)
                return r;
        bp_bind_id(reader.stmt, 1, filter->has_user, &filter->user);
        bp_bind_int(reader.stmt, 2, filter->include_system);
        bp_bind_int(reader.stmt, 3, filter->with_documents);
        return read_rows(&reader, arena, ret_rows, ret_n_rows);
}

int bp_store_pipeline_revisions(struct bp_store *store, struct bp_id id, struct bp_arena *arena,
                                struct bp_pipeline_row **ret_rows, size_t *ret_n_rows) {
        _cleanup_(bp_reader_release) struct bp_reader reader = {.operation = "list", .entity = "pipeline"};
        struct bp_pipeline_row *rows;
        size_t n;
        int r = bp_reader_begin(&reader, store,
                                SELECT_PIPELINE("NULL", "0", "NULL") "WHERE p.id = ?1 ORDER BY r.revision DESC");

        if (r)
                return r;
        bp_bind_id(reader.stmt, 1, true, &id);
        r = read_rows(&reader, arena, &rows, &n);
        if (r)
                return r;
        if (!n)
                return BP_STORE_NOT_FOUND;
        *ret_rows = rows;
        *ret_n_rows = n;
        return 0;
}
