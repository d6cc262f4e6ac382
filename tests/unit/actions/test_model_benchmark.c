/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values follow the reference, section 6.2, and its recorded calls and events. */
#include "action_fixture.h"

extern const struct bp_action bp_action_model_benchmark;

#define BUSINESS "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
#define PROVISIONED "99999999-bbbb-4ccc-8ddd-eeeeeeeeeeee"
#define PARAMS(more) "{\"model_id\": \"m\", \"cluster_id\": \"" BUSINESS "\"" more "}"

#define CLUSTER_PATH "clusters/" BUSINESS
#define NODES_PATH "cluster/" PROVISIONED "/nodes"
#define DEVICES_PATH "benchmark/node-configurations"
#define START_PATH "benchmark/run-workflow"

#define CLUSTER ANSWERS(CLUSTER_PATH, "{\"cluster\": {\"id\": \"" BUSINESS "\", \"cluster_id\": \"" PROVISIONED "\"}}")
#define NODE                                                                                           \
        "\"type\": \"gpu\", \"total_workers\": 2, \"available_workers\": 1, \"hardware_info\":"        \
        " [{\"type\": \"CUDA\", \"available_count\": 2}, {\"type\": \"hpu\", \"available_count\": 0}," \
        " {\"type\": \"cpu\", \"available_count\": 1}]"
#define NODES ANSWERS(NODES_PATH, "{\"param\": {\"nodes\": [{\"name\": \"n1\", " NODE "}, {\"name\": \"\"}]}}")
#define DEVICES                                                                                                      \
        ANSWERS(DEVICES_PATH, "{\"device_configurations\": [{\"device_type\": \"cpu\", \"tp_pp_options\":"           \
                              " [{\"tp_size\": 1, \"pp_size\": 1}]}, {\"device_type\": \"cuda\", \"tp_pp_options\":" \
                              " [{\"tp_size\": 2, \"pp_size\": 1, \"max_replicas\": 3},"                             \
                              " {\"tp_size\": 4, \"pp_size\": 2}]}]}")
#define START ANSWERS(START_PATH, "{\"data\": {\"workflow_id\": \"BW\"}}")

#define ASK_CLUSTER                                                 \
        "{\"app_id\": \"budapp\", \"path\": \"" CLUSTER_PATH        \
        "\", \"method\": \"GET\", \"query\": null, \"body\": null," \
        " \"timeout\": 30}"
#define ASK_NODES                                                   \
        "{\"app_id\": \"budcluster\", \"path\": \"" NODES_PATH      \
        "\", \"method\": \"GET\", \"query\": null, \"body\": null," \
        " \"timeout\": 30}"
#define ASK_DEVICES                                                                                                 \
        "{\"app_id\": \"budapp\", \"path\": \"" DEVICES_PATH "\", \"method\": \"POST\", \"query\": null, \"body\":" \
        " {\"model_id\": \"m\", \"cluster_id\": \"" BUSINESS "\", \"hostnames\": [\"n1\"],"                         \
        " \"hardware_mode\": \"dedicated\", \"input_tokens\": 1024, \"output_tokens\": 512, \"concurrency\": 1},"   \
        " \"timeout\": 60}"
#define ASK_START(query, device, tp, pp, replicas, prompts, more)                                                     \
        "{\"app_id\": \"budapp\", \"path\": \"" START_PATH "\", \"method\": \"POST\", \"query\": " query              \
        ", \"body\": {\"workflow_total_steps\": 1, \"step_number\": 1, \"trigger_workflow\": true, \"model_id\": "    \
        "\"m\","                                                                                                      \
        " \"cluster_id\": \"" BUSINESS "\", \"bud_cluster_id\": \"" PROVISIONED "\","                                 \
        " \"nodes\": [{\"hostname\": \"n1\", " NODE "}], \"name\": \"auto-benchmark\", \"tags\": [],"                 \
        " \"description\": \"Automated benchmark from workflow step st\", \"eval_with\": \"configuration\","          \
        " \"concurrent_requests\": 1, \"max_input_tokens\": 1024, \"max_output_tokens\": 512,"                        \
        " \"hardware_mode\": \"dedicated\", \"selected_device_type\": \"" device "\", \"tp_size\": " tp               \
        ", \"pp_size\": " pp ", \"replicas\": " replicas ", \"num_prompts\": " prompts                                \
        ", \"user_confirmation\": true, \"run_as_simulation\": false, \"callback_topic\": \"budpipelineEvents\"" more \
        "}, \"timeout\": 60}"

