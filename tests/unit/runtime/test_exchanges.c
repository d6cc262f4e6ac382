/* SPDX-License-Identifier: Apache-2.0 */
/* Steps that wait for HTTP answers, against a real server on this machine. */
#include "world.h"

#include <sys/resource.h>

#include "http/client.h"
#include "invoke/invoke.h"
#include "slow_server.h"

enum {
        EXECUTIONS = 10,
        EXECUTIONS_FULL = 80,
        STEPS = 50,
        NEVER = 1000000,
};

static const struct bp_http_client_settings local = {
        .allow_hosts = (const char *const[]){"127.0.0.1", NULL}, .max_connections = 5000, .max_per_host = 5000};
static const struct bp_invoker_settings local_invoker = {.http = &local};
static const struct bp_runtime_settings with_http = {.invoke = &local_invoker};

static struct bp_id start_request(struct world *world, const struct slow_server *server, const char *action,
                                  const char *more) {
        char members[512];

        snprintf(members, sizeof(members),
                 "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"%s\", \"params\":"
                 "{\"url\": \"http://127.0.0.1:%u/\"%s",
                 action, server->port, more);
        return start(world, members);
}

static void a_step_goes_on_with_each_reply(void **state) {
        struct slow_server *server = slow_server_open(1);
        struct world *world = world_new(&with_http, NULL);

        (void)state;
        start_request(world, server, "fetch", ", \"rounds\": 3}}]");
        world_run(world);
        assert_int_equal(world->ended[0].state, BP_EXECUTION_COMPLETED);
        assert_int_equal(world->ended[0].steps[0].n, 3);
        assert_string_equal(world->ended[0].steps[0].text, "ok");
        world_free(world);
        slow_server_close(server);
}

static void an_action_may_also_wait_for_its_answer(void **state) {
        struct slow_server *server = slow_server_open(1);
        struct world *world = world_new(&with_http, NULL);

        (void)state;
        start_request(world, server, "call", "}}]");
        world_run(world);
        assert_int_equal(world->ended[0].state, BP_EXECUTION_COMPLETED);
        assert_string_equal(world->ended[0].steps[0].text, "ok");
        world_free(world);
        slow_server_close(server);
}

/* Counts how often the text stands in what the server heard. */
static unsigned times_heard(const struct slow_server *server, const char *text) {
        unsigned n = 0;

        for (const char *at = server->heard; (at = strstr(at, text)); at++)
                n++;
        return n;
}

static void whatever_changes_things_carries_a_key_of_its_own(void **state) {
        struct slow_server *server = slow_server_open(1);
        struct world *world = world_new(&with_http, NULL);
        char line[256];

        (void)state;
        start_request(world, server, "post", "}}]");
        world_run(world);
        assert_int_equal(world->ended[0].state, BP_EXECUTION_COMPLETED);
        slow_server_stop(server);
        assert_int_equal(times_heard(server, "POST / "), 3);
        assert_int_equal(times_heard(server, "GET / "), 1);
        assert_int_equal(times_heard(server, "Idempotency-Key: "), 2);
        assert_int_equal(times_heard(server, "idempotency-key: mine"), 1);
        /* The first call carries the key that the action sees; the second one another. */
        snprintf(line, sizeof(line), "Idempotency-Key: %s\r\n", stage.calls[0].key);
        assert_int_equal(times_heard(server, line), 1);
        world_free(world);
        slow_server_close(server);
}

static void an_endless_chain_of_replies_is_cut_off(void **state) {
        struct slow_server *server = slow_server_open(1);
        struct world *world = world_new(&with_http, NULL);

        (void)state;
        start_request(world, server, "fetch", ", \"rounds\": 1000000}}]");
        world_run(world);
        assert_int_equal(world->ended[0].state, BP_EXECUTION_FAILED);
        assert_string_equal(world->ended[0].steps[0].code, "LIMIT");
        world_free(world);
        slow_server_close(server);
}

/* The exchange itself would take a minute. */
static void a_timed_out_attempt_takes_its_exchange_with_it(void **state) {
        static const char *const actions[] = {"fetch", "call"};

        (void)state;
        for (size_t i = 0; i < BP_COUNT(actions); i++) {
                struct slow_server *server = slow_server_open(NEVER);
                struct world *world = world_new(&with_http, NULL);

                start_request(world, server, actions[i], "}, \"timeout_seconds\": 1}]");
                world_run(world);
                assert_int_equal(world->ended[0].state, BP_EXECUTION_FAILED);
                assert_int_equal(world->ended[0].steps[0].state, BP_STEP_TIMEOUT);
                assert_true(world->ended[0].lasted_us < INT64_C(30) * 1000000);
                world_free(world);
                slow_server_close(server);
        }
}

