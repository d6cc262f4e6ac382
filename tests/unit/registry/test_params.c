/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters against metadata: the checks with the texts of the Actions API, and what an executor receives. */
#include "fixture.h"

/* clang-format off */
static const struct bp_param_definition params[] = {
        {.name = "text", .label = "Text", .type = BP_PARAM_STRING,
         BP_RULES(.rules = BP_RULE_MIN_LENGTH | BP_RULE_MAX_LENGTH, .min_length = 2, .max_length = 4)},
        {.name = "count", .label = "Count", .type = BP_PARAM_NUMBER, .default_json = "3", .alias = "n", BP_BETWEEN(1, 10)},
        {.name = "share", .label = "Share", .type = BP_PARAM_NUMBER, BP_BETWEEN(0.5, 1e20)},
        {.name = "flag", .label = "Flag", .type = BP_PARAM_BOOLEAN},
        {.name = "mode", .label = "Mode", .type = BP_PARAM_SELECT, .default_json = "\"fast\"",
         BP_OPTIONS({"fast", "Fast"}, {"slow", "Slow"})},
        {.name = "tags", .label = "Tags", .type = BP_PARAM_MULTISELECT, BP_OPTIONS({"a", "A"}, {"b", "B"})},
        {.name = "json", .label = "JSON", .type = BP_PARAM_JSON},
        {.name = "message", .label = "Message", .type = BP_PARAM_TEMPLATE, .default_json = "\"\""},
        {.name = "branches", .label = "Branches", .type = BP_PARAM_BRANCHES, .flags = BP_PARAM_RAW},
        {.name = "range", .label = "Range", .type = BP_PARAM_RANGE, .default_json = "[20, 30]",
         .flags = BP_PARAM_FORM_DEFAULT, BP_BETWEEN(10, 100)},
        {.name = "model", .label = "Model", .type = BP_PARAM_MODEL_REF},
        {.name = "code", .label = "Code", .type = BP_PARAM_STRING, BP_RULES(.pattern = "^[a-z]+$")},
        {.name = "zip", .label = "Zip", .type = BP_PARAM_STRING,
         BP_RULES(.pattern = "^\\d{5}$", .pattern_message = "must be five digits")},
        {.name = "hard", .label = "Hard", .type = BP_PARAM_STRING, BP_RULES(.pattern = "^(a+)+$")},
};

static const struct bp_param_definition demanding[] = {
        {.name = "url", .label = "URL", .type = BP_PARAM_STRING, .required = 1},
        {.name = "kind", .label = "Kind", .type = BP_PARAM_STRING},
        {.name = "body", .label = "Body", .type = BP_PARAM_TEMPLATE, .required = 1, .alias = "payload",
         BP_SHOW_WHEN("kind", .equals_json = "\"post\"", .not_equals_json = "\"post\"")},
        {.name = "note", .label = "Note", .type = BP_PARAM_STRING, .required = 1,
         BP_SHOW_WHEN("kind", .not_equals_json = "\"quiet\"")},
};
/* clang-format on */

static const struct bp_action_meta *register_params(struct fixture *fixture, const struct bp_param_definition *list,
                                                    uint32_t count, const struct bp_registry_snapshot **ret_snapshot) {
        struct bp_action action = sound_action("probe");

        action.params = list;
        action.n_params = count;
        action.param_size = sizeof(*list);
        action.also_accepts = BP_STRINGS("prompt");
        if (add(fixture, &action) != 0)
                fail_msg("%s", fixture->problems.items[0]->message);
        *ret_snapshot = publish(fixture);
        return bp_action_entry_meta(bp_registry_find(*ret_snapshot, "probe"));
}

struct check_case {
        const char *params, *code, *pointer, *message; /* code NULL: nothing is found */
};

static void run_cases(struct fixture *fixture, const struct bp_param_definition *list, uint32_t count,
                      const struct bp_params_check *how, const struct check_case *cases, size_t n_cases) {
        const struct bp_registry_snapshot *snapshot;
        const struct bp_action_meta *meta = register_params(fixture, list, count, &snapshot);

        for (size_t i = 0; i < n_cases; i++) {
                struct bp_problem_list findings = {.arena = fixture->arena};
                struct bp_value value = parse(fixture, cases[i].params);

                assert_int_equal(bp_params_check(meta, &value, how, &findings), 0);
                if (findings.count != (cases[i].code ? 1u : 0u))
                        fail_msg("%s: %zu findings, first: %s", cases[i].params, findings.count,
                                 findings.count ? findings.items[0]->message : "none");
                if (!cases[i].code)
                        continue;
                assert_string_equal(findings.items[0]->code, cases[i].code);
                assert_string_equal(findings.items[0]->pointer, cases[i].pointer);
                assert_string_equal(findings.items[0]->message, cases[i].message);
        }
        bp_registry_release(snapshot);
}

