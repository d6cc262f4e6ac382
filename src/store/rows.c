/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows.h"

#include <errno.h>

#include "base/memory.h"
#include "engine/engine.h"
#include "store/connection.h"
#include "store/counts.h"
#include "store/pages.h"
#include "store/readers.h"

static int read_texts(sqlite3_stmt *stmt, struct bp_arena *arena, struct bp_execution_row *row) {
        int r = bp_column_text(stmt, 5, arena, &row->name);

        if (!r)
                r = bp_column_text(stmt, 8, arena, &row->code);
        if (!r)
                r = bp_column_text(stmt, 9, arena, &row->message);
        if (!r)
                r = bp_column_text(stmt, 13, arena, &row->initiator);
        if (!r)
                r = bp_column_text(stmt, 14, arena, &row->principal);
        if (!r)
                r = bp_column_text(stmt, 15, arena, &row->origin);
        if (!r)
                r = bp_column_text_n(stmt, 17, arena, &row->params);
        if (!r)
                r = bp_column_text_n(stmt, 18, arena, &row->given);
        if (!r)
                r = bp_column_text_n(stmt, 19, arena, &row->outputs);
        if (!r)
                r = bp_column_text_n(stmt, 20, arena, &row->options);
        if (!row->given.text)
                row->given = row->params;
        return r;
}

int bp_row_read(sqlite3_stmt *stmt, struct bp_arena *arena, struct bp_execution_row *ret_row) {
        struct bp_execution_row row = {
                .number = (uint64_t)sqlite3_column_int64(stmt, 0),
                .revision = (uint32_t)sqlite3_column_int64(stmt, 3),
                .definition = (uint64_t)sqlite3_column_int64(stmt, 4),
                .n_steps = (uint32_t)sqlite3_column_int64(stmt, 6),
                .state = (enum bp_execution_state)sqlite3_column_int64(stmt, 7),
                .created_at = bp_column_time(stmt, 10),
                .started_at = bp_column_time(stmt, 11),
                .ended_at = bp_column_time(stmt, 12),
                .sequence = (uint64_t)sqlite3_column_int64(stmt, 21),
                .updated_at = bp_column_time(stmt, 22),
        };
        int r;

        if (!bp_column_id(stmt, 1, &row.id))
                return -EUCLEAN;
        row.has_pipeline = bp_column_id(stmt, 2, &row.pipeline);
        row.has_retry_of = bp_column_id(stmt, 16, &row.retry_of);
        if (!row.updated_at.us)
                row.updated_at = row.created_at;
        r = read_texts(stmt, arena, &row);
        if (!r)
                *ret_row = row;
        return r;
}

int bp_store_execution(struct bp_store *store, struct bp_id id, struct bp_arena *arena,
                       struct bp_execution_row *ret_row) {
        _cleanup_(bp_reader_release) struct bp_reader reader = {.operation = "get", .entity = "execution"};
        int r = bp_reader_begin(&reader, store, BP_SELECT_EXECUTION "WHERE e.id = ?");

        if (r)
                return r;
        bp_bind_id(reader.stmt, 1, true, &id);
        r = bp_connection_step(reader.connection, reader.stmt);
        return r ? r : bp_row_read(reader.stmt, arena, ret_row);
}

static int read_rows(struct bp_reader *reader, const uint64_t *numbers, size_t n, struct bp_arena *arena,
                     struct bp_execution_row *rows) {
        int r = bp_connection_prepare(reader->connection, BP_SELECT_EXECUTION "WHERE e.number = ?", &reader->stmt);

        for (size_t i = 0; i < n && !r; i++) {
                bp_bind_int(reader->stmt, 1, (int64_t)numbers[i]);
                r = bp_connection_step(reader->connection, reader->stmt);
                if (!r)
                        r = bp_row_read(reader->stmt, arena, &rows[i]);
                bp_statement_reset(&reader->stmt);
        }
        return r > 0 ? -EUCLEAN : r; /* found a moment ago, in the same snapshot */
}

/* Counts first: behind the last one that matches nothing needs to be looked for. */
static int list(struct bp_reader *reader, const struct bp_execution_filter *filter, struct bp_arena *arena,
                struct bp_execution_row **ret_rows, size_t *ret_n_rows, uint64_t *ret_total) {
        struct bp_execution_filter page = *filter;
        struct bp_execution_row *rows = NULL;
        uint64_t total, *numbers;
        size_t n = 0;
        int r = bp_counts_total(reader->connection, filter, &total);

        if (r)
                return r;
        if (page.offset < total && page.limit) {
                if (page.limit > total - page.offset)
                        page.limit = (uint32_t)(total - page.offset);
                r = bp_pages_find(reader->connection, &page, arena, &numbers, &n);
                rows = r ? NULL : bp_arena_array(arena, n, sizeof(*rows));
                if (!r)
                        r = rows ? read_rows(reader, numbers, n, arena, rows) : -ENOMEM;
        }
        if (r)
                return r;
        *ret_rows = rows;
        *ret_n_rows = n;
        *ret_total = total;
        return 0;
}

int bp_store_executions(struct bp_store *store, const struct bp_execution_filter *filter, struct bp_arena *arena,
                        struct bp_execution_row **ret_rows, size_t *ret_n_rows, uint64_t *ret_total) {
        _cleanup_(bp_reader_release) struct bp_reader reader = {.operation = "list", .entity = "execution"};
        int r = bp_reader_snapshot(&reader, store);

        return r ? r : list(&reader, filter, arena, ret_rows, ret_n_rows, ret_total);
}

int bp_store_execution_counts(struct bp_store *store, uint64_t ret_counts[BP_EXECUTION_INTERRUPTED + 1]) {
        _cleanup_(bp_reader_release) struct bp_reader reader = {.operation = "count", .entity = "execution"};
        uint64_t counts[BP_EXECUTION_INTERRUPTED + 1] = {0};
        int r = bp_reader_begin(&reader, store, "SELECT state, sum(n) FROM execution_counts GROUP BY state");

        while (!r) {
                r = bp_connection_step(reader.connection, reader.stmt);
                if (!r && sqlite3_column_int64(reader.stmt, 0) <= BP_EXECUTION_INTERRUPTED)
                        counts[sqlite3_column_int64(reader.stmt, 0)] = (uint64_t)sqlite3_column_int64(reader.stmt, 1);
        }
        if (r != BP_STORE_NOT_FOUND)
                return r;
        for (size_t i = 0; i <= BP_EXECUTION_INTERRUPTED; i++)
                ret_counts[i] = counts[i];
        return 0;
}
