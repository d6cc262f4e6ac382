/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any request, without a socket: routing, checks of fields and body, idempotency keys, answers. The input is a first
 * line "METHOD TARGET", headers, an empty line, and a body that arrives in pieces. Whatever comes, there is exactly one
 * answer, it is one that the documentation names, its headers cannot be read as two, and its JSON is JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "server/headers.h"
#include "server/request.h"
#include "server/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_HEADERS = 32, PIECE = 61, ARENA_BYTES = 8 << 20 };

static void demand(bool condition) {
        if (!condition)
                abort();
}

/* Writes what it was given, so that whatever is wrong with it shows. */
static void echo(struct bp_request *request, void *app) {
        static const char *const names[] = {"id", "name", "word", "page", "ratio", "flag", "since", "text"};
        struct bp_strbuf json;

        (void)app;
        bp_strbuf_init(&json, NULL, 1 << 20);
        bp_strbuf_add_char(&json, '[');
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                if (bp_request_field(request, names[i])) {
                        bp_json_write(&json, bp_request_field(request, names[i]));
                        bp_strbuf_add_char(&json, ',');
                }
        }
        if (bp_request_body(request))
                bp_json_write(&json, bp_request_body(request));
        else
                bp_strbuf_add_text(&json, "null");
        bp_strbuf_add_char(&json, ']');
        bp_request_add_header(request, "Location", bp_request_path(request));
        bp_request_add_header(request, "Link", bp_request_base_url(request));
        bp_request_answer(request, bp_request_wait_seconds(request) ? 201 : 200, &json);
        bp_strbuf_done(&json);
}

static int find_key(void *data, struct bp_arena *arena, const char *scope, const char *key,
                    struct bp_kept_answer *ret_kept) {
        static const char answer[] = "Content-Type:application/json\nLocation:/x\n\n{}";

        (void)data;
        (void)arena;
        (void)scope;
        if (*key == 'k')
                *ret_kept = (struct bp_kept_answer){
                        .found = true,
                        .body = bp_digest_of("{}", 2),
                        .status = 201,
                        .answer = answer,
                        .answer_size = sizeof(answer) - 1,
                };
        return 0;
}

static int keep_key(void *data, const char *scope, const char *key, const struct bp_kept_answer *kept) {
        (void)data;
        demand(*scope && *key && kept->answer_size > 0);
        return 0;
}

/* clang-format off */
static const char *const words[] = {"one", "two", NULL};
static const char *const aliases[] = {"/api/things/{id}", "/budpipeline/{id}", NULL};
static const struct bp_field ids[] = {{.name = "id", .type = BP_FIELD_UUID}, {0}};
static const struct bp_field queries[] = {
        {.name = "word", .type = BP_FIELD_TEXT, .words = words, .any_case = true, .fallback = "\"one\""},
        {.name = "page", .type = BP_FIELD_INTEGER, .min = 1, .max = 100, .fallback = "1"},
        {.name = "ratio", .type = BP_FIELD_NUMBER},
        {.name = "flag", .alias = "is", .type = BP_FIELD_BOOLEAN},
        {.name = "since", .type = BP_FIELD_TIME},
        {.name = "text", .type = BP_FIELD_TEXT, .min_length = 2, .max_length = 5},
        {0},
};
static const struct bp_field body[] = {
        {.name = "a", .alias = "A", .type = BP_FIELD_TEXT, .required = true},
        {.name = "o", .type = BP_FIELD_OBJECT, .nullable = true, .fallback = "{}"},
        {.name = "l", .type = BP_FIELD_LIST},
        {.name = "i", .type = BP_FIELD_INTEGER, .min = -5, .max = 5},
        {.name = "n", .type = BP_FIELD_NUMBER},
        {.name = "b", .type = BP_FIELD_BOOLEAN},
        {.name = "t", .type = BP_FIELD_TIME},
        {.name = "u", .type = BP_FIELD_UUID},
        {.name = "x", .type = BP_FIELD_ANY},
        {0},
};
static const struct bp_field optional[] = {{.name = "o", .type = BP_FIELD_OBJECT}, {0}};
static const struct bp_route routes[] = {
        {.method = BP_GET, .path = "/things", .operation = "list", .query = queries, .handler = echo},
        {.method = BP_POST, .path = "/things", .operation = "make", .body = body, .handler = echo},
        {.method = BP_POST, .path = "/things/optional", .operation = "optional", .body = optional, .body_optional = true, .handler = echo},
        {.method = BP_GET, .path = "/things/{id}", .aliases = aliases, .operation = "get", .path_fields = ids, .handler = echo},
        {.method = BP_GET, .path = "/executions/{name}", .operation = "named", .handler = echo},
        {.handler = NULL},
};
/* clang-format on */

