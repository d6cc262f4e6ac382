/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file service.h
 * For actions that call services: who asks, what a reply says, what an event says. Everything here is made of
 * <budpipeline/action.h> alone; texts and values live until the call returns.
 */
#ifndef BUDPIPELINE_SERVICE_H
#define BUDPIPELINE_SERVICE_H

#include <budpipeline/action.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Topic on which services report back. */
#define BP_CALLBACK_TOPIC "budpipelineEvents"

/** A member of a member of a value; the path ends with NULL. NULL when one is missing, or on the way no object. */
__attribute__((sentinel)) static inline const struct bp_value *bp_field(const struct bp_action_context *context,
                                                                        const struct bp_value *value, ...) {
        va_list path;
        const char *key;

        va_start(path, value);
        while (value && (key = va_arg(path, const char *)))
                value = context->host->get(value, key);
        va_end(path);
        return value;
}

/** A value as text: NULL for NULL, null and "", else as templates render it (numbers become text). */
static inline const char *bp_text_or_null(struct bp_action_context *context, const struct bp_value *value) {
        size_t size = 0;
        const char *text = bp_type(context, value) == BP_NULL ? NULL : context->host->to_text(context, value, &size);

        return text && size ? text : NULL;
}

/**
 * On whose behalf a service is asked: the step's parameter `user_id` (with `from_step`), else the execution's, else the
 * configured system user. NULL when there is none.
 */
static inline const struct bp_value *bp_user_id(struct bp_action_context *context, bool from_step) {
        const struct bp_value *user = from_step ? bp_param(context, "user_id") : NULL;

        if (!bp_truth(context, user))
                user = context->host->get(context->workflow_params, "user_id");
        if (!bp_truth(context, user))
                user = context->host->get(context->metadata, "system_user_id");
        return bp_truth(context, user) ? user : NULL;
}

/** `{"user_id": ...}` for bp_http_request.query, or NULL when there is no user. */
static inline const struct bp_value *bp_user_query(struct bp_action_context *context, bool from_step) {
        const struct bp_value *user = bp_user_id(context, from_step);
        struct bp_builder *query;

        if (!user)
                return NULL;
        query = context->host->object_new(context);
        context->host->object_set(query, "user_id", user);
        return context->host->finish(query);
}

/** True for a complete answer with a status below 400. */
static inline bool bp_reply_ok(const struct bp_http_response *reply) {
        return reply->failure == BP_HTTP_OK && reply->status < 400;
}

/** True when it is known what the request did: a complete answer, or it never left. */
static inline bool bp_reply_known(const struct bp_http_response *reply) {
        return reply->failure == BP_HTTP_OK || reply->failure == BP_HTTP_UNSENT || reply->failure == BP_HTTP_BLOCKED;
}

/** The body of a good answer: its JSON, an empty object for an empty body, NULL for what is no JSON. */
static inline const struct bp_value *bp_reply_json(struct bp_action_context *context,
                                                   const struct bp_http_response *reply) {
        if (reply->body_size == 0)
                return context->host->finish(context->host->object_new(context));
        return context->host->parse_json(context, reply->body, reply->body_size);
}

/**
 * What went wrong, for a person: of an answer the first that says something of JSON `detail`, `message`, `error`, the
 * whole body; of text its first 500 bytes; else `HTTP <status>`; without an answer the client's message.
 */
static inline const char *bp_reply_error(struct bp_action_context *context, const struct bp_http_response *reply) {
        static const char *const members[] = {"detail", "message", "error"};
        const struct bp_value *body;
        const char *text = NULL;
        char status[32];

        if (reply->failure != BP_HTTP_OK)
                return reply->message;
        body = context->host->parse_json(context, reply->body, reply->body_size);
        for (size_t i = 0; body && !text && i < BP_COUNT(members); i++)
                text = bp_text_or_null(context, context->host->get(body, members[i]));
        if (body && !text && bp_truth(context, body))
                text = context->host->to_text(context, body, NULL);
        if (!body && reply->body_size)
                text = context->host->as_string(
                        context->host->make_string(context, reply->body,
                                                   reply->body_size < 500 ? reply->body_size : 500),
                        NULL);
        if (text)
                return text;
        snprintf(status, sizeof(status), "HTTP %u", reply->status);
        text = context->host->as_string(bp_make_text(context, status), NULL);
        return text ? text : "";
}

/** A text of an event by path, "" when it is missing or no text. Ends with NULL; looks at the whole event. */
#define BP_EVENT_TEXT(context, event, ...) \
        ((context)->host->as_string(bp_field((context), (event)->event_data, __VA_ARGS__, (const char *)NULL), NULL))

#ifdef __cplusplus
}
#endif
#endif
