/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of the room: compiling a text, evaluating it, and what strict and lenient mode make of the outcome. */
#include "template/template.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/utf8.h"
#include "template/compile.h"
#include "template/lexer.h"
#include "template/parser.h"
#include "template/references.h"

static const struct bp_template_limits default_limits = {
        .source_bytes = 65536, .depth = 64, .work = 1000000, .output_bytes = 1048576, .result_items = 100000};

/* The evaluator recurses this deep on a thread's stack, and values cannot be deeper than this either. */
enum { DEPTH_MAX = 100 };

static struct bp_template_limits complete(const struct bp_template_limits *limits) {
        struct bp_template_limits all = limits ? *limits : default_limits;

        if (!all.source_bytes)
                all.source_bytes = default_limits.source_bytes;
        if (!all.depth)
                all.depth = default_limits.depth;
        if (all.depth > DEPTH_MAX)
                all.depth = DEPTH_MAX;
        if (!all.work)
                all.work = default_limits.work;
        if (!all.output_bytes)
                all.output_bytes = default_limits.output_bytes;
        if (!all.result_items)
                all.result_items = default_limits.result_items;
        return all;
}

static bool has_tags(const char *text, size_t size) {
        const char *end = text + size;

        for (const char *at = text; (at = memchr(at, '{', (size_t)(end - at))); at++)
                if (at + 1 < end && (at[1] == '{' || at[1] == '%' || at[1] == '#'))
                        return true;
        return false;
}

/* Line ends become \n, one at the end goes. */
static int copy_source(struct bp_arena *arena, const char *text, size_t size, struct bp_template *template) {
        char *copy = bp_arena_alloc(arena, size + 1);
        size_t used = 0;

        if (!copy)
                return -ENOMEM;
        for (size_t i = 0; i < size; i++) {
                bool carriage_return = text[i] == '\r';

                if (carriage_return && i + 1 < size && text[i + 1] == '\n')
                        continue;
                copy[used++] = carriage_return ? '\n' : text[i];
        }
        if (used && copy[used - 1] == '\n')
                used--;
        copy[used] = '\0';
        template->source = copy;
        template->source_size = used;
        return 0;
}

static int parse(struct bp_arena *arena, struct bp_template *template, enum bp_reading reading,
                 struct bp_problem *reterr_problem) {
        int r = reading == BP_READ_CONDITION_EXPRESSION ? bp_parser_run_expression(template, arena, reterr_problem)
                                                        : bp_parser_run(template, arena, reterr_problem);

        if (r != 0)
                return r;
        template->object_methods = reading != BP_READ_TEMPLATE || !template->expression;
        return bp_references_collect(arena, template);
}

static int build(struct bp_arena *arena, const char *text, size_t size, struct bp_template *template,
                 enum bp_reading reading, struct bp_problem *reterr_problem) {
        int r;

        if (size > template->limits.source_bytes)
                return bp_problem_set(reterr_problem, "TEMPLATE_LIMIT", "the text is longer than %u bytes",
                                      template->limits.source_bytes);
        if (!bp_utf8_valid(text, size))
                return bp_problem_set(reterr_problem, "TEMPLATE_SYNTAX", "the text is not valid UTF-8");
        if (reading == BP_READ_TEMPLATE && !has_tags(text, size)) {
                template->is_constant = true;
                return bp_value_text(arena, text, size, &template->constant);
        }
        r = copy_source(arena, text, size, template);
        return r != 0 ? r : parse(arena, template, reading, reterr_problem);
}

int bp_template_build(struct bp_arena *arena, const char *text, size_t size, const struct bp_template_limits *limits,
                      enum bp_reading reading, const struct bp_template **ret_template,
                      struct bp_problem *reterr_problem) {
        struct bp_template *template = bp_arena_alloc(arena, sizeof(*template));
        int r;

        if (!template)
                return -ENOMEM;
        template->limits = complete(limits);
        r = build(arena, text, size, template, reading, reterr_problem);
        if (r == -ENOMEM && bp_arena_over_limit(arena))
                return bp_problem_set(reterr_problem, "TEMPLATE_LIMIT", "the template needs too much memory");
        if (r == 0)
                *ret_template = template;
        return r;
}

