/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values follow the reference, section 6.5, and its recorded calls and events. */
#include "action_fixture.h"

extern const struct bp_action bp_action_simulation_run;

#define MODEL_ID "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
#define TARGETS "\"target_ttft\": 100, \"target_throughput_per_user\": 20, \"target_e2e_latency\": 30"
#define PARAMS(more) "{\"model_id\": \"" MODEL_ID "\", " TARGETS more "}"
#define GET                                                                                                 \
        "{\"app_id\": \"budapp\", \"path\": \"models/" MODEL_ID "\", \"method\": \"GET\", \"query\": null," \
        " \"body\": null, \"timeout\": 30}"
#define RUN(path, more)                                                                                            \
        "{\"app_id\": \"budsim\", \"path\": \"simulator/run\", \"method\": \"POST\", \"query\": null, \"body\": {" \
        "\"input_tokens\": 4096, \"output_tokens\": 512, \"concurrency\": 1, \"is_proprietary_model\": false,"     \
        " \"hardware_mode\": \"dedicated\", \"debug\": false, \"source_topic\": \"budpipelineEvents\","            \
        " \"pretrained_model_uri\": \"" path "\", " TARGETS more "}, \"timeout\": 120}"
#define OUTPUTS(success, workflow, status, message)                                                          \
        "\"outputs\": {\"success\": " success ", \"workflow_id\": " workflow ", \"status\": \"" status "\"," \
        " \"recommendations\": null, \"top_recommendation\": null, \"cluster_id\": null, \"metrics\": null," \
        " \"message\": \"" message "\"}"
#define WAITING(id, seconds)                                                                               \
        "{\"success\": true, \"error\": null, " OUTPUTS(                                                   \
                "true", "\"" id "\"", "running",                                                           \
                "Simulation in progress...") ", \"awaiting_event\": true, \"external_workflow_id\": \"" id \
                                             "\", \"timeout_seconds\": " seconds "}"
#define FAILURE(message, more) \
        "{\"success\": false, \"error\": \"" message "\"" more ", " OUTPUTS("false", "null", "failed", message) "}"
#define NO_MODEL                                                                                   \
        "{\"success\": false, \"error\": \"Could not resolve model URI from model_id\", " OUTPUTS( \
                "false", "null", "failed",                                                         \
                "Could not resolve model URI from model_id. Ensure the model exists in budapp.") "}"

static const char model[] = "models/" MODEL_ID, simulator[] = "simulator/run";
#define MODEL ANSWERS(model, "{\"data\": {\"uri\": \"org/m\", \"huggingface_url\": \"https://hf/org/m\"}}")

static void a_model_without_a_path_cannot_be_simulated(void **state) {
        static const struct service_case cases[] = {
                {.params = PARAMS(""), .calls = "[" GET "]", .result = NO_MODEL},
                {.params = PARAMS(""), .script = {ANSWERS(model, "{\"model\": {}}")}, .result = NO_MODEL},
                {.params = "{\"model_id\": \"m\", " TARGETS "}", .calls = "[]", .result = NO_MODEL},
        };

        (void)state;
        check_service_cases(&bp_action_simulation_run, CASES(cases));
}

static void the_simulation_is_asked_for_what_the_step_says(void **state) {
        static const struct service_case cases[] = {
                {.params = PARAMS(""),
                 .script = {MODEL, ANSWERS(simulator, "{\"workflow_id\": \"S\"}")},
                 .calls = "[" GET ", " RUN("org/m", ", \"model_uri\": \"https://hf/org/m\"") "]",
                 .result = WAITING("S", "1800")},
                {.params = PARAMS(", \"cluster_id\": \"c\", \"simulation_method\": \"heuristic\", \"model_endpoints\":"
                                  " \"LLM\", \"model_max_context_length\": 8192, \"is_quantization\": true,"
                                  " \"quantization_method\": \"awq\", \"quantization_type\": \"int4\","
                                  " \"max_wait_seconds\": 60, \"user_id\": \"another\""),
                 .script = {ANSWERS(model, "{\"local_path\": \"/m\"}"), ANSWERS(simulator, "{\"workflow_id\": 9}")},
                 .calls = "[" GET ", " RUN("/m", ", \"cluster_id\": \"c\", \"simulation_method\": \"heuristic\","
                                                 " \"model_endpoints\": \"LLM\", \"model_max_context_length\": 8192,"
                                                 " \"is_quantization\": true, \"quantization_method\": \"awq\","
                                                 " \"quantization_type\": \"int4\"") "]",
                 .result = WAITING("9", "60")},
        };

        (void)state;
        check_service_cases(&bp_action_simulation_run, CASES(cases));
}

static void without_a_workflow_the_step_fails(void **state) {
        static const struct service_case cases[] = {
                {.params = PARAMS(""),
                 .script = {MODEL, REFUSES(simulator, 500, "x")},
                 .result = FAILURE("Failed to start simulation: x", "")},
                {.params = PARAMS(""),
                 .script = {MODEL, BREAKS(simulator, BP_HTTP_UNSENT, "x")},
                 .result = FAILURE("Failed to start simulation: x", "")},
                {.params = PARAMS(""),
                 .script = {MODEL, BREAKS(simulator, BP_HTTP_BROKEN, "x")},
                 .result = FAILURE("Failed to start simulation: x", ", \"unknown\": true")},
                {.params = PARAMS(""),
                 .script = {MODEL, ANSWERS(simulator, "{}")},
                 .result = FAILURE("Failed to start simulation: No workflow_id returned from budsim",
                                   ", \"unknown\": true")},
        };

        (void)state;
        check_service_cases(&bp_action_simulation_run, CASES(cases));
}

