/* SPDX-License-Identifier: Apache-2.0 */
/* The graph: ids, dependencies, cycles, levels, start order, and how it is written. */
#include "fixture.h"

#include "pipeline/graph.h"

#define STEP(id, depends_on) "{\"id\":\"" id "\",\"name\":\"N\",\"action\":\"note\",\"depends_on\":[" depends_on "]}"
#define PIPELINE(steps) "{\"name\":\"p\",\"steps\":[" steps "]}"

static void what_is_wrong_with_a_graph_is_named(void **state) {
        static const struct {
                const char *steps, *errors;
        } cases[] = {
                {STEP("a", "\"c\"") "," STEP("b", "\"a\"") "," STEP("c", "\"b\""),
                 "CYCLE /steps/0/depends_on: Cyclic dependency detected: a -> c -> b -> a"},
                {STEP("a", "") "," STEP("b", "\"zz\""), "UNKNOWN_STEP /steps/1/depends_on/0: Unknown step 'zz'"},
                {STEP("fetch", "") "," STEP("b", "\"fecth\""),
                 "UNKNOWN_STEP /steps/1/depends_on/0: Unknown step 'fecth'; did you mean 'fetch'?"},
                {STEP("a", "\"a\""), "SELF_DEPENDENCY /steps/0/depends_on/0: Step 'a' cannot depend on itself"},
                {STEP("a", "") "," STEP("a", "") "," STEP("a", ""),
                 "DUPLICATE_STEP /steps/1/id: Duplicate step ID 'a'\n"
                 "DUPLICATE_STEP /steps/2/id: Duplicate step ID 'a'"},
                {STEP("a", "\"b\"") "," STEP("b", "\"a\"") "," STEP("c", "\"d\",\"b\"") "," STEP("d", "\"c\""),
                 "CYCLE /steps/0/depends_on: Cyclic dependency detected: a -> b -> a\n"
                 "CYCLE /steps/2/depends_on: Cyclic dependency detected: c -> d -> c"},
                {STEP("x", "\"b\"") "," STEP("a", "\"b\"") "," STEP("b", "\"a\",\"zz\"") "," STEP("y", "\"y\""),
                 "UNKNOWN_STEP /steps/2/depends_on/1: Unknown step 'zz'\n"
                 "SELF_DEPENDENCY /steps/3/depends_on/0: Step 'y' cannot depend on itself\n"
                 "CYCLE /steps/2/depends_on: Cyclic dependency detected: b -> a -> b"},
                {"{\"id\":\"a\",\"name\":\"A\",\"depends_on\":[\"zz\"]},{}",
                 "SCHEMA /steps/0/action: Field required\nSCHEMA /steps/1/id: Field required\n"
                 "SCHEMA /steps/1/name: Field required\nSCHEMA /steps/1/action: Field required\n"
                 "UNKNOWN_STEP /steps/0/depends_on/0: Unknown step 'zz'"},
                {STEP("a", "") ",7," STEP("-b", "") "," STEP("c", "\"-b\",null"),
                 "SCHEMA /steps/1: Input should be a valid dictionary\n"
                 "SCHEMA /steps/2/id: Step ID must start with a letter or digit\n"
                 "SCHEMA /steps/3/depends_on/1: Input should be a valid string"},
        };
        struct fixture *fixture = *state;

        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_strbuf text;

                bp_strbuf_init(&text, fixture->arena, 1 << 20);
                bp_strbuf_printf(&text, PIPELINE("%s"), cases[i].steps);
                assert_null(load(fixture, bp_strbuf_text(&text)));
                assert_string_equal(text_of(fixture, &fixture->errors), cases[i].errors);
        }
}

static const char diamond[] = PIPELINE(
        STEP("join", "\"left\",\"right\",\"left\"") "," STEP("root", "") "," STEP("right", "\"root\"") "," STEP(
                "left", "\"root\"") "," STEP("alone", "") "," STEP("after", "\"join\",\"alone\""));

static void steps_know_whom_they_follow(void **state) {
        static const uint32_t levels[] = {2, 0, 1, 1, 0, 3}, start_order[] = {1, 4, 2, 3, 0, 5};
        struct fixture *fixture = *state;
        const struct bp_definition *definition = sound(fixture, diamond);
        const struct bp_step_definition *join = bp_definition_step(definition, "join");

        assert_int_equal(definition->n_steps, 6);
        for (uint32_t i = 0; i < 6; i++) {
                assert_int_equal(definition->steps[i].level, levels[i]);
                assert_int_equal(definition->start_order[i], start_order[i]);
        }
        assert_int_equal(join->n_depends_on, 2);
        assert_int_equal(join->depends_on[0], 2);
        assert_int_equal(join->depends_on[1], 3);
        assert_int_equal(join->n_dependents, 1);
        assert_int_equal(join->dependents[0], 5);
        assert_true(bp_step_is_after(join, 1));
        assert_false(bp_step_is_after(join, 4));
        assert_false(bp_step_is_after(join, 0));
        assert_true(bp_step_is_after(bp_definition_step(definition, "after"), 1));
        assert_null(bp_definition_step(definition, "nobody"));
        bp_definition_unref(definition);
}

