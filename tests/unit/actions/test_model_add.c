/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values follow the reference, section 6.2, and its recorded calls and events. */
#include "action_fixture.h"

extern const struct bp_action bp_action_model_add;

#define BODY(type, name, uri, more)                                                                                \
        "{\"workflow_total_steps\": 1, \"step_number\": 1, \"trigger_workflow\": true, \"provider_type\": \"" type \
        "\", \"name\": \"" name "\", \"uri\": \"" uri "\", \"callback_topic\": \"budpipelineEvents\"" more "}"
#define NO_TEXTS ", \"description\": \"\", \"author\": \"\""
#define CALL(query, body)                                                                                              \
        "[{\"app_id\": \"budapp\", \"path\": \"models/local-model-workflow\", \"method\": \"POST\", \"query\": " query \
        ", \"body\": " body ", \"timeout\": 60}]"
#define OUTPUTS(success, id, name, workflow, status, message)                                 \
        "\"outputs\": {\"success\": " success ", \"model_id\": " id ", \"model_name\": " name \
        ", \"workflow_id\": " workflow ", \"status\": \"" status "\", \"message\": \"" message "\"}"
#define WAITING(name, workflow, seconds)                                                                      \
        "{\"success\": true, \"error\": null, " OUTPUTS(                                                      \
                "true", "null", "\"" name "\"", "\"" workflow "\"", "running",                                \
                "Model workflow started: " workflow) ", \"awaiting_event\": true, \"external_workflow_id\": " \
                                                     "\"" workflow "\", \"timeout_seconds\": " seconds "}"
#define FAILURE(name, message, more)                           \
        "{\"success\": false, \"error\": \"" message "\"" more \
        ", " OUTPUTS("false", "null", "\"" name "\"", "null", "failed", message) "}"
#define UNKNOWN ", \"unknown\": true"

static const char workflow[] = "models/local-model-workflow";

static void budapp_is_asked_for_a_workflow(void **state) {
        static const struct service_case cases[] = {
                {.params = "{\"model_uri\": \"/d/m\", \"model_source\": \"disk\", \"credential_id\": \"cr\"}",
                 .script = {ANSWERS(workflow, "{\"data\": {\"workflow_id\": \"W1\"}}")},
                 .workflow_params = "{\"user_id\": \"u1\"}",
                 .calls = CALL("{\"user_id\": \"u1\"}", BODY("disk", "m", "/d/m", NO_TEXTS)),
                 .result = WAITING("m", "W1", "86400")},
                {.params = "{}",
                 .script = {ANSWERS(workflow, "{\"data\": {\"workflow_id\": \"W1\"}}")},
                 .calls = CALL("null", BODY("hugging_face", "", "", NO_TEXTS)),
                 .result = WAITING("", "W1", "86400")},
                {.params =
                         "{\"huggingface_id\": \"org/m\", \"credential_id\": \"cr\", \"model_name\": null,"
                         " \"description\": \"d\", \"author\": \"a\", \"user_id\": \"u2\", \"max_wait_seconds\": 600}",
                 .script = {ANSWERS(workflow, "{\"workflow_id\": 7}")},
                 .workflow_params = "{\"user_id\": \"u1\"}",
                 .calls = CALL(
                         "{\"user_id\": \"u2\"}",
                         BODY("hugging_face", "m", "org/m",
                              ", \"description\": \"d\", \"author\": \"a\", \"proprietary_credential_id\": \"cr\"")),
                 .result = WAITING("m", "7", "600")},
        };

        (void)state;
        check_service_cases(&bp_action_model_add, CASES(cases));
}

static void without_a_workflow_the_step_fails(void **state) {
        static const struct service_case cases[] = {
                {.params = "{\"model_uri\": \"o/m\"}",
                 .script = {REFUSES(workflow, 400, "{\"detail\": \"no\"}")},
                 .result = FAILURE("m", "Failed to add model: HTTP 400 - {'detail': 'no'}", "")},
                {.params = "{\"model_uri\": \"o/m\"}",
                 .script = {REFUSES(workflow, 502, "oops")},
                 .result = FAILURE("m", "Failed to add model: HTTP 502", "")},
                {.params = "{\"model_uri\": \"o/m\"}",
                 .result = FAILURE("m", "Failed to add model: nobody answers", "")},
                {.params = "{\"model_uri\": \"o/m\"}",
                 .script = {BREAKS(workflow, BP_HTTP_TIMEOUT, "late")},
                 .result = FAILURE("m", "Failed to add model: late", UNKNOWN)},
                {.params = "{\"model_uri\": \"o/m\"}",
                 .script = {ANSWERS(workflow, "{\"data\": null}")},
                 .result = FAILURE("m", "Failed to add model: the answer names no workflow_id", UNKNOWN)},
                {.params = "{\"model_uri\": \"o/m\"}",
                 .script = {ANSWERS(workflow, "no json")},
                 .result = FAILURE("m", "Failed to add model: the answer names no workflow_id", UNKNOWN)},
        };

        (void)state;
        check_service_cases(&bp_action_model_add, CASES(cases));
}

