/* SPDX-License-Identifier: Apache-2.0 */
/* The receiver takes the whole stack with one exchange, so a letter that is sent again is never met half-way (no ABA).
 */
#include "runtime/mailbox.h"

#include <stddef.h>

bool bp_mailbox_put(struct bp_mailbox *mailbox, struct bp_letter *letter) {
        struct bp_letter *newest = atomic_load_explicit(&mailbox->newest, memory_order_relaxed);

        do {
                letter->next = newest;
        } while (!atomic_compare_exchange_weak_explicit(&mailbox->newest, &newest, letter, memory_order_release,
                                                        memory_order_relaxed));
        return newest == NULL;
}

struct bp_letter *bp_mailbox_take(struct bp_mailbox *mailbox) {
        struct bp_letter *letter = atomic_exchange_explicit(&mailbox->newest, NULL, memory_order_acquire);
        struct bp_letter *oldest = NULL;

        while (letter) {
                struct bp_letter *older = letter->next;

                letter->next = oldest;
                oldest = letter;
                letter = older;
        }
        return oldest;
}

bool bp_mailbox_is_empty(const struct bp_mailbox *mailbox) {
        return atomic_load_explicit(&mailbox->newest, memory_order_acquire) == NULL;
}
