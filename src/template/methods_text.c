/* SPDX-License-Identifier: Apache-2.0 */
/* Methods of texts that make other values. Those that answer yes or no are in methods_text_tests.c. */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "template/text_edit.h"

#define METHOD(name)                                                                               \
        static int call_##name(struct bp_evaluation *evaluation, const struct bp_value *subject,   \
                               const struct bp_value *bound, const struct bp_arguments *arguments, \
                               struct bp_value *ret_value)

METHOD(upper) {
        (void)bound, (void)arguments;
        return bp_text_case(evaluation, subject, BP_CASE_UPPER, ret_value);
}

METHOD(lower) {
        (void)bound, (void)arguments;
        return bp_text_case(evaluation, subject, BP_CASE_LOWER, ret_value);
}

METHOD(casefold) {
        (void)bound, (void)arguments;
        return bp_text_case(evaluation, subject, BP_CASE_FOLD, ret_value);
}

METHOD(title) {
        (void)bound, (void)arguments;
        return bp_text_case(evaluation, subject, BP_CASE_TITLE, ret_value);
}

METHOD(capitalize) {
        (void)bound, (void)arguments;
        return bp_text_capitalize(evaluation, subject, ret_value);
}

METHOD(swapcase) {
        struct bp_strbuf buffer;

        (void)bound, (void)arguments;
        bp_text_init(evaluation, &buffer);
        for (size_t at = 0, step; at < subject->count; at += step) {
                uint32_t code_point = bp_utf8_decode(subject->as.text + at, &step);
                enum bp_case to = bp_utf8_is_upper(code_point) ? BP_CASE_LOWER : BP_CASE_UPPER;
                const char *mapped;
                size_t size;
                int r = bp_eval_work(evaluation, 1);

                if (r == 0)
                        r = bp_utf8_change_case(evaluation->arena, to, subject->as.text + at, step, &mapped, &size);
                if (r != 0)
                        return r;
                bp_strbuf_add(&buffer, mapped, size);
        }
        return bp_text_close(evaluation, &buffer, ret_value);
}

static int strip(struct bp_evaluation *evaluation, const struct bp_value *subject, const struct bp_value *characters,
                 enum bp_side side, struct bp_value *ret_value) {
        if (bp_argument_is_none(characters))
                return bp_text_strip(evaluation, subject, NULL, side, ret_value);
        if (characters->type != BP_STRING)
                return bp_eval_type_error(evaluation, "strip arg must be None or str");
        return bp_text_strip(evaluation, subject, characters, side, ret_value);
}

METHOD(strip) {
        (void)arguments;
        return strip(evaluation, subject, &bound[0], BP_SIDE_BOTH, ret_value);
}

METHOD(lstrip) {
        (void)arguments;
        return strip(evaluation, subject, &bound[0], BP_SIDE_LEFT, ret_value);
}

METHOD(rstrip) {
        (void)arguments;
        return strip(evaluation, subject, &bound[0], BP_SIDE_RIGHT, ret_value);
}

static int append_part(struct bp_evaluation *evaluation, struct bp_list_builder *parts, const struct bp_value *text,
                       size_t start, size_t end) {
        struct bp_value part;
        int r = bp_text_slice(evaluation, text, start, end, &part);

        return r != 0 ? r : bp_list_append(evaluation, parts, &part);
}

static bool space_at(const struct bp_value *text, size_t at, size_t *ret_step) {
        return bp_utf8_is_space(bp_utf8_decode(text->as.text + at, ret_step));
}

/* Splits at runs of white space; `limit` negative for no limit. */
static int split_words(struct bp_evaluation *evaluation, const struct bp_value *text, int64_t limit,
                       struct bp_list_builder *parts) {
        size_t at = 0, step;
        int r = 0;

        while (r == 0) {
                size_t start;

                while (at < text->count && space_at(text, at, &step))
                        at += step;
                if (at >= text->count)
                        break;
                start = at;
                if (limit-- == 0) {
                        size_t end = text->count;
                        struct bp_value rest;

                        r = bp_text_slice(evaluation, text, start, end, &rest);
                        if (r == 0)
                                r = bp_text_strip(evaluation, &rest, NULL, BP_SIDE_RIGHT, &rest);
                        return r != 0 ? r : bp_list_append(evaluation, parts, &rest);
                }
                while (at < text->count && !space_at(text, at, &step))
                        at += step;
                r = append_part(evaluation, parts, text, start, at);
        }
        return r;
}

