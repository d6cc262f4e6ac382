/* SPDX-License-Identifier: Apache-2.0 */
/* Methods of texts that ask: does it start so, where is it, how often, is it a number. */
#include <string.h>

#include "template/text_edit.h"

#define METHOD(name)                                                                               \
        static int call_##name(struct bp_evaluation *evaluation, const struct bp_value *subject,   \
                               const struct bp_value *bound, const struct bp_arguments *arguments, \
                               struct bp_value *ret_value)

/* The part of the text that `start` and `end` choose, as byte offsets; they count code points, negative from the end.
 */
struct window {
        size_t start, end;
        bool empty; /* start lies behind the end: nothing is found there, not even nothing */
};

static int64_t border(int64_t place, int64_t length) {
        if (place < 0)
                place += length;
        return place < 0 ? 0 : place;
}

static int read_window(struct bp_evaluation *evaluation, const struct bp_value *subject, const struct bp_value *bound,
                       struct window *ret_window) {
        int64_t length = (int64_t)bp_text_length(subject), start = 0, end = length;
        int r = bp_eval_work_bytes(evaluation, subject->count);

        if (r == 0 && !bp_argument_is_none(&bound[1]))
                r = bp_argument_integer(evaluation, &bound[1], "start", 0, &start);
        if (r == 0 && !bp_argument_is_none(&bound[2]))
                r = bp_argument_integer(evaluation, &bound[2], "end", length, &end);
        if (r != 0)
                return r;
        start = border(start, length);
        end = border(end, length);
        if (end > length)
                end = length;
        ret_window->empty = start > end;
        ret_window->start = bp_utf8_offset(subject->as.text, subject->count, (size_t)(start > length ? length : start));
        ret_window->end = bp_utf8_offset(subject->as.text, subject->count, (size_t)end);
        return 0;
}

static bool matches(const struct bp_value *subject, const struct window *window, const struct bp_value *part,
                    bool at_end) {
        size_t size = window->empty ? 0 : window->end - window->start;
        const char *at = subject->as.text + (at_end ? window->end - part->count : window->start);

        return !window->empty && part->count <= size && memcmp(at, part->as.text, part->count) == 0;
}

/* One text, or a tuple of them any of which will do. */
static int affix(struct bp_evaluation *evaluation, const struct bp_value *subject, const struct bp_value *bound,
                 bool at_end, struct bp_value *ret_value) {
        const struct bp_value *parts = bp_value_is_tuple(&bound[0]) ? bound[0].as.items : &bound[0];
        uint32_t count = bp_value_is_tuple(&bound[0]) ? bound[0].count : 1;
        struct window window;
        bool result = false;
        int r = read_window(evaluation, subject, bound, &window);

        if (r != 0)
                return r;
        for (uint32_t i = 0; i < count && !result; i++) {
                if (parts[i].type != BP_STRING)
                        return bp_eval_type_error(evaluation, "%s first arg must be str or a tuple of str, not %s",
                                                  at_end ? "endswith" : "startswith", bp_value_kind(&parts[i]));
                result = matches(subject, &window, &parts[i], at_end);
        }
        *ret_value = bp_value_bool(result);
        return 0;
}

METHOD(startswith) {
        (void)arguments;
        return affix(evaluation, subject, bound, false, ret_value);
}

METHOD(endswith) {
        (void)arguments;
        return affix(evaluation, subject, bound, true, ret_value);
}

static const char *find_backwards(const char *start, const char *end, const struct bp_value *part) {
        if ((size_t)(end - start) < part->count)
                return NULL;
        for (const char *at = end - part->count;; at--) {
                if (memcmp(at, part->as.text, part->count) == 0)
                        return at;
                if (at == start)
                        return NULL;
        }
}

static int find(struct bp_evaluation *evaluation, const struct bp_value *subject, const struct bp_value *bound,
                bool backwards, bool must, struct bp_value *ret_value) {
        struct bp_value part;
        struct window window;
        const char *start, *end, *found = NULL;
        int r = bp_argument_text(evaluation, &bound[0], "sub", NULL, &part);

        if (r == 0)
                r = read_window(evaluation, subject, bound, &window);
        if (r != 0)
                return r;
        start = subject->as.text + window.start;
        end = subject->as.text + window.end;
        if (!window.empty)
                found = backwards ? find_backwards(start, end, &part)
                                  : memmem(start, (size_t)(end - start), part.as.text, part.count);
        if (!found && must)
                return bp_eval_type_error(evaluation, "substring not found");
        *ret_value = bp_value_int(found ? (int64_t)bp_utf8_length(subject->as.text, (size_t)(found - subject->as.text))
                                        : -1);
        return 0;
}

METHOD(find) {
        (void)arguments;
        return find(evaluation, subject, bound, false, false, ret_value);
}

METHOD(rfind) {
        (void)arguments;
        return find(evaluation, subject, bound, true, false, ret_value);
}

METHOD(index) {
        (void)arguments;
        return find(evaluation, subject, bound, false, true, ret_value);
}

METHOD(rindex) {
        (void)arguments;
        return find(evaluation, subject, bound, true, true, ret_value);
}

