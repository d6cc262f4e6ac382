/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values follow the reference, section 6.2, and its recorded calls. */
#include "action_fixture.h"

extern const struct bp_action bp_action_cloud_model_add;

#define PARAMS "{\"provider_id\": \"P\", \"model_name\": \"gpt\"}"
#define OUTPUTS(success, id, workflow, status, message)                                                               \
        "\"outputs\": {\"success\": " success ", \"model_id\": " id ", \"model_name\": \"gpt\","                      \
        " \"provider_id\": \"P\", \"workflow_id\": " workflow ", \"status\": \"" status "\", \"message\": \"" message \
        "\"}"
#define ADDED(id, workflow)                                                                \
        "{\"success\": true, \"error\": null, " OUTPUTS("true", id, workflow, "completed", \
                                                        "Cloud model 'gpt' added successfully") "}"
#define FAILURE(workflow, message, more)                       \
        "{\"success\": false, \"error\": \"" message "\"" more \
        ", " OUTPUTS("false", "null", workflow, "failed", message) "}"
#define UNKNOWN ", \"unknown\": true"

static const char workflow[] = "models/cloud-model-workflow";

static void one_call_adds_the_model(void **state) {
        static const struct service_case cases[] = {
                {.params = "{\"provider_id\": \"P\", \"model_name\": \"gpt\", \"model_uri\": \"g\","
                           " \"cloud_model_id\": \"cm\"}",
                 .script = {ANSWERS(workflow, "{\"model_id\": 5}")},
                 .workflow_params = "{\"user_id\": \"u\"}",
                 .calls =
                         "[{\"app_id\": \"budapp\", \"path\": \"models/cloud-model-workflow\", \"method\": \"POST\","
                         " \"query\": {\"user_id\": \"u\"}, \"body\": {\"workflow_total_steps\": 1, \"step_number\": 1,"
                         " \"trigger_workflow\": true, \"provider_type\": \"cloud_model\", \"provider_id\": \"P\","
                         " \"cloud_model_id\": \"cm\", \"name\": \"gpt\", \"uri\": \"g\", \"tags\": [],"
                         " \"modality\": [\"text_input\", \"text_output\"]}, \"timeout\": 60}]",
                 .result = ADDED("\"5\"", "null")},
                {.params = PARAMS,
                 .script = {ANSWERS(workflow,
                                    "{\"workflow_steps\": {\"model_id\": \"A\"}, \"data\": {\"model_id\": \"B\"}}")},
                 .result = ADDED("\"A\"", "null")},
                {.params = PARAMS,
                 .script = {ANSWERS(workflow, "{\"data\": {\"id\": \"D\", \"workflow_id\": 3, \"model_id\": \"\"}}")},
                 .result = ADDED("\"D\"", "\"3\"")},
                {.params = PARAMS,
                 .script = {ANSWERS(workflow, "{\"data\": {\"status\": \"COMPLETED\"}}")},
                 .result = ADDED("null", "null")},
                {.params = PARAMS,
                 .script = {ANSWERS(workflow, "{\"status\": \"completed\", \"workflow_id\": \"W\"}")},
                 .result = ADDED("null", "\"W\"")},
        };

        (void)state;
        check_service_cases(&bp_action_cloud_model_add, CASES(cases));
}

static void what_goes_wrong_is_told(void **state) {
        static const struct service_case cases[] = {
                {.params = PARAMS,
                 .script = {REFUSES(workflow, 422, "{\"detail\": [1]}")},
                 .result = FAILURE("null", "Failed to add cloud model: HTTP 422 - {'detail': [1]}", "")},
                {.params = PARAMS,
                 .script = {BREAKS(workflow, BP_HTTP_TIMEOUT, "late")},
                 .result = FAILURE("null", "Failed to add cloud model: late", UNKNOWN)},
                {.params = PARAMS,
                 .script = {ANSWERS(workflow, "{\"data\": {\"status\": \"running\", \"workflow_id\": \"W\"}}")},
                 .result = FAILURE("\"W\"", "Failed to add cloud model: the answer names no model_id", UNKNOWN)},
                {.params = PARAMS,
                 .script = {ANSWERS(workflow, "[1]")},
                 .result = FAILURE("null", "Failed to add cloud model: the answer names no model_id", UNKNOWN)},
        };

        (void)state;
        check_service_cases(&bp_action_cloud_model_add, CASES(cases));
}

static void validation_wants_a_provider_and_a_name(void **state) {
        static const struct action_case cases[] = {
                {PARAMS, "[]"},
                {"{}", "[\"provider_id is required\", \"model_name is required\"]"},
                {"{\"provider_id\": \"P\", \"model_name\": \"\"}", "[\"model_name is required\"]"},
        };

        (void)state;
        check_findings(&bp_action_cloud_model_add, CASES(cases));
        check_examples(&bp_action_cloud_model_add, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(one_call_adds_the_model),
                cmocka_unit_test(what_goes_wrong_is_told),
                cmocka_unit_test(validation_wants_a_provider_and_a_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
