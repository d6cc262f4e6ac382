/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values follow the reference, section 6.4. */
#include "action_fixture.h"

extern const struct bp_action bp_action_deployment_ratelimit;

#define CALLS(limits)                                                                                              \
        "[{\"app_id\": \"budapp\", \"path\": \"endpoints/E/deployment-settings\", \"method\": \"PUT\", \"query\":" \
        " null, \"body\": {\"rate_limits\": " limits "}, \"timeout\": 30}]"
#define CONFIGURED(config)                                                                                          \
        "{\"success\": true, \"error\": null, \"outputs\": {\"success\": true, \"endpoint_id\": \"E\", \"config\":" \
        " " config ", \"message\": \"Rate limiting configured successfully\"}}"
#define FAILURE(reason, more)                                                                                   \
        "{\"success\": false, \"error\": \"Failed to configure rate limiting: " reason "\"" more                \
        ", \"outputs\": {\"success\": false, \"endpoint_id\": \"E\", \"config\": {}, \"message\": \"Failed to " \
        "configure rate limiting: " reason "\"}}"
#define ONE_LIMIT "{\"algorithm\": \"token_bucket\", \"enabled\": true, \"requests_per_minute\": 60}"

static const char path[] = "endpoints/E/deployment-settings";

static void what_is_given_is_sent(void **state) {
        static const struct service_case cases[] = {
                {.params = "{\"endpoint_id\": \"E\", \"requests_per_minute\": 60}",
                 .script = {ANSWERS(path, "{}")},
                 .calls = CALLS(ONE_LIMIT),
                 .result = CONFIGURED(ONE_LIMIT)},
                {.params = "{\"deployment_id\": \"E\", \"requests_per_second\": 2.7, \"requests_per_hour\": \"100\","
                           " \"burst_size\": 5, \"algorithm\": \"fixed_window\", \"enabled\": false}",
                 .script = {ANSWERS(path, "{\"deployment_settings\": {\"rate_limits\": {\"enabled\": false}}}")},
                 .calls = CALLS("{\"algorithm\": \"fixed_window\", \"enabled\": false, \"requests_per_second\": 2,"
                                " \"requests_per_hour\": 100, \"burst_size\": 5}"),
                 .result = CONFIGURED("{\"enabled\": false}")},
                {.params = "{\"endpoint_id\": \"E\", \"requests_per_minute\": 60}",
                 .script = {ANSWERS(path, "{\"deployment_settings\": {\"rate_limits\": null}}")},
                 .result = CONFIGURED(ONE_LIMIT)},
        };

        (void)state;
        check_service_cases(&bp_action_deployment_ratelimit, CASES(cases));
}

static void what_cannot_be_done_fails(void **state) {
        static const struct service_case cases[] = {
                {.params = "{\"endpoint_id\": \"E\", \"requests_per_minute\": \"many\"}",
                 .calls = "[]",
                 .result = FAILURE("requests_per_minute must be a number", "")},
                {.params = "{\"endpoint_id\": \"E\", \"requests_per_minute\": 60}",
                 .script = {REFUSES(path, 404, "{\"detail\": \"no such endpoint\"}")},
                 .result = FAILURE("no such endpoint", "")},
                {.params = "{\"endpoint_id\": \"E\", \"requests_per_minute\": 60}",
                 .script = {BREAKS(path, BP_HTTP_BROKEN, "reset")},
                 .result = FAILURE("reset", ", \"unknown\": true")},
        };

        (void)state;
        check_service_cases(&bp_action_deployment_ratelimit, CASES(cases));
}

static void validation_wants_a_rate(void **state) {
        static const struct action_case cases[] = {
                {"{\"endpoint_id\": \"e\", \"requests_per_hour\": 1}", "[]"},
                {"{}", "[\"endpoint_id is required\", \"At least one of requests_per_second, requests_per_minute or"
                       " requests_per_hour is required\"]"},
                {"{\"endpoint_id\": \"e\", \"requests_per_second\": 1, \"requests_per_hour\": -1, \"burst_size\": 0}",
                 "[\"requests_per_hour must be greater than 0\", \"burst_size must be greater than 0\"]"},
                {"{\"endpoint_id\": \"e\", \"requests_per_minute\": 1, \"algorithm\": \"leaky\"}",
                 "[\"algorithm must be one of: token_bucket, fixed_window, sliding_window\"]"},
        };

        (void)state;
        check_findings(&bp_action_deployment_ratelimit, CASES(cases));
        check_examples(&bp_action_deployment_ratelimit, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_given_is_sent),
                cmocka_unit_test(what_cannot_be_done_fails),
                cmocka_unit_test(validation_wants_a_rate),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
