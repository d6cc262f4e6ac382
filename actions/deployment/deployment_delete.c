/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deployment_delete: has budapp delete an endpoint, and ends when budapp says how it went.
 *
 * Call: POST budapp /endpoints/{endpoint_id}/delete-workflow. The answer decides:
 *   `code` of 400 or more                            it is refused, whatever the status of the answer
 *   a workflow id                                    the step waits for that workflow's events
 *   a `message` that holds "initiated"               it waits for events that carry the id of the endpoint
 *   anything else                                    the endpoint is gone already
 *
 * Events, the first that matches:
 *   notification, event `results`, COMPLETED         ends it, with namespace and cluster of the result
 *   notification, `deployment_deletion_status`, COMPLETED   ends it
 *   notification, any event, FAILED                  ends it
 *   workflow_completed                               ends it, by its `status`
 *   notification, event `eta`                        the minutes that are left
 *   one of the stages below, STARTED                 how far it is
 *
 * Effect: `idempotent`, since an endpoint that is deleted twice is as gone as one that is deleted once. There is no
 * cleanup: half a deletion that was stopped would leave an endpoint that is good for nothing.
 */
#include <budpipeline/action.h>
#include <budpipeline/service.h>

enum { TIMEOUT_MS = 60 * 1000, WAIT_SECONDS = 300, WAIT_SECONDS_MIN = 30, WAIT_SECONDS_MAX = 600 };

static const struct bp_event_stage stages[] = {{"deployment_deletion_status", 30}, {"delete_namespace", 70}};

static void output_state(struct bp_action_context *context, bool success, const struct bp_value *endpoint_id,
                         const char *status) {
        bp_output_bool(context, "success", success);
        bp_output(context, "endpoint_id", bp_or_null(context, endpoint_id));
        bp_output_string(context, "status", status);
}

/* ---- starting ---- */

static int fail_to_delete(struct bp_action_context *context, const char *message, bool is_known) {
        output_state(context, false, bp_param(context, "endpoint_id"), "failed");
        return bp_fail_message(context, "SERVICE_FAILED", message, is_known);
}

static const struct bp_value *request_body(struct bp_action_context *context) {
        const struct bp_value *force = bp_param(context, "force");
        struct bp_builder *body = context->host->object_new(context);

        context->host->object_set(body, "callback_topic", bp_make_text(context, BP_CALLBACK_TOPIC));
        context->host->object_set(body, "force", force ? force : context->host->make_bool(context, false));
        return context->host->finish(body);
}

static int deployment_delete_execute(struct bp_action_context *context) {
        struct bp_http_request request = {.struct_size = sizeof(request),
                                          .timeout_ms = TIMEOUT_MS,
                                          .service = "budapp",
                                          .method = "POST",
                                          .query = bp_user_query(context, true),
                                          .json = request_body(context)};

        request.url = bp_format(context, "/endpoints/%s/delete-workflow",
                                bp_path_segment(context, bp_param_string(context, "endpoint_id", "")));
        return bp_await_reply(context, &request, NULL);
}

static int wait_for(struct bp_action_context *context, const char *external_id) {
        output_state(context, true, bp_param(context, "endpoint_id"), "deleting");
        bp_output_string(context, "message", "Deployment deletion in progress...");
        return bp_await_event(context, external_id, bp_param_int(context, "max_wait_seconds", WAIT_SECONDS));
}

static int refuse(struct bp_action_context *context, const struct bp_value *body) {
        const char *message = bp_text_or_null(context, context->host->get(body, "message"));

        if (!message)
                message = bp_format(context, "Delete request failed with code %s",
                                    bp_rendered(context, context->host->get(body, "code")));
        return fail_to_delete(context, message, true);
}

static int deployment_delete_on_reply(struct bp_action_context *context, const struct bp_http_response *reply) {
        const struct bp_value *body;
        const char *workflow_id;

        if (!bp_reply_ok(reply))
                return fail_to_delete(
                        context, bp_format(context, "Failed to delete deployment: %s", bp_reply_error(context, reply)),
                        bp_reply_known(reply));
        body = bp_reply_object(context, reply);
        if (!body)
                return fail_to_delete(context, "Failed to delete deployment: the answer is no JSON object", false);
        if (context->host->as_int(context->host->get(body, "code")) >= 400)
                return refuse(context, body);
        workflow_id = bp_reply_workflow_id(context, body);
        if (workflow_id) {
                bp_output_string(context, "workflow_id", workflow_id);
                return wait_for(context, workflow_id);
        }
        if (bp_reply_names_workflow(context, body))
                return fail_to_delete(context, "Failed to delete deployment: the answer names no usable workflow_id",
                                      false);
        if (strcasestr(bp_rendered(context, context->host->get(body, "message")), "initiated"))
                return wait_for(context, bp_param_string(context, "endpoint_id", ""));
        output_state(context, true, bp_param(context, "endpoint_id"), "deleted");
        bp_output_string(context, "message", "Deployment deleted successfully");
        return bp_complete(context);
}

/* ---- events ---- */

static int end_deleted(struct bp_action_context *context, const struct bp_event_context *event) {
        output_state(context, true, context->host->get(event->step_outputs, "endpoint_id"), "deleted");
        bp_output_string(context, "message", "Deployment deleted successfully");
        return bp_event_complete(context);
}

