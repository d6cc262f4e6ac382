/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deployment_ratelimit: sets how many requests a deployment takes.
 *
 * Call: PUT budapp /endpoints/{endpoint_id}/deployment-settings with `rate_limits`: algorithm, enabled, and each limit
 * that is given, cut to an integer. `config` is what the answer says holds now, else what was sent.
 *
 * Effect: `idempotent`, since it states a target.
 */
#include <budpipeline/action.h>
#include <budpipeline/number.h>
#include <budpipeline/service.h>

enum { TIMEOUT_MS = 30 * 1000 };

/* The first three limit a rate, and one of them is needed. */
static const char *const limits[] = {"requests_per_second", "requests_per_minute", "requests_per_hour", "burst_size"};
enum { N_RATES = 3 };

static const char *const algorithms[] = {"token_bucket", "fixed_window", "sliding_window"};

static void output_state(struct bp_action_context *context, bool success, const struct bp_value *config) {
        bp_output_bool(context, "success", success);
        bp_output(context, "endpoint_id", bp_or_null(context, bp_param(context, "endpoint_id")));
        bp_output(context, "config", config ? config : context->host->finish(context->host->object_new(context)));
}

static int fail_to_configure(struct bp_action_context *context, const char *code, const char *reason, bool is_known) {
        output_state(context, false, NULL);
        return bp_fail_message(context, code, bp_format(context, "Failed to configure rate limiting: %s", reason),
                               is_known);
}

/* NULL when a limit is no number; `ret_wrong` is its name then. */
static const struct bp_value *rate_limits_of(struct bp_action_context *context, const char **ret_wrong) {
        const struct bp_value *algorithm = bp_param(context, "algorithm"), *enabled = bp_param(context, "enabled");
        struct bp_builder *rate_limits = context->host->object_new(context);
        int64_t limit;

        context->host->object_set(rate_limits, "algorithm",
                                  algorithm ? algorithm : bp_make_text(context, algorithms[0]));
        context->host->object_set(rate_limits, "enabled", enabled ? enabled : context->host->make_bool(context, true));
        for (size_t i = 0; i < BP_COUNT(limits); i++) {
                if (!bp_param(context, limits[i]))
                        continue;
                if (!bp_read_integer(context, bp_param(context, limits[i]), &limit)) {
                        *ret_wrong = limits[i];
                        return NULL;
                }
                context->host->object_set(rate_limits, limits[i], context->host->make_int(context, limit));
        }
        return context->host->finish(rate_limits);
}

static int deployment_ratelimit_execute(struct bp_action_context *context) {
        struct bp_http_request request = {
                .struct_size = sizeof(request), .timeout_ms = TIMEOUT_MS, .service = "budapp", .method = "PUT"};
        const char *wrong = "";
        const struct bp_value *rate_limits = rate_limits_of(context, &wrong);
        struct bp_builder *json;

        if (!rate_limits)
                return fail_to_configure(context, "PARAM_INVALID", bp_format(context, "%s must be a number", wrong),
                                         true);
        json = context->host->object_new(context);
        context->host->object_set(json, "rate_limits", rate_limits);
        request.url = bp_format(context, "/endpoints/%s/deployment-settings",
                                bp_path_segment(context, bp_param_string(context, "endpoint_id", "")));
        request.query = bp_user_query(context, true);
        request.json = context->host->finish(json);
        return bp_await_reply(context, &request, rate_limits);
}

static int deployment_ratelimit_on_reply(struct bp_action_context *context, const struct bp_http_response *reply) {
        const struct bp_value *body = bp_reply_object(context, reply), *config;

        if (!bp_reply_ok(reply))
                return fail_to_configure(context, "SERVICE_FAILED", bp_reply_error(context, reply),
                                         bp_reply_known(reply));
        if (!body)
                return fail_to_configure(context, "SERVICE_FAILED", "the answer is no JSON object", false);
        config = bp_field(context, body, "deployment_settings", "rate_limits", (const char *)NULL);
        output_state(context, true, bp_type(context, config) == BP_NULL ? reply->state : config);
        bp_output_string(context, "message", "Rate limiting configured successfully");
        return bp_complete(context);
}

