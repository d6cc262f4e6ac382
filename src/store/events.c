/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events from outside. A row is inserted before its event is acknowledged, and changed in the transaction that holds
 * the records which the event led to; what is in state WAITING at a start was not settled, and is delivered again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/connection.h"
#include "store/readers.h"
#include "store/state.h"
#include "store/write.h"

enum {
        EXPIRE_AT_ONCE = 5000, /* rows that one transaction changes */
        EVENT_ARENA = 16 << 20,
};

#define COLUMNS                                                                                             \
        "e.id, e.source, e.event_id, e.type, e.correlation, e.state, e.effect, e.arrived_at, e.kept_from, " \
        "e.settled_at, e.execution, e.step, e.size"
/* The newest execution with a step that waits, or once waited, for the id. */
#define AWAITED                                                                                    \
        "SELECT x.id, x.state, a.step FROM awaited a JOIN executions x ON x.number = a.execution " \
        "WHERE a.correlation = ?1 ORDER BY a.execution DESC, a.step DESC LIMIT 1"

/* ---------------------------------------------------------------------------------------------------------------
 * Rows
 */

static int read_row(sqlite3_stmt *stmt, struct bp_arena *arena, struct bp_event_row *ret_row) {
        struct bp_event_row row = {.state = (enum bp_inbox_state)sqlite3_column_int64(stmt, 5),
                                   .effect = (enum bp_inbox_effect)sqlite3_column_int64(stmt, 6),
                                   .arrived_at = bp_column_time(stmt, 7),
                                   .kept_from = bp_column_time(stmt, 8),
                                   .settled_at = bp_column_time(stmt, 9),
                                   .size = (size_t)sqlite3_column_int64(stmt, 12)};
        int r;

        if (!bp_column_id(stmt, 0, &row.id))
                return -EUCLEAN;
        row.has_execution = bp_column_id(stmt, 10, &row.execution);
        r = bp_column_text(stmt, 1, arena, &row.source);
        if (!r)
                r = bp_column_text(stmt, 2, arena, &row.event_id);
        if (!r)
                r = bp_column_text(stmt, 3, arena, &row.type);
        if (!r)
                r = bp_column_text(stmt, 4, arena, &row.correlation);
        if (!r)
                r = bp_column_text(stmt, 11, arena, &row.step);
        if (!r)
                *ret_row = row;
        return r;
}

/* @return 0 or negative errno; `ret_awaited->found` false: no step ever waited for it */
static int find_awaited(struct bp_connection *connection, const char *correlation, struct bp_awaited *ret_awaited) {
        struct bp_awaited awaited = {0};
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection, AWAITED, &stmt);

        *ret_awaited = awaited;
        if (r || !correlation)
                return r;
        bp_bind_text(stmt, 1, correlation);
        r = bp_connection_step(connection, stmt);
        if (r)
                return r == BP_STORE_NOT_FOUND ? 0 : r;
        awaited.found = bp_column_id(stmt, 0, &awaited.execution);
        awaited.ended = bp_execution_state_is_final((enum bp_execution_state)sqlite3_column_int64(stmt, 1));
        awaited.step = (uint32_t)sqlite3_column_int64(stmt, 2);
        bp_statement_reset(&stmt);
        *ret_awaited = awaited;
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Keeping one
 */

struct keep {
        struct bp_write write;
        struct bp_arena *arena;
        struct bp_store_event event;
        int64_t known_us; /* how long a repetition is known */
        struct bp_event_kept kept;
        bp_store_event_kept *done;
        void *userdata;
};

static const char *copy_text(struct bp_arena *arena, const char *text, bool *failed) {
        const char *copy = text ? bp_arena_text(arena, text, strlen(text)) : NULL;

        *failed |= text && !copy;
        return copy;
}

static int copy_event(struct bp_arena *arena, const struct bp_store_event *event, struct bp_store_event *ret_copy) {
        struct bp_store_event copy = *event;
        bool failed = false;

        copy.source = copy_text(arena, event->source, &failed);
        copy.event_id = copy_text(arena, event->event_id, &failed);
        copy.type = copy_text(arena, event->type, &failed);
        copy.correlation = copy_text(arena, event->correlation, &failed);
        copy.body.text = bp_arena_text(arena, event->body.text, event->body.size);
        if (failed || !copy.body.text)
                return -ENOMEM;
        *ret_copy = copy;
        return 0;
}

