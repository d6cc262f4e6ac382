/* SPDX-License-Identifier: Apache-2.0 */
/* The program: reads the command line by the table, answers --help and --version, and calls the command. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "cli/cli.h"
#include "cli/command.h"

static int show_help(const struct bp_cli *cli, const struct bp_command *command) {
        struct bp_strbuf help;
        int code;

        bp_strbuf_init(&help, NULL, SIZE_MAX);
        bp_command_write_help(&help, command, cli->out_colour);
        code = bp_cli_write(cli, &help);
        bp_strbuf_done(&help);
        return code;
}

/* A group without a command is a question, answered on the error stream since nothing was done. */
static int ask_for_command(struct bp_cli *cli, const struct bp_command *group) {
        struct bp_cli on_error = *cli;

        on_error.out = cli->err;
        on_error.out_colour = cli->err_colour;
        show_help(&on_error, group);
        return BP_EXIT_INVALID;
}

static int perform(struct bp_cli *cli, const struct bp_arguments *arguments) {
        if (bp_arguments_has(arguments, BP_OPTION_HELP))
                return show_help(cli, arguments->command);
        if (bp_arguments_has(arguments, BP_OPTION_VERSION))
                return bp_command_version(cli, arguments);
        if (!arguments->command->run)
                return ask_for_command(cli, arguments->command);
        return arguments->command->run(cli, arguments);
}

static int refuse(const struct bp_cli *cli, const struct bp_usage_problem *problem) {
        const char *name = problem->command->name;

        bp_cli_error(cli, "%s", problem->message);
        fprintf(cli->err, "'budpipeline %s%s--help' tells how it is used.\n", name, name[0] ? " " : "");
        return BP_EXIT_INVALID;
}

/* What was written must have arrived; a reader that went away on purpose (`| head`) is no error. */
static int finish(const struct bp_cli *cli, int code) {
        errno = 0;
        if (fflush(cli->out) == 0 && !ferror(cli->out))
                return code;
        if (errno == EPIPE)
                return code;
        bp_cli_error(cli, "cannot write standard output: %s", errno ? strerror(errno) : "write error");
        return code == BP_EXIT_COMPLETED ? BP_EXIT_FAILED : code;
}

int main(int argc, char *argv[]) {
        struct bp_arguments arguments = {0};
        struct bp_usage_problem problem;
        struct bp_cli cli;
        int r, code;

        r = bp_arguments_parse(argc, argv, &arguments, &problem);
        bp_cli_init(&cli, stdout, stderr, r == 0 ? bp_arguments_text(&arguments, BP_OPTION_COLOR) : "auto");
        if (r < 0)
                return bp_cli_no_memory(&cli);
        if (r > 0)
                return refuse(&cli, &problem);
        code = perform(&cli, &arguments);
        bp_arguments_done(&arguments);
        return finish(&cli, code);
}
