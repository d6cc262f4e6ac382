/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values follow the reference, section 6.6. What it shares with http_request is tested there. */
#include "action_fixture.h"

extern const struct bp_action bp_action_webhook;

#define IDS "\"_workflow_metadata\": {\"execution_id\": \"11111111-1111-4111-8111-111111111111\", \"step_id\": \"st\"}"
#define CALL(method, query, body, timeout)                                                           \
        "[{\"app_id\": null, \"path\": \"http://h/\", \"method\": \"" method "\", \"query\": " query \
        ", \"body\": " body ", \"timeout\": " timeout "}]"
#define OUTPUTS(success, status, response) \
        "\"outputs\": {\"success\": " success ", \"status_code\": " status ", \"response\": " response "}"
#define SENT(response) "{\"success\": true, \"error\": null, " OUTPUTS("true", "200", response) "}"
#define FAILURE(message, more, status, response) \
        "{\"success\": false, \"error\": \"" message "\"" more ", " OUTPUTS("false", status, response) "}"
#define UNKNOWN ", \"unknown\": true"
#define URL "{\"url\": \"http://h/\""

static void the_payload_travels_as_the_method_wants_it(void **state) {
        static const struct service_case cases[] = {
                {.params = URL "}",
                 .script = {ANSWERS("http://h/", "")},
                 .calls = CALL("POST", "null", "{" IDS "}", "30"),
                 .result = SENT("\"\"")},
                {.params = URL ", \"payload\": {\"a\": 1}, \"method\": \"put\", \"timeout_seconds\": 5}",
                 .script = {ANSWERS("http://h/", "{\"ok\": true}")},
                 .calls = CALL("PUT", "null", "{\"a\": 1, " IDS "}", "5"),
                 .result = SENT("{\"ok\": true}")},
                {.params = URL ", \"payload\": {\"a\": 1}, \"method\": \"PATCH\", \"include_metadata\": false}",
                 .script = {ANSWERS("http://h/", "text")},
                 .calls = CALL("PATCH", "null", "{\"a\": 1}", "30"),
                 .result = SENT("\"text\"")},
                {.params = URL ", \"include_metadata\": false, \"payload\": {}}",
                 .script = {ANSWERS("http://h/", "[1]")},
                 .calls = CALL("POST", "null", "null", "30"),
                 .result = SENT("[1]")},
                {.params = URL ", \"payload\": {\"a\": 1, \"b\": [2], \"c\": \"t\"}, \"method\": \"GET\"}",
                 .script = {ANSWERS("http://h/", "{}")},
                 .calls = CALL(
                         "GET",
                         "{\"a\": 1, \"b\": \"[2]\", \"c\": \"t\", \"_workflow_metadata\": \"{\\\"execution_id\\\":"
                         "\\\"11111111-1111-4111-8111-111111111111\\\",\\\"step_id\\\":\\\"st\\\"}\"}",
                         "null", "30"),
                 .result = SENT("{}")},
                {.params = URL ", \"payload\": {\"a\": 1}, \"method\": \"DELETE\"}",
                 .script = {ANSWERS("http://h/", "{}")},
                 .calls = CALL("DELETE", "null", "null", "30"),
                 .result = SENT("{}")},
        };

        (void)state;
        check_service_cases(&bp_action_webhook, CASES(cases));
}

static void what_goes_wrong_is_told(void **state) {
        static const struct service_case cases[] = {
                {.params = URL "}",
                 .script = {REFUSES("http://h/", 404, "{\"no\": 1}")},
                 .result = FAILURE("HTTP 404", "", "404", "{\"no\": 1}")},
                {.params = URL "}",
                 .script = {REFUSES("http://h/", 302, "there")},
                 .result = FAILURE("HTTP 302", "", "302", "\"there\"")},
                {.params = URL ", \"timeout_seconds\": 7}",
                 .script = {BREAKS("http://h/", BP_HTTP_TIMEOUT, "late")},
                 .result = FAILURE("Webhook timed out after 7s", UNKNOWN, "0", "null")},
                {.params = URL "}",
                 .script = {BREAKS("http://h/", BP_HTTP_UNSENT, "refused")},
                 .result = FAILURE("Webhook failed: refused", "", "0", "null")},
                {.params = URL "}",
                 .script = {BREAKS("http://h/", BP_HTTP_BROKEN, "reset")},
                 .result = FAILURE("Webhook failed: reset", UNKNOWN, "0", "null")},
                {.params = URL "}",
                 .script = {BREAKS("http://h/", BP_HTTP_BLOCKED, "private")},
                 .result = FAILURE("Webhook blocked (SSRF protection): private", "", "0", "null")},
                {.params = URL ", \"method\": \"TRACE\"}",
                 .calls = "[]",
                 .result = FAILURE("Webhook failed: method must be one of: GET, POST, PUT, PATCH, DELETE", "", "0",
                                   "null")},
                {.params = URL ", \"payload\": [1]}",
                 .calls = "[]",
                 .result = FAILURE("Webhook failed: payload must be an object", "", "0", "null")},
                {.params = URL ", \"headers\": [1]}",
                 .calls = "[]",
                 .result = FAILURE("Webhook failed: headers must be an object of texts", "", "0", "null")},
        };

        (void)state;
        check_service_cases(&bp_action_webhook, CASES(cases));
}

static void a_blocked_address_is_not_tried(void **state) {
        struct fixture *fixture = fixture_new(&bp_action_webhook);
        struct bp_call_result result;

        (void)state;
        fixture->guard_reason = "IP address 10.0.0.1 is in blocked range";
        result = execute(fixture, "{\"url\": \"http://10.0.0.1/\"}");
        check_result(
                fixture, &result,
                FAILURE("Webhook blocked (SSRF protection): IP address 10.0.0.1 is in blocked range", "", "0", "null"),
                "blocked");
        fixture_free(fixture);
}

static void the_effect_depends_on_the_method(void **state) {
        static const struct {
                const char *params;
                enum bp_effect effect;
        } cases[] = {
                {URL "}", BP_ONCE},
                {URL ", \"method\": \"patch\"}", BP_ONCE},
                {URL ", \"method\": \"WHAT\"}", BP_ONCE},
                {URL ", \"method\": \"GET\"}", BP_IDEMPOTENT},
                {URL ", \"method\": \"put\"}", BP_IDEMPOTENT},
                {URL ", \"method\": \"DELETE\"}", BP_IDEMPOTENT},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct fixture *fixture = fixture_new(&bp_action_webhook);

                set_params(fixture, cases[i].params);
                assert_int_equal(bp_call_effect(&fixture->call), cases[i].effect);
                fixture_free(fixture);
        }
}

static void validation_wants_a_url_and_a_known_method(void **state) {
        static const struct action_case cases[] = {
                {URL "}", "[]"},
                {"{\"url\": \"h\"}", "[\"url must start with http:// or https://\"]"},
                {"{\"method\": \"TRACE\"}",
                 "[\"url is required\", \"method must be one of: GET, POST, PUT, PATCH, DELETE\"]"},
        };

        (void)state;
        check_findings(&bp_action_webhook, CASES(cases));
        check_examples(&bp_action_webhook, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_payload_travels_as_the_method_wants_it),
                cmocka_unit_test(what_goes_wrong_is_told),
                cmocka_unit_test(a_blocked_address_is_not_tried),
                cmocka_unit_test(the_effect_depends_on_the_method),
                cmocka_unit_test(validation_wants_a_url_and_a_known_method),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
