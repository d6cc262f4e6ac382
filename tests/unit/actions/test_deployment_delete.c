/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values follow the reference, section 6.4, and its recorded calls and events. */
#include "action_fixture.h"

extern const struct bp_action bp_action_deployment_delete;

#define CALLS(query, force)                                                                                            \
        "[{\"app_id\": \"budapp\", \"path\": \"endpoints/E/delete-workflow\", \"method\": \"POST\", \"query\": " query \
        ", \"body\": {\"callback_topic\": \"budpipelineEvents\", \"force\": " force "}, \"timeout\": 60}]"
#define OUTPUTS(success, status, message, more)                                                               \
        "\"outputs\": {\"success\": " success ", \"endpoint_id\": \"E\"" more ", \"status\": \"" status "\"," \
        " \"message\": \"" message "\"}"
#define WAITING(id, seconds, more)                                                                                \
        "{\"success\": true, \"error\": null, " OUTPUTS("true", "deleting", "Deployment deletion in progress...", \
                                                        more) ", \"awaiting_event\": true,"                       \
                                                              " \"external_workflow_id\": \"" id                  \
                                                              "\", \"timeout_seconds\": " seconds "}"
#define FAILURE(message, more) \
        "{\"success\": false, \"error\": \"" message "\"" more ", " OUTPUTS("false", "failed", message, "") "}"
#define DELETED(more)                                                                       \
        "{\"action\": \"complete\", \"status\": \"COMPLETED\", " OUTPUTS("true", "deleted", \
                                                                         "Deployment deleted successfully", more) "}"
#define FAILED(message)                                                            \
        "{\"action\": \"complete\", \"status\": \"FAILED\", \"error\": \"" message \
        "\", " OUTPUTS("false", "failed", message, "") "}"
#define IGNORED "{\"action\": \"ignore\"}"

static const char workflow[] = "endpoints/E/delete-workflow";

static void the_answer_decides(void **state) {
        static const struct service_case cases[] = {
                {.params = "{\"endpoint_id\": \"E\", \"force\": true, \"max_wait_seconds\": 60}",
                 .script = {ANSWERS(workflow, "{\"data\": {\"workflow_id\": 8}}")},
                 .workflow_params = "{\"user_id\": \"u\"}",
                 .calls = CALLS("{\"user_id\": \"u\"}", "true"),
                 .result = WAITING("8", "60", ", \"workflow_id\": \"8\"")},
                {.params = "{\"deployment_id\": \"E\", \"user_id\": \"own\"}",
                 .script = {ANSWERS(workflow, "{\"message\": \"Deletion INITIATED\"}")},
                 .workflow_params = "{\"user_id\": \"u\"}",
                 .calls = CALLS("{\"user_id\": \"own\"}", "false"),
                 .result = WAITING("E", "300", "")},
                {.params = "{\"endpoint_id\": \"E\"}",
                 .script = {ANSWERS(workflow, "{\"code\": 200, \"message\": \"done\"}")},
                 .result = "{\"success\": true, \"error\": null, " OUTPUTS("true", "deleted",
                                                                           "Deployment deleted successfully", "") "}"},
                {.params = "{\"endpoint_id\": \"E\"}",
                 .script = {ANSWERS(workflow, "{\"code\": 404, \"message\": \"nf\"}")},
                 .result = FAILURE("nf", "")},
                {.params = "{\"endpoint_id\": \"E\"}",
                 .script = {ANSWERS(workflow, "{\"code\": 500}")},
                 .result = FAILURE("Delete request failed with code 500", "")},
                {.params = "{\"endpoint_id\": \"E\"}",
                 .script = {REFUSES(workflow, 403, "{\"detail\": \"not yours\"}")},
                 .result = FAILURE("Failed to delete deployment: not yours", "")},
                {.params = "{\"endpoint_id\": \"E\"}",
                 .script = {ANSWERS(workflow, "what?")},
                 .result = FAILURE("Failed to delete deployment: the answer is no JSON object", ", \"unknown\": true")},
                {.params = "{\"endpoint_id\": \"E\"}",
                 .script = {BREAKS(workflow, BP_HTTP_TIMEOUT, "late")},
                 .result = FAILURE("Failed to delete deployment: late", ", \"unknown\": true")},
                {.params = "{\"endpoint_id\": \"E\"}",
                 .script = {BREAKS(workflow, BP_HTTP_UNSENT, "refused")},
                 .result = FAILURE("Failed to delete deployment: refused", "")},
        };

        (void)state;
        check_service_cases(&bp_action_deployment_delete, CASES(cases));
}

