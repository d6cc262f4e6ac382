/* SPDX-License-Identifier: Apache-2.0 */
/* YAML in: what plain scalars mean (YAML 1.1 as PyYAML 6.0 reads it), what is refused and where, and places. */
#include "unit.h"

#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "pipeline/places.h"
#include "pipeline/yaml_text.h"

static struct bp_arena *arena;

static int set_up(void **state) {
        (void)state;
        arena = bp_arena_new(BP_ARENA_UNLIMITED);
        return arena ? 0 : -1;
}

static int tear_down(void **state) {
        (void)state;
        arena = bp_arena_free(arena);
        return 0;
}

static const char *json_of(const struct bp_value *value) {
        struct bp_strbuf text;

        bp_strbuf_init(&text, arena, BP_ARENA_UNLIMITED / 2);
        bp_json_write(&text, value);
        assert_int_equal(text.error, 0);
        return bp_strbuf_text(&text);
}

static void a_text_gives_this_value(void **state) {
        static const struct {
                const char *yaml, *json;
        } cases[] = {
                {"a: b", "{\"a\":\"b\"}"},
                {"- 1\n- [2, {x: 3}]\n", "[1,[2,{\"x\":3}]]"},
                {"{}", "{}"},
                {"[]", "[]"},
                {"a:\n", "{\"a\":null}"},
                {"a: |\n  one\n  two\n", "{\"a\":\"one\\ntwo\\n\"}"},
                {"a: >-\n  one\n  two\n", "{\"a\":\"one two\"}"},
                {"a: 'it''s'", "{\"a\":\"it's\"}"},
                {"a: \"\\u00e4\\t\\x41\"", "{\"a\":\"\xC3\xA4\\tA\"}"},
                {"on: yes", "{\"on\":true}"},
                {"1: x", "{\"1\":\"x\"}"},
                {"~: x", "{\"~\":\"x\"}"},
                {"%YAML 1.1\n---\na: 1\n...\n", "{\"a\":1}"},
                {"\xEF\xBB\xBF"
                 "a: 1",
                 "{\"a\":1}"},
                {"a: \"12\"", "{\"a\":\"12\"}"},
                {"a: '<<'\n'<<': b", "{\"a\":\"<<\",\"<<\":\"b\"}"},
        };

        (void)state;
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_problem problem;
                struct bp_place places;
                struct bp_value value;

                if (bp_yaml_parse(arena, arena, cases[i].yaml, strlen(cases[i].yaml), 64, &value, &places, &problem))
                        fail_msg("%s: %s", cases[i].yaml, problem.message);
                assert_string_equal(json_of(&value), cases[i].json);
        }
}

