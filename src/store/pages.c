/* SPDX-License-Identifier: Apache-2.0 */
/* Every index of executions ends in the time of creation, so that the newest of what it finds come without sorting. */
#include "store/pages.h"

#include <errno.h>
#include <stdlib.h>

#include "base/memory.h"
#include "engine/engine.h"
#include "store/connection.h"
#include "store/counts.h"

/* By what the rows are found; the other conditions are checked on each row. */
enum way {
        BY_CREATION,
        BY_PIPELINE,
        BY_INITIATOR,
        BY_STATE, /* one after another */
        BY_LIVE,
        N_WAYS,
};

#define LIVE_STATES ((1u << BP_EXECUTION_PENDING) | (1u << BP_EXECUTION_RUNNING) | (1u << BP_EXECUTION_PAUSED))
#define ALL_STATES ((1u << (BP_EXECUTION_INTERRUPTED + 1)) - 2)

/* ?1 pipeline, ?2 initiator, ?3 principal, ?4 states, ?5 from, ?6 to, ?7 state of BY_STATE, ?8 limit */
#define BASIC_CHECKS                                                              \
        "(?1 IS NULL OR +pipeline = ?1) AND (?2 IS NULL OR +initiator = ?2) AND " \
        "(?3 IS NULL OR principal = ?3) AND (?4 >> state) & 1 AND created_at BETWEEN ?5 AND ?6"
#define CHECKS BASIC_CHECKS " AND (?7 IS NULL OR 1)"
#define NUMBERS(source) \
        "SELECT created_at, number FROM executions " source CHECKS " ORDER BY created_at DESC, number DESC LIMIT ?8"
#define COUNT_BLOCK "SELECT count(*) FROM executions NOT INDEXED WHERE number BETWEEN ?7 AND ?8 AND " BASIC_CHECKS

#define FROM_CREATION "INDEXED BY executions_created WHERE "
#define FROM_PIPELINE "INDEXED BY executions_pipeline WHERE pipeline = ?1 AND "
#define FROM_INITIATOR "INDEXED BY executions_initiator WHERE initiator = ?2 AND "
#define FROM_STATE "INDEXED BY executions_state WHERE state = ?7 AND "
#define FROM_LIVE "INDEXED BY executions_live WHERE state < 4 AND "

static const char *const numbers_sql[N_WAYS] = {
        [BY_CREATION] = NUMBERS(FROM_CREATION),   [BY_PIPELINE] = NUMBERS(FROM_PIPELINE),
        [BY_INITIATOR] = NUMBERS(FROM_INITIATOR), [BY_STATE] = NUMBERS(FROM_STATE),
        [BY_LIVE] = NUMBERS(FROM_LIVE),
};

static uint32_t states_of(const struct bp_execution_filter *filter) {
        return filter->states ? filter->states & ALL_STATES : ALL_STATES;
}

static int count_alone(struct bp_connection *connection, const struct bp_execution_filter *filter, enum way way,
                       uint64_t *ret_count) {
        struct bp_execution_filter alone = {0};

        switch (way) {
        case BY_PIPELINE:
                alone.has_pipeline = true;
                alone.pipeline = filter->pipeline;
                break;
        case BY_INITIATOR:
                alone.initiator = filter->initiator;
                break;
        default:
                alone.states = filter->states;
        }
        return bp_counts_total(connection, &alone, ret_count);
}

/* The way that leads to the fewest rows. */
static int choose(struct bp_connection *connection, const struct bp_execution_filter *filter, enum way *ret_way) {
        enum way ways[3], best = BY_CREATION;
        uint64_t fewest = UINT64_MAX;
        size_t n = 0;
        int r = 0;

        if (filter->has_pipeline)
                ways[n++] = BY_PIPELINE;
        if (filter->initiator)
                ways[n++] = BY_INITIATOR;
        if (states_of(filter) != ALL_STATES)
                ways[n++] = states_of(filter) & ~LIVE_STATES ? BY_STATE : BY_LIVE;
        if (n == 1)
                best = ways[0];
        for (size_t i = 0; n > 1 && i < n && !r; i++) {
                uint64_t count = 0;

                r = count_alone(connection, filter, ways[i], &count);
                if (!r && count < fewest) {
                        fewest = count;
                        best = ways[i];
                }
        }
        *ret_way = best;
        return r;
}

