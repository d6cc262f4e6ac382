/* SPDX-License-Identifier: Apache-2.0 */
/* Idempotency keys: kept, found while they are young, replaced and removed when they are old. */
#include "unit.h"

#include <stdio.h>

#include "pipeline.h"

#define HOUR 3600000000

static const struct bp_wall start = {1700000000000000};

/* Waits until everything handed over before is done. */
static void settle(struct fixture *fixture) {
        assert_int_equal(delete_pipeline(fixture, id_of("nobody")), BP_STORE_NOT_FOUND);
}

static void keep(struct fixture *fixture, const struct bp_store_key *key) {
        assert_int_equal(bp_store_key_keep(fixture->store, key), 0);
        settle(fixture);
}

static int find(struct fixture *fixture, const char *scope, const char *key, int64_t after,
                struct bp_store_key *found) {
        return bp_store_key_find(fixture->store, scope, key, (struct bp_wall){start.us + after}, fixture->arena, found);
}

static void test_kept_with_its_answer(void **state) {
        struct fixture *fixture = *state;
        struct bp_store_key key = {.scope = "ada POST /executions",
                                   .key = "k",
                                   .body = bp_digest_of("body", 4),
                                   .status = 201,
                                   .answer = "{\"a\":\0}",
                                   .answer_size = 7,
                                   .created_at = start},
                            found;

        keep(fixture, &key);
        assert_int_equal(find(fixture, key.scope, "k", 0, &found), 0);
        assert_string_equal(found.scope, key.scope);
        assert_string_equal(found.key, "k");
        assert_memory_equal(&found.body, &key.body, sizeof(key.body));
        assert_int_equal(found.status, 201);
        assert_int_equal(found.answer_size, 7);
        assert_memory_equal(found.answer, key.answer, 7);
        assert_memory_equal(&found.subject, &key.subject, sizeof(key.subject)); /* zero */
        assert_int_equal(found.created_at.us, start.us);
        assert_int_equal(find(fixture, "other POST /executions", "k", 0, &found), BP_STORE_NOT_FOUND);
        assert_int_equal(find(fixture, key.scope, "K", 0, &found), BP_STORE_NOT_FOUND);
}

/* The group that is being written holds up all that is handed over behind it, as a slow disk does. */
static void test_found_at_once(void **state) {
        enum { KEYS = 200 };
        struct fixture *fixture = *state;
        struct bp_store_key key = {.scope = "s",
                                   .body = bp_digest_of("b", 1),
                                   .status = 200,
                                   .answer = "a",
                                   .answer_size = 1,
                                   .created_at = start};
        struct bp_store_key found;
        char name[16];

        key.key = name;
        for (int i = 0; i < KEYS; i++) {
                snprintf(name, sizeof(name), "k%d", i);
                assert_int_equal(bp_store_key_keep(fixture->store, &key), 0);
                assert_int_equal(find(fixture, "s", name, 0, &found), 0);
                assert_int_equal(found.status, 200);
                assert_memory_equal(&found.body, &key.body, sizeof(key.body));
                assert_int_equal(found.answer_size, 1);
                assert_int_equal(find(fixture, "t", name, 0, &found), BP_STORE_NOT_FOUND);
        }
        settle(fixture);
        for (int i = 0; i < KEYS; i++) {
                snprintf(name, sizeof(name), "k%d", i);
                assert_int_equal(find(fixture, "s", name, 0, &found), 0);
        }
}

static void test_found_for_a_day(void **state) {
        struct fixture *fixture = *state;
        struct bp_store_key key = {.scope = "s", .key = "k", .status = 204, .created_at = start}, found;

        keep(fixture, &key);
        assert_int_equal(find(fixture, "s", "k", 24 * HOUR - 1, &found), 0);
        assert_null(found.answer);
        assert_int_equal(find(fixture, "s", "k", 24 * HOUR, &found), BP_STORE_NOT_FOUND);
}

static void test_answer_joins_the_subject(void **state) {
        struct fixture *fixture = *state;
        struct bp_store_pipeline pipeline = pipeline_of("a", "Alpha", "{}");
        struct bp_store_key key = {
                .scope = "s", .key = "k", .body = bp_digest_of("one", 3), .subject = pipeline.id, .created_at = start};
        struct bp_store_key answer = {.scope = "s",
                                      .key = "k",
                                      .body = key.body,
                                      .status = 201,
                                      .answer = "yes",
                                      .answer_size = 3,
                                      .created_at = {start.us + HOUR}};
        struct bp_store_key found;
        struct answer done;

        pipeline.key = &key;
        assert_int_equal(create_pipeline(fixture, &pipeline, &done), 0);
        keep(fixture, &answer);
        assert_int_equal(find(fixture, "s", "k", 2 * HOUR, &found), 0);
        assert_memory_equal(&found.subject, &pipeline.id, sizeof(found.subject));
        assert_int_equal(found.status, 201);
        assert_memory_equal(found.answer, "yes", 3);
        assert_int_equal(found.created_at.us, start.us);

        /* Another body's answer changes nothing while the key is young, and takes it over when it is old. */
        answer.body = bp_digest_of("two", 3);
        answer.answer = "no!";
        keep(fixture, &answer);
        assert_int_equal(find(fixture, "s", "k", 2 * HOUR, &found), 0);
        assert_memory_equal(found.answer, "yes", 3);
        answer.created_at.us = start.us + 24 * HOUR;
        keep(fixture, &answer);
        assert_int_equal(find(fixture, "s", "k", 25 * HOUR, &found), 0);
        assert_memory_equal(found.answer, "no!", 3);
        assert_memory_equal(&found.subject, &(struct bp_id){0}, sizeof(found.subject));
}

