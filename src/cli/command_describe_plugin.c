/* SPDX-License-Identifier: Apache-2.0 */
/* budpipeline describe-plugin: the helper that the plugins room starts; not for people. */
#include "cli/cli.h"
#include "cli/command.h"
#include "plugins/plugins.h"

int bp_command_describe_plugin(struct bp_cli *cli, const struct bp_arguments *arguments) {
        (void)cli;
        return bp_plugins_describe_main(bp_arguments_operand(arguments, 0), BP_PLUGINS_DESCRIBE_FD);
}
