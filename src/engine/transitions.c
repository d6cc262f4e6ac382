/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state machine: every transition there is. A row says what happens to a step (or to the execution) in a state on
 * a signal (or input); rows are tried from the top, and the first whose guard holds decides. What has no row changes
 * nothing: results and events are then late, and recorded as such. docs/execution.md tells the same in prose.
 */
#include <stddef.h>

#include "engine/decide.h"

typedef bool guard_function(const struct bp_turn *turn, uint32_t index);
typedef int decision_function(struct bp_turn *turn, uint32_t index);

/* clang-format off */
static const struct step_transition {
        enum bp_step_state state;
        enum bp_signal signal;
        guard_function *guard; /* NULL: always */
        decision_function *decide;
} step_transitions[] = {
        {BP_STEP_PENDING,  BP_SIGNAL_READY,           bp_when_dependency_failed,    bp_decide_skip_after_failure},
        {BP_STEP_PENDING,  BP_SIGNAL_READY,           bp_when_branch_not_taken,     bp_decide_skip_branch},
        {BP_STEP_PENDING,  BP_SIGNAL_READY,           bp_when_dependencies_skipped, bp_decide_skip_with_dependencies},
        {BP_STEP_PENDING,  BP_SIGNAL_READY,           NULL,                         bp_decide_resolve},
        {BP_STEP_PENDING,  BP_SIGNAL_RESOLVED,        bp_when_starting_allowed,     bp_decide_start},
        {BP_STEP_PENDING,  BP_SIGNAL_RESOLVED,        NULL,                         bp_decide_nothing},
        {BP_STEP_PENDING,  BP_SIGNAL_STOP,            NULL,                         bp_decide_skip_stopped},

        {BP_STEP_RUNNING,  BP_SIGNAL_COMPLETED,       NULL,                         bp_decide_complete},
        {BP_STEP_RUNNING,  BP_SIGNAL_FAILED,          bp_when_told,                 bp_decide_cancel},
        {BP_STEP_RUNNING,  BP_SIGNAL_FAILED,          bp_when_retry_left,           bp_decide_retry},
        {BP_STEP_RUNNING,  BP_SIGNAL_FAILED,          NULL,                         bp_decide_fail},
        {BP_STEP_RUNNING,  BP_SIGNAL_UNKNOWN,         bp_when_told,                 bp_decide_cancel},
        {BP_STEP_RUNNING,  BP_SIGNAL_UNKNOWN,         bp_when_repeat_left,          bp_decide_retry},
        {BP_STEP_RUNNING,  BP_SIGNAL_UNKNOWN,         NULL,                         bp_decide_fail},
        {BP_STEP_RUNNING,  BP_SIGNAL_AWAITS,          bp_when_stopping,             bp_decide_cancel},
        {BP_STEP_RUNNING,  BP_SIGNAL_AWAITS,          bp_when_wait_unnamed,         bp_decide_fail_wait},
        {BP_STEP_RUNNING,  BP_SIGNAL_AWAITS,          bp_when_wait_too_large,       bp_decide_fail_too_large},
        {BP_STEP_RUNNING,  BP_SIGNAL_AWAITS,          NULL,                         bp_decide_await},
        {BP_STEP_RUNNING,  BP_SIGNAL_SLEEPS,          bp_when_stopping,             bp_decide_cancel},
        {BP_STEP_RUNNING,  BP_SIGNAL_SLEEPS,          bp_when_wait_too_large,       bp_decide_fail_too_large},
        {BP_STEP_RUNNING,  BP_SIGNAL_SLEEPS,          NULL,                         bp_decide_sleep},
        {BP_STEP_RUNNING,  BP_SIGNAL_PROGRESS,        NULL,                         bp_decide_progress},
        {BP_STEP_RUNNING,  BP_SIGNAL_DUE,             bp_when_patience_over,        bp_decide_cancel},
        {BP_STEP_RUNNING,  BP_SIGNAL_DUE,             bp_when_repeat_left,          bp_decide_retry_timed_out},
        {BP_STEP_RUNNING,  BP_SIGNAL_DUE,             NULL,                         bp_decide_time_out},
        {BP_STEP_RUNNING,  BP_SIGNAL_STOP,            bp_when_may_finish,           bp_decide_nothing},
        {BP_STEP_RUNNING,  BP_SIGNAL_STOP,            bp_when_out_of_time,          bp_decide_cancel},
        {BP_STEP_RUNNING,  BP_SIGNAL_STOP,            NULL,                         bp_decide_tell},
        {BP_STEP_RUNNING,  BP_SIGNAL_LOST,            bp_when_not_repeatable,       bp_decide_interrupt},
        {BP_STEP_RUNNING,  BP_SIGNAL_LOST,            bp_when_stopping,             bp_decide_cancel},
        {BP_STEP_RUNNING,  BP_SIGNAL_LOST,            bp_when_crash_loop,           bp_decide_fail_crash_loop},
        {BP_STEP_RUNNING,  BP_SIGNAL_LOST,            NULL,                         bp_decide_repeat_lost},
        {BP_STEP_RUNNING,  BP_SIGNAL_SHUTDOWN,        bp_when_not_repeatable,       bp_decide_interrupt},
        {BP_STEP_RUNNING,  BP_SIGNAL_SHUTDOWN,        bp_when_stopping,             bp_decide_cancel},
        {BP_STEP_RUNNING,  BP_SIGNAL_SHUTDOWN,        NULL,                         bp_decide_leave},

        {BP_STEP_WAITING,  BP_SIGNAL_EVENT_COMPLETED, NULL,                         bp_decide_complete_wait},
        {BP_STEP_WAITING,  BP_SIGNAL_EVENT_FAILED,    bp_when_retry_left,           bp_decide_retry},
        {BP_STEP_WAITING,  BP_SIGNAL_EVENT_FAILED,    NULL,                         bp_decide_fail},
        {BP_STEP_WAITING,  BP_SIGNAL_PROGRESS,        NULL,                         bp_decide_progress},
        {BP_STEP_WAITING,  BP_SIGNAL_DUE,             bp_when_slept_enough,         bp_decide_complete_wait},
        {BP_STEP_WAITING,  BP_SIGNAL_DUE,             bp_when_timeout_is_success,   bp_decide_complete_wait},
        {BP_STEP_WAITING,  BP_SIGNAL_DUE,             bp_when_repeat_left,          bp_decide_retry_timed_out},
        {BP_STEP_WAITING,  BP_SIGNAL_DUE,             NULL,                         bp_decide_time_out},
        {BP_STEP_WAITING,  BP_SIGNAL_STOP,            NULL,                         bp_decide_cancel},
        {BP_STEP_WAITING,  BP_SIGNAL_LOST,            bp_when_awaiting_event,       bp_decide_await_again},

        {BP_STEP_RETRYING, BP_SIGNAL_DUE,             NULL,                         bp_decide_due},
        {BP_STEP_RETRYING, BP_SIGNAL_READY,           NULL,                         bp_decide_resolve},
        {BP_STEP_RETRYING, BP_SIGNAL_RESOLVED,        bp_when_starting_allowed,     bp_decide_start},
        {BP_STEP_RETRYING, BP_SIGNAL_RESOLVED,        NULL,                         bp_decide_nothing},
        {BP_STEP_RETRYING, BP_SIGNAL_STOP,            NULL,                         bp_decide_cancel},
};

