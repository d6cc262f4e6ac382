/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deployment_scale: sets a deployment to a fixed number of replicas.
 *
 * Calls: GET budapp /endpoints/{endpoint_id}/autoscale for the autoscaler as it is; what goes wrong there is left out
 * of account. PUT the same path with an autoscaler whose least and greatest number of replicas are both the target, and
 * with what else the present one says (`kept`).
 *
 * Effect: `idempotent`: one call reads, the other states a target.
 */
#include <budpipeline/action.h>
#include <budpipeline/number.h>
#include <budpipeline/service.h>

enum { READ_TIMEOUT_MS = 30 * 1000, WRITE_TIMEOUT_MS = 60 * 1000, REPLICAS_MAX = 100 };

/* Members of the present autoscaler that stay as they are. */
static const char *const kept[] = {"scalingStrategy",  "metricsSources", "gpuConfig",    "costConfig",
                                   "predictionConfig", "scheduleHints",  "multiCluster", "behavior"};

static bool read_target(struct bp_action_context *context, int64_t *ret_target) {
        return bp_read_integer(context, bp_param(context, "target_replicas"), ret_target);
}

static void output_target(struct bp_action_context *context, bool success) {
        int64_t target;

        bp_output_bool(context, "success", success);
        bp_output(context, "endpoint_id", bp_or_null(context, bp_param(context, "endpoint_id")));
        bp_output(context, "target_replicas",
                  read_target(context, &target) ? context->host->make_int(context, target)
                                                : bp_or_null(context, bp_param(context, "target_replicas")));
}

static int fail_to_scale(struct bp_action_context *context, const char *code, const char *message, bool is_known) {
        output_target(context, false);
        return bp_fail_message(context, code, message, is_known);
}

static const char *path_of(struct bp_action_context *context) {
        return bp_format(context, "/endpoints/%s/autoscale",
                         bp_path_segment(context, bp_param_string(context, "endpoint_id", "")));
}

static int deployment_scale_execute(struct bp_action_context *context) {
        int64_t target;

        if (bp_type(context, bp_param(context, "target_replicas")) == BP_NULL)
                return fail_to_scale(context, "PARAM_INVALID", "target_replicas is required", true);
        if (!read_target(context, &target))
                return fail_to_scale(context, "PARAM_INVALID", "target_replicas must be a valid number", true);
        return bp_await_reply(context,
                              &(struct bp_http_request){.struct_size = sizeof(struct bp_http_request),
                                                        .timeout_ms = READ_TIMEOUT_MS,
                                                        .service = "budapp",
                                                        .method = "GET",
                                                        .url = path_of(context),
                                                        .query = bp_user_query(context, true)},
                              NULL);
}

static const struct bp_value *specification_of(struct bp_action_context *context, const struct bp_value *present) {
        struct bp_builder *specification = context->host->object_new(context);
        const struct bp_value *replicas;
        int64_t target = 0;

        read_target(context, &target);
        replicas = context->host->make_int(context, target);
        context->host->object_set(specification, "enabled", context->host->make_bool(context, true));
        context->host->object_set(specification, "minReplicas", replicas);
        context->host->object_set(specification, "maxReplicas", replicas);
        for (size_t i = 0; i < BP_COUNT(kept); i++)
                bp_set_if_true(context, specification, kept[i], context->host->get(present, kept[i]));
        return context->host->finish(specification);
}

/* The present autoscaler is also the state: what it says is told when the other call has been answered. */
static int put_target(struct bp_action_context *context, const struct bp_http_response *reply) {
        const struct bp_value *body = bp_reply_ok(reply) ? bp_reply_json(context, reply) : NULL;
        const struct bp_value *present = context->host->get(body, "budaiscaler_config");
        struct bp_builder *json = context->host->object_new(context);

        if (bp_type(context, present) != BP_OBJECT)
                present = context->host->finish(context->host->object_new(context));
        context->host->object_set(json, "budaiscaler_specification", specification_of(context, present));
        return bp_await_reply(context,
                              &(struct bp_http_request){.struct_size = sizeof(struct bp_http_request),
                                                        .timeout_ms = WRITE_TIMEOUT_MS,
                                                        .service = "budapp",
                                                        .method = "PUT",
                                                        .url = path_of(context),
                                                        .query = bp_user_query(context, true),
                                                        .json = context->host->finish(json)},
                              present);
}

