/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file deadlines.h
 * Which exchange is due first: a binary heap. Each exchange knows its place in it (`deadline_index`).
 */
#ifndef BP_HTTP_DEADLINES_H
#define BP_HTTP_DEADLINES_H

#include <stddef.h>

#include "base/clock.h"

struct bp_http_exchange;

/** Place of an exchange that is in no heap. */
#define BP_HTTP_NO_DEADLINE ((size_t)-1)

/** The heap. Zero-initialised is empty. */
struct bp_http_deadlines {
        struct bp_http_exchange **items;
        size_t count, capacity;
};

/** Adds an exchange by when it is `due`. @return 0 or -ENOMEM. */
int bp_http_deadlines_add(struct bp_http_deadlines *deadlines, struct bp_http_exchange *exchange);

/** Gives an exchange that is in another time to be `due`. */
void bp_http_deadlines_move(struct bp_http_deadlines *deadlines, struct bp_http_exchange *exchange, struct bp_mono due);

/** Takes an exchange out; one that is not in is ignored. */
void bp_http_deadlines_remove(struct bp_http_deadlines *deadlines, struct bp_http_exchange *exchange);

/** The exchange that is due first, or NULL. */
struct bp_http_exchange *bp_http_deadlines_first(const struct bp_http_deadlines *deadlines);

/** Frees the memory. */
void bp_http_deadlines_done(struct bp_http_deadlines *deadlines);

#endif
