/* SPDX-License-Identifier: Apache-2.0 */
/* Fills the registry for one command. */
#include "cli/catalogue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "cli/cli.h"
#include "plugins/plugins.h"
#include "registry/registry.h"

static void say_problems(const struct bp_cli *cli, const struct bp_problem_list *problems) {
        for (size_t i = 0; i < problems->count; i++)
                bp_cli_warning(cli, "action left out: %s: %s", problems->items[i]->code, problems->items[i]->message);
}

/* The message of a file's report is that of its first detail. */
static void say_report(const struct bp_cli *cli, const struct bp_plugin_report *report) {
        if (report->reason != BP_PLUGIN_LOADED)
                bp_cli_warning(cli, "plug-in %s: %s: %s", report->path, bp_plugin_reason_code(report->reason),
                               report->message);
        for (size_t i = 1; i < report->n_details; i++)
                bp_cli_warning(cli, "plug-in %s: %s", report->path, report->details[i]->message);
}

/* Without the variable nothing is started, so that commands answer at once. */
static int add_plugins(const struct bp_cli *cli, struct bp_registry_draft *draft, struct bp_arena *arena) {
        struct bp_plugins_options options = {0};
        struct bp_plugins_found found;
        int r;

        r = bp_plugins_parse_path(arena, getenv(BP_PLUGINS_PATH_VARIABLE), true, &options.folders, &options.n_folders);
        if (r || options.n_folders == 0)
                return r;
        r = bp_plugins_discover(draft, &options, arena, &found);
        if (r == -ENOMEM)
                return r;
        if (r) {
                bp_cli_warning(cli, "no plug-in is used: %s", strerror(-r));
                return 0;
        }
        for (size_t i = 0; i < found.count; i++)
                say_report(cli, &found.reports[i]);
        return 0;
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
        if (r >= 0)
                r = add_plugins(cli, draft, arena);
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
