/* SPDX-License-Identifier: Apache-2.0 */
/* Recovery reads what has not ended, one execution after another, in one arena. */
#include <errno.h>

#include "base/memory.h"
#include "engine/engine.h"
#include "store/connection.h"
#include "store/journal.h"
#include "store/readers.h"
#include "store/rows.h"

/* Records of a format that this program does not know must not be folded. */
static int check_format(struct bp_connection *connection) {
        sqlite3_stmt *stmt;
        int64_t format;
        int r = bp_connection_prepare(connection, "SELECT value FROM meta WHERE key = 'record_format'", &stmt);

        if (!r)
                r = bp_connection_step(connection, stmt);
        if (r)
                return r > 0 ? -EPROTO : r;
        format = sqlite3_column_int64(stmt, 0);
        bp_statement_reset(&stmt);
        return format == BP_RECORD_FORMAT ? 0 : -EPROTO;
}

static int read_records(struct bp_connection *connection, sqlite3_stmt *journal, uint64_t number,
                        struct bp_journal_reading *reading) {
        int r = 0;

        bp_bind_int(journal, 1, (int64_t)number);
        while (!r) {
                r = bp_connection_step(connection, journal);
                if (!r)
                        r = bp_journal_read_row(reading, journal, 0);
        }
        bp_statement_reset(&journal);
        return r == BP_STORE_NOT_FOUND ? 0 : r;
}

static int visit_row(struct bp_connection *connection, sqlite3_stmt *row_stmt, sqlite3_stmt *journal,
                     struct bp_arena *arena, int (*visit)(void *userdata, const struct bp_live_execution *live),
                     void *userdata) {
        struct bp_value params, outputs = bp_value_null;
        struct bp_execution_row row;
        struct bp_journal_reading reading = {.arena = arena, .params = &params, .outputs = &outputs};
        int r = bp_row_read(row_stmt, arena, &row);

        if (!r)
                r = bp_journal_read_value(row_stmt, 17, arena, &params);
        if (!r)
                r = read_records(connection, journal, row.number, &reading);
        if (r)
                return r;
        return visit(userdata,
                     &(struct bp_live_execution){
                             .row = &row, .params = &params, .records = reading.records, .n_records = reading.n});
}

int bp_store_each_live(struct bp_store *store, int (*visit)(void *userdata, const struct bp_live_execution *live),
                       void *userdata) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        _cleanup_(bp_reader_release) struct bp_reader reader = {.operation = "list", .entity = "live"};
        sqlite3_stmt *journal;
        bool end = false;
        int r = arena ? bp_reader_snapshot(&reader, store) : -ENOMEM;

        if (!r)
                r = check_format(reader.connection);
        if (!r)
                r = bp_connection_prepare(reader.connection,
                                          "SELECT first_sequence, at, records FROM journal WHERE execution = ? "
                                          "ORDER BY first_sequence",
                                          &journal);
        if (!r)
                r = bp_connection_prepare(reader.connection,
                                          BP_SELECT_EXECUTION "WHERE e.state < 4 ORDER BY e.created_at, e.number",
                                          &reader.stmt);
        while (!r && !end) {
                bp_arena_reset(arena);
                r = bp_connection_step(reader.connection, reader.stmt);
                end = r == BP_STORE_NOT_FOUND;
                if (!r)
                        r = visit_row(reader.connection, reader.stmt, journal, arena, visit, userdata);
        }
        return end ? 0 : r;
}
