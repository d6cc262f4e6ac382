/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file installed.h
 * The actions that are installed: built-in ones, and those of shared objects in some folders.
 */
#ifndef BP_DAEMON_INSTALLED_H
#define BP_DAEMON_INSTALLED_H

#include <stddef.h>

struct bp_plugin_folder;
struct bp_registry;

/** Who is told, as one sentence, what was left out and why. */
struct bp_installed_listener {
        void (*left_out)(void *userdata, const char *message);
        void *userdata;
};

/**
 * Adds them to a registry and publishes them. Without folders no process is started.
 * @return 0, also when something was left out, or -ENOMEM
 */
int bp_installed_load(struct bp_registry *registry, const struct bp_plugin_folder *folders, size_t n_folders,
                      const struct bp_installed_listener *listener);

#endif