static void a_plain_scalar_has_this_value(void **state) {
        static const struct {
                const char *scalar, *json;
        } cases[] = {
                {"null", "null"},
                {"NULL", "null"},
                {"nULL", "\"nULL\""},
                {"~", "null"},
                {"true", "true"},
                {"TRUE", "true"},
                {"tRUE", "\"tRUE\""},
                {"yes", "true"},
                {"No", "false"},
                {"on", "true"},
                {"OFF", "false"},
                {"y", "\"y\""},
                {"n", "\"n\""},
                {"0", "0"},
                {"-0", "0"},
                {"+7", "7"},
                {"-12", "-12"},
                {"1_000", "1000"},
                {"1__0_", "10"},
                {"017", "15"},
                {"-017", "-15"},
                {"08", "\"08\""},
                {"0o17", "\"0o17\""},
                {"0_", "0"},
                {"0x1F", "31"},
                {"-0x_1f", "-31"},
                {"0b101", "5"},
                {"0b2", "\"0b2\""},
                {"0x", "\"0x\""},
                {"1:30", "90"},
                {"-1:30", "-90"},
                {"12:30:45", "45045"},
                {"1:60", "\"1:60\""},
                {"0:30", "\"0:30\""},
                {"1_0:5", "605"},
                {"9223372036854775807", "9223372036854775807"},
                {"-9223372036854775808", "-9223372036854775808"},
                {"0x7fffffffffffffff", "9223372036854775807"},
                {"1.5", "1.5"},
                {"1.", "1.0"},
                {"-1.5e+3", "-1500.0"},
                {"1.5e3", "\"1.5e3\""},
                {"1e3", "\"1e3\""},
                {"1.e+2", "100.0"},
                {".5", "0.5"},
                {"-.5", "\"-.5\""},
                {"._5", "\"._5\""},
                {"1_0.5_0", "10.5"},
                {".5e-1", "0.05"},
                {"1:30.5", "90.5"},
                {"-0:30.5", "-30.5"},
                {"1:30.5e+1", "\"1:30.5e+1\""},
                {"1.2.3", "\"1.2.3\""},
                {"1.5x", "\"1.5x\""},
                {"+", "\"+\""},
                {"-_", "\"-_\""},
                {".", "\".\""},
                {".infinity", "\".infinity\""},
                {"-.nan", "\"-.nan\""},
                {"inf", "\"inf\""},
                {"2026-01-17", "\"2026-01-17\""},
                {"2026-01-17T10:00:00Z", "\"2026-01-17T10:00:00Z\""},
                {"=", "\"=\""},
                {"<<", "\"<<\""},
        };

        (void)state;
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_problem problem;
                struct bp_place places;
                struct bp_value value;
                char text[64];

                snprintf(text, sizeof(text), "- %s", cases[i].scalar);
                if (bp_yaml_parse(arena, arena, text, strlen(text), 64, &value, &places, &problem))
                        fail_msg("%s: %s", text, problem.message);
                if (strcmp(json_of(&value.as.items[0]), cases[i].json) != 0)
                        fail_msg("%s: %s", text, json_of(&value.as.items[0]));
        }
}

static void what_json_cannot_hold_or_could_grow_is_refused(void **state) {
        static const struct {
                const char *yaml, *code, *says;
                uint32_t line, column;
        } cases[] = {
                {"name: [", "PARSE_ERROR", "not YAML", 2, 1},
                {"a: b: c", "PARSE_ERROR", "not YAML", 1, 5},
                {"", "PARSE_ERROR", "empty", 1, 1},
                {"# only a remark\n", "PARSE_ERROR", "empty", 2, 1},
                {"a: &x 1", "PARSE_ERROR", "anchors", 1, 4},
                {"a: &x [1]", "PARSE_ERROR", "anchors", 1, 4},
                {"a: &x {b: 1}", "PARSE_ERROR", "anchors", 1, 4},
                {"a: 1\nb: *x", "PARSE_ERROR", "aliases", 2, 4},
                {"*x : 1", "PARSE_ERROR", "aliases", 1, 1},
                {"a: !!str 1", "PARSE_ERROR", "tags", 1, 4},
                {"a: !x [1]", "PARSE_ERROR", "tags", 1, 4},
                {"a: ! \"12\"", "PARSE_ERROR", "tags", 1, 4},
                {"!x {a: 1}", "PARSE_ERROR", "tags", 1, 1},
                {"a:\n  <<: {b: 1}", "PARSE_ERROR", "merge keys", 2, 3},
                {"a: 1\nb: 2\na: 3", "PARSE_ERROR", "'a' occurs twice", 3, 1},
                {"? [1]\n: 2", "PARSE_ERROR", "must be a text", 1, 3},
                {"a: 1\n---\nb: 2", "PARSE_ERROR", "second document", 2, 1},
                {"a: \"x\\0y\"", "PARSE_ERROR", "NUL", 1, 4},
                {"\"x\\0y\": 1", "PARSE_ERROR", "NUL", 1, 1},
                {"a: 9223372036854775808", "PARSE_ERROR", "64-bit", 1, 4},
                {"a: -9223372036854775809", "PARSE_ERROR", "64-bit", 1, 4},
                {"a: 99999999999999999999999999", "PARSE_ERROR", "64-bit", 1, 4},
                {"a: 999999999999999999:59", "PARSE_ERROR", "64-bit", 1, 4},
                {"a: .inf", "PARSE_ERROR", "finite", 1, 4},
                {"a: -.INF", "PARSE_ERROR", "finite", 1, 4},
                {"a: .NaN", "PARSE_ERROR", "finite", 1, 4},
                {"a: 1.0e+400", "PARSE_ERROR", "finite", 1, 4},
                {"\xC3\xA4\xC3\xB6: \x01", "PARSE_ERROR", "control characters", 1, 5},
                {"a: [[[[[1]]]]]", "LIMIT", "deeper than 5", 1, 8},
                {"a: b\n c: d", "PARSE_ERROR", "not YAML", 2, 3},
        };

        (void)state;
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_problem problem = {0};
                struct bp_place places;
                struct bp_value value;
                int r = bp_yaml_parse(arena, arena, cases[i].yaml, strlen(cases[i].yaml), 5, &value, &places, &problem);

                if (r != BP_PROBLEM || strcmp(problem.code, cases[i].code) != 0 ||
                    !strstr(problem.message, cases[i].says) || problem.line != cases[i].line ||
                    problem.column != cases[i].column)
                        fail_msg("%s: %d %s %s %u:%u", cases[i].yaml, r, problem.code, problem.message, problem.line,
                                 problem.column);
        }
}

