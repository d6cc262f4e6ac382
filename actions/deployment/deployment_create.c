/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deployment_create: deploys a model as an endpoint, and ends when budapp says how it went.
 *
 * Up to three calls, one after the other, with no thread held in between; the state names the one that is under way:
 *   model        GET budapp /models/{model_id}: is it a model that can be simulated, and where is it?
 *   simulation   POST budsim /simulator/run: which parsers and abilities suit it on that cluster?
 *   deployment   POST budapp /models/deploy-workflow: the answer names the workflow whose events end the step
 *
 * A simulation is needed for a cluster, in dedicated mode only with all three targets, and only while the step says
 * nothing about parsers and chat template. A cloud model, one of which budapp says no path, and one that budapp does
 * not tell of are deployed without. A simulation that recommends nothing ends the step in dedicated mode; in shared
 * mode the model is deployed without.
 *
 * Events, the first that matches:
 *   workflow_completed                               ends the step, by its `status`
 *   notification about deploy_model or perform_deployment: COMPLETED of `results`, `deploy_model` and
 *                                                    `deployment_status` ends it, and so does any FAILED
 *   notification, event `eta`                        the minutes that are left
 *   notification, one of the stages below, STARTED   how far it is
 *
 * Identity: the execution's user, never the step's, so that nobody deploys in another's name.
 *
 * Effect: `once`. Before the last call nothing has happened outside, and the step has failed definitely. Without an
 * answer that names a workflow it is not known whether one was started. The cleanup asks budapp to cancel it.
 */
#include <budpipeline/action.h>
#include <budpipeline/service.h>

enum {
        SIMULATION_TIMEOUT_MS = 120 * 1000,
        DEPLOYMENT_TIMEOUT_MS = 120 * 1000,
        WAIT_SECONDS = 600,
};

static const struct bp_event_stage stages[] = {{"deploy_model", 30}, {"deployment_status", 60}};

/* Ranges that a deployment is to keep to. */
static const char *const slo_targets[] = {"ttft", "per_session_tokens_per_sec", "e2e_latency"};

/* What a simulation may recommend, unless the step says it. */
static const char *const recommended_texts[] = {"tool_calling_parser_type", "reasoning_parser_type", "chat_template"};
static const char *const recommended_abilities[] = {"supports_lora", "supports_pipeline_parallelism"};

static bool is_dedicated(struct bp_action_context *context) {
        return strcmp(bp_param_string(context, "hardware_mode", "dedicated"), "dedicated") == 0;
}

static const struct bp_value *state_of(struct bp_action_context *context, const char *call) {
        struct bp_builder *state = context->host->object_new(context);

        context->host->object_set(state, "call", bp_make_text(context, call));
        return context->host->finish(state);
}

/* ---- outcomes of execute ---- */

static void output_state(struct bp_action_context *context, bool success, const struct bp_value *progress,
                         const char *workflow_id, const char *status) {
        bp_output_bool(context, "success", success);
        bp_output(context, "endpoint_id", bp_or_null(context, context->host->get(progress, "endpoint_id")));
        bp_output(context, "endpoint_url", bp_or_null(context, context->host->get(progress, "endpoint_url")));
        bp_output(context, "endpoint_name", bp_or_null(context, bp_param(context, "endpoint_name")));
        bp_output_string(context, "workflow_id", workflow_id);
        bp_output_string(context, "status", status);
}

static int fail_with_prefix(struct bp_action_context *context, const char *prefix, const char *reason, bool is_known) {
        output_state(context, false, NULL, NULL, "failed");
        return bp_fail_message(context, "SERVICE_FAILED", bp_format(context, "%s: %s", prefix, reason), is_known);
}

/* ---- the deployment ---- */

