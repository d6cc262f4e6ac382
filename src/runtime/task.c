/* SPDX-License-Identifier: Apache-2.0 */
/* The life of tasks, as the engine thread sees it: made, sent off, back, told to the core, freed. */
#include "runtime/task.h"

#include <errno.h>
#include <stdlib.h>

#include "base/memory.h"
#include "runtime/deliver.h"
#include "runtime/live.h"
#include "runtime/release.h"
#include "runtime/task_call.h"
#include "runtime/task_http.h"

enum {
        POOLED_TASKS = 1024,
        EVENT_ARENA_BYTES = 32 << 20, /* an event, the outputs before it, and what on_event makes of them */
};

/* ---------------------------------------------------------------------------------------------------------------
 * Made and freed
 */

static struct bp_task *take_task(struct bp_runtime *runtime) {
        struct bp_task *task = runtime->free_tasks;

        if (!task)
                return bp_calloc(1, sizeof(*task));
        runtime->free_tasks = task->next;
        runtime->n_free_tasks--;
        *task = (struct bp_task){0};
        return task;
}

static void work(struct bp_job *job) {
        struct bp_task *task = BP_OWNER_OF(job, struct bp_task, job);

        if (bp_task_call(task))
                bp_runtime_send(task->runtime, &task->letter);
}

static void enter_list(struct bp_live *live, struct bp_task *task) {
        task->place_of_live = &live->tasks;
        task->next_of_live = live->tasks;
        if (live->tasks)
                live->tasks->place_of_live = &task->next_of_live;
        live->tasks = task;
}

static void leave_list(struct bp_task *task) {
        *task->place_of_live = task->next_of_live;
        if (task->next_of_live)
                task->next_of_live->place_of_live = task->place_of_live;
}

struct bp_task *bp_task_new(struct bp_runtime *runtime, struct bp_live *live, enum bp_task_kind kind, uint32_t step,
                            struct bp_arena *arena) {
        struct bp_task *task = take_task(runtime);

        if (!task) {
                bp_arena_free(arena);
                return NULL;
        }
        task->letter.kind = BP_LETTER_DONE;
        task->progress.kind = BP_LETTER_PROGRESS;
        task->job.run = work;
        task->runtime = runtime;
        task->live = live;
        task->step = step == BP_NO_STEP ? NULL : &bp_execution_definition(live->execution)->steps[step];
        task->kind = kind;
        task->arena = arena;
        task->params = bp_value_empty_object;
        task->step_outputs = bp_value_empty_object;
        task->outputs = bp_value_empty_object;
        task->idempotency_key = "";
        bp_id_format(*bp_execution_id(live->execution), task->execution_id);
        enter_list(live, task);
        return task;
}

