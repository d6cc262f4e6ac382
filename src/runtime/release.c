/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each input fills one batch. What of it may leave at once does so; a batch that has to wait, for its records or for
 * those its effects depend on, joins one queue in the order of the journal and is released when its commit is durable.
 * Without a journal every batch is durable when it is made, and none ever waits.
 */
#include "runtime/release.h"

#include <errno.h>
#include <stdlib.h>

#include "base/memory.h"
#include "runtime/live.h"
#include "runtime/task.h"

enum {
        POOLED_BATCHES = 64,
        POOLED_BATCH_BYTES = 256 << 10, /* a batch that grew larger is given back, not kept */
};

static const int64_t cleanup_limit_us = INT64_C(30) * 1000000;

/* An effect that has been released, or will not be. */
static const enum bp_effect_type released = (enum bp_effect_type)0;

/* ---------------------------------------------------------------------------------------------------------------
 * Batches
 */

static void free_pending(struct bp_pending *pending) {
        bp_batch_done(&pending->batch);
        free(pending);
}

static struct bp_pending *take_pending(struct bp_runtime *runtime) {
        struct bp_pending *pending = runtime->pool;

        if (pending) {
                runtime->pool = pending->next;
                runtime->n_pooled--;
                return pending;
        }
        pending = bp_calloc(1, sizeof(*pending));
        if (pending && bp_batch_init(&pending->batch) < 0) {
                free(pending);
                return NULL;
        }
        return pending;
}

static void recycle(struct bp_runtime *runtime, struct bp_pending *pending) {
        bool large = bp_arena_used(pending->batch.arena) > POOLED_BATCH_BYTES;

        bp_batch_clear(&pending->batch);
        if (large || runtime->n_pooled >= POOLED_BATCHES) {
                free_pending(pending);
                return;
        }
        *pending = (struct bp_pending){.batch = pending->batch, .next = runtime->pool};
        runtime->pool = pending;
        runtime->n_pooled++;
}

static void enqueue(struct bp_runtime *runtime, struct bp_live *live, struct bp_pending *pending) {
        pending->live = live;
        pending->ticket = runtime->last_ticket + (runtime->appended ? 1 : 0);
        pending->next = NULL;
        pending->last_line = &pending->lines;
        if (runtime->undurable.last)
                runtime->undurable.last->next = pending;
        else
                runtime->undurable.first = pending;
        runtime->undurable.last = pending;
        live->last_pending = pending;
        live->n_pending++;
}

static struct bp_pending *dequeue(struct bp_runtime *runtime) {
        struct bp_pending *pending = runtime->undurable.first;

        runtime->undurable.first = pending->next;
        if (!runtime->undurable.first)
                runtime->undurable.last = NULL;
        pending->live->n_pending--;
        if (pending->live->last_pending == pending)
                pending->live->last_pending = NULL;
        return pending;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Effects, one function for each kind. @return 0 or -ENOMEM
 */

static struct bp_task *task_for(struct bp_runtime *runtime, struct bp_live *live, struct bp_effect_item *effect,
                                enum bp_task_kind kind) {
        struct bp_task *task = bp_task_new(runtime, live, kind, effect->step, effect->arena);

        effect->arena = NULL;
        if (!task)
                return NULL;
        task->attempt = effect->attempt;
        task->generation = effect->generation;
        task->effect = effect->effect;
        task->params = effect->params;
        task->step_outputs = effect->step_outputs;
        return task;
}

/* Only what touches the outside needs a key. */
static int give_key(struct bp_live *live, struct bp_task *task) {
        if (task->effect == BP_PURE)
                return 0;
        return bp_idempotency_key(*bp_execution_id(live->execution), task->step->id, task->generation, 0, task->arena,
                                  &task->idempotency_key);
}

static int start_call(struct bp_runtime *runtime, struct bp_live *live, struct bp_effect_item *effect,
                      enum bp_task_kind kind, struct bp_task **ret_task) {
        struct bp_task *task = task_for(runtime, live, effect, kind);

