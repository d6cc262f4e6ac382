/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completion scripts for bash, zsh and fish, from the table of commands. Each first finds which command the words
 * before the cursor name, then completes the argument of an option, an option, or an operand.
 */
#include <string.h>

#include "base/strbuf.h"
#include "cli/command.h"

/* The program's own list of action types, asked for when it is needed. */
#define LIST_ACTIONS "budpipeline actions list --format names 2>/dev/null"

static bool is_shown(const struct bp_command *command) {
        return !command->hidden;
}

static void add_words(struct bp_strbuf *buffer, const char *const *words) {
        for (size_t i = 0; words[i]; i++)
                bp_strbuf_printf(buffer, "%s%s", i ? " " : "", words[i]);
}

static void add_member_words(struct bp_strbuf *buffer, const struct bp_command *group) {
        const char *space = "";

        for (size_t i = 0; i < bp_n_commands; i++)
                if (is_shown(&bp_commands[i]) && bp_command_is_member(&bp_commands[i], group)) {
                        bp_strbuf_printf(buffer, "%s%s", space, bp_command_word(&bp_commands[i]));
                        space = " ";
                }
}

/* Text inside single quotes of bash and zsh. */
static void add_single_quoted(struct bp_strbuf *buffer, const char *text) {
        for (; *text; text++) {
                if (*text == '\'')
                        bp_strbuf_add_text(buffer, "'\\''");
                else
                        bp_strbuf_add_char(buffer, *text);
        }
}

/* The group a command stands in: the words before its last one. */
static void add_group_name(struct bp_strbuf *buffer, const struct bp_command *command) {
        bp_strbuf_add(buffer, command->name, (size_t)(bp_command_word(command) - command->name));
        if (bp_command_word(command) == command->name)
                bp_strbuf_add_char(buffer, ' ');
}

/* ---------------------------------------------------------------------------------------------------------------
 * bash and zsh: the same search for the command, in the same syntax
 */

static void add_command_cases(struct bp_strbuf *buffer, const char *indent) {
        for (size_t i = 1; i < bp_n_commands; i++) {
                if (!is_shown(&bp_commands[i]))
                        continue;
                bp_strbuf_printf(buffer, "%s\"", indent);
                add_group_name(buffer, &bp_commands[i]);
                bp_strbuf_printf(buffer, "%s\") command=\"%s\" ;;\n", bp_command_word(&bp_commands[i]),
                                 bp_commands[i].name);
        }
}

/* "run -p" | "run --param" */
static void add_option_pattern(struct bp_strbuf *buffer, const struct bp_command *command,
                               const struct bp_option *option) {
        if (option->letter)
                bp_strbuf_printf(buffer, "\"%s -%c\" | ", command->name, option->letter);
        bp_strbuf_printf(buffer, "\"%s --%s\")", command->name, option->name);
}

static void add_bash_reply(struct bp_strbuf *buffer, enum bp_argument_kind kind, const char *const *choices) {
        if (kind == BP_ARGUMENT_FILE) {
                bp_strbuf_add_text(buffer, " compopt -o default");
        } else if (kind == BP_ARGUMENT_CHOICE) {
                bp_strbuf_add_text(buffer, " mapfile -t COMPREPLY < <(compgen -W \"");
                add_words(buffer, choices);
                bp_strbuf_add_text(buffer, "\" -- \"$current\")");
        } else if (kind == BP_ARGUMENT_ACTION) {
                bp_strbuf_add_text(buffer,
                                   " mapfile -t COMPREPLY < <(compgen -W \"$(" LIST_ACTIONS ")\" -- \"$current\")");
        } else if (kind == BP_ARGUMENT_COMMAND) {
                bp_strbuf_add_text(buffer, " mapfile -t COMPREPLY < <(compgen -W \"");
                add_member_words(buffer, &bp_commands[0]);
                bp_strbuf_add_text(buffer, "\" -- \"$current\")");
        } else {
                bp_strbuf_add_text(buffer, " :");
        }
}

