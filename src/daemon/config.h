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
struct bp_invoker_service;
struct bp_problem_list;
struct bp_strbuf;

/** Kind of a setting. */
enum bp_setting_type {
        BP_SETTING_TEXT = 1,
        BP_SETTING_SECRET, /**< shown as *** */
        BP_SETTING_INTEGER,
        BP_SETTING_NUMBER,
        BP_SETTING_BOOLEAN,
        BP_SETTING_LIST, /**< of texts: a YAML list, or one text with separators */
        BP_SETTING_MAP,  /**< entries by name: a YAML object, or NAME=URL pairs as a list has its items */
};

/** Where a value comes from. */
enum bp_setting_origin {
        BP_FROM_DEFAULT = 1,
        BP_FROM_FILE,
        BP_FROM_ENVIRONMENT,
        BP_FROM_FLAG,
};

/** Size of a setting's name in any form, NUL included. */
#define BP_SETTING_NAME_SIZE 64

/** One setting. */
struct bp_setting {
        const char *name; /**< "http.port": path in the file, variable BUDPIPELINE_HTTP_PORT, flag --http-port */
        const char *flag; /**< short flag where it differs ("port"), or NULL */
        const char *const *aliases; /**< the original's variables: SERVICE_PORT; NULL-terminated, or NULL */
        enum bp_setting_type type;
        const char *fallback;     /**< as text; NULL: not set */
        double min, max;          /**< of numbers */
        const char *unit;         /**< "seconds", "bytes" (then 64 KiB is understood too), or NULL */
        char separator;           /**< of a list that is one text; 0: a comma */
        const char *const *words; /**< of texts: allowed ones, NULL-terminated, or NULL */
        const char *placeholder;  /**< what help calls the value: FOLDER; NULL: by its type */
        const char *help;
};

/** The table, ended by an element without a name; in the order in which they are shown. */
extern const struct bp_setting bp_settings[];

/** A flag that was given. */
struct bp_config_flag {
        const char *name, *value; /**< name of the setting */
};

/** Names the file that is read; without it, and without a path given, BP_CONFIG_FILE is read where it exists. */
#define BP_CONFIG_VARIABLE "BUDPIPELINE_CONFIG"

/** The usual place of the file. */
#define BP_CONFIG_FILE "/etc/budpipeline/budpipeline.yaml"

/** Where to look. */
struct bp_config_sources {
        const struct bp_config_flag *flags; /**< several of one list setting add up; else the last one counts */
        size_t n_flags;
        const char *const *environment; /**< NAME=VALUE, NULL-terminated; NULL: none */
        const char *path;               /**< of a file that must be there, or NULL: the usual places */
};

/** How many settings there are, without the end of the table. */
size_t bp_n_settings(void);

/** The setting with this name, or NULL. */
const struct bp_setting *bp_setting_find(const char *name);

/** Its variable: BUDPIPELINE_HTTP_PORT. @return `text`. */
char *bp_setting_variable(const struct bp_setting *setting, char text[BP_SETTING_NAME_SIZE]);

/** Its flag without the dashes: http-port, or the short one. @return `text`. */
char *bp_setting_flag(const struct bp_setting *setting, char text[BP_SETTING_NAME_SIZE]);

/**
 * Reads and checks everything. @return 0; BP_PROBLEM: every problem is in the list, naming setting and origin (file
 * with line and column); -ENOMEM.
 */
int bp_config_load(const struct bp_config_sources *sources, struct bp_problem_list *problems,
                   struct bp_config **ret_config);

/** Gives it back. NULL is allowed. Always returns NULL. */
struct bp_config *bp_config_free(struct bp_config *config);

/**
 * What holds between settings, for a service that is to be started: no address beyond loopback without authentication
 * and TLS or a proxy, no certificate without its key. @return 0; BP_PROBLEM: see the list; -ENOMEM.
 */
int bp_config_check(const struct bp_config *config, struct bp_problem_list *problems);

/**
 * The same for an address that something else decided (a socket that was handed over): what the configuration must say
 * for it. @return 0; BP_PROBLEM: see the list; -ENOMEM.
 */
int bp_config_check_address(const struct bp_config *config, const char *address, struct bp_problem_list *problems);

/** The file that was read, or NULL. */
const char *bp_config_path(const struct bp_config *config);

/** A text or secret by name of the setting, which must exist, here and below; NULL: not set. Texts and lists live as
 * long as the configuration. */
const char *bp_config_text(const struct bp_config *config, const char *name);

/** A whole number. */
int64_t bp_config_integer(const struct bp_config *config, const char *name);

/** A number. */
double bp_config_number(const struct bp_config *config, const char *name);

/** A boolean. */
bool bp_config_boolean(const struct bp_config *config, const char *name);

/**
 * The services that `services` and `apps.*` name, for struct bp_invoker_settings. They live as long as the
 * configuration.
 */
const struct bp_invoker_service *bp_config_services(const struct bp_config *config, size_t *ret_count);

/** A list, NULL-terminated; of a map its NAME=URL pairs. */
const char *const *bp_config_list(const struct bp_config *config, const char *name);

/** Appends a value as a person writes it: a list comma-separated, a secret as ***, nothing when it is not set. */
void bp_config_write(const struct bp_config *config, const char *name, struct bp_strbuf *buffer);

/** Where a value comes from; `ret_detail`: flag or variable, file with line ("FILE:3"), or "". */
enum bp_setting_origin bp_config_origin(const struct bp_config *config, const char *name, const char **ret_detail);

#endif
