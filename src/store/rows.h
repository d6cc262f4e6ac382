/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file rows.h
 * Rows of executions. Seen inside this room only.
 */
#ifndef BP_STORE_ROWS_H
#define BP_STORE_ROWS_H

#include "store/store.h"

struct bp_arena;
struct sqlite3_stmt;

/* What a SELECT that bp_row_read() reads begins with; conditions follow. The last row of the journal tells how far the
 * execution is, so that a step's commit need not touch the execution's row. */
#define BP_SELECT_EXECUTION                                                                                            \
        "SELECT e.number, e.id, e.pipeline, e.revision, e.definition, d.name, d.n_steps, e.state, e.code, e.message, " \
        "e.created_at, e.started_at, e.ended_at, e.initiator, e.principal, e.origin, e.retry_of, e.params, e.given, "  \
        "e.outputs, e.options, j.first_sequence + j.n - 1, j.at + j.span FROM executions e "                           \
        "JOIN definitions d ON d.number = e.definition LEFT JOIN journal j ON j.position = (SELECT position FROM "     \
        "journal WHERE execution = e.number ORDER BY first_sequence DESC LIMIT 1) "

/* Reads the row at hand. @return 0, -ENOMEM, -EUCLEAN. */
int bp_row_read(struct sqlite3_stmt *stmt, struct bp_arena *arena, struct bp_execution_row *ret_row);

#endif
