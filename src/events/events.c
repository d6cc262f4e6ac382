/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Four forms: a batch and a structured CloudEvent say so in their content type and must be complete; a binary one has
 * its attributes in headers; anything else is a JSON object, which may be a CloudEvent without saying so (as Dapr's
 * envelope) or a plain body. Only what has `specversion` is identified by `source` and `id`: in a plain body these are
 * names that anybody may use for something else.
 */
#include "events/events.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "events/encoding.h"

#define BYTES_MAX ((size_t)64 << 20) /* of an event written as JSON */

struct reading {
        struct bp_arena *arena;
        const struct bp_events_message *message;
        struct bp_json_limits limits;
        struct bp_problem *problem;
};

/* The text of a member; NULL: it is absent, empty, or no text. */
static const char *text_of(const struct bp_value *object, const char *name) {
        const struct bp_value *value = bp_value_get(object, name);

        return value && value->type == BP_STRING && value->count ? value->as.text : NULL;
}

/* ---------------------------------------------------------------------------------------------------------------
 * What identifies an event
 */

static int identify_by(struct reading *reading, const char *kind, const char *first, const char *second,
                       struct bp_id *ret_identity) {
        struct bp_strbuf text;

        bp_strbuf_init(&text, reading->arena, BYTES_MAX);
        bp_strbuf_add(&text, kind, strlen(kind) + 1);
        bp_strbuf_add(&text, first, strlen(first) + 1);
        bp_strbuf_add_text(&text, second);
        if (text.error)
                return text.error;
        *ret_identity = bp_id_derive(bp_strbuf_text(&text), text.size);
        return 0;
}

static int identify_by_body(struct reading *reading, const struct bp_value *body, struct bp_id *ret_identity) {
        struct bp_strbuf text;

        bp_strbuf_init(&text, reading->arena, BYTES_MAX);
        bp_strbuf_add(&text, "body", 5);
        bp_json_write(&text, body);
        if (text.error)
                return text.error;
        *ret_identity = bp_id_derive(bp_strbuf_text(&text), text.size);
        return 0;
}

