/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine thread: the one that calls bp_runtime_run(). It owns every live execution, batch, wait and deadline, and
 * is the only one that calls the core's state machine, the journal and the observer.
 *
 * Who may touch what:
 * - Any thread sends letters (mailbox), reports durable tickets, asks to stop. Each of these is an atomic operation and
 *   a wake-up; what a letter carries belongs to the engine thread from then on.
 * - A worker has one task at a time, from the pool's queue. It reads what the task borrows from its execution (the
 *   definition, the parameters; both never change) and writes into the task and its arena. Then it gives the task back
 *   by letter, or to the HTTP client with an exchange.
 * - The HTTP client's thread has a task while its exchange is under way: it copies the answer into the task's arena and
 *   gives the task to the pool.
 * - Tasks are made and freed here. An execution is freed when it has ended, or is broken, and no task of it is left.
 *
 * One turn: letters, durable commits, deadlines, tasks that may run on this thread, one commit for all that was
 * appended, then the timer for the next deadline. A turn has a budget, so that other letters are served in between; it
 * ends between executions, so that a chain of pure steps is in one commit, whole or not at all, unless it alone takes
 * far too long.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "host/host.h"
#include "invoke/invoke.h"
#include "runtime/call_action.h"
#include "runtime/deliver.h"
#include "runtime/live.h"
#include "runtime/release.h"
#include "runtime/task.h"
#include "runtime/task_call.h"

enum {
        TURN_TASKS = 256, /* tasks on this thread before other work gets its turn ... */
        CLOCK_TASKS = 16, /* ... looking at the clock after each so many ... */
        TURN_MICROSECONDS = 5000,
        CHAIN_TASKS = 8192, /* what one execution may take beyond that */
        CHAIN_MICROSECONDS = 50000,
        DRAIN_SECONDS = 30,
        FLUSH_SECONDS = 5, /* how long the last commit may take when the process stops */
        EVENT_BYTES = 1 << 20,
        TEXT_BYTES = 1 << 16,
};

/** What a turn has spent. */
struct budget {
        struct bp_mono begun;
        uint32_t n_tasks;
        int64_t spent_us; /* as it was when the clock was looked at last */
        bool is_spent;    /* what comes is beyond it, from: */
        uint32_t n_tasks_within;
        int64_t within_us;
};

