/* SPDX-License-Identifier: Apache-2.0 */
/* Texts: what is taken out of each family of secrets, what is left alone, and how long it may take. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "sanitize/sanitize.h"

#define MARK "***REDACTED***"
#define TOKEN "***TOKEN_REDACTED***"
#define KEY "***KEY_REDACTED***"
#define B64 "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlq"

struct pair {
        const char *text, *expected; /* NULL: as it is */
};

static void check_pairs(const struct pair *pairs, size_t n_pairs) {
        for (size_t i = 0; i < n_pairs; i++) {
                struct bp_arena *arena = bp_arena_new(1 << 20);
                const char *expected = pairs[i].expected ? pairs[i].expected : pairs[i].text, *safe = NULL;
                size_t size = 0;

                assert_int_equal(bp_sanitize_text(arena, pairs[i].text, strlen(pairs[i].text), &safe, &size), 0);
                if (size != strlen(expected) || memcmp(safe, expected, size) != 0)
                        fail_msg("'%s' became '%.*s', not '%s'", pairs[i].text, (int)size, safe, expected);
                if (!pairs[i].expected)
                        assert_ptr_equal(safe, pairs[i].text);
                bp_arena_free(arena);
        }
}

#define CHECK(...)                                      \
        check_pairs((const struct pair[]){__VA_ARGS__}, \
                    sizeof((const struct pair[]){__VA_ARGS__}) / sizeof(struct pair))

static void test_names_with_values(void **state) {
        (void)state;
        CHECK({"password=hunter2", "password=" MARK}, {"the Password: hunter2, then", "the Password=" MARK ", then"},
              {"pwd = x y", "pwd=" MARK " y"}, {"db_passwd:abc;next", "db_passwd=" MARK ";next"},
              {"secret=a&b=c", "secret=" MARK "&b=c"}, {"api key: abc", "api key=" MARK},
              {"X-API-Key=abc]", "X-API-Key=" MARK "]"}, {"{\"token\": \"abc\"}", "{\"token=" MARK "}"},
              {"credentials: u/p", "credentials=" MARK}, {"auth=x", "auth=" MARK},
              {"{\\\"password\\\": \\\"a\\\\\\\"b\\\"}", "{\\\"password=" MARK "}"},
              {"password = \"with blanks, and more\" end", "password=" MARK " end"},
              {"password='it''s'", "password=" MARK "'s'"},
              {"connection_string=Server=h;User Id=sa;Password=p w;",
               "connection_string=" MARK ";User Id=sa;Password=" MARK " w;"});
}

/* Quirk 36: the original took the word Bearer for the value. */
static void test_schemes_of_authorization(void **state) {
        (void)state;
        CHECK({"Authorization: Bearer abc", "Authorization=" MARK},
              {"authorization=Basic dXNlcjpwYXNz, x", "authorization=" MARK ", x"},
              {"curl -H 'Authorization: token abc' http://h/", "curl -H 'Authorization=" MARK "' http://h/"},
              {"Authorization: Digest username=\"u\", response=\"r\"\nHost: h", "Authorization=" MARK "\nHost: h"},
              {"token: Bearer abc def", "token=" MARK " def"});
}

static void test_values_that_go_on(void **state) {
        (void)state;
        CHECK({"secret: password: abc", "secret=" MARK}, {"token=secret = abc", "token=" MARK},
              {"password := abc", "password=" MARK}, {"password=\"a\"bc d", "password=" MARK " d"},
              {"password: \"no end\nnext", "password=" MARK "\nnext"});
}

static void test_addresses(void **state) {
        (void)state;
        CHECK({"postgres://u:p@h/db", "postgres://" MARK "@h/db"},
              {"postgresql+asyncpg://u:p/w@h/db?x=1", "postgresql+asyncpg://" MARK "@h/db?x=1"},
              {"mongodb+srv://u:p@ss@h", "mongodb+srv://" MARK "@h"},
              {"redis://:p@h:6379/0", "redis://" MARK "@h:6379/0"}, {"amqp://u:p@h", "amqp://" MARK "@h"},
              {"mysql://u:p@h", "mysql://" MARK "@h"}, {"see https://u:p@h/a?b=c@d", "see https://" MARK "@h/a?b=c@d"},
              {"https://ghtoken@github.com/x", "https://" MARK "@github.com/x"}, {"https://h/a@b", NULL},
              {"https://h:8080/", NULL}, {"ssh://git@h/x", NULL}, {"a://b", NULL}, {"://u:p@h", NULL});
}