static void each_rule_has_its_text(void **state) {
        static const struct check_case cases[] = {
                {.params = "{}"},
                {.params = "{\"text\": \"ab\", \"count\": 1, \"share\": 0.5, \"flag\": true, \"mode\": \"slow\"}"},
                {.params = "{\"count\": null, \"text\": null, \"mode\": null}"},
                {.params = "{\"json\": [1], \"message\": {\"a\": 1}, \"model\": \"m-1\", \"tags\": [\"b\"], "
                           "\"branches\": [{}]}"},
                {"{\"text\": \"a\"}", "PARAM_LENGTH", "/text", "text: must be at least 2 chars"},
                {.params = "{\"text\": \"\\u00e4\\u00f6\\u00fc\\u00df\"}"},
                {"{\"text\": \"abcde\"}", "PARAM_LENGTH", "/text", "text: must be at most 4 chars"},
                {"{\"text\": 5}", "PARAM_TYPE", "/text", "text: must be text"},
                {"{\"count\": 0}", "PARAM_RANGE", "/count", "count: must be >= 1"},
                {"{\"count\": 10.5}", "PARAM_RANGE", "/count", "count: must be <= 10"},
                {"{\"share\": 0.25}", "PARAM_RANGE", "/share", "share: must be >= 0.5"},
                {"{\"share\": 1e21}", "PARAM_RANGE", "/share", "share: must be <= 1e+20"},
                {"{\"count\": \"3\"}", "PARAM_TYPE", "/count", "count: must be a number"},
                {"{\"count\": true}", "PARAM_TYPE", "/count", "count: must be a number"},
                {"{\"n\": 11}", "PARAM_RANGE", "/n", "count: must be <= 10"},
                {.params = "{\"n\": 11, \"count\": 2}"},
                {"{\"flag\": 1}", "PARAM_TYPE", "/flag", "flag: must be true or false"},
                {"{\"mode\": \"FAST\"}", "PARAM_OPTION", "/mode", "mode: must be one of fast, slow"},
                {"{\"tags\": [\"a\", \"c\"]}", "PARAM_OPTION", "/tags", "tags: must be one of a, b"},
                {"{\"tags\": \"a\"}", "PARAM_TYPE", "/tags", "tags: must be a list of options"},
                {"{\"branches\": [1]}", "PARAM_TYPE", "/branches", "branches: must be a list of branches"},
                {.params = "{\"range\": [10, 100]}"},
                {"{\"range\": [9, 100]}", "PARAM_RANGE", "/range", "range: must be >= 10"},
                {"{\"range\": [10, 101]}", "PARAM_RANGE", "/range", "range: must be <= 100"},
                {"{\"range\": [20, 10]}", "PARAM_RANGE", "/range", "range: must have its minimum first"},
                {"{\"range\": [20]}", "PARAM_TYPE", "/range", "range: must be a pair of numbers [min, max]"},
                {"{\"model\": 7}", "PARAM_TYPE", "/model", "model: must be the id of a model"},
                {.params = "{\"code\": \"abc\"}"},
                {"{\"code\": \"abc\\n\"}", "PARAM_PATTERN", "/code", "code: must match ^[a-z]+$"},
                {"{\"zip\": \"1234\"}", "PARAM_PATTERN", "/zip", "zip: must be five digits"},
                {.params = "{\"unknown\": 1}"},
                {"[]", "PARAM_TYPE", "", "params must be an object"},
        };
        const struct bp_params_check how = {0};

        run_cases(*state, params, BP_COUNT(params), &how, cases, BP_COUNT(cases));
}

static void a_pattern_that_costs_too_much_is_a_finding_and_ends_soon(void **state) {
        static const struct check_case cases[] = {
                {.params = "{\"hard\": \"aaaaaaaa\"}"},
                {"{\"hard\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"}", "PARAM_PATTERN",
                 "/hard", "hard: is too costly to match against ^(a+)+$"},
        };
        const struct bp_params_check how = {0};

        run_cases(*state, params, BP_COUNT(params), &how, cases, BP_COUNT(cases));
}

