/* SPDX-License-Identifier: Apache-2.0 */
/* Calls to services and to the bus, against real servers on this machine: what goes over the wire, what is repeated,
 * and when a service is left alone. */
#include "scripted_server.h"

#include <errno.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "http/client.h"
#include "invoke/invoke.h"
#include "metrics/metrics.h"

static const char ok[] = ANSWER("200", "", "{\"ok\":true}");
static const char busy[] = ANSWER("503", "", "busy");
static const char execution_id[] = "0190f1e2-7b3c-7d4e-8f50-61728394a5b6";

struct bench {
        struct bp_arena *arena;
        struct scripted_server *server;
        struct bp_invoker *invoker;
        struct bp_invoker_service service;
        struct bp_invoker_settings settings;
};

/* A bench whose service "budapp" is the server. */
static struct bench *bench_new(const char *const *answers) {
        struct bench *bench = test_calloc(1, sizeof(*bench));

        bench->arena = bp_arena_new(BP_ARENA_UNLIMITED);
        bench->server = scripted_server_open(answers);
        bench->service = (struct bp_invoker_service){.name = "budapp", .url = bench->server->url};
        bench->settings = (struct bp_invoker_settings){
                .services = &bench->service, .n_services = 1, .retry = {.wait_ms = 1, .wait_max_ms = 2}};
        return bench;
}

static void bench_free(struct bench *bench) {
        bp_invoker_free(bench->invoker);
        scripted_server_close(bench->server);
        bp_arena_free(bench->arena);
        test_free(bench);
}

static const struct bp_value *value_of(struct bench *bench, const char *json) {
        struct bp_value *value = bp_arena_alloc(bench->arena, sizeof(*value));
        struct bp_problem problem;

        assert_int_equal(bp_json_parse(bench->arena, json, strlen(json), NULL, value, &problem), 0);
        return value;
}

static const struct bp_http_response *call(struct bench *bench, struct bp_http_request request) {
        struct bp_invoker_caller caller = {.step_id = "add", .attempt = 1};
        const struct bp_http_response *response;

        assert_true(bp_id_parse(execution_id, &caller.execution));
        request.struct_size = sizeof(request);
        if (!bench->invoker)
                assert_int_equal(bp_invoker_new(&bench->settings, &bench->invoker), 0);
        assert_int_equal(bp_invoker_perform(bench->invoker, &request, &caller, bench->arena, &response), 0);
        return response;
}

/* ---------------------------------------------------------------------------------------------------------------
 * What goes over the wire
 */

static void a_configured_service_is_asked_directly(void **state) {
        struct bench *bench = bench_new((const char *const[]){ok, NULL});
        const struct bp_http_response *response;
        const char *heard = bench->server->heard[0];

        (void)state;
        bench->service.token = "s3cret";
        bench->service.headers = value_of(bench, "{\"X-Tenant\": \"blue\"}");
        response = call(bench, (struct bp_http_request){.method = "POST",
                                                        .service = "budapp",
                                                        .url = "/models/7",
                                                        .query = value_of(bench, "{\"user_id\":\"a b&c\",\"n\":2,"
                                                                                 "\"on\":true,\"gone\":null}"),
                                                        .json = value_of(bench, "{\"name\":\"x\"}")});
        assert_int_equal(response->failure, BP_HTTP_OK);
        assert_string_equal(response->body, "{\"ok\":true}");
        assert_true(has_line(heard, "POST /models/7?user_id=a%20b%26c&n=2&on=true HTTP/1.1"));
        assert_true(has_line(heard, "content-type: application/json"));
        assert_true(has_line(heard, "authorization: Bearer s3cret"));
        assert_true(has_line(heard, "x-tenant: blue"));
        assert_non_null(strcasestr(heard, "\r\ntraceparent: 00-0190f1e27b3c7d4e8f5061728394a5b6-"));
        assert_null(strcasestr(heard, "api-token"));
        assert_string_equal(body_in(heard), "{\"name\":\"x\"}");
        bench_free(bench);
}