static void test_tokens_by_shape(void **state) {
        (void)state;
        CHECK({"x Bearer abcdefghijklmnopqrst", "x Bearer " TOKEN}, {"bearer a.b.c", "bearer " TOKEN},
              {"the bearer of bad news", NULL}, {"key sk-abcdefghijklmnop0123", "key " TOKEN},
              {"sk-proj-abcdefghijklmnop0123!", TOKEN "!"}, {"sk_live_0123456789", TOKEN},
              {"(ghp_abcdefghijklmnopqrst)", "(" TOKEN ")"}, {"github_pat_abcdefghijklmnopqrst", TOKEN},
              {"glpat-abcdefghijklmnopqrst", TOKEN}, {"task-abcdefghijklmnopqrstuvwxyz", NULL}, {"sk-short", NULL},
              {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", TOKEN}, {"eyJhbGciOiJIUzI1NiJ9", NULL});
}

static void test_keys_by_shape(void **state) {
        (void)state;
        CHECK({"AKIAIOSFODNN7EXAMPLE", KEY}, {"id ASIAIOSFODNN7EXAMPLE.", "id " KEY "."},
              {"AKIAIOSFODNN7EXAMPLES", NULL},
              {"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "aws_secret_access_key=" MARK},
              {"[\"" B64 "\"]", "[\"" MARK "\"]"}, {B64 "==,", MARK ","}, {B64 " and", NULL},
              {"a-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----b", "a" KEY "b"},
              {"-----BEGIN CERTIFICATE-----\\nMII\\n-----END CERTIFICATE-----\\n", KEY "\\n"},
              {"-----BEGIN PRIVATE KEY-----\nMII", KEY},
              {"-----BEGIN PUBLIC KEY-----\nMII\n-----END PUBLIC KEY-----", NULL});
}

static void test_ordinary_texts(void **state) {
        (void)state;
        CHECK({"", NULL}, {"max_tokens: 500", NULL}, {"author: Ada", NULL}, {"no secrets here = none", NULL},
              {"tokens used: 12 of 500", NULL}, {"password", NULL}, {"password:", NULL}, {"password=,", NULL},
              {"na\303\257ve: \346\227\245\346\234\254", NULL}, {"2026-11-25T03:00:00Z", NULL}, {"Bearer " TOKEN, NULL},
              {"password=" MARK, NULL}, {"https://" MARK "@h", NULL});
}

/* ---------------------------------------------------------------------------------------------------------------
 * Properties over random texts
 */

static uint64_t random_state;

static uint32_t random_below(uint32_t limit) {
        random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (uint32_t)(random_state >> 33) % limit;
}

static const char *const noise[] = {
        "password",
        "token",
        "secret: ",
        "auth",
        "=",
        ":",
        "\"",
        "'",
        "\\",
        "\\\"",
        " ",
        "\n",
        ",",
        ";",
        "{",
        "}",
        "]",
        "Bearer ",
        "http://",
        "redis://",
        "@",
        "/",
        "-----BEGIN ",
        "CERTIFICATE-----",
        "-----END ",
        "sk-",
        "eyJ",
        ".",
        "AKIA",
        "abc",
        "***",
        MARK,
        TOKEN,
        "\303\251",
        "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY",
        "&",
        "<",
        "api key",
        ">",
};

static size_t add_noise(char *text, size_t size, size_t capacity) {
        for (uint32_t n = random_below(12); n; n--) {
                const char *part = noise[random_below(sizeof(noise) / sizeof(noise[0]))];

                if (size + strlen(part) < capacity) {
                        memcpy(text + size, part, strlen(part));
                        size += strlen(part);
                }
        }
        return size;
}

static size_t add_text(char *text, size_t size, const char *part) {
        memcpy(text + size, part, strlen(part));
        return size + strlen(part);
}

/* Each plants NEEDLE so that its family must find it, whatever stands before and behind. */
#define NEEDLE "Xq7Zw9Kv2Rt5Yb8Nm3Pj"
static const char *const planted[] = {
        " password=" NEEDLE " ",
        " \"api_key\": \"" NEEDLE "\" ",
        " Authorization: Bearer " NEEDLE " ",
        " authorization: basic " NEEDLE "\n",
        " https://u:" NEEDLE "@h ",
        " amqp://u:" NEEDLE "@h ",
        " Bearer " NEEDLE " ",
        " sk-" NEEDLE " ",
        " ghp_" NEEDLE " ",
        " glpat-" NEEDLE " ",
        " sk_live_" NEEDLE " ",
        " " NEEDLE NEEDLE ", ",
        "\n-----BEGIN EC PRIVATE KEY-----\n" NEEDLE "\n-----END EC PRIVATE KEY-----\n",
        " eyJ" NEEDLE "." NEEDLE "." NEEDLE " ",
        " pwd : " NEEDLE ";",
        " Server=h;Password=" NEEDLE ";Database=d ",
};

static void check_random_text(const char *text, size_t size) {
        struct bp_arena *arena = bp_arena_new(1 << 20);
        const char *once, *twice;
        size_t once_size, twice_size;

        assert_int_equal(bp_sanitize_text(arena, text, size, &once, &once_size), 0);
        if (memmem(once, once_size, NEEDLE, strlen(NEEDLE)))
                fail_msg("survived: '%.*s' in '%.*s'", (int)once_size, once, (int)size, text);
        assert_true(once_size <= 4 * size);
        assert_int_equal(bp_sanitize_text(arena, once, once_size, &twice, &twice_size), 0);
        if (twice != once)
                fail_msg("not settled: '%.*s' became '%.*s' then '%.*s'", (int)size, text, (int)once_size, once,
                         (int)twice_size, twice);
        bp_arena_free(arena);
}

static void test_no_planted_secret_survives(void **state) {
        (void)state;
        random_state = 1;
        for (int round = 0; round < 50000; round++) {
                static char text[4096];
                size_t size = add_noise(text, 0, 1024);

                size = add_text(text, size, planted[random_below(sizeof(planted) / sizeof(planted[0]))]);
                size = add_noise(text, size, 2048);
                text[size] = '\0';
                check_random_text(text, size);
        }
}

/* ---------------------------------------------------------------------------------------------------------------
 * Time
 */

static void test_hostile_texts_take_linear_time(void **state) {
        static const char *const parts[] = {
                "://",
                "a://b",
                "http://",
                "bearer ",
                "eyJ",
                "eyJ-",
                "eyJ.",
                "sk-",
                "-----BEGIN ",
                "password",
                "password:",
                "password=\\",
                ": ",
                "auth:\"\n",
                "\\",
                "\\\"",
                "=",
                " ",
                "@",
                "QUJD",
                "token: token = ",
                "x@://",
                "-----BEGIN CERTIFICATE",
                "AKIA",
                "Bearer a.b",
                "password \\",
                "secret=bearer ",
                "a",
                "-",
        };
        const size_t size = 1 << 20;
        char *text = malloc(size + 1);

        (void)state;
        assert_non_null(text);
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
                struct bp_arena *arena = bp_arena_new((size_t)64 << 20);
                struct timespec from, to;
                const char *safe;
                size_t safe_size;
                int64_t ms;

                for (size_t at = 0; at < size; at++)
                        text[at] = parts[i][at % strlen(parts[i])];
                text[size] = '\0';
                clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
                assert_int_equal(bp_sanitize_text(arena, text, size, &safe, &safe_size), 0);
                clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
                ms = (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
                if (ms > 500) /* quadratic would be minutes; sanitizers cost a factor of ten */
                        fail_msg("1 MiB of '%s' took %lld ms", parts[i], (long long)ms);
                bp_arena_free(arena);
        }
        free(text);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_names_with_values),
                cmocka_unit_test(test_schemes_of_authorization),
                cmocka_unit_test(test_values_that_go_on),
                cmocka_unit_test(test_addresses),
                cmocka_unit_test(test_tokens_by_shape),
                cmocka_unit_test(test_keys_by_shape),
                cmocka_unit_test(test_ordinary_texts),
                cmocka_unit_test(test_no_planted_secret_survives),
                cmocka_unit_test(test_hostile_texts_take_linear_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
