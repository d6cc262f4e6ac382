/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values follow docs/services.md, which states the contract of this call. */
#include "action_fixture.h"

extern const struct bp_action bp_action_deployment_autoscale;

#define SPECIFICATION(min, max, cpu, memory, delay)                                                         \
        "{\"enabled\": true, \"minReplicas\": " min ", \"maxReplicas\": " max ", \"metricsSources\": ["     \
        "{\"metricSourceType\": \"resource\", \"targetMetric\": \"cpu\", \"targetValue\": " cpu "}, "       \
        "{\"metricSourceType\": \"resource\", \"targetMetric\": \"memory\", \"targetValue\": " memory "}]," \
        " \"behavior\": {\"scaleDown\": {\"stabilizationWindowSeconds\": " delay "}}}"
#define CALLS(query, specification)                                                                                 \
        "[{\"app_id\": \"budcluster\", \"path\": \"endpoints/D/autoscale\", \"method\": \"PUT\", \"query\": " query \
        ", \"body\": {\"budaiscaler_specification\": " specification "}, \"timeout\": 60}]"
#define CONFIGURED(config)                                                                                 \
        "{\"success\": true, \"error\": null, \"outputs\": {\"success\": true, \"deployment_id\": \"D\", " \
        "\"config\": " config ", \"message\": \"Autoscaling configured successfully\"}}"
#define FAILURE(reason, more)                                                                                  \
        "{\"success\": false, \"error\": \"Failed to configure autoscaling: " reason "\"" more                 \
        ", \"outputs\": {\"success\": false, \"deployment_id\": \"D\", \"config\": {}, \"message\": \"Failed " \
        "to configure autoscaling: " reason "\"}}"

static const char path[] = "endpoints/D/autoscale";

static void bounds_and_targets_are_sent(void **state) {
        static const struct service_case cases[] = {
                {.params = "{\"deployment_id\": \"D\"}",
                 .script = {ANSWERS(path, "{}")},
                 .workflow_params = "{\"user_id\": \"u\"}",
                 .calls = CALLS("{\"user_id\": \"u\"}", SPECIFICATION("1", "10", "70", "80", "300")),
                 .result = CONFIGURED(SPECIFICATION("1", "10", "70", "80", "300"))},
                {.params = "{\"deployment_id\": \"D\", \"min_replicas\": 2, \"max_replicas\": 4,"
                           " \"target_cpu_utilization\": 50, \"target_memory_utilization\": 60,"
                           " \"scale_down_delay_seconds\": 90}",
                 .script = {ANSWERS(path, "{\"budaiscaler_config\": {\"enabled\": true}}")},
                 .calls = CALLS("null", SPECIFICATION("2", "4", "50", "60", "90")),
                 .result = CONFIGURED("{\"enabled\": true}")},
                {.params = "{\"deployment_id\": \"D\"}",
                 .script = {REFUSES(path, 422, "{\"detail\": \"too many\"}")},
                 .result = FAILURE("too many", "")},
                {.params = "{\"deployment_id\": \"D\"}",
                 .script = {BREAKS(path, BP_HTTP_TIMEOUT, "late")},
                 .result = FAILURE("late", ", \"unknown\": true")},
        };

        (void)state;
        check_service_cases(&bp_action_deployment_autoscale, CASES(cases));
}

static void validation_compares_the_bounds(void **state) {
        static const struct action_case cases[] = {
                {"{\"deployment_id\": \"d\", \"min_replicas\": 10}", "[]"},
                {"{}", "[\"deployment_id is required\"]"},
                {"{\"deployment_id\": \"d\", \"min_replicas\": 11}",
                 "[\"min_replicas cannot be greater than max_replicas\"]"},
                {"{\"deployment_id\": \"d\", \"max_replicas\": 0}",
                 "[\"min_replicas cannot be greater than max_replicas\"]"},
                {"{\"deployment_id\": \"d\", \"min_replicas\": \"two\"}",
                 "[\"min_replicas and max_replicas must be valid numbers\"]"},
        };

        (void)state;
        check_findings(&bp_action_deployment_autoscale, CASES(cases));
        check_examples(&bp_action_deployment_autoscale, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(bounds_and_targets_are_sent),
                cmocka_unit_test(validation_compares_the_bounds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
