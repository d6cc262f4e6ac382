/* SPDX-License-Identifier: Apache-2.0 */
/* A binary heap in an array; every move of an item writes its new place into the exchange. */
#include "http/deadlines.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "http/exchange.h"

static void place(struct bp_http_deadlines *deadlines, size_t index, struct bp_http_exchange *exchange) {
        deadlines->items[index] = exchange;
        exchange->deadline_index = index;
}

static bool is_earlier(const struct bp_http_exchange *a, const struct bp_http_exchange *b) {
        return a->due.us < b->due.us;
}

static void sift_up(struct bp_http_deadlines *deadlines, size_t index, struct bp_http_exchange *exchange) {
        while (index > 0 && is_earlier(exchange, deadlines->items[(index - 1) / 2])) {
                place(deadlines, index, deadlines->items[(index - 1) / 2]);
                index = (index - 1) / 2;
        }
        place(deadlines, index, exchange);
}

static void sift_down(struct bp_http_deadlines *deadlines, size_t index, struct bp_http_exchange *exchange) {
        for (size_t child = 2 * index + 1; child < deadlines->count; child = 2 * index + 1) {
                if (child + 1 < deadlines->count && is_earlier(deadlines->items[child + 1], deadlines->items[child]))
                        child++;
                if (!is_earlier(deadlines->items[child], exchange))
                        break;
                place(deadlines, index, deadlines->items[child]);
                index = child;
        }
        place(deadlines, index, exchange);
}

int bp_http_deadlines_add(struct bp_http_deadlines *deadlines, struct bp_http_exchange *exchange) {
        if (deadlines->count == deadlines->capacity) {
                size_t capacity = deadlines->capacity ? deadlines->capacity * 2 : 64;
                struct bp_http_exchange **items =
                        bp_realloc(deadlines->items, capacity, sizeof(struct bp_http_exchange *));

                if (!items)
                        return -ENOMEM;
                deadlines->items = items;
                deadlines->capacity = capacity;
        }
        sift_up(deadlines, deadlines->count++, exchange);
        return 0;
}

/* An exchange that belongs at `index`, or above or below it. */
static void settle(struct bp_http_deadlines *deadlines, size_t index, struct bp_http_exchange *exchange) {
        if (index > 0 && is_earlier(exchange, deadlines->items[(index - 1) / 2]))
                sift_up(deadlines, index, exchange);
        else
                sift_down(deadlines, index, exchange);
}

void bp_http_deadlines_move(struct bp_http_deadlines *deadlines, struct bp_http_exchange *exchange,
                            struct bp_mono due) {
        exchange->due = due;
        settle(deadlines, exchange->deadline_index, exchange);
}

void bp_http_deadlines_remove(struct bp_http_deadlines *deadlines, struct bp_http_exchange *exchange) {
        size_t index = exchange->deadline_index;
        struct bp_http_exchange *last;

        if (index == BP_HTTP_NO_DEADLINE)
                return;
        exchange->deadline_index = BP_HTTP_NO_DEADLINE;
        last = deadlines->items[--deadlines->count];
        if (last != exchange)
                settle(deadlines, index, last);
}

struct bp_http_exchange *bp_http_deadlines_first(const struct bp_http_deadlines *deadlines) {
        return deadlines->count ? deadlines->items[0] : NULL;
}

void bp_http_deadlines_done(struct bp_http_deadlines *deadlines) {
        free(deadlines->items);
        *deadlines = (struct bp_http_deadlines){0};
}