static int split_at(struct bp_evaluation *evaluation, const struct bp_value *text, const struct bp_value *separator,
                    int64_t limit, struct bp_list_builder *parts) {
        size_t at = 0;

        for (;;) {
                const char *found = limit-- == 0 ? NULL
                                                 : memmem(text->as.text + at, text->count - at, separator->as.text,
                                                          separator->count);
                size_t end = found ? (size_t)(found - text->as.text) : text->count;
                int r = append_part(evaluation, parts, text, at, end);

                if (r != 0 || !found)
                        return r;
                at = end + separator->count;
        }
}

static int read_split(struct bp_evaluation *evaluation, const struct bp_value *bound, int64_t *ret_limit) {
        int r = bp_argument_integer(evaluation, &bound[1], "maxsplit", -1, ret_limit);

        if (r != 0 || bp_argument_is_none(&bound[0]))
                return r;
        if (bound[0].type != BP_STRING)
                return bp_eval_type_error(evaluation, "must be str or None, not %s", bp_value_kind(&bound[0]));
        return bound[0].count ? 0 : bp_eval_type_error(evaluation, "empty separator");
}

METHOD(split) {
        struct bp_list_builder parts;
        int64_t limit;
        int r = read_split(evaluation, bound, &limit);

        (void)arguments;
        bp_list_init(&parts, evaluation->arena);
        if (r == 0)
                r = bp_eval_work_bytes(evaluation, subject->count);
        if (r == 0)
                r = bp_argument_is_none(&bound[0]) ? split_words(evaluation, subject, limit, &parts)
                                                   : split_at(evaluation, subject, &bound[0], limit, &parts);
        return r != 0 ? r : bp_list_close(evaluation, &parts, BP_SHAPE_PLAIN, ret_value);
}

/* The last place of `part` before `end`; NULL when there is none. */
static const char *find_last(const char *text, size_t end, const struct bp_value *part) {
        if (part->count > end)
                return NULL;
        for (const char *at = text + end - part->count;; at--) {
                if (memcmp(at, part->as.text, part->count) == 0)
                        return at;
                if (at == text)
                        return NULL;
        }
}

static size_t before(const struct bp_value *text, size_t at) {
        do
                at--;
        while (at > 0 && ((unsigned char)text->as.text[at] & 0xC0) == 0x80);
        return at;
}

static bool space_before(const struct bp_value *text, size_t at) {
        size_t step;

        return space_at(text, before(text, at), &step);
}

static int rsplit_words(struct bp_evaluation *evaluation, const struct bp_value *text, int64_t limit,
                        struct bp_list_builder *parts) {
        size_t end = text->count;
        int r = 0;

        while (r == 0) {
                size_t start;

                while (end > 0 && space_before(text, end))
                        end = before(text, end);
                if (end == 0)
                        break;
                if (limit-- == 0) {
                        struct bp_value rest;

                        r = bp_text_slice(evaluation, text, 0, end, &rest);
                        if (r == 0)
                                r = bp_text_strip(evaluation, &rest, NULL, BP_SIDE_LEFT, &rest);
                        return r != 0 ? r : bp_list_append(evaluation, parts, &rest);
                }
                for (start = end; start > 0 && !space_before(text, start);)
                        start = before(text, start);
                r = append_part(evaluation, parts, text, start, end);
                end = start;
        }
        return r;
}

static int rsplit_at(struct bp_evaluation *evaluation, const struct bp_value *text, const struct bp_value *separator,
                     int64_t limit, struct bp_list_builder *parts) {
        size_t end = text->count;

        for (;;) {
                const char *found = limit-- == 0 ? NULL : find_last(text->as.text, end, separator);
                size_t start = found ? (size_t)(found - text->as.text) + separator->count : 0;
                int r = append_part(evaluation, parts, text, start, end);

                if (r != 0 || !found)
                        return r;
                end = start - separator->count;
        }
}

METHOD(rsplit) {
        struct bp_list_builder parts;
        struct bp_value backwards;
        int64_t limit;
        int r = read_split(evaluation, bound, &limit);

        (void)arguments;
        bp_list_init(&parts, evaluation->arena);
        if (r == 0)
                r = bp_eval_work_bytes(evaluation, subject->count);
        if (r == 0)
                r = bp_argument_is_none(&bound[0]) ? rsplit_words(evaluation, subject, limit, &parts)
                                                   : rsplit_at(evaluation, subject, &bound[0], limit, &parts);
        if (r == 0)
                r = bp_list_close(evaluation, &parts, BP_SHAPE_PLAIN, &backwards);
        return r != 0 ? r : bp_value_reversed(evaluation, &backwards, ret_value);
}

