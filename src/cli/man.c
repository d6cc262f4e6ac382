/* SPDX-License-Identifier: Apache-2.0 */
/* Man pages in roff (man macros), from the table of commands: one for the program, one for each command and group. */
#include <ctype.h>
#include <string.h>

#include "base/strbuf.h"
#include "cli/command.h"

/* Text as roff reads it: no escapes, no hyphenation of options, no line that looks like a request. */
static void add_escaped(struct bp_strbuf *buffer, const char *text) {
        bool line_start = true;

        for (; *text; text++) {
                if (line_start && (*text == '.' || *text == '\''))
                        bp_strbuf_add_text(buffer, "\\&");
                line_start = *text == '\n';
                if (*text == '\\')
                        bp_strbuf_add_text(buffer, "\\e");
                else if (*text == '-')
                        bp_strbuf_add_text(buffer, "\\-");
                else if (*text == '\'')
                        bp_strbuf_add_text(buffer, "\\(aq");
                else if (*text == '^')
                        bp_strbuf_add_text(buffer, "\\(ha");
                else if (*text == '~')
                        bp_strbuf_add_text(buffer, "\\(ti");
                else if (*text == '`')
                        bp_strbuf_add_text(buffer, "\\(ga");
                else
                        bp_strbuf_add_char(buffer, *text);
        }
}

static void add_paragraphs(struct bp_strbuf *buffer, const char *text) {
        while (*text) {
                const char *end = strstr(text, "\n\n");
                struct bp_strbuf paragraph;

                bp_strbuf_init(&paragraph, NULL, SIZE_MAX);
                bp_strbuf_add(&paragraph, text, end ? (size_t)(end - text) : strlen(text));
                bp_strbuf_add_text(buffer, ".PP\n");
                add_escaped(buffer, bp_strbuf_text(&paragraph));
                bp_strbuf_add_char(buffer, '\n');
                bp_strbuf_done(&paragraph);
                text = end ? end + 2 : text + strlen(text);
        }
}

/* "actions list" is budpipeline-actions-list. */
static void add_page_name(struct bp_strbuf *buffer, const struct bp_command *command, bool upper) {
        const char *program = upper ? "BUDPIPELINE" : "budpipeline";

        bp_strbuf_add_text(buffer, program);
        if (command->name[0])
                bp_strbuf_add_text(buffer, "\\-");
        for (const char *c = command->name; *c; c++) {
                if (*c == ' ' || *c == '-')
                        bp_strbuf_add_text(buffer, "\\-");
                else
                        bp_strbuf_add_char(buffer, upper ? (char)toupper((unsigned char)*c) : *c);
        }
}

static void add_option(struct bp_strbuf *buffer, const struct bp_option *option) {
        bp_strbuf_add_text(buffer, ".TP\n");
        if (option->letter)
                bp_strbuf_printf(buffer, "\\fB\\-%c\\fR, ", option->letter);
        bp_strbuf_add_text(buffer, "\\fB\\-\\-");
        add_escaped(buffer, option->name);
        bp_strbuf_add_text(buffer, "\\fR");
        if (option->argument)
                bp_strbuf_printf(buffer, " \\fI%s\\fR", option->argument);
        bp_strbuf_add_char(buffer, '\n');
        add_escaped(buffer, option->help);
        for (size_t i = 0; option->choices && option->choices[i]; i++)
                bp_strbuf_printf(buffer, "%s\\fB%s\\fR", i ? ", " : " (", option->choices[i]);
        bp_strbuf_add_text(buffer, option->choices ? ")." : ".");
        if (option->fallback)
                bp_strbuf_printf(buffer, " The default is \\fB%s\\fR.", option->fallback);
        if (option->repeatable)
                bp_strbuf_add_text(buffer, " May be given several times.");
        bp_strbuf_add_char(buffer, '\n');
}

static void add_options(struct bp_strbuf *buffer, const struct bp_command *command) {
        const struct bp_option *option;

        bp_strbuf_add_text(buffer, ".SH OPTIONS\n");
        for (size_t i = 0; (option = bp_command_option(command, i)); i++)
                add_option(buffer, option);
}

static void add_operands(struct bp_strbuf *buffer, const struct bp_command *command) {
        bp_strbuf_add_text(buffer, ".SH ARGUMENTS\n");
        for (size_t i = 0; i < command->n_operands; i++) {
                bp_strbuf_printf(buffer, ".TP\n\\fI%s\\fR\n", command->operands[i].name);
                add_escaped(buffer, command->operands[i].help);
                bp_strbuf_add_text(buffer, ".\n");
        }
}

