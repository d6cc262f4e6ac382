/* SPDX-License-Identifier: Apache-2.0 */
/* The order of all checks: target, route, other origins, who asks, rate, size and kind of the body; and once the body
 * is complete fields, body, idempotency key, handler. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "metrics/metrics.h"
#include "server/cors.h"
#include "server/fields.h"
#include "server/finding.h"
#include "server/headers.h"
#include "server/idempotency.h"
#include "server/rate_limit.h"
#include "server/request.h"
#include "server/state.h"
#include "server/target.h"

enum { LONGEST_CORRELATION_ID = 128, FIRST_BODY_BYTES = 1024 };

/* ---------------------------------------------------------------------------------------------------------------
 * Before the body
 */

static void take_correlation_id(struct bp_request *request) {
        const char *given = bp_request_header(request, "X-Correlation-ID");
        char made[BP_ID_TEXT_SIZE];

        if (given && bp_header_is_token_text(given, LONGEST_CORRELATION_ID))
                request->correlation_id = given;
        else
                request->correlation_id =
                        bp_arena_text(request->arena, bp_id_format(bp_id_new(bp_wall_now()), made), sizeof(made) - 1);
}

static void take_client(struct bp_request *request) {
        const char *forwarded = bp_request_header(request, "X-Forwarded-For"), *client;

        request->by_proxy = bp_networks_contain(&request->server->trusted, request->peer);
        if (!request->by_proxy || !forwarded)
                return;
        client = bp_networks_client(&request->server->trusted, request->arena, request->peer, forwarded);
        if (client)
                request->peer = client;
}

static void take_method(struct bp_request *request) {
        static const char *const words[] = {
                [BP_GET] = "GET", [BP_POST] = "POST", [BP_PUT] = "PUT", [BP_DELETE] = "DELETE"};

        request->is_head = strcmp(request->method_text, "HEAD") == 0;
        request->is_options = strcmp(request->method_text, "OPTIONS") == 0;
        if (request->is_head)
                request->method = BP_GET;
        for (enum bp_method method = BP_GET; method <= BP_DELETE; method++) {
                if (strcmp(request->method_text, words[method]) == 0)
                        request->method = method;
        }
}

/* Two statements of where a body ends are how requests are smuggled past a proxy. */
static bool body_end_is_clear(struct bp_request *request) {
        const char *length = NULL, *coding = NULL;

        for (size_t i = 0; i < request->n_headers; i++) {
                const struct bp_header *header = &request->headers[i];

                if (strcasecmp(header->name, "Content-Length") == 0) {
                        if (length)
                                return false;
                        length = header->value;
                } else if (strcasecmp(header->name, "Transfer-Encoding") == 0) {
                        if (coding)
                                return false;
                        coding = header->value;
                }
        }
        if ((length && coding) || (coding && strcasecmp(coding, "chunked") != 0))
                return false;
        request->is_chunked = coding;
        if (length) {
                errno = 0;
                request->content_length = strtoull(length, NULL, 10);
                return *length && !length[strspn(length, "0123456789")] && !errno;
        }
        return true;
}

static void check_head(struct bp_request *request) {
        const struct bp_server_settings *settings = &request->server->settings;
        size_t line_size = request->target ? strlen(request->target) : settings->url_bytes;

        if (request->is_surplus)
                bp_request_fail(request, &(struct bp_failure){.status = 503,
                                                              .code = "TOO_MANY_CONNECTIONS",
                                                              .message = "Too many connections",
                                                              .retry_after_seconds = 1});
        else if (request->is_too_long)
                bp_request_failf(request, 414, "URI_TOO_LONG", "The URL is longer than %zu bytes", settings->url_bytes);
        else if (request->header_bytes + line_size > settings->header_bytes)
                bp_request_failf(request, 431, "HEADERS_TOO_LARGE", "The headers are larger than %zu bytes",
                                 settings->header_bytes);
        else if (request->is_endless)
                bp_request_failf(request, 400, "BAD_REQUEST",
                                 "Content-Length and Transfer-Encoding do not say where the body ends");
        else if (!request->target)
                bp_request_fail_errno(request, -ENOMEM);
}

static void redirect_without_slash(struct bp_request *request) {
        struct bp_strbuf location;

        bp_strbuf_init(&location, request->arena, SIZE_MAX);
        bp_strbuf_add(&location, request->path, strlen(request->path) - 1);
        if (request->query)
                bp_strbuf_printf(&location, "?%s", request->query);
        if (location.error) {
                bp_request_fail_errno(request, -ENOMEM);
                return;
        }
        bp_request_add_header(request, "Location", location.text);
        bp_request_answer_empty(request, 307);
}

