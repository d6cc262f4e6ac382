/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: by any process, at any time. */
#include "unit.h"

#include "fixture.h"

static struct bp_token_row token_of(const char *name) {
        return (struct bp_token_row){.id = bp_id_derive(name, strlen(name)),
                                     .name = name,
                                     .owner = "ada",
                                     .scopes = 5,
                                     .hash = bp_digest_of(name, strlen(name)),
                                     .created_at = {1700000000000000}};
}

static uint64_t version(struct bp_store *store) {
        uint64_t number;

        assert_int_equal(bp_store_tokens_version(store, &number), 0);
        return number;
}

static void test_added_found_listed(void **state) {
        struct fixture *fixture = *state;
        struct bp_token_row first = token_of("first"), second = token_of("second"), row, *rows;
        size_t n;

        assert_int_equal(bp_store_tokens(fixture->store, fixture->arena, &rows, &n), 0);
        assert_int_equal(n, 0);
        second.expires_at.us = 1800000000000000;
        second.scopes = UINT32_MAX;
        assert_int_equal(bp_store_token_add(fixture->store, &first), 0);
        assert_int_equal(bp_store_token_add(fixture->store, &second), 0);
        assert_int_equal(bp_store_token_find(fixture->store, second.hash, fixture->arena, &row), 0);
        assert_memory_equal(&row.id, &second.id, sizeof(row.id));
        assert_memory_equal(&row.hash, &second.hash, sizeof(row.hash));
        assert_string_equal(row.name, "second");
        assert_string_equal(row.owner, "ada");
        assert_int_equal(row.scopes, UINT32_MAX);
        assert_int_equal(row.created_at.us, 1700000000000000);
        assert_int_equal(row.expires_at.us, 1800000000000000);
        assert_false(row.revoked);
        assert_int_equal(bp_store_token_find(fixture->store, bp_digest_of("x", 1), fixture->arena, &row),
                         BP_STORE_NOT_FOUND);
        assert_int_equal(bp_store_tokens(fixture->store, fixture->arena, &rows, &n), 0);
        assert_int_equal(n, 2);
        assert_string_equal(rows[0].name, "first");
        assert_int_equal(rows[0].expires_at.us, 0);
        assert_string_equal(rows[1].name, "second");
}

static void test_revoked_and_named_again(void **state) {
        struct fixture *fixture = *state;
        struct bp_token_row first = token_of("first"), again = token_of("again"), row, *rows;
        size_t n;

        assert_int_equal(bp_store_token_revoke(fixture->store, "first"), BP_STORE_NOT_FOUND);
        assert_int_equal(bp_store_token_add(fixture->store, &first), 0);
        again.name = "first";
        assert_int_equal(bp_store_token_add(fixture->store, &again), BP_STORE_DUPLICATE);
        assert_int_equal(bp_store_token_revoke(fixture->store, "first"), 0);
        assert_int_equal(bp_store_token_revoke(fixture->store, "first"), BP_STORE_NOT_FOUND);
        assert_int_equal(bp_store_token_find(fixture->store, first.hash, fixture->arena, &row), 0);
        assert_true(row.revoked);
        assert_int_equal(bp_store_token_add(fixture->store, &again), 0);
        assert_int_equal(bp_store_token_find(fixture->store, again.hash, fixture->arena, &row), 0);
        assert_false(row.revoked);
        assert_int_equal(bp_store_tokens(fixture->store, fixture->arena, &rows, &n), 0);
        assert_int_equal(n, 2);
        assert_true(rows[0].revoked);
        assert_false(rows[1].revoked);
}

static void test_version_changes_with_each_change(void **state) {
        struct fixture *fixture = *state;
        struct bp_token_row first = token_of("first");
        uint64_t before = version(fixture->store), added;

        assert_int_equal(bp_store_token_add(fixture->store, &first), 0);
        added = version(fixture->store);
        assert_true(added != before);
        assert_int_equal(bp_store_token_add(fixture->store, &first), BP_STORE_DUPLICATE);
        assert_int_equal(version(fixture->store), added);
        assert_int_equal(bp_store_token_revoke(fixture->store, "first"), 0);
        assert_true(version(fixture->store) != added);
}

/* The command line beside a service that writes all the time. */
static void *write_on(void *userdata) {
        struct fixture *fixture = userdata;
        struct bp_store_key key = {.scope = "s", .status = 200};
        char name[16];

        for (int i = 0; i < 3000; i++) {
                snprintf(name, sizeof(name), "k%d", i);
                key.key = name;
                assert_int_equal(bp_store_key_keep(fixture->store, &key), 0);
        }
        return NULL;
}

static void test_beside_a_running_service(void **state) {
        struct fixture *fixture = *state;
        struct bp_store *admin = NULL;
        struct bp_token_row *rows;
        pthread_t thread;
        size_t n;

        fixture_open(fixture);
        assert_int_equal(fixture_try_open(fixture, BP_STORE_ADMIN, &admin, NULL), 0);
        assert_int_equal(pthread_create(&thread, NULL, write_on, fixture), 0);
        for (int i = 0; i < 20; i++) {
                char name[16];
                struct bp_token_row token, row;
                uint64_t before = version(fixture->store);

                snprintf(name, sizeof(name), "t%d", i);
                token = token_of(name);
                assert_int_equal(bp_store_token_add(admin, &token), 0);
                assert_int_equal(bp_store_token_find(fixture->store, token.hash, fixture->arena, &row), 0);
                assert_true(version(fixture->store) != before);
        }
        pthread_join(thread, NULL);
        assert_int_equal(bp_store_tokens(admin, fixture->arena, &rows, &n), 0);
        assert_int_equal(n, 20);
        bp_store_close(admin);
        fixture_reopen(fixture);
        assert_int_equal(bp_store_tokens(fixture->store, fixture->arena, &rows, &n), 0);
        assert_int_equal(n, 20);
}

#define CLOSED(test) cmocka_unit_test_setup_teardown(test, fixture_setup_closed, fixture_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_BOTH_DRIVERS(test_added_found_listed),
                ON_BOTH_DRIVERS(test_revoked_and_named_again),
                ON_BOTH_DRIVERS(test_version_changes_with_each_change),
                CLOSED(test_beside_a_running_service),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