#define FAILED(message)                                                            \
        "{\"action\": \"complete\", \"status\": \"FAILED\", \"error\": \"" message \
        "\", " OUTPUTS("false", "null", "\"old\"", "\"XW\"", "failed", message) "}"
#define ADDED(id, name)                                                                                        \
        "{\"action\": \"complete\", \"status\": \"COMPLETED\", " OUTPUTS("true", "\"" id "\"", "\"" name "\"", \
                                                                         "\"XW\"", "completed",                \
                                                                         "Model '" name "' added successfully") "}"
#define IGNORED "{\"action\": \"ignore\"}"
#define EVENT(type, event, content, about)                           \
        "{\"type\": \"" type "\", \"payload\": {\"event\": \"" event \
        "\", \"workflow_id\": \"XW\", \"content\": " content ", \"type\": \"" about "\"}}"
#define EXTRACTION "perform_model_extraction"
#define RESULT "{\"model_id\": \"M\", \"model_name\": \"mn\"}"

#define CASE(what, becomes) \
        { .event = what, .result = becomes, .step_outputs = "{\"model_name\": \"old\"}" }

static void the_first_rule_that_matches_an_event_decides(void **state) {
        static const struct event_case cases[] = {
                CASE("{\"type\": \"workflow_completed\", \"status\": \"COMPLETED\", \"result\": " RESULT "}",
                     ADDED("M", "mn")),
                CASE("{\"type\": \"workflow_completed\", \"status\": \"completed\", \"result\": " RESULT "}",
                     ADDED("M", "mn")),
                CASE("{\"type\": \"workflow_completed\", \"status\": \"COMPLETED\", \"result\": null}",
                     "{\"action\": \"complete\", \"status\": \"COMPLETED\", " OUTPUTS(
                             "true", "null", "null", "\"XW\"", "completed", "Model 'None' added successfully") "}"),
                CASE("{\"type\": \"workflow_completed\"}", FAILED("Model workflow failed")),
                CASE("{\"type\": \"workflow_completed\", \"status\": \"FAILED\", \"reason\": \"disk full\"}",
                     FAILED("disk full")),
                CASE(EVENT("model_extraction", "results", "{\"status\": \"COMPLETED\", \"result\": " RESULT "}", "x"),
                     ADDED("M", "mn")),
                CASE(EVENT("model_extraction", "results", "{\"status\": \"COMPLETED\", \"results\": " RESULT "}", "x"),
                     ADDED("M", "mn")),
                CASE(EVENT("model_extraction", "results", "{\"status\": \"FAILED\", \"message\": \"bad\"}", "x"),
                     FAILED("bad")),
                CASE(EVENT("model_extraction", "results", "{\"status\": \"RUNNING\"}", "x"), IGNORED),
                CASE(EVENT("model_extraction", "download", "{\"status\": \"FAILED\"}", "x"), IGNORED),
                CASE(EVENT("notification", "download", "{\"status\": \"FAILED\"}", EXTRACTION),
                     FAILED("Model extraction failed at step: download")),
                CASE(EVENT("notification", "download", "{\"status\": \"failed\", \"error\": \"e\"}", EXTRACTION),
                     FAILED("e")),
                CASE(EVENT("notification", "save_model",
                           "{\"status\": \"COMPLETED\", \"result\": {\"model_id\": \"M\"}}", EXTRACTION),
                     ADDED("M", "old")),
                CASE(EVENT("notification", "results", "{\"status\": \"COMPLETED\", \"result\": " RESULT "}",
                           EXTRACTION),
                     ADDED("M", "mn")),
                CASE(EVENT("notification", "download", "{\"status\": \"COMPLETED\"}", EXTRACTION), IGNORED),
                CASE(EVENT("notification", "results", "{\"status\": \"COMPLETED\"}", "other"), IGNORED),
                CASE(EVENT("notification", "eta", "{\"message\": \" 12 \"}", "other"),
                     "{\"action\": \"update_progress\", \"eta_minutes\": 12}"),
                CASE(EVENT("notification", "eta", "{\"message\": -4}", EXTRACTION),
                     "{\"action\": \"update_progress\", \"eta_minutes\": 0}"),
                CASE(EVENT("notification", "eta", "{\"message\": \"soon\"}", "other"), IGNORED),
                CASE(EVENT("notification", "eta", "{}", "other"), IGNORED),
                CASE("{\"type\": \"notification\"}", IGNORED),
                CASE("{\"type\": \"notification\", \"payload\": null}", IGNORED),
                CASE(EVENT("other", "eta", "{\"message\": \"3\"}", "other"), IGNORED),
        };

        (void)state;
        check_events(&bp_action_model_add, CASES(cases));
}

