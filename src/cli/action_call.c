/* SPDX-License-Identifier: Apache-2.0 */
/* Which action, with which parameters: from the command line or from a batch line. */
#include "cli/action_call.h"

#include "base/problem.h"
#include "cli/catalogue.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/input.h"
#include "cli/jsonl.h"
#include "cli/show_problem.h"
#include "registry/registry.h"

/* Kinds whose values are text, so that -p id=42 stays "42". */
static bool is_text(const void *userdata, const char *name) {
        const struct bp_param_meta *param = bp_action_meta_param(userdata, name);

        if (!param)
                return false;
        return param->type == BP_PARAM_STRING || param->type == BP_PARAM_SELECT || param->type >= BP_PARAM_MODEL_REF;
}

int bp_action_call_read(const struct bp_cli *cli, const struct bp_catalogue *catalogue,
                        const struct bp_arguments *arguments, struct bp_arena *arena, struct bp_action_call *ret_call) {
        struct bp_problem problem = {0};
        struct bp_source source;
        int r;

        ret_call->entry = bp_catalogue_find(cli, catalogue, bp_arguments_operand(arguments, 0));
        if (!ret_call->entry)
                return BP_EXIT_INVALID;
        r = bp_parameters_read(arguments, is_text, bp_action_entry_meta(ret_call->entry), arena, &ret_call->params,
                               &source, &problem);
        return r ? bp_report_input(cli, r, &source, &problem) : BP_EXIT_COMPLETED;
}

int bp_action_call_of_line(const struct bp_catalogue *catalogue, const struct bp_value *line,
                           struct bp_action_call *ret_call, struct bp_problem *reterr_problem) {
        const struct bp_value *type, *params;
        int r;

        r = bp_jsonl_text(line, "action", &type, reterr_problem);
        if (r == 0)
                r = bp_jsonl_object(line, "params", &params, reterr_problem);
        if (r)
                return r;
        ret_call->entry = bp_registry_find(catalogue->snapshot, type->as.text);
        ret_call->params = params ? *params : bp_value_empty_object;
        if (!ret_call->entry)
                return bp_problem_set(reterr_problem, "UNKNOWN_ACTION", "there is no action '%s'", type->as.text);
        return 0;
}
