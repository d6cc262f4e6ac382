/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cluster_health: asks budcluster how a cluster is.
 *
 * Call: GET budcluster /cluster/{cluster_id}/health?checks=nodes,api. The answer has one object for each check in
 * `data`: `healthy`, and `message` when something is wrong. A check that was asked for and is missing is unhealthy.
 *
 * The step succeeds whatever the answer says: `healthy` is true when every check is, `status` is `healthy`, `degraded`
 * or, when nothing was asked, `unknown`. Without a good answer it fails, with status `error`: how the cluster is, is
 * not known then.
 *
 * Effect: `idempotent`, since it only reads.
 */
#include <budpipeline/action.h>
#include <budpipeline/service.h>

enum { TIMEOUT_SECONDS = 30, TIMEOUT_SECONDS_MAX = 300 };

static const char *const known_checks[] = {"nodes", "api", "storage", "network", "gpu"};

static uint32_t timeout_ms_of(struct bp_action_context *context) {
        double seconds = bp_param_float(context, "timeout_seconds", TIMEOUT_SECONDS);

        if (!(seconds > 0))
                return TIMEOUT_SECONDS * 1000;
        return seconds > TIMEOUT_SECONDS_MAX ? TIMEOUT_SECONDS_MAX * 1000 : (uint32_t)(seconds * 1000);
}

/* "nodes,api" */
static const char *names_of_checks(struct bp_action_context *context) {
        const struct bp_value *checks = bp_param(context, "checks"), *check;
        const char *names = "";

        for (size_t i = 0; (check = context->host->item(checks, i)); i++)
                names = bp_format(context, "%s%s%s", names, i ? "," : "", bp_rendered(context, check));
        return names;
}

static int cluster_health_execute(struct bp_action_context *context) {
        struct bp_http_request request = {.struct_size = sizeof(request), .service = "budcluster", .method = "GET"};
        struct bp_builder *query = context->host->object_new(context);

        context->host->object_set(query, "checks", bp_make_text(context, names_of_checks(context)));
        request.query = context->host->finish(query);
        request.timeout_ms = timeout_ms_of(context);
        request.url = bp_format(context, "/cluster/%s/health",
                                bp_path_segment(context, bp_param_string(context, "cluster_id", "")));
        return bp_await_reply(context, &request, NULL);
}

/* ---- the answer ---- */

static int fail_without_answer(struct bp_action_context *context, const struct bp_http_response *reply,
                               const char *reason) {
        const char *message = bp_format(context, "Health check failed: %s", reason);
        struct bp_builder *issues = context->host->list_new(context);

        context->host->list_add(issues, bp_make_text(context, message));
        bp_output_bool(context, "healthy", false);
        bp_output_string(context, "status", "error");
        bp_output(context, "issues", context->host->finish(issues));
        bp_output(context, "details", context->host->finish(context->host->object_new(context)));
        return (context->host->fail)(context, "SERVICE_FAILED", message, !bp_reply_known(reply));
}

static const struct bp_value *missing_check(struct bp_action_context *context, const char *name) {
        struct bp_builder *missing = context->host->object_new(context);

        context->host->object_set(missing, "healthy", context->host->make_bool(context, false));
        context->host->object_set(missing, "message",
                                  bp_make_text(context, bp_format(context, "No result returned for check: %s", name)));
        return context->host->finish(missing);
}

/* The findings so far. */
struct health {
        struct bp_builder *details, *issues;
        bool healthy;
};

static void take_check(struct bp_action_context *context, const struct bp_value *results, const char *name,
                       struct health *health) {
        const struct bp_value *result = context->host->get(results, name);
        const char *message;

        if (bp_type(context, result) != BP_OBJECT)
                result = missing_check(context, name);
        context->host->object_set(health->details, name, result);
        if (bp_truth(context, context->host->get(result, "healthy")))
                return;
        message = bp_text_or_null(context, context->host->get(result, "message"));
        health->healthy = false;
        context->host->list_add(health->issues,
                                bp_make_text(context, message ? message : bp_format(context, "%s check failed", name)));
}

