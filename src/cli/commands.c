/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands: the one place that knows how the program is called. Its lines are data; see command.h. */
#include "cli/cli.h"
#include "cli/command.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OPERANDS(...)                                                                                              \
        .n_operands = COUNT(((const struct bp_operand[]){__VA_ARGS__})), .operands = (const struct bp_operand[]) { \
                __VA_ARGS__                                                                                        \
        }
#define OPTIONS(...)                                                                                           \
        .n_options = COUNT(((const struct bp_option[]){__VA_ARGS__})), .options = (const struct bp_option[]) { \
                __VA_ARGS__                                                                                    \
        }
#define EXAMPLES(...)                                                          \
        .n_examples = COUNT(((const struct bp_usage_example[]){__VA_ARGS__})), \
        .examples = (const struct bp_usage_example[]) {                        \
                __VA_ARGS__                                                    \
        }
#define CHOICES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* clang-format off */

#define OPTION_FORMAT(help_text, ...)                                                                   \
        {.id = BP_OPTION_FORMAT, .name = "format", .argument = "FORMAT", .kind = BP_ARGUMENT_CHOICE,    \
         .choices = CHOICES(__VA_ARGS__), .fallback = "text", .help = help_text}

const struct bp_option bp_common_options[] = {
        {.id = BP_OPTION_COLOR, .name = "color", .argument = "WHEN", .kind = BP_ARGUMENT_CHOICE,
         .choices = CHOICES("auto", "always", "never"), .fallback = "auto",
         .help = "colours; auto is on a terminal only, and never with NO_COLOR set"},
        {.id = BP_OPTION_HELP, .letter = 'h', .name = "help", .kind = BP_ARGUMENT_NONE, .help = "print this help"},
};
const size_t bp_n_common_options = COUNT(bp_common_options);

const struct bp_command bp_commands[] = {
        {
                .name = "",
                .summary = "durable pipelines of pluggable actions",
                .description =
                        "budpipeline runs pipelines: graphs of steps, written in YAML or JSON, where each step runs an "
                        "action. Steps run in parallel where they can, are retried, branch and join; templates and "
                        "conditions connect them.",
                OPTIONS({.id = BP_OPTION_VERSION, .letter = 'V', .name = "version", .kind = BP_ARGUMENT_NONE,
                         .help = "print the version"}),
                EXAMPLES({"What this program is", "budpipeline version"},
                         {"What a command does", "budpipeline man --help"}),
        },
        {
                .name = "actions",
                .summary = "Look at the actions that steps can run",
                .description = "Actions are what steps run. The built-in ones are always there; others come from shared "
                               "objects in the folders that BUDPIPELINE_ACTION_PATH names.",
                EXAMPLES({"What there is", "budpipeline actions list"}),
        },
        {
                .name = "actions list",
                .summary = "List the installed actions",
                OPTIONS(OPTION_FORMAT("how to print them", "text", "json", "names")),
                EXAMPLES({"For a person, by category", "budpipeline actions list"},
                         {"Everything about all of them", "budpipeline actions list --format json"}),
                .exits = BP_EXIT_BIT_INVALID,
                .run = bp_command_actions_list,
        },
        {
                .name = "actions show",
                .summary = "Show what an action takes and gives",
                OPERANDS({.name = "TYPE", .kind = BP_ARGUMENT_ACTION, .help = "type of the action"}),
                OPTIONS(OPTION_FORMAT("how to print it", "text", "json")),
                EXAMPLES({"Its parameters, outputs and examples", "budpipeline actions show log"},
                         {"The same as the HTTP API answers it", "budpipeline actions show log --format json"}),
                .exits = BP_EXIT_BIT_INVALID,
                .run = bp_command_actions_show,
        },
        {
                .name = "actions schema",
                .summary = "Print the JSON Schema of an action",
                .description = "Prints JSON Schema 2020-12 of the parameters of an action, or of its outputs.",
                OPERANDS({.name = "TYPE", .kind = BP_ARGUMENT_ACTION, .help = "type of the action"}),
                OPTIONS({.id = BP_OPTION_OUTPUTS, .name = "outputs", .kind = BP_ARGUMENT_NONE,
                         .help = "of the outputs, not of the parameters"}),
                EXAMPLES({"Of the parameters", "budpipeline actions schema log"},
                         {"Of the outputs", "budpipeline actions schema log --outputs"}),
                .exits = BP_EXIT_BIT_INVALID,
                .run = bp_command_actions_schema,
        },
        {
                .name = "version",
                .summary = "Show the version of this program",
                OPTIONS(OPTION_FORMAT("how to print it", "text", "json")),
                EXAMPLES({"For a person", "budpipeline version"},
                         {"For a program", "budpipeline version --format json"}),
                .exits = BP_EXIT_BIT_INVALID,
                .run = bp_command_version,
        },
        {
                .name = "completion",
                .summary = "Print the completion script for a shell",
                .description =
                        "Prints a script that completes commands, options, choices, action types and file names.\n\n"
                        "For bash, put 'source <(budpipeline completion bash)' into ~/.bashrc. For zsh, write the "
                        "output to a file _budpipeline in a folder of $fpath. For fish, write it to "
                        "~/.config/fish/completions/budpipeline.fish.",
                OPERANDS({.name = "SHELL", .kind = BP_ARGUMENT_CHOICE, .choices = CHOICES("bash", "zsh", "fish"),
                          .help = "bash, zsh or fish"}),
                EXAMPLES({"Completion in this bash", "source <(budpipeline completion bash)"},
                         {"Look at the script for fish", "budpipeline completion fish"}),
                .exits = BP_EXIT_BIT_INVALID,
                .run = bp_command_completion,
        },
        {
                .name = "man",
                .summary = "Print a manual page",
                .description = "Prints the manual page of the program or of a command in roff, the form that man reads.",
                OPERANDS({.name = "COMMAND", .kind = BP_ARGUMENT_COMMAND, .optional = true, .repeatable = true,
                          .help = "command, of one word or two; without it, the program itself"}),
                EXAMPLES({"Read the page of the program", "budpipeline man | man -l -"},
                         {"The page of a command, as roff", "budpipeline man completion"}),
                .exits = BP_EXIT_BIT_INVALID,
                .run = bp_command_man,
        },
        {
                .name = "describe-plugin",
                .summary = "Describe a shared object",
                OPERANDS({.name = "PATH", .kind = BP_ARGUMENT_FILE, .help = "the shared object"}),
                .exits = BP_EXIT_BIT_FAILED,
                .hidden = true,
                .run = bp_command_describe_plugin,
        },
};
const size_t bp_n_commands = COUNT(bp_commands);

/* clang-format on */
