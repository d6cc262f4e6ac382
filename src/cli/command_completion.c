/* SPDX-License-Identifier: Apache-2.0 */
/* budpipeline completion: the script that teaches a shell this program's words. */
#include "base/strbuf.h"
#include "cli/cli.h"
#include "cli/command.h"

int bp_command_completion(struct bp_cli *cli, const struct bp_arguments *arguments) {
        struct bp_strbuf script;
        int code;

        bp_strbuf_init(&script, NULL, SIZE_MAX);
        bp_command_write_completion(&script, bp_arguments_operand(arguments, 0));
        code = bp_cli_write(cli, &script);
        bp_strbuf_done(&script);
        return code;
}