static void the_uri_must_suit_its_source(void **state) {
        static const struct action_case cases[] = {
                {"{\"model_uri\": \"org/m\"}", "[]"},
                {"{\"huggingface_id\": \"o/m\"}", "[]"},
                {"{\"model_uri\": \"https://x\", \"model_source\": \"url\"}", "[]"},
                {"{\"model_uri\": \"/x\", \"model_source\": \"disk\"}", "[]"},
                {"{\"model_uri\": null}", "[\"model_uri is required\","
                                          " \"HuggingFace model_uri must be in format 'org/model-name'\"]"},
                {"{\"model_uri\": \"m\"}", "[\"HuggingFace model_uri must be in format 'org/model-name'\"]"},
                {"{\"model_uri\": \"ftp://x\", \"model_source\": \"url\"}",
                 "[\"URL model_uri must start with http:// or https://\"]"},
                {"{\"model_uri\": \"x\", \"model_source\": \"disk\"}",
                 "[\"Disk model_uri must be an absolute path starting with /\"]"},
        };

        (void)state;
        check_findings(&bp_action_model_add, CASES(cases));
}

static void the_cleanup_cancels_what_was_started(void **state) {
        static const struct {
                struct scripted_reply script[2];
                const char *outputs, *calls;
                int outcome;
        } cases[] = {
                {{{.path = NULL}}, "{}", "[]", BP_COMPLETED},
                {{{.path = NULL}}, "{\"workflow_id\": null}", "[]", BP_COMPLETED},
                {{ANSWERS("workflows/W%2F1/cancel", "{}")},
                 "{\"workflow_id\": \"W/1\"}",
                 "[{\"app_id\": \"budapp\", \"path\": \"workflows/W%2F1/cancel\", \"method\": \"POST\", \"query\": "
                 "null,"
                 " \"body\": null, \"timeout\": 30}]",
                 BP_COMPLETED},
                {{REFUSES("workflows/W/cancel", 410, "gone")}, "{\"workflow_id\": \"W\"}", NULL, BP_COMPLETED},
                {{REFUSES("workflows/W/cancel", 404, "who?")}, "{\"workflow_id\": \"W\"}", NULL, BP_COMPLETED},
                {{REFUSES("workflows/W/cancel", 405, "how?")}, "{\"workflow_id\": \"W\"}", NULL, BP_COMPLETED},
                {{REFUSES("workflows/W/cancel", 500, "no")}, "{\"workflow_id\": \"W\"}", NULL, BP_FAILED},
                {{BREAKS("workflows/W/cancel", BP_HTTP_TIMEOUT, "late")}, "{\"workflow_id\": \"W\"}", NULL, BP_UNKNOWN},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                check_cleanup(&bp_action_model_add, "{\"model_uri\": \"o/m\"}", cases[i].outputs, cases[i].script,
                              cases[i].calls, cases[i].outcome);
}

static void examples_pass_their_own_checks(void **state) {
        (void)state;
        check_examples(&bp_action_model_add, 2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(budapp_is_asked_for_a_workflow),
                cmocka_unit_test(without_a_workflow_the_step_fails),
                cmocka_unit_test(the_first_rule_that_matches_an_event_decides),
                cmocka_unit_test(the_uri_must_suit_its_source),
                cmocka_unit_test(the_cleanup_cancels_what_was_started),
                cmocka_unit_test(examples_pass_their_own_checks),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