static int insert(struct bp_connection *connection, const struct bp_store_event *event) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection,
                                      "INSERT INTO events (id, source, event_id, type, correlation, state, arrived_at, "
                                      "kept_from, settled_at, size, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, "
                                      "?9, ?10) ON CONFLICT (id) DO NOTHING",
                                      &stmt);

        if (r)
                return r;
        bp_bind_id(stmt, 1, true, &event->id);
        bp_bind_text(stmt, 2, event->source);
        bp_bind_text(stmt, 3, event->event_id);
        bp_bind_text(stmt, 4, event->type);
        bp_bind_text(stmt, 5, event->correlation);
        bp_bind_int(stmt, 6, event->correlation ? BP_INBOX_WAITING : BP_INBOX_UNROUTABLE);
        bp_bind_int(stmt, 7, event->at.us);
        bp_bind_optional(stmt, 8, event->correlation ? 0 : event->at.us);
        bp_bind_int(stmt, 9, (int64_t)event->body.size);
        bp_bind_text_n(stmt, 10, event->body.text, event->body.size);
        return bp_connection_run(connection, stmt);
}

static int find_by_id(struct bp_connection *connection, const char *sql, struct bp_id id, struct bp_arena *arena,
                      struct bp_event_row *ret_row) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection, sql, &stmt);

        if (r)
                return r;
        bp_bind_id(stmt, 1, true, &id);
        r = bp_connection_step(connection, stmt);
        if (r)
                return r;
        r = read_row(stmt, arena, ret_row);
        bp_statement_reset(&stmt);
        return r;
}

/* What is older than the time for which repetitions are known is another event. */
static int forget_if_old(struct bp_connection *connection, const struct keep *keep) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection, "DELETE FROM events WHERE id = ? AND state <> 1 AND arrived_at <= ?",
                                      &stmt);

        if (r)
                return r;
        bp_bind_id(stmt, 1, true, &keep->event.id);
        bp_bind_int(stmt, 2, keep->event.at.us - keep->known_us);
        return bp_connection_run(connection, stmt);
}

static int apply_keep(struct bp_write *write, struct bp_connection *connection) {
        struct keep *keep = (struct keep *)write;
        int r = forget_if_old(connection, keep);

        keep->kept = (struct bp_event_kept){0};
        if (!r)
                r = insert(connection, &keep->event);
        if (r)
                return r;
        if (bp_connection_changes(connection))
                return find_awaited(connection, keep->event.correlation, &keep->kept.awaited);
        r = find_by_id(connection, "SELECT " COLUMNS " FROM events e WHERE e.id = ?", keep->event.id, keep->arena,
                       &keep->kept.first);
        return r ? r : BP_STORE_DUPLICATE;
}

static void done_keep(struct bp_write *write, int result) {
        struct keep *keep = (struct keep *)write;

        if (keep->done)
                keep->done(keep->userdata, result, &keep->kept);
        bp_arena_free(keep->arena);
        free(keep);
}

int bp_store_event_keep(struct bp_store *store, const struct bp_store_event *event, bp_store_event_kept *done,
                        void *userdata) {
        struct keep *keep = bp_calloc(1, sizeof(*keep));

        if (!keep)
                return -ENOMEM;
        keep->arena = bp_arena_new(EVENT_ARENA);
        if (!keep->arena || copy_event(keep->arena, event, &keep->event)) {
                done_keep(&keep->write, -ENOMEM);
                return -ENOMEM;
        }
        keep->write = (struct bp_write){
                .bytes = sizeof(*keep) + bp_arena_used(keep->arena), .apply = apply_keep, .done = done_keep};
        keep->known_us = (int64_t)store->inbox.known_seconds * 1000000;
        keep->done = done;
        keep->userdata = userdata;
        bp_write_submit(store, &keep->write);
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Changing one
 */

struct change {
        struct bp_write write;
        struct bp_arena *arena;
        struct bp_event_settlement settlement;
        struct bp_id id;
        struct bp_wall at;
        struct bp_event_kept kept;
        struct bp_text body;
        bp_store_done *done;
        bp_store_event_kept *replayed;
        void *userdata;
};

static int apply_settlement(struct bp_write *write, struct bp_connection *connection) {
        const struct change *change = (const struct change *)write;
        const struct bp_event_settlement *settlement = &change->settlement;
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection,
                                      "UPDATE events SET state = ?2, effect = ?3, execution = ?4, step = ?5, "
                                      "settled_at = ?6, body = iif(?2 IN (2, 3), NULL, body) WHERE id = ?1",
                                      &stmt);

        if (r)
                return r;
        bp_bind_id(stmt, 1, true, &settlement->id);
        bp_bind_int(stmt, 2, settlement->state);
        bp_bind_optional(stmt, 3, settlement->effect);
        bp_bind_id(stmt, 4, settlement->has_execution, &settlement->execution);
        bp_bind_text(stmt, 5, settlement->step);
        bp_bind_int(stmt, 6, settlement->at.us);
        return bp_connection_run(connection, stmt);
}