#define EVENT(type, event, content)                                  \
        "{\"type\": \"" type "\", \"payload\": {\"event\": \"" event \
        "\", \"workflow_id\": \"XW\", \"content\": " content "}}"
#define FAILED(message)                                                            \
        "{\"action\": \"complete\", \"status\": \"FAILED\", \"error\": \"" message \
        "\", " OUTPUTS("false", "\"XW\"", "failed", message) "}"
#define TOP                                                                                                    \
        "{\"cluster_id\": \"c\", \"metrics\": {\"ttft\": 1, \"throughput_per_user\": 2.5, \"e2e_latency\": 3," \
        " \"error_rate\": 0, \"other\": 1}, \"chat_template\": \"t\", \"supports_lora\": true}"
#define IGNORED "{\"action\": \"ignore\"}"
#define PROGRESS(percent) "{\"action\": \"update_progress\", \"progress\": " percent "}"

static void events_end_the_step(void **state) {
        static const struct event_case cases[] = {
                {.event = EVENT("x", "results",
                                "{\"status\": \"completed\", \"result\": {\"recommendations\": [" TOP ", {}]}}"),
                 .result = "{\"action\": \"complete\", \"status\": \"COMPLETED\", \"outputs\": {\"success\": true,"
                           " \"workflow_id\": \"XW\", \"status\": \"completed\", \"recommendations\": [" TOP ", {}],"
                           " \"top_recommendation\": " TOP ", \"cluster_id\": \"c\", \"metrics\": {\"ttft\": 1,"
                           " \"throughput_per_user\": 2.5, \"e2e_latency\": 3, \"error_rate\": 0, "
                           "\"cost_per_million_tokens\":"
                           " null}, \"tool_calling_parser_type\": null, \"reasoning_parser_type\": null, "
                           "\"chat_template\":"
                           " \"t\", \"supports_lora\": true, \"supports_pipeline_parallelism\": null, \"message\":"
                           " \"Simulation completed with 2 recommendation(s)\"}}"},
                {.event = EVENT("x", "results", "{\"status\": \"COMPLETED\", \"result\": null}"),
                 .result = FAILED("Simulation completed but returned no recommendations")},
                {.event = EVENT("x", "ranking", "{\"message\": \"\", \"error\": \"e\", \"status\": \"FAILED\"}"),
                 .result = FAILED("e")},
                {.event = EVENT("x", "ranking", "{\"status\": \"failed\"}"), .result = FAILED("Simulation failed")},
                {.event = EVENT("workflow_metadata", "results", "{\"status\": \"FAILED\"}"), .result = IGNORED},
                {.event = EVENT("x", "validation", "{\"status\": \"STARTED\"}"), .result = PROGRESS("10.0")},
                {.event = EVENT("x", "hardware_selection", "{\"status\": \"started\"}"), .result = PROGRESS("25.0")},
                {.event = EVENT("x", "engine_configuration", "{\"status\": \"COMPLETED\"}"),
                 .result = PROGRESS("55.0")},
                {.event = EVENT("x", "performance_estimation", "{\"status\": \"STARTED\"}"),
                 .result = PROGRESS("75.0")},
                {.event = EVENT("x", "ranking", "{\"status\": \"COMPLETED\"}"), .result = PROGRESS("95.0")},
                {.event = EVENT("notification", "eta", "{\"message\": \"-4\"}"),
                 .result = "{\"action\": \"update_progress\", \"eta_minutes\": 0}"},
                {.event = EVENT("x", "eta", "{}"), .result = IGNORED},
                {.event = "{\"type\": \"workflow_completed\", \"status\": \"COMPLETED\", \"result\": {}}",
                 .result = IGNORED},
                {.event = "{\"type\": \"notification\", \"payload\": null}", .result = IGNORED},
        };

        (void)state;
        check_events(&bp_action_simulation_run, CASES(cases));
}

static void cleanup_cancels_the_simulation(void **state) {
        static const struct scripted_reply answers[] = {REFUSES("workflows/S/cancel", 404, ""), {.path = NULL}};

        (void)state;
        check_cleanup(
                &bp_action_simulation_run, PARAMS(""), "{\"workflow_id\": \"S\"}", answers,
                "[{\"app_id\": \"budsim\", \"path\": \"workflows/S/cancel\", \"method\": \"POST\", \"query\": null,"
                " \"body\": null, \"timeout\": 30}]",
                BP_COMPLETED);
}

static void validation_wants_all_targets(void **state) {
        static const struct action_case cases[] = {
                {PARAMS(", \"simulation_method\": \"regressor\", \"hardware_mode\": \"shared\""), "[]"},
                {"{\"model_id\": \"m\", \"target_ttft\": 0, \"target_throughput_per_user\": 0}",
                 "[\"SLO targets required: missing target_e2e_latency\"]"},
                {"{}", "[\"model_id is required\", \"SLO targets required: missing target_ttft,"
                       " target_throughput_per_user, target_e2e_latency\"]"},
                {PARAMS(", \"simulation_method\": \"guess\", \"hardware_mode\": \"half\""),
                 "[\"simulation_method must be one of: regressor, heuristic\","
                 " \"hardware_mode must be one of: dedicated, shared\"]"},
                {PARAMS(", \"quantization_type\": \"int4\""),
                 "[\"quantization_method and quantization_type require is_quantization to be true\"]"},
        };

        (void)state;
        check_findings(&bp_action_simulation_run, CASES(cases));
        check_examples(&bp_action_simulation_run, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_model_without_a_path_cannot_be_simulated),
                cmocka_unit_test(the_simulation_is_asked_for_what_the_step_says),
                cmocka_unit_test(without_a_workflow_the_step_fails),
                cmocka_unit_test(events_end_the_step),
                cmocka_unit_test(cleanup_cancels_the_simulation),
                cmocka_unit_test(validation_wants_all_targets),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
