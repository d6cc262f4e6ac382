/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file action_call.h
 * What `actions validate` and `actions run` have in common: which action, with which parameters.
 */
#ifndef BP_CLI_ACTION_CALL_H
#define BP_CLI_ACTION_CALL_H

#include "base/value.h"

struct bp_action_entry;
struct bp_arena;
struct bp_arguments;
struct bp_catalogue;
struct bp_cli;
struct bp_problem;

/** An action and its parameters. */
struct bp_action_call {
        const struct bp_action_entry *entry;
        struct bp_value params;
};

/** Reads TYPE, --param and --params-file; says what is wrong. @return enum bp_exit. */
int bp_action_call_read(const struct bp_cli *cli, const struct bp_catalogue *catalogue,
                        const struct bp_arguments *arguments, struct bp_arena *arena, struct bp_action_call *ret_call);

/** Reads "action" and "params" of a batch line. @return 0 or BP_PROBLEM with LINE_INVALID or UNKNOWN_ACTION. */
int bp_action_call_of_line(const struct bp_catalogue *catalogue, const struct bp_value *line,
                           struct bp_action_call *ret_call, struct bp_problem *reterr_problem);

#endif
