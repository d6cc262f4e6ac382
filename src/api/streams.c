/* SPDX-License-Identifier: Apache-2.0 */
/* What happens, as it happens: of one execution, and of all. */
#include <errno.h>
#include <stdlib.h>

#include "api/execution_json.h"
#include "api/hub.h"
#include "api/private.h"
#include "service/service.h"

static bool read_number(const char **text, uint64_t *ret_number) {
        char *end;

        if (**text < '0' || **text > '9')
                return false;
        errno = 0;
        *ret_number = strtoull(*text, &end, 10);
        *text = end;
        return errno == 0;
}

/* "17" of one execution, "4.17" of all; "0" of all is before the first. */
static bool read_position(const char *text, bool to_one, struct bp_position *ret_position) {
        uint64_t first, second = 0;

        if (!read_number(&text, &first))
                return false;
        if (!to_one && *text == '.') {
                text++;
                if (!read_number(&text, &second))
                        return false;
        }
        if (*text)
                return false;
        *ret_position = to_one ? (struct bp_position){.sequence = first} : (struct bp_position){first, second};
        return true;
}

/* The header is what a browser sends when it comes back; the query is for the first request. */
static bool read_interest(struct bp_request *request, struct bp_api_interest *interest) {
        const char *text = bp_request_header(request, "Last-Event-ID");

        if (!text)
                text = bp_request_text(request, "last_event_id");
        interest->with_logs = bp_request_boolean(request, "logs");
        interest->is_resumed = text && *text;
        if (!interest->is_resumed || read_position(text, interest->to_one, &interest->after))
                return true;
        bp_request_failf(request, 422, "LAST_EVENT_ID", "'%s' is not the id of an event of this stream", text);
        return false;
}

static void follow_execution(struct bp_request *request, void *app) {
        struct bp_api *api = app;
        struct bp_execution_row row;
        struct bp_api_interest interest = {.to_one = true, .row = &row};

        if (bp_api_find_execution(api, request, &row) && read_interest(request, &interest))
                bp_api_hub_follow(api->hub, request, &interest);
}

static void follow_all(struct bp_request *request, void *app) {
        struct bp_api *api = app;
        struct bp_api_interest interest = {0};

        if (api->settings.isolate_users && !(bp_request_principal(request)->scopes & BP_SCOPE_ADMIN))
                bp_request_failf(request, 403, "FORBIDDEN",
                                 "Users are isolated: follow your executions one by one, or ask with scope admin");
        else if (read_interest(request, &interest))
                bp_api_hub_follow(api->hub, request, &interest);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Tables
 */

static const struct bp_field execution_field[] = {
        {.name = "execution_id", .type = BP_FIELD_UUID, .required = true, .description = "Id of an execution."},
        {0},
};

static const struct bp_field stream_query[] = {
        {.name = "last_event_id",
         .type = BP_FIELD_TEXT,
         .description = "Go on behind this event, as with the header Last-Event-ID."},
        {.name = "logs",
         .type = BP_FIELD_BOOLEAN,
         .fallback = "false",
         .description = "Lines that actions log, as they log them, as `log` events."},
        {0},
};

static const struct bp_field stream_headers[] = {
        {.name = "Last-Event-ID", .type = BP_FIELD_TEXT, .description = "Go on behind this event."},
        {0},
};

const struct bp_route bp_api_stream_routes[] = {
        {.method = BP_GET,
         .path = "/executions/stream",
         .aliases = (const char *const[]){"/api/v1/executions/stream", NULL},
         .operation = "followExecutions",
         .tag = "executions",
         .summary = "Follow all executions",
         .description = "Server-Sent Events, from now on or behind `Last-Event-ID`. The data of an event is that of "
                        "`/executions/{execution_id}/events`; `0` as id is the beginning of time.",
         .scope = BP_SCOPE_READ,
         .query = stream_query,
         .headers = stream_headers,
         .answers = (const struct bp_answer_spec[]){{200, "Events", "Event", "text/event-stream"},
                                                    {403, "Users are isolated", NULL, NULL},
                                                    {0}},
         .streams = true,
         .handler = follow_all},
        {.method = BP_GET,
         .path = "/executions/{execution_id}/stream",
         .aliases = (const char *const[]){"/api/v1/executions/{execution_id}/stream", NULL},
         .operation = "followExecution",
         .tag = "executions",
         .summary = "Follow an execution",
         .description = "Server-Sent Events, from the first record or behind `Last-Event-ID`; ends with an `end` event "
                        "when the execution has ended.",
         .scope = BP_SCOPE_READ,
         .path_fields = execution_field,
         .query = stream_query,
         .headers = stream_headers,
         .answers = (const struct bp_answer_spec[]){{200, "Events", "Event", "text/event-stream"},
                                                    {404, "No such execution", NULL, NULL},
                                                    {0}},
         .streams = true,
         .handler = follow_execution},
        {0},
};
