/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values follow the rules of the reference, section 6.6. What goes over the wire is tested with the client. */
#include "action_fixture.h"

extern const struct bp_action bp_action_http_request;

#define NOTHING "\"outputs\": {\"status_code\": 0, \"body\": null, \"headers\": {}}"

/* What the request must be; NULL: no body, or any headers. */
struct request_case {
        const char *params;
        const char *method, *body, *headers;
        uint32_t timeout_ms;
};

static void the_request_is_built_from_the_parameters(void **state) {
        static const struct request_case cases[] = {
                {"{\"url\": \"http://h/\"}", "GET", NULL, "{}", 30000},
                {"{\"url\": \"http://h/\", \"method\": null, \"headers\": null, \"body\": null}", "GET", NULL, "{}",
                 30000},
                {"{\"url\": \"http://h/\", \"method\": \"get\", \"body\": {\"a\": 1}, \"timeout_seconds\": 1.5}", "GET",
                 NULL, "{}", 1500},
                {"{\"url\": \"http://h/\", \"method\": \"post\", \"body\": {\"a\": [1, 2.0]}}", "POST",
                 "{\"a\":[1,2.0]}", "{\"Content-Type\": \"application/json\", \"Idempotency-Key\": \"key-1\"}", 30000},
                {"{\"url\": \"http://h/\", \"method\": \"PUT\", \"body\": [1]}", "PUT", "[1]",
                 "{\"Content-Type\": \"application/json\", \"Idempotency-Key\": \"key-1\"}", 30000},
                {"{\"url\": \"http://h/\", \"method\": \"PATCH\", \"body\": \"text\"}", "PATCH", "\"text\"",
                 "{\"Content-Type\": \"application/json\", \"Idempotency-Key\": \"key-1\"}", 30000},
                {"{\"url\": \"http://h/\", \"method\": \"POST\", \"body\": \"text\","
                 " \"headers\": {\"content-type\": \"text/plain\"}}",
                 "POST", "text", "{\"content-type\": \"text/plain\", \"Idempotency-Key\": \"key-1\"}", 30000},
                {"{\"url\": \"http://h/\", \"method\": \"POST\", \"body\": \"text\","
                 " \"headers\": {\"content-type\": \"application/problem+json\"}}",
                 "POST", "\"text\"", "{\"content-type\": \"application/problem+json\", \"Idempotency-Key\": \"key-1\"}",
                 30000},
                {"{\"url\": \"http://h/\", \"method\": \"POST\", \"body\": 0}", "POST", "0",
                 "{\"Content-Type\": \"application/json\", \"Idempotency-Key\": \"key-1\"}", 30000},
                {"{\"url\": \"http://h/\", \"method\": \"POST\", \"body\": {}, \"timeout_seconds\": 300}", "POST", NULL,
                 "{\"Idempotency-Key\": \"key-1\"}", 300000},
                {"{\"url\": \"http://h/\", \"method\": \"DELETE\", \"body\": {\"a\": 1},"
                 " \"headers\": {\"idempotency-key\": \"mine\", \"X-N\": 5, \"X-B\": true, \"X-Null\": null}}",
                 "DELETE", NULL, "{\"idempotency-key\": \"mine\", \"X-N\": \"5\", \"X-B\": \"true\"}", 30000},
                {"{\"url\": \"http://h/\", \"method\": \"POST\", \"include_metadata\": true,"
                 " \"body\": {\"a\": 1, \"_workflow_metadata\": 2}}",
                 "POST",
                 "{\"a\":1,\"_workflow_metadata\":{\"execution_id\":\"11111111-1111-4111-8111-111111111111\","
                 "\"step_id\":\"st\"}}",
                 NULL, 30000},
                {"{\"url\": \"http://h/\", \"method\": \"PUT\", \"include_metadata\": true}", "PUT",
                 "{\"_workflow_metadata\":{\"execution_id\":\"11111111-1111-4111-8111-111111111111\","
                 "\"step_id\":\"st\"}}",
                 NULL, 30000},
                {"{\"url\": \"http://h/\", \"include_metadata\": true, \"body\": {\"a\": 1}}", "GET", NULL, "{}",
                 30000},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct fixture *fixture = fixture_new(&bp_action_http_request);
                struct bp_call_result result = execute(fixture, cases[i].params);

                if (result.outcome != BP_AWAITING_REPLY)
                        fail_msg("%s: %s", cases[i].params, result.message);
                assert_string_equal(result.request->url, "http://h/");
                assert_string_equal(result.request->method, cases[i].method);
                assert_int_equal(result.request->timeout_ms, cases[i].timeout_ms);
                if (cases[i].headers) {
                        struct bp_value headers = parse(fixture, cases[i].headers);

                        if (!is_same(&headers, result.request->headers))
                                fail_msg("%s: %s", cases[i].params, json(fixture, result.request->headers));
                }
                if (cases[i].body) {
                        assert_string_equal(result.request->body, cases[i].body);
                        assert_int_equal(result.request->body_size, strlen(cases[i].body));
                } else {
                        assert_null(result.request->body);
                }
                fixture_free(fixture);
        }
}