static void any_other_goes_through_the_sidecar(void **state) {
        struct bench *bench = bench_new((const char *const[]){ok, NULL});
        const char *heard = bench->server->heard[0];

        (void)state;
        bench->service = (struct bp_invoker_service){.name = "budapp", .app_id = "budapp-blue"};
        bench->settings.dapr_url = bench->server->url;
        bench->settings.dapr_token = "t0ken";
        call(bench, (struct bp_http_request){.service = "budapp",
                                             .url = "models",
                                             .headers = value_of(bench, "{\"Traceparent\": \"00-kept\"}"),
                                             .json = value_of(bench, "{\"never\":\"sent\"}")});
        assert_true(has_line(heard, "GET /v1.0/invoke/budapp-blue/method/models HTTP/1.1"));
        assert_true(has_line(heard, "content-type: application/json"));
        assert_true(has_line(heard, "dapr-api-token: t0ken"));
        assert_true(has_line(heard, "x-app-api-token: t0ken"));
        assert_true(has_line(heard, "traceparent: 00-kept"));
        assert_string_equal(body_in(heard), "");
        bench_free(bench);
}

static void a_service_nobody_configured_is_unsent_and_says_what_to_configure(void **state) {
        struct bench *bench = bench_new((const char *const[]){ok, NULL});
        const struct bp_http_response *response =
                call(bench, (struct bp_http_request){.service = "budsim", .url = "/x"});

        (void)state;
        assert_int_equal(response->failure, BP_HTTP_UNSENT);
        assert_non_null(strstr(response->message, "services.budsim.url"));
        assert_non_null(strstr(response->message, "dapr.url"));
        bench_free(bench);
}

static void a_path_cannot_leave_the_service(void **state) {
        static const char *const paths[] = {
                "/models/../secrets", "/models/%2e%2E/secrets", "/a/..%2fb", "/..", "/a/./b", "/a\\b", "/a#b"};
        struct bench *bench = bench_new((const char *const[]){ok, NULL});

        (void)state;
        for (size_t i = 0; i < BP_COUNT(paths); i++)
                assert_int_equal(call(bench, (struct bp_http_request){.service = "budapp", .url = paths[i]})->failure,
                                 BP_HTTP_UNSENT);
        assert_int_equal(call(bench, (struct bp_http_request){.service = "bud/app", .url = "/"})->failure,
                         BP_HTTP_UNSENT);
        assert_int_equal(scripted_server_count(bench->server), 0);
        assert_int_equal(
                call(bench, (struct bp_http_request){.service = "budapp", .url = "/v1.2/..a/b..?q=../x"})->status, 200);
        bench_free(bench);
}

static void only_calls_to_the_service_pass_the_guard(void **state) {
        struct bench *bench = bench_new((const char *const[]){ok, NULL});
        char url[80];

        (void)state;
        snprintf(url, sizeof(url), "%s/models", bench->server->url);
        assert_int_equal(call(bench, (struct bp_http_request){.url = url})->failure, BP_HTTP_BLOCKED);
        assert_int_equal(call(bench, (struct bp_http_request){.service = "budapp", .url = "/"})->status, 200);
        bench_free(bench);
}

static void a_plain_request_takes_json_and_query_too(void **state) {
        struct bench *bench = bench_new((const char *const[]){busy, NULL});
        const struct bp_http_client_settings http = {.allow_hosts = (const char *const[]){"127.0.0.1", NULL}};
        const char *heard = bench->server->heard[0];
        char url[80];

        (void)state;
        bench->settings.http = &http;
        snprintf(url, sizeof(url), "%s/x?a=1#end", bench->server->url);
        call(bench, (struct bp_http_request){.method = "PUT",
                                             .url = url,
                                             .query = value_of(bench, "{\"b\":[1,2]}"),
                                             .json = value_of(bench, "[1]")});
        assert_true(has_line(heard, "PUT /x?a=1&b=1&b=2 HTTP/1.1"));
        assert_true(has_line(heard, "content-type: application/json"));
        assert_null(strcasestr(heard, "traceparent"));
        assert_string_equal(body_in(heard), "[1]");
        assert_int_equal(scripted_server_count(bench->server), 1);
        bench_free(bench);
}

/* ---------------------------------------------------------------------------------------------------------------
 * What is repeated
 */

