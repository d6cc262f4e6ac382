/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine without memory: every request of every input fails once, and each time nothing may have changed. In the
 * end the records must be those of an execution that never wanted for memory.
 */
#include "random_run.h"
#include "torture.h"

enum { PIPELINES = 150 };

static void an_input_is_handled_wholly_or_not_at_all(void **state) {
        struct bp_registry *registry = test_registry_new();

        (void)state;
        for (uint64_t seed = 1; seed <= PIPELINES; seed++)
                if (run_random(registry, seed, true) != run_random(registry, seed, false))
                        fail_msg("seed %llu: want of memory led to other records", (unsigned long long)seed);
        bp_registry_free(registry);
}

static int make_execution(const void *data) {
        struct bp_value params = bp_value_true, outputs = bp_value_empty_object;
        const struct bp_value *reused[] = {&outputs, NULL};
        struct bp_execution_start start = {.definition = data,
                                           .params = &params,
                                           .principal = "somebody",
                                           .origin = "somewhere",
                                           .reused_outputs = reused};
        struct bp_execution *execution;
        int r = bp_execution_new(&start, NULL, &execution);

        if (r == 0)
                bp_execution_free(execution);
        return r;
}

static void an_execution_is_made_wholly_or_not_at_all(void **state) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_registry *registry = test_registry_new();
        struct bp_value document = parse(arena, "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'calc'},"
                                                " {'id': 'b', 'name': 'B', 'action': 'calc'}]}");
        const struct bp_definition *definition = definition_load(registry, &document);

        (void)state;
        assert_int_equal(torture(make_execution, definition), 0);
        bp_definition_unref(definition);
        bp_registry_free(registry);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_input_is_handled_wholly_or_not_at_all),
                cmocka_unit_test(an_execution_is_made_wholly_or_not_at_all),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
