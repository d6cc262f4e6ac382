/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions: the text a template renders to, judged true or false. Text without braces is one of six words, or an
 * expression as it stands.
 */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/utf8.h"
#include "template/compile.h"

struct bp_condition {
        bool is_constant, constant;
        const struct bp_template *template;
};

static const struct {
        const char *template_code, *condition_code;
} codes[] = {
        {"TEMPLATE_SYNTAX", "CONDITION_SYNTAX"},
        {"TEMPLATE_UNKNOWN_FILTER", "CONDITION_UNKNOWN_FILTER"},
        {"TEMPLATE_UNKNOWN_TEST", "CONDITION_UNKNOWN_TEST"},
        {"TEMPLATE_LIMIT", "CONDITION_LIMIT"},
        {"TEMPLATE_UNDEFINED", "CONDITION_UNDEFINED"},
        {"TEMPLATE_TYPE", "CONDITION_TYPE"},
        {"TEMPLATE_ARITHMETIC", "CONDITION_ARITHMETIC"},
};

static void rename_code(struct bp_problem *problem) {
        for (size_t i = 0; i < BP_COUNT(codes); i++)
                if (problem && strcmp(problem->code, codes[i].template_code) == 0) {
                        problem->code = codes[i].condition_code;
                        return;
                }
}

/* Moves the borders inwards over white space. */
static void trim(const char **text, size_t *size) {
        const char *start = *text, *end = start + *size;
        size_t step;

        while (start < end && bp_utf8_is_space(bp_utf8_decode(start, &step)))
                start += step;
        while (end > start) {
                const char *last = end - 1;

                while (last > start && ((unsigned char)*last & 0xC0) == 0x80)
                        last--;
                if (!bp_utf8_is_space(bp_utf8_decode(last, &step)))
                        break;
                end = last;
        }
        *text = start;
        *size = (size_t)(end - start);
}

static bool is_word(const char *text, size_t size, const char *word) {
        return strlen(word) == size && strncasecmp(text, word, size) == 0;
}

static bool is_any_word(const char *text, size_t size, const char *const *words) {
        for (; *words; words++)
                if (is_word(text, size, *words))
                        return true;
        return false;
}

static bool has_tags(const char *text, size_t size) {
        for (size_t i = 0; i + 1 < size; i++)
                if (text[i] == '{' && (text[i + 1] == '{' || text[i + 1] == '%' || text[i + 1] == '#'))
                        return true;
        return false;
}

static int build(struct bp_arena *arena, const char *text, size_t size, const struct bp_template_limits *limits,
                 struct bp_condition *condition, struct bp_problem *reterr_problem) {
        static const char *const true_words[] = {"true", "yes", "1", NULL};
        static const char *const false_words[] = {"false", "no", "0", NULL};

        condition->is_constant = true;
        condition->constant = size == 0 || is_any_word(text, size, true_words);
        if (condition->constant || is_any_word(text, size, false_words))
                return 0;
        condition->is_constant = false;
        return bp_template_build(arena, text, size, limits,
                                 has_tags(text, size) ? BP_READ_CONDITION_TEMPLATE : BP_READ_CONDITION_EXPRESSION,
                                 &condition->template, reterr_problem);
}

int bp_condition_compile(struct bp_arena *arena, const char *text, size_t size, const struct bp_template_limits *limits,
                         const struct bp_condition **ret_condition, struct bp_problem *reterr_problem) {
        struct bp_condition *condition;
        int r;

        if (!text)
                return bp_condition_compile(arena, "", 0, limits, ret_condition, reterr_problem);
        condition = bp_arena_alloc(arena, sizeof(*condition));
        if (!condition)
                return -ENOMEM;
        if (!bp_utf8_valid(text, size))
                return bp_problem_set(reterr_problem, "CONDITION_SYNTAX", "the text is not valid UTF-8");
        trim(&text, &size);
        r = build(arena, text, size, limits, condition, reterr_problem);
        if (r > 0)
                rename_code(reterr_problem);
        if (r == 0)
                *ret_condition = condition;
        return r;
}

/* Rendered text: numbers count by their value, what says nothing is false, everything else is true. */
static bool judge_text(const char *text, size_t size) {
        static const char *const empty[] = {"false", "none", "[]", "{}", "()", "set()", NULL};
        double number;

        trim(&text, &size);
        if (size == 0 || is_any_word(text, size, empty))
                return false;
        return !bp_number_parse_float(text, size, &number) || number != 0.0;
}

/* As its text would be judged, without making the text where the kind already decides. */
static int judge(struct bp_evaluation *evaluation, const struct bp_value *value, void *userdata) {
        bool *result = userdata;
        struct bp_value text;
        int r;

        switch (value->type) {
        case BP_NULL:
        case BP_BOOL:
        case BP_INT:
        case BP_FLOAT:
        case BP_OBJECT:
                *result = bp_value_truth(value);
                return 0;
        default:
                break;
        }
        r = bp_text_of(evaluation, value, &text);
        if (r == 0)
                *result = judge_text(text.as.text, text.count);
        return r;
}

int bp_condition_evaluate(const struct bp_condition *condition, const struct bp_template_scope *scope,
                          struct bp_arena *scratch, uint32_t *work, bool *ret_result,
                          struct bp_problem *reterr_problem) {
        struct bp_problem own;
        struct bp_problem *problem = reterr_problem ? reterr_problem : &own;
        bool result = false;
        int r;

        if (condition->is_constant) {
                *ret_result = condition->constant;
                return 0;
        }
        r = bp_template_run(condition->template, scope, scratch, work, judge, &result, problem);
        if (r > 0 && !scope->strict && strcmp(problem->code, "TEMPLATE_UNDEFINED") == 0) {
                result = false;
                r = 0;
        }
        if (r > 0)
                rename_code(problem);
        if (r == 0)
                *ret_result = result;
        return r;
}

const struct bp_template *bp_condition_template(const struct bp_condition *condition) {
        return condition->template;
}
