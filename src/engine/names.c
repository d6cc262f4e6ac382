/* SPDX-License-Identifier: Apache-2.0 */
/* Words for states and records: what stands on the wire and in the store, so none of them may ever change. */
#include "engine/engine.h"

bool bp_step_state_is_final(enum bp_step_state state) {
        return state >= BP_STEP_COMPLETED;
}

bool bp_execution_state_is_final(enum bp_execution_state state) {
        return state >= BP_EXECUTION_COMPLETED;
}

const char *bp_step_state_name(enum bp_step_state state) {
        static const char *const names[] = {
                [BP_STEP_PENDING] = "PENDING",     [BP_STEP_RUNNING] = "RUNNING",
                [BP_STEP_WAITING] = "WAITING",     [BP_STEP_RETRYING] = "RETRYING",
                [BP_STEP_COMPLETED] = "COMPLETED", [BP_STEP_FAILED] = "FAILED",
                [BP_STEP_SKIPPED] = "SKIPPED",     [BP_STEP_TIMEOUT] = "TIMEOUT",
                [BP_STEP_CANCELLED] = "CANCELLED", [BP_STEP_INTERRUPTED] = "INTERRUPTED",
        };

        return names[state];
}

const char *bp_execution_state_name(enum bp_execution_state state) {
        static const char *const names[] = {
                [BP_EXECUTION_PENDING] = "PENDING", [BP_EXECUTION_RUNNING] = "RUNNING",
                [BP_EXECUTION_PAUSED] = "PAUSED",   [BP_EXECUTION_COMPLETED] = "COMPLETED",
                [BP_EXECUTION_FAILED] = "FAILED",   [BP_EXECUTION_CANCELLED] = "CANCELLED",
                [BP_EXECUTION_TIMEOUT] = "TIMEOUT", [BP_EXECUTION_INTERRUPTED] = "INTERRUPTED",
        };

        return names[state];
}

const char *bp_record_type_name(enum bp_record_type type) {
        static const char *const names[] = {
                [BP_RECORD_EXECUTION_STARTED] = "execution_started",
                [BP_RECORD_EXECUTION_PAUSED] = "execution_paused",
                [BP_RECORD_EXECUTION_RESUMED] = "execution_resumed",
                [BP_RECORD_CANCEL_REQUESTED] = "cancel_requested",
                [BP_RECORD_EXECUTION_ENDED] = "execution_ended",
                [BP_RECORD_STEP_REUSED] = "step_reused",
                [BP_RECORD_STEP_STARTED] = "step_started",
                [BP_RECORD_STEP_WAITING] = "step_waiting",
                [BP_RECORD_STEP_RETRYING] = "step_retrying",
                [BP_RECORD_STEP_PROGRESS] = "step_progress",
                [BP_RECORD_STEP_ENDED] = "step_ended",
                [BP_RECORD_CLEANUP_STARTED] = "cleanup_started",
                [BP_RECORD_CLEANUP_ENDED] = "cleanup_ended",
                [BP_RECORD_LATE] = "late",
        };

        return names[type];
}
