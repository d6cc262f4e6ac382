/* SPDX-License-Identifier: Apache-2.0 */
#include "api/event_json.h"

#include <string.h>

#include "api/json.h"

/* By enum bp_inbox_state, less one. */
const char *const bp_api_event_states[] = {"waiting", "handled", "late", "expired", "dropped", "unroutable", NULL};

static const char *const effects[] = {
        [BP_INBOX_COMPLETED] = "completed",
        [BP_INBOX_PROGRESS] = "progress",
        [BP_INBOX_IGNORED] = "ignored",
};

uint32_t bp_api_event_state_bit(const char *word) {
        for (uint32_t i = 0; bp_api_event_states[i]; i++)
                if (strcmp(word, bp_api_event_states[i]) == 0)
                        return 1u << (i + 1);
        return 0;
}

bool bp_api_event_is_routed(const struct bp_service_event_answer *answer) {
        return answer->state == BP_INBOX_HANDLED;
}

bool bp_api_event_completed_step(const struct bp_service_event_answer *answer) {
        return answer->state == BP_INBOX_HANDLED && answer->effect == BP_INBOX_COMPLETED;
}

void bp_api_write_event_answer(struct bp_writer *object, const struct bp_service_event_answer *answer) {
        bp_api_write_id(object, "id", answer->id);
        bp_writer_text(object, "state", bp_api_event_states[answer->state - 1]);
        bp_writer_text(object, "effect", effects[answer->effect]);
        bp_writer_bool(object, "duplicate", answer->is_duplicate);
        bp_api_write_id_if(object, "execution_id", answer->has_execution, answer->execution);
        bp_writer_text(object, "step_id", answer->step);
}

void bp_api_write_event_result(struct bp_writer *object, const struct bp_service_event_answer *answer) {
        bp_writer_text(object, "status", "SUCCESS");
        bp_writer_bool(object, "routed", bp_api_event_is_routed(answer));
        bp_writer_bool(object, "step_completed", bp_api_event_completed_step(answer));
        bp_api_write_event_answer(object, answer);
}

void bp_api_write_event_row(struct bp_writer *object, const struct bp_event_row *row, bool with_data,
                            struct bp_arena *arena) {
        bp_api_write_id(object, "id", row->id);
        bp_writer_text(object, "source", row->source);
        bp_writer_text(object, "event_id", row->event_id);
        bp_writer_text(object, "type", row->type);
        bp_writer_text(object, "workflow_id", row->correlation);
        bp_writer_text(object, "state", bp_api_event_states[row->state - 1]);
        bp_writer_text(object, "effect", effects[row->effect]);
        bp_api_write_time(object, "received_at", row->arrived_at);
        bp_api_write_time(object, "settled_at", row->settled_at);
        bp_api_write_id_if(object, "execution_id", row->has_execution, row->execution);
        bp_writer_text(object, "step_id", row->step);
        bp_writer_count(object, "size_bytes", row->size);
        if (with_data)
                bp_api_write_safe_json(object, "data", row->body, arena);
}
