/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the runtime and the store, on the engine thread: records go in, and come back once they are durable. What is
 * told of an execution is taken from the records that come back, since the execution itself may be further already.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "metrics/metrics.h"
#include "service/state.h"

enum {
        FIRST_PLACES = 256,
};

/* ---------------------------------------------------------------------------------------------------------------
 * Where records went
 */

static int reserve_place(struct bp_appended *appended) {
        size_t capacity = appended->capacity ? appended->capacity * 2 : FIRST_PLACES;
        struct bp_place *places;

        if (appended->n < appended->capacity)
                return 0;
        places = bp_calloc(capacity, sizeof(*places));
        if (!places)
                return -ENOMEM;
        for (size_t i = 0; i < appended->n; i++)
                places[i] = appended->places[(appended->first + i) & (appended->capacity - 1)];
        free(appended->places);
        appended->places = places;
        appended->first = 0;
        appended->capacity = capacity;
        return 0;
}

static void push_place(struct bp_appended *appended, struct bp_place place) {
        appended->places[(appended->first + appended->n++) & (appended->capacity - 1)] = place;
}

/* Records come back in the order in which they went in; those that broke their execution do not. */
static uint64_t pop_row(struct bp_appended *appended, uint64_t execution, uint64_t sequence) {
        while (appended->n) {
                struct bp_place place = appended->places[appended->first];

                appended->first = (appended->first + 1) & (appended->capacity - 1);
                appended->n--;
                if (place.execution == execution && place.sequence == sequence)
                        return place.row;
        }
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * The journal
 */

static int enter(struct bp_service *service, struct bp_context *context, const struct bp_execution_view *view) {
        struct bp_store_new_execution *row = &context->creation->row;

        row->params = &view->params;
        if (!row->given)
                row->given = row->params;
        return bp_store_execution_create(service->store, row, &context->number);
}

static int append(void *userdata, const struct bp_execution *execution, const struct bp_record *records,
                  size_t n_records) {
        struct bp_service *service = userdata;
        struct bp_execution_view view = bp_execution_view(execution);
        struct bp_context *context = view.userdata;
        struct bp_position position;
        int r = reserve_place(&service->told.appended);

        if (r == 0 && context->number == 0)
                r = enter(service, context, &view);
        if (r == 0)
                r = bp_store_append(service->store, context->number, records, n_records, &position);
        if (r < 0) {
                service->told.logged = true; /* what was entered before the failure is to be written all the same */
                return r;
        }
        push_place(&service->told.appended, (struct bp_place){.execution = context->number,
                                                              .sequence = records[n_records - 1].sequence,
                                                              .row = position.row});
        return 0;
}

static void commit(void *userdata, uint64_t ticket) {
        struct bp_service *service = userdata;

        service->told.last_ticket = ticket;
        service->told.logged = false;
        bp_store_commit(service->store, ticket);
}

struct bp_journal bp_service_journal(struct bp_service *service) {
        return (struct bp_journal){.append = append,
                                   .commit = commit,
                                   .event = bp_events_outcome,
                                   .event_text = bp_events_text,
                                   .has_ended = bp_events_has_ended,
                                   .userdata = service};
}

/* ---------------------------------------------------------------------------------------------------------------
 * What is durable
 */

static void count(struct bp_service *service, const struct bp_execution *execution, const struct bp_record *record) {
        double seconds;

        if (!service->metrics)
                return;
        if (record->type == BP_RECORD_STEP_ENDED) {
                struct bp_wall began = bp_execution_step(execution, record->step).started_at;

                seconds = began.us ? (double)(record->at.us - began.us) / 1e6 : 0.0;
                bp_metrics_observe(service->metrics, BP_HISTOGRAM_STEP_DURATION, bp_step_state_name(record->step_state),
                                   NULL, NULL, seconds > 0.0 ? seconds : 0.0);
        } else if (record->type == BP_RECORD_EXECUTION_ENDED) {
                struct bp_wall began = bp_execution_view(execution).started_at;
                const char *status = bp_execution_state_name(record->execution_state);

                seconds = began.us ? (double)(record->at.us - began.us) / 1e6 : 0.0;
                bp_metrics_add(service->metrics, BP_METRIC_EXECUTION_COMPLETED, status, NULL, 1);
                bp_metrics_observe(service->metrics, BP_HISTOGRAM_EXECUTION_DURATION, status, NULL, NULL,
                                   seconds > 0.0 ? seconds : 0.0);
        }
}

static bool adds_to_done(const struct bp_record *record) {
        return record->type == BP_RECORD_STEP_REUSED ||
               (record->type == BP_RECORD_STEP_ENDED &&
                (record->step_state == BP_STEP_COMPLETED || record->step_state == BP_STEP_SKIPPED));
}

/* State of an execution after a record, or 0 where the record leaves it. */
static enum bp_execution_state state_after(const struct bp_record *record) {
        switch (record->type) {
        case BP_RECORD_EXECUTION_STARTED:
        case BP_RECORD_EXECUTION_RESUMED:
                return BP_EXECUTION_RUNNING;
        case BP_RECORD_EXECUTION_PAUSED:
                return BP_EXECUTION_PAUSED;
        case BP_RECORD_EXECUTION_ENDED:
                return record->execution_state;
        default:
                return (enum bp_execution_state)0;
        }
}

void bp_journal_settle(struct bp_service *service) {
        struct bp_context *context = service->told.starting;

        if (!context)
                return;
        service->told.starting = NULL;
        bp_start_answer(service, context, &service->told.answer);
}

/* The end answers the start too, when that is still to be answered, and everyone who waits. */
static void answer_end(struct bp_service *service, struct bp_context *context, const struct bp_execution *execution,
                       const struct bp_record *record) {
        struct bp_service_answer answer = {.id = context->id,
                                           .state = record->execution_state,
                                           .code = record->code,
                                           .message = record->message,
                                           .outputs = record->data.type == BP_OBJECT ? &record->data
                                                                                     : &bp_value_empty_object,
                                           .started_at = bp_execution_view(execution).started_at,
                                           .ended_at = record->at};

        if (service->told.starting == context) {
                service->told.starting = NULL;
                bp_start_answer(service, context, &answer);
        }
        bp_waits_tell(service, context, &answer);
}

static void note_state(struct bp_service *service, struct bp_context *context, const struct bp_execution *execution,
                       const struct bp_record *record) {
        enum bp_execution_state state = state_after(record);

        if (state == 0)
                return;
        pthread_mutex_lock(&service->contexts.mutex);
        context->state = (uint8_t)state;
        pthread_mutex_unlock(&service->contexts.mutex);
        if (record->sequence == 1 && context->creation) {
                service->told.starting = context;
                service->told.answer = (struct bp_service_answer){.id = context->id, .started_at = record->at};
        }
        if (service->told.starting == context)
                service->told.answer.state = state;
        if (record->type == BP_RECORD_EXECUTION_ENDED)
                answer_end(service, context, execution, record);
}

static void on_records(void *userdata, const struct bp_execution *execution, const struct bp_record *records,
                       size_t n_records) {
        struct bp_service *service = userdata;
        struct bp_execution_view view = bp_execution_view(execution);
        struct bp_context *context = view.userdata;
        uint64_t row = pop_row(&service->told.appended, context->number, records[n_records - 1].sequence);

        if (service->told.starting != context)
                bp_journal_settle(service);
        for (size_t i = 0; i < n_records; i++) {
                struct bp_service_event event = {.execution = context->id,
                                                 .definition = view.definition,
                                                 .position = {.row = row, .sequence = records[i].sequence},
                                                 .record = &records[i]};

                context->n_done += adds_to_done(&records[i]) ? 1 : 0;
                count(service, execution, &records[i]);
                bp_streams_tell(service, context, execution, &event);
                note_state(service, context, execution, &records[i]);
        }
        if (context->is_told && service->telling.durable)
                service->telling.durable(service->telling.userdata, context->number);
        if (service->observer.records)
                service->observer.records(service->observer.userdata, execution, records, n_records);
}

static void on_log(void *userdata, const struct bp_execution *execution, uint32_t step, uint32_t attempt,
                   struct bp_wall at, enum bp_log_level level, const char *message) {
        struct bp_service *service = userdata;
        struct bp_execution_view view = bp_execution_view(execution);
        struct bp_context *context = view.userdata;
        const struct bp_store_line line = {
                .step = step, .attempt = attempt, .at = at, .level = (uint8_t)level, .message = message};
        struct bp_service_event event = {.execution = context->id, .definition = view.definition, .line = &line};

        if (bp_store_log(service->store, context->number, &line) == 0)
                service->told.logged = true;
        bp_streams_tell(service, context, execution, &event);
        if (service->observer.log)
                service->observer.log(service->observer.userdata, execution, step, attempt, at, level, message);
}

static void on_ended(void *userdata, const struct bp_execution *execution) {
        struct bp_service *service = userdata;

        if (service->observer.ended)
                service->observer.ended(service->observer.userdata, execution);
        bp_contexts_forget(&service->contexts, bp_execution_view(execution).userdata);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Faults, and the end of a turn
 */

static void on_broken(void *userdata, const struct bp_execution *execution, int error) {
        struct bp_service *service = userdata;
        struct bp_context *context = bp_execution_view(execution).userdata;
        char id[BP_ID_TEXT_SIZE];

        bp_service_notice(service, BP_LOG_ERROR, "execution %s cannot go on: %s", bp_id_format(context->id, id),
                          strerror(-error));
        if (context->number == 0)
                bp_start_answer(service, context, &(struct bp_service_answer){.id = context->id, .result = error});
        if (service->observer.broken)
                service->observer.broken(service->observer.userdata, execution, error);
}

static void on_forgotten(void *userdata, const struct bp_execution *execution) {
        struct bp_service *service = userdata;
        struct bp_context *context = bp_execution_view(execution).userdata;

        bp_journal_settle(service);
        if (context->number == 0)
                bp_contexts_forget(&service->contexts, context);
        else
                bp_service_rebuild(service, context);
}

static void show_load(const struct bp_service *service, int64_t held_us) {
        struct bp_runtime_load load;

        if (!service->metrics)
                return;
        load = bp_runtime_load(service->runtime);
        bp_metrics_observe(service->metrics, BP_HISTOGRAM_LOOP_LAG, NULL, NULL, NULL, (double)held_us / 1e6);
        bp_metrics_set(service->metrics, BP_METRIC_WORKERS_BUSY, load.busy);
        bp_metrics_set(service->metrics, BP_METRIC_WORKERS_QUEUED, load.queued);
        bp_metrics_set(service->metrics, BP_METRIC_EVENTS_WAITING, (int64_t)load.early);
}

static void on_turn(void *userdata, int64_t held_us) {
        struct bp_service *service = userdata;

        bp_journal_settle(service);
        if (service->told.logged) {
                service->told.logged = false;
                bp_store_commit(service->store, service->told.last_ticket);
        }
        bp_events_expire(service);
        show_load(service, held_us);
        bp_metrics_set(service->metrics, BP_METRIC_ACTIVE_EXECUTIONS, (int64_t)bp_service_active(service));
}

struct bp_observer bp_service_observer(struct bp_service *service) {
        return (struct bp_observer){.records = on_records,
                                    .log = on_log,
                                    .ended = on_ended,
                                    .broken = on_broken,
                                    .forgotten = on_forgotten,
                                    .turn = on_turn,
                                    .userdata = service};
}
