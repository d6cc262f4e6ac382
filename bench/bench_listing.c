/* SPDX-License-Identifier: Apache-2.0 */
/* The listing of 10,000 actions, each with four parameters, two outputs and an example, as GET /actions answers it. */
#include <budpipeline/action.h>

#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "registry/registry.h"

#include "measure.h"

enum { ACTIONS = 10000 };

static int execute(struct bp_action_context *context) {
        return bp_complete(context);
}

/* clang-format off */
BP_ACTION(bench_listed,
        .name = "Listed", .category = "Measuring", .version = "1.0.0", .effect = BP_PURE,
        .description = "Stands for an action of the usual size, ten thousand times over.",
        BP_PARAMS(
                {.name = "message", .label = "Message", .type = BP_PARAM_TEMPLATE, .required = 1,
                 .description = "What is said, as a template", .placeholder = "Hello {{ params.name }}"},
                {.name = "level", .label = "Level", .type = BP_PARAM_SELECT, .default_json = "\"info\"",
                 BP_OPTIONS({"debug", "Debug"}, {"info", "Info"}, {"warning", "Warning"}, {"error", "Error"})},
                {.name = "count", .label = "Count", .type = BP_PARAM_NUMBER, .default_json = "1", BP_BETWEEN(1, 100)},
                {.name = "extra", .label = "Extra", .type = BP_PARAM_JSON, .default_json = "{}"}),
        BP_OUTPUTS({"said", "string", "what was said"}, {"times", "number", "how often"}),
        BP_EXAMPLES({"Greeting", "{\"message\": \"hello\", \"level\": \"info\"}", "says hello once"}),
        .execute = execute);
/* clang-format on */

static struct bp_registry *registry_of(size_t count) {
        struct bp_registry *registry = bp_registry_new();
        struct bp_registry_draft *draft;

        measure_demand(registry != NULL, "no memory");
        draft = bp_registry_draft_new(registry, true);
        measure_demand(draft != NULL, "no memory");
        for (size_t i = 0; i < count; i++) {
                struct bp_problem_list problems = {.arena = bp_arena_new(BP_ARENA_UNLIMITED)};
                struct bp_action action = bp_action_bench_listed;
                char type[32];

                snprintf(type, sizeof(type), "listed_%zu", i);
                action.type = type;
                measure_demand(bp_registry_draft_add(draft, &action, NULL, &problems) == 0, "an action was refused");
                bp_arena_free(problems.arena);
        }
        measure_demand(bp_registry_publish(registry, draft) == 0, "no memory");
        return registry;
}

static void list(void *data) {
        const struct bp_registry_snapshot *snapshot = bp_registry_acquire(data);
        const char *text;
        size_t size;

        measure_demand(bp_registry_answer(snapshot, &text, &size) == 0, "no memory");
        measure_demand(size > ACTIONS && text[size - 1] == '}', "the listing is not whole");
        bp_registry_release(snapshot);
}

/* What the first listing after a change of the registry costs. */
static void change_and_list(void *data) {
        struct bp_registry_draft *draft = bp_registry_draft_new(data, false);

        measure_demand(draft && bp_registry_publish(data, draft) == 0, "no memory");
        list(data);
}

int main(int argc, char **argv) {
        struct bp_registry *registry = registry_of(ACTIONS);

        if (argc > 1 && strcmp(argv[1], "first") == 0)
                measure("first", change_and_list, registry, 1);
        else
                measure("listing", list, registry, 100);
        bp_registry_free(registry);
        return EXIT_SUCCESS;
}
