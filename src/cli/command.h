/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file command.h
 * The commands of the program as data: one table from which arguments are read and from which help, completion
 * scripts and man pages are written.
 */
#ifndef BP_CLI_COMMAND_H
#define BP_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bp_cli;
struct bp_strbuf;

/** How the program ends. */
enum bp_exit {
        BP_EXIT_COMPLETED = 0,   /**< done, or the execution completed */
        BP_EXIT_FAILED = 1,      /**< the execution or the action failed, or something of ours did */
        BP_EXIT_INVALID = 2,     /**< the command line or what it names is not valid; nothing ran */
        BP_EXIT_CANCELLED = 130, /**< stopped by a signal, after cleanup */
};

/** Every option of every command. */
enum bp_option_id {
        BP_OPTION_HELP = 1,
        BP_OPTION_VERSION,
        BP_OPTION_COLOR,
        BP_OPTION_FORMAT,
        BP_OPTION_PARAM,
        BP_OPTION_PARAMS_FILE,
        BP_OPTION_STEPS_FILE,
        BP_OPTION_TIMEOUT,
        BP_OPTION_DRY_RUN,
        BP_OPTION_ALLOW_HOST,
        BP_OPTION_VIRTUAL_TIME,
        BP_OPTION_STORE,
        BP_OPTION_JSONL,
        BP_OPTION_STRICT,
        BP_OPTION_STRUCTURE,
        BP_OPTION_FILE,
        BP_OPTION_OUTPUTS,
        BP_OPTION_CATEGORY,
        BP_OPTION_CONFIG,
        BP_OPTION_SCOPE,
        BP_OPTION_OWNER,
        BP_OPTION_EXPIRES_IN,
        BP_OPTION_SERVICE,
        BP_OPTION_DAPR,
        BP_OPTION_BUS,
        BP_OPTION_USER,
        BP_OPTION_RETRIES,
        BP_OPTION_TRACE,
        BP_OPTION_EVENT,
        BP_OPTION_SET_BEFORE, /**< --outputs of a step that waits */
        BP_OPTION_ID,
        BP_OPTION_SETTING = 100, /**< the first setting of the service; the others follow in their order */
};

/** The bit of an option in bp_operand.replaced_by; those of settings have none. */
#define BP_OPTION_BIT(id) ((id) < BP_OPTION_SETTING ? UINT32_C(1) << ((id) % 32) : 0)

/** What an option or operand takes: how it is checked and completed. */
enum bp_argument_kind {
        BP_ARGUMENT_NONE = 1, /**< an option that is on or off */
        BP_ARGUMENT_SWITCH,   /**< the same, and `=false` turns it off */
        BP_ARGUMENT_TEXT,     /**< anything */
        BP_ARGUMENT_CHOICE,   /**< one of `choices` */
        BP_ARGUMENT_SECONDS,  /**< a whole number from 1 to 1,000,000,000 */
        BP_ARGUMENT_PAIR,     /**< NAME=VALUE */
        BP_ARGUMENT_FILE,     /**< a path, or - for standard input */
        BP_ARGUMENT_ACTION,   /**< type of an action */
        BP_ARGUMENT_COMMAND,  /**< name of a command, possibly of two words */
};

/** One option of a command. */
struct bp_option {
        enum bp_option_id id;
        char letter;                /**< 'p' for -p, or 0 */
        const char *name;           /**< without the dashes */
        const char *argument;       /**< what help calls its argument, or NULL */
        enum bp_argument_kind kind; /**< of the argument */
        const char *const *choices; /**< NULL-terminated, for BP_ARGUMENT_CHOICE */
        const char *fallback;       /**< argument that counts when the option is not given, or NULL */
        bool repeatable;
        const char *help;
};

/** One operand of a command. */
struct bp_operand {
        const char *name; /**< as help shows it: FILE */
        enum bp_argument_kind kind;
        const char *const *choices;
        bool optional;
        bool repeatable;      /**< the last one only */
        uint32_t replaced_by; /**< bits of the options that take its place */
        const char *help;
};

/** A command line that works, and what it is for. */
struct bp_usage_example {
        const char *text;
        const char *command; /**< for a shell, at the top of the source tree */
};

struct bp_arguments;

