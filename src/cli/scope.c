/* SPDX-License-Identifier: Apache-2.0 */
/* What `template render` and `condition eval` have in common: where the text and the values it sees come from. */
#include "cli/scope.h"

#include <string.h>

#include "base/problem.h"
#include "base/utf8.h"
#include "cli/command.h"
#include "cli/jsonl.h"

static int read_text(const struct bp_arguments *arguments, const char *what, struct bp_arena *arena,
                     struct bp_source *ret_source, struct bp_problem *reterr_problem) {
        const char *path = bp_arguments_text(arguments, BP_OPTION_FILE), *text;

        if (path)
                return bp_source_read(arena, path, ret_source, reterr_problem);
        text = bp_arguments_operand(arguments, 0);
        *ret_source = (struct bp_source){.name = what, .text = text, .size = strlen(text)};
        return 0;
}

static int check_text(const struct bp_source *source, struct bp_problem *reterr_problem) {
        if (bp_utf8_valid(source->text, source->size))
                return 0;
        return bp_problem_set(reterr_problem, "NOT_UTF8", "the text is not UTF-8");
}

static int read_steps(const struct bp_arguments *arguments, struct bp_arena *arena, struct bp_value *ret_steps,
                      struct bp_source *ret_source, struct bp_problem *reterr_problem) {
        const char *path = bp_arguments_text(arguments, BP_OPTION_STEPS_FILE);

        if (path)
                return bp_object_read(arena, path, ret_source, ret_steps, reterr_problem);
        *ret_steps = bp_value_empty_object;
        return 0;
}

int bp_evaluation_read(const struct bp_arguments *arguments, const char *what, struct bp_arena *arena,
                       struct bp_evaluation *ret_evaluation, struct bp_source *ret_source,
                       struct bp_problem *reterr_problem) {
        int r;

        r = bp_parameters_read(arguments, NULL, NULL, arena, &ret_evaluation->params, ret_source, reterr_problem);
        if (r)
                return r;
        r = read_steps(arguments, arena, &ret_evaluation->steps, ret_source, reterr_problem);
        if (r)
                return r;
        r = read_text(arguments, what, arena, ret_source, reterr_problem);
        if (r)
                return r;
        r = check_text(ret_source, reterr_problem);
        if (r)
                return r;
        ret_evaluation->source = *ret_source;
        ret_evaluation->scope = (struct bp_template_scope){
                .params = &ret_evaluation->params,
                .steps = &ret_evaluation->steps,
                .strict = bp_arguments_has(arguments, BP_OPTION_STRICT),
        };
        return 0;
}

int bp_scope_of_line(const struct bp_value *line, struct bp_template_scope *ret_scope,
                     struct bp_problem *reterr_problem) {
        int r;

        *ret_scope = (struct bp_template_scope){.strict = bp_jsonl_flag(line, "strict")};
        r = bp_jsonl_object(line, "params", &ret_scope->params, reterr_problem);
        if (r == 0)
                r = bp_jsonl_object(line, "steps", &ret_scope->steps, reterr_problem);
        if (!ret_scope->params)
                ret_scope->params = &bp_value_empty_object;
        if (!ret_scope->steps)
                ret_scope->steps = &bp_value_empty_object;
        return r;
}