        if (!task)
                return -ENOMEM;
        if (give_key(live, task) < 0) {
                bp_task_free(runtime, task);
                return -ENOMEM;
        }
        *ret_task = task;
        return 0;
}

static int release_run(struct bp_runtime *runtime, struct bp_live *live, struct bp_effect_item *effect) {
        struct bp_task *task;
        int r = start_call(runtime, live, effect, BP_TASK_RUN, &task);

        if (r == 0)
                bp_task_start(runtime, task);
        return r;
}

static int release_resolve(struct bp_runtime *runtime, struct bp_live *live, struct bp_effect_item *effect) {
        struct bp_effect_item *kept = bp_arena_alloc(effect->arena, sizeof(*kept));
        struct bp_task *task;

        if (!kept)
                return -ENOMEM;
        *kept = *effect;
        task = task_for(runtime, live, effect, BP_TASK_RESOLVE);
        if (!task)
                return -ENOMEM;
        task->effect_item = kept;
        bp_task_start(runtime, task);
        return 0;
}

static int release_cleanup(struct bp_runtime *runtime, struct bp_live *live, struct bp_effect_item *effect) {
        struct bp_task *task;
        int r = start_call(runtime, live, effect, BP_TASK_CLEANUP, &task);

        if (r < 0)
                return r;
        if (effect->outputs.type == BP_OBJECT)
                task->outputs = effect->outputs;
        task->limit.us = bp_timekeeper_mono(&runtime->timekeeper).us + cleanup_limit_us;
        bp_live_touch(runtime, live);
        bp_task_start(runtime, task);
        return 0;
}

static struct bp_task *running_attempt(const struct bp_live *live, uint32_t step, uint32_t attempt) {
        for (struct bp_task *task = live->tasks; task; task = task->next_of_live)
                if (task->kind == BP_TASK_RUN && task->step->index == step && task->attempt == attempt)
                        return task;
        return NULL;
}

static int release_stop(struct bp_runtime *runtime, struct bp_live *live, struct bp_effect_item *effect) {
        struct bp_task *task = running_attempt(live, effect->step, effect->attempt);

        (void)runtime;
        if (task)
                bp_task_stop(task);
        return 0;
}

static int release_await(struct bp_runtime *runtime, struct bp_live *live, struct bp_effect_item *effect) {
        struct bp_wait *wait;
        int r = bp_waits_add(&runtime->waits, &live->waits, live, effect->step, effect->attempt, effect->external_id,
                             &wait);

        if (r < 0)
                return r;
        /* An older wait for the same id comes first. */
        if (bp_waits_find(&runtime->waits, effect->external_id) == wait)
                bp_waits_take_early(&runtime->waits, effect->external_id, bp_timekeeper_mono(&runtime->timekeeper),
                                    &wait->queue);
        return bp_task_next_event(runtime, wait);
}

/* Events that the step did not come to may be for another one that waits, or will wait, for the same id. */
static int release_forget(struct bp_runtime *runtime, struct bp_live *live, struct bp_effect_item *effect) {
        struct bp_wait *wait = bp_waits_find_step(&runtime->waits, live, effect->step, effect->external_id);
        struct bp_event_queue queue = {0};
        struct bp_event_letter *event;

        if (!wait)
                return 0;
        bp_waits_remove(&runtime->waits, wait, &queue);
        while ((event = bp_event_queue_pop(&queue))) {
                event->awaited = (struct bp_event_awaited){
                        .found = true, .execution = *bp_execution_id(live->execution), .step = effect->step};
                bp_runtime_send(runtime, &event->letter);
        }
        return 0;
}

static int release_ended(struct bp_runtime *runtime, struct bp_live *live, struct bp_effect_item *effect) {
        (void)effect;
        live->ended = true;
        bp_live_touch(runtime, live);
        if (runtime->observer.ended)
                runtime->observer.ended(runtime->observer.userdata, live->execution);
        return 0;
}

static const struct {
        int (*release)(struct bp_runtime *runtime, struct bp_live *live, struct bp_effect_item *effect);
        bool begins; /**< not any more once the process stops */
} kinds[] = {
        [BP_EFFECT_RUN] = {release_run, true},        [BP_EFFECT_RESOLVE] = {release_resolve, true},
        [BP_EFFECT_STOP] = {release_stop, false},     [BP_EFFECT_AWAIT] = {release_await, true},
        [BP_EFFECT_FORGET] = {release_forget, false}, [BP_EFFECT_CLEANUP] = {release_cleanup, true},
        [BP_EFFECT_ENDED] = {release_ended, false},
};

static void release_effect(struct bp_runtime *runtime, struct bp_live *live, struct bp_effect_item *effect) {
        enum bp_effect_type type = effect->type;
        int r;

        if (type == released || live->broken || (kinds[type].begins && runtime->phase == BP_PHASE_FLUSHING))
                return;
        r = kinds[type].release(runtime, live, effect);
        effect->type = released;
        if (r < 0)
                bp_release_break(runtime, live, r);
}

/* Releases what may leave. @return true when something is left that has to wait. */
static bool release_ready(struct bp_runtime *runtime, struct bp_live *live, struct bp_pending *pending) {
        bool left = false;

        for (size_t i = 0; i < pending->batch.n_effects; i++) {
                if (pending->batch.effects[i].after_sequence <= live->durable_sequence)
                        release_effect(runtime, live, &pending->batch.effects[i]);
                else
                        left = true;
        }
        return left;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Attempts that have not begun
 */

static struct bp_effect_item *held_attempt(const struct bp_runtime *runtime, const struct bp_live *live, uint32_t step,
                                           uint32_t attempt) {
        struct bp_pending *pending = live->n_pending ? runtime->undurable.first : NULL;

        for (; pending; pending = pending->next)
                for (size_t i = 0; pending->live == live && i < pending->batch.n_effects; i++) {
                        struct bp_effect_item *effect = &pending->batch.effects[i];

                        if (effect->type == BP_EFFECT_RUN && effect->step == step && effect->attempt == attempt)
                                return effect;
                }
        return NULL;
}

static int drop_if_held(struct bp_runtime *runtime, struct bp_live *live, const struct bp_effect_item *stop) {
        struct bp_effect_item *held = held_attempt(runtime, live, stop->step, stop->attempt);
        struct bp_task *task;

        if (!held)
                return 0;
        held->type = released;
        task = task_for(runtime, live, held, BP_TASK_RUN);
        if (!task)
                return -ENOMEM;
        bp_task_cancel(runtime, task);
        return 0;
}

/*
 * An attempt that is told to stop while its start is not durable never begins. That needs no record to be durable,
 * since nothing happens outside; the core learns of its end as of any other.
 */
static int drop_stopped(struct bp_runtime *runtime, struct bp_live *live, const struct bp_batch *batch) {
        for (size_t i = 0; i < batch->n_effects; i++) {
                int r = 0;

                if (batch->effects[i].type == BP_EFFECT_STOP)
                        r = drop_if_held(runtime, live, &batch->effects[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Records and lines
 */

static void show_line(struct bp_runtime *runtime, struct bp_live *live, struct bp_line *line) {
        const struct bp_observer *observer = &runtime->observer;

        atomic_fetch_sub_explicit(&runtime->n_lines, 1, memory_order_relaxed);
        if (observer->log && !live->ended)
                observer->log(observer->userdata, live->execution, line->step, line->attempt, line->at, line->level,
                              line->message);
        free(line);
}

void bp_release_line(struct bp_runtime *runtime, struct bp_live *live, struct bp_line *line) {
        if (!live->last_pending) {
                show_line(runtime, live, line);
                return;
        }
        line->next = NULL;
        *live->last_pending->last_line = line;
        live->last_pending->last_line = &line->next;
}

static void show_lines(struct bp_runtime *runtime, struct bp_pending *pending) {
        while (pending->lines) {
                struct bp_line *line = pending->lines;

                pending->lines = line->next;
                show_line(runtime, pending->live, line);
        }
        pending->last_line = &pending->lines;
}

static void records_are_durable(struct bp_runtime *runtime, struct bp_live *live, const struct bp_batch *batch) {
        const struct bp_observer *observer = &runtime->observer;

        if (batch->n_records == 0)
                return;
        live->durable_sequence = batch->records[batch->n_records - 1].sequence;
        if (observer->records)
                observer->records(observer->userdata, live->execution, batch->records, batch->n_records);
}

static int append(struct bp_runtime *runtime, struct bp_live *live, const struct bp_batch *batch) {
        int r;

        if (batch->n_records == 0)
                return 0;
        r = runtime->journal.append(runtime->journal.userdata, live->execution, batch->records, batch->n_records);
        if (r == 0)
                runtime->appended = true;
        return r;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Receipts
 */

void bp_release_receipt(struct bp_live *live, struct bp_command *command, int result) {
        if (!live || !live->last_pending || result != 0) {
                bp_command_finish(command, result);
                return;
        }
        command->result = result;
        command->next = live->last_pending->receipts;
        live->last_pending->receipts = command;
}

static void give_receipts(struct bp_pending *pending, int error) {
        while (pending->receipts) {
                struct bp_command *command = pending->receipts;

                pending->receipts = command->next;
                bp_command_finish(command, error ? error : command->result);
        }
}

/* ---------------------------------------------------------------------------------------------------------------
 * Inputs
 */

static void release_at_once(struct bp_runtime *runtime, struct bp_live *live, struct bp_pending *pending) {
        records_are_durable(runtime, live, &pending->batch);
        for (size_t i = 0; i < pending->batch.n_effects; i++)
                release_effect(runtime, live, &pending->batch.effects[i]);
        recycle(runtime, pending);
}

static int release_by_journal(struct bp_runtime *runtime, struct bp_live *live, struct bp_pending *pending) {
        int r = append(runtime, live, &pending->batch);

        if (r == 0)
                r = drop_stopped(runtime, live, &pending->batch);
        if (r < 0) {
                recycle(runtime, pending);
                return r;
        }
        if (release_ready(runtime, live, pending) || pending->batch.n_records > 0)
                enqueue(runtime, live, pending);
        else
                recycle(runtime, pending);
        return 0;
}

static int handle(struct bp_runtime *runtime, struct bp_live *live, const struct bp_input *input,
                  struct bp_pending **ret_pending) {
        struct bp_pending *pending = take_pending(runtime);
        int r;

        if (!pending)
                return -ENOMEM;
        r = bp_execution_handle(live->execution, input, &pending->batch);
        if (r < 0) {
                recycle(runtime, pending);
                return r;
        }
        *ret_pending = pending;
        return 0;
}

int bp_release_feed(struct bp_runtime *runtime, struct bp_live *live, struct bp_input *input) {
        struct bp_pending *pending;
        int r;

        if (live->broken || live->ended || runtime->phase == BP_PHASE_FLUSHING)
                return -ECANCELED;
        input->now = bp_live_now(runtime, live);
        r = handle(runtime, live, input, &pending);
        if (r < 0) {
                bp_release_break(runtime, live, r);
                return r;
        }
        bp_live_touch(runtime, live);
        if (!runtime->journal.append) {
                release_at_once(runtime, live, pending);
                return 0;
        }
        r = release_by_journal(runtime, live, pending);
        if (r < 0)
                bp_release_break(runtime, live, r);
        return 0;
}

void bp_release_commit(struct bp_runtime *runtime) {
        if (!runtime->appended)
                return;
        runtime->appended = false;
        runtime->journal.commit(runtime->journal.userdata, ++runtime->last_ticket);
}

void bp_release_durable(struct bp_runtime *runtime) {
        uint64_t ticket = atomic_load_explicit(&runtime->durable_ticket, memory_order_acquire);

        while (runtime->undurable.first && runtime->undurable.first->ticket <= ticket) {
                struct bp_pending *pending = dequeue(runtime);
                struct bp_live *live = pending->live;

                records_are_durable(runtime, live, &pending->batch);
                show_lines(runtime, pending);
                give_receipts(pending, 0);
                for (size_t i = 0; i < pending->batch.n_effects; i++)
                        release_effect(runtime, live, &pending->batch.effects[i]);
                bp_live_touch(runtime, live);
                recycle(runtime, pending);
        }
}

void bp_release_break(struct bp_runtime *runtime, struct bp_live *live, int error) {
        const struct bp_observer *observer = &runtime->observer;
        struct bp_event_queue queue = {0};
        struct bp_event_letter *event;

        if (live->broken || live->ended)
                return;
        live->broken = error;
        for (struct bp_task *task = live->tasks; task; task = task->next_of_live)
                bp_task_stop(task);
        while (live->waits)
                bp_waits_remove(&runtime->waits, live->waits, &queue);
        while ((event = bp_event_queue_pop(&queue)))
                bp_runtime_send(runtime, &event->letter);
        bp_live_touch(runtime, live);
        if (observer->broken)
                observer->broken(observer->userdata, live->execution, error);
}

void bp_release_done(struct bp_runtime *runtime) {
        while (runtime->undurable.first) {
                struct bp_pending *pending = dequeue(runtime);

                while (pending->lines) {
                        struct bp_line *line = pending->lines;

                        pending->lines = line->next;
                        free(line);
                }
                give_receipts(pending, -ECANCELED);
                free_pending(pending);
        }
        while (runtime->pool) {
                struct bp_pending *pending = runtime->pool;

                runtime->pool = pending->next;
                free_pending(pending);
        }
}
