/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file due_times.h
 * Who is due next: a pairing heap whose nodes are members of what is due, so that setting a deadline needs no memory.
 * Engine thread only.
 */
#ifndef BP_RUNTIME_DUE_TIMES_H
#define BP_RUNTIME_DUE_TIMES_H

#include "base/clock.h"

/** One deadline: a member of the struct that is due. All zeroes is one that is not set. There are many: it is small. */
struct bp_due {
        struct bp_due *child, *sibling;
        struct bp_due *before; /**< parent for a first child, else the sibling before */
        struct bp_mono due;    /**< 0: not set */
};

/** All deadlines. All zeroes is an empty set. */
struct bp_due_times {
        struct bp_due *earliest;
};

/** Sets a deadline, or moves one that is set. A time before the clock's first microsecond counts as that. */
void bp_due_times_set(struct bp_due_times *deadlines, struct bp_due *deadline, struct bp_mono due);

/** Forgets a deadline; nothing happens when it is not set. */
void bp_due_times_clear(struct bp_due_times *deadlines, struct bp_due *deadline);

/** The earliest one, or NULL when none is set. Constant time. */
struct bp_due *bp_due_times_earliest(const struct bp_due_times *deadlines);

#endif
