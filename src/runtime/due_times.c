/* SPDX-License-Identifier: Apache-2.0 */
/* Pairing heap: melding is constant, removing costs log n spread over the calls. Loops, no recursion. */
#include "runtime/due_times.h"

#include <stddef.h>

/* Of two roots, the earlier one gets the other as its first child. Either may be NULL. */
static struct bp_due *meld(struct bp_due *a, struct bp_due *b) {
        struct bp_due *later;

        if (!a || !b)
                return a ? a : b;
        if (b->due.us < a->due.us) {
                later = a;
                a = b;
        } else {
                later = b;
        }
        later->before = a;
        later->sibling = a->child;
        if (a->child)
                a->child->before = later;
        a->child = later;
        return a;
}

static struct bp_due *cut_first(struct bp_due **list) {
        struct bp_due *first = *list;

        if (first) {
                *list = first->sibling;
                first->sibling = NULL;
                first->before = NULL;
        }
        return first;
}

/* The children of a removed root become one tree: neighbours in pairs first, then the pairs from the last to the first.
 */
static struct bp_due *meld_children(struct bp_due *children) {
        struct bp_due *pairs = NULL, *root = NULL;

        while (children) {
                struct bp_due *left = cut_first(&children), *right = cut_first(&children);
                struct bp_due *pair = meld(left, right);

                pair->sibling = pairs;
                pairs = pair;
        }
        while (pairs)
                root = meld(root, cut_first(&pairs));
        return root;
}

static void unlink_from_parent(struct bp_due *deadline) {
        if (deadline->before->child == deadline)
                deadline->before->child = deadline->sibling;
        else
                deadline->before->sibling = deadline->sibling;
        if (deadline->sibling)
                deadline->sibling->before = deadline->before;
}

void bp_due_times_clear(struct bp_due_times *deadlines, struct bp_due *deadline) {
        struct bp_due *children = deadline->child;

        if (deadline->due.us == 0)
                return;
        if (deadlines->earliest == deadline) {
                deadlines->earliest = meld_children(children);
        } else {
                unlink_from_parent(deadline);
                deadlines->earliest = meld(deadlines->earliest, meld_children(children));
        }
        *deadline = (struct bp_due){0};
}

void bp_due_times_set(struct bp_due_times *deadlines, struct bp_due *deadline, struct bp_mono due) {
        if (due.us < 1)
                due.us = 1;
        if (deadline->due.us == due.us)
                return;
        bp_due_times_clear(deadlines, deadline);
        deadline->due = due;
        deadlines->earliest = meld(deadlines->earliest, deadline);
}

struct bp_due *bp_due_times_earliest(const struct bp_due_times *deadlines) {
        return deadlines->earliest;
}
