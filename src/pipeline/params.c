/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters of steps against what their actions say of themselves, as far as it can be known before a run. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/value.h"
#include "pipeline/loader.h"
#include "registry/registry.h"
#include "template/template.h"

/* The name a pointer begins with, without its escapes. */
static const char *first_token(const char *pointer, char token[static BP_PATH_TEXT_SIZE]) {
        size_t used = 0;

        for (pointer += *pointer == '/'; *pointer && *pointer != '/'; pointer++) {
                if (*pointer == '~' && (pointer[1] == '0' || pointer[1] == '1'))
                        token[used++] = *++pointer == '0' ? '~' : '/';
                else
                        token[used++] = *pointer;
        }
        token[used] = '\0';
        return token;
}

/* The texts of the original's pipeline validation, which name the step. A name too many harms nobody: a warning. */
static int report_finding(struct bp_loader *loader, const struct bp_step_definition *step, const struct bp_path *path,
                          const struct bp_problem *finding) {
        bool is_error = strcmp(finding->code, "PARAM_UNKNOWN") != 0;
        struct bp_problem problem;
        char name[BP_PATH_TEXT_SIZE];

        if (strcmp(finding->code, "PARAM_REQUIRED") == 0)
                bp_problem_set(&problem, finding->code, "Step '%s': Required parameter '%s' is missing or empty",
                               step->id, first_token(finding->pointer, name));
        else
                bp_problem_set(&problem, finding->code, "Step '%s': %s", step->id, finding->message);
        memcpy(problem.pointer, finding->pointer, sizeof(problem.pointer));
        return bp_findings_add(&loader->findings, is_error, path, &problem);
}

static int report_findings(struct bp_loader *loader, const struct bp_step_definition *step, const struct bp_path *path,
                           const struct bp_problem_list *findings) {
        for (size_t i = 0; i < findings->count; i++) {
                int r = report_finding(loader, step, path, findings->items[i]);

                if (r < 0)
                        return r;
        }
        return 0;
}

static bool has_errors(const struct bp_problem_list *findings) {
        for (size_t i = 0; i < findings->count; i++)
                if (strcmp(findings->items[i]->code, "PARAM_UNKNOWN") != 0)
                        return true;
        return false;
}

/* An action's own check comes last: it may rely on what the metadata demands, and would only repeat it. */
static bool is_for_action(const struct bp_loader *loader, const struct bp_step_definition *step,
                          const struct bp_problem_list *findings) {
        return loader->options->check_action && step->params_tree && bp_template_tree_is_constant(step->params_tree) &&
               !has_errors(findings);
}

static int check_step(struct bp_loader *loader, const struct bp_step_definition *step, struct bp_arena *scratch) {
        static const struct bp_params_check how = {.templates = true, .unknown_names = true};
        const struct bp_path steps = {.key = "steps"}, at = {.parent = &steps, .index = step->index};
        const struct bp_path path = {.parent = &at, .key = "params"};
        struct bp_problem_list findings = {.arena = scratch};
        int r = bp_params_check(bp_action_entry_meta(step->entry), &step->params, &how, &findings);

        if (r < 0)
                return r;
        if (is_for_action(loader, step, &findings))
                r = loader->options->check_action(loader->options->userdata, step->entry, &step->params, &findings);
        return r < 0 ? r : report_findings(loader, step, &path, &findings);
}

int bp_loader_check_params(struct bp_loader *loader) {
        _cleanup_(bp_arena_freep) struct bp_arena *scratch = bp_arena_new(loader->limits.arena_bytes);

        if (!scratch)
                return -ENOMEM;
        for (uint32_t i = 0; i < loader->definition->n_steps; i++) {
                const struct bp_step_definition *step = &loader->steps[i];
                int r = step->entry ? check_step(loader, step, scratch) : 0;

                if (r < 0)
                        return r;
                bp_arena_reset(scratch);
        }
        return 0;
}
