/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event is kept in the store first, then handed to the engine, and answered when what became of it is durable. Three
 * threads take part: the caller's enters it, the store's writer says that it is kept, the engine's tells what became of
 * it, and the writer again that this is durable.
 */
#include "service/events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "metrics/metrics.h"
#include "service/state.h"

/* Who waits for an answer. malloc'ed. */
struct waiter {
        struct waiter *next;
        bool is_first; /* not a repetition */
        bp_service_event_done *done;
        void *userdata;
};

/* malloc'ed. Its members belong to the thread whose turn it is, but for the waiters. */
struct bp_event_on_way {
        struct bp_event_on_way *next; /* under the mutex */
        struct bp_service *service;
        struct bp_id id;
        bool is_kept;           /* in the store; under the mutex */
        struct waiter *waiters; /* under the mutex */
        struct bp_event_letter *letter;
        struct bp_mono began;
};

int bp_events_init(struct bp_events_on_way *events) {
        int r = pthread_mutex_init(&events->mutex, NULL);

        events->has_mutex = r == 0;
        return -r;
}

void bp_events_done(struct bp_events_on_way *events) {
        if (events->has_mutex)
                pthread_mutex_destroy(&events->mutex);
}

/* ---------------------------------------------------------------------------------------------------------------
 * The table. Under the mutex
 */

static struct bp_event_on_way **place_of(struct bp_events_on_way *events, struct bp_id id) {
        struct bp_event_on_way **place =
                &events->buckets[bp_hash64(id.bytes, sizeof(id.bytes), 0) & (BP_EVENT_BUCKETS - 1)];

        while (*place && memcmp(&(*place)->id, &id, sizeof(id)) != 0)
                place = &(*place)->next;
        return place;
}

/* Adds a waiter to the event with this id, which is entered when it is not there. */
static int enter(struct bp_service *service, struct bp_id id, struct waiter *waiter, struct bp_event_on_way **ret_new) {
        struct bp_events_on_way *events = &service->events;
        struct bp_event_on_way *made = bp_calloc(1, sizeof(*made)), **place;

        if (!made)
                return -ENOMEM;
        *made = (struct bp_event_on_way){.service = service, .id = id, .began = bp_mono_now()};
        pthread_mutex_lock(&events->mutex);
        place = place_of(events, id);
        if (!*place) {
                *place = *ret_new = made;
                waiter->is_first = true;
                made = NULL;
        }
        waiter->next = (*place)->waiters;
        (*place)->waiters = waiter;
        pthread_mutex_unlock(&events->mutex);
        free(made);
        return 0;
}

/* `only_kept`: one that the store has not answered yet stays, since its answer names it. */
static struct bp_event_on_way *take_out(struct bp_events_on_way *events, struct bp_id id, bool only_kept) {
        struct bp_event_on_way **place, *taken;