/* ---- the rest ---- */

static bool has_rate(struct bp_action_context *context) {
        for (size_t i = 0; i < N_RATES; i++)
                if (bp_truth(context, bp_param(context, limits[i])))
                        return true;
        return false;
}

static void check_limit(struct bp_action_context *context, const char *name) {
        const struct bp_value *value = bp_param(context, name);

        if (value && !(bp_param_float(context, name, 0) > 0))
                bp_finding(context, "%s must be greater than 0", name);
}

static bool is_known_algorithm(const char *name) {
        for (size_t i = 0; i < BP_COUNT(algorithms); i++)
                if (strcmp(name, algorithms[i]) == 0)
                        return true;
        return false;
}

static void deployment_ratelimit_validate(struct bp_action_context *context) {
        if (!bp_truth(context, bp_param(context, "endpoint_id")))
                bp_finding(context, "endpoint_id is required");
        if (!has_rate(context))
                bp_finding(context, "At least one of requests_per_second, requests_per_minute or requests_per_hour"
                                    " is required");
        for (size_t i = 0; i < BP_COUNT(limits); i++)
                check_limit(context, limits[i]);
        if (!is_known_algorithm(bp_param_string(context, "algorithm", algorithms[0])))
                bp_finding(context, "algorithm must be one of: token_bucket, fixed_window, sliding_window");
}

/* clang-format off */
BP_ACTION(deployment_ratelimit,
        .name = "Configure Rate Limiting", .category = "Deployment", .version = "1.1.0",
        .icon = "shield", .color = "#6366F1",
        .description = "Sets how many requests a deployment takes in a second, minute or hour.",
        .effect = BP_IDEMPOTENT, .timeout_seconds = 60, .required_services = BP_STRINGS("budapp"),
        .also_accepts = BP_STRINGS("user_id"),
        BP_PARAMS(
                {.name = "endpoint_id", .label = "Endpoint", .type = BP_PARAM_ENDPOINT_REF, .required = 1,
                 .alias = "deployment_id", .description = "The endpoint whose requests are limited."},
                {.name = "algorithm", .label = "Algorithm", .type = BP_PARAM_SELECT,
                 .default_json = "\"token_bucket\"", .description = "How requests are counted.",
                 BP_OPTIONS({"token_bucket", "Token Bucket (Recommended)"}, {"fixed_window", "Fixed Window"},
                            {"sliding_window", "Sliding Window"})},
                {.name = "requests_per_second", .label = "Requests per Second", .type = BP_PARAM_NUMBER,
                 BP_BETWEEN(1, 100000), .description = "Limit for a second."},
                {.name = "requests_per_minute", .label = "Requests per Minute", .type = BP_PARAM_NUMBER,
                 BP_BETWEEN(1, 1000000), .description = "Limit for a minute."},
                {.name = "requests_per_hour", .label = "Requests per Hour", .type = BP_PARAM_NUMBER,
                 BP_BETWEEN(1, 10000000), .description = "Limit for an hour."},
                {.name = "burst_size", .label = "Burst Size", .type = BP_PARAM_NUMBER, .default_json = "100",
                 .flags = BP_PARAM_FORM_DEFAULT, BP_BETWEEN(1, 10000),
                 .description = "How many requests may come at once. Sent only when the step gives it."},
                {.name = "enabled", .label = "Enabled", .type = BP_PARAM_BOOLEAN, .default_json = "true",
                 .description = "Whether requests are limited at all."}),
        BP_OUTPUTS({"success", "boolean", "Whether the platform has taken the limits"},
                   {"endpoint_id", "string", "The endpoint as given"},
                   {"config", "object", "The limits that hold now"},
                   {"message", "string", "What happened, for a person"}),
        BP_EXAMPLES({"Sixty requests a minute",
                     "{\"endpoint_id\": \"00000000-0000-4000-8000-000000000401\", \"requests_per_minute\": 60,"
                     " \"burst_size\": 10}",
                     "Ten of them may come at once."}),
        .execute = deployment_ratelimit_execute, .on_reply = deployment_ratelimit_on_reply,
        .validate_params = deployment_ratelimit_validate);
/* clang-format on */