static void add_bash_argument_cases(struct bp_strbuf *buffer, const struct bp_command *command) {
        const struct bp_option *option;

        for (size_t i = 0; (option = bp_command_option(command, i)); i++) {
                if (option->kind == BP_ARGUMENT_NONE || option->kind == BP_ARGUMENT_SWITCH)
                        continue;
                bp_strbuf_add_text(buffer, "        ");
                add_option_pattern(buffer, command, option);
                add_bash_reply(buffer, option->kind, option->choices);
                bp_strbuf_add_text(buffer, "; return ;;\n");
        }
}

static void add_bash_option_case(struct bp_strbuf *buffer, const struct bp_command *command) {
        const struct bp_option *option;

        bp_strbuf_printf(buffer, "        \"%s\") words=\"", command->name);
        for (size_t i = 0; (option = bp_command_option(command, i)); i++)
                bp_strbuf_printf(buffer, "%s--%s", i ? " " : "", option->name);
        bp_strbuf_add_text(buffer, "\" ;;\n");
}

static void add_bash_operand_case(struct bp_strbuf *buffer, const struct bp_command *command) {
        bp_strbuf_printf(buffer, "        \"%s\")", command->name);
        if (!command->run) {
                bp_strbuf_add_text(buffer, " mapfile -t COMPREPLY < <(compgen -W \"");
                add_member_words(buffer, command);
                bp_strbuf_add_text(buffer, "\" -- \"$current\")");
        } else if (command->n_operands) {
                add_bash_reply(buffer, command->operands[0].kind, command->operands[0].choices);
        } else {
                bp_strbuf_add_text(buffer, " :");
        }
        bp_strbuf_add_text(buffer, " ;;\n");
}

static void for_each_command(struct bp_strbuf *buffer,
                             void (*add)(struct bp_strbuf *buffer, const struct bp_command *command)) {
        for (size_t i = 0; i < bp_n_commands; i++)
                if (is_shown(&bp_commands[i]))
                        add(buffer, &bp_commands[i]);
}

static void add_bash(struct bp_strbuf *buffer) {
        bp_strbuf_add_text(
                buffer, "# bash completion of budpipeline: source <(budpipeline completion bash)\n"
                        "_budpipeline() {\n"
                        "    local current=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD - 1]}\"\n"
                        "    local command=\"\" words=\"\" i\n"
                        "    COMPREPLY=()\n"
                        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                        "        case \"$command ${COMP_WORDS[i]}\" in\n");
        add_command_cases(buffer, "        ");
        bp_strbuf_add_text(buffer, "        esac\n    done\n    case \"$command $previous\" in\n");
        for_each_command(buffer, add_bash_argument_cases);
        bp_strbuf_add_text(buffer, "    esac\n    if [[ $current == -* ]]; then\n        case \"$command\" in\n");
        for_each_command(buffer, add_bash_option_case);
        bp_strbuf_add_text(buffer, "        esac\n"
                                   "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
                                   "        return\n    fi\n    case \"$command\" in\n");
        for_each_command(buffer, add_bash_operand_case);
        bp_strbuf_add_text(buffer, "    esac\n}\ncomplete -F _budpipeline budpipeline\n");
}

/* ---------------------------------------------------------------------------------------------------------------
 * zsh
 */

static void add_zsh_reply(struct bp_strbuf *buffer, enum bp_argument_kind kind, const char *const *choices) {
        if (kind == BP_ARGUMENT_FILE) {
                bp_strbuf_add_text(buffer, " _files");
        } else if (kind == BP_ARGUMENT_CHOICE) {
                bp_strbuf_add_text(buffer, " compadd -- ");
                add_words(buffer, choices);
        } else if (kind == BP_ARGUMENT_ACTION) {
                bp_strbuf_add_text(buffer, " compadd -- ${(f)\"$(" LIST_ACTIONS ")\"}");
        } else if (kind == BP_ARGUMENT_COMMAND) {
                bp_strbuf_add_text(buffer, " compadd -- ");
                add_member_words(buffer, &bp_commands[0]);
        } else {
                bp_strbuf_add_text(buffer, " :");
        }
}

static void add_zsh_argument_cases(struct bp_strbuf *buffer, const struct bp_command *command) {
        const struct bp_option *option;

        for (size_t i = 0; (option = bp_command_option(command, i)); i++) {
                if (option->kind == BP_ARGUMENT_NONE || option->kind == BP_ARGUMENT_SWITCH)
                        continue;
                bp_strbuf_add_text(buffer, "        ");
                add_option_pattern(buffer, command, option);
                add_zsh_reply(buffer, option->kind, option->choices);
                bp_strbuf_add_text(buffer, "; return ;;\n");
        }
}