static void before_templates_are_resolved_only_what_holds_for_any_result_is_checked(void **state) {
        static const struct check_case cases[] = {
                {.params = "{\"count\": \"{{ params.n }}\", \"flag\": \"{% if a %}true{% endif %}\", \"mode\": \"{{ m "
                           "}}\"}"},
                {.params = "{\"range\": [\"{{ low }}\", 50], \"tags\": [\"{{ t }}\", \"a\"], \"zip\": \"{{ z }}\"}"},
                {.params = "{\"branches\": \"{{ b }}\", \"text\": \"{{ a very long expression }}\"}"},
                {"{\"count\": \"3\"}", "PARAM_TYPE", "/count", "count: must be a number"},
                {"{\"tags\": [\"{{ t }}\", \"c\"]}", "PARAM_OPTION", "/tags", "tags: must be one of a, b"},
        };
        static const struct check_case resolved[] = {
                {"{\"count\": \"{{ params.n }}\"}", "PARAM_TYPE", "/count", "count: must be a number"},
                {"{\"range\": [\"{{ low }}\", 50]}", "PARAM_TYPE", "/range",
                 "range: must be a pair of numbers [min, max]"},
        };
        const struct bp_params_check before = {.templates = true}, after = {0};
        struct fixture *fixture = *state;

        run_cases(fixture, params, BP_COUNT(params), &before, cases, BP_COUNT(cases));
        bp_registry_draft_remove(fixture->draft, "probe");
        run_cases(fixture, params, BP_COUNT(params), &after, resolved, BP_COUNT(resolved));
}

static void required_parameters_are_demanded_unless_they_are_hidden(void **state) {
        static const struct check_case cases[] = {
                {.params = "{\"url\": \"u\", \"note\": \"n\"}"},
                {"{\"note\": \"n\"}", "PARAM_REQUIRED", "/url", "Missing required parameter: url"},
                {"{\"url\": null, \"note\": \"n\"}", "PARAM_REQUIRED", "/url", "Missing required parameter: url"},
                {"{\"url\": \"\", \"note\": \"n\"}", "PARAM_REQUIRED", "/url", "Missing required parameter: url"},
                {"{\"url\": \"u\"}", "PARAM_REQUIRED", "/note", "Missing required parameter: note"},
                {.params = "{\"url\": \"u\", \"kind\": \"quiet\"}"},
                {"{\"url\": \"u\", \"note\": \"n\", \"kind\": \"post\"}", "PARAM_REQUIRED", "/body",
                 "Missing required parameter: body"},
                {.params = "{\"url\": \"u\", \"note\": \"n\", \"kind\": \"post\", \"payload\": \"p\"}"},
                {.params = "{\"url\": \"u\", \"note\": \"n\", \"kind\": \"post\", \"body\": 0}"},
        };
        static const struct check_case unresolved[] = {
                {.params = "{\"url\": \"{{ params.url }}\", \"kind\": \"{{ params.kind }}\"}"},
        };
        const struct bp_params_check how = {0}, before = {.templates = true};
        struct fixture *fixture = *state;

        run_cases(fixture, demanding, BP_COUNT(demanding), &how, cases, BP_COUNT(cases));
        bp_registry_draft_remove(fixture->draft, "probe");
        run_cases(fixture, demanding, BP_COUNT(demanding), &before, unresolved, BP_COUNT(unresolved));
}

static void null_is_a_value_where_the_parameter_says_so(void **state) {
        static const struct bp_param_definition nullable[] = {{.name = "value",
                                                               .label = "Value",
                                                               .type = BP_PARAM_JSON,
                                                               .required = 1,
                                                               .default_json = "1",
                                                               .flags = BP_PARAM_NULLABLE}};
        static const struct check_case cases[] = {
                {.params = "{\"value\": null}"},
                {"{}", "PARAM_REQUIRED", "/value", "Missing required parameter: value"},
        };
        const struct bp_params_check how = {0};

        run_cases(*state, nullable, 1, &how, cases, BP_COUNT(cases));
}

static void an_unknown_name_gets_the_nearest_one(void **state) {
        static const struct check_case cases[] = {
                {"{\"cuont\": 1}", "PARAM_UNKNOWN", "/cuont", "Unknown parameter: cuont, did you mean 'count'?"},
                {"{\"something/else\": 1}", "PARAM_UNKNOWN", "/something~1else", "Unknown parameter: something/else"},
                {.params = "{\"n\": 1}"},
                {.params = "{\"prompt\": 1}"},
        };
        const struct bp_params_check how = {.unknown_names = true};

        run_cases(*state, params, BP_COUNT(params), &how, cases, BP_COUNT(cases));
}

