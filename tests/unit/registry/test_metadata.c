/* SPDX-License-Identifier: Apache-2.0 */
/* What registration accepts, what it finds, and that it finds everything at once. */
#include "fixture.h"

#include <math.h>
#include <stdio.h>

static const struct bp_param_definition named = {.name = "a", .label = "A", .type = BP_PARAM_STRING};

static struct bp_action with_params(const struct bp_param_definition *params, uint32_t count) {
        struct bp_action action = sound_action("probe");

        action.params = params;
        action.n_params = count;
        action.param_size = sizeof(*params);
        return action;
}

static void assert_findings(struct fixture *fixture, const struct bp_action *action, const char *const *pointers,
                            size_t count) {
        assert_int_equal(add(fixture, action), count ? BP_PROBLEM : 0);
        for (size_t i = 0; i < fixture->problems.count || i < count; i++) {
                const char *got = i < fixture->problems.count ? fixture->problems.items[i]->pointer : "(none)";
                const char *message = i < fixture->problems.count ? fixture->problems.items[i]->message : "";

                if (i >= count)
                        fail_msg("unexpected finding at %s: %s", got, message);
                if (strcmp(got, pointers[i]) != 0)
                        fail_msg("finding %zu: got %s (%s), expected %s", i, got, message, pointers[i]);
                assert_string_equal(fixture->problems.items[i]->code, "ACTION_INVALID");
        }
}

#define ASSERT_FINDINGS(fixture, action, ...)                                \
        assert_findings(fixture, action, (const char *const[]){__VA_ARGS__}, \
                        BP_COUNT(((const char *const[]){__VA_ARGS__})))

static void an_action_with_the_mandatory_members_is_registered_with_the_defaults(void **state) {
        struct fixture *fixture = *state;
        struct bp_action action = sound_action("plain");
        const struct bp_action_meta *meta;
        const struct bp_registry_snapshot *snapshot;

        assert_int_equal(add(fixture, &action), 0);
        snapshot = publish(fixture);
        meta = bp_action_entry_meta(bp_registry_find(snapshot, "plain"));
        assert_string_equal(meta->version, "1.0.0");
        assert_string_equal(meta->icon, "");
        assert_string_equal(meta->color, "#8c8c8c");
        assert_int_equal(meta->execution_mode, BP_SYNC);
        assert_true(meta->idempotent);
        assert_int_equal(meta->timeout_seconds, 0);
        assert_null(meta->retry_policy);
        assert_null(meta->required_services[0]);
        assert_null(meta->docs_url);
        bp_registry_release(snapshot);
}

static void an_action_that_may_run_once_only_is_not_idempotent_unless_it_says_so(void **state) {
        static const struct {
                enum bp_effect effect;
                enum bp_choice choice;
                bool idempotent;
        } cases[] = {
                {BP_PURE, BP_DEFAULT, true}, {BP_IDEMPOTENT, BP_DEFAULT, true}, {BP_ONCE, BP_DEFAULT, false},
                {BP_ONCE, BP_YES, true},     {BP_IDEMPOTENT, BP_NO, false},
        };
        struct fixture *fixture = *state;

        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_action action = sound_action("probe");
                const struct bp_registry_snapshot *snapshot;

                action.effect = cases[i].effect;
                action.idempotent = cases[i].choice;
                bp_registry_draft_remove(fixture->draft, "probe");
                assert_int_equal(add(fixture, &action), 0);
                snapshot = publish(fixture);
                assert_int_equal(bp_action_entry_meta(bp_registry_find(snapshot, "probe"))->idempotent,
                                 cases[i].idempotent);
                bp_registry_release(snapshot);
        }
}

/* The reference: what is left of the type without `_` must be alphanumeric in any script. */
static void a_type_consists_of_letters_digits_and_underscores(void **state) {
        static const struct {
                const char *type;
                bool valid;
        } cases[] = {
                {"log", true},     {"http_request", true}, {"Upper9", true}, {"_x", true},
                {"größe_٣", true}, {"___", false},         {"a-b", false},   {"a b", false},
                {"a.b", false},    {"acme/log", false},    {"a@1", false},   {"", false},
                {"a\xff", false},  {"a\nb", false},
        };
        struct fixture *fixture = *state;

        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_action action = sound_action(cases[i].type);
                int r = add(fixture, &action);

                if (r != (cases[i].valid ? 0 : BP_PROBLEM))
                        fail_msg("type '%s': %d", cases[i].type, r);
        }
}

