/* SPDX-License-Identifier: Apache-2.0 */
/* An execution from start to end on one thread, with every memory request of that thread failing in turn. */
#include "torture.h"

#include "world.h"

struct life {
        const struct bp_definition *definition;
        int broken;
        bool completed;
};

static void end_life(void *userdata, const struct bp_execution *execution) {
        struct life *life = userdata;

        life->completed = bp_execution_view(execution).state == BP_EXECUTION_COMPLETED;
}

static void break_life(void *userdata, const struct bp_execution *execution, int error) {
        struct life *life = userdata;

        (void)execution;
        life->broken = error;
}

static int run_to_the_end(struct bp_runtime *runtime, const struct life *life) {
        const struct bp_execution_start begin = {
                .id = bp_id_derive("life", 4), .definition = life->definition, .params = &bp_value_empty_object};
        int r = bp_runtime_start(runtime, &begin);

        return r < 0 ? r : bp_runtime_run(runtime, true);
}

/* An execution that memory fails is broken, or ends as failed; either is a way of saying so. */
static int live_once(const void *data) {
        struct life life = {.definition = data};
        const struct bp_observer observer = {.ended = end_life, .broken = break_life, .userdata = &life};
        const struct bp_runtime_settings settings = {.observer = &observer, .virtual_time = true};
        struct bp_runtime *runtime;
        int r = bp_runtime_new(&settings, &runtime);

        if (r < 0)
                return r;
        r = run_to_the_end(runtime, &life);
        bp_runtime_free(runtime);
        if (r < 0 || life.broken)
                return r < 0 ? r : life.broken;
        return life.completed ? 0 : -ENOMEM;
}

static void an_execution_says_when_memory_fails(void **state) {
        struct world *world = world_new(&(struct bp_runtime_settings){0}, NULL);
        const struct bp_definition *definition = define(
                world, "{\"name\": \"p\", \"steps\": ["
                       "{\"id\": \"s0\", \"name\": \"a\", \"action\": \"pure\", \"params\": {\"n\": \"{{ 40 + 1 }}\"}},"
                       "{\"id\": \"s1\", \"name\": \"b\", \"action\": \"sleep\", \"params\": {\"seconds\": 5},"
                       " \"depends_on\": [\"s0\"]},"
                       "{\"id\": \"s2\", \"name\": \"c\", \"action\": \"pure\", \"depends_on\": [\"s1\"]}]}");

        (void)state;
        assert_int_equal(torture(live_once, definition), 0);
        bp_definition_unref(definition);
        world_free(world);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(an_execution_says_when_memory_fails)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
