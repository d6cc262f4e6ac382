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

#include <string.h>
#include <strings.h>

enum {
        TIMEOUT_SECONDS = 30,
        TIMEOUT_SECONDS_MAX = 300,
};

static const struct {
        const char *name;
        bool has_body;
        enum bp_effect effect;
} methods[] = {
        {"GET", false, BP_IDEMPOTENT}, {"POST", true, BP_ONCE},          {"PUT", true, BP_IDEMPOTENT},
        {"PATCH", true, BP_ONCE},      {"DELETE", false, BP_IDEMPOTENT},
};

enum { METHOD_UNKNOWN = BP_COUNT(methods) };

static size_t method_of(struct bp_action_context *context) {
        const struct bp_value *value = bp_param(context, "method");
        const char *name = value ? context->host->as_string(value, NULL) : "GET";

        for (size_t i = 0; i < BP_COUNT(methods); i++)
                if (strcasecmp(name, methods[i].name) == 0)
                        return i;
        return METHOD_UNKNOWN;
}

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

static int fail_timed_out(struct bp_action_context *context, bool was_sent) {
        const struct bp_value *seconds = bp_param(context, "timeout_seconds");
        const char *text = seconds ? context->host->to_text(context, seconds, NULL) : "30";

        output_nothing(context);
        if (was_sent)
                return bp_unknown(context, "REQUEST_TIMEOUT", "Request timed out after %ss", text ? text : "30");
        return bp_fail(context, "REQUEST_TIMEOUT", "Request timed out after %ss", text ? text : "30");
}

static int fail_unknown(struct bp_action_context *context, const char *message) {
        output_nothing(context);
        return bp_unknown(context, "REQUEST_FAILED", "Request failed: %s", message);
}

/* ---- the request ---- */

static const struct bp_value *header(struct bp_action_context *context, const char *wanted) {
        const struct bp_value *headers = bp_param(context, "headers"), *value;
        const char *name;

        for (size_t i = 0; (value = context->host->member(headers, i, &name)); i++)
                if (strcasecmp(name, wanted) == 0)
                        return value;
        return NULL;
}

static bool is_scalar(struct bp_action_context *context, const struct bp_value *value) {
        enum bp_type type = bp_type(context, value);

        return type == BP_BOOL || type == BP_INT || type == BP_FLOAT;
}

/* Numbers and booleans as JSON has them; null leaves the header out. @return false for what is no header value */
static bool add_header(struct bp_action_context *context, struct bp_builder *headers, const char *name,
                       const struct bp_value *value) {
        if (bp_type(context, value) == BP_NULL)
                return true;
        if (bp_type(context, value) == BP_STRING) {
                context->host->object_set(headers, name, value);
                return true;
        }
        if (!is_scalar(context, value))
                return false;
        context->host->object_set(headers, name, bp_make_text(context, context->host->to_json(context, value, NULL)));
        return true;
}

static bool add_headers(struct bp_action_context *context, struct bp_builder *headers) {
        const struct bp_value *given = bp_param(context, "headers"), *value;
        const char *name;

        if (given && bp_type(context, given) != BP_OBJECT)
                return false;
        for (size_t i = 0; (value = context->host->member(given, i, &name)); i++)
                if (!add_header(context, headers, name, value))
                        return false;
        return true;
}

static const struct bp_value *build_headers(struct bp_action_context *context, size_t method, bool is_json) {
        struct bp_builder *headers = context->host->object_new(context);

        if (!add_headers(context, headers))
                return NULL;
        if (is_json && !header(context, "Content-Type"))
                context->host->object_set(headers, "Content-Type", bp_make_text(context, "application/json"));
        if (strcmp(methods[method].name, "GET") != 0 && *context->idempotency_key &&
            !header(context, "Idempotency-Key"))
                context->host->object_set(headers, "Idempotency-Key", bp_make_text(context, context->idempotency_key));
        return context->host->finish(headers);
}

/* NULL when nothing is to be sent. Numbers and booleans are never empty. */
static const struct bp_value *body_of(struct bp_action_context *context) {
        const struct bp_value *body = bp_param(context, "body");

        return bp_truth(context, body) || is_scalar(context, body) ? body : NULL;
}

