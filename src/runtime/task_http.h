/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file task_http.h
 * HTTP on behalf of a task, such that telling the task to stop ends it early. Seen inside this room only.
 */
#ifndef BP_RUNTIME_TASK_HTTP_H
#define BP_RUNTIME_TASK_HTTP_H

#include <budpipeline/action.h>

struct bp_arena;
struct bp_task;
struct bp_value;

/** What became of a request. */
enum bp_task_http_state {
        BP_TASK_HTTP_REFUSED = 1, /**< there will be no answer, memory is exhausted */
        BP_TASK_HTTP_UNDER_WAY,   /**< the task's job runs when the answer is there; hands off the task */
        BP_TASK_HTTP_ANSWERED,    /**< task->reply is there already */
};

/** Begins the exchange that the task's result asks for. On the thread that has the task. */
enum bp_task_http_state bp_task_http_begin(struct bp_task *task);

/** Performs an exchange and waits for it. On the worker that has the task. @return 0 or -ENOMEM. */
int bp_task_http_perform(struct bp_task *task, const struct bp_http_request *request, struct bp_arena *arena,
                         const struct bp_http_response **ret_response);

/** Ends the exchange of a task that has been told to stop. Any thread. */
void bp_task_http_cancel(struct bp_task *task);

#endif