static const struct bp_value *deploy_config(struct bp_action_context *context) {
        static const struct {
                const char *name;
                int64_t fallback;
        } numbers[] = {{"concurrent_requests", 1}, {"avg_sequence_length", 512}, {"avg_context_length", 4096}};
        struct bp_builder *config = context->host->object_new(context);

        for (size_t i = 0; i < BP_COUNT(numbers); i++) {
                const struct bp_value *value = bp_param(context, numbers[i].name);

                context->host->object_set(config, numbers[i].name,
                                          value ? value : context->host->make_int(context, numbers[i].fallback));
        }
        for (size_t i = 0; i < BP_COUNT(slo_targets); i++)
                bp_set_if_true(context, config, slo_targets[i], bp_param(context, slo_targets[i]));
        return context->host->finish(config);
}

/* The step's word counts before the recommendation. */
static void set_recommended(struct bp_action_context *context, struct bp_builder *body,
                            const struct bp_value *recommendation) {
        for (size_t i = 0; i < BP_COUNT(recommended_texts); i++) {
                const struct bp_value *own = bp_param(context, recommended_texts[i]);

                bp_set_if_true(context, body, recommended_texts[i],
                               bp_truth(context, own) ? own : context->host->get(recommendation, recommended_texts[i]));
        }
        for (size_t i = 0; i < BP_COUNT(recommended_abilities); i++) {
                const struct bp_value *ability = bp_param(context, recommended_abilities[i]);

                if (!ability)
                        ability = context->host->get(recommendation, recommended_abilities[i]);
                if (bp_type(context, ability) != BP_NULL)
                        context->host->object_set(body, recommended_abilities[i], ability);
        }
}

/* What is known of a parser is made use of. */
static void set_abilities(struct bp_action_context *context, struct bp_builder *body,
                          const struct bp_value *recommendation) {
        static const char *const switches[] = {"enable_tool_calling", "enable_reasoning"};

        for (size_t i = 0; i < BP_COUNT(switches); i++)
                if (bp_truth(context, bp_param(context, recommended_texts[i])) ||
                    bp_truth(context, context->host->get(recommendation, recommended_texts[i])))
                        context->host->object_set(body, switches[i], context->host->make_bool(context, true));
}

/* `simulation` is budsim's answer, or NULL. */
static const struct bp_value *deployment_body(struct bp_action_context *context, const struct bp_value *simulation) {
        const struct bp_value *recommendation =
                context->host->item(bp_field(context, simulation, "recommendations", (const char *)NULL), 0);
        struct bp_builder *body = context->host->object_new(context);
        const struct bp_value *mode = bp_param(context, "hardware_mode");

        bp_set_workflow_fields(context, body);
        context->host->object_set(body, "model_id", bp_or_null(context, bp_param(context, "model_id")));
        context->host->object_set(body, "project_id", bp_or_null(context, bp_param(context, "project_id")));
        context->host->object_set(body, "endpoint_name", bp_or_null(context, bp_param(context, "endpoint_name")));
        context->host->object_set(body, "deploy_config", deploy_config(context));
        context->host->object_set(body, "callback_topic", bp_make_text(context, BP_CALLBACK_TOPIC));
        bp_set_if_true(context, body, "cluster_id", bp_param(context, "cluster_id"));
        bp_set_if_true(context, body, "credential_id", bp_param(context, "credential_id"));
        context->host->object_set(body, "hardware_mode", mode ? mode : bp_make_text(context, "dedicated"));
        set_abilities(context, body, recommendation);
        set_recommended(context, body, recommendation);
        bp_set_if_true(context, body, "budaiscaler_specification", bp_param(context, "budaiscaler_specification"));
        bp_set_if_true(context, body, "simulator_id", bp_field(context, simulation, "workflow_id", (const char *)NULL));
        return context->host->finish(body);
}

static int await_deployment(struct bp_action_context *context, const struct bp_value *simulation) {
        return bp_await_reply(context,
                              &(struct bp_http_request){.struct_size = sizeof(struct bp_http_request),
                                                        .timeout_ms = DEPLOYMENT_TIMEOUT_MS,
                                                        .service = "budapp",
                                                        .method = "POST",
                                                        .url = "/models/deploy-workflow",
                                                        .query = bp_user_query(context, false),
                                                        .json = deployment_body(context, simulation)},
                              state_of(context, "deployment"));
}