static int cluster_health_on_reply(struct bp_action_context *context, const struct bp_http_response *reply) {
        const struct bp_value *checks = bp_param(context, "checks"), *check, *results;
        struct health health = {context->host->object_new(context), context->host->list_new(context), true};
        size_t count = context->host->count(checks);

        if (!bp_reply_ok(reply))
                return fail_without_answer(context, reply, bp_reply_error(context, reply));
        results = bp_reply_json(context, reply);
        if (bp_type(context, results) != BP_OBJECT)
                return fail_without_answer(context, reply, "the answer is no JSON object");
        results = context->host->get(results, "data");
        for (size_t i = 0; (check = context->host->item(checks, i)); i++)
                take_check(context, results, bp_rendered(context, check), &health);
        if (count == 0)
                context->host->list_add(health.issues, bp_make_text(context, "No health check results returned"));
        bp_output_bool(context, "healthy", count > 0 && health.healthy);
        bp_output_string(context, "status", count == 0 ? "unknown" : health.healthy ? "healthy" : "degraded");
        bp_output(context, "issues", context->host->finish(health.issues));
        bp_output(context, "details", context->host->finish(health.details));
        return bp_complete(context);
}

/* ---- the rest ---- */

static bool is_known_check(struct bp_action_context *context, const struct bp_value *check) {
        for (size_t i = 0; i < BP_COUNT(known_checks); i++)
                if (bp_type(context, check) == BP_STRING &&
                    strcmp(context->host->as_string(check, NULL), known_checks[i]) == 0)
                        return true;
        return false;
}

static void cluster_health_validate(struct bp_action_context *context) {
        const struct bp_value *checks = bp_param(context, "checks"), *check;

        if (!bp_truth(context, bp_param(context, "cluster_id")))
                bp_finding(context, "cluster_id is required");
        if (checks && bp_type(context, checks) != BP_LIST)
                bp_finding(context, "checks must be a list");
        for (size_t i = 0; (check = context->host->item(checks, i)); i++)
                if (!is_known_check(context, check))
                        bp_finding(context, "Invalid check: %s. Valid checks: nodes, api, storage, network, gpu",
                                   bp_rendered(context, check));
}

/* clang-format off */
BP_ACTION(cluster_health,
        .name = "Cluster Health Check", .category = "Cluster Operations", .icon = "heart-pulse", .color = "#059669",
        .description = "Asks how a cluster is: its nodes, API server, storage, network and GPU drivers.",
        .effect = BP_IDEMPOTENT, .timeout_seconds = 60, .required_services = BP_STRINGS("budcluster"),
        BP_PARAMS(
                {.name = "cluster_id", .label = "Cluster", .type = BP_PARAM_CLUSTER_REF, .required = 1,
                 .description = "The cluster to look at."},
                {.name = "checks", .label = "Health Checks", .type = BP_PARAM_MULTISELECT,
                 .default_json = "[\"nodes\", \"api\"]", .description = "What to look at.",
                 BP_OPTIONS({"nodes", "Node Health"}, {"api", "API Server"}, {"storage", "Storage"},
                            {"network", "Network"}, {"gpu", "GPU Drivers"})},
                {.name = "timeout_seconds", .label = "Timeout", .type = BP_PARAM_NUMBER, .default_json = "30",
                 BP_BETWEEN(5, 300), .description = "How long to wait for the answer."}),
        BP_OUTPUTS({"healthy", "boolean", "Whether every check is healthy"},
                   {"status", "string", "healthy, degraded, unknown when nothing was asked, error without an answer"},
                   {"issues", "array", "What each unhealthy check says"},
                   {"details", "object", "The answer to each check, by its name"}),
        BP_EXAMPLES({"Before a deployment",
                     "{\"cluster_id\": \"00000000-0000-4000-8000-000000000201\", \"checks\": [\"nodes\", \"gpu\"]}",
                     "A conditional behind it reads `healthy` and goes on only where there are GPUs."}),
        .execute = cluster_health_execute, .on_reply = cluster_health_on_reply,
        .validate_params = cluster_health_validate);
/* clang-format on */
