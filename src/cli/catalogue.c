/* SPDX-License-Identifier: Apache-2.0 */
/* Fills the registry for one command. */
#include "cli/catalogue.h"

#include <errno.h>

#include "base/memory.h"
#include "base/problem.h"
#include "cli/cli.h"
#include "registry/registry.h"

static void say_problems(const struct bp_cli *cli, const struct bp_problem_list *problems) {
        for (size_t i = 0; i < problems->count; i++)
                bp_cli_warning(cli, "action left out: %s: %s", problems->items[i]->code, problems->items[i]->message);
}

static int fill(const struct bp_cli *cli, struct bp_registry *registry) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_problem_list problems = {.arena = arena};
        struct bp_registry_draft *draft;
        int r;

        draft = arena ? bp_registry_draft_new(registry, true) : NULL;
        if (!draft)
                return -ENOMEM;
        r = bp_registry_draft_add_all(draft, bp_builtin_actions, &problems);
        if (r < 0) {
                bp_registry_draft_free(draft);
                return r;
        }
        say_problems(cli, &problems);
        return bp_registry_publish(registry, draft);
}

int bp_catalogue_open(const struct bp_cli *cli, struct bp_catalogue *ret_catalogue) {
        struct bp_registry *registry = bp_registry_new();
        int r;

        if (!registry)
                return -ENOMEM;
        r = fill(cli, registry);
        if (r) {
                bp_registry_free(registry);
                return r;
        }
        *ret_catalogue = (struct bp_catalogue){.registry = registry, .snapshot = bp_registry_acquire(registry)};
        return 0;
}

void bp_catalogue_close(struct bp_catalogue *catalogue) {
        bp_registry_release(catalogue->snapshot);
        bp_registry_free(catalogue->registry);
        *catalogue = (struct bp_catalogue){0};
}

const struct bp_action_entry *bp_catalogue_find(const struct bp_cli *cli, const struct bp_catalogue *catalogue,
                                                const char *type) {
        const struct bp_action_entry *entry = bp_registry_find(catalogue->snapshot, type);
        const char *nearest;

        if (entry)
                return entry;
        nearest = bp_registry_nearest(catalogue->snapshot, type);
        if (nearest)
                bp_cli_error(cli, "there is no action '%s'; did you mean '%s'?", type, nearest);
        else
                bp_cli_error(cli, "there is no action '%s'; 'budpipeline actions list' shows what is installed", type);
        return NULL;
}