static bool has_completed(struct bp_action_context *context, const struct bp_value *body) {
        const struct bp_value *status = bp_field(context, body, "data", "status", (const char *)NULL);

        if (bp_type(context, status) == BP_NULL)
                status = bp_field(context, body, "status", (const char *)NULL);
        return bp_is_word(context, status, "completed");
}

static int on_deployment(struct bp_action_context *context, const struct bp_http_response *reply) {
        static const char prefix[] = "Failed to create deployment";
        const struct bp_value *body;
        const char *workflow_id;

        if (!bp_reply_ok(reply))
                return fail_with_prefix(context, prefix, bp_reply_error(context, reply), bp_reply_known(reply));
        body = bp_reply_json(context, reply);
        workflow_id = bp_reply_workflow_id(context, body);
        if (has_completed(context, body)) {
                output_state(context, true, bp_field(context, body, "data", "progress", (const char *)NULL),
                             workflow_id, "completed");
                bp_output_string(context, "message",
                                 bp_format(context, "Endpoint '%s' deployed successfully",
                                           bp_param_string(context, "endpoint_name", "")));
                return bp_complete(context);
        }
        if (!workflow_id)
                return fail_with_prefix(context, prefix, "the answer names no workflow_id", false);
        output_state(context, true, NULL, workflow_id, "deploying");
        bp_output_string(context, "message", "Model deployment in progress...");
        return bp_await_event(context, workflow_id, bp_param_int(context, "max_wait_seconds", WAIT_SECONDS));
}

/* ---- the simulation ---- */

static size_t count_slo_targets(struct bp_action_context *context) {
        size_t count = 0;

        for (size_t i = 0; i < BP_COUNT(slo_targets); i++)
                count += bp_truth(context, bp_param(context, slo_targets[i])) ? 1 : 0;
        return count;
}

static bool needs_simulation(struct bp_action_context *context) {
        if (!bp_truth(context, bp_param(context, "cluster_id")))
                return false;
        if (is_dedicated(context) && count_slo_targets(context) < BP_COUNT(slo_targets))
                return false;
        for (size_t i = 0; i < BP_COUNT(recommended_texts); i++)
                if (bp_truth(context, bp_param(context, recommended_texts[i])))
                        return false;
        return true;
}

static bool is_enabled(struct bp_action_context *context, const struct bp_value *model, const char *endpoint) {
        return bp_truth(context,
                        bp_field(context, model, "supported_endpoints", endpoint, "enabled", (const char *)NULL));
}

/* "EMBEDDING,LLM", or NULL when the model has none of both. */
static const char *kinds_of(struct bp_action_context *context, const struct bp_value *model) {
        static const char *const embedding[] = {"embedding", "classify", "rerank", "moderation"};
        bool is_llm = is_enabled(context, model, "chat"), is_embedding = false;

        for (size_t i = 0; i < BP_COUNT(embedding); i++)
                is_embedding = is_embedding || is_enabled(context, model, embedding[i]);
        if (is_embedding)
                return is_llm ? "EMBEDDING,LLM" : "EMBEDDING";
        return is_llm ? "LLM" : NULL;
}

/* One bound of a target, 0 when there is none. */
static const struct bp_value *bound(struct bp_action_context *context, const char *target, size_t index) {
        const struct bp_value *value = context->host->item(bp_param(context, target), index);

        return bp_truth(context, value) ? value : context->host->make_int(context, 0);
}

