/* SPDX-License-Identifier: Apache-2.0 */
/* What is said to an execution: commands, time, and answers from outside, handed on to the steps they are about. */
#include <errno.h>

#include "engine/decide.h"

bool bp_when_cancellable(const struct bp_turn *turn, uint32_t index) {
        const struct bp_core *core = &turn->execution->core;

        (void)index;
        return (core->stop == BP_STOP_NONE || core->stop == BP_STOP_FAILURE) &&
               core->n_final < turn->execution->definition->n_steps;
}

bool bp_when_going_on(const struct bp_turn *turn, uint32_t index) {
        const struct bp_core *core = &turn->execution->core;

        (void)index;
        return core->stop == BP_STOP_NONE && core->n_final < turn->execution->definition->n_steps;
}

static int emit_own(struct bp_turn *turn, struct bp_record record) {
        record.step = BP_NO_STEP;
        return bp_turn_emit(turn, &record);
}

static int take_over(struct bp_turn *turn) {
        const struct bp_execution *execution = turn->execution;

        for (uint32_t i = 0; execution->reused && i < execution->definition->n_steps; i++) {
                int r;

                if (execution->reused[i].type != BP_OBJECT)
                        continue;
                r = bp_turn_emit(turn, &(struct bp_record){
                                               .type = BP_RECORD_STEP_REUSED, .step = i, .data = execution->reused[i]});
                if (r < 0)
                        return r;
        }
        return 0;
}

int bp_decide_begin(struct bp_turn *turn, uint32_t index) {
        const struct bp_definition *definition = turn->execution->definition;
        int64_t now_us = turn->input->now.us;
        int r;

        (void)index;
        r = emit_own(turn,
                     (struct bp_record){.type = BP_RECORD_EXECUTION_STARTED,
                                        .deadline = {definition->has_timeout
                                                             ? now_us + (int64_t)definition->timeout_seconds * 1000000
                                                             : 0},
                                        .data = turn->execution->params});
        return r < 0 ? r : take_over(turn);
}

int bp_decide_request_cancel(struct bp_turn *turn, uint32_t index) {
        (void)index;
        return emit_own(turn, (struct bp_record){.type = BP_RECORD_CANCEL_REQUESTED, .message = turn->input->text});
}

int bp_decide_pause(struct bp_turn *turn, uint32_t index) {
        (void)index;
        return emit_own(turn, (struct bp_record){.type = BP_RECORD_EXECUTION_PAUSED});
}

int bp_decide_resume(struct bp_turn *turn, uint32_t index) {
        const struct bp_core *core = &turn->execution->core;
        struct bp_wall deadline = core->deadline;

        (void)index;
        if (deadline.us && turn->input->now.us > core->paused_at.us)
                deadline.us += turn->input->now.us - core->paused_at.us;
        return emit_own(turn, (struct bp_record){.type = BP_RECORD_EXECUTION_RESUMED, .deadline = deadline});
}

/* ---- time ---- */

/* The step whose timer runs out first, if it has; of several, the first in the definition. */
static uint32_t next_due(const struct bp_execution *execution, struct bp_wall now) {
        uint32_t due = BP_NO_STEP;
        int64_t first_us = INT64_MAX;

        for (uint32_t i = bp_bits_next(bp_timed_steps(execution), bp_execution_words(execution), 0); i != UINT32_MAX;
             i = bp_bits_next(bp_timed_steps(execution), bp_execution_words(execution), i + 1)) {
                const struct bp_step *step = &execution->steps[i];
                int64_t timer_us = bp_step_timer(step).us;

                if (step->marks.final || timer_us > now.us || timer_us >= first_us)
                        continue;
                first_us = timer_us;
                due = i;
        }
        return due;
}

static bool out_of_time(const struct bp_turn *turn, struct bp_wall limit) {
        const struct bp_core *core = &turn->execution->core;

        return core->state == BP_EXECUTION_RUNNING && core->deadline.us && core->deadline.us < limit.us &&
               core->deadline.us <= turn->input->now.us && bp_when_cancellable(turn, BP_NO_STEP);
}

static int end_by_timeout(struct bp_turn *turn) {
        const char *message = bp_turn_text(turn, "The execution did not end within %u seconds",
                                           turn->execution->definition->timeout_seconds);

        if (!message)
                return -ENOMEM;
        return emit_own(turn, (struct bp_record){
                                      .type = BP_RECORD_CANCEL_REQUESTED, .code = BP_CODE_TIMEOUT, .message = message});
}

int bp_decide_clock(struct bp_turn *turn, uint32_t index) {
        struct bp_execution *execution = turn->execution;
        struct bp_wall now = turn->input->now;

        (void)index;
        if (bp_execution_state_is_final(execution->core.state))
                return 0;
        for (;;) {
                uint32_t due = next_due(execution, now);
                struct bp_wall first = {INT64_MAX};
                int r;

                if (due != BP_NO_STEP)
                        first = bp_step_timer(&execution->steps[due]);
                if (out_of_time(turn, first))
                        return end_by_timeout(turn);
                if (due == BP_NO_STEP)
                        return 0;
                r = bp_step_signal(turn, due, BP_SIGNAL_DUE);
                if (r < 0)
                        return r;
        }
}

