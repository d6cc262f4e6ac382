/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chain of ten pure steps through the core: from a new execution to its end. Each step resolves a template that reads
 * the step before it and calls the action set_output through the host. No threads, no store.
 */
#include <budpipeline/action.h>

#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "engine/engine.h"
#include "host/host.h"
#include "pipeline/definition.h"
#include "registry/registry.h"

#include "measure.h"

enum { STEPS = 10 };

extern const struct bp_action *const bp_builtin_actions[];

struct chain {
        const struct bp_definition *definition;
        struct bp_batch batch;
        struct bp_value params;
};

static struct bp_registry *built_in_registry(void) {
        struct bp_registry *registry = bp_registry_new();
        struct bp_registry_draft *draft = registry ? bp_registry_draft_new(registry, true) : NULL;
        struct bp_problem_list problems = {.arena = bp_arena_new(BP_ARENA_UNLIMITED)};

        measure_demand(draft != NULL, "no memory");
        for (size_t i = 0; bp_builtin_actions[i]; i++)
                measure_demand(bp_registry_draft_add(draft, bp_builtin_actions[i], NULL, &problems) == 0,
                               "a built-in action was refused");
        measure_demand(bp_registry_publish(registry, draft) == 0, "no memory");
        bp_arena_free(problems.arena);
        return registry;
}

static const struct bp_definition *chain_definition(const struct bp_registry_snapshot *registry) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_problem_list errors = {.arena = arena}, warnings = {.arena = arena};
        struct bp_definition_report report = {.errors = &errors, .warnings = &warnings};
        struct bp_definition_options options = {.registry = registry};
        const struct bp_definition *definition = NULL;
        struct bp_strbuf text;

        bp_strbuf_init(&text, arena, SIZE_MAX / 2);
        bp_strbuf_add_text(&text, "{\"name\": \"chain\", \"steps\": [{\"id\": \"s0\", \"name\": \"0\", \"action\": "
                                  "\"set_output\", \"params\": {\"outputs\": {\"n\": 0}}}");
        for (int i = 1; i < STEPS; i++)
                bp_strbuf_printf(&text,
                                 ", {\"id\": \"s%d\", \"name\": \"%d\", \"action\": \"set_output\", \"depends_on\": "
                                 "[\"s%d\"], \"params\": {\"outputs\": {\"n\": \"{{ steps.s%d.outputs.n + 1 }}\"}}}",
                                 i, i, i - 1, i - 1);
        bp_strbuf_add_text(&text, "]}");
        measure_demand(bp_definition_read(bp_strbuf_text(&text), text.size, BP_FORMAT_JSON, &options, &report,
                                          &definition) == 0,
                       "the definition was refused");
        bp_arena_free(arena);
        return definition;
}

static void handle(struct bp_execution *execution, struct bp_batch *batch, const struct bp_input *input) {
        measure_demand(bp_execution_handle(execution, input, batch) == 0, "an input was refused");
}

/* Runs the attempt that the effect asks for and gives its result back. */
static void run(struct chain *chain, struct bp_execution *execution, const struct bp_effect_item *effect,
                struct bp_batch *batch) {
        const struct bp_step_definition *step = &chain->definition->steps[effect->step];
        struct bp_call_result called;
        struct bp_call call = {.entry = step->entry,
                               .arena = effect->arena,
                               .step_id = step->id,
                               .execution_id = "",
                               .params = &effect->params,
                               .workflow_params = &chain->params,
                               .step_outputs = &effect->step_outputs,
                               .services = &(const struct bp_host_services){0}};
        struct bp_attempt_result result = {.outcome = BP_ATTEMPT_COMPLETED, .outputs = &called.outputs};
        struct bp_input ended = {.type = BP_INPUT_ATTEMPT_ENDED,
                                 .now = {1},
                                 .step = effect->step,
                                 .attempt = effect->attempt,
                                 .result = &result};

        measure_demand(bp_call_execute(&call, &called) == 0 && called.outcome == BP_COMPLETED, "an action failed");
        handle(execution, batch, &ended);
}

static void run_chain(void *data) {
        struct chain *chain = data;
        struct bp_execution_start start = {.definition = chain->definition, .params = &chain->params};
        struct bp_execution *execution;
        const struct bp_value *last;
        struct bp_value outputs;

        measure_demand(bp_execution_new(&start, NULL, &execution) == 0, "no memory");
        bp_batch_clear(&chain->batch);
        handle(execution, &chain->batch, &(struct bp_input){.type = BP_INPUT_START, .now = {1}});
        for (size_t i = 0; i < chain->batch.n_effects; i++) {
                struct bp_effect_item effect = chain->batch.effects[i];

                if (effect.type != BP_EFFECT_RUN)
                        continue;
                chain->batch.effects[i].arena = NULL;
                run(chain, execution, &effect, &chain->batch);
                bp_arena_free(effect.arena);
        }
        measure_demand(bp_execution_view(execution).state == BP_EXECUTION_COMPLETED, "the chain did not complete");
        outputs = bp_execution_step(execution, STEPS - 1).outputs;
        last = bp_value_get(&outputs, "n");
        measure_demand(last && last->as.integer == STEPS - 1, "the chain came to something else");
        bp_execution_free(execution);
}

int main(void) {
        struct bp_registry *registry = built_in_registry();
        const struct bp_registry_snapshot *snapshot = bp_registry_acquire(registry);
        struct chain chain = {.definition = chain_definition(snapshot), .params = bp_value_empty_object};

        measure_demand(bp_batch_init(&chain.batch) == 0, "no memory");
        measure("chain", run_chain, &chain, 20);
        bp_batch_done(&chain.batch);
        bp_definition_unref(chain.definition);
        bp_registry_release(snapshot);
        bp_registry_free(registry);
        return EXIT_SUCCESS;
}
