/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file lock.h
 * The exclusive lock of the process that executes: a locked file beside the database, which names its holder. Seen
 * inside this room only.
 */
#ifndef BP_STORE_LOCK_H
#define BP_STORE_LOCK_H

struct bp_problem;

/* Takes the lock of the database at `path`: PATH.lock. It ends with the process.
 * @return 0; BP_STORE_PROBLEM: STORE_LOCKED, STORE_READ_ONLY, STORE_FULL, STORE_IO; -ENOMEM. */
int bp_lock_take(const char *path, int *ret_fd, struct bp_problem *reterr_problem);

/* Gives it back; -1 is allowed. Always returns -1. */
int bp_lock_release(int fd);

#endif
