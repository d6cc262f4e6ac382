/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the server that need no socket. Expected values are those of the RFCs and of the reference. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "server/field_text.h"
#include "server/headers.h"
#include "server/networks.h"
#include "server/rate_limit.h"
#include "server/route.h"
#include "server/target.h"

/* ---------------------------------------------------------------------------------------------------------------
 * Routes
 */

static void handle(struct bp_request *request, void *app) {
        (void)request;
        (void)app;
}

static int build(struct bp_arena *arena, const struct bp_route *routes, struct bp_route_tree **ret_tree,
                 struct bp_problem *reterr_problem) {
        return bp_routes_new(arena, (const struct bp_route *const[]){routes}, 1, ret_tree, reterr_problem);
}

static struct bp_match find(const struct bp_route_tree *tree, struct bp_arena *arena, enum bp_method method,
                            const char *path) {
        struct bp_segments segments;
        struct bp_match match;
        bool has_slash;

        assert_int_equal(bp_target_segments(arena, path, &segments, &has_slash), 0);
        bp_routes_find(tree, method, &segments, &match);
        return match;
}

static void fixed_segments_win_where_they_have_the_method(void **state) {
        static const struct bp_route routes[] = {
                {.method = BP_GET, .path = "/p/{id}", .operation = "get", .handler = handle},
                {.method = BP_POST, .path = "/p/{id}/run", .operation = "run", .handler = handle},
                {.method = BP_POST, .path = "/p/validate", .operation = "validate", .handler = handle},
                {.method = BP_GET, .path = "/p/executions", .operation = "executions", .handler = handle},
                {.handler = NULL},
        };
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(1 << 20);
        struct bp_route_tree *tree;
        struct bp_match match;

        (void)state;
        assert_int_equal(build(arena, routes, &tree, NULL), 0);
        match = find(tree, arena, BP_GET, "/p/executions");
        assert_string_equal(match.route->route->operation, "executions");
        match = find(tree, arena, BP_GET, "/p/validate");
        assert_string_equal(match.route->route->operation, "get");
        assert_string_equal(match.values[0], "validate");
        match = find(tree, arena, BP_POST, "/p/executions/run");
        assert_string_equal(match.route->route->operation, "run");
        assert_string_equal(match.values[0], "executions");
        assert_int_equal(match.n_values, 1);
        match = find(tree, arena, BP_DELETE, "/p/validate");
        assert_null(match.route);
        assert_int_equal(match.allowed, 1u << BP_GET | 1u << BP_POST);
        match = find(tree, arena, BP_GET, "/p");
        assert_int_equal(match.allowed, 0);
}

static void tables_that_contradict_themselves_are_a_problem(void **state) {
        static const struct bp_field bad_default[] = {{.name = "a", .type = BP_FIELD_TEXT, .fallback = "{"}, {0}};
        static const char *const same[] = {"/a/{x}", NULL};
        static const struct bp_route cases[][3] = {
                {{.method = BP_GET, .path = "/a/{id}", .aliases = same, .operation = "a", .handler = handle}},
                {{.method = BP_GET, .path = "/a", .operation = "a", .handler = handle},
                 {.method = BP_GET, .path = "/a", .operation = "b", .handler = handle}},
                {{.method = BP_GET, .path = "a", .operation = "a", .handler = handle}},
                {{.method = BP_GET, .path = "/a//b", .operation = "a", .handler = handle}},
                {{.path = "/a", .operation = "a", .handler = handle}},
                {{.method = BP_GET, .path = "/a", .operation = "a", .query = bad_default, .handler = handle}},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(1 << 20);
                struct bp_route_tree *tree;
                struct bp_problem problem;

                assert_int_equal(build(arena, cases[i], &tree, &problem), BP_PROBLEM);
                assert_string_equal(problem.code, "ROUTES");
        }
}

/* ---------------------------------------------------------------------------------------------------------------
 * Texts of requests
 */