static void events_end_the_step(void **state) {
        static const char outputs[] = "{\"endpoint_id\": \"E\"}";
        static const struct event_case cases[] = {
                {.event = "{\"type\": \"notification\", \"payload\": {\"event\": \"results\", \"content\": {\"status\":"
                          " \"COMPLETED\", \"results\": {\"namespace\": \"ns\", \"cluster_id\": \"C\"}}}}",
                 .result = DELETED(", \"namespace\": \"ns\", \"cluster_id\": \"C\""),
                 .step_outputs = outputs},
                {.event = "{\"type\": \"notification\", \"payload\": {\"event\": \"results\", \"content\": {\"status\":"
                          " \"completed\", \"result\": {\"namespace\": \"ns\"}}}}",
                 .result = DELETED(", \"namespace\": \"ns\", \"cluster_id\": null"),
                 .step_outputs = outputs},
                {.event = "{\"type\": \"notification\", \"payload\": {\"event\": \"deployment_deletion_status\", "
                          "\"content\":"
                          " {\"status\": \"COMPLETED\"}}}",
                 .result = DELETED(""),
                 .step_outputs = outputs},
                {.event = "{\"type\": \"notification\", \"payload\": {\"event\": \"delete_namespace\", \"content\": "
                          "{\"status\":"
                          " \"FAILED\", \"message\": \"stuck\", \"error\": \"e\"}}}",
                 .result = FAILED("stuck"),
                 .step_outputs = outputs},
                {.event = "{\"type\": \"notification\", \"payload\": {\"event\": \"x\", \"content\": {\"status\": "
                          "\"FAILED\"}}}",
                 .result = FAILED("Deployment deletion failed"),
                 .step_outputs = outputs},
                {.event = "{\"type\": \"workflow_completed\", \"status\": \"COMPLETED\"}",
                 .result = DELETED(""),
                 .step_outputs = outputs},
                {.event = "{\"type\": \"workflow_completed\", \"status\": \"FAILED\", \"reason\": \"r\"}",
                 .result = FAILED("r"),
                 .step_outputs = outputs},
                {.event = "{\"type\": \"workflow_completed\", \"result\": null}",
                 .result = FAILED("Deployment deletion failed"),
                 .step_outputs = outputs},
                {.event = "{\"type\": \"notification\", \"payload\": {\"event\": \"eta\", \"content\": {\"message\": "
                          "\"5\"}}}",
                 .result = "{\"action\": \"update_progress\", \"eta_minutes\": 5}",
                 .step_outputs = outputs},
                {.event = "{\"type\": \"x\", \"payload\": {\"event\": \"eta\", \"content\": {\"message\": \"5\"}}}",
                 .result = IGNORED,
                 .step_outputs = outputs},
                {.event = "{\"type\": \"notification\", \"payload\": {\"event\": \"deployment_deletion_status\", "
                          "\"workflow_id\":"
                          " \"XW\", \"content\": {\"status\": \"STARTED\"}}}",
                 .result = "{\"action\": \"update_progress\", \"progress\": 30.0}",
                 .step_outputs = outputs},
                {.event = "{\"type\": \"x\", \"payload\": {\"event\": \"delete_namespace\", \"content\": {\"status\":"
                          " \"started\"}}}",
                 .result = "{\"action\": \"update_progress\", \"progress\": 70.0}",
                 .step_outputs = outputs},
                {.event = "{\"type\": \"notification\", \"payload\": null}",
                 .result = IGNORED,
                 .step_outputs = outputs},
                {.event = "{\"type\": \"other\"}", .result = IGNORED, .step_outputs = outputs},
        };

        (void)state;
        check_events(&bp_action_deployment_delete, CASES(cases));
}

static void a_deletion_is_not_cancelled(void **state) {
        (void)state;
        check_cleanup(&bp_action_deployment_delete, "{\"endpoint_id\": \"E\"}", "{\"workflow_id\": \"8\"}", NULL, "[]",
                      BP_COMPLETED);
}

static void validation_knows_the_bounds(void **state) {
        static const struct action_case cases[] = {
                {"{\"endpoint_id\": \"E\", \"max_wait_seconds\": 600}", "[]"},
                {"{\"deployment_id\": \"E\"}", "[]"},
                {"{}", "[\"endpoint_id is required\"]"},
                {"{\"endpoint_id\": \"E\", \"max_wait_seconds\": 29}",
                 "[\"max_wait_seconds must be between 30 and 600\"]"},
                {"{\"endpoint_id\": \"E\", \"max_wait_seconds\": 600.5}",
                 "[\"max_wait_seconds must be between 30 and 600\"]"},
                {"{\"endpoint_id\": \"E\", \"max_wait_seconds\": \"x\"}",
                 "[\"max_wait_seconds must be a valid number\"]"},
        };

        (void)state;
        check_findings(&bp_action_deployment_delete, CASES(cases));
        check_examples(&bp_action_deployment_delete, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_answer_decides),
                cmocka_unit_test(events_end_the_step),
                cmocka_unit_test(a_deletion_is_not_cancelled),
                cmocka_unit_test(validation_knows_the_bounds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
