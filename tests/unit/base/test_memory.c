/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static bool is_zero(const unsigned char *bytes, size_t size) {
        for (size_t i = 0; i < size; i++)
                if (bytes[i])
                        return false;
        return true;
}

static void products_that_overflow_are_refused(void **state) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        void *volatile block; /* seen from outside, or a compiler leaves the request out and takes it for granted */

        (void)state;
        block = bp_calloc(SIZE_MAX, 2);
        assert_null(block);
        block = bp_realloc(NULL, SIZE_MAX / 2, 3);
        assert_null(block);
        assert_null(bp_memdup_text("", SIZE_MAX));
        assert_null(bp_arena_array(arena, SIZE_MAX / 2, 3));
        assert_null(bp_arena_alloc(arena, SIZE_MAX));
        assert_null(bp_arena_alloc(arena, SIZE_MAX - 7));
        assert_null(bp_arena_grow(arena, NULL, 0, SIZE_MAX));
        assert_null(bp_arena_text(arena, "", SIZE_MAX));
        bp_arena_free(arena);
}

static void a_text_copy_ends_in_nul(void **state) {
        _cleanup_(bp_freep) char *copy = bp_memdup_text("abcdef", 3);

        (void)state;
        assert_string_equal(copy, "abc");
}

static void arena_memory_is_zeroed_and_aligned_at_every_size(void **state) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);

        (void)state;
        for (size_t size = 0; size < 10000; size = size * 3 / 2 + 1) {
                unsigned char *memory = bp_arena_alloc(arena, size);

                assert_non_null(memory);
                assert_int_equal((uintptr_t)memory % 8, 0);
                assert_true(is_zero(memory, size));
                memset(memory, 0xFF, size);
        }
        bp_arena_reset(arena);
        for (size_t size = 0; size < 10000; size = size * 3 / 2 + 1)
                assert_true(is_zero(bp_arena_alloc(arena, size), size));
        bp_arena_free(arena);
}

static void blocks_do_not_overlap(void **state) {
        enum { COUNT = 2000, SIZE = 13 };
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        unsigned char *blocks[COUNT];

        (void)state;
        for (int i = 0; i < COUNT; i++) {
                blocks[i] = bp_arena_alloc(arena, SIZE);
                memset(blocks[i], i & 0xFF, SIZE);
        }
        for (int i = 0; i < COUNT; i++)
                for (int j = 0; j < SIZE; j++)
                        assert_int_equal(blocks[i][j], i & 0xFF);
        bp_arena_free(arena);
}

static void an_arena_hands_out_its_limit_and_no_more(void **state) {
        struct bp_arena *arena = bp_arena_new(64);

        (void)state;
        assert_non_null(bp_arena_alloc(arena, 60));
        assert_int_equal(bp_arena_used(arena), 64);
        assert_false(bp_arena_over_limit(arena));
        assert_null(bp_arena_alloc(arena, 1));
        assert_true(bp_arena_over_limit(arena));
        bp_arena_reset(arena);
        assert_int_equal(bp_arena_used(arena), 0);
        assert_false(bp_arena_over_limit(arena));
        assert_non_null(bp_arena_alloc(arena, 64));
        bp_arena_free(arena);
}

static void the_last_block_grows_in_place(void **state) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        char *first = bp_arena_alloc(arena, 10), *grown;

        (void)state;
        memcpy(first, "0123456789", 10);
        grown = bp_arena_grow(arena, first, 10, 200);
        assert_ptr_equal(grown, first);
        assert_memory_equal(grown, "0123456789", 10);
        assert_true(is_zero((unsigned char *)grown + 10, 190));
        bp_arena_free(arena);
}

static void a_block_that_is_not_the_last_is_copied(void **state) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        char *first = bp_arena_alloc(arena, 10), *grown;

        (void)state;
        memcpy(first, "0123456789", 10);
        assert_non_null(bp_arena_alloc(arena, 1));
        grown = bp_arena_grow(arena, first, 10, 200);
        assert_ptr_not_equal(grown, first);
        assert_memory_equal(grown, "0123456789", 10);
        assert_true(is_zero((unsigned char *)grown + 10, 190));
        bp_arena_free(arena);
}

static void growing_nothing_makes_a_block(void **state) {
        struct bp_arena *arena = bp_arena_new(100);

        (void)state;
        assert_non_null(bp_arena_grow(arena, NULL, 0, 40));
        assert_null(bp_arena_grow(arena, NULL, 0, 100));
        assert_true(bp_arena_over_limit(arena));
        bp_arena_free(arena);
}

static void giving_back_nothing_is_allowed(void **state) {
        (void)state;
        assert_null(bp_arena_free(NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(products_that_overflow_are_refused),
                cmocka_unit_test(a_text_copy_ends_in_nul),
                cmocka_unit_test(arena_memory_is_zeroed_and_aligned_at_every_size),
                cmocka_unit_test(blocks_do_not_overlap),
                cmocka_unit_test(an_arena_hands_out_its_limit_and_no_more),
                cmocka_unit_test(the_last_block_grows_in_place),
                cmocka_unit_test(a_block_that_is_not_the_last_is_copied),
                cmocka_unit_test(growing_nothing_makes_a_block),
                cmocka_unit_test(giving_back_nothing_is_allowed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
