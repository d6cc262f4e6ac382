/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notification: publishes a message that budnotify delivers by mail, Slack, Teams or a webhook, to the topic
 * `notifications` of the bus. While it waits for the bus, the step holds no thread.
 *
 * The id of a notification is made of those of execution and step, so that a receiver can tell a second one from the
 * first. Effect: `once` all the same, since mail that was sent twice was read twice.
 *
 * Failures leave `sent` false and `notification_id` null.
 */
#include <budpipeline/action.h>
#include <budpipeline/service.h>

enum { TIMEOUT_MS = 10 * 1000 };

static const char *const channels[] = {"email", "slack", "teams", "webhook"};
static const char *const severities[] = {"info", "warning", "error", "critical"};

static int fail_to_send(struct bp_action_context *context, const char *message, bool is_known) {
        bp_output_bool(context, "sent", false);
        bp_output_string(context, "notification_id", NULL);
        return (context->host->fail)(context, "NOTIFICATION_FAILED", message, !is_known);
}

static const char *id_of(struct bp_action_context *context) {
        return bp_format(context, "%s-%s", context->execution_id, context->step_id);
}

/* What the user gives, and where it comes from; that is not theirs to say. */
static const struct bp_value *metadata_of(struct bp_action_context *context) {
        const struct bp_value *given = bp_param(context, "metadata"), *value;
        struct bp_builder *metadata = context->host->object_new(context);
        const char *key;

        for (size_t i = 0; (value = context->host->member(given, i, &key)); i++)
                context->host->object_set(metadata, key, value);
        bp_set_text(context, metadata, "source", "budpipeline");
        bp_set_text(context, metadata, "workflow_execution_id", context->execution_id);
        bp_set_text(context, metadata, "step_id", context->step_id);
        return context->host->finish(metadata);
}

static const struct bp_value *param_or_text(struct bp_action_context *context, const char *name, const char *text) {
        const struct bp_value *value = bp_param(context, name);

        return value ? value : bp_make_text(context, text);
}

static const struct bp_value *recipients_of(struct bp_action_context *context) {
        const struct bp_value *given = bp_param(context, "recipients");

        return given ? given : context->host->finish(context->host->list_new(context));
}

static const struct bp_value *body_of(struct bp_action_context *context) {
        struct bp_builder *body = context->host->object_new(context);

        bp_set_text(context, body, "notification_id", id_of(context));
        context->host->object_set(body, "channel", bp_param_or_null(context, "channel"));
        context->host->object_set(body, "title", param_or_text(context, "title", "Workflow Notification"));
        context->host->object_set(body, "message", param_or_text(context, "message", ""));
        context->host->object_set(body, "severity", param_or_text(context, "severity", "info"));
        context->host->object_set(body, "recipients", recipients_of(context));
        context->host->object_set(body, "metadata", metadata_of(context));
        return context->host->finish(body);
}

static int notification_execute(struct bp_action_context *context) {
        const struct bp_value *metadata = bp_param(context, "metadata");

        if (metadata && bp_type(context, metadata) != BP_OBJECT)
                return fail_to_send(context, "Failed to send notification: metadata must be an object", true);
        return bp_await_reply(context,
                              &(struct bp_http_request){.struct_size = sizeof(struct bp_http_request),
                                                        .timeout_ms = TIMEOUT_MS,
                                                        .topic = "notifications",
                                                        .json = body_of(context)},
                              NULL);
}

static int notification_on_reply(struct bp_action_context *context, const struct bp_http_response *reply) {
        if (reply->failure == BP_HTTP_TIMEOUT || reply->timed_out)
                return fail_to_send(context, "Notification publish timed out", bp_reply_known(reply));
        if (reply->failure != BP_HTTP_OK)
                return fail_to_send(context, bp_format(context, "Failed to send notification: %s", reply->message),
                                    bp_reply_known(reply));
        if (reply->status >= 300)
                return fail_to_send(context,
                                    bp_format(context, "Failed to publish notification: HTTP %u", reply->status), true);
        bp_output_bool(context, "sent", true);
        bp_output_string(context, "notification_id", id_of(context));
        return bp_complete(context);
}

static bool is_one_of(struct bp_action_context *context, const struct bp_value *value, const char *const *words,
                      size_t count) {
        for (size_t i = 0; i < count; i++)
                if (bp_type(context, value) == BP_STRING &&
                    strcmp(context->host->as_string(value, NULL), words[i]) == 0)
                        return true;
        return false;
}

static void notification_validate(struct bp_action_context *context) {
        const struct bp_value *channel = bp_param(context, "channel"), *severity = bp_param(context, "severity");

        if (!bp_truth(context, channel))
                bp_finding(context, "channel is required");
        if (!bp_truth(context, bp_param(context, "message")))
                bp_finding(context, "message is required");
        if (bp_truth(context, channel) && !is_one_of(context, channel, channels, BP_COUNT(channels)))
                bp_finding(context, "channel must be one of: email, slack, teams, webhook");
        if (severity && !is_one_of(context, severity, severities, BP_COUNT(severities)))
                bp_finding(context, "severity must be one of: info, warning, error, critical");
}

/* clang-format off */
BP_ACTION(notification,
        .name = "Send Notification", .category = "Integration", .icon = "bell", .color = "#F59E0B",
        .description = "Sends a message to people, by mail, Slack, Teams or a webhook.",
        .effect = BP_ONCE, .idempotent = BP_NO, .timeout_seconds = 30, .required_services = BP_STRINGS("budnotify"),
        BP_PARAMS(
                {.name = "channel", .label = "Channel", .type = BP_PARAM_SELECT, .required = 1,
                 .description = "How the message travels.",
                 BP_OPTIONS({"email", "Email"}, {"slack", "Slack"}, {"teams", "Microsoft Teams"},
                            {"webhook", "Webhook"})},
                {.name = "title", .label = "Title", .type = BP_PARAM_STRING,
                 .default_json = "\"Workflow Notification\"", .description = "Heading of the message."},
                {.name = "message", .label = "Message", .type = BP_PARAM_TEMPLATE, .required = 1,
                 .description = "What to say; templates are filled in."},
                {.name = "severity", .label = "Severity", .type = BP_PARAM_SELECT, .default_json = "\"info\"",
                 .description = "How much it matters.",
                 BP_OPTIONS({"info", "Info"}, {"warning", "Warning"}, {"error", "Error"}, {"critical", "Critical"})},
                {.name = "recipients", .label = "Recipients", .type = BP_PARAM_JSON,
                 .description = "Who gets it: addresses, channels or URLs, as the channel wants them."},
                {.name = "metadata", .label = "Metadata", .type = BP_PARAM_JSON,
                 .description = "Object that goes along with the message."}),
        BP_OUTPUTS({"sent", "boolean", "Whether the bus took it"},
                   {"notification_id", "string", "Id of the notification, null if it was not sent"}),
        BP_EXAMPLES({"Mail when a model is there",
                     "{\"channel\": \"email\", \"title\": \"Model added\","
                     " \"message\": \"{{ steps.add.outputs.model_name }} is there\","
                     " \"recipients\": [\"ml-team@example.com\"]}",
                     "Goes to one address."}),
        .execute = notification_execute, .on_reply = notification_on_reply,
        .validate_params = notification_validate);
/* clang-format on */