static void what_cannot_be_sent_fails_before(void **state) {
        static const struct action_case cases[] = {
                {"{\"url\": \"http://h/\", \"method\": \"TRACE\"}",
                 "{\"success\": false, " NOTHING ", \"error\":"
                 " \"Request failed: method must be one of: GET, POST, PUT, PATCH, DELETE\"}"},
                {"{\"url\": \"http://h/\", \"headers\": [1]}",
                 "{\"success\": false, " NOTHING
                 ", \"error\": \"Request failed: headers must be an object of texts\"}"},
                {"{\"url\": \"http://h/\", \"headers\": {\"a\": {}}}",
                 "{\"success\": false, " NOTHING
                 ", \"error\": \"Request failed: headers must be an object of texts\"}"},
                {"{\"url\": \"http://h/\", \"method\": \"POST\", \"body\": [1], \"include_metadata\": true}",
                 "{\"success\": false, " NOTHING ", \"error\":"
                 " \"Request failed: include_metadata needs a body that is an object\"}"},
        };

        (void)state;
        check_cases(&bp_action_http_request, CASES(cases));
}

static void a_blocked_address_is_not_tried(void **state) {
        struct fixture *fixture = fixture_new(&bp_action_http_request);
        struct bp_call_result result;

        (void)state;
        fixture->guard_reason = "IP address 10.0.0.1 is in blocked range";
        result = execute(fixture, "{\"url\": \"http://10.0.0.1/\"}");
        assert_int_equal(result.outcome, BP_FAILED);
        check_result(fixture, &result,
                     "{\"success\": false, " NOTHING ", \"error\":"
                     " \"Request blocked (SSRF protection): IP address 10.0.0.1 is in blocked range\"}",
                     "blocked");
        fixture_free(fixture);
}

struct reply_case {
        struct bp_http_response reply;
        const char *params;
        int outcome;
        const char *result;
};

static void the_reply_decides(void **state) {
        static const struct reply_case cases[] = {
                {{.failure = BP_HTTP_OK, .status = 200, .body = "{\"a\": [1, 2.0]}", .body_size = 15},
                 "{\"url\": \"http://h/\"}",
                 BP_COMPLETED,
                 "{\"success\": true, \"error\": null, \"outputs\": {\"status_code\": 200, \"body\": {\"a\": [1, 2.0]},"
                 " \"headers\": {\"x\": \"1\"}}}"},
                {{.failure = BP_HTTP_OK, .status = 299, .body = "plain", .body_size = 5},
                 "{\"url\": \"http://h/\"}",
                 BP_COMPLETED,
                 "{\"success\": true, \"error\": null, \"outputs\": {\"status_code\": 299, \"body\": \"plain\","
                 " \"headers\": {\"x\": \"1\"}}}"},
                {{.failure = BP_HTTP_OK, .status = 204, .body = "", .body_size = 0},
                 "{\"url\": \"http://h/\"}",
                 BP_COMPLETED,
                 "{\"success\": true, \"error\": null, \"outputs\": {\"status_code\": 204, \"body\": \"\","
                 " \"headers\": {\"x\": \"1\"}}}"},
                {{.failure = BP_HTTP_OK, .status = 200, .body = "a\xff\0b", .body_size = 4},
                 "{\"url\": \"http://h/\"}",
                 BP_COMPLETED,
                 "{\"success\": true, \"error\": null, \"outputs\": {\"status_code\": 200,"
                 " \"body\": \"a\\ufffd\\ufffdb\", \"headers\": {\"x\": \"1\"}}}"},
                {{.failure = BP_HTTP_OK, .status = 302, .body = "", .body_size = 0},
                 "{\"url\": \"http://h/\"}",
                 BP_FAILED,
                 "{\"success\": false, \"error\": \"HTTP 302\", \"outputs\": {\"status_code\": 302, \"body\": \"\","
                 " \"headers\": {\"x\": \"1\"}}}"},
                {{.failure = BP_HTTP_OK, .status = 503, .body = "null", .body_size = 4},
                 "{\"url\": \"http://h/\"}",
                 BP_FAILED,
                 "{\"success\": false, \"error\": \"HTTP 503\", \"outputs\": {\"status_code\": 503, \"body\": null,"
                 " \"headers\": {\"x\": \"1\"}}}"},
                {{.failure = BP_HTTP_TIMEOUT, .timed_out = 1, .message = "late"},
                 "{\"url\": \"http://h/\"}",
                 BP_UNKNOWN,
                 "{\"success\": false, \"unknown\": true, \"error\": \"Request timed out after 30s\", " NOTHING "}"},
                {{.failure = BP_HTTP_TIMEOUT, .timed_out = 1, .message = "late"},
                 "{\"url\": \"http://h/\", \"timeout_seconds\": 2.5}",
                 BP_UNKNOWN,
                 "{\"success\": false, \"unknown\": true, \"error\": \"Request timed out after 2.5s\", " NOTHING "}"},
                {{.failure = BP_HTTP_UNSENT, .timed_out = 1, .message = "late"},
                 "{\"url\": \"http://h/\", \"timeout_seconds\": 5}",
                 BP_FAILED,
                 "{\"success\": false, \"error\": \"Request timed out after 5s\", " NOTHING "}"},
                {{.failure = BP_HTTP_UNSENT, .message = "refused"},
                 "{\"url\": \"http://h/\"}",
                 BP_FAILED,
                 "{\"success\": false, \"error\": \"Request failed: refused\", " NOTHING "}"},
                {{.failure = BP_HTTP_BROKEN, .message = "reset"},
                 "{\"url\": \"http://h/\"}",
                 BP_UNKNOWN,
                 "{\"success\": false, \"unknown\": true, \"error\": \"Request failed: reset\", " NOTHING "}"},
                {{.failure = BP_HTTP_LIMIT, .message = "too large"},
                 "{\"url\": \"http://h/\"}",
                 BP_UNKNOWN,
                 "{\"success\": false, \"unknown\": true, \"error\": \"Request failed: too large\", " NOTHING "}"},
                {{.failure = BP_HTTP_BLOCKED, .message = "IP address 10.0.0.1 is in blocked range"},
                 "{\"url\": \"http://h/\"}",
                 BP_FAILED,
                 "{\"success\": false, \"error\":"
                 " \"Request blocked (SSRF protection): IP address 10.0.0.1 is in blocked range\", " NOTHING "}"},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct fixture *fixture = fixture_new(&bp_action_http_request);
                struct bp_http_response reply = cases[i].reply;
                struct bp_value headers = parse(fixture, "{\"x\": \"1\"}");
                struct bp_call_result result = execute(fixture, cases[i].params);

                assert_int_equal(result.outcome, BP_AWAITING_REPLY);
                reply.struct_size = sizeof(reply);
                reply.headers = &headers;
                reply.body = reply.body ? reply.body : "";
                assert_int_equal(bp_call_reply(&fixture->call, &reply, &result), 0);
                assert_int_equal(result.outcome, cases[i].outcome);
                check_result(fixture, &result, cases[i].result, cases[i].params);
                fixture_free(fixture);
        }
}

