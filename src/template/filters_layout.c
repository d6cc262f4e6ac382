/* SPDX-License-Identifier: Apache-2.0 */
/* Filters that lay text out: indent, truncate, wordwrap. The last one follows Python's textwrap. */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "template/text_edit.h"

#define FILTER(name)                                                                                \
        static int apply_##name(struct bp_evaluation *evaluation, const struct bp_value *subject,   \
                                const struct bp_value *bound, const struct bp_arguments *arguments, \
                                struct bp_value *ret_value)

static int indention(struct bp_evaluation *evaluation, const struct bp_value *width, struct bp_value *ret_text) {
        struct bp_value space = bp_value_text_borrow(" ", 1);
        int64_t count;
        int r;

        if (width->type == BP_STRING) {
                *ret_text = *width;
                return 0;
        }
        r = bp_argument_integer(evaluation, width, "width", 4, &count);
        return r != 0 ? r
                      : bp_text_pad(evaluation, &bp_value_empty_text, count > 0 ? (uint64_t)count : 0, 0, &space,
                                    ret_text);
}

FILTER(indent) {
        struct bp_strbuf buffer;
        struct bp_value indent;
        bool first, blank;
        size_t end, next;
        int r = bp_argument_truth(evaluation, &bound[1], false, &first);

        (void)arguments;
        if (r == 0)
                r = bp_argument_truth(evaluation, &bound[2], false, &blank);
        if (r == 0)
                r = indention(evaluation, &bound[0], &indent);
        if (r != 0)
                return r;
        if (bp_value_is_undefined(subject))
                return bp_eval_undefined_error(evaluation, subject);
        if (subject->type != BP_STRING)
                return bp_eval_type_error(evaluation, "indent needs a text, not '%s'", bp_value_kind(subject));
        bp_text_init(evaluation, &buffer);
        for (size_t at = 0; !buffer.error; at = next) {
                bp_text_line(subject, at, &end, &next);
                if (at > 0)
                        bp_strbuf_add_char(&buffer, '\n');
                if (at > 0 ? blank || end > at : first)
                        bp_strbuf_add(&buffer, indent.as.text, indent.count);
                bp_strbuf_add(&buffer, subject->as.text + at, end - at);
                if (next >= subject->count && end == next)
                        break;
                if (next >= subject->count) {
                        /* the text ends in a line end: there is one more, empty line only where blank ones count */
                        bp_strbuf_add_char(&buffer, '\n');
                        if (blank)
                                bp_strbuf_add(&buffer, indent.as.text, indent.count);
                        break;
                }
        }
        r = bp_text_close(evaluation, &buffer, ret_value);
        if (r == 0)
                ret_value->unused = subject->unused;
        return r;
}

static int check_truncate(struct bp_evaluation *evaluation, int64_t length, int64_t leeway,
                          const struct bp_value *end) {
        if (length < (int64_t)bp_text_length(end))
                return bp_eval_type_error(evaluation, "truncate needs a length of at least %zu", bp_text_length(end));
        if (leeway < 0)
                return bp_eval_type_error(evaluation, "the leeway of truncate must not be negative");
        return 0;
}

static int cut(struct bp_evaluation *evaluation, const struct bp_value *text, size_t length, bool kill_words,
               const struct bp_value *end, struct bp_value *ret_value) {
        size_t size = bp_utf8_offset(text->as.text, text->count, length);
        const char *space = kill_words ? NULL : memrchr(text->as.text, ' ', size);
        struct bp_value kept;
        int r = bp_text_slice(evaluation, text, 0, space ? (size_t)(space - text->as.text) : size, &kept);

        return r != 0 ? r : bp_operate(evaluation, BP_OP_ADD, &kept, end, ret_value);
}

enum { TRUNCATE_LEEWAY = 5 };

FILTER(truncate) {
        int64_t length, leeway = TRUNCATE_LEEWAY;
        struct bp_value end;
        uint64_t actual;
        bool kill_words;
        int r = bp_argument_integer(evaluation, &bound[0], "length", 255, &length);

        (void)arguments;
        if (r == 0)
                r = bp_argument_truth(evaluation, &bound[1], false, &kill_words);
        if (r == 0)
                r = bp_argument_text(evaluation, &bound[2], "end", "...", &end);
        if (r == 0 && !bp_argument_is_none(&bound[3]))
                r = bp_argument_integer(evaluation, &bound[3], "leeway", TRUNCATE_LEEWAY, &leeway);
        if (r == 0)
                r = check_truncate(evaluation, length, leeway, &end);
        if (r == 0)
                r = bp_value_length(evaluation, subject, &actual);
        if (r != 0)
                return r;
        if ((int64_t)actual - leeway <= length) {
                *ret_value = *subject;
                return 0;
        }
        if (subject->type != BP_STRING)
                return bp_eval_type_error(evaluation, "truncate needs a text, not '%s'", bp_value_kind(subject));
        return cut(evaluation, subject, (size_t)length - bp_text_length(&end), kill_words, &end, ret_value);
}

/* ---- wordwrap ---- */

