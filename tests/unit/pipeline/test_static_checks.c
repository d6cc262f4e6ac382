/* SPDX-License-Identifier: Apache-2.0 */
/* What can be known of templates, parameters and actions before anything runs. */
#include "fixture.h"

#define WHOLE(parameters, steps, outputs) \
        "{\"name\":\"p\",\"parameters\":[" parameters "],\"outputs\":{" outputs "},\"steps\":[" steps "]}"
#define STEP(id, action, params, more) \
        "{\"id\":\"" id "\",\"name\":\"N\",\"action\":\"" action "\",\"params\":{" params "}" more "}"
#define NOTE(id, message, more) STEP(id, "note", "\"message\":\"" message "\"", more)
#define AFTER(id) ",\"depends_on\":[\"" id "\"]"

static void check(struct fixture *fixture, const char *document, const char *errors, const char *warnings) {
        bp_definition_unref(load(fixture, document));
        if (strcmp(text_of(fixture, &fixture->errors), errors) != 0)
                fail_msg("%s\nerrors:\n%s\nexpected:\n%s", document, text_of(fixture, &fixture->errors), errors);
        if (strcmp(text_of(fixture, &fixture->warnings), warnings) != 0)
                fail_msg("%s\nwarnings:\n%s\nexpected:\n%s", document, text_of(fixture, &fixture->warnings), warnings);
}

static void every_reference_is_looked_up(void **state) {
        static const struct {
                const char *document, *errors, *warnings;
        } cases[] = {
                {WHOLE("", NOTE("s", "{{ steps.other.outputs.x }}", ""), ""),
                 "UNKNOWN_STEP /steps/0/params/message: Unknown step: other", ""},
                {WHOLE("", NOTE("s", "{{ 1 + params.n }}", ""), ""),
                 "UNKNOWN_PARAMETER /steps/0/params/message: Unknown parameter: n", ""},
                {WHOLE("", STEP("s", "anything", "\"a\":[{\"b\":\"{{ params['zz'] }}\"}]", ""), ""),
                 "UNKNOWN_PARAMETER /steps/0/params/a/0/b: Unknown parameter: zz",
                 "DEPRECATED_ACTION /steps/0/action: Step 's': the action 'anything' is deprecated: use note\n"
                 "PARAM_UNKNOWN /steps/0/params/a: *"},
                {WHOLE("{\"name\":\"count\"}", NOTE("s", "{{ params.coutn }} {{ params.count }}", ""), ""),
                 "UNKNOWN_PARAMETER /steps/0/params/message: Unknown parameter: coutn; did you mean 'count'?", ""},
                {WHOLE("", NOTE("fetch", "x", "") "," NOTE("b", "{{ steps.fecth.outputs.message }}", AFTER("fetch")),
                       ""),
                 "UNKNOWN_STEP /steps/1/params/message: Unknown step: fecth; did you mean 'fetch'?", ""},
                {WHOLE("", NOTE("my-step", "x", "") "," NOTE("b", "{{ steps.my }}", AFTER("my-step")), ""),
                 "UNKNOWN_STEP /steps/1/params/message: Unknown step: my; write steps['my-step']", ""},
                {WHOLE("", NOTE("a", "x", ",\"condition\":\"{{ params.go and steps.zz }}\""), ""),
                 "UNKNOWN_PARAMETER /steps/0/condition: Unknown parameter: go\n"
                 "UNKNOWN_STEP /steps/0/condition: Unknown step: zz",
                 ""},
                {WHOLE("", NOTE("a", "x", ""), "\"o\":\"{{ steps.a.outputs.message }}{{ steps.b }}{{ params.q }}\""),
                 "UNKNOWN_STEP /outputs/o: Unknown step: b\nUNKNOWN_PARAMETER /outputs/o: Unknown parameter: q", ""},
                {WHOLE("", NOTE("a", "x", "") "," NOTE("b", "{{ steps.a.outputs.message }}", ""), ""), "",
                 "NOT_AN_ANCESTOR /steps/1/params/message: Step 'b' reads step 'a', which it does not come after: the "
                 "value is undefined; add 'a' to its depends_on"},
                {WHOLE("", NOTE("a", "x", "") "," NOTE("b", "{{ steps.a.outputs.mesage }}", AFTER("a")), ""), "",
                 "UNKNOWN_OUTPUT /steps/1/params/message: The action 'note' of step 'a' has no output 'mesage'; did "
                 "you "
                 "mean 'message'?"},
                {WHOLE("", NOTE("a", "x", "") "," NOTE("b", "{{ steps.a.outputs.mesage | default('') }}", AFTER("a")),
                       ""),
                 "", ""},
                {WHOLE("", NOTE("a", "x", "") "," NOTE("b", "{{ steps.a.message }}", AFTER("a")), ""), "",
                 "UNKNOWN_OUTPUT /steps/1/params/message: Step 'a' has no 'message': what a step gives stands in "
                 "steps.a.outputs"},
                {WHOLE("{\"name\":\"used\"},{\"name\":\"idle\"}", NOTE("a", "{{ params.used }}", ""), ""), "",
                 "UNUSED_PARAMETER /parameters/1: No template reads the parameter 'idle'"},
                {WHOLE("{\"name\":\"a\"},{\"name\":\"b\"}", NOTE("a", "{{ params }}", ""), ""), "", ""},
                {WHOLE("{\"name\":\"a\"}", NOTE("a", "{{ param.a }}", ""), ""), "",
                 "UNKNOWN_NAME /steps/0/params/message: Unknown name: param; did you mean 'params'?\n"
                 "UNUSED_PARAMETER /parameters/0: No template reads the parameter 'a'"},
        };

        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct fixture *fixture = *state;
                const char *star = strchr(cases[i].warnings, '*');

                if (!star) {
                        check(fixture, cases[i].document, cases[i].errors, cases[i].warnings);
                        continue;
                }
                assert_null(load(fixture, cases[i].document));
                assert_string_equal(text_of(fixture, &fixture->errors), cases[i].errors);
                assert_memory_equal(text_of(fixture, &fixture->warnings), cases[i].warnings,
                                    (size_t)(star - cases[i].warnings));
        }
}