static void qualities_are_read(void **state) {
        (void)state;
        assert_int_equal(bp_header_quality("a;q=0.5, b", "a"), 500);
        assert_int_equal(bp_header_quality("a;q=0.5, b", "B"), 1000);
        assert_int_equal(bp_header_quality("text/html;level=1;q=0.123", "text/html"), 123);
        assert_int_equal(bp_header_quality("ab", "a"), -1);
        assert_int_equal(bp_header_quality("a;q=0", "a"), 0);
        assert_int_equal(bp_header_quality(NULL, "a"), -1);
        assert_int_equal(bp_header_quality(" , ,;,", "a"), -1);
}

static void tags_are_compared_whole(void **state) {
        (void)state;
        assert_true(bp_header_matches_tag("\"a,b\"", "\"a,b\""));
        assert_true(bp_header_matches_tag("\"x\", W/\"a\"", "\"a\""));
        assert_false(bp_header_matches_tag("\"ab\"", "\"a\""));
        assert_false(bp_header_matches_tag("\"x,\"a\"\"", "\"b\""));
        assert_false(bp_header_matches_tag("", "\"a\""));
}

static void a_header_that_ends_a_line_is_not_sane(void **state) {
        (void)state;
        assert_true(bp_header_value_is_sane("a b"));
        assert_false(bp_header_value_is_sane("a\r\nb: c"));
        assert_false(bp_header_value_is_sane("a\nb"));
        assert_false(bp_header_name_is_sane("a b"));
        assert_false(bp_header_name_is_sane("a:"));
        assert_false(bp_header_name_is_sane(""));
}

static void targets_are_decoded(void **state) {
        static const struct {
                const char *text, *decoded; /* NULL: malformed */
        } cases[] = {{"a%2Fb", "a/b"}, {"%e2%82%ac", "\xE2\x82\xAC"},
                     {"a+b", "a+b"},   {"%00", NULL},
                     {"%", NULL},      {"%1", NULL},
                     {"%g0", NULL},    {"%80", NULL},
                     {"", ""}};
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(1 << 20);

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                const char *decoded;
                int r = bp_target_decode(arena, cases[i].text, strlen(cases[i].text), false, &decoded);

                assert_int_equal(r, cases[i].decoded ? 0 : BP_TARGET_MALFORMED);
                if (!r)
                        assert_string_equal(decoded, cases[i].decoded);
        }
}

static void times_are_read(void **state) {
        int64_t us;

        (void)state;
        assert_true(bp_time_parse("1970-01-01T00:00:00Z", &us));
        assert_int_equal(us, 0);
        assert_true(bp_time_parse("9999-12-31T23:59:59.999999999Z", &us));
        assert_int_equal(us, INT64_C(253402300799999999));
        assert_true(bp_time_parse("0001-01-01", &us));
        assert_int_equal(us, INT64_C(-62135596800000000));
        assert_false(bp_time_parse("2026-13-01", &us));
        assert_false(bp_time_parse("2026-01-01T", &us));
        assert_false(bp_time_parse("2026-01-01T00:00:00.", &us));
        assert_false(bp_time_parse("2026-01-01T00:00:00Zx", &us));
        assert_false(bp_time_parse("1900-02-29", &us));
        assert_false(bp_time_parse("", &us));
}

/* ---------------------------------------------------------------------------------------------------------------
 * Clients
 */

static void networks_contain_their_addresses(void **state) {
        static const char *const texts[] = {"10.0.0.0/8", "192.168.1.1", "2001:db8::/33", NULL};
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(1 << 20);
        struct bp_networks networks;

        (void)state;
        assert_int_equal(bp_networks_parse(arena, texts, &networks, NULL), 0);
        assert_true(bp_networks_contain(&networks, "10.255.0.1"));
        assert_true(bp_networks_contain(&networks, "::ffff:10.0.0.1"));
        assert_true(bp_networks_contain(&networks, "192.168.1.1"));
        assert_true(bp_networks_contain(&networks, "2001:db8:7fff::1"));
        assert_false(bp_networks_contain(&networks, "2001:db8:8000::1"));
        assert_false(bp_networks_contain(&networks, "11.0.0.1"));
        assert_false(bp_networks_contain(&networks, "192.168.1.2"));
        assert_false(bp_networks_contain(&networks, "unix"));
        assert_false(bp_networks_contain(&networks, "10.0.0.1.example"));
}

