/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file counts.h
 * Counts of executions by what lists are filtered by: a total must not cost a look at every row. Seen inside this room
 * only.
 */
#ifndef BP_STORE_COUNTS_H
#define BP_STORE_COUNTS_H

#include <stdint.h>

#include "base/clock.h"
#include "store/store.h"

struct bp_connection;

/* One difference. Texts are borrowed; NULL stands for none. */
struct bp_count {
        const struct bp_id *pipeline; /* or NULL */
        const char *initiator, *principal;
        size_t initiator_size, principal_size;
        uint32_t state;
        uint64_t block;                     /* bp_block_of() its number */
        int64_t by;                         /* how many more */
        struct bp_wall created_at, last_at; /* of the earliest and the latest; last_at is private */
};

/* Numbers are counted in blocks: a count at the edge of a range of time looks at the rows of few blocks only, and all
 * counts of a store are few beside its rows. */
#define BP_BLOCK_BITS 11

/* The block of a number. */
static inline uint64_t bp_block_of(uint64_t number) {
        return number >> BP_BLOCK_BITS;
}

/* Adds differences to the counts, those of one key together; reorders the array. @return 0 or negative errno. */
int bp_counts_add(struct bp_connection *connection, struct bp_count *counts, uint32_t n_counts);

/* How many executions match: by the counts, and by rows in blocks at the edges of a range of time. @return 0 or
 * negative errno. */
int bp_counts_total(struct bp_connection *connection, const struct bp_execution_filter *filter, uint64_t *ret_total);

#endif