static void every_broken_template_is_reported(void **state) {
        struct fixture *fixture = *state;

        assert_null(load(fixture, WHOLE("",
                                        STEP("a", "note", "\"message\":\"{{ 1 + }}\",\"level\":\"{{ x | nofilter }}\"",
                                             ",\"condition\":\"{{ ( }}\""),
                                        "\"o\":\"{% if %}\"")));
        assert_int_equal(fixture->errors.count, 4);
        assert_string_equal(fixture->errors.items[0]->code, "TEMPLATE_SYNTAX");
        assert_string_equal(fixture->errors.items[0]->pointer, "/steps/0/params/message");
        assert_string_equal(fixture->errors.items[1]->code, "TEMPLATE_UNKNOWN_FILTER");
        assert_string_equal(fixture->errors.items[1]->pointer, "/steps/0/params/level");
        assert_string_equal(fixture->errors.items[2]->code, "CONDITION_SYNTAX");
        assert_string_equal(fixture->errors.items[2]->pointer, "/steps/0/condition");
        assert_string_equal(fixture->errors.items[3]->code, "TEMPLATE_SYNTAX");
        assert_string_equal(fixture->errors.items[3]->pointer, "/outputs/o");
        assert_non_null(strstr(fixture->errors.items[0]->message, "(line 1, column "));
}

