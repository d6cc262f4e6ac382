/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file group.h
 * What is written in one transaction. One group fills while another is written. Seen inside this room only.
 */
#ifndef BP_STORE_GROUP_H
#define BP_STORE_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bp_connection;
struct bp_store;
struct bp_write;

struct bp_group {
        size_t bytes;                          /* what it weighs */
        uint64_t ticket;                       /* of the last commit asked for; 0: none */
        struct bp_write *writes, **writes_end; /* in the order of submission */
};

/* An empty group. */
void bp_group_init(struct bp_group *group);

/* Adds a write; it is taken. */
void bp_group_add_write(struct bp_group *group, struct bp_write *write);

/* Writes everything, within the transaction that the caller has begun. @return 0 or negative errno. */
int bp_group_apply(struct bp_group *group, struct bp_store *store);

/* Tells every write how it went (`error`: none was written, else each its own) and forgets everything. */
void bp_group_finish(struct bp_group *group, int error);

/* True when there is nothing in it. */
bool bp_group_is_empty(const struct bp_group *group);

#endif
