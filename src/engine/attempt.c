/* SPDX-License-Identifier: Apache-2.0 */
/* How an attempt or a wait ends by itself: completed, failed, asleep, waiting for an event, out of time. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "engine/decide.h"
#include "registry/registry.h"

static struct bp_wall after_seconds(const struct bp_turn *turn, int64_t seconds) {
        enum { CENTURY = 100 };
        const int64_t longest = (int64_t)CENTURY * 366 * 86400;

        return (struct bp_wall){turn->input->now.us + (seconds < longest ? seconds : longest) * 1000000};
}

/* ---- what the input says ---- */

struct failure {
        const char *code, *message;
        const struct bp_value *error;
        bool unknown;
};

static struct failure failure_of(const struct bp_input *input) {
        struct failure failure;

        if (input->type == BP_INPUT_EVENT)
                failure = (struct failure){.code = input->event->code, .message = input->event->message};
        else
                failure = (struct failure){.code = input->result->code,
                                           .message = input->result->message,
                                           .error = input->result->error,
                                           .unknown = input->result->outcome == BP_ATTEMPT_UNKNOWN};
        if (!failure.code || !*failure.code)
                failure.code = BP_CODE_STEP_FAILED;
        return failure;
}

static const struct bp_value *outputs_of(const struct bp_attempt_result *result) {
        return result->outputs ? result->outputs : &bp_value_empty_object;
}

/* ---- guards ---- */

bool bp_when_told(const struct bp_turn *turn, uint32_t index) {
        return bp_turn_step(turn, index)->told;
}

bool bp_when_stopping(const struct bp_turn *turn, uint32_t index) {
        (void)index;
        return turn->execution->core.stop != BP_STOP_NONE;
}

bool bp_when_retry_left(const struct bp_turn *turn, uint32_t index) {
        return bp_step_definition(turn->execution, index)->on_failure == BP_ON_FAILURE_RETRY &&
               turn->execution->core.stop == BP_STOP_NONE &&
               bp_turn_step(turn, index)->failures + 1 < bp_retry_attempts(turn->execution, index);
}

bool bp_when_repeat_left(const struct bp_turn *turn, uint32_t index) {
        return bp_when_retry_left(turn, index) && !bp_when_not_repeatable(turn, index);
}

bool bp_when_wait_unnamed(const struct bp_turn *turn, uint32_t index) {
        const char *external_id = turn->input->result->external_id;

        (void)index;
        return !external_id || !*external_id;
}

bool bp_when_wait_too_large(const struct bp_turn *turn, uint32_t index) {
        (void)index;
        return bp_json_size(outputs_of(turn->input->result)) > turn->execution->settings->step_output_bytes;
}

bool bp_when_patience_over(const struct bp_turn *turn, uint32_t index) {
        const struct bp_step *step = bp_turn_step(turn, index);

        return step->told && step->patience.us <= turn->input->now.us;
}

bool bp_when_slept_enough(const struct bp_turn *turn, uint32_t index) {
        const struct bp_step *step = bp_turn_step(turn, index);

        return !bp_step_awaits_event(step) && step->deadline.us <= turn->input->now.us &&
               (step->attempt_deadline.us == 0 || step->deadline.us <= step->attempt_deadline.us);
}

bool bp_when_timeout_is_success(const struct bp_turn *turn, uint32_t index) {
        return bp_action_entry_meta(bp_step_definition(turn->execution, index)->entry)->timeout_is_success;
}

/* ---- completing ---- */

static int fail_with(struct bp_turn *turn, uint32_t index, const char *code, const char *message) {
        if (!message)
                return -ENOMEM;
        return bp_turn_emit(turn, &(struct bp_record){.type = BP_RECORD_STEP_ENDED,
                                                      .step = index,
                                                      .attempt = bp_turn_step(turn, index)->attempt,
                                                      .step_state = BP_STEP_FAILED,
                                                      .code = code,
                                                      .message = message});
}

static int fail_too_large(struct bp_turn *turn, uint32_t index, uint64_t bytes, uint32_t limit, const char *of) {
        return fail_with(turn, index, BP_CODE_LIMIT,
                         bp_turn_text(turn,
                                      "The outputs (/steps/%u/outputs) bring %s to %llu bytes as JSON; %u are allowed",
                                      index, of, (unsigned long long)bytes, limit));
}

