/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "daemon/config.h"

static char path[] = "/tmp/test-config-XXXXXX";
static struct bp_arena *arena;
static struct bp_problem_list problems;

static int begin(void **state) {
        (void)state;
        memcpy(path, "/tmp/test-config-XXXXXX", sizeof(path));
        close(mkstemp(path));
        arena = bp_arena_new(BP_ARENA_UNLIMITED);
        problems = (struct bp_problem_list){.arena = arena};
        return 0;
}

static int end(void **state) {
        (void)state;
        unlink(path);
        arena = bp_arena_free(arena);
        return 0;
}

static void write_file(const char *text) {
        FILE *file = fopen(path, "we");

        assert_non_null(file);
        fputs(text, file);
        fclose(file);
}

static int load(const struct bp_config_flag *flags, size_t n_flags, const char *const *environment,
                struct bp_config **ret_config) {
        return bp_config_load(
                &(struct bp_config_sources){
                        .flags = flags, .n_flags = n_flags, .environment = environment, .path = path},
                &problems, ret_config);
}

static void assert_origin(const struct bp_config *config, const char *name, enum bp_setting_origin origin,
                          const char *expected) {
        const char *detail;

        assert_int_equal(bp_config_origin(config, name, &detail), origin);
        assert_string_equal(detail, expected);
}

/* One setting a level: each is also given at every lower one. */
static void a_flag_goes_over_the_environment_over_the_file_over_the_default(void **state) {
        static const struct bp_config_flag flags[] = {{"http.threads", "5"}};
        static const char *const environment[] = {"BUDPIPELINE_HTTP_THREADS=4", "BUDPIPELINE_HTTP_PORT=9004", "HOME=/h",
                                                  NULL};
        struct bp_config *config;
        char place[64];

        (void)state;
        write_file("http:\n  threads: 3\n  port: 9003\n  json_depth: 33\n");
        assert_int_equal(load(flags, 1, environment, &config), 0);
        assert_int_equal(bp_config_integer(config, "http.threads"), 5);
        assert_origin(config, "http.threads", BP_FROM_FLAG, "--http-threads");
        assert_int_equal(bp_config_integer(config, "http.port"), 9004);
        assert_origin(config, "http.port", BP_FROM_ENVIRONMENT, "BUDPIPELINE_HTTP_PORT");
        assert_int_equal(bp_config_integer(config, "http.json_depth"), 33);
        snprintf(place, sizeof(place), "%s:4:3", path);
        assert_origin(config, "http.json_depth", BP_FROM_FILE, place);
        assert_int_equal(bp_config_integer(config, "http.connections"), 4096);
        assert_origin(config, "http.connections", BP_FROM_DEFAULT, "");
        assert_string_equal(bp_config_path(config), path);
        assert_null(bp_config_free(config));
}

static void the_originals_names_count_after_our_own(void **state) {
        static const char *const both[] = {"SERVICE_PORT=1111",           "BUDPIPELINE_HTTP_PORT=2222",
                                           "RETRY_MAX_ATTEMPTS=7",        "RETRY_BACKOFF_MULTIPLIER=1.5",
                                           "DEFAULT_ASYNC_STEP_TIMEOUT=", NULL};
        struct bp_config *config;

        (void)state;
        assert_int_equal(load(NULL, 0, both, &config), 0);
        assert_int_equal(bp_config_integer(config, "http.port"), 2222);
        assert_int_equal(bp_config_integer(config, "retry.max_attempts"), 7);
        assert_origin(config, "retry.max_attempts", BP_FROM_ENVIRONMENT, "RETRY_MAX_ATTEMPTS");
        assert_true(bp_config_number(config, "retry.backoff_multiplier") == 1.5);
        assert_int_equal(bp_config_integer(config, "engine.event_timeout_seconds"), 1800);
        bp_config_free(config);
        assert_int_equal(load(NULL, 0, (const char *const[]){"SERVICE_PORT=1111", NULL}, &config), 0);
        assert_int_equal(bp_config_integer(config, "http.port"), 1111);
        bp_config_free(config);
}

static void lists_come_from_flags_texts_and_yaml(void **state) {
        static const struct bp_config_flag flags[] = {{"client.allow_hosts", "one:1"},
                                                      {"client.allow_hosts", "two, three"}};
        static const char *const environment[] = {"BUDPIPELINE_ACTION_PATH=/a:/b,c", NULL};
        struct bp_config *config;
        const char *const *list;

        (void)state;
        write_file("http.cors_origins: [\"https://a\", 'https://b']\nclient: {allow_hosts: [never]}\n");
        assert_int_equal(load(flags, 2, environment, &config), 0);
        list = bp_config_list(config, "client.allow_hosts");
        assert_string_equal(list[0], "one:1");
        assert_string_equal(list[1], "two");
        assert_string_equal(list[2], "three");
        assert_null(list[3]);
        list = bp_config_list(config, "plugins.folders");
        assert_string_equal(list[0], "/a");
        assert_string_equal(list[1], "/b,c");
        assert_null(list[2]);
        list = bp_config_list(config, "http.cors_origins");
        assert_string_equal(list[1], "https://b");
        assert_null(list[2]);
        assert_null(bp_config_list(config, "pipelines.load")[0]);
        bp_config_free(config);
}

