/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file breaker.h
 * A circuit breaker: after so many failures in a row a service is left alone for a while, then one call tries whether
 * it is back. Knows no lock; its owner holds one. Inside the room only.
 */
#ifndef BP_INVOKE_BREAKER_H
#define BP_INVOKE_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

/** What a breaker is about to do. */
enum bp_breaker_state {
        BP_BREAKER_CLOSED = 0, /**< everything passes */
        BP_BREAKER_OPEN,       /**< nothing passes until `until` */
        BP_BREAKER_HALF_OPEN,  /**< one call passes, and decides */
};

/** What a try came to. */
enum bp_breaker_news {
        BP_BREAKER_WELL = 1, /**< the service answered as one that works */
        BP_BREAKER_ILL,      /**< it did not */
        BP_BREAKER_NOTHING,  /**< the try says nothing about the service */
};

/** A breaker. Zero-initialised it is closed. */
struct bp_breaker {
        enum bp_breaker_state state;
        uint32_t n_failures; /**< in a row */
        uint32_t n_openings; /**< how often it has opened: who passed before the last one has not passed it */
        bool is_tried;       /**< half open: the one call is under way */
        struct bp_mono until;
};

/**
 * Asks for a try; one that passes must be told to bp_breaker_tell().
 * @return 0 when it passes, else after how many microseconds the next one may
 */
int64_t bp_breaker_ask(struct bp_breaker *breaker, struct bp_mono now);

/** What a try came to that had passed. */
void bp_breaker_tell(struct bp_breaker *breaker, enum bp_breaker_news news, uint32_t failures_max, int64_t open_us,
                     struct bp_mono now);

#endif
