/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that wait for their turn: they are small, fair to other services, counted, and kept from a service that is
 * found ill meanwhile. */
#include "held_server.h"

#include <malloc.h>
#include <pthread.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "http/client.h"
#include "invoke/invoke.h"
#include "metrics/metrics.h"

enum { MANY = 10000, BYTES_EACH_MAX = 2048 };

struct bench {
        struct held_server server;
        struct bp_http_client_settings http;
        struct bp_invoker_settings settings;
        struct bp_invoker *invoker;
        struct bp_metrics *metrics;

        pthread_mutex_t lock;
        pthread_cond_t changed;
        size_t count;
        size_t by_failure[BP_HTTP_LIMIT + 1];
        char message[512];
};

/* One sidecar, one connection for each service. */
static struct bench *bench_new(void) {
        struct bench *bench = test_calloc(1, sizeof(*bench));

        bench->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
        bench->changed = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
        bench->server = held_server_open();
        bench->metrics = bp_metrics_new();
        bench->http = (struct bp_http_client_settings){.max_per_host = 1};
        bench->settings = (struct bp_invoker_settings){
                .http = &bench->http, .dapr_url = bench->server.url, .metrics = bench->metrics, .retry = {.tries = 1}};
        return bench;
}

static void bench_free(struct bench *bench) {
        bp_invoker_free(bench->invoker);
        bp_metrics_free(bench->metrics);
        held_server_close(&bench->server);
        test_free(bench);
}

static void note(void *userdata, const struct bp_http_response *response) {
        struct bench *bench = userdata;

        pthread_mutex_lock(&bench->lock);
        bench->count++;
        bench->by_failure[response->failure]++;
        snprintf(bench->message, sizeof(bench->message), "%s", response->message);
        pthread_cond_signal(&bench->changed);
        pthread_mutex_unlock(&bench->lock);
}

static void wait_for(struct bench *bench, size_t count) {
        pthread_mutex_lock(&bench->lock);
        while (bench->count < count)
                pthread_cond_wait(&bench->changed, &bench->lock);
        pthread_mutex_unlock(&bench->lock);
}

static uint64_t begin(struct bench *bench, const char *service, uint32_t timeout_ms) {
        const struct bp_value json = bp_value_text_borrow("what is to be done", 18);
        const struct bp_http_request request = {.struct_size = sizeof(request),
                                                .method = "POST",
                                                .service = service,
                                                .url = "/work",
                                                .json = &json,
                                                .timeout_ms = timeout_ms};
        const struct bp_invoker_caller caller = {.step_id = "work", .attempt = 1};
        uint64_t number;

        if (!bench->invoker)
                assert_int_equal(bp_invoker_new(&bench->settings, &bench->invoker), 0);
        assert_int_equal(bp_invoker_begin(bench->invoker, &request, &caller, note, bench, &number), 0);
        return number;
}

static struct held_request take(struct bench *bench, const char *service) {
        struct held_request request = held_server_take(&bench->server);
        char path[64];

        snprintf(path, sizeof(path), "/v1.0/invoke/%s/method/work", service);
        assert_true(held_request_is_for(&request, path));
        return request;
}

static void assert_counted(const struct bench *bench, const char *line) {
        struct bp_strbuf text;

        bp_strbuf_init(&text, NULL, SIZE_MAX);
        bp_metrics_write(bench->metrics, &text);
        if (!strstr(bp_strbuf_text(&text), line))
                fail_msg("no %s in the metrics", line);
        bp_strbuf_done(&text);
}

