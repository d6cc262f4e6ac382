/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events from outside. An event is answered when it is durable and what became of it is; the words are those that Dapr
 * knows: SUCCESS takes the event off the broker, RETRY has it sent again, DROP has it thrown away.
 */
#include <errno.h>
#include <string.h>

#include "api/arrivals.h"
#include "api/event_json.h"
#include "api/json.h"
#include "api/private.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "events/events.h"
#include "metrics/metrics.h"
#include "service/service.h"

enum { EVENT_DEPTH = 64 };

/* ---------------------------------------------------------------------------------------------------------------
 * Answers without an event
 */

static void answer_without_event(struct bp_request *request, uint32_t status, const char *word,
                                 const struct bp_problem *problem) {
        struct bp_writer object, error;
        struct bp_strbuf buffer;

        bp_api_begin(&buffer);
        object = bp_writer_open(&buffer, '{');
        bp_writer_text(&object, "status", word);
        bp_writer_bool(&object, "routed", false);
        bp_writer_bool(&object, "step_completed", false);
        bp_writer_value(&object, "triggers", &bp_value_null);
        bp_writer_text(&object, "message", problem->message);
        error = bp_writer_open(bp_writer_key(&object, "error"), '{');
        bp_writer_text(&error, "code", problem->code);
        bp_writer_text(&error, "message", problem->message);
        bp_writer_text(&error, "pointer", problem->pointer);
        bp_strbuf_add_text(&buffer, "}}");
        bp_api_answer(request, status, &buffer);
}

static void answer_retry(struct bp_request *request, const struct bp_problem *problem) {
        bp_request_add_header(request, "Retry-After", "1");
        answer_without_event(request, 503, "RETRY", problem);
}

/* ---------------------------------------------------------------------------------------------------------------
 * What became of events
 */

static bool any(const struct bp_api_arrival *list, size_t n, bool (*holds)(const struct bp_service_event_answer *)) {
        for (size_t i = 0; i < n; i++)
                if (holds(&list[i].answer))
                        return true;
        return false;
}

static bool is_not_durable(const struct bp_service_event_answer *answer) {
        return answer->result < 0;
}

static void write_results(struct bp_writer *object, const struct bp_api_arrival *list, size_t n) {
        struct bp_writer results = bp_writer_open(bp_writer_key(object, "results"), '[');

        for (size_t i = 0; i < n; i++) {
                struct bp_writer result;

                bp_writer_next(&results);
                result = bp_writer_open(object->buffer, '{');
                bp_api_write_event_result(&result, &list[i].answer);
                bp_strbuf_add_char(object->buffer, '}');
        }
        bp_strbuf_add_char(object->buffer, ']');
}