static const struct bp_value *simulation_body(struct bp_action_context *context, const struct bp_value *model) {
        const struct bp_value *config = deploy_config(context), *mode = bp_param(context, "hardware_mode");
        struct bp_builder *body = context->host->object_new(context);
        const char *kinds = kinds_of(context, model);

        context->host->object_set(body, "pretrained_model_uri", bp_make_text(context, bp_model_path(context, model)));
        context->host->object_set(body, "input_tokens", context->host->get(config, "avg_context_length"));
        context->host->object_set(body, "output_tokens", context->host->get(config, "avg_sequence_length"));
        context->host->object_set(body, "concurrency", context->host->get(config, "concurrent_requests"));
        context->host->object_set(body, "target_ttft", bound(context, "ttft", 0));
        context->host->object_set(body, "target_throughput_per_user", bound(context, "per_session_tokens_per_sec", 1));
        context->host->object_set(body, "target_e2e_latency", bound(context, "e2e_latency", 0));
        context->host->object_set(body, "is_proprietary_model", context->host->make_bool(context, false));
        context->host->object_set(body, "hardware_mode", mode ? mode : bp_make_text(context, "dedicated"));
        context->host->object_set(body, "debug", context->host->make_bool(context, true));
        bp_set_if_true(context, body, "cluster_id", bp_param(context, "cluster_id"));
        if (kinds)
                context->host->object_set(body, "model_endpoints", bp_make_text(context, kinds));
        return context->host->finish(body);
}

static int on_model(struct bp_action_context *context, const struct bp_http_response *reply) {
        const struct bp_value *model = bp_model_of_reply(context, reply);
        const struct bp_value *provider = bp_field(context, model, "provider_type", (const char *)NULL);

        if (bp_is_word(context, provider, "cloud_model") || !bp_model_path(context, model))
                return await_deployment(context, NULL);
        return bp_await_reply(context,
                              &(struct bp_http_request){.struct_size = sizeof(struct bp_http_request),
                                                        .timeout_ms = SIMULATION_TIMEOUT_MS,
                                                        .service = "budsim",
                                                        .method = "POST",
                                                        .url = "/simulator/run",
                                                        .json = simulation_body(context, model)},
                              state_of(context, "simulation"));
}

static int on_simulation(struct bp_action_context *context, const struct bp_http_response *reply) {
        const struct bp_value *body = bp_reply_ok(reply) ? bp_reply_json(context, reply) : NULL;
        const char *reason = "No recommendations returned";

        if (context->host->item(bp_field(context, body, "recommendations", (const char *)NULL), 0))
                return await_deployment(context, body);
        if (!is_dedicated(context))
                return await_deployment(context, NULL);
        if (!bp_reply_ok(reply))
                reason = bp_reply_error(context, reply);
        return fail_with_prefix(context, "Simulation failed", reason, true);
}

/* ---- the calls ---- */

static int deployment_create_execute(struct bp_action_context *context) {
        const char *model_id = bp_param_string(context, "model_id", "");

        if (needs_simulation(context) && bp_is_uuid(model_id))
                return bp_await_model(context, model_id, state_of(context, "model"));
        return await_deployment(context, NULL);
}

static int deployment_create_on_reply(struct bp_action_context *context, const struct bp_http_response *reply) {
        const struct bp_value *call = context->host->get(reply->state, "call");

        if (bp_is_word(context, call, "model"))
                return on_model(context, reply);
        if (bp_is_word(context, call, "simulation"))
                return on_simulation(context, reply);
        return on_deployment(context, reply);
}

/* ---- events ---- */

static void output_end(struct bp_action_context *context, const struct bp_event_context *event, bool success,
                       const struct bp_value *result) {
        bp_output_bool(context, "success", success);
        bp_output(context, "endpoint_id", bp_or_null(context, context->host->get(result, "endpoint_id")));
        bp_output(context, "endpoint_url", bp_or_null(context, context->host->get(result, "endpoint_url")));
        bp_output(context, "endpoint_name",
                  bp_or_null(context, context->host->get(event->step_outputs, "endpoint_name")));
        bp_output_string(context, "workflow_id", event->external_workflow_id);
        bp_output_string(context, "status", success ? "completed" : "failed");
}

static int end_deployed(struct bp_action_context *context, const struct bp_event_context *event,
                        const struct bp_value *result) {
        output_end(context, event, true, result);
        bp_output_string(context, "message",
                         bp_format(context, "Endpoint '%s' deployed successfully",
                                   bp_rendered(context, context->host->get(event->step_outputs, "endpoint_name"))));
        return bp_event_complete(context);
}

