/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulation_run: has budsim find out how a model would do on the clusters there are, and ends with what it recommends.
 *
 * Two calls, one after the other; the state of the second is true:
 *   GET budapp /models/{model_id}                    where the model is; without a path there is nothing to simulate
 *   POST budsim /simulator/run                       the answer names the workflow whose events end the step
 *
 * Events, the first that matches:
 *   workflow_metadata                                ignored
 *   event `results`, COMPLETED                       ends the step; without a recommendation as a failure
 *   any event, FAILED                                ends it
 *   one of the stages below, STARTED or COMPLETED    how far it is
 *   event `eta`                                      the minutes that are left
 *
 * Identity: the execution's user, never the step's, so that nobody reads in another's name.
 *
 * Effect: `once`. A simulation changes nothing, but it keeps hardware busy for minutes, and budsim starts a second one
 * when asked again. The cleanup asks budsim to cancel it.
 */
#include <budpipeline/action.h>
#include <budpipeline/service.h>

enum { SIMULATION_TIMEOUT_MS = 120 * 1000, WAIT_SECONDS = 1800, STAGE_COMPLETED_ADDS = 5 };

static const struct bp_event_stage stages[] = {{"validation", 10},
                                               {"hardware_selection", 25},
                                               {"engine_configuration", 50},
                                               {"performance_estimation", 75},
                                               {"ranking", 90}};

static const char *const targets[] = {"target_ttft", "target_throughput_per_user", "target_e2e_latency"};

/* What the first recommendation says of the model beside its cluster and its metrics. */
static const char *const abilities[] = {"tool_calling_parser_type", "reasoning_parser_type", "chat_template",
                                        "supports_lora", "supports_pipeline_parallelism"};

static void output_state(struct bp_action_context *context, bool success, const char *workflow_id, const char *status) {
        static const char *const later[] = {"recommendations", "top_recommendation", "cluster_id", "metrics"};

        bp_output_bool(context, "success", success);
        bp_output_string(context, "workflow_id", workflow_id);
        bp_output_string(context, "status", status);
        for (size_t i = 0; i < BP_COUNT(later); i++)
                bp_output(context, later[i], context->host->make_null(context));
}

/* ---- starting ---- */

static int fail_to_start(struct bp_action_context *context, const char *reason, bool is_known) {
        output_state(context, false, NULL, "failed");
        return bp_fail_message(context, "SERVICE_FAILED", bp_format(context, "Failed to start simulation: %s", reason),
                               is_known);
}

static int fail_without_model(struct bp_action_context *context, const char *code) {
        static const char error[] = "Could not resolve model URI from model_id";

        output_state(context, false, NULL, "failed");
        bp_output_string(context, "message", bp_format(context, "%s. Ensure the model exists in budapp.", error));
        return bp_fail(context, code, "%s", error);
}

/* The text is the reference's, whatever the cause; the log has the cause. */
static int fail_without_answer(struct bp_action_context *context, const struct bp_http_response *reply) {
        bp_log(context, BP_LOG_WARNING, "budapp did not tell of the model: %s",
               bp_reply_ok(reply) ? "the answer is no JSON object" : bp_reply_error(context, reply));
        return fail_without_model(context, "SERVICE_FAILED");
}

static int simulation_run_execute(struct bp_action_context *context) {
        const char *model_id = bp_param_string(context, "model_id", "");

        if (!bp_is_uuid(model_id))
                return fail_without_model(context, "MODEL_NOT_FOUND");
        return bp_await_model(context, model_id, NULL);
}

static void set_numbers(struct bp_action_context *context, struct bp_builder *body) {
        static const struct {
                const char *name;
                int64_t fallback;
        } numbers[] = {{"input_tokens", 4096}, {"output_tokens", 512}, {"concurrency", 1}};

        for (size_t i = 0; i < BP_COUNT(numbers); i++) {
                const struct bp_value *value = bp_param(context, numbers[i].name);

                context->host->object_set(body, numbers[i].name,
                                          value ? value : context->host->make_int(context, numbers[i].fallback));
        }
        for (size_t i = 0; i < BP_COUNT(targets); i++)
                if (bp_param(context, targets[i]))
                        context->host->object_set(body, targets[i], bp_param(context, targets[i]));
}

