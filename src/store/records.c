/* SPDX-License-Identifier: Apache-2.0 */
/* Records of one execution, and of all in the order in which they became durable. */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "store/connection.h"
#include "store/journal.h"
#include "store/readers.h"
#include "store/record_text.h"

/* ---------------------------------------------------------------------------------------------------------------
 * Of one execution
 */

int bp_journal_add(struct bp_journal_reading *reading, const struct bp_record *records, size_t n_records) {
        size_t needed = reading->n + n_records;

        if (needed > reading->capacity) {
                size_t capacity = reading->capacity ? reading->capacity * 2 : 32;
                struct bp_record *larger;

                while (capacity < needed)
                        capacity *= 2;
                larger = bp_arena_grow(reading->arena, reading->records, reading->capacity * sizeof(*larger),
                                       capacity * sizeof(*larger));
                if (!larger)
                        return -ENOMEM;
                reading->records = larger;
                reading->capacity = capacity;
        }
        if (n_records)
                memcpy(&reading->records[reading->n], records, n_records * sizeof(*records));
        reading->n = needed;
        return 0;
}

int bp_journal_read_row(struct bp_journal_reading *reading, sqlite3_stmt *stmt, int first_column) {
        const struct bp_record_row row = {.first_sequence = (uint64_t)sqlite3_column_int64(stmt, first_column),
                                          .at = bp_column_time(stmt, first_column + 1),
                                          .params = reading->params,
                                          .outputs = reading->outputs};
        const struct bp_text text = {(const char *)sqlite3_column_text(stmt, first_column + 2),
                                     (size_t)sqlite3_column_bytes(stmt, first_column + 2)};
        struct bp_record *records;
        size_t n, skipped = 0;
        int r = text.text ? bp_records_read(reading->arena, text, &row, &records, &n) : -ENOMEM;

        if (r)
                return r;
        while (skipped < n && records[skipped].sequence <= reading->after)
                skipped++;
        n -= skipped;
        if (reading->limit && n > reading->limit - reading->n)
                n = reading->limit - reading->n;
        return bp_journal_add(reading, records + skipped, n);
}

/* Parameters and outputs, which stand in the execution's row. */
static int read_values(struct bp_reader *reader, uint64_t number, struct bp_arena *arena, struct bp_value *ret_params,
                       struct bp_value *ret_outputs) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(reader->connection, "SELECT params, outputs FROM executions WHERE number = ?",
                                      &stmt);

        if (r)
                return r;
        bp_bind_int(stmt, 1, (int64_t)number);
        r = bp_connection_step(reader->connection, stmt);
        if (r)
                return r;
        r = bp_journal_read_value(stmt, 0, arena, ret_params);
        if (!r)
                r = bp_journal_read_value(stmt, 1, arena, ret_outputs);
        bp_statement_reset(&stmt);
        return r;
}

int bp_journal_read_value(sqlite3_stmt *stmt, int column, struct bp_arena *arena, struct bp_value *ret_value) {
        const char *text = (const char *)sqlite3_column_text(stmt, column);

        if (text)
                return bp_stored_json_read(arena, text, (size_t)sqlite3_column_bytes(stmt, column), ret_value);
        *ret_value = bp_value_null;
        return sqlite3_column_type(stmt, column) == SQLITE_NULL ? 0 : -ENOMEM;
}

