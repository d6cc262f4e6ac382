/* SPDX-License-Identifier: Apache-2.0 */
#include "store/counts.h"

#include <stdlib.h>
#include <string.h>

#include "store/connection.h"
#include "store/pages.h"

/* ---------------------------------------------------------------------------------------------------------------
 * Adding
 */

static int compare_texts(const char *a, size_t a_size, const char *b, size_t b_size) {
        size_t common = a_size < b_size ? a_size : b_size;
        int order = common ? memcmp(a, b, common) : 0;

        return order ? order : a_size < b_size ? -1 : a_size > b_size;
}

static int compare_ids(const struct bp_id *a, const struct bp_id *b) {
        return compare_texts(a ? (const char *)a->bytes : "", a ? sizeof(*a) : 0, b ? (const char *)b->bytes : "",
                             b ? sizeof(*b) : 0);
}

static int compare(const void *left, const void *right) {
        const struct bp_count *a = left, *b = right;
        int order = compare_ids(a->pipeline, b->pipeline);

        if (!order)
                order = compare_texts(a->initiator, a->initiator_size, b->initiator, b->initiator_size);
        if (!order)
                order = compare_texts(a->principal, a->principal_size, b->principal, b->principal_size);
        if (!order)
                order = a->state < b->state ? -1 : a->state > b->state;
        if (!order)
                order = a->block < b->block ? -1 : a->block > b->block;
        return order;
}

static int add_one(struct bp_connection *connection, const struct bp_count *count) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(
                connection,
                "INSERT INTO execution_counts VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE "
                "SET n = n + excluded.n, first_at = min(first_at, excluded.first_at), "
                "last_at = max(last_at, excluded.last_at)",
                &stmt);

        if (r)
                return r;
        sqlite3_bind_blob(stmt, 1, count->pipeline ? (const void *)count->pipeline : "",
                          count->pipeline ? (int)sizeof(*count->pipeline) : 0, SQLITE_STATIC);
        bp_bind_text_n(stmt, 2, count->initiator ? count->initiator : "", count->initiator_size);
        bp_bind_text_n(stmt, 3, count->principal ? count->principal : "", count->principal_size);
        bp_bind_int(stmt, 4, count->state);
        bp_bind_int(stmt, 5, (int64_t)count->block);
        bp_bind_int(stmt, 6, count->by);
        bp_bind_int(stmt, 7, count->created_at.us);
        bp_bind_int(stmt, 8, count->last_at.us);
        return bp_connection_run(connection, stmt);
}

int bp_counts_add(struct bp_connection *connection, struct bp_count *counts, uint32_t n_counts) {
        int r = 0;

        if (n_counts > 1)
                qsort(counts, n_counts, sizeof(*counts), compare);
        for (uint32_t i = 0; i < n_counts && !r;) {
                struct bp_count sum = counts[i++];

                sum.last_at = sum.created_at;
                for (; i < n_counts && compare(&sum, &counts[i]) == 0; i++) {
                        sum.by += counts[i].by;
                        if (counts[i].created_at.us < sum.created_at.us)
                                sum.created_at = counts[i].created_at;
                        if (counts[i].created_at.us > sum.last_at.us)
                                sum.last_at = counts[i].created_at;
                }
                if (sum.by)
                        r = add_one(connection, &sum);
        }
        return r;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Totals
 */

/* ?1 pipeline, ?2 initiator, ?3 principal, ?4 states. With a pipeline, its part of the primary key is looked at only.
 */
#define OF_PIPELINE "FROM execution_counts WHERE pipeline = ?1 AND "
#define OF_ALL "FROM execution_counts WHERE (?1 IS NULL OR 1) AND "
#define MATCHES "(?2 IS NULL OR initiator = ?2) AND (?3 IS NULL OR principal = ?3) AND (?4 >> state) & 1"

/* ?5 from, ?6 to: for each block that has some of the range how many it has, and whether only its rows can tell. */
#define BLOCKS(source)                                                             \
        "SELECT block, sum(n), max(first_at < ?5 OR last_at > ?6) " source MATCHES \
        " AND n > 0 AND last_at >= ?5 AND first_at <= ?6 GROUP BY block"

static int begin(struct bp_connection *connection, const char *sql, const struct bp_execution_filter *filter,
                 sqlite3_stmt **ret_stmt) {
        int r = bp_connection_prepare(connection, sql, ret_stmt);

        if (r)
                return r;
        bp_bind_id(*ret_stmt, 1, filter->has_pipeline, &filter->pipeline);
        bp_bind_text(*ret_stmt, 2, filter->initiator);
        bp_bind_text(*ret_stmt, 3, filter->principal);
        bp_bind_int(*ret_stmt, 4, filter->states ? filter->states : UINT32_MAX);
        return 0;
}

static int sum_all(struct bp_connection *connection, const struct bp_execution_filter *filter, uint64_t *ret_total) {
        sqlite3_stmt *stmt;
        int r = begin(connection,
                      filter->has_pipeline ? "SELECT sum(n) " OF_PIPELINE MATCHES : "SELECT sum(n) " OF_ALL MATCHES,
                      filter, &stmt);

        if (!r)
                r = bp_connection_step(connection, stmt);
        if (r)
                return r;
        *ret_total = (uint64_t)sqlite3_column_int64(stmt, 0);
        bp_statement_reset(&stmt);
        return 0;
}

static int sum_range(struct bp_connection *connection, const struct bp_execution_filter *filter, uint64_t *ret_total) {
        _cleanup_(bp_statement_reset) sqlite3_stmt *stmt = NULL;
        uint64_t total = 0;
        int r = begin(connection, filter->has_pipeline ? BLOCKS(OF_PIPELINE) : BLOCKS(OF_ALL), filter, &stmt);

        if (r)
                return r;
        bp_bind_int(stmt, 5, filter->created_from.us ? filter->created_from.us : INT64_MIN);
        bp_bind_int(stmt, 6, filter->created_to.us ? filter->created_to.us : INT64_MAX);
        while (!(r = bp_connection_step(connection, stmt))) {
                uint64_t n = (uint64_t)sqlite3_column_int64(stmt, 1);

                if (sqlite3_column_int64(stmt, 2))
                        r = bp_pages_count_block(connection, filter, (uint64_t)sqlite3_column_int64(stmt, 0), &n);
                if (r)
                        return r;
                total += n;
        }
        if (r != BP_STORE_NOT_FOUND)
                return r;
        *ret_total = total;
        return 0;
}

int bp_counts_total(struct bp_connection *connection, const struct bp_execution_filter *filter, uint64_t *ret_total) {
        return filter->created_from.us || filter->created_to.us ? sum_range(connection, filter, ret_total)
                                                                : sum_all(connection, filter, ret_total);
}
