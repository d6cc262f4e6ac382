/* SPDX-License-Identifier: Apache-2.0 */
/* Exchanges that wait for their turn: in which order they go, that none holds up those of others, and how they end. */
#include "held_server.h"

#include <pthread.h>

#include "http/client.h"

enum { MANY = 200 };

static const char *const anything_local[] = {"127.0.0.1:*", NULL};

/* How exchanges ended. */
struct ends {
        size_t count;
        size_t by_failure[BP_HTTP_LIMIT + 1];
        enum bp_http_end end; /* of the last one */
        struct bp_http_response last;
        char message[512];
};

struct bench {
        struct held_server server;
        struct bp_http_client_settings settings;
        struct bp_http_client *client;
        pthread_mutex_t lock;
        pthread_cond_t changed;
        struct ends ends;                       /* under the lock, as the next one */
        int64_t (*after)(enum bp_http_end end); /* what `note` answers; NULL: over */
        struct ends seen;                       /* the ends when they were last waited for */
};

static struct bench *bench_new(uint32_t connections, uint32_t per_host) {
        struct bench *bench = test_calloc(1, sizeof(*bench));

        bench->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
        bench->changed = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
        bench->server = held_server_open();
        bench->settings = (struct bp_http_client_settings){
                .allow_hosts = anything_local, .max_connections = connections, .max_per_host = per_host};
        return bench;
}

static void bench_free(struct bench *bench) {
        bp_http_client_free(bench->client);
        held_server_close(&bench->server);
        test_free(bench);
}

static int64_t note(void *userdata, const struct bp_http_response *response, enum bp_http_end end) {
        struct bench *bench = userdata;
        struct ends *ends = &bench->ends;
        int64_t again_ms;

        pthread_mutex_lock(&bench->lock);
        again_ms = bench->after ? bench->after(end) : BP_HTTP_OVER;
        ends->count++;
        ends->by_failure[response->failure]++;
        ends->end = end;
        ends->last = *response;
        snprintf(ends->message, sizeof(ends->message), "%s", response->message);
        pthread_cond_signal(&bench->changed);
        pthread_mutex_unlock(&bench->lock);
        return again_ms;
}

static void from_now_on(struct bench *bench, int64_t (*after)(enum bp_http_end end)) {
        pthread_mutex_lock(&bench->lock);
        bench->after = after;
        pthread_mutex_unlock(&bench->lock);
}

static void wait_for(struct bench *bench, size_t count) {
        pthread_mutex_lock(&bench->lock);
        while (bench->ends.count < count)
                pthread_cond_wait(&bench->changed, &bench->lock);
        bench->seen = bench->ends;
        pthread_mutex_unlock(&bench->lock);
}

/* An exchange with a server, and what else holds for it. */
struct ask {
        const char *path, *lane, *method;
        uint32_t timeout_ms;
        bp_http_leaves *leaves;
};

static uint64_t begin_with(struct bench *bench, const struct held_server *server, const struct ask *ask) {
        const struct bp_http_exchange_options options = {.lane = ask->lane, .leaves = ask->leaves};
        char url[96];
        const struct bp_http_request request = {
                .struct_size = sizeof(request), .url = url, .timeout_ms = ask->timeout_ms, .method = ask->method};
        uint64_t number;

        if (!bench->client)
                assert_int_equal(bp_http_client_new(&bench->settings, &bench->client), 0);
        snprintf(url, sizeof(url), "%s%s", server->url, ask->path);
        assert_int_equal(bp_http_client_begin_with(bench->client, &request, &options, note, bench, &number), 0);
        return number;
}

static uint64_t begin(struct bench *bench, const char *path, const char *lane) {
        return begin_with(bench, &bench->server, &(const struct ask){.path = path, .lane = lane});
}

static struct held_request take(struct bench *bench, const char *path) {
        struct held_request request = held_server_take(&bench->server);

        if (!held_request_is_for(&request, path))
                fail_msg("%s was to come next, and what came is: %.40s", path, request.head);
        return request;
}