static void an_empty_action_gets_all_findings_in_the_order_of_the_reference(void **state) {
        struct fixture *fixture = *state;
        struct bp_action action = {.struct_size = sizeof(action), .abi_version = BP_ABI_VERSION};

        ASSERT_FINDINGS(fixture, &action, "/type", "/name", "/category", "/description", "/effect", "");
        assert_string_equal(fixture->problems.items[5]->message, "action 'an action': execute is missing");
}

static void everything_wrong_with_the_parameters_is_found_at_once(void **state) {
        static const struct bp_select_option twins[] = {{"x", "X"}, {"x", ""}};
        const struct bp_param_definition params[] = {
                {.type = BP_PARAM_STRING},
                {.name = "a", .label = "A", .type = BP_PARAM_SELECT},
                {.name = "a", .type = 99},
                {.name = "b",
                 .label = "B",
                 .type = BP_PARAM_SELECT,
                 .options = twins,
                 .option_size = sizeof(twins[0]),
                 .n_options = 2},
                {.name = "c", .label = "C", .type = BP_PARAM_JSON, .default_json = "{"},
                {.name = "d", .label = "D", .type = BP_PARAM_STRING, .alias = "b"},
                {.name = "e", .label = "E", .type = BP_PARAM_STRING, BP_RULES(.pattern = "(")},
                {.name = "f", .label = "F", .type = BP_PARAM_NUMBER, BP_BETWEEN(3, 2)},
                {.name = "g", .label = "G", .type = BP_PARAM_NUMBER, BP_BETWEEN(1, 2), .default_json = "3"},
                {.name = "h", .label = "H", .type = BP_PARAM_STRING, BP_SHOW_WHEN("nobody", .equals_json = "1")},
                {.name = "i", .label = "I", .type = BP_PARAM_STRING, BP_SHOW_WHEN("a", .equals_json = "yes")},
                {.name = "j", .label = "J", .type = BP_PARAM_STRING, BP_SHOW_WHEN("j", .equals_json = "1")},
                {.name = "k", .label = "K", .type = BP_PARAM_NUMBER, BP_RULES(.rules = BP_RULE_MIN, .min = NAN)},
        };
        struct bp_action action = with_params(params, BP_COUNT(params));

        ASSERT_FINDINGS(*state, &action, "/params/0/name", "/params/0/label", "/params/1/options", "/params/2/name",
                        "/params/2/label", "/params/2/type", "/params/3/options/1/label", "/params/3/options",
                        "/params/4/default", "/params/5/alias", "/params/6/validation/pattern", "/params/7/validation",
                        "/params/8/default", "/params/10/visibleWhen/equals", "/params/12/validation",
                        "/params/9/visibleWhen/param", "/params/11/visibleWhen/param");
}

static void outputs_have_a_name_of_their_own_and_a_type(void **state) {
        static const struct bp_output_definition outputs[] = {
                {"a", "string", NULL}, {"", "any", NULL}, {"a", "", NULL}, {"*", "any", NULL}};
        struct bp_action action = sound_action("probe");

        action.outputs = outputs;
        action.n_outputs = BP_COUNT(outputs);
        action.output_size = sizeof(outputs[0]);
        ASSERT_FINDINGS(*state, &action, "/outputs/1/name", "/outputs/2", "/outputs/2/type");
}

static void examples_must_be_valid_for_the_action(void **state) {
        const struct bp_param_definition params[] = {
                {.name = "n", .label = "N", .type = BP_PARAM_NUMBER, .required = 1, BP_BETWEEN(1, 5)}};
        static const struct bp_action_example examples[] = {
                {"Good", "{\"n\": 3}", NULL},
                {"Template", "{\"n\": \"{{ params.n }}\"}", NULL},
                {"", "{\"n\": 3}", NULL},
                {"Broken", "{", NULL},
                {"Missing", "{}", NULL},
                {"Large", "{\"n\": 6}", NULL},
                {"Unknown", "{\"n\": 3, \"m\": 1}", NULL},
                {"No object", "[]", NULL},
        };
        struct bp_action action = with_params(params, 1);

        action.examples = examples;
        action.n_examples = BP_COUNT(examples);
        action.example_size = sizeof(examples[0]);
        ASSERT_FINDINGS(*state, &action, "/examples/2/title", "/examples/3/params", "/examples/4/params/n",
                        "/examples/5/params/n", "/examples/6/params/m", "/examples/7/params");
}

