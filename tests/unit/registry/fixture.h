/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the registry share: a registry with an arena for problems, and one sound action. */
#ifndef TEST_REGISTRY_FIXTURE_H
#define TEST_REGISTRY_FIXTURE_H

#include "unit.h"

#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "registry/registry.h"

struct fixture {
        struct bp_arena *arena;
        struct bp_registry *registry;
        struct bp_registry_draft *draft;
        struct bp_problem_list problems;
};

static inline int execute_nothing(struct bp_action_context *context) {
        return bp_complete(context);
}

/* Smallest sound action; tests spoil a copy of it. */
static inline struct bp_action sound_action(const char *type) {
        return (struct bp_action){.struct_size = sizeof(struct bp_action),
                                  .abi_version = BP_ABI_VERSION,
                                  .type = type,
                                  .name = "Name",
                                  .category = "Category",
                                  .description = "Does nothing.",
                                  .effect = BP_PURE,
                                  .execute = execute_nothing};
}

static inline int set_up(void **state) {
        struct fixture *fixture = test_calloc(1, sizeof(*fixture));

        fixture->arena = bp_arena_new(BP_ARENA_UNLIMITED);
        fixture->registry = bp_registry_new();
        fixture->draft = bp_registry_draft_new(fixture->registry, false);
        fixture->problems.arena = fixture->arena;
        *state = fixture;
        return fixture->arena && fixture->registry && fixture->draft ? 0 : -1;
}

static inline int tear_down(void **state) {
        struct fixture *fixture = *state;

        bp_registry_draft_free(fixture->draft);
        bp_registry_free(fixture->registry);
        bp_arena_free(fixture->arena);
        test_free(fixture);
        return 0;
}

static inline int add(struct fixture *fixture, const struct bp_action *action) {
        return bp_registry_draft_add(fixture->draft, action, NULL, &fixture->problems);
}

/* Publishes the draft and begins the next. */
static inline const struct bp_registry_snapshot *publish(struct fixture *fixture) {
        assert_int_equal(bp_registry_publish(fixture->registry, fixture->draft), 0);
        fixture->draft = bp_registry_draft_new(fixture->registry, false);
        assert_non_null(fixture->draft);
        return bp_registry_acquire(fixture->registry);
}

static inline struct bp_value parse(struct fixture *fixture, const char *json) {
        struct bp_value value;
        struct bp_problem problem;

        if (bp_json_parse(fixture->arena, json, strlen(json), NULL, &value, &problem) != 0)
                fail_msg("%s: %s", problem.message, json);
        return value;
}

static inline void assert_json_equal(struct fixture *fixture, const struct bp_strbuf *got, const char *expected) {
        struct bp_value got_value = parse(fixture, bp_strbuf_text(got)), expected_value = parse(fixture, expected);

        if (!bp_value_equal(&got_value, &expected_value))
                fail_msg("got      %s\nexpected %s", bp_strbuf_text(got), expected);
}

#endif
