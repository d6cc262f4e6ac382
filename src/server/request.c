/* SPDX-License-Identifier: Apache-2.0 */
/* What handlers ask a request. */
#include "server/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "server/headers.h"
#include "server/state.h"

enum { LONGEST_WAIT_SECONDS = 300 };

struct bp_arena *bp_request_arena(struct bp_request *request) {
        return request->arena;
}

const struct bp_principal *bp_request_principal(const struct bp_request *request) {
        return &request->principal;
}

const struct bp_route *bp_request_route(const struct bp_request *request) {
        return request->match.route ? request->match.route->route : NULL;
}

const char *bp_request_path(const struct bp_request *request) {
        return request->path;
}

size_t bp_request_alias(const struct bp_request *request) {
        return request->match.alias;
}

const char *bp_request_correlation_id(const struct bp_request *request) {
        return request->correlation_id;
}

const char *bp_request_header(const struct bp_request *request, const char *name) {
        for (size_t i = 0; i < request->n_headers; i++) {
                if (strcasecmp(request->headers[i].name, name) == 0)
                        return request->headers[i].value;
        }
        return NULL;
}

/* What stands in a Host header may go into links only when it can be nothing else. */
static bool is_host(const char *host) {
        return host && *host && strlen(host) < 256 &&
               !host[strspn(host, "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789.-_:[]")];
}

const char *bp_request_base_url(struct bp_request *request) {
        const char *scheme = request->server->is_tls ? "https" : "http";
        const char *host = bp_request_header(request, "Host"), *told;
        char url[300];
        char *copy;

        if (request->by_proxy) {
                told = bp_request_header(request, "X-Forwarded-Proto");
                if (told && (strcmp(told, "https") == 0 || strcmp(told, "http") == 0))
                        scheme = told;
                told = bp_request_header(request, "X-Forwarded-Host");
                if (is_host(told))
                        host = told;
        }
        if (!is_host(host))
                return request->server->url;
        snprintf(url, sizeof(url), "%s://%s", scheme, host);
        copy = bp_arena_text(request->arena, url, strlen(url));
        return copy ? copy : request->server->url;
}

const struct bp_value *bp_request_field(const struct bp_request *request, const char *name) {
        for (size_t i = 0; i < request->n_fields; i++) {
                if (request->fields[i].there && strcmp(request->fields[i].name, name) == 0)
                        return &request->fields[i].value;
        }
        return NULL;
}

struct bp_id bp_request_id(const struct bp_request *request, const char *name) {
        const char *text = bp_request_text(request, name);
        struct bp_id id = {0};

        if (text)
                bp_id_parse(text, &id);
        return id;
}

int64_t bp_request_integer(const struct bp_request *request, const char *name) {
        const struct bp_value *value = bp_request_field(request, name);

        return value && value->type == BP_INT ? value->as.integer : 0;
}

bool bp_request_boolean(const struct bp_request *request, const char *name) {
        const struct bp_value *value = bp_request_field(request, name);

        return value && value->type == BP_BOOL && value->as.boolean;
}

const char *bp_request_text(const struct bp_request *request, const char *name) {
        const struct bp_value *value = bp_request_field(request, name);

        return value && value->type == BP_STRING ? value->as.text : NULL;
}

const char *bp_request_raw_body(const struct bp_request *request, size_t *ret_size) {
        *ret_size = request->body_size;
        return request->body_text ? request->body_text : "";
}

const struct bp_value *bp_request_body(const struct bp_request *request) {
        return request->has_body ? &request->body : NULL;
}

const struct bp_value *bp_request_member(const struct bp_request *request, const char *name) {
        const struct bp_value *value = request->has_body ? bp_value_get(&request->body, name) : NULL;

        return value && value->type != BP_NULL ? value : NULL;
}

const struct bp_request_key *bp_request_key(const struct bp_request *request) {
        return request->has_key ? &request->key : NULL;
}

void bp_request_set_state(struct bp_request *request, void *state) {
        request->state = state;
}

void *bp_request_state(const struct bp_request *request) {
        return request->state;
}

uint32_t bp_request_wait_seconds(const struct bp_request *request) {
        return bp_header_wait(bp_request_header(request, "Prefer"), LONGEST_WAIT_SECONDS);
}
