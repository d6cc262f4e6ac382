/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a template and as a condition, over a fixed scope. The first byte chooses the mode. What is refused is
 * refused with a code and a readable message; what is taken ends within its work, with a value that has a JSON form;
 * and the same template over the same scope gives the same value again.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "base/value.h"
#include "template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char params_text[] =
        "{\"n\":7,\"f\":2.5,\"t\":true,\"nul\":null,\"name\":\"alice\",\"uni\":\"na\\u00efve \\u65e5\",\"lst\":[3,1,2],"
        "\"objs\":[{\"id\":1,\"k\":\"x\"},{\"id\":2,\"k\":\"y\"}],\"d\":{\"a\":1,\"b\":{\"c\":[1,{\"z\":\"zz\"}]}}}";
static const char steps_text[] = "{\"s\":{\"outputs\":{\"n\":1,\"list\":[1,2]}},\"a-b\":{\"outputs\":{\"v\":9}}}";

static const struct bp_template_limits limits = {
        .source_bytes = 1 << 14, .work = 100000, .output_bytes = 1 << 16, .result_items = 5000};

static void demand(bool condition) {
        if (!condition)
                abort();
}

static struct bp_value json(struct bp_arena *arena, const char *text) {
        struct bp_value value = bp_value_null;

        demand(bp_json_parse(arena, text, strlen(text), NULL, &value, NULL) == 0);
        return value;
}

static void check_problem(const struct bp_problem *problem) {
        demand(problem->code && *problem->message);
        demand(bp_utf8_valid(problem->message, strlen(problem->message)));
}

static void check_value(struct bp_arena *arena, const struct bp_value *value) {
        struct bp_strbuf text;
        struct bp_value again;

        demand(value->type >= BP_NULL && value->type <= BP_OBJECT);
        bp_strbuf_init(&text, arena, SIZE_MAX / 2);
        bp_json_write(&text, value);
        demand(text.error == 0);
        demand(bp_json_parse(arena, text.text, text.size, &(struct bp_json_limits){.depth = BP_VALUE_DEPTH_MAX}, &again,
                             NULL) == 0);
        demand(bp_value_equal(value, &again));
}

static void try_template(const char *text, size_t size, const struct bp_template_scope *scope) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        const struct bp_template *template;
        struct bp_value value, again;
        struct bp_problem problem = {0};
        size_t n_references;
        int r;

        if (!arena)
                return;
        r = bp_template_compile(arena, text, size, &limits, &template, &problem);
        demand(r == 0 || r == BP_PROBLEM);
        if (r != 0) {
                check_problem(&problem);
                return;
        }
        demand(bp_template_references(template, &n_references) || n_references == 0);
        r = bp_template_evaluate(template, scope, arena, NULL, &value, &problem);
        demand(r == 0 || r == BP_PROBLEM);
        if (r != 0) {
                check_problem(&problem);
                return;
        }
        check_value(arena, &value);
        demand(bp_template_evaluate(template, scope, arena, NULL, &again, &problem) == 0);
        demand(bp_value_equal(&value, &again));
}

static void try_condition(const char *text, size_t size, const struct bp_template_scope *scope) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        const struct bp_condition *condition;
        struct bp_problem problem = {0};
        bool result;
        int r;

        if (!arena)
                return;
        r = bp_condition_compile(arena, text, size, &limits, &condition, &problem);
        if (r == 0)
                r = bp_condition_evaluate(condition, scope, arena, NULL, &result, &problem);
        demand(r == 0 || r == BP_PROBLEM);
        if (r != 0)
                check_problem(&problem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_value params, steps;
        struct bp_template_scope scope;

        if (size == 0 || !arena)
                return 0;
        params = json(arena, params_text);
        steps = json(arena, steps_text);
        scope = (struct bp_template_scope){.params = &params, .steps = &steps, .strict = (data[0] & 1) != 0};
        if (data[0] & 2)
                try_condition((const char *)data + 1, size - 1, &scope);
        else
                try_template((const char *)data + 1, size - 1, &scope);
        return 0;
}
