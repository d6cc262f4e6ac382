/* SPDX-License-Identifier: Apache-2.0 */
#include "template/text_edit.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"

bool bp_argument_is_none(const struct bp_value *argument) {
        return argument->type == BP_T_ABSENT || argument->type == BP_NULL;
}

int bp_argument_integer(struct bp_evaluation *evaluation, const struct bp_value *argument, const char *name,
                        int64_t fallback, int64_t *ret_integer) {
        if (argument->type == BP_T_ABSENT) {
                *ret_integer = fallback;
                return 0;
        }
        if (!bp_value_integer(argument, ret_integer))
                return bp_eval_type_error(evaluation, "'%s' must be an integer, not '%s'", name,
                                          bp_value_kind(argument));
        return 0;
}

int bp_argument_truth(struct bp_evaluation *evaluation, const struct bp_value *argument, bool fallback,
                      bool *ret_truth) {
        if (argument->type == BP_T_ABSENT) {
                *ret_truth = fallback;
                return 0;
        }
        return bp_eval_truth(evaluation, argument, ret_truth);
}

int bp_argument_text(struct bp_evaluation *evaluation, const struct bp_value *argument, const char *name,
                     const char *fallback, struct bp_value *ret_text) {
        if (argument->type == BP_T_ABSENT && fallback) {
                *ret_text = bp_value_text_borrow(fallback, strlen(fallback));
                return 0;
        }
        if (argument->type != BP_STRING)
                return bp_eval_type_error(evaluation, "'%s' must be a text, not '%s'", name, bp_value_kind(argument));
        *ret_text = *argument;
        return 0;
}

int bp_text_case(struct bp_evaluation *evaluation, const struct bp_value *text, enum bp_case to,
                 struct bp_value *ret_text) {
        const char *mapped;
        size_t size;
        int r = bp_eval_work_bytes(evaluation, text->count);

        if (r == 0)
                r = bp_utf8_change_case(evaluation->arena, to, text->as.text, text->count, &mapped, &size);
        if (r == 0)
                r = bp_eval_check_bytes(evaluation, size);
        if (r != 0)
                return r;
        *ret_text = bp_value_text_borrow(mapped, size);
        ret_text->unused = text->unused;
        return 0;
}

int bp_text_capitalize(struct bp_evaluation *evaluation, const struct bp_value *text, struct bp_value *ret_text) {
        struct bp_value first, rest;
        size_t size;
        int r;

        *ret_text = *text;
        if (text->count == 0)
                return 0;
        bp_utf8_decode(text->as.text, &size);
        r = bp_text_slice(evaluation, text, 0, size, &first);
        if (r == 0)
                r = bp_text_slice(evaluation, text, size, text->count, &rest);
        if (r == 0)
                r = bp_text_case(evaluation, &first, BP_CASE_TITLE, &first);
        if (r == 0)
                r = bp_text_case(evaluation, &rest, BP_CASE_LOWER, &rest);
        return r != 0 ? r : bp_operate(evaluation, BP_OP_ADD, &first, &rest, ret_text);
}

/* An empty `old` stands before every character and at the end. */
static int replace_nothing(struct bp_evaluation *evaluation, const struct bp_value *text, const struct bp_value *new,
                           int64_t count, struct bp_value *ret_text) {
        struct bp_strbuf buffer;
        size_t at = 0, step;

        bp_text_init(evaluation, &buffer);
        for (; count != 0 && at < text->count && !buffer.error; at += step) {
                bp_utf8_decode(text->as.text + at, &step);
                bp_strbuf_add(&buffer, new->as.text, new->count);
                bp_strbuf_add(&buffer, text->as.text + at, step);
                count--;
        }
        if (count != 0)
                bp_strbuf_add(&buffer, new->as.text, new->count);
        bp_strbuf_add(&buffer, text->as.text + at, text->count - at);
        return bp_text_close(evaluation, &buffer, ret_text);
}

int bp_text_replace(struct bp_evaluation *evaluation, const struct bp_value *text, const struct bp_value *old,
                    const struct bp_value *new, int64_t count, struct bp_value *ret_text) {
        const char *at = text->as.text, *end = at + text->count;
        struct bp_strbuf buffer;
        int r = bp_eval_work_bytes(evaluation, text->count);

        if (r != 0)
                return r;
        if (old->count == 0)
                return replace_nothing(evaluation, text, new, count, ret_text);
        bp_text_init(evaluation, &buffer);
        while (count != 0 && !buffer.error) {
                const char *found = memmem(at, (size_t)(end - at), old->as.text, old->count);

                if (!found)
                        break;
                bp_strbuf_add(&buffer, at, (size_t)(found - at));
                bp_strbuf_add(&buffer, new->as.text, new->count);
                at = found + old->count;
                count--;
        }
        bp_strbuf_add(&buffer, at, (size_t)(end - at));
        return bp_text_close(evaluation, &buffer, ret_text);
}

