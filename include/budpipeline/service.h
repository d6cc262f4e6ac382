/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file service.h
 * For actions that call services: who asks, what a reply says, what an event says. Everything here is made of
 * <budpipeline/action.h> and <budpipeline/number.h> alone; texts and values live until the call returns.
 */
#ifndef BUDPIPELINE_SERVICE_H
#define BUDPIPELINE_SERVICE_H

#include <budpipeline/action.h>
#include <budpipeline/number.h>

#include <string.h>
#include <strings.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Longest id by which an event finds its step, in bytes. */
#define BP_CORRELATION_ID_MAX 1024

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

/** True for a text that is this word, in letters of any case: how services write status words differs. */
static inline bool bp_is_word(const struct bp_action_context *context, const struct bp_value *value, const char *word) {
        return bp_type(context, value) == BP_STRING && strcasecmp(context->host->as_string(value, NULL), word) == 0;
}

/** A text of any length, made as printf() makes it. "" when memory is exhausted; the call then fails anyway. */
BP_PRINTF(2, 3)
static inline const char *bp_format(struct bp_action_context *context, const char *format, ...) {
        va_list arguments;
        char *buffer;
        const char *text;
        int size;

        va_start(arguments, format);
        size = vsnprintf(NULL, 0, format, arguments);
        va_end(arguments);
        buffer = size < 0 ? NULL : (char *)malloc((size_t)size + 1);
        if (!buffer)
                return "";
        va_start(arguments, format);
        vsnprintf(buffer, (size_t)size + 1, format, arguments);
        va_end(arguments);
        text = context->host->as_string(context->host->make_string(context, buffer, (size_t)size), NULL);
        free(buffer);
        return text;
}

