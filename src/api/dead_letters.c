/* SPDX-License-Identifier: Apache-2.0 */
/* Events that no subscriber could be told: listed, published again, removed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/failures.h"
#include "api/json.h"
#include "api/private.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "publisher/publisher.h"
#include "service/service.h"
#include "store/deliveries.h"

enum { DURABLE_WITHIN_MS = 30000, PUBLISHED_WITHIN_MS = 60000 };

/* ---------------------------------------------------------------------------------------------------------------
 * Listing
 */

static void write_letter(struct bp_strbuf *buffer, const struct bp_dead_letter *letter, struct bp_arena *arena) {
        struct bp_writer object = bp_writer_open(buffer, '{');

        bp_api_write_id(&object, "id", letter->id);
        bp_api_write_id(&object, "execution_id", letter->execution_id);
        bp_writer_text(&object, "topic", letter->topic);
        bp_writer_text(&object, "event_type", letter->type);
        bp_writer_count(&object, "sequence_number", letter->sequence);
        bp_writer_text(&object, "code", letter->code);
        bp_api_write_safe_text(&object, "message", letter->message, arena);
        bp_writer_count(&object, "attempts", letter->attempts);
        bp_api_write_time(&object, "failed_at", letter->at);
        bp_writer_text(&object, "content_type", letter->content_type);
        bp_api_write_stored_json(&object, "event", letter->event);
        bp_strbuf_add_char(buffer, '}');
}

static void write_pagination(struct bp_writer *object, const struct bp_request *request, uint64_t total) {
        const uint64_t size = (uint64_t)bp_request_integer(request, "page_size");
        struct bp_writer pagination = bp_writer_open(bp_writer_key(object, "pagination"), '{');

        bp_writer_count(&pagination, "page", (uint64_t)bp_request_integer(request, "page"));
        bp_writer_count(&pagination, "page_size", size);
        bp_writer_count(&pagination, "total_count", total);
        bp_writer_count(&pagination, "total_pages", (total + size - 1) / size);
        bp_strbuf_add_char(object->buffer, '}');
}

static struct bp_dead_letter_filter filter_of(const struct bp_request *request) {
        const uint32_t size = (uint32_t)bp_request_integer(request, "page_size");
        struct bp_dead_letter_filter filter = {
                .topic = bp_request_text(request, "topic"),
                .has_execution = bp_request_field(request, "execution_id") != NULL,
                .offset = (uint64_t)(bp_request_integer(request, "page") - 1) * size,
                .limit = size,
        };

        if (filter.has_execution)
                filter.execution = bp_request_id(request, "execution_id");
        return filter;
}

