/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values follow the reference, section 6.4, and its recorded calls and events. */
#include "action_fixture.h"

extern const struct bp_action bp_action_deployment_create;

#define MODEL_ID "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
#define PARAMS(more) "{\"model_id\": \"" MODEL_ID "\", \"project_id\": \"P\", \"endpoint_name\": \"ep\"" more "}"
#define SLO ", \"ttft\": [100, 200], \"per_session_tokens_per_sec\": [10, 50], \"e2e_latency\": [20, 60]"
#define CLUSTER ", \"cluster_id\": \"c\""
#define SHARED CLUSTER ", \"hardware_mode\": \"shared\""

#define GET(query)                                                                                           \
        "{\"app_id\": \"budapp\", \"path\": \"models/" MODEL_ID "\", \"method\": \"GET\", \"query\": " query \
        ", \"body\": null, \"timeout\": 30}"
#define SIMULATE(ttft, throughput, latency, mode, more)                                                                \
        "{\"app_id\": \"budsim\", \"path\": \"simulator/run\", \"method\": \"POST\", \"query\": null, \"body\": {"     \
        "\"pretrained_model_uri\": \"/m\", \"input_tokens\": 4096, \"output_tokens\": 512, \"concurrency\": 1,"        \
        " \"target_ttft\": " ttft ", \"target_throughput_per_user\": " throughput ", \"target_e2e_latency\": " latency \
        ", \"is_proprietary_model\": false, \"hardware_mode\": \"" mode "\", \"debug\": true,"                         \
        " \"cluster_id\": \"c\"" more "}, \"timeout\": 120}"
#define DEPLOY(query, concurrency, slo, more)                                                                      \
        "{\"app_id\": \"budapp\", \"path\": \"models/deploy-workflow\", \"method\": \"POST\", \"query\": " query   \
        ", \"body\": {\"workflow_total_steps\": 1, \"step_number\": 1, \"trigger_workflow\": true, \"model_id\":"  \
        " \"" MODEL_ID "\", \"project_id\": \"P\", \"endpoint_name\": \"ep\", \"deploy_config\": {"                \
        "\"concurrent_requests\": " concurrency ", \"avg_sequence_length\": 512, \"avg_context_length\": 4096" slo \
        "}, \"callback_topic\": \"budpipelineEvents\"" more "}, \"timeout\": 120}"

#define OUTPUTS(success, id, url, workflow, status, message)                                                   \
        "\"outputs\": {\"success\": " success ", \"endpoint_id\": " id ", \"endpoint_url\": " url              \
        ", \"endpoint_name\": \"ep\", \"workflow_id\": " workflow ", \"status\": \"" status "\", \"message\":" \
        " \"" message "\"}"
#define WAITING(id, seconds)                                                                                    \
        "{\"success\": true, \"error\": null, " OUTPUTS(                                                        \
                "true", "null", "null", "\"" id "\"", "deploying",                                              \
                "Model deployment in progress...") ","                                                          \
                                                   " \"awaiting_event\": true, \"external_workflow_id\": \"" id \
                                                   "\", \"timeout_seconds\": " seconds "}"
#define FAILURE(message, more)                                 \
        "{\"success\": false, \"error\": \"" message "\"" more \
        ", " OUTPUTS("false", "null", "null", "null", "failed", message) "}"
#define UNKNOWN ", \"unknown\": true"

static const char model[] = "models/" MODEL_ID, simulator[] = "simulator/run", deploy[] = "models/deploy-workflow";
#define DEPLOYS ANSWERS(deploy, "{\"data\": {\"workflow_id\": \"W\", \"status\": \"running\"}}")
#define LOCAL_MODEL ANSWERS(model, "{\"data\": {\"local_path\": \"/m\", \"uri\": \"org/m\"}}")