static void done_change(struct bp_write *write, int result) {
        struct change *change = (struct change *)write;

        if (change->done)
                change->done(change->userdata, result, NULL);
        if (change->replayed)
                change->replayed(change->userdata, result, &change->kept);
        bp_arena_free(change->arena);
        free(change);
}

static int submit_change(struct bp_store *store, const struct change *made) {
        struct change *change = bp_calloc(1, sizeof(*change));

        if (!change) {
                bp_arena_free(made->arena);
                return -ENOMEM;
        }
        *change = *made;
        change->write.bytes = sizeof(*change) + (made->arena ? bp_arena_used(made->arena) : 0);
        change->write.done = done_change;
        bp_write_submit(store, &change->write);
        return 0;
}

int bp_store_event_settle(struct bp_store *store, const struct bp_event_settlement *settlement, bp_store_done *done,
                          void *userdata) {
        struct change change = {.write = {.apply = apply_settlement},
                                .arena = bp_arena_new(EVENT_ARENA),
                                .settlement = *settlement,
                                .done = done,
                                .userdata = userdata};
        bool failed = false;

        if (!change.arena)
                return -ENOMEM;
        change.settlement.step = copy_text(change.arena, settlement->step, &failed);
        if (failed) {
                bp_arena_free(change.arena);
                return -ENOMEM;
        }
        return submit_change(store, &change);
}

static int apply_replay(struct bp_write *write, struct bp_connection *connection) {
        struct change *change = (struct change *)write;
        sqlite3_stmt *stmt;
        int r = find_by_id(connection, "SELECT " COLUMNS " FROM events e WHERE e.id = ?", change->id, change->arena,
                           &change->kept.first);

        if (r)
                return r;
        if (change->kept.first.state != BP_INBOX_EXPIRED && change->kept.first.state != BP_INBOX_DROPPED)
                return BP_STORE_CONFLICT;
        r = bp_connection_prepare(
                connection, "UPDATE events SET state = 1, kept_from = ?2, settled_at = NULL WHERE id = ?1", &stmt);
        if (r)
                return r;
        bp_bind_id(stmt, 1, true, &change->id);
        bp_bind_int(stmt, 2, change->at.us);
        r = bp_connection_run(connection, stmt);
        return r ? r : find_awaited(connection, change->kept.first.correlation, &change->kept.awaited);
}

int bp_store_event_replay(struct bp_store *store, struct bp_id id, struct bp_wall now, bp_store_event_kept *done,
                          void *userdata) {
        struct change change = {.write = {.apply = apply_replay},
                                .arena = bp_arena_new(EVENT_ARENA),
                                .id = id,
                                .at = now,
                                .replayed = done,
                                .userdata = userdata};

        return change.arena ? submit_change(store, &change) : -ENOMEM;
}

static int apply_delete(struct bp_write *write, struct bp_connection *connection) {
        struct change *change = (struct change *)write;
        sqlite3_stmt *stmt;
        int r = find_by_id(connection, "SELECT " COLUMNS " FROM events e WHERE e.id = ?", change->id, change->arena,
                           &change->kept.first);

        if (r)
                return r;
        if (change->kept.first.state == BP_INBOX_HANDLED || change->kept.first.state == BP_INBOX_LATE)
                return BP_STORE_CONFLICT;
        r = bp_connection_prepare(connection, "DELETE FROM events WHERE id = ?", &stmt);
        if (r)
                return r;
        bp_bind_id(stmt, 1, true, &change->id);
        return bp_connection_run(connection, stmt);
}