static void findings_come_in_the_order_of_declaration(void **state) {
        struct fixture *fixture = *state;
        const struct bp_registry_snapshot *snapshot;
        const struct bp_action_meta *meta = register_params(fixture, params, BP_COUNT(params), &snapshot);
        struct bp_value value =
                parse(fixture, "{\"zip\": \"x\", \"mode\": 1, \"cuont\": 0, \"count\": 0, \"text\": \"\"}");
        static const char *const pointers[] = {"/text", "/count", "/mode", "/zip", "/cuont"};
        const struct bp_params_check how = {.unknown_names = true};

        assert_int_equal(bp_params_check(meta, &value, &how, &fixture->problems), 0);
        assert_int_equal(fixture->problems.count, BP_COUNT(pointers));
        for (size_t i = 0; i < BP_COUNT(pointers); i++)
                assert_string_equal(fixture->problems.items[i]->pointer, pointers[i]);
        bp_registry_release(snapshot);
}

static void an_executor_receives_defaults_and_neither_nulls_nor_aliases(void **state) {
        static const struct {
                const char *given, *completed;
        } cases[] = {
                {"{}", "{\"count\": 3, \"mode\": \"fast\"}"},
                {"{\"count\": null, \"text\": null, \"other\": null}", "{\"count\": 3, \"mode\": \"fast\"}"},
                {"{\"n\": 5, \"mode\": \"slow\"}", "{\"count\": 5, \"mode\": \"slow\"}"},
                {"{\"n\": 5, \"count\": 6}", "{\"count\": 6, \"mode\": \"fast\"}"},
                {"{\"n\": 5, \"count\": null}", "{\"count\": 5, \"mode\": \"fast\"}"},
                {"{\"text\": \"\", \"other\": [null]}",
                 "{\"text\": \"\", \"other\": [null], \"count\": 3, \"mode\": \"fast\"}"},
                {"null", "{\"count\": 3, \"mode\": \"fast\"}"},
                {"{\"range\": [40, 50]}", "{\"range\": [40, 50], \"count\": 3, \"mode\": \"fast\"}"},
        };
        struct fixture *fixture = *state;
        const struct bp_registry_snapshot *snapshot;
        const struct bp_action_meta *meta = register_params(fixture, params, BP_COUNT(params), &snapshot);

        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_value given = parse(fixture, cases[i].given), expected = parse(fixture, cases[i].completed);
                struct bp_value completed;

                assert_int_equal(bp_params_complete(meta, &given, fixture->arena, &completed), 0);
                if (!bp_value_equal(&completed, &expected))
                        fail_msg("%s was not completed to %s", cases[i].given, cases[i].completed);
        }
        bp_registry_release(snapshot);
}

static void templates_are_seen_but_in_raw_parameters(void **state) {
        static const struct {
                const char *given;
                bool expected;
        } cases[] = {
                {"{}", false},
                {"null", false},
                {"{\"text\": \"{ {x} }\", \"json\": {\"{{ key }}\": [1, null, \"x\"]}}", false},
                {"{\"text\": \"{{ params.x }}\"}", true},
                {"{\"json\": {\"a\": [1, {\"b\": \"{% if x %}\"}]}}", true},
                {"{\"branches\": [{\"condition\": \"{{ params.x }}\"}]}", false},
                {"{\"branches\": [], \"not_declared\": \"{{ x }}\"}", true},
        };
        struct fixture *fixture = *state;
        const struct bp_registry_snapshot *snapshot;
        const struct bp_action_meta *meta = register_params(fixture, params, BP_COUNT(params), &snapshot);

        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_value given = parse(fixture, cases[i].given);

                if (bp_params_have_templates(meta, &given) != cases[i].expected)
                        fail_msg("%s", cases[i].given);
        }
        bp_registry_release(snapshot);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(each_rule_has_its_text),
                TEST(a_pattern_that_costs_too_much_is_a_finding_and_ends_soon),
                TEST(before_templates_are_resolved_only_what_holds_for_any_result_is_checked),
                TEST(required_parameters_are_demanded_unless_they_are_hidden),
                TEST(null_is_a_value_where_the_parameter_says_so),
                TEST(an_unknown_name_gets_the_nearest_one),
                TEST(findings_come_in_the_order_of_declaration),
                TEST(templates_are_seen_but_in_raw_parameters),
                TEST(an_executor_receives_defaults_and_neither_nulls_nor_aliases),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
