/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file http_call.h
 * For actions that send a request to a URL their user names: what the parameters `url`, `method`, `headers` and
 * `timeout_seconds` mean, in one way for all of them. Everything here is made of <budpipeline/action.h> alone.
 */
#ifndef BUDPIPELINE_HTTP_CALL_H
#define BUDPIPELINE_HTTP_CALL_H

#include <budpipeline/action.h>

#include <string.h>
#include <strings.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What to tell people who name another method. */
#define BP_HTTP_METHOD_RULE "method must be one of: GET, POST, PUT, PATCH, DELETE"

/** The choices of a parameter `method`: `.options` of its definition. */
#define BP_HTTP_METHOD_OPTIONS \
        BP_OPTIONS({"GET", "GET"}, {"POST", "POST"}, {"PUT", "PUT"}, {"PATCH", "PATCH"}, {"DELETE", "DELETE"})

/** A method of HTTP. */
struct bp_http_method {
        const char *name;      /**< "POST" */
        bool has_body;         /**< a body makes sense */
        enum bp_effect effect; /**< what a step that uses it may be assumed to do */
};

/** The method that the parameter `method` names, in letters of any case; NULL for an unknown one. */
static inline const struct bp_http_method *bp_http_method(struct bp_action_context *context, const char *fallback) {
        static const struct bp_http_method methods[] = {
                {"GET", false, BP_IDEMPOTENT}, {"POST", true, BP_ONCE},          {"PUT", true, BP_IDEMPOTENT},
                {"PATCH", true, BP_ONCE},      {"DELETE", false, BP_IDEMPOTENT},
        };
        const struct bp_value *value = bp_param(context, "method");
        const char *name = value ? context->host->as_string(value, NULL) : fallback;

        for (size_t i = 0; i < BP_COUNT(methods); i++)
                if (strcasecmp(name, methods[i].name) == 0)
                        return &methods[i];
        return NULL;
}

/** effect_of: by the method. */
static inline uint32_t bp_http_effect(struct bp_action_context *context, const char *fallback) {
        const struct bp_http_method *method = bp_http_method(context, fallback);

        return method ? method->effect : BP_ONCE;
}

/** validate_params: `url` must be one of HTTP, `method` a known one. */
static inline void bp_http_validate(struct bp_action_context *context, const char *fallback) {
        const char *url = bp_param_string(context, "url", "");

        if (!*url)
                bp_finding(context, "url is required");
        else if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
                bp_finding(context, "url must start with http:// or https://");
        if (!bp_http_method(context, fallback))
                bp_finding(context, BP_HTTP_METHOD_RULE);
}

/** Bound of the exchange by the parameter `timeout_seconds`: 30 seconds without one, 300 at most. */
static inline uint32_t bp_http_timeout_ms(struct bp_action_context *context) {
        double seconds = bp_param_float(context, "timeout_seconds", 30);

        if (!(seconds > 0))
                seconds = 30;
        if (seconds > 300)
                seconds = 300;
        return seconds < 0.001 ? 1 : (uint32_t)(seconds * 1000);
}

/** The parameter `timeout_seconds` as text, as it was given. */
static inline const char *bp_http_timeout_text(struct bp_action_context *context) {
        const struct bp_value *seconds = bp_param(context, "timeout_seconds");
        const char *text = seconds ? context->host->to_text(context, seconds, NULL) : "30";

        return text ? text : "30";
}

/** True for a boolean or a number. */
static inline bool bp_is_scalar(struct bp_action_context *context, const struct bp_value *value) {
        enum bp_type type = bp_type(context, value);

        return type == BP_BOOL || type == BP_INT || type == BP_FLOAT;
}

/** A header that the parameter `headers` gives, names in letters of any case, or NULL. */
static inline const struct bp_value *bp_http_given_header(struct bp_action_context *context, const char *wanted) {
        const struct bp_value *headers = bp_param(context, "headers"), *value;
        const char *name;

        for (size_t i = 0; (value = context->host->member(headers, i, &name)); i++)
                if (strcasecmp(name, wanted) == 0)
                        return value;
        return NULL;
}

