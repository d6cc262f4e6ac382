/* SPDX-License-Identifier: Apache-2.0 */
/* Definitions as executions see them: what the document says, defaults, limits, places of problems, ownership. */
#include "fixture.h"

static const char everything[] =
        "{\"name\":\"Report\",\"version\":\"2.1\",\"description\":\"d\","
        "\"parameters\":[{\"name\":\"n\",\"type\":\"integer\",\"default\":3},{\"name\":\"m\",\"required\":false}],"
        "\"settings\":{\"timeout_seconds\":60,\"fail_fast\":false,\"max_parallel_steps\":2,\"skip_propagation\":"
        "\"all\","
        "\"retry_policy\":{\"max_attempts\":5,\"jitter\":0.5}},"
        "\"steps\":[{\"id\":\"a\",\"name\":\"A\",\"action\":\"note\",\"outputs\":[\"x\",\"y\"],"
        "\"params\":{\"message\":\"hi\"}},"
        "{\"id\":\"b\",\"name\":\"B\",\"action\":\"gone\",\"depends_on\":[\"a\"],\"condition\":\"true\","
        "\"on_failure\":\"retry\",\"on_interrupt\":\"retry\",\"effect\":\"once\",\"timeout_seconds\":30,"
        "\"retry\":{\"backoff_seconds\":7,\"backoff_multiplier\":1.5,\"max_backoff_seconds\":99999999999}}],"
        "\"outputs\":{\"o\":\"text\"}}";

static void a_definition_says_what_the_document_says(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = sound(fixture, everything);
        const struct bp_step_definition *a = &definition->steps[0], *b = &definition->steps[1];

        assert_string_equal(definition->name, "Report");
        assert_string_equal(definition->version, "2.1");
        assert_string_equal(definition->description, "d");
        assert_int_equal(definition->n_parameters, 2);
        assert_string_equal(definition->parameters[0].type, "integer");
        assert_true(definition->parameters[0].required);
        assert_true(definition->parameters[0].has_type);
        assert_int_equal(definition->parameters[0].default_value.as.integer, 3);
        assert_false(definition->parameters[1].required);
        assert_false(definition->parameters[1].has_type);
        assert_false(definition->parameters[1].has_default);
        assert_true(definition->has_timeout);
        assert_int_equal(definition->timeout_seconds, 60);
        assert_false(definition->fail_fast);
        assert_int_equal(definition->max_parallel_steps, 2);
        assert_int_equal(definition->skip_propagation, BP_SKIP_ALL);
        assert_int_equal(definition->retry_policy->max_attempts, 5);
        assert_true(definition->retry_policy->jitter > 0.49 && definition->retry_policy->jitter < 0.51);
        assert_int_equal(definition->n_outputs, 1);
        assert_string_equal(definition->outputs[0].name, "o");
        assert_string_equal(definition->outputs[0].text, "text");
        assert_non_null(definition->outputs[0].template);

        assert_string_equal(a->action, "note");
        assert_ptr_equal(a->entry, bp_registry_find(fixture->snapshot, "note"));
        assert_int_equal(a->n_outputs, 2);
        assert_string_equal(a->outputs[1], "y");
        assert_int_equal(a->on_failure, BP_ON_FAILURE_FAIL);
        assert_int_equal(a->on_interrupt, BP_ON_INTERRUPT_FAIL);
        assert_int_equal(a->effect, 0);
        assert_int_equal(a->timeout_seconds, 0);
        assert_null(a->retry);
        assert_null(a->condition);
        assert_non_null(a->params_tree);

        assert_null(b->entry);
        assert_int_equal(b->on_failure, BP_ON_FAILURE_RETRY);
        assert_int_equal(b->on_interrupt, BP_ON_INTERRUPT_RETRY);
        assert_int_equal(b->effect, BP_ONCE);
        assert_int_equal(b->timeout_seconds, 30);
        assert_string_equal(b->condition_text, "true");
        assert_non_null(b->condition);
        assert_int_equal(b->retry->max_attempts, 3);
        assert_int_equal(b->retry->backoff_seconds, 7);
        assert_int_equal(b->retry->max_backoff_seconds, UINT32_MAX);
        bp_definition_unref(definition);
}