static void shared_mode_deploys_without_a_recommendation(void **state) {
        static const struct service_case cases[] = {
                {.params = PARAMS(SHARED),
                 .script = {DEPLOYS,
                            ANSWERS(model, "{\"model\": {\"provider_type\": \"hugging_face\", \"local_path\": \"/m\","
                                           " \"supported_endpoints\": {\"chat\": {\"enabled\": true}, \"embedding\":"
                                           " {\"enabled\": true}, \"rerank\": {\"enabled\": false}}}}"),
                            BREAKS(simulator, BP_HTTP_UNSENT, "sim down")},
                 .calls = "[" GET("null") ", " SIMULATE(
                         "0", "0", "0", "shared",
                         ", \"model_endpoints\": \"EMBEDDING,LLM\"") ", " DEPLOY("null", "1", "", SHARED) "]",
                 .result = WAITING("W", "600")},
                {.params = PARAMS(SHARED),
                 .script = {DEPLOYS,
                            ANSWERS(model, "{\"local_path\": \"/m\", \"supported_endpoints\": {\"classify\":"
                                           " {\"enabled\": true}}}"),
                            ANSWERS(simulator, "{\"workflow_id\": \"S\", \"recommendations\": []}")},
                 .calls = "[" GET("null") ", " SIMULATE(
                         "0", "0", "0", "shared", ", \"model_endpoints\": \"EMBEDDING\"") ", " DEPLOY("null", "1", "",
                                                                                                      SHARED) "]",
                 .result = WAITING("W", "600")},
        };

        (void)state;
        check_service_cases(&bp_action_deployment_create, CASES(cases));
}

static void a_recommendation_fills_in_what_the_step_leaves_open(void **state) {
        static const struct service_case cases[] = {
                {.params = PARAMS(CLUSTER SLO ", \"supports_lora\": false"),
                 .script = {DEPLOYS, LOCAL_MODEL,
                            ANSWERS(simulator, "{\"workflow_id\": \"S\", \"recommendations\": [{"
                                               "\"tool_calling_parser_type\": \"hermes\", \"reasoning_parser_type\":"
                                               " null, \"chat_template\": \"t\", \"supports_lora\": true,"
                                               " \"supports_pipeline_parallelism\": false}, {\"chat_template\":"
                                               " \"second\"}]}")},
                 .workflow_params = "{\"user_id\": \"u\"}",
                 .calls = "[" GET("{\"user_id\": \"u\"}") ", " SIMULATE("100", "50", "20", "dedicated", "") ", " DEPLOY(
                         "{\"user_id\": \"u\"}", "1", SLO,
                         CLUSTER ", \"hardware_mode\": \"dedicated\", \"enable_tool_calling\": true,"
                                 " \"tool_calling_parser_type\": \"hermes\", \"chat_template\": \"t\","
                                 " \"supports_lora\": false, \"supports_pipeline_parallelism\": false,"
                                 " \"simulator_id\": \"S\"") "]",
                 .result = WAITING("W", "600")},
        };

        (void)state;
        check_service_cases(&bp_action_deployment_create, CASES(cases));
}

static void dedicated_mode_needs_a_recommendation(void **state) {
        static const struct service_case cases[] = {
                {.params = PARAMS(CLUSTER SLO),
                 .script = {LOCAL_MODEL, REFUSES(simulator, 500, "{\"detail\": \"no nodes\"}")},
                 .calls = "[" GET("null") ", " SIMULATE("100", "50", "20", "dedicated", "") "]",
                 .result = FAILURE("Simulation failed: no nodes", "")},
                {.params = PARAMS(CLUSTER SLO),
                 .script = {LOCAL_MODEL, ANSWERS(simulator, "{\"recommendations\": null}")},
                 .result = FAILURE("Simulation failed: No recommendations returned", "")},
                {.params = PARAMS(CLUSTER SLO),
                 .script = {LOCAL_MODEL, BREAKS(simulator, BP_HTTP_TIMEOUT, "late")},
                 .result = FAILURE("Simulation failed: late", "")},
        };

        (void)state;
        check_service_cases(&bp_action_deployment_create, CASES(cases));
}