static void handle_nothing(struct bp_action_context *context) {
        (void)context;
}

static int ignore_event(struct bp_action_context *context, const struct bp_event_context *event) {
        (void)event;
        return bp_event_ignore(context);
}

static void the_executor_must_fit_the_metadata(void **state) {
        struct fixture *fixture = *state;
        struct bp_action action = sound_action("probe");

        action.execution_mode = BP_EVENT_DRIVEN;
        action.validate_params = handle_nothing;
        action.effect = BP_ONCE;
        action.flags = BP_FLAG_INLINE;
        ASSERT_FINDINGS(fixture, &action, "/effect", "");
        assert_non_null(strstr(fixture->problems.items[1]->message, "on_event is missing"));
        action.flags = 0;
        action.on_event = ignore_event;
        assert_int_equal(add(fixture, &action), 0);
}

static void numbers_of_the_policy_and_the_modes_are_checked(void **state) {
        static const struct bp_retry_policy policy = {.struct_size = sizeof(policy),
                                                      .backoff_multiplier = 0.5,
                                                      .initial_interval_seconds = -1,
                                                      .max_interval_seconds = INFINITY,
                                                      .jitter = 2};
        struct bp_action action = sound_action("probe");

        action.retry_policy = &policy;
        action.execution_mode = 7;
        action.idempotent = 9;
        ASSERT_FINDINGS(*state, &action, "/executionMode", "/idempotent", "/retryPolicy/maxAttempts",
                        "/retryPolicy/backoffMultiplier", "/retryPolicy/initialIntervalSeconds",
                        "/retryPolicy/maxIntervalSeconds", "/retryPolicy/jitter");
}

static void routes_names_a_parameter_of_branches(void **state) {
        static const struct bp_param_definition params[] = {
                {.name = "branches", .label = "Branches", .type = BP_PARAM_BRANCHES},
                {.name = "text", .label = "Text", .type = BP_PARAM_STRING}};
        static const struct {
                const char *routes;
                int result;
        } cases[] = {{"branches", 0}, {"text", BP_PROBLEM}, {"nobody", BP_PROBLEM}};
        struct fixture *fixture = *state;

        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_action action = with_params(params, 2);

                action.routes = cases[i].routes;
                assert_int_equal(add(fixture, &action), cases[i].result);
        }
        assert_int_equal(fixture->problems.count, 2);
        assert_string_equal(fixture->problems.items[0]->pointer, "/routes");
}

static void outputs_without_a_name_are_found_beside_what_names_one(void **state) {
        const struct bp_action with_outputs = {BP_OUTPUTS({NULL, "boolean", NULL}, {"at", "string", NULL})};
        struct fixture *fixture = *state;
        struct bp_action action = sound_action("a");

        action.outputs = with_outputs.outputs;
        action.n_outputs = with_outputs.n_outputs;
        action.output_size = with_outputs.output_size;
        action.woken = "done";
        action.woken_at = "at";
        ASSERT_FINDINGS(fixture, &action, "/outputs/0/name", "/woken");
}

static void woken_names_an_output(void **state) {
        static const struct {
                const char *woken, *woken_at, *pointer;
        } cases[] = {{NULL, NULL, NULL},
                     {"done", NULL, NULL},
                     {NULL, "at", NULL},
                     {"nobody", NULL, "/woken"},
                     {NULL, "nobody", "/wokenAt"}};
        struct fixture *fixture = *state;
        size_t findings = 0;

        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_action action = sound_action(i == 0 ? "a" : i == 1 ? "b" : "c");
                const struct bp_action with_outputs = {BP_OUTPUTS({"done", "boolean", NULL}, {"at", "string", NULL})};

                action.outputs = with_outputs.outputs;
                action.n_outputs = with_outputs.n_outputs;
                action.output_size = with_outputs.output_size;
                action.woken = cases[i].woken;
                action.woken_at = cases[i].woken_at;
                assert_int_equal(add(fixture, &action), cases[i].pointer ? BP_PROBLEM : 0);
                if (cases[i].pointer)
                        assert_string_equal(fixture->problems.items[findings++]->pointer, cases[i].pointer);
        }
}

