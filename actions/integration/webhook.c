/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook: tells a URL that the pipeline came by, with a payload, and publishes what it says to that. While it waits,
 * the step holds no thread.
 *
 * The payload is the JSON body of POST, PUT and PATCH, and the query of GET, where what is neither text nor number goes
 * as JSON; DELETE carries none. `_workflow_metadata` {execution_id, step_id} is part of it unless `include_metadata` is
 * false. What is not GET carries an Idempotency-Key, unless `headers` has one.
 *
 * Success is any 2xx status; any other is the failure "HTTP <code>" with the outputs of the answer. Without an answer
 * (`status_code` 0, `response` null):
 *   Webhook blocked (SSRF protection): ...   the address is private; nothing was sent
 *   Webhook timed out after Ns               no complete answer in time
 *   Webhook failed: ...                      anything else
 *
 * Effect: POST and PATCH are `once`, the other methods `idempotent`.
 */
#include <budpipeline/action.h>
#include <budpipeline/http_call.h>

static void output_answer(struct bp_action_context *context, bool success, uint32_t status,
                          const struct bp_value *response) {
        bp_output_bool(context, "success", success);
        bp_output_int(context, "status_code", status);
        bp_output(context, "response", response);
}

static void output_nothing(struct bp_action_context *context) {
        output_answer(context, false, 0, context->host->make_null(context));
}

static int refuse(struct bp_action_context *context, const char *reason) {
        output_nothing(context);
        return bp_fail(context, "REQUEST_FAILED", "Webhook failed: %s", reason);
}

/* ---- the request ---- */

static bool is_payload(struct bp_action_context *context, const struct bp_value *payload) {
        return !payload || bp_type(context, payload) == BP_OBJECT;
}

static const struct bp_value *payload_of(struct bp_action_context *context) {
        const struct bp_value *payload = bp_param(context, "payload");

        if (bp_param_bool(context, "include_metadata", true))
                return bp_with_workflow_metadata(context, payload);
        return bp_truth(context, payload) ? payload : NULL;
}

static const struct bp_value *query_of(struct bp_action_context *context, const struct bp_value *payload) {
        struct bp_builder *query = context->host->object_new(context);
        const struct bp_value *value;
        const char *key;

        for (size_t i = 0; (value = context->host->member(payload, i, &key)); i++) {
                if (context->host->type(value) == BP_LIST || context->host->type(value) == BP_OBJECT)
                        value = bp_make_text(context, context->host->to_json(context, value, NULL));
                context->host->object_set(query, key, value);
        }
        return context->host->finish(query);
}

static int webhook_execute(struct bp_action_context *context) {
        const struct bp_http_method *method = bp_http_method(context, "POST");
        struct bp_http_request request = {.struct_size = sizeof(request),
                                          .timeout_ms = bp_http_timeout_ms(context),
                                          .url = bp_param_string(context, "url", "")};
        const struct bp_value *payload;
        const char *refusal;

        if (!method)
                return refuse(context, BP_HTTP_METHOD_RULE);
        if (!is_payload(context, bp_param(context, "payload")))
                return refuse(context, "payload must be an object");
        refusal = context->host->http_guard(context, request.url);
        if (refusal) {
                output_nothing(context);
                return bp_fail(context, "REQUEST_BLOCKED", "Webhook blocked (SSRF protection): %s", refusal);
        }
        payload = payload_of(context);
        request.method = method->name;
        request.headers = bp_http_headers(context, method, payload && method->has_body);
        if (!request.headers)
                return refuse(context, "headers must be an object of texts");
        if (method->has_body)
                request.json = payload;
        else if (payload && strcmp(method->name, "GET") == 0)
                request.query = query_of(context, payload);
        return bp_await_reply(context, &request, NULL);
}

/* ---- the answer ---- */

static int webhook_on_reply(struct bp_action_context *context, const struct bp_http_response *reply) {
        bool ok = reply->status >= 200 && reply->status < 300;
        const struct bp_value *response;

        if (reply->failure != BP_HTTP_OK)
                return bp_http_fail(context, reply, "Webhook", output_nothing);
        response = context->host->parse_json(context, reply->body, reply->body_size);
        if (!response)
                response = context->host->make_string(context, reply->body, reply->body_size);
        output_answer(context, ok, reply->status, response);
        return ok ? bp_complete(context) : bp_fail(context, "HTTP_STATUS", "HTTP %u", reply->status);
}

static uint32_t webhook_effect_of(struct bp_action_context *context) {
        return bp_http_effect(context, "POST");
}

static void webhook_validate(struct bp_action_context *context) {
        bp_http_validate(context, "POST");
}

/* clang-format off */
BP_ACTION(webhook,
        .name = "Trigger Webhook", .category = "Integration", .icon = "link", .color = "#EC4899",
        .description = "Tells another system that the pipeline came by, and publishes what it answers.",
        .effect = BP_ONCE, .idempotent = BP_NO, .timeout_seconds = 60,
        BP_PARAMS(
                {.name = "url", .label = "Webhook URL", .type = BP_PARAM_STRING, .required = 1,
                 .placeholder = "https://example.com/webhook", .description = "Where the webhook listens."},
                {.name = "payload", .label = "Payload", .type = BP_PARAM_JSON,
                 .description = "Object that is sent: as the body, with GET as the query."},
                {.name = "headers", .label = "Headers", .type = BP_PARAM_JSON,
                 .description = "Object of request headers."},
                {.name = "method", .label = "Method", .type = BP_PARAM_SELECT, .default_json = "\"POST\"",
                 .description = "The HTTP method.", BP_HTTP_METHOD_OPTIONS},
                {.name = "include_metadata", .label = "Include Metadata", .type = BP_PARAM_BOOLEAN,
                 .default_json = "true",
                 .description = "Adds the ids of execution and step to the payload as `_workflow_metadata`."},
                {.name = "timeout_seconds", .label = "Timeout", .type = BP_PARAM_NUMBER, .default_json = "30",
                 BP_BETWEEN(1, 300), .description = "How long to wait for the whole answer."}),
        BP_OUTPUTS({"success", "boolean", "Whether the status is 2xx"},
                   {"status_code", "number", "Status of the answer, 0 without one"},
                   {"response", "any", "The answer: parsed JSON, else text"}),
        BP_EXAMPLES({"Tell a chat room",
                     "{\"url\": \"https://example.com/hooks/releases\","
                     " \"payload\": {\"text\": \"{{ params.model }} is deployed\"}}",
                     "Sends the text and the ids of execution and step."}),
        .execute = webhook_execute, .on_reply = webhook_on_reply, .validate_params = webhook_validate,
        .effect_of = webhook_effect_of);
/* clang-format on */
