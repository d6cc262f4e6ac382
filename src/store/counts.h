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
        int64_t hour;
        int64_t by;
};

/* The hour of a time, since 1970. */
int64_t bp_hour_of(struct bp_wall time);

/* Adds differences to the counts, those of one key together; reorders the array. @return 0 or negative errno. */
int bp_counts_add(struct bp_connection *connection, struct bp_count *counts, uint32_t n_counts);

/* How many executions match, by the counts and at the edges of a range of time by rows. @return 0 or negative errno. */
int bp_counts_total(struct bp_connection *connection, const struct bp_execution_filter *filter, uint64_t *ret_total);

#endif
