/* SPDX-License-Identifier: Apache-2.0 */
/* One execution costs one row in `executions` however much happened to it in the group, and one in `journal`. */
#include "store/apply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "engine/engine.h"
#include "pipeline/definition.h"
#include "store/connection.h"
#include "store/counts.h"
#include "store/definitions.h"
#include "store/group.h"
#include "store/subscribers.h"
#include "store/write.h"

enum {
        KEPT_SCRATCH = 1 << 18,
};

int bp_applier_init(struct bp_applier *applier) {
        *applier = (struct bp_applier){0};
        bp_strbuf_init(&applier->scratch, NULL, SIZE_MAX / 2);
        applier->arena = bp_arena_new(BP_ARENA_UNLIMITED);
        return applier->arena ? 0 : -ENOMEM;
}

void bp_applier_done(struct bp_applier *applier) {
        bp_strbuf_done(&applier->scratch);
        applier->arena = bp_arena_free(applier->arena);
        free(applier->counts);
        applier->counts = NULL;
}

void bp_applier_settle(struct bp_applier *applier, bool durable) {
        if (!durable) /* a definition that was rolled back has no number any more */
                memset(applier->known, 0, sizeof(applier->known));
        if (applier->scratch.capacity > KEPT_SCRATCH)
                bp_strbuf_done(&applier->scratch);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Definitions
 */

static int keep_definition(struct bp_applier *applier, struct bp_connection *connection,
                           const struct bp_definition *definition, uint64_t *ret_number) {
        struct bp_text document;
        int r = bp_definitions_find(connection, &definition->digest, ret_number);

        if (r != BP_STORE_NOT_FOUND)
                return r;
        bp_strbuf_clear(&applier->scratch);
        bp_json_write(&applier->scratch, &definition->source);
        if (applier->scratch.error)
                return applier->scratch.error;
        document = (struct bp_text){bp_strbuf_text(&applier->scratch), applier->scratch.size};
        return bp_definitions_keep(connection, &definition->digest, definition->name, definition->n_steps, document,
                                   ret_number);
}

static int number_of_definition(struct bp_applier *applier, struct bp_connection *connection,
                                const struct bp_definition *definition, uint64_t *ret_number) {
        size_t slot = bp_hash64(definition->digest.bytes, 8, 0) % BP_KNOWN_DEFINITIONS;
        int r;

        if (applier->known[slot].number &&
            memcmp(&applier->known[slot].digest, &definition->digest, sizeof(definition->digest)) == 0) {
                *ret_number = applier->known[slot].number;
                return 0;
        }
        r = keep_definition(applier, connection, definition, ret_number);
        if (!r) {
                applier->known[slot].digest = definition->digest;
                applier->known[slot].number = *ret_number;
        }
        return r;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Counts: collected, and written once per key
 */

static int add_count(struct bp_applier *applier, const struct bp_count *count) {
        if (applier->n_counts == applier->counts_capacity) {
                uint32_t capacity = applier->counts_capacity ? applier->counts_capacity * 2 : 64;
                struct bp_count *larger = bp_realloc(applier->counts, capacity, sizeof(*larger));

                if (!larger)
                        return -ENOMEM;
                applier->counts = larger;
                applier->counts_capacity = capacity;
        }
        applier->counts[applier->n_counts++] = *count;
        return 0;
}

static int flush_counts(struct bp_applier *applier, struct bp_connection *connection) {
        int r = bp_counts_add(connection, applier->counts, applier->n_counts);

        applier->n_counts = 0;
        return r;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Rows of executions
 */

static void bind_span(sqlite3_stmt *stmt, int column, const struct bp_group *group, struct bp_span span) {
        bp_bind_text_n(stmt, column, bp_span_text(group, span), span.size);
}

static int insert_execution(struct bp_applier *applier, const struct bp_group *group, const struct bp_change *change,
                            struct bp_connection *connection) {
        const struct bp_creation *creation = &group->creations[change->creation];
        uint32_t state = change->state ? change->state : BP_EXECUTION_PENDING;
        uint64_t definition;
        sqlite3_stmt *stmt;
        int r = number_of_definition(applier, connection, creation->definition, &definition);

        if (!r)
                r = bp_connection_prepare(
                        connection,
                        "INSERT INTO executions (number, id, definition, pipeline, revision, state, created_at, "
                        "started_at, ended_at, initiator, principal, origin, retry_of, code, message, options, params, "
                        "given, outputs) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        &stmt);
        if (r)
                return r;
        bp_bind_int(stmt, 1, (int64_t)change->number);
        bp_bind_id(stmt, 2, true, &creation->id);
        bp_bind_int(stmt, 3, (int64_t)definition);
        bp_bind_id(stmt, 4, creation->has_pipeline, &creation->pipeline);
        bp_bind_optional(stmt, 5, creation->has_pipeline ? creation->revision : 0);
        bp_bind_int(stmt, 6, state);
        bp_bind_int(stmt, 7, creation->created_at.us);
        bp_bind_time(stmt, 8, change->started_at);
        bp_bind_time(stmt, 9, change->ended_at);
        bind_span(stmt, 10, group, creation->initiator);
        bind_span(stmt, 11, group, creation->principal);
        bind_span(stmt, 12, group, creation->origin);
        bp_bind_id(stmt, 13, creation->has_retry_of, &creation->retry_of);
        bind_span(stmt, 14, group, change->code);
        bind_span(stmt, 15, group, change->message);
        bind_span(stmt, 16, group, creation->options);
        if (creation->params.size == BP_NO_TEXT)
                bp_bind_text(stmt, 17, "{}");
        else
                bind_span(stmt, 17, group, creation->params);
        bind_span(stmt, 18, group, creation->given);
        bind_span(stmt, 19, group, change->outputs);
        r = bp_connection_run(connection, stmt);
        if (!r)
                r = bp_subscribers_insert(connection, group, creation, change->number);
        if (r)
                return r;
        return add_count(applier, &(struct bp_count){.pipeline = creation->has_pipeline ? &creation->pipeline : NULL,
                                                     .initiator = bp_span_text(group, creation->initiator),
                                                     .initiator_size = creation->initiator.size,
                                                     .principal = bp_span_text(group, creation->principal),
                                                     .principal_size = creation->principal.size == BP_NO_TEXT
                                                                               ? 0
                                                                               : creation->principal.size,
                                                     .state = state,
                                                     .block = bp_block_of(change->number),
                                                     .by = 1,
                                                     .created_at = creation->created_at});
}

/* A key of counts must outlive the row it was read from. */
static int keep_key(struct bp_applier *applier, sqlite3_stmt *row, struct bp_count *ret_count) {
        struct bp_text initiator, principal;
        struct bp_id *pipeline = bp_arena_alloc(applier->arena, sizeof(*pipeline));
        int r = pipeline ? bp_column_text_n(row, 3, applier->arena, &initiator) : -ENOMEM;

        if (!r)
                r = bp_column_text_n(row, 4, applier->arena, &principal);
        if (r)
                return r;
        *ret_count = (struct bp_count){.pipeline = bp_column_id(row, 2, pipeline) ? pipeline : NULL,
                                       .initiator = initiator.text,
                                       .initiator_size = initiator.size,
                                       .principal = principal.text,
                                       .principal_size = principal.size,
                                       .state = (uint32_t)sqlite3_column_int64(row, 0),
                                       .block = bp_block_of((uint64_t)sqlite3_column_int64(row, 5)),
                                       .by = -1,
                                       .created_at = bp_column_time(row, 1)};
        return 0;
}

/* The counts follow the row from its state to another. */
static int recount(struct bp_applier *applier, sqlite3_stmt *row, uint32_t state) {
        struct bp_count count;
        int r = keep_key(applier, row, &count);

        if (r || count.state == state)
                return r;
        r = add_count(applier, &count);
        count.state = state;
        count.by = 1;
        return r ? r : add_count(applier, &count);
}

static int update_row(const struct bp_group *group, const struct bp_change *change, struct bp_connection *connection) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection,
                                      "UPDATE executions SET state = ?2, started_at = coalesce(?3, started_at), "
                                      "ended_at = ?4, code = ?5, message = ?6, outputs = ?7 WHERE number = ?1",
                                      &stmt);

        if (r)
                return r;
        bp_bind_int(stmt, 1, (int64_t)change->number);
        bp_bind_int(stmt, 2, change->state);
        bp_bind_time(stmt, 3, change->started_at);
        bp_bind_time(stmt, 4, change->ended_at);
        bind_span(stmt, 5, group, change->code);
        bind_span(stmt, 6, group, change->message);
        bind_span(stmt, 7, group, change->outputs);
        return bp_connection_run(connection, stmt);
}

/* @return 0, BP_STORE_NOT_FOUND (it was deleted), negative errno */
static int update_execution(struct bp_applier *applier, const struct bp_group *group, const struct bp_change *change,
                            struct bp_connection *connection) {
        sqlite3_stmt *row;
        int r = bp_connection_prepare(
                connection,
                "SELECT state, created_at, pipeline, initiator, principal, number FROM executions WHERE number = ?",
                &row);

        if (r)
                return r;
        bp_bind_int(row, 1, (int64_t)change->number);
        r = bp_connection_step(connection, row);
        if (r)
                return r;
        if (change->touched)
                r = recount(applier, row, change->state);
        bp_statement_reset(&row);
        return !r && change->touched ? update_row(group, change, connection) : r;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Journal and logs
 */

int bp_applier_join(struct bp_strbuf *text, const struct bp_group *group, const struct bp_run_list *list) {
        bp_strbuf_clear(text);
        bp_strbuf_add_char(text, '[');
        for (uint32_t run = list->first; run; run = group->runs[run].next)
                bp_strbuf_add(text, bp_span_text(group, group->runs[run].text), group->runs[run].text.size);
        bp_strbuf_add_char(text, ']');
        return text->error;
}

static int insert_row(struct bp_applier *applier, const struct bp_group *group, uint64_t number,
                      const struct bp_row *row, struct bp_connection *connection) {
        sqlite3_stmt *stmt;
        int r = bp_applier_join(&applier->scratch, group, &row->records);

        if (!r)
                r = bp_connection_prepare(connection,
                                          "INSERT INTO journal (position, execution, first_sequence, n, at, span, "
                                          "records) VALUES (?, ?, ?, ?, ?, ?, ?)",
                                          &stmt);
        if (r)
                return r;
        bp_bind_int(stmt, 1, (int64_t)row->position);
        bp_bind_int(stmt, 2, (int64_t)number);
        bp_bind_int(stmt, 3, (int64_t)row->first_sequence);
        bp_bind_int(stmt, 4, row->records.n);
        bp_bind_int(stmt, 5, row->records.first_at.us);
        bp_bind_int(stmt, 6, row->records.last_at.us - row->records.first_at.us);
        bp_bind_text_n(stmt, 7, bp_strbuf_text(&applier->scratch), applier->scratch.size);
        applier->rows++;
        return bp_connection_run(connection, stmt);
}

static int insert_records(struct bp_applier *applier, const struct bp_group *group, const struct bp_change *change,
                          struct bp_connection *connection) {
        int r = 0;

        for (uint32_t row = change->first_row; row && !r; row = group->rows[row].next)
                r = insert_row(applier, group, change->number, &group->rows[row], connection);
        return r;
}

static int apply_change(struct bp_applier *applier, const struct bp_group *group, const struct bp_change *change,
                        struct bp_connection *connection) {
        int r;

        if (change->creation != BP_NO_CREATION) {
                r = insert_execution(applier, group, change, connection);
                applier->rows++;
        } else {
                r = update_execution(applier, group, change, connection);
                applier->rows += change->touched;
        }
        if (!r)
                r = insert_records(applier, group, change, connection);
        if (!r && change->lines.n)
                r = bp_applier_insert_lines(applier, group, change, connection);
        return r == BP_STORE_NOT_FOUND ? 0 : r; /* what comes late for an execution that was deleted is nobody's */
}

/* Which event a step waits for: an event for one that has ended is late, not early. */
static int insert_wait(const struct bp_group *group, const struct bp_begun_wait *wait,
                       struct bp_connection *connection) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(
                connection, "INSERT OR IGNORE INTO awaited (correlation, execution, step) VALUES (?, ?, ?)", &stmt);

        if (r)
                return r;
        bind_span(stmt, 1, group, wait->correlation);
        bp_bind_int(stmt, 2, (int64_t)wait->number);
        bp_bind_int(stmt, 3, wait->step);
        return bp_connection_run(connection, stmt);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Writes with an outcome of their own
 */

/* Faults of disk and memory say nothing about this write: the whole group is tried again. */
static bool fails_all(int error) {
        switch (error) {
        case -ENOMEM:
        case -ENOSPC:
        case -EIO:
        case -EROFS:
        case -EUCLEAN:
        case -EMEDIUMTYPE:
        case -EBUSY:
                return true;
        default:
                return false;
        }
}

static int run(struct bp_connection *connection, const char *sql) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection, sql, &stmt);

        return r ? r : bp_connection_run(connection, stmt);
}

static int apply_write(struct bp_write *write, struct bp_connection *connection) {
        int r = run(connection, "SAVEPOINT one_write");

        if (r)
                return r;
        write->result = write->apply(write, connection);
        if (fails_all(write->result))
                return write->result;
        if (write->result)
                r = run(connection, "ROLLBACK TO one_write");
        return r ? r : run(connection, "RELEASE one_write");
}

int bp_applier_apply(struct bp_applier *applier, struct bp_group *group, struct bp_connection *connection) {
        int r = 0;

        applier->rows = 0;
        applier->n_counts = 0;
        bp_arena_reset(applier->arena);
        for (uint32_t i = 0; i < group->n_changes && !r; i++)
                r = apply_change(applier, group, &group->changes[i], connection);
        if (!r)
                r = flush_counts(applier, connection);
        for (uint32_t i = 0; i < group->n_waits && !r; i++)
                r = insert_wait(group, &group->waits[i], connection);
        for (struct bp_write *write = group->writes; write && !r; write = write->next) {
                r = apply_write(write, connection);
                applier->rows++;
        }
        return r;
}
