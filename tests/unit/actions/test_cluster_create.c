/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values follow docs/services.md, which states the contract of this call. */
#include "action_fixture.h"

extern const struct bp_action bp_action_cluster_create;

#define PARAMS "{\"cluster_name\": \"c1\", \"provider\": \"aws\"}"
#define CALLS(query)                                                                                                   \
        "[{\"app_id\": \"budcluster\", \"path\": \"cluster/create-workflow\", \"method\": \"POST\", \"query\": " query \
        ", \"body\": {\"workflow_total_steps\": 1, \"step_number\": 1, \"trigger_workflow\": true, \"name\": \"c1\","  \
        " \"provider\": \"aws\", \"callback_topic\": \"budpipelineEvents\"}, \"timeout\": 60}]"
#define FAILURE(message, more)                                                           \
        "{\"success\": false, \"error\": \"Failed to create cluster: " message "\"" more \
        ", \"outputs\": {\"success\": "                                                  \
        "false, \"cluster_id\": null, \"message\": \"Failed to create cluster: " message "\"}}"
#define CREATED(id)                                                                                                  \
        "{\"action\": \"complete\", \"status\": \"COMPLETED\", \"outputs\": {\"success\": true, \"cluster_id\": " id \
        ", \"message\": \"Cluster created successfully\"}}"
#define FAILED(message)                                                                                              \
        "{\"action\": \"complete\", \"status\": \"FAILED\", \"error\": \"" message "\", \"outputs\": {\"success\": " \
        "false, \"cluster_id\": null, \"message\": \"" message "\"}}"
#define IGNORED "{\"action\": \"ignore\"}"
#define PROGRESS(percent) "{\"action\": \"update_progress\", \"progress\": " percent "}"

static const char workflow[] = "cluster/create-workflow";

static void budcluster_is_asked_for_a_workflow(void **state) {
        static const struct service_case cases[] = {
                {.params = PARAMS,
                 .script = {ANSWERS(workflow, "{\"data\": {\"workflow_id\": \"W\"}}")},
                 .workflow_params = "{\"user_id\": \"u\"}",
                 .calls = CALLS("{\"user_id\": \"u\"}"),
                 .result = "{\"success\": true, \"error\": null, \"outputs\": {\"success\": true, \"cluster_id\": null,"
                           " \"workflow_id\": \"W\", \"message\": \"Cluster creation in progress...\"},"
                           " \"awaiting_event\": true, \"external_workflow_id\": \"W\", \"timeout_seconds\": 1800}"},
                {.params = PARAMS,
                 .script = {REFUSES(workflow, 409, "{\"message\": \"c1 exists\"}")},
                 .calls = CALLS("null"),
                 .result = FAILURE("c1 exists", "")},
                {.params = PARAMS,
                 .script = {ANSWERS(workflow, "{}")},
                 .result = FAILURE("the answer names no workflow_id", ", \"unknown\": true")},
                {.params = PARAMS,
                 .script = {BREAKS(workflow, BP_HTTP_BROKEN, "reset")},
                 .result = FAILURE("reset", ", \"unknown\": true")},
                {.params = PARAMS,
                 .script = {BREAKS(workflow, BP_HTTP_UNSENT, "refused")},
                 .result = FAILURE("refused", "")},
        };

        (void)state;
        check_service_cases(&bp_action_cluster_create, CASES(cases));
}

static void its_events_end_the_step(void **state) {
        static const struct event_case cases[] = {
                {.event = "{\"type\": \"workflow_completed\", \"status\": \"COMPLETED\", \"result\": {\"cluster_id\": "
                          "\"C\"}}",
                 .result = CREATED("\"C\"")},
                {.event = "{\"type\": \"workflow_completed\", \"status\": \"COMPLETED\", \"result\": null}",
                 .result = CREATED("null")},
                {.event = "{\"type\": \"workflow_completed\", \"status\": \"FAILED\", \"reason\": \"no quota\"}",
                 .result = FAILED("no quota")},
                {.event = "{\"type\": \"workflow_completed\"}", .result = FAILED("Cluster workflow failed")},
                {.event = "{\"type\": \"notification\", \"payload\": {\"event\": \"results\", \"content\": {\"status\":"
                          " \"completed\", \"result\": {\"cluster_id\": \"C\"}}}}",
                 .result = CREATED("\"C\"")},
                {.event = "{\"type\": \"notification\", \"payload\": {\"event\": \"verify_cluster\", \"content\": "
                          "{\"status\":"
                          " \"FAILED\", \"message\": \"\", \"error\": \"no node\"}}}",
                 .result = FAILED("no node")},
                {.event = "{\"type\": \"notification\", \"payload\": {\"event\": \"x\", \"content\": {\"status\": "
                          "\"FAILED\"}}}",
                 .result = FAILED("Cluster creation failed")},
                {.event = "{\"type\": \"notification\", \"payload\": {\"event\": \"eta\", \"content\": {\"message\": "
                          "\" 12 \"}}}",
                 .result = "{\"action\": \"update_progress\", \"eta_minutes\": 12}"},
                {.event = "{\"type\": \"notification\", \"payload\": {\"event\": \"configure_cluster\", \"content\": "
                          "{\"status\":"
                          " \"started\"}}}",
                 .result = PROGRESS("60.0")},
                {.event = "{\"type\": \"notification\", \"payload\": {\"event\": \"verify_cluster\", \"content\": "
                          "{\"status\":"
                          " \"COMPLETED\"}}}",
                 .result = IGNORED},
                {.event = "{\"type\": \"notification\", \"payload\": null}", .result = IGNORED},
                {.event = "{\"type\": \"other\"}", .result = IGNORED},
        };

        (void)state;
        check_events(&bp_action_cluster_create, CASES(cases));
}

static void cleanup_cancels_what_was_started(void **state) {
        static const struct scripted_reply answers[] = {ANSWERS("workflows/W/cancel", "{}"), {.path = NULL}};

        (void)state;
        check_cleanup(&bp_action_cluster_create, PARAMS, "{\"workflow_id\": \"W\"}", answers,
                      "[{\"app_id\": \"budcluster\", \"path\": \"workflows/W/cancel\", \"method\": \"POST\","
                      " \"query\": null, \"body\": null, \"timeout\": 30}]",
                      BP_COMPLETED);
        check_cleanup(&bp_action_cluster_create, PARAMS, "{}", NULL, "[]", BP_COMPLETED);
}

static void validation_wants_a_name(void **state) {
        static const struct action_case cases[] = {
                {"{\"cluster_name\": \"c\"}", "[]"},
                {"{\"provider\": \"aws\"}", "[\"cluster_name is required\"]"},
        };

        (void)state;
        check_findings(&bp_action_cluster_create, CASES(cases));
        check_examples(&bp_action_cluster_create, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(budcluster_is_asked_for_a_workflow),
                cmocka_unit_test(its_events_end_the_step),
                cmocka_unit_test(cleanup_cancels_what_was_started),
                cmocka_unit_test(validation_wants_a_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