static void serve(struct bench *bench, const char *path) {
        struct held_request request = take(bench, path);

        held_request_answer(&request, "200");
}

/* ---------------------------------------------------------------------------------------------------------------
 * Order
 */

static void those_of_a_target_go_in_the_order_they_came(void **state) {
        struct bench *bench = bench_new(0, 2);
        struct held_request first, second;

        (void)state;
        for (int i = 0; i < 5; i++)
                begin(bench, (const char *const[]){"/0", "/1", "/2", "/3", "/4"}[i], NULL);
        first = take(bench, "/0");
        second = take(bench, "/1");
        assert_true(held_server_is_quiet(&bench->server));
        held_request_answer(&second, "200");
        second = take(bench, "/2");
        assert_true(held_server_is_quiet(&bench->server));
        held_request_answer(&first, "200");
        serve(bench, "/3");
        held_request_answer(&second, "200");
        serve(bench, "/4");
        wait_for(bench, 5);
        assert_int_equal(bench->seen.by_failure[BP_HTTP_OK], 5);
        bench_free(bench);
}

static void a_target_that_is_full_holds_up_no_other(void **state) {
        struct bench *bench = bench_new(0, 1);
        struct held_server other = held_server_open();
        struct held_request held, quick;

        (void)state;
        for (int i = 0; i < MANY; i++)
                begin(bench, "/slow", NULL);
        held = take(bench, "/slow");
        begin_with(bench, &other, &(const struct ask){.path = "/quick"});
        quick = held_server_take(&other);
        held_request_answer(&quick, "200");
        wait_for(bench, 1);
        assert_int_equal(bench->seen.by_failure[BP_HTTP_OK], 1);
        close(held.fd);
        bench_free(bench);
        held_server_close(&other);
}

static void lanes_of_one_target_are_bounded_each_for_itself(void **state) {
        struct bench *bench = bench_new(0, 1);
        struct held_request held;

        (void)state;
        begin(bench, "/slow", "service slow");
        begin(bench, "/slow", "service slow");
        held = take(bench, "/slow");
        begin(bench, "/quick", "service quick");
        serve(bench, "/quick");
        wait_for(bench, 1);
        held_request_answer(&held, "200");
        serve(bench, "/slow");
        wait_for(bench, 3);
        bench_free(bench);
}

