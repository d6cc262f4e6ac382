/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file plugins.h
 * Actions from shared objects.
 *
 * Code from outside is met in three steps. A folder is scanned for files named *.so, sorted, without its subfolders.
 * Each file is described by a helper: this program, started again with a hidden command, which loads the file and
 * writes down what it offers, under limits of time, memory and output; a file that crashes, hangs or is broken does so
 * there. Then a file from a trusted folder is loaded into this process too, and never unloaded, since its code may be
 * running; any other is registered from its description, to be listed and validated but not run.
 *
 * Whatever is wrong with one file is reported, and the others load. Calls may come from any thread, one at a time.
 */
#ifndef BP_PLUGINS_PLUGINS_H
#define BP_PLUGINS_PLUGINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bp_arena;
struct bp_problem;
struct bp_registry_draft;

/** Where operators name folders, separated by colons; each of them counts as trusted. */
#define BP_PLUGINS_PATH_VARIABLE "BUDPIPELINE_ACTION_PATH"

/** The hidden command: `PROGRAM describe-plugin PATH` must return bp_plugins_describe_main(PATH, ..._FD). */
#define BP_PLUGINS_DESCRIBE_COMMAND "describe-plugin"

/** The descriptor a helper finds its output at; standard input, output and error lead to /dev/null. */
#define BP_PLUGINS_DESCRIBE_FD 3

/** A folder to look into. */
struct bp_plugin_folder {
        const char *path;
        bool trusted; /**< files may be loaded into this process, unless anyone can write the file or the folder */
};

/** What became of a file or folder. */
enum bp_plugin_reason {
        BP_PLUGIN_LOADED = 1, /**< everything it offers is registered and can be run */
        BP_PLUGIN_UNTRUSTED,  /**< registered from its description, can't be run */
        BP_PLUGIN_FOLDER,     /**< the folder can't be read */
        BP_PLUGIN_UNREADABLE, /**< no shared object, not a whole one, or one the loader refuses */
        BP_PLUGIN_NO_ENTRY,   /**< it doesn't export bp_plugin_entry, or that returns nothing */
        BP_PLUGIN_ABI,        /**< built for another ABI */
        BP_PLUGIN_CRASHED,    /**< its code was ended by a signal, which the message names */
        BP_PLUGIN_TIMEOUT,    /**< its code did not return in time */
        BP_PLUGIN_EXIT,       /**< its code ended the helper */
        BP_PLUGIN_OUTPUT,     /**< its description is too large or makes no sense */
        BP_PLUGIN_METADATA,   /**< an action has findings: that one is left out */
        BP_PLUGIN_DUPLICATE,  /**< an action's type is taken: that one is left out */
};

/** The stable code of a reason: PLUGIN_CRASHED. */
const char *bp_plugin_reason_code(enum bp_plugin_reason reason);

/** What became of one file, or of a folder that can't be read. */
struct bp_plugin_report {
        const char *path;
        enum bp_plugin_reason reason;
        const char *message;               /**< one sentence for a person, the path not included */
        struct bp_problem *const *details; /**< findings about its actions, all of them */
        size_t n_details;
        size_t n_actions; /**< how many of its actions were registered */
};

/** How to discover. Zero means the default in brackets. */
struct bp_plugins_options {
        const struct bp_plugin_folder *folders; /**< in order; the first file to offer a type has it */
        size_t n_folders;
        const char *program;   /**< what describes [this program] */
        uint32_t timeout_ms;   /**< for one description [2000] */
        uint32_t parallel;     /**< helpers at a time [one for each processor] */
        uint64_t memory_bytes; /**< address space of a helper [512 MiB]; not in builds with a sanitizer */
};

/** What was discovered: one report for each file, in the order of registration. Belongs to the arena. */
struct bp_plugins_found {
        const struct bp_plugin_report *reports;
        size_t count;
};

/**
 * Reads a list of folders separated by colons; empty parts are skipped. `text` may be NULL.
 * @return 0 or -ENOMEM
 */
int bp_plugins_parse_path(struct bp_arena *arena, const char *text, bool trusted,
                          const struct bp_plugin_folder **ret_folders, size_t *ret_count);

/**
 * Adds the actions of every plug-in in the folders to the draft. The arena receives the reports.
 * @return 0, also when files were left out; -ENOMEM; another -errno when no helper can be started.
 */
int bp_plugins_discover(struct bp_registry_draft *draft, const struct bp_plugins_options *options,
                        struct bp_arena *arena, struct bp_plugins_found *ret_found);

/**
 * The helper's work: loads the file and writes its description to the descriptor, which is then closed.
 * Runs code from outside: call it in a process of its own only.
 * @return exit status: 0 when a description was written, also one that says what is wrong.
 */
int bp_plugins_describe_main(const char *path, int output_fd);

#endif
