/* SPDX-License-Identifier: Apache-2.0 */
/* budpipeline condition eval: whether a condition holds, for one text or for a batch. */
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/jsonl.h"
#include "cli/scope.h"
#include "cli/show_problem.h"
#include "template/template.h"

#define ARENA_SIZE_MAX ((size_t)256 * 1024 * 1024)

static int judge(struct bp_arena *arena, const char *text, size_t size, const struct bp_template_scope *scope,
                 bool *ret_result, struct bp_problem *reterr_problem) {
        const struct bp_condition *condition;
        int r;

        r = bp_condition_compile(arena, text, size, NULL, &condition, reterr_problem);
        if (r)
                return r;
        return bp_condition_evaluate(condition, scope, arena, NULL, ret_result, reterr_problem);
}

/* A condition that is absent or null holds. */
static int answer_line(void *userdata, const struct bp_value *line, struct bp_arena *arena, struct bp_strbuf *answer,
                       struct bp_problem *reterr_problem) {
        const struct bp_value *condition = bp_value_get(line, "condition");
        struct bp_template_scope scope;
        bool result;
        int r;

        (void)userdata;
        if (condition && condition->type == BP_NULL)
                condition = NULL;
        r = condition ? bp_jsonl_text(line, "condition", &condition, reterr_problem) : 0;
        if (r == 0)
                r = bp_scope_of_line(line, &scope, reterr_problem);
        if (r == 0)
                r = judge(arena, condition ? condition->as.text : NULL, condition ? condition->count : 0, &scope,
                          &result, reterr_problem);
        if (r)
                return r;
        bp_strbuf_add_text(answer, result ? "{\"result\":true}" : "{\"result\":false}");
        return 0;
}

static int evaluate_text(const struct bp_cli *cli, const struct bp_arguments *arguments) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(ARENA_SIZE_MAX);
        struct bp_evaluation evaluation;
        struct bp_source source = {0};
        struct bp_problem problem = {0};
        bool result = false;
        int r;

        if (!arena)
                return bp_cli_no_memory(cli);
        r = bp_evaluation_read(arguments, "<condition>", arena, &evaluation, &source, &problem);
        if (r == 0)
                r = judge(arena, evaluation.source.text, evaluation.source.size, &evaluation.scope, &result, &problem);
        if (r)
                return bp_report_input(cli, r, &source, &problem);
        fputs(result ? "true\n" : "false\n", cli->out);
        return BP_EXIT_COMPLETED;
}

int bp_command_condition_eval(struct bp_cli *cli, const struct bp_arguments *arguments) {
        if (bp_arguments_has(arguments, BP_OPTION_JSONL))
                return bp_jsonl_run(cli, answer_line, NULL);
        return evaluate_text(cli, arguments);
}
