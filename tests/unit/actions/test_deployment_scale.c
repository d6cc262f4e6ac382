/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values follow the reference, section 6.4. */
#include "action_fixture.h"

extern const struct bp_action bp_action_deployment_scale;

#define GET(query)                                                                                             \
        "{\"app_id\": \"budapp\", \"path\": \"endpoints/E/autoscale\", \"method\": \"GET\", \"query\": " query \
        ", \"body\": null, \"timeout\": 30}"
#define PUT(query, target, more)                                                                               \
        "{\"app_id\": \"budapp\", \"path\": \"endpoints/E/autoscale\", \"method\": \"PUT\", \"query\": " query \
        ", \"body\": {\"budaiscaler_specification\": {\"enabled\": true, \"minReplicas\": " target             \
        ", \"maxReplicas\": " target more "}}, \"timeout\": 60}"
#define SCALED(target, min, max, strategy)                                                                      \
        "{\"success\": true, \"error\": null, \"outputs\": {\"success\": true, \"endpoint_id\": \"E\","         \
        " \"target_replicas\": " target ", \"previous_min_replicas\": " min ", \"previous_max_replicas\": " max \
        ", \"scaling_strategy\": " strategy ", \"message\": \"Deployment scaled to " target " replicas\"}}"
#define FAILURE(target, message, more)                                                               \
        "{\"success\": false, \"error\": \"" message "\"" more ", \"outputs\": {\"success\": false," \
        " \"endpoint_id\": \"E\", \"target_replicas\": " target ", \"message\": \"" message "\"}}"

static const char path[] = "endpoints/E/autoscale";

static void both_bounds_become_the_target(void **state) {
        static const struct service_case cases[] = {
                {.params = "{\"endpoint_id\": \"E\", \"target_replicas\": 3}",
                 .script = {ANSWERS(path, "{\"budaiscaler_config\": {\"enabled\": false, \"minReplicas\": 1,"
                                          " \"maxReplicas\": 5, \"scalingStrategy\": \"BudScaler\","
                                          " \"metricsSources\": [], \"behavior\": {\"a\": 1}, \"other\": 1}}")},
                 .workflow_params = "{\"user_id\": \"u\"}",
                 .calls = "[" GET("{\"user_id\": \"u\"}") ", " PUT(
                         "{\"user_id\": \"u\"}", "3",
                         ", \"scalingStrategy\": \"BudScaler\", \"behavior\": {\"a\": 1}") "]",
                 .result = SCALED("3", "1", "5", "\"BudScaler\"")},
                {.params = "{\"deployment_id\": \"E\", \"target_replicas\": 2.9}",
                 .script = {ANSWERS(path, "{\"budaiscaler_config\": null}")},
                 .calls = "[" GET("null") ", " PUT("null", "2", "") "]",
                 .result = SCALED("2", "null", "null", "null")},
                {.params = "{\"endpoint_id\": \"E\", \"target_replicas\": \" 4 \"}",
                 .script = {ANSWERS(path, "")},
                 .result = SCALED("4", "null", "null", "null")},
        };

        (void)state;
        check_service_cases(&bp_action_deployment_scale, CASES(cases));
}

static void what_cannot_be_done_fails(void **state) {
        static const struct service_case cases[] = {
                {.params = "{\"endpoint_id\": \"E\"}",
                 .calls = "[]",
                 .result = FAILURE("null", "target_replicas is required", "")},
                {.params = "{\"endpoint_id\": \"E\", \"target_replicas\": \"many\"}",
                 .calls = "[]",
                 .result = FAILURE("\"many\"", "target_replicas must be a valid number", "")},
                {.params = "{\"endpoint_id\": \"E\", \"target_replicas\": 3}",
                 .script = {REFUSES(path, 404, "{\"detail\": \"no such endpoint\"}")},
                 .calls = "[" GET("null") ", " PUT("null", "3", "") "]",
                 .result = FAILURE("3", "Failed to scale deployment: no such endpoint", "")},
                {.params = "{\"endpoint_id\": \"E\", \"target_replicas\": 3}",
                 .script = {BREAKS(path, BP_HTTP_TIMEOUT, "late")},
                 .calls = "[" GET("null") ", " PUT("null", "3", "") "]",
                 .result = FAILURE("3", "Failed to scale deployment: late", ", \"unknown\": true")},
        };

        (void)state;
        check_service_cases(&bp_action_deployment_scale, CASES(cases));
}

static void validation_knows_the_bounds(void **state) {
        static const struct action_case cases[] = {
                {"{\"endpoint_id\": \"e\", \"target_replicas\": 100}", "[]"},
                {"{\"endpoint_id\": \"e\", \"target_replicas\": \"7\"}", "[]"},
                {"{}", "[\"endpoint_id is required\", \"target_replicas is required\"]"},
                {"{\"endpoint_id\": \"e\", \"target_replicas\": 101}", "[\"target_replicas cannot exceed 100\"]"},
                {"{\"endpoint_id\": \"e\", \"target_replicas\": -1}", "[\"target_replicas must be at least 0\"]"},
                {"{\"endpoint_id\": \"e\", \"target_replicas\": \"x\"}",
                 "[\"target_replicas must be a valid number\"]"},
        };

        (void)state;
        check_findings(&bp_action_deployment_scale, CASES(cases));
        check_examples(&bp_action_deployment_scale, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(both_bounds_become_the_target),
                cmocka_unit_test(what_cannot_be_done_fails),
                cmocka_unit_test(validation_knows_the_bounds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