static int end_failed(struct bp_action_context *context, const struct bp_event_context *event, const char *message) {
        output_end(context, event, false, NULL);
        return bp_event_fail_message(context, "DEPLOYMENT_CREATE_FAILED", message);
}

static int on_workflow_completed(struct bp_action_context *context, const struct bp_event_context *event) {
        const char *reason = bp_text_or_null(context, context->host->get(event->event_data, "reason"));

        if (bp_is_word(context, context->host->get(event->event_data, "status"), "COMPLETED"))
                return end_deployed(context, event, context->host->get(event->event_data, "result"));
        return end_failed(context, event, reason ? reason : "Deployment workflow failed");
}

static bool ends_deployment(struct bp_action_context *context, const struct bp_event_context *event) {
        static const char *const endings[] = {"results", "deploy_model", "deployment_status"};

        if (!bp_event_status_is(context, event, "COMPLETED"))
                return false;
        for (size_t i = 0; i < BP_COUNT(endings); i++)
                if (bp_event_is(context, event, endings[i]))
                        return true;
        return false;
}

static bool is_about_deployment(struct bp_action_context *context, const struct bp_event_context *event) {
        const char *about = BP_EVENT_TEXT(context, event, "payload", "type");

        return strcmp(about, "deploy_model") == 0 || strcmp(about, "perform_deployment") == 0;
}

static int on_notification(struct bp_action_context *context, const struct bp_event_context *event) {
        const struct bp_event_stage *stage = bp_event_stage(context, event, stages, BP_COUNT(stages));
        bool is_about = is_about_deployment(context, event);
        int64_t minutes;

        if (is_about && ends_deployment(context, event))
                return end_deployed(context, event, bp_event_result(context, event));
        if (is_about && bp_event_status_is(context, event, "FAILED"))
                return end_failed(context, event, bp_event_reason(context, event, "Deployment failed"));
        if (bp_event_eta(context, event, &minutes))
                return bp_event_progress(context, -1, (double)minutes);
        if (stage && bp_event_status_is(context, event, "STARTED"))
                return bp_event_progress(context, stage->percent, -1);
        return bp_event_ignore(context);
}

static int deployment_create_on_event(struct bp_action_context *context, const struct bp_event_context *event) {
        if (strcmp(event->event_type, "workflow_completed") == 0)
                return on_workflow_completed(context, event);
        if (strcmp(event->event_type, "notification") == 0)
                return on_notification(context, event);
        return bp_event_ignore(context);
}

/* ---- the rest ---- */

static bool is_number(struct bp_action_context *context, const struct bp_value *value) {
        enum bp_type type = bp_type(context, value);

        return type == BP_INT || type == BP_FLOAT;
}

static void check_presence(struct bp_action_context *context) {
        static const char *const needed[] = {"model_id", "project_id", "endpoint_name"};

        for (size_t i = 0; i < BP_COUNT(needed); i++)
                if (!bp_truth(context, bp_param(context, needed[i])))
                        bp_finding(context, "%s is required", needed[i]);
        if (!bp_truth(context, bp_param(context, "cluster_id")) &&
            !bp_truth(context, bp_param(context, "credential_id")))
                bp_finding(context, "Either cluster_id (for local models) or credential_id (for cloud models) is"
                                    " required");
}

static void check_all_slo_targets(struct bp_action_context *context) {
        const char *missing = "";

        if (!bp_truth(context, bp_param(context, "cluster_id")) || !is_dedicated(context))
                return;
        for (size_t i = 0; i < BP_COUNT(slo_targets); i++)
                if (!bp_truth(context, bp_param(context, slo_targets[i])))
                        missing = bp_format(context, "%s%s%s", missing, *missing ? ", " : "", slo_targets[i]);
        if (*missing)
                bp_finding(context, "SLO targets are required for dedicated hardware mode: missing %s", missing);
}