/** A text for the path of a service's method: every byte that has a meaning there is escaped. NULL reads as "". */
static inline const char *bp_path_segment(struct bp_action_context *context, const char *text) {
        static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~";
        static const char digits[] = "0123456789ABCDEF";
        size_t size = text ? strlen(text) : 0, used = 0;
        bool dots = size > 0 && strspn(text, ".") == size; /* "." and ".." name folders */
        char *buffer = (char *)malloc(size * 3 + 1);
        const char *escaped;

        for (size_t i = 0; buffer && i < size; i++) {
                if (strchr(plain, text[i]) || (text[i] == '.' && !dots)) {
                        buffer[used++] = text[i];
                        continue;
                }
                buffer[used++] = '%';
                buffer[used++] = digits[(unsigned char)text[i] >> 4];
                buffer[used++] = digits[(unsigned char)text[i] & 15];
        }
        escaped = context->host->as_string(context->host->make_string(context, buffer ? buffer : "", used), NULL);
        free(buffer);
        return escaped;
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

/** A parameter, or the value null where it is absent, as bodies and outputs have it. */
static inline const struct bp_value *bp_param_or_null(struct bp_action_context *context, const char *name) {
        const struct bp_value *value = bp_param(context, name);

        return value ? value : context->host->make_null(context);
}

/** Sets a member of an object under construction to a text. */
static inline void bp_set_text(struct bp_action_context *context, struct bp_builder *object, const char *key,
                               const char *text) {
        context->host->object_set(object, key, bp_make_text(context, text));
}

/** An object under construction with the members that budapp wants when one call is to start a whole workflow. */
static inline struct bp_builder *bp_workflow_body(struct bp_action_context *context) {
        struct bp_builder *body = context->host->object_new(context);

        context->host->object_set(body, "workflow_total_steps", context->host->make_int(context, 1));
        context->host->object_set(body, "step_number", context->host->make_int(context, 1));
        context->host->object_set(body, "trigger_workflow", context->host->make_bool(context, true));
        return body;
}

/** True for a complete answer with a status below 300: redirects are not followed, so nothing was done behind one. */
static inline bool bp_reply_ok(const struct bp_http_response *reply) {
        return reply->failure == BP_HTTP_OK && reply->status < 300;
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
 * The JSON object that a good answer is, an empty one for an empty body. NULL when it is something else, as the page of
 * a proxy that knows nothing of the service, and for what is no good answer at all.
 */
static inline const struct bp_value *bp_reply_object(struct bp_action_context *context,
                                                     const struct bp_http_response *reply) {
        const struct bp_value *body = bp_reply_ok(reply) ? bp_reply_json(context, reply) : NULL;

        return bp_type(context, body) == BP_OBJECT ? body : NULL;
}

/** A text, or a number but 0, as the id of something that events can name, as text; NULL for anything else. */
static inline const char *bp_id_or_null(struct bp_action_context *context, const struct bp_value *value) {
        enum bp_type type = bp_type(context, value);
        bool can_be = (type == BP_STRING || type == BP_INT || type == BP_FLOAT) && bp_truth(context, value);
        const char *text = can_be ? bp_text_or_null(context, value) : NULL;

        return text && strlen(text) <= BP_CORRELATION_ID_MAX ? text : NULL;
}

/** True when an answer has something at `data.workflow_id` or `workflow_id`, be it an id or not. */
static inline bool bp_reply_names_workflow(const struct bp_action_context *context, const struct bp_value *body) {
        return bp_truth(context, bp_field(context, body, "data", "workflow_id", (const char *)NULL)) ||
               bp_truth(context, bp_field(context, body, "workflow_id", (const char *)NULL));
}

/** The id of a workflow that an answer names at `data.workflow_id` or `workflow_id`, as text, or NULL. */
static inline const char *bp_reply_workflow_id(struct bp_action_context *context, const struct bp_value *body) {
        const char *id = bp_id_or_null(context, bp_field(context, body, "data", "workflow_id", (const char *)NULL));

        return id ? id : bp_id_or_null(context, bp_field(context, body, "workflow_id", (const char *)NULL));
}

/** How many bytes the first `most` characters of a text in UTF-8 take: four times as many at most, if it is none. */
static inline size_t bp_bytes_of_characters(const char *text, size_t size, size_t most) {
        size_t end = size < 4 * most ? size : 4 * most, i = 0;

        for (; i < end; i++)
                if (((unsigned char)text[i] & 0xc0) != 0x80 && most-- == 0) /* else it goes on with a character */
                        break;
        return i;
}

/**
 * What went wrong, for a person: of an answer the first that says something of JSON `detail`, `message`, `error`, the
 * whole body; of text its first 500 characters; else `HTTP <status>`; without an answer the client's message.
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
                                                   bp_bytes_of_characters(reply->body, reply->body_size, 500)),
                        NULL);
        if (text)
                return text;
        snprintf(status, sizeof(status), "HTTP %u", reply->status);
        text = context->host->as_string(bp_make_text(context, status), NULL);
        return text ? text : "";
}

/**
 * As bp_reply_error(), but of an answer `HTTP <status>`, and behind it its whole body where that is JSON, as templates
 * render it: `HTTP 404 - {'detail': 'no such model'}`.
 */
static inline const char *bp_reply_status_error(struct bp_action_context *context,
                                                const struct bp_http_response *reply) {
        const struct bp_value *body;

        if (reply->failure != BP_HTTP_OK)
                return reply->message;
        body = context->host->parse_json(context, reply->body, reply->body_size);
        if (!body)
                return bp_format(context, "HTTP %u", reply->status);
        return bp_format(context, "HTTP %u - %s", reply->status, context->host->to_text(context, body, NULL));
}

/**
 * Ends the attempt as a failure whose text is the output `message`, too. `is_known`: whether it is known what was done
 * outside, see bp_fail() and bp_unknown().
 */
static inline int bp_fail_message(struct bp_action_context *context, const char *code, const char *message,
                                  bool is_known) {
        bp_output_string(context, "message", message);
        return (context->host->fail)(context, code, message, !is_known);
}

/** The member `content` of an event's `payload`, or NULL. */
static inline const struct bp_value *bp_event_content(const struct bp_action_context *context,
                                                      const struct bp_event_context *event) {
        return bp_field(context, event->event_data, "payload", "content", (const char *)NULL);
}

/** What an event brings: `payload.content.result`, or `results`, as some services write. NULL for neither and null. */
static inline const struct bp_value *bp_event_result(const struct bp_action_context *context,
                                                     const struct bp_event_context *event) {
        const struct bp_value *content = bp_event_content(context, event);
        const struct bp_value *result = bp_field(context, content, "result", (const char *)NULL);

        if (bp_type(context, result) == BP_NULL)
                result = bp_field(context, content, "results", (const char *)NULL);
        return bp_type(context, result) == BP_NULL ? NULL : result;
}

/** True when `payload.event` is this word, as it stands. */
static inline bool bp_event_is(const struct bp_action_context *context, const struct bp_event_context *event,
                               const char *name) {
        const struct bp_value *value = bp_field(context, event->event_data, "payload", "event", (const char *)NULL);

        return bp_type(context, value) == BP_STRING && strcmp(context->host->as_string(value, NULL), name) == 0;
}

/** True when `payload.content.status` is this word, in letters of any case. */
static inline bool bp_event_status_is(const struct bp_action_context *context, const struct bp_event_context *event,
                                      const char *status) {
        return bp_is_word(context, bp_field(context, bp_event_content(context, event), "status", (const char *)NULL),
                          status);
}

/**
 * The minutes that are left by an event whose `payload.event` is `eta`: `payload.content.message`, a number or text
 * that reads as an integer; less than 0 counts as 0. @return false for other events and other messages
 */
static inline bool bp_event_eta(const struct bp_action_context *context, const struct bp_event_context *event,
                                int64_t *ret_minutes) {
        const struct bp_value *message =
                bp_field(context, bp_event_content(context, event), "message", (const char *)NULL);
        int64_t minutes = 0;

        if (!bp_event_is(context, event, "eta") || !bp_read_integer(context, message, &minutes))
                return false;
        *ret_minutes = minutes < 0 ? 0 : minutes;
        return true;
}

/** Ends on_event as a failure whose text is the output `message`, too. */
static inline int bp_event_fail_message(struct bp_action_context *context, const char *code, const char *message) {
        bp_output_string(context, "message", message);
        return context->host->event_complete(context, false, code, message);
}

/**
 * cleanup: tells `service` to stop the workflow that the last attempt left as output `workflow_id`; nothing to do
 * without one. A service that knows no such workflow any more, or no such method, has nothing left to stop.
 * `from_step` as in bp_user_id(): as when it was started.
 */
static inline int bp_cancel_workflow(struct bp_action_context *context, const char *service, bool from_step) {
        struct bp_http_request request;
        const char *id =
                bp_text_or_null(context, bp_field(context, context->outputs, "workflow_id", (const char *)NULL));
        const struct bp_http_response *reply;
        const char *error;

        if (!id)
                return bp_complete(context);
        memset(&request, 0, sizeof(request));
        request.struct_size = sizeof(request);
        request.service = service;
        request.method = "POST";
        request.url = bp_format(context, "/workflows/%s/cancel", bp_path_segment(context, id));
        request.query = bp_user_query(context, from_step);
        reply = bp_http(context, &request);
        if (bp_reply_ok(reply) ||
            (reply->failure == BP_HTTP_OK && (reply->status == 404 || reply->status == 405 || reply->status == 410)))
                return bp_complete(context);
        error = bp_reply_error(context, reply);
        return (context->host->fail)(context, "CANCEL_FAILED", error, !bp_reply_known(reply));
}

/** A value as templates render it, "" for NULL and when memory is exhausted. Never NULL. */
static inline const char *bp_rendered(struct bp_action_context *context, const struct bp_value *value) {
        const char *text = value ? context->host->to_text(context, value, NULL) : NULL;

        return text ? text : "";
}

/**
 * Why something failed, by an event: `payload.content.message`, else `payload.content.error`, the first that says
 * something, else `otherwise`.
 */
static inline const char *bp_event_reason(struct bp_action_context *context, const struct bp_event_context *event,
                                          const char *otherwise) {
        const struct bp_value *content = bp_event_content(context, event);
        const char *reason = bp_text_or_null(context, bp_field(context, content, "message", (const char *)NULL));

        if (!reason)
                reason = bp_text_or_null(context, bp_field(context, content, "error", (const char *)NULL));
        return reason ? reason : otherwise;
}

/** How far a service is when it has started a stage of its work; `event` is what `payload.event` says. */
struct bp_event_stage {
        const char *event;
        double percent;
};

/** The stage that `payload.event` names, or NULL. */
static inline const struct bp_event_stage *bp_event_stage(const struct bp_action_context *context,
                                                          const struct bp_event_context *event,
                                                          const struct bp_event_stage *stages, size_t n_stages) {
        for (size_t i = 0; i < n_stages; i++)
                if (bp_event_is(context, event, stages[i].event))
                        return &stages[i];
        return NULL;
}

/** The fields by which a platform workflow is started in one step. */
static inline void bp_set_workflow_fields(struct bp_action_context *context, struct bp_builder *body) {
        context->host->object_set(body, "workflow_total_steps", context->host->make_int(context, 1));
        context->host->object_set(body, "step_number", context->host->make_int(context, 1));
        context->host->object_set(body, "trigger_workflow", context->host->make_bool(context, true));
}

/** Sets a member from a parameter where that says something: not when it is absent, null, false, 0 or empty. */
static inline void bp_set_if_true(struct bp_action_context *context, struct bp_builder *object, const char *key,
                                  const struct bp_value *value) {
        if (bp_truth(context, value))
                context->host->object_set(object, key, value);
}

/** A value to set where a member must be there: itself, or null. */
static inline const struct bp_value *bp_or_null(struct bp_action_context *context, const struct bp_value *value) {
        return value ? value : context->host->make_null(context);
}

/** True for 36 characters of hexadecimal digits and dashes as a UUID has them. */
static inline bool bp_is_uuid(const char *text) {
        static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
        size_t i;

        for (i = 0; shape[i] && text[i]; i++)
                if (shape[i] == '-' ? text[i] != '-' : !strchr("0123456789abcdefABCDEF", text[i]))
                        return false;
        return !shape[i] && !text[i];
}

/* ---------------------------------------------------------------------------------------------------------------
 * Models and simulations
 */

/** Asks budapp for a model's record: the reply goes to bp_model_of_reply(). Needs an id that is a UUID. */
static inline int bp_await_model(struct bp_action_context *context, const char *model_id,
                                 const struct bp_value *state) {
        struct bp_http_request request;

        memset(&request, 0, sizeof(request));
        request.struct_size = sizeof(request);
        request.service = "budapp";
        request.method = "GET";
        request.url = bp_format(context, "/models/%s", bp_path_segment(context, model_id));
        request.query = bp_user_query(context, false);
        return bp_await_reply(context, &request, state);
}

/** A model's record: the member `model` of a good answer, else `data`, else the body. NULL when it is no object. */
static inline const struct bp_value *bp_model_of_reply(struct bp_action_context *context,
                                                       const struct bp_http_response *reply) {
        static const char *const members[] = {"model", "data"};
        const struct bp_value *body = bp_reply_ok(reply) ? bp_reply_json(context, reply) : NULL;

        for (size_t i = 0; i < BP_COUNT(members); i++)
                if (bp_truth(context, bp_field(context, body, members[i], (const char *)NULL)))
                        return bp_field(context, body, members[i], (const char *)NULL);
        return bp_type(context, body) == BP_OBJECT ? body : NULL;
}

/** Where a simulator finds a model: the first of `local_path`, `uri`, `huggingface_url`, or NULL. */
static inline const char *bp_model_path(struct bp_action_context *context, const struct bp_value *model) {
        static const char *const members[] = {"local_path", "uri", "huggingface_url"};
        const char *path = NULL;

        for (size_t i = 0; !path && i < BP_COUNT(members); i++)
                path = bp_text_or_null(context, bp_field(context, model, members[i], (const char *)NULL));
        return path;
}

/** A text of an event by path, "" when it is missing or no text. Ends with NULL; looks at the whole event. */
#define BP_EVENT_TEXT(context, event, ...) \
        ((context)->host->as_string(bp_field((context), (event)->event_data, __VA_ARGS__, (const char *)NULL), NULL))

#ifdef __cplusplus
}
#endif
#endif
