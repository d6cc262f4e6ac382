/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file apply.h
 * A group as statements. Writer thread. Seen inside this room only.
 */
#ifndef BP_STORE_APPLY_H
#define BP_STORE_APPLY_H

#include <stdint.h>

#include "base/id.h"
#include "base/strbuf.h"

struct bp_arena;
struct bp_change;
struct bp_connection;
struct bp_group;
struct bp_run_list;

enum {
        BP_KNOWN_DEFINITIONS = 256, /* whose numbers the writer remembers; a power of two */
};

/* What the writer remembers from group to group. */
struct bp_applier {
        uint32_t rows; /* written by the group at hand */
        struct bp_strbuf scratch;
        struct bp_arena *arena; /* of keys of counts */
        struct {
                struct bp_digest digest;
                uint64_t number; /* 0: free */
        } known[BP_KNOWN_DEFINITIONS];
        struct bp_count *counts;
        uint32_t n_counts, counts_capacity;
};

/* Sets it up. @return 0 or -ENOMEM */
int bp_applier_init(struct bp_applier *applier);

/* Gives its memory back. */
void bp_applier_done(struct bp_applier *applier);

/* Writes everything, within the transaction that the caller has begun. May be called again for the same group after a
 * rollback. @return 0 or negative errno. */
int bp_applier_apply(struct bp_applier *applier, struct bp_group *group, struct bp_connection *connection);

/* Joins the runs of a list as one JSON array. @return 0 or -ENOMEM */
int bp_applier_join(struct bp_strbuf *text, const struct bp_group *group, const struct bp_run_list *list);

/* Adds the lines of an execution, as far as the limit of each step allows. @return 0 or negative errno. */
int bp_applier_insert_lines(struct bp_applier *applier, const struct bp_group *group, const struct bp_change *change,
                            struct bp_connection *connection);

/* What was applied is durable, or (false) rolled back. */
void bp_applier_settle(struct bp_applier *applier, bool durable);

#endif
