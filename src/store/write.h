/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file write.h
 * Writes that are not part of the journal: small, with an outcome of their own. Seen inside this room only.
 *
 * They join the group that fills and are applied in the order of submission, each within a savepoint, after the
 * executions and records of the group.
 */
#ifndef BP_STORE_WRITE_H
#define BP_STORE_WRITE_H

#include <stddef.h>

struct bp_connection;
struct bp_store;

/* A write on its way. Embedded in a larger struct that holds copies of what is to be written. */
struct bp_write {
        struct bp_write *next; /* private while it is submitted */
        size_t bytes;          /* what it weighs in the queue */
        /**
         * Writes. On the writer thread, inside the group's transaction and a savepoint of its own. May be called again
         * when the commit fails: everything of the first time has then been rolled back.
         * @return 0, or a positive outcome or negative errno: what it wrote is rolled back, the group goes on. An errno
         * of the disk or of memory fails the whole group, which is tried again.
         */
        int (*apply)(struct bp_write *write, struct bp_connection *connection);
        /**
         * Tells the outcome once the group is durable, and frees the write. Writer thread (of bp_write_submit() after
         * the close: that of the caller).
         * @param result of apply; -ECANCELED: the store was closed before; with BP_STORE_ADMIN also why the commit
         *               failed, which is not tried again there
         */
        void (*done)(struct bp_write *write, int result);
        int result; /* private */
};

/* Hands a write over; it is taken. Any thread. */
void bp_write_submit(struct bp_store *store, struct bp_write *write);

#endif
