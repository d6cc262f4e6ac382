/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cluster_create: has budcluster create a cluster, and ends when budcluster says how it went.
 *
 * Call: POST budcluster /cluster/create-workflow. What it answers names the workflow whose events end the step.
 *
 * Events, the first that matches:
 *   workflow_completed                               ends the step, by its `status`
 *   notification, event `results`, COMPLETED         ends it, with `cluster_id` of the result
 *   notification, any event, FAILED                  ends it
 *   event `eta`                                      the minutes that are left
 *   one of the stages below, STARTED                 how far it is
 *
 * Effect: `once`. Without an answer that names a workflow it is not known whether one was started. The cleanup asks
 * budcluster to cancel the workflow.
 */
#include <budpipeline/action.h>
#include <budpipeline/service.h>

enum { TIMEOUT_MS = 60 * 1000, WAIT_SECONDS = 1800 };

static const struct bp_event_stage stages[] = {
        {"validation", 10}, {"provision_infrastructure", 30}, {"configure_cluster", 60}, {"verify_cluster", 90}};

/* ---- starting ---- */

static int fail_to_create(struct bp_action_context *context, const char *reason, bool is_known) {
        bp_output_bool(context, "success", false);
        bp_output_string(context, "cluster_id", NULL);
        return bp_fail_message(context, "SERVICE_FAILED", bp_format(context, "Failed to create cluster: %s", reason),
                               is_known);
}

static const struct bp_value *request_body(struct bp_action_context *context) {
        struct bp_builder *body = context->host->object_new(context);

        bp_set_workflow_fields(context, body);
        context->host->object_set(body, "name", bp_or_null(context, bp_param(context, "cluster_name")));
        context->host->object_set(body, "provider", bp_or_null(context, bp_param(context, "provider")));
        context->host->object_set(body, "callback_topic", bp_make_text(context, BP_CALLBACK_TOPIC));
        return context->host->finish(body);
}

static int cluster_create_execute(struct bp_action_context *context) {
        return bp_await_reply(context,
                              &(struct bp_http_request){.struct_size = sizeof(struct bp_http_request),
                                                        .timeout_ms = TIMEOUT_MS,
                                                        .service = "budcluster",
                                                        .method = "POST",
                                                        .url = "/cluster/create-workflow",
                                                        .query = bp_user_query(context, true),
                                                        .json = request_body(context)},
                              NULL);
}

static int cluster_create_on_reply(struct bp_action_context *context, const struct bp_http_response *reply) {
        const char *workflow_id;

        if (!bp_reply_ok(reply))
                return fail_to_create(context, bp_reply_error(context, reply), bp_reply_known(reply));
        workflow_id = bp_reply_workflow_id(context, bp_reply_json(context, reply));
        if (!workflow_id)
                return fail_to_create(context, "the answer names no workflow_id", false);
        bp_output_bool(context, "success", true);
        bp_output_string(context, "cluster_id", NULL);
        bp_output_string(context, "workflow_id", workflow_id);
        bp_output_string(context, "message", "Cluster creation in progress...");
        return bp_await_event(context, workflow_id, WAIT_SECONDS);
}

/* ---- events ---- */

static int end_created(struct bp_action_context *context, const struct bp_value *result) {
        bp_output_bool(context, "success", true);
        bp_output(context, "cluster_id", bp_or_null(context, context->host->get(result, "cluster_id")));
        bp_output_string(context, "message", "Cluster created successfully");
        return bp_event_complete(context);
}

static int end_failed(struct bp_action_context *context, const char *message) {
        bp_output_bool(context, "success", false);
        bp_output_string(context, "cluster_id", NULL);
        return bp_event_fail_message(context, "CLUSTER_CREATE_FAILED", message);
}

static int on_workflow_completed(struct bp_action_context *context, const struct bp_event_context *event) {
        const char *reason = bp_text_or_null(context, context->host->get(event->event_data, "reason"));

        if (bp_is_word(context, context->host->get(event->event_data, "status"), "COMPLETED"))
                return end_created(context, context->host->get(event->event_data, "result"));
        return end_failed(context, reason ? reason : "Cluster workflow failed");
}

static int cluster_create_on_event(struct bp_action_context *context, const struct bp_event_context *event) {
        const struct bp_event_stage *stage = bp_event_stage(context, event, stages, BP_COUNT(stages));
        bool is_notification = strcmp(event->event_type, "notification") == 0;
        int64_t minutes;

        if (strcmp(event->event_type, "workflow_completed") == 0)
                return on_workflow_completed(context, event);
        if (is_notification && bp_event_is(context, event, "results") &&
            bp_event_status_is(context, event, "COMPLETED"))
                return end_created(context, bp_event_result(context, event));
        if (is_notification && bp_event_status_is(context, event, "FAILED"))
                return end_failed(context, bp_event_reason(context, event, "Cluster creation failed"));
        if (bp_event_eta(context, event, &minutes))
                return bp_event_progress(context, -1, (double)minutes);
        if (stage && bp_event_status_is(context, event, "STARTED"))
                return bp_event_progress(context, stage->percent, -1);
        return bp_event_ignore(context);
}

/* ---- the rest ---- */

static void cluster_create_validate(struct bp_action_context *context) {
        if (!bp_truth(context, bp_param(context, "cluster_name")))
                bp_finding(context, "cluster_name is required");
}

static int cluster_create_cleanup(struct bp_action_context *context) {
        return bp_cancel_workflow(context, "budcluster", true);
}

/* clang-format off */
BP_ACTION(cluster_create,
        .name = "Create Cluster", .category = "Cluster Operations", .icon = "server-plus", .color = "#6366F1",
        .description = "Creates a cluster and waits until it is ready.",
        .execution_mode = BP_EVENT_DRIVEN, .effect = BP_ONCE, .idempotent = BP_NO, .timeout_seconds = 1800,
        .required_services = BP_STRINGS("budcluster"), .also_accepts = BP_STRINGS("user_id"),
        BP_PARAMS(
                {.name = "cluster_name", .label = "Cluster Name", .type = BP_PARAM_STRING, .required = 1,
                 .description = "Name of the new cluster."},
                {.name = "provider", .label = "Cloud Provider", .type = BP_PARAM_SELECT, .required = 1,
                 .description = "Where it is created.",
                 BP_OPTIONS({"aws", "AWS (EKS)"}, {"azure", "Azure (AKS)"}, {"onprem", "On-Premises"})}),
        BP_OUTPUTS({"success", "boolean", "Whether the cluster was created"},
                   {"cluster_id", "string", "Id of the cluster's record"},
                   {"message", "string", "What happened, for a person"}),
        BP_EXAMPLES({"A cluster at AWS", "{\"cluster_name\": \"inference-eu\", \"provider\": \"aws\"}",
                     "Ends when the cluster takes deployments."}),
        .execute = cluster_create_execute, .on_reply = cluster_create_on_reply, .on_event = cluster_create_on_event,
        .validate_params = cluster_create_validate, .cleanup = cluster_create_cleanup);
/* clang-format on */
