/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The original's types, and those it lacked: a step that was skipped, cancelled, or is tried again, and an execution
 * that pauses. Each type is a function that fills in what it says; a table says which record becomes which.
 */
#include "envelope/told.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "envelope/track.h"
#include "pipeline/definition.h"
#include "sanitize/sanitize.h"

/* clang-format off */
enum told_type {
        STEP_STARTED, STEP_COMPLETED, STEP_FAILED, STEP_SKIPPED, STEP_CANCELLED, STEP_RETRYING, WORKFLOW_PROGRESS,
        ETA_UPDATE, WORKFLOW_PAUSED, WORKFLOW_RESUMED, WORKFLOW_COMPLETED, WORKFLOW_FAILED, N_TYPES,
};

static const struct bp_told_words words[N_TYPES] = {
        [STEP_STARTED]       = {"step_started",       NULL,       "STARTED"},
        [STEP_COMPLETED]     = {"step_completed",     NULL,       "COMPLETED"},
        [STEP_FAILED]        = {"step_failed",        NULL,       "FAILED"},
        [STEP_SKIPPED]       = {"step_skipped",       NULL,       "SKIPPED"},
        [STEP_CANCELLED]     = {"step_cancelled",     NULL,       "CANCELLED"},
        [STEP_RETRYING]      = {"step_retrying",      NULL,       "RETRYING"},
        [WORKFLOW_PROGRESS]  = {"workflow_progress",  "progress", "RUNNING"},
        [ETA_UPDATE]         = {"eta_update",         "eta",      "RUNNING"},
        [WORKFLOW_PAUSED]    = {"workflow_paused",    NULL,       "PAUSED"},
        [WORKFLOW_RESUMED]   = {"workflow_resumed",   NULL,       "RUNNING"},
        [WORKFLOW_COMPLETED] = {"workflow_completed", "results",  "COMPLETED"},
        [WORKFLOW_FAILED]    = {"workflow_failed",    "results",  "FAILED"},
};

const char *const bp_told_types[] = {
        "step_started", "step_completed", "step_failed", "step_skipped", "step_cancelled", "step_retrying",
        "workflow_progress", "eta_update", "workflow_paused", "workflow_resumed", "workflow_completed",
        "workflow_failed", NULL,
};
/* clang-format on */

/* What an event is made from. */
struct making {
        const struct bp_track *track;
        const struct bp_record *record;
        struct bp_arena *arena;
        const struct bp_step_definition *step; /* of the record, or NULL */
        struct bp_object_builder data, result;
        struct bp_value message;
};

/* ---------------------------------------------------------------------------------------------------------------
 * Values
 */

static struct bp_value text(const char *text) {
        return text ? bp_value_text_borrow(text, strlen(text)) : bp_value_null;
}

struct bp_value bp_told_time(struct bp_wall time, struct bp_arena *arena) {
        char buffer[BP_WALL_TEXT_SIZE];
        struct bp_value value = bp_value_null;

        if (time.us == 0 || bp_value_text_z(arena, bp_wall_format(time, buffer), &value))
                return bp_value_null;
        return value;
}

static void set(struct making *making, const char *name, struct bp_value value) {
        bp_object_set_z(&making->data, name, value);
}

static void set_time(struct making *making, const char *name, struct bp_wall time) {
        set(making, name, bp_told_time(time, making->arena));
}

/* In data and in the notification's result. */
static void set_both(struct making *making, const char *name, struct bp_value value) {
        set(making, name, value);
        bp_object_set_z(&making->result, name, value);
}

/* A text of an action or a caller. A failure sticks in the data. */
static struct bp_value safe(struct making *making, const char *text) {
        const char *clean;
        size_t size;

        if (!text)
                return bp_value_null;
        if (bp_sanitize_text(making->arena, text, strlen(text), &clean, &size)) {
                making->data.error = -ENOMEM;
                return bp_value_null;
        }
        return bp_value_text_borrow(clean, size);
}

__attribute__((format(printf, 2, 3))) static void say(struct making *making, const char *format, ...) {
        char buffer[512];
        va_list arguments;
        int r;

        va_start(arguments, format);
        vsnprintf(buffer, sizeof(buffer), format, arguments);
        va_end(arguments);
        bp_utf8_mend(buffer, strlen(buffer)); /* a long name may have been cut within a letter */
        r = bp_value_text_z(making->arena, buffer, &making->message);
        if (r)
                making->data.error = r;
}

