/* SPDX-License-Identifier: Apache-2.0 */
/* The answer to --help, from the table of commands: what it is, how it is called, its options, examples, exit codes. */
#include <string.h>

#include "base/strbuf.h"
#include "cli/command.h"
#include "daemon/config.h"

enum { WIDTH = 79, TEXT_COLUMN = 26 };

static const struct {
        uint32_t bit;
        const char *text;
} exits[] = {
        {0, "0    done; an execution completed"},
        {BP_EXIT_BIT_FAILED, "1    the work was done and failed"},
        {BP_EXIT_BIT_INVALID, "2    invalid command line or input; nothing ran"},
        {BP_EXIT_BIT_CANCELLED, "130  cancelled by Ctrl-C, after cleanup"},
};

static void add_spaces(struct bp_strbuf *buffer, size_t count) {
        while (count-- > 0)
                bp_strbuf_add_char(buffer, ' ');
}

/* Breaks lines at spaces; an empty line in the text starts a new paragraph. */
static void add_wrapped(struct bp_strbuf *buffer, const char *text, size_t indent, size_t column) {
        while (*text) {
                size_t word = strcspn(text, " \n");

                if (column > indent && column + 1 + word > WIDTH) {
                        bp_strbuf_add_char(buffer, '\n');
                        add_spaces(buffer, indent);
                        column = indent;
                } else if (column > indent) {
                        bp_strbuf_add_char(buffer, ' ');
                        column++;
                }
                bp_strbuf_add(buffer, text, word);
                column += word;
                text += word;
                if (text[0] == '\n') {
                        bp_strbuf_add_text(buffer, "\n\n");
                        add_spaces(buffer, indent);
                        column = indent;
                }
                text += strspn(text, " \n");
        }
        bp_strbuf_add_char(buffer, '\n');
}

static void add_heading(struct bp_strbuf *buffer, const char *heading, bool bold) {
        bp_strbuf_printf(buffer, bold ? "\n\033[1m%s\033[0m\n" : "\n%s\n", heading);
}

static void add_entry(struct bp_strbuf *buffer, const struct bp_strbuf *left, const char *right) {
        bp_strbuf_add(buffer, bp_strbuf_text(left), left->size);
        if (left->size + 2 > TEXT_COLUMN) {
                bp_strbuf_add_char(buffer, '\n');
                add_spaces(buffer, TEXT_COLUMN);
        } else {
                add_spaces(buffer, TEXT_COLUMN - left->size);
        }
        add_wrapped(buffer, right, TEXT_COLUMN, TEXT_COLUMN);
}

void bp_command_write_usage(struct bp_strbuf *buffer, const struct bp_command *command) {
        bp_strbuf_add_text(buffer, command->name);
        if (!command->run)
                bp_strbuf_add_text(buffer, command->name[0] ? " COMMAND" : "COMMAND");
        for (size_t i = 0; i < command->n_operands; i++) {
                const struct bp_operand *operand = &command->operands[i];
                bool optional = operand->optional || operand->replaced_by;

                bp_strbuf_printf(buffer, optional ? " [%s]%s" : " %s%s", operand->name,
                                 operand->repeatable ? "..." : "");
        }
        bp_strbuf_add_text(buffer, " [OPTION]...");
}

static void add_members(struct bp_strbuf *buffer, const struct bp_command *group, bool bold) {
        add_heading(buffer, "Commands:", bold);
        for (size_t i = 0; i < bp_n_commands; i++) {
                const struct bp_command *command = &bp_commands[i];
                struct bp_strbuf left;

                if (!bp_command_is_member(command, group) || command->hidden)
                        continue;
                bp_strbuf_init(&left, NULL, SIZE_MAX);
                bp_strbuf_printf(&left, "  %s", bp_command_word(command));
                add_entry(buffer, &left, command->summary);
                bp_strbuf_done(&left);
        }
}

static void add_operands(struct bp_strbuf *buffer, const struct bp_command *command, bool bold) {
        add_heading(buffer, "Arguments:", bold);
        for (size_t i = 0; i < command->n_operands; i++) {
                struct bp_strbuf left;

                bp_strbuf_init(&left, NULL, SIZE_MAX);
                bp_strbuf_printf(&left, "  %s", command->operands[i].name);
                add_entry(buffer, &left, command->operands[i].help);
                bp_strbuf_done(&left);
        }
}

