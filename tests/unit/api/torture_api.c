/* SPDX-License-Identifier: Apache-2.0 */
/* The API when memory is short: it says so, and nothing is lost. */
#include "torture.h"

#include <string.h>

#include "api/diff.h"
#include "api/documents.h"
#include "api/json.h"
#include "api/known_tokens.h"
#include "api/private.h"
#include "api/token.h"
#include "base/json.h"
#include "base/problem.h"
#include "base/strbuf.h"

static int describe(const void *data) {
        const struct bp_api api = {.settings = {.service_name = "budpipeline"}};
        struct bp_strbuf buffer;
        int r;

        (void)data;
        bp_strbuf_init(&buffer, NULL, SIZE_MAX);
        bp_api_write_openapi(&buffer, &api);
        r = buffer.error;
        bp_strbuf_done(&buffer);
        return r;
}

static void the_description(void **state) {
        (void)state;
        assert_int_equal(torture(describe, NULL), 0);
}

static const char from_text[] = "{\"steps\":[{\"id\":\"a\",\"p\":1},{\"id\":\"b\"}],\"x\":[1,2,3],\"y\":{}}";
static const char to_text[] = "{\"steps\":[{\"id\":\"b\"},{\"id\":\"a\",\"p\":2}],\"x\":[1,3],\"z\":\"~/\"}";

static int compare(const void *data) {
        struct bp_arena *arena = bp_arena_new(1 << 20);
        struct bp_value from, to;
        struct bp_strbuf buffer;
        int r = -ENOMEM;

        (void)data;
        bp_strbuf_init(&buffer, NULL, SIZE_MAX);
        if (arena && bp_json_parse(arena, from_text, strlen(from_text), NULL, &from, NULL) == 0 &&
            bp_json_parse(arena, to_text, strlen(to_text), NULL, &to, NULL) == 0) {
                bp_api_write_patch(&buffer, &from, &to);
                bp_api_write_step_changes(&buffer, &from, &to, arena);
                bp_api_write_changed_fields(&buffer, &from, &to);
                r = buffer.error;
        }
        bp_strbuf_done(&buffer);
        bp_arena_free(arena);
        return r;
}

static void a_diff(void **state) {
        (void)state;
        assert_int_equal(torture(compare, NULL), 0);
}

static int make_document(const void *data) {
        struct bp_api_document *document;
        int r;

        (void)data;
        r = bp_api_document_new(
                &(struct bp_api_document_source){.bytes = from_text, .size = sizeof(from_text) - 1, .compress = true},
                &document);
        if (r)
                return r;
        bp_api_document_ref(document);
        bp_api_document_unref(document);
        bp_api_document_unref(document);
        return 0;
}

static void a_document(void **state) {
        (void)state;
        assert_int_equal(torture(make_document, NULL), 0);
}

struct tokens {
        struct bp_store *store;
        struct bp_digest hash;
};

/* What cannot be remembered is asked for again, so finding may succeed although a request failed: then it fails once
 * more where the test wants it to. */
static int find_token(const void *data) {
        const struct tokens *tokens = data;
        struct bp_api_known_tokens *known = bp_api_known_tokens_new(tokens->store);
        struct bp_arena *arena = bp_arena_new(1 << 16);
        struct bp_token_row token;
        int r = -ENOMEM;

        if (known && arena)
                r = bp_api_known_tokens_find(known, tokens->hash, arena, &token);
        if (r == 0 && bp_torture_has_failed())
                r = -ENOMEM;
        bp_arena_free(arena);
        bp_api_known_tokens_free(known);
        return r;
}

static void tokens_that_are_remembered(void **state) {
        struct bp_token_row token = {
                .id = bp_id_new(bp_wall_now()), .name = "t", .owner = "o", .scopes = 1, .created_at = bp_wall_now()};
        char text[BP_TOKEN_TEXT_SIZE];
        struct tokens tokens;

        (void)state;
        assert_int_equal(bp_store_open(&(struct bp_store_settings){.url = "memory:", .mode = BP_STORE_EXECUTE},
                                       &tokens.store, NULL),
                         0);
        assert_int_equal(bp_token_make(text, &token.hash), 0);
        assert_int_equal(bp_store_token_add(tokens.store, &token), 0);
        tokens.hash = token.hash;
        assert_int_equal(torture(find_token, &tokens), 0);
        bp_store_close(tokens.store);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_description),
                cmocka_unit_test(a_diff),
                cmocka_unit_test(a_document),
                cmocka_unit_test(tokens_that_are_remembered),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