static void add_zsh_option_case(struct bp_strbuf *buffer, const struct bp_command *command) {
        const struct bp_option *option;

        bp_strbuf_printf(buffer, "        \"%s\") entries=(", command->name);
        for (size_t i = 0; (option = bp_command_option(command, i)); i++) {
                bp_strbuf_printf(buffer, "%s'--%s:", i ? " " : "", option->name);
                add_single_quoted(buffer, option->help);
                bp_strbuf_add_char(buffer, '\'');
        }
        bp_strbuf_add_text(buffer, ") ;;\n");
}

static void add_zsh_members(struct bp_strbuf *buffer, const struct bp_command *group) {
        bp_strbuf_add_text(buffer, " entries=(");
        for (size_t i = 0; i < bp_n_commands; i++) {
                if (!is_shown(&bp_commands[i]) || !bp_command_is_member(&bp_commands[i], group))
                        continue;
                bp_strbuf_printf(buffer, "'%s:", bp_command_word(&bp_commands[i]));
                add_single_quoted(buffer, bp_commands[i].summary);
                bp_strbuf_add_text(buffer, "' ");
        }
        bp_strbuf_add_text(buffer, "); _describe 'command' entries");
}

static void add_zsh_operand_case(struct bp_strbuf *buffer, const struct bp_command *command) {
        bp_strbuf_printf(buffer, "        \"%s\")", command->name);
        if (!command->run)
                add_zsh_members(buffer, command);
        else if (command->n_operands)
                add_zsh_reply(buffer, command->operands[0].kind, command->operands[0].choices);
        else
                bp_strbuf_add_text(buffer, " :");
        bp_strbuf_add_text(buffer, " ;;\n");
}

static void add_zsh(struct bp_strbuf *buffer) {
        bp_strbuf_add_text(
                buffer, "#compdef budpipeline\n"
                        "# zsh completion of budpipeline: budpipeline completion zsh > DIR/_budpipeline, with DIR in "
                        "$fpath\n"
                        "_budpipeline() {\n"
                        "    local command=\"\" i\n"
                        "    local -a entries\n"
                        "    for ((i = 2; i < CURRENT; i++)); do\n"
                        "        case \"$command ${words[i]}\" in\n");
        add_command_cases(buffer, "        ");
        bp_strbuf_add_text(buffer, "        esac\n    done\n    case \"$command ${words[CURRENT - 1]}\" in\n");
        for_each_command(buffer, add_zsh_argument_cases);
        bp_strbuf_add_text(buffer,
                           "    esac\n    if [[ ${words[CURRENT]} == -* ]]; then\n        case \"$command\" in\n");
        for_each_command(buffer, add_zsh_option_case);
        bp_strbuf_add_text(buffer, "        esac\n"
                                   "        _describe -o 'option' entries\n"
                                   "        return\n    fi\n    case \"$command\" in\n");
        for_each_command(buffer, add_zsh_operand_case);
        bp_strbuf_add_text(buffer, "    esac\n}\n"
                                   "if [[ ${funcstack[1]} == _budpipeline ]]; then\n    _budpipeline \"$@\"\n"
                                   "else\n    compdef _budpipeline budpipeline\nfi\n");
}

/* ---------------------------------------------------------------------------------------------------------------
 * fish
 */

static void add_fish_quoted(struct bp_strbuf *buffer, const char *text) {
        bp_strbuf_add_char(buffer, '\'');
        for (; *text; text++) {
                if (*text == '\'' || *text == '\\')
                        bp_strbuf_add_char(buffer, '\\');
                bp_strbuf_add_char(buffer, *text);
        }
        bp_strbuf_add_char(buffer, '\'');
}

static void add_fish_start(struct bp_strbuf *buffer, const struct bp_command *command) {
        bp_strbuf_printf(buffer, "complete -c budpipeline -n '__budpipeline_command_is \"%s\"'", command->name);
}