/** One command, or a group of commands: a group has no `run`, and its members are named "group member". */
struct bp_command {
        const char *name;        /**< "run", "actions list"; "" for the program itself */
        const char *summary;     /**< one line, no full stop */
        const char *description; /**< paragraphs, separated by empty lines, or NULL */
        const struct bp_operand *operands;
        size_t n_operands;
        const struct bp_option *options;
        size_t n_options;
        const char *settings; /**< beside them, settings of the service that begin so ("" means all); NULL: none */
        const struct bp_usage_example *examples;
        size_t n_examples;
        uint32_t exits; /**< which of `enum bp_exit` it uses beside 0: bits 0x1 failed, 0x2 invalid, 0x4 cancelled */
        bool hidden;    /**< not in help, completion and man pages: for the program's own use */
        int (*run)(struct bp_cli *cli, const struct bp_arguments *arguments); /**< @return enum bp_exit */
};

/** Bits of bp_command.exits. */
enum bp_exit_bit {
        BP_EXIT_BIT_FAILED = 1u << 0,
        BP_EXIT_BIT_INVALID = 1u << 1,
        BP_EXIT_BIT_CANCELLED = 1u << 2,
};

/** The program itself first, then groups and commands in the order of help. */
extern const struct bp_command bp_commands[];

/** How many entries bp_commands has. */
extern const size_t bp_n_commands;

/** Options that every command has. */
extern const struct bp_option bp_common_options[];

/** How many entries bp_common_options has. */
extern const size_t bp_n_common_options;

/** The command or group with this name, or NULL. */
const struct bp_command *bp_command_find(const char *name);

/** True when `command` stands directly below `group` ("" is the program). */
bool bp_command_is_member(const struct bp_command *command, const struct bp_command *group);

/** The options of a command one after another: its own, those of settings, the common ones; NULL after the last. */
const struct bp_option *bp_command_option(const struct bp_command *command, size_t index);

/** The last word of a command's name. */
const char *bp_command_word(const struct bp_command *command);

/* ---------------------------------------------------------------------------------------------------------------
 * Arguments
 */

/** One option as given. */
struct bp_given_option {
        enum bp_option_id id;
        const char *argument; /**< NULL for BP_ARGUMENT_NONE */
};

/** A command line, read. Texts are those of argv. */
struct bp_arguments {
        const struct bp_command *command;
        struct bp_given_option *given;
        size_t n_given;
        const char **operands;
        size_t n_operands;
};

/** What is wrong with a command line. */
struct bp_usage_problem {
        const struct bp_command *command; /**< the one whose --help helps */
        char message[512];
};

/**
 * Reads a command line. --help and --version end the reading: what follows is not checked. A command is found
 * before its arguments; a group alone is a request for its help.
 * @return 0; 1 with the problem filled; -ENOMEM.
 */
int bp_arguments_parse(int argc, char *const argv[], struct bp_arguments *ret_arguments,
                       struct bp_usage_problem *reterr_problem);

/** Gives the memory back. */
void bp_arguments_done(struct bp_arguments *arguments);

/** True when the option was given. */
bool bp_arguments_has(const struct bp_arguments *arguments, enum bp_option_id id);

/** The argument of an option: the last one given, else its fallback, else NULL. */
const char *bp_arguments_text(const struct bp_arguments *arguments, enum bp_option_id id);

/** The arguments of a repeatable option one after another: start with 0 in `cursor`; NULL after the last. */
const char *bp_arguments_next(const struct bp_arguments *arguments, enum bp_option_id id, size_t *cursor);

/** The operand with this index, or NULL. */
const char *bp_arguments_operand(const struct bp_arguments *arguments, size_t index);

/* ---------------------------------------------------------------------------------------------------------------
 * What is written from the table
 */

/** Appends the answer to --help; `bold` with terminal sequences for headings. */
void bp_command_write_help(struct bp_strbuf *buffer, const struct bp_command *command, bool bold);

/** Appends "run FILE [OPTION]...", without the program's name. */
void bp_command_write_usage(struct bp_strbuf *buffer, const struct bp_command *command);

/** Appends the man page in roff. */
void bp_command_write_man(struct bp_strbuf *buffer, const struct bp_command *command);

/** Appends the completion script for "bash", "zsh" or "fish". */
void bp_command_write_completion(struct bp_strbuf *buffer, const char *shell);

#endif
