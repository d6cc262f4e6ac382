/* SPDX-License-Identifier: Apache-2.0 */
#include "api/history.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/execution_json.h"
#include "api/json.h"
#include "api/private.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "pipeline/definition.h"
#include "service/service.h"

/* ---------------------------------------------------------------------------------------------------------------
 * Rebuilding
 */

static int make_execution(const struct bp_execution_row *row, struct bp_api_history *history) {
        static const struct bp_json_limits limits = {.depth = BP_VALUE_DEPTH_MAX, .size_bytes = BP_API_ANSWER_BYTES};
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_value params = bp_value_empty_object;
        int r = 0;

        if (!arena)
                return -ENOMEM;
        if (row->params.text)
                r = bp_json_parse(arena, row->params.text, row->params.size, &limits, &params, NULL);
        if (r)
                return r < 0 ? r : -EBADMSG;
        return bp_execution_new(
                &(struct bp_execution_start){.id = row->id, .definition = history->definition, .params = &params}, NULL,
                &history->execution);
}

int bp_api_history_open(struct bp_api *api, const struct bp_execution_row *row, struct bp_api_history *ret_history) {
        struct bp_api_history history = {.eta_seconds = -1};
        int r;

        r = bp_service_row_definition(api->settings.service, row, &history.definition);
        if (r)
                return r;
        r = make_execution(row, &history);
        if (r)
                bp_definition_unref(history.definition);
        else
                *ret_history = history;
        return r;
}

void bp_api_history_done(struct bp_api_history *history) {
        history->execution = bp_execution_free(history->execution);
        history->definition = bp_definition_unref(history->definition);
}

int bp_api_history_apply(struct bp_api_history *history, const struct bp_record *record) {
        double percent;
        int r = bp_execution_apply(history->execution, record);

        if (r)
                return r;
        percent = bp_execution_progress(history->execution, record->at, &history->eta_seconds);
        if (record->type == BP_RECORD_EXECUTION_ENDED) {
                history->percent = record->execution_state == BP_EXECUTION_COMPLETED ? 100.0 : 0.0;
                history->eta_seconds = 0;
        } else if (percent > history->percent) {
                history->percent = percent;
        }
        return 0;
}

struct bp_api_event bp_api_history_event(const struct bp_api_history *history, const struct bp_record *record) {
        return (struct bp_api_event){
                .execution = bp_execution_view(history->execution).id,
                .definition = history->definition,
                .record = record,
                .after = history->execution,
                .percent = history->percent,
                .eta_seconds = history->eta_seconds,
        };
}

/* ---------------------------------------------------------------------------------------------------------------
 * Types
 */

const char *const bp_api_event_types[] = {
        "workflow_progress",
        "step_completed",
        "eta_update",
        "workflow_completed",
        "execution_started",
        "execution_paused",
        "execution_resumed",
        "cancel_requested",
        "execution_ended",
        "step_reused",
        "step_started",
        "step_waiting",
        "step_retrying",
        "step_progress",
        "step_ended",
        "cleanup_started",
        "cleanup_ended",
        "late",
        NULL,
};

const char *bp_api_event_type(const struct bp_record *record) {
        if (record->type == BP_RECORD_EXECUTION_ENDED)
                return "workflow_completed";
        if (record->type == BP_RECORD_STEP_ENDED && record->step_state == BP_STEP_COMPLETED)
                return "step_completed";
        if (record->type == BP_RECORD_STEP_PROGRESS)
                return record->eta_minutes >= 0 ? "eta_update" : "workflow_progress";
        return bp_record_type_name(record->type);
}

