/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file pages.h
 * Which executions a list shows: found through the index that has the fewest of them. Seen inside this room only.
 */
#ifndef BP_STORE_PAGES_H
#define BP_STORE_PAGES_H

#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

struct bp_arena;
struct bp_connection;

/* Numbers of the executions of a page, newest first. @return 0 or negative errno. */
int bp_pages_find(struct bp_connection *connection, const struct bp_execution_filter *filter, struct bp_arena *arena,
                  uint64_t **ret_numbers, size_t *ret_n_numbers);

/* Counts by looking at the rows of a block (see bp_block_of()). @return 0 or negative errno. */
int bp_pages_count_block(struct bp_connection *connection, const struct bp_execution_filter *filter, uint64_t block,
                         uint64_t *ret_count);

#endif
