/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deployment_autoscale: lets a deployment have as many replicas as its load demands, between two bounds.
 *
 * Call: PUT budcluster /endpoints/{deployment_id}/autoscale with the specification of an autoscaler: the bounds, a
 * target for CPU and one for memory, and how long the load must be low before replicas go. `config` is what the answer
 * says holds now, else what was sent.
 *
 * Effect: `idempotent`, since it states a target.
 */
#include <budpipeline/action.h>
#include <budpipeline/service.h>

enum { TIMEOUT_MS = 60 * 1000, MIN_REPLICAS = 1, MAX_REPLICAS = 10 };
enum { CPU_PERCENT = 70, MEMORY_PERCENT = 80, SCALE_DOWN_SECONDS = 300 };

static void output_state(struct bp_action_context *context, bool success, const struct bp_value *config) {
        bp_output_bool(context, "success", success);
        bp_output(context, "deployment_id", bp_or_null(context, bp_param(context, "deployment_id")));
        bp_output(context, "config", config ? config : context->host->finish(context->host->object_new(context)));
}

/* ---- the specification ---- */

static void set_int(struct bp_action_context *context, struct bp_builder *object, const char *key, const char *param,
                    int64_t fallback) {
        context->host->object_set(object, key,
                                  context->host->make_int(context, bp_param_int(context, param, fallback)));
}

static const struct bp_value *metric(struct bp_action_context *context, const char *resource, const char *param,
                                     int64_t fallback) {
        struct bp_builder *source = context->host->object_new(context);

        context->host->object_set(source, "metricSourceType", bp_make_text(context, "resource"));
        context->host->object_set(source, "targetMetric", bp_make_text(context, resource));
        set_int(context, source, "targetValue", param, fallback);
        return context->host->finish(source);
}

static const struct bp_value *metrics(struct bp_action_context *context) {
        struct bp_builder *sources = context->host->list_new(context);

        context->host->list_add(sources, metric(context, "cpu", "target_cpu_utilization", CPU_PERCENT));
        context->host->list_add(sources, metric(context, "memory", "target_memory_utilization", MEMORY_PERCENT));
        return context->host->finish(sources);
}

static const struct bp_value *behavior(struct bp_action_context *context) {
        struct bp_builder *behavior = context->host->object_new(context), *down = context->host->object_new(context);

        set_int(context, down, "stabilizationWindowSeconds", "scale_down_delay_seconds", SCALE_DOWN_SECONDS);
        context->host->object_set(behavior, "scaleDown", context->host->finish(down));
        return context->host->finish(behavior);
}

static const struct bp_value *specification(struct bp_action_context *context) {
        struct bp_builder *specification = context->host->object_new(context);

        context->host->object_set(specification, "enabled", context->host->make_bool(context, true));
        set_int(context, specification, "minReplicas", "min_replicas", MIN_REPLICAS);
        set_int(context, specification, "maxReplicas", "max_replicas", MAX_REPLICAS);
        context->host->object_set(specification, "metricsSources", metrics(context));
        context->host->object_set(specification, "behavior", behavior(context));
        return context->host->finish(specification);
}

/* ---- the call ---- */

static int deployment_autoscale_execute(struct bp_action_context *context) {
        struct bp_http_request request = {
                .struct_size = sizeof(request), .timeout_ms = TIMEOUT_MS, .service = "budcluster", .method = "PUT"};
        const struct bp_value *wanted = specification(context);
        struct bp_builder *json = context->host->object_new(context);

        context->host->object_set(json, "budaiscaler_specification", wanted);
        request.url = bp_format(context, "/endpoints/%s/autoscale",
                                bp_path_segment(context, bp_param_string(context, "deployment_id", "")));
        request.query = bp_user_query(context, true);
        request.json = context->host->finish(json);
        return bp_await_reply(context, &request, wanted);
}

static int fail_to_configure(struct bp_action_context *context, const char *reason, bool is_known) {
        output_state(context, false, NULL);
        return bp_fail_message(context, "SERVICE_FAILED",
                               bp_format(context, "Failed to configure autoscaling: %s", reason), is_known);
}

