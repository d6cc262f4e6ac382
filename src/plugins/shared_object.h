/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file shared_object.h
 * Loading a file and asking for its entry point: the same steps in the helper and in the engine's process.
 * Private to the room.
 */
#ifndef BP_PLUGINS_SHARED_OBJECT_H
#define BP_PLUGINS_SHARED_OBJECT_H

#include <budpipeline/action.h>

#include "plugins/plugins.h"

struct bp_problem_list;

/** Most actions of one plug-in. */
#define BP_PLUGIN_ACTIONS_MAX 1000u

/** A failure with its reason. The message is cut when it is longer. */
struct bp_plugin_failure {
        enum bp_plugin_reason reason;
        char message[512];
};

/** Fills a failure. @return 1, so that `return bp_plugin_fail(...)` reads. */
__attribute__((format(printf, 3, 4))) int bp_plugin_fail(struct bp_plugin_failure *reterr_failure,
                                                         enum bp_plugin_reason reason, const char *format, ...);

/**
 * Loads a file, for good, and calls its entry point.
 * @return 0, or 1 with the failure: UNREADABLE, NO_ENTRY, ABI or METADATA.
 */
int bp_shared_object_open(const char *path, const struct bp_plugin **ret_plugin,
                          struct bp_plugin_failure *reterr_failure);

/**
 * Registers each action of a plug-in as coming from `path`; findings add to `problems`.
 * @return 0 or -errno; an action with findings is left out.
 */
int bp_shared_object_register(struct bp_registry_draft *draft, const struct bp_plugin *plugin, const char *path,
                              struct bp_problem_list *problems, size_t *ret_registered);

#endif
