/* SPDX-License-Identifier: Apache-2.0 */
/* Places in a JSON text, against what bp_json_locate() finds for one pointer at a time. */
#include "unit.h"

#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/value.h"
#include "pipeline/path.h"
#include "pipeline/places.h"

static const char document[] = "\n{\n"
                               "  \"name\": \"a \\\" { [ \\\\\",\n"
                               "  \"\xC3\xA4\": [1, -2.5e3, true, null , [] , {}],\n"
                               "  \"o\" : {\"x/y\":{\"~\":[[\"]\"], \"}\"]},\"\":1},\r\n"
                               "  \"tail\":[{\"a\":1}, {\"a\":2}\n,{\"a\" :3}]}\n";

static void compare(const struct bp_place *root, const struct bp_value *value, const struct bp_value *at,
                    const struct bp_path *path) {
        char pointer[BP_PATH_TEXT_SIZE];
        const struct bp_place *place = bp_places_find(root, value, bp_path_write(path, pointer));
        uint32_t line, column;

        assert_int_equal(bp_json_locate(document, strlen(document), pointer, &line, &column), 0);
        if (place->line != line || place->column != column)
                fail_msg("%s: %u:%u, not %u:%u", pointer, place->line, place->column, line, column);
        for (uint32_t i = 0; (at->type == BP_LIST || at->type == BP_OBJECT) && i < at->count; i++) {
                bool is_list = at->type == BP_LIST;
                const struct bp_path below = {
                        .parent = path, .key = is_list ? NULL : at->as.members[i].key, .index = i};

                compare(root, value, is_list ? &at->as.items[i] : &at->as.members[i].value, &below);
        }
}

static void every_value_of_a_json_text_has_its_place(void **state) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_place places;
        struct bp_value value;

        (void)state;
        assert_int_equal(bp_json_parse(arena, document, strlen(document), NULL, &value, NULL), 0);
        assert_int_equal(bp_places_of_json(arena, document, strlen(document), &value, &places), 0);
        compare(&places, &value, &value, NULL);
        assert_int_equal(places.line, 2);
        assert_int_equal(bp_places_find(&places, &value, "/tail/2/a")->line, 7);
        bp_arena_free(arena);
}

static void a_path_is_written_as_a_pointer(void **state) {
        const struct bp_path steps = {.key = "steps"}, at = {.parent = &steps, .index = 12};
        const struct bp_path odd = {.parent = &at, .key = "a/b~c"}, empty = {.parent = &odd, .key = ""};
        char text[BP_PATH_TEXT_SIZE];

        (void)state;
        assert_string_equal(bp_path_write(NULL, text), "");
        assert_string_equal(bp_path_write(&empty, text), "/steps/12/a~1b~0c/");
}

static void a_path_too_long_is_cut_and_says_so(void **state) {
        char key[600], text[BP_PATH_TEXT_SIZE];
        const struct bp_path path = {.key = key};

        (void)state;
        memset(key, 'k', sizeof(key) - 1);
        key[sizeof(key) - 1] = '\0';
        bp_path_write(&path, text);
        assert_true(strlen(text) < sizeof(text));
        assert_string_equal(text + strlen(text) - 3, "...");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_value_of_a_json_text_has_its_place),
                cmocka_unit_test(a_path_is_written_as_a_pointer),
                cmocka_unit_test(a_path_too_long_is_cut_and_says_so),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