static void every_value_knows_its_place(void **state) {
        static const char yaml[] = "name: x\n"
                                   "steps:\n"
                                   "  - id: a\n"
                                   "    params: {m: [1, \xC3\xA4, 3], 'k/y': 2}\n"
                                   "  - \"b\"\n";
        static const struct {
                const char *pointer;
                uint32_t line, column;
        } cases[] = {
                {"", 1, 1},
                {"/name", 1, 1},
                {"/steps", 2, 1},
                {"/steps/0", 3, 5},
                {"/steps/0/id", 3, 5},
                {"/steps/0/params", 4, 5},
                {"/steps/0/params/m", 4, 14},
                {"/steps/0/params/m/1", 4, 21},
                {"/steps/0/params/m/2", 4, 24},
                {"/steps/0/params/k~1y", 4, 28},
                {"/steps/1", 5, 5},
                {"/steps/2", 2, 1},
                {"/steps/0/missing", 3, 5},
                {"/steps/0/id/deeper", 3, 5},
                {"/steps/x", 2, 1},
                {"/steps/0x", 2, 1},
                {"nonsense", 1, 1},
        };
        struct bp_place places;
        struct bp_value value;

        (void)state;
        assert_int_equal(bp_yaml_parse(arena, arena, yaml, strlen(yaml), 64, &value, &places, NULL), 0);
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                const struct bp_place *place = bp_places_find(&places, &value, cases[i].pointer);

                if (place->line != cases[i].line || place->column != cases[i].column)
                        fail_msg("%s: %u:%u", cases[i].pointer, place->line, place->column);
        }
}

static void a_long_list_is_read_whole(void **state) {
        struct bp_strbuf yaml;
        struct bp_place places;
        struct bp_value value;

        (void)state;
        bp_strbuf_init(&yaml, arena, 1 << 20);
        for (unsigned i = 0; i < 5000; i++)
                bp_strbuf_printf(&yaml, "- k%u: %u\n", i, i);
        assert_int_equal(bp_yaml_parse(arena, arena, yaml.text, yaml.size, 64, &value, &places, NULL), 0);
        assert_int_equal(value.count, 5000);
        assert_int_equal(bp_value_at(&value, "/4999/k4999")->as.integer, 4999);
        assert_int_equal(bp_places_find(&places, &value, "/4999/k4999")->line, 5000);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_text_gives_this_value),
                cmocka_unit_test(a_plain_scalar_has_this_value),
                cmocka_unit_test(what_json_cannot_hold_or_could_grow_is_refused),
                cmocka_unit_test(every_value_knows_its_place),
                cmocka_unit_test(a_long_list_is_read_whole),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
