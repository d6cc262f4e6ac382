/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration file: YAML, or JSON where its name says so. Inside the room only. */
#ifndef BP_DAEMON_CONFIG_FILE_H
#define BP_DAEMON_CONFIG_FILE_H

#include <stdbool.h>

struct bp_arena;
struct bp_problem_list;
struct bp_setting;
struct bp_value;

/** How the file is read. */
struct bp_config_file {
        const char *path;
        bool optional; /**< it need not exist */
        struct bp_arena *arena;
        struct bp_problem_list *problems;
        /** Called with each setting in the file; `place` is "FILE:LINE:COLUMN". @return 0 or a negative errno */
        int (*take)(void *userdata, const struct bp_setting *setting, const struct bp_value *value, const char *place);
        void *userdata;
};

/**
 * Reads it. What is no setting is a problem that names the nearest one.
 * @return 0; BP_PROBLEM: something is wrong with the file itself or with a key, see the problems; negative errno.
 */
int bp_config_file_read(const struct bp_config_file *file, bool *ret_found);

#endif