METHOD(count) {
        struct bp_value part;
        struct window window;
        const char *at, *end;
        int64_t count = 0;
        int r = bp_argument_text(evaluation, &bound[0], "sub", NULL, &part);

        (void)arguments;
        if (r == 0)
                r = read_window(evaluation, subject, bound, &window);
        if (r != 0)
                return r;
        at = subject->as.text + window.start;
        end = subject->as.text + window.end;
        if (window.empty)
                count = 0;
        else if (!part.count)
                count = (int64_t)bp_utf8_length(at, (size_t)(end - at)) + 1;
        else
                while ((at = memmem(at, (size_t)(end - at), part.as.text, part.count))) {
                        count++;
                        at += part.count;
                }
        *ret_value = bp_value_int(count);
        return 0;
}

static bool is_alpha(uint32_t code_point) {
        return bp_utf8_is_letter(code_point);
}

static bool is_decimal(uint32_t code_point) {
        return bp_utf8_digit(code_point) >= 0;
}

static bool is_numeric(uint32_t code_point) {
        return bp_utf8_is_alphanumeric(code_point) && !bp_utf8_is_letter(code_point);
}

static bool is_ascii(uint32_t code_point) {
        return code_point < 0x80;
}

/* True when the rule holds for every character and there is one. */
static int all_are(struct bp_evaluation *evaluation, const struct bp_value *subject, bool (*rule)(uint32_t code_point),
                   bool empty, struct bp_value *ret_value) {
        bool result = subject->count ? true : empty;
        int r = bp_eval_work_bytes(evaluation, subject->count);

        for (size_t at = 0, step; result && at < subject->count; at += step)
                result = rule(bp_utf8_decode(subject->as.text + at, &step));
        *ret_value = bp_value_bool(result);
        return r;
}

METHOD(isalpha) {
        (void)bound, (void)arguments;
        return all_are(evaluation, subject, is_alpha, false, ret_value);
}

METHOD(isalnum) {
        (void)bound, (void)arguments;
        return all_are(evaluation, subject, bp_utf8_is_alphanumeric, false, ret_value);
}

METHOD(isdigit) {
        (void)bound, (void)arguments;
        return all_are(evaluation, subject, is_decimal, false, ret_value);
}

METHOD(isnumeric) {
        (void)bound, (void)arguments;
        return all_are(evaluation, subject, is_numeric, false, ret_value);
}

METHOD(isspace) {
        (void)bound, (void)arguments;
        return all_are(evaluation, subject, bp_utf8_is_space, false, ret_value);
}

METHOD(isascii) {
        (void)bound, (void)arguments;
        return all_are(evaluation, subject, is_ascii, true, ret_value);
}

static int has_case(struct bp_evaluation *evaluation, const struct bp_value *subject, bool upper,
                    struct bp_value *ret_value) {
        const struct bp_test *test = bp_test_find(upper ? "upper" : "lower", 5);
        const struct bp_arguments none = {0};
        bool result;
        int r = bp_test_check(evaluation, test, subject, &none, &result);

        if (r == 0)
                *ret_value = bp_value_bool(result);
        return r;
}

METHOD(isupper) {
        (void)bound, (void)arguments;
        return has_case(evaluation, subject, true, ret_value);
}

METHOD(islower) {
        (void)bound, (void)arguments;
        return has_case(evaluation, subject, false, ret_value);
}

/* Every word starts upper and goes on lower. */
METHOD(istitle) {
        bool in_word = false, found = false, right = true;

        (void)bound, (void)arguments;
        for (size_t at = 0, step; right && at < subject->count; at += step) {
                uint32_t code_point = bp_utf8_decode(subject->as.text + at, &step);
                bool upper = bp_utf8_is_upper(code_point), lower = bp_utf8_is_lower(code_point);

                right = upper ? !in_word : !lower || in_word;
                in_word = upper || lower;
                found |= in_word;
        }
        *ret_value = bp_value_bool(right && found);
        return bp_eval_work_bytes(evaluation, subject->count);
}

/* clang-format off */
const struct bp_method bp_methods_text_tests[] = {
        {"startswith", call_startswith, {{"prefix", "start", "end"}, 1, false}},
        {"endswith", call_endswith, {{"suffix", "start", "end"}, 1, false}},
        {"find", call_find, {{"sub", "start", "end"}, 1, false}},
        {"rfind", call_rfind, {{"sub", "start", "end"}, 1, false}},
        {"index", call_index, {{"sub", "start", "end"}, 1, false}},
        {"rindex", call_rindex, {{"sub", "start", "end"}, 1, false}},
        {"count", call_count, {{"sub", "start", "end"}, 1, false}},
        {"isalpha", call_isalpha, {{0}, 0, false}},
        {"isalnum", call_isalnum, {{0}, 0, false}},
        {"isdigit", call_isdigit, {{0}, 0, false}},
        {"isdecimal", call_isdigit, {{0}, 0, false}},
        {"isnumeric", call_isnumeric, {{0}, 0, false}},
        {"isspace", call_isspace, {{0}, 0, false}},
        {"isascii", call_isascii, {{0}, 0, false}},
        {"isupper", call_isupper, {{0}, 0, false}},
        {"islower", call_islower, {{0}, 0, false}},
        {"istitle", call_istitle, {{0}, 0, false}},
        {0},
};
/* clang-format on */
