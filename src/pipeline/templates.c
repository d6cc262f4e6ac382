/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles what a definition says in the expression language: parameters of steps, conditions, outputs. */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/value.h"
#include "pipeline/loader.h"
#include "registry/registry.h"
#include "template/template.h"

/* Tells where in the text the problem is: the problem's own line and column will be those of the text itself. */
static int report_problem(struct bp_loader *loader, const struct bp_path *path, const struct bp_problem *problem) {
        if (!problem->line)
                return bp_findings_error(&loader->findings, problem->code, path, "%s", problem->message);
        return bp_findings_error(&loader->findings, problem->code, path, "%s (line %u, column %u of the text)",
                                 problem->message, problem->line, problem->column);
}

/* Parameters that an action declares as raw reach it as they were written. */
static bool is_raw(void *userdata, const char *key) {
        const struct bp_step_definition *step = userdata;
        const struct bp_param_meta *meta =
                step->entry ? bp_action_meta_param(bp_action_entry_meta(step->entry), key) : NULL;

        return meta && meta->raw;
}

/* ---- all broken texts of a tree of which one is known to be broken ---- */

struct search {
        struct bp_loader *loader;
        struct bp_step_definition *step;
        struct bp_arena *scratch;
};

static int search_value(const struct search *search, const struct bp_value *value, const struct bp_path *path);

static int search_text(const struct search *search, const struct bp_value *value, const struct bp_path *path) {
        const struct bp_template *template;
        struct bp_problem problem;
        int r = bp_template_compile(search->scratch, value->as.text, value->count, search->loader->limits.templates,
                                    &template, &problem);

        bp_arena_reset(search->scratch);
        return r == BP_PROBLEM ? report_problem(search->loader, path, &problem) : r;
}

static int search_children(const struct search *search, const struct bp_value *value, const struct bp_path *path) {
        for (uint32_t i = 0; i < value->count; i++) {
                bool is_list = value->type == BP_LIST;
                const struct bp_path at = {
                        .parent = path, .key = is_list ? NULL : value->as.members[i].key, .index = i};
                int r = search_value(search, is_list ? &value->as.items[i] : &value->as.members[i].value, &at);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int search_value(const struct search *search, const struct bp_value *value, const struct bp_path *path) {
        switch (value->type) {
        case BP_STRING:
                return search_text(search, value, path);
        case BP_LIST:
        case BP_OBJECT:
                return search_children(search, value, path);
        default:
                return 0;
        }
}

static int report_broken_texts(struct bp_loader *loader, struct bp_step_definition *step, const struct bp_path *path) {
        _cleanup_(bp_arena_freep) struct bp_arena *scratch = bp_arena_new(loader->limits.arena_bytes);
        const struct search search = {.loader = loader, .step = step, .scratch = scratch};

        if (!scratch)
                return -ENOMEM;
        for (uint32_t i = 0; i < step->params.count; i++) {
                const struct bp_member *member = &step->params.as.members[i];
                const struct bp_path at = {.parent = path, .key = member->key};
                int r = is_raw(step, member->key) ? 0 : search_value(&search, &member->value, &at);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- steps and outputs ---- */

static int compile_params(struct bp_loader *loader, struct bp_step_definition *step, const struct bp_path *at) {
        const struct bp_path path = {.parent = at, .key = "params"};
        size_t before = loader->findings.n_errors;
        struct bp_problem problem;
        int r = bp_template_tree_compile(loader->arena, &step->params, loader->limits.templates, is_raw, step,
                                         &step->params_tree, &problem);

        if (r != BP_PROBLEM)
                return r;
        r = report_broken_texts(loader, step, &path);
        if (r < 0 || loader->findings.n_errors > before)
                return r;
        return bp_findings_add(&loader->findings, true, &path, &problem);
}

static int compile_condition(struct bp_loader *loader, struct bp_step_definition *step, const struct bp_path *at) {
        const struct bp_path path = {.parent = at, .key = "condition"};
        struct bp_problem problem;
        int r;

        if (!step->condition_text)
                return 0;
        r = bp_condition_compile(loader->arena, step->condition_text, strlen(step->condition_text),
                                 loader->limits.templates, &step->condition, &problem);
        return r == BP_PROBLEM ? report_problem(loader, &path, &problem) : r;
}

static int compile_step(struct bp_loader *loader, struct bp_step_definition *step) {
        const struct bp_path steps = {.key = "steps"}, at = {.parent = &steps, .index = step->index};
        int r = compile_params(loader, step, &at);

        return r < 0 ? r : compile_condition(loader, step, &at);
}

static int compile_output(struct bp_loader *loader, struct bp_output_template *output) {
        const struct bp_path outputs = {.key = "outputs"}, path = {.parent = &outputs, .key = output->name};
        struct bp_problem problem;
        int r = bp_template_compile(loader->arena, output->text, strlen(output->text), loader->limits.templates,
                                    &output->template, &problem);

        return r == BP_PROBLEM ? report_problem(loader, &path, &problem) : r;
}

int bp_loader_compile(struct bp_loader *loader) {
        for (uint32_t i = 0; i < loader->definition->n_steps; i++) {
                int r = compile_step(loader, &loader->steps[i]);

                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < loader->definition->n_outputs; i++) {
                int r = compile_output(loader, &loader->outputs[i]);

                if (r < 0)
                        return r;
        }
        return 0;
}