static int64_t seconds_us(uint32_t seconds) {
        return (int64_t)seconds * 1000000;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Letters
 */

static void wake(struct bp_runtime *runtime) {
        uv_async_send(&runtime->wake);
}

void bp_runtime_send(struct bp_runtime *runtime, struct bp_letter *letter) {
        if (bp_mailbox_put(&runtime->mailbox, letter))
                wake(runtime);
}

static void hold_back(struct bp_runtime *runtime, struct bp_live *live) {
        bp_release_feed(runtime, live, &(struct bp_input){.type = BP_INPUT_DRAIN, .step = BP_NO_STEP});
}

static void receive_start(struct bp_runtime *runtime, struct bp_letter *letter) {
        struct bp_live *live = BP_OWNER_OF(letter, struct bp_live, letter);
        bool is_new = bp_execution_view(live->execution).sequence == 0;

        if (!bp_live_add(runtime, live)) {
                bp_live_free(runtime, live);
                return;
        }
        live->anchor = bp_timekeeper_anchor(&runtime->timekeeper);
        runtime->current = live;
        if (atomic_load(&runtime->stop_requested)) /* what was sent after the request does not start any more */
                hold_back(runtime, live);
        bp_release_feed(runtime, live,
                        &(struct bp_input){.type = is_new ? BP_INPUT_START : BP_INPUT_RECOVER, .step = BP_NO_STEP});
}

static void receive_command(struct bp_runtime *runtime, struct bp_letter *letter) {
        static const enum bp_input_type inputs[] = {[BP_LETTER_CANCEL] = BP_INPUT_CANCEL,
                                                    [BP_LETTER_PAUSE] = BP_INPUT_PAUSE,
                                                    [BP_LETTER_RESUME] = BP_INPUT_RESUME};
        struct bp_command *command = BP_OWNER_OF(letter, struct bp_command, letter);
        struct bp_live *live = bp_live_find(runtime, command->execution);
        uint64_t before;
        int r;

        if (!live || live->ended) {
                bp_release_receipt(NULL, command, BP_COMMAND_UNKNOWN);
                return;
        }
        before = bp_execution_view(live->execution).sequence;
        r = bp_release_feed(runtime, live,
                            &(struct bp_input){.type = inputs[letter->kind],
                                               .step = BP_NO_STEP,
                                               .text = command->has_text ? command->text : NULL});
        if (r == 0 && bp_execution_view(live->execution).sequence == before)
                r = BP_COMMAND_IDLE;
        bp_release_receipt(live, command, r);
}

static void receive_event(struct bp_runtime *runtime, struct bp_letter *letter) {
        bp_deliver(runtime, BP_OWNER_OF(letter, struct bp_event_letter, letter));
}

static void receive_line(struct bp_runtime *runtime, struct bp_letter *letter) {
        struct bp_line *line = BP_OWNER_OF(letter, struct bp_line, letter);

        bp_release_line(runtime, line->live, line);
}

static void receive_progress(struct bp_runtime *runtime, struct bp_letter *letter) {
        bp_task_report_progress(runtime, BP_OWNER_OF(letter, struct bp_task, progress));
}

static void receive_done(struct bp_runtime *runtime, struct bp_letter *letter) {
        runtime->n_away--;
        bp_task_finish(runtime, BP_OWNER_OF(letter, struct bp_task, letter));
}

static void (*const receivers[])(struct bp_runtime *runtime, struct bp_letter *letter) = {
        [BP_LETTER_START] = receive_start,       [BP_LETTER_CANCEL] = receive_command,
        [BP_LETTER_PAUSE] = receive_command,     [BP_LETTER_RESUME] = receive_command,
        [BP_LETTER_EVENT] = receive_event,       [BP_LETTER_LINE] = receive_line,
        [BP_LETTER_PROGRESS] = receive_progress, [BP_LETTER_DONE] = receive_done,
};

/* ---------------------------------------------------------------------------------------------------------------
 * The budget of a turn
 */

/* Counts from where the budget was found spent: a turn that was held up must not tear the chain that has just begun. */
static bool is_overdrawn(const struct budget *budget) {
        return budget->is_spent && (budget->n_tasks - budget->n_tasks_within >= CHAIN_TASKS ||
                                    budget->spent_us - budget->within_us > CHAIN_MICROSECONDS);
}

static void spend(struct budget *budget) {
        if (++budget->n_tasks % CLOCK_TASKS == 0)
                budget->spent_us = bp_mono_now().us - budget->begun.us;
        if (budget->is_spent || (budget->n_tasks < TURN_TASKS && budget->spent_us <= TURN_MICROSECONDS))
                return;
        budget->is_spent = true;
        budget->n_tasks_within = budget->n_tasks;
        budget->within_us = budget->spent_us;
}

/* @return true when there is more to do than the budget allowed. */
static bool run_ready(struct bp_runtime *runtime, struct budget *budget) {
        while (runtime->ready.first) {
                bool goes_on = runtime->ready.first->live == runtime->current;

                if (is_overdrawn(budget) || (budget->is_spent && !goes_on))
                        return true;
                bp_task_run_ready(runtime);
                spend(budget);
        }
        return false;
}

/* The next letter to read, or NULL: first those left from an earlier turn, then what came since. */
static struct bp_letter *next_letter(struct bp_runtime *runtime) {
        struct bp_letter *letter = runtime->letters;

        if (!letter)
                letter = bp_mailbox_take(&runtime->mailbox);
        runtime->letters = letter ? letter->next : NULL;
        return letter;
}

/* What a letter leads to on this thread is done before the next one is read. @return as run_ready(). */
static bool receive_letters(struct bp_runtime *runtime, struct budget *budget) {
        struct bp_letter *letter;
        bool more = false;

        while (!budget->is_spent) {
                letter = next_letter(runtime);
                if (!letter)
                        return more;
                runtime->current = NULL;
                receivers[letter->kind](runtime, letter);
                more = run_ready(runtime, budget);
                spend(budget);
        }
        return true;
}

/* What nobody will receive any more. Tasks belong to their executions. */
static void throw_letters_away(struct bp_runtime *runtime) {
        struct bp_letter *letter;

        while ((letter = next_letter(runtime))) {
                if (letter->kind == BP_LETTER_START)
                        bp_live_free(runtime, BP_OWNER_OF(letter, struct bp_live, letter));
                else if (letter->kind == BP_LETTER_EVENT)
                        bp_event_letter_free(BP_OWNER_OF(letter, struct bp_event_letter, letter));
                else if (letter->kind == BP_LETTER_LINE)
                        free(BP_OWNER_OF(letter, struct bp_line, letter));
                else if (letter->kind != BP_LETTER_PROGRESS && letter->kind != BP_LETTER_DONE)
                        bp_command_finish(BP_OWNER_OF(letter, struct bp_command, letter), -ECANCELED);
        }
}

/* ---------------------------------------------------------------------------------------------------------------
 * Deadlines
 */

static void stop_overdue(struct bp_live *live, struct bp_mono now) {
        for (struct bp_task *task = live->tasks; task; task = task->next_of_live)
                if (task->limit.us && !task->overdue && task->limit.us <= now.us) {
                        task->overdue = true;
                        bp_task_stop(task);
                }
}

/* Each execution once: it gets its next deadline when the turn is settled. */
static void let_time_pass(struct bp_runtime *runtime) {
        struct bp_mono now = bp_timekeeper_mono(&runtime->timekeeper);
        struct bp_due *deadline;

        bp_waits_expire(&runtime->waits, now);
        while ((deadline = bp_due_times_earliest(&runtime->deadlines)) && deadline->due.us <= now.us) {
                struct bp_live *live = BP_OWNER_OF(deadline, struct bp_live, deadline);

                bp_due_times_clear(&runtime->deadlines, deadline);
                bp_live_touch(runtime, live);
                stop_overdue(live, now);
                bp_release_feed(runtime, live, &(struct bp_input){.type = BP_INPUT_CLOCK, .step = BP_NO_STEP});
        }
}

static bool next_deadline(const struct bp_live *live, struct bp_mono *ret_due) {
        struct bp_wall wall;
        bool found = bp_execution_next_deadline(live->execution, &wall);
        struct bp_mono due = found ? bp_anchor_mono(live->anchor, wall) : (struct bp_mono){INT64_MAX};

        for (const struct bp_task *task = live->tasks; task; task = task->next_of_live)
                if (task->limit.us && !task->overdue && task->limit.us < due.us) {
                        due = task->limit;
                        found = true;
                }
        *ret_due = due;
        return found;
}

static void settle(struct bp_runtime *runtime, struct bp_live *live) {
        struct bp_mono due;

        live->touched = false;
        if ((live->ended || live->broken) && !live->tasks && live->n_pending == 0) {
                if (live->broken && runtime->observer.forgotten)
                        runtime->observer.forgotten(runtime->observer.userdata, live->execution);
                bp_live_remove(runtime, live);
                bp_live_free(runtime, live);
        } else if (!live->ended && !live->broken && next_deadline(live, &due)) {
                bp_due_times_set(&runtime->deadlines, &live->deadline, due);
        } else {
                bp_due_times_clear(&runtime->deadlines, &live->deadline);
        }
}

static void settle_touched(struct bp_runtime *runtime) {
        struct bp_live *live = runtime->touched;

        runtime->touched = NULL;
        while (live) {
                struct bp_live *next = live->next_touched;

                settle(runtime, live);
                live = next;
        }
}

/* ---------------------------------------------------------------------------------------------------------------
 * Stopping
 */

static bool nothing_under_way(const struct bp_runtime *runtime) {
        return runtime->n_away == 0 && !runtime->ready.first && !runtime->undurable.first && !runtime->letters &&
               bp_mailbox_is_empty(&runtime->mailbox);
}

static void for_each_live(struct bp_runtime *runtime, void (*visit)(struct bp_runtime *runtime, struct bp_live *live)) {
        for (size_t i = 0; i < runtime->n_buckets; i++)
                for (struct bp_live *live = runtime->buckets[i], *next; live; live = next) {
                        next = live->next_in_bucket;
                        visit(runtime, live);
                }
}

static void shut_down(struct bp_runtime *runtime, struct bp_live *live) {
        bp_release_feed(runtime, live, &(struct bp_input){.type = BP_INPUT_SHUTDOWN, .step = BP_NO_STEP});
}

static void stop_tasks(struct bp_runtime *runtime, struct bp_live *live) {
        (void)runtime;
        for (struct bp_task *task = live->tasks; task; task = task->next_of_live)
                bp_task_stop(task);
}

static void enter_phase(struct bp_runtime *runtime, enum bp_runtime_phase phase, uint32_t seconds) {
        runtime->phase = phase;
        runtime->phase_ends.us = bp_timekeeper_mono(&runtime->timekeeper).us + seconds_us(seconds);
}

static bool phase_is_over(const struct bp_runtime *runtime) {
        return bp_timekeeper_mono(&runtime->timekeeper).us >= runtime->phase_ends.us;
}

static void begin_to_stop(struct bp_runtime *runtime) {
        if (runtime->phase != BP_PHASE_RUNNING || !atomic_load(&runtime->stop_requested))
                return;
        enter_phase(runtime, BP_PHASE_DRAINING, runtime->drain_seconds);
        for_each_live(runtime, hold_back);
}

/* Moves on as far as it goes. @return true when the loop shall end. */
static bool stop_further(struct bp_runtime *runtime) {
        if (runtime->phase == BP_PHASE_DRAINING && (nothing_under_way(runtime) || phase_is_over(runtime))) {
                for_each_live(runtime, shut_down);
                bp_release_commit(runtime);
                enter_phase(runtime, BP_PHASE_FLUSHING, FLUSH_SECONDS);
                for_each_live(runtime, stop_tasks);
        }
        if (runtime->phase == BP_PHASE_FLUSHING) {
                bp_release_durable(runtime);
                return !runtime->undurable.first || phase_is_over(runtime);
        }
        return runtime->until_idle && runtime->n_live == 0 && nothing_under_way(runtime);
}

/* ---------------------------------------------------------------------------------------------------------------
 * The turn
 */

static void set_timer(struct bp_runtime *runtime);

/* Virtual time: when nothing can happen but by the clock, the clock goes on at once. @return true when it did. */
static bool skip_to_deadline(struct bp_runtime *runtime) {
        struct bp_due *deadline = bp_due_times_earliest(&runtime->deadlines);

        if (!runtime->virtual_time || !deadline || runtime->phase != BP_PHASE_RUNNING || !nothing_under_way(runtime))
                return false;
        bp_timekeeper_skip(&runtime->timekeeper, deadline->due);
        return true;
}

static void show_load(struct bp_runtime *runtime) {
        atomic_store_explicit(&runtime->shown_ticket, runtime->last_ticket, memory_order_relaxed);
        atomic_store_explicit(&runtime->shown_live, runtime->n_live, memory_order_relaxed);
        atomic_store_explicit(&runtime->shown_away, runtime->n_away, memory_order_relaxed);
        atomic_store_explicit(&runtime->shown_early, runtime->waits.n_early, memory_order_relaxed);
}

static bool work(struct bp_runtime *runtime) {
        struct budget budget = {.begun = bp_mono_now()};
        bool more;

        bp_release_durable(runtime);
        let_time_pass(runtime);
        more = receive_letters(runtime, &budget);
        more = run_ready(runtime, &budget) || more;
        runtime->current = NULL;
        bp_release_commit(runtime);
        settle_touched(runtime);
        show_load(runtime);
        if (runtime->observer.turn)
                runtime->observer.turn(runtime->observer.userdata, bp_mono_now().us - budget.begun.us);
        return more;
}

static void turn(struct bp_runtime *runtime) {
        bool more = false;

        begin_to_stop(runtime);
        if (runtime->phase != BP_PHASE_FLUSHING)
                more = work(runtime);
        if (stop_further(runtime)) {
                uv_stop(&runtime->loop);
                return;
        }
        if (more || skip_to_deadline(runtime))
                wake(runtime);
        set_timer(runtime);
}

static void on_wake(uv_async_t *handle) {
        turn(handle->data);
}

static void on_timer(uv_timer_t *handle) {
        turn(handle->data);
}

static int64_t next_turn_us(const struct bp_runtime *runtime) {
        const struct bp_due *deadline = bp_due_times_earliest(&runtime->deadlines);
        int64_t us = INT64_MAX;

        if (deadline && runtime->phase != BP_PHASE_FLUSHING)
                us = deadline->due.us;
        if (runtime->phase != BP_PHASE_RUNNING && runtime->phase_ends.us < us)
                us = runtime->phase_ends.us;
        return us;
}

/* libuv's clock stands still during a turn, so its idea of now is brought up to date first. */
static void set_timer(struct bp_runtime *runtime) {
        int64_t due_us = next_turn_us(runtime), left_us;

        if (due_us == INT64_MAX) {
                uv_timer_stop(&runtime->timer);
                return;
        }
        left_us = due_us - bp_timekeeper_mono(&runtime->timekeeper).us;
        uv_update_time(&runtime->loop);
        uv_timer_start(&runtime->timer, on_timer, left_us > 0 ? (uint64_t)(left_us + 999) / 1000 : 0, 0);
}

int bp_runtime_run(struct bp_runtime *runtime, bool until_idle) {
        runtime->until_idle = until_idle;
        runtime->phase = BP_PHASE_RUNNING;
        wake(runtime);
        uv_run(&runtime->loop, UV_RUN_DEFAULT);
        atomic_store(&runtime->stop_requested, false);
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Commands, from any thread
 */

int bp_runtime_start(struct bp_runtime *runtime, const struct bp_execution_start *start) {
        struct bp_live *live;
        int r = bp_live_new(start, &runtime->engine, &live);

        if (r < 0)
                return r;
        bp_runtime_send(runtime, &live->letter);
        return 0;
}

int bp_runtime_adopt(struct bp_runtime *runtime, struct bp_execution *execution) {
        struct bp_live *live;
        int r = bp_live_adopt(execution, &live);

        if (r < 0)
                return r;
        bp_runtime_send(runtime, &live->letter);
        return 0;
}

const struct bp_engine_settings *bp_runtime_engine(const struct bp_runtime *runtime) {
        return &runtime->engine;
}

static int send_command(struct bp_runtime *runtime, enum bp_letter_kind kind, struct bp_id execution, const char *text,
                        const struct bp_receipt *receipt) {
        size_t size = text ? strnlen(text, TEXT_BYTES) : 0;
        struct bp_command *command = bp_calloc(1, sizeof(*command) + size + 1);

        if (!command)
                return -ENOMEM;
        command->letter.kind = kind;
        command->execution = execution;
        if (receipt)
                command->receipt = *receipt;
        command->has_text = text != NULL;
        if (text)
                memcpy(command->text, text, size);
        bp_runtime_send(runtime, &command->letter);
        return 0;
}

int bp_runtime_cancel(struct bp_runtime *runtime, struct bp_id execution, const char *reason,
                      const struct bp_receipt *receipt) {
        return send_command(runtime, BP_LETTER_CANCEL, execution, reason, receipt);
}

int bp_runtime_pause(struct bp_runtime *runtime, struct bp_id execution, bool pause, const struct bp_receipt *receipt) {
        return send_command(runtime, pause ? BP_LETTER_PAUSE : BP_LETTER_RESUME, execution, NULL, receipt);
}

int bp_runtime_event_new(const struct bp_runtime_event *event, struct bp_event_letter **ret_letter) {
        struct bp_event_letter *letter;
        int r = bp_event_letter_new(event->external_id, event->json, event->json_size, &letter);

        if (r < 0)
                return r;
        letter->letter.kind = BP_LETTER_EVENT;
        letter->is_stored = event->is_stored;
        letter->id = event->id;
        letter->age_us = event->age_us;
        *ret_letter = letter;
        return 0;
}

struct bp_event_letter *bp_runtime_event_free(struct bp_event_letter *letter) {
        return bp_event_letter_free(letter);
}

void bp_runtime_deliver(struct bp_runtime *runtime, struct bp_event_letter *letter,
                        const struct bp_event_awaited *awaited) {
        letter->awaited = *awaited;
        bp_runtime_send(runtime, &letter->letter);
}

int bp_runtime_event(struct bp_runtime *runtime, const char *external_id, const struct bp_value *event) {
        struct bp_event_letter *letter;
        struct bp_strbuf json;
        size_t size;
        int r;

        bp_strbuf_init(&json, NULL, EVENT_BYTES);
        bp_json_write(&json, event);
        size = json.size;
        if (json.error) {
                r = json.error;
                bp_strbuf_done(&json);
                return r;
        }
        r = bp_runtime_event_new(&(struct bp_runtime_event){.external_id = external_id,
                                                            .json = bp_strbuf_steal(&json),
                                                            .json_size = size},
                                 &letter);
        if (r == 0)
                bp_runtime_deliver(runtime, letter, &(struct bp_event_awaited){0});
        return r;
}

void bp_runtime_durable(struct bp_runtime *runtime, uint64_t ticket) {
        uint64_t known = atomic_load_explicit(&runtime->durable_ticket, memory_order_relaxed);

        while (known < ticket && !atomic_compare_exchange_weak_explicit(&runtime->durable_ticket, &known, ticket,
                                                                        memory_order_release, memory_order_relaxed))
                ;
        wake(runtime);
}

void bp_runtime_stop(struct bp_runtime *runtime) {
        atomic_store(&runtime->stop_requested, true);
        wake(runtime);
}

struct bp_runtime_load bp_runtime_load(const struct bp_runtime *runtime) {
        uint64_t durable = atomic_load_explicit(&runtime->durable_ticket, memory_order_relaxed);
        uint64_t last = atomic_load_explicit(&runtime->shown_ticket, memory_order_relaxed);
        uint32_t busy, queued;

        bp_workers_load(runtime->workers, &busy, &queued);
        return (struct bp_runtime_load){.live = atomic_load_explicit(&runtime->shown_live, memory_order_relaxed),
                                        .away = atomic_load_explicit(&runtime->shown_away, memory_order_relaxed),
                                        .workers = bp_workers_count(runtime->workers),
                                        .busy = busy,
                                        .queued = queued,
                                        .undurable = last > durable ? last - durable : 0,
                                        .early = atomic_load_explicit(&runtime->shown_early, memory_order_relaxed)};
}

struct bp_wall bp_runtime_now(const struct bp_runtime *runtime) {
        return bp_timekeeper_wall(&runtime->timekeeper);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Made and freed
 */

static int open_loop(struct bp_runtime *runtime) {
        int r = uv_loop_init(&runtime->loop);

        if (r < 0)
                return r;
        runtime->has_loop = true;
        r = uv_async_init(&runtime->loop, &runtime->wake, on_wake);
        if (r < 0)
                return r;
        r = uv_timer_init(&runtime->loop, &runtime->timer);
        if (r < 0)
                return r;
        runtime->wake.data = runtime;
        runtime->timer.data = runtime;
        return 0;
}

static void close_handle(uv_handle_t *handle, void *userdata) {
        (void)userdata;
        if (!uv_is_closing(handle))
                uv_close(handle, NULL);
}

static void close_loop(struct bp_runtime *runtime) {
        if (!runtime->has_loop)
                return;
        uv_walk(&runtime->loop, close_handle, NULL);
        uv_run(&runtime->loop, UV_RUN_DEFAULT);
        uv_loop_close(&runtime->loop);
}

static void take_settings(struct bp_runtime *runtime, const struct bp_runtime_settings *settings) {
        runtime->engine = settings->engine;
        if (!runtime->engine.effect_of)
                runtime->engine.effect_of = bp_task_effect_of;
        if (!runtime->engine.check_action)
                runtime->engine.check_action = bp_check_action;
        bp_engine_settings_complete(&runtime->engine);
        if (settings->journal)
                runtime->journal = *settings->journal;
        if (settings->observer)
                runtime->observer = *settings->observer;
        runtime->waits.early_limit = settings->early_events;
        runtime->waits.keep_seconds = settings->early_seconds;
        runtime->drain_seconds = settings->drain_seconds ? settings->drain_seconds : DRAIN_SECONDS;
        runtime->virtual_time = settings->virtual_time;
        runtime->timekeeper.wall = settings->wall ? settings->wall : bp_wall_now;
        runtime->timekeeper.mono = bp_mono_now;
        runtime->phase = BP_PHASE_RUNNING;
}

static int open_invoker(struct bp_runtime *runtime, const struct bp_runtime_settings *settings) {
        int r = settings->invoker ? 0 : bp_invoker_new(settings->invoke, &runtime->own_invoker);

        runtime->invoker = settings->invoker ? settings->invoker : runtime->own_invoker;
        return r;
}

static int open_parts(struct bp_runtime *runtime, const struct bp_runtime_settings *settings) {
        int r = bp_live_table_init(runtime);

        if (r < 0)
                return r;
        r = open_invoker(runtime, settings);
        if (r < 0)
                return r;
        runtime->arena = bp_arena_new(BP_ARENA_UNLIMITED);
        r = runtime->arena ? bp_call_metadata(runtime->arena, settings->system_user_id, &runtime->metadata) : -ENOMEM;
        if (r < 0)
                return r;
        r = open_loop(runtime);
        if (r < 0)
                return r;
        return bp_workers_new(&(struct bp_workers_settings){.threads = settings->worker_threads}, &runtime->workers);
}

int bp_runtime_new(const struct bp_runtime_settings *settings, struct bp_runtime **ret_runtime) {
        struct bp_runtime *runtime = bp_calloc(1, sizeof(*runtime));
        int r;

        if (!runtime)
                return -ENOMEM;
        take_settings(runtime, settings);
        bp_deliver_init(runtime);
        r = open_parts(runtime, settings);
        if (r < 0) {
                bp_runtime_free(runtime);
                return r;
        }
        *ret_runtime = runtime;
        return 0;
}

static void free_pooled_tasks(struct bp_runtime *runtime) {
        while (runtime->free_tasks) {
                struct bp_task *task = runtime->free_tasks;

                runtime->free_tasks = task->next;
                free(task);
        }
}

struct bp_runtime *bp_runtime_free(struct bp_runtime *runtime) {
        if (!runtime)
                return NULL;
        for_each_live(runtime, stop_tasks);
        if (runtime->invoker)
                bp_invoker_close(runtime->invoker);
        bp_workers_free(runtime->workers);
        throw_letters_away(runtime);
        bp_release_done(runtime);
        bp_live_table_done(runtime);
        bp_waits_done(&runtime->waits);
        free_pooled_tasks(runtime);
        close_loop(runtime);
        bp_invoker_free(runtime->own_invoker);
        bp_arena_free(runtime->arena);
        free(runtime);
        return NULL;
}