METHOD(splitlines) {
        bool keep_ends;
        int r = bp_argument_truth(evaluation, &bound[0], false, &keep_ends);

        (void)arguments;
        return r != 0 ? r : bp_text_lines(evaluation, subject, keep_ends, ret_value);
}

METHOD(join) {
        struct bp_iterator iterator;
        struct bp_strbuf buffer;
        struct bp_value item;
        bool more = true, first = true;
        int r = bp_iterator_open(evaluation, &bound[0], &iterator);

        (void)arguments;
        bp_text_init(evaluation, &buffer);
        while (r == 0) {
                r = bp_iterator_next(evaluation, &iterator, &more, &item);
                if (r != 0 || !more)
                        break;
                if (item.type != BP_STRING)
                        return bp_eval_type_error(evaluation, "join: expected str, found %s", bp_value_kind(&item));
                if (!first)
                        bp_strbuf_add(&buffer, subject->as.text, subject->count);
                first = false;
                r = bp_text_write(evaluation, &buffer, &item);
        }
        return r != 0 ? r : bp_text_close(evaluation, &buffer, ret_value);
}

METHOD(replace) {
        struct bp_value old, new;
        int64_t count;
        int r = bp_argument_text(evaluation, &bound[0], "old", NULL, &old);

        (void)arguments;
        if (r == 0)
                r = bp_argument_text(evaluation, &bound[1], "new", NULL, &new);
        if (r == 0)
                r = bp_argument_integer(evaluation, &bound[2], "count", -1, &count);
        return r != 0 ? r : bp_text_replace(evaluation, subject, &old, &new, count, ret_value);
}

METHOD(format) {
        (void)bound;
        return bp_format_braces(evaluation, subject, arguments, ret_value);
}

static int read_pad(struct bp_evaluation *evaluation, const struct bp_value *bound, int64_t *ret_width,
                    struct bp_value *ret_fill) {
        int r = bp_argument_integer(evaluation, &bound[0], "width", 0, ret_width);

        if (r == 0)
                r = bp_argument_text(evaluation, &bound[1], "fillchar", " ", ret_fill);
        if (r == 0 && bp_text_length(ret_fill) != 1)
                r = bp_eval_type_error(evaluation, "the fill character must be exactly one character long");
        return r;
}

static int justify(struct bp_evaluation *evaluation, const struct bp_value *subject, const struct bp_value *bound,
                   bool left, struct bp_value *ret_value) {
        struct bp_value fill;
        int64_t width, missing;
        int r = read_pad(evaluation, bound, &width, &fill);

        if (r != 0)
                return r;
        missing = width < 0 ? 0 : width - (int64_t)bp_text_length(subject);
        if (missing < 0)
                missing = 0;
        return bp_text_pad(evaluation, subject, left ? 0 : (uint64_t)missing, left ? (uint64_t)missing : 0, &fill,
                           ret_value);
}

METHOD(ljust) {
        (void)arguments;
        return justify(evaluation, subject, bound, true, ret_value);
}

METHOD(rjust) {
        (void)arguments;
        return justify(evaluation, subject, bound, false, ret_value);
}

METHOD(center) {
        struct bp_value fill;
        int64_t width;
        int r = read_pad(evaluation, bound, &width, &fill);

        (void)arguments;
        return r != 0 ? r : bp_text_center(evaluation, subject, width, &fill, ret_value);
}

/* Zeros go behind the sign. */
METHOD(zfill) {
        bool sign = subject->count && (subject->as.text[0] == '-' || subject->as.text[0] == '+');
        struct bp_value zero = bp_value_text_borrow("0", 1), rest, padded, head;
        int64_t width, missing;
        int r = bp_argument_integer(evaluation, &bound[0], "width", 0, &width);

        (void)arguments;
        if (r != 0)
                return r;
        missing = width < 0 ? 0 : width - (int64_t)bp_text_length(subject);
        if (missing < 0)
                missing = 0;
        r = bp_text_slice(evaluation, subject, sign, subject->count, &rest);
        if (r == 0)
                r = bp_text_pad(evaluation, &rest, (uint64_t)missing, 0, &zero, &padded);
        if (r == 0)
                r = bp_text_slice(evaluation, subject, 0, sign, &head);
        return r != 0 ? r : bp_operate(evaluation, BP_OP_ADD, &head, &padded, ret_value);
}

