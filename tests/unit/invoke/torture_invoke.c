/* SPDX-License-Identifier: Apache-2.0 */
/* An invoker and its calls while every memory request of the calling thread fails in turn. */
#include "torture.h"

#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/value.h"
#include "http/client.h"
#include "invoke/invoke.h"

struct work {
        struct bp_invoker_settings settings;
        bool may_do_without; /* a service that is not configured shares what is counted of it when memory is short */
        struct bp_http_request request;
};

static int make_and_call(const void *data) {
        const struct work *work = data;
        struct bp_invoker_caller caller = {.step_id = "add", .attempt = 1};
        const struct bp_http_response *response = NULL;
        struct bp_http_request request = work->request;
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_invoker *invoker = NULL;
        int r = arena ? bp_invoker_new(&work->settings, &invoker) : -ENOMEM;

        request.struct_size = sizeof(request);
        if (r == 0)
                r = bp_invoker_perform(invoker, &request, &caller, arena, &response);
        if (r == 0)
                assert_int_not_equal(response->failure, BP_HTTP_OK); /* nobody listens there */
        if (work->may_do_without && r == 0 && bp_torture_has_failed())
                r = -ENOMEM;
        bp_invoker_free(invoker);
        bp_arena_free(arena);
        return r;
}

static struct bp_value json(struct bp_arena *arena, const char *text) {
        struct bp_value value;

        assert_int_equal(bp_json_parse(arena, text, strlen(text), NULL, &value, NULL), 0);
        return value;
}

static void calls_are_made_or_refused(void **state) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_value headers = json(arena, "{\"X-Tenant\": \"blue\"}");
        struct bp_value body = json(arena, "{\"a\": [1, {\"b\": null}], \"c\": \"d\"}");
        const struct bp_invoker_service services[] = {
                {.name = "budapp", .url = "http://127.0.0.1:1/api", .token = "secret", .headers = &headers},
                {.name = "remote"}};
        const struct bp_invoker_settings no_dapr = {.services = services, .n_services = 2};
        const struct bp_invoker_settings settings = {
                .services = services,
                .n_services = 2,
                .dapr_url = "http://127.0.0.1:1",
                .dapr_token = "secret",
                .bus = {.kind = BP_BUS_HTTP, .url = "http://127.0.0.1:1/{topic}", .token = "secret"},
                .retry = {.tries = 1}};
        const struct work works[] = {
                {settings, false, {.method = "POST", .service = "budapp", .url = "models", .json = &body}},
                {settings, false, {.method = "POST", .service = "remote", .url = "models", .json = &body}},
                {no_dapr, false, {.method = "POST", .service = "remote", .url = "models", .json = &body}},
                {settings, true, {.method = "POST", .service = "elsewhere", .url = "models", .json = &body}},
                {settings, false, {.topic = "news", .json = &body}},
                {settings, false, {.method = "GET", .url = "http://127.0.0.1:1/", .headers = &headers}},
                {settings, false, {.method = "GET", .url = "http://127.0.0.1:1/", .query = &headers}},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
                assert_int_equal(torture(make_and_call, &works[i]), 0);
        }
        bp_arena_free(arena);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(calls_are_made_or_refused)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
