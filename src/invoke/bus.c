/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events on their way to the bus. Headers that the request brings say what the event is called: `ce-id`, `ce-type`,
 * `ce-source` as in the binary form of CloudEvents, and `Content-Type: application/cloudevents+json` when `json` is
 * the event itself and not its data. An event without an id gets one that follows from the call, so that a repeated
 * one can be recognised.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "invoke/request.h"

static const char event_media_type[] = "application/cloudevents+json";
static const char default_type[] = "budpipeline.event";

enum { URL_BYTES_MAX = 64 << 10 };

/** What an event is called. */
struct attributes {
        const char *id, *type, *source;
};

static const char *derived_id(struct bp_arena *arena, const struct bp_invoker_caller *caller) {
        char text[BP_ID_TEXT_SIZE + 512], id[BP_ID_TEXT_SIZE];
        int size;

        if (!caller) {
                bp_id_format(bp_id_new(bp_wall_now()), id);
                return bp_arena_text(arena, id, strlen(id));
        }
        bp_id_format(caller->execution, id);
        size = snprintf(text, sizeof(text), "%s/%s/%u/%u", id, caller->step_id ? caller->step_id : "", caller->attempt,
                        caller->call);
        bp_id_format(bp_id_derive(text, (size_t)size < sizeof(text) ? (size_t)size : sizeof(text) - 1), id);
        return bp_arena_text(arena, id, strlen(id));
}

static const char *first_of(const char *first, const char *second) {
        return first && *first ? first : second;
}