static int end_with_result(struct bp_action_context *context, const struct bp_event_context *event) {
        const struct bp_value *result = bp_event_result(context, event);

        bp_output(context, "namespace", bp_or_null(context, context->host->get(result, "namespace")));
        bp_output(context, "cluster_id", bp_or_null(context, context->host->get(result, "cluster_id")));
        return end_deleted(context, event);
}

static int end_failed(struct bp_action_context *context, const struct bp_event_context *event, const char *message) {
        output_state(context, false, context->host->get(event->step_outputs, "endpoint_id"), "failed");
        return bp_event_fail_message(context, "DEPLOYMENT_DELETE_FAILED", message);
}

static int on_workflow_completed(struct bp_action_context *context, const struct bp_event_context *event) {
        const char *reason = bp_text_or_null(context, context->host->get(event->event_data, "reason"));

        if (bp_is_word(context, context->host->get(event->event_data, "status"), "COMPLETED"))
                return end_deleted(context, event);
        return end_failed(context, event, reason ? reason : "Deployment deletion failed");
}

/* Sets `ret_result` when the notification says something of its own. */
static bool take_notification(struct bp_action_context *context, const struct bp_event_context *event,
                              int *ret_result) {
        bool has_completed = bp_event_status_is(context, event, "COMPLETED");
        int64_t minutes;

        if (has_completed && bp_event_is(context, event, "results"))
                *ret_result = end_with_result(context, event);
        else if (has_completed && bp_event_is(context, event, "deployment_deletion_status"))
                *ret_result = end_deleted(context, event);
        else if (bp_event_status_is(context, event, "FAILED"))
                *ret_result = end_failed(context, event, bp_event_reason(context, event, "Deployment deletion failed"));
        else if (bp_event_eta(context, event, &minutes))
                *ret_result = bp_event_progress(context, -1, (double)minutes);
        else
                return false;
        return true;
}

static int deployment_delete_on_event(struct bp_action_context *context, const struct bp_event_context *event) {
        const struct bp_event_stage *stage = bp_event_stage(context, event, stages, BP_COUNT(stages));
        int result = BP_EVENT_IGNORE;

        if (strcmp(event->event_type, "notification") == 0 && take_notification(context, event, &result))
                return result;
        if (strcmp(event->event_type, "workflow_completed") == 0)
                return on_workflow_completed(context, event);
        if (stage && bp_event_status_is(context, event, "STARTED"))
                return bp_event_progress(context, stage->percent, -1);
        return bp_event_ignore(context);
}

/* ---- the rest ---- */

static void deployment_delete_validate(struct bp_action_context *context) {
        const struct bp_value *wait = bp_param(context, "max_wait_seconds");
        enum bp_type type = bp_type(context, wait);
        double seconds = bp_param_float(context, "max_wait_seconds", WAIT_SECONDS);

        if (!bp_truth(context, bp_param(context, "endpoint_id")))
                bp_finding(context, "endpoint_id is required");
        if (wait && type != BP_INT && type != BP_FLOAT)
                bp_finding(context, "max_wait_seconds must be a valid number");
        else if (seconds < WAIT_SECONDS_MIN || seconds > WAIT_SECONDS_MAX)
                bp_finding(context, "max_wait_seconds must be between %d and %d", WAIT_SECONDS_MIN, WAIT_SECONDS_MAX);
}

/* clang-format off */
BP_ACTION(deployment_delete,
        .name = "Delete Deployment", .category = "Deployment", .icon = "trash", .color = "#EF4444",
        .description = "Deletes a deployment and waits until it is gone.",
        .execution_mode = BP_EVENT_DRIVEN, .effect = BP_IDEMPOTENT, .timeout_seconds = 300,
        .required_services = BP_STRINGS("budapp"), .also_accepts = BP_STRINGS("user_id"),
        BP_PARAMS(
                {.name = "endpoint_id", .label = "Deployment", .type = BP_PARAM_ENDPOINT_REF, .required = 1,
                 .alias = "deployment_id", .description = "The endpoint to delete."},
                {.name = "force", .label = "Force Delete", .type = BP_PARAM_BOOLEAN, .default_json = "false",
                 .description = "Deletes it even while it is in use."},
                {.name = "max_wait_seconds", .label = "Max Wait Time", .type = BP_PARAM_NUMBER, .default_json = "300",
                 BP_BETWEEN(WAIT_SECONDS_MIN, WAIT_SECONDS_MAX),
                 .description = "How long to wait, in seconds, until it is gone."}),
        BP_OUTPUTS({"success", "boolean", "Whether the deployment is gone, or on its way"},
                   {"endpoint_id", "string", "The endpoint as given"},
                   {"namespace", "string", "Namespace it had, where the platform tells"},
                   {"cluster_id", "string", "Cluster it ran on, where the platform tells"},
                   {"status", "string", "deleting, deleted or failed"},
                   {"message", "string", "What happened, for a person"}),
        BP_EXAMPLES({"Take a deployment down",
                     "{\"endpoint_id\": \"00000000-0000-4000-8000-000000000401\", \"max_wait_seconds\": 120}",
                     "Waits two minutes at most."}),
        .execute = deployment_delete_execute, .on_reply = deployment_delete_on_reply,
        .on_event = deployment_delete_on_event, .validate_params = deployment_delete_validate);
/* clang-format on */
