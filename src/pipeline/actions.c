/* SPDX-License-Identifier: Apache-2.0 */
/* Which action each step runs. One that is not installed keeps nobody from editing: it is refused at the start. */
#include "base/similar.h"
#include "base/value.h"
#include "pipeline/loader.h"
#include "registry/registry.h"

static int warn_of_unknown(struct bp_loader *loader, const struct bp_step_definition *step,
                           const struct bp_path *path) {
        const char *nearest = bp_findings_may_hint(&loader->findings)
                                      ? bp_registry_nearest(loader->options->registry, step->action)
                                      : NULL;
        char hint[96];

        return bp_findings_warning(&loader->findings, "UNKNOWN_ACTION", path,
                                   "Step '%s': the action '%s' is not installed%s", step->id, step->action,
                                   bp_findings_hint(nearest, hint));
}

static int find_action(struct bp_loader *loader, struct bp_step_definition *step) {
        const struct bp_path steps = {.key = "steps"}, at = {.parent = &steps, .index = step->index};
        const struct bp_path path = {.parent = &at, .key = "action"};
        const struct bp_action_entry *entry = bp_registry_find(loader->options->registry, step->action);
        const char *deprecated;

        if (!entry)
                return warn_of_unknown(loader, step, &path);
        step->entry = bp_action_entry_ref(entry);
        deprecated = bp_action_entry_meta(entry)->deprecated;
        if (!deprecated)
                return 0;
        return bp_findings_warning(&loader->findings, "DEPRECATED_ACTION", &path,
                                   "Step '%s': the action '%s' is deprecated: %s", step->id, step->action, deprecated);
}

int bp_loader_find_actions(struct bp_loader *loader) {
        if (!loader->options->registry)
                return 0;
        for (uint32_t i = 0; i < loader->definition->n_steps; i++) {
                int r = *loader->steps[i].action ? find_action(loader, &loader->steps[i]) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

static int visit_branch(const struct bp_value *value, size_t index, const struct bp_path *list,
                        int (*visit)(void *userdata, const struct bp_branch *branch, const struct bp_path *path),
                        void *userdata) {
        const struct bp_path path = {.parent = list, .index = index};
        const struct bp_value *target = bp_value_get(value, "target_step");
        const struct bp_branch branch = {
                .index = index,
                .condition = bp_value_get(value, "condition"),
                .target_step = target && target->type == BP_STRING && target->count ? target->as.text : NULL,
        };

        return visit(userdata, &branch, &path);
}

int bp_step_branches(const struct bp_step_definition *step,
                     int (*visit)(void *userdata, const struct bp_branch *branch, const struct bp_path *path),
                     void *userdata) {
        const char *routes = step->entry ? bp_action_entry_meta(step->entry)->routes : NULL;
        const struct bp_path steps = {.key = "steps"}, at = {.parent = &steps, .index = step->index};
        const struct bp_path params = {.parent = &at, .key = "params"}, list = {.parent = &params, .key = routes};
        const struct bp_value *branches = routes ? bp_value_get(&step->params, routes) : NULL;

        if (!branches || branches->type != BP_LIST)
                return 0;
        for (uint32_t i = 0; i < branches->count; i++) {
                int r = visit_branch(&branches->as.items[i], i, &list, visit, userdata);

                if (r)
                        return r;
        }
        return 0;
}