static void what_is_not_said_has_its_default(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition =
                sound(fixture, "{\"name\":\"p\",\"steps\":[{\"id\":\"a\",\"name\":\"A\",\"action\":\"note\"}]}");

        assert_string_equal(definition->version, "1.0");
        assert_null(definition->description);
        assert_false(definition->has_timeout);
        assert_int_equal(definition->timeout_seconds, 7200);
        assert_true(definition->fail_fast);
        assert_int_equal(definition->max_parallel_steps, 10);
        assert_int_equal(definition->skip_propagation, BP_SKIP_NONE);
        assert_null(definition->retry_policy);
        assert_int_equal(definition->steps[0].params.type, BP_OBJECT);
        bp_definition_unref(definition);
}

/* @return "LINE:COLUMN CODE pointer" of each error, one a line */
static const char *read_places(struct fixture *fixture, const char *text, enum bp_definition_format format) {
        const struct bp_definition_options options = {.registry = fixture->snapshot};
        const struct bp_definition_report report = {.errors = &fixture->errors, .warnings = &fixture->warnings};
        const struct bp_definition *definition = NULL;
        struct bp_strbuf out;

        fixture->errors = (struct bp_problem_list){.arena = fixture->arena};
        fixture->warnings = (struct bp_problem_list){.arena = fixture->arena};
        bp_definition_read(text, strlen(text), format, &options, &report, &definition);
        bp_definition_unref(definition);
        bp_strbuf_init(&out, fixture->arena, 1 << 20);
        for (size_t i = 0; i < fixture->errors.count; i++)
                bp_strbuf_printf(&out, "%s%u:%u %s %s", i ? "\n" : "", fixture->errors.items[i]->line,
                                 fixture->errors.items[i]->column, fixture->errors.items[i]->code,
                                 fixture->errors.items[i]->pointer);
        return bp_strbuf_text(&out);
}

static void a_problem_in_a_text_has_its_place(void **state) {
        static const struct {
                enum bp_definition_format format;
                const char *text, *places;
        } cases[] = {
                {BP_FORMAT_JSON, "{\n \"name\": 1,\n \"steps\": [\n  {\"id\": \"a\", \"action\": \"note\"}]\n}",
                 "2:2 SCHEMA /name\n4:3 SCHEMA /steps/0/name"},
                {BP_FORMAT_YAML,
                 "name: p\nsteps:\n- id: a\n  name: A\n  action: note\n  on_failure: never\n- id: a\n"
                 "  name: A\n  action: note\n  depends_on: [zz]\n",
                 "6:3 SCHEMA /steps/0/on_failure\n7:3 DUPLICATE_STEP /steps/1/id\n"
                 "10:16 UNKNOWN_STEP /steps/1/depends_on/0"},
                {BP_FORMAT_JSON, "null", "1:1 PARSE_ERROR "},
                {BP_FORMAT_JSON, "\"\"", "1:1 PARSE_ERROR "},
                {BP_FORMAT_YAML, "name: [", "2:1 PARSE_ERROR "},
                {BP_FORMAT_YAML, "- 1\n- 2\n", "1:1 PARSE_ERROR "},
                {BP_FORMAT_YAML, "a: \xFF", "1:4 PARSE_ERROR "},
                {BP_FORMAT_YAML, "", "1:1 PARSE_ERROR "},
                {BP_FORMAT_YAML, "{}", "1:1 SCHEMA /name\n1:1 SCHEMA /steps"},
        };
        struct fixture *fixture = *state;

        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                const char *places = read_places(fixture, cases[i].text, cases[i].format);

                if (strcmp(places, cases[i].places) != 0)
                        fail_msg("%s:\n%s\nexpected:\n%s", cases[i].text, places, cases[i].places);
        }
}