#define OUTPUTS(success, workflow, status, message)                                                  \
        "\"outputs\": {\"success\": " success ", \"benchmark_id\": null, \"workflow_id\": " workflow \
        ", \"status\": \"" status "\", \"results\": {}, \"message\": \"" message "\"}"
#define WAITING                                                                                                    \
        "{\"success\": true, \"error\": null, " OUTPUTS(                                                           \
                "true", "\"BW\"", "running",                                                                       \
                "Benchmark workflow started: BW") ", \"awaiting_event\": true, \"external_workflow_id\": \"BW\", " \
                                                  "\"timeout_seconds\": 1200}"
#define FAILURE(message) \
        "{\"success\": false, \"error\": \"" message "\", " OUTPUTS("false", "null", "failed", message) "}"
#define LOST(message)                                                   \
        "{\"success\": false, \"unknown\": true, \"error\": \"" message \
        "\", " OUTPUTS("false", "null", "failed", message) "}"

static void four_calls_start_a_benchmark(void **state) {
        static const struct service_case cases[] = {
                {.params = PARAMS(", \"selected_device_type\": \"cpu\", \"prompt\": \"p\", \"prompt_tokens\": 5,"
                                  " \"num_prompts\": 3"),
                 .script = {CLUSTER, NODES, DEVICES, START},
                 .calls = "[" ASK_CLUSTER ", " ASK_NODES ", " ASK_DEVICES ", " ASK_START(
                         "null", "cpu", "1", "1", "1", "3", ", \"prompt\": \"p\", \"prompt_tokens\": 5") "]",
                 .result = WAITING},
                {.params = PARAMS(""),
                 .script = {CLUSTER, NODES, DEVICES, START},
                 .calls = "[" ASK_CLUSTER ", " ASK_NODES ", " ASK_DEVICES
                          ", " ASK_START("null", "cuda", "2", "1", "3", "10", "") "]",
                 .result = WAITING},
                {.params = PARAMS(", \"tp_size\": 4, \"pp_size\": 2"),
                 .script = {CLUSTER, NODES, DEVICES, START},
                 .calls = "[" ASK_CLUSTER ", " ASK_NODES ", " ASK_DEVICES
                          ", " ASK_START("null", "cuda", "4", "2", "1", "10", "") "]",
                 .result = WAITING},
                {.params = PARAMS(", \"tp_size\": 2, \"pp_size\": 1, \"replicas\": 5"),
                 .script = {CLUSTER, NODES, DEVICES, START},
                 .calls = "[" ASK_CLUSTER ", " ASK_NODES ", " ASK_DEVICES
                          ", " ASK_START("null", "cuda", "2", "1", "5", "10", "") "]",
                 .result = WAITING},
                {.params = PARAMS(""),
                 .script = {CLUSTER, NODES, REFUSES(DEVICES_PATH, 500, "no"), START},
                 .calls = "[" ASK_CLUSTER ", " ASK_NODES ", " ASK_DEVICES
                          ", " ASK_START("null", "cuda", "1", "1", "1", "10", "") "]",
                 .result = WAITING},
                {.params = PARAMS(", \"selected_device_type\": \"cpu\""),
                 .script = {CLUSTER, NODES, ANSWERS(DEVICES_PATH, "{\"code\": 404, \"message\": \"nf\"}"), START},
                 .calls = "[" ASK_CLUSTER ", " ASK_NODES ", " ASK_DEVICES
                          ", " ASK_START("null", "cpu", "1", "1", "1", "10", "") "]",
                 .result = WAITING},
        };

        (void)state;
        check_service_cases(&bp_action_model_benchmark, CASES(cases));
}

