/* SPDX-License-Identifier: Apache-2.0 */
#include "api/arrivals.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "server/server.h"

enum { ANSWERED_WITHIN_MS = 30000 };

/* One event's place among the others. */
struct place {
        struct bp_api_arrivals *arrivals;
        struct bp_api_arrival arrival;
};

struct bp_api_arrivals {
        struct bp_deferred *deferred;
        atomic_size_t n_open; /* whoever brings it to 0 wakes the request */
        size_t n;
        struct bp_api_arrival *list; /* made when the request is answered */
        struct place places[];
};

static void free_arrivals(void *data) {
        struct bp_api_arrivals *arrivals = data;

        for (size_t i = 0; i < arrivals->n; i++)
                free(arrivals->places[i].arrival.step);
        free(arrivals->list);
        free(arrivals);
}

struct bp_api_arrivals *bp_api_arrivals_new(struct bp_request *request, size_t n,
                                            void (*finish)(struct bp_request *request, void *app, void *data)) {
        struct bp_api_arrivals *arrivals = bp_calloc(1, sizeof(*arrivals) + n * sizeof(struct place));
        struct bp_api_arrival *list = bp_calloc(n, sizeof(*list));

        if (!arrivals || !list) {
                free(arrivals);
                free(list);
                bp_request_fail_errno(request, -ENOMEM);
                return NULL;
        }
        arrivals->list = list;
        arrivals->n = n;
        atomic_init(&arrivals->n_open, n + 1);
        for (size_t i = 0; i < n; i++)
                arrivals->places[i].arrivals = arrivals;
        arrivals->deferred = bp_request_defer(request, ANSWERED_WITHIN_MS, finish);
        if (!arrivals->deferred) {
                free_arrivals(arrivals);
                return NULL;
        }
        return arrivals;
}

void *bp_api_arrivals_userdata(struct bp_api_arrivals *arrivals, size_t i) {
        return &arrivals->places[i];
}

static void close_one(struct bp_api_arrivals *arrivals) {
        if (atomic_fetch_sub(&arrivals->n_open, 1) != 1)
                return;
        for (size_t i = 0; i < arrivals->n; i++)
                arrivals->list[i] = arrivals->places[i].arrival;
        bp_deferred_complete(arrivals->deferred, arrivals, free_arrivals);
}

void bp_api_arrivals_done(void *userdata, const struct bp_service_event_answer *answer) {
        struct place *place = userdata;

        place->arrival.answer = *answer;
        if (answer->step)
                place->arrival.step = bp_memdup_text(answer->step, strlen(answer->step));
        place->arrival.answer.step = place->arrival.step;
        close_one(place->arrivals);
}

void bp_api_arrivals_handed_over(struct bp_api_arrivals *arrivals) {
        close_one(arrivals);
}

const struct bp_api_arrival *bp_api_arrivals_list(const struct bp_api_arrivals *arrivals, size_t *ret_n) {
        *ret_n = arrivals->n;
        return arrivals->list;
}