static void answer_arrivals(struct bp_request *request, void *app, void *data) {
        bool is_batch = bp_request_state(request) != NULL;
        const struct bp_api_arrival *list;
        struct bp_writer object;
        struct bp_strbuf buffer;
        size_t n;

        (void)app;
        if (!data) {
                answer_retry(request, &(struct bp_problem){
                                              .code = "STORE_BUSY",
                                              .message = "What became of the event is not known yet: send it again"});
                return;
        }
        list = bp_api_arrivals_list(data, &n);
        if (any(list, n, is_not_durable)) {
                answer_retry(request, &(struct bp_problem){.code = "STORE_IO",
                                                           .message = "The event could not be kept: send it again"});
                return;
        }
        bp_api_begin(&buffer);
        object = bp_writer_open(&buffer, '{');
        bp_writer_text(&object, "status", "SUCCESS");
        bp_writer_bool(&object, "routed", any(list, n, bp_api_event_is_routed));
        bp_writer_bool(&object, "step_completed", any(list, n, bp_api_event_completed_step));
        bp_writer_value(&object, "triggers", &bp_value_null);
        if (!is_batch)
                bp_api_write_event_answer(&object, &list[0].answer);
        if (is_batch)
                write_results(&object, list, n);
        bp_strbuf_add_char(&buffer, '}');
        bp_api_answer(request, 200, &buffer);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Taking events
 */

static int hand_over(const struct bp_api *api, struct bp_arena *arena, const struct bp_event *event, void *userdata) {
        struct bp_strbuf body;

        bp_strbuf_init(&body, arena, BP_API_ANSWER_BYTES);
        bp_json_write(&body, &event->data);
        if (body.error)
                return -ENOMEM;
        return bp_service_event(api->settings.service,
                                &(struct bp_store_event){.id = event->identity,
                                                         .source = event->source,
                                                         .event_id = event->id,
                                                         .type = event->type,
                                                         .correlation = event->correlation,
                                                         .body = {bp_strbuf_text(&body), body.size},
                                                         .at = bp_wall_now()},
                                bp_api_arrivals_done, userdata);
}

static void take(struct bp_request *request, struct bp_api *api, const struct bp_event *events, size_t n) {
        struct bp_api_arrivals *arrivals = bp_api_arrivals_new(request, n, answer_arrivals);

        if (!arrivals)
                return;
        bp_metrics_add(api->settings.metrics, BP_METRIC_EVENTS_RECEIVED, "accepted", NULL, (int64_t)n);
        for (size_t i = 0; i < n; i++) {
                void *userdata = bp_api_arrivals_userdata(arrivals, i);
                int r = hand_over(api, bp_request_arena(request), &events[i], userdata);

                if (r < 0)
                        bp_api_arrivals_done(userdata,
                                             &(struct bp_service_event_answer){.id = events[i].identity, .result = r});
        }
        bp_api_arrivals_handed_over(arrivals);
}

static const char *header(void *userdata, const char *name) {
        return bp_request_header(userdata, name);
}

static void take_events(struct bp_request *request, void *app) {
        struct bp_api *api = app;
        struct bp_events_message message = {.content_type = bp_request_header(request, "Content-Type"),
                                            .depth = EVENT_DEPTH,
                                            .most = api->settings.event_batch,
                                            .header = header,
                                            .userdata = request};
        struct bp_problem problem = {0};
        struct bp_event *events;
        size_t n;
        int r;

        if (bp_service_ready(api->settings.service, &problem)) {
                bp_metrics_add(api->settings.metrics, BP_METRIC_EVENTS_RECEIVED, "refused", NULL, 1);
                answer_retry(request, &problem);
                return;
        }
        message.body = bp_request_raw_body(request, &message.size);
        r = bp_events_read(bp_request_arena(request), &message, &events, &n, &problem);
        if (r == BP_PROBLEM) {
                bp_metrics_add(api->settings.metrics, BP_METRIC_EVENTS_RECEIVED, "malformed", NULL, 1);
                answer_without_event(request, 200, "DROP", &problem);
        } else if (r < 0) {
                answer_retry(request, &(struct bp_problem){
                                              .code = "NO_MEMORY",
                                              .message = "The event takes more memory than there is: send it again"});
        } else {
                if (bp_events_is_batch(&message))
                        bp_request_set_state(request, api);
                take(request, api, events, n);
        }
}

/* ---------------------------------------------------------------------------------------------------------------
 * Table
 */

static const char *const event_types[] = {"application/cloudevents+json", "application/cloudevents-batch+json",
                                          "application/json", NULL};

const struct bp_route bp_api_event_routes[] = {
        {.method = BP_POST,
         .path = "/workflow-events",
         .operation = "takeEvents",
         .tag = "events",
         .summary = "Take events from outside",
         .description = "CloudEvents 1.0 (structured, binary, batched), the envelope of Dapr, or a plain JSON object. "
                        "Answered when what became of them is durable, in words that Dapr knows. Needs dapr-api-token, "
                        "or a bearer token.",
         .scope = BP_SCOPE_INTERNAL | BP_SCOPE_EXECUTE,
         .raw_types = event_types,
         .body_schema = "IncomingEvent",
         .answers = (const struct bp_answer_spec[]){{200, "SUCCESS, or DROP for what is no event", "EventAnswer", NULL},
                                                    {503, "RETRY: it could not be kept", "EventAnswer", NULL},
                                                    {0}},
         .handler = take_events},
        {0},
};