static void what_cannot_be_simulated_is_deployed_at_once(void **state) {
        static const char plain[] = "[" DEPLOY("null", "1", "", CLUSTER ", \"hardware_mode\": \"dedicated\"") "]";
        static const char looked_up[] =
                "[" GET("null") ", " DEPLOY("null", "1", SLO, CLUSTER ", \"hardware_mode\": \"dedicated\"") "]";
        static const struct service_case cases[] = {
                {.params = PARAMS(", \"credential_id\": \"cr\", \"budaiscaler_specification\": {\"minReplicas\": 1},"
                                  " \"supports_lora\": true, \"concurrent_requests\": 4"),
                 .script = {DEPLOYS},
                 .calls = "[" DEPLOY(
                         "null", "4", "",
                         ", \"credential_id\": \"cr\", \"hardware_mode\": \"dedicated\","
                         " \"supports_lora\": true, \"budaiscaler_specification\": {\"minReplicas\": 1}") "]",
                 .result = WAITING("W", "600")},
                {.params = PARAMS(CLUSTER), .script = {DEPLOYS}, .calls = plain},
                {.params = PARAMS(CLUSTER SLO ", \"reasoning_parser_type\": \"r1\""),
                 .script = {DEPLOYS},
                 .calls = "[" DEPLOY("null", "1", SLO,
                                     CLUSTER ", \"hardware_mode\": \"dedicated\", \"enable_reasoning\": true,"
                                             " \"reasoning_parser_type\": \"r1\"") "]"},
                {.params = PARAMS(CLUSTER SLO), .script = {DEPLOYS}, .calls = looked_up},
                {.params = PARAMS(CLUSTER SLO),
                 .script = {DEPLOYS,
                            ANSWERS(model, "{\"model\": {\"provider_type\": \"CLOUD_MODEL\", \"uri\": \"gpt\"}}")},
                 .calls = looked_up},
                {.params = PARAMS(CLUSTER SLO),
                 .script = {DEPLOYS, ANSWERS(model, "{\"model\": {\"uri\": \"\", \"huggingface_url\": null}}")},
                 .calls = looked_up},
        };

        (void)state;
        check_service_cases(&bp_action_deployment_create, CASES(cases));
}

static void a_model_without_a_uuid_is_not_looked_up(void **state) {
        static const struct service_case cases[] = {
                {.params = "{\"model_id\": \"m\", \"project_id\": \"P\", \"deployment_name\": \"ep\"" SHARED
                           ", \"user_id\": \"another\", \"max_wait_seconds\": 60}",
                 .script = {DEPLOYS},
                 .calls = "[{\"app_id\": \"budapp\", \"path\": \"models/deploy-workflow\", \"method\": \"POST\","
                          " \"query\": null, \"body\": {\"workflow_total_steps\": 1, \"step_number\": 1,"
                          " \"trigger_workflow\": true, \"model_id\": \"m\", \"project_id\": \"P\","
                          " \"endpoint_name\": \"ep\", \"deploy_config\": {\"concurrent_requests\": 1,"
                          " \"avg_sequence_length\": 512, \"avg_context_length\": 4096}, \"callback_topic\":"
                          " \"budpipelineEvents\"" SHARED "}, \"timeout\": 120}]",
                 .result = WAITING("W", "60")},
        };

        (void)state;
        check_service_cases(&bp_action_deployment_create, CASES(cases));
}

static void the_answer_to_the_deployment_decides(void **state) {
        static const struct service_case cases[] = {
                {.params = PARAMS(CLUSTER),
                 .script = {ANSWERS(deploy, "{\"data\": {\"workflow_id\": \"W\", \"status\": \"COMPLETED\","
                                            " \"progress\": {\"endpoint_id\": \"E\", \"endpoint_url\": \"u\"}}}")},
                 .result = "{\"success\": true, \"error\": null, " OUTPUTS(
                         "true", "\"E\"", "\"u\"", "\"W\"", "completed", "Endpoint 'ep' deployed successfully") "}"},
                {.params = PARAMS(CLUSTER),
                 .script = {ANSWERS(deploy, "{\"status\": \"completed\"}")},
                 .result = "{\"success\": true, \"error\": null, " OUTPUTS("true", "null", "null", "null", "completed",
                                                                           "Endpoint 'ep' deployed successfully") "}"},
                {.params = PARAMS(CLUSTER),
                 .script = {ANSWERS(deploy, "{\"workflow_id\": 3}")},
                 .result = WAITING("3", "600")},
                {.params = PARAMS(CLUSTER),
                 .script = {ANSWERS(deploy, "{\"data\": {\"status\": \"running\"}}")},
                 .result = FAILURE("Failed to create deployment: the answer names no workflow_id", UNKNOWN)},
                {.params = PARAMS(CLUSTER),
                 .script = {REFUSES(deploy, 409, "{\"message\": \"name taken\"}")},
                 .result = FAILURE("Failed to create deployment: name taken", "")},
                {.params = PARAMS(CLUSTER),
                 .script = {BREAKS(deploy, BP_HTTP_TIMEOUT, "late")},
                 .result = FAILURE("Failed to create deployment: late", UNKNOWN)},
                {.params = PARAMS(CLUSTER),
                 .script = {BREAKS(deploy, BP_HTTP_UNSENT, "refused")},
                 .result = FAILURE("Failed to create deployment: refused", "")},
        };

        (void)state;
        check_service_cases(&bp_action_deployment_create, CASES(cases));
}

