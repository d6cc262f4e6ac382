/* SPDX-License-Identifier: Apache-2.0 */
/* Filters on texts, character by character; those that lay text out in lines are in filters_layout.c. */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "template/text_edit.h"

#define FILTER(name)                                                                                \
        static int apply_##name(struct bp_evaluation *evaluation, const struct bp_value *subject,   \
                                const struct bp_value *bound, const struct bp_arguments *arguments, \
                                struct bp_value *ret_value)

FILTER(string) {
        (void)bound, (void)arguments;
        return bp_text_of(evaluation, subject, ret_value);
}

static int apply_case(struct bp_evaluation *evaluation, const struct bp_value *subject, enum bp_case to,
                      struct bp_value *ret_value) {
        struct bp_value text;
        int r = bp_text_of(evaluation, subject, &text);

        return r != 0 ? r : bp_text_case(evaluation, &text, to, ret_value);
}

FILTER(upper) {
        (void)bound, (void)arguments;
        return apply_case(evaluation, subject, BP_CASE_UPPER, ret_value);
}

FILTER(lower) {
        (void)bound, (void)arguments;
        return apply_case(evaluation, subject, BP_CASE_LOWER, ret_value);
}

FILTER(capitalize) {
        struct bp_value text;
        int r = bp_text_of(evaluation, subject, &text);

        (void)bound, (void)arguments;
        if (r == 0)
                r = bp_text_capitalize(evaluation, &text, ret_value);
        if (r == 0)
                ret_value->unused = text.unused;
        return r;
}

static bool starts_word(uint32_t code_point) {
        return (code_point < 0x80 && strchr("-({[<", (int)code_point) && code_point) || bp_utf8_is_space(code_point);
}

static size_t word_end(const struct bp_value *text, size_t at) {
        size_t step;

        while (at < text->count && !starts_word(bp_utf8_decode(text->as.text + at, &step)))
                at += step;
        return at;
}

static int add_in_case(struct bp_evaluation *evaluation, struct bp_strbuf *buffer, const struct bp_value *text,
                       size_t start, size_t end, enum bp_case to) {
        const char *mapped;
        size_t size;
        int r = bp_utf8_change_case(evaluation->arena, to, text->as.text + start, end - start, &mapped, &size);

        if (r == 0)
                bp_strbuf_add(buffer, mapped, size);
        return r;
}

/* Words start after white space, hyphens and opening brackets: not where str.title() starts them. */
FILTER(title) {
        struct bp_strbuf buffer;
        struct bp_value text;
        int r = bp_text_of(evaluation, subject, &text);

        (void)bound, (void)arguments;
        bp_text_init(evaluation, &buffer);
        for (size_t at = 0, step; r == 0 && at < text.count;) {
                size_t end = word_end(&text, at);

                bp_utf8_decode(text.as.text + at, &step);
                if (end == at) {
                        bp_strbuf_add(&buffer, text.as.text + at, step);
                        at += step;
                        continue;
                }
                r = add_in_case(evaluation, &buffer, &text, at, at + step, BP_CASE_UPPER);
                if (r == 0)
                        r = add_in_case(evaluation, &buffer, &text, at + step, end, BP_CASE_LOWER);
                at = end;
        }
        return r != 0 ? r : bp_text_close(evaluation, &buffer, ret_value);
}

FILTER(trim) {
        struct bp_value text;
        int r = bp_text_of(evaluation, subject, &text);

        (void)arguments;
        if (r != 0)
                return r;
        if (!bp_argument_is_none(&bound[0]) && bound[0].type != BP_STRING)
                return bp_eval_type_error(evaluation, "'chars' must be a text, not '%s'", bp_value_kind(&bound[0]));
        return bp_text_strip(evaluation, &text, bp_argument_is_none(&bound[0]) ? NULL : &bound[0], BP_SIDE_BOTH,
                             ret_value);
}

FILTER(replace) {
        struct bp_value text, old, new;
        int64_t count = -1;
        int r = bp_text_of(evaluation, subject, &text);

        (void)arguments;
        if (r == 0)
                r = bp_text_of(evaluation, &bound[0], &old);
        if (r == 0)
                r = bp_text_of(evaluation, &bound[1], &new);
        if (r == 0 && !bp_argument_is_none(&bound[2]))
                r = bp_argument_integer(evaluation, &bound[2], "count", -1, &count);
        return r != 0 ? r : bp_text_replace(evaluation, &text, &old, &new, count, ret_value);
}

FILTER(center) {
        struct bp_value text, space = bp_value_text_borrow(" ", 1);
        int64_t width;
        int r = bp_text_of(evaluation, subject, &text);

        (void)arguments;
        if (r == 0)
                r = bp_argument_integer(evaluation, &bound[0], "width", 80, &width);
        return r != 0 ? r : bp_text_center(evaluation, &text, width, &space, ret_value);
}

FILTER(wordcount) {
        struct bp_value text;
        bool in_word = false;
        int64_t count = 0;
        int r = bp_text_of(evaluation, subject, &text);

        (void)bound, (void)arguments;
        if (r == 0)
                r = bp_eval_work_bytes(evaluation, text.count);
        if (r != 0)
                return r;
        for (size_t at = 0, step; at < text.count; at += step) {
                uint32_t code_point = bp_utf8_decode(text.as.text + at, &step);
                bool part = code_point == '_' || bp_utf8_is_alphanumeric(code_point);

                count += part && !in_word;
                in_word = part;
        }
        *ret_value = bp_value_int(count);
        return 0;
}

/* Arguments become a tuple, named ones an object, as for Python's %. */
FILTER(format) {
        struct bp_mapping_builder mapping;
        struct bp_value text, values;
        int r = bp_text_of(evaluation, subject, &text);

        (void)bound;
        if (r != 0)
                return r;
        if (arguments->n_items && arguments->n_named)
                return bp_eval_type_error(evaluation, "format takes arguments with names or without, not both");
        if (!arguments->n_named) {
                r = bp_value_list(evaluation, BP_SHAPE_TUPLE, arguments->items, arguments->n_items, &values);
                return r != 0 ? r : bp_format_percent(evaluation, &text, &values, ret_value);
        }
        bp_mapping_init(evaluation, &mapping);
        for (uint32_t i = 0; r == 0 && i < arguments->n_named; i++) {
                struct bp_value key = bp_value_text_borrow(arguments->named[i].name, arguments->named[i].name_size);

                r = bp_mapping_set(evaluation, &mapping, &key, arguments->named[i].value);
        }
        if (r == 0)
                r = bp_mapping_close(evaluation, &mapping, &values);
        return r != 0 ? r : bp_format_percent(evaluation, &text, &values, ret_value);
}

/* clang-format off */
const struct bp_filter bp_filters_text[] = {
        {.name = "string", .apply = apply_string},
        {.name = "upper", .apply = apply_upper},
        {.name = "lower", .apply = apply_lower},
        {.name = "capitalize", .apply = apply_capitalize},
        {.name = "title", .apply = apply_title},
        {.name = "trim", .apply = apply_trim, .signature = {{"chars"}, 0, false}},
        {.name = "replace", .apply = apply_replace, .signature = {{"old", "new", "count"}, 2, false}},
        {.name = "center", .apply = apply_center, .signature = {{"width"}, 0, false}},
        {.name = "wordcount", .apply = apply_wordcount},
        {.name = "format", .apply = apply_format, .signature = {.open = true}},
        {0},
};
/* clang-format on */
