/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cluster_delete: has budcluster delete a cluster, and ends when budcluster says how it went.
 *
 * Call: POST budcluster /cluster/{cluster_id}/delete-workflow. What it answers names the workflow whose events end the
 * step; an answer that names none says that there is nothing left to do.
 *
 * Events, the first that matches:
 *   workflow_completed                               ends the step, by its `status`
 *   notification, event `results`, COMPLETED         ends it
 *   notification, any event, FAILED                  ends it
 *   event `eta`                                      the minutes that are left
 *   one of the stages below, STARTED                 how far it is
 *
 * Effect: `idempotent`, since a cluster that is deleted twice is as gone as one that is deleted once. There is no
 * cleanup: half a deletion that was stopped would leave a cluster that is good for nothing.
 */
#include <budpipeline/action.h>
#include <budpipeline/service.h>

enum { TIMEOUT_MS = 60 * 1000, WAIT_SECONDS = 1200 };

static const struct bp_event_stage stages[] = {
        {"validation", 10}, {"delete_deployments", 30}, {"delete_infrastructure", 60}, {"verify_deletion", 90}};

static void output_state(struct bp_action_context *context, bool success, const struct bp_value *cluster_id) {
        bp_output_bool(context, "success", success);
        bp_output(context, "cluster_id", bp_or_null(context, cluster_id));
}

/* ---- starting ---- */

static int fail_to_delete(struct bp_action_context *context, const char *reason, bool is_known) {
        output_state(context, false, bp_param(context, "cluster_id"));
        return bp_fail_message(context, "SERVICE_FAILED", bp_format(context, "Failed to delete cluster: %s", reason),
                               is_known);
}

static const struct bp_value *request_body(struct bp_action_context *context) {
        struct bp_builder *body = context->host->object_new(context);

        context->host->object_set(body, "callback_topic", bp_make_text(context, BP_CALLBACK_TOPIC));
        context->host->object_set(body, "force",
                                  context->host->make_bool(context, bp_truth(context, bp_param(context, "force"))));
        return context->host->finish(body);
}

static int cluster_delete_execute(struct bp_action_context *context) {
        struct bp_http_request request = {.struct_size = sizeof(request),
                                          .timeout_ms = TIMEOUT_MS,
                                          .service = "budcluster",
                                          .method = "POST",
                                          .query = bp_user_query(context, true),
                                          .json = request_body(context)};

        request.url = bp_format(context, "/cluster/%s/delete-workflow",
                                bp_path_segment(context, bp_param_string(context, "cluster_id", "")));
        return bp_await_reply(context, &request, NULL);
}

static int cluster_delete_on_reply(struct bp_action_context *context, const struct bp_http_response *reply) {
        const struct bp_value *body;
        const char *workflow_id;

        if (!bp_reply_ok(reply))
                return fail_to_delete(context, bp_reply_error(context, reply), bp_reply_known(reply));
        body = bp_reply_object(context, reply);
        if (!body)
                return fail_to_delete(context, "the answer is no JSON object", false);
        workflow_id = bp_reply_workflow_id(context, body);
        if (!workflow_id && bp_reply_names_workflow(context, body))
                return fail_to_delete(context, "the answer names no usable workflow_id", false);
        output_state(context, true, bp_param(context, "cluster_id"));
        if (!workflow_id) {
                bp_output_string(context, "message", "Cluster deleted successfully");
                return bp_complete(context);
        }
        bp_output_string(context, "workflow_id", workflow_id);
        bp_output_string(context, "message", "Cluster deletion in progress...");
        return bp_await_event(context, workflow_id, WAIT_SECONDS);
}

/* ---- events ---- */

static int end_deleted(struct bp_action_context *context, const struct bp_event_context *event) {
        output_state(context, true, context->host->get(event->step_outputs, "cluster_id"));
        bp_output_string(context, "message", "Cluster deleted successfully");
        return bp_event_complete(context);
}

static int end_failed(struct bp_action_context *context, const struct bp_event_context *event, const char *message) {
        output_state(context, false, context->host->get(event->step_outputs, "cluster_id"));
        return bp_event_fail_message(context, "CLUSTER_DELETE_FAILED", message);
}

static int on_workflow_completed(struct bp_action_context *context, const struct bp_event_context *event) {
        const char *reason = bp_text_or_null(context, context->host->get(event->event_data, "reason"));

        if (bp_is_word(context, context->host->get(event->event_data, "status"), "COMPLETED"))
                return end_deleted(context, event);
        return end_failed(context, event, reason ? reason : "Cluster workflow failed");
}

static int cluster_delete_on_event(struct bp_action_context *context, const struct bp_event_context *event) {
        const struct bp_event_stage *stage = bp_event_stage(context, event, stages, BP_COUNT(stages));
        bool is_notification = strcmp(event->event_type, "notification") == 0;
        int64_t minutes;

        if (strcmp(event->event_type, "workflow_completed") == 0)
                return on_workflow_completed(context, event);
        if (is_notification && bp_event_is(context, event, "results") &&
            bp_event_status_is(context, event, "COMPLETED"))
                return end_deleted(context, event);
        if (is_notification && bp_event_status_is(context, event, "FAILED"))
                return end_failed(context, event, bp_event_reason(context, event, "Cluster deletion failed"));
        if (bp_event_eta(context, event, &minutes))
                return bp_event_progress(context, -1, (double)minutes);
        if (stage && bp_event_status_is(context, event, "STARTED"))
                return bp_event_progress(context, stage->percent, -1);
        return bp_event_ignore(context);
}

/* ---- the rest ---- */

static void cluster_delete_validate(struct bp_action_context *context) {
        if (!bp_truth(context, bp_param(context, "cluster_id")))
                bp_finding(context, "cluster_id is required");
}

/* clang-format off */
BP_ACTION(cluster_delete,
        .name = "Delete Cluster", .category = "Cluster Operations", .icon = "server-x", .color = "#DC2626",
        .description = "Deletes a cluster and waits until it is gone.",
        .execution_mode = BP_EVENT_DRIVEN, .effect = BP_IDEMPOTENT, .timeout_seconds = 1200,
        .required_services = BP_STRINGS("budcluster"), .also_accepts = BP_STRINGS("user_id"),
        BP_PARAMS(
                {.name = "cluster_id", .label = "Cluster", .type = BP_PARAM_CLUSTER_REF, .required = 1,
                 .description = "The cluster to delete."},
                {.name = "force", .label = "Force Delete", .type = BP_PARAM_BOOLEAN, .default_json = "false",
                 .description = "Deletes it even while something runs there."}),
        BP_OUTPUTS({"success", "boolean", "Whether the cluster is gone"},
                   {"cluster_id", "string", "The cluster as given"},
                   {"message", "string", "What happened, for a person"}),
        BP_EXAMPLES({"After an experiment",
                     "{\"cluster_id\": \"00000000-0000-4000-8000-000000000202\", \"force\": true}",
                     "Takes down what runs on the cluster, too."}),
        .execute = cluster_delete_execute, .on_reply = cluster_delete_on_reply, .on_event = cluster_delete_on_event,
        .validate_params = cluster_delete_validate);
/* clang-format on */