int bp_store_records(struct bp_store *store, uint64_t number, uint64_t after, uint32_t limit, struct bp_arena *arena,
                     struct bp_record **ret_records, size_t *ret_n_records) {
        _cleanup_(bp_reader_release) struct bp_reader reader = {.operation = "list", .entity = "record"};
        struct bp_value params = bp_value_null, outputs = bp_value_null;
        struct bp_journal_reading reading = {
                .arena = arena, .params = &params, .outputs = &outputs, .after = after, .limit = limit};
        int r = bp_reader_snapshot(&reader, store);

        if (!r)
                r = read_values(&reader, number, arena, &params, &outputs);
        if (!r)
                r = bp_connection_prepare(
                        reader.connection,
                        "SELECT first_sequence, at, records FROM journal WHERE execution = ?1 AND first_sequence >= "
                        "coalesce((SELECT max(first_sequence) FROM journal WHERE execution = ?1 AND first_sequence <= "
                        "?2 + 1), 0) ORDER BY first_sequence",
                        &reader.stmt);
        if (!r) {
                bp_bind_int(reader.stmt, 1, (int64_t)number);
                bp_bind_int(reader.stmt, 2, after < INT64_MAX ? (int64_t)after : INT64_MAX - 1);
        }
        while (!r && (!limit || reading.n < limit)) {
                r = bp_connection_step(reader.connection, reader.stmt);
                if (!r)
                        r = bp_journal_read_row(&reading, reader.stmt, 0);
        }
        if (r < 0)
                return r;
        *ret_records = reading.records;
        *ret_n_records = reading.n;
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Of all
 */

struct feed {
        struct bp_arena *arena;
        struct bp_position after;
        uint32_t limit;
        struct bp_feed_item *items;
        size_t n, capacity;
};

static int add_item(struct feed *feed, const struct bp_feed_item *item) {
        if (feed->n == feed->capacity) {
                size_t capacity = feed->capacity ? feed->capacity * 2 : 64;
                struct bp_feed_item *larger = bp_arena_grow(feed->arena, feed->items, feed->capacity * sizeof(*larger),
                                                            capacity * sizeof(*larger));

                if (!larger)
                        return -ENOMEM;
                feed->items = larger;
                feed->capacity = capacity;
        }
        feed->items[feed->n++] = *item;
        return 0;
}

/* Columns: position, id, definition, params, outputs, first_sequence, at, records. */
static int read_feed_row(struct feed *feed, sqlite3_stmt *stmt) {
        struct bp_feed_item item = {.position.row = (uint64_t)sqlite3_column_int64(stmt, 0),
                                    .definition = (uint64_t)sqlite3_column_int64(stmt, 2)};
        struct bp_value params = bp_value_null, outputs;
        struct bp_journal_reading reading = {.arena = feed->arena, .params = &params, .outputs = &outputs};
        int r = bp_column_id(stmt, 1, &item.execution) ? 0 : -EUCLEAN;

        if (item.position.row == feed->after.row)
                reading.after = feed->after.sequence;
        if (!r && sqlite3_column_int64(stmt, 5) == 1) /* parameters belong to the first record */
                r = bp_journal_read_value(stmt, 3, feed->arena, &params);
        if (!r)
                r = bp_journal_read_value(stmt, 4, feed->arena, &outputs);
        if (!r)
                r = bp_journal_read_row(&reading, stmt, 5);
        for (size_t i = 0; i < reading.n && feed->n < feed->limit && !r; i++) {
                item.record = reading.records[i];
                item.position.sequence = item.record.sequence;
                r = add_item(feed, &item);
        }
        return r;
}

int bp_store_feed(struct bp_store *store, struct bp_position after, uint32_t limit, struct bp_arena *arena,
                  struct bp_feed_item **ret_items, size_t *ret_n_items) {
        _cleanup_(bp_reader_release) struct bp_reader reader = {.operation = "list", .entity = "feed"};
        struct feed feed = {.arena = arena, .after = after, .limit = limit};
        int r = bp_reader_begin(&reader, store,
                                "SELECT j.position, e.id, e.definition, e.params, e.outputs, j.first_sequence, j.at, "
                                "j.records FROM journal j JOIN executions e ON e.number = j.execution "
                                "WHERE j.position >= ? ORDER BY j.position");

        if (!r)
                bp_bind_int(reader.stmt, 1, (int64_t)after.row);
        while (!r && feed.n < limit) {
                r = bp_connection_step(reader.connection, reader.stmt);
                if (!r)
                        r = read_feed_row(&feed, reader.stmt);
        }
        if (r < 0)
                return r;
        *ret_items = feed.items;
        *ret_n_items = feed.n;
        return 0;
}

int bp_store_feed_end(struct bp_store *store, struct bp_position *ret_position) {
        _cleanup_(bp_reader_release) struct bp_reader reader = {.operation = "get", .entity = "feed"};
        int r = bp_reader_begin(&reader, store,
                                "SELECT position, first_sequence + n - 1 FROM journal ORDER BY position DESC LIMIT 1");

        if (!r)
                r = bp_connection_step(reader.connection, reader.stmt);
        if (r < 0)
                return r;
        *ret_position = r ? (struct bp_position){0}
                          : (struct bp_position){(uint64_t)sqlite3_column_int64(reader.stmt, 0),
                                                 (uint64_t)sqlite3_column_int64(reader.stmt, 1)};
        return 0;
}
