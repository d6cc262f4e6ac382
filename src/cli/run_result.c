/* SPDX-License-Identifier: Apache-2.0 */
/* The result of an execution as JSON, as batch forms answer it and `run --format json` prints it. */
#include "cli/run_result.h"

#include <string.h>

#include "base/json.h"
#include "cli/command.h"
#include "cli/run_words.h"
#include "pipeline/definition.h"

void bp_run_result_init(struct bp_run_result *result) {
        *result = (struct bp_run_result){0};
        bp_strbuf_init(&result->json, NULL, SIZE_MAX);
        bp_strbuf_init(&result->outputs, NULL, SIZE_MAX);
        bp_strbuf_init(&result->error, NULL, SIZE_MAX);
        bp_strbuf_init(&result->sleeps, NULL, SIZE_MAX);
}

void bp_run_result_clear(struct bp_run_result *result) {
        bp_strbuf_clear(&result->json);
        bp_strbuf_clear(&result->outputs);
        bp_strbuf_clear(&result->error);
        bp_strbuf_clear(&result->sleeps);
        memset(result->n_steps_in, 0, sizeof(result->n_steps_in));
        result->state = 0;
}

void bp_run_result_done(struct bp_run_result *result) {
        bp_strbuf_done(&result->json);
        bp_strbuf_done(&result->outputs);
        bp_strbuf_done(&result->error);
        bp_strbuf_done(&result->sleeps);
}

/* Whole seconds are written without a fraction. */
static void add_seconds(struct bp_strbuf *buffer, int64_t us) {
        struct bp_value seconds = us % 1000000 ? bp_value_float((double)us / 1000000) : bp_value_int(us / 1000000);

        if (buffer->size)
                bp_strbuf_add_char(buffer, ',');
        bp_json_write(buffer, &seconds);
}

void bp_run_result_take_records(struct bp_run_result *result, const struct bp_record *records, size_t n_records) {
        for (size_t i = 0; i < n_records; i++)
                if (records[i].type == BP_RECORD_STEP_RETRYING)
                        add_seconds(&result->sleeps, records[i].deadline.us - records[i].at.us);
}

static void add_text_or_null(struct bp_strbuf *buffer, const char *text) {
        if (text)
                bp_json_write_string(buffer, text, strlen(text));
        else
                bp_strbuf_add_text(buffer, "null");
}

/* What a step that did complete had failed with before is history, not its error. */
static void add_step_error(struct bp_strbuf *buffer, const struct bp_step_view *step) {
        if (step->state == BP_STEP_COMPLETED)
                bp_strbuf_add_text(buffer, "null");
        else if (step->error.type > BP_NULL)
                bp_json_write(buffer, &step->error);
        else
                add_text_or_null(buffer, step->message);
}

static void add_step(struct bp_strbuf *buffer, const char *id, const struct bp_step_view *step) {
        char word[BP_STATE_WORD_SIZE];

        bp_json_write_string(buffer, id, strlen(id));
        bp_strbuf_printf(buffer, ":{\"status\":\"%s\",\"outputs\":", bp_step_word(step->state, word));
        bp_json_write(buffer, step->outputs.type == BP_OBJECT ? &step->outputs : &bp_value_empty_object);
        bp_strbuf_add_text(buffer, ",\"error\":");
        add_step_error(buffer, step);
        bp_strbuf_printf(buffer, ",\"attempts\":%u}", step->attempt);
}

static void write_json(struct bp_run_result *result, const struct bp_execution_view *view,
                       const struct bp_execution *execution) {
        struct bp_strbuf *json = &result->json;
        char word[BP_STATE_WORD_SIZE];

        bp_strbuf_printf(json, "{\"status\":\"%s\",\"outputs\":", bp_execution_word(view->state, word));
        bp_json_write(json, view->outputs.type == BP_OBJECT ? &view->outputs : &bp_value_empty_object);
        bp_strbuf_add_text(json, ",\"error\":");
        add_text_or_null(json, view->state == BP_EXECUTION_COMPLETED ? NULL : view->message);
        bp_strbuf_add_text(json, ",\"steps\":{");
        for (uint32_t i = 0; i < view->definition->n_steps; i++) {
                struct bp_step_view step = bp_execution_step(execution, i);

                if (i)
                        bp_strbuf_add_char(json, ',');
                add_step(json, view->definition->steps[i].id, &step);
                result->n_steps_in[step.state]++;
        }
        bp_strbuf_printf(json, "},\"retry_sleeps\":[%s]}", bp_strbuf_text(&result->sleeps));
}

void bp_run_result_take_end(struct bp_run_result *result, const struct bp_execution *execution) {
        struct bp_execution_view view = bp_execution_view(execution);

        result->state = view.state;
        result->duration_us = view.ended_at.us - view.started_at.us;
        write_json(result, &view, execution);
        if (view.outputs.type == BP_OBJECT && view.outputs.count > 0)
                bp_json_write_pretty(&result->outputs, &view.outputs);
        if (view.state != BP_EXECUTION_COMPLETED && view.message)
                bp_strbuf_printf(&result->error, "%s%s%s", view.code ? view.code : "", view.code ? ": " : "",
                                 view.message);
}

int bp_run_result_exit(const struct bp_run_result *result) {
        if (result->state == BP_EXECUTION_COMPLETED)
                return BP_EXIT_COMPLETED;
        return result->state == BP_EXECUTION_CANCELLED ? BP_EXIT_CANCELLED : BP_EXIT_FAILED;
}
