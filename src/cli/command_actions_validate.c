/* SPDX-License-Identifier: Apache-2.0 */
/* budpipeline actions validate: whether parameters are right for an action, without calling it. */
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "cli/action_call.h"
#include "cli/catalogue.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/input.h"
#include "cli/jsonl.h"
#include "cli/show_problem.h"
#include "runtime/call_action.h"

#define ARENA_SIZE_MAX ((size_t)64 * 1024 * 1024)

static void write_findings(struct bp_strbuf *buffer, const struct bp_problem_list *findings) {
        bp_strbuf_printf(buffer, "{\"valid\":%s,\"errors\":[", findings->count ? "false" : "true");
        for (size_t i = 0; i < findings->count; i++) {
                if (i)
                        bp_strbuf_add_char(buffer, ',');
                bp_jsonl_write_problem(buffer, findings->items[i], true);
        }
        bp_strbuf_add_text(buffer, "]}");
}

static int answer_line(void *userdata, const struct bp_value *line, struct bp_arena *arena, struct bp_strbuf *answer,
                       struct bp_problem *reterr_problem) {
        struct bp_problem_list findings = {.arena = arena};
        struct bp_action_call call;
        int r;

        r = bp_action_call_of_line(userdata, line, &call, reterr_problem);
        if (r == 0)
                r = bp_check_action_params(call.entry, &call.params, &findings);
        if (r == 0)
                write_findings(answer, &findings);
        return r;
}

static int validate(const struct bp_cli *cli, const struct bp_arguments *arguments,
                    const struct bp_catalogue *catalogue) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(ARENA_SIZE_MAX);
        const struct bp_source source = {.name = bp_arguments_operand(arguments, 0)};
        struct bp_problem_list findings = {.arena = arena};
        struct bp_action_call call;
        int code;

        if (!arena)
                return bp_cli_no_memory(cli);
        code = bp_action_call_read(cli, catalogue, arguments, arena, &call);
        if (code)
                return code;
        if (bp_check_action_params(call.entry, &call.params, &findings))
                return bp_cli_no_memory(cli);
        bp_report_problems(cli, &source, BP_SEVERITY_ERROR, &findings);
        if (findings.count)
                return BP_EXIT_INVALID;
        fprintf(cli->out, "%s: valid\n", source.name);
        return BP_EXIT_COMPLETED;
}

int bp_command_actions_validate(struct bp_cli *cli, const struct bp_arguments *arguments) {
        struct bp_catalogue catalogue;
        int code;

        if (bp_catalogue_open(cli, &catalogue))
                return bp_cli_no_memory(cli);
        code = bp_arguments_has(arguments, BP_OPTION_JSONL) ? bp_jsonl_run(cli, answer_line, &catalogue)
                                                            : validate(cli, arguments, &catalogue);
        bp_catalogue_close(&catalogue);
        return code;
}
