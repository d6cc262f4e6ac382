/* SPDX-License-Identifier: Apache-2.0 */
/* Steps as the API shows them. */
#include <stdio.h>
#include <string.h>

#include "api/execution_json.h"
#include "api/json.h"
#include "base/strbuf.h"
#include "pipeline/definition.h"
#include "registry/registry.h"

const char *bp_api_step_word(enum bp_step_state state) {
        return bp_step_state_name(state == BP_STEP_WAITING ? BP_STEP_RUNNING : state);
}

static struct bp_id id_of(struct bp_id execution, uint32_t number) {
        char id[BP_ID_TEXT_SIZE], name[BP_ID_TEXT_SIZE + 16];
        int size = snprintf(name, sizeof(name), "%s/step/%u", bp_id_format(execution, id), number);

        return bp_id_derive(name, (size_t)size);
}

static double percent_of(const struct bp_step_view *step) {
        if (step->state == BP_STEP_COMPLETED || step->state == BP_STEP_SKIPPED)
                return 100.0;
        return step->percent > 0.0 ? step->percent : 0.0;
}

/* Grows with every attempt and every end. */
static uint32_t version_of(const struct bp_step_view *step) {
        return 1 + step->attempt + (step->ended_at.us ? 1 : 0);
}

static uint32_t retries_of(const struct bp_step_view *step) {
        return step->attempt > 1 ? step->attempt - 1 : 0;
}

/* The original keeps the kind of handler for steps that events may end. */
static const char *handler_of(const struct bp_step_definition *definition) {
        const struct bp_action_entry *entry = definition->entry;

        return entry && bp_action_entry_meta(entry)->execution_mode == BP_EVENT_DRIVEN ? definition->action : NULL;
}

static void write_outputs(struct bp_writer *object, const struct bp_step_view *step, struct bp_arena *arena) {
        if (step->state == BP_STEP_COMPLETED || step->outputs.count)
                bp_api_write_safe_value(object, "outputs", &step->outputs, arena);
        else
                bp_writer_text(object, "outputs", NULL);
}

static struct bp_wall updated_at(const struct bp_execution_row *row, const struct bp_step_view *step) {
        if (step->ended_at.us)
                return step->ended_at;
        return step->started_at.us ? step->started_at : row->created_at;
}

static void write_times(struct bp_writer *object, const struct bp_execution_row *row, const struct bp_step_view *step) {
        bool awaits = step->state == BP_STEP_WAITING;

        bp_api_write_time(object, "start_time", step->started_at);
        bp_api_write_time(object, "end_time", step->ended_at);
        bp_api_write_time(object, "timeout_at", awaits ? step->deadline : (struct bp_wall){0});
        bp_api_write_time(object, "created_at", row->created_at);
        bp_api_write_time(object, "updated_at", updated_at(row, step));
}

static void write_step(struct bp_strbuf *buffer, const struct bp_execution_row *row,
                       const struct bp_step_definition *definition, const struct bp_step_view *step,
                       struct bp_arena *arena) {
        struct bp_writer object = bp_writer_open(buffer, '{');

        bp_api_write_id(&object, "id", id_of(row->id, definition->index));
        bp_api_write_id(&object, "execution_id", row->id);
        bp_writer_count(&object, "version", version_of(step));
        bp_writer_text(&object, "step_id", definition->id);
        bp_writer_text(&object, "step_name", definition->name);
        bp_writer_text(&object, "status", bp_api_step_word(step->state));
        write_times(&object, row, step);
        bp_api_write_percent(&object, "progress_percentage", percent_of(step));
        write_outputs(&object, step, arena);
        bp_api_write_safe_text(&object, "error_message", step->message, arena);
        bp_writer_count(&object, "retry_count", retries_of(step));
        bp_writer_count(&object, "sequence_number", definition->index + 1);
        bp_writer_bool(&object, "awaiting_event", step->state == BP_STEP_WAITING);
        bp_writer_text(&object, "external_workflow_id", step->external_id);
        bp_writer_text(&object, "handler_type", handler_of(definition));
        bp_writer_text(&object, "action", definition->action);
        bp_writer_text(&object, "error_code", step->code);
        bp_writer_bool(&object, "reused", step->reused);
        bp_strbuf_add_char(buffer, '}');
}

void bp_api_write_steps(struct bp_writer *object, const struct bp_execution_row *row,
                        const struct bp_execution *execution, struct bp_arena *arena) {
        const struct bp_definition *definition = bp_execution_view(execution).definition;
        struct bp_writer list = bp_writer_open(bp_writer_key(object, "steps"), '[');

        for (uint32_t i = 0; i < definition->n_steps; i++) {
                struct bp_step_view step = bp_execution_step(execution, i);

                bp_writer_next(&list);
                write_step(list.buffer, row, &definition->steps[i], &step, arena);
        }
        bp_strbuf_add_char(list.buffer, ']');
}
