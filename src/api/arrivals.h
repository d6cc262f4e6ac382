/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file arrivals.h
 * Events that a request brought, from the moment they are handed over until the request is answered. Private to the
 * room.
 */
#ifndef BP_API_ARRIVALS_H
#define BP_API_ARRIVALS_H

#include <stddef.h>

#include "service/service.h"

struct bp_api_arrivals;
struct bp_request;

/** What became of one event. */
struct bp_api_arrival {
        struct bp_service_event_answer answer; /**< its text is in `step` */
        char *step;                            /**< malloc'ed, or NULL */
};

/**
 * Lets the request sleep until `n` events are answered; `finish` then gets the arrivals (bp_api_arrivals_list()), or
 * NULL when that took too long. Counts as one event more until bp_api_arrivals_handed_over(). NULL: the request has
 * been answered.
 */
struct bp_api_arrivals *bp_api_arrivals_new(struct bp_request *request, size_t n,
                                            void (*finish)(struct bp_request *request, void *app, void *data));

/** For bp_service_event(): where event number `i` is answered. */
void *bp_api_arrivals_userdata(struct bp_api_arrivals *arrivals, size_t i);

/** For bp_service_event(). */
void bp_api_arrivals_done(void *userdata, const struct bp_service_event_answer *answer);

/** All events have been handed over. */
void bp_api_arrivals_handed_over(struct bp_api_arrivals *arrivals);

/** What became of them, in order. */
const struct bp_api_arrival *bp_api_arrivals_list(const struct bp_api_arrivals *arrivals, size_t *ret_n);

#endif
