/* SPDX-License-Identifier: Apache-2.0 */
/* Values: telling keys, texts at any depth, and that nothing is copied without need. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "sanitize/sanitize.h"

static struct bp_arena *arena;

static int setup(void **state) {
        (void)state;
        arena = bp_arena_new((size_t)64 << 20);
        return arena ? 0 : -1;
}

static int teardown(void **state) {
        (void)state;
        arena = bp_arena_free(arena);
        return 0;
}

static struct bp_value parse(const char *text) {
        const struct bp_json_limits limits = {.depth = BP_VALUE_DEPTH_MAX};
        struct bp_value value;

        assert_int_equal(bp_json_parse(arena, text, strlen(text), &limits, &value, NULL), 0);
        return value;
}

static const char *sanitized(const char *text) {
        struct bp_value value = parse(text), safe;
        struct bp_strbuf buffer;

        assert_int_equal(bp_sanitize(arena, &value, &safe), 0);
        bp_strbuf_init(&buffer, arena, 1 << 20);
        bp_json_write(&buffer, &safe);
        return bp_strbuf_text(&buffer);
}

static void test_every_telling_key(void **state) {
        static const char *const keys[] = {
                "password",
                "passwd",
                "pwd",
                "secret",
                "token",
                "api_key",
                "apikey",
                "auth_token",
                "access_token",
                "refresh_token",
                "private_key",
                "secret_key",
                "credential",
                "credentials",
                "bearer",
                "authorization",
                "db_password",
                "API-KEY",
                "Authorization",
                "aws_secret_access_key",
                "PASSWORD",
                "Secret-Key",
                "refresh-token",
                "database_password",
                "aws_session_token",
                "connection_string",
        };

        (void)state;
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
                assert_true(bp_sanitize_key(keys[i], strlen(keys[i])));
}

static void test_keys_that_only_resemble(void **state) {
        static const char *const keys[] = {"",           "passwords", "my_password", "tokens",
                                           "max_tokens", "secrets",   "keyring",     "auth",
                                           "token ",     "pass_word", "author",      "connection_strings"};

        (void)state;
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
                assert_false(bp_sanitize_key(keys[i], strlen(keys[i])));
}

static void test_values_of_telling_keys_go_whatever_they_are(void **state) {
        (void)state;
        assert_string_equal(sanitized("{\"token\":{\"a\":[1]},\"pwd\":null,\"secret\":false,\"n\":1}"),
                            "{\"token\":\"***REDACTED***\",\"pwd\":\"***REDACTED***\",\"secret\":\"***REDACTED***\","
                            "\"n\":1}");
        assert_string_equal(
                sanitized("{\"nested\":{\"secret\":\"s\",\"ok\":[{\"refresh-token\":1}]}}"),
                "{\"nested\":{\"secret\":\"***REDACTED***\",\"ok\":[{\"refresh-token\":\"***REDACTED***\"}]}}");
}

static void test_texts_at_any_depth(void **state) {
        (void)state;
        assert_string_equal(sanitized("[1,[\"a\",\"password=x\"],{\"m\":\"token: y\"},2.5,null]"),
                            "[1,[\"a\",\"password=***REDACTED***\"],{\"m\":\"token=***REDACTED***\"},2.5,null]");
        assert_string_equal(sanitized("\"pwd=x\""), "\"pwd=***REDACTED***\"");
}

static void test_nothing_is_copied_without_need(void **state) {
        struct bp_value value = parse("{\"a\":[1,{\"b\":\"text\"}],\"c\":{\"d\":\"x = y\"}}"), safe;
        size_t used = bp_arena_used(arena);

        (void)state;
        assert_int_equal(bp_sanitize(arena, &value, &safe), 0);
        assert_ptr_equal(safe.as.members, value.as.members);
        assert_int_equal(bp_arena_used(arena), used);
}

static void test_parts_that_need_no_change_are_shared(void **state) {
        struct bp_value value = parse("{\"big\":[1,2,3],\"token\":1}"), safe;

        (void)state;
        assert_int_equal(bp_sanitize(arena, &value, &safe), 0);
        assert_ptr_equal(bp_value_get(&safe, "big")->as.items, bp_value_get(&value, "big")->as.items);
        assert_true(bp_value_is_text(bp_value_get(&value, "token"), "1") == false);
        assert_int_equal(bp_value_get(&value, "token")->as.integer, 1);
}

static void test_large_objects_keep_their_members_findable(void **state) {
        struct bp_object_builder builder;
        struct bp_value value, safe;
        char key[16];

        (void)state;
        bp_object_init(&builder, arena);
        bp_object_set_z(&builder, "token", bp_value_int(1));
        for (int i = 0; i < 1000; i++)
                bp_object_set(&builder, key, (size_t)snprintf(key, sizeof(key), "k%d", i), bp_value_int(i));
        assert_int_equal(bp_object_finish(&builder, &value), 0);
        assert_int_equal(bp_sanitize(arena, &value, &safe), 0);
        assert_int_equal(safe.count, 1001);
        for (int i = 0; i < 1000; i++) {
                snprintf(key, sizeof(key), "k%d", i);
                assert_int_equal(bp_value_get(&safe, key)->as.integer, i);
        }
        assert_true(bp_value_is_text(bp_value_get(&safe, "token"), "***REDACTED***"));
}

/* A secret at the bottom changes every level above it: each is to be visited once. */
static void test_deep_values_take_linear_time(void **state) {
        struct bp_value value = bp_value_text_borrow("pwd=x", 5), safe;

        (void)state;
        for (int depth = 0; depth < 120; depth++) {
                struct bp_object_builder builder;

                bp_object_init(&builder, arena);
                bp_object_set_z(&builder, "n", value);
                assert_int_equal(bp_object_finish(&builder, &value), 0);
        }
        assert_int_equal(bp_sanitize(arena, &value, &safe), 0);
        for (int depth = 0; depth < 120; depth++)
                safe = *bp_value_get(&safe, "n");
        assert_true(bp_value_is_text(&safe, "pwd=***REDACTED***"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_telling_key),
                cmocka_unit_test(test_keys_that_only_resemble),
                cmocka_unit_test(test_values_of_telling_keys_go_whatever_they_are),
                cmocka_unit_test(test_texts_at_any_depth),
                cmocka_unit_test(test_nothing_is_copied_without_need),
                cmocka_unit_test(test_parts_that_need_no_change_are_shared),
                cmocka_unit_test(test_large_objects_keep_their_members_findable),
                cmocka_unit_test(test_deep_values_take_linear_time),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