int bp_store_event_delete(struct bp_store *store, struct bp_id id, bp_store_done *done, void *userdata) {
        struct change change = {.write = {.apply = apply_delete},
                                .arena = bp_arena_new(EVENT_ARENA),
                                .id = id,
                                .done = done,
                                .userdata = userdata};

        return change.arena ? submit_change(store, &change) : -ENOMEM;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Expiry
 */

struct expiry {
        struct bp_write write;
        struct bp_store *store;
        struct bp_wall now;
        int64_t n_changed;
};

/* ?1 now, ?2 rows at once, ?3 the bound */
#define NOBODY_WAITED                                                                                              \
        "UPDATE events SET state = 4, settled_at = ?1 WHERE number IN (SELECT number FROM events WHERE state = 1 " \
        "AND kept_from <= ?1 - ?3 ORDER BY kept_from LIMIT ?2)"
#define NOT_REPEATED_ANY_MORE                                                                        \
        "DELETE FROM events WHERE number IN (SELECT number FROM events WHERE arrived_at <= ?1 - ?3 " \
        "ORDER BY arrived_at LIMIT ?2) AND state <> 1"
#define TOO_MANY                                                                                             \
        "DELETE FROM events WHERE number IN (SELECT number FROM events WHERE number <= (SELECT max(number) " \
        "FROM events) - ?3 ORDER BY number LIMIT ?2) AND state <> 1"

static int expire(struct bp_connection *connection, const char *sql, struct expiry *expiry, int64_t bound) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection, sql, &stmt);

        if (r)
                return r;
        bp_bind_int(stmt, 1, expiry->now.us);
        bp_bind_int(stmt, 2, EXPIRE_AT_ONCE);
        bp_bind_int(stmt, 3, bound);
        r = bp_connection_run(connection, stmt);
        if (!r && bp_connection_changes(connection) > expiry->n_changed)
                expiry->n_changed = bp_connection_changes(connection);
        return r;
}

static int apply_expiry(struct bp_write *write, struct bp_connection *connection) {
        struct expiry *expiry = (struct expiry *)write;
        const struct bp_store_inbox *inbox = &expiry->store->inbox;
        int r;

        expiry->n_changed = 0;
        r = expire(connection, NOBODY_WAITED, expiry, (int64_t)inbox->wait_seconds * 1000000);
        if (!r)
                r = expire(connection, NOT_REPEATED_ANY_MORE, expiry, (int64_t)inbox->known_seconds * 1000000);
        return r ? r : expire(connection, TOO_MANY, expiry, inbox->events);
}

/* Many rows go in several transactions, so that others get in between. */
static void done_expiry(struct bp_write *write, int result) {
        struct expiry *expiry = (struct expiry *)write;

        if (!result && expiry->n_changed == EXPIRE_AT_ONCE)
                bp_write_submit(expiry->store, write);
        else
                free(expiry);
}

