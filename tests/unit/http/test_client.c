/* SPDX-License-Identifier: Apache-2.0 */
/* The client as its callers see it: callbacks that run exactly once, cancelling, closing, several threads. What goes
 * over the wire is tested from outside (tests/contract/test_http_client.py). */
#include "unit.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/value.h"
#include "http/client.h"

enum { SILENT_COUNT = 50, THREADS = 4, PER_THREAD = 50 };

static const char *const anything_local[] = {"127.0.0.1:*", NULL};

struct log {
        pthread_mutex_t lock;
        pthread_cond_t changed;
        size_t count;
        size_t by_failure[BP_HTTP_LIMIT + 1];
        struct bp_http_client *client; /* to begin another exchange from the callback */
        char url[64];
};

struct bench {
        struct bp_http_client *client;
        int listener; /* accepts connections into its queue and never answers */
        char url[64];
        struct log log;
};

static int set_up(void **state) {
        const struct bp_http_client_settings settings = {.allow_hosts = anything_local};
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(address);
        struct bench *bench = test_calloc(1, sizeof(*bench));

        *state = bench;
        bench->log.lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
        bench->log.changed = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
        bench->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind(bench->listener, (struct sockaddr *)&address, size) || listen(bench->listener, 128) ||
            getsockname(bench->listener, (struct sockaddr *)&address, &size))
                return -1;
        snprintf(bench->url, sizeof(bench->url), "http://127.0.0.1:%u/", ntohs(address.sin_port));
        return bp_http_client_new(&settings, &bench->client);
}

static int tear_down(void **state) {
        struct bench *bench = *state;

        bp_http_client_free(bench->client);
        close(bench->listener);
        test_free(bench);
        return 0;
}

static void note(void *userdata, const struct bp_http_response *response) {
        struct log *log = userdata;

        pthread_mutex_lock(&log->lock);
        log->count++;
        log->by_failure[response->failure]++;
        pthread_cond_signal(&log->changed);
        pthread_mutex_unlock(&log->lock);
}

static void wait_for(struct log *log, size_t count) {
        pthread_mutex_lock(&log->lock);
        while (log->count < count)
                pthread_cond_wait(&log->changed, &log->lock);
        pthread_mutex_unlock(&log->lock);
}

static struct bp_http_request request_to(const char *url) {
        return (struct bp_http_request){.struct_size = sizeof(struct bp_http_request), .url = url};
}

/* The server has the request once a byte of it can be read. */
static int accept_request(const struct bench *bench) {
        char byte;
        int fd = accept(bench->listener, NULL, NULL);

        assert_true(fd >= 0);
        assert_int_equal(read(fd, &byte, 1), 1);
        return fd;
}

static void a_cancelled_exchange_that_was_sent_is_broken(void **state) {
        struct bench *bench = *state;
        struct bp_http_request request = request_to(bench->url);
        uint64_t number;
        int fd;

        assert_int_equal(bp_http_client_begin(bench->client, &request, note, &bench->log, &number), 0);
        fd = accept_request(bench);
        bp_http_client_cancel(bench->client, number);
        bp_http_client_cancel(bench->client, number);
        wait_for(&bench->log, 1);
        bp_http_client_cancel(bench->client, number);
        bp_http_client_cancel(bench->client, 123456);
        assert_int_equal(bench->log.by_failure[BP_HTTP_BROKEN], 1);
        close(fd);
}

static void closing_ends_every_exchange_once(void **state) {
        struct bench *bench = *state;
        struct bp_http_request request = request_to(bench->url);

        for (int i = 0; i < SILENT_COUNT; i++)
                assert_int_equal(bp_http_client_begin(bench->client, &request, note, &bench->log, NULL), 0);
        bench->client = bp_http_client_free(bench->client);
        assert_int_equal(bench->log.count, SILENT_COUNT);
        assert_int_equal(bench->log.by_failure[BP_HTTP_BROKEN] + bench->log.by_failure[BP_HTTP_UNSENT], SILENT_COUNT);
}

static void begin_another(void *userdata, const struct bp_http_response *response) {
        struct log *log = userdata;
        struct bp_http_request request = request_to("http://10.0.0.1/");

        note(log, response);
        assert_int_equal(bp_http_client_begin(log->client, &request, note, log, NULL), 0);
}

static void a_callback_may_begin_another_exchange(void **state) {
        struct bench *bench = *state;
        struct bp_http_request request = request_to("ftp://example.com/");

        bench->log.client = bench->client;
        assert_int_equal(bp_http_client_begin(bench->client, &request, begin_another, &bench->log, NULL), 0);
        wait_for(&bench->log, 2);
        assert_int_equal(bench->log.by_failure[BP_HTTP_UNSENT], 1);
        assert_int_equal(bench->log.by_failure[BP_HTTP_BLOCKED], 1);
}

static void *perform_many(void *userdata) {
        struct bench *bench = userdata;
        struct bp_http_request request = request_to("http://192.168.0.1/");
        size_t blocked = 0;

        for (int i = 0; i < PER_THREAD; i++) {
                _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
                const struct bp_http_response *response;

                if (bp_http_client_perform(bench->client, &request, arena, &response) == 0 &&
                    response->failure == BP_HTTP_BLOCKED &&
                    strcmp(response->message, "IP address 192.168.0.1 is in blocked range") == 0)
                        blocked++;
        }
        return blocked == PER_THREAD ? bench : NULL;
}

static void several_threads_wait_at_once(void **state) {
        struct bench *bench = *state;
        pthread_t threads[THREADS];

        for (int i = 0; i < THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, perform_many, bench), 0);
        for (int i = 0; i < THREADS; i++) {
                void *result;

                pthread_join(threads[i], &result);
                assert_non_null(result);
        }
}

static void the_request_need_not_live_on(void **state) {
        struct bench *bench = *state;
        char url[96], body[] = "body";
        struct bp_http_request request = request_to(url);
        char seen[512] = "";
        ssize_t size = 0;
        uint64_t number;
        int fd;

        snprintf(url, sizeof(url), "%spath", bench->url);
        request.method = "POST";
        request.body = body;
        request.body_size = 4;
        assert_int_equal(bp_http_client_begin(bench->client, &request, note, &bench->log, &number), 0);
        memset(url, 'x', sizeof(url));
        memset(body, 'x', sizeof(body));
        fd = accept(bench->listener, NULL, NULL);
        while (!strstr(seen, "\r\n\r\nbody")) {
                ssize_t more = read(fd, seen + size, sizeof(seen) - 1 - (size_t)size);

                assert_true(more > 0);
                size += more;
        }
        assert_memory_equal(seen, "POST /path HTTP/1.1\r\n", strlen("POST /path HTTP/1.1\r\n"));
        bp_http_client_cancel(bench->client, number);
        wait_for(&bench->log, 1);
        close(fd);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_cancelled_exchange_that_was_sent_is_broken, set_up, tear_down),
                cmocka_unit_test_setup_teardown(closing_ends_every_exchange_once, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_callback_may_begin_another_exchange, set_up, tear_down),
                cmocka_unit_test_setup_teardown(several_threads_wait_at_once, set_up, tear_down),
                cmocka_unit_test_setup_teardown(the_request_need_not_live_on, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
