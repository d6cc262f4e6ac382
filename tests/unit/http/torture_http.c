/* SPDX-License-Identifier: Apache-2.0 */
/* Every memory request fails in turn: on the caller's thread, to a target that is blocked, so that nothing leaves; then
 * on the client's own, between the end of one exchange and that of the next. */
#include "torture.h"

#include "held_server.h"

#include <pthread.h>

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

enum { MOST_ROUNDS = 1000 };

/* What the client's thread shares with the test's. */
struct rounds {
        pthread_mutex_t lock;
        int64_t request; /* which one fails until the next exchange ends */
        size_t n_ended;
        bool has_failed;
        struct bp_http_response response;
        char message[64];
};

static void end_round(void *userdata, const struct bp_http_response *response) {
        struct rounds *rounds = userdata;

        pthread_mutex_lock(&rounds->lock);
        rounds->has_failed = bp_torture_has_failed();
        bp_torture_fail_after(rounds->request++);
        rounds->n_ended++;
        rounds->response = *response;
        snprintf(rounds->message, sizeof(rounds->message), "%s", response->message);
        pthread_mutex_unlock(&rounds->lock);
}

static size_t n_ended(struct rounds *rounds) {
        size_t n;

        pthread_mutex_lock(&rounds->lock);
        n = rounds->n_ended;
        pthread_mutex_unlock(&rounds->lock);
        return n;
}

/* Serves whoever comes until the exchange has ended, since it may end before it comes. */
static void exchange(struct bp_http_client *client, const struct held_server *server, struct rounds *rounds) {
        const struct bp_http_request request = {.struct_size = sizeof(request), .url = server->url, .method = "PUT"};
        size_t before = n_ended(rounds);

        assert_int_equal(bp_http_client_begin(client, &request, end_round, rounds, NULL), 0);
        while (n_ended(rounds) == before) {
                struct pollfd socket = {.fd = server->listener, .events = POLLIN};
                struct held_request held;

                if (poll(&socket, 1, 5) == 0)
                        continue;
                held = held_server_take(server);
                held_request_answer(&held, "200");
        }
}

static void what_fails_on_the_way_ends_one_exchange_and_says_so(void **state) {
        struct rounds rounds = {.lock = PTHREAD_MUTEX_INITIALIZER};
        struct held_server server = held_server_open();
        struct bp_http_client *client;

        (void)state;
        assert_int_equal(bp_http_client_new(
                                 &(const struct bp_http_client_settings){
                                         .allow_hosts = (const char *const[]){server.target, NULL}},
                                 &client),
                         0);
        exchange(client, &server, &rounds);
        do {
                exchange(client, &server, &rounds);
                if (!rounds.has_failed)
                        break;
                assert_true(rounds.response.failure == BP_HTTP_UNSENT || rounds.response.failure == BP_HTTP_LIMIT);
                assert_string_not_equal(rounds.message, "");
        } while (rounds.request < MOST_ROUNDS);
        assert_int_equal(rounds.response.failure, BP_HTTP_OK);
        assert_in_range(rounds.request, 5, MOST_ROUNDS - 1);
        bp_http_client_free(client);
        held_server_close(&server);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_client_that_cannot_be_made_leaves_nothing),
                cmocka_unit_test(an_exchange_that_cannot_be_made_is_reported),
                cmocka_unit_test(what_fails_on_the_way_ends_one_exchange_and_says_so),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