#define DEPLOYED(id, url)                                                                                        \
        "{\"action\": \"complete\", \"status\": \"COMPLETED\", " OUTPUTS("true", id, url, "\"XW\"", "completed", \
                                                                         "Endpoint 'ep' deployed successfully") "}"
#define FAILED(message)                                                            \
        "{\"action\": \"complete\", \"status\": \"FAILED\", \"error\": \"" message \
        "\", " OUTPUTS("false", "null", "null", "\"XW\"", "failed", message) "}"
#define NOTICE(about, event, content)                                                             \
        "{\"type\": \"notification\", \"payload\": {\"type\": \"" about "\", \"event\": \"" event \
        "\", \"content\": " content "}}"
#define IGNORED "{\"action\": \"ignore\"}"
#define PROGRESS(percent) "{\"action\": \"update_progress\", \"progress\": " percent "}"

static void events_end_the_step(void **state) {
        static const char outputs[] = "{\"endpoint_name\": \"ep\"}";
        static const struct event_case cases[] = {
                {.event = "{\"type\": \"workflow_completed\", \"status\": \"completed\", \"result\": {\"endpoint_id\": "
                          "\"E\","
                          " \"endpoint_url\": \"u\"}}",
                 .result = DEPLOYED("\"E\"", "\"u\""),
                 .step_outputs = outputs},
                {.event = "{\"type\": \"workflow_completed\", \"status\": \"COMPLETED\", \"result\": null}",
                 .result = DEPLOYED("null", "null"),
                 .step_outputs = outputs},
                {.event = "{\"type\": \"workflow_completed\", \"status\": \"FAILED\", \"reason\": \"r\"}",
                 .result = FAILED("r"),
                 .step_outputs = outputs},
                {.event = "{\"type\": \"workflow_completed\"}",
                 .result = FAILED("Deployment workflow failed"),
                 .step_outputs = outputs},
                {.event = NOTICE("deploy_model", "results",
                                 "{\"status\": \"COMPLETED\", \"result\": {\"endpoint_id\": \"E\"}}"),
                 .result = DEPLOYED("\"E\"", "null"),
                 .step_outputs = outputs},
                {.event = NOTICE("deploy_model", "deployment_status", "{\"status\": \"COMPLETED\"}"),
                 .result = DEPLOYED("null", "null"),
                 .step_outputs = outputs},
                {.event = NOTICE("perform_deployment", "verify", "{\"status\": \"FAILED\", \"message\": \"m\"}"),
                 .result = FAILED("m"),
                 .step_outputs = outputs},
                {.event = NOTICE("perform_deployment", "verify", "{\"status\": \"failed\", \"error\": \"e\"}"),
                 .result = FAILED("e"),
                 .step_outputs = outputs},
                {.event = NOTICE("perform_deployment", "verify", "{\"status\": \"FAILED\"}"),
                 .result = FAILED("Deployment failed"),
                 .step_outputs = outputs},
                {.event = NOTICE("other", "verify", "{\"status\": \"FAILED\"}"),
                 .result = IGNORED,
                 .step_outputs = outputs},
                {.event = NOTICE("other", "verify", "{\"status\": \"COMPLETED\"}"),
                 .result = IGNORED,
                 .step_outputs = outputs},
                {.event = NOTICE("other", "eta", "{\"message\": 7}"),
                 .result = "{\"action\": \"update_progress\", \"eta_minutes\": 7}",
                 .step_outputs = outputs},
                {.event = NOTICE("other", "eta", "{\"message\": \"soon\"}"),
                 .result = IGNORED,
                 .step_outputs = outputs},
                {.event = NOTICE("perform_deployment", "deploy_model", "{\"status\": \"STARTED\"}"),
                 .result = PROGRESS("30.0"),
                 .step_outputs = outputs},
                {.event = NOTICE("other", "deployment_status", "{\"status\": \"started\"}"),
                 .result = PROGRESS("60.0"),
                 .step_outputs = outputs},
                {.event = "{\"type\": \"x\", \"payload\": {\"event\": \"deploy_model\", \"content\": {\"status\": "
                          "\"STARTED\"}}}",
                 .result = IGNORED,
                 .step_outputs = outputs},
                {.event = "{\"type\": \"notification\", \"payload\": null}",
                 .result = IGNORED,
                 .step_outputs = outputs},
        };

        (void)state;
        check_events(&bp_action_deployment_create, CASES(cases));
}

