/* SPDX-License-Identifier: Apache-2.0 */
/* Actions for tests of the engine. The core never calls one: only what they say of themselves matters here. */
#ifndef TEST_ENGINE_ACTIONS_H
#define TEST_ENGINE_ACTIONS_H

#include "unit.h"

#include "base/memory.h"
#include "base/problem.h"
#include "registry/registry.h"

static inline int never_called(struct bp_action_context *context) {
        return bp_complete(context);
}

#define TEST_ACTION(type_name, ...)                                                                           \
        {                                                                                                     \
                .struct_size = sizeof(struct bp_action), .abi_version = BP_ABI_VERSION, .type = type_name,    \
                .name = "Name", .category = "Tests", .description = "Does nothing.", .execute = never_called, \
                __VA_ARGS__                                                                                   \
        }

/* clang-format off */
static const struct bp_action test_actions[] = {
        TEST_ACTION("calc", .effect = BP_PURE, .flags = BP_FLAG_INLINE),
        TEST_ACTION("work", .effect = BP_PURE),
        TEST_ACTION("read", .effect = BP_IDEMPOTENT, .cleanup = never_called),
        TEST_ACTION("bare", .effect = BP_IDEMPOTENT),
        TEST_ACTION("send", .effect = BP_ONCE, .cleanup = never_called),
        TEST_ACTION("nap", .effect = BP_IDEMPOTENT, .flags = BP_FLAG_TIMEOUT_IS_SUCCESS),
        TEST_ACTION("slow", .effect = BP_IDEMPOTENT, .timeout_seconds = 20),
        TEST_ACTION("stubborn", .effect = BP_IDEMPOTENT,
                    BP_RETRY(.max_attempts = 5, .backoff_multiplier = 1.5, .initial_interval_seconds = 3,
                             .max_interval_seconds = 6)),
        TEST_ACTION("choose", .effect = BP_PURE, .flags = BP_FLAG_INLINE, .routes = "branches",
                    BP_PARAMS({.name = "branches", .label = "Branches", .type = BP_PARAM_BRANCHES,
                               .flags = BP_PARAM_RAW})),
        TEST_ACTION("typed", .effect = BP_PURE, .flags = BP_FLAG_INLINE,
                    BP_PARAMS({.name = "n", .label = "N", .type = BP_PARAM_NUMBER, BP_BETWEEN(0, 10)})),
};
/* clang-format on */

/* A registry with these actions. */
static inline struct bp_registry *test_registry_new(void) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_registry *registry = bp_registry_new();
        struct bp_registry_draft *draft = bp_registry_draft_new(registry, true);
        struct bp_problem_list problems = {.arena = arena};

        assert_non_null(arena);
        assert_non_null(registry);
        assert_non_null(draft);
        for (size_t i = 0; i < BP_COUNT(test_actions); i++)
                if (bp_registry_draft_add(draft, &test_actions[i], NULL, &problems) != 0)
                        fail_msg("%s: %s", test_actions[i].type, problems.items[0]->message);
        assert_int_equal(bp_registry_publish(registry, draft), 0);
        return registry;
}

#endif