/* Conditions of branches belong to the action, which gets them as they were written; they are checked all the same. */
static void conditions_of_branches_are_checked(void **state) {
        static const char routed[] =
                WHOLE("{\"name\":\"n\"}",
                      STEP("c", "route",
                           "\"branches\":[{\"id\":\"x\",\"label\":\"X\",\"condition\":\"{{ params.n > 1 "
                           "}}\",\"target_step\":\"t\"},"
                           "{\"id\":\"y\",\"label\":\"Y\",\"condition\":\"{{ params.m }}\",\"target_step\":\"t\"},"
                           "{\"id\":\"z\",\"label\":\"Z\",\"condition\":\"{{ ( }}\",\"target_step\":\"t\"}]",
                           "") "," NOTE("t", "x", AFTER("c")),
                      "");
        struct fixture *fixture = *state;

        assert_null(load(fixture, routed));
        assert_int_equal(fixture->errors.count, 2);
        assert_string_equal(fixture->errors.items[0]->code, "UNKNOWN_PARAMETER");
        assert_string_equal(fixture->errors.items[0]->pointer, "/steps/0/params/branches/1/condition");
        assert_string_equal(fixture->errors.items[1]->code, "CONDITION_SYNTAX");
        assert_string_equal(fixture->errors.items[1]->pointer, "/steps/0/params/branches/2/condition");
        assert_string_equal(text_of(fixture, &fixture->warnings), "");
}

static void a_step_knows_whether_it_reads_steps(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = sound(
                fixture, WHOLE("",
                               NOTE("a", "x", "") "," NOTE("b", "{{ steps.a.outputs.message }}", AFTER("a")) "," NOTE(
                                       "c", "x", AFTER("a") ",\"condition\":\"{{ steps.a }}\""),
                               ""));

        assert_false(definition->steps[0].reads_steps);
        assert_true(definition->steps[1].reads_steps);
        assert_true(definition->steps[2].reads_steps);
        bp_definition_unref(definition);
}

static void parameters_of_steps_are_checked_against_their_actions(void **state) {
        static const struct {
                const char *step, *code, *pointer, *says;
        } cases[] = {
                {STEP("S", "fetch", "", ""), "PARAM_REQUIRED", "/steps/0/params/url",
                 "Step 'S': Required parameter 'url' is missing or empty"},
                {STEP("S", "fetch", "\"url\":\"\"", ""), "PARAM_REQUIRED", "/steps/0/params/url",
                 "Step 'S': Required parameter 'url' is missing or empty"},
                {STEP("S", "fetch", "\"url\":\"x\",\"timeout_seconds\":0", ""), "PARAM_RANGE",
                 "/steps/0/params/timeout_seconds", "Step 'S': timeout_seconds: must be >= 1"},
                {STEP("S", "fetch", "\"url\":7", ""), "PARAM_TYPE", "/steps/0/params/url", "Step 'S': url: "},
                {STEP("S", "note", "\"level\":\"loud\"", ""), "PARAM_OPTION", "/steps/0/params/level",
                 "Step 'S': level: "},
        };
        struct fixture *fixture = *state;

        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_strbuf text;

                bp_strbuf_init(&text, fixture->arena, 1 << 20);
                bp_strbuf_printf(&text, "{\"name\":\"p\",\"steps\":[%s]}", cases[i].step);
                assert_null(load(fixture, bp_strbuf_text(&text)));
                assert_int_equal(fixture->errors.count, 1);
                assert_string_equal(fixture->errors.items[0]->code, cases[i].code);
                assert_string_equal(fixture->errors.items[0]->pointer, cases[i].pointer);
                assert_memory_equal(fixture->errors.items[0]->message, cases[i].says, strlen(cases[i].says));
        }
}

static void a_value_that_a_template_gives_is_not_judged_yet(void **state) {
        check(*state,
              WHOLE("{\"name\":\"t\"}",
                    STEP("s", "fetch", "\"url\":\"{{ params.t }}\",\"timeout_seconds\":\"{{ params.t }}\"", ""), ""),
              "", "");
}