/* The parts of markup are markup. */
static int shaped_parts(struct bp_evaluation *evaluation, const struct bp_value *subject, struct bp_value parts[3],
                        struct bp_value *ret_value) {
        for (int i = 0; i < 3; i++)
                parts[i].unused = subject->unused;
        return bp_value_list(evaluation, BP_SHAPE_TUPLE, parts, 3, ret_value);
}

/* A tuple of what is before the separator, the separator, and what is behind it. */
static int part_at(struct bp_evaluation *evaluation, const struct bp_value *subject, const struct bp_value *bound,
                   bool from_end, struct bp_value *ret_value) {
        struct bp_value *parts = bp_arena_array(evaluation->arena, 3, sizeof(*parts)), separator;
        const char *found;
        size_t start;
        int r = bp_argument_text(evaluation, &bound[0], "sep", NULL, &separator);

        if (!parts)
                return -ENOMEM;
        if (r != 0)
                return r;
        if (!separator.count)
                return bp_eval_type_error(evaluation, "empty separator");
        found = from_end ? find_last(subject->as.text, subject->count, &separator)
                         : memmem(subject->as.text, subject->count, separator.as.text, separator.count);
        parts[0] = parts[1] = parts[2] = bp_value_empty_text;
        if (!found) {
                parts[from_end ? 2 : 0] = *subject;
                return shaped_parts(evaluation, subject, parts, ret_value);
        }
        start = (size_t)(found - subject->as.text);
        parts[1] = separator;
        r = bp_text_slice(evaluation, subject, 0, start, &parts[0]);
        if (r == 0)
                r = bp_text_slice(evaluation, subject, start + separator.count, subject->count, &parts[2]);
        return r != 0 ? r : shaped_parts(evaluation, subject, parts, ret_value);
}

METHOD(partition) {
        (void)arguments;
        return part_at(evaluation, subject, bound, false, ret_value);
}

METHOD(rpartition) {
        (void)arguments;
        return part_at(evaluation, subject, bound, true, ret_value);
}

METHOD(removeprefix) {
        struct bp_value prefix;
        int r = bp_argument_text(evaluation, &bound[0], "prefix", NULL, &prefix);
        bool there;

        (void)arguments;
        if (r != 0)
                return r;
        there = prefix.count <= subject->count && memcmp(subject->as.text, prefix.as.text, prefix.count) == 0;
        return bp_text_slice(evaluation, subject, there ? prefix.count : 0, subject->count, ret_value);
}

METHOD(removesuffix) {
        struct bp_value suffix;
        int r = bp_argument_text(evaluation, &bound[0], "suffix", NULL, &suffix);
        bool there;

        (void)arguments;
        if (r != 0)
                return r;
        there = suffix.count <= subject->count &&
                memcmp(subject->as.text + subject->count - suffix.count, suffix.as.text, suffix.count) == 0;
        return bp_text_slice(evaluation, subject, 0, subject->count - (there ? suffix.count : 0), ret_value);
}

/* clang-format off */
const struct bp_method bp_methods_text[] = {
        {"upper", call_upper, {{0}, 0, false}},
        {"lower", call_lower, {{0}, 0, false}},
        {"casefold", call_casefold, {{0}, 0, false}},
        {"title", call_title, {{0}, 0, false}},
        {"capitalize", call_capitalize, {{0}, 0, false}},
        {"swapcase", call_swapcase, {{0}, 0, false}},
        {"strip", call_strip, {{"chars"}, 0, false}},
        {"lstrip", call_lstrip, {{"chars"}, 0, false}},
        {"rstrip", call_rstrip, {{"chars"}, 0, false}},
        {"split", call_split, {{"sep", "maxsplit"}, 0, false}},
        {"rsplit", call_rsplit, {{"sep", "maxsplit"}, 0, false}},
        {"splitlines", call_splitlines, {{"keepends"}, 0, false}},
        {"join", call_join, {{"iterable"}, 1, false}},
        {"replace", call_replace, {{"old", "new", "count"}, 2, false}},
        {"format", call_format, {.open = true}},
        {"ljust", call_ljust, {{"width", "fillchar"}, 1, false}},
        {"rjust", call_rjust, {{"width", "fillchar"}, 1, false}},
        {"center", call_center, {{"width", "fillchar"}, 1, false}},
        {"zfill", call_zfill, {{"width"}, 1, false}},
        {"partition", call_partition, {{"sep"}, 1, false}},
        {"rpartition", call_rpartition, {{"sep"}, 1, false}},
        {"removeprefix", call_removeprefix, {{"prefix"}, 1, false}},
        {"removesuffix", call_removesuffix, {{"suffix"}, 1, false}},
        {0},
};
/* clang-format on */