static void a_cluster_is_found_by_either_id(void **state) {
        static const struct service_case cases[] = {
                {.params = "{\"model_id\": \"m\", \"cluster_id\": \"" PROVISIONED "\"}",
                 .script = {REFUSES("clusters/" PROVISIONED, 404, "{}"),
                            ANSWERS("clusters/clusters",
                                    "{\"clusters\": [{\"id\": \"x\", \"cluster_id\": \"other\"},"
                                    " {\"id\": \"" BUSINESS "\", \"cluster_id\": \"" PROVISIONED "\"}]}"),
                            NODES, DEVICES, START},
                 .workflow_params = "{\"user_id\": \"u\"}",
                 .result = WAITING},
                {.params = "{\"model_id\": \"m\", \"cluster_id\": \"" PROVISIONED "\"}",
                 .script = {ANSWERS("clusters/clusters", "{\"clusters\": []}")},
                 .workflow_params = "{\"user_id\": \"u\"}",
                 .calls = "[{\"app_id\": \"budapp\", \"path\": \"clusters/" PROVISIONED "\", \"method\": \"GET\","
                          " \"query\": {\"user_id\": \"u\"}, \"body\": null, \"timeout\": 30},"
                          " {\"app_id\": \"budapp\", \"path\": \"clusters/clusters\", \"method\": \"GET\","
                          " \"query\": {\"limit\": 100, \"user_id\": \"u\"}, \"body\": null, \"timeout\": 30}]",
                 .result = FAILURE("Could not find cluster " PROVISIONED)},
                {.params = PARAMS(""),
                 .script = {ANSWERS(CLUSTER_PATH, "{\"cluster_id\": \"" PROVISIONED "\"}"), NODES, DEVICES, START},
                 .calls = "[" ASK_CLUSTER ", " ASK_NODES ", " ASK_DEVICES
                          ", " ASK_START("null", "cuda", "2", "1", "3", "10", "") "]",
                 .result = WAITING},
                {.params = PARAMS(""),
                 .script = {ANSWERS(CLUSTER_PATH, "{\"cluster\": {\"id\": \"x\", \"cluster_id\": null}}")},
                 .calls = "[" ASK_CLUSTER "]",
                 .result = FAILURE("Could not find cluster " BUSINESS)},
        };

        (void)state;
        check_service_cases(&bp_action_model_benchmark, CASES(cases));
}

static void what_goes_wrong_is_told(void **state) {
        static const struct service_case cases[] = {
                {.params = "{\"model_id\": \"m\", \"cluster_id\": \"c\"}",
                 .calls = "[]",
                 .result = FAILURE("Invalid cluster_id: 'c' is not a valid UUID")},
                {.params = PARAMS(""),
                 .script = {CLUSTER, BREAKS(NODES_PATH, BP_HTTP_TIMEOUT, "late")},
                 .result = FAILURE("Failed to get cluster nodes: late")},
                {.params = PARAMS(""),
                 .script = {CLUSTER, ANSWERS(NODES_PATH, "{\"nodes\": [{\"name\": null}]}")},
                 .result = FAILURE("No nodes found in cluster " BUSINESS)},
                {.params = PARAMS(", \"selected_device_type\": \"hpu\""),
                 .script = {CLUSTER, NODES, DEVICES, START},
                 .calls = "[" ASK_CLUSTER ", " ASK_NODES ", " ASK_DEVICES "]",
                 .result = FAILURE("Device type 'hpu' not available. Available: ['cpu', 'cuda']")},
                {.params = PARAMS(", \"tp_size\": 3, \"pp_size\": 1"),
                 .script = {CLUSTER, NODES, DEVICES, START},
                 .result = FAILURE("TP=3, PP=1 is not available for device type 'cuda'")},
                {.params = PARAMS(""),
                 .script = {CLUSTER, NODES,
                            ANSWERS(DEVICES_PATH, "{\"device_configurations\":"
                                                  " [{\"device_type\": \"tpu\", \"tp_pp_options\": []}]}")},
                 .result = FAILURE("No TP/PP options available for device type 'tpu'")},
                {.params = PARAMS(""),
                 .script = {CLUSTER, NODES, ANSWERS(DEVICES_PATH, "{\"device_configurations\": null}")},
                 .result = FAILURE("No device configurations available for the selected nodes")},
                {.params = PARAMS(", \"selected_device_type\": \"hpu\""),
                 .script = {CLUSTER, NODES, REFUSES(DEVICES_PATH, 503, "{}")},
                 .result = FAILURE("Failed to get node configurations: HTTP 503 - {}. Fallback failed:"
                                   " Device type 'hpu' not available. Available: ['cuda', 'cpu']")},
                {.params = PARAMS(""),
                 .script = {CLUSTER, ANSWERS(NODES_PATH, "{\"nodes\": [{\"name\": \"n1\"}]}"),
                            REFUSES(DEVICES_PATH, 503, "down")},
                 .result = FAILURE("Failed to get node configurations: HTTP 503. Fallback failed:"
                                   " no available hardware found on the nodes")},
                {.params = PARAMS(""),
                 .script = {CLUSTER, NODES, DEVICES, REFUSES(START_PATH, 400, "{\"detail\": \"x\"}")},
                 .result = FAILURE("Failed to start benchmark: HTTP 400 - {'detail': 'x'}")},
                {.params = PARAMS(""),
                 .script = {CLUSTER, NODES, DEVICES, BREAKS(START_PATH, BP_HTTP_BROKEN, "reset")},
                 .result = LOST("Failed to start benchmark: reset")},
                {.params = PARAMS(""),
                 .script = {CLUSTER, NODES, DEVICES, ANSWERS(START_PATH, "{}")},
                 .result = LOST("Failed to start benchmark: the answer names no workflow_id")},
        };

        (void)state;
        check_service_cases(&bp_action_model_benchmark, CASES(cases));
}