static int complete_with(struct bp_turn *turn, uint32_t index, const struct bp_value *outputs) {
        const struct bp_engine_settings *settings = turn->execution->settings;
        uint64_t bytes = bp_json_size(outputs), total = turn->execution->core.output_bytes + bytes;

        if (outputs->type != BP_OBJECT)
                return fail_with(turn, index, BP_CODE_INVALID_RESULT, "The action's outputs are not an object");
        if (bytes > settings->step_output_bytes)
                return fail_too_large(turn, index, bytes, settings->step_output_bytes, "the step");
        if (total > settings->execution_output_bytes)
                return fail_too_large(turn, index, total, settings->execution_output_bytes, "the execution");
        return bp_turn_emit(turn, &(struct bp_record){.type = BP_RECORD_STEP_ENDED,
                                                      .step = index,
                                                      .attempt = bp_turn_step(turn, index)->attempt,
                                                      .step_state = BP_STEP_COMPLETED,
                                                      .data = *outputs});
}

int bp_decide_complete(struct bp_turn *turn, uint32_t index) {
        return complete_with(turn, index, outputs_of(turn->input->result));
}

/* With what execute left, and with what is known only now. */
static int complete_woken(struct bp_turn *turn, uint32_t index) {
        const struct bp_action_entry *entry = bp_step_definition(turn->execution, index)->entry;
        struct bp_value outputs = bp_step_outputs(bp_turn_step(turn, index)), woken;
        int r = bp_outputs_at_wake(bp_action_entry_meta(entry), &outputs, turn->input->now, turn->batch->arena, &woken);

        return r < 0 ? r : complete_with(turn, index, &woken);
}

/* With what execute left, and what an event puts over it. */
int bp_decide_complete_wait(struct bp_turn *turn, uint32_t index) {
        struct bp_value outputs = bp_step_outputs(bp_turn_step(turn, index));
        const struct bp_value *added = turn->input->type == BP_INPUT_EVENT ? turn->input->event->outputs : NULL;
        struct bp_object_builder merged;
        int r;

        if (turn->input->type != BP_INPUT_EVENT)
                return complete_woken(turn, index);
        if (!added)
                return complete_with(turn, index, &outputs);
        if (added->type != BP_OBJECT)
                return complete_with(turn, index, added);
        bp_object_init(&merged, turn->batch->arena);
        bp_object_merge(&merged, &outputs);
        bp_object_merge(&merged, added);
        r = bp_object_finish(&merged, &outputs);
        if (r == -E2BIG)
                return fail_with(turn, index, BP_CODE_LIMIT, "The outputs are nested too deeply");
        return r < 0 ? r : complete_with(turn, index, &outputs);
}

/* ---- what an attempt leaves that does not complete ---- */

/* The reference shows no outputs of a failed step but those that came by event, so others are kept where they are
 * needed only. */
static bool needs_outputs(const struct bp_turn *turn, uint32_t index) {
        bool by_event = turn->input->type == BP_INPUT_EVENT && turn->input->step == index;

        return by_event || bp_step_has_cleanup(turn->execution, index);
}

/* What it sets is news only when the input is about this step: another one's failure may end it too. */
static const struct bp_value *outputs_of_input(const struct bp_turn *turn, uint32_t index) {
        const struct bp_input *input = turn->input;

        if (input->step != index)
                return NULL;
        if (input->type == BP_INPUT_EVENT)
                return input->event->outputs;
        return input->type == BP_INPUT_ATTEMPT_ENDED ? input->result->outputs : NULL;
}

static bool fits(const struct bp_turn *turn, const struct bp_value *outputs) {
        const struct bp_engine_settings *settings = turn->execution->settings;
        uint64_t bytes = bp_json_size(outputs);

        return bytes <= settings->step_output_bytes &&
               turn->execution->core.output_bytes + bytes <= settings->execution_output_bytes;
}