        pthread_mutex_lock(&events->mutex);
        place = place_of(events, id);
        taken = *place && (!only_kept || (*place)->is_kept) ? *place : NULL;
        if (taken)
                *place = taken->next;
        pthread_mutex_unlock(&events->mutex);
        return taken;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Answering
 */

static const char *const state_words[] = {
        [BP_INBOX_WAITING] = "kept",    [BP_INBOX_HANDLED] = "handled", [BP_INBOX_LATE] = "late",
        [BP_INBOX_EXPIRED] = "expired", [BP_INBOX_DROPPED] = "dropped", [BP_INBOX_UNROUTABLE] = "unroutable",
};

static void measure(const struct bp_event_on_way *event, const struct bp_service_event_answer *what) {
        if (what->result == 0 && !what->is_duplicate)
                bp_metrics_observe(event->service->metrics, BP_HISTOGRAM_EVENT_DURATION, state_words[what->state], NULL,
                                   NULL, (double)(bp_mono_now().us - event->began.us) / 1e6);
}

static void answer(struct bp_event_on_way *event, const struct bp_service_event_answer *what) {
        measure(event, what);
        while (event->waiters) {
                struct waiter *waiter = event->waiters;
                struct bp_service_event_answer told = *what;

                event->waiters = waiter->next;
                told.is_duplicate |= !waiter->is_first;
                waiter->done(waiter->userdata, &told);
                free(waiter);
        }
        bp_runtime_event_free(event->letter);
        free(event);
}

/* Answers everyone who waits for this event, if anyone does: a repetition that the store is still being asked about is
 * answered by what the store says. */
static void tell(struct bp_service *service, const struct bp_service_event_answer *what) {
        struct bp_event_on_way *event = take_out(&service->events, what->id, true);

        if (event)
                answer(event, what);
}

/* The store has answered: so is everyone who waits. */
static void tell_of(const struct bp_event_on_way *event, const struct bp_service_event_answer *what) {
        answer(take_out(&event->service->events, event->id, false), what);
}

static struct bp_service_event_answer answer_of_row(const struct bp_event_row *row) {
        return (struct bp_service_event_answer){.id = row->id,
                                                .is_duplicate = true,
                                                .state = row->state,
                                                .effect = row->effect,
                                                .has_execution = row->has_execution,
                                                .execution = row->execution,
                                                .step = row->step};
}

/* ---------------------------------------------------------------------------------------------------------------
 * Kept
 */

/* @return false when nothing is delivered any more */
static bool deliver(struct bp_event_on_way *event, const struct bp_awaited *awaited) {
        struct bp_service *service = event->service;
        struct bp_event_letter *letter = event->letter;
        bool closed;

        pthread_mutex_lock(&service->events.mutex);
        closed = service->events.closed;
        if (!closed) {
                event->is_kept = true;
                event->letter = NULL;
        }
        pthread_mutex_unlock(&service->events.mutex);
        if (!closed) /* from here on the event may be answered and gone at any moment */
                bp_runtime_deliver(service->runtime, letter,
                                   &(struct bp_event_awaited){.found = awaited->found,
                                                              .ended = awaited->ended,
                                                              .execution = awaited->execution,
                                                              .step = awaited->step});
        return !closed;
}

static void on_kept(void *userdata, int result, const struct bp_event_kept *kept) {
        struct bp_event_on_way *event = userdata;
        struct bp_service_event_answer what = {.id = event->id, .result = result, .state = BP_INBOX_WAITING};

        if (result == BP_STORE_DUPLICATE)
                what = answer_of_row(&kept->first);
        else if (result == 0 && !event->letter)
                what.state = BP_INBOX_UNROUTABLE;
        else if (result == 0 && deliver(event, &kept->awaited))
                return;
        tell_of(event, &what);
}

static void on_replayed(void *userdata, int result, const struct bp_event_kept *kept) {
        struct bp_event_on_way *event = userdata;
        struct bp_service_event_answer what = {.id = event->id, .result = result, .state = BP_INBOX_WAITING};

        if (result == 0 && deliver(event, &kept->awaited))
                return;
        if (result == BP_STORE_CONFLICT && kept->first.state == BP_INBOX_WAITING)
                what.result = 0;
        tell_of(event, &what);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Handed over
 */

static int new_letter(const struct bp_store_event *event, struct bp_event_letter **ret_letter) {
        char *json;

        *ret_letter = NULL;
        if (!event->correlation)
                return 0;
        json = bp_memdup_text(event->body.text, event->body.size);
        if (!json)
                return -ENOMEM;
        return bp_runtime_event_new(&(struct bp_runtime_event){.external_id = event->correlation,
                                                               .is_stored = true,
                                                               .id = event->id,
                                                               .json = json,
                                                               .json_size = event->body.size},
                                    ret_letter);
}

static int new_waiter(bp_service_event_done *done, void *userdata, struct waiter **ret_waiter) {
        struct waiter *waiter = bp_calloc(1, sizeof(*waiter));

        if (!waiter)
                return -ENOMEM;
        *waiter = (struct waiter){.done = done, .userdata = userdata};
        *ret_waiter = waiter;
        return 0;
}

/* What was entered does not go on: whoever joined meanwhile is told, and the caller by the return. */
static int give_up(struct bp_event_on_way *event, struct waiter *own, int error) {
        struct bp_event_on_way *taken = take_out(&event->service->events, event->id, false);
        struct waiter **place = &taken->waiters;

        while (*place != own)
                place = &(*place)->next;
        *place = own->next;
        free(own);
        answer(taken, &(struct bp_service_event_answer){.id = taken->id, .result = error});
        return error;
}

int bp_service_event(struct bp_service *service, const struct bp_store_event *event, bp_service_event_done *done,
                     void *userdata) {
        struct bp_event_on_way *made = NULL;
        struct bp_event_letter *letter;
        struct waiter *waiter = NULL;
        int r = new_letter(event, &letter);

        if (r < 0)
                return r;
        bp_events_expire(service);
        r = new_waiter(done, userdata, &waiter);
        if (r == 0)
                r = enter(service, event->id, waiter, &made);
        if (r < 0)
                free(waiter);
        if (r < 0 || !made) {
                bp_runtime_event_free(letter);
                return r;
        }
        made->letter = letter;
        r = bp_store_event_keep(service->store, event, on_kept, made);
        return r < 0 ? give_up(made, waiter, r) : 0;
}

int bp_service_event_replay(struct bp_service *service, const struct bp_event_row *row, bp_service_event_done *done,
                            void *userdata) {
        struct bp_event_on_way *made = NULL;
        struct bp_event_letter *letter = NULL;
        struct waiter *waiter = NULL;
        int r = new_waiter(done, userdata, &waiter);

        if (r == 0 && row->correlation)
                r = bp_runtime_event_new(
                        &(struct bp_runtime_event){.external_id = row->correlation, .is_stored = true, .id = row->id},
                        &letter);
        if (r == 0)
                r = enter(service, row->id, waiter, &made);
        if (r < 0)
                free(waiter);
        if (r < 0 || !made) {
                bp_runtime_event_free(letter);
                return r;
        }
        made->letter = letter;
        r = bp_store_event_replay(service->store, row->id, bp_wall_now(), on_replayed, made);
        return r < 0 ? give_up(made, waiter, r) : 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Settled. Engine thread, and the writer's once it is durable
 */

struct settled {
        struct bp_service *service;
        struct bp_service_event_answer answer;
        char step[];
};

static const enum bp_inbox_state states[] = {
        [BP_EVENT_HANDLED] = BP_INBOX_HANDLED, [BP_EVENT_LATE] = BP_INBOX_LATE,
        [BP_EVENT_KEPT] = BP_INBOX_WAITING,    [BP_EVENT_EXPIRED] = BP_INBOX_EXPIRED,
        [BP_EVENT_DROPPED] = BP_INBOX_DROPPED,
};

static const enum bp_inbox_effect effects[] = {
        [BP_EVENT_COMPLETE] = BP_INBOX_COMPLETED,
        [BP_EVENT_UPDATE_PROGRESS] = BP_INBOX_PROGRESS,
        [BP_EVENT_IGNORE] = BP_INBOX_IGNORED,
};

/* What is not settled, because the store was closed, waits in it for the next start. */
static void on_settled(void *userdata, int result, const void *row) {
        struct settled *settled = userdata;

        (void)row;
        if (result < 0)
                settled->answer.state = BP_INBOX_WAITING;
        tell(settled->service, &settled->answer);
        free(settled);
}

static void settle(struct bp_service *service, const struct bp_event_outcome *outcome,
                   const struct bp_service_event_answer *what) {
        size_t size = what->step ? strlen(what->step) + 1 : 0;
        struct settled *settled = bp_calloc(1, sizeof(*settled) + size);
        int r = -ENOMEM;

        if (settled) {
                *settled = (struct settled){.service = service, .answer = *what};
                if (what->step) {
                        memcpy(settled->step, what->step, size);
                        settled->answer.step = settled->step;
                }
                r = bp_store_event_settle(service->store,
                                          &(struct bp_event_settlement){.id = what->id,
                                                                        .state = what->state,
                                                                        .effect = what->effect,
                                                                        .has_execution = what->has_execution,
                                                                        .execution = what->execution,
                                                                        .step = what->step,
                                                                        .at = outcome->at},
                                          on_settled, settled);
        }
        if (r < 0) { /* it stays one that waits, and is found late when it is delivered again */
                free(settled);
                tell(service, what);
        }
}

static void report_dropped(struct bp_service *service, struct bp_id id) {
        char text[BP_ID_TEXT_SIZE];

        bp_service_notice(
                service, BP_LOG_WARNING,
                "too many events wait for a step: the oldest, %s, is not matched any more; it can be replayed",
                bp_id_format(id, text));
}

void bp_events_outcome(void *userdata, const struct bp_event_outcome *outcome) {
        struct bp_service *service = userdata;
        const struct bp_service_event_answer what = {
                .id = outcome->event,
                .state = states[outcome->fate],
                .effect = outcome->fate == BP_EVENT_HANDLED ? effects[outcome->action] : (enum bp_inbox_effect)0,
                .has_execution = outcome->has_execution,
                .execution = outcome->execution,
                .step = outcome->step};

        bp_metrics_add(service->metrics, BP_METRIC_EVENTS_SETTLED, state_words[what.state], NULL, 1);
        if (outcome->fate == BP_EVENT_DROPPED)
                report_dropped(service, outcome->event);
        if (outcome->fate == BP_EVENT_KEPT)
                tell(service, &what);
        else
                settle(service, outcome, &what);
}

int bp_events_text(void *userdata, struct bp_id event, struct bp_arena *arena, const char **ret_json,
                   size_t *ret_size) {
        struct bp_service *service = userdata;
        struct bp_event_row row;
        int r = bp_store_event(service->store, event, arena, &row);

        if (r == 0 && !row.body.text)
                r = 1;
        if (r)
                return r;
        *ret_json = row.body.text;
        *ret_size = row.body.size;
        return 0;
}

bool bp_events_has_ended(void *userdata, struct bp_id execution) {
        struct bp_service *service = userdata;
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_execution_row row;
        int r = arena ? bp_store_execution(service->store, execution, arena, &row) : -ENOMEM;

        return r == BP_STORE_NOT_FOUND || (r == 0 && bp_execution_state_is_final(row.state));
}

/* ---------------------------------------------------------------------------------------------------------------
 * When the process starts and ends
 */

static int deliver_again(void *userdata, const struct bp_event_row *row, const struct bp_awaited *awaited) {
        struct bp_service *service = userdata;
        int64_t age_us = bp_wall_now().us - row->kept_from.us;
        struct bp_event_letter *letter;
        int r = bp_runtime_event_new(&(struct bp_runtime_event){.external_id = row->correlation,
                                                                .is_stored = true,
                                                                .id = row->id,
                                                                .age_us = age_us > 0 ? age_us : 0},
                                     &letter);

        if (r < 0)
                return r;
        bp_runtime_deliver(service->runtime, letter,
                           &(struct bp_event_awaited){.found = awaited->found,
                                                      .ended = awaited->ended,
                                                      .execution = awaited->execution,
                                                      .step = awaited->step});
        return 0;
}

int bp_events_recover(struct bp_service *service, struct bp_problem *reterr_problem) {
        int r = bp_store_each_waiting_event(service->store, deliver_again, service);

        if (r == 0 || r == -ENOMEM)
                return r;
        bp_problem_set(reterr_problem, "RECOVERY", "events cannot be read back from the store: %s", strerror(-r));
        return BP_STORE_PROBLEM;
}

/* Those that the store has not kept yet are answered when it has, or has not. */
static struct bp_event_on_way *take_any_kept(struct bp_events_on_way *events) {
        struct bp_event_on_way *taken = NULL;

        pthread_mutex_lock(&events->mutex);
        events->closed = true;
        for (size_t i = 0; i < BP_EVENT_BUCKETS && !taken; i++)
                for (struct bp_event_on_way **place = &events->buckets[i]; *place && !taken; place = &(*place)->next)
                        if ((*place)->is_kept) {
                                taken = *place;
                                *place = taken->next;
                                break;
                        }
        pthread_mutex_unlock(&events->mutex);
        return taken;
}

void bp_events_close(struct bp_service *service) {
        struct bp_event_on_way *event;

        while ((event = take_any_kept(&service->events)))
                answer(event, &(struct bp_service_event_answer){.id = event->id, .state = BP_INBOX_WAITING});
}

void bp_events_expire(struct bp_service *service) {
        int64_t now_us = bp_mono_now().us, last_us = atomic_load(&service->events.expired_at);

        if ((last_us && now_us - last_us < INT64_C(1000000) * BP_EVENTS_EXPIRE_SECONDS) ||
            !atomic_compare_exchange_strong(&service->events.expired_at, &last_us, now_us))
                return;
        bp_store_events_expire(service->store, bp_wall_now());
}