static void take_route(struct bp_request *request, const struct bp_segments *segments, bool has_trailing_slash) {
        char methods[64];

        if (segments->count != SIZE_MAX)
                bp_routes_find(request->server->routes, request->method, segments, &request->match);
        if (request->match.allowed && has_trailing_slash) {
                redirect_without_slash(request);
                request->match.route = NULL;
        } else if (!request->match.allowed) {
                bp_request_failf(request, 404, "NOT_FOUND", "Not Found");
        } else if (request->is_options) {
                bp_cors_check(request);
                bp_cors_answer_options(request, request->match.allowed);
        } else if (!request->match.route) {
                bp_request_add_header(request, "Allow", bp_cors_methods(request->match.allowed, methods));
                bp_request_failf(request, 405, "METHOD_NOT_ALLOWED", "Method Not Allowed");
        }
}

static void find_route(struct bp_request *request) {
        struct bp_segments segments;
        bool has_trailing_slash;
        int r;

        r = bp_target_split(request->arena, request->target, &request->path, &request->query);
        if (!r)
                r = bp_target_segments(request->arena, request->path, &segments, &has_trailing_slash);
        if (r < 0)
                bp_request_fail_errno(request, r);
        else if (r && request->is_options && strcmp(request->target, "*") == 0)
                bp_request_answer_empty(request, 204);
        else if (r)
                bp_request_failf(request, 400, "BAD_REQUEST",
                                 "The URL is not valid: a path of UTF-8 text without NUL, "
                                 "in which %% stands before two hexadecimal digits");
        else
                take_route(request, &segments, has_trailing_slash);
}

static void authorize(struct bp_request *request) {
        const struct bp_server_settings *settings = &request->server->settings;
        uint32_t scope = request->match.route->route->scope;
        int r = 0;

        request->principal = (struct bp_principal){.name = "anonymous", .scopes = UINT32_MAX & ~BP_SCOPE_ACT_AS};
        if (settings->authenticate)
                r = settings->authenticate(settings->userdata, request, &request->principal);
        if (r < 0) {
                bp_request_fail_errno(request, r);
        } else if (scope == BP_SCOPE_NONE) {
                return;
        } else if ((scope & BP_SCOPE_INTERNAL) && (r || !(request->principal.scopes & scope))) {
                bp_request_failf(request, 403, "FORBIDDEN", "Forbidden - the dapr-api-token is missing or wrong");
        } else if (r) {
                bp_request_add_header(request, "WWW-Authenticate", "Bearer");
                bp_request_failf(request, 401, "UNAUTHORIZED", "A valid bearer token is needed");
        } else if (!(request->principal.scopes & scope)) {
                bp_request_failf(request, 403, "FORBIDDEN", "The token does not have the scope that this needs");
        }
}

/* JSON is taken under any name that does not clearly say something else: many clients do not name it. */
static bool says_something_else(const char *type) {
        static const char *const others[] = {
                "multipart/",          "image/",           "audio/",           "video/",           "font/",
                "text/html",           "text/xml",         "text/css",         "application/xml",  "application/pdf",
                "application/zip",     "application/gzip", "application/cbor", "application/yaml", "application/x-yaml",
                "application/msgpack",
        };

        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
                if (strncasecmp(type, others[i], strlen(others[i])) == 0)
                        return true;
        }
        return false;
}

static bool is_encoded_otherwise(const struct bp_request *request) {
        const char *coding = bp_request_header(request, "Content-Encoding");
        const char *type = bp_request_header(request, "Content-Type");
        const char *charset = type ? strcasestr(type, "charset=") : NULL;

        if (coding && strcasecmp(coding, "identity") != 0)
                return true;
        if (!charset)
                return false;
        charset += 8 + (charset[8] == '"');
        return strncasecmp(charset, "utf-8", 5) != 0 && strncasecmp(charset, "utf8", 4) != 0 &&
               strncasecmp(charset, "us-ascii", 8) != 0;
}

static size_t most_bytes(const struct bp_request *request) {
        const struct bp_server_settings *settings = &request->server->settings;
        bool is_raw = request->match.route && request->match.route->route->raw_types;

        return is_raw && settings->raw_body_bytes < settings->body_bytes ? settings->raw_body_bytes
                                                                         : settings->body_bytes;
}

static void refuse_large_body(struct bp_request *request) {
        bp_request_failf(request, 413, "BODY_TOO_LARGE", "The body is larger than %zu bytes", most_bytes(request));
}

static void check_body_kind(struct bp_request *request) {
        const char *type = bp_request_header(request, "Content-Type");

        if (request->content_length > most_bytes(request))
                refuse_large_body(request);
        else if (!request->match.route->route->body && !request->match.route->route->raw_types)
                request->body_unwanted = true;
        else if ((type && says_something_else(type)) || is_encoded_otherwise(request))
                bp_request_failf(request, 415, "UNSUPPORTED_MEDIA_TYPE", "The body must be JSON in UTF-8, not encoded");
}

