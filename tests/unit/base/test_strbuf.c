/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/strbuf.h"

static void pieces_are_joined(void **state) {
        struct bp_strbuf buffer;

        (void)state;
        bp_strbuf_init(&buffer, NULL, 1000);
        assert_string_equal(bp_strbuf_text(&buffer), "");
        bp_strbuf_add(&buffer, "abcdef", 3);
        bp_strbuf_add_text(&buffer, "-");
        bp_strbuf_add_char(&buffer, '!');
        bp_strbuf_printf(&buffer, "%05d", 42);
        assert_string_equal(bp_strbuf_text(&buffer), "abc-!00042");
        assert_int_equal(buffer.size, 10);
        assert_int_equal(buffer.error, 0);
        bp_strbuf_done(&buffer);
}

static void long_formatted_text_is_whole(void **state) {
        struct bp_strbuf buffer;

        (void)state;
        for (int width = 250; width < 260; width++) {
                bp_strbuf_init(&buffer, NULL, 1000);
                bp_strbuf_printf(&buffer, "%*d|", width, 7);
                assert_int_equal(buffer.size, width + 1);
                assert_int_equal(strlen(bp_strbuf_text(&buffer)), width + 1);
                assert_string_equal(bp_strbuf_text(&buffer) + width - 1, "7|");
                bp_strbuf_done(&buffer);
        }
}

static void the_limit_can_be_reached_and_not_passed(void **state) {
        struct bp_strbuf buffer;

        (void)state;
        bp_strbuf_init(&buffer, NULL, 5);
        bp_strbuf_add_text(&buffer, "12345");
        assert_int_equal(buffer.error, 0);
        bp_strbuf_add(&buffer, "", 0);
        assert_int_equal(buffer.error, 0);
        bp_strbuf_add_char(&buffer, '6');
        assert_int_equal(buffer.error, -E2BIG);
        assert_string_equal(bp_strbuf_text(&buffer), "12345");
        bp_strbuf_clear(&buffer);
        bp_strbuf_add_text(&buffer, "ok");
        assert_int_equal(buffer.error, 0);
        assert_string_equal(bp_strbuf_text(&buffer), "ok");
        bp_strbuf_done(&buffer);
}

static void an_error_sticks(void **state) {
        struct bp_strbuf buffer;

        (void)state;
        bp_strbuf_init(&buffer, NULL, 3);
        bp_strbuf_add_text(&buffer, "toolong");
        bp_strbuf_add_text(&buffer, "x");
        assert_int_equal(buffer.error, -E2BIG);
        assert_null(bp_strbuf_steal(&buffer));
        bp_strbuf_done(&buffer);
}

static void an_arena_without_room_is_an_error(void **state) {
        struct bp_arena *arena = bp_arena_new(32);
        struct bp_strbuf buffer;

        (void)state;
        bp_strbuf_init(&buffer, arena, 1000);
        bp_strbuf_add_text(&buffer, "x");
        assert_int_equal(buffer.error, -ENOMEM);
        bp_arena_free(arena);
}

static void text_in_an_arena_outlives_the_buffer(void **state) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_strbuf buffer;
        const char *text;

        (void)state;
        bp_strbuf_init(&buffer, arena, 100000);
        for (int i = 0; i < 10000; i++)
                bp_strbuf_add_char(&buffer, (char)('a' + i % 26));
        text = bp_strbuf_text(&buffer);
        bp_strbuf_done(&buffer);
        assert_int_equal(strlen(text), 10000);
        assert_int_equal(text[9999], 'a' + 9999 % 26);
        bp_arena_free(arena);
}

static void stolen_text_belongs_to_the_caller(void **state) {
        struct bp_strbuf buffer;
        char *text;

        (void)state;
        bp_strbuf_init(&buffer, NULL, 100);
        text = bp_strbuf_steal(&buffer);
        assert_string_equal(text, "");
        free(text);
        bp_strbuf_add_text(&buffer, "mine");
        text = bp_strbuf_steal(&buffer);
        assert_string_equal(text, "mine");
        assert_int_equal(buffer.size, 0);
        free(text);
        bp_strbuf_done(&buffer);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(pieces_are_joined),
                cmocka_unit_test(long_formatted_text_is_whole),
                cmocka_unit_test(the_limit_can_be_reached_and_not_passed),
                cmocka_unit_test(an_error_sticks),
                cmocka_unit_test(an_arena_without_room_is_an_error),
                cmocka_unit_test(text_in_an_arena_outlives_the_buffer),
                cmocka_unit_test(stolen_text_belongs_to_the_caller),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
