/* SPDX-License-Identifier: Apache-2.0 */
/* budpipeline version: what this program is. Loads nothing, so that it answers at once. */
#include <budpipeline/action.h>

#include <string.h>

#include "cli/cli.h"
#include "cli/command.h"

int bp_command_version(struct bp_cli *cli, const struct bp_arguments *arguments) {
        const char *format = bp_arguments_text(arguments, BP_OPTION_FORMAT);

        if (format && strcmp(format, "json") == 0)
                fprintf(cli->out, "{\"name\":\"budpipeline\",\"version\":\"%s\",\"abi_version\":%u}\n", BP_VERSION,
                        BP_ABI_VERSION);
        else
                fprintf(cli->out, "budpipeline %s (action ABI %u)\n", BP_VERSION, BP_ABI_VERSION);
        return BP_EXIT_COMPLETED;
}