static void bytes_may_have_a_unit(void **state) {
        static const struct {
                const char *text;
                int64_t bytes;
        } cases[] = {{"2048", 2048}, {"2 KiB", 2048}, {"2k", 2048}, {"3MiB", 3 << 20}, {"1 GiB", 1 << 30}};

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                const struct bp_config_flag flag = {"http.body_bytes", cases[i].text};
                struct bp_config *config;

                assert_int_equal(load(&flag, 1, NULL, &config), 0);
                assert_int_equal(bp_config_integer(config, "http.body_bytes"), cases[i].bytes);
                bp_config_free(config);
        }
}

static void assert_problem(size_t index, const char *code, const char *part) {
        assert_true(problems.count > index);
        assert_string_equal(problems.items[index]->code, code);
        if (!strstr(problems.items[index]->message, part))
                fail_msg("'%s' is not in: %s", part, problems.items[index]->message);
}

static void every_problem_is_reported_at_once_with_its_place(void **state) {
        static const struct bp_config_flag flags[] = {{"http.port", "70000"}};
        static const char *const environment[] = {"BUDPIPELINE_LOG_LEVEL=loud", "BUDPIPELINE_AUTH_ENABLED=perhaps",
                                                  NULL};
        struct bp_config *config = NULL;
        char place[64];

        (void)state;
        write_file("http:\n  prot: 1\n  threads: many\nlgo: {}\nstore: {url: 5}\n");
        assert_int_equal(load(flags, 1, environment, &config), BP_PROBLEM);
        assert_null(config);
        assert_int_equal(problems.count, 7);
        snprintf(place, sizeof(place), "%s:2:3: there is no setting 'http.prot'", path);
        assert_problem(0, "CONFIG_UNKNOWN", place);
        assert_problem(0, "CONFIG_UNKNOWN", "did you mean 'http.port'?");
        snprintf(place, sizeof(place), "(from %s:3:3)", path);
        assert_problem(1, "CONFIG_VALUE", "http.threads: 'many' is not a whole number from 1 to 64");
        assert_problem(1, "CONFIG_VALUE", place);
        assert_problem(2, "CONFIG_UNKNOWN", "did you mean 'log'?");
        assert_problem(3, "CONFIG_VALUE", "store.url: a number does not belong here");
        assert_problem(4, "CONFIG_VALUE", "auth.enabled: 'perhaps' is neither true nor false");
        assert_problem(5, "CONFIG_VALUE", "log.level: 'loud' is not one of debug, info, warning, error");
        assert_problem(5, "CONFIG_VALUE", "(from BUDPIPELINE_LOG_LEVEL)");
        assert_problem(6, "CONFIG_VALUE", "http.port: '70000' is not a whole number from 0 to 65535 (from --port)");
}

static void a_secret_is_shown_nowhere(void **state) {
        static const char *const environment[] = {"APP_API_TOKEN=s3cr3t", NULL};
        struct bp_strbuf text;
        struct bp_config *config;

        (void)state;
        assert_int_equal(load(NULL, 0, environment, &config), 0);
        assert_string_equal(bp_config_text(config, "auth.app_api_token"), "s3cr3t");
        bp_strbuf_init(&text, arena, SIZE_MAX);
        bp_config_write(config, "auth.app_api_token", &text);
        assert_string_equal(bp_strbuf_text(&text), "***");
        bp_config_free(config);
        write_file("auth: {app_api_token: 12345}\n");
        assert_int_equal(load(NULL, 0, NULL, &config), BP_PROBLEM);
        assert_null(strstr(problems.items[0]->message, "12345"));
}

static void a_file_that_cannot_be_read_is_a_problem(void **state) {
        struct bp_config *config;

        (void)state;
        write_file("http: {port: 1\n");
        assert_int_equal(load(NULL, 0, NULL, &config), BP_PROBLEM);
        assert_problem(0, "CONFIG_FILE", path);
        write_file("- 1\n");
        assert_int_equal(load(NULL, 0, NULL, &config), BP_PROBLEM);
        assert_problem(1, "CONFIG_FILE", "it must hold groups of settings");
        unlink(path);
        assert_int_equal(load(NULL, 0, NULL, &config), BP_PROBLEM);
        assert_problem(2, "CONFIG_FILE", "No such file");
}

