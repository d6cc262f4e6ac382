/* SPDX-License-Identifier: Apache-2.0 */
/* Fills the registry for one command. */
#include "cli/catalogue.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "cli/cli.h"
#include "plugins/plugins.h"
#include "registry/registry.h"

static void say_problems(const struct bp_cli *cli, const struct bp_problem_list *problems) {
        for (size_t i = 0; i < problems->count; i++)
                bp_cli_warning(cli, "action left out: %s: %s", problems->items[i]->code, problems->items[i]->message);
}

static void say_reports(const struct bp_cli *cli, const struct bp_plugins_found *found) {
        for (size_t i = 0; i < found->count; i++) {
                const struct bp_plugin_report *report = &found->reports[i];

                if (report->reason != BP_PLUGIN_LOADED)
                        bp_cli_warning(cli, "plug-in %s: %s: %s", report->path, bp_plugin_reason_code(report->reason),
                                       report->message);
                for (size_t j = 1; j < report->n_details; j++)
                        bp_cli_warning(cli, "plug-in %s: %s", report->path, report->details[j]->message);
        }
}

/* The folders an operator names come first; then the one that packages install to, where there is one. */
static int find_folders(struct bp_arena *arena, struct bp_plugins_options *options) {
        const char *named = getenv(BP_PLUGINS_PATH_VARIABLE);
        struct bp_strbuf text;

        bp_strbuf_init(&text, arena, SIZE_MAX);
        bp_strbuf_add_text(&text, named ? named : "");
        if (access(BP_ACTION_FOLDER, R_OK) == 0)
                bp_strbuf_add_text(&text, ":" BP_ACTION_FOLDER);
        if (text.error)
                return text.error;
        return bp_plugins_parse_path(arena, text.text, true, &options->folders, &options->n_folders);
}

/* Without a folder nothing is started, so that commands answer at once. */
static int add_plugins(const struct bp_cli *cli, struct bp_registry_draft *draft, struct bp_arena *arena) {
        struct bp_plugins_options options = {0};
        struct bp_plugins_found found;
        int r = find_folders(arena, &options);

        if (r < 0 || options.n_folders == 0)
                return r;
        r = bp_plugins_discover(draft, &options, arena, &found);
        if (r == 0)
                say_reports(cli, &found);
        return r;
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