static void only_what_may_be_repeated_is(void **state) {
        static const struct {
                const char *method, *first;
                size_t n_heard;
                uint32_t status;
        } cases[] = {
                {"GET", busy, 2, 200},
                {"PUT", ANSWER("429", "", "slow down"), 2, 200},
                {"DELETE", ANSWER("502", "", "bad gateway"), 2, 200},
                {"GET", ANSWER("504", "", ""), 2, 200},
                {"GET", "", 2, 200},
                {"GET", ANSWER("500", "", "no"), 1, 500},
                {"GET", ANSWER("404", "", "no"), 1, 404},
                {"POST", busy, 1, 503},
                {"PATCH", busy, 1, 503},
                {"POST", "", 1, 0},
        };

        (void)state;
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bench *bench = bench_new((const char *const[]){cases[i].first, ok, NULL});
                const struct bp_http_response *response = call(
                        bench, (struct bp_http_request){.method = cases[i].method, .service = "budapp", .url = "/"});

                assert_int_equal(response->status, cases[i].status);
                assert_int_equal(scripted_server_count(bench->server), cases[i].n_heard);
                bench_free(bench);
        }
}

static void the_number_of_tries_is_bounded_and_can_be_one(void **state) {
        (void)state;
        for (uint32_t tries = 0; tries < 5; tries++) {
                struct bench *bench = bench_new((const char *const[]){busy, NULL});

                bench->settings.retry.tries = tries;
                bench->settings.breaker.failures = 100;
                assert_int_equal(call(bench, (struct bp_http_request){.service = "budapp", .url = "/"})->status, 503);
                assert_int_equal(scripted_server_count(bench->server), tries ? tries : 3);
                bench_free(bench);
        }
}

static void a_post_that_never_left_is_repeated(void **state) {
        struct bench *bench = bench_new((const char *const[]){ok, NULL});
        struct bp_metrics *metrics = bp_metrics_new();
        struct bp_strbuf text;

        (void)state;
        /* Nobody listens there. */
        bench->service.url = "http://127.0.0.1:9";
        bench->settings.metrics = metrics;
        assert_int_equal(
                call(bench, (struct bp_http_request){.method = "POST", .service = "budapp", .url = "/"})->failure,
                BP_HTTP_UNSENT);
        bp_strbuf_init(&text, NULL, SIZE_MAX);
        bp_metrics_write(metrics, &text);
        assert_non_null(strstr(bp_strbuf_text(&text), "budpipeline_service_retries_total{service=\"budapp\"} 2\n"));
        assert_non_null(strstr(bp_strbuf_text(&text),
                               "budpipeline_service_calls_total{service=\"budapp\",outcome=\"unsent\"} 1\n"));
        bp_strbuf_done(&text);
        bench_free(bench);
        bp_metrics_free(metrics);
}

static void a_try_that_never_left_does_not_undo_one_that_did(void **state) {
        static const struct {
                const char *first;
                uint32_t failure;
        } cases[] = {{"", BP_HTTP_BROKEN}, {busy, BP_HTTP_UNSENT}};

        (void)state;
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bench *bench = bench_new((const char *const[]){cases[i].first, NULL});
                const struct bp_http_response *response;

                bench->server->stops_after_one = true;
                response = call(bench, (struct bp_http_request){.method = "PUT", .service = "budapp", .url = "/"});
                assert_int_equal(response->failure, cases[i].failure);
                assert_int_equal(strstr(response->message, "an earlier try broke after it was sent") != NULL,
                                 cases[i].failure == BP_HTTP_BROKEN);
                assert_int_equal(scripted_server_count(bench->server), 1);
                bench_free(bench);
        }
}

static void a_try_that_would_come_too_late_is_none(void **state) {
        static const char later[] = ANSWER("429", "Retry-After: 60\r\n", "later");
        struct bench *bench = bench_new((const char *const[]){later, ok, NULL});

        (void)state;
        assert_int_equal(
                call(bench, (struct bp_http_request){.service = "budapp", .url = "/", .timeout_ms = 20000})->status,
                429);
        assert_int_equal(scripted_server_count(bench->server), 1);
        bench_free(bench);
}

