/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records become state: the only place where facts are set, for a record just decided and for one read back after a
 * crash alike. Nothing is decided here, and no setting or clock is looked at. Each kind is one row: what it is about,
 * in which states it makes sense, whether it leaves texts or outputs behind, and the function that sets the facts.
 * Memory is requested before the first fact changes, so that a failure leaves everything as it was.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/state.h"

static void fold_execution_started(struct bp_execution *execution, struct bp_step *step,
                                   const struct bp_record *record) {
        (void)step;
        execution->core.state = BP_EXECUTION_RUNNING;
        execution->core.started_at = record->at;
        execution->core.deadline = record->deadline;
}

static void fold_execution_paused(struct bp_execution *execution, struct bp_step *step,
                                  const struct bp_record *record) {
        (void)step;
        execution->core.state = BP_EXECUTION_PAUSED;
        execution->core.paused_at = record->at;
}

static void fold_execution_resumed(struct bp_execution *execution, struct bp_step *step,
                                   const struct bp_record *record) {
        (void)step;
        execution->core.state = BP_EXECUTION_RUNNING;
        execution->core.deadline = record->deadline;
        execution->core.paused_at = (struct bp_wall){0};
}

static void fold_cancel_requested(struct bp_execution *execution, struct bp_step *step,
                                  const struct bp_record *record) {
        bool timeout = record->code && strcmp(record->code, BP_CODE_TIMEOUT) == 0;

        (void)step;
        execution->core.stop = timeout ? BP_STOP_TIMEOUT : BP_STOP_CANCEL;
}

static void fold_execution_ended(struct bp_execution *execution, struct bp_step *step, const struct bp_record *record) {
        (void)step;
        execution->core.state = record->execution_state;
        execution->core.ended_at = record->at;
}

static void fold_step_reused(struct bp_execution *execution, struct bp_step *step, const struct bp_record *record) {
        step->state = BP_STEP_COMPLETED;
        step->reused = true;
        step->started_at = record->at;
        step->ended_at = record->at;
        execution->core.output_bytes += bp_json_size(&record->data);
}

static void fold_step_started(struct bp_execution *execution, struct bp_step *step, const struct bp_record *record) {
        (void)execution;
        step->state = BP_STEP_RUNNING;
        step->attempt = record->attempt;
        step->generation = record->generation;
        step->effect = record->effect;
        step->attempt_deadline = record->deadline;
        step->deadline = (struct bp_wall){0};
        step->percent = -1.0;
        step->eta_minutes = -1.0;
        if (step->started_at.us == 0)
                step->started_at = record->at;
}

static void fold_step_waiting(struct bp_execution *execution, struct bp_step *step, const struct bp_record *record) {
        (void)execution;
        step->state = BP_STEP_WAITING;
        step->deadline = record->deadline;
        step->crashes = 0;
}

static void fold_step_retrying(struct bp_execution *execution, struct bp_step *step, const struct bp_record *record) {
        (void)execution;
        step->state = BP_STEP_RETRYING;
        step->deadline = record->deadline;
        step->unknown = record->unknown;
        if (record->step_state == BP_STEP_INTERRUPTED) {
                step->crashes++;
        } else if (record->step_state != BP_STEP_CANCELLED) {
                step->failures++;
                step->crashes = 0;
        }
}

static void fold_step_progress(struct bp_execution *execution, struct bp_step *step, const struct bp_record *record) {
        (void)execution;
        if (record->percent >= 0.0)
                step->percent = record->percent;
        if (record->eta_minutes >= 0.0)
                step->eta_minutes = record->eta_minutes;
}

static void note_failure(struct bp_execution *execution, uint32_t index) {
        struct bp_core *core = &execution->core;

        if (!bp_step_failed(execution, index))
                return;
        if (core->first_failure == BP_NO_STEP)
                core->first_failure = index;
        if (core->stop == BP_STOP_NONE && execution->definition->fail_fast)
                core->stop = BP_STOP_FAILURE;
}

static void fold_step_ended(struct bp_execution *execution, struct bp_step *step, const struct bp_record *record) {
        step->state = record->step_state;
        step->ended_at = record->at;
        step->unknown = record->unknown;
        step->attempt_deadline = (struct bp_wall){0};
        step->deadline = (struct bp_wall){0};
        step->eta_minutes = -1.0;
        if (step->state == BP_STEP_COMPLETED)
                step->percent = 100.0;
        if (record->data.type == BP_OBJECT)
                execution->core.output_bytes += bp_json_size(&record->data);
        note_failure(execution, record->step);
}

static void fold_cleanup_started(struct bp_execution *execution, struct bp_step *step, const struct bp_record *record) {
        (void)execution;
        step->cleanup_try = record->attempt;
        step->cleanup_running = true;
        step->deadline = (struct bp_wall){0};
}

static void fold_cleanup_ended(struct bp_execution *execution, struct bp_step *step, const struct bp_record *record) {
        (void)execution;
        step->cleanup_running = false;
        step->cleanup_over = record->deadline.us == 0;
        step->deadline = record->deadline;
}

static void fold_late(struct bp_execution *execution, struct bp_step *step, const struct bp_record *record) {
        (void)execution;
        (void)step;
        (void)record;
}

/* Bits for the states in which a kind of record makes sense. */
#define IN(state) (1u << (state))
#define EXECUTION_LIVE (IN(BP_EXECUTION_RUNNING) | IN(BP_EXECUTION_PAUSED))
#define EXECUTION_UNENDED (IN(BP_EXECUTION_PENDING) | EXECUTION_LIVE)
#define STEP_STARTABLE (IN(BP_STEP_PENDING) | IN(BP_STEP_RETRYING))
#define STEP_STARTED (IN(BP_STEP_RUNNING) | IN(BP_STEP_WAITING))
#define STEP_UNENDED (STEP_STARTABLE | STEP_STARTED)
#define STEP_CLEANABLE (IN(BP_STEP_FAILED) | IN(BP_STEP_TIMEOUT) | IN(BP_STEP_CANCELLED) | IN(BP_STEP_INTERRUPTED))
#define ANY UINT32_MAX