static void a_sleep_that_is_over_is_said_in_the_outputs(void **state) {
        static const struct {
                const char *woken, *woken_at, *expected;
        } cases[] = {
                {NULL, NULL, "{\"done\":false,\"at\":null,\"n\":1}"},
                {"done", NULL, "{\"done\":true,\"at\":null,\"n\":1}"},
                {"done", "at", "{\"done\":true,\"at\":\"2026-01-17T09:30:00.000001+00:00\",\"n\":1}"},
        };
        static const char before[] = "{\"done\": false, \"at\": null, \"n\": 1}";
        struct fixture *fixture = *state;
        struct bp_problem problem;
        struct bp_value outputs, woken;

        assert_int_equal(bp_json_parse(fixture->arena, before, strlen(before), NULL, &outputs, &problem), 0);
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                const struct bp_action_meta meta = {.woken = cases[i].woken, .woken_at = cases[i].woken_at};
                struct bp_strbuf text;

                assert_int_equal(bp_outputs_at_wake(&meta, &outputs, (struct bp_wall){INT64_C(1768642200000001)},
                                                    fixture->arena, &woken),
                                 0);
                bp_strbuf_init(&text, fixture->arena, SIZE_MAX);
                bp_json_write(&text, &woken);
                assert_string_equal(bp_strbuf_text(&text), cases[i].expected);
        }
}

static void texts_are_utf8_and_bounded(void **state) {
        struct fixture *fixture = *state;
        struct bp_action action = sound_action("probe");
        char *longest = bp_arena_alloc(fixture->arena, 65537 + 1);

        memset(longest, 'x', 65537);
        action.name = "\xc3\x28";
        action.description = longest;
        action.docs_url = "\xf0\x9f";
        action.required_services = BP_STRINGS("budapp", "\xff");
        ASSERT_FINDINGS(fixture, &action, "/name", "/description", "/docsUrl", "/requiredServices");
}

static void another_abi_is_refused_with_both_sides_and_what_to_do(void **state) {
        struct fixture *fixture = *state;
        struct bp_action action = sound_action("probe");
        const struct bp_action_origin origin = {.publisher = "acme", .source = "/plugins/acme.so"};

        action.abi_version = 2;
        action.type = NULL;
        assert_int_equal(bp_registry_draft_add(fixture->draft, &action, &origin, &fixture->problems), BP_PROBLEM);
        assert_int_equal(fixture->problems.count, 1);
        assert_string_equal(fixture->problems.items[0]->code, "ACTION_ABI");
        assert_string_equal(fixture->problems.items[0]->message,
                            "/plugins/acme.so is built for ABI 2, this program speaks ABI 1: rebuild it with this "
                            "program's header (pkg-config budpipeline), or use a program that speaks ABI 2");
}

static void sizes_and_counts_that_make_no_sense_are_refused(void **state) {
        struct fixture *fixture = *state;
        struct bp_action action = with_params(&named, 1);

        action.struct_size = 24;
        assert_int_equal(add(fixture, &action), BP_PROBLEM);
        assert_string_equal(fixture->problems.items[0]->code, "ACTION_ABI");
        action.struct_size = sizeof(action);
        action.param_size = 4;
        assert_int_equal(add(fixture, &action), BP_PROBLEM);
        action.param_size = sizeof(named);
        action.n_params = 1001;
        assert_int_equal(add(fixture, &action), BP_PROBLEM);
        action.params = NULL;
        action.n_params = 1;
        assert_int_equal(add(fixture, &action), BP_PROBLEM);
        assert_int_equal(fixture->problems.count, 4);
}