struct wrap {
        struct bp_evaluation *evaluation;
        struct bp_strbuf *output;
        const struct bp_value *separator;
        size_t width;
        bool break_long_words, break_on_hyphens;
};

/* A piece of a line that is not broken, unless it is longer than a line. */
struct chunk {
        const char *text;
        size_t size, length;
};

struct chunk_list {
        struct chunk *items;
        size_t count, capacity;
};

static bool is_blank_byte(char byte) {
        return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static bool is_letter(uint32_t code_point) {
        return bp_utf8_is_alphanumeric(code_point) && bp_utf8_digit(code_point) < 0;
}

static bool is_word_part(uint32_t code_point) {
        return code_point == '_' || bp_utf8_is_alphanumeric(code_point);
}

static bool is_word_punctuation(uint32_t code_point) {
        return is_word_part(code_point) || (code_point < 0x80 && code_point && strchr("!\"'&.,?", (int)code_point));
}

/* The code point before or at an offset; 0 outside. */
static uint32_t before(const char *text, size_t at, size_t *ret_start) {
        size_t start = at, step;

        if (at == 0)
                return 0;
        do
                start--;
        while (start > 0 && ((unsigned char)text[start] & 0xC0) == 0x80);
        *ret_start = start;
        return bp_utf8_decode(text + start, &step);
}

static uint32_t at_offset(const char *text, size_t size, size_t at, size_t *ret_step) {
        *ret_step = 0;
        return at < size ? bp_utf8_decode(text + at, ret_step) : 0;
}

/* Is the hyphen at this offset one that a word may be broken behind? Two letters, or letter and hyphen, stand before.
 */
static bool breaks_word(const char *text, size_t size, size_t hyphen) {
        size_t first, second, step, next_step;
        uint32_t last = before(text, hyphen, &first), earlier, next;

        if (!last)
                return false;
        earlier = before(text, first, &second);
        if (!((is_letter(last) && is_letter(earlier)) ||
              (is_word_punctuation(last) && earlier == '-' && second > 0 && is_letter(before(text, second, &first)))))
                return false;
        next = at_offset(text, size, hyphen + 1, &step);
        if (!is_letter(next))
                return false;
        next = at_offset(text, size, hyphen + 1 + step, &next_step);
        if (next == '-')
                next = at_offset(text, size, hyphen + 2 + step, &next_step);
        return is_letter(next);
}

/* Two or more hyphens between a word and the next one. @return how many, 0 when it is something else */
static size_t dash_at(const char *text, size_t size, size_t at) {
        size_t end = at, start, step;
        uint32_t last = before(text, at, &start);

        while (end < size && text[end] == '-')
                end++;
        return last && is_word_punctuation(last) && end - at >= 2 && is_word_part(at_offset(text, size, end, &step))
                       ? end - at
                       : 0;
}

/* The size of the chunk that starts at an offset. */
static size_t chunk_size(const struct wrap *wrap, const char *text, size_t size, size_t start) {
        size_t at = start, step;

        if (is_blank_byte(text[at])) {
                while (at < size && is_blank_byte(text[at]))
                        at++;
                return at - start;
        }
        if (wrap->break_on_hyphens && dash_at(text, size, at))
                return dash_at(text, size, at);
        while (at < size && !is_blank_byte(text[at])) {
                if (wrap->break_on_hyphens && at > start && dash_at(text, size, at))
                        break;
                bp_utf8_decode(text + at, &step);
                at += step;
                if (wrap->break_on_hyphens && text[at - 1] == '-' && at - start > 1 && breaks_word(text, size, at - 1))
                        break;
        }
        return at - start;
}

static int split_chunks(struct wrap *wrap, const char *text, size_t size, struct chunk_list *list) {
        for (size_t at = 0; at < size;) {
                size_t step = chunk_size(wrap, text, size, at);
                int r = bp_eval_work(wrap->evaluation, 1);

                if (r != 0)
                        return r;
                if (list->count == list->capacity) {
                        size_t capacity = list->capacity ? list->capacity * 2 : 16;
                        struct chunk *items = bp_arena_grow(wrap->evaluation->arena, list->items,
                                                            list->capacity * sizeof(*items), capacity * sizeof(*items));

                        if (!items)
                                return -ENOMEM;
                        list->items = items;
                        list->capacity = capacity;
                }
                list->items[list->count++] = (struct chunk){text + at, step, bp_utf8_length(text + at, step)};
                at += step;
        }
        return 0;
}

static bool is_blank(const struct chunk *chunk) {
        return chunk->text && is_blank_byte(chunk->text[0]);
}

/* Where a chunk that is longer than a line is cut so that `room` characters are used. */
static size_t cut_length(const struct wrap *wrap, const struct chunk *chunk, size_t room) {
        const char *hyphen;
        size_t size;

        if (!wrap->break_on_hyphens || chunk->length <= room)
                return room;
        size = bp_utf8_offset(chunk->text, chunk->size, room);
        hyphen = memrchr(chunk->text, '-', size);
        if (!hyphen || hyphen == chunk->text)
                return room;
        for (const char *at = chunk->text; at < hyphen; at++)
                if (*at != '-')
                        return bp_utf8_length(chunk->text, (size_t)(hyphen - chunk->text)) + 1;
        return room;
}

/* Takes from chunk `*next` what fits on a line of its own. */
static struct chunk take_long(const struct wrap *wrap, struct chunk *chunk, size_t used, size_t *next) {
        size_t room = wrap->width < 1 ? 1 : wrap->width - used, length, size;
        struct chunk taken = {0};

        if (!wrap->break_long_words) {
                if (used)
                        return taken;
                (*next)++;
                return *chunk;
        }
        length = cut_length(wrap, chunk, room);
        size = bp_utf8_offset(chunk->text, chunk->size, length);
        taken = (struct chunk){chunk->text, size, length < chunk->length ? length : chunk->length};
        chunk->text += size;
        chunk->size -= size;
        chunk->length -= taken.length;
        if (chunk->size == 0)
                (*next)++;
        return taken;
}

/* One line; its chunks stand side by side in the text, so that it is a piece of it. */
static struct chunk next_line(struct wrap *wrap, struct chunk_list *list, size_t *next, bool first) {
        struct chunk line = {0}, last = {0};

        if (!first && is_blank(&list->items[*next]))
                (*next)++;
        while (*next < list->count && line.length + list->items[*next].length <= wrap->width) {
                last = list->items[*next];
                if (!line.text)
                        line.text = last.text;
                line.size += last.size;
                line.length += last.length;
                (*next)++;
        }
        if (*next < list->count && list->items[*next].length > wrap->width) {
                last = take_long(wrap, &list->items[*next], line.length, next);
                if (!line.text)
                        line.text = last.text;
                line.size += last.size;
                line.length += last.length;
                /* Python puts the empty piece of a broken word on the line, and drops that one instead of a blank. */
                if (!wrap->break_long_words && line.size)
                        last = list->items[*next - 1];
        }
        if (last.size && is_blank(&last))
                line.size -= last.size;
        return line;
}

/* @return 0 with *ret_any false when nothing was written */
static int wrap_line(struct wrap *wrap, const char *text, size_t size, bool *ret_any) {
        struct chunk_list list = {0};
        size_t next = 0;
        int r = split_chunks(wrap, text, size, &list);

        *ret_any = false;
        while (r == 0 && next < list.count) {
                struct chunk line = next_line(wrap, &list, &next, !*ret_any);

                r = bp_eval_work(wrap->evaluation, 1);
                if (!line.size)
                        continue;
                if (*ret_any)
                        bp_strbuf_add(wrap->output, wrap->separator->as.text, wrap->separator->count);
                bp_strbuf_add(wrap->output, line.text, line.size);
                *ret_any = true;
        }
        return r;
}

static int read_wrap(struct bp_evaluation *evaluation, const struct bp_value *bound, struct wrap *wrap,
                     struct bp_value *separator) {
        int64_t width;
        int r = bp_argument_integer(evaluation, &bound[0], "width", 79, &width);

        *separator = bp_value_text_borrow("\n", 1);
        if (r == 0)
                r = bp_argument_truth(evaluation, &bound[1], true, &wrap->break_long_words);
        if (r == 0 && !bp_argument_is_none(&bound[2]))
                r = bp_argument_text(evaluation, &bound[2], "wrapstring", NULL, separator);
        if (r == 0)
                r = bp_argument_truth(evaluation, &bound[3], true, &wrap->break_on_hyphens);
        if (r == 0 && width <= 0)
                r = bp_eval_type_error(evaluation, "the width of wordwrap must be positive");
        wrap->width = r == 0 ? (size_t)width : 0;
        return r;
}

FILTER(wordwrap) {
        struct bp_strbuf output;
        struct bp_value separator;
        struct wrap wrap = {.evaluation = evaluation, .output = &output, .separator = &separator};
        size_t end, next;
        bool any;
        int r = read_wrap(evaluation, bound, &wrap, &separator);

        (void)arguments;
        if (r != 0)
                return r;
        if (bp_value_is_undefined(subject))
                return bp_eval_undefined_error(evaluation, subject);
        if (subject->type != BP_STRING)
                return bp_eval_type_error(evaluation, "wordwrap needs a text, not '%s'", bp_value_kind(subject));
        bp_text_init(evaluation, &output);
        for (size_t at = 0; r == 0 && at < subject->count; at = next) {
                bp_text_line(subject, at, &end, &next);
                if (at > 0)
                        bp_strbuf_add(&output, separator.as.text, separator.count);
                r = wrap_line(&wrap, subject->as.text + at, end - at, &any);
        }
        return r != 0 ? r : bp_text_close(evaluation, &output, ret_value);
}

/* clang-format off */
const struct bp_filter bp_filters_layout[] = {
        {.name = "indent", .apply = apply_indent, .signature = {{"width", "first", "blank"}, 0, false}},
        {.name = "truncate", .apply = apply_truncate,
         .signature = {{"length", "killwords", "end", "leeway"}, 0, false}},
        {.name = "wordwrap", .apply = apply_wordwrap,
         .signature = {{"width", "break_long_words", "wrapstring", "break_on_hyphens"}, 0, false}},
        {0},
};
/* clang-format on */
