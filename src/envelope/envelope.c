/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two forms of one event. Where a broker wraps what it is given (Dapr does), subscribers of the original saw the seed
 * form as `data` of a CloudEvent and a notification beside its attributes; that is what is published here.
 */
#include "envelope/envelope.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "engine/engine.h"
#include "envelope/told.h"
#include "pipeline/definition.h"

static struct bp_value text(const char *text) {
        return text ? bp_value_text_borrow(text, strlen(text)) : bp_value_null;
}

static struct bp_id id_of(const struct bp_envelope_facts *facts, uint64_t sequence, const char *type) {
        char id[BP_ID_TEXT_SIZE], name[BP_ID_TEXT_SIZE + BP_TOPIC_SIZE_MAX + 64];
        int size = snprintf(name, sizeof(name), "%s/told/%llu/%s/%s", bp_id_format(facts->execution, id),
                            (unsigned long long)sequence, type, facts->topic);

        return bp_id_derive(name, (size_t)size);
}

/* An id as text. A failure sticks in the object. */
static struct bp_value id_text(struct bp_object_builder *object, struct bp_id id) {
        char buffer[BP_ID_TEXT_SIZE];
        struct bp_value value = bp_value_null;
        int r = bp_value_text_z(object->arena, bp_id_format(id, buffer), &value);

        if (r)
                object->error = r;
        return value;
}

static void finish_into(struct bp_object_builder *object, const char *name, struct bp_object_builder *inner) {
        struct bp_value value = bp_value_null;
        int r = bp_object_finish(inner, &value);

        if (r)
                object->error = r;
        bp_object_set_z(object, name, value);
}

/* Attributes of the CloudEvent. */
static void set_attributes(struct bp_object_builder *event, const struct bp_envelope_facts *facts, struct bp_id id,
                           const struct bp_told *told, const struct bp_record *record) {
        bp_object_set_z(event, "specversion", text("1.0"));
        bp_object_set_z(event, "id", id_text(event, id));
        bp_object_set_z(event, "source", text(facts->source));
        bp_object_set_z(event, "type", text(told->words->type));
        bp_object_set_z(event, "time", bp_told_time(record->at, event->arena));
        bp_object_set_z(event, "datacontenttype", text("application/json"));
}

/* ---------------------------------------------------------------------------------------------------------------
 * The form of the first version
 */

static void set_seed(struct bp_object_builder *event, const struct bp_envelope_facts *facts, const struct bp_told *told,
                     const struct bp_record *record) {
        struct bp_object_builder data;

        bp_object_init(&data, event->arena);
        bp_object_set_z(&data, "type", text(told->words->type));
        bp_object_set_z(&data, "execution_id", id_text(event, facts->execution));
        bp_object_set_z(&data, "timestamp", bp_told_time(record->at, event->arena));
        bp_object_set_z(&data, "data", told->data);
        if (told->step)
                bp_object_set_z(&data, "step_id", text(told->step->id));
        finish_into(event, "data", &data);
}

/* ---------------------------------------------------------------------------------------------------------------
 * A notification
 */

static void set_content(struct bp_object_builder *payload, const struct bp_told *told) {
        struct bp_object_builder content;

        bp_object_init(&content, payload->arena);
        bp_object_set_z(&content, "title", text(told->step ? told->step->name : "Pipeline Execution"));
        bp_object_set_z(&content, "message", told->message);
        bp_object_set_z(&content, "status", text(told->words->status));
        if (told->result.type == BP_OBJECT)
                bp_object_set_z(&content, "result", told->result);
        finish_into(payload, "content", &content);
}

static void set_payload(struct bp_object_builder *event, const struct bp_envelope_facts *facts,
                        const struct bp_told *told) {
        const char *name = told->step ? told->step->id : told->words->event;
        struct bp_object_builder payload;

        bp_object_init(&payload, event->arena);
        bp_object_set_z(&payload, "category", text("internal"));
        bp_object_set_z(&payload, "type", text(facts->payload_type ? facts->payload_type : "pipeline_execution"));
        bp_object_set_z(&payload, "event", text(name ? name : told->words->type));
        bp_object_set_z(&payload, "workflow_id",
                        facts->notification_workflow_id ? text(facts->notification_workflow_id)
                                                        : id_text(event, facts->execution));
        bp_object_set_z(&payload, "source", text("budpipeline"));
        set_content(&payload, told);
        finish_into(event, "payload", &payload);
}

static void set_notification(struct bp_object_builder *event, const struct bp_envelope_facts *facts,
                             const struct bp_told *told) {
        bp_object_set_z(event, "notification_type", text("event"));
        bp_object_set_z(event, "name", text("bud-notification"));
        bp_object_set_z(event, "subscriber_ids", text(facts->subscriber_ids));
        set_payload(event, facts, told);
        bp_object_set_z(event, "source_topic", text(facts->topic));
}

/* ---------------------------------------------------------------------------------------------------------------
 * Both
 */

static int wrap(const struct bp_envelope_facts *facts, const struct bp_told *told, const struct bp_record *record,
                struct bp_arena *arena, struct bp_told_event *ret_event) {
        struct bp_told_event made = {.id = id_of(facts, record->sequence, told->words->type),
                                     .type = told->words->type};
        struct bp_object_builder event;
        int r;

        bp_object_init(&event, arena);
        set_attributes(&event, facts, made.id, told, record);
        if (facts->envelope == BP_ENVELOPE_SEED)
                set_seed(&event, facts, told, record);
        else
                set_notification(&event, facts, told);
        r = bp_object_finish(&event, &made.event);
        if (!r)
                *ret_event = made;
        return r;
}

int bp_envelope_make(const struct bp_envelope_facts *facts, const struct bp_track *track,
                     const struct bp_record *record, struct bp_arena *arena,
                     struct bp_told_event ret_events[BP_TOLD_MAX], size_t *ret_n_events) {
        struct bp_told told[BP_TOLD_MAX];
        size_t n = 0;
        int r = bp_told_of(track, record, arena, told, &n);

        for (size_t i = 0; i < n && !r; i++)
                r = wrap(facts, &told[i], record, arena, &ret_events[i]);
        if (!r)
                *ret_n_events = n;
        return r;
}
