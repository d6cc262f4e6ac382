/* SPDX-License-Identifier: Apache-2.0 */
/* Subscriptions: entered with their execution, read by whoever publishes. */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "store/connection.h"
#include "store/deliveries.h"
#include "store/group.h"
#include "store/readers.h"
#include "store/subscribers.h"

const char *bp_subscription_state_name(enum bp_subscription_state state) {
        static const char *const names[] = {
                [BP_SUBSCRIPTION_ACTIVE] = "active",
                [BP_SUBSCRIPTION_EXPIRED] = "expired",
                [BP_SUBSCRIPTION_FAILED] = "failed",
                [BP_SUBSCRIPTION_DONE] = "done",
        };

        return names[state];
}

/* ---------------------------------------------------------------------------------------------------------------
 * Entering
 */

static int insert_one(struct bp_connection *connection, const struct bp_group *group,
                      const struct bp_creation *creation, uint64_t execution, const char *topic, size_t size) {
        bool refused = creation->refused.size != BP_NO_TEXT;
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection,
                                      "INSERT INTO subscriptions (execution, topic, state, error, created_at, "
                                      "expires_at) VALUES (?, ?, ?, ?, ?, ?)",
                                      &stmt);

        if (r)
                return r;
        bp_bind_int(stmt, 1, (int64_t)execution);
        bp_bind_text_n(stmt, 2, topic, size);
        bp_bind_int(stmt, 3, refused ? BP_SUBSCRIPTION_FAILED : BP_SUBSCRIPTION_ACTIVE);
        bp_bind_text_n(stmt, 4, bp_span_text(group, creation->refused), refused ? creation->refused.size : 0);
        bp_bind_int(stmt, 5, creation->created_at.us);
        bp_bind_time(stmt, 6, creation->subscriptions_expire_at);
        return bp_connection_run(connection, stmt);
}

int bp_subscribers_insert(struct bp_connection *connection, const struct bp_group *group,
                          const struct bp_creation *creation, uint64_t execution) {
        const char *topic = bp_span_text(group, creation->topics);
        const char *end = topic ? topic + creation->topics.size : NULL;
        int r = 0;

        while (topic < end && !r) { /* each ends with a line break */
                size_t size = (size_t)((const char *)memchr(topic, '\n', (size_t)(end - topic)) - topic);

                r = insert_one(connection, group, creation, execution, topic, size);
                topic += size + 1;
        }
        return r;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Reading
 */

#define SELECT_SUBSCRIPTION                                                                                \
        "SELECT s.number, s.execution, e.id, s.topic, s.state, s.cursor, s.attempts, s.next_at, s.error, " \
        "s.created_at, s.expires_at FROM subscriptions s JOIN executions e ON e.number = s.execution "

struct list {
        struct bp_subscription_row *rows;
        size_t n, capacity;
};

static int read_row(sqlite3_stmt *stmt, struct bp_arena *arena, struct bp_subscription_row *ret_row) {
        struct bp_subscription_row row = {.number = (uint64_t)sqlite3_column_int64(stmt, 0),
                                          .execution = (uint64_t)sqlite3_column_int64(stmt, 1),
                                          .state = (enum bp_subscription_state)sqlite3_column_int(stmt, 4),
                                          .cursor = (uint64_t)sqlite3_column_int64(stmt, 5),
                                          .attempts = (uint32_t)sqlite3_column_int64(stmt, 6),
                                          .next_at = bp_column_time(stmt, 7),
                                          .created_at = bp_column_time(stmt, 9),
                                          .expires_at = bp_column_time(stmt, 10)};
        int r = bp_column_id(stmt, 2, &row.execution_id) ? 0 : -EUCLEAN;

        if (!r)
                r = bp_column_text(stmt, 3, arena, &row.topic);
        if (!r)
                r = bp_column_text(stmt, 8, arena, &row.error);
        if (!r)
                *ret_row = row;
        return r;
}

static int add_row(struct list *list, sqlite3_stmt *stmt, struct bp_arena *arena) {
        if (list->n == list->capacity) {
                size_t capacity = list->capacity ? list->capacity * 2 : 8;
                struct bp_subscription_row *larger =
                        bp_arena_grow(arena, list->rows, list->capacity * sizeof(*larger), capacity * sizeof(*larger));

                if (!larger)
                        return -ENOMEM;
                list->rows = larger;
                list->capacity = capacity;
        }
        return read_row(stmt, arena, &list->rows[list->n++]);
}

/* Rows of a statement with two numbers as parameters. */
static int read_list(struct bp_store *store, const char *sql, int64_t first, int64_t second, struct bp_arena *arena,
                     struct bp_subscription_row **ret_rows, size_t *ret_n_rows) {
        _cleanup_(bp_reader_release) struct bp_reader reader = {.operation = "list", .entity = "subscription"};
        struct list list = {0};
        int r = bp_reader_begin(&reader, store, sql);

        if (r)
                return r;
        bp_bind_int(reader.stmt, 1, first);
        bp_bind_int(reader.stmt, 2, second);
        while (!(r = bp_connection_step(reader.connection, reader.stmt))) {
                r = add_row(&list, reader.stmt, arena);
                if (r)
                        return r;
        }
        if (r < 0)
                return r;
        *ret_rows = list.rows;
        *ret_n_rows = list.n;
        return 0;
}

int bp_store_subscriptions(struct bp_store *store, uint64_t execution, struct bp_arena *arena,
                           struct bp_subscription_row **ret_rows, size_t *ret_n_rows) {
        return read_list(store, SELECT_SUBSCRIPTION "WHERE s.execution = ?1 ORDER BY s.number LIMIT ?2",
                         (int64_t)execution, -1, arena, ret_rows, ret_n_rows);
}

int bp_store_subscriptions_active(struct bp_store *store, uint64_t after, uint32_t limit, struct bp_arena *arena,
                                  struct bp_subscription_row **ret_rows, size_t *ret_n_rows) {
        return read_list(store,
                         SELECT_SUBSCRIPTION "WHERE s.state = 1 AND s.next_at IS NULL AND s.number > ?1 "
                                             "ORDER BY s.number LIMIT ?2",
                         (int64_t)after, limit, arena, ret_rows, ret_n_rows);
}

int bp_store_subscriptions_due(struct bp_store *store, struct bp_wall now, uint32_t limit, struct bp_arena *arena,
                               struct bp_subscription_row **ret_rows, size_t *ret_n_rows) {
        return read_list(store, SELECT_SUBSCRIPTION "WHERE s.state = 1 AND s.next_at <= ?1 ORDER BY s.next_at LIMIT ?2",
                         now.us, limit, arena, ret_rows, ret_n_rows);
}

int bp_store_subscriptions_next(struct bp_store *store, struct bp_wall after, struct bp_wall *ret_next,
                                uint64_t *ret_n_waiting) {
        _cleanup_(bp_reader_release) struct bp_reader reader = {.operation = "get", .entity = "subscription"};
        int r = bp_reader_begin(&reader, store,
                                "SELECT (SELECT min(next_at) FROM subscriptions WHERE state = 1 AND next_at > ?), "
                                "(SELECT count(*) FROM subscriptions WHERE state = 1 AND next_at > 0)");

        if (r)
                return r;
        bp_bind_int(reader.stmt, 1, after.us);
        r = bp_connection_step(reader.connection, reader.stmt);
        if (r)
                return r > 0 ? -EUCLEAN : r;
        *ret_next = bp_column_time(reader.stmt, 0);
        *ret_n_waiting = (uint64_t)sqlite3_column_int64(reader.stmt, 1);
        return 0;
}