static void list_letters(struct bp_request *request, void *app) {
        const struct bp_api *api = app;
        const struct bp_dead_letter_filter filter = filter_of(request);
        struct bp_arena *arena = bp_request_arena(request);
        struct bp_dead_letter *letters;
        struct bp_writer object, list;
        struct bp_strbuf buffer;
        uint64_t total;
        size_t n;
        int r = bp_store_dead_letters(bp_service_store(api->settings.service), &filter, arena, &letters, &n, &total);

        if (r) {
                bp_request_fail_errno(request, r);
                return;
        }
        bp_api_begin(&buffer);
        object = bp_writer_open(&buffer, '{');
        list = bp_writer_open(bp_writer_key(&object, "dead_letters"), '[');
        for (size_t i = 0; i < n; i++) {
                bp_writer_next(&list);
                write_letter(&buffer, &letters[i], arena);
        }
        bp_strbuf_add_char(&buffer, ']');
        write_pagination(&object, request, total);
        bp_strbuf_add_char(&buffer, '}');
        bp_api_answer(request, 200, &buffer);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Publishing again, removing
 */

/* What a request waits for. */
struct settling {
        struct bp_deferred *deferred;
        int result;
        bool refused;
        char code[64], message[256];
};

static void fail_unknown(struct bp_request *request) {
        char id[BP_ID_TEXT_SIZE];

        bp_request_failf(request, 404, "NOT_FOUND", "Dead letter not found: %s",
                         bp_id_format(bp_request_id(request, "event_id"), id));
}

static void answer_replayed(struct bp_request *request) {
        struct bp_strbuf buffer;
        struct bp_writer object;

        bp_api_begin(&buffer);
        object = bp_writer_open(&buffer, '{');
        bp_api_write_id(&object, "id", bp_request_id(request, "event_id"));
        bp_writer_text(&object, "status", "published");
        bp_strbuf_add_char(&buffer, '}');
        bp_api_answer(request, 200, &buffer);
}

static void finish_replay(struct bp_request *request, void *app, void *data) {
        const struct settling *settling = data;

        (void)app;
        if (!settling)
                bp_api_fail_late(request);
        else if (settling->refused)
                bp_request_failf(request, 502, "NOT_PUBLISHED", "The event was not taken: %s: %s", settling->code,
                                 settling->message);
        else if (settling->result < 0)
                bp_request_fail_errno(request, settling->result);
        else
                answer_replayed(request);
}

static void finish_deletion(struct bp_request *request, void *app, void *data) {
        const struct settling *settling = data;

        (void)app;
        if (!settling)
                bp_api_fail_late(request);
        else if (settling->result == BP_STORE_NOT_FOUND)
                fail_unknown(request);
        else if (settling->result)
                bp_request_fail_errno(request, settling->result);
        else
                bp_request_answer_empty(request, 204);
}

static struct settling *begin(struct bp_request *request, uint32_t within_ms,
                              void (*finish)(struct bp_request *request, void *app, void *data)) {
        struct settling *settling = bp_calloc(1, sizeof(*settling));

        if (!settling) {
                bp_request_fail_errno(request, -ENOMEM);
                return NULL;
        }
        settling->deferred = bp_request_defer(request, within_ms, finish);
        if (settling->deferred)
                return settling;
        free(settling);
        return NULL;
}

static void settle(struct settling *settling, int result) {
        settling->result = result;
        bp_deferred_complete(settling->deferred, settling, free);
}

static void replayed(void *userdata, const struct bp_replayed *replayed) {
        struct settling *settling = userdata;

        settling->refused = replayed->code != NULL;
        if (replayed->code) {
                snprintf(settling->code, sizeof(settling->code), "%s", replayed->code);
                snprintf(settling->message, sizeof(settling->message), "%s", replayed->message);
        }
        settle(settling, replayed->result);
}

static bool is_there(struct bp_request *request, const struct bp_api *api) {
        struct bp_dead_letter letter;
        int r = bp_store_dead_letter(bp_service_store(api->settings.service), bp_request_id(request, "event_id"),
                                     bp_request_arena(request), &letter);

        if (r < 0)
                bp_request_fail_errno(request, r);
        else if (r)
                fail_unknown(request);
        return r == 0;
}

static void replay_letter(struct bp_request *request, void *app) {
        const struct bp_api *api = app;
        struct settling *settling;
        int r;

        if (!is_there(request, api))
                return;
        if (!api->settings.publisher) {
                bp_request_failf(request, 409, "NO_BUS", "The service has no bus to publish events to: see bus.kind");
                return;
        }
        settling = begin(request, PUBLISHED_WITHIN_MS, finish_replay);
        if (!settling)
                return;
        r = bp_publisher_replay(api->settings.publisher, bp_request_id(request, "event_id"), replayed, settling);
        if (r) /* also when it was removed between the look and now: then it is published or not wanted any more */
                settle(settling, r);
}

static void deleted(void *userdata, int result, const void *row) {
        (void)row;
        settle(userdata, result);
}

static void delete_letter(struct bp_request *request, void *app) {
        const struct bp_api *api = app;
        struct settling *settling = begin(request, DURABLE_WITHIN_MS, finish_deletion);
        int r;

        if (!settling)
                return;
        r = bp_store_dead_letter_delete(bp_service_store(api->settings.service), bp_request_id(request, "event_id"),
                                        deleted, settling);
        if (r)
                settle(settling, r);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Tables
 */

static const struct bp_field list_query[] = {
        {.name = "topic", .type = BP_FIELD_TEXT, .description = "For this topic."},
        {.name = "execution_id", .type = BP_FIELD_UUID, .description = "Of this execution."},
        {.name = "page", .type = BP_FIELD_INTEGER, .fallback = "1", .min = 1, .max = 1000000000},
        {.name = "page_size", .type = BP_FIELD_INTEGER, .fallback = "20", .min = 1, .max = 100},
        {0},
};

static const struct bp_field event_field[] = {
        {.name = "event_id",
         .type = BP_FIELD_UUID,
         .required = true,
         .description = "Id of an event that was given up."},
        {0},
};

const struct bp_route bp_api_dead_letter_routes[] = {
        {.method = BP_GET,
         .path = "/events/dead-letters",
         .aliases = (const char *const[]){"/api/v1/events/dead-letters", NULL},
         .operation = "listDeadLetters",
         .tag = "events",
         .summary = "List events that could not be published, newest first",
         .scope = BP_SCOPE_ADMIN,
         .query = list_query,
         .answers = (const struct bp_answer_spec[]){{200, "A page of dead letters", "DeadLetterPage", NULL}, {0}},
         .handler = list_letters},
        {.method = BP_POST,
         .path = "/events/dead-letters/{event_id}/replay",
         .aliases = (const char *const[]){"/api/v1/events/dead-letters/{event_id}/replay", NULL},
         .operation = "replayDeadLetter",
         .tag = "events",
         .summary = "Publish an event again that could not be published",
         .description = "With the id that it had. It is no dead letter any more once the bus has taken it.",
         .scope = BP_SCOPE_ADMIN,
         .path_fields = event_field,
         .answers = (const struct bp_answer_spec[]){{200, "The bus has it", "DeadLetterReplay", NULL},
                                                    {404, "No such dead letter", NULL, NULL},
                                                    {409, "The service has no bus", NULL, NULL},
                                                    {502, "The bus did not take it", NULL, NULL},
                                                    {503, "It took too long", NULL, NULL},
                                                    {0}},
         .handler = replay_letter},
        {.method = BP_DELETE,
         .path = "/events/dead-letters/{event_id}",
         .aliases = (const char *const[]){"/api/v1/events/dead-letters/{event_id}", NULL},
         .operation = "deleteDeadLetter",
         .tag = "events",
         .summary = "Remove an event that could not be published",
         .scope = BP_SCOPE_ADMIN,
         .path_fields = event_field,
         .answers = (const struct bp_answer_spec[]){{204, "It is gone", NULL, NULL},
                                                    {404, "No such dead letter", NULL, NULL},
                                                    {503, "It took too long", NULL, NULL},
                                                    {0}},
         .handler = delete_letter},
        {0},
};
