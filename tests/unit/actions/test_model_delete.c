/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values follow the reference, section 6.2, and its recorded calls. */
#include "action_fixture.h"

extern const struct bp_action bp_action_model_delete;

#define CALL(path, query)                                                                             \
        "[{\"app_id\": \"budapp\", \"path\": \"" path "\", \"method\": \"DELETE\", \"query\": " query \
        ", \"body\": null, \"timeout\": 30}]"
#define OUTPUTS(success, id, message) \
        "\"outputs\": {\"success\": " success ", \"model_id\": \"" id "\", \"message\": \"" message "\"}"
#define DELETED(id) "{\"success\": true, \"error\": null, " OUTPUTS("true", id, "Model " id " deleted successfully") "}"
#define FAILURE(message, more) \
        "{\"success\": false, \"error\": \"" message "\"" more ", " OUTPUTS("false", "M", message) "}"

static void budapp_is_asked_to_delete_it(void **state) {
        static const struct service_case cases[] = {
                {.params = "{\"model_id\": \"M\", \"force\": \"True\"}",
                 .script = {ANSWERS("models/M", "{}")},
                 .calls = CALL("models/M", "{\"force\": \"true\"}"),
                 .result = DELETED("M")},
                {.params = "{\"model_id\": \"M\", \"force\": true}",
                 .script = {REFUSES("models/M", 204, NULL)},
                 .workflow_params = "{\"user_id\": \"u\"}",
                 .calls = CALL("models/M", "{\"force\": \"true\", \"user_id\": \"u\"}"),
                 .result = DELETED("M")},
                {.params = "{\"model_id\": \"../a?b\"}",
                 .script = {ANSWERS("models/..%2Fa%3Fb", "{}")},
                 .calls = CALL("models/..%2Fa%3Fb", "{\"force\": \"false\"}"),
                 .result = DELETED("../a?b")},
                {.params = "{\"model_id\": \"..\", \"force\": null}",
                 .script = {ANSWERS("models/%2E%2E", "{}")},
                 .calls = CALL("models/%2E%2E", "{\"force\": \"false\"}"),
                 .result = DELETED("..")},
        };

        (void)state;
        check_service_cases(&bp_action_model_delete, CASES(cases));
}

static void what_goes_wrong_is_told(void **state) {
        static const struct service_case cases[] = {
                {.params = "{\"model_id\": \"M\"}",
                 .script = {REFUSES("models/M", 409, "{\"message\": \"in use\"}")},
                 .result = FAILURE("Failed to delete model: HTTP 409 - {'message': 'in use'}", "")},
                {.params = "{\"model_id\": \"M\"}",
                 .script = {BREAKS("models/M", BP_HTTP_BROKEN, "reset")},
                 .result = FAILURE("Failed to delete model: reset", ", \"unknown\": true")},
                {.params = "{\"model_id\": \"M\"}",
                 .script = {BREAKS("models/M", BP_HTTP_UNSENT, "refused")},
                 .result = FAILURE("Failed to delete model: refused", "")},
                {.params = "{\"model_id\": \"M\"}",
                 .script = {ANSWERS("models/M", "not json")},
                 .result = FAILURE("Failed to delete model: the answer is no JSON object", ", \"unknown\": true")},
        };

        (void)state;
        check_service_cases(&bp_action_model_delete, CASES(cases));
}

static void validation_wants_an_id(void **state) {
        static const struct action_case cases[] = {
                {"{\"model_id\": \"M\"}", "[]"},
                {"{}", "[\"model_id is required for deletion\"]"},
                {"{\"model_id\": \"\"}", "[\"model_id is required for deletion\"]"},
        };

        (void)state;
        check_findings(&bp_action_model_delete, CASES(cases));
        check_examples(&bp_action_model_delete, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(budapp_is_asked_to_delete_it),
                cmocka_unit_test(what_goes_wrong_is_told),
                cmocka_unit_test(validation_wants_an_id),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
