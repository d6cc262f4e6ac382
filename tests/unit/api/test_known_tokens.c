/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that are remembered, over a real store. */
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/known_tokens.h"
#include "api/token.h"
#include "base/memory.h"
#include "base/problem.h"
#include "server/server.h"

struct fixture {
        struct bp_store *store;
        struct bp_api_known_tokens *known;
        struct bp_arena *arena;
};

static int set_up(void **state) {
        struct fixture *fixture = bp_calloc(1, sizeof(*fixture));

        assert_int_equal(bp_store_open(&(struct bp_store_settings){.url = "memory:", .mode = BP_STORE_EXECUTE},
                                       &fixture->store, NULL),
                         0);
        fixture->known = bp_api_known_tokens_new(fixture->store);
        assert_non_null(fixture->known);
        fixture->arena = bp_arena_new(1 << 20);
        *state = fixture;
        return 0;
}

static int tear_down(void **state) {
        struct fixture *fixture = *state;

        bp_api_known_tokens_free(fixture->known);
        bp_arena_free(fixture->arena);
        bp_store_close(fixture->store);
        free(fixture);
        return 0;
}

static struct bp_digest add(const struct fixture *fixture, const char *name, uint32_t scopes) {
        struct bp_token_row token = {.id = bp_id_new(bp_wall_now()),
                                     .name = name,
                                     .owner = "someone",
                                     .scopes = scopes,
                                     .created_at = bp_wall_now()};
        char text[BP_TOKEN_TEXT_SIZE];

        assert_int_equal(bp_token_make(text, &token.hash), 0);
        assert_int_equal(bp_store_token_add(fixture->store, &token), 0);
        return token.hash;
}

/* What is remembered counts for a second at most. */
static void wait_for_the_next_look(void) {
        nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 50000000}, NULL);
}

static void a_token_is_found_again_and_again(void **state) {
        const struct fixture *fixture = *state;
        struct bp_digest hash = add(fixture, "a", BP_SCOPE_READ | BP_SCOPE_EXECUTE);
        struct bp_token_row token;

        for (int i = 0; i < 3; i++) {
                assert_int_equal(bp_api_known_tokens_find(fixture->known, hash, fixture->arena, &token), 0);
                assert_int_equal(token.scopes, BP_SCOPE_READ | BP_SCOPE_EXECUTE);
                assert_string_equal(token.owner, "someone");
                assert_false(token.revoked);
        }
}

static void a_revoked_token_is_known_as_such_within_a_second(void **state) {
        const struct fixture *fixture = *state;
        struct bp_digest hash = add(fixture, "a", BP_SCOPE_READ);
        struct bp_token_row token;
        int r;

        assert_int_equal(bp_api_known_tokens_find(fixture->known, hash, fixture->arena, &token), 0);
        assert_int_equal(bp_store_token_revoke(fixture->store, "a"), 0);
        wait_for_the_next_look();
        r = bp_api_known_tokens_find(fixture->known, hash, fixture->arena, &token);
        assert_true(r == BP_STORE_NOT_FOUND || (r == 0 && token.revoked));
}

static void one_that_comes_later_is_found(void **state) {
        const struct fixture *fixture = *state;
        struct bp_token_row token = {
                .id = bp_id_new(bp_wall_now()), .name = "a", .owner = "late", .created_at = bp_wall_now()};
        char text[BP_TOKEN_TEXT_SIZE];
        struct bp_token_row found;

        assert_int_equal(bp_token_make(text, &token.hash), 0);
        for (int i = 0; i < 2; i++)
                assert_int_equal(bp_api_known_tokens_find(fixture->known, token.hash, fixture->arena, &found),
                                 BP_STORE_NOT_FOUND);
        assert_int_equal(bp_store_token_add(fixture->store, &token), 0);
        wait_for_the_next_look();
        assert_int_equal(bp_api_known_tokens_find(fixture->known, token.hash, fixture->arena, &found), 0);
        assert_string_equal(found.owner, "late");
}

/* Two tokens may share a place; each is still told from the other. */
static void hashes_that_meet_are_told_apart(void **state) {
        const struct fixture *fixture = *state;
        struct bp_digest hash = add(fixture, "a", BP_SCOPE_READ), other = hash;
        struct bp_token_row token;

        other.bytes[31] ^= 1;
        for (int i = 0; i < 3; i++) {
                assert_int_equal(bp_api_known_tokens_find(fixture->known, hash, fixture->arena, &token), 0);
                assert_int_equal(bp_api_known_tokens_find(fixture->known, other, fixture->arena, &token),
                                 BP_STORE_NOT_FOUND);
        }
}

enum { THREADS = 4, LOOKS = 2000, TOKENS = 16 };

struct looker {
        const struct fixture *fixture;
        const struct bp_digest *hashes;
};

static void *look(void *userdata) {
        const struct looker *looker = userdata;
        struct bp_arena *arena = bp_arena_new(1 << 22);

        for (uintptr_t i = 0; i < LOOKS; i++) {
                struct bp_token_row token;

                if (bp_api_known_tokens_find(looker->fixture->known, looker->hashes[i % TOKENS], arena, &token) ||
                    strcmp(token.owner, "someone") != 0)
                        return arena;
                bp_arena_reset(arena);
        }
        bp_arena_free(arena);
        return NULL;
}

static void many_threads_may_ask(void **state) {
        const struct fixture *fixture = *state;
        struct bp_digest hashes[TOKENS];
        struct looker looker = {.fixture = fixture, .hashes = hashes};
        pthread_t threads[THREADS];
        char name[16];

        for (int i = 0; i < TOKENS; i++) {
                snprintf(name, sizeof(name), "t%d", i);
                hashes[i] = add(fixture, name, BP_SCOPE_READ);
        }
        for (int i = 0; i < THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, look, &looker), 0);
        for (int i = 0; i < THREADS; i++) {
                void *failed;

                pthread_join(threads[i], &failed);
                assert_null(failed);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_token_is_found_again_and_again, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_revoked_token_is_known_as_such_within_a_second, set_up, tear_down),
                cmocka_unit_test_setup_teardown(one_that_comes_later_is_found, set_up, tear_down),
                cmocka_unit_test_setup_teardown(hashes_that_meet_are_told_apart, set_up, tear_down),
                cmocka_unit_test_setup_teardown(many_threads_may_ask, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