static void a_slow_service_holds_up_no_other_behind_the_same_sidecar(void **state) {
        struct bench *bench = bench_new();
        struct held_request slow, quick;

        (void)state;
        for (int i = 0; i < 20; i++)
                begin(bench, "budsim", 0);
        slow = take(bench, "budsim");
        begin(bench, "budapp", 0);
        quick = take(bench, "budapp");
        assert_counted(bench, "budpipeline_calls_queued{service=\"budsim\"} 19\n");
        assert_counted(bench, "budpipeline_calls_running{service=\"budsim\"} 1\n");
        assert_counted(bench, "budpipeline_calls_queued{service=\"budapp\"} 0\n");
        assert_counted(bench, "budpipeline_calls_running{service=\"budapp\"} 1\n");
        held_request_answer(&quick, "200");
        wait_for(bench, 1);
        assert_int_equal(bench->by_failure[BP_HTTP_OK], 1);
        bp_invoker_close(bench->invoker);
        assert_int_equal(bench->count, 21);
        assert_counted(bench, "budpipeline_calls_queued{service=\"budsim\"} 0\n");
        assert_counted(bench, "budpipeline_calls_running{service=\"budsim\"} 0\n");
        bench_free(bench);
        close(slow.fd);
}

static void one_that_waits_is_cancelled_at_once(void **state) {
        struct bench *bench = bench_new();
        struct held_request held;
        uint64_t second;

        (void)state;
        begin(bench, "budapp", 0);
        held = take(bench, "budapp");
        second = begin(bench, "budapp", 0);
        bp_invoker_cancel(bench->invoker, second);
        wait_for(bench, 1);
        assert_int_equal(bench->by_failure[BP_HTTP_UNSENT], 1);
        assert_string_equal(bench->message, "cancelled");
        bench_free(bench);
        close(held.fd);
}

static void time_that_was_up_before_its_turn_says_so_and_is_no_failure_of_the_service(void **state) {
        struct bench *bench = bench_new();
        struct held_request held;

        (void)state;
        bench->settings.breaker = (struct bp_invoker_breaker){.failures = 1, .seconds = 60};
        begin(bench, "budapp", 0);
        held = take(bench, "budapp");
        begin(bench, "budapp", 20);
        wait_for(bench, 1);
        assert_non_null(strstr(bench->message, "free connection to service budapp: limit 1"));
        assert_counted(bench, "budpipeline_service_calls_total{service=\"budapp\",outcome=\"waited\"} 1\n");
        begin(bench, "budapp", 0);
        held_request_answer(&held, "200");
        held = take(bench, "budapp");
        held_request_answer(&held, "200");
        wait_for(bench, 3);
        assert_int_equal(bench->by_failure[BP_HTTP_OK], 2);
        bench_free(bench);
}

static void those_that_wait_are_not_sent_to_a_service_that_is_found_ill(void **state) {
        struct bench *bench = bench_new();
        struct held_request held;

        (void)state;
        bench->settings.breaker = (struct bp_invoker_breaker){.failures = 1, .seconds = 60};
        for (int i = 0; i < 10; i++)
                begin(bench, "budapp", 0);
        held = take(bench, "budapp");
        held_request_answer(&held, "500");
        wait_for(bench, 10);
        assert_int_equal(bench->by_failure[BP_HTTP_OK], 1);
        assert_int_equal(bench->by_failure[BP_HTTP_UNSENT], 9);
        assert_non_null(strstr(bench->message, "service budapp has failed again and again"));
        assert_true(held_server_is_quiet(&bench->server));
        bench_free(bench);
}

/* A sanitizer's allocator counts nothing, and the test then shows that so many can wait. */
static void one_that_waits_is_small(void **state) {
        struct bench *bench = bench_new();
        struct held_request held;
        size_t before, each;

        (void)state;
        begin(bench, "budapp", 0);
        held = take(bench, "budapp");
        before = mallinfo2().uordblks;
        for (int i = 0; i < MANY; i++)
                begin(bench, "budapp", 0);
        each = (mallinfo2().uordblks - before) / MANY;
        assert_in_range(each, 0, BYTES_EACH_MAX);
        bp_invoker_close(bench->invoker);
        assert_int_equal(bench->count, MANY + 1);
        bench_free(bench);
        close(held.fd);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_slow_service_holds_up_no_other_behind_the_same_sidecar),
                cmocka_unit_test(one_that_waits_is_cancelled_at_once),
                cmocka_unit_test(time_that_was_up_before_its_turn_says_so_and_is_no_failure_of_the_service),
                cmocka_unit_test(those_that_wait_are_not_sent_to_a_service_that_is_found_ill),
                cmocka_unit_test(one_that_waits_is_small),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
