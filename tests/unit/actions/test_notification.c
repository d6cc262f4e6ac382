/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values follow the reference, section 6.6. */
#include "action_fixture.h"

extern const struct bp_action bp_action_notification;

#define ID "11111111-1111-4111-8111-111111111111-st"
#define SOURCE                                                                                              \
        "\"source\": \"budpipeline\", \"workflow_execution_id\": \"11111111-1111-4111-8111-111111111111\"," \
        " \"step_id\": \"st\""
#define PUBLISHED(body) \
        "[{\"topic\": \"notifications\", \"body\": {\"notification_id\": \"" ID "\", " body "}, \"timeout\": 10}]"
#define SENT "{\"success\": true, \"error\": null, \"outputs\": {\"sent\": true, \"notification_id\": \"" ID "\"}}"
#define FAILURE(message, more)                                                  \
        "{\"success\": false, \"error\": \"" message "\"" more ", \"outputs\":" \
        " {\"sent\": false, \"notification_id\": null}}"
#define PARAMS "{\"channel\": \"email\", \"message\": \"m\"}"

static void the_message_goes_to_the_bus(void **state) {
        static const struct service_case cases[] = {
                {.params = PARAMS,
                 .script = {REFUSES("notifications", 204, NULL)},
                 .calls = PUBLISHED("\"channel\": \"email\", \"title\": \"Workflow Notification\", \"message\": \"m\","
                                    " \"severity\": \"info\", \"recipients\": [], \"metadata\": {" SOURCE "}"),
                 .result = SENT},
                {.params = "{\"channel\": \"slack\", \"title\": \"t\", \"message\": 5, \"severity\": \"error\","
                           " \"recipients\": [\"#a\"], \"metadata\": {\"k\": [1], \"source\": \"mine\"}}",
                 .script = {ANSWERS("notifications", "anything")},
                 .calls = PUBLISHED("\"channel\": \"slack\", \"title\": \"t\", \"message\": 5, \"severity\": \"error\","
                                    " \"recipients\": [\"#a\"], \"metadata\": {\"k\": [1], " SOURCE "}"),
                 .result = SENT},
        };

        (void)state;
        check_service_cases(&bp_action_notification, CASES(cases));
}

static void what_goes_wrong_is_told(void **state) {
        static const struct service_case cases[] = {
                {.params = PARAMS,
                 .script = {REFUSES("notifications", 403, "{\"message\": \"x\"}")},
                 .result = FAILURE("Failed to publish notification: HTTP 403", "")},
                {.params = PARAMS,
                 .script = {BREAKS("notifications", BP_HTTP_TIMEOUT, "late")},
                 .result = FAILURE("Notification publish timed out", ", \"unknown\": true")},
                {.params = PARAMS,
                 .script = {BREAKS("notifications", BP_HTTP_BROKEN, "reset")},
                 .result = FAILURE("Failed to send notification: reset", ", \"unknown\": true")},
                {.params = PARAMS,
                 .script = {BREAKS("notifications", BP_HTTP_UNSENT, "no bus is configured")},
                 .result = FAILURE("Failed to send notification: no bus is configured", "")},
                {.params = "{\"channel\": \"email\", \"message\": \"m\", \"metadata\": \"text\"}",
                 .calls = "[]",
                 .result = FAILURE("Failed to send notification: metadata must be an object", "")},
        };

        (void)state;
        check_service_cases(&bp_action_notification, CASES(cases));
}

static void validation_knows_channels_and_severities(void **state) {
        static const struct action_case cases[] = {
                {PARAMS, "[]"},
                {"{\"channel\": \"email\"}", "[\"message is required\"]"},
                {"{}", "[\"channel is required\", \"message is required\"]"},
                {"{\"channel\": \"pigeon\", \"message\": \"m\", \"severity\": \"dire\"}",
                 "[\"channel must be one of: email, slack, teams, webhook\","
                 " \"severity must be one of: info, warning, error, critical\"]"},
        };

        (void)state;
        check_findings(&bp_action_notification, CASES(cases));
        check_examples(&bp_action_notification, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_message_goes_to_the_bus),
                cmocka_unit_test(what_goes_wrong_is_told),
                cmocka_unit_test(validation_knows_channels_and_severities),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