static void check_slo_target(struct bp_action_context *context, const char *name) {
        const struct bp_value *range = bp_param(context, name);
        const struct bp_value *low = context->host->item(range, 0), *high = context->host->item(range, 1);

        if (!bp_truth(context, range))
                return;
        if (bp_type(context, range) != BP_LIST || context->host->count(range) != 2)
                bp_finding(context, "%s must be a [min, max] range", name);
        else if (!is_number(context, low) || !is_number(context, high))
                bp_finding(context, "%s values must be numbers", name);
        else if (context->host->as_float(low) > context->host->as_float(high))
                bp_finding(context, "%s min must be less than or equal to max", name);
}

static void check_bound(struct bp_action_context *context, const struct bp_value *specification, const char *name,
                        int64_t least) {
        const struct bp_value *value = context->host->get(specification, name);

        if (bp_type(context, value) == BP_NULL)
                return;
        if (bp_type(context, value) != BP_INT || context->host->as_int(value) < least)
                bp_finding(context, "budaiscaler_specification.%s must be an integer >= %d", name, (int)least);
}

static void check_autoscaler(struct bp_action_context *context) {
        const struct bp_value *specification = bp_param(context, "budaiscaler_specification");

        if (!bp_truth(context, specification))
                return;
        if (bp_type(context, specification) != BP_OBJECT)
                bp_finding(context, "budaiscaler_specification must be an object");
        check_bound(context, specification, "minReplicas", 0);
        check_bound(context, specification, "maxReplicas", 1);
}

static void check_wait(struct bp_action_context *context) {
        const struct bp_value *wait = bp_param(context, "max_wait_seconds");

        if (wait && !(is_number(context, wait) && context->host->as_int(wait) > 0))
                bp_finding(context, "max_wait_seconds must be a positive number");
}

static void deployment_create_validate(struct bp_action_context *context) {
        const char *mode = bp_param_string(context, "hardware_mode", "dedicated");

        check_presence(context);
        check_all_slo_targets(context);
        for (size_t i = 0; i < BP_COUNT(slo_targets); i++)
                check_slo_target(context, slo_targets[i]);
        if (strcmp(mode, "dedicated") != 0 && strcmp(mode, "shared") != 0)
                bp_finding(context, "hardware_mode must be one of: dedicated, shared");
        check_autoscaler(context);
        check_wait(context);
}

static int deployment_create_cleanup(struct bp_action_context *context) {
        return bp_cancel_workflow(context, "budapp", false);
}