int bp_template_compile(struct bp_arena *arena, const char *text, size_t size, const struct bp_template_limits *limits,
                        const struct bp_template **ret_template, struct bp_problem *reterr_problem) {
        return bp_template_build(arena, text, size, limits, BP_READ_TEMPLATE, ret_template, reterr_problem);
}

bool bp_template_is_constant(const struct bp_template *template) {
        return template->is_constant;
}

bool bp_template_is_expression(const struct bp_template *template) {
        return template->expression != NULL;
}

static int render(struct bp_evaluation *evaluation, struct bp_value *ret_value) {
        struct bp_strbuf output;
        int r;

        bp_text_init(evaluation, &output);
        r = bp_render(evaluation, evaluation->template->body, &output);
        return r != 0 ? r : bp_text_close(evaluation, &output, ret_value);
}

static int run(struct bp_evaluation *evaluation,
               int (*finish)(struct bp_evaluation *evaluation, const struct bp_value *value, void *userdata),
               void *userdata) {
        const struct bp_template *template = evaluation->template;
        struct bp_value value;
        int r;

        if (template->n_variables) {
                evaluation->variables =
                        bp_arena_array(evaluation->arena, template->n_variables, sizeof(*evaluation->variables));
                if (!evaluation->variables)
                        return -ENOMEM;
        }
        r = template->expression ? bp_eval_node(evaluation, template->expression, &value) : render(evaluation, &value);
        return r != 0 ? r : finish(evaluation, &value, userdata);
}

int bp_template_run(const struct bp_template *template, const struct bp_template_scope *scope, struct bp_arena *arena,
                    uint32_t *work,
                    int (*finish)(struct bp_evaluation *evaluation, const struct bp_value *value, void *userdata),
                    void *userdata, struct bp_problem *reterr_problem) {
        struct bp_problem unwanted;
        struct bp_evaluation evaluation = {.template = template,
                                           .limits = &template->limits,
                                           .scope = scope,
                                           .arena = arena,
                                           .work = work ? *work : template->limits.work};
        int r;

        evaluation.problem = reterr_problem ? reterr_problem : &unwanted;
        r = run(&evaluation, finish, userdata);
        if (work)
                *work = evaluation.work;
        if (r == -ENOMEM && bp_arena_over_limit(arena))
                return bp_eval_limit(&evaluation, "memory");
        if (r > 0 && evaluation.failed)
                bp_lexer_locate(template->source, template->source_size, evaluation.failed_offset,
                                &evaluation.problem->line, &evaluation.problem->column);
        return r;
}

/* Values that JSON does not know are made into such that it does. */
static int finish_value(struct bp_evaluation *evaluation, const struct bp_value *value, void *userdata) {
        struct bp_value *result = userdata;

        if (evaluation->foreign || bp_value_is_undefined(value))
                return bp_value_export(evaluation, value, result);
        *result = *value;
        return 0;
}

int bp_template_evaluate(const struct bp_template *template, const struct bp_template_scope *scope,
                         struct bp_arena *arena, uint32_t *work, struct bp_value *ret_value,
                         struct bp_problem *reterr_problem) {
        struct bp_problem own;
        struct bp_problem *problem = reterr_problem ? reterr_problem : &own;
        struct bp_value value;
        int r;

        if (template->is_constant) {
                *ret_value = template->constant;
                return 0;
        }
        r = bp_template_run(template, scope, arena, work, finish_value, &value, problem);
        if (r > 0 && !scope->strict && strcmp(problem->code, "TEMPLATE_UNDEFINED") == 0) {
                value = bp_value_empty_text;
                r = 0;
        }
        if (r == 0)
                *ret_value = value;
        return r;
}
