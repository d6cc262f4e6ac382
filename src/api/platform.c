/* SPDX-License-Identifier: Apache-2.0 */
/* What the platform asks of a service it runs: what it subscribes to, and what its clock is to set going. */
#include <errno.h>
#include <stdlib.h>

#include "api/failures.h"
#include "api/json.h"
#include "api/private.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "service/service.h"

enum { TOLD_WITHIN_MS = 10000, CHECK_INTERVAL_SECONDS = 60 };

/* ---------------------------------------------------------------------------------------------------------------
 * Subscription
 */

static void get_subscriptions(struct bp_request *request, void *app) {
        const struct bp_api *api = app;
        struct bp_writer list, object;
        struct bp_strbuf buffer;

        bp_api_begin(&buffer);
        list = bp_writer_open(&buffer, '[');
        if (!api->settings.subscription_declared) {
                bp_writer_next(&list);
                object = bp_writer_open(&buffer, '{');
                bp_writer_text(&object, "pubsubname", api->settings.events_pubsub);
                bp_writer_text(&object, "topic", api->settings.events_topic);
                bp_writer_text(&object, "route", "/workflow-events");
                bp_writer_text(&object, "deadLetterTopic", api->settings.events_dead_letter_topic);
                bp_strbuf_add_char(&buffer, '}');
        }
        bp_strbuf_add_char(&buffer, ']');
        bp_api_answer(request, 200, &buffer);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Steps that wait for events: ended by timers of our own, so that a check finds nothing left to do
 */

struct question {
        struct bp_deferred *deferred;
        struct bp_service *service;
        struct bp_runtime_waits waits;
};

static void answer_question(void *userdata, int result) {
        struct question *question = userdata;

        (void)result;
        bp_service_waits(question->service, &question->waits);
        bp_deferred_complete(question->deferred, question, free);
}

static void ask(struct bp_request *request, const struct bp_api *api,
                void (*finish)(struct bp_request *request, void *app, void *data)) {
        struct question *question = bp_calloc(1, sizeof(*question));

        if (!question) {
                bp_request_fail_errno(request, -ENOMEM);
                return;
        }
        question->service = api->settings.service;
        question->deferred = bp_request_defer(request, TOLD_WITHIN_MS, finish);
        if (!question->deferred)
                free(question);
        else if (bp_service_ping(question->service,
                                 &(struct bp_receipt){.done = answer_question, .userdata = question}) < 0)
                bp_deferred_complete(question->deferred, question, free);
}

static void answer_check(struct bp_request *request, void *app, void *data) {
        const struct question *question = data;
        struct bp_writer object;
        struct bp_strbuf buffer;

        (void)app;
        if (!question) {
                bp_api_fail_late(request);
                return;
        }
        bp_api_begin(&buffer);
        object = bp_writer_open(&buffer, '{');
        bp_writer_text(&object, "status", "ok");
        bp_api_write_time(&object, "checked_at", bp_wall_now());
        bp_writer_count(&object, "timed_out_count", 0);
        bp_writer_count(&object, "processed_count", question->waits.n);
        bp_strbuf_add_char(&buffer, '}');
        bp_api_answer(request, 200, &buffer);
}

static void answer_stats(struct bp_request *request, void *app, void *data) {
        const struct question *question = data;
        struct bp_writer object;
        struct bp_strbuf buffer;

        (void)app;
        if (!question) {
                bp_api_fail_late(request);
                return;
        }
        bp_api_begin(&buffer);
        object = bp_writer_open(&buffer, '{');
        bp_writer_count(&object, "awaiting_events_count", question->waits.n);
        bp_writer_count(&object, "overdue_timeout_count", question->waits.n_overdue);
        bp_api_write_time(&object, "earliest_timeout", question->waits.earliest);
        bp_api_write_time(&object, "current_time", bp_wall_now());
        bp_writer_count(&object, "check_interval_seconds", CHECK_INTERVAL_SECONDS);
        bp_strbuf_add_char(&buffer, '}');
        bp_api_answer(request, 200, &buffer);
}

static void check_timeouts(struct bp_request *request, void *app) {
        ask(request, app, answer_check);
}

static void get_timeout_stats(struct bp_request *request, void *app) {
        ask(request, app, answer_stats);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Table
 */

const struct bp_route bp_api_platform_routes[] = {
        {.method = BP_GET,
         .path = "/dapr/subscribe",
         .operation = "getSubscriptions",
         .tag = "platform",
         .summary = "What Dapr is to subscribe to for this service",
         .answers = (const struct bp_answer_spec[]){{200, "Subscriptions", "Subscriptions", NULL}, {0}},
         .handler = get_subscriptions},
        {.method = BP_POST,
         .path = "/internal/step-timeout-check",
         .operation = "checkStepTimeouts",
         .tag = "platform",
         .summary = "Look for steps whose wait is over",
         .description = "The service's own timers end them in time; the answer says what there is.",
         .scope = BP_SCOPE_INTERNAL,
         .answers = (const struct bp_answer_spec[]){{200, "What was found", "TimeoutCheck", NULL}, {0}},
         .handler = check_timeouts},
        {.method = BP_GET,
         .path = "/internal/step-timeout-stats",
         .operation = "getStepTimeoutStats",
         .tag = "platform",
         .summary = "How many steps wait for events, and until when",
         .scope = BP_SCOPE_INTERNAL,
         .answers = (const struct bp_answer_spec[]){{200, "Figures", "TimeoutStats", NULL}, {0}},
         .handler = get_timeout_stats},
        {0},
};
