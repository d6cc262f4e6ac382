/* SPDX-License-Identifier: Apache-2.0 */
/* Settings given as flags, and all the rest of the configuration. */
#include "cli/read_settings.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/problem.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "daemon/config.h"

static size_t collect(const struct bp_arguments *arguments, struct bp_config_flag *flags) {
        size_t count = 0;

        for (size_t i = 0; i < arguments->n_given; i++) {
                const struct bp_given_option *given = &arguments->given[i];

                if (given->id >= BP_OPTION_SETTING)
                        flags[count++] = (struct bp_config_flag){
                                .name = bp_settings[given->id - BP_OPTION_SETTING].name, .value = given->argument};
        }
        return count;
}

int bp_settings_refuse(const struct bp_cli *cli, const struct bp_problem_list *problems) {
        for (size_t i = 0; i < problems->count; i++)
                bp_cli_error(cli, "%s: %s", problems->items[i]->code, problems->items[i]->message);
        return BP_EXIT_INVALID;
}

int bp_settings_read(const struct bp_cli *cli, const struct bp_arguments *arguments, struct bp_config **ret_config) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_config_flag *flags = bp_calloc(arguments->n_given + 1, sizeof(*flags));
        struct bp_problem_list problems = {.arena = arena};
        int r;

        if (!arena || !flags) {
                free(flags);
                return bp_cli_no_memory(cli);
        }
        r = bp_config_load(&(struct bp_config_sources){.flags = flags,
                                                       .n_flags = collect(arguments, flags),
                                                       .environment = (const char *const *)environ,
                                                       .path = bp_arguments_text(arguments, BP_OPTION_CONFIG)},
                           &problems, ret_config);
        free(flags);
        if (r == BP_PROBLEM)
                return bp_settings_refuse(cli, &problems);
        return r ? bp_cli_no_memory(cli) : BP_EXIT_COMPLETED;
}

int bp_settings_check(const struct bp_cli *cli, const struct bp_config *config) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_problem_list problems = {.arena = arena};
        int r;

        if (!arena)
                return bp_cli_no_memory(cli);
        r = bp_config_check(config, &problems);
        if (r == BP_PROBLEM)
                return bp_settings_refuse(cli, &problems);
        return r ? bp_cli_no_memory(cli) : BP_EXIT_COMPLETED;
}
