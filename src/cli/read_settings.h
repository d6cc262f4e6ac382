/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file read_settings.h
 * The configuration of the service, as a command line with settings asks for it.
 */
#ifndef BP_CLI_READ_SETTINGS_H
#define BP_CLI_READ_SETTINGS_H

struct bp_arguments;
struct bp_cli;
struct bp_config;
struct bp_problem_list;

/**
 * Reads flags, environment and file; whatever is wrong is said on the error stream.
 * @return BP_EXIT_COMPLETED and the configuration, or how the program ends.
 */
int bp_settings_read(const struct bp_cli *cli, const struct bp_arguments *arguments, struct bp_config **ret_config);

/** Checks what holds between settings, and says what does not. @return BP_EXIT_COMPLETED, or how the program ends. */
int bp_settings_check(const struct bp_cli *cli, const struct bp_config *config);

/** Says every problem. @return BP_EXIT_INVALID. */
int bp_settings_refuse(const struct bp_cli *cli, const struct bp_problem_list *problems);

#endif
