/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file cli.h
 * What every command receives: where it writes, and what the receiving end can show.
 */
#ifndef BP_CLI_CLI_H
#define BP_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct bp_arguments;
struct bp_strbuf;

/** The program's surroundings. */
struct bp_cli {
        FILE *out, *err;
        bool out_is_terminal, err_is_terminal;
        bool out_colour, err_colour;
        bool utf8; /**< symbols beyond ASCII can be shown */
};

/** Looks at the two streams and the environment. `colour` is "auto", "always" or "never". */
void bp_cli_init(struct bp_cli *cli, FILE *out, FILE *err, const char *colour);

/** How text looks. */
enum bp_style {
        BP_STYLE_PLAIN = 1,
        BP_STYLE_BOLD,
        BP_STYLE_DIM,
        BP_STYLE_RED,
        BP_STYLE_GREEN,
        BP_STYLE_YELLOW,
        BP_STYLE_CYAN,
};

/** The terminal sequence that begins a style, "" when colours are off. */
const char *bp_style_text(bool colour, enum bp_style style);

/**
 * Appends text from outside as one line that cannot steer a terminal: control characters become visible escapes.
 * @param columns most columns to use, a longer text ends in "..."; 0: no bound
 */
void bp_show_text(struct bp_strbuf *buffer, const char *text, size_t columns);

/** How many columns of a terminal a text takes. It must be valid UTF-8 without control characters. */
size_t bp_text_columns(const char *text);

/** Writes "budpipeline: error: ..." to the error stream. */
__attribute__((format(printf, 2, 3))) void bp_cli_error(const struct bp_cli *cli, const char *format, ...);

/** Writes "budpipeline: warning: ..." to the error stream. */
__attribute__((format(printf, 2, 3))) void bp_cli_warning(const struct bp_cli *cli, const char *format, ...);

/** Says that memory is exhausted. @return BP_EXIT_FAILED. */
int bp_cli_no_memory(const struct bp_cli *cli);

/** Writes a finished text to standard output. @return BP_EXIT_COMPLETED, or BP_EXIT_FAILED when it is not whole. */
int bp_cli_write(const struct bp_cli *cli, const struct bp_strbuf *text);

/* The commands. Each is one file, command_NAME.c. @return enum bp_exit */

/** `budpipeline version` */
int bp_command_version(struct bp_cli *cli, const struct bp_arguments *arguments);

/** `budpipeline completion` */
int bp_command_completion(struct bp_cli *cli, const struct bp_arguments *arguments);

/** `budpipeline describe-plugin`, which describes a shared object to the process that started it */
int bp_command_describe_plugin(struct bp_cli *cli, const struct bp_arguments *arguments);

/** `budpipeline man` */
int bp_command_man(struct bp_cli *cli, const struct bp_arguments *arguments);

/** `budpipeline actions list` */
int bp_command_actions_list(struct bp_cli *cli, const struct bp_arguments *arguments);

/** `budpipeline actions show` */
int bp_command_actions_show(struct bp_cli *cli, const struct bp_arguments *arguments);

/** `budpipeline actions schema` */
int bp_command_actions_schema(struct bp_cli *cli, const struct bp_arguments *arguments);

/** `budpipeline actions validate` */
int bp_command_actions_validate(struct bp_cli *cli, const struct bp_arguments *arguments);

/** `budpipeline actions run` */
int bp_command_actions_event(struct bp_cli *cli, const struct bp_arguments *arguments);
int bp_command_actions_run(struct bp_cli *cli, const struct bp_arguments *arguments);

/** `budpipeline template render` */
int bp_command_template_render(struct bp_cli *cli, const struct bp_arguments *arguments);

/** `budpipeline condition eval` */
int bp_command_condition_eval(struct bp_cli *cli, const struct bp_arguments *arguments);

/** `budpipeline validate` */
int bp_command_validate(struct bp_cli *cli, const struct bp_arguments *arguments);

/** `budpipeline graph` */
int bp_command_graph(struct bp_cli *cli, const struct bp_arguments *arguments);

/** `budpipeline serve` */
int bp_command_serve(struct bp_cli *cli, const struct bp_arguments *arguments);

/** `budpipeline token create` */
int bp_command_token_create(struct bp_cli *cli, const struct bp_arguments *arguments);

/** `budpipeline token list` */
int bp_command_token_list(struct bp_cli *cli, const struct bp_arguments *arguments);

/** `budpipeline token revoke` */
int bp_command_token_revoke(struct bp_cli *cli, const struct bp_arguments *arguments);

/** `budpipeline config` */
int bp_command_config(struct bp_cli *cli, const struct bp_arguments *arguments);

/** `budpipeline run` */
int bp_command_run(struct bp_cli *cli, const struct bp_arguments *arguments);
int bp_command_events_correlate(struct bp_cli *cli, const struct bp_arguments *arguments);
int bp_command_sanitize(struct bp_cli *cli, const struct bp_arguments *arguments);

#endif