static void cancelling_ends_a_waiting_exchange(void **state) {
        static const char *const actions[] = {"fetch", "call"};

        (void)state;
        for (size_t i = 0; i < BP_COUNT(actions); i++) {
                struct slow_server *server = slow_server_open(NEVER);
                struct world *world = world_new(&with_http, NULL);
                struct bp_id id;

                world_begin(world);
                id = start_request(world, server, actions[i], "}}]");
                await_calls(1);
                bp_runtime_cancel(world->runtime, id, NULL, NULL);
                await_ended(world, 1);
                world_end(world);
                assert_int_equal(world->ended[0].state, BP_EXECUTION_CANCELLED);
                assert_true(world->ended[0].lasted_us < INT64_C(30) * 1000000);
                world_free(world);
                slow_server_close(server);
        }
}

static const struct bp_definition *many_requests(struct world *world, const struct slow_server *server) {
        static char json[STEPS * 256];
        size_t size = 0;

        size += (size_t)snprintf(json, sizeof(json),
                                 "{\"name\": \"p\", \"settings\": {\"max_parallel_steps\": %d}, \"steps\": [", STEPS);
        for (unsigned i = 0; i < STEPS; i++)
                size += (size_t)snprintf(json + size, sizeof(json) - size,
                                         "%s{\"id\": \"s%u\", \"name\": \"a\", \"action\": \"fetch\", \"params\":"
                                         "{\"url\": \"http://127.0.0.1:%u/\"}}",
                                         i ? "," : "", i, server->port);
        size += (size_t)snprintf(json + size, sizeof(json) - size, "]}");
        assert_true(size < sizeof(json));
        return define(world, json);
}

static unsigned n_executions(void) {
        const char *tier = getenv("BUDPIPELINE_TESTS");

        return tier && strcmp(tier, "full") == 0 ? EXECUTIONS_FULL : EXECUTIONS;
}

/* Both ends of every connection are in this process. */
static void allow_many_sockets(void) {
        struct rlimit limit;

        assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
        limit.rlim_cur = limit.rlim_max;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Nobody gets an answer before everybody has asked, and there are four threads for all of them. */
static void many_steps_wait_and_hold_no_thread(void **state) {
        unsigned n = n_executions();
        struct slow_server *server = slow_server_open(n * STEPS);
        const struct bp_runtime_settings settings = {.invoke = &local_invoker, .worker_threads = 4};
        struct world *world = world_new(&settings, NULL);
        const struct bp_definition *definition = many_requests(world, server);

        (void)state;
        allow_many_sockets();
        for (unsigned i = 0; i < n; i++)
                start_as(world, definition);
        world_run(world);
        assert_int_equal(world->n_ended, n);
        for (size_t i = 0; i < n; i++)
                assert_int_equal(world->ended[i].state, BP_EXECUTION_COMPLETED);
        bp_definition_unref(definition);
        world_free(world);
        slow_server_close(server);
}

static void a_runtime_can_be_freed_while_exchanges_wait(void **state) {
        static const char *const actions[] = {"fetch", "call"};
        const struct bp_runtime_settings settings = {.invoke = &local_invoker, .drain_seconds = 1};

        (void)state;
        for (size_t i = 0; i < BP_COUNT(actions); i++) {
                struct slow_server *server = slow_server_open(NEVER);
                struct world *world = world_new(&settings, NULL);

                world_begin(world);
                start_request(world, server, actions[i], "}}]");
                await_calls(1);
                world_end(world);
                assert_int_equal(world->n_ended, 0);
                world_free(world);
                slow_server_close(server);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_step_goes_on_with_each_reply),
                cmocka_unit_test(an_action_may_also_wait_for_its_answer),
                cmocka_unit_test(whatever_changes_things_carries_a_key_of_its_own),
                cmocka_unit_test(an_endless_chain_of_replies_is_cut_off),
                cmocka_unit_test(a_timed_out_attempt_takes_its_exchange_with_it),
                cmocka_unit_test(cancelling_ends_a_waiting_exchange),
                cmocka_unit_test(many_steps_wait_and_hold_no_thread),
                cmocka_unit_test(a_runtime_can_be_freed_while_exchanges_wait),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
