/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file pipeline_rows.h
 * A pipeline's row, read on any connection. Seen inside this room only.
 */
#ifndef BP_STORE_PIPELINE_ROWS_H
#define BP_STORE_PIPELINE_ROWS_H

#include <stdint.h>

#include "store/store.h"

struct bp_arena;
struct bp_connection;

/* A pipeline with its document; revision 0: the current one. @return 0, BP_STORE_NOT_FOUND, negative errno. */
int bp_pipeline_row(struct bp_connection *connection, const struct bp_id *id, uint32_t revision, struct bp_arena *arena,
                    struct bp_pipeline_row *ret_row);

#endif
