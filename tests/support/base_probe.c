/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers what base makes of values, so that a test can compare it with Python: for each line {"do": ..., "value": ...}
 * one line of JSON. Lines that are no JSON are answered {"refused": CODE}.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "base/value.h"
#include "base/zone.h"

struct answer {
        struct bp_arena *arena;
        struct bp_strbuf text; /* what was asked for, as text */
};

static void write_repr(struct answer *answer, const struct bp_value *value) {
        bp_value_write_repr(&answer->text, value);
}

static void write_text(struct answer *answer, const struct bp_value *value) {
        bp_value_write_text(&answer->text, value);
}

static void write_json(struct answer *answer, const struct bp_value *value) {
        bp_json_write(&answer->text, value);
}

static void write_pretty(struct answer *answer, const struct bp_value *value) {
        bp_json_write_pretty(&answer->text, value);
}

static void write_case(struct answer *answer, const struct bp_value *value, enum bp_case to) {
        const char *text;
        size_t size;

        if (bp_utf8_change_case(answer->arena, to, value->as.text, value->count, &text, &size) == 0)
                bp_strbuf_add(&answer->text, text, size);
}

static void write_upper(struct answer *answer, const struct bp_value *value) {
        write_case(answer, value, BP_CASE_UPPER);
}

static void write_lower(struct answer *answer, const struct bp_value *value) {
        write_case(answer, value, BP_CASE_LOWER);
}

static void write_title(struct answer *answer, const struct bp_value *value) {
        write_case(answer, value, BP_CASE_TITLE);
}

static void write_fold(struct answer *answer, const struct bp_value *value) {
        write_case(answer, value, BP_CASE_FOLD);
}

/* One letter a property that the code point has, and its digit value. */
static void write_properties(struct answer *answer, const struct bp_value *value) {
        uint32_t code_point = (uint32_t)value->as.integer;
        const struct {
                char letter;
                bool holds;
        } properties[] = {
                {'a', bp_utf8_is_letter(code_point)}, {'n', bp_utf8_is_alphanumeric(code_point)},
                {'s', bp_utf8_is_space(code_point)},  {'u', bp_utf8_is_upper(code_point)},
                {'l', bp_utf8_is_lower(code_point)},  {'p', bp_utf8_is_printable(code_point)},
        };

        for (size_t i = 0; i < sizeof(properties) / sizeof(*properties); i++)
                if (properties[i].holds)
                        bp_strbuf_add_char(&answer->text, properties[i].letter);
        if (bp_utf8_digit(code_point) >= 0)
                bp_strbuf_printf(&answer->text, "%d", bp_utf8_digit(code_point));
}

/* [a, b]: equal or not, and which comes first. */
static void write_comparison(struct answer *answer, const struct bp_value *value) {
        const struct bp_value *a = &value->as.items[0], *b = &value->as.items[1];
        int order;

        bp_strbuf_add_text(&answer->text, bp_value_equal(a, b) ? "==" : "!=");
        if (bp_value_compare(a, b, &order) == 0)
                bp_strbuf_add_text(&answer->text, order < 0 ? " <" : order > 0 ? " >" : " =");
}

static const struct bp_zone *zone_of(struct answer *answer, const struct bp_value *value) {
        const struct bp_zone *zone;

        return bp_zone_load(answer->arena, BP_ZONE_FOLDER, value->as.items[0].as.text, &zone) == 0 ? zone : NULL;
}

static int32_t number_at(const struct bp_value *value, uint32_t index) {
        return (int32_t)value->as.items[index].as.integer;
}

/* [zone, seconds since 1970, ...]: what clocks show at each moment, and how far they are ahead of UTC. */
static void write_civil(struct answer *answer, const struct bp_value *value) {
        const struct bp_zone *zone = zone_of(answer, value);

        for (uint32_t i = 1; zone && i < value->count; i++) {
                int64_t at = value->as.items[i].as.integer;
                struct bp_civil civil = bp_zone_civil(zone, at);

                bp_strbuf_printf(&answer->text, "%04d-%02d-%02d %02d:%02d:%02d %d;", civil.year, civil.month, civil.day,
                                 civil.hour, civil.minute, civil.second, bp_zone_offset(zone, at));
        }
}

/* [zone, [year, month, day, hour, minute, second], ...]: when clocks show each. */
static void write_unix(struct answer *answer, const struct bp_value *value) {
        const struct bp_zone *zone = zone_of(answer, value);

        for (uint32_t i = 1; zone && i < value->count; i++) {
                const struct bp_value *parts = &value->as.items[i];
                struct bp_civil civil = {number_at(parts, 0), number_at(parts, 1), number_at(parts, 2),
                                         number_at(parts, 3), number_at(parts, 4), number_at(parts, 5)};

                bp_strbuf_printf(&answer->text, "%lld;", (long long)bp_zone_unix(zone, &civil));
        }
}

static const struct {
        const char *name;
        void (*write)(struct answer *answer, const struct bp_value *value);
} questions[] = {
        {"repr", write_repr},          {"text", write_text},   {"json", write_json},
        {"pretty", write_pretty},      {"upper", write_upper}, {"lower", write_lower},
        {"title", write_title},        {"fold", write_fold},   {"properties", write_properties},
        {"compare", write_comparison}, {"civil", write_civil}, {"unix", write_unix},
};

static void answer_line(const struct bp_value *line, struct answer *answer) {
        const struct bp_value *name = bp_value_get(line, "do"), *value = bp_value_get(line, "value");

        for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++)
                if (name && value && bp_value_is_text(name, questions[i].name))
                        questions[i].write(answer, value);
}

int main(void) {
        _cleanup_(bp_freep) char *line = NULL;
        size_t capacity = 0;
        ssize_t size;

        while ((size = getline(&line, &capacity, stdin)) > 0) {
                _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
                struct answer answer = {.arena = arena};
                struct bp_problem problem;
                struct bp_strbuf out;
                struct bp_value value;

                if (!arena)
                        return EXIT_FAILURE;
                bp_strbuf_init(&answer.text, arena, SIZE_MAX / 2);
                bp_strbuf_init(&out, arena, SIZE_MAX / 2);
                if (bp_json_parse(arena, line, (size_t)size, NULL, &value, &problem) == 0) {
                        answer_line(&value, &answer);
                        bp_json_write_string(&out, bp_strbuf_text(&answer.text), answer.text.size);
                } else {
                        bp_strbuf_printf(&out, "{\"refused\":\"%s\"}", problem.code);
                }
                puts(bp_strbuf_text(&out));
        }
        return EXIT_SUCCESS;
}
