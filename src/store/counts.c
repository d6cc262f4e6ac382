/* SPDX-License-Identifier: Apache-2.0 */
#include "store/counts.h"

#include <stdlib.h>
#include <string.h>

#include "store/connection.h"
#include "store/pages.h"

#define HOUR_US INT64_C(3600000000)

int64_t bp_hour_of(struct bp_wall time) {
        return time.us >= 0 ? time.us / HOUR_US : (time.us - HOUR_US + 1) / HOUR_US;
}

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
                order = a->hour < b->hour ? -1 : a->hour > b->hour;
        return order;
}

static int add_one(struct bp_connection *connection, const struct bp_count *count) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection,
                                      "INSERT INTO execution_counts VALUES (?, ?, ?, ?, ?, ?) "
                                      "ON CONFLICT DO UPDATE SET n = n + excluded.n",
                                      &stmt);

        if (r)
                return r;
        sqlite3_bind_blob(stmt, 1, count->pipeline ? (const void *)count->pipeline : "",
                          count->pipeline ? (int)sizeof(*count->pipeline) : 0, SQLITE_STATIC);
        bp_bind_text_n(stmt, 2, count->initiator ? count->initiator : "", count->initiator_size);
        bp_bind_text_n(stmt, 3, count->principal ? count->principal : "", count->principal_size);
        bp_bind_int(stmt, 4, count->state);
        bp_bind_int(stmt, 5, count->hour);
        bp_bind_int(stmt, 6, count->by);
        return bp_connection_run(connection, stmt);
}

int bp_counts_add(struct bp_connection *connection, struct bp_count *counts, uint32_t n_counts) {
        int r = 0;

        if (n_counts > 1)
                qsort(counts, n_counts, sizeof(*counts), compare);
        for (uint32_t i = 0; i < n_counts && !r;) {
                struct bp_count sum = counts[i++];

                for (; i < n_counts && compare(&sum, &counts[i]) == 0; i++)
                        sum.by += counts[i].by;
                if (sum.by)
                        r = add_one(connection, &sum);
        }
        return r;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Totals
 */

static void bind_filter(sqlite3_stmt *stmt, const struct bp_execution_filter *filter) {
        bp_bind_id(stmt, 1, filter->has_pipeline, &filter->pipeline);
        bp_bind_text(stmt, 2, filter->initiator);
        bp_bind_text(stmt, 3, filter->principal);
        bp_bind_int(stmt, 4, filter->states ? filter->states : UINT32_MAX);
}

/* Whole hours, both inclusive. */
static int sum_hours(struct bp_connection *connection, const struct bp_execution_filter *filter, int64_t from,
                     int64_t to, uint64_t *total) {
        sqlite3_stmt *stmt;
        int r;

        if (from > to)
                return 0;
        r = bp_connection_prepare(connection,
                                  filter->has_pipeline
                                          ? "SELECT sum(n) FROM execution_counts WHERE pipeline = ?1 AND "
                                            "(?2 IS NULL OR initiator = ?2) AND (?3 IS NULL OR principal = ?3) AND "
                                            "(?4 >> state) & 1 AND hour BETWEEN ?5 AND ?6"
                                          : "SELECT sum(n) FROM execution_counts WHERE (?1 IS NULL OR 1) AND "
                                            "(?2 IS NULL OR initiator = ?2) AND (?3 IS NULL OR principal = ?3) AND "
                                            "(?4 >> state) & 1 AND hour BETWEEN ?5 AND ?6",
                                  &stmt);
        if (r)
                return r;
        bind_filter(stmt, filter);
        bp_bind_int(stmt, 5, from);
        bp_bind_int(stmt, 6, to);
        r = bp_connection_step(connection, stmt);
        if (r)
                return r;
        *total += (uint64_t)sqlite3_column_int64(stmt, 0);
        bp_statement_reset(&stmt);
        return 0;
}

/* Part of an hour: looks at its rows. */
static int sum_rows(struct bp_connection *connection, const struct bp_execution_filter *filter, int64_t from,
                    int64_t to, uint64_t *total) {
        struct bp_execution_filter part = *filter;
        uint64_t n = 0;
        int r;

        part.created_from.us = from;
        part.created_to.us = to;
        r = bp_pages_count_rows(connection, &part, &n);
        *total += n;
        return r;
}

int bp_counts_total(struct bp_connection *connection, const struct bp_execution_filter *filter, uint64_t *ret_total) {
        int64_t from = filter->created_from.us, to = filter->created_to.us;
        int64_t first = INT64_MIN, last = INT64_MAX; /* whole hours */
        uint64_t total = 0;
        int r = 0;

        if (from)
                first = bp_hour_of(filter->created_from) + (from % HOUR_US != 0);
        if (to)
                last = bp_hour_of(filter->created_to) - ((to + 1) % HOUR_US != 0);
        if (from && to && first > last) {
                r = sum_rows(connection, filter, from, to, &total);
        } else {
                if (from && from % HOUR_US)
                        r = sum_rows(connection, filter, from, first * HOUR_US - 1, &total);
                if (!r && to && (to + 1) % HOUR_US)
                        r = sum_rows(connection, filter, (last + 1) * HOUR_US, to, &total);
                if (!r)
                        r = sum_hours(connection, filter, first, last, &total);
        }
        if (!r)
                *ret_total = total;
        return r;
}
