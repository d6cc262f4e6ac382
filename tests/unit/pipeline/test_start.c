/* SPDX-License-Identifier: Apache-2.0 */
/* What an execution starts with, and what must hold before it starts. */
#include "fixture.h"

static void parameters_are_defaults_then_what_was_given(void **state) {
        static const struct {
                const char *parameters, *given, *merged;
        } cases[] = {
                {"", "{}", "{}"},
                {"{\"name\":\"a\",\"default\":1}", "{}", "{\"a\":1}"},
                {"{\"name\":\"a\",\"default\":1}", "{\"a\":2}", "{\"a\":2}"},
                {"{\"name\":\"a\",\"default\":1}", "{\"a\":null}", "{\"a\":null}"},
                {"{\"name\":\"a\",\"default\":null}", "{}", "{}"},
                {"{\"name\":\"a\"},{\"name\":\"b\",\"default\":[1]}", "{\"z\":{\"y\":1},\"a\":\"x\"}",
                 "{\"a\":\"x\",\"b\":[1],\"z\":{\"y\":1}}"},
        };
        struct fixture *fixture = *state;

        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                const struct bp_definition *definition;
                struct bp_value given = json(fixture, cases[i].given), merged;
                struct bp_strbuf text, out;

                bp_strbuf_init(&text, fixture->arena, 1 << 20);
                bp_strbuf_init(&out, fixture->arena, 1 << 20);
                bp_strbuf_printf(&text,
                                 "{\"name\":\"p\",\"parameters\":[%s],\"steps\":[{\"id\":\"a\",\"name\":\"A\","
                                 "\"action\":\"note\"}]}",
                                 cases[i].parameters);
                definition = sound(fixture, bp_strbuf_text(&text));
                assert_int_equal(bp_definition_merge_params(definition, &given, fixture->arena, &merged), 0);
                bp_definition_unref(definition);
                bp_json_write(&out, &merged);
                assert_string_equal(bp_strbuf_text(&out), cases[i].merged);
        }
}

static void what_is_missing_or_of_another_type_is_refused(void **state) {
        static const struct {
                const char *parameter, *params, *errors;
        } cases[] = {
                {"", "{}", "PARAM_REQUIRED /params/x: Missing required parameter: x"},
                {"", "{\"x\":null}", "PARAM_REQUIRED /params/x: Missing required parameter: x"},
                {"\"required\":false", "{}", ""},
                {"\"required\":false,\"type\":\"integer\"", "{\"x\":null}", ""},
                {"\"default\":1", "{}", ""},
                {"\"default\":1", "{\"x\":null}", "PARAM_REQUIRED /params/x: Missing required parameter: x"},
                /* a type that nobody stated is not demanded */
                {"", "{\"x\":1}", ""},
                {"\"type\":\"string\"", "{\"x\":1}",
                 "PARAM_TYPE /params/x: Parameter 'x' must be of type string, not int"},
                {"\"type\":\"string\"", "{\"x\":\"\"}", ""},
                {"\"type\":\"integer\"", "{\"x\":1}", ""},
                {"\"type\":\"integer\"", "{\"x\":2.0}", ""},
                {"\"type\":\"integer\"", "{\"x\":2.5}",
                 "PARAM_TYPE /params/x: Parameter 'x' must be of type integer, not float"},
                {"\"type\":\"integer\"", "{\"x\":true}",
                 "PARAM_TYPE /params/x: Parameter 'x' must be of type integer, not bool"},
                {"\"type\":\"float\"", "{\"x\":1}", ""},
                {"\"type\":\"float\"", "{\"x\":\"1\"}",
                 "PARAM_TYPE /params/x: Parameter 'x' must be of type float, not str"},
                {"\"type\":\"boolean\"", "{\"x\":false}", ""},
                {"\"type\":\"boolean\"", "{\"x\":0}",
                 "PARAM_TYPE /params/x: Parameter 'x' must be of type boolean, not int"},
                {"\"type\":\"array\"", "{\"x\":[]}", ""},
                {"\"type\":\"array\"", "{\"x\":{}}",
                 "PARAM_TYPE /params/x: Parameter 'x' must be of type array, not dict"},
                {"\"type\":\"object\"", "{\"x\":{}}", ""},
                {"\"type\":\"object\"", "{\"x\":[]}",
                 "PARAM_TYPE /params/x: Parameter 'x' must be of type object, not list"},
                {"\"type\":\"model_ref\"", "{\"x\":\"m\"}", ""},
                {"\"type\":\"credential_ref\"", "{\"x\":1}",
                 "PARAM_TYPE /params/x: Parameter 'x' must be of type credential_ref, not int"},
                {"\"type\":\"colour\"", "{\"x\":[1]}", ""},
                {"\"type\":\"integer\",\"default\":\"one\"", "{}",
                 "PARAM_TYPE /params/x: Parameter 'x' must be of type integer, not str"},
        };
        struct fixture *fixture = *state;

        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_problem_list errors = {.arena = fixture->arena};
                struct bp_value params = json(fixture, cases[i].params);
                const struct bp_definition *definition;
                struct bp_strbuf text;
                int r;

                bp_strbuf_init(&text, fixture->arena, 1 << 20);
                bp_strbuf_printf(&text,
                                 "{\"name\":\"p\",\"parameters\":[{\"name\":\"x\"%s%s}],\"steps\":[{\"id\":\"a\","
                                 "\"name\":\"A\",\"action\":\"note\"}]}",
                                 *cases[i].parameter ? "," : "", cases[i].parameter);
                definition = sound(fixture, bp_strbuf_text(&text));
                r = bp_definition_check_start(definition, &params, &errors);
                bp_definition_unref(definition);
                assert_string_equal(text_of(fixture, &errors), cases[i].errors);
                assert_int_equal(r, *cases[i].errors ? BP_PROBLEM : 0);
        }
}

