/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "base/id.h"

/* 2022-02-22T19:22:22Z is the time of RFC 9562's example of version 7: 017F22E2-79B0-7... */
static const struct bp_wall rfc_time = {1645557742000000};

static void a_new_id_begins_with_its_time(void **state) {
        char text[BP_ID_TEXT_SIZE];

        (void)state;
        bp_id_format(bp_id_new(rfc_time), text);
        text[14 + 4] = '\0';
        assert_string_equal(text, "017f22e2-79b0-7000");
}

static void new_ids_sort_by_their_microsecond(void **state) {
        struct bp_id before = bp_id_new(rfc_time);

        (void)state;
        for (int64_t us = 1; us < 3000; us++) {
                struct bp_id id = bp_id_new((struct bp_wall){rfc_time.us + us});

                assert_true(memcmp(before.bytes, id.bytes, sizeof(id.bytes)) < 0);
                before = id;
        }
}

static void two_ids_of_one_time_differ(void **state) {
        struct bp_id a = bp_id_new(rfc_time), b = bp_id_new(rfc_time);

        (void)state;
        assert_memory_not_equal(a.bytes, b.bytes, sizeof(a.bytes));
}

static void a_derived_id_follows_from_its_text(void **state) {
        char a[BP_ID_TEXT_SIZE], b[BP_ID_TEXT_SIZE], other[BP_ID_TEXT_SIZE];

        (void)state;
        bp_id_format(bp_id_derive("step/1", 6), a);
        bp_id_format(bp_id_derive("step/1", 6), b);
        bp_id_format(bp_id_derive("step/2", 6), other);
        assert_string_equal(a, b);
        assert_string_not_equal(a, other);
        assert_int_equal(a[14], '8');
        assert_non_null(strchr("89ab", a[19]));
}

static void text_is_read_in_either_case_and_written_in_lower_case(void **state) {
        struct bp_id id;
        char text[BP_ID_TEXT_SIZE];

        (void)state;
        assert_true(bp_id_parse("017F22E2-79B0-7cc3-98C4-DC0C0C07398F", &id));
        assert_string_equal(bp_id_format(id, text), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
        assert_int_equal(id.bytes[0], 0x01);
        assert_int_equal(id.bytes[15], 0x8f);
}

static void what_is_no_uuid_is_refused(void **state) {
        static const char *const texts[] = {
                "",
                "017f22e2",
                "017f22e279b07cc398c4dc0c0c07398f",
                "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
                "017f22e2-79b0-7cc3-98c4-dc0c0c07398ff",
                "017f22e2x79b0-7cc3-98c4-dc0c0c07398f",
                "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
                "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}",
        };

        (void)state;
        for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
                struct bp_id id = {.bytes = {42}};

                assert_false(bp_id_parse(texts[i], &id));
                assert_int_equal(id.bytes[0], 42);
        }
}

/* hashlib.blake2b(b"abc", digest_size=32) */
static void the_digest_is_blake2b(void **state) {
        static const uint8_t abc[32] = {0xbd, 0xdd, 0x81, 0x3c, 0x63, 0x42, 0x39, 0x72, 0x31, 0x71, 0xef,
                                        0x3f, 0xee, 0x98, 0x57, 0x9b, 0x94, 0x96, 0x4e, 0x3b, 0xb1, 0xcb,
                                        0x3e, 0x42, 0x72, 0x62, 0xc8, 0xc0, 0x68, 0xd5, 0x23, 0x19};

        (void)state;
        assert_memory_equal(bp_digest_of("abc", 3).bytes, abc, sizeof(abc));
}

static void a_hash_depends_on_bytes_and_seed(void **state) {
        (void)state;
        assert_true(bp_hash64("abc", 3, 1) == bp_hash64("abc", 3, 1));
        assert_true(bp_hash64("abc", 3, 1) != bp_hash64("abc", 3, 2));
        assert_true(bp_hash64("abc", 3, 1) != bp_hash64("abd", 3, 1));
        assert_true(bp_hash64("abc", 2, 1) != bp_hash64("abc", 3, 1));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_new_id_begins_with_its_time),
                cmocka_unit_test(new_ids_sort_by_their_microsecond),
                cmocka_unit_test(two_ids_of_one_time_differ),
                cmocka_unit_test(a_derived_id_follows_from_its_text),
                cmocka_unit_test(text_is_read_in_either_case_and_written_in_lower_case),
                cmocka_unit_test(what_is_no_uuid_is_refused),
                cmocka_unit_test(the_digest_is_blake2b),
                cmocka_unit_test(a_hash_depends_on_bytes_and_seed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
