/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file deliver.h
 * From an event to the step that waits for it, and what becomes of it. Seen inside this room only. Engine thread, but
 * for what says otherwise.
 */
#ifndef BP_RUNTIME_DELIVER_H
#define BP_RUNTIME_DELIVER_H

#include <stdbool.h>
#include <stddef.h>

struct bp_event_letter;
struct bp_runtime;
struct bp_task;

/** Has the runtime told of early events that are given up. */
void bp_deliver_init(struct bp_runtime *runtime);

/** Hands an event, which is taken, to the step that has waited longest for its id; else it is late or kept. */
void bp_deliver(struct bp_runtime *runtime, struct bp_event_letter *event);

/** Delivers the event of a task anew: its execution cannot go on. Nothing for tasks without one. */
void bp_deliver_again(struct bp_runtime *runtime, struct bp_task *task);

/** The text of a task's event, in its arena or longer. Any thread. @return 0; 1: not there any more; negative errno. */
int bp_deliver_text(struct bp_task *task, const char **ret_json, size_t *ret_size);

/** True while the step of a task still waits for its event. */
bool bp_deliver_is_in_time(const struct bp_task *task);

/** The event of a task has been given to the core: tells what became of it, or delivers it anew. */
void bp_deliver_settle(struct bp_runtime *runtime, struct bp_task *task, bool in_time);

#endif