bool bp_api_event_is(const struct bp_record *record, const char *type) {
        return !type || strcmp(type, bp_api_event_type(record)) == 0 ||
               strcmp(type, bp_record_type_name(record->type)) == 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Writing
 */

static const struct bp_step_definition *step_of(const struct bp_api_event *event) {
        uint32_t step = event->record->step;

        return step < event->definition->n_steps ? &event->definition->steps[step] : NULL;
}

/* What the record made of its step; NULL: it says nothing of its state. */
static const char *step_word(const struct bp_record *record) {
        switch (record->type) {
        case BP_RECORD_STEP_REUSED:
                return bp_api_step_word(BP_STEP_COMPLETED);
        case BP_RECORD_STEP_STARTED:
        case BP_RECORD_STEP_PROGRESS:
                return bp_api_step_word(BP_STEP_RUNNING);
        case BP_RECORD_STEP_WAITING:
                return bp_api_step_word(BP_STEP_WAITING);
        case BP_RECORD_STEP_RETRYING:
                return bp_api_step_word(BP_STEP_RETRYING);
        case BP_RECORD_STEP_ENDED:
                return bp_api_step_word(record->step_state);
        default:
                return NULL;
        }
}

/* What the record made of the execution. */
static const char *execution_word(const struct bp_record *record) {
        switch (record->type) {
        case BP_RECORD_EXECUTION_STARTED:
        case BP_RECORD_EXECUTION_RESUMED:
                return bp_execution_state_name(BP_EXECUTION_RUNNING);
        case BP_RECORD_EXECUTION_PAUSED:
                return bp_execution_state_name(BP_EXECUTION_PAUSED);
        case BP_RECORD_EXECUTION_ENDED:
                return bp_execution_state_name(record->execution_state);
        default:
                return NULL;
        }
}

static void write_description(struct bp_writer *object, const struct bp_api_event *event,
                              const struct bp_step_definition *step) {
        static const char *const words[] = {
                [BP_RECORD_STEP_REUSED] = "Taken over",      [BP_RECORD_STEP_STARTED] = "Started",
                [BP_RECORD_STEP_WAITING] = "Waiting",        [BP_RECORD_STEP_RETRYING] = "Retrying",
                [BP_RECORD_STEP_PROGRESS] = "Running",       [BP_RECORD_STEP_ENDED] = "Ended",
                [BP_RECORD_CLEANUP_STARTED] = "Cleaning up", [BP_RECORD_CLEANUP_ENDED] = "Cleaned up",
        };
        const struct bp_record *record = event->record;
        const char *word = (size_t)record->type < sizeof(words) / sizeof(words[0]) ? words[record->type] : NULL;
        char text[512];

        if (!step || !word) {
                bp_writer_text(object, "current_step_desc", NULL);
                return;
        }
        if (record->type == BP_RECORD_STEP_ENDED)
                word = record->step_state == BP_STEP_COMPLETED ? "Completed" : bp_api_step_word(record->step_state);
        if (snprintf(text, sizeof(text), "%s: %s", word, step->name) < (int)sizeof(text))
                bp_writer_text(object, "current_step_desc", text);
        else
                bp_writer_text(object, "current_step_desc", step->name);
}

static void write_duration(struct bp_writer *details, const struct bp_api_event *event) {
        struct bp_step_view step;

        if (event->record->type != BP_RECORD_STEP_ENDED)
                return;
        if (!event->after) {
                bp_writer_text(details, "duration_seconds", NULL);
                return;
        }
        step = bp_execution_step(event->after, event->record->step);
        if (step.started_at.us && step.ended_at.us)
                bp_writer_float(details, "duration_seconds", (double)(step.ended_at.us - step.started_at.us) / 1e6);
        else
                bp_writer_text(details, "duration_seconds", NULL);
}

static void write_step_details(struct bp_writer *details, const struct bp_api_event *event,
                               const struct bp_step_definition *step) {
        const struct bp_record *record = event->record;

        bp_writer_text(details, "step_id", step->id);
        bp_writer_text(details, "step_name", step->name);
        bp_writer_count(details, "attempt", record->attempt);
        write_duration(details, event);
        if (record->type == BP_RECORD_STEP_WAITING)
                bp_writer_text(details, "external_id", record->external_id);
        if (record->type == BP_RECORD_STEP_PROGRESS && record->percent >= 0)
                bp_api_write_percent(details, "step_progress", record->percent);
        if (record->type == BP_RECORD_STEP_PROGRESS && record->eta_minutes >= 0)
                bp_writer_float(details, "eta_minutes", record->eta_minutes);
        if (record->deadline.us)
                bp_api_write_time(details, "deadline", record->deadline);
}

static void write_details(struct bp_writer *object, const struct bp_api_event *event,
                          const struct bp_step_definition *step, struct bp_arena *arena) {
        const struct bp_record *record = event->record;
        struct bp_writer details = bp_writer_open(bp_writer_key(object, "event_details"), '{');

        if (step)
                write_step_details(&details, event, step);
        if (record->type == BP_RECORD_EXECUTION_ENDED) {
                bp_writer_bool(&details, "success", record->execution_state == BP_EXECUTION_COMPLETED);
                bp_api_write_time(&details, "completed_at", record->at);
        }
        if (record->type == BP_RECORD_CANCEL_REQUESTED)
                bp_api_write_safe_text(&details, "reason", record->message, arena);
        bp_writer_text_if_any(&details, "code", record->code);
        if (record->message)
                bp_api_write_safe_text(&details, "message", record->message, arena);
        bp_strbuf_add_char(object->buffer, '}');
}

static struct bp_id id_of(const struct bp_api_event *event) {
        char id[BP_ID_TEXT_SIZE], name[BP_ID_TEXT_SIZE + 32];
        int size = snprintf(name, sizeof(name), "%s/event/%llu", bp_id_format(event->execution, id),
                            (unsigned long long)event->record->sequence);

        return bp_id_derive(name, (size_t)size);
}

static void write_progress(struct bp_writer *object, const struct bp_api_event *event) {
        if (event->percent >= 0)
                bp_api_write_percent(object, "progress_percentage", event->percent);
        else
                bp_writer_text(object, "progress_percentage", NULL);
        if (event->eta_seconds >= 0)
                bp_writer_count(object, "eta_seconds", (uint64_t)event->eta_seconds);
        else
                bp_writer_text(object, "eta_seconds", NULL);
}

void bp_api_write_event(struct bp_strbuf *buffer, const struct bp_api_event *event, struct bp_arena *arena) {
        const struct bp_step_definition *step = step_of(event);
        const struct bp_record *record = event->record;
        struct bp_writer object = bp_writer_open(buffer, '{');

        bp_api_write_id(&object, "id", id_of(event));
        bp_api_write_id(&object, "execution_id", event->execution);
        bp_writer_text(&object, "event_type", bp_api_event_type(record));
        bp_writer_text(&object, "record", bp_record_type_name(record->type));
        write_progress(&object, event);
        write_description(&object, event, step);
        write_details(&object, event, step, arena);
        bp_api_write_time(&object, "timestamp", record->at);
        bp_writer_count(&object, "sequence_number", record->sequence);
        bp_api_write_time(&object, "created_at", record->at);
        bp_writer_text(&object, "step_id", step ? step->id : NULL);
        bp_writer_text(&object, "step_status", step_word(record));
        bp_writer_text(&object, "execution_status", execution_word(record));
        bp_strbuf_add_char(buffer, '}');
}
