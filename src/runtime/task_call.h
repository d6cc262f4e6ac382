/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file task_call.h
 * What a task calls, and what stands behind the services that the action gets. Seen inside this room only.
 */
#ifndef BP_RUNTIME_TASK_CALL_H
#define BP_RUNTIME_TASK_CALL_H

#include <budpipeline/action.h>

#include <stdbool.h>

struct bp_action_entry;
struct bp_task;
struct bp_value;

/**
 * Calls, and goes on with replies that are there at once, until the task has come to its result or waits for a reply.
 * On the thread that has the task. @return true with a result; false: the task has been given away, hands off.
 */
bool bp_task_call(struct bp_task *task);

/** Writes down a result that no action gave. Texts are constant. */
void bp_task_fail(struct bp_task *task, int outcome, const char *code, const char *message);

/** Sends or shows the last line of a task whose action logged more than could be kept. */
void bp_task_report_dropped(struct bp_task *task);

/** The effect_of of struct bp_engine_settings: asks the action where it has an answer. */
enum bp_effect bp_task_effect_of(void *userdata, const struct bp_action_entry *entry, const struct bp_value *params);

/** True when the task may run on the engine thread. */
bool bp_task_is_inline(struct bp_task *task);

#endif