int bp_turn_left_outputs(struct bp_turn *turn, uint32_t index, struct bp_value *ret_outputs) {
        struct bp_value before = bp_step_outputs(bp_turn_step(turn, index));
        const struct bp_value *added = outputs_of_input(turn, index);
        struct bp_object_builder merged;
        int r;

        *ret_outputs = (struct bp_value){0}; /* as records have it that say nothing of outputs */
        if (!needs_outputs(turn, index))
                return 0;
        if (added && added->type == BP_OBJECT && turn->input->type == BP_INPUT_ATTEMPT_ENDED)
                before = bp_value_empty_object;
        bp_object_init(&merged, turn->batch->arena);
        bp_object_merge(&merged, &before);
        if (added && added->type == BP_OBJECT)
                bp_object_merge(&merged, added);
        r = bp_object_finish(&merged, ret_outputs);
        if (r < 0 || !fits(turn, ret_outputs))
                *ret_outputs = fits(turn, &before) ? before : bp_value_empty_object;
        if (ret_outputs->count == 0)
                *ret_outputs = (struct bp_value){0};
        return r == -E2BIG ? 0 : r;
}

/* ---- failing ---- */

int bp_decide_fail(struct bp_turn *turn, uint32_t index) {
        struct failure failure = failure_of(turn->input);
        struct bp_value outputs;
        int r = bp_turn_left_outputs(turn, index, &outputs);

        if (r < 0)
                return r;
        return bp_turn_emit(turn, &(struct bp_record){.type = BP_RECORD_STEP_ENDED,
                                                      .step = index,
                                                      .attempt = bp_turn_step(turn, index)->attempt,
                                                      .step_state = BP_STEP_FAILED,
                                                      .code = failure.code,
                                                      .message = failure.message,
                                                      .unknown = failure.unknown,
                                                      .data = outputs,
                                                      .error = failure.error ? *failure.error : bp_value_null});
}

int bp_decide_retry(struct bp_turn *turn, uint32_t index) {
        struct failure failure = failure_of(turn->input);
        struct bp_value outputs;
        int r = bp_turn_left_outputs(turn, index, &outputs);

        if (r < 0)
                return r;
        return bp_turn_emit(
                turn, &(struct bp_record){.type = BP_RECORD_STEP_RETRYING,
                                          .step = index,
                                          .attempt = bp_turn_step(turn, index)->attempt,
                                          .step_state = BP_STEP_FAILED,
                                          .code = failure.code,
                                          .message = failure.message,
                                          .unknown = failure.unknown,
                                          .data = outputs,
                                          .deadline = bp_retry_deadline(turn->execution, index, turn->input->now)});
}

/* ---- waiting ---- */

int bp_decide_fail_wait(struct bp_turn *turn, uint32_t index) {
        return fail_with(turn, index, BP_CODE_INVALID_RESULT, "The action waits for an event without naming its id");
}

int bp_decide_fail_too_large(struct bp_turn *turn, uint32_t index) {
        return fail_too_large(turn, index, bp_json_size(outputs_of(turn->input->result)),
                              turn->execution->settings->step_output_bytes, "the step");
}

static int wait_until(struct bp_turn *turn, uint32_t index, struct bp_wall deadline, const char *external_id) {
        const struct bp_value *outputs = outputs_of(turn->input->result);

        if (outputs->type != BP_OBJECT)
                return fail_with(turn, index, BP_CODE_INVALID_RESULT, "The action's outputs are not an object");
        return bp_turn_emit(turn, &(struct bp_record){.type = BP_RECORD_STEP_WAITING,
                                                      .step = index,
                                                      .attempt = bp_turn_step(turn, index)->attempt,
                                                      .external_id = external_id,
                                                      .deadline = deadline,
                                                      .data = *outputs});
}

int bp_decide_await(struct bp_turn *turn, uint32_t index) {
        const struct bp_attempt_result *result = turn->input->result;
        struct bp_wall deadline = bp_turn_step(turn, index)->attempt_deadline;

        if (result->timeout_seconds > 0)
                deadline = after_seconds(turn, result->timeout_seconds);
        else if (deadline.us == 0)
                deadline = after_seconds(turn, turn->execution->settings->event_timeout_seconds);
        return wait_until(turn, index, deadline, result->external_id);
}

