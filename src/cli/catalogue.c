/* SPDX-License-Identifier: Apache-2.0 */
/* Fills the registry for one command. */
#include "cli/catalogue.h"

#include <errno.h>
#include <stdlib.h>

#include "base/memory.h"
#include "cli/cli.h"
#include "daemon/installed.h"
#include "plugins/plugins.h"
#include "registry/registry.h"

static void warn(void *userdata, const char *message) {
        bp_cli_warning(userdata, "%s", message);
}

/* Without the variable nothing is started, so that commands answer at once. */
static int fill(const struct bp_cli *cli, struct bp_registry *registry) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_cli to = *cli;
        const struct bp_plugin_folder *folders;
        size_t n_folders;
        int r;

        if (!arena)
                return -ENOMEM;
        r = bp_plugins_parse_path(arena, getenv(BP_PLUGINS_PATH_VARIABLE), true, &folders, &n_folders);
        if (r)
                return r;
        return bp_installed_load(registry, folders, n_folders,
                                 &(struct bp_installed_listener){.left_out = warn, .userdata = &to});
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
