/* SPDX-License-Identifier: Apache-2.0 */
/* How commands, groups and their members relate: by their names, so that the table says it once. */
#include <string.h>

#include "cli/command.h"

const struct bp_command *bp_command_find(const char *name) {
        for (size_t i = 0; i < bp_n_commands; i++)
                if (strcmp(bp_commands[i].name, name) == 0)
                        return &bp_commands[i];
        return NULL;
}

bool bp_command_is_member(const struct bp_command *command, const struct bp_command *group) {
        size_t size = strlen(group->name);

        if (command == group)
                return false;
        if (size == 0)
                return strchr(command->name, ' ') == NULL;
        return strncmp(command->name, group->name, size) == 0 && command->name[size] == ' ';
}

const char *bp_command_word(const struct bp_command *command) {
        const char *space = strrchr(command->name, ' ');

        return space ? space + 1 : command->name;
}
