/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file mailbox.h
 * Messages from any thread to one: a stack that senders push without a lock, taken whole and turned round.
 *
 * Letters are members of what they carry, so that sending needs no memory. Those of one sender arrive in order.
 */
#ifndef BP_RUNTIME_MAILBOX_H
#define BP_RUNTIME_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/** One message: a member of the struct that holds its content. */
struct bp_letter {
        struct bp_letter *next;
        uint32_t kind; /**< means something to the receiver only */
};

/** The box. All zeroes is an empty one. */
struct bp_mailbox {
        _Atomic(struct bp_letter *) newest;
};

/** Sends. Any thread. @return true when the box was empty: the receiver has to be woken. */
bool bp_mailbox_put(struct bp_mailbox *mailbox, struct bp_letter *letter);

/** Takes everything, linked by `next`, oldest first; NULL when there is nothing. Receiver only. */
struct bp_letter *bp_mailbox_take(struct bp_mailbox *mailbox);

/** True when nothing is in it. Any thread. */
bool bp_mailbox_is_empty(const struct bp_mailbox *mailbox);

#endif