/* ---- answers ---- */

static int late(struct bp_turn *turn, uint32_t index, const char *message) {
        if (!message)
                return -ENOMEM;
        if (turn->execution->core.ended_told) /* nobody waits for a further record of it */
                return 0;
        return bp_turn_emit(turn, &(struct bp_record){.type = BP_RECORD_LATE,
                                                      .step = index,
                                                      .attempt = turn->input->attempt,
                                                      .message = message});
}

static const char *const outcome_words[] = {
        [BP_ATTEMPT_COMPLETED] = "completed",     [BP_ATTEMPT_FAILED] = "failed",
        [BP_ATTEMPT_UNKNOWN] = "ended in doubt",  [BP_ATTEMPT_WAITING] = "began to wait",
        [BP_ATTEMPT_SLEEPING] = "began to sleep",
};

static const enum bp_signal outcome_signals[] = {
        [BP_ATTEMPT_COMPLETED] = BP_SIGNAL_COMPLETED, [BP_ATTEMPT_FAILED] = BP_SIGNAL_FAILED,
        [BP_ATTEMPT_UNKNOWN] = BP_SIGNAL_UNKNOWN,     [BP_ATTEMPT_WAITING] = BP_SIGNAL_AWAITS,
        [BP_ATTEMPT_SLEEPING] = BP_SIGNAL_SLEEPS,
};

int bp_decide_attempt_ended(struct bp_turn *turn, uint32_t index) {
        const struct bp_input *input = turn->input;
        struct bp_step *step = bp_turn_change(turn, index);
        bool wanted;

        if (!step)
                return -ENOMEM;
        wanted = step->alive == input->attempt && step->attempt == input->attempt && step->state == BP_STEP_RUNNING;
        if (step->alive == input->attempt)
                step->alive = 0;
        bp_step_sync(turn->execution, index);
        if (wanted)
                return bp_step_signal(turn, index, outcome_signals[input->result->outcome]);
        return late(turn, index,
                    bp_turn_text(turn, "Attempt %u %s after its time", input->attempt,
                                 outcome_words[input->result->outcome]));
}

int bp_decide_resolved(struct bp_turn *turn, uint32_t index) {
        struct bp_step *step;
        enum bp_resolving purpose;
        int r;

        if (index == BP_NO_STEP)
                return bp_turn_outputs_resolved(turn);
        step = bp_turn_change(turn, index);
        if (!step)
                return -ENOMEM;
        purpose = step->resolving;
        step->resolving = BP_RESOLVING_NOTHING;
        bp_step_sync(turn->execution, index);
        if (purpose == BP_RESOLVING_CLEANUP)
                return bp_turn_cleanup_resolved(turn, index);
        r = bp_step_signal(turn, index, BP_SIGNAL_RESOLVED);
        return r < 0 ? r : 0;
}

static enum bp_signal signal_of(const struct bp_event_result *event) {
        if (event->action == BP_EVENT_UPDATE_PROGRESS)
                return BP_SIGNAL_PROGRESS;
        return event->success ? BP_SIGNAL_EVENT_COMPLETED : BP_SIGNAL_EVENT_FAILED;
}

int bp_decide_event(struct bp_turn *turn, uint32_t index) {
        const struct bp_step *step = bp_turn_step(turn, index);

        if (turn->input->event->action == BP_EVENT_IGNORE)
                return 0;
        if (!bp_step_awaits_event(step) || step->attempt != turn->input->attempt)
                return late(turn, index, "An event came when the step did not wait for it any more");
        return bp_step_signal(turn, index, signal_of(turn->input->event));
}

int bp_decide_report(struct bp_turn *turn, uint32_t index) {
        const struct bp_step *step = bp_turn_step(turn, index);
        int r;

        if (step->state != BP_STEP_RUNNING || step->attempt != turn->input->attempt)
                return 0;
        r = bp_step_signal(turn, index, BP_SIGNAL_PROGRESS);
        return r < 0 ? r : 0;
}

/* ---- the process ---- */

static int signal_all(struct bp_turn *turn, enum bp_signal signal) {
        for (uint32_t i = 0; i < turn->execution->definition->n_steps; i++) {
                int r = bp_step_signal(turn, i, signal);

                if (r < 0)
                        return r;
        }
        return 0;
}

int bp_decide_recover(struct bp_turn *turn, uint32_t index) {
        int r = signal_all(turn, BP_SIGNAL_LOST);

        for (uint32_t i = 0; r == 0 && i < turn->execution->definition->n_steps; i++)
                if (bp_turn_step(turn, i)->cleanup_running)
                        r = bp_turn_cleanup_lost(turn, i);
        return r < 0 ? r : bp_decide_clock(turn, index);
}

int bp_decide_drain(struct bp_turn *turn, uint32_t index) {
        (void)index;
        turn->execution->core.draining = true;
        return 0;
}

int bp_decide_shutdown(struct bp_turn *turn, uint32_t index) {
        (void)index;
        turn->execution->core.shutting_down = true;
        return signal_all(turn, BP_SIGNAL_SHUTDOWN);
}