static double progress(const struct making *making) {
        int64_t eta_seconds;

        return bp_track_progress(making->track, &eta_seconds);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Steps
 */

static void begin_step(struct making *making) {
        set(making, "step_id", text(making->step->id));
        set(making, "step_name", text(making->step->name));
}

/* Name of a step in a message: names may be longer than messages. */
#define NAME(making) 200, (making)->step->name

static void tell_step_started(struct making *making) {
        begin_step(making);
        set_both(making, "sequence_number", bp_value_int((int64_t)making->record->step + 1));
        set_time(making, "started_at", making->record->at);
        say(making, "Step %.*s started", NAME(making));
}

static struct bp_value duration(const struct making *making) {
        const struct bp_tracked_step *step = &making->track->steps[making->record->step];

        if (!step->started_at.us || !step->ended_at.us)
                return bp_value_null;
        return bp_value_float((double)(step->ended_at.us - step->started_at.us) / 1e6);
}

static void tell_step_completed(struct making *making) {
        begin_step(making);
        set_both(making, "progress_percentage", bp_value_float(progress(making)));
        set_both(making, "duration_seconds", duration(making));
        bp_object_set_z(&making->result, "sequence_number", bp_value_int((int64_t)making->record->step + 1));
        set_time(making, "completed_at", making->record->at);
        if (making->record->type == BP_RECORD_STEP_REUSED)
                set_both(making, "reused", bp_value_true);
        say(making, "Step %.*s completed", NAME(making));
}

static void set_failure(struct making *making, const char *fallback) {
        making->message = safe(making, making->record->message);
        if (making->message.type != BP_STRING)
                say(making, "Step %.*s %s", NAME(making), fallback);
        set(making, "error_message", making->message);
        set(making, "error_code", text(making->record->code));
}

static void tell_step_failed(struct making *making) {
        begin_step(making);
        set_failure(making, "failed");
        set_time(making, "failed_at", making->record->at);
}

static void tell_step_cancelled(struct making *making) {
        begin_step(making);
        set_failure(making, "was cancelled");
        set_time(making, "cancelled_at", making->record->at);
}

static void tell_step_skipped(struct making *making) {
        begin_step(making);
        making->message = safe(making, making->record->message);
        set(making, "reason", making->message);
        set_time(making, "skipped_at", making->record->at);
        if (making->message.type != BP_STRING)
                say(making, "Step %.*s skipped", NAME(making));
}

static void tell_step_retrying(struct making *making) {
        begin_step(making);
        set_failure(making, "is tried again");
        set_both(making, "attempt", bp_value_int(making->record->attempt));
        set_time(making, "retry_at", making->record->deadline);
}

/* ---------------------------------------------------------------------------------------------------------------
 * The execution
 */

static void tell_workflow_progress(struct making *making) {
        int64_t eta_seconds;
        double percent = bp_track_progress(making->track, &eta_seconds);

        set(making, "progress_percentage", bp_value_float(percent));
        set(making, "eta_seconds", eta_seconds >= 0 ? bp_value_int(eta_seconds) : bp_value_null);
        set(making, "current_step", text(bp_track_current_step(making->track)));
        say(making, "Progress: %.15g%%", percent);
}

static void tell_eta_update(struct making *making) {
        double minutes = making->record->eta_minutes;
        bool is_whole = minutes == (double)(int64_t)minutes;

        set(making, "eta_minutes", is_whole ? bp_value_int((int64_t)minutes) : bp_value_float(minutes));
        set(making, "progress_percentage", bp_value_float(progress(making)));
        set_time(making, "updated_at", making->record->at);
        say(making, "%.15g", minutes);
}

static void tell_pause(struct making *making) {
        set(making, "progress_percentage", bp_value_float(progress(making)));
        set_time(making, "updated_at", making->record->at);
        say(making, making->record->type == BP_RECORD_EXECUTION_PAUSED ? "Pipeline execution paused"
                                                                       : "Pipeline execution resumed");
}

static void tell_end(struct making *making) {
        const struct bp_record *record = making->record;
        bool success = record->execution_state == BP_EXECUTION_COMPLETED;
        struct bp_value outputs = bp_value_empty_object;

        if (record->data.type == BP_OBJECT && bp_sanitize(making->arena, &record->data, &outputs))
                making->data.error = -ENOMEM;
        making->message = safe(making, record->message);
        if (making->message.type != BP_STRING)
                say(making, "Pipeline execution %s", success ? "completed successfully" : "failed");
        set_both(making, "success", bp_value_bool(success));
        set(making, "outputs", outputs);
        if (outputs.count)
                bp_object_set_z(&making->result, "outputs", outputs);
        set(making, "message", making->message);
        set_time(making, "completed_at", record->at);
        set(making, "status", text(bp_execution_state_name(record->execution_state)));
        set(making, "error_code", text(record->code));
}

static void (*const tellers[N_TYPES])(struct making *) = {
        [STEP_STARTED] = tell_step_started,
        [STEP_COMPLETED] = tell_step_completed,
        [STEP_FAILED] = tell_step_failed,
        [STEP_SKIPPED] = tell_step_skipped,
        [STEP_CANCELLED] = tell_step_cancelled,
        [STEP_RETRYING] = tell_step_retrying,
        [WORKFLOW_PROGRESS] = tell_workflow_progress,
        [ETA_UPDATE] = tell_eta_update,
        [WORKFLOW_PAUSED] = tell_pause,
        [WORKFLOW_RESUMED] = tell_pause,
        [WORKFLOW_COMPLETED] = tell_end,
        [WORKFLOW_FAILED] = tell_end,
};

/* ---------------------------------------------------------------------------------------------------------------
 * Which
 */

static enum told_type type_of_end(enum bp_step_state state) {
        switch (state) {
        case BP_STEP_COMPLETED:
                return STEP_COMPLETED;
        case BP_STEP_SKIPPED:
                return STEP_SKIPPED;
        case BP_STEP_CANCELLED:
                return STEP_CANCELLED;
        default:
                return STEP_FAILED;
        }
}

/* N_TYPES: nothing is told. */
static enum told_type type_of(const struct bp_record *record) {
        switch (record->type) {
        case BP_RECORD_EXECUTION_PAUSED:
                return WORKFLOW_PAUSED;
        case BP_RECORD_EXECUTION_RESUMED:
                return WORKFLOW_RESUMED;
        case BP_RECORD_EXECUTION_ENDED:
                return record->execution_state == BP_EXECUTION_COMPLETED ? WORKFLOW_COMPLETED : WORKFLOW_FAILED;
        case BP_RECORD_STEP_REUSED:
                return STEP_COMPLETED;
        case BP_RECORD_STEP_STARTED:
                return record->attempt == 1 ? STEP_STARTED : N_TYPES; /* the others are announced by step_retrying */
        case BP_RECORD_STEP_RETRYING:
                return STEP_RETRYING;
        case BP_RECORD_STEP_PROGRESS:
                return record->eta_minutes >= 0.0 ? ETA_UPDATE : WORKFLOW_PROGRESS;
        case BP_RECORD_STEP_ENDED:
                return type_of_end(record->step_state);
        default:
                return N_TYPES;
        }
}

/* Where an event ended a step, the original told the execution's progress behind it. */
static bool is_followed_by_progress(const struct bp_track *track, const struct bp_record *record) {
        return record->type == BP_RECORD_STEP_ENDED && track->steps[record->step].awaited;
}

static int make(const struct bp_track *track, const struct bp_record *record, enum told_type type,
                struct bp_arena *arena, struct bp_told *ret_told) {
        bool of_step = record->step < track->definition->n_steps;
        struct making making = {.track = track,
                                .record = record,
                                .arena = arena,
                                .step = of_step ? &track->definition->steps[record->step] : NULL,
                                .message = bp_value_null};
        struct bp_told told = {.words = &words[type], .result = bp_value_null};
        int r;

        bp_object_init(&making.data, arena);
        bp_object_init(&making.result, arena);
        tellers[type](&making);
        told.message = making.message;
        told.step = type <= STEP_RETRYING ? making.step : NULL;
        r = bp_object_finish(&making.data, &told.data);
        if (!r && making.result.count)
                r = bp_object_finish(&making.result, &told.result);
        if (!r)
                *ret_told = told;
        return r;
}

int bp_told_of(const struct bp_track *track, const struct bp_record *record, struct bp_arena *arena,
               struct bp_told ret_told[BP_TOLD_MAX], size_t *ret_n_told) {
        enum told_type type = type_of(record);
        size_t n = 0;
        int r = 0;

        if (type != N_TYPES && (type > STEP_RETRYING || record->step < track->definition->n_steps))
                r = make(track, record, type, arena, &ret_told[n++]);
        if (!r && n && is_followed_by_progress(track, record))
                r = make(track, record, WORKFLOW_PROGRESS, arena, &ret_told[n++]);
        if (!r)
                *ret_n_told = n;
        return r;
}