/* What an older header had: fewer members in the action, smaller elements. */
static void an_older_action_loads_and_what_it_lacks_is_zero(void **state) {
        struct old_param {
                const char *name, *label;
                uint32_t type, required;
        };
        static const struct old_param params[] = {{"a", "A", BP_PARAM_STRING, 1}, {"b", "B", BP_PARAM_NUMBER, 0}};
        struct fixture *fixture = *state;
        struct bp_action action = sound_action("old");
        const struct bp_registry_snapshot *snapshot;
        const struct bp_action_entry *entry;

        action.struct_size = offsetof(struct bp_action, execute) + sizeof(action.execute);
        action.params = (const struct bp_param_definition *)(const void *)params;
        action.param_size = sizeof(params[0]);
        action.n_params = 2;
        action.effect_of = (uint32_t(*)(struct bp_action_context *))(uintptr_t)1; /* beyond the old struct: garbage */
        assert_int_equal(add(fixture, &action), 0);
        snapshot = publish(fixture);
        entry = bp_registry_find(snapshot, "old");
        assert_string_equal(bp_action_entry_meta(entry)->params[1].name, "b");
        assert_int_equal(bp_action_entry_meta(entry)->params[1].type, BP_PARAM_NUMBER);
        assert_true(bp_action_entry_meta(entry)->params[0].required);
        assert_null(bp_action_entry_meta(entry)->params[0].alias);
        assert_null(bp_action_entry_executor(entry)->effect_of);
        assert_ptr_equal(bp_action_entry_executor(entry)->execute, execute_nothing);
        bp_registry_release(snapshot);
}

/* What a newer header may have: more members everywhere. */
static void a_newer_action_loads_and_what_it_has_more_is_passed_over(void **state) {
        struct new_param {
                struct bp_param_definition known;
                const char *more[3];
        };
        struct new_action {
                struct bp_action known;
                void *more[5];
        };
        static const struct new_param params[] = {
                {.known = {.name = "a", .label = "A", .type = BP_PARAM_STRING, .alias = "old_a"}, .more = {"x"}},
                {.known = {.name = "b", .label = "B", .type = BP_PARAM_NUMBER}}};
        struct fixture *fixture = *state;
        struct new_action action = {.known = sound_action("new")};
        const struct bp_registry_snapshot *snapshot;
        const struct bp_action_meta *meta;

        action.known.struct_size = sizeof(action);
        action.known.params = &params[0].known;
        action.known.param_size = sizeof(params[0]);
        action.known.n_params = 2;
        assert_int_equal(add(fixture, &action.known), 0);
        snapshot = publish(fixture);
        meta = bp_action_entry_meta(bp_registry_find(snapshot, "new"));
        assert_string_equal(meta->params[0].alias, "old_a");
        assert_string_equal(meta->params[1].name, "b");
        bp_registry_release(snapshot);
}

static void registration_copies_everything(void **state) {
        struct fixture *fixture = *state;
        char type[] = "copied", label[] = "Label";
        struct bp_param_definition param = {.name = type, .label = label, .type = BP_PARAM_STRING};
        struct bp_action action = with_params(&param, 1);
        const struct bp_registry_snapshot *snapshot;

        action.type = type;
        assert_int_equal(add(fixture, &action), 0);
        memset(type, 'x', 6);
        memset(label, 'x', 5);
        snapshot = publish(fixture);
        assert_string_equal(bp_action_entry_meta(bp_registry_find(snapshot, "copied"))->params[0].label, "Label");
        bp_registry_release(snapshot);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(an_action_with_the_mandatory_members_is_registered_with_the_defaults),
                TEST(an_action_that_may_run_once_only_is_not_idempotent_unless_it_says_so),
                TEST(a_type_consists_of_letters_digits_and_underscores),
                TEST(an_empty_action_gets_all_findings_in_the_order_of_the_reference),
                TEST(everything_wrong_with_the_parameters_is_found_at_once),
                TEST(outputs_have_a_name_of_their_own_and_a_type),
                TEST(examples_must_be_valid_for_the_action),
                TEST(the_executor_must_fit_the_metadata),
                TEST(numbers_of_the_policy_and_the_modes_are_checked),
                TEST(routes_names_a_parameter_of_branches),
                TEST(outputs_without_a_name_are_found_beside_what_names_one),
                TEST(woken_names_an_output),
                TEST(a_sleep_that_is_over_is_said_in_the_outputs),
                TEST(texts_are_utf8_and_bounded),
                TEST(another_abi_is_refused_with_both_sides_and_what_to_do),
                TEST(sizes_and_counts_that_make_no_sense_are_refused),
                TEST(an_older_action_loads_and_what_it_lacks_is_zero),
                TEST(a_newer_action_loads_and_what_it_has_more_is_passed_over),
                TEST(registration_copies_everything),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
