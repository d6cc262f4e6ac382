/* SPDX-License-Identifier: Apache-2.0 */
/* Every memory request on the caller's thread fails in turn. The target is blocked, so that nothing leaves. */
#include "torture.h"

#include "base/value.h"
#include "http/client.h"

static const char *const allow_hosts[] = {"localhost:*", "10.9.9.9:80", NULL};

static int open_and_close(const void *data) {
        const struct bp_http_client_settings settings = {.allow_hosts = allow_hosts, .user_agent = "test"};
        struct bp_http_client *client;
        int r = bp_http_client_new(&settings, &client);

        (void)data;
        if (r == 0)
                bp_http_client_free(client);
        return r;
}

struct work {
        struct bp_http_client *client;
        struct bp_http_request request;
};

static int perform(const void *data) {
        const struct work *work = data;
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        const struct bp_http_response *response;

        return arena ? bp_http_client_perform(work->client, &work->request, arena, &response) : -ENOMEM;
}

static void a_client_that_cannot_be_made_leaves_nothing(void **state) {
        (void)state;
        assert_int_equal(torture(open_and_close, NULL), 0);
}

static void an_exchange_that_cannot_be_made_is_reported(void **state) {
        static const struct bp_member members[] = {
                {.key = "X-A", .key_size = 3, .value = {.type = BP_STRING, .count = 1, .as.text = "1"}},
                {.key = "X-B", .key_size = 3, .value = {.type = BP_STRING, .count = 0, .as.text = ""}},
        };
        const struct bp_value headers = {.type = BP_OBJECT, .depth = 1, .count = 2, .as.members = members};
        struct work work = {.request = {.struct_size = sizeof(work.request),
                                        .url = "http://10.0.0.1/",
                                        .method = "POST",
                                        .headers = &headers,
                                        .body = "abc",
                                        .body_size = 3}};

        (void)state;
        assert_int_equal(bp_http_client_new(NULL, &work.client), 0);
        assert_int_equal(torture(perform, &work), 0);
        bp_http_client_free(work.client);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_client_that_cannot_be_made_leaves_nothing),
                cmocka_unit_test(an_exchange_that_cannot_be_made_is_reported),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
