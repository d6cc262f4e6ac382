/* SPDX-License-Identifier: Apache-2.0 */
#include "invoke/breaker.h"

enum { LOOK_AGAIN_US = 1000000 };

/* While one call tries, nobody knows how long it will take. */
int64_t bp_breaker_ask(struct bp_breaker *breaker, struct bp_mono now) {
        if (breaker->state == BP_BREAKER_OPEN && breaker->until.us <= now.us)
                breaker->state = BP_BREAKER_HALF_OPEN;
        switch (breaker->state) {
        case BP_BREAKER_OPEN:
                return breaker->until.us - now.us;
        case BP_BREAKER_HALF_OPEN:
                if (breaker->is_tried)
                        return LOOK_AGAIN_US;
                breaker->is_tried = true;
                return 0;
        case BP_BREAKER_CLOSED:
        default:
                return 0;
        }
}

static void open_it(struct bp_breaker *breaker, int64_t open_us, struct bp_mono now) {
        breaker->state = BP_BREAKER_OPEN;
        breaker->until = (struct bp_mono){now.us + open_us};
        breaker->n_failures = 0;
        breaker->n_openings++;
}

/* One more failure. */
static bool is_enough(struct bp_breaker *breaker, uint32_t failures_max) {
        if (breaker->state == BP_BREAKER_CLOSED)
                return ++breaker->n_failures >= failures_max;
        return breaker->state == BP_BREAKER_HALF_OPEN;
}

void bp_breaker_tell(struct bp_breaker *breaker, enum bp_breaker_news news, uint32_t failures_max, int64_t open_us,
                     struct bp_mono now) {
        breaker->is_tried = false;
        if (news == BP_BREAKER_WELL)
                *breaker = (struct bp_breaker){.n_openings = breaker->n_openings};
        else if (news == BP_BREAKER_ILL && is_enough(breaker, failures_max))
                open_it(breaker, open_us, now);
}
