/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine's thread hands over: it goes into the group that fills. */
#include <errno.h>

#include "engine/engine.h"
#include "store/connection.h"
#include "store/counts.h"
#include "store/keys.h"
#include "store/state.h"
#include "store/write.h"

/* Under the mutex: what the group grew by weighs on the queue, and is not written before the commit. */
static void grew(struct bp_store *store, size_t before) {
        store->held = true;
        atomic_fetch_add(&store->queued, store->filling->bytes - before);
}

int bp_store_execution_create(struct bp_store *store, const struct bp_store_new_execution *execution,
                              uint64_t *ret_number) {
        struct bp_write *key = NULL;
        size_t before;
        int r = execution->key ? bp_key_write_new(execution->key, &key) : 0;

        if (r)
                return r;
        pthread_mutex_lock(&store->mutex);
        before = store->filling->bytes;
        r = bp_group_create(store->filling, store->last_number + 1, execution);
        if (!r) {
                *ret_number = ++store->last_number;
                if (key)
                        bp_group_add_write(store->filling, key);
        } else if (key) {
                key->done(key, r);
        }
        grew(store, before);
        pthread_mutex_unlock(&store->mutex);
        return r;
}

int bp_store_append(struct bp_store *store, uint64_t number, const struct bp_record *records, size_t n_records,
                    struct bp_position *ret_position) {
        size_t before;
        uint64_t row;
        int r;

        if (!n_records)
                return 0;

        pthread_mutex_lock(&store->mutex);
        before = store->filling->bytes;
        r = bp_group_append(store->filling, number, records, n_records, &store->last_position, &row);
        grew(store, before);
        pthread_mutex_unlock(&store->mutex);
        if (!r && ret_position)
                *ret_position = (struct bp_position){.row = row, .sequence = records[n_records - 1].sequence};
        return r;
}

int bp_store_log(struct bp_store *store, uint64_t number, const struct bp_store_line *line) {
        size_t before;
        int r;

        pthread_mutex_lock(&store->mutex);
        before = store->filling->bytes;
        r = bp_group_log(store->filling, number, line, &store->last_position);
        grew(store, before);
        pthread_mutex_unlock(&store->mutex);
        return r;
}

void bp_store_commit(struct bp_store *store, uint64_t ticket) {
        pthread_mutex_lock(&store->mutex);
        store->filling->ticket = ticket;
        store->wanted = true;
        store->held = false;
        pthread_cond_signal(&store->wake);
        pthread_mutex_unlock(&store->mutex);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Deleting
 */

struct deletion {
        struct bp_write write;
        struct bp_id id;
        bp_store_done *done;
        void *userdata;
};

static int run_for_number(struct bp_connection *connection, const char *sql, int64_t number) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection, sql, &stmt);

        if (r)
                return r;
        bp_bind_int(stmt, 1, number);
        return bp_connection_run(connection, stmt);
}

/* Numbers and positions are not given out again, even when the last ones are deleted. */
static int remember_last(struct bp_connection *connection) {
        static const char *const statements[] = {
                "UPDATE meta SET value = max(value, (SELECT max(number) FROM executions)) WHERE key = 'last_number'",
                "UPDATE meta SET value = max(value, coalesce((SELECT max(position) FROM journal), 0), "
                "coalesce((SELECT max(position) FROM logs), 0)) WHERE key = 'last_position'"};
        int r = 0;

        for (size_t i = 0; i < 2 && !r; i++) {
                sqlite3_stmt *stmt;

                r = bp_connection_prepare(connection, statements[i], &stmt);
                if (!r)
                        r = bp_connection_run(connection, stmt);
        }
        return r;
}

static int uncount(struct bp_connection *connection, sqlite3_stmt *row) {
        struct bp_id pipeline;
        struct bp_count count = {.pipeline = bp_column_id(row, 2, &pipeline) ? &pipeline : NULL,
                                 .initiator = (const char *)sqlite3_column_text(row, 3),
                                 .initiator_size = (size_t)sqlite3_column_bytes(row, 3),
                                 .principal = (const char *)sqlite3_column_text(row, 4),
                                 .principal_size = (size_t)sqlite3_column_bytes(row, 4),
                                 .state = (uint32_t)sqlite3_column_int64(row, 0),
                                 .block = bp_block_of((uint64_t)sqlite3_column_int64(row, 5)),
                                 .by = -1,
                                 .created_at = bp_column_time(row, 1)};

        return bp_counts_add(connection, &count, 1);
}

static int delete_rows(struct bp_connection *connection, int64_t number) {
        int r = remember_last(connection);

        if (!r)
                r = run_for_number(connection, "DELETE FROM journal WHERE execution = ?", number);
        if (!r)
                r = run_for_number(connection, "DELETE FROM logs WHERE execution = ?", number);
        if (!r)
                r = run_for_number(connection, "DELETE FROM log_counts WHERE execution = ?", number);
        if (!r)
                r = run_for_number(connection, "DELETE FROM awaited WHERE execution = ?", number);
        if (!r)
                r = run_for_number(connection, "DELETE FROM subscriptions WHERE execution = ?", number);
        if (!r)
                r = run_for_number(connection, "DELETE FROM dead_letters WHERE execution = ?", number);
        if (!r)
                r = run_for_number(connection, "DELETE FROM executions WHERE number = ?", number);
        return r;
}

static int apply_deletion(struct bp_write *write, struct bp_connection *connection) {
        struct deletion *deletion = (struct deletion *)write;
        sqlite3_stmt *row;
        int64_t number;
        int r = bp_connection_prepare(
                connection,
                "SELECT state, created_at, pipeline, initiator, principal, number FROM executions WHERE id = ?", &row);

        if (r)
                return r;
        bp_bind_id(row, 1, true, &deletion->id);
        r = bp_connection_step(connection, row);
        if (r)
                return r;
        number = sqlite3_column_int64(row, 5);
        if (!bp_execution_state_is_final((enum bp_execution_state)sqlite3_column_int64(row, 0)))
                r = BP_STORE_CONFLICT;
        if (!r)
                r = uncount(connection, row);
        bp_statement_reset(&row);
        return r ? r : delete_rows(connection, number);
}

static void done_deletion(struct bp_write *write, int result) {
        struct deletion *deletion = (struct deletion *)write;

        deletion->done(deletion->userdata, result, NULL);
        bp_freep(&deletion);
}

int bp_store_execution_delete(struct bp_store *store, struct bp_id id, bp_store_done *done, void *userdata) {
        struct deletion *deletion = bp_calloc(1, sizeof(*deletion));

        if (!deletion)
                return -ENOMEM;
        *deletion =
                (struct deletion){.write = {.bytes = sizeof(*deletion), .apply = apply_deletion, .done = done_deletion},
                                  .id = id,
                                  .done = done,
                                  .userdata = userdata};
        bp_write_submit(store, &deletion->write);
        return 0;
}