static void lanes_take_turns(void **state) {
        struct bench *bench = bench_new(1, 1000);

        (void)state;
        begin(bench, "/first", "first");
        for (int i = 0; i < 3; i++)
                begin(bench, "/many", "many");
        begin(bench, "/few", "few");
        begin(bench, "/some", "some");
        begin(bench, "/some", "some");
        serve(bench, "/first");
        serve(bench, "/many");
        serve(bench, "/few");
        serve(bench, "/some");
        serve(bench, "/many");
        serve(bench, "/some");
        serve(bench, "/many");
        wait_for(bench, 7);
        assert_int_equal(bench->seen.by_failure[BP_HTTP_OK], 7);
        bench_free(bench);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Ends
 */

static void assert_waited_in_vain(const struct bench *bench, const char *because) {
        const struct ends *seen = &bench->seen;

        assert_int_equal(seen->end, BP_HTTP_END_WAITED);
        assert_int_equal(seen->last.failure, BP_HTTP_UNSENT);
        assert_int_equal(seen->last.no_connection, 1);
        assert_int_equal(seen->last.timed_out, 0);
        if (!strstr(seen->message, because))
                fail_msg("\"%s\" does not say: %s", seen->message, because);
}

static void its_time_runs_while_it_waits(void **state) {
        static const struct {
                uint32_t connections, per_host;
                const char *lane, *because;
        } cases[] = {
                {1000, 1, "service budapp",
                 " s for a free connection to service budapp: limit 1 (client.connections_per_host)"},
                {1, 1000, "service budapp",
                 " s for a free connection to service budapp: limit 1 in all (client.connections)"},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct bench *bench = bench_new(cases[i].connections, cases[i].per_host);
                struct held_request held;

                begin(bench, "/held", cases[i].lane);
                held = take(bench, "/held");
                begin_with(bench, &bench->server,
                           &(const struct ask){.path = "/late", .lane = cases[i].lane, .timeout_ms = 50});
                wait_for(bench, 1);
                assert_waited_in_vain(bench, "waited 0.");
                assert_waited_in_vain(bench, cases[i].because);
                assert_true(held_server_is_quiet(&bench->server));
                close(held.fd);
                bench_free(bench);
        }
}

static void without_a_lane_it_is_named_by_its_target(void **state) {
        struct bench *bench = bench_new(0, 1);
        struct held_request held;

        (void)state;
        begin(bench, "/held", NULL);
        held = take(bench, "/held");
        begin_with(bench, &bench->server, &(const struct ask){.path = "/late", .timeout_ms = 20});
        wait_for(bench, 1);
        assert_waited_in_vain(bench, bench->server.target);
        close(held.fd);
        bench_free(bench);
}

static void a_service_that_answers_too_late_is_another_matter(void **state) {
        struct bench *bench = bench_new(0, 1);
        struct held_request held;

        (void)state;
        begin_with(bench, &bench->server, &(const struct ask){.path = "/held", .timeout_ms = 200});
        held = take(bench, "/held");
        wait_for(bench, 1);
        assert_int_equal(bench->seen.end, BP_HTTP_END_DEADLINE);
        assert_int_equal(bench->seen.last.failure, BP_HTTP_TIMEOUT);
        assert_int_equal(bench->seen.last.no_connection, 0);
        close(held.fd);
        bench_free(bench);
}

static void only_so_many_wait_and_none_of_others_is_kept_out(void **state) {
        struct bench *bench = bench_new(0, 1);
        struct held_request held;

        (void)state;
        bench->settings.max_waiting = 2;
        for (int i = 0; i < 3; i++)
                begin(bench, "/slow", "service slow");
        held = take(bench, "/slow");
        begin(bench, "/slow", "service slow");
        wait_for(bench, 1);
        assert_waited_in_vain(bench, "service slow: 2 requests wait for one already (client.waiting)");
        begin(bench, "/quick", "service quick");
        serve(bench, "/quick");
        wait_for(bench, 2);
        assert_int_equal(bench->seen.by_failure[BP_HTTP_OK], 1);
        close(held.fd);
        bench_free(bench);
}

static void one_that_waits_is_cancelled_at_once(void **state) {
        struct bench *bench = bench_new(0, 1);
        struct held_request held;
        uint64_t second;

        (void)state;
        begin(bench, "/first", NULL);
        held = take(bench, "/first");
        second = begin(bench, "/second", NULL);
        begin(bench, "/third", NULL);
        bp_http_client_cancel(bench->client, second);
        wait_for(bench, 1);
        assert_int_equal(bench->seen.end, BP_HTTP_END_CANCEL);
        assert_int_equal(bench->seen.by_failure[BP_HTTP_UNSENT], 1);
        held_request_answer(&held, "200");
        serve(bench, "/third");
        wait_for(bench, 3);
        bench_free(bench);
}

static void one_under_way_that_is_cancelled_makes_room(void **state) {
        struct bench *bench = bench_new(0, 1);
        struct held_request held;
        uint64_t first = begin(bench, "/first", NULL);

        (void)state;
        held = take(bench, "/first");
        begin(bench, "/second", NULL);
        bp_http_client_cancel(bench->client, first);
        serve(bench, "/second");
        wait_for(bench, 2);
        close(held.fd);
        bench_free(bench);
}

static void closing_ends_those_that_wait(void **state) {
        struct bench *bench = bench_new(0, 1);
        struct held_request held;

        (void)state;
        for (int i = 0; i < MANY; i++)
                begin(bench, "/", NULL);
        held = take(bench, "/");
        bench->client = bp_http_client_free(bench->client);
        assert_int_equal(bench->ends.count, MANY);
        assert_int_equal(bench->ends.by_failure[BP_HTTP_BROKEN], 1);
        assert_int_equal(bench->ends.by_failure[BP_HTTP_UNSENT], MANY - 1);
        close(held.fd);
        bench_free(bench);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Leaving, and coming again
 */

static bool not_today(void *userdata, char *ret_refusal, size_t size) {
        (void)userdata;
        snprintf(ret_refusal, size, "not today");
        return false;
}

static void who_has_its_turn_may_be_refused(void **state) {
        struct bench *bench = bench_new(0, 1);
        struct held_request held;

        (void)state;
        begin(bench, "/first", NULL);
        held = take(bench, "/first");
        begin_with(bench, &bench->server, &(const struct ask){.path = "/second", .leaves = not_today});
        begin(bench, "/third", NULL);
        held_request_answer(&held, "200");
        serve(bench, "/third");
        wait_for(bench, 3);
        assert_int_equal(bench->seen.by_failure[BP_HTTP_UNSENT], 1);
        assert_int_equal(bench->seen.by_failure[BP_HTTP_OK], 2);
        bench_free(bench);
}

static int64_t at_once_again(enum bp_http_end end) {
        return end == BP_HTTP_END_CURL ? 0 : BP_HTTP_OVER;
}

/* Its body, headers and target are still there; it stands behind those that came before its second try. */
static void one_that_is_tried_again_gets_in_line_again(void **state) {
        struct bench *bench = bench_new(0, 1);
        struct held_request held;
        uint64_t number;

        (void)state;
        from_now_on(bench, at_once_again);
        number = begin_with(bench, &bench->server, &(const struct ask){.path = "/again", .method = "PUT"});
        held = take(bench, "/again");
        begin(bench, "/other", NULL);
        held_request_answer(&held, "503");
        wait_for(bench, 1);
        from_now_on(bench, NULL);
        serve(bench, "/other");
        held = take(bench, "/again");
        assert_memory_equal(held.head, "PUT /again HTTP/1.1\r\n", 21);
        bp_http_client_cancel(bench->client, number);
        wait_for(bench, 3);
        assert_int_equal(bench->seen.end, BP_HTTP_END_CANCEL);
        assert_int_equal(bench->seen.last.failure, BP_HTTP_BROKEN);
        close(held.fd);
        bench_free(bench);
}

static void its_time_counts_over_all_tries(void **state) {
        struct bench *bench = bench_new(0, 1);
        struct held_request held;

        (void)state;
        from_now_on(bench, at_once_again);
        begin_with(bench, &bench->server, &(const struct ask){.path = "/", .timeout_ms = 300});
        serve(bench, "/");
        held = take(bench, "/");
        wait_for(bench, 2);
        assert_int_equal(bench->seen.end, BP_HTTP_END_DEADLINE);
        close(held.fd);
        bench_free(bench);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(those_of_a_target_go_in_the_order_they_came),
                cmocka_unit_test(a_target_that_is_full_holds_up_no_other),
                cmocka_unit_test(lanes_of_one_target_are_bounded_each_for_itself),
                cmocka_unit_test(lanes_take_turns),
                cmocka_unit_test(its_time_runs_while_it_waits),
                cmocka_unit_test(without_a_lane_it_is_named_by_its_target),
                cmocka_unit_test(a_service_that_answers_too_late_is_another_matter),
                cmocka_unit_test(only_so_many_wait_and_none_of_others_is_kept_out),
                cmocka_unit_test(one_that_waits_is_cancelled_at_once),
                cmocka_unit_test(one_under_way_that_is_cancelled_makes_room),
                cmocka_unit_test(closing_ends_those_that_wait),
                cmocka_unit_test(who_has_its_turn_may_be_refused),
                cmocka_unit_test(one_that_is_tried_again_gets_in_line_again),
                cmocka_unit_test(its_time_counts_over_all_tries),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