static void output_previous(struct bp_action_context *context, const char *name, const struct bp_value *present,
                            const char *member) {
        bp_output(context, name, bp_or_null(context, context->host->get(present, member)));
}

static int deployment_scale_on_reply(struct bp_action_context *context, const struct bp_http_response *reply) {
        int64_t target = 0;

        if (!reply->state)
                return put_target(context, reply);
        if (!bp_reply_ok(reply))
                return fail_to_scale(
                        context, "SERVICE_FAILED",
                        bp_format(context, "Failed to scale deployment: %s", bp_reply_error(context, reply)),
                        bp_reply_known(reply));
        if (!bp_reply_object(context, reply))
                return fail_to_scale(context, "SERVICE_FAILED",
                                     "Failed to scale deployment: the answer is no JSON object", false);
        read_target(context, &target);
        output_target(context, true);
        output_previous(context, "previous_min_replicas", reply->state, "minReplicas");
        output_previous(context, "previous_max_replicas", reply->state, "maxReplicas");
        output_previous(context, "scaling_strategy", reply->state, "scalingStrategy");
        bp_output_string(context, "message",
                         bp_format(context, "Deployment scaled to %lld replicas", (long long)target));
        return bp_complete(context);
}

/* ---- the rest ---- */

static void deployment_scale_validate(struct bp_action_context *context) {
        const struct bp_value *value = bp_param(context, "target_replicas");
        int64_t target;

        if (!bp_truth(context, bp_param(context, "endpoint_id")))
                bp_finding(context, "endpoint_id is required");
        if (bp_type(context, value) == BP_NULL)
                bp_finding(context, "target_replicas is required");
        else if (!read_target(context, &target))
                bp_finding(context, "target_replicas must be a valid number");
        else if (target < 0)
                bp_finding(context, "target_replicas must be at least 0");
        else if (target > REPLICAS_MAX)
                bp_finding(context, "target_replicas cannot exceed %d", REPLICAS_MAX);
}

/* clang-format off */
BP_ACTION(deployment_scale,
        .name = "Scale Deployment", .category = "Deployment", .icon = "arrows-alt", .color = "#722ED1",
        .description = "Sets a deployment to a fixed number of replicas.",
        .effect = BP_IDEMPOTENT, .timeout_seconds = 120, .required_services = BP_STRINGS("budapp"),
        .also_accepts = BP_STRINGS("user_id"),
        BP_PARAMS(
                {.name = "endpoint_id", .label = "Deployment Endpoint", .type = BP_PARAM_ENDPOINT_REF, .required = 1,
                 .alias = "deployment_id", .description = "The endpoint to scale."},
                {.name = "target_replicas", .label = "Target Replicas", .type = BP_PARAM_NUMBER, .required = 1,
                 .default_json = "1", .flags = BP_PARAM_FORM_DEFAULT, BP_BETWEEN(0, REPLICAS_MAX),
                 .description = "How many replicas there are to be."}),
        BP_OUTPUTS({"success", "boolean", "Whether the platform has taken the target"},
                   {"endpoint_id", "string", "The endpoint as given"},
                   {"target_replicas", "number", "How many replicas there are to be"},
                   {"previous_min_replicas", "number", "Least number before, where the platform tells"},
                   {"previous_max_replicas", "number", "Greatest number before, where the platform tells"},
                   {"scaling_strategy", "string", "Strategy of the autoscaler, where it has one"},
                   {"message", "string", "What happened, for a person"}),
        BP_EXAMPLES({"More replicas for the day",
                     "{\"endpoint_id\": \"00000000-0000-4000-8000-000000000401\", \"target_replicas\": 4}",
                     "A later step goes back to `previous_max_replicas`."}),
        .execute = deployment_scale_execute, .on_reply = deployment_scale_on_reply,
        .validate_params = deployment_scale_validate);
/* clang-format on */