static void retry_after_is_waited_for(void **state) {
        static const char later[] = ANSWER("503", "Retry-After: 1\r\n", "later");
        struct bench *bench = bench_new((const char *const[]){later, ok, NULL});
        struct bp_mono before = bp_mono_now();

        (void)state;
        assert_int_equal(call(bench, (struct bp_http_request){.service = "budapp", .url = "/"})->status, 200);
        assert_true(bp_mono_now().us - before.us >= 1000000);
        bench_free(bench);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Calls that end early
 */

struct ending {
        pthread_mutex_t lock;
        pthread_cond_t told;
        uint32_t failure;
        unsigned times;
};

static void note_end(void *userdata, const struct bp_http_response *response) {
        struct ending *ending = userdata;

        pthread_mutex_lock(&ending->lock);
        ending->failure = response->failure;
        ending->times++;
        pthread_cond_signal(&ending->told);
        pthread_mutex_unlock(&ending->lock);
}

static void a_call_that_waits_for_its_next_try_can_be_cancelled(void **state) {
        struct bench *bench = bench_new((const char *const[]){busy, NULL});
        struct ending ending = {.lock = PTHREAD_MUTEX_INITIALIZER, .told = PTHREAD_COND_INITIALIZER};
        const struct bp_http_request request = {.struct_size = sizeof(request), .service = "budapp", .url = "/"};
        uint64_t number;

        (void)state;
        bench->settings.retry = (struct bp_invoker_retry){.wait_ms = 20000, .wait_max_ms = 20000};
        assert_int_equal(bp_invoker_new(&bench->settings, &bench->invoker), 0);
        assert_int_equal(bp_invoker_begin(bench->invoker, &request, NULL, note_end, &ending, &number), 0);
        while (scripted_server_count(bench->server) == 0)
                usleep(1000);
        bp_invoker_cancel(bench->invoker, number);
        pthread_mutex_lock(&ending.lock);
        while (ending.times == 0)
                pthread_cond_wait(&ending.told, &ending.lock);
        pthread_mutex_unlock(&ending.lock);
        bp_invoker_cancel(bench->invoker, number);
        bench->invoker = bp_invoker_free(bench->invoker);
        assert_int_equal(ending.times, 1);
        assert_int_equal(scripted_server_count(bench->server), 1);
        bench_free(bench);
}

static void closing_ends_every_call_and_lets_none_begin(void **state) {
        struct bench *bench = bench_new((const char *const[]){busy, NULL});
        struct ending ending = {.lock = PTHREAD_MUTEX_INITIALIZER, .told = PTHREAD_COND_INITIALIZER};
        const struct bp_http_request request = {.struct_size = sizeof(request), .service = "budapp", .url = "/"};

        (void)state;
        bench->settings.retry = (struct bp_invoker_retry){.wait_ms = 20000, .wait_max_ms = 20000};
        assert_int_equal(bp_invoker_new(&bench->settings, &bench->invoker), 0);
        for (int i = 0; i < 20; i++)
                assert_int_equal(bp_invoker_begin(bench->invoker, &request, NULL, note_end, &ending, NULL), 0);
        bp_invoker_close(bench->invoker);
        assert_int_equal(ending.times, 20);
        assert_int_equal(bp_invoker_begin(bench->invoker, &request, NULL, note_end, &ending, NULL), -ECANCELED);
        bench_free(bench);
}

/* ---------------------------------------------------------------------------------------------------------------
 * The breaker
 */

static void a_service_that_fails_is_left_alone_and_tried_again(void **state) {
        static const char broken[] = ANSWER("500", "", "no");
        struct bench *bench = bench_new((const char *const[]){broken, broken, broken, ok, NULL});
        const struct bp_http_request request = {.method = "POST", .service = "budapp", .url = "/"};
        const struct bp_http_response *response;

        (void)state;
        bench->settings.breaker = (struct bp_invoker_breaker){.failures = 2, .seconds = 1};
        assert_int_equal(call(bench, request)->status, 500);
        assert_int_equal(call(bench, request)->status, 500);
        response = call(bench, request);
        assert_int_equal(response->failure, BP_HTTP_UNSENT);
        assert_non_null(strstr(response->message, "budapp"));
        assert_non_null(strstr(response->message, "1 seconds"));
        assert_int_equal(scripted_server_count(bench->server), 2);
        usleep(1100 * 1000);
        assert_int_equal(call(bench, request)->status, 500); /* the one that tries; open again */
        assert_int_equal(call(bench, request)->failure, BP_HTTP_UNSENT);
        usleep(1100 * 1000);
        assert_int_equal(call(bench, request)->status, 200);
        assert_int_equal(call(bench, request)->status, 200);
        bench_free(bench);
}

static void answers_below_500_are_no_failures(void **state) {
        static const char missing[] = ANSWER("404", "", "no");
        struct bench *bench = bench_new((const char *const[]){missing, NULL});

        (void)state;
        bench->settings.breaker = (struct bp_invoker_breaker){.failures = 1, .seconds = 60};
        for (int i = 0; i < 3; i++)
                assert_int_equal(call(bench, (struct bp_http_request){.service = "budapp", .url = "/"})->status, 404);
        bench_free(bench);
}

/* ---------------------------------------------------------------------------------------------------------------
 * The bus
 */

static void without_a_bus_nothing_is_published(void **state) {
        struct bench *bench = bench_new((const char *const[]){ok, NULL});
        const struct bp_http_response *response =
                call(bench, (struct bp_http_request){.topic = "notifications", .json = value_of(bench, "{}")});

        (void)state;
        assert_int_equal(response->failure, BP_HTTP_UNSENT);
        assert_non_null(strstr(response->message, "no bus is configured"));
        assert_false(bp_invoker_has_bus(bench->invoker));
        bench_free(bench);
}

static void the_sidecar_gets_data_and_attributes(void **state) {
        struct bench *bench = bench_new((const char *const[]){ok, NULL});
        const char *heard = bench->server->heard[0];

        (void)state;
        bench->settings.bus = (struct bp_invoker_bus){.kind = BP_BUS_DAPR, .pubsub = "my bus"};
        bench->settings.dapr_url = bench->server->url;
        bench->settings.dapr_token = "t0ken";
        call(bench, (struct bp_http_request){.topic = "notifications",
                                             .headers = value_of(bench, "{\"ce-type\": \"note\", \"ce-id\": \"7\"}"),
                                             .json = value_of(bench, "{\"title\":\"x\"}")});
        assert_true(has_line(heard, "POST /v1.0/publish/my%20bus/notifications?metadata.cloudevent.id=7"
                                    "&metadata.cloudevent.source=budpipeline&metadata.cloudevent.type=note HTTP/1.1"));
        assert_true(has_line(heard, "content-type: application/json"));
        assert_true(has_line(heard, "dapr-api-token: t0ken"));
        assert_null(strcasestr(heard, "x-app-api-token"));
        assert_null(strcasestr(heard, "\r\nce-"));
        assert_string_equal(body_in(heard), "{\"title\":\"x\"}");
        bench_free(bench);
}

static void an_event_that_is_whole_stays_so(void **state) {
        struct bench *bench = bench_new((const char *const[]){ok, NULL});
        const char *heard = bench->server->heard[0];
        const struct bp_value *sent;

        (void)state;
        bench->settings.bus = (struct bp_invoker_bus){.kind = BP_BUS_DAPR};
        bench->settings.dapr_url = bench->server->url;
        call(bench, (struct bp_http_request){
                            .topic = "t",
                            .headers = value_of(bench, "{\"Content-Type\": \"application/cloudevents+json\"}"),
                            .json = value_of(bench, "{\"id\":\"own\",\"notification_type\":\"event\"}")});
        assert_true(has_line(heard, "POST /v1.0/publish/pubsub/t HTTP/1.1"));
        assert_true(has_line(heard, "content-type: application/cloudevents+json"));
        sent = value_of(bench, body_in(heard));
        assert_true(bp_value_is_text(bp_value_get(sent, "id"), "own"));
        assert_true(bp_value_is_text(bp_value_get(sent, "specversion"), "1.0"));
        assert_true(bp_value_is_text(bp_value_get(sent, "notification_type"), "event"));
        assert_null(bp_value_get(sent, "data"));
        bench_free(bench);
}

static void a_url_gets_cloudevents(void **state) {
        struct bench *bench = bench_new((const char *const[]){ok, NULL});
        const char *first = bench->server->heard[0], *second = bench->server->heard[1];
        const struct bp_http_request request = {.topic = "a/b", .json = value_of(bench, "{\"title\":\"x\"}")};
        const struct bp_value *sent, *again;
        char url[100];

        (void)state;
        snprintf(url, sizeof(url), "%s/topics/{topic}?key=1", bench->server->url);
        bench->settings.bus =
                (struct bp_invoker_bus){.kind = BP_BUS_HTTP, .url = url, .token = "s3cret", .source = "here"};
        assert_int_equal(call(bench, request)->status, 200);
        assert_int_equal(call(bench, request)->status, 200);
        assert_true(has_line(first, "POST /topics/a%2Fb?key=1 HTTP/1.1"));
        assert_true(has_line(first, "content-type: application/cloudevents+json"));
        assert_true(has_line(first, "authorization: Bearer s3cret"));
        sent = value_of(bench, body_in(first));
        assert_true(bp_value_is_text(bp_value_get(sent, "specversion"), "1.0"));
        assert_true(bp_value_is_text(bp_value_get(sent, "source"), "here"));
        assert_true(bp_value_is_text(bp_value_get(sent, "topic"), "a/b"));
        assert_true(bp_value_is_text(bp_value_at(sent, "/data/title"), "x"));
        again = value_of(bench, body_in(second));
        assert_true(bp_value_equal(bp_value_get(sent, "id"), bp_value_get(again, "id")));
        bench_free(bench);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Settings
 */

static void a_base_url_is_checked(void **state) {
        static const char *const good[] = {"http://localhost:3500", "https://budapp.svc/api/", "http://[::1]:80"};
        static const char *const bad[] = {"budapp:80",         "ftp://budapp",    "http://",
                                          "http://u:p@budapp", "http://budapp:x", "http://budapp:0",
                                          "http://budapp?a=1", "http://bud app"};

        (void)state;
        for (size_t i = 0; i < BP_COUNT(good); i++)
                assert_null(bp_invoker_url_refusal(good[i]));
        for (size_t i = 0; i < BP_COUNT(bad); i++) {
                const struct bp_invoker_settings settings = {.dapr_url = bad[i]};
                struct bp_invoker *invoker;

                assert_non_null(bp_invoker_url_refusal(bad[i]));
                assert_int_equal(bp_invoker_new(&settings, &invoker), -EINVAL);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_configured_service_is_asked_directly),
                cmocka_unit_test(any_other_goes_through_the_sidecar),
                cmocka_unit_test(a_service_nobody_configured_is_unsent_and_says_what_to_configure),
                cmocka_unit_test(a_path_cannot_leave_the_service),
                cmocka_unit_test(only_calls_to_the_service_pass_the_guard),
                cmocka_unit_test(a_plain_request_takes_json_and_query_too),
                cmocka_unit_test(only_what_may_be_repeated_is),
                cmocka_unit_test(the_number_of_tries_is_bounded_and_can_be_one),
                cmocka_unit_test(a_post_that_never_left_is_repeated),
                cmocka_unit_test(a_try_that_never_left_does_not_undo_one_that_did),
                cmocka_unit_test(a_try_that_would_come_too_late_is_none),
                cmocka_unit_test(retry_after_is_waited_for),
                cmocka_unit_test(a_call_that_waits_for_its_next_try_can_be_cancelled),
                cmocka_unit_test(closing_ends_every_call_and_lets_none_begin),
                cmocka_unit_test(a_service_that_fails_is_left_alone_and_tried_again),
                cmocka_unit_test(answers_below_500_are_no_failures),
                cmocka_unit_test(without_a_bus_nothing_is_published),
                cmocka_unit_test(the_sidecar_gets_data_and_attributes),
                cmocka_unit_test(an_event_that_is_whole_stays_so),
                cmocka_unit_test(a_url_gets_cloudevents),
                cmocka_unit_test(a_base_url_is_checked),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
