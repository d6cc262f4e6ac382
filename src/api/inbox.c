/* SPDX-License-Identifier: Apache-2.0 */
/* Events that came, for operators: what is known of them, and what no step had, to be delivered anew or thrown away. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/event_json.h"
#include "api/failures.h"
#include "api/json.h"
#include "api/private.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "service/service.h"

enum { DURABLE_WITHIN_MS = 30000 };

static struct bp_wall time_field(const struct bp_request *request, const char *name) {
        return (struct bp_wall){bp_request_integer(request, name)};
}

/* ---------------------------------------------------------------------------------------------------------------
 * Lists
 */

static struct bp_event_filter filter_of(const struct bp_request *request, uint32_t states) {
        const char *state = bp_request_text(request, "state");
        const uint32_t size = (uint32_t)bp_request_integer(request, "page_size");
        struct bp_event_filter filter = {
                .states = state ? bp_api_event_state_bit(state) : states,
                .correlation = bp_request_text(request, "workflow_id"),
                .source = bp_request_text(request, "source"),
                .type = bp_request_text(request, "type"),
                .from = time_field(request, "start_date"),
                .to = time_field(request, "end_date"),
                .offset = (uint64_t)(bp_request_integer(request, "page") - 1) * size,
                .limit = size,
        };

        filter.has_execution = bp_request_field(request, "execution_id") != NULL;
        if (filter.has_execution)
                filter.execution = bp_request_id(request, "execution_id");
        return filter;
}

static void list(struct bp_request *request, const struct bp_api *api, uint32_t states) {
        struct bp_event_filter filter = filter_of(request, states);
        struct bp_writer object, events, event;
        struct bp_event_row *rows;
        struct bp_strbuf buffer;
        uint64_t total;
        size_t n_rows;
        int r = bp_store_events(bp_service_store(api->settings.service), &filter, bp_request_arena(request), &rows,
                                &n_rows, &total);

        if (r) {
                bp_request_fail_errno(request, r);
                return;
        }
        bp_api_begin(&buffer);
        object = bp_writer_open(&buffer, '{');
        events = bp_writer_open(bp_writer_key(&object, "events"), '[');
        for (size_t i = 0; i < n_rows; i++) {
                bp_writer_next(&events);
                event = bp_writer_open(&buffer, '{');
                bp_api_write_event_row(&event, &rows[i], false, bp_request_arena(request));
                bp_strbuf_add_char(&buffer, '}');
        }
        bp_strbuf_add_char(&buffer, ']');
        bp_api_write_pagination(&object, request, total);
        bp_strbuf_add_char(&buffer, '}');
        bp_api_answer(request, 200, &buffer);
}

static void list_events(struct bp_request *request, void *app) {
        list(request, app, 0);
}

static void list_unmatched(struct bp_request *request, void *app) {
        list(request, app, BP_INBOX_UNMATCHED);
}

static void fail_no_event(struct bp_request *request) {
        bp_request_failf(request, 404, "NOT_FOUND", "There is no such event, or it is not kept any more");
}

static bool find(const struct bp_api *api, struct bp_request *request, struct bp_event_row *ret_row) {
        int r = bp_store_event(bp_service_store(api->settings.service), bp_request_id(request, "event_id"),
                               bp_request_arena(request), ret_row);

        if (r == BP_STORE_NOT_FOUND)
                fail_no_event(request);
        else if (r)
                bp_request_fail_errno(request, r);
        return r == 0;
}

