/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks: a server with a route for each scope, asked over a socket. */
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/api.h"
#include "api/token.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "registry/registry.h"
#include "server/server.h"
#include "service/service.h"

#define USER "0190a7c2-6c0e-7b3d-8f00-0123456789ab"
#define OWNER "0190a7c2-6c0e-7b3d-8f00-aaaaaaaaaaaa"

struct fixture {
        struct bp_registry *registry;
        struct bp_service *service;
        struct bp_api *api;
        struct bp_server *server;
};

/* Says who asks: "name user". */
static void answer_who(struct bp_request *request, void *app) {
        const struct bp_principal *principal = bp_request_principal(request);
        char user[BP_ID_TEXT_SIZE] = "-", text[256];

        (void)app;
        if (principal->has_user)
                bp_id_format(principal->user, user);
        snprintf(text, sizeof(text), "%s %s", principal->name, user);
        bp_request_answer_bytes(request, 200, "text/plain", text, strlen(text));
}

static const struct bp_route routes[] = {
        {.method = BP_GET, .path = "/open", .operation = "open", .tag = "t", .handler = answer_who},
        {.method = BP_GET,
         .path = "/read",
         .operation = "read",
         .tag = "t",
         .scope = BP_SCOPE_READ,
         .handler = answer_who},
        {.method = BP_GET,
         .path = "/either",
         .operation = "either",
         .tag = "t",
         .scope = BP_SCOPE_PIPELINES | BP_SCOPE_EXECUTE,
         .handler = answer_who},
        {.method = BP_GET,
         .path = "/admin",
         .operation = "admin",
         .tag = "t",
         .scope = BP_SCOPE_ADMIN,
         .handler = answer_who},
        {.method = BP_GET,
         .path = "/internal",
         .operation = "internal",
         .tag = "t",
         .scope = BP_SCOPE_INTERNAL,
         .handler = answer_who},
        {0},
};

static void start(struct fixture *fixture, bool authentication, const char *app_api_token) {
        static const struct bp_route *const tables[] = {routes};
        struct bp_problem problem = {0};

        fixture->registry = bp_registry_new();
        assert_int_equal(
                bp_service_new(&(struct bp_service_settings){.store_url = "memory:", .registry = fixture->registry},
                               &fixture->service, &problem),
                0);
        assert_int_equal(bp_api_new(&(struct bp_api_settings){.service = fixture->service,
                                                              .authentication = authentication,
                                                              .app_api_token = app_api_token},
                                    &fixture->api),
                         0);
        assert_int_equal(bp_server_new(&(struct bp_server_settings){.authenticate = bp_api_authenticate,
                                                                    .userdata = fixture->api,
                                                                    .app = fixture->api},
                                       tables, 1, &fixture->server, &problem),
                         0);
}

static void stop(struct fixture *fixture) {
        bp_server_free(fixture->server, 1);
        bp_api_free(fixture->api);
        bp_service_free(fixture->service);
        bp_registry_free(fixture->registry);
}

/* Adds a token. `expires_in_seconds` 0: never. */
static void add_token(const struct fixture *fixture, const char *name, const char *owner, uint32_t scopes,
                      int expires_in_seconds, char text[BP_TOKEN_TEXT_SIZE]) {
        struct bp_token_row token = {.id = bp_id_new(bp_wall_now()),
                                     .name = name,
                                     .owner = owner,
                                     .scopes = scopes,
                                     .created_at = bp_wall_now()};

        if (expires_in_seconds)
                token.expires_at.us = token.created_at.us + (int64_t)expires_in_seconds * 1000000;
        assert_int_equal(bp_token_make(text, &token.hash), 0);
        assert_int_equal(bp_store_token_add(bp_service_store(fixture->service), &token), 0);
}

static int connect_to(const struct bp_server *server) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        const char *colon = strrchr(bp_server_url(server), ':');
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        address.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
        assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
        return fd;
}

