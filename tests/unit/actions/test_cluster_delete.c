/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values follow docs/services.md, which states the contract of this call. */
#include "action_fixture.h"

extern const struct bp_action bp_action_cluster_delete;

#define CALLS(force)                                                                                               \
        "[{\"app_id\": \"budcluster\", \"path\": \"cluster/C/delete-workflow\", \"method\": \"POST\", \"query\": " \
        "null,"                                                                                                    \
        " \"body\": {\"callback_topic\": \"budpipelineEvents\", \"force\": " force "}, \"timeout\": 60}]"
#define OUTPUTS(success, message) \
        "\"outputs\": {\"success\": " success ", \"cluster_id\": \"C\", \"message\": \"" message "\"}"
#define FAILURE(message, more)                                                           \
        "{\"success\": false, \"error\": \"Failed to delete cluster: " message "\"" more \
        ", " OUTPUTS("false", "Failed to delete cluster: " message) "}"
#define DELETED \
        "{\"action\": \"complete\", \"status\": \"COMPLETED\", " OUTPUTS("true", "Cluster deleted successfully") "}"
#define FAILED(message) \
        "{\"action\": \"complete\", \"status\": \"FAILED\", \"error\": \"" message "\", " OUTPUTS("false", message) "}"

static const char workflow[] = "cluster/C/delete-workflow";

static void budcluster_is_asked_for_a_workflow(void **state) {
        static const struct service_case cases[] = {
                {.params = "{\"cluster_id\": \"C\", \"force\": true}",
                 .script = {ANSWERS(workflow, "{\"workflow_id\": 4}")},
                 .calls = CALLS("true"),
                 .result = "{\"success\": true, \"error\": null, \"outputs\": {\"success\": true, \"cluster_id\":"
                           " \"C\", \"workflow_id\": \"4\", \"message\": \"Cluster deletion in progress...\"},"
                           " \"awaiting_event\": true, \"external_workflow_id\": \"4\", \"timeout_seconds\": 1200}"},
                {.params = "{\"cluster_id\": \"C\"}",
                 .script = {ANSWERS(workflow, "{\"message\": \"gone\"}")},
                 .calls = CALLS("false"),
                 .result = "{\"success\": true, \"error\": null, " OUTPUTS("true", "Cluster deleted successfully") "}"},
                {.params = "{\"cluster_id\": \"C\"}",
                 .script = {REFUSES(workflow, 409, "{\"detail\": \"in use\"}")},
                 .result = FAILURE("in use", "")},
                {.params = "{\"cluster_id\": \"C\"}",
                 .script = {BREAKS(workflow, BP_HTTP_TIMEOUT, "late")},
                 .result = FAILURE("late", ", \"unknown\": true")},
                {.params = "{\"cluster_id\": \"C\"}",
                 .script = {ANSWERS(workflow, "[]")},
                 .result = FAILURE("the answer is no JSON object", ", \"unknown\": true")},
        };

        (void)state;
        check_service_cases(&bp_action_cluster_delete, CASES(cases));
}

static void its_events_end_the_step(void **state) {
        static const char outputs[] = "{\"cluster_id\": \"C\", \"workflow_id\": \"4\"}";
        static const struct event_case cases[] = {
                {.event = "{\"type\": \"workflow_completed\", \"status\": \"completed\"}",
                 .result = DELETED,
                 .step_outputs = outputs},
                {.event = "{\"type\": \"workflow_completed\", \"reason\": \"busy\"}",
                 .result = FAILED("busy"),
                 .step_outputs = outputs},
                {.event = "{\"type\": \"workflow_completed\"}",
                 .result = FAILED("Cluster workflow failed"),
                 .step_outputs = outputs},
                {.event = "{\"type\": \"notification\", \"payload\": {\"event\": \"results\", \"content\": {\"status\":"
                          " \"COMPLETED\"}}}",
                 .result = DELETED,
                 .step_outputs = outputs},
                {.event = "{\"type\": \"notification\", \"payload\": {\"event\": \"validation\", \"content\": "
                          "{\"status\":"
                          " \"FAILED\"}}}",
                 .result = FAILED("Cluster deletion failed"),
                 .step_outputs = outputs},
                {.event = "{\"type\": \"notification\", \"payload\": {\"event\": \"eta\", \"content\": {\"message\": "
                          "3}}}",
                 .result = "{\"action\": \"update_progress\", \"eta_minutes\": 3}",
                 .step_outputs = outputs},
                {.event =
                         "{\"type\": \"notification\", \"payload\": {\"event\": \"delete_infrastructure\", \"content\":"
                         " {\"status\": \"STARTED\"}}}",
                 .result = "{\"action\": \"update_progress\", \"progress\": 60.0}",
                 .step_outputs = outputs},
                {.event = "{\"type\": \"other\"}", .result = "{\"action\": \"ignore\"}", .step_outputs = outputs},
        };

        (void)state;
        check_events(&bp_action_cluster_delete, CASES(cases));
}

static void a_deletion_is_not_cancelled(void **state) {
        (void)state;
        check_cleanup(&bp_action_cluster_delete, "{\"cluster_id\": \"C\"}", "{\"workflow_id\": \"4\"}", NULL, "[]",
                      BP_COMPLETED);
}

static void validation_wants_an_id(void **state) {
        static const struct action_case cases[] = {
                {"{\"cluster_id\": \"c\"}", "[]"},
                {"{}", "[\"cluster_id is required\"]"},
        };

        (void)state;
        check_findings(&bp_action_cluster_delete, CASES(cases));
        check_examples(&bp_action_cluster_delete, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(budcluster_is_asked_for_a_workflow),
                cmocka_unit_test(its_events_end_the_step),
                cmocka_unit_test(a_deletion_is_not_cancelled),
                cmocka_unit_test(validation_wants_an_id),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
