/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file config.h
 * Configuration of the service: one table of settings, each with its name, type, default, bounds and older names. A
 * setting comes from a flag, else from the environment (BUDPIPELINE_*, then the original's names), else from a YAML
 * file, else it is the default; the configuration knows which, and `budpipeline config` shows it.
 */
#ifndef BP_DAEMON_CONFIG_H
#define BP_DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bp_config;
struct bp_problem_list;
struct bp_strbuf;

/** Kind of a setting. */
enum bp_setting_type {
        BP_SETTING_TEXT = 1,
        BP_SETTING_SECRET, /**< shown as *** */
        BP_SETTING_INTEGER,
        BP_SETTING_NUMBER,
        BP_SETTING_BOOLEAN,
        BP_SETTING_LIST, /**< of texts: a YAML list, or comma-separated */
};

/** Where a value comes from. */
enum bp_setting_origin {
        BP_FROM_DEFAULT = 1,
        BP_FROM_FILE,
        BP_FROM_ENVIRONMENT,
        BP_FROM_FLAG,
};

/** One setting. */
struct bp_setting {
        const char *name; /**< "http.port": path in the file; flag --http-port; variable BUDPIPELINE_HTTP_PORT */
        const char *flag; /**< short flag where it differs ("port"), or NULL */
        const char *const *aliases; /**< the original's variables: SERVICE_PORT; NULL-terminated, or NULL */
        enum bp_setting_type type;
        const char *fallback; /**< as text; NULL: not set */
        double min, max;      /**< of numbers */
        const char *unit;     /**< "seconds", or NULL */
        const char *help;
};

/** The table, ended by an element without a name; in the order in which they are shown. */
extern const struct bp_setting bp_settings[];

/** A flag that was given. */
struct bp_config_flag {
        const char *name, *value; /**< name of the setting */
};

/** Where to look. */
struct bp_config_sources {
        const struct bp_config_flag *flags;
        size_t n_flags;
        const char *const *environment; /**< NAME=VALUE, NULL-terminated */
        const char *path; /**< of a file that must be there, or NULL: the usual places, where they exist */
};

/**
 * Reads and checks everything. @return 0; BP_PROBLEM: every problem is in the list, naming setting and origin (file
 * with line and column); -ENOMEM.
 */
int bp_config_load(const struct bp_config_sources *sources, struct bp_problem_list *problems,
                   struct bp_config **ret_config);

/** Gives it back. NULL is allowed. Always returns NULL. */
struct bp_config *bp_config_free(struct bp_config *config);

/** Values by name of the setting, which must exist. Texts live as long as the configuration. */
const char *bp_config_text(const struct bp_config *config, const char *name); /**< NULL: not set */
int64_t bp_config_integer(const struct bp_config *config, const char *name);
double bp_config_number(const struct bp_config *config, const char *name);
bool bp_config_boolean(const struct bp_config *config, const char *name);
const char *const *bp_config_list(const struct bp_config *config, const char *name); /**< NULL-terminated */

/** Where a value comes from; `ret_detail`: variable, or file with line, or "". */
enum bp_setting_origin bp_config_origin(const struct bp_config *config, const char *name, const char **ret_detail);

#endif