int bp_store_events_expire(struct bp_store *store, struct bp_wall now) {
        struct expiry *expiry = bp_calloc(1, sizeof(*expiry));

        if (!expiry)
                return -ENOMEM;
        *expiry = (struct expiry){.store = store, .now = now};
        expiry->write = (struct bp_write){.bytes = sizeof(*expiry), .apply = apply_expiry, .done = done_expiry};
        bp_write_submit(store, &expiry->write);
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Reading
 */

int bp_store_event(struct bp_store *store, struct bp_id id, struct bp_arena *arena, struct bp_event_row *ret_row) {
        _cleanup_(bp_reader_release) struct bp_reader reader = {.operation = "get", .entity = "event"};
        struct bp_event_row row;
        int r = bp_reader_begin(&reader, store, "SELECT " COLUMNS ", e.body FROM events e WHERE e.id = ?");

        if (r)
                return r;
        bp_bind_id(reader.stmt, 1, true, &id);
        r = bp_connection_step(reader.connection, reader.stmt);
        if (!r)
                r = read_row(reader.stmt, arena, &row);
        if (!r)
                r = bp_column_text_n(reader.stmt, 13, arena, &row.body);
        if (!r)
                *ret_row = row;
        return r;
}

int bp_store_event_awaited(struct bp_store *store, const char *correlation, struct bp_awaited *ret_awaited) {
        _cleanup_(bp_reader_release) struct bp_reader reader = {.operation = "get", .entity = "awaited"};
        int r = bp_reader_begin(&reader, store, AWAITED);

        return r ? r : find_awaited(reader.connection, correlation, ret_awaited);
}

int bp_store_each_waiting_event(struct bp_store *store,
                                int (*visit)(void *userdata, const struct bp_event_row *row,
                                             const struct bp_awaited *awaited),
                                void *userdata) {
        _cleanup_(bp_reader_release) struct bp_reader reader = {.operation = "list", .entity = "event"};
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(EVENT_ARENA);
        int r = arena ? bp_reader_begin(&reader, store,
                                        "SELECT " COLUMNS " FROM events e WHERE e.state = 1 ORDER BY e.number")
                      : -ENOMEM;

        while (!r) {
                struct bp_event_row row;
                struct bp_awaited awaited;

                bp_arena_reset(arena);
                r = bp_connection_step(reader.connection, reader.stmt);
                if (!r)
                        r = read_row(reader.stmt, arena, &row);
                if (!r)
                        r = find_awaited(reader.connection, row.correlation, &awaited);
                if (!r)
                        r = visit(userdata, &row, &awaited);
        }
        return r == BP_STORE_NOT_FOUND ? 0 : r;
}

/* ?1 states, ?2 correlation, ?3 source, ?4 type, ?5 execution, ?6 from, ?7 to */
#define CHECKS                                                                                              \
        "(?1 >> e.state) & 1 AND (?2 IS NULL OR e.correlation = ?2) AND (?3 IS NULL OR e.source = ?3) AND " \
        "(?4 IS NULL OR e.type = ?4) AND (?5 IS NULL OR e.execution = ?5) AND e.arrived_at BETWEEN ?6 AND ?7"
#define UNMATCHED "e.state IN (1, 4, 5, 6) AND "
#define PAGE " ORDER BY e.arrived_at DESC, e.number DESC LIMIT ?8 OFFSET ?9"

static void bind_filter(sqlite3_stmt *stmt, const struct bp_event_filter *filter) {
        bp_bind_int(stmt, 1, filter->states ? filter->states : UINT32_MAX);
        bp_bind_text(stmt, 2, filter->correlation);
        bp_bind_text(stmt, 3, filter->source);
        bp_bind_text(stmt, 4, filter->type);
        bp_bind_id(stmt, 5, filter->has_execution, &filter->execution);
        bp_bind_int(stmt, 6, filter->from.us ? filter->from.us : INT64_MIN);
        bp_bind_int(stmt, 7, filter->to.us ? filter->to.us : INT64_MAX);
}

static int count_events(struct bp_connection *connection, const struct bp_event_filter *filter, bool unmatched,
                        uint64_t *ret_total) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection,
                                      unmatched ? "SELECT count(*) FROM events e WHERE " UNMATCHED CHECKS
                                                : "SELECT count(*) FROM events e WHERE " CHECKS,
                                      &stmt);

        if (r)
                return r;
        bind_filter(stmt, filter);
        r = bp_connection_step(connection, stmt);
        if (r)
                return r;
        *ret_total = (uint64_t)sqlite3_column_int64(stmt, 0);
        bp_statement_reset(&stmt);
        return 0;
}

static int read_page(struct bp_connection *connection, const struct bp_event_filter *filter, bool unmatched,
                     struct bp_arena *arena, struct bp_event_row **ret_rows, size_t *ret_n_rows) {
        struct bp_event_row *rows = bp_arena_array(arena, filter->limit, sizeof(*rows));
        _cleanup_(bp_statement_reset) sqlite3_stmt *stmt = NULL;
        size_t n = 0;
        int r = rows ? bp_connection_prepare(connection,
                                             unmatched ? "SELECT " COLUMNS " FROM events e WHERE " UNMATCHED CHECKS PAGE
                                                       : "SELECT " COLUMNS " FROM events e WHERE " CHECKS PAGE,
                                             &stmt)
                     : -ENOMEM;

        if (r)
                return r;
        bind_filter(stmt, filter);
        bp_bind_int(stmt, 8, filter->limit);
        bp_bind_int(stmt, 9, (int64_t)filter->offset);
        while (!r && n < filter->limit) {
                r = bp_connection_step(connection, stmt);
                if (!r)
                        r = read_row(stmt, arena, &rows[n++]);
        }
        if (r == BP_STORE_NOT_FOUND)
                r = 0;
        *ret_rows = rows;
        *ret_n_rows = n;
        return r;
}

int bp_store_events(struct bp_store *store, const struct bp_event_filter *filter, struct bp_arena *arena,
                    struct bp_event_row **ret_rows, size_t *ret_n_rows, uint64_t *ret_total) {
        _cleanup_(bp_reader_release) struct bp_reader reader = {.operation = "list", .entity = "event"};
        bool unmatched = filter->states && !(filter->states & ~(uint32_t)BP_INBOX_UNMATCHED);
        int r = bp_reader_snapshot(&reader, store);

        if (!r)
                r = count_events(reader.connection, filter, unmatched, ret_total);
        return r ? r : read_page(reader.connection, filter, unmatched, arena, ret_rows, ret_n_rows);
}
