/* SPDX-License-Identifier: Apache-2.0 */
/* budpipeline serve: the durable service. */
#include <string.h>

#include "base/problem.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/read_settings.h"
#include "daemon/config.h"
#include "daemon/daemon.h"

static int run(const struct bp_cli *cli, const struct bp_config *config) {
        struct bp_problem problem = {0};
        int r = bp_daemon_run(config, &problem);

        if (r == BP_PROBLEM) {
                bp_cli_error(cli, "%s: %s", problem.code, problem.message);
                return BP_EXIT_INVALID;
        }
        if (r) {
                bp_cli_error(cli, "the service failed: %s", strerror(-r));
                return BP_EXIT_FAILED;
        }
        return BP_EXIT_COMPLETED;
}

int bp_command_serve(struct bp_cli *cli, const struct bp_arguments *arguments) {
        struct bp_config *config;
        int code = bp_settings_read(cli, arguments, &config);

        if (code)
                return code;
        code = bp_settings_check(cli, config);
        if (code == BP_EXIT_COMPLETED)
                code = run(cli, config);
        bp_config_free(config);
        return code;
}
