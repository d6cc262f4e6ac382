/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

/* Line and column counted by hand; the columns of the third line count code points. */
static const char document[] = "{\n"
                               "  \"steps\": [ {\"id\": \"a\"},\n"
                               "    {\"\u00e9\u20ac\": \"]}\\\"\", \"x/y\": 1, \"z\\u0041\": [10, 20]} ],\n"
                               "  \"m~n\": {}\n"
                               "}\n";

static const struct {
        const char *pointer;
        int result;
        uint32_t line, column;
} places[] = {
        {"", 0, 1, 1},
        {"/steps", 0, 2, 3},
        {"/steps/0", 0, 2, 14},
        {"/steps/0/id", 0, 2, 15},
        {"/steps/1", 0, 3, 5},
        {"/steps/1/\u00e9\u20ac", 0, 3, 6},
        {"/steps/1/x~1y", 0, 3, 20},
        {"/steps/1/zA", 0, 3, 30},
        {"/steps/1/zA/1", 0, 3, 46},
        {"/m~0n", 0, 4, 3},
        {"/steps/2", 1, 2, 3},
        {"/steps/x", 1, 2, 3},
        {"/steps/-1", 1, 2, 3},
        {"/steps/0/nope", 1, 2, 14},
        {"/steps/0/id/deeper", 1, 2, 15},
        {"/nope", 1, 1, 1},
        {"/m~0n/a", 1, 4, 3},
};

static void pointers_are_found_in_the_text(void **state) {
        (void)state;
        for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
                uint32_t line = 0, column = 0;
                int r = bp_json_locate(document, strlen(document), places[i].pointer, &line, &column);

                if (r != places[i].result || line != places[i].line || column != places[i].column)
                        fail_msg("%s: %d at %u:%u", places[i].pointer, r, line, column);
        }
}

static void places_far_into_a_large_text_are_found(void **state) {
        enum { COUNT = 20000 };
        size_t size = 0;
        char *text = malloc(COUNT * 8 + 2);
        uint32_t line, column;

        (void)state;
        assert_non_null(text);
        text[size++] = '[';
        for (int i = 0; i < COUNT; i++) {
                memcpy(text + size, "{\"k\":1}\n", 8);
                text[size + 7] = i + 1 < COUNT ? ',' : ']';
                size += 8;
        }
        for (int i = 0; i < 200; i++)
                assert_int_equal(bp_json_locate(text, size, "/19999/k", &line, &column), 0);
        assert_int_equal(column, 2 + 19999 * 8 + 1);
        free(text);
}

static void text_that_ends_early_is_not_read_beyond(void **state) {
        (void)state;
        for (size_t size = 0; size < strlen(document); size++) {
                char *cut = malloc(size ? size : 1);
                uint32_t line, column;

                assert_non_null(cut);
                memcpy(cut, document, size);
                assert_in_range(bp_json_locate(cut, size, "/steps/1/zA/1", &line, &column), 0, 1);
                free(cut);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(pointers_are_found_in_the_text),
                cmocka_unit_test(places_far_into_a_large_text_are_found),
                cmocka_unit_test(text_that_ends_early_is_not_read_beyond),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
