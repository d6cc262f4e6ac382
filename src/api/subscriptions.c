/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told what happens in an execution, and how far. Fields and words are those of the reference's table, engine.md
 * section 15, and what it lacked behind them. */
#include <stdio.h>
#include <string.h>

#include "api/execution_json.h"
#include "api/json.h"
#include "api/private.h"
#include "base/strbuf.h"
#include "service/service.h"
#include "store/deliveries.h"

static struct bp_id id_of(const struct bp_subscription_row *row) {
        char id[BP_ID_TEXT_SIZE], name[BP_ID_TEXT_SIZE + 300];
        int size = snprintf(name, sizeof(name), "%s/subscription/%s", bp_id_format(row->execution_id, id), row->topic);

        return bp_id_derive(name, (size_t)size < sizeof(name) ? (size_t)size : sizeof(name) - 1);
}

static void write_subscription(struct bp_strbuf *buffer, const struct bp_subscription_row *row,
                               struct bp_arena *arena) {
        struct bp_writer object = bp_writer_open(buffer, '{');

        bp_api_write_id(&object, "id", id_of(row));
        bp_api_write_id(&object, "execution_id", row->execution_id);
        bp_writer_text(&object, "callback_topic", row->topic);
        bp_api_write_time(&object, "subscription_time", row->created_at);
        bp_api_write_time(&object, "expiry_time", row->expires_at);
        bp_writer_text(&object, "delivery_status", bp_subscription_state_name(row->state));
        bp_api_write_time(&object, "created_at", row->created_at);
        bp_writer_count(&object, "delivered_sequence", row->cursor);
        bp_writer_count(&object, "attempts", row->attempts);
        bp_api_write_time(&object, "next_attempt_at", row->next_at);
        bp_api_write_safe_text(&object, "last_error", row->error, arena);
        bp_strbuf_add_char(buffer, '}');
}

static void list_subscriptions(struct bp_request *request, void *app) {
        struct bp_api *api = app;
        struct bp_arena *arena = bp_request_arena(request);
        struct bp_subscription_row *rows;
        struct bp_execution_row execution;
        struct bp_writer object, list;
        struct bp_strbuf buffer;
        size_t n_rows;
        int r;

        if (!bp_api_find_execution(api, request, &execution))
                return;
        r = bp_store_subscriptions(bp_service_store(api->settings.service), execution.number, arena, &rows, &n_rows);
        if (r) {
                bp_request_fail_errno(request, r);
                return;
        }
        bp_api_begin(&buffer);
        object = bp_writer_open(&buffer, '{');
        list = bp_writer_open(bp_writer_key(&object, "subscriptions"), '[');
        for (size_t i = 0; i < n_rows; i++) {
                bp_writer_next(&list);
                write_subscription(&buffer, &rows[i], arena);
        }
        bp_strbuf_add_text(&buffer, "]}");
        bp_api_answer(request, 200, &buffer);
}

static const struct bp_field execution_field[] = {
        {.name = "execution_id", .type = BP_FIELD_UUID, .required = true, .description = "Id of an execution."},
        {0},
};

const struct bp_route bp_api_subscription_routes[] = {
        {.method = BP_GET,
         .path = "/executions/{execution_id}/subscriptions",
         .aliases = (const char *const[]){"/api/v1/executions/{execution_id}/subscriptions", NULL},
         .operation = "listSubscriptions",
         .tag = "executions",
         .summary = "Show which topics are told of an execution, and how far",
         .scope = BP_SCOPE_READ,
         .path_fields = execution_field,
         .answers = (const struct bp_answer_spec[]){{200, "Its subscriptions", "SubscriptionList", NULL},
                                                    {404, "No such execution", NULL, NULL},
                                                    {0}},
         .handler = list_subscriptions},
        {0},
};
