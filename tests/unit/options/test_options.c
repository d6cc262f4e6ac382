/* SPDX-License-Identifier: Apache-2.0 */
/* Questions for options: those that the action answers itself, and the end of those that nobody answers. What services
 * answer is tested from outside, in tests/scenario/test_services_options.py. */
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "invoke/invoke.h"
#include "options/options.h"
#include "registry/registry.h"

static void keep(void *userdata, struct bp_options_answer *answer) {
        struct bp_options_answer **kept = userdata;

        assert_null(*kept);
        *kept = answer;
}

static struct bp_options *options_new(const struct bp_invoker_settings *invoke) {
        struct bp_options *options;

        assert_int_equal(bp_options_new(&(struct bp_options_settings){.invoke = invoke}, &options), 0);
        return options;
}

static void a_parameter_has_options_of_its_own_or_a_services(void **state) {
        static const struct bp_select_option option = {"a", "A"};
        const struct bp_param_meta text = {.type = BP_PARAM_STRING}, model = {.type = BP_PARAM_MODEL_REF};
        const struct bp_param_meta choice = {.type = BP_PARAM_MODEL_REF, .options = &option, .n_options = 1};

        (void)state;
        assert_false(bp_options_has(&text));
        assert_true(bp_options_has(&model) && bp_options_has(&choice));
        assert_null(bp_options_service(&text));
        assert_string_equal(bp_options_service(&model), "budapp");
        assert_null(bp_options_service(&choice));
}

static void stated_options_are_searched_and_bounded(void **state) {
        static const struct bp_select_option stated[] = {
                {"1", "Red"}, {"2", "Green"}, {"3", "Dark red"}, {"red-4", "Blue"}};
        static const struct {
                const char *text;
                uint32_t limit;
                size_t n_items;
                uint64_t total;
                const char *first, *last;
        } cases[] = {
                {NULL, 100, 4, 4, "1", "red-4"}, {"", 3, 3, 4, "1", "3"},    {"RED", 100, 3, 3, "1", "red-4"},
                {"red", 2, 2, 3, "1", "3"},      {"gre", 1, 1, 1, "2", "2"}, {"yellow", 10, 0, 0, NULL, NULL},
        };
        const struct bp_param_meta param = {.type = BP_PARAM_SELECT, .options = stated, .n_options = BP_COUNT(stated)};
        struct bp_options *options = options_new(&(struct bp_invoker_settings){0});

        (void)state;
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                const struct bp_options_question question = {
                        .param = &param, .text = cases[i].text, .limit = cases[i].limit};
                struct bp_options_answer *answer = NULL;

                assert_int_equal(bp_options_ask(options, &question, keep, &answer), 0);
                assert_non_null(answer);
                assert_int_equal(answer->error, 0);
                assert_int_equal(answer->end, BP_OPTIONS_FOUND);
                assert_int_equal(answer->n_items, cases[i].n_items);
                assert_true(answer->has_total);
                assert_int_equal(answer->total, cases[i].total);
                assert_int_equal(answer->has_more, cases[i].total > cases[i].n_items);
                if (answer->n_items) {
                        assert_string_equal(answer->items[0].value, cases[i].first);
                        assert_string_equal(answer->items[answer->n_items - 1].value, cases[i].last);
                }
                bp_options_answer_free(answer);
        }
        bp_options_free(options);
}

/* A listener that never accepts: the kernel makes the connection, and nobody answers. */
static int listen_only(char url[64]) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(address);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_true(fd >= 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
        assert_int_equal(listen(fd, 8), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
        snprintf(url, 64, "http://127.0.0.1:%u", ntohs(address.sin_port));
        return fd;
}

static void what_is_under_way_is_answered_before_the_end(void **state) {
        char url[64];
        const int fd = listen_only(url);
        const struct bp_invoker_service service = {.name = "budapp", .url = url, .timeout_ms = 1};
        const struct bp_param_meta param = {.type = BP_PARAM_CLUSTER_REF};
        const struct bp_options_question question = {.param = &param, .text = "a", .user_id = "u", .limit = 20};
        struct bp_options *options = options_new(&(struct bp_invoker_settings){.services = &service, .n_services = 1});
        struct bp_options_answer *answer = NULL;

        (void)state;
        assert_int_equal(bp_options_ask(options, &question, keep, &answer), 0);
        bp_options_free(options);
        assert_non_null(answer);
        assert_int_equal(answer->error, 0);
        assert_int_equal(answer->end, BP_OPTIONS_UNREACHABLE); /* the time that actions have for it does not count */
        assert_non_null(strstr(answer->message, "budapp"));
        bp_options_answer_free(answer);
        close(fd);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_parameter_has_options_of_its_own_or_a_services),
                cmocka_unit_test(stated_options_are_searched_and_bounded),
                cmocka_unit_test(what_is_under_way_is_answered_before_the_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
