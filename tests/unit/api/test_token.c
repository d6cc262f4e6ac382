/* SPDX-License-Identifier: Apache-2.0 */
/* Bearer tokens and scopes. */
#include "unit.h"

#include <string.h>

#include "api/token.h"
#include "base/strbuf.h"
#include "server/server.h"

static void a_token_is_random_and_has_its_form(void **state) {
        char first[BP_TOKEN_TEXT_SIZE], second[BP_TOKEN_TEXT_SIZE];
        struct bp_digest first_hash, second_hash, again;

        (void)state;
        assert_int_equal(bp_token_make(first, &first_hash), 0);
        assert_int_equal(bp_token_make(second, &second_hash), 0);
        assert_int_equal(strlen(first), 46);
        assert_memory_equal(first, "bp_", 3);
        assert_int_equal(strspn(first + 3, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
        assert_string_not_equal(first, second);
        assert_memory_not_equal(&first_hash, &second_hash, sizeof(first_hash));
        assert_true(bp_token_hash(first, &again));
        assert_memory_equal(&first_hash, &again, sizeof(again));
}

static void every_letter_of_a_token_can_differ(void **state) {
        char text[BP_TOKEN_TEXT_SIZE];
        unsigned seen[BP_TOKEN_TEXT_SIZE][128] = {{0}}, kinds = 0;
        struct bp_digest hash;

        (void)state;
        for (int i = 0; i < 200; i++) {
                assert_int_equal(bp_token_make(text, &hash), 0);
                for (size_t at = 3; at < BP_TOKEN_TEXT_SIZE - 1; at++)
                        seen[at][(unsigned char)text[at]]++;
        }
        for (size_t at = 3; at < BP_TOKEN_TEXT_SIZE - 1; at++) {
                kinds = 0;
                for (size_t letter = 0; letter < 128; letter++)
                        kinds += seen[at][letter] > 0;
                /* the last letter carries four bits: sixteen kinds, of which 200 draws show nearly all */
                assert_true(kinds >= (at == BP_TOKEN_TEXT_SIZE - 2 ? 10 : 40));
        }
}

static void what_is_no_token_has_no_hash(void **state) {
        static const char *const texts[] = {
                "",
                "bp_",
                "bp_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "bp_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "xx_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "bp_AAAAAAAAAAAAAAAAAAAAA AAAAAAAAAAAAAAAAAAAAA",
        };
        struct bp_digest hash;

        (void)state;
        for (size_t i = 0; i < BP_COUNT(texts); i++)
                assert_false(bp_token_hash(texts[i], &hash));
}

static void scopes_have_words(void **state) {
        static const struct {
                const char *word;
                uint32_t scope;
        } words[] = {
                {"read", BP_SCOPE_READ},       {"pipelines", BP_SCOPE_PIPELINES},
                {"execute", BP_SCOPE_EXECUTE}, {"metrics", BP_SCOPE_METRICS},
                {"act-as", BP_SCOPE_ACT_AS},   {"admin", BP_SCOPE_ADMIN},
                {"internal", BP_SCOPE_NONE},   {"rea", BP_SCOPE_NONE},
                {"", BP_SCOPE_NONE},
        };
        struct bp_strbuf text;

        (void)state;
        for (size_t i = 0; i < BP_COUNT(words); i++)
                assert_int_equal(bp_scope_of(words[i].word, strlen(words[i].word)), words[i].scope);
        bp_strbuf_init(&text, NULL, 1024);
        bp_scopes_write(&text, BP_SCOPE_READ | BP_SCOPE_ACT_AS);
        assert_string_equal(bp_strbuf_text(&text), "read act-as");
        bp_strbuf_done(&text);
}

static void an_administrator_is_not_the_platform(void **state) {
        (void)state;
        assert_int_equal(bp_scopes_expand(BP_SCOPE_ADMIN), 63);
        assert_int_equal(bp_scopes_expand(BP_SCOPE_READ | BP_SCOPE_EXECUTE), BP_SCOPE_READ | BP_SCOPE_EXECUTE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_token_is_random_and_has_its_form),
                cmocka_unit_test(every_letter_of_a_token_can_differ),
                cmocka_unit_test(what_is_no_token_has_no_hash),
                cmocka_unit_test(scopes_have_words),
                cmocka_unit_test(an_administrator_is_not_the_platform),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
