/* SPDX-License-Identifier: Apache-2.0 */
/* budpipeline man: a command's manual page, as roff. */
#include "base/strbuf.h"
#include "cli/cli.h"
#include "cli/command.h"

/* "actions list" may be given as one word or as two. */
static const struct bp_command *wanted(const struct bp_arguments *arguments, struct bp_strbuf *name) {
        for (size_t i = 0; i < arguments->n_operands; i++)
                bp_strbuf_printf(name, "%s%s", i ? " " : "", arguments->operands[i]);
        return bp_command_find(bp_strbuf_text(name));
}

static int write_page(const struct bp_cli *cli, const struct bp_command *command) {
        struct bp_strbuf page;
        int code;

        bp_strbuf_init(&page, NULL, SIZE_MAX);
        bp_command_write_man(&page, command);
        code = bp_cli_write(cli, &page);
        bp_strbuf_done(&page);
        return code;
}

int bp_command_man(struct bp_cli *cli, const struct bp_arguments *arguments) {
        const struct bp_command *command;
        struct bp_strbuf name;
        int code = BP_EXIT_INVALID;

        bp_strbuf_init(&name, NULL, SIZE_MAX);
        command = wanted(arguments, &name);
        if (command)
                code = write_page(cli, command);
        else
                bp_cli_error(cli, "there is no command '%s'", bp_strbuf_text(&name));
        bp_strbuf_done(&name);
        return code;
}