enum { ANY = 0 };

static const struct execution_transition {
        uint32_t state; /* enum bp_execution_state or ANY */
        enum bp_input_type input;
        guard_function *guard;
        decision_function *decide;
} execution_transitions[] = {
        {BP_EXECUTION_PENDING, BP_INPUT_START,         NULL,                bp_decide_begin},
        {BP_EXECUTION_RUNNING, BP_INPUT_PAUSE,         bp_when_going_on,    bp_decide_pause},
        {BP_EXECUTION_PAUSED,  BP_INPUT_RESUME,        NULL,                bp_decide_resume},
        {ANY,                  BP_INPUT_CANCEL,        bp_when_cancellable, bp_decide_request_cancel},
        {ANY,                  BP_INPUT_CLOCK,         NULL,                bp_decide_clock},
        {ANY,                  BP_INPUT_ATTEMPT_ENDED, NULL,                bp_decide_attempt_ended},
        {ANY,                  BP_INPUT_RESOLVED,      NULL,                bp_decide_resolved},
        {ANY,                  BP_INPUT_EVENT,         NULL,                bp_decide_event},
        {ANY,                  BP_INPUT_PROGRESS,      NULL,                bp_decide_report},
        {ANY,                  BP_INPUT_CLEANUP_ENDED, NULL,                bp_decide_cleanup_ended},
        {ANY,                  BP_INPUT_RECOVER,       NULL,                bp_decide_recover},
        {ANY,                  BP_INPUT_SHUTDOWN,      NULL,                bp_decide_shutdown},
        {ANY,                  BP_INPUT_DRAIN,         NULL,                bp_decide_drain},
};
/* clang-format on */

int bp_step_signal(struct bp_turn *turn, uint32_t index, enum bp_signal signal) {
        enum bp_step_state state = bp_turn_step(turn, index)->state;

        for (size_t i = 0; i < sizeof(step_transitions) / sizeof(step_transitions[0]); i++) {
                const struct step_transition *row = &step_transitions[i];

                if (row->state != state || row->signal != signal)
                        continue;
                if (!row->guard || row->guard(turn, index))
                        return row->decide(turn, index);
        }
        return 1;
}

int bp_execution_signal(struct bp_turn *turn) {
        uint32_t state = turn->execution->core.state;

        for (size_t i = 0; i < sizeof(execution_transitions) / sizeof(execution_transitions[0]); i++) {
                const struct execution_transition *row = &execution_transitions[i];

                if ((row->state != ANY && row->state != state) || row->input != turn->input->type)
                        continue;
                if (!row->guard || row->guard(turn, turn->input->step))
                        return row->decide(turn, turn->input->step);
        }
        return 0;
}