/* clang-format off */
BP_ACTION(deployment_create,
        .name = "Deploy Model", .category = "Deployment", .version = "1.6.0", .icon = "rocket", .color = "#10B981",
        .description = "Deploys a model as an endpoint and waits until it takes requests.",
        .execution_mode = BP_EVENT_DRIVEN, .effect = BP_ONCE, .idempotent = BP_NO, .timeout_seconds = 600,
        .required_services = BP_STRINGS("budapp"),
        .also_accepts = BP_STRINGS("tool_calling_parser_type", "reasoning_parser_type", "chat_template",
                                   "supports_lora", "supports_pipeline_parallelism", "max_wait_seconds"),
        BP_PARAMS(
                {.name = "model_id", .label = "Model", .type = BP_PARAM_MODEL_REF, .required = 1,
                 .description = "The model to deploy."},
                {.name = "project_id", .label = "Project", .type = BP_PARAM_PROJECT_REF, .required = 1,
                 .description = "The project that owns the endpoint."},
                {.name = "endpoint_name", .label = "Endpoint Name", .type = BP_PARAM_STRING, .required = 1,
                 .alias = "deployment_name", .placeholder = "my-model-endpoint",
                 .description = "Name of the endpoint, which no other may have."},
                {.name = "cluster_id", .label = "Cluster", .type = BP_PARAM_CLUSTER_REF,
                 .description = "Where the model runs. A cloud model needs none."},
                {.name = "credential_id", .label = "API Credential", .type = BP_PARAM_CREDENTIAL_REF,
                 .description = "Stored credential for a cloud model."},
                {.name = "hardware_mode", .label = "Hardware Mode", .type = BP_PARAM_SELECT,
                 .default_json = "\"dedicated\"", .description = "Whole devices, or devices that are shared.",
                 BP_OPTIONS({"dedicated", "Dedicated GPU"}, {"shared", "Shared GPU (Time-slicing)"})},
                {.name = "concurrent_requests", .label = "Concurrent Requests", .type = BP_PARAM_NUMBER,
                 .required = 1, .default_json = "1", BP_BETWEEN(1, 1000),
                 .description = "How many requests come at the same time."},
                {.name = "avg_sequence_length", .label = "Avg Sequence Length", .type = BP_PARAM_NUMBER,
                 .required = 1, .default_json = "512", BP_BETWEEN(1, 10000),
                 .description = "Tokens of a typical completion."},
                {.name = "avg_context_length", .label = "Avg Context Length", .type = BP_PARAM_NUMBER,
                 .required = 1, .default_json = "4096", BP_BETWEEN(1, 200000),
                 .description = "Tokens of a typical prompt."},
                {.name = "ttft", .label = "Target TTFT (ms)", .type = BP_PARAM_RANGE, .default_json = "[50, 200]",
                 .flags = BP_PARAM_FORM_DEFAULT, BP_BETWEEN(10, 10000),
                 .description = "Time to the first token, in milliseconds."},
                {.name = "per_session_tokens_per_sec", .label = "Tokens/Sec Target", .type = BP_PARAM_RANGE,
                 .default_json = "[10, 50]", .flags = BP_PARAM_FORM_DEFAULT, BP_BETWEEN(1, 500),
                 .description = "Tokens a second for each user."},
                {.name = "e2e_latency", .label = "E2E Latency (sec)", .type = BP_PARAM_RANGE,
                 .default_json = "[10, 60]", .flags = BP_PARAM_FORM_DEFAULT, BP_BETWEEN(1, 600),
                 .description = "Time to the last token, in seconds."},
                {.name = "budaiscaler_specification", .label = "Autoscaling Configuration", .type = BP_PARAM_JSON,
                 .placeholder = "{\"enabled\": true, \"minReplicas\": 1, \"maxReplicas\": 5}",
                 .description = "Specification of an autoscaler, handed on as it is."}),
        BP_OUTPUTS({"success", "boolean", "Whether the model is deployed, or on its way"},
                   {"endpoint_id", "string", "Id of the endpoint's record"},
                   {"endpoint_url", "string", "Where the endpoint takes requests"},
                   {"endpoint_name", "string", "Name of the endpoint"},
                   {"workflow_id", "string", "Id of budapp's workflow"},
                   {"status", "string", "deploying, completed or failed"},
                   {"message", "string", "What happened, for a person"}),
        BP_EXAMPLES({"On GPUs of its own",
                     "{\"model_id\": \"00000000-0000-4000-8000-000000000101\","
                     " \"project_id\": \"00000000-0000-4000-8000-000000000301\", \"endpoint_name\": \"llama\","
                     " \"cluster_id\": \"00000000-0000-4000-8000-000000000201\", \"concurrent_requests\": 10,"
                     " \"avg_sequence_length\": 512, \"avg_context_length\": 4096, \"ttft\": [50, 200],"
                     " \"per_session_tokens_per_sec\": [10, 50], \"e2e_latency\": [10, 60]}",
                     "Dedicated mode needs all three targets."},
                    {"A cloud model",
                     "{\"model_id\": \"00000000-0000-4000-8000-000000000103\","
                     " \"project_id\": \"00000000-0000-4000-8000-000000000301\", \"endpoint_name\": \"gpt\","
                     " \"credential_id\": \"00000000-0000-4000-8000-000000000702\", \"concurrent_requests\": 1,"
                     " \"avg_sequence_length\": 512, \"avg_context_length\": 4096}",
                     "Runs at its provider and needs a credential instead of a cluster."}),
        .execute = deployment_create_execute, .on_reply = deployment_create_on_reply,
        .on_event = deployment_create_on_event, .validate_params = deployment_create_validate,
        .cleanup = deployment_create_cleanup);
/* clang-format on */
