/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file folder.h
 * Which files there are, and which of them may be loaded. Private to the room.
 */
#ifndef BP_PLUGINS_FOLDER_H
#define BP_PLUGINS_FOLDER_H

#include <sys/stat.h>

#include "plugins/plugins.h"

/** A file that may hold a plug-in. */
struct bp_plugin_file {
        const char *path;
        const char *untrusted; /**< why it must not be loaded, or NULL */
        struct stat status;    /**< as it was found */
};

/** Files under way; everything belongs to the arena. */
struct bp_plugin_files {
        struct bp_arena *arena;
        struct bp_plugin_file *items;
        size_t count, capacity;
};

/**
 * Appends the files of a folder named *.so, sorted by name, but for those that are in the list already.
 * @return 0; -ENOMEM; 1 when the folder can't be read, errno says why.
 */
int bp_plugin_files_scan(struct bp_plugin_files *files, const struct bp_plugin_folder *folder);

/** True when the file is still the one that was found. */
bool bp_plugin_file_is_unchanged(const struct bp_plugin_file *file);

#endif