static void a_uuid_may_be_written_in_every_usual_way(void **state) {
        static const struct {
                const char *id;
                bool is_uuid;
        } cases[] = {
                {BUSINESS, true},         {"AAAAAAAABBBB4CCC8DDDEEEEEEEEEEEE", true},
                {"{" BUSINESS "}", true}, {"urn:uuid:" BUSINESS, true},
                {BUSINESS "0", false},    {"gaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", false},
                {BUSINESS "}x", false},   {"", false},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct fixture *fixture = fixture_new(&bp_action_model_benchmark);
                struct bp_call_result result;
                char params[256];

                snprintf(params, sizeof(params), "{\"model_id\": \"m\", \"cluster_id\": \"%s\"}", cases[i].id);
                result = execute(fixture, params);
                assert_int_equal(result.outcome, cases[i].is_uuid ? BP_AWAITING_REPLY : BP_FAILED);
                fixture_free(fixture);
        }
}

#define FAILED(message)                                                            \
        "{\"action\": \"complete\", \"status\": \"FAILED\", \"error\": \"" message \
        "\", " OUTPUTS("false", "\"XW\"", "failed", message) "}"
#define FAILED_STEP(message, step)                                                                       \
        "{\"action\": \"complete\", \"status\": \"FAILED\", \"error\": \"" message "\", \"outputs\":"    \
        " {\"success\": false, \"benchmark_id\": null, \"workflow_id\": \"XW\", \"status\": \"failed\"," \
        " \"results\": {}, \"message\": \"" message "\", \"failed_step\": \"" step "\"}}"
#define COMPLETED(id, results)                                                                                 \
        "{\"action\": \"complete\", \"status\": \"COMPLETED\", \"outputs\": {\"success\": true,"               \
        " \"benchmark_id\": " id ", \"workflow_id\": \"XW\", \"status\": \"completed\", \"results\": " results \
        ", \"message\": \"Benchmark completed successfully\"}}"
#define IGNORED "{\"action\": \"ignore\"}"
#define EVENT(type, event, content)                                  \
        "{\"type\": \"" type "\", \"payload\": {\"event\": \"" event \
        "\", \"workflow_id\": \"XW\", \"content\": " content "}}"
#define RESULT "{\"benchmark_id\": \"B\", \"tokens\": 7}"
#define CASE(what, becomes) \
        { .event = what, .result = becomes, .step_outputs = "{\"workflow_id\": \"XW\"}" }