static void only_trusted_proxies_name_the_client(void **state) {
        static const char *const texts[] = {"10.0.0.0/8", "unix", NULL};
        static const struct {
                const char *peer, *told, *client;
        } cases[] = {
                {"1.1.1.1", "2.2.2.2", "1.1.1.1"},
                {"10.0.0.1", "2.2.2.2", "2.2.2.2"},
                {"10.0.0.1", "9.9.9.9, 2.2.2.2", "2.2.2.2"},
                {"10.0.0.1", "2.2.2.2, 10.0.0.2", "2.2.2.2"},
                {"10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3"},
                {"10.0.0.1", "", "10.0.0.1"},
                {"10.0.0.1", " , ", "10.0.0.1"},
                {"unix", "2.2.2.2", "2.2.2.2"},
        };
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(1 << 20);
        struct bp_networks trusted;

        (void)state;
        assert_int_equal(bp_networks_parse(arena, texts, &trusted, NULL), 0);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                assert_string_equal(bp_networks_client(&trusted, arena, cases[i].peer, cases[i].told), cases[i].client);
}

static void the_window_of_the_rate_limit_slides(void **state) {
        struct bp_rate_limits *limits;
        uint32_t left;

        (void)state;
        assert_int_equal(bp_rate_limits_new(3, 60, &limits), 0);
        assert_true(bp_rate_limits_take(limits, "a", 0, &left));
        assert_int_equal(left, 2);
        assert_true(bp_rate_limits_take(limits, "a", 30000000, &left));
        assert_true(bp_rate_limits_take(limits, "a", 59000000, &left));
        assert_false(bp_rate_limits_take(limits, "a", 59900000, &left));
        assert_int_equal(left, 0);
        assert_true(bp_rate_limits_take(limits, "b", 59900000, &left));
        assert_true(bp_rate_limits_take(limits, "a", 60000000, &left));
        assert_false(bp_rate_limits_take(limits, "a", 61000000, &left));
        assert_true(bp_rate_limits_take(limits, "a", 90000000, &left));
        assert_true(bp_rate_limits_take(limits, "a", 1000000000, &left));
        assert_int_equal(left, 2);
        bp_rate_limits_free(limits);
}

static void more_clients_than_places_are_still_counted(void **state) {
        struct bp_rate_limits *limits;
        char name[16];
        uint32_t left;

        (void)state;
        assert_int_equal(bp_rate_limits_new(2, 60, &limits), 0);
        for (int64_t i = 0; i < 20000; i++) {
                snprintf(name, sizeof(name), "%lld", (long long)i);
                assert_true(bp_rate_limits_take(limits, name, i * 1000000, &left));
                assert_true(bp_rate_limits_take(limits, name, i * 1000000, &left));
                assert_false(bp_rate_limits_take(limits, name, i * 1000000, &left));
        }
        bp_rate_limits_free(limits);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(fixed_segments_win_where_they_have_the_method),
                cmocka_unit_test(tables_that_contradict_themselves_are_a_problem),
                cmocka_unit_test(qualities_are_read),
                cmocka_unit_test(tags_are_compared_whole),
                cmocka_unit_test(a_header_that_ends_a_line_is_not_sane),
                cmocka_unit_test(targets_are_decoded),
                cmocka_unit_test(times_are_read),
                cmocka_unit_test(networks_contain_their_addresses),
                cmocka_unit_test(only_trusted_proxies_name_the_client),
                cmocka_unit_test(the_window_of_the_rate_limit_slides),
                cmocka_unit_test(more_clients_than_places_are_still_counted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