static int begin(struct bp_connection *connection, const char *sql, const struct bp_execution_filter *filter,
                 uint32_t state, int64_t limit, sqlite3_stmt **ret_stmt) {
        int r = bp_connection_prepare(connection, sql, ret_stmt);

        if (r)
                return r;
        bp_bind_id(*ret_stmt, 1, filter->has_pipeline, &filter->pipeline);
        bp_bind_text(*ret_stmt, 2, filter->initiator);
        bp_bind_text(*ret_stmt, 3, filter->principal);
        bp_bind_int(*ret_stmt, 4, states_of(filter));
        bp_bind_int(*ret_stmt, 5, filter->created_from.us ? filter->created_from.us : INT64_MIN);
        bp_bind_int(*ret_stmt, 6, filter->created_to.us ? filter->created_to.us : INT64_MAX);
        bp_bind_int(*ret_stmt, 7, state);
        bp_bind_int(*ret_stmt, 8, limit);
        return 0;
}

struct found {
        int64_t created_at;
        uint64_t number;
};

struct finding {
        struct bp_arena *arena;
        struct found *found;
        size_t n, capacity;
};

static int add_found(struct finding *finding, sqlite3_stmt *stmt) {
        if (finding->n == finding->capacity) {
                size_t capacity = finding->capacity ? finding->capacity * 2 : 64;
                struct found *larger = bp_arena_grow(finding->arena, finding->found,
                                                     finding->capacity * sizeof(*larger), capacity * sizeof(*larger));

                if (!larger)
                        return -ENOMEM;
                finding->found = larger;
                finding->capacity = capacity;
        }
        finding->found[finding->n++] =
                (struct found){sqlite3_column_int64(stmt, 0), (uint64_t)sqlite3_column_int64(stmt, 1)};
        return 0;
}

static int find_some(struct bp_connection *connection, const char *sql, const struct bp_execution_filter *filter,
                     uint32_t state, struct finding *finding) {
        _cleanup_(bp_statement_reset) sqlite3_stmt *stmt = NULL;
        int r = begin(connection, sql, filter, state, (int64_t)(filter->offset + filter->limit), &stmt);

        while (!r) {
                r = bp_connection_step(connection, stmt);
                if (!r)
                        r = add_found(finding, stmt);
        }
        return r == BP_STORE_NOT_FOUND ? 0 : r;
}

static int newest_first(const void *left, const void *right) {
        const struct found *a = left, *b = right;

        if (a->created_at != b->created_at)
                return a->created_at > b->created_at ? -1 : 1;
        return a->number > b->number ? -1 : a->number < b->number;
}

int bp_pages_find(struct bp_connection *connection, const struct bp_execution_filter *filter, struct bp_arena *arena,
                  uint64_t **ret_numbers, size_t *ret_n_numbers) {
        struct finding finding = {.arena = arena};
        uint64_t *numbers;
        size_t n;
        enum way way;
        int r = choose(connection, filter, &way);

        if (!r && way != BY_STATE)
                r = find_some(connection, numbers_sql[way], filter, 0, &finding);
        for (uint32_t state = 1; way == BY_STATE && state <= BP_EXECUTION_INTERRUPTED && !r; state++)
                if (states_of(filter) >> state & 1)
                        r = find_some(connection, numbers_sql[way], filter, state, &finding);
        if (r)
                return r;
        if (way == BY_STATE && finding.n > 1)
                qsort(finding.found, finding.n, sizeof(*finding.found), newest_first);
        n = finding.n > filter->offset ? finding.n - filter->offset : 0;
        if (n > filter->limit)
                n = filter->limit;
        numbers = bp_arena_array(arena, n, sizeof(*numbers));
        if (!numbers)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                numbers[i] = finding.found[filter->offset + i].number;
        *ret_numbers = numbers;
        *ret_n_numbers = n;
        return 0;
}

int bp_pages_count_block(struct bp_connection *connection, const struct bp_execution_filter *filter, uint64_t block,
                         uint64_t *ret_count) {
        sqlite3_stmt *stmt;
        int r = begin(connection, COUNT_BLOCK, filter, 0, 0, &stmt);

        if (r)
                return r;
        bp_bind_int(stmt, 7, (int64_t)(block << BP_BLOCK_BITS));
        bp_bind_int(stmt, 8, (int64_t)((block + 1) << BP_BLOCK_BITS) - 1);
        r = bp_connection_step(connection, stmt);
        if (r)
                return r;
        *ret_count = (uint64_t)sqlite3_column_int64(stmt, 0);
        bp_statement_reset(&stmt);
        return 0;
}