/* Asks, with further header lines. @return the status; the body in `text`. */
static int ask(const struct fixture *fixture, const char *path, const char *headers, char text[256]) {
        int fd = connect_to(fixture->server);
        char answer[4096];
        size_t size = 0;
        const char *body;
        ssize_t n;

        dprintf(fd, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", path, headers);
        while ((n = read(fd, answer + size, sizeof(answer) - 1 - size)) > 0)
                size += (size_t)n;
        close(fd);
        answer[size] = '\0';
        body = strstr(answer, "\r\n\r\n");
        assert_non_null(body);
        snprintf(text, 256, "%s", body + 4);
        return (int)strtol(answer + strlen("HTTP/1.1 "), NULL, 10);
}

static int ask_with(const struct fixture *fixture, const char *path, const char *token, char text[256]) {
        char header[128];

        snprintf(header, sizeof(header), "Authorization: Bearer %s\r\n", token);
        return ask(fixture, path, header, text);
}

static void scopes_decide(void **state) {
        char read_token[BP_TOKEN_TEXT_SIZE], execute_token[BP_TOKEN_TEXT_SIZE], admin_token[BP_TOKEN_TEXT_SIZE];
        const struct {
                const char *path, *token;
                int status;
        } cases[] = {
                {"/open", "", 200},
                {"/read", "", 401},
                {"/open", "bp_nonsense", 200},
                {"/read", "bp_nonsense", 401},
                {"/read", read_token, 200},
                {"/either", read_token, 403},
                {"/either", execute_token, 200},
                {"/read", execute_token, 403},
                {"/admin", execute_token, 403},
                {"/admin", admin_token, 200},
                {"/either", admin_token, 200},
                {"/read", admin_token, 200},
                {"/internal", admin_token, 403},
        };
        struct fixture fixture;
        char text[256];

        (void)state;
        start(&fixture, true, NULL);
        add_token(&fixture, "r", "reader", BP_SCOPE_READ, 0, read_token);
        add_token(&fixture, "e", "runner", BP_SCOPE_EXECUTE, 0, execute_token);
        add_token(&fixture, "a", "root", BP_SCOPE_ADMIN, 0, admin_token);
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                int status = ask_with(&fixture, cases[i].path, cases[i].token, text);

                if (status != cases[i].status)
                        fail_msg("case %zu, %s: %d and not %d", i, cases[i].path, status, cases[i].status);
        }
        assert_int_equal(ask_with(&fixture, "/read", read_token, text), 200);
        assert_string_equal(text, "reader -");
        stop(&fixture);
}

static void a_token_that_has_expired_does_not_count(void **state) {
        char old[BP_TOKEN_TEXT_SIZE], young[BP_TOKEN_TEXT_SIZE], text[256];
        struct fixture fixture;

        (void)state;
        start(&fixture, true, NULL);
        add_token(&fixture, "old", "o", BP_SCOPE_READ, -1, old);
        add_token(&fixture, "young", "o", BP_SCOPE_READ, 3600, young);
        assert_int_equal(ask_with(&fixture, "/read", old, text), 401);
        assert_int_equal(ask_with(&fixture, "/read", young, text), 200);
        stop(&fixture);
}

static void the_user_header_needs_a_scope(void **state) {
        char plain[BP_TOKEN_TEXT_SIZE], trusted[BP_TOKEN_TEXT_SIZE], owned[BP_TOKEN_TEXT_SIZE];
        const struct {
                const char *token, *user, *expected;
        } cases[] = {
                {plain, USER, "p -"},           {trusted, USER, "t " USER},   {trusted, "nonsense", "t -"},
                {owned, USER, OWNER " " OWNER}, {owned, "", OWNER " " OWNER},
        };
        struct fixture fixture;
        char headers[256], text[256];

        (void)state;
        start(&fixture, true, NULL);
        add_token(&fixture, "p", "p", BP_SCOPE_READ, 0, plain);
        add_token(&fixture, "t", "t", BP_SCOPE_READ | BP_SCOPE_ACT_AS, 0, trusted);
        add_token(&fixture, "o", OWNER, BP_SCOPE_READ, 0, owned);
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                snprintf(headers, sizeof(headers), "Authorization: Bearer %s\r\nX-User-ID: %s\r\n", cases[i].token,
                         cases[i].user);
                assert_int_equal(ask(&fixture, "/read", headers, text), 200);
                assert_string_equal(text, cases[i].expected);
        }
        stop(&fixture);
}

static void without_authentication_everyone_may(void **state) {
        struct fixture fixture;
        char text[256];

        (void)state;
        start(&fixture, false, NULL);
        assert_int_equal(ask(&fixture, "/admin", "X-User-ID: " USER "\r\n", text), 200);
        assert_string_equal(text, "anonymous " USER);
        assert_int_equal(ask(&fixture, "/internal", "", text), 403);
        assert_int_equal(ask(&fixture, "/internal", "dapr-api-token: \r\n", text), 403);
        stop(&fixture);
}

static void the_platform_has_its_own_token(void **state) {
        static const struct {
                const char *headers;
                int status;
        } cases[] = {
                {"", 403},
                {"dapr-api-token: wrong\r\n", 403},
                {"dapr-api-token: secre\r\n", 403},
                {"dapr-api-token: secret\r\n", 200},
                {"Authorization: Bearer secret\r\n", 403},
        };

        (void)state;
        for (int authentication = 0; authentication < 2; authentication++) {
                struct fixture fixture;
                char text[256];

                start(&fixture, authentication, "secret");
                for (size_t i = 0; i < BP_COUNT(cases); i++)
                        assert_int_equal(ask(&fixture, "/internal", cases[i].headers, text), cases[i].status);
                assert_int_equal(ask(&fixture, "/read", "dapr-api-token: secret\r\n", text),
                                 authentication ? 401 : 200);
                stop(&fixture);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(scopes_decide),
                cmocka_unit_test(a_token_that_has_expired_does_not_count),
                cmocka_unit_test(the_user_header_needs_a_scope),
                cmocka_unit_test(without_authentication_everyone_may),
                cmocka_unit_test(the_platform_has_its_own_token),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