static void add_fish_argument(struct bp_strbuf *buffer, enum bp_argument_kind kind, const char *const *choices) {
        if (kind == BP_ARGUMENT_FILE) {
                bp_strbuf_add_text(buffer, " -F");
        } else if (kind == BP_ARGUMENT_CHOICE) {
                bp_strbuf_add_text(buffer, " -a '");
                add_words(buffer, choices);
                bp_strbuf_add_char(buffer, '\'');
        } else if (kind == BP_ARGUMENT_ACTION) {
                bp_strbuf_add_text(buffer, " -a '(" LIST_ACTIONS ")'");
        } else if (kind == BP_ARGUMENT_COMMAND) {
                bp_strbuf_add_text(buffer, " -a '");
                add_member_words(buffer, &bp_commands[0]);
                bp_strbuf_add_char(buffer, '\'');
        }
}

static void add_fish_option(struct bp_strbuf *buffer, const struct bp_command *command,
                            const struct bp_option *option) {
        add_fish_start(buffer, command);
        if (option->letter)
                bp_strbuf_printf(buffer, " -s %c", option->letter);
        bp_strbuf_printf(buffer, " -l %s", option->name);
        if (option->kind != BP_ARGUMENT_NONE && option->kind != BP_ARGUMENT_SWITCH) {
                bp_strbuf_add_text(buffer, option->kind == BP_ARGUMENT_FILE ? " -r" : " -x");
                add_fish_argument(buffer, option->kind, option->choices);
        }
        bp_strbuf_add_text(buffer, " -d ");
        add_fish_quoted(buffer, option->help);
        bp_strbuf_add_char(buffer, '\n');
}

static void add_fish_members(struct bp_strbuf *buffer, const struct bp_command *group) {
        for (size_t i = 0; i < bp_n_commands; i++) {
                if (!is_shown(&bp_commands[i]) || !bp_command_is_member(&bp_commands[i], group))
                        continue;
                add_fish_start(buffer, group);
                bp_strbuf_printf(buffer, " -a %s -d ", bp_command_word(&bp_commands[i]));
                add_fish_quoted(buffer, bp_commands[i].summary);
                bp_strbuf_add_char(buffer, '\n');
        }
}

static void add_fish_command(struct bp_strbuf *buffer, const struct bp_command *command) {
        const struct bp_option *option;

        if (!command->run) {
                add_fish_members(buffer, command);
        } else if (command->n_operands) {
                add_fish_start(buffer, command);
                add_fish_argument(buffer, command->operands[0].kind, command->operands[0].choices);
                bp_strbuf_add_char(buffer, '\n');
        }
        for (size_t i = 0; (option = bp_command_option(command, i)); i++)
                add_fish_option(buffer, command, option);
}

static void add_fish_cases(struct bp_strbuf *buffer) {
        for (size_t i = 1; i < bp_n_commands; i++) {
                if (!is_shown(&bp_commands[i]))
                        continue;
                bp_strbuf_add_text(buffer, "            case '");
                add_group_name(buffer, &bp_commands[i]);
                bp_strbuf_printf(buffer, "%s'\n                set command '%s'\n", bp_command_word(&bp_commands[i]),
                                 bp_commands[i].name);
        }
}

static void add_fish(struct bp_strbuf *buffer) {
        bp_strbuf_add_text(buffer, "# fish completion of budpipeline: budpipeline completion fish | source\n"
                                   "function __budpipeline_command_is\n"
                                   "    set -l command ''\n"
                                   "    for word in (commandline -opc)[2..-1]\n"
                                   "        switch \"$command $word\"\n");
        add_fish_cases(buffer);
        bp_strbuf_add_text(buffer, "        end\n    end\n    test \"$command\" = \"$argv[1]\"\nend\n"
                                   "complete -c budpipeline -f\n");
        for_each_command(buffer, add_fish_command);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Choosing
 */

static const struct {
        const char *shell;
        void (*add)(struct bp_strbuf *buffer);
} shells[] = {
        {"bash", add_bash},
        {"zsh", add_zsh},
        {"fish", add_fish},
};

void bp_command_write_completion(struct bp_strbuf *buffer, const char *shell) {
        for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
                if (strcmp(shells[i].shell, shell) == 0)
                        shells[i].add(buffer);
}