static void what_is_no_json_is_refused_where_it_stops(void **state) {
        static const char *const texts[] = {
                "",
                "\n{\"name\": }",
                "\n{\"a\": 1, \"a\": 2}",
                "\n{\"a\": \"\\u0000\"}",
                "\n{\"a\": 9223372036854775808}",
                "\n{\"a\": \"\xFF\"}",
                "\n{\"a\": 1e999}",
                "\n{} {}",
                "\n{\"a\"",
        };
        struct fixture *fixture = *state;

        for (size_t i = 0; i < BP_COUNT(texts); i++) {
                read_places(fixture, texts[i], BP_FORMAT_JSON);
                assert_int_equal(fixture->errors.count, 1);
                assert_string_equal(fixture->errors.items[0]->code, "PARSE_ERROR");
                assert_int_equal(fixture->errors.items[0]->line, *texts[i] ? 2 : 1);
                assert_in_range(fixture->errors.items[0]->column, 1, strlen(texts[i]) + 1);
        }
}

static void a_sound_text_is_read_without_a_word(void **state) {
        static const char yaml[] = "name: p\nparameters:\n- name: who\nsteps:\n- id: a\n  name: A\n  action: note\n"
                                   "  params:\n    message: hi {{ params.who }}\n    level: info\n";
        struct fixture *fixture = *state;

        assert_string_equal(read_places(fixture, yaml, BP_FORMAT_YAML), "");
        assert_string_equal(text_of(fixture, &fixture->warnings), "");
}

/* The digest names the document, however it was written; another document has another one. */
static void the_digest_follows_from_the_document(void **state) {
        static const char spaced[] =
                "{ \"name\" : \"p\",\n\"steps\":[ {\"id\":\"a\", \"name\":\"\\u0041\", \"action\":\"note\"}]}";
        struct fixture *fixture = *state;
        const struct bp_definition *a =
                sound(fixture, "{\"name\":\"p\",\"steps\":[{\"id\":\"a\",\"name\":\"A\",\"action\":\"note\"}]}");
        const struct bp_definition *same = sound(fixture, spaced);
        const struct bp_definition *other =
                sound(fixture, "{\"name\":\"p\",\"steps\":[{\"id\":\"a\",\"name\":\"B\",\"action\":\"note\"}]}");

        assert_memory_equal(&a->digest, &same->digest, sizeof(a->digest));
        assert_memory_not_equal(&a->digest, &other->digest, sizeof(a->digest));
        bp_definition_unref(a);
        bp_definition_unref(same);
        bp_definition_unref(other);
}

static void every_limit_has_an_error(void **state) {
        static const char three[] =
                "{\"name\":\"p\",\"parameters\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"}],"
                "\"outputs\":{\"a\":\"\",\"b\":\"\",\"c\":\"\"},"
                "\"steps\":[{\"id\":\"a\",\"name\":\"A\",\"action\":\"note\",\"params\":{\"x\":[[[1]]]}},"
                "{\"id\":\"b\",\"name\":\"A\",\"action\":\"note\"},{\"id\":\"c\",\"name\":\"A\",\"action\":\"note\"}]}";
        static const struct {
                struct bp_definition_limits limits;
                const char *errors;
        } cases[] = {
                {{.steps = 2}, "LIMIT /steps: 3 steps, the limit is 2"},
                {{.parameters = 2}, "LIMIT /parameters: 3 parameters, the limit is 2"},
                {{.outputs = 2, .steps = 1},
                 "LIMIT /steps: 3 steps, the limit is 1\nLIMIT /outputs: 3 outputs, the limit is 2"},
                {{.depth = 6}, "LIMIT : nested deeper than 6 levels"},
                {{.arena_bytes = 2000}, "LIMIT : the definition is too large: it takes more than 2000 bytes of memory"},
        };
        struct fixture *fixture = *state;

        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                const struct bp_definition_options options = {.limits = &cases[i].limits};

                assert_null(load_with(fixture, three, &options));
                assert_string_equal(text_of(fixture, &fixture->errors), cases[i].errors);
        }
}

