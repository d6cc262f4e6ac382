/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of definitions share: a registry of a few actions, and loading with the problems as text. */
#ifndef TEST_PIPELINE_FIXTURE_H
#define TEST_PIPELINE_FIXTURE_H

#include "unit.h"

#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "pipeline/definition.h"
#include "registry/registry.h"

static inline int execute_nothing(struct bp_action_context *context) {
        return bp_complete(context);
}

/* clang-format off */
BP_ACTION(note,
        .name = "Note", .category = "Test", .description = "Says something.", .effect = BP_PURE,
        .execute = execute_nothing,
        BP_PARAMS({.name = "message", .label = "Message", .type = BP_PARAM_TEMPLATE},
                  {.name = "level", .label = "Level", .type = BP_PARAM_SELECT,
                   BP_OPTIONS({"info", "Info"}, {"error", "Error"})}),
        BP_OUTPUTS({"logged", "boolean", NULL}, {"message", "string", NULL}));

BP_ACTION(fetch,
        .name = "Fetch", .category = "Test", .description = "Fetches.", .effect = BP_IDEMPOTENT,
        .execute = execute_nothing,
        BP_PARAMS({.name = "url", .label = "URL", .type = BP_PARAM_STRING, .required = 1},
                  {.name = "timeout_seconds", .label = "Timeout", .type = BP_PARAM_NUMBER, BP_BETWEEN(1, 300)}),
        BP_OUTPUTS({"status_code", "number", NULL}, {"body", "any", NULL}));

BP_ACTION(route,
        .name = "Route", .category = "Test", .description = "Chooses.", .effect = BP_PURE,
        .execute = execute_nothing, .routes = "branches",
        BP_PARAMS({.name = "branches", .label = "Branches", .type = BP_PARAM_BRANCHES, .flags = BP_PARAM_RAW}));

BP_ACTION(anything,
        .name = "Anything", .category = "Test", .description = "Gives anything.", .effect = BP_PURE,
        .execute = execute_nothing, .deprecated = "use note",
        BP_OUTPUTS({"*", "any", NULL}));
/* clang-format on */

struct fixture {
        struct bp_arena *arena;
        struct bp_registry *registry;
        const struct bp_registry_snapshot *snapshot;
        struct bp_problem_list errors, warnings;
};

static inline int set_up(void **state) {
        static const struct bp_action *const actions[] = {&bp_action_note, &bp_action_fetch, &bp_action_route,
                                                          &bp_action_anything};
        struct fixture *fixture = test_calloc(1, sizeof(*fixture));
        struct bp_registry_draft *draft;
        struct bp_problem_list problems;

        fixture->arena = bp_arena_new(BP_ARENA_UNLIMITED);
        fixture->registry = bp_registry_new();
        draft = bp_registry_draft_new(fixture->registry, true);
        problems = (struct bp_problem_list){.arena = fixture->arena};
        for (size_t i = 0; i < BP_COUNT(actions); i++)
                if (bp_registry_draft_add(draft, actions[i], NULL, &problems))
                        fail_msg("%s", problems.items[0]->message);
        assert_int_equal(bp_registry_publish(fixture->registry, draft), 0);
        fixture->snapshot = bp_registry_acquire(fixture->registry);
        *state = fixture;
        return 0;
}

static inline int tear_down(void **state) {
        struct fixture *fixture = *state;

        bp_registry_release(fixture->snapshot);
        bp_registry_free(fixture->registry);
        bp_arena_free(fixture->arena);
        test_free(fixture);
        return 0;
}

/* "CODE pointer: message" of each problem, one a line. */
static inline const char *text_of(const struct fixture *fixture, const struct bp_problem_list *problems) {
        struct bp_strbuf text;

        bp_strbuf_init(&text, fixture->arena, 1 << 20);
        for (size_t i = 0; i < problems->count; i++)
                bp_strbuf_printf(&text, "%s%s %s: %s", i ? "\n" : "", problems->items[i]->code,
                                 problems->items[i]->pointer, problems->items[i]->message);
        return bp_strbuf_text(&text);
}

static inline struct bp_value json(const struct fixture *fixture, const char *text) {
        struct bp_problem problem;
        struct bp_value value;

        if (bp_json_parse(fixture->arena, text, strlen(text), NULL, &value, &problem))
                fail_msg("%s: %s", text, problem.message);
        return value;
}

/* @return the definition, or NULL with its errors in the fixture */
static inline const struct bp_definition *load_with(struct fixture *fixture, const char *text,
                                                    const struct bp_definition_options *options) {
        struct bp_value document = json(fixture, text);
        const struct bp_definition_report report = {.errors = &fixture->errors, .warnings = &fixture->warnings};
        const struct bp_definition *definition = NULL;
        int r;

        fixture->errors = (struct bp_problem_list){.arena = fixture->arena};
        fixture->warnings = (struct bp_problem_list){.arena = fixture->arena};
        r = bp_definition_load(&document, options, &report, &definition);
        assert_int_equal(r, fixture->errors.count ? BP_PROBLEM : 0);
        assert_int_equal(definition == NULL, fixture->errors.count > 0);
        return definition;
}

static inline const struct bp_definition *load(struct fixture *fixture, const char *text) {
        const struct bp_definition_options options = {.registry = fixture->snapshot};

        return load_with(fixture, text, &options);
}

/* Loads what must be sound. */
static inline const struct bp_definition *sound(struct fixture *fixture, const char *text) {
        const struct bp_definition *definition = load(fixture, text);

        if (!definition)
                fail_msg("%s", text_of(fixture, &fixture->errors));
        return definition;
}

#endif