/**
 * The headers of the request: those of the parameter `headers` (numbers and booleans as JSON has them, null leaves one
 * out), a Content-Type for a JSON body, and an Idempotency-Key with what is not GET, unless they are given.
 * @return NULL when `headers` is not an object of texts
 */
static inline const struct bp_value *bp_http_headers(struct bp_action_context *context,
                                                     const struct bp_http_method *method, bool is_json) {
        const struct bp_value *given = bp_param(context, "headers"), *value;
        struct bp_builder *headers = context->host->object_new(context);
        const char *name;

        if (given && bp_type(context, given) != BP_OBJECT)
                return NULL;
        for (size_t i = 0; (value = context->host->member(given, i, &name)); i++) {
                if (bp_type(context, value) == BP_NULL)
                        continue;
                if (bp_is_scalar(context, value))
                        value = bp_make_text(context, context->host->to_json(context, value, NULL));
                else if (bp_type(context, value) != BP_STRING)
                        return NULL;
                context->host->object_set(headers, name, value);
        }
        if (is_json && !bp_http_given_header(context, "Content-Type"))
                context->host->object_set(headers, "Content-Type", bp_make_text(context, "application/json"));
        if (strcmp(method->name, "GET") != 0 && *context->idempotency_key &&
            !bp_http_given_header(context, "Idempotency-Key"))
                context->host->object_set(headers, "Idempotency-Key", bp_make_text(context, context->idempotency_key));
        return context->host->finish(headers);
}

/** An object with `_workflow_metadata` {execution_id, step_id} added; NULL reads as an empty one. */
static inline const struct bp_value *bp_with_workflow_metadata(struct bp_action_context *context,
                                                               const struct bp_value *object) {
        struct bp_builder *extended = context->host->object_new(context), *ids = context->host->object_new(context);
        const struct bp_value *value;
        const char *key;

        for (size_t i = 0; (value = context->host->member(object, i, &key)); i++)
                context->host->object_set(extended, key, value);
        context->host->object_set(ids, "execution_id", bp_make_text(context, context->execution_id));
        context->host->object_set(ids, "step_id", bp_make_text(context, context->step_id));
        context->host->object_set(extended, "_workflow_metadata", context->host->finish(ids));
        return context->host->finish(extended);
}

/** Sets the outputs that say that there was no complete answer. */
typedef void bp_http_output_nothing(struct bp_action_context *context);

/**
 * Ends an attempt that got no complete answer: the outputs by `nothing`, and a text that begins with `what`, the word
 * for the request: `<what> blocked (SSRF protection): ...`, `<what> timed out after Ns`, `<what> failed: ...`.
 * The codes are REQUEST_BLOCKED, REQUEST_TIMEOUT and REQUEST_FAILED.
 */
static inline int bp_http_fail(struct bp_action_context *context, const struct bp_http_response *reply,
                               const char *what, bp_http_output_nothing *nothing) {
        bool was_sent = reply->failure != BP_HTTP_UNSENT && reply->failure != BP_HTTP_BLOCKED;
        bool timed_out = reply->failure == BP_HTTP_TIMEOUT || reply->timed_out;

        nothing(context);
        if (reply->failure == BP_HTTP_BLOCKED)
                return bp_fail(context, "REQUEST_BLOCKED", "%s blocked (SSRF protection): %s", what, reply->message);
        if (timed_out && was_sent)
                return bp_unknown(context, "REQUEST_TIMEOUT", "%s timed out after %ss", what,
                                  bp_http_timeout_text(context));
        if (timed_out)
                return bp_fail(context, "REQUEST_TIMEOUT", "%s timed out after %ss", what,
                               bp_http_timeout_text(context));
        if (was_sent)
                return bp_unknown(context, "REQUEST_FAILED", "%s failed: %s", what, reply->message);
        return bp_fail(context, "REQUEST_FAILED", "%s failed: %s", what, reply->message);
}

#ifdef __cplusplus
}
#endif
#endif
