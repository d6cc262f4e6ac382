/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file catalogue.h
 * The actions a command can use: the built-in ones and those of shared objects.
 */
#ifndef BP_CLI_CATALOGUE_H
#define BP_CLI_CATALOGUE_H

#include <stdbool.h>

struct bp_action_entry;
struct bp_cli;
struct bp_registry;
struct bp_registry_snapshot;

/** A registry and the snapshot that is used throughout a command. */
struct bp_catalogue {
        struct bp_registry *registry;
        const struct bp_registry_snapshot *snapshot;
        bool structure_only; /**< of definitions only form and graph are checked, see struct bp_definition_options */
};

/**
 * Fills a registry. What cannot be loaded is said on the error stream and left out.
 * @return 0 or -ENOMEM
 */
int bp_catalogue_open(const struct bp_cli *cli, struct bp_catalogue *ret_catalogue);

/** Gives it back. */
void bp_catalogue_close(struct bp_catalogue *catalogue);

/** An action by type; NULL when there is none, which has then been said with the nearest type. */
const struct bp_action_entry *bp_catalogue_find(const struct bp_cli *cli, const struct bp_catalogue *catalogue,
                                                const char *type);

#endif
