/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evaluates templates and conditions for tests from outside: one JSON object a line in, {"template", "params",
 * "steps", "strict"} or the same with "condition"; one a line out, {"result": ...} or {"error": {"code", "message"}}.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "template/template.h"

static int resolve(struct bp_arena *arena, const struct bp_value *request, const struct bp_template_scope *scope,
                   struct bp_value *ret_value, struct bp_problem *problem) {
        const struct bp_template_tree *tree;
        int r = bp_template_tree_compile(arena, bp_value_get(request, "template"), NULL, NULL, NULL, &tree, problem);

        return r != 0 ? r : bp_template_tree_evaluate(tree, scope, arena, NULL, ret_value, problem);
}

static int judge(struct bp_arena *arena, const struct bp_value *text, const struct bp_template_scope *scope,
                 struct bp_value *ret_value, struct bp_problem *problem) {
        const struct bp_condition *condition;
        bool result;
        int r = bp_condition_compile(arena, text->type == BP_STRING ? text->as.text : NULL, text->count, NULL,
                                     &condition, problem);

        if (r == 0)
                r = bp_condition_evaluate(condition, scope, arena, NULL, &result, problem);
        if (r == 0)
                *ret_value = bp_value_bool(result);
        return r;
}

static int answer(struct bp_arena *arena, const char *line, size_t size, struct bp_value *ret_value,
                  struct bp_problem *problem) {
        const struct bp_value *condition, *strict;
        struct bp_template_scope scope = {0};
        struct bp_value request;
        int r = bp_json_parse(arena, line, size, NULL, &request, problem);

        if (r != 0)
                return r;
        strict = bp_value_get(&request, "strict");
        condition = bp_value_get(&request, "condition");
        scope.params = bp_value_get(&request, "params");
        scope.steps = bp_value_get(&request, "steps");
        scope.strict = strict && bp_value_truth(strict);
        return condition ? judge(arena, condition, &scope, ret_value, problem)
                         : resolve(arena, &request, &scope, ret_value, problem);
}

static int print_answer(int r, const struct bp_value *value, const struct bp_problem *problem) {
        struct bp_strbuf output;
        bool written;

        bp_strbuf_init(&output, NULL, SIZE_MAX / 2);
        if (r == 0) {
                bp_strbuf_add_text(&output, "{\"result\":");
                bp_json_write(&output, value);
                bp_strbuf_add_text(&output, "}");
        } else {
                bp_strbuf_add_text(&output, "{\"error\":{\"code\":");
                bp_json_write_string(&output, problem->code, strlen(problem->code));
                bp_strbuf_add_text(&output, ",\"message\":");
                bp_json_write_string(&output, problem->message, strlen(problem->message));
                bp_strbuf_add_text(&output, "}}");
        }
        written = !output.error && puts(bp_strbuf_text(&output)) >= 0;
        bp_strbuf_done(&output);
        return written ? 0 : 1;
}

int main(void) {
        struct bp_arena *arena = bp_arena_new((size_t)256 << 20);
        char *line = NULL;
        size_t capacity = 0;
        ssize_t size;
        int failed = arena ? 0 : 1;

        while (!failed && (size = getline(&line, &capacity, stdin)) > 0) {
                struct bp_problem problem = {.code = "FAULT"};
                struct bp_value value;
                int r = answer(arena, line, (size_t)size, &value, &problem);

                if (r < 0)
                        snprintf(problem.message, sizeof(problem.message), "errno %d", -r);
                failed = print_answer(r, &value, &problem);
                bp_arena_reset(arena);
        }
        free(line);
        bp_arena_free(arena);
        return failed;
}