static void cleanup_cancels_for_the_execution_s_user(void **state) {
        static const struct scripted_reply answers[] = {REFUSES("workflows/W/cancel", 410, ""), {.path = NULL}};
        static const struct scripted_reply broken[] = {REFUSES("workflows/W/cancel", 500, ""), {.path = NULL}};
        static const char calls[] = "[{\"app_id\": \"budapp\", \"path\": \"workflows/W/cancel\", \"method\": \"POST\","
                                    " \"query\": null, \"body\": null, \"timeout\": 30}]";
        static const char params[] = PARAMS(", \"user_id\": \"another\"");

        (void)state;
        check_cleanup(&bp_action_deployment_create, params, "{\"workflow_id\": \"W\"}", answers, calls, BP_COMPLETED);
        check_cleanup(&bp_action_deployment_create, params, "{\"workflow_id\": \"W\"}", broken, calls, BP_FAILED);
        check_cleanup(&bp_action_deployment_create, params, "{\"workflow_id\": null}", NULL, "[]", BP_COMPLETED);
}

static void validation_knows_what_belongs_together(void **state) {
        static const struct action_case cases[] = {
                {"{}", "[\"model_id is required\", \"project_id is required\", \"endpoint_name is required\","
                       " \"Either cluster_id (for local models) or credential_id (for cloud models) is required\"]"},
                {PARAMS(", \"credential_id\": \"c\", \"budaiscaler_specification\": \"s\""),
                 "[\"budaiscaler_specification must be an object\"]"},
                {PARAMS(CLUSTER ", \"ttft\": [1, 2]"),
                 "[\"SLO targets are required for dedicated hardware mode: missing per_session_tokens_per_sec,"
                 " e2e_latency\"]"},
                {PARAMS(CLUSTER SLO), "[]"},
                {PARAMS(SHARED), "[]"},
                {PARAMS(SHARED ", \"ttft\": [3], \"per_session_tokens_per_sec\": [\"a\", 2], \"e2e_latency\": [9, 8]"),
                 "[\"ttft must be a [min, max] range\", \"per_session_tokens_per_sec values must be numbers\","
                 " \"e2e_latency min must be less than or equal to max\"]"},
                {PARAMS(CLUSTER ", \"hardware_mode\": \"half\""),
                 "[\"hardware_mode must be one of: dedicated, shared\"]"},
                {PARAMS(SHARED ", \"budaiscaler_specification\": {\"minReplicas\": -1, \"maxReplicas\": 0}"),
                 "[\"budaiscaler_specification.minReplicas must be an integer >= 0\","
                 " \"budaiscaler_specification.maxReplicas must be an integer >= 1\"]"},
                {PARAMS(SHARED ", \"max_wait_seconds\": 0"), "[\"max_wait_seconds must be a positive number\"]"},
        };

        (void)state;
        check_findings(&bp_action_deployment_create, CASES(cases));
        check_examples(&bp_action_deployment_create, 2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(shared_mode_deploys_without_a_recommendation),
                cmocka_unit_test(a_recommendation_fills_in_what_the_step_leaves_open),
                cmocka_unit_test(dedicated_mode_needs_a_recommendation),
                cmocka_unit_test(what_cannot_be_simulated_is_deployed_at_once),
                cmocka_unit_test(a_model_without_a_uuid_is_not_looked_up),
                cmocka_unit_test(the_answer_to_the_deployment_decides),
                cmocka_unit_test(events_end_the_step),
                cmocka_unit_test(cleanup_cancels_for_the_execution_s_user),
                cmocka_unit_test(validation_knows_what_belongs_together),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
