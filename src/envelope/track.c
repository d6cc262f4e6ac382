/* SPDX-License-Identifier: Apache-2.0 */
/* Small on purpose: there is one for every execution that is being told, and outputs may be large. */
#include "envelope/track.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "envelope/envelope.h"
#include "pipeline/definition.h"

int bp_track_new(const struct bp_definition *definition, struct bp_track **ret_track) {
        struct bp_track *track =
                bp_calloc(1, sizeof(*track) + (size_t)definition->n_steps * sizeof(struct bp_tracked_step));

        if (!track)
                return -ENOMEM;
        track->definition = bp_definition_ref(definition);
        track->left = definition->n_steps;
        for (uint32_t i = 0; i < definition->n_steps; i++)
                track->steps[i] = (struct bp_tracked_step){.state = BP_STEP_PENDING, .percent = -1.0F};
        *ret_track = track;
        return 0;
}

struct bp_track *bp_track_free(struct bp_track *track) {
        if (track)
                bp_definition_unref(track->definition);
        free(track);
        return NULL;
}

uint64_t bp_track_sequence(const struct bp_track *track) {
        return track->sequence;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Going over a record
 */

static void start_step(struct bp_tracked_step *step, const struct bp_record *record) {
        step->state = BP_STEP_RUNNING;
        step->percent = -1.0F;
        if (step->started_at.us == 0)
                step->started_at = record->at;
}

static void apply_to_step(struct bp_tracked_step *step, const struct bp_record *record) {
        switch (record->type) {
        case BP_RECORD_STEP_REUSED:
                step->state = BP_STEP_COMPLETED;
                break;
        case BP_RECORD_STEP_STARTED:
                start_step(step, record);
                break;
        case BP_RECORD_STEP_WAITING:
                step->state = BP_STEP_WAITING;
                step->awaited = step->awaited || record->external_id;
                break;
        case BP_RECORD_STEP_RETRYING:
                step->state = BP_STEP_RETRYING;
                break;
        case BP_RECORD_STEP_PROGRESS:
                if (record->percent >= 0.0)
                        step->percent = (float)record->percent;
                break;
        case BP_RECORD_STEP_ENDED:
                step->state = (uint8_t)record->step_state;
                step->ended_at = record->at;
                break;
        default:
                break;
        }
}

/* ---------------------------------------------------------------------------------------------------------------
 * Progress: reference engine.md section 9
 */

static bool is_done(const struct bp_tracked_step *step) {
        return step->state == BP_STEP_COMPLETED || step->state == BP_STEP_SKIPPED;
}

static bool is_under_way(const struct bp_tracked_step *step) {
        return step->state == BP_STEP_RUNNING || step->state == BP_STEP_WAITING;
}

static double own_percent(const struct bp_tracked_step *step) {
        return step->percent > 0.0F ? (double)step->percent : 0.0;
}

static double share_of(const struct bp_tracked_step *step) {
        if (is_done(step))
                return 100.0;
        return is_under_way(step) || step->state == BP_STEP_FAILED ? own_percent(step) : 0.0;
}

/* What a step adds to the totals (by: 1), or takes away again before it changes (by: -1). */
static void count_step(struct bp_track *track, const struct bp_tracked_step *step, int by) {
        bool is_timed = is_done(step) && step->started_at.us && step->ended_at.us;

        track->shares += by * share_of(step);
        track->n_done += is_done(step) ? by : 0;
        track->n_timed += is_timed ? by : 0;
        track->timed_us += is_timed ? by * (step->ended_at.us - step->started_at.us) : 0;
        if (!bp_step_state_is_final((enum bp_step_state)step->state))
                track->left += by * (is_under_way(step) ? 1.0 - own_percent(step) / 100.0 : 1.0);
}

void bp_track_apply(struct bp_track *track, const struct bp_record *record) {
        struct bp_tracked_step *step;
        double percent;

        track->sequence = record->sequence;
        if (record->step >= track->definition->n_steps)
                return;
        step = &track->steps[record->step];
        count_step(track, step, -1);
        apply_to_step(step, record);
        count_step(track, step, 1);
        percent = round(track->shares / track->definition->n_steps * 100.0) / 100.0;
        if (percent > track->percent)
                track->percent = percent;
}

double bp_track_progress(const struct bp_track *track, int64_t *ret_eta_seconds) {
        bool is_known = track->n_done > 0 && track->n_done < (int64_t)track->definition->n_steps && track->n_timed > 0;

        *ret_eta_seconds =
                is_known ? (int64_t)(track->left * ((double)track->timed_us / 1e6 / (double)track->n_timed)) : -1;
        return track->percent;
}

const char *bp_track_current_step(const struct bp_track *track) {
        for (uint32_t i = track->definition->n_steps; i-- > 0;)
                if (is_under_way(&track->steps[i]))
                        return track->definition->steps[i].name;
        return NULL;
}