static void test_an_old_key_can_be_used_again(void **state) {
        struct fixture *fixture = *state;
        struct bp_store_pipeline first = pipeline_of("a", "Alpha", "{}"), second = pipeline_of("b", "Beta", "{}");
        struct bp_store_key key = {.scope = "s", .key = "k", .subject = first.id, .created_at = start}, found;
        struct answer answer;

        first.key = second.key = &key;
        assert_int_equal(create_pipeline(fixture, &first, &answer), 0);
        key.subject = second.id;
        key.created_at.us = start.us + 24 * HOUR - 1;
        assert_int_equal(create_pipeline(fixture, &second, &answer), BP_STORE_CONFLICT);
        key.created_at.us++;
        assert_int_equal(create_pipeline(fixture, &second, &answer), 0);
        assert_int_equal(find(fixture, "s", "k", 24 * HOUR, &found), 0);
        assert_memory_equal(&found.subject, &second.id, sizeof(found.subject));
}

static void test_a_large_answer_is_not_kept(void **state) {
        struct fixture *fixture = *state;
        size_t size = BP_STORE_ANSWER_BYTES + 1;
        char *large = bp_calloc(1, size);
        struct bp_store_key key = {.scope = "s",
                                   .key = "k",
                                   .subject = id_of("x"),
                                   .status = 200,
                                   .answer = large,
                                   .answer_size = size,
                                   .created_at = start},
                            found;

        assert_non_null(large);
        keep(fixture, &key);
        assert_int_equal(find(fixture, "s", "k", 0, &found), 0);
        assert_int_equal(found.status, 0);
        assert_null(found.answer);
        assert_memory_equal(&found.subject, &key.subject, sizeof(found.subject));
        key.key = "just";
        key.answer_size--;
        keep(fixture, &key);
        assert_int_equal(find(fixture, "s", "just", 0, &found), 0);
        assert_int_equal(found.status, 200);
        assert_int_equal(found.answer_size, BP_STORE_ANSWER_BYTES);
        free(large);
}

static void test_expiry_removes_all_that_is_older(void **state) {
        struct fixture *fixture = *state;
        struct bp_store_key key = {.scope = "s", .status = 200}, found;
        char name[16];

        /* More than one transaction removes. */
        for (int i = 0; i < 12001; i++) {
                snprintf(name, sizeof(name), "k%d", i);
                key.key = name;
                key.created_at.us = start.us + i;
                assert_int_equal(bp_store_key_keep(fixture->store, &key), 0);
        }
        assert_int_equal(bp_store_keys_expire(fixture->store, (struct bp_wall){start.us + 12000}), 0);
        for (int i = 0; i < 4; i++)
                settle(fixture);
        assert_int_equal(find(fixture, "s", "k12000", 12000, &found), 0);
        for (int i = 0; i < 12000; i += 17) {
                snprintf(name, sizeof(name), "k%d", i);
                assert_int_equal(find(fixture, "s", name, 12000, &found), BP_STORE_NOT_FOUND);
        }
}

/* What removes keys in several steps ends when the store closes in between. */
static void test_closing_amid_expiry(void **state) {
        struct fixture *fixture = *state;
        struct bp_store_key key = {.scope = "s", .status = 200, .created_at = start};
        char name[16];

        for (int i = 0; i < 5000; i++) {
                snprintf(name, sizeof(name), "k%d", i);
                key.key = name;
                assert_int_equal(bp_store_key_keep(fixture->store, &key), 0);
        }
        assert_int_equal(bp_store_keys_expire(fixture->store, (struct bp_wall){start.us + 1}), 0);
        fixture_close(fixture);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_BOTH_DRIVERS(test_kept_with_its_answer),
                ON_BOTH_DRIVERS(test_found_at_once),
                ON_BOTH_DRIVERS(test_found_for_a_day),
                ON_BOTH_DRIVERS(test_answer_joins_the_subject),
                ON_BOTH_DRIVERS(test_an_old_key_can_be_used_again),
                ON_BOTH_DRIVERS(test_a_large_answer_is_not_kept),
                ON_BOTH_DRIVERS(test_expiry_removes_all_that_is_older),
                ON_BOTH_DRIVERS(test_closing_amid_expiry),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
