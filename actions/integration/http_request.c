/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_request: sends one HTTP request and publishes the answer. While it waits, the step holds no thread.
 *
 * Body: sent with POST, PUT and PATCH only, and only when it is not null, "", [] or {}. It is sent as JSON, unless it
 * is text and `headers` names a Content-Type other than JSON; then the text is sent as it is. `include_metadata` adds
 * `_workflow_metadata` {execution_id, step_id} to an object. What is not GET carries an Idempotency-Key, unless
 * `headers` has one.
 *
 * Answer: the body is parsed as JSON where possible, else it is text. Header names are in lower case. Redirects are not
 * followed. Success is any 2xx status; any other is the failure "HTTP <code>" with the outputs of the answer.
 *
 * Without an answer (`status_code` 0, `body` null, `headers` {}):
 *   Request blocked (SSRF protection): ...   the address is private; nothing was sent
 *   Request timed out after Ns               no complete answer in time
 *   Request failed: ...                      anything else
 *
 * Effect: POST and PATCH are `once`, the other methods `idempotent`. An attempt whose request never left has failed
 * definitely and may be repeated; one that ended without a complete answer has an unknown outcome.
 */
#include <budpipeline/action.h>
#include <budpipeline/http_call.h>

/* ---- failures ---- */

static void output_nothing(struct bp_action_context *context) {
        bp_output_int(context, "status_code", 0);
        bp_output(context, "body", context->host->make_null(context));
        bp_output(context, "headers", context->host->finish(context->host->object_new(context)));
}

static int fail_without_answer(struct bp_action_context *context, const char *message) {
        output_nothing(context);
        return bp_fail(context, "REQUEST_FAILED", "Request failed: %s", message);
}

static int fail_blocked(struct bp_action_context *context, const char *reason) {
        output_nothing(context);
        return bp_fail(context, "REQUEST_BLOCKED", "Request blocked (SSRF protection): %s", reason);
}

/* ---- the request ---- */

/* NULL when nothing is to be sent. Numbers and booleans are never empty. */
static const struct bp_value *body_of(struct bp_action_context *context) {
        const struct bp_value *body = bp_param(context, "body");

        return bp_truth(context, body) || bp_is_scalar(context, body) ? body : NULL;
}

static bool names_json(struct bp_action_context *context, const struct bp_value *content_type) {
        const char *text = context->host->as_string(content_type, NULL);

        return strcasestr(text, "json") != NULL;
}

static bool is_sent_as_text(struct bp_action_context *context, const struct bp_value *body) {
        const struct bp_value *content_type = bp_http_given_header(context, "Content-Type");

        return bp_type(context, body) == BP_STRING && content_type && !names_json(context, content_type);
}

static int send(struct bp_action_context *context, const char *url, const struct bp_http_method *method,
                const struct bp_value *body) {
        bool is_text = body && is_sent_as_text(context, body);
        struct bp_http_request request = {.struct_size = sizeof(request),
                                          .timeout_ms = bp_http_timeout_ms(context),
                                          .method = method->name,
                                          .url = url,
                                          .headers = bp_http_headers(context, method, body && !is_text)};

        if (!request.headers)
                return fail_without_answer(context, "headers must be an object of texts");
        if (is_text)
                request.body = context->host->as_string(body, &request.body_size);
        else if (body)
                request.body = context->host->to_json(context, body, &request.body_size);
        return bp_await_reply(context, &request, NULL);
}

static int http_request_execute(struct bp_action_context *context) {
        const char *url = bp_param_string(context, "url", ""), *refusal;
        const struct bp_http_method *method = bp_http_method(context, "GET");
        const struct bp_value *body;

        if (!method)
                return fail_without_answer(context, BP_HTTP_METHOD_RULE);
        refusal = context->host->http_guard(context, url);
        if (refusal)
                return fail_blocked(context, refusal);
        body = method->has_body ? body_of(context) : NULL;
        if (method->has_body && bp_param_bool(context, "include_metadata", false)) {
                if (body && bp_type(context, body) != BP_OBJECT)
                        return fail_without_answer(context, "include_metadata needs a body that is an object");
                body = bp_with_workflow_metadata(context, body);
        }
        return send(context, url, method, body);
}

/* ---- the answer ---- */

static int take_answer(struct bp_action_context *context, const struct bp_http_response *reply) {
        const struct bp_value *body = context->host->parse_json(context, reply->body, reply->body_size);

        if (!body)
                body = context->host->make_string(context, reply->body, reply->body_size);
        bp_output_int(context, "status_code", reply->status);
        bp_output(context, "body", body);
        bp_output(context, "headers", reply->headers);
        if (reply->status >= 200 && reply->status < 300)
                return bp_complete(context);
        return bp_fail(context, "HTTP_STATUS", "HTTP %u", reply->status);
}

static int http_request_on_reply(struct bp_action_context *context, const struct bp_http_response *reply) {
        return reply->failure == BP_HTTP_OK ? take_answer(context, reply)
                                            : bp_http_fail(context, reply, "Request", output_nothing);
}

static uint32_t http_request_effect_of(struct bp_action_context *context) {
        return bp_http_effect(context, "GET");
}

static void http_request_validate(struct bp_action_context *context) {
        bp_http_validate(context, "GET");
}

/* clang-format off */
BP_ACTION(http_request,
        .name = "HTTP Request", .category = "Integration", .icon = "globe", .color = "#8B5CF6",
        .description = "Sends an HTTP request and publishes status, headers and body of the answer.",
        .effect = BP_ONCE, .timeout_seconds = 60,
        BP_PARAMS(
                {.name = "url", .label = "URL", .type = BP_PARAM_STRING, .required = 1,
                 .placeholder = "https://api.example.com/endpoint", .description = "Where the request goes."},
                {.name = "method", .label = "Method", .type = BP_PARAM_SELECT, .default_json = "\"GET\"",
                 .description = "The HTTP method.",
                 BP_HTTP_METHOD_OPTIONS},
                {.name = "headers", .label = "Headers", .type = BP_PARAM_JSON,
                 .description = "Object of request headers."},
                {.name = "body", .label = "Body", .type = BP_PARAM_JSON,
                 .description = "What to send with POST, PUT and PATCH."},
                {.name = "timeout_seconds", .label = "Timeout", .type = BP_PARAM_NUMBER, .default_json = "30",
                 BP_BETWEEN(1, 300), .description = "How long to wait for the whole answer."},
                {.name = "include_metadata", .label = "Include Metadata", .type = BP_PARAM_BOOLEAN,
                 .default_json = "false",
                 .description = "Adds the ids of execution and step to the body as `_workflow_metadata`."}),
        BP_OUTPUTS({"status_code", "number", "Status of the answer, 0 without one"},
                   {"body", "any", "The answer: parsed JSON, else text"},
                   {"headers", "object", "Headers of the answer, names in lower case"}),
        .execute = http_request_execute, .on_reply = http_request_on_reply,
        .validate_params = http_request_validate, .effect_of = http_request_effect_of);
/* clang-format on */
