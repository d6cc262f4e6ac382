/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file track.h
 * What a track knows. Inside the room only.
 */
#ifndef BP_ENVELOPE_TRACK_H
#define BP_ENVELOPE_TRACK_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"

/** A step after the records so far. */
struct bp_tracked_step {
        struct bp_wall started_at, ended_at; /**< 0: not yet */
        float percent;                       /**< its own; negative: not said */
        uint8_t state;                       /**< enum bp_step_state */
        bool awaited;                        /**< it has waited for an event */
};

/** An execution after the records so far. */
struct bp_track {
        const struct bp_definition *definition;
        uint64_t sequence;
        double percent;                    /**< highest so far */
        double shares, left;               /**< of all steps: percent, and steps that have not ended */
        int64_t n_done, n_timed, timed_us; /**< steps completed or skipped, those with both times, their durations */
        struct bp_tracked_step steps[];
};

/** Name of the last step, in the order of the definition, that is under way; NULL: none is. */
const char *bp_track_current_step(const struct bp_track *track);

#endif