static void the_effect_depends_on_the_method(void **state) {
        static const struct {
                const char *params;
                enum bp_effect effect;
        } cases[] = {
                {"{\"url\": \"http://h/\"}", BP_IDEMPOTENT},
                {"{\"url\": \"http://h/\", \"method\": \"GET\"}", BP_IDEMPOTENT},
                {"{\"url\": \"http://h/\", \"method\": \"PUT\"}", BP_IDEMPOTENT},
                {"{\"url\": \"http://h/\", \"method\": \"DELETE\"}", BP_IDEMPOTENT},
                {"{\"url\": \"http://h/\", \"method\": \"post\"}", BP_ONCE},
                {"{\"url\": \"http://h/\", \"method\": \"PATCH\"}", BP_ONCE},
                {"{\"url\": \"http://h/\", \"method\": \"WHAT\"}", BP_ONCE},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct fixture *fixture = fixture_new(&bp_action_http_request);

                set_params(fixture, cases[i].params);
                assert_int_equal(bp_call_effect(&fixture->call), cases[i].effect);
                assert_false(bp_action_entry_meta(fixture->entry)->idempotent);
                fixture_free(fixture);
        }
}

static void validation_wants_a_url_and_a_known_method(void **state) {
        static const struct action_case cases[] = {
                {"{\"url\": \"https://h/\", \"method\": \"patch\"}", "[]"},
                {"{}", "[\"url is required\"]"},
                {"{\"url\": \"h\"}", "[\"url must start with http:// or https://\"]"},
                {"{\"url\": \"HTTP://h/\", \"method\": \"TRACE\"}",
                 "[\"url must start with http:// or https://\","
                 " \"method must be one of: GET, POST, PUT, PATCH, DELETE\"]"},
        };

        (void)state;
        check_findings(&bp_action_http_request, CASES(cases));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_request_is_built_from_the_parameters),
                cmocka_unit_test(what_cannot_be_sent_fails_before),
                cmocka_unit_test(a_blocked_address_is_not_tried),
                cmocka_unit_test(the_reply_decides),
                cmocka_unit_test(the_effect_depends_on_the_method),
                cmocka_unit_test(validation_wants_a_url_and_a_known_method),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