static bool is_stripped(const struct bp_value *characters, const char *at, size_t size) {
        if (!characters)
                return bp_utf8_is_space(bp_utf8_decode(at, &size));
        return memmem(characters->as.text, characters->count, at, size) != NULL;
}

int bp_text_strip(struct bp_evaluation *evaluation, const struct bp_value *text, const struct bp_value *characters,
                  enum bp_side side, struct bp_value *ret_text) {
        size_t start = 0, end = text->count, step;
        int r = bp_eval_work_bytes(evaluation, text->count * (characters ? 1 + (uint64_t)characters->count / 8 : 1));

        if (r != 0)
                return r;
        while (side & BP_SIDE_LEFT && start < end) {
                bp_utf8_decode(text->as.text + start, &step);
                if (!is_stripped(characters, text->as.text + start, step))
                        break;
                start += step;
        }
        while (side & BP_SIDE_RIGHT && end > start) {
                size_t last = end - 1;

                while (last > start && ((unsigned char)text->as.text[last] & 0xC0) == 0x80)
                        last--;
                if (!is_stripped(characters, text->as.text + last, end - last))
                        break;
                end = last;
        }
        return bp_text_slice(evaluation, text, start, end, ret_text);
}

static void add_fill(struct bp_strbuf *buffer, const struct bp_value *fill, uint64_t count) {
        for (uint64_t i = 0; i < count && !buffer->error; i++)
                bp_strbuf_add(buffer, fill->as.text, fill->count);
}

int bp_text_pad(struct bp_evaluation *evaluation, const struct bp_value *text, uint64_t left, uint64_t right,
                const struct bp_value *fill, struct bp_value *ret_text) {
        struct bp_strbuf buffer;
        int r;

        if (left == 0 && right == 0) {
                *ret_text = *text;
                return 0;
        }
        if (left > UINT32_MAX || right > UINT32_MAX)
                return bp_eval_limit(evaluation, "the size of a text");
        r = bp_eval_check_bytes(evaluation, text->count + left + right);
        if (r != 0)
                return r;
        bp_text_init(evaluation, &buffer);
        add_fill(&buffer, fill, left);
        bp_strbuf_add(&buffer, text->as.text, text->count);
        add_fill(&buffer, fill, right);
        r = bp_text_close(evaluation, &buffer, ret_text);
        if (r == 0)
                ret_text->unused = text->unused;
        return r;
}

int bp_text_center(struct bp_evaluation *evaluation, const struct bp_value *text, int64_t width,
                   const struct bp_value *fill, struct bp_value *ret_text) {
        int64_t margin = width - (int64_t)bp_text_length(text);
        uint64_t left;

        if (width < 0 || margin <= 0) {
                *ret_text = *text;
                return 0;
        }
        left = (uint64_t)margin / 2 + ((uint64_t)margin & (uint64_t)width & 1);
        return bp_text_pad(evaluation, text, left, (uint64_t)margin - left, fill, ret_text);
}

static bool ends_line(uint32_t code_point) {
        return (code_point >= 0x0A && code_point <= 0x0D) || (code_point >= 0x1C && code_point <= 0x1E) ||
               code_point == 0x85 || code_point == 0x2028 || code_point == 0x2029;
}

void bp_text_line(const struct bp_value *text, size_t start, size_t *ret_end, size_t *ret_next) {
        for (size_t at = start, step; at < text->count; at += step) {
                uint32_t code_point = bp_utf8_decode(text->as.text + at, &step);

                if (!ends_line(code_point))
                        continue;
                *ret_end = at;
                *ret_next = at + step;
                if (code_point == '\r' && *ret_next < text->count && text->as.text[*ret_next] == '\n')
                        (*ret_next)++;
                return;
        }
        *ret_end = *ret_next = text->count;
}

int bp_text_lines(struct bp_evaluation *evaluation, const struct bp_value *text, bool keep_ends,
                  struct bp_value *ret_list) {
        struct bp_list_builder lines;
        size_t end, next;

        bp_list_init(&lines, evaluation->arena);
        for (size_t at = 0; at < text->count; at = next) {
                struct bp_value line;
                int r;

                bp_text_line(text, at, &end, &next);
                r = bp_text_slice(evaluation, text, at, keep_ends ? next : end, &line);
                if (r == 0)
                        r = bp_list_append(evaluation, &lines, &line);
                if (r != 0)
                        return r;
        }
        return bp_list_close(evaluation, &lines, BP_SHAPE_PLAIN, ret_list);
}
