/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file journal.h
 * Reading rows of the journal. Seen inside this room only.
 */
#ifndef BP_STORE_JOURNAL_H
#define BP_STORE_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

struct bp_arena;
struct sqlite3_stmt;

/* Records that are being collected. */
struct bp_journal_reading {
        struct bp_arena *arena;
        const struct bp_value *params, *outputs; /* of the execution */
        uint64_t after;                          /* sequence up to which records are left out */
        size_t limit;                            /* most records; 0: all */
        struct bp_record *records;
        size_t n, capacity;
};

/* Adds records. @return 0 or -ENOMEM. */
int bp_journal_add(struct bp_journal_reading *reading, const struct bp_record *records, size_t n_records);

/* Adds the records of a row, whose columns from `first_column` on are first_sequence, at, records.
 * @return 0, -ENOMEM, -EPROTO. */
int bp_journal_read_row(struct bp_journal_reading *reading, struct sqlite3_stmt *stmt, int first_column);

/* A column with JSON as a value; SQL NULL is null. @return 0, -ENOMEM, -EPROTO. */
int bp_journal_read_value(struct sqlite3_stmt *stmt, int column, struct bp_arena *arena, struct bp_value *ret_value);

#endif
