/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event is told to the journal once it is settled, in the same commit as the records that it led to; until then the
 * journal has it as one that waits, and a later process delivers it again. One that comes while no step waits is late
 * when the step that once did has ended, and early otherwise: the step may be between two attempts, or not there yet.
 */
#include "runtime/deliver.h"

#include <errno.h>

#include "runtime/live.h"
#include "runtime/release.h"
#include "runtime/task.h"

/* What became of an event, with the execution and step that it concerns, if any. */
static void tell(struct bp_runtime *runtime, const struct bp_event_letter *event, enum bp_event_fate fate,
                 const struct bp_event_outcome *concerns) {
        struct bp_event_outcome outcome = *concerns;

        if (!event->is_stored || !runtime->journal.event)
                return;
        outcome.event = event->id;
        outcome.fate = fate;
        outcome.at = bp_timekeeper_wall(&runtime->timekeeper);
        runtime->journal.event(runtime->journal.userdata, &outcome);
}

static void on_gone(void *userdata, const struct bp_event_letter *event, bool expired) {
        tell(userdata, event, expired ? BP_EVENT_EXPIRED : BP_EVENT_DROPPED, &(struct bp_event_outcome){0});
}

void bp_deliver_init(struct bp_runtime *runtime) {
        runtime->waits.gone = on_gone;
        runtime->waits.userdata = runtime;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Late
 */

/* @return true when the step that waited for the event has ended, and live when its execution can still record that. */
static bool is_late(struct bp_runtime *runtime, const struct bp_event_awaited *awaited, struct bp_live **ret_live) {
        struct bp_live *live = awaited->found ? bp_live_find(runtime, awaited->execution) : NULL;

        *ret_live = NULL;
        if (!awaited->found || (live && live->broken))
                return false;
        if (!live || live->ended)
                return live || awaited->ended || !runtime->journal.has_ended ||
                       runtime->journal.has_ended(runtime->journal.userdata, awaited->execution);
        *ret_live = live;
        return bp_step_state_is_final(bp_execution_step(live->execution, awaited->step).state);
}

static const char *step_id(const struct bp_live *live, uint32_t step) {
        return live ? bp_execution_definition(live->execution)->steps[step].id : NULL;
}

static void record_late(struct bp_runtime *runtime, struct bp_live *live, struct bp_event_letter *event) {
        uint32_t step = event->awaited.step;

        if (live)
                bp_release_feed(runtime, live,
                                &(struct bp_input){.type = BP_INPUT_EVENT,
                                                   .step = step,
                                                   .attempt = bp_execution_step(live->execution, step).attempt,
                                                   .event = &(struct bp_event_result){.action = BP_EVENT_COMPLETE,
                                                                                      .percent = -1.0,
                                                                                      .eta_minutes = -1.0}});
        if (live && live->broken) {
                bp_runtime_send(runtime, &event->letter);
                return;
        }
        tell(runtime, event, BP_EVENT_LATE,
             &(struct bp_event_outcome){
                     .has_execution = true, .execution = event->awaited.execution, .step = step_id(live, step)});
        bp_event_letter_free(event);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Delivering
 */

static void keep(struct bp_runtime *runtime, struct bp_event_letter *event) {
        tell(runtime, event, BP_EVENT_KEPT, &(struct bp_event_outcome){0});
        bp_waits_keep_early(&runtime->waits, event, bp_timekeeper_mono(&runtime->timekeeper));
}

void bp_deliver(struct bp_runtime *runtime, struct bp_event_letter *event) {
        struct bp_wait *wait = bp_waits_find(&runtime->waits, event->external_id);
        struct bp_live *live;

        if (wait) {
                bp_event_queue_push(&wait->queue, event);
                if (bp_task_next_event(runtime, wait) < 0)
                        bp_release_break(runtime, wait->live, -ENOMEM);
        } else if (is_late(runtime, &event->awaited, &live)) {
                record_late(runtime, live, event);
        } else {
                keep(runtime, event);
        }
}

static void look_at(const struct bp_runtime *runtime, const struct bp_wait *wait, struct bp_runtime_waits *waits) {
        struct bp_wall deadline = bp_execution_step(wait->live->execution, wait->step).deadline;

        waits->n++;
        if (deadline.us == 0)
                return;
        waits->n_overdue += deadline.us <= bp_live_now(runtime, wait->live).us;
        if (waits->earliest.us == 0 || deadline.us < waits->earliest.us)
                waits->earliest = deadline;
}

void bp_runtime_waits(const struct bp_runtime *runtime, struct bp_runtime_waits *ret_waits) {
        struct bp_runtime_waits waits = {0};

        for (size_t i = 0; i < runtime->waits.n_buckets; i++)
                for (const struct bp_wait *wait = runtime->waits.buckets[i]; wait; wait = wait->next_in_bucket)
                        look_at(runtime, wait, &waits);
        *ret_waits = waits;
}

void bp_deliver_again(struct bp_runtime *runtime, struct bp_task *task) {
        struct bp_event_letter *event = task->event;

        task->event = NULL;
        if (event)
                bp_runtime_send(runtime, &event->letter);
}

int bp_deliver_text(struct bp_task *task, const char **ret_json, size_t *ret_size) {
        const struct bp_event_letter *event = task->event;
        const struct bp_journal *journal = &task->runtime->journal;

        if (!event->json)
                return journal->event_text(journal->userdata, event->id, task->arena, ret_json, ret_size);
        *ret_json = event->json;
        *ret_size = event->json_size;
        return 0;
}

bool bp_deliver_is_in_time(const struct bp_task *task) {
        struct bp_step_view step = bp_execution_step(task->live->execution, task->step->index);

        return !task->live->ended && step.external_id && step.attempt == task->attempt;
}

void bp_deliver_settle(struct bp_runtime *runtime, struct bp_task *task, bool in_time) {
        const struct bp_live *live = task->live;

        if (runtime->phase == BP_PHASE_FLUSHING)
                return;
        if (live->broken) {
                bp_deliver_again(runtime, task);
                return;
        }
        tell(runtime, task->event, in_time ? BP_EVENT_HANDLED : BP_EVENT_LATE,
             &(struct bp_event_outcome){.has_execution = true,
                                        .execution = *bp_execution_id(live->execution),
                                        .step = task->step->id,
                                        .action = (enum bp_event_action)task->result.outcome});
}