static void an_action_that_is_not_there_or_cannot_be_run_is_refused(void **state) {
        struct fixture *fixture = *state;
        const struct bp_action_origin origin = {.publisher = "acme",
                                                .unavailable = "from a folder that is not trusted"};
        struct bp_registry_draft *draft = bp_registry_draft_new(fixture->registry, false);
        struct bp_problem_list problems = {.arena = fixture->arena};
        struct bp_value described = json(fixture, "{\"type\":\"far\",\"name\":\"Far\",\"category\":\"Test\","
                                                  "\"description\":\"Far away.\",\"effect\":\"once\"}");
        const struct bp_definition *definition;

        if (bp_registry_draft_add_described(draft, &described, &origin, &problems))
                fail_msg("%s", text_of(fixture, &problems));
        bp_registry_publish(fixture->registry, draft);
        bp_registry_release(fixture->snapshot);
        fixture->snapshot = bp_registry_acquire(fixture->registry);
        definition = sound(fixture, "{\"name\":\"p\",\"steps\":[{\"id\":\"a\",\"name\":\"A\",\"action\":\"nothing\"},"
                                    "{\"id\":\"b\",\"name\":\"B\",\"action\":\"far\"},"
                                    "{\"id\":\"c\",\"name\":\"C\",\"action\":\"note\"}]}");
        problems = (struct bp_problem_list){.arena = fixture->arena};
        assert_int_equal(bp_definition_check_start(definition, &bp_value_empty_object, &problems), BP_PROBLEM);
        assert_string_equal(text_of(fixture, &problems),
                            "UNKNOWN_ACTION /steps/0/action: Step 'a': the action 'nothing' is not installed\n"
                            "ACTION_UNAVAILABLE /steps/1/action: Step 'b': the action 'far' cannot be run: from a "
                            "folder that is not trusted");
        bp_definition_unref(definition);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(parameters_are_defaults_then_what_was_given, set_up, tear_down),
                cmocka_unit_test_setup_teardown(what_is_missing_or_of_another_type_is_refused, set_up, tear_down),
                cmocka_unit_test_setup_teardown(an_action_that_is_not_there_or_cannot_be_run_is_refused, set_up,
                                                tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