void bp_request_open(struct bp_request *request) {
        static void (*const checks[])(struct bp_request *) = {
                check_head, find_route, bp_cors_check, authorize, bp_rate_limit_check, check_body_kind,
        };

        atomic_fetch_add(&request->server->n_under_way, 1);
        request->is_counted = true;
        bp_metrics_add(request->server->settings.metrics, BP_METRIC_HTTP_IN_PROGRESS, NULL, NULL, 1);
        request->is_endless = !body_end_is_clear(request);
        take_method(request);
        take_client(request);
        take_correlation_id(request);
        for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && !request->answer.given; i++)
                checks[i](request);
        request->body_unwanted |= request->answer.given;
}

/* ---------------------------------------------------------------------------------------------------------------
 * The body
 */

static int grow_body(struct bp_request *request, size_t size) {
        struct bp_server *server = request->server;
        size_t capacity = request->body_capacity ? request->body_capacity : FIRST_BODY_BYTES, more;
        char *text;

        if (request->content_length && request->content_length <= 64 << 10)
                capacity = (size_t)request->content_length;
        while (capacity < size)
                capacity *= 2;
        more = capacity - request->body_capacity;
        if (atomic_fetch_add(&server->body_bytes, more) + more > server->most_body_bytes) {
                atomic_fetch_sub(&server->body_bytes, more);
                return -ENOMEM;
        }
        text = bp_realloc(request->body_text, capacity, 1);
        if (!text) {
                atomic_fetch_sub(&server->body_bytes, more);
                return -ENOMEM;
        }
        request->body_text = text;
        request->body_capacity = capacity;
        return 0;
}

static void free_body(struct bp_request *request) {
        free(request->body_text);
        atomic_fetch_sub(&request->server->body_bytes, request->body_capacity);
        request->body_text = NULL;
        request->body_capacity = request->body_size = 0;
}

int bp_request_take(struct bp_request *request, const char *bytes, size_t size) {
        size_t most = most_bytes(request);

        if (!request->body_unwanted) {
                if (size > most - request->body_size)
                        refuse_large_body(request);
                else if (request->body_size + size > request->body_capacity &&
                         grow_body(request, request->body_size + size))
                        bp_request_fail_errno(request, -ENOMEM);
        }
        if (!request->body_unwanted && !request->answer.given) {
                memcpy(request->body_text + request->body_size, bytes, size);
                request->body_size += size;
                return 0;
        }
        request->body_unwanted = true;
        free_body(request);
        request->body_dropped += size;
        if (request->body_dropped > most && !request->answer.given)
                refuse_large_body(request);
        return request->body_dropped > 2 * (uint64_t)most ? 2 : 1;
}

/* ---------------------------------------------------------------------------------------------------------------
 * After the body
 */

static void fail_check(struct bp_request *request, int error) {
        if (error == BP_TARGET_MALFORMED)
                bp_request_failf(request, 400, "BAD_REQUEST", "The query of the URL cannot be decoded");
        else if (bp_arena_over_limit(request->arena))
                bp_request_failf(request, 413, "BODY_TOO_LARGE", "The body has too many values");
        else
                bp_request_fail_errno(request, error);
}

static void check(struct bp_request *request) {
        struct bp_findings findings;
        int r;

        bp_findings_init(&findings, request->arena);
        r = bp_fields_check(request, &findings);
        if (!r)
                r = bp_body_check(request, &findings);
        if (r)
                fail_check(request, r);
        else
                bp_findings_answer(&findings, request);
}

void bp_request_run(struct bp_request *request) {
        if (!request->answer.given)
                check(request);
        if (!request->answer.given)
                bp_idempotency_begin(request);
        if (request->answer.given || !request->match.route->route->raw_types)
                free_body(request);
        if (!request->answer.given)
                request->match.route->route->handler(request, request->server->settings.app);
        free_body(request);
}

void bp_request_settle(struct bp_request *request) {
        if (!request->answer.given && !request->stream)
                bp_request_fail_errno(request, -EIO);
        bp_idempotency_end(request);
}

void bp_request_observe(const struct bp_request *request, uint64_t duration_us) {
        struct bp_metrics *metrics = request->server->settings.metrics;
        const char *operation = request->match.route ? request->match.route->route->operation : "none";
        char status[16];

        if (!metrics)
                return;
        snprintf(status, sizeof(status), "%u", request->answer.status);
        bp_metrics_observe(metrics, BP_HISTOGRAM_HTTP_REQUEST, request->method ? request->method_text : "other",
                           operation, status, (double)duration_us / 1e6);
}

void bp_request_done(struct bp_request *request) {
        struct bp_answer *answer = &request->answer;

        bp_idempotency_end(request);
        free_body(request);
        free(answer->owned);
        if (answer->is_prepared && answer->prepared.release)
                answer->prepared.release(answer->prepared.userdata);
        if (request->is_counted) {
                atomic_fetch_sub(&request->server->n_under_way, 1);
                bp_metrics_add(request->server->settings.metrics, BP_METRIC_HTTP_IN_PROGRESS, NULL, NULL, -1);
        }
}