static void a_name_too_many_is_a_warning_with_the_nearest_name(void **state) {
        struct fixture *fixture = *state;

        bp_definition_unref(sound(fixture, WHOLE("", STEP("s", "note", "\"mesage\":\"x\"", ""), "")));
        assert_int_equal(fixture->warnings.count, 1);
        assert_string_equal(fixture->warnings.items[0]->code, "PARAM_UNKNOWN");
        assert_string_equal(fixture->warnings.items[0]->pointer, "/steps/0/params/mesage");
        assert_non_null(strstr(fixture->warnings.items[0]->message, "'message'"));
}

static void actions_are_looked_up(void **state) {
        check(*state, WHOLE("", STEP("s", "fecth", "", ""), ""), "",
              "UNKNOWN_ACTION /steps/0/action: Step 's': the action 'fecth' is not installed; did you mean 'fetch'?");
        check(*state, WHOLE("", STEP("s", "no_such_thing", "", ""), ""), "",
              "UNKNOWN_ACTION /steps/0/action: Step 's': the action 'no_such_thing' is not installed");
        check(*state, WHOLE("", STEP("s", "anything", "", ""), ""), "",
              "DEPRECATED_ACTION /steps/0/action: Step 's': the action 'anything' is deprecated: use note");
}

static void retry_settings_that_nothing_uses_are_a_warning(void **state) {
        check(*state, WHOLE("", NOTE("s", "x", ",\"retry\":{}"), ""), "",
              "RETRY_UNUSED /steps/0/retry: Step 's' is never repeated by these settings; write `on_failure: retry`");
        check(*state, WHOLE("", NOTE("s", "x", ",\"retry\":{},\"on_failure\":\"retry\""), ""), "", "");
}

/* ---- the action's own check ---- */

static int find_one(void *userdata, const struct bp_action_entry *entry, const struct bp_value *params,
                    struct bp_problem_list *findings) {
        ++*(int *)userdata;
        assert_string_equal(bp_action_entry_meta(entry)->type, "note");
        assert_int_equal(params->count, 1);
        return bp_problem_list_addf(findings, "PARAM_INVALID", "/message", "too loud");
}

static void an_action_checks_parameters_free_of_templates(void **state) {
        struct fixture *fixture = *state;
        int calls = 0;
        const struct bp_definition_options options = {
                .registry = fixture->snapshot, .check_action = find_one, .userdata = &calls};

        assert_null(load_with(fixture, WHOLE("", NOTE("s", "x", "") "," NOTE("t", "{{ 1 }}", ""), ""), &options));
        assert_int_equal(calls, 1);
        assert_string_equal(text_of(fixture, &fixture->errors),
                            "PARAM_INVALID /steps/0/params/message: Step 's': too loud");
}

static void without_a_registry_nothing_is_known_of_actions(void **state) {
        struct fixture *fixture = *state;

        bp_definition_unref(load_with(fixture, WHOLE("", STEP("s", "fetch", "", ""), ""), NULL));
        assert_string_equal(text_of(fixture, &fixture->errors), "");
        assert_string_equal(text_of(fixture, &fixture->warnings), "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(every_reference_is_looked_up, set_up, tear_down),
                cmocka_unit_test_setup_teardown(every_broken_template_is_reported, set_up, tear_down),
                cmocka_unit_test_setup_teardown(conditions_of_branches_are_checked, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_step_knows_whether_it_reads_steps, set_up, tear_down),
                cmocka_unit_test_setup_teardown(parameters_of_steps_are_checked_against_their_actions, set_up,
                                                tear_down),
                cmocka_unit_test_setup_teardown(a_value_that_a_template_gives_is_not_judged_yet, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_name_too_many_is_a_warning_with_the_nearest_name, set_up, tear_down),
                cmocka_unit_test_setup_teardown(actions_are_looked_up, set_up, tear_down),
                cmocka_unit_test_setup_teardown(retry_settings_that_nothing_uses_are_a_warning, set_up, tear_down),
                cmocka_unit_test_setup_teardown(an_action_checks_parameters_free_of_templates, set_up, tear_down),
                cmocka_unit_test_setup_teardown(without_a_registry_nothing_is_known_of_actions, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