static void add_members(struct bp_strbuf *buffer, const struct bp_command *group) {
        bp_strbuf_add_text(buffer, ".SH COMMANDS\n");
        for (size_t i = 0; i < bp_n_commands; i++) {
                const struct bp_command *command = &bp_commands[i];

                if (!bp_command_is_member(command, group) || command->hidden)
                        continue;
                bp_strbuf_add_text(buffer, ".TP\n\\fB");
                add_page_name(buffer, command, false);
                bp_strbuf_add_text(buffer, "\\fR(1)\n");
                add_escaped(buffer, command->summary);
                bp_strbuf_add_text(buffer, ".\n");
        }
}

static void add_examples(struct bp_strbuf *buffer, const struct bp_command *command) {
        bp_strbuf_add_text(buffer, ".SH EXAMPLES\n");
        for (size_t i = 0; i < command->n_examples; i++) {
                bp_strbuf_add_text(buffer, ".PP\n");
                add_escaped(buffer, command->examples[i].text);
                bp_strbuf_add_text(buffer, ":\n.PP\n.RS 4\n.nf\n");
                add_escaped(buffer, command->examples[i].command);
                bp_strbuf_add_text(buffer, "\n.fi\n.RE\n");
        }
}

static void add_exit(struct bp_strbuf *buffer, int code, const char *meaning) {
        bp_strbuf_printf(buffer, ".TP\n\\fB%d\\fR\n%s\n", code, meaning);
}

static void add_exits(struct bp_strbuf *buffer, const struct bp_command *command) {
        bp_strbuf_add_text(buffer, ".SH EXIT STATUS\n");
        add_exit(buffer, BP_EXIT_COMPLETED, "Done; an execution completed.");
        if (command->exits & BP_EXIT_BIT_FAILED)
                add_exit(buffer, BP_EXIT_FAILED, "The work was done and failed.");
        if (command->exits & BP_EXIT_BIT_INVALID)
                add_exit(buffer, BP_EXIT_INVALID, "Invalid command line or input; nothing ran.");
        if (command->exits & BP_EXIT_BIT_CANCELLED)
                add_exit(buffer, BP_EXIT_CANCELLED, "Cancelled by a signal, after cleanup.");
}

static void add_environment(struct bp_strbuf *buffer) {
        bp_strbuf_add_text(buffer,
                           ".SH ENVIRONMENT\n"
                           ".TP\n\\fBBUDPIPELINE_ACTION_PATH\\fR\nFolders of shared objects that bring actions, "
                           "separated by colons.\n"
                           ".TP\n\\fBNO_COLOR\\fR\nNo colours, when it is set and not empty.\n");
}

static void add_synopsis(struct bp_strbuf *buffer, const struct bp_command *command) {
        struct bp_strbuf usage;

        bp_strbuf_init(&usage, NULL, SIZE_MAX);
        bp_command_write_usage(&usage, command);
        bp_strbuf_add_text(buffer, ".SH SYNOPSIS\n\\fBbudpipeline\\fR ");
        add_escaped(buffer, bp_strbuf_text(&usage));
        bp_strbuf_add_char(buffer, '\n');
        bp_strbuf_done(&usage);
}

void bp_command_write_man(struct bp_strbuf *buffer, const struct bp_command *command) {
        bp_strbuf_add_text(buffer, ".TH ");
        add_page_name(buffer, command, true);
        bp_strbuf_add_text(buffer, " 1 \"\" \"budpipeline " BP_VERSION "\" \"budpipeline manual\"\n.SH NAME\n");
        add_page_name(buffer, command, false);
        bp_strbuf_add_text(buffer, " \\- ");
        add_escaped(buffer, command->summary);
        bp_strbuf_add_char(buffer, '\n');
        add_synopsis(buffer, command);
        bp_strbuf_add_text(buffer, ".SH DESCRIPTION\n");
        add_paragraphs(buffer, command->description ? command->description : command->summary);
        if (!command->run)
                add_members(buffer, command);
        if (command->n_operands)
                add_operands(buffer, command);
        add_options(buffer, command);
        if (command->n_examples)
                add_examples(buffer, command);
        if (command->run)
                add_exits(buffer, command);
        add_environment(buffer);
}