static void a_chain_of_a_thousand_steps_is_ordered(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition;
        struct bp_strbuf text;

        bp_strbuf_init(&text, fixture->arena, 1 << 20);
        bp_strbuf_add_text(&text, "{\"name\":\"p\",\"steps\":[");
        for (unsigned i = 0; i < 999; i++)
                bp_strbuf_printf(&text, STEP("s%u", "\"s%u\"") ",", i, i + 1);
        bp_strbuf_add_text(&text, STEP("s999", "") "]}");
        definition = sound(fixture, bp_strbuf_text(&text));
        assert_int_equal(definition->steps[0].level, 999);
        assert_int_equal(definition->start_order[0], 999);
        for (uint32_t i = 1; i < 1000; i++)
                assert_true(bp_step_is_after(&definition->steps[0], i));
        bp_definition_unref(definition);
}

static void a_target_follows_the_step_that_routes_to_it(void **state) {
        static const char routed[] = "{\"name\":\"p\",\"steps\":[{\"id\":\"t\",\"name\":\"T\",\"action\":\"note\"},"
                                     "{\"id\":\"u\",\"name\":\"U\",\"action\":\"note\",\"depends_on\":[\"c\"]},"
                                     "{\"id\":\"c\",\"name\":\"C\",\"action\":\"route\",\"params\":{\"branches\":["
                                     "{\"id\":\"x\",\"label\":\"X\",\"condition\":\"true\",\"target_step\":\"t\"},"
                                     "{\"id\":\"y\",\"label\":\"Y\",\"condition\":\"true\",\"target_step\":\"u\"},"
                                     "{\"id\":\"z\",\"label\":\"Z\",\"condition\":\"true\",\"target_step\":null}]}}]}";
        struct fixture *fixture = *state;
        const struct bp_definition *definition = sound(fixture, routed);

        assert_string_equal(text_of(fixture, &fixture->warnings),
                            "IMPLIED_DEPENDENCY /steps/0/depends_on: Step 't' is a target of 'c' and therefore runs "
                            "after it; add 'c' to its depends_on");
        assert_int_equal(definition->steps[0].n_depends_on, 1);
        assert_int_equal(definition->steps[0].depends_on[0], 2);
        assert_int_equal(definition->steps[0].level, 1);
        bp_definition_unref(definition);
}

static void a_branch_leads_to_a_step_that_exists(void **state) {
        static const char routed[] = "{\"name\":\"p\",\"steps\":[{\"id\":\"c\",\"name\":\"C\",\"action\":\"route\","
                                     "\"params\":{\"branches\":["
                                     "{\"id\":\"x\",\"label\":\"X\",\"condition\":\"true\",\"target_step\":\"gone\"},"
                                     "{\"id\":\"y\",\"label\":\"Y\",\"condition\":\"true\",\"target_step\":\"c\"}]}}]}";
        struct fixture *fixture = *state;

        assert_null(load(fixture, routed));
        assert_string_equal(text_of(fixture, &fixture->errors),
                            "UNKNOWN_STEP /steps/0/params/branches/0/target_step: Unknown step 'gone'\n"
                            "SELF_DEPENDENCY /steps/0/params/branches/1/target_step: Step 'c' cannot depend on itself");
}

static void an_order_is_written_for_programs(void **state) {
        static const char expected[] = "\"batches\":[[\"a\",\"a\\\"\"],[\"b\"]],\"roots\":[\"a\",\"a\\\"\"],"
                                       "\"leaves\":[\"b\"],\"levels\":{\"b\":1,\"a\":0,\"a\\\"\":0},"
                                       "\"transitive_deps\":{\"b\":[\"a\",\"a\\\"\"],\"a\":[],\"a\\\"\":[]}";
        struct fixture *fixture = *state;
        const struct bp_definition *definition =
                sound(fixture, PIPELINE(STEP("b", "\"a\\\"\",\"a\"") "," STEP("a", "") "," STEP("a\\\"", "")));
        struct bp_strbuf order, batches;

        bp_strbuf_init(&order, fixture->arena, 1 << 20);
        bp_definition_write_order(&order, definition);
        assert_string_equal(bp_strbuf_text(&order), expected);
        bp_strbuf_init(&batches, fixture->arena, 1 << 20);
        bp_definition_write_batches(&batches, definition);
        assert_string_equal(bp_strbuf_text(&batches), "[[\"a\",\"a\\\"\"],[\"b\"]]");
        bp_definition_unref(definition);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(what_is_wrong_with_a_graph_is_named, set_up, tear_down),
                cmocka_unit_test_setup_teardown(steps_know_whom_they_follow, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_chain_of_a_thousand_steps_is_ordered, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_target_follows_the_step_that_routes_to_it, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_branch_leads_to_a_step_that_exists, set_up, tear_down),
                cmocka_unit_test_setup_teardown(an_order_is_written_for_programs, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