static void set_choices(struct bp_action_context *context, struct bp_builder *body) {
        static const char *const choices[] = {"cluster_id", "simulation_method", "model_endpoints",
                                              "model_max_context_length"};
        static const char *const quantization[] = {"quantization_method", "quantization_type"};

        for (size_t i = 0; i < BP_COUNT(choices); i++)
                bp_set_if_true(context, body, choices[i], bp_param(context, choices[i]));
        if (!bp_truth(context, bp_param(context, "is_quantization")))
                return;
        context->host->object_set(body, "is_quantization", context->host->make_bool(context, true));
        for (size_t i = 0; i < BP_COUNT(quantization); i++)
                bp_set_if_true(context, body, quantization[i], bp_param(context, quantization[i]));
}

static const struct bp_value *simulation_body(struct bp_action_context *context, const struct bp_value *model) {
        struct bp_builder *body = context->host->object_new(context);
        const struct bp_value *mode = bp_param(context, "hardware_mode");

        set_numbers(context, body);
        context->host->object_set(body, "is_proprietary_model", context->host->make_bool(context, false));
        context->host->object_set(body, "hardware_mode", mode ? mode : bp_make_text(context, "dedicated"));
        context->host->object_set(body, "debug", context->host->make_bool(context, false));
        context->host->object_set(body, "source_topic", bp_make_text(context, BP_CALLBACK_TOPIC));
        context->host->object_set(body, "pretrained_model_uri", bp_make_text(context, bp_model_path(context, model)));
        bp_set_if_true(context, body, "model_uri", context->host->get(model, "huggingface_url"));
        set_choices(context, body);
        return context->host->finish(body);
}

static int on_model(struct bp_action_context *context, const struct bp_http_response *reply) {
        const struct bp_value *model = bp_model_of_reply(context, reply);

        if (!bp_reply_object(context, reply) && !(reply->failure == BP_HTTP_OK && reply->status == 404))
                return fail_without_answer(context, reply);
        if (!bp_model_path(context, model))
                return fail_without_model(context, "MODEL_NOT_FOUND");
        return bp_await_reply(context,
                              &(struct bp_http_request){.struct_size = sizeof(struct bp_http_request),
                                                        .timeout_ms = SIMULATION_TIMEOUT_MS,
                                                        .service = "budsim",
                                                        .method = "POST",
                                                        .url = "/simulator/run",
                                                        .json = simulation_body(context, model)},
                              context->host->make_bool(context, true));
}

static int simulation_run_on_reply(struct bp_action_context *context, const struct bp_http_response *reply) {
        const char *workflow_id;

        if (!reply->state)
                return on_model(context, reply);
        if (!bp_reply_ok(reply))
                return fail_to_start(context, bp_reply_error(context, reply), bp_reply_known(reply));
        workflow_id = bp_reply_workflow_id(context, bp_reply_json(context, reply));
        if (!workflow_id)
                return fail_to_start(context, "No workflow_id returned from budsim", false);
        output_state(context, true, workflow_id, "running");
        bp_output_string(context, "message", "Simulation in progress...");
        return bp_await_event(context, workflow_id, bp_param_int(context, "max_wait_seconds", WAIT_SECONDS));
}

/* ---- events ---- */

static int end_failed(struct bp_action_context *context, const struct bp_event_context *event, const char *message) {
        output_state(context, false, event->external_workflow_id, "failed");
        return bp_event_fail_message(context, "SIMULATION_FAILED", message);
}

static const struct bp_value *metrics_of(struct bp_action_context *context, const struct bp_value *recommendation) {
        static const char *const names[] = {"ttft", "throughput_per_user", "e2e_latency", "error_rate",
                                            "cost_per_million_tokens"};
        const struct bp_value *given = context->host->get(recommendation, "metrics");
        struct bp_builder *metrics = context->host->object_new(context);

        for (size_t i = 0; i < BP_COUNT(names); i++)
                context->host->object_set(metrics, names[i], bp_or_null(context, context->host->get(given, names[i])));
        return context->host->finish(metrics);
}

static int end_with_results(struct bp_action_context *context, const struct bp_event_context *event) {
        const struct bp_value *all =
                bp_field(context, bp_event_result(context, event), "recommendations", (const char *)NULL);
        const struct bp_value *top = context->host->item(all, 0);

        if (!top)
                return end_failed(context, event, "Simulation completed but returned no recommendations");
        bp_output_bool(context, "success", true);
        bp_output_string(context, "workflow_id", event->external_workflow_id);
        bp_output_string(context, "status", "completed");
        bp_output(context, "recommendations", all);
        bp_output(context, "top_recommendation", top);
        bp_output(context, "cluster_id", bp_or_null(context, context->host->get(top, "cluster_id")));
        bp_output(context, "metrics", metrics_of(context, top));
        for (size_t i = 0; i < BP_COUNT(abilities); i++)
                bp_output(context, abilities[i], bp_or_null(context, context->host->get(top, abilities[i])));
        bp_output_string(
                context, "message",
                bp_format(context, "Simulation completed with %zu recommendation(s)", context->host->count(all)));
        return bp_event_complete(context);
}

