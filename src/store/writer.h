/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file writer.h
 * The thread that makes groups durable. Seen inside this room only.
 */
#ifndef BP_STORE_WRITER_H
#define BP_STORE_WRITER_H

struct bp_store;

/* Starts the thread; store->writer is open. @return 0 or negative errno. */
int bp_writer_start(struct bp_store *store);

/* Writes what waits (with one last try where commits fail) and ends the thread. */
void bp_writer_stop(struct bp_store *store);

#endif
