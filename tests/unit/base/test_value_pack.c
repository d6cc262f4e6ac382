/* SPDX-License-Identifier: Apache-2.0 */
/* Packed values: one block, equal to the original, exactly as large as announced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/value.h"

#include <cmocka.h>

static const char *const documents[] = {
        "null",
        "true",
        "-7",
        "2.5",
        "\"\"",
        "\"seven..\"",
        "\"eight bytes\"",
        "[]",
        "{}",
        "[1, \"two\", [3.0, null], {\"four\": [4]}]",
        "{\"a\": {\"b\": {\"c\": \"deep\"}}, \"\": \"empty key\", \"list\": [{}, [], \"\"]}",
};

static void check(const struct bp_value *value) {
        size_t size = bp_value_pack_size(value);
        unsigned char *memory = calloc(1, size ? size : 1);
        struct bp_value copy;

        assert_non_null(memory);
        assert_int_equal(size % 8, 0);
        assert_ptr_equal(bp_value_pack(memory, value, &copy), memory + size);
        assert_int_equal(copy.type, value->type);
        assert_int_equal(copy.depth, value->depth);
        assert_true(bp_value_equal(&copy, value));
        free(memory);
}

static void a_packed_value_equals_the_original(void **state) {
        (void)state;
        for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
                _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
                struct bp_value value;

                assert_int_equal(bp_json_parse(arena, documents[i], strlen(documents[i]), NULL, &value, NULL), 0);
                check(&value);
        }
}

static void a_large_object_is_still_found_by_key(void **state) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_object_builder builder;
        struct bp_value value, copy;
        unsigned char *memory;
        char key[16];

        (void)state;
        bp_object_init(&builder, arena);
        for (int i = 0; i < 500; i++) {
                snprintf(key, sizeof(key), "key%d", i);
                bp_object_set(&builder, key, strlen(key), bp_value_int(i));
        }
        assert_int_equal(bp_object_finish(&builder, &value), 0);
        check(&value);
        memory = malloc(bp_value_pack_size(&value));
        assert_non_null(memory);
        bp_value_pack(memory, &value, &copy);
        arena = bp_arena_free(arena);
        for (int i = 0; i < 500; i++) {
                snprintf(key, sizeof(key), "key%d", i);
                assert_int_equal(bp_value_get(&copy, key)->as.integer, i);
        }
        assert_null(bp_value_get(&copy, "key500"));
        free(memory);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_packed_value_equals_the_original),
                cmocka_unit_test(a_large_object_is_still_found_by_key),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
