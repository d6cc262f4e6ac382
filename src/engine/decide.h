/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file decide.h
 * What the rows of the transition tables name: guards that look, decisions that emit. Private to this room.
 *
 * Guards change nothing. A decision emits records and effects through the turn. Both read facts, never what an earlier
 * decision had in mind: a process that finds the records of half a decision after a crash goes on from there.
 */
#ifndef BP_ENGINE_DECIDE_H
#define BP_ENGINE_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/turn.h"

/* skip.c: before a step starts for the first time */
bool bp_when_dependency_failed(const struct bp_turn *turn, uint32_t index);
bool bp_when_branch_not_taken(const struct bp_turn *turn, uint32_t index);
bool bp_when_dependencies_skipped(const struct bp_turn *turn, uint32_t index);
int bp_decide_skip_after_failure(struct bp_turn *turn, uint32_t index);
int bp_decide_skip_branch(struct bp_turn *turn, uint32_t index);
int bp_decide_skip_with_dependencies(struct bp_turn *turn, uint32_t index);
int bp_decide_skip_stopped(struct bp_turn *turn, uint32_t index);

/* start.c: how an attempt starts */
bool bp_when_starting_allowed(const struct bp_turn *turn, uint32_t index);
int bp_decide_resolve(struct bp_turn *turn, uint32_t index);
int bp_decide_start(struct bp_turn *turn, uint32_t index);
int bp_decide_nothing(struct bp_turn *turn, uint32_t index);

/* attempt.c: how an attempt or a wait ends */
bool bp_when_told(const struct bp_turn *turn, uint32_t index);
bool bp_when_stopping(const struct bp_turn *turn, uint32_t index);
bool bp_when_retry_left(const struct bp_turn *turn, uint32_t index);
bool bp_when_repeat_left(const struct bp_turn *turn, uint32_t index);
bool bp_when_wait_unnamed(const struct bp_turn *turn, uint32_t index);
bool bp_when_wait_too_large(const struct bp_turn *turn, uint32_t index);
bool bp_when_patience_over(const struct bp_turn *turn, uint32_t index);
bool bp_when_slept_enough(const struct bp_turn *turn, uint32_t index);
bool bp_when_timeout_is_success(const struct bp_turn *turn, uint32_t index);
int bp_decide_complete(struct bp_turn *turn, uint32_t index);
int bp_decide_complete_wait(struct bp_turn *turn, uint32_t index);
int bp_decide_fail(struct bp_turn *turn, uint32_t index);
int bp_decide_retry(struct bp_turn *turn, uint32_t index);
int bp_decide_await(struct bp_turn *turn, uint32_t index);
int bp_decide_sleep(struct bp_turn *turn, uint32_t index);
int bp_decide_fail_wait(struct bp_turn *turn, uint32_t index);
int bp_decide_fail_too_large(struct bp_turn *turn, uint32_t index);
int bp_decide_progress(struct bp_turn *turn, uint32_t index);
int bp_decide_time_out(struct bp_turn *turn, uint32_t index);
int bp_decide_retry_timed_out(struct bp_turn *turn, uint32_t index);
int bp_decide_due(struct bp_turn *turn, uint32_t index);

/*
 * The outputs of a step that ends, or is to be run again, without having completed: of its last attempt, or of its wait
 * and the event that ended it; nothing where they would not fit, or where nobody needs them: its cleanup does.
 */
int bp_turn_left_outputs(struct bp_turn *turn, uint32_t index, struct bp_value *ret_outputs);

/* stop.c: how an attempt is cut off: the execution winds up, the process stops or has crashed */
bool bp_when_may_finish(const struct bp_turn *turn, uint32_t index);
bool bp_when_out_of_time(const struct bp_turn *turn, uint32_t index);
bool bp_when_not_repeatable(const struct bp_turn *turn, uint32_t index);
bool bp_when_crash_loop(const struct bp_turn *turn, uint32_t index);
bool bp_when_awaiting_event(const struct bp_turn *turn, uint32_t index);
int bp_decide_tell(struct bp_turn *turn, uint32_t index);
int bp_decide_cancel(struct bp_turn *turn, uint32_t index);
int bp_decide_interrupt(struct bp_turn *turn, uint32_t index);
int bp_decide_repeat_lost(struct bp_turn *turn, uint32_t index);
int bp_decide_fail_crash_loop(struct bp_turn *turn, uint32_t index);
int bp_decide_leave(struct bp_turn *turn, uint32_t index);
int bp_decide_await_again(struct bp_turn *turn, uint32_t index);

/* command.c: what is said to the execution; the index is the input's step */
bool bp_when_cancellable(const struct bp_turn *turn, uint32_t index);
bool bp_when_going_on(const struct bp_turn *turn, uint32_t index);
int bp_decide_begin(struct bp_turn *turn, uint32_t index);
int bp_decide_request_cancel(struct bp_turn *turn, uint32_t index);
int bp_decide_pause(struct bp_turn *turn, uint32_t index);
int bp_decide_resume(struct bp_turn *turn, uint32_t index);
int bp_decide_clock(struct bp_turn *turn, uint32_t index);
int bp_decide_attempt_ended(struct bp_turn *turn, uint32_t index);
int bp_decide_resolved(struct bp_turn *turn, uint32_t index);
int bp_decide_event(struct bp_turn *turn, uint32_t index);
int bp_decide_report(struct bp_turn *turn, uint32_t index);
int bp_decide_cleanup_ended(struct bp_turn *turn, uint32_t index);
int bp_decide_recover(struct bp_turn *turn, uint32_t index);
int bp_decide_shutdown(struct bp_turn *turn, uint32_t index);
int bp_decide_drain(struct bp_turn *turn, uint32_t index);

#endif
