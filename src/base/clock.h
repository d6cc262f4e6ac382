/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file clock.h
 * The two times, as two types that never mix: wall-clock for what is stored, monotonic for what is measured.
 */
#ifndef BP_BASE_CLOCK_H
#define BP_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/** Wall-clock time: microseconds since 1970-01-01 UTC. */
struct bp_wall {
        int64_t us;
};

/** Monotonic time: microseconds since some start of this machine; only differences mean anything. */
struct bp_mono {
        int64_t us;
};

/** Size of an ISO 8601 text with microseconds, NUL included. */
#define BP_WALL_TEXT_SIZE 33

/** Now, by the wall clock. */
struct bp_wall bp_wall_now(void);

/** Now, by the monotonic clock. */
struct bp_mono bp_mono_now(void);

/** ISO 8601 in UTC, as the HTTP API writes it: 2026-01-17T09:30:00.123456+00:00. @return `text`. */
char *bp_wall_format(struct bp_wall time, char text[BP_WALL_TEXT_SIZE]);

#endif
