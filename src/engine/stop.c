/* SPDX-License-Identifier: Apache-2.0 */
/* How an attempt is cut off: the execution winds up, this process stops, or the one before it crashed. */
#include <errno.h>

#include "engine/decide.h"

bool bp_when_may_finish(const struct bp_turn *turn, uint32_t index) {
        return turn->execution->core.stop == BP_STOP_FAILURE && bp_turn_step(turn, index)->effect == BP_ONCE;
}

bool bp_when_out_of_time(const struct bp_turn *turn, uint32_t index) {
        (void)index;
        return turn->execution->core.stop == BP_STOP_TIMEOUT;
}

bool bp_when_not_repeatable(const struct bp_turn *turn, uint32_t index) {
        return bp_turn_step(turn, index)->effect == BP_ONCE &&
               bp_step_definition(turn->execution, index)->on_interrupt != BP_ON_INTERRUPT_RETRY;
}

bool bp_when_crash_loop(const struct bp_turn *turn, uint32_t index) {
        return bp_turn_step(turn, index)->crashes + 1 >= turn->execution->settings->crash_limit;
}

bool bp_when_awaiting_event(const struct bp_turn *turn, uint32_t index) {
        return bp_step_awaits_event(bp_turn_step(turn, index));
}

int bp_decide_tell(struct bp_turn *turn, uint32_t index) {
        return bp_turn_tell(turn, index);
}

static int end(struct bp_turn *turn, uint32_t index, enum bp_step_state state, const char *code, const char *message) {
        const struct bp_step *step = bp_turn_step(turn, index);
        struct bp_value outputs;
        int r = bp_turn_left_outputs(turn, index, &outputs);

        if (r < 0 || !message)
                return -ENOMEM;
        return bp_turn_emit(turn, &(struct bp_record){.type = BP_RECORD_STEP_ENDED,
                                                      .step = index,
                                                      .attempt = step->attempt,
                                                      .step_state = state,
                                                      .code = code,
                                                      .message = message,
                                                      .data = outputs,
                                                      .unknown = step->state == BP_STEP_RUNNING &&
                                                                 turn->input->type != BP_INPUT_ATTEMPT_ENDED});
}

int bp_decide_cancel(struct bp_turn *turn, uint32_t index) {
        const struct bp_core *core = &turn->execution->core;

        switch (core->stop) {
        case BP_STOP_TIMEOUT:
                return end(turn, index, BP_STEP_CANCELLED, BP_CODE_TIMEOUT, "The execution ran out of time");
        case BP_STOP_FAILURE:
                return end(turn, index, BP_STEP_CANCELLED, BP_CODE_FAIL_FAST,
                           bp_turn_text(turn, "Stopped because step `%s` failed",
                                        bp_step_definition(turn->execution, core->first_failure)->id));
        default:
                return end(turn, index, BP_STEP_CANCELLED, BP_CODE_CANCELLED, "The execution was cancelled");
        }
}

int bp_decide_interrupt(struct bp_turn *turn, uint32_t index) {
        return end(
                turn, index, BP_STEP_INTERRUPTED, BP_CODE_INTERRUPTED,
                bp_turn_text(turn,
                             "The server stopped while attempt %u was under way; whether it took effect is not known",
                             bp_turn_step(turn, index)->attempt));
}

int bp_decide_fail_crash_loop(struct bp_turn *turn, uint32_t index) {
        return end(turn, index, BP_STEP_FAILED, BP_CODE_CRASH_LOOP,
                   bp_turn_text(turn, "The server stopped unexpectedly %u times in a row while the step was under way",
                                bp_turn_step(turn, index)->crashes + 1));
}

static int repeat(struct bp_turn *turn, uint32_t index, enum bp_step_state how, const char *code, const char *message) {
        struct bp_value outputs;
        int r = bp_turn_left_outputs(turn, index, &outputs);

        if (r < 0)
                return r;
        return bp_turn_emit(turn, &(struct bp_record){.type = BP_RECORD_STEP_RETRYING,
                                                      .step = index,
                                                      .data = outputs,
                                                      .attempt = bp_turn_step(turn, index)->attempt,
                                                      .step_state = how,
                                                      .code = code,
                                                      .message = message,
                                                      .unknown = true,
                                                      .deadline = turn->input->now});
}

int bp_decide_repeat_lost(struct bp_turn *turn, uint32_t index) {
        return repeat(turn, index, BP_STEP_INTERRUPTED, BP_CODE_INTERRUPTED,
                      "The server stopped unexpectedly; the step is run again");
}

int bp_decide_leave(struct bp_turn *turn, uint32_t index) {
        return repeat(turn, index, BP_STEP_CANCELLED, BP_CODE_SHUTDOWN,
                      "The server is stopping; the step is run again when it is back");
}

int bp_decide_await_again(struct bp_turn *turn, uint32_t index) {
        return bp_turn_route(turn, BP_EFFECT_AWAIT, index, bp_turn_step(turn, index)->kept->external_id);
}
