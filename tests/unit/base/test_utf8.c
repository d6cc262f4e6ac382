/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

#define BYTES(text) text, sizeof(text) - 1

/* Unicode 15.0, table 3-7: well-formed sequences, and what stands just outside them. */
static void well_formed_text_is_told_from_other_bytes(void **state) {
        static const struct {
                const char *text;
                size_t size;
                bool valid;
        } cases[] = {
                {BYTES(""), true},
                {BYTES("plain"), true},
                {BYTES("\xc2\x80\xdf\xbf"), true},
                {BYTES("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"), true},
                {BYTES("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), true},
                {BYTES("a\0b"), false},
                {BYTES("\x80"), false},
                {BYTES("\xc1\xbf"), false},
                {BYTES("\xe0\x9f\xbf"), false},
                {BYTES("\xed\xa0\x80"), false},
                {BYTES("\xf0\x8f\xbf\xbf"), false},
                {BYTES("\xf4\x90\x80\x80"), false},
                {BYTES("\xf5\x80\x80\x80"), false},
                {BYTES("\xe2\x82"), false},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
                assert_int_equal(bp_utf8_valid(cases[i].text, cases[i].size), cases[i].valid);
}

static void code_points_go_in_and_out(void **state) {
        static const uint32_t code_points[] = {0x1, 0x7F, 0x80, 0x7FF, 0x800, 0xFFFF, 0x10000, 0x10FFFF};
        static const size_t sizes[] = {1, 1, 2, 2, 3, 3, 4, 4};

        (void)state;
        for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
                char bytes[4];
                size_t size;

                assert_int_equal(bp_utf8_encode(code_points[i], bytes), sizes[i]);
                assert_int_equal(bp_utf8_decode(bytes, &size), code_points[i]);
                assert_int_equal(size, sizes[i]);
        }
}

static void what_is_no_code_point_is_written_as_a_replacement(void **state) {
        char bytes[4];

        (void)state;
        assert_int_equal(bp_utf8_encode(0xD800, bytes), 3);
        assert_memory_equal(bytes, "\xef\xbf\xbd", 3);
        assert_int_equal(bp_utf8_encode(0x110000, bytes), 3);
        assert_memory_equal(bytes, "\xef\xbf\xbd", 3);
}

static void lengths_and_offsets_count_code_points(void **state) {
        static const char text[] = "a\u00e9\u20ac\U0001f600z";

        (void)state;
        assert_int_equal(bp_utf8_length(BYTES(text)), 5);
        assert_int_equal(bp_utf8_offset(BYTES(text), 0), 0);
        assert_int_equal(bp_utf8_offset(BYTES(text), 1), 1);
        assert_int_equal(bp_utf8_offset(BYTES(text), 2), 3);
        assert_int_equal(bp_utf8_offset(BYTES(text), 3), 6);
        assert_int_equal(bp_utf8_offset(BYTES(text), 4), 10);
        assert_int_equal(bp_utf8_offset(BYTES(text), 5), 11);
        assert_int_equal(bp_utf8_offset(BYTES(text), 500), 11);
}

/* Python's str.upper, lower, title and casefold. */
static void case_is_changed_by_the_full_rules(void **state) {
        static const struct {
                const char *text, *upper, *lower, *title, *fold;
        } cases[] = {
                {"", "", "", "", ""},
                {"it's a 2nd TEST", "IT'S A 2ND TEST", "it's a 2nd test", "It'S A 2Nd Test", "it's a 2nd test"},
                {"stra\u00dfe", "STRASSE", "stra\u00dfe", "Stra\u00dfe", "strasse"},
                {"\u00c9COLE", "\u00c9COLE", "\u00e9cole", "\u00c9cole", "\u00e9cole"},
                {"\u039f\u0394\u039f\u03a3", "\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03bf\u03c2",
                 "\u039f\u03b4\u03bf\u03c2", "\u03bf\u03b4\u03bf\u03c3"},
                {"\u01c6", "\u01c4", "\u01c6", "\u01c5", "\u01c6"},
                {"\ufb01n", "FIN", "\ufb01n", "Fin", "fin"},
                {"\u0130", "\u0130", "i\u0307", "\u0130", "i\u0307"},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                const struct {
                        enum bp_case to;
                        const char *expected;
                } forms[] = {{BP_CASE_UPPER, cases[i].upper},
                             {BP_CASE_LOWER, cases[i].lower},
                             {BP_CASE_TITLE, cases[i].title},
                             {BP_CASE_FOLD, cases[i].fold}};

                for (size_t j = 0; j < 4; j++) {
                        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
                        const char *text;
                        size_t size;

                        assert_int_equal(bp_utf8_change_case(arena, forms[j].to, cases[i].text, strlen(cases[i].text),
                                                             &text, &size),
                                         0);
                        assert_string_equal(text, forms[j].expected);
                        assert_int_equal(size, strlen(forms[j].expected));
                        bp_arena_free(arena);
                }
        }
}

static void digits_have_values_in_every_script(void **state) {
        (void)state;
        assert_int_equal(bp_utf8_digit('7'), 7);
        assert_int_equal(bp_utf8_digit(0x0663), 3);
        assert_int_equal(bp_utf8_digit(0xFF19), 9);
        assert_int_equal(bp_utf8_digit('a'), -1);
        assert_int_equal(bp_utf8_digit(0x00B2), -1);
}

static void bytes_that_are_out_of_place_become_question_marks(void **state) {
        static const struct {
                const char *bytes, *mended;
        } cases[] = {
                {"", ""},
                {"plain", "plain"},
                {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
                {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
                {"cut \xc3", "cut ?"},
                {"cut \xe2\x82", "cut ??"},
                {"\xff\xfe", "??"},
                {"\xbc"
                 "a",
                 "?a"},
                {"\xc3(", "?("},
                {"\xc0\xaf", "??"},
                {"\xed\xa0\x80", "???"},
        };

        (void)state;
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                char text[32];

                memcpy(text, cases[i].bytes, strlen(cases[i].bytes) + 1);
                bp_utf8_mend(text, strlen(text));
                assert_string_equal(text, cases[i].mended);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(well_formed_text_is_told_from_other_bytes),
                cmocka_unit_test(code_points_go_in_and_out),
                cmocka_unit_test(what_is_no_code_point_is_written_as_a_replacement),
                cmocka_unit_test(lengths_and_offsets_count_code_points),
                cmocka_unit_test(case_is_changed_by_the_full_rules),
                cmocka_unit_test(digits_have_values_in_every_script),
                cmocka_unit_test(bytes_that_are_out_of_place_become_question_marks),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
