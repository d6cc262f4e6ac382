/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values follow the reference, section 6.3, and its recorded calls. */
#include "action_fixture.h"

extern const struct bp_action bp_action_cluster_health;

#define CALL(checks, timeout)                                                                                         \
        "[{\"app_id\": \"budcluster\", \"path\": \"cluster/C/health\", \"method\": \"GET\", \"query\": {\"checks\": " \
        "\"" checks "\"}, \"body\": null, \"timeout\": " timeout "}]"
#define OUTPUTS(healthy, status, issues, details)                                                 \
        "\"outputs\": {\"healthy\": " healthy ", \"status\": \"" status "\", \"issues\": " issues \
        ", \"details\": " details "}"
#define SUCCESS(healthy, status, issues, details) \
        "{\"success\": true, \"error\": null, " OUTPUTS(healthy, status, issues, details) "}"
#define FAILURE(message, more)                                                      \
        "{\"success\": false, \"error\": \"Health check failed: " message "\"" more \
        ", " OUTPUTS("false", "error", "[\"Health check failed: " message "\"]", "{}") "}"

static const char path[] = "cluster/C/health";

static void the_answer_of_each_check_counts(void **state) {
        static const struct service_case cases[] = {
                {.params = "{\"cluster_id\": \"C\"}",
                 .script = {ANSWERS(path, "{\"data\": {\"nodes\": {\"healthy\": true}, \"api\": {\"healthy\": true,"
                                          " \"message\": \"ok\"}, \"gpu\": {\"healthy\": false}}}")},
                 .calls = CALL("nodes,api", "30"),
                 .result = SUCCESS("true", "healthy", "[]",
                                   "{\"nodes\": {\"healthy\": true}, \"api\": {\"healthy\": true, \"message\": "
                                   "\"ok\"}}")},
                {.params = "{\"cluster_id\": \"C\", \"checks\": [\"gpu\", \"nodes\"], \"timeout_seconds\": 5}",
                 .script = {ANSWERS(path, "{\"data\": {\"nodes\": {\"healthy\": false, \"message\": \"n1 is down\"},"
                                          " \"gpu\": {\"healthy\": false}}}")},
                 .calls = CALL("gpu,nodes", "5"),
                 .result = SUCCESS("false", "degraded", "[\"gpu check failed\", \"n1 is down\"]",
                                   "{\"gpu\": {\"healthy\": false}, \"nodes\": {\"healthy\": false, \"message\": "
                                   "\"n1 is down\"}}")},
                {.params = "{\"cluster_id\": \"C\", \"checks\": [\"api\"]}",
                 .script = {ANSWERS(path, "{\"data\": null}")},
                 .result = SUCCESS("false", "degraded", "[\"No result returned for check: api\"]",
                                   "{\"api\": {\"healthy\": false, \"message\": \"No result returned for check: "
                                   "api\"}}")},
                {.params = "{\"cluster_id\": \"C\", \"checks\": []}",
                 .script = {ANSWERS(path, "{}")},
                 .calls = CALL("", "30"),
                 .result = SUCCESS("false", "unknown", "[\"No health check results returned\"]", "{}")},
        };

        (void)state;
        check_service_cases(&bp_action_cluster_health, CASES(cases));
}

static void without_an_answer_the_step_fails(void **state) {
        static const struct service_case cases[] = {
                {.params = "{\"cluster_id\": \"C\"}",
                 .script = {REFUSES(path, 404, "{\"detail\": \"no such cluster\"}")},
                 .result = FAILURE("no such cluster", "")},
                {.params = "{\"cluster_id\": \"C\"}",
                 .script = {ANSWERS(path, "all is well")},
                 .result = FAILURE("the answer is no JSON object", "")},
                {.params = "{\"cluster_id\": \"C\"}",
                 .script = {BREAKS(path, BP_HTTP_TIMEOUT, "no answer in time")},
                 .result = FAILURE("no answer in time", ", \"unknown\": true")},
                {.params = "{\"cluster_id\": \"C\"}",
                 .script = {BREAKS(path, BP_HTTP_UNSENT, "connection refused")},
                 .result = FAILURE("connection refused", "")},
        };

        (void)state;
        check_service_cases(&bp_action_cluster_health, CASES(cases));
}

static void an_id_stays_one_part_of_the_path(void **state) {
        static const struct service_case cases[] = {
                {.params = "{\"cluster_id\": \"../a?b\", \"checks\": [\"api\"]}",
                 .calls = "[{\"app_id\": \"budcluster\", \"path\": \"cluster/..%2Fa%3Fb/health\", \"method\": \"GET\","
                          " \"query\": {\"checks\": \"api\"}, \"body\": null, \"timeout\": 30}]"},
        };

        (void)state;
        check_service_cases(&bp_action_cluster_health, CASES(cases));
}

static void validation_knows_the_checks(void **state) {
        static const struct action_case cases[] = {
                {"{\"cluster_id\": \"C\", \"checks\": [\"nodes\", \"api\", \"storage\", \"network\", \"gpu\"]}", "[]"},
                {"{}", "[\"cluster_id is required\"]"},
                {"{\"cluster_id\": \"C\", \"checks\": \"nodes\"}", "[\"checks must be a list\"]"},
                {"{\"cluster_id\": \"C\", \"checks\": [\"nodes\", \"disk\"]}",
                 "[\"Invalid check: disk. Valid checks: nodes, api, storage, network, gpu\"]"},
        };

        (void)state;
        check_findings(&bp_action_cluster_health, CASES(cases));
        check_examples(&bp_action_cluster_health, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_answer_of_each_check_counts),
                cmocka_unit_test(without_an_answer_the_step_fails),
                cmocka_unit_test(an_id_stays_one_part_of_the_path),
                cmocka_unit_test(validation_knows_the_checks),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
