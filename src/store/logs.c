/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of logs, as they were kept; the last one of a step that logged too much says how much is missing. */
#include <errno.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "engine/engine.h"
#include "store/connection.h"
#include "store/line_text.h"
#include "store/readers.h"
#include "store/record_text.h"

/* A step that logged too much. */
struct excess {
        uint32_t step, seen;
        int64_t missing;
};

struct reading {
        struct bp_arena *arena;
        uint32_t step;
        uint64_t skip;
        uint32_t limit;
        struct excess *excesses;
        size_t n_excesses;
        struct bp_store_line *lines;
        size_t n, capacity;
};

static int add_line(struct reading *reading, const struct bp_store_line *line) {
        if (reading->skip) {
                reading->skip--;
                return 0;
        }
        if (reading->n == reading->capacity) {
                size_t capacity = reading->capacity ? reading->capacity * 2 : 64;
                struct bp_store_line *larger =
                        bp_arena_grow(reading->arena, reading->lines, reading->capacity * sizeof(*larger),
                                      capacity * sizeof(*larger));

                if (!larger)
                        return -ENOMEM;
                reading->lines = larger;
                reading->capacity = capacity;
        }
        reading->lines[reading->n++] = *line;
        return 0;
}

/* The last line that was kept of such a step tells how many were not. */
static int tell_excess(struct reading *reading, struct bp_store_line *line) {
        for (size_t i = 0; i < reading->n_excesses; i++) {
                struct excess *excess = &reading->excesses[i];
                struct bp_strbuf message;

                if (excess->step != line->step || ++excess->seen < BP_LOG_LINES_MAX)
                        continue;
                bp_strbuf_init(&message, reading->arena, SIZE_MAX / 2);
                bp_strbuf_printf(&message, "%s [%lld further lines are not kept]", line->message,
                                 (long long)excess->missing);
                if (message.error)
                        return -ENOMEM;
                line->message = bp_strbuf_text(&message);
        }
        return 0;
}

static int read_row(struct reading *reading, sqlite3_stmt *stmt) {
        const char *text = (const char *)sqlite3_column_text(stmt, 1);
        struct bp_value list;
        int r = text ? bp_stored_json_read(reading->arena, text, (size_t)sqlite3_column_bytes(stmt, 1), &list)
                     : -ENOMEM;

        if (!r && list.type != BP_LIST)
                r = -EPROTO;
        for (uint32_t i = 0; !r && i < list.count && (!reading->limit || reading->n < reading->limit); i++) {
                struct bp_store_line line;

                r = bp_line_read(&list.as.items[i], bp_column_time(stmt, 0), &line);
                if (!r && (reading->step == BP_NO_STEP || reading->step == line.step)) {
                        r = tell_excess(reading, &line);
                        if (!r)
                                r = add_line(reading, &line);
                }
        }
        return r;
}

static int read_excesses(struct bp_connection *connection, uint64_t number, struct reading *reading) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection, "SELECT step, n FROM log_counts WHERE execution = ? AND n > ?",
                                      &stmt);

        if (r)
                return r;
        bp_bind_int(stmt, 1, (int64_t)number);
        bp_bind_int(stmt, 2, BP_LOG_LINES_MAX);
        while (!(r = bp_connection_step(connection, stmt))) {
                struct excess *larger =
                        bp_arena_grow(reading->arena, reading->excesses, reading->n_excesses * sizeof(*larger),
                                      (reading->n_excesses + 1) * sizeof(*larger));

                if (!larger) {
                        bp_statement_reset(&stmt);
                        return -ENOMEM;
                }
                larger[reading->n_excesses++] =
                        (struct excess){.step = (uint32_t)sqlite3_column_int64(stmt, 0),
                                        .missing = sqlite3_column_int64(stmt, 1) - BP_LOG_LINES_MAX};
                reading->excesses = larger;
        }
        return r == BP_STORE_NOT_FOUND ? 0 : r;
}

int bp_store_logs(struct bp_store *store, uint64_t number, uint32_t step, uint64_t offset, uint32_t limit,
                  struct bp_arena *arena, struct bp_store_line **ret_lines, size_t *ret_n_lines) {
        _cleanup_(bp_reader_release) struct bp_reader reader = {.operation = "list", .entity = "log line"};
        struct reading reading = {.arena = arena, .step = step, .skip = offset, .limit = limit};
        int r = bp_reader_snapshot(&reader, store);

        if (!r)
                r = read_excesses(reader.connection, number, &reading);
        if (!r)
                r = bp_connection_prepare(reader.connection,
                                          "SELECT at, lines FROM logs WHERE execution = ? ORDER BY position",
                                          &reader.stmt);
        if (!r)
                bp_bind_int(reader.stmt, 1, (int64_t)number);
        while (!r && (!limit || reading.n < limit)) {
                r = bp_connection_step(reader.connection, reader.stmt);
                if (!r)
                        r = read_row(&reading, reader.stmt);
        }
        if (r < 0)
                return r;
        *ret_lines = reading.lines;
        *ret_n_lines = reading.n;
        return 0;
}