static int name_event(struct bp_arena *arena, const struct bp_invoker_settings *settings,
                      const struct bp_http_request *request, const struct bp_invoker_caller *caller,
                      struct attributes *ret_attributes) {
        const struct bp_value *headers = request->headers;
        const char *id = first_of(bp_wire_header_of(headers, "ce-id"), bp_wire_header_of(headers, "Idempotency-Key"));

        *ret_attributes = (struct attributes){
                .id = id ? id : derived_id(arena, caller),
                .type = first_of(bp_wire_header_of(headers, "ce-type"), default_type),
                .source = first_of(bp_wire_header_of(headers, "ce-source"), settings->bus.source),
        };
        return ret_attributes->id ? 0 : -ENOMEM;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Envelopes
 */

static void add_missing(struct bp_object_builder *event, const char *name, const char *text) {
        if (!bp_object_has(event, name, strlen(name)))
                bp_object_set_z(event, name, bp_value_text_borrow(text, strlen(text)));
}

/* `json` is the event, or its data. What it says of itself counts. */
static int build_event(struct bp_arena *arena, const struct bp_http_request *request,
                       const struct attributes *attributes, bool is_event, const char *topic,
                       struct bp_value *ret_event) {
        char *time = bp_arena_alloc(arena, BP_WALL_TEXT_SIZE);
        struct bp_object_builder event;

        if (!time)
                return -ENOMEM;
        bp_object_init(&event, arena);
        if (is_event)
                bp_object_merge(&event, request->json);
        add_missing(&event, "specversion", "1.0");
        add_missing(&event, "id", attributes->id);
        add_missing(&event, "source", attributes->source);
        add_missing(&event, "type", attributes->type);
        add_missing(&event, "time", bp_wall_format(bp_wall_now(), time));
        if (topic)
                add_missing(&event, "topic", topic);
        if (!is_event) {
                add_missing(&event, "datacontenttype", "application/json");
                bp_object_set_z(&event, "data", request->json ? *request->json : bp_value_null);
        }
        return bp_object_finish(&event, ret_event);
}

static int write_body(struct bp_arena *arena, const struct bp_value *value, struct bp_http_request *wire) {
        struct bp_strbuf body;

        bp_strbuf_init(&body, arena, UINT32_MAX / 2);
        bp_json_write(&body, value);
        wire->body = bp_strbuf_text(&body);
        wire->body_size = body.size;
        return body.error ? -ENOMEM : 0;
}

static bool is_event(const struct bp_http_request *request) {
        const char *media_type = bp_wire_header_of(request->headers, "Content-Type");

        return media_type && strncmp(media_type, event_media_type, sizeof(event_media_type) - 1) == 0 &&
               request->json && request->json->type == BP_OBJECT;
}

/* The attributes are in the event by now, or in the URL. */
static int event_headers(struct bp_arena *arena, const struct bp_http_request *request, const char *media_type,
                         const char *token_name, const char *token, const struct bp_invoker_caller *caller,
                         const struct bp_value **ret_headers) {
        static const char *const attributes[] = {"ce-id", "ce-type", "ce-source"};
        struct bp_wire_headers headers = {.arena = arena};

        for (uint32_t i = 0; request->headers && request->headers->type == BP_OBJECT && i < request->headers->count;
             i++) {
                const struct bp_member *header = &request->headers->as.members[i];
                bool is_attribute = false;

                for (size_t k = 0; k < BP_COUNT(attributes); k++)
                        is_attribute = is_attribute || strcmp(header->key, attributes[k]) == 0;
                if (!is_attribute && header->value.type == BP_STRING)
                        bp_wire_header(&headers, header->key, header->value.as.text, false);
        }
        bp_wire_header(&headers, "Content-Type", media_type, false);
        if (token)
                bp_wire_header(&headers, token_name, token, false);
        bp_wire_trace(&headers, caller);
        return bp_wire_headers_finish(&headers, ret_headers);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Dapr: the sidecar makes the envelope, of attributes in the URL, unless the event brings its own
 */

static void add_metadata(struct bp_strbuf *url, char separator, const char *name, const char *text) {
        bp_strbuf_printf(url, "%cmetadata.cloudevent.%s=", separator, name);
        bp_wire_encode(url, text, strlen(text));
}

static int dapr_url(struct bp_arena *arena, const struct bp_services *services,
                    const struct bp_invoker_settings *settings, const char *topic, const struct attributes *attributes,
                    const char **ret_url) {
        struct bp_strbuf url;

        bp_strbuf_init(&url, arena, URL_BYTES_MAX);
        bp_strbuf_printf(&url, "%s/v1.0/publish/", services->dapr.text);
        bp_wire_encode(&url, settings->bus.pubsub, strlen(settings->bus.pubsub));
        bp_strbuf_add_char(&url, '/');
        bp_wire_encode(&url, topic, strlen(topic));
        if (attributes) {
                add_metadata(&url, '?', "id", attributes->id);
                add_metadata(&url, '&', "source", attributes->source);
                add_metadata(&url, '&', "type", attributes->type);
        }
        *ret_url = bp_strbuf_text(&url);
        return url.error ? -ENOMEM : 0;
}

static int to_dapr(struct bp_arena *arena, const struct bp_services *services,
                   const struct bp_invoker_settings *settings, const struct bp_http_request *request,
                   const struct bp_invoker_caller *caller, const struct attributes *attributes,
                   struct bp_wire_request *wire) {
        bool whole = is_event(request);
        struct bp_value event = request->json ? *request->json : bp_value_null;
        int r = whole ? build_event(arena, request, attributes, true, NULL, &event) : 0;

        if (r == 0)
                r = dapr_url(arena, services, settings, request->topic, whole ? NULL : attributes, &wire->request.url);
        if (r == 0)
                r = write_body(arena, &event, &wire->request);
        if (r < 0)
                return r;
        wire->options.allow_hosts = services->dapr.hosts;
        return event_headers(arena, request, whole ? event_media_type : "application/json", "dapr-api-token",
                             settings->dapr_token, caller, &wire->request.headers);
}

/* ---------------------------------------------------------------------------------------------------------------
 * HTTP: a CloudEvent in structured form
 */

static int http_url(struct bp_arena *arena, const char *pattern, const char *topic, const char **ret_url) {
        static const char place[] = "{topic}";
        struct bp_strbuf url;
        const char *found;

        bp_strbuf_init(&url, arena, URL_BYTES_MAX);
        while ((found = strstr(pattern, place))) {
                bp_strbuf_add(&url, pattern, (size_t)(found - pattern));
                bp_wire_encode(&url, topic, strlen(topic));
                pattern = found + sizeof(place) - 1;
        }
        bp_strbuf_add_text(&url, pattern);
        *ret_url = bp_strbuf_text(&url);
        return url.error ? -ENOMEM : 0;
}

static int to_url(struct bp_arena *arena, const struct bp_services *services,
                  const struct bp_invoker_settings *settings, const struct bp_http_request *request,
                  const struct bp_invoker_caller *caller, const struct attributes *attributes,
                  struct bp_wire_request *wire) {
        const char *bearer = NULL;
        struct bp_value event;
        int r = build_event(arena, request, attributes, is_event(request), request->topic, &event);

        if (r == 0)
                r = http_url(arena, services->bus_url.text, request->topic, &wire->request.url);
        if (r == 0)
                r = write_body(arena, &event, &wire->request);
        if (r < 0)
                return r;
        if (settings->bus.token) {
                bearer = bp_wire_text(arena, "Bearer %s", settings->bus.token);
                if (!bearer)
                        return -ENOMEM;
        }
        wire->options.allow_hosts = services->bus_url.hosts;
        return event_headers(arena, request, event_media_type, "Authorization", bearer, caller, &wire->request.headers);
}

int bp_wire_event(struct bp_arena *arena, const struct bp_services *services,
                  const struct bp_invoker_settings *settings, const struct bp_http_request *request,
                  const struct bp_invoker_caller *caller, struct bp_wire_request *ret_wire) {
        struct attributes attributes;
        int r;

        ret_wire->request = (struct bp_http_request){
                .struct_size = sizeof(ret_wire->request), .timeout_ms = request->timeout_ms, .method = "POST"};
        if (settings->bus.kind == BP_BUS_DAPR && !services->dapr.text)
                ret_wire->options.refusal = "the bus is Dapr, but no sidecar is configured (dapr.url)";
        else if (settings->bus.kind == BP_BUS_NONE)
                ret_wire->options.refusal = "no bus is configured: say with bus.kind where events go";
        else if (!*request->topic)
                ret_wire->options.refusal = "an event needs a topic";
        if (ret_wire->options.refusal)
                return 0;
        r = name_event(arena, settings, request, caller, &attributes);
        if (r < 0)
                return r;
        return (settings->bus.kind == BP_BUS_DAPR ? to_dapr : to_url)(arena, services, settings, request, caller,
                                                                      &attributes, ret_wire);
}