static void get_event(struct bp_request *request, void *app) {
        struct bp_event_row row;
        struct bp_writer object;
        struct bp_strbuf buffer;

        if (!find(app, request, &row))
                return;
        bp_api_begin(&buffer);
        object = bp_writer_open(&buffer, '{');
        bp_api_write_event_row(&object, &row, true, bp_request_arena(request));
        bp_strbuf_add_char(&buffer, '}');
        bp_api_answer(request, 200, &buffer);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Delivering anew, and throwing away
 */

struct asked {
        struct bp_deferred *deferred;
        struct bp_service_event_answer answer;
        char *step; /* the answer's */
};

static void free_asked(void *data) {
        struct asked *asked = data;

        free(asked->step);
        free(asked);
}

static bool failed(struct bp_request *request, const struct asked *asked) {
        if (!asked)
                bp_api_fail_late(request);
        else if (asked->answer.result == BP_STORE_NOT_FOUND)
                fail_no_event(request);
        else if (asked->answer.result == BP_STORE_CONFLICT)
                bp_request_failf(request, 409, "EVENT_SETTLED",
                                 "A step had this event, or it carries no id that a step could wait for");
        else if (asked->answer.result)
                bp_request_fail_errno(request, asked->answer.result < 0 ? asked->answer.result : -EPROTO);
        else
                return false;
        return true;
}

static void finish_replay(struct bp_request *request, void *app, void *data) {
        const struct asked *asked = data;
        struct bp_writer object;
        struct bp_strbuf buffer;

        (void)app;
        if (failed(request, asked))
                return;
        bp_api_begin(&buffer);
        object = bp_writer_open(&buffer, '{');
        bp_api_write_event_result(&object, &asked->answer);
        bp_strbuf_add_char(&buffer, '}');
        bp_api_answer(request, 200, &buffer);
}

static void finish_delete(struct bp_request *request, void *app, void *data) {
        (void)app;
        if (!failed(request, data))
                bp_request_answer_empty(request, 204);
}

static void replayed(void *userdata, const struct bp_service_event_answer *answer) {
        struct asked *asked = userdata;

        asked->answer = *answer;
        if (answer->step)
                asked->step = bp_memdup_text(answer->step, strlen(answer->step));
        asked->answer.step = asked->step;
        bp_deferred_complete(asked->deferred, asked, free_asked);
}

static void deleted(void *userdata, int result, const void *row) {
        (void)row;
        replayed(userdata, &(struct bp_service_event_answer){.result = result});
}

static struct asked *defer(struct bp_request *request,
                           void (*finish)(struct bp_request *request, void *app, void *data)) {
        struct asked *asked = bp_calloc(1, sizeof(*asked));

        if (!asked) {
                bp_request_fail_errno(request, -ENOMEM);
                return NULL;
        }
        asked->deferred = bp_request_defer(request, DURABLE_WITHIN_MS, finish);
        if (asked->deferred)
                return asked;
        free(asked);
        return NULL;
}

static void replay_event(struct bp_request *request, void *app) {
        const struct bp_api *api = app;
        struct bp_event_row row;
        struct asked *asked;
        int r;

        if (!find(api, request, &row))
                return;
        asked = defer(request, finish_replay);
        if (!asked)
                return;
        r = bp_service_event_replay(api->settings.service, &row, replayed, asked);
        if (r < 0)
                deleted(asked, r, NULL);
}

static void delete_event(struct bp_request *request, void *app) {
        const struct bp_api *api = app;
        struct asked *asked = defer(request, finish_delete);
        int r;

        if (!asked)
                return;
        r = bp_store_event_delete(bp_service_store(api->settings.service), bp_request_id(request, "event_id"), deleted,
                                  asked);
        if (r < 0)
                deleted(asked, r, NULL);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Table
 */

static const char *const unmatched_states[] = {"waiting", "expired", "dropped", "unroutable", NULL};

#define FILTER(states)                                                                                      \
        {.name = "state", .type = BP_FIELD_TEXT, .words = (states)},                                        \
                {.name = "workflow_id", .type = BP_FIELD_TEXT, .description = "Correlation id."},           \
                {.name = "source", .type = BP_FIELD_TEXT}, {.name = "type", .type = BP_FIELD_TEXT},         \
                {.name = "start_date", .type = BP_FIELD_TIME, .description = "Arrived then or later."},     \
                {.name = "end_date", .type = BP_FIELD_TIME, .description = "Arrived then or earlier."},     \
                {.name = "page", .type = BP_FIELD_INTEGER, .fallback = "1", .min = 1, .max = 1000000000}, { \
                .name = "page_size", .type = BP_FIELD_INTEGER, .fallback = "20", .min = 1, .max = 100       \
        }

static const struct bp_field list_query[] = {
        FILTER(bp_api_event_states),
        {.name = "execution_id", .type = BP_FIELD_UUID, .description = "That it went to."},
        {0},
};

static const struct bp_field unmatched_query[] = {FILTER(unmatched_states), {0}};

static const struct bp_field event_field[] = {
        {.name = "event_id", .type = BP_FIELD_UUID, .required = true, .description = "Id of an event."},
        {0},
};

const struct bp_route bp_api_inbox_routes[] = {
        {.method = BP_GET,
         .path = "/events",
         .aliases = (const char *const[]){"/api/v1/events", NULL},
         .operation = "listIncomingEvents",
         .tag = "events",
         .summary = "Events that came, newest first",
         .scope = BP_SCOPE_READ,
         .query = list_query,
         .answers = (const struct bp_answer_spec[]){{200, "Events", "IncomingEvents", NULL}, {0}},
         .handler = list_events},
        {.method = BP_GET,
         .path = "/events/unmatched",
         .aliases = (const char *const[]){"/api/v1/events/unmatched", NULL},
         .operation = "listUnmatchedEvents",
         .tag = "events",
         .summary = "Events that no step had, newest first",
         .scope = BP_SCOPE_READ,
         .query = unmatched_query,
         .answers = (const struct bp_answer_spec[]){{200, "Events", "IncomingEvents", NULL}, {0}},
         .handler = list_unmatched},
        {.method = BP_GET,
         .path = "/events/{event_id}",
         .aliases = (const char *const[]){"/api/v1/events/{event_id}", NULL},
         .operation = "getIncomingEvent",
         .tag = "events",
         .summary = "An event, with its data as long as no step had it",
         .scope = BP_SCOPE_EXECUTE,
         .path_fields = event_field,
         .answers = (const struct bp_answer_spec[]){{200, "The event", "StoredEvent", NULL},
                                                    {404, "No such event", NULL, NULL},
                                                    {0}},
         .handler = get_event},
        {.method = BP_POST,
         .path = "/events/unmatched/{event_id}/replay",
         .aliases = (const char *const[]){"/api/v1/events/unmatched/{event_id}/replay", NULL},
         .operation = "replayEvent",
         .tag = "events",
         .summary = "Deliver an event anew",
         .description = "One that expired or was dropped waits for its step again, for a day from now.",
         .scope = BP_SCOPE_EXECUTE,
         .path_fields = event_field,
         .answers = (const struct bp_answer_spec[]){{200, "What became of it", "EventResult", NULL},
                                                    {404, "No such event", NULL, NULL},
                                                    {409, "A step had it, or no step can have it", NULL, NULL},
                                                    {0}},
         .handler = replay_event},
        {.method = BP_DELETE,
         .path = "/events/unmatched/{event_id}",
         .aliases = (const char *const[]){"/api/v1/events/unmatched/{event_id}", NULL},
         .operation = "deleteEvent",
         .tag = "events",
         .summary = "Throw an event away that no step had",
         .scope = BP_SCOPE_EXECUTE,
         .path_fields = event_field,
         .answers = (const struct bp_answer_spec[]){{204, "It is gone", NULL, NULL},
                                                    {404, "No such event", NULL, NULL},
                                                    {409, "A step had it", NULL, NULL},
                                                    {0}},
         .handler = delete_event},
        {0},
};
