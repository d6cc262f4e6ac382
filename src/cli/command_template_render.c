/* SPDX-License-Identifier: Apache-2.0 */
/* budpipeline template render: what a template comes to, for one text or for a batch of JSON values. */
#include <string.h>

#include "base/json.h"
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

/* A template of a batch may be any JSON value; its texts are what is rendered. */
static int answer_line(void *userdata, const struct bp_value *line, struct bp_arena *arena, struct bp_strbuf *answer,
                       struct bp_problem *reterr_problem) {
        const struct bp_value *template = bp_value_get(line, "template");
        const struct bp_template_tree *tree;
        struct bp_template_scope scope;
        struct bp_value result;
        int r;

        (void)userdata;
        if (!template)
                return bp_problem_set(reterr_problem, "LINE_INVALID", "\"template\" is missing");
        r = bp_scope_of_line(line, &scope, reterr_problem);
        if (r == 0)
                r = bp_template_tree_compile(arena, template, NULL, NULL, NULL, &tree, reterr_problem);
        if (r == 0)
                r = bp_template_tree_evaluate(tree, &scope, arena, NULL, &result, reterr_problem);
        if (r)
                return r;
        bp_strbuf_add_text(answer, "{\"result\":");
        bp_json_write(answer, &result);
        bp_strbuf_add_char(answer, '}');
        return 0;
}

static int write_result(const struct bp_cli *cli, const char *format, const struct bp_value *result) {
        struct bp_strbuf text;
        int code;

        bp_strbuf_init(&text, NULL, SIZE_MAX);
        if (result->type == BP_STRING && strcmp(format, "text") == 0)
                bp_strbuf_add(&text, result->as.text, result->count);
        else
                bp_json_write(&text, result);
        bp_strbuf_add_char(&text, '\n');
        code = bp_cli_write(cli, &text);
        bp_strbuf_done(&text);
        return code;
}

static int render(const struct bp_arguments *arguments, struct bp_arena *arena, struct bp_value *ret_result,
                  struct bp_source *ret_source, struct bp_problem *reterr_problem) {
        const struct bp_template *template;
        struct bp_evaluation evaluation;
        int r;

        r = bp_evaluation_read(arguments, "<template>", arena, &evaluation, ret_source, reterr_problem);
        if (r == 0)
                r = bp_template_compile(arena, evaluation.source.text, evaluation.source.size, NULL, &template,
                                        reterr_problem);
        if (r)
                return r;
        return bp_template_evaluate(template, &evaluation.scope, arena, NULL, ret_result, reterr_problem);
}

static int render_text(const struct bp_cli *cli, const struct bp_arguments *arguments) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(ARENA_SIZE_MAX);
        struct bp_source source = {0};
        struct bp_problem problem = {0};
        struct bp_value result;
        int r;

        if (!arena)
                return bp_cli_no_memory(cli);
        r = render(arguments, arena, &result, &source, &problem);
        if (r)
                return bp_report_input(cli, r, &source, &problem);
        return write_result(cli, bp_arguments_text(arguments, BP_OPTION_FORMAT), &result);
}

int bp_command_template_render(struct bp_cli *cli, const struct bp_arguments *arguments) {
        if (bp_arguments_has(arguments, BP_OPTION_JSONL))
                return bp_jsonl_run(cli, answer_line, NULL);
        return render_text(cli, arguments);
}