static int complete(struct reading *reading, const struct bp_value *body, bool is_cloud_event, struct bp_event *event) {
        int r = bp_event_correlation(reading->arena, &event->data, &event->correlation);

        if (r < 0)
                return r;
        if (!event->type)
                event->type = text_of(&event->data, "type");
        if (is_cloud_event && event->source && event->id)
                return identify_by(reading, "event", event->source, event->id, &event->identity);
        return identify_by_body(reading, body, &event->identity);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Data
 */

/* Data may be JSON that was sent as text. What is no JSON object stays what it was. */
static int unpack_text(struct reading *reading, const char *text, size_t size, struct bp_value *data) {
        struct bp_problem ignored;
        struct bp_value value;
        int r = bp_json_parse(reading->arena, text, size, &reading->limits, &value, &ignored);

        if (r == 0 && value.type == BP_OBJECT)
                *data = value;
        return r < 0 ? r : 0;
}

static int read_base64(struct reading *reading, const struct bp_value *text, struct bp_value *data) {
        char *bytes;
        size_t size;
        int r = text->type == BP_STRING ? bp_base64_decode(reading->arena, text->as.text, text->count, &bytes, &size)
                                        : 1;

        if (r == 1) {
                bp_problem_set(reading->problem, "EVENT_INVALID", "data_base64 is not base64");
                bp_problem_prefix(reading->problem, "data_base64");
                return BP_PROBLEM;
        }
        if (r < 0)
                return r;
        *data = *text;
        return unpack_text(reading, bytes, size, data);
}

/* Data of an envelope: `data`, `data_base64`, or the envelope itself. */
static int read_data(struct reading *reading, const struct bp_value *body, struct bp_value *ret_data) {
        const struct bp_value *data = bp_value_get(body, "data");
        const struct bp_value *encoded = bp_value_get(body, "data_base64");

        if (data && data->type != BP_NULL) {
                *ret_data = *data;
                return data->type == BP_STRING ? unpack_text(reading, data->as.text, data->count, ret_data) : 0;
        }
        if (encoded && encoded->type != BP_NULL && bp_value_get(body, "specversion"))
                return read_base64(reading, encoded, ret_data);
        *ret_data = *body;
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Forms
 */

static int demand_attributes(struct reading *reading, const struct bp_value *body) {
        static const char *const names[] = {"specversion", "id", "source", "type"};

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                if (!text_of(body, names[i])) {
                        bp_problem_set(reading->problem, "EVENT_INVALID",
                                       "a CloudEvent has a text that is not empty as `%s`", names[i]);
                        bp_problem_prefix(reading->problem, names[i]);
                        return BP_PROBLEM;
                }
        if (strncmp(text_of(body, "specversion"), "1.", 2) == 0)
                return 0;
        bp_problem_set(reading->problem, "EVENT_INVALID", "only CloudEvents of version 1 are known, not %.20s",
                       text_of(body, "specversion"));
        bp_problem_prefix(reading->problem, "specversion");
        return BP_PROBLEM;
}

static int read_object(struct reading *reading, const struct bp_value *body, bool strict, struct bp_event *event) {
        int r = 0;

        if (body->type != BP_OBJECT)
                return bp_problem_set(reading->problem, "EVENT_INVALID", "an event is a JSON object");
        if (strict)
                r = demand_attributes(reading, body);
        if (r == 0)
                r = read_data(reading, body, &event->data);
        if (r)
                return r;
        event->source = text_of(body, "source");
        event->id = text_of(body, "id");
        event->type = text_of(body, "type");
        return complete(reading, body, bp_value_get(body, "specversion") != NULL, event);
}

static int read_header(struct reading *reading, const char *name, const char **ret_text) {
        const struct bp_events_message *message = reading->message;
        const char *value = message->header ? message->header(message->userdata, name) : NULL;
        int r = 0;

        *ret_text = NULL;
        if (value && *value)
                r = bp_percent_decode(reading->arena, value, ret_text);
        if (r == 1)
                return bp_problem_set(reading->problem, "EVENT_INVALID", "the header %s is not UTF-8", name);
        if (r == 0 && !*ret_text)
                return bp_problem_set(reading->problem, "EVENT_INVALID", "a CloudEvent needs the header %s", name);
        return r;
}

static int read_binary(struct reading *reading, const struct bp_value *body, struct bp_event *event) {
        int r = read_header(reading, "ce-id", &event->id);

        if (r == 0)
                r = read_header(reading, "ce-source", &event->source);
        if (r == 0)
                r = read_header(reading, "ce-type", &event->type);
        if (r)
                return r;
        event->data = *body;
        return complete(reading, body, true, event);
}

static int read_batch(struct reading *reading, const struct bp_value *body, struct bp_event **ret_events,
                      size_t *ret_n_events) {
        const uint32_t most = reading->message->most ? reading->message->most : BP_EVENTS_BATCH;
        struct bp_event *events;

        if (body->type != BP_LIST)
                return bp_problem_set(reading->problem, "EVENT_INVALID", "a batch is a list of CloudEvents");
        if (body->count > most)
                return bp_problem_set(reading->problem, "EVENT_BATCH", "a batch has at most %u events, not %u", most,
                                      body->count);
        events = bp_arena_array(reading->arena, body->count, sizeof(*events));
        if (!events)
                return -ENOMEM;
        for (uint32_t i = 0; i < body->count; i++) {
                int r = read_object(reading, &body->as.items[i], true, &events[i]);

                if (r == BP_PROBLEM)
                        bp_problem_prefix_index(reading->problem, i);
                if (r)
                        return r;
        }
        *ret_events = events;
        *ret_n_events = body->count;
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Reading
 */

static bool is_media_type(const char *content_type, const char *media_type) {
        size_t size = strlen(media_type);

        if (!content_type)
                return false;
        content_type += strspn(content_type, " \t");
        return strncasecmp(content_type, media_type, size) == 0 &&
               (content_type[size] == '\0' || strchr("; \t", content_type[size]) != NULL);
}

static int parse(struct reading *reading, struct bp_value *ret_body) {
        struct bp_problem found;
        int r = bp_json_parse(reading->arena, reading->message->body, reading->message->size, &reading->limits,
                              ret_body, &found);

        if (r != BP_PROBLEM)
                return r;
        bp_problem_set(reading->problem, "EVENT_SYNTAX", "the body: %s", found.message);
        if (reading->problem) {
                reading->problem->line = found.line;
                reading->problem->column = found.column;
        }
        return BP_PROBLEM;
}

static bool is_binary(const struct bp_events_message *message) {
        return message->header && message->header(message->userdata, "ce-specversion");
}

bool bp_events_is_batch(const struct bp_events_message *message) {
        return is_media_type(message->content_type, "application/cloudevents-batch+json");
}

int bp_events_read(struct bp_arena *arena, const struct bp_events_message *message, struct bp_event **ret_events,
                   size_t *ret_n_events, struct bp_problem *reterr_problem) {
        const char *content_type = message->content_type;
        struct reading reading = {.arena = arena,
                                  .message = message,
                                  .limits = {.depth = message->depth, .size_bytes = message->size + 1},
                                  .problem = reterr_problem};
        struct bp_event *event;
        struct bp_value body;
        int r = parse(&reading, &body);

        if (r)
                return r;
        if (bp_events_is_batch(message))
                return read_batch(&reading, &body, ret_events, ret_n_events);
        event = bp_arena_alloc(arena, sizeof(*event));
        if (!event)
                return -ENOMEM;
        if (is_media_type(content_type, "application/cloudevents+json"))
                r = read_object(&reading, &body, true, event);
        else if (is_binary(message))
                r = read_binary(&reading, &body, event);
        else
                r = read_object(&reading, &body, false, event);
        if (r)
                return r;
        *ret_events = event;
        *ret_n_events = 1;
        return 0;
}
