/* SPDX-License-Identifier: Apache-2.0 */
/* Every memory request fails in turn, from a request's first line to its answer, without a socket; and while a server
 * is made. Whatever fails, there is one answer, and nothing of the request stays behind. */
#include "torture.h"

#include <stdatomic.h>
#include <string.h>

#include "base/json.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "server/request.h"
#include "server/server.h"
#include "server/state.h"

enum { ARENA_BYTES = 8 << 20, MOST_ROUNDS = 10000, MOST_HEADERS = 8 };

/* Writes what it was given: fields, the body, and headers of its own. */
static void echo(struct bp_request *request, void *app) {
        struct bp_strbuf json;

        (void)app;
        bp_strbuf_init(&json, NULL, 1 << 20);
        bp_strbuf_add_char(&json, '[');
        bp_json_write(&json, bp_request_field(request, "page") ? bp_request_field(request, "page") : &bp_value_null);
        bp_strbuf_add_char(&json, ',');
        bp_json_write(&json, bp_request_body(request) ? bp_request_body(request) : &bp_value_null);
        bp_strbuf_add_char(&json, ']');
        bp_request_add_header(request, "Location", bp_request_path(request));
        bp_request_add_header(request, "Link", bp_request_base_url(request));
        bp_request_answer(request, 200, &json);
        bp_strbuf_done(&json);
}

static void refuse(struct bp_request *request, void *app) {
        (void)app;
        bp_request_fail(request, &(const struct bp_failure){.status = 409, .code = "TAKEN", .message = "it is taken"});
}

static int find_key(void *data, struct bp_arena *arena, const char *scope, const char *key,
                    struct bp_kept_answer *ret_kept) {
        (void)data;
        (void)arena;
        (void)scope;
        (void)key;
        *ret_kept = (struct bp_kept_answer){0};
        return 0;
}

static int keep_key(void *data, const char *scope, const char *key, const struct bp_kept_answer *kept) {
        (void)data;
        (void)scope;
        (void)key;
        (void)kept;
        return 0;
}

static const struct bp_field ids[] = {{.name = "id", .type = BP_FIELD_UUID}, {0}};
static const struct bp_field queries[] = {
        {.name = "page", .type = BP_FIELD_INTEGER, .min = 1, .max = 100, .fallback = "1"},
        {.name = "since", .type = BP_FIELD_TIME},
        {0},
};
static const struct bp_field body[] = {
        {.name = "a", .type = BP_FIELD_TEXT, .required = true},
        {.name = "o", .type = BP_FIELD_OBJECT, .nullable = true, .fallback = "{}"},
        {0},
};
static const struct bp_route routes[] = {
        {.method = BP_GET, .path = "/things", .operation = "list", .query = queries, .handler = echo},
        {.method = BP_POST, .path = "/things", .operation = "make", .body = body, .handler = echo},
        {.method = BP_GET, .path = "/things/{id}", .operation = "get", .path_fields = ids, .handler = echo},
        {.method = BP_DELETE, .path = "/things", .operation = "refuse", .handler = refuse},
        {.handler = NULL},
};
static const struct bp_route *const tables[] = {routes};
static const struct bp_idempotency idempotency = {.find = find_key, .keep = keep_key};
static const struct bp_server_settings settings = {.idempotency = &idempotency};

/* What a client sends, and what it gets where nothing fails. */
struct sent {
        const char *word, *target, *body;
        struct bp_header headers[MOST_HEADERS];
        uint32_t status;
};

static void ask(struct bp_server *server, const struct sent *sent, struct bp_request *request) {
        struct bp_header headers[MOST_HEADERS];

        memcpy(headers, sent->headers, sizeof(headers));
        *request = (struct bp_request){.server = server,
                                       .arena = bp_arena_new(ARENA_BYTES),
                                       .peer = "10.0.0.1",
                                       .method_text = sent->word,
                                       .target = sent->target,
                                       .headers = headers};
        if (!request->arena)
                return;
        while (request->n_headers < MOST_HEADERS && headers[request->n_headers].name)
                request->n_headers++;
        bp_request_open(request);
        if (sent->body)
                bp_request_take(request, sent->body, strlen(sent->body));
        bp_request_run(request);
        bp_request_settle(request);
}

static void there_is_one_answer_whatever_fails(void **state) {
        static const struct sent cases[] = {
                {"GET", "/things?page=7&since=2026-01-01T00%3A00%3A00Z", NULL, {{0}}, 200},
                {"GET",
                 "/things?page=0&since=never",
                 NULL,
                 {{.name = "Accept", .value = "application/problem+json"}},
                 422},
                {"GET",
                 "/things/0191d2f0-0000-7000-8000-000000000000",
                 NULL,
                 {{.name = "X-Correlation-ID", .value = "c"}},
                 200},
                {"GET", "/nothing", NULL, {{0}}, 404},
                {"POST",
                 "/things",
                 "{\"a\":\"b\",\"o\":{\"c\":[1,2,3]}}",
                 {{.name = "Idempotency-Key", .value = "k"}},
                 200},
                {"POST", "/things", "{\"a\":1", {{0}}, 422},
                {"POST", "/things", "{\"a\":1,\"o\":[]}", {{0}}, 422},
                {"DELETE", "/things", NULL, {{0}}, 409},
        };
        struct bp_server server = {0};

        (void)state;
        assert_int_equal(bp_server_prepare(&server, &settings, tables, 1, NULL), 0);
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                bool has_failed = true;
                int64_t round = 0;

                for (; has_failed && round < MOST_ROUNDS; round++) {
                        struct bp_request request;

                        bp_torture_fail_after(round);
                        ask(&server, &cases[i], &request);
                        has_failed = bp_torture_has_failed();
                        bp_torture_fail_after(-1);
                        if (request.arena) {
                                assert_true(request.answer.given);
                                if (request.answer.status != cases[i].status &&
                                    !(has_failed && request.answer.status >= 500))
                                        fail_msg("case %zu, memory request %lld: status %u", i, (long long)round,
                                                 request.answer.status);
                                bp_request_done(&request);
                        }
                        bp_arena_free(request.arena);
                        assert_int_equal(atomic_load(&server.body_bytes), 0);
                        assert_int_equal(atomic_load(&server.n_under_way), 0);
                }
                assert_in_range(round, 2, MOST_ROUNDS - 1);
        }
        bp_server_unprepare(&server);
}

static int open_and_close(const void *data) {
        struct bp_server *server;
        int r = bp_server_new(&settings, tables, 1, &server, NULL);

        (void)data;
        if (r == 0)
                bp_server_free(server, 0);
        return r;
}

static void a_server_that_cannot_be_made_leaves_nothing(void **state) {
        (void)state;
        assert_int_equal(torture(open_and_close, NULL), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(there_is_one_answer_whatever_fails),
                cmocka_unit_test(a_server_that_cannot_be_made_leaves_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