/* How far a stage is that has started or ended, or a negative number. */
static double progress_of(struct bp_action_context *context, const struct bp_event_context *event) {
        const struct bp_event_stage *stage = bp_event_stage(context, event, stages, BP_COUNT(stages));

        if (stage && bp_event_status_is(context, event, "STARTED"))
                return stage->percent;
        if (stage && bp_event_status_is(context, event, "COMPLETED"))
                return stage->percent + STAGE_COMPLETED_ADDS;
        return -1;
}

static int simulation_run_on_event(struct bp_action_context *context, const struct bp_event_context *event) {
        double percent = progress_of(context, event);
        int64_t minutes;

        if (strcmp(event->event_type, "workflow_metadata") == 0)
                return bp_event_ignore(context);
        if (bp_event_is(context, event, "results") && bp_event_status_is(context, event, "COMPLETED"))
                return end_with_results(context, event);
        if (bp_event_status_is(context, event, "FAILED"))
                return end_failed(context, event, bp_event_reason(context, event, "Simulation failed"));
        if (percent >= 0)
                return bp_event_progress(context, percent, -1);
        if (bp_event_eta(context, event, &minutes))
                return bp_event_progress(context, -1, (double)minutes);
        return bp_event_ignore(context);
}

/* ---- the rest ---- */

static void check_targets(struct bp_action_context *context) {
        const char *missing = "";

        for (size_t i = 0; i < BP_COUNT(targets); i++)
                if (bp_type(context, bp_param(context, targets[i])) == BP_NULL)
                        missing = bp_format(context, "%s%s%s", missing, *missing ? ", " : "", targets[i]);
        if (*missing)
                bp_finding(context, "SLO targets required: missing %s", missing);
}

static bool is_one_of(const char *text, const char *one, const char *other) {
        return !*text || strcmp(text, one) == 0 || strcmp(text, other) == 0;
}

static void simulation_run_validate(struct bp_action_context *context) {
        bool is_quantized = bp_truth(context, bp_param(context, "quantization_method")) ||
                            bp_truth(context, bp_param(context, "quantization_type"));

        if (!bp_truth(context, bp_param(context, "model_id")))
                bp_finding(context, "model_id is required");
        check_targets(context);
        if (!is_one_of(bp_param_string(context, "simulation_method", ""), "regressor", "heuristic"))
                bp_finding(context, "simulation_method must be one of: regressor, heuristic");
        if (!is_one_of(bp_param_string(context, "hardware_mode", ""), "dedicated", "shared"))
                bp_finding(context, "hardware_mode must be one of: dedicated, shared");
        if (is_quantized && !bp_truth(context, bp_param(context, "is_quantization")))
                bp_finding(context, "quantization_method and quantization_type require is_quantization to be true");
}

static int simulation_run_cleanup(struct bp_action_context *context) {
        return bp_cancel_workflow(context, "budsim", false);
}

