/* SPDX-License-Identifier: Apache-2.0 */
/* Events that were given up: listed, removed, tried again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/connection.h"
#include "store/deliveries.h"
#include "store/readers.h"
#include "store/write.h"

/* ---------------------------------------------------------------------------------------------------------------
 * Reading
 */

#define SELECT_LETTER                                                                                              \
        "SELECT d.number, d.id, d.execution, e.id, d.topic, d.type, d.sequence, d.event, d.content_type, d.code, " \
        "d.message, d.attempts, d.at FROM dead_letters d JOIN executions e ON e.number = d.execution "
#define MATCHES "WHERE (?1 IS NULL OR d.topic = ?1) AND (?2 IS NULL OR e.id = ?2) "

static int read_texts(sqlite3_stmt *stmt, struct bp_arena *arena, struct bp_dead_letter *letter) {
        const struct {
                int column;
                const char **text;
        } texts[] = {{4, &letter->topic},
                     {5, &letter->type},
                     {8, &letter->content_type},
                     {9, &letter->code},
                     {10, &letter->message}};
        int r = bp_column_text_n(stmt, 7, arena, &letter->event);

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && !r; i++)
                r = bp_column_text(stmt, texts[i].column, arena, texts[i].text);
        return r;
}

static int read_letter(sqlite3_stmt *stmt, struct bp_arena *arena, struct bp_dead_letter *ret_letter) {
        struct bp_dead_letter letter = {.number = (uint64_t)sqlite3_column_int64(stmt, 0),
                                        .execution = (uint64_t)sqlite3_column_int64(stmt, 2),
                                        .sequence = (uint64_t)sqlite3_column_int64(stmt, 6),
                                        .attempts = (uint32_t)sqlite3_column_int64(stmt, 11),
                                        .at = bp_column_time(stmt, 12)};
        int r = bp_column_id(stmt, 1, &letter.id) && bp_column_id(stmt, 3, &letter.execution_id) ? 0 : -EUCLEAN;

        if (!r)
                r = read_texts(stmt, arena, &letter);
        if (!r)
                *ret_letter = letter;
        return r;
}

static void bind_filter(sqlite3_stmt *stmt, const struct bp_dead_letter_filter *filter) {
        bp_bind_text(stmt, 1, filter->topic);
        bp_bind_id(stmt, 2, filter->has_execution, &filter->execution);
}

static int count_letters(struct bp_connection *connection, const struct bp_dead_letter_filter *filter,
                         uint64_t *ret_total) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(
                connection, "SELECT count(*) FROM dead_letters d JOIN executions e ON e.number = d.execution " MATCHES,
                &stmt);

        if (r)
                return r;
        bind_filter(stmt, filter);
        r = bp_connection_step(connection, stmt);
        if (r)
                return r > 0 ? -EUCLEAN : r;
        *ret_total = (uint64_t)sqlite3_column_int64(stmt, 0);
        bp_statement_reset(&stmt);
        return 0;
}

int bp_store_dead_letters(struct bp_store *store, const struct bp_dead_letter_filter *filter, struct bp_arena *arena,
                          struct bp_dead_letter **ret_letters, size_t *ret_n_letters, uint64_t *ret_total) {
        _cleanup_(bp_reader_release) struct bp_reader reader = {.operation = "list", .entity = "dead letter"};
        struct bp_dead_letter *letters = bp_arena_array(arena, filter->limit, sizeof(*letters));
        size_t n = 0;
        int r = letters ? bp_reader_snapshot(&reader, store) : -ENOMEM;

        if (!r)
                r = count_letters(reader.connection, filter, ret_total);
        if (!r)
                r = bp_connection_prepare(reader.connection,
                                          SELECT_LETTER MATCHES "ORDER BY d.number DESC LIMIT ?3 OFFSET ?4",
                                          &reader.stmt);
        if (r)
                return r;
        bind_filter(reader.stmt, filter);
        bp_bind_int(reader.stmt, 3, filter->limit);
        bp_bind_int(reader.stmt, 4, (int64_t)filter->offset);
        while (!(r = bp_connection_step(reader.connection, reader.stmt))) {
                r = read_letter(reader.stmt, arena, &letters[n++]);
                if (r)
                        return r;
        }
        if (r < 0)
                return r;
        *ret_letters = letters;
        *ret_n_letters = n;
        return 0;
}

int bp_store_dead_letter(struct bp_store *store, struct bp_id id, struct bp_arena *arena,
                         struct bp_dead_letter *ret_letter) {
        _cleanup_(bp_reader_release) struct bp_reader reader = {.operation = "get", .entity = "dead letter"};
        int r = bp_reader_begin(&reader, store, SELECT_LETTER "WHERE d.id = ?");

        if (r)
                return r;
        bp_bind_id(reader.stmt, 1, true, &id);
        r = bp_connection_step(reader.connection, reader.stmt);
        return r ? r : read_letter(reader.stmt, arena, ret_letter);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Changing one
 */

struct change {
        struct bp_write write;
        struct bp_id id;
        char *code, *message; /* of another failure; NULL: it is removed */
        struct bp_wall now;
        bp_store_done *done;
        void *userdata;
};

static int apply_change(struct bp_write *write, struct bp_connection *connection) {
        const struct change *change = (const struct change *)write;
        sqlite3_stmt *stmt;
        int r = change->code ? bp_connection_prepare(connection,
                                                     "UPDATE dead_letters SET code = ?2, message = ?3, at = ?4, "
                                                     "attempts = attempts + 1 WHERE id = ?1",
                                                     &stmt)
                             : bp_connection_prepare(connection, "DELETE FROM dead_letters WHERE id = ?1", &stmt);

        if (r)
                return r;
        bp_bind_id(stmt, 1, true, &change->id);
        if (change->code) {
                bp_bind_text(stmt, 2, change->code);
                bp_bind_text(stmt, 3, change->message);
                bp_bind_int(stmt, 4, change->now.us);
        }
        r = bp_connection_run(connection, stmt);
        if (r)
                return r;
        return bp_connection_changes(connection) ? 0 : BP_STORE_NOT_FOUND;
}

static void change_free(struct change *change) {
        free(change->code);
        free(change->message);
        free(change);
}

static void done_change(struct bp_write *write, int result) {
        struct change *change = (struct change *)write;

        change->done(change->userdata, result, NULL);
        change_free(change);
}

static struct change *change_new(struct bp_id id, bp_store_done *done, void *userdata) {
        struct change *change = bp_calloc(1, sizeof(*change));

        if (!change)
                return NULL;
        *change = (struct change){.write = {.bytes = sizeof(*change), .apply = apply_change, .done = done_change},
                                  .id = id,
                                  .done = done,
                                  .userdata = userdata};
        return change;
}

int bp_store_dead_letter_delete(struct bp_store *store, struct bp_id id, bp_store_done *done, void *userdata) {
        struct change *change = change_new(id, done, userdata);

        if (!change)
                return -ENOMEM;
        bp_write_submit(store, &change->write);
        return 0;
}

int bp_store_dead_letter_failed(struct bp_store *store, struct bp_id id, const char *code, const char *message,
                                struct bp_wall now, bp_store_done *done, void *userdata) {
        struct change *change = change_new(id, done, userdata);

        if (!change)
                return -ENOMEM;
        change->now = now;
        change->code = bp_memdup_text(code, strlen(code));
        change->message = bp_memdup_text(message, strlen(message));
        if (!change->code || !change->message) {
                change_free(change);
                return -ENOMEM;
        }
        change->write.bytes += strlen(code) + strlen(message);
        bp_write_submit(store, &change->write);
        return 0;
}