static void the_first_rule_that_matches_an_event_decides(void **state) {
        static const struct event_case cases[] = {
                CASE("{\"type\": \"workflow_completed\", \"status\": \"COMPLETED\", \"result\": " RESULT "}",
                     COMPLETED("\"B\"", RESULT)),
                CASE("{\"type\": \"workflow_completed\", \"status\": \"COMPLETED\", \"result\": null}",
                     COMPLETED("null", "{}")),
                CASE("{\"type\": \"workflow_completed\"}", FAILED("Benchmark workflow failed")),
                CASE("{\"type\": \"workflow_completed\", \"status\": \"FAILED\", \"reason\": \"r\"}", FAILED("r")),
                CASE(EVENT("performance_benchmark", "results", "{\"status\": \"completed\", \"result\": " RESULT "}"),
                     COMPLETED("\"B\"", RESULT)),
                CASE(EVENT("notification", "results", "{\"status\": \"COMPLETED\"}"), COMPLETED("null", "{}")),
                CASE(EVENT("notification", "results", "{\"status\": \"Failed\", \"message\": \"m\"}"), FAILED("m")),
                CASE(EVENT("notification", "results", "{\"status\": \"FAILED\"}"), FAILED("Benchmark failed")),
                CASE(EVENT("performance_benchmark", "weird", "{\"status\": \"FAILED\"}"),
                     FAILED_STEP("Benchmark failed: Benchmark step 'weird' failed", "weird")),
                CASE(EVENT("notification", "eta", "{\"status\": \"failed\", \"title\": \"t\", \"message\": \"m\"}"),
                     FAILED_STEP("t: m", "eta")),
                CASE(EVENT("x", "weird", "{\"status\": \"FAILED\"}"), IGNORED),
                CASE(EVENT("x", "eta", "{\"message\": \"9\"}"),
                     "{\"action\": \"update_progress\", \"eta_minutes\": 9}"),
                CASE(EVENT("x", "run_benchmark", "{\"status\": \"started\"}"),
                     "{\"action\": \"update_progress\", \"progress\": 50.0}"),
                CASE(EVENT("notification", "deploy_model", "{\"status\": \"STARTED\"}"),
                     "{\"action\": \"update_progress\", \"progress\": 20.0}"),
                CASE(EVENT("notification", "deploy_model", "{\"status\": \"COMPLETED\"}"), IGNORED),
                CASE(EVENT("notification", "verify", "{\"status\": \"STARTED\"}"), IGNORED),
                CASE("{\"type\": \"notification\", \"payload\": null}", IGNORED),
                CASE("{\"type\": \"notification\", \"payload\": {}}", IGNORED),
                CASE("{}", IGNORED),
        };

        (void)state;
        check_events(&bp_action_model_benchmark, CASES(cases));
}

static void validation_wants_a_model_and_a_cluster(void **state) {
        static const struct action_case cases[] = {
                {PARAMS(""), "[]"},
                {"{}", "[\"model_id is required\", \"cluster_id is required\"]"},
                {PARAMS(", \"benchmark_name\": \"\u00e4\u00e41234567890123456789012345678901234567890123456789\""),
                 "[\"benchmark_name must be at most 50 characters\"]"},
                {PARAMS(", \"benchmark_name\": \"\u00e4\u00e4345678901234567890123456789012345678901234567890\""),
                 "[]"},
        };

        (void)state;
        check_findings(&bp_action_model_benchmark, CASES(cases));
        check_examples(&bp_action_model_benchmark, 1);
}

static void the_cleanup_cancels_what_was_started(void **state) {
        static const struct scripted_reply script[] = {ANSWERS("workflows/BW/cancel", "{}"), {.path = NULL}};

        (void)state;
        check_cleanup(&bp_action_model_benchmark, PARAMS(""), "{\"workflow_id\": \"BW\"}", script,
                      "[{\"app_id\": \"budapp\", \"path\": \"workflows/BW/cancel\", \"method\": \"POST\","
                      " \"query\": null, \"body\": null, \"timeout\": 30}]",
                      BP_COMPLETED);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(four_calls_start_a_benchmark),
                cmocka_unit_test(a_cluster_is_found_by_either_id),
                cmocka_unit_test(what_goes_wrong_is_told),
                cmocka_unit_test(a_uuid_may_be_written_in_every_usual_way),
                cmocka_unit_test(the_first_rule_that_matches_an_event_decides),
                cmocka_unit_test(validation_wants_a_model_and_a_cluster),
                cmocka_unit_test(the_cleanup_cancels_what_was_started),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
