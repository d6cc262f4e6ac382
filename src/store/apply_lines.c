/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of logs. Each step's are counted, so that one that never stops logging fills no disk. */
#include <errno.h>
#include <stdint.h>

#include "base/memory.h"
#include "store/apply.h"
#include "store/connection.h"
#include "store/group.h"
#include "store/line_text.h"
#include "store/record_text.h"

/* Counts lines of a step. `ret_over`: how many of them are over the limit. @return 0 or negative errno. */
static int count(struct bp_connection *connection, uint64_t number, const struct bp_log_count *log,
                 uint32_t *ret_over) {
        sqlite3_stmt *stmt;
        int64_t total;
        int r = bp_connection_prepare(connection,
                                      "INSERT INTO log_counts VALUES (?, ?, ?) "
                                      "ON CONFLICT DO UPDATE SET n = n + excluded.n RETURNING n",
                                      &stmt);

        if (r)
                return r;
        bp_bind_int(stmt, 1, (int64_t)number);
        bp_bind_int(stmt, 2, log->step);
        bp_bind_int(stmt, 3, log->n);
        r = bp_connection_step(connection, stmt);
        if (r)
                return r > 0 ? -EIO : r;
        total = sqlite3_column_int64(stmt, 0);
        bp_statement_reset(&stmt);
        *ret_over = total <= BP_LOG_LINES_MAX           ? 0
                    : total - BP_LOG_LINES_MAX < log->n ? (uint32_t)(total - BP_LOG_LINES_MAX)
                                                        : log->n;
        return 0;
}

/* Drops the last lines of a step. */
static void drop(const struct bp_store_line *lines, bool *dropped, uint32_t n, uint32_t step, uint32_t over) {
        for (uint32_t i = n; i-- > 0 && over;)
                if (lines[i].step == step && !dropped[i]) {
                        dropped[i] = true;
                        over--;
                }
}

/* Writes the lines anew, without those over the limit. `over` goes with the execution's counts in their order. */
static int rewrite(struct bp_applier *applier, const struct bp_group *group, const struct bp_change *change,
                   const uint32_t *over, uint32_t *ret_n) {
        struct bp_wall first_at = change->lines.first_at;
        struct bp_value list;
        struct bp_store_line *lines;
        uint32_t n = 0;
        bool *dropped;
        int r = bp_stored_json_read(applier->arena, bp_strbuf_text(&applier->scratch), applier->scratch.size, &list);

        if (r)
                return r;
        lines = bp_arena_array(applier->arena, list.count, sizeof(*lines));
        dropped = lines ? bp_arena_array(applier->arena, list.count, sizeof(*dropped)) : NULL;
        if (!dropped)
                return -ENOMEM;
        for (uint32_t i = 0; i < list.count && !r; i++)
                r = bp_line_read(&list.as.items[i], first_at, &lines[i]);
        for (uint32_t log = change->first_log; log && !r; log = group->logs[log].next)
                drop(lines, dropped, list.count, group->logs[log].step, *over++);
        bp_strbuf_clear(&applier->scratch);
        bp_strbuf_add_char(&applier->scratch, '[');
        for (uint32_t i = 0; i < list.count && !r; i++)
                if (!dropped[i]) {
                        if (n++)
                                bp_strbuf_add_char(&applier->scratch, ',');
                        bp_line_write(&applier->scratch, &lines[i], first_at);
                }
        bp_strbuf_add_char(&applier->scratch, ']');
        *ret_n = n;
        return r ? r : applier->scratch.error;
}

static int insert(struct bp_applier *applier, const struct bp_change *change, uint32_t n,
                  struct bp_connection *connection) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(
                connection, "INSERT INTO logs (position, execution, n, at, lines) VALUES (?, ?, ?, ?, ?)", &stmt);

        if (r)
                return r;
        bp_bind_int(stmt, 1, (int64_t)change->lines_position);
        bp_bind_int(stmt, 2, (int64_t)change->number);
        bp_bind_int(stmt, 3, n);
        bp_bind_int(stmt, 4, change->lines.first_at.us);
        bp_bind_text_n(stmt, 5, bp_strbuf_text(&applier->scratch), applier->scratch.size);
        applier->rows++;
        return bp_connection_run(connection, stmt);
}

int bp_applier_insert_lines(struct bp_applier *applier, const struct bp_group *group, const struct bp_change *change,
                            struct bp_connection *connection) {
        uint32_t n_logs = 0, at = 0, n = change->lines.n;
        bool over_limit = false;
        uint32_t *over;
        int r = 0;

        for (uint32_t log = change->first_log; log; log = group->logs[log].next)
                n_logs++;
        over = bp_arena_array(applier->arena, n_logs, sizeof(*over));
        if (!over)
                return -ENOMEM;
        for (uint32_t log = change->first_log; log && !r; log = group->logs[log].next) {
                r = count(connection, change->number, &group->logs[log], &over[at]);
                over_limit = over_limit || over[at];
                at++;
        }
        if (!r)
                r = bp_applier_join(&applier->scratch, group, &change->lines);
        if (!r && over_limit)
                r = rewrite(applier, group, change, over, &n);
        return r || !n ? r : insert(applier, change, n, connection);
}