static void a_file_may_say_nothing(void **state) {
        static const char *const texts[] = {"", "# nothing\n\n", "http:\n", "http: {}\n", "http:\n  port: null\n"};

        (void)state;
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                struct bp_config *config;

                write_file(texts[i]);
                assert_int_equal(load(NULL, 0, NULL, &config), 0);
                assert_int_equal(bp_config_integer(config, "http.port"), 8010);
                bp_config_free(config);
        }
}

static void the_store_has_a_place_of_its_own(void **state) {
        static const struct {
                const char *const environment[4];
                const char *flag, *url;
        } cases[] = {
                {{"HOME=/home/ada"}, NULL, "sqlite:/home/ada/.local/state/budpipeline/budpipeline.db"},
                {{"HOME=/home/ada", "XDG_STATE_HOME=/state"}, NULL, "sqlite:/state/budpipeline/budpipeline.db"},
                {{"HOME=/h", "STATE_DIRECTORY=/var/lib/budpipeline"},
                 NULL,
                 "sqlite:/var/lib/budpipeline/budpipeline.db"},
                {{"HOME=/h"}, "data/b.db", "sqlite:data/b.db"},
                {{"HOME=/h"}, "memory:", "memory:"},
                {{NULL}, NULL, NULL},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                const struct bp_config_flag flag = {"store.url", cases[i].flag};
                struct bp_config *config;

                assert_int_equal(load(&flag, cases[i].flag != NULL, cases[i].environment, &config), 0);
                if (cases[i].url)
                        assert_string_equal(bp_config_text(config, "store.url"), cases[i].url);
                else
                        assert_null(bp_config_text(config, "store.url"));
                bp_config_free(config);
        }
}

static void what_others_can_reach_must_be_guarded(void **state) {
        static const struct {
                const char *yaml;
                size_t problems;
        } cases[] = {
                {"http: {address: 127.0.0.1}", 0},
                {"http: {address: 127.8.0.1}", 0},
                {"http: {address: '::1'}", 0},
                {"http: {address: 0.0.0.0}", 2},
                {"http: {address: '::'}", 2},
                {"http: {address: 192.168.1.5, behind_proxy: true}", 1},
                {"http: {address: 0.0.0.0, behind_proxy: true}\nauth: {enabled: true}", 0},
                {"http: {address: 0.0.0.0, tls_cert: c, tls_key: k}\nauth: {enabled: true}", 0},
                {"http: {address: 0.0.0.0, tls_cert: c}\nauth: {enabled: true}", 1},
                {"http: {tls_key: k}", 1},
                {"http: {address: localhost}", 1},
                {"http: {address: 0.0.0.0, unix: /run/s}", 0},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct bp_config *config;

                write_file(cases[i].yaml);
                problems.count = 0;
                assert_int_equal(load(NULL, 0, (const char *const[]){"HOME=/h", NULL}, &config), 0);
                assert_int_equal(bp_config_check(config, &problems), cases[i].problems ? BP_PROBLEM : 0);
                if (problems.count != cases[i].problems)
                        fail_msg("%s: %zu problems, not %zu", cases[i].yaml, problems.count, cases[i].problems);
                bp_config_free(config);
        }
}

static void every_setting_has_names_of_its_own(void **state) {
        (void)state;
        for (size_t i = 0; i < bp_n_settings(); i++) {
                char flag[BP_SETTING_NAME_SIZE], other[BP_SETTING_NAME_SIZE];

                assert_ptr_equal(bp_setting_find(bp_settings[i].name), &bp_settings[i]);
                /* A map is a group of its own. */
                assert_true(strchr(bp_settings[i].name, '.') || bp_settings[i].type == BP_SETTING_MAP);
                bp_setting_flag(&bp_settings[i], flag);
                for (size_t j = 0; j < i; j++)
                        assert_string_not_equal(flag, bp_setting_flag(&bp_settings[j], other));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_flag_goes_over_the_environment_over_the_file_over_the_default, begin,
                                                end),
                cmocka_unit_test_setup_teardown(the_originals_names_count_after_our_own, begin, end),
                cmocka_unit_test_setup_teardown(lists_come_from_flags_texts_and_yaml, begin, end),
                cmocka_unit_test_setup_teardown(bytes_may_have_a_unit, begin, end),
                cmocka_unit_test_setup_teardown(every_problem_is_reported_at_once_with_its_place, begin, end),
                cmocka_unit_test_setup_teardown(a_secret_is_shown_nowhere, begin, end),
                cmocka_unit_test_setup_teardown(a_file_that_cannot_be_read_is_a_problem, begin, end),
                cmocka_unit_test_setup_teardown(a_file_may_say_nothing, begin, end),
                cmocka_unit_test_setup_teardown(the_store_has_a_place_of_its_own, begin, end),
                cmocka_unit_test_setup_teardown(what_others_can_reach_must_be_guarded, begin, end),
                cmocka_unit_test_setup_teardown(every_setting_has_names_of_its_own, begin, end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
