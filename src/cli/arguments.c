/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a command line by the table of commands. Options may stand anywhere after their command; "--" ends them. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/similar.h"
#include "cli/command.h"

enum { LONGEST_NAME = 64, SECONDS_MAX = 1000000000 };

struct reading {
        char *const *words;
        int n_words, at;
        bool options_ended;
        bool finished; /* by --help or --version */
        struct bp_arguments *arguments;
        struct bp_usage_problem *problem;
};

__attribute__((format(printf, 2, 3))) static int refuse(struct reading *reading, const char *format, ...) {
        va_list arguments;

        reading->problem->command = reading->arguments->command;
        va_start(arguments, format);
        vsnprintf(reading->problem->message, sizeof(reading->problem->message), format, arguments);
        va_end(arguments);
        return 1;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Finding options in the table
 */

static const struct bp_option *option_by_name(const struct bp_command *command, const char *name, size_t size) {
        const struct bp_option *option;

        for (size_t i = 0; (option = bp_command_option(command, i)); i++)
                if (strlen(option->name) == size && memcmp(option->name, name, size) == 0)
                        return option;
        return NULL;
}

static const struct bp_option *option_by_letter(const struct bp_command *command, char letter) {
        const struct bp_option *option;

        for (size_t i = 0; (option = bp_command_option(command, i)); i++)
                if (option->letter && option->letter == letter)
                        return option;
        return NULL;
}

static const struct bp_option *option_by_id(const struct bp_command *command, enum bp_option_id id) {
        const struct bp_option *option;

        for (size_t i = 0; (option = bp_command_option(command, i)); i++)
                if (option->id == id)
                        return option;
        return NULL;
}

static const char *nearest_option(const struct bp_command *command, const char *name) {
        const struct bp_option *option;
        struct bp_similar similar;

        bp_similar_init(&similar, name);
        for (size_t i = 0; (option = bp_command_option(command, i)); i++)
                bp_similar_offer(&similar, option->name);
        return similar.nearest;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Checking what was given
 */

static bool is_seconds(const char *text) {
        char *end;
        long long seconds;

        errno = 0;
        seconds = strtoll(text, &end, 10);
        return errno == 0 && end != text && *end == '\0' && text[0] >= '0' && text[0] <= '9' && seconds >= 1 &&
               seconds <= SECONDS_MAX;
}

static bool is_choice(const char *text, const char *const *choices) {
        for (; *choices; choices++)
                if (strcmp(text, *choices) == 0)
                        return true;
        return false;
}

static void join_choices(const char *const *choices, char *text, size_t size) {
        size_t used = 0;

        text[0] = '\0';
        for (; *choices; choices++) {
                int written = snprintf(text + used, size - used, "%s%s", used ? ", " : "", *choices);

                if (written < 0 || (size_t)written >= size - used)
                        return;
                used += (size_t)written;
        }
}

static int check_argument(struct reading *reading, const char *what, enum bp_argument_kind kind,
                          const char *const *choices, const char *text) {
        char known[256];

        if (kind == BP_ARGUMENT_CHOICE && !is_choice(text, choices)) {
                join_choices(choices, known, sizeof(known));
                return refuse(reading, "%s: '%s' is not one of %s", what, text, known);
        }
        if (kind == BP_ARGUMENT_SECONDS && !is_seconds(text))
                return refuse(reading, "%s: '%s' is not a whole number of seconds from 1 to %d", what, text,
                              SECONDS_MAX);
        if (kind == BP_ARGUMENT_PAIR && (text[0] == '=' || !strchr(text, '=')))
                return refuse(reading, "%s: '%s' is not of the form NAME=VALUE", what, text);
        return 0;
}

static int give(struct reading *reading, const struct bp_option *option, const char *argument) {
        char what[LONGEST_NAME];

        snprintf(what, sizeof(what), "--%s", option->name);
        if (argument) {
                int r = check_argument(reading, what, option->kind, option->choices, argument);

                if (r)
                        return r;
        }
        reading->arguments->given[reading->arguments->n_given++] = (struct bp_given_option){option->id, argument};
        reading->finished = option->id == BP_OPTION_HELP || option->id == BP_OPTION_VERSION;
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Reading one word
 */

static int read_option_argument(struct reading *reading, const struct bp_option *option, const char *word,
                                const char *attached) {
        if (option->kind == BP_ARGUMENT_NONE && attached)
                return refuse(reading, "option --%s takes no argument", option->name);
        if (option->kind == BP_ARGUMENT_SWITCH && !attached)
                return give(reading, option, "true");
        if (option->kind == BP_ARGUMENT_NONE || attached)
                return give(reading, option, attached);
        if (reading->at == reading->n_words)
                return refuse(reading, "option %s needs an argument: %s", word, option->argument);
        return give(reading, option, reading->words[reading->at++]);
}

static int read_long_option(struct reading *reading, const char *word) {
        const char *equals = strchr(word, '=');
        size_t size = equals ? (size_t)(equals - word - 2) : strlen(word) - 2;
        const struct bp_option *option = option_by_name(reading->arguments->command, word + 2, size);
        char name[LONGEST_NAME];
        const char *nearest;

        if (option)
                return read_option_argument(reading, option, word, equals ? equals + 1 : NULL);
        snprintf(name, sizeof(name), "%.*s", (int)(size < sizeof(name) ? size : sizeof(name) - 1), word + 2);
        nearest = nearest_option(reading->arguments->command, name);
        if (nearest)
                return refuse(reading, "unknown option --%s; did you mean --%s?", name, nearest);
        return refuse(reading, "unknown option --%s", name);
}

static int read_short_option(struct reading *reading, const char *word) {
        const struct bp_option *option = option_by_letter(reading->arguments->command, word[1]);

        if (!option)
                return refuse(reading, "unknown option %s", word);
        return read_option_argument(reading, option, word, word[2] ? word + 2 : NULL);
}

static bool is_option(const struct reading *reading, const char *word) {
        return !reading->options_ended && word[0] == '-' && word[1];
}

static int read_option(struct reading *reading, const char *word) {
        if (strcmp(word, "--") == 0) {
                reading->options_ended = true;
                return 0;
        }
        return word[1] == '-' ? read_long_option(reading, word) : read_short_option(reading, word);
}

static int refuse_command(struct reading *reading, const char *word) {
        const struct bp_command *group = reading->arguments->command;
        struct bp_similar similar;
        const char *space = group->name[0] ? " " : "";

        bp_similar_init(&similar, word);
        for (size_t i = 0; i < bp_n_commands; i++)
                if (bp_command_is_member(&bp_commands[i], group) && !bp_commands[i].hidden)
                        bp_similar_offer(&similar, bp_command_word(&bp_commands[i]));
        if (similar.nearest)
                return refuse(reading, "unknown command '%s%s%s'; did you mean '%s%s%s'?", group->name, space, word,
                              group->name, space, similar.nearest);
        return refuse(reading, "unknown command '%s%s%s'", group->name, space, word);
}

static int read_command(struct reading *reading, const char *word) {
        const struct bp_command *group = reading->arguments->command;

        for (size_t i = 0; i < bp_n_commands; i++)
                if (bp_command_is_member(&bp_commands[i], group) &&
                    strcmp(bp_command_word(&bp_commands[i]), word) == 0) {
                        reading->arguments->command = &bp_commands[i];
                        return 0;
                }
        return refuse_command(reading, word);
}

static int read_word(struct reading *reading, const char *word) {
        if (is_option(reading, word))
                return read_option(reading, word);
        if (!reading->arguments->command->run)
                return read_command(reading, word);
        reading->arguments->operands[reading->arguments->n_operands++] = word;
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Operands against the table
 */

static bool is_replaced(const struct bp_arguments *arguments, const struct bp_operand *operand) {
        for (size_t i = 0; i < arguments->n_given; i++)
                if (operand->replaced_by & BP_OPTION_BIT(arguments->given[i].id))
                        return true;
        return false;
}

static int check_operands(struct reading *reading) {
        const struct bp_arguments *arguments = reading->arguments;
        const struct bp_command *command = arguments->command;
        size_t at = 0;

        for (size_t i = 0; i < command->n_operands; i++) {
                const struct bp_operand *operand = &command->operands[i];

                if (is_replaced(arguments, operand))
                        continue;
                if (at == arguments->n_operands) {
                        if (operand->optional)
                                continue;
                        return refuse(reading, "%s is missing", operand->name);
                }
                do {
                        int r = check_argument(reading, operand->name, operand->kind, operand->choices,
                                               arguments->operands[at++]);

                        if (r)
                                return r;
                } while (operand->repeatable && at < arguments->n_operands);
        }
        if (at < arguments->n_operands)
                return refuse(reading, "unexpected argument '%s'", arguments->operands[at]);
        return 0;
}

static int check_repetition(struct reading *reading) {
        const struct bp_arguments *arguments = reading->arguments;

        for (size_t i = 0; i < arguments->n_given; i++) {
                const struct bp_option *option = option_by_id(arguments->command, arguments->given[i].id);

                /* An option before its command may not belong to it. */
                if (!option || option->repeatable || option->kind == BP_ARGUMENT_NONE)
                        continue;
                for (size_t j = 0; j < i; j++)
                        if (arguments->given[j].id == option->id)
                                return refuse(reading, "option --%s is given twice", option->name);
        }
        return 0;
}

int bp_arguments_parse(int argc, char *const argv[], struct bp_arguments *ret_arguments,
                       struct bp_usage_problem *reterr_problem) {
        struct bp_arguments arguments = {.command = &bp_commands[0]};
        struct reading reading = {
                .words = argv + 1, .n_words = argc - 1, .arguments = &arguments, .problem = reterr_problem};
        int r = 0;

        arguments.given = bp_calloc((size_t)argc + 1, sizeof(*arguments.given));
        arguments.operands = bp_calloc((size_t)argc + 1, sizeof(*arguments.operands));
        if (!arguments.given || !arguments.operands)
                r = -ENOMEM;
        while (r == 0 && !reading.finished && reading.at < reading.n_words)
                r = read_word(&reading, reading.words[reading.at++]);
        if (r == 0 && !reading.finished && arguments.command->run)
                r = check_repetition(&reading);
        if (r == 0 && !reading.finished && arguments.command->run)
                r = check_operands(&reading);
        if (r) {
                bp_arguments_done(&arguments);
                return r;
        }
        *ret_arguments = arguments;
        return 0;
}

void bp_arguments_done(struct bp_arguments *arguments) {
        free(arguments->given);
        free(arguments->operands);
        *arguments = (struct bp_arguments){0};
}

/* ---------------------------------------------------------------------------------------------------------------
 * Asking
 */

bool bp_arguments_has(const struct bp_arguments *arguments, enum bp_option_id id) {
        for (size_t i = 0; i < arguments->n_given; i++)
                if (arguments->given[i].id == id)
                        return true;
        return false;
}

const char *bp_arguments_text(const struct bp_arguments *arguments, enum bp_option_id id) {
        const struct bp_option *option = option_by_id(arguments->command, id);

        for (size_t i = arguments->n_given; i > 0; i--)
                if (arguments->given[i - 1].id == id)
                        return arguments->given[i - 1].argument;
        return option ? option->fallback : NULL;
}

const char *bp_arguments_next(const struct bp_arguments *arguments, enum bp_option_id id, size_t *cursor) {
        while (*cursor < arguments->n_given) {
                const struct bp_given_option *given = &arguments->given[(*cursor)++];

                if (given->id == id)
                        return given->argument;
        }
        return NULL;
}

const char *bp_arguments_operand(const struct bp_arguments *arguments, size_t index) {
        return index < arguments->n_operands ? arguments->operands[index] : NULL;
}
