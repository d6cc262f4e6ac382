/* SPDX-License-Identifier: Apache-2.0 */
/* Only the engine thread skips; workers read the amount when an action asks for the time. */
#include "runtime/timekeeper.h"

static int64_t saturating_add(int64_t a, int64_t b) {
        int64_t sum;

        if (__builtin_add_overflow(a, b, &sum))
                return a < 0 ? INT64_MIN : INT64_MAX;
        return sum;
}

struct bp_mono bp_timekeeper_mono(const struct bp_timekeeper *timekeeper) {
        int64_t skipped_us = atomic_load_explicit(&timekeeper->skipped_us, memory_order_relaxed);

        return (struct bp_mono){saturating_add(timekeeper->mono().us, skipped_us)};
}

struct bp_wall bp_timekeeper_wall(const struct bp_timekeeper *timekeeper) {
        int64_t skipped_us = atomic_load_explicit(&timekeeper->skipped_us, memory_order_relaxed);

        return (struct bp_wall){saturating_add(timekeeper->wall().us, skipped_us)};
}

struct bp_anchor bp_timekeeper_anchor(const struct bp_timekeeper *timekeeper) {
        return (struct bp_anchor){timekeeper->wall().us - timekeeper->mono().us};
}

struct bp_wall bp_anchor_now(const struct bp_timekeeper *timekeeper, struct bp_anchor anchor) {
        return (struct bp_wall){saturating_add(bp_timekeeper_mono(timekeeper).us, anchor.wall_minus_mono_us)};
}

struct bp_mono bp_anchor_mono(struct bp_anchor anchor, struct bp_wall wall) {
        return (struct bp_mono){saturating_add(wall.us, -anchor.wall_minus_mono_us)};
}

void bp_timekeeper_skip(struct bp_timekeeper *timekeeper, struct bp_mono until) {
        int64_t ahead_us = saturating_add(until.us, -bp_timekeeper_mono(timekeeper).us);

        if (ahead_us > 0)
                atomic_fetch_add_explicit(&timekeeper->skipped_us, ahead_us, memory_order_relaxed);
}