static int deployment_autoscale_on_reply(struct bp_action_context *context, const struct bp_http_response *reply) {
        const struct bp_value *body = bp_reply_object(context, reply), *config;

        if (!bp_reply_ok(reply))
                return fail_to_configure(context, bp_reply_error(context, reply), bp_reply_known(reply));
        if (!body)
                return fail_to_configure(context, "the answer is no JSON object", false);
        config = bp_field(context, body, "budaiscaler_config", (const char *)NULL);
        output_state(context, true, bp_type(context, config) == BP_NULL ? reply->state : config);
        bp_output_string(context, "message", "Autoscaling configured successfully");
        return bp_complete(context);
}

/* ---- the rest ---- */

static bool is_number(struct bp_action_context *context, const char *name) {
        enum bp_type type = bp_type(context, bp_param(context, name));

        return type == BP_NULL || type == BP_INT || type == BP_FLOAT;
}

static void deployment_autoscale_validate(struct bp_action_context *context) {
        if (!bp_truth(context, bp_param(context, "deployment_id")))
                bp_finding(context, "deployment_id is required");
        if (!is_number(context, "min_replicas") || !is_number(context, "max_replicas"))
                bp_finding(context, "min_replicas and max_replicas must be valid numbers");
        else if (bp_param_float(context, "min_replicas", MIN_REPLICAS) >
                 bp_param_float(context, "max_replicas", MAX_REPLICAS))
                bp_finding(context, "min_replicas cannot be greater than max_replicas");
}

/* clang-format off */
BP_ACTION(deployment_autoscale,
        .name = "Configure Autoscaling", .category = "Deployment", .icon = "trending-up", .color = "#F59E0B",
        .description = "Lets a deployment have as many replicas as its load demands, between two bounds.",
        .effect = BP_IDEMPOTENT, .timeout_seconds = 60, .required_services = BP_STRINGS("budcluster"),
        .also_accepts = BP_STRINGS("user_id"),
        BP_PARAMS(
                {.name = "deployment_id", .label = "Deployment", .type = BP_PARAM_ENDPOINT_REF, .required = 1,
                 .description = "The deployment to scale."},
                {.name = "min_replicas", .label = "Minimum Replicas", .type = BP_PARAM_NUMBER, .default_json = "1",
                 BP_BETWEEN(0, 100), .description = "How many replicas there are at least."},
                {.name = "max_replicas", .label = "Maximum Replicas", .type = BP_PARAM_NUMBER, .default_json = "10",
                 BP_BETWEEN(1, 100), .description = "How many replicas there are at most."},
                {.name = "target_cpu_utilization", .label = "Target CPU Utilization", .type = BP_PARAM_NUMBER,
                 .default_json = "70", BP_BETWEEN(10, 100), .description = "CPU load to aim for, in percent."},
                {.name = "target_memory_utilization", .label = "Target Memory Utilization", .type = BP_PARAM_NUMBER,
                 .default_json = "80", BP_BETWEEN(10, 100), .description = "Memory use to aim for, in percent."},
                {.name = "scale_down_delay_seconds", .label = "Scale Down Delay", .type = BP_PARAM_NUMBER,
                 .default_json = "300", BP_BETWEEN(60, 3600),
                 .description = "How long the load must be low before replicas go, in seconds."}),
        BP_OUTPUTS({"success", "boolean", "Whether the platform has taken the bounds"},
                   {"deployment_id", "string", "The deployment as given"},
                   {"config", "object", "The autoscaler that holds now"},
                   {"message", "string", "What happened, for a person"}),
        BP_EXAMPLES({"Two to eight replicas",
                     "{\"deployment_id\": \"00000000-0000-4000-8000-000000000401\", \"min_replicas\": 2,"
                     " \"max_replicas\": 8}",
                     "The targets for CPU and memory stay at 70 and 80 percent."}),
        .execute = deployment_autoscale_execute, .on_reply = deployment_autoscale_on_reply,
        .validate_params = deployment_autoscale_validate);
/* clang-format on */