/* clang-format off */
BP_ACTION(simulation_run,
        .name = "Run Simulation", .category = "Simulation", .icon = "beaker", .color = "#8B5CF6",
        .description = "Finds out how a model would do on the clusters there are, and what suits it best.",
        .execution_mode = BP_EVENT_DRIVEN, .effect = BP_ONCE, .idempotent = BP_YES, .timeout_seconds = 1800,
        .required_services = BP_STRINGS("budsim"),
        BP_PARAMS(
                {.name = "model_id", .label = "Model", .type = BP_PARAM_MODEL_REF, .required = 1,
                 .description = "The model to simulate."},
                {.name = "input_tokens", .label = "Input Tokens", .type = BP_PARAM_NUMBER, .required = 1,
                 .default_json = "4096", BP_BETWEEN(1, 200000), .description = "Tokens of a typical prompt."},
                {.name = "output_tokens", .label = "Output Tokens", .type = BP_PARAM_NUMBER, .required = 1,
                 .default_json = "512", BP_BETWEEN(1, 50000), .description = "Tokens of a typical completion."},
                {.name = "concurrency", .label = "Concurrency", .type = BP_PARAM_NUMBER, .required = 1,
                 .default_json = "1", BP_BETWEEN(1, 1000),
                 .description = "How many requests come at the same time."},
                {.name = "target_ttft", .label = "Target TTFT (ms)", .type = BP_PARAM_NUMBER, .required = 1,
                 BP_BETWEEN(1, 60000), .description = "Time to the first token to keep to, in milliseconds."},
                {.name = "target_throughput_per_user", .label = "Target Throughput (tokens/sec)",
                 .type = BP_PARAM_NUMBER, .required = 1, BP_BETWEEN(1, 1000),
                 .description = "Tokens a second to keep to for each user."},
                {.name = "target_e2e_latency", .label = "Target E2E Latency (sec)", .type = BP_PARAM_NUMBER,
                 .required = 1, BP_BETWEEN(1, 600),
                 .description = "Time to the last token to keep to, in seconds."},
                {.name = "cluster_id", .label = "Cluster", .type = BP_PARAM_CLUSTER_REF,
                 .description = "The one cluster to look at; without it all of them."},
                {.name = "simulation_method", .label = "Simulation Method", .type = BP_PARAM_SELECT,
                 .description = "How the optimum is found.",
                 BP_OPTIONS({"regressor", "Regressor (ML-based)"}, {"heuristic", "Heuristic (Memory-based)"})},
                {.name = "hardware_mode", .label = "Hardware Mode", .type = BP_PARAM_SELECT,
                 .default_json = "\"dedicated\"", .description = "Whole devices, or devices that are shared.",
                 BP_OPTIONS({"dedicated", "Dedicated GPU"}, {"shared", "Shared GPU (Time-slicing)"})},
                {.name = "model_endpoints", .label = "Model Endpoints", .type = BP_PARAM_STRING,
                 .placeholder = "LLM", .description = "LLM, EMBEDDING, or both with a comma between them."},
                {.name = "model_max_context_length", .label = "Max Context Length", .type = BP_PARAM_NUMBER,
                 BP_BETWEEN(1, 1000000), .description = "Length of the context, where it is not the model's own."},
                {.name = "is_quantization", .label = "Enable Quantization", .type = BP_PARAM_BOOLEAN,
                 .default_json = "false", .description = "Simulates a quantized model."},
                {.name = "quantization_method", .label = "Quantization Method", .type = BP_PARAM_STRING,
                 .placeholder = "awq", .description = "How the model is quantized.",
                 BP_SHOW_WHEN("is_quantization", .equals_json = "true")},
                {.name = "quantization_type", .label = "Quantization Type", .type = BP_PARAM_STRING,
                 .placeholder = "int4", .description = "What its numbers become.",
                 BP_SHOW_WHEN("is_quantization", .equals_json = "true")},
                {.name = "max_wait_seconds", .label = "Max Wait Time (sec)", .type = BP_PARAM_NUMBER,
                 .default_json = "1800", BP_BETWEEN(60, 7200),
                 .description = "How long to wait for the recommendations."}),
        BP_OUTPUTS({"success", "boolean", "Whether there is a recommendation, or one is on its way"},
                   {"workflow_id", "string", "Id of budsim's workflow"},
                   {"status", "string", "running, completed or failed"},
                   {"recommendations", "json", "All recommendations, the best first"},
                   {"top_recommendation", "json", "The best one"},
                   {"cluster_id", "string", "Cluster of the best one"},
                   {"metrics", "json", "What to expect of it: times, throughput, errors, cost"},
                   {"tool_calling_parser_type", "string", "Parser for tool calls"},
                   {"reasoning_parser_type", "string", "Parser for reasoning"},
                   {"chat_template", "string", "Chat template"},
                   {"supports_lora", "boolean", "Whether the model takes LoRA adapters"},
                   {"supports_pipeline_parallelism", "boolean", "Whether the model can be split by layers"},
                   {"message", "string", "What happened, for a person"}),
        BP_EXAMPLES({"Where would it run best?",
                     "{\"model_id\": \"00000000-0000-4000-8000-000000000101\", \"target_ttft\": 200,"
                     " \"target_throughput_per_user\": 20, \"target_e2e_latency\": 30, \"input_tokens\": 2048,"
                     " \"output_tokens\": 256, \"concurrency\": 10}",
                     "A deployment behind it takes `cluster_id` of the best recommendation."}),
        .execute = simulation_run_execute, .on_reply = simulation_run_on_reply, .on_event = simulation_run_on_event,
        .validate_params = simulation_run_validate, .cleanup = simulation_run_cleanup);
/* clang-format on */
