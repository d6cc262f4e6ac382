/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file record_text.h
 * Records as JSON, format 1 (BP_RECORD_FORMAT). Seen inside this room only; docs/store.md describes it for readers.
 *
 * A row of the journal is an array of records. A record is an array: its kind (enum bp_record_type), the microseconds
 * since the row's first record, the index of its step (left out where it has none), and an object with what differs
 * from the usual (left out where nothing does). Sequences follow from the place in the row.
 *
 *     [[1,0],[7,12,0],[11,30,0,{"o":{"n":1}}],[5,31]]
 *
 * Parameters of EXECUTION_STARTED and outputs of EXECUTION_ENDED stand in the execution's row only.
 */
#ifndef BP_STORE_RECORD_TEXT_H
#define BP_STORE_RECORD_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/value.h"
#include "engine/engine.h"
#include "store/store.h"

struct bp_arena;
struct bp_strbuf;

/* Appends one record; `first_at` is the time of the row's first one. */
void bp_record_write(struct bp_strbuf *text, const struct bp_record *record, struct bp_wall first_at);

/* What a row tells of its records beside their text. */
struct bp_record_row {
        uint64_t first_sequence;
        struct bp_wall at;
        const struct bp_value *params;  /* of the execution, for EXECUTION_STARTED */
        const struct bp_value *outputs; /* of the execution, for EXECUTION_ENDED */
};

/* Reads the records of a row; texts and values belong to the arena. @return 0; -EPROTO: not of this format; -ENOMEM. */
int bp_records_read(struct bp_arena *arena, struct bp_text text, const struct bp_record_row *row,
                    struct bp_record **ret_records, size_t *ret_n_records);

/* Reads JSON that this room wrote. @return 0; -EPROTO: it is none; -ENOMEM. */
int bp_stored_json_read(struct bp_arena *arena, const char *text, size_t size, struct bp_value *ret_value);

/* Appends a number. */
void bp_text_add_int(struct bp_strbuf *text, int64_t number);

#endif
