/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "base/value.h"

/* Python's repr() of the floats that are hardest to get right: bounds, halves, powers of two, too small for precision.
 */
static const struct {
        double number;
        const char *text;
} floats[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1.0, "1.0"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1e15, "1000000000000000.0"},
        {9999999999999998.0, "9999999999999998.0"},
        {1e16, "1e+16"},
        {1.5e16, "1.5e+16"},
        {1e22, "1e+22"},
        {0.0001, "0.0001"},
        {0.00001, "1e-05"},
        {0.000123, "0.000123"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {5e-324, "5e-324"},
        {1.5e-323, "1.5e-323"},
        {0x1p-24, "5.960464477539063e-08"},
        {0x1p-44, "5.684341886080802e-14"},
        {0x1p89, "6.189700196426902e+26"},
        {123456789012345680.0, "1.2345678901234568e+17"},
        {(double)INFINITY, "inf"},
        {(double)-INFINITY, "-inf"},
        {(double)NAN, "nan"},
};

static void floats_are_written_as_python_writes_them(void **state) {
        (void)state;
        for (size_t i = 0; i < sizeof(floats) / sizeof(*floats); i++) {
                struct bp_strbuf buffer;

                bp_strbuf_init(&buffer, NULL, 100);
                bp_value_write_float(&buffer, floats[i].number);
                assert_string_equal(bp_strbuf_text(&buffer), floats[i].text);
                bp_strbuf_done(&buffer);
        }
}

/* Python's str() and repr() of json.loads(json). */
static const struct {
        const char *json, *text, *repr;
} texts[] = {
        {"null", "None", "None"},
        {"true", "True", "True"},
        {"-9223372036854775808", "-9223372036854775808", "-9223372036854775808"},
        {"\"plain\"", "plain", "'plain'"},
        {"\"it's\"", "it's", "\"it's\""},
        {"\"it's \\\"q\\\"\"", "it's \"q\"", "'it\\'s \"q\"'"},
        {"\"\\\"\"", "\"", "'\"'"},
        {"\"a\\\\b\\n\\r\\t\\u0001\\u007f\"", "a\\b\n\r\t\001\177", "'a\\\\b\\n\\r\\t\\x01\\x7f'"},
        {"\"\\u00e9\\u00a0\\u00ad\"", "\u00e9\u00a0\u00ad", "'\u00e9\\xa0\\xad'"},
        {"\"\\u200b\\u2028\\ud83d\\ude00\"", "\u200b\u2028\U0001f600", "'\\u200b\\u2028\U0001f600'"},
        {"\"\\udb40\\udc01\"", "\U000e0001", "'\\U000e0001'"},
        {"[]", "[]", "[]"},
        {"[1, \"a\", null, [2.0]]", "[1, 'a', None, [2.0]]", "[1, 'a', None, [2.0]]"},
        {"{\"k\": \"v\", \"it's\": {}}", "{'k': 'v', \"it's\": {}}", "{'k': 'v', \"it's\": {}}"},
};

static void values_are_written_as_python_writes_them(void **state) {
        (void)state;
        for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
                struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
                struct bp_strbuf text, repr;
                struct bp_value value;

                assert_int_equal(bp_json_parse(arena, texts[i].json, strlen(texts[i].json), NULL, &value, NULL), 0);
                bp_strbuf_init(&text, arena, 1000);
                bp_strbuf_init(&repr, arena, 1000);
                bp_value_write_text(&text, &value);
                bp_value_write_repr(&repr, &value);
                assert_string_equal(bp_strbuf_text(&text), texts[i].text);
                assert_string_equal(bp_strbuf_text(&repr), texts[i].repr);
                bp_arena_free(arena);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(floats_are_written_as_python_writes_them),
                cmocka_unit_test(values_are_written_as_python_writes_them),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