static struct bp_server *the_server(void) {
        static const struct bp_idempotency idempotency = {.find = find_key, .keep = keep_key};
        static const char *const proxies[] = {"10.0.0.0/8", "::1", NULL}, *const origins[] = {"http://a", NULL};
        static const struct bp_server_settings settings = {
                .body_bytes = 4096,
                .url_bytes = 1024,
                .rate_limit = 1000000,
                .trusted_proxies = proxies,
                .cors_origins = origins,
                .idempotency = &idempotency,
        };
        static const struct bp_route *const tables[] = {routes};
        static struct bp_server server;

        if (!server.routes)
                demand(bp_server_prepare(&server, &settings, tables, 1, NULL) == 0);
        return &server;
}

/* Cuts the next line off. @return it, or NULL at the empty line */
static char *next_line(char **at) {
        char *line = *at, *end = strchr(line, '\n');

        if (!*line || *line == '\n') {
                *at += *line == '\n';
                return NULL;
        }
        if (end)
                *end = 0;
        *at = end ? end + 1 : line + strlen(line);
        return line;
}

static void read_headers(struct bp_request *request, char **at) {
        char *line;

        request->headers = bp_arena_array(request->arena, MOST_HEADERS, sizeof(*request->headers));
        while ((line = next_line(at)) && request->n_headers < MOST_HEADERS) {
                char *colon = strchr(line, ':');

                if (!colon)
                        continue;
                *colon = 0;
                request->headers[request->n_headers++] =
                        (struct bp_header){.name = line, .value = colon + 1 + strspn(colon + 1, " ")};
                request->header_bytes += strlen(line) + strlen(colon + 1);
        }
}

static void check_answer(const struct bp_request *request) {
        static const uint32_t documented[] = {200, 201, 204, 304, 307, 400, 401, 403, 404,
                                              405, 409, 413, 414, 415, 422, 429, 431};
        const struct bp_answer *answer = &request->answer;
        bool is_documented = false;

        demand(answer->given);
        for (size_t i = 0; i < sizeof(documented) / sizeof(documented[0]); i++)
                is_documented |= answer->status == documented[i];
        demand(is_documented);
        for (const struct bp_header *header = answer->headers; header; header = header->next)
                demand(bp_header_name_is_sane(header->name) && bp_header_value_is_sane(header->value));
        demand(request->correlation_id && bp_header_is_token_text(request->correlation_id, 128));
        if (answer->media_type) {
                struct bp_value value;

                demand(strcmp(answer->media_type, "application/json") == 0 ||
                       strcmp(answer->media_type, "application/problem+json") == 0);
                demand(bp_json_parse(request->arena, answer->bytes, answer->size,
                                     &(struct bp_json_limits){.depth = 128}, &value, NULL) == 0);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(bp_freep) char *text = bp_memdup_text((const char *)data, size);
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(ARENA_BYTES);
        struct bp_server *server = the_server();
        struct bp_request request = {.server = server, .arena = arena, .peer = "10.0.0.1"};
        char *at = text, *line, *space;
        size_t left;

        demand(text && arena);
        line = next_line(&at);
        space = line ? strchr(line, ' ') : NULL;
        if (!space)
                return 0;
        *space = 0;
        request.method_text = line;
        request.target = strlen(space + 1) > server->settings.url_bytes ? NULL : space + 1;
        request.is_too_long = !request.target;
        read_headers(&request, &at);
        bp_request_open(&request);
        left = size - (size_t)(at - text);
        while (left) {
                size_t piece = left < PIECE ? left : PIECE;

                if (bp_request_take(&request, at, piece) == 2)
                        break;
                at += piece;
                left -= piece;
        }
        bp_request_run(&request);
        bp_request_settle(&request);
        check_answer(&request);
        bp_request_done(&request);
        demand(atomic_load(&server->body_bytes) == 0 && atomic_load(&server->n_under_way) == 0);
        return 0;
}