static void a_text_too_long_or_too_deep_is_refused(void **state) {
        static const struct bp_definition_limits limits = {.source_bytes = 20, .depth = 3};
        static const struct bp_definition_options options = {.limits = &limits};
        static const struct {
                enum bp_definition_format format;
                const char *text, *says;
        } cases[] = {
                {BP_FORMAT_JSON, "                     ", "21 bytes of text, the limit is 20"},
                {BP_FORMAT_JSON, "{\"a\":[[[1]]]}", "nested deeper than 3 levels"},
                {BP_FORMAT_YAML, "a: [[[1]]]", "nested deeper than 3 levels"},
        };
        struct fixture *fixture = *state;
        const struct bp_definition_report report = {.errors = &fixture->errors};

        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                const struct bp_definition *definition;

                fixture->errors = (struct bp_problem_list){.arena = fixture->arena};
                assert_int_equal(bp_definition_read(cases[i].text, strlen(cases[i].text), cases[i].format, &options,
                                                    &report, &definition),
                                 BP_PROBLEM);
                assert_int_equal(fixture->errors.count, 1);
                assert_string_equal(fixture->errors.items[0]->code, "LIMIT");
                assert_string_equal(fixture->errors.items[0]->message, cases[i].says);
        }
}

static void no_more_problems_are_kept_than_wanted(void **state) {
        static const struct bp_definition_limits limits = {.problems = 2};
        static const struct bp_definition_options options = {.limits = &limits};
        struct fixture *fixture = *state;

        assert_null(load_with(fixture, "{\"steps\":[{},{}],\"x\":1,\"y\":2,\"z\":3}", &options));
        assert_int_equal(fixture->errors.count, 2);
        assert_int_equal(fixture->errors.dropped, 5);
        assert_int_equal(fixture->warnings.count, 2);
        assert_int_equal(fixture->warnings.dropped, 1);
}

static void what_is_not_an_object_is_no_definition(void **state) {
        struct fixture *fixture = *state;

        assert_null(load(fixture, "[1]"));
        assert_string_equal(text_of(fixture, &fixture->errors), "PARSE_ERROR : a definition is an object, not list");
        assert_null(load(fixture, "null"));
        assert_null(load(fixture, "{}"));
        assert_string_equal(text_of(fixture, &fixture->errors),
                            "SCHEMA /name: Field required\nSCHEMA /steps: Field required");
}

/* The entry outlives its registry for as long as a definition holds it. */
static void a_definition_lives_as_long_as_somebody_holds_it(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = sound(fixture, everything);

        assert_ptr_equal(bp_definition_ref(definition), definition);
        assert_null(bp_definition_unref(definition));
        bp_registry_release(fixture->snapshot);
        fixture->snapshot = NULL;
        fixture->registry = bp_registry_free(fixture->registry);
        assert_string_equal(bp_action_entry_meta(definition->steps[0].entry)->type, "note");
        assert_null(bp_definition_unref(definition));
        assert_null(bp_definition_unref(NULL));
}

static void the_normal_form_lives_in_the_callers_arena(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = sound(fixture, everything);
        struct bp_value normal;

        assert_int_equal(bp_definition_normalize(definition, fixture->arena, &normal), 0);
        bp_definition_unref(definition);
        assert_string_equal(bp_value_at(&normal, "/steps/1/effect")->as.text, "once");
        assert_null(bp_value_at(&normal, "/steps/0/effect"));
        assert_string_equal(bp_value_at(&normal, "/settings/skip_propagation")->as.text, "all");
        assert_null(bp_value_at(&normal, "/steps/1/retry/jitter"));
        assert_int_equal(bp_value_at(&normal, "/steps/1/retry/max_attempts")->as.integer, 3);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_definition_says_what_the_document_says, set_up, tear_down),
                cmocka_unit_test_setup_teardown(what_is_not_said_has_its_default, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_problem_in_a_text_has_its_place, set_up, tear_down),
                cmocka_unit_test_setup_teardown(what_is_no_json_is_refused_where_it_stops, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_sound_text_is_read_without_a_word, set_up, tear_down),
                cmocka_unit_test_setup_teardown(the_digest_follows_from_the_document, set_up, tear_down),
                cmocka_unit_test_setup_teardown(every_limit_has_an_error, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_text_too_long_or_too_deep_is_refused, set_up, tear_down),
                cmocka_unit_test_setup_teardown(no_more_problems_are_kept_than_wanted, set_up, tear_down),
                cmocka_unit_test_setup_teardown(what_is_not_an_object_is_no_definition, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_definition_lives_as_long_as_somebody_holds_it, set_up, tear_down),
                cmocka_unit_test_setup_teardown(the_normal_form_lives_in_the_callers_arena, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
