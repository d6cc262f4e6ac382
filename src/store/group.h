/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file group.h
 * What is written in one transaction. One group fills while another is written. Seen inside this room only.
 *
 * All text is appended to one buffer while the group fills; what is kept are places in it. Nothing that fills a group
 * can fail half way: after -ENOMEM it is as it was.
 */
#ifndef BP_STORE_GROUP_H
#define BP_STORE_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/strbuf.h"
#include "store/store.h"

struct bp_connection;
struct bp_store;
struct bp_write;

/* A place in the group's text; `size` of BP_NO_TEXT: none. */
struct bp_span {
        size_t at, size;
};

#define BP_NO_TEXT SIZE_MAX

/* A run of items of one execution: records or lines, already written as JSON with commas between them. */
struct bp_run {
        struct bp_span text;
        uint32_t next; /* index of the next run, 0: none */
};

/* Items of one execution in this group. */
struct bp_run_list {
        uint32_t first, last; /* runs; index 0 is none */
        uint32_t n;           /* items */
        struct bp_wall first_at, last_at;
};

/* An execution that the group creates. */
struct bp_creation {
        struct bp_id id, pipeline, retry_of;
        bool has_pipeline, has_retry_of;
        uint32_t revision;
        const struct bp_definition *definition; /* a reference of the group's */
        struct bp_wall created_at;
        struct bp_span initiator, principal, origin, options, params, given;
        struct bp_span topics, refused; /* each topic ends with a line break */
        struct bp_wall subscriptions_expire_at;
};

/* A row of the journal: records of one execution between which none of another was appended, so that the order of rows
 * is that of the records. */
struct bp_row {
        uint64_t position, first_sequence;
        struct bp_run_list records;
        uint32_t next; /* index of the execution's next row, 0: none */
};

/* What the group writes about one execution. */
struct bp_change {
        uint64_t number;
        uint32_t creation;            /* index, or BP_NO_CREATION */
        uint32_t first_row, last_row; /* of `rows`; index 0 is none */
        struct bp_run_list lines;
        uint64_t lines_position;
        uint32_t first_log, last_log; /* of `logs`; index 0 is none */
        /* What the records say about its row. */
        bool touched;
        uint8_t state; /* enum bp_execution_state, or 0: unchanged */
        struct bp_wall started_at, ended_at;
        struct bp_span code, message, outputs;
};

#define BP_NO_CREATION UINT32_MAX

/* A step that begins to wait for events. */
struct bp_begun_wait {
        uint64_t number; /* of the execution */
        uint32_t step;
        struct bp_span correlation;
};

/* Lines of one step. */
struct bp_log_count {
        uint32_t step, n;
        uint32_t next; /* index of the next one of the execution, 0: none */
};

struct bp_group {
        struct bp_strbuf text;
        size_t bytes;    /* what it weighs */
        uint64_t ticket; /* of the last commit asked for; 0: none */
        struct bp_creation *creations;
        struct bp_change *changes;
        struct bp_row *rows;
        struct bp_run *runs;
        struct bp_log_count *logs;
        struct bp_begun_wait *waits;
        uint32_t n_creations, n_changes, n_rows, n_runs, n_logs, n_waits;
        uint32_t creations_capacity, changes_capacity, rows_capacity, runs_capacity, logs_capacity, waits_capacity;
        uint32_t *index; /* of changes by number: 1 + place */
        uint32_t index_size;
        uint32_t n_records;
        struct bp_write *writes, **writes_end; /* in the order of submission */
};

/* An empty group. */
void bp_group_init(struct bp_group *group);

/* Gives its memory back; it must be empty. */
void bp_group_done(struct bp_group *group);

/* True when there is nothing in it. */
bool bp_group_is_empty(const struct bp_group *group);

/* Adds a write; it is taken. */
void bp_group_add_write(struct bp_group *group, struct bp_write *write);

/* Adds an execution. @return 0 or -ENOMEM. */
int bp_group_create(struct bp_group *group, uint64_t number, const struct bp_store_new_execution *execution);

/* Adds records. `position`: of the last row that was begun, in any group. @return 0 and the row that they are in;
 * -ENOMEM; -E2BIG: a sequence over 2^24; -EINVAL: sequences with a gap. */
int bp_group_append(struct bp_group *group, uint64_t number, const struct bp_record *records, size_t n_records,
                    uint64_t *position, uint64_t *ret_row);

/* Adds a line of a log. @return 0 or -ENOMEM. */
int bp_group_log(struct bp_group *group, uint64_t number, const struct bp_store_line *line, uint64_t *position);

/* Tells every write how it went (`error`: none was written, else each its own) and forgets everything. */
void bp_group_finish(struct bp_group *group, int error);

/* The text of a span, NULL for none. Valid until the group's text grows. */
static inline const char *bp_span_text(const struct bp_group *group, struct bp_span span) {
        return span.size == BP_NO_TEXT ? NULL : bp_strbuf_text(&group->text) + span.at;
}

#endif