static const struct bp_value *metadata_of(struct bp_action_context *context) {
        struct bp_builder *metadata = context->host->object_new(context);

        context->host->object_set(metadata, "execution_id", bp_make_text(context, context->execution_id));
        context->host->object_set(metadata, "step_id", bp_make_text(context, context->step_id));
        return context->host->finish(metadata);
}

static const struct bp_value *with_metadata(struct bp_action_context *context, const struct bp_value *body) {
        struct bp_builder *extended = context->host->object_new(context);
        const struct bp_value *value;
        const char *key;

        for (size_t i = 0; (value = context->host->member(body, i, &key)); i++)
                context->host->object_set(extended, key, value);
        context->host->object_set(extended, "_workflow_metadata", metadata_of(context));
        return context->host->finish(extended);
}

static bool names_json(struct bp_action_context *context, const struct bp_value *content_type) {
        const char *text = context->host->as_string(content_type, NULL);

        return strcasestr(text, "json") != NULL;
}

static bool is_sent_as_text(struct bp_action_context *context, const struct bp_value *body) {
        const struct bp_value *content_type = header(context, "Content-Type");

        return bp_type(context, body) == BP_STRING && content_type && !names_json(context, content_type);
}

static uint32_t timeout_ms_of(struct bp_action_context *context) {
        double seconds = bp_param_float(context, "timeout_seconds", TIMEOUT_SECONDS);

        if (!(seconds > 0))
                return TIMEOUT_SECONDS * 1000;
        if (seconds > TIMEOUT_SECONDS_MAX)
                return TIMEOUT_SECONDS_MAX * 1000;
        return seconds < 0.001 ? 1 : (uint32_t)(seconds * 1000);
}

static int send(struct bp_action_context *context, const char *url, size_t method, const struct bp_value *body) {
        bool is_text = body && is_sent_as_text(context, body);
        struct bp_http_request request = {.struct_size = sizeof(request),
                                          .timeout_ms = timeout_ms_of(context),
                                          .method = methods[method].name,
                                          .url = url,
                                          .headers = build_headers(context, method, body && !is_text)};

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
        size_t method = method_of(context);
        const struct bp_value *body;

        if (method == METHOD_UNKNOWN)
                return fail_without_answer(context, "method must be one of: GET, POST, PUT, PATCH, DELETE");
        refusal = context->host->http_guard(context, url);
        if (refusal)
                return fail_blocked(context, refusal);
        body = methods[method].has_body ? body_of(context) : NULL;
        if (methods[method].has_body && bp_param_bool(context, "include_metadata", false)) {
                if (body && bp_type(context, body) != BP_OBJECT)
                        return fail_without_answer(context, "include_metadata needs a body that is an object");
                body = with_metadata(context, body);
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
        bool was_sent = reply->failure != BP_HTTP_UNSENT && reply->failure != BP_HTTP_BLOCKED;

        if (reply->failure == BP_HTTP_OK)
                return take_answer(context, reply);
        if (reply->failure == BP_HTTP_BLOCKED)
                return fail_blocked(context, reply->message);
        if (reply->failure == BP_HTTP_TIMEOUT || reply->timed_out)
                return fail_timed_out(context, was_sent);
        return was_sent ? fail_unknown(context, reply->message) : fail_without_answer(context, reply->message);
}

static uint32_t http_request_effect_of(struct bp_action_context *context) {
        size_t method = method_of(context);

        return method == METHOD_UNKNOWN ? BP_ONCE : methods[method].effect;
}

static void http_request_validate(struct bp_action_context *context) {
        const char *url = bp_param_string(context, "url", "");

        if (!*url)
                bp_finding(context, "url is required");
        else if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
                bp_finding(context, "url must start with http:// or https://");
        if (method_of(context) == METHOD_UNKNOWN)
                bp_finding(context, "method must be one of: GET, POST, PUT, PATCH, DELETE");
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
                 BP_OPTIONS({"GET", "GET"}, {"POST", "POST"}, {"PUT", "PUT"}, {"PATCH", "PATCH"},
                            {"DELETE", "DELETE"})},
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