void bp_task_free(struct bp_runtime *runtime, struct bp_task *task) {
        bp_live_touch(runtime, task->live);
        leave_list(task);
        bp_arena_free(task->arena);
        bp_event_letter_free(task->event);
        if (task->wait)
                bp_waits_finish(task->wait);
        if (runtime->n_free_tasks >= POOLED_TASKS) {
                free(task);
                return;
        }
        task->next = runtime->free_tasks;
        runtime->free_tasks = task;
        runtime->n_free_tasks++;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Sent off
 */

static void make_ready(struct bp_runtime *runtime, struct bp_task *task) {
        bool goes_first = task->live == runtime->current;

        task->next = goes_first ? runtime->ready.first : NULL;
        if (!runtime->ready.last)
                runtime->ready.first = runtime->ready.last = task;
        else if (goes_first)
                runtime->ready.first = task;
        else
                runtime->ready.last = runtime->ready.last->next = task;
}

void bp_task_start(struct bp_runtime *runtime, struct bp_task *task) {
        if (bp_task_is_inline(task)) {
                make_ready(runtime, task);
                return;
        }
        runtime->n_away++;
        bp_workers_submit(runtime->workers, &task->job);
}

void bp_task_run_ready(struct bp_runtime *runtime) {
        struct bp_task *task = runtime->ready.first;

        runtime->ready.first = task->next;
        if (!runtime->ready.first)
                runtime->ready.last = NULL;
        runtime->current = task->live;
        if (task->live->broken) {
                bp_deliver_again(runtime, task);
                bp_task_free(runtime, task);
                return;
        }
        task->on_engine_thread = true;
        if (bp_task_call(task))
                bp_task_finish(runtime, task);
        else
                runtime->n_away++;
}

void bp_task_stop(struct bp_task *task) {
        atomic_store(&task->stopped, true);
        bp_task_http_cancel(task);
}

void bp_task_cancel(struct bp_runtime *runtime, struct bp_task *task) {
        atomic_store(&task->stopped, true);
        make_ready(runtime, task);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Back. One function for each kind of task
 */

static const enum bp_attempt_outcome attempt_outcomes[] = {
        [BP_COMPLETED] = BP_ATTEMPT_COMPLETED, [BP_FAILED] = BP_ATTEMPT_FAILED,
        [BP_UNKNOWN] = BP_ATTEMPT_UNKNOWN,     [BP_AWAITING_EVENT] = BP_ATTEMPT_WAITING,
        [BP_SLEEPING] = BP_ATTEMPT_SLEEPING,
};

/* A call that ran out of memory may have done something before. */
static void judge_error(struct bp_task *task) {
        int outcome = task->effect == BP_PURE || task->kind == BP_TASK_CLEANUP ? BP_FAILED : BP_UNKNOWN;

        if (task->error < 0)
                bp_task_fail(task, outcome, "NO_MEMORY", "Memory was exhausted during the call.");
}

static struct bp_attempt_result attempt_result(const struct bp_task *task) {
        const struct bp_call_result *result = &task->result;

        return (struct bp_attempt_result){
                .outcome = attempt_outcomes[result->outcome],
                .outputs = &result->outputs,
                .code = result->code,
                .message = result->message,
                .error = result->error.type > BP_NULL ? &result->error : NULL,
                .external_id = result->external_id,
                .timeout_seconds = result->timeout_seconds,
                .wake_at = result->wake_at,
        };
}

static void finish_attempt(struct bp_runtime *runtime, struct bp_task *task) {
        struct bp_attempt_result result;

        judge_error(task);
        result = attempt_result(task);
        bp_release_feed(runtime, task->live,
                        &(struct bp_input){.type = BP_INPUT_ATTEMPT_ENDED,
                                           .step = task->step->index,
                                           .attempt = task->attempt,
                                           .result = &result});
}

static void finish_cleanup(struct bp_runtime *runtime, struct bp_task *task) {
        struct bp_attempt_result result;

        judge_error(task);
        if (task->overdue)
                bp_task_fail(task, BP_FAILED, "TIMEOUT", "The cleanup took longer than 30 seconds.");
        result = attempt_result(task);
        bp_release_feed(runtime, task->live,
                        &(struct bp_input){.type = BP_INPUT_CLEANUP_ENDED,
                                           .step = task->step->index,
                                           .attempt = task->attempt,
                                           .result = &result});
}

static void finish_resolve(struct bp_runtime *runtime, struct bp_task *task) {
        struct bp_resolution failed = {
                .failed = true, .code = "NO_MEMORY", .message = "Memory was exhausted while parameters were resolved."};
        int r;

        r = bp_release_feed(runtime, task->live,
                            &(struct bp_input){.type = BP_INPUT_RESOLVED,
                                               .step = task->effect_item->step,
                                               .attempt = task->attempt,
                                               .resolution = task->error < 0 ? &failed : task->resolution,
                                               .arena = task->arena});
        if (r == 0)
                task->arena = NULL;
}

static void finish_event(struct bp_runtime *runtime, struct bp_task *task) {
        const struct bp_call_result *result = &task->result;
        bool in_time = bp_deliver_is_in_time(task);
        struct bp_wait *wait;

        if (task->error < 0) {
                bp_deliver_again(runtime, task);
                bp_release_break(runtime, task->live, task->error);
                return;
        }
        bp_release_feed(
                runtime, task->live,
                &(struct bp_input){.type = BP_INPUT_EVENT,
                                   .step = task->step->index,
                                   .attempt = task->attempt,
                                   .event = &(struct bp_event_result){.action = (enum bp_event_action)result->outcome,
                                                                      .success = result->success,
                                                                      .outputs = &result->outputs,
                                                                      .code = result->code,
                                                                      .message = result->message,
                                                                      .percent = result->percent,
                                                                      .eta_minutes = result->eta_minutes}});
        bp_deliver_settle(runtime, task, in_time);
        wait = bp_waits_finish(task->wait);
        task->wait = NULL;
        if (wait && bp_task_next_event(runtime, wait) < 0)
                bp_release_break(runtime, task->live, -ENOMEM);
}

static void (*const finishers[])(struct bp_runtime *runtime, struct bp_task *task) = {
        [BP_TASK_RUN] = finish_attempt,
        [BP_TASK_RESOLVE] = finish_resolve,
        [BP_TASK_CLEANUP] = finish_cleanup,
        [BP_TASK_EVENT] = finish_event,
};

void bp_task_finish(struct bp_runtime *runtime, struct bp_task *task) {
        task->on_engine_thread = true;
        bp_task_report_dropped(task);
        finishers[task->kind](runtime, task);
        bp_task_free(runtime, task);
}

void bp_task_report_progress(struct bp_runtime *runtime, struct bp_task *task) {
        atomic_store(&task->progress_queued, false);
        bp_release_feed(runtime, task->live,
                        &(struct bp_input){.type = BP_INPUT_PROGRESS,
                                           .step = task->step->index,
                                           .attempt = task->attempt,
                                           .percent = atomic_load(&task->percent),
                                           .eta_minutes = atomic_load(&task->eta_minutes)});
}

/* ---------------------------------------------------------------------------------------------------------------
 * Events
 */

int bp_task_next_event(struct bp_runtime *runtime, struct bp_wait *wait) {
        struct bp_step_view step;
        struct bp_arena *arena;
        struct bp_task *task;

        step = bp_execution_step(wait->live->execution, wait->step);
        if (wait->busy || !wait->queue.first || !step.external_id || step.attempt != wait->attempt)
                return 0; /* those of a step that has ended are late once its end is durable */
        arena = bp_arena_new(EVENT_ARENA_BYTES);
        if (!arena)
                return -ENOMEM;
        task = bp_task_new(runtime, wait->live, BP_TASK_EVENT, wait->step, arena);
        if (!task)
                return -ENOMEM;
        if (step.outputs.type == BP_OBJECT && bp_value_copy(arena, &step.outputs, &task->outputs) < 0) {
                bp_task_free(runtime, task);
                return -ENOMEM;
        }
        task->attempt = wait->attempt;
        task->effect = BP_PURE;
        task->event = bp_event_queue_pop(&wait->queue);
        task->wait = wait;
        wait->busy = true;
        bp_task_start(runtime, task);
        return 0;
}