static void add_option(struct bp_strbuf *buffer, const struct bp_option *option) {
        struct bp_strbuf left, right;

        bp_strbuf_init(&left, NULL, SIZE_MAX);
        bp_strbuf_init(&right, NULL, SIZE_MAX);
        if (option->letter)
                bp_strbuf_printf(&left, "  -%c, --%s", option->letter, option->name);
        else
                bp_strbuf_printf(&left, "      --%s", option->name);
        if (option->argument)
                bp_strbuf_printf(&left, " %s", option->argument);
        bp_strbuf_add_text(&right, option->help);
        for (size_t i = 0; option->choices && option->choices[i]; i++)
                bp_strbuf_printf(&right, "%s%s", i ? ", " : " (", option->choices[i]);
        if (option->fallback)
                bp_strbuf_printf(&right, "%sdefault: %s", option->choices ? "; " : " (", option->fallback);
        if (option->choices || option->fallback)
                bp_strbuf_add_char(&right, ')');
        if (option->repeatable)
                bp_strbuf_add_text(&right, "; may be given several times");
        add_entry(buffer, &left, bp_strbuf_text(&right));
        bp_strbuf_done(&left);
        bp_strbuf_done(&right);
}

static void add_options(struct bp_strbuf *buffer, const struct bp_command *command, bool bold) {
        add_heading(buffer, "Options:", bold);
        for (size_t i = 0; i < command->n_options; i++)
                add_option(buffer, &command->options[i]);
        for (size_t i = 0; i < bp_n_common_options; i++)
                add_option(buffer, &bp_common_options[i]);
}

/* Only those that have a short name: the others would bury them. */
static void add_settings(struct bp_strbuf *buffer, const struct bp_command *command, bool bold) {
        const struct bp_option *option;

        add_heading(buffer, command->settings[0] ? "Settings:" : "Settings most often used:", bold);
        for (size_t i = 0; (option = bp_command_option(command, i)); i++)
                if (option->id >= BP_OPTION_SETTING && bp_settings[option->id - BP_OPTION_SETTING].flag)
                        add_option(buffer, option);
        if (!command->settings[0])
                bp_strbuf_printf(buffer,
                                 "\n'budpipeline config' shows all settings, 'budpipeline man %s' their options.\n",
                                 command->name);
}

static void add_examples(struct bp_strbuf *buffer, const struct bp_command *command, bool bold) {
        add_heading(buffer, "Examples:", bold);
        for (size_t i = 0; i < command->n_examples; i++)
                bp_strbuf_printf(buffer, "%s  # %s\n  %s\n", i ? "\n" : "", command->examples[i].text,
                                 command->examples[i].command);
}

static void add_exits(struct bp_strbuf *buffer, const struct bp_command *command, bool bold) {
        add_heading(buffer, "Exit codes:", bold);
        for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++)
                if (exits[i].bit == 0 || command->exits & exits[i].bit)
                        bp_strbuf_printf(buffer, "  %s\n", exits[i].text);
}

void bp_command_write_help(struct bp_strbuf *buffer, const struct bp_command *command, bool bold) {
        bp_strbuf_add_text(buffer, "Usage: budpipeline ");
        bp_command_write_usage(buffer, command);
        bp_strbuf_add_text(buffer, "\n\n");
        add_wrapped(buffer, command->description ? command->description : command->summary, 0, 0);
        if (!command->run)
                add_members(buffer, command, bold);
        if (command->n_operands)
                add_operands(buffer, command, bold);
        add_options(buffer, command, bold);
        if (command->settings)
                add_settings(buffer, command, bold);
        if (command->n_examples)
                add_examples(buffer, command, bold);
        if (command->run)
                add_exits(buffer, command, bold);
        if (!command->run)
                bp_strbuf_printf(buffer, "\n'budpipeline %s%sCOMMAND --help' tells more about a command.\n",
                                 command->name, command->name[0] ? " " : "");
}