int bp_decide_sleep(struct bp_turn *turn, uint32_t index) {
        struct bp_wall wake_at = turn->input->result->wake_at;

        return wait_until(turn, index, wake_at.us > turn->input->now.us ? wake_at : turn->input->now, NULL);
}

/* ---- out of time ---- */

static const char *timeout_text(struct bp_turn *turn, uint32_t index) {
        const struct bp_step *step = bp_turn_step(turn, index);

        if (bp_step_awaits_event(step))
                return bp_turn_text(turn, "No event with id `%s` ended the step in time", step->kept->external_id);
        return bp_turn_text(turn, "Attempt %u did not end in time", step->attempt);
}

/* What was left, and for a wait what the reference says of one that ran out of time. */
static int timeout_outputs(struct bp_turn *turn, uint32_t index, struct bp_value *ret_outputs) {
        struct bp_object_builder outputs;
        struct bp_value left;
        int r = bp_turn_left_outputs(turn, index, &left);

        if (r < 0)
                return r;
        bp_object_init(&outputs, turn->batch->arena);
        bp_object_merge(&outputs, &left);
        if (bp_step_awaits_event(bp_turn_step(turn, index)))
                bp_object_set_z(&outputs, "timeout", bp_value_true);
        return bp_object_finish(&outputs, ret_outputs);
}

int bp_decide_time_out(struct bp_turn *turn, uint32_t index) {
        const char *message = timeout_text(turn, index);
        struct bp_value outputs;
        int r = timeout_outputs(turn, index, &outputs);

        if (r < 0 || !message)
                return -ENOMEM;
        return bp_turn_emit(turn, &(struct bp_record){.type = BP_RECORD_STEP_ENDED,
                                                      .step = index,
                                                      .attempt = bp_turn_step(turn, index)->attempt,
                                                      .step_state = BP_STEP_TIMEOUT,
                                                      .code = BP_CODE_TIMEOUT,
                                                      .message = message,
                                                      .unknown = true,
                                                      .data = outputs});
}

int bp_decide_retry_timed_out(struct bp_turn *turn, uint32_t index) {
        const char *message = timeout_text(turn, index);
        struct bp_value outputs;
        int r = bp_turn_left_outputs(turn, index, &outputs);

        if (r < 0 || !message)
                return -ENOMEM;
        return bp_turn_emit(
                turn, &(struct bp_record){.type = BP_RECORD_STEP_RETRYING,
                                          .step = index,
                                          .attempt = bp_turn_step(turn, index)->attempt,
                                          .step_state = BP_STEP_TIMEOUT,
                                          .code = BP_CODE_TIMEOUT,
                                          .message = message,
                                          .unknown = true,
                                          .data = outputs,
                                          .deadline = bp_retry_deadline(turn->execution, index, turn->input->now)});
}

int bp_decide_due(struct bp_turn *turn, uint32_t index) {
        struct bp_step *step = bp_turn_change(turn, index);

        if (!step)
                return -ENOMEM;
        step->due = true;
        bp_step_sync(turn->execution, index);
        return 0;
}

/* ---- progress ---- */

static double clean(double number, double most) {
        if (!isfinite(number) || number < 0.0)
                return -1.0;
        return number < most ? number : most;
}

int bp_decide_progress(struct bp_turn *turn, uint32_t index) {
        const struct bp_input *input = turn->input;
        const struct bp_step *step = bp_turn_step(turn, index);
        bool by_event = input->type == BP_INPUT_EVENT;
        double percent = clean(by_event ? input->event->percent : input->percent, 100.0);
        double eta_minutes = clean(by_event ? input->event->eta_minutes : input->eta_minutes, 1e9);
        bool news = (percent >= 0.0 && percent != step->percent) ||
                    (eta_minutes >= 0.0 && eta_minutes != step->eta_minutes);

        if (!news)
                return 0;
        return bp_turn_emit(turn, &(struct bp_record){.type = BP_RECORD_STEP_PROGRESS,
                                                      .step = index,
                                                      .attempt = step->attempt,
                                                      .percent = percent,
                                                      .eta_minutes = eta_minutes});
}