/* clang-format off */
static const struct fold {
        void (*apply)(struct bp_execution *execution, struct bp_step *step, const struct bp_record *record);
        uint32_t execution_states;
        uint32_t step_states; /* 0: the record is not about a step */
        bool keeps;           /* leaves texts and outputs behind, in place of older ones */
} folds[] = {
        [BP_RECORD_EXECUTION_STARTED] = {fold_execution_started, IN(BP_EXECUTION_PENDING),  0,                    false},
        [BP_RECORD_EXECUTION_PAUSED]  = {fold_execution_paused,  IN(BP_EXECUTION_RUNNING),  0,                    false},
        [BP_RECORD_EXECUTION_RESUMED] = {fold_execution_resumed, IN(BP_EXECUTION_PAUSED),   0,                    false},
        [BP_RECORD_CANCEL_REQUESTED]  = {fold_cancel_requested,  EXECUTION_UNENDED,         0,                    true},
        [BP_RECORD_EXECUTION_ENDED]   = {fold_execution_ended,   EXECUTION_UNENDED,         0,                    true},
        [BP_RECORD_STEP_REUSED]       = {fold_step_reused,       EXECUTION_LIVE,            IN(BP_STEP_PENDING),  true},
        [BP_RECORD_STEP_STARTED]      = {fold_step_started,      EXECUTION_LIVE,            STEP_STARTABLE,       false},
        [BP_RECORD_STEP_WAITING]      = {fold_step_waiting,      EXECUTION_LIVE,            IN(BP_STEP_RUNNING),  true},
        [BP_RECORD_STEP_RETRYING]     = {fold_step_retrying,     EXECUTION_LIVE,            STEP_STARTED,         true},
        [BP_RECORD_STEP_PROGRESS]     = {fold_step_progress,     EXECUTION_LIVE,            STEP_STARTED,         false},
        [BP_RECORD_STEP_ENDED]        = {fold_step_ended,        EXECUTION_UNENDED,         STEP_UNENDED,         true},
        [BP_RECORD_CLEANUP_STARTED]   = {fold_cleanup_started,   EXECUTION_UNENDED,         STEP_CLEANABLE,       false},
        [BP_RECORD_CLEANUP_ENDED]     = {fold_cleanup_ended,     EXECUTION_UNENDED,         STEP_CLEANABLE,       false},
        [BP_RECORD_LATE]              = {fold_late,              ANY,                       ANY,                  false},
};
/* clang-format on */

static const struct fold *find_fold(const struct bp_execution *execution, const struct bp_record *record) {
        const struct fold *fold;

        if (record->type < BP_RECORD_EXECUTION_STARTED || record->type > BP_RECORD_LATE)
                return NULL;
        fold = &folds[record->type];
        if (record->sequence != execution->core.sequence + 1 || !(fold->execution_states & IN(execution->core.state)))
                return NULL;
        if (fold->step_states == 0)
                return record->step == BP_NO_STEP ? fold : NULL;
        if (record->step >= execution->definition->n_steps)
                return NULL;
        return fold->step_states & IN(execution->steps[record->step].state) ? fold : NULL;
}

/* States come from a store here: a value out of range must not become a state. */
static bool states_make_sense(const struct bp_record *record) {
        switch (record->type) {
        case BP_RECORD_STEP_ENDED:
                return record->step_state >= BP_STEP_COMPLETED && record->step_state <= BP_STEP_INTERRUPTED;
        case BP_RECORD_EXECUTION_ENDED:
                return record->execution_state >= BP_EXECUTION_COMPLETED &&
                       record->execution_state <= BP_EXECUTION_INTERRUPTED;
        case BP_RECORD_STEP_STARTED:
                return record->effect >= BP_PURE && record->effect <= BP_ONCE && record->attempt > 0;
        default:
                return true;
        }
}

int bp_execution_fold(struct bp_execution *execution, const struct bp_record *record, struct bp_kept **ret_old) {
        const struct fold *fold = find_fold(execution, record);
        struct bp_step *step = NULL;
        struct bp_kept *kept = NULL, **place = &execution->core.kept;
        int r;

        if (!fold || !states_make_sense(record))
                return -EINVAL;
        if (fold->keeps) {
                r = bp_kept_new(record, &kept);
                if (r < 0)
                        return r;
        }
        if (fold->step_states) {
                step = &execution->steps[record->step];
                place = &step->kept;
        }
        *ret_old = NULL;
        if (fold->keeps) {
                *ret_old = *place;
                *place = kept;
        }
        fold->apply(execution, step, record);
        execution->core.sequence = record->sequence;
        if (step)
                bp_step_sync(execution, record->step);
        return 0;
}

/* Parameters are part of what a record says; the process that decides it has them already. */
static int take_params(struct bp_execution *execution, const struct bp_value *params) {
        return params->type == BP_OBJECT ? bp_execution_keep_params(execution, params) : 0;
}

int bp_execution_apply(struct bp_execution *execution, const struct bp_record *record) {
        struct bp_kept *old;
        int r;

        if (record->type == BP_RECORD_EXECUTION_STARTED && find_fold(execution, record)) {
                r = take_params(execution, &record->data);
                if (r < 0)
                        return r;
        }
        r = bp_execution_fold(execution, record, &old);
        if (r < 0)
                return r;
        free(old);
        return 0;
}
