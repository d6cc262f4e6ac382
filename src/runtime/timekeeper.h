/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file timekeeper.h
 * Real and virtual time.
 *
 * Waits are measured on the monotonic clock. Each execution counts wall-clock time from an anchor of its own, taken
 * once: the wall clock as it was then, plus what the monotonic clock has gone on since. A jump of the wall clock
 * therefore neither shortens nor prolongs its waits, and its history never runs backwards; the next execution starts
 * from the clock as it then is. Virtual time is real time plus everything that has been skipped.
 */
#ifndef BP_RUNTIME_TIMEKEEPER_H
#define BP_RUNTIME_TIMEKEEPER_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/clock.h"

/** Where time comes from. */
struct bp_timekeeper {
        struct bp_wall (*wall)(void);
        struct bp_mono (*mono)(void);
        _Atomic int64_t skipped_us;
};

/** What turns monotonic into wall-clock time for one execution. */
struct bp_anchor {
        int64_t wall_minus_mono_us;
};

/** Monotonic time, what was skipped included. Any thread. */
struct bp_mono bp_timekeeper_mono(const struct bp_timekeeper *timekeeper);

/** Wall-clock time, what was skipped included. Any thread. */
struct bp_wall bp_timekeeper_wall(const struct bp_timekeeper *timekeeper);

/** An anchor taken now. */
struct bp_anchor bp_timekeeper_anchor(const struct bp_timekeeper *timekeeper);

/** Wall-clock time as the owner of this anchor counts it. Any thread. */
struct bp_wall bp_anchor_now(const struct bp_timekeeper *timekeeper, struct bp_anchor anchor);

/** When a wall-clock time of the owner of this anchor comes, on the monotonic clock. */
struct bp_mono bp_anchor_mono(struct bp_anchor anchor, struct bp_wall wall);

/** Virtual time: makes it `until` at once, unless it is that late already. */
void bp_timekeeper_skip(struct bp_timekeeper *timekeeper, struct bp_mono until);

#endif
