/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A path comes from an action and may hold what somebody typed: it must not lead out of the service's own paths, least
 * of all to other routes of the sidecar. That is why dot segments are refused in every spelling.
 */
#include "invoke/request.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "base/value.h"

enum { URL_BYTES_MAX = 64 << 10 };

const char *bp_wire_text(struct bp_arena *arena, const char *format, ...) {
        va_list arguments, again;
        char *text;
        int size;

        va_start(arguments, format);
        va_copy(again, arguments);
        size = vsnprintf(NULL, 0, format, again);
        va_end(again);
        text = size < 0 ? NULL : bp_arena_alloc(arena, (size_t)size + 1);
        if (text)
                vsnprintf(text, (size_t)size + 1, format, arguments);
        va_end(arguments);
        return text;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Headers
 */

static struct bp_member *find(const struct bp_wire_headers *headers, const char *name) {
        for (uint32_t i = 0; i < headers->count; i++)
                if (strcasecmp(headers->items[i].key, name) == 0)
                        return &headers->items[i];
        return NULL;
}

static struct bp_member *append(struct bp_wire_headers *headers) {
        if (headers->count == headers->capacity) {
                uint32_t capacity = headers->capacity ? headers->capacity * 2 : 8;
                struct bp_member *items = bp_arena_array(headers->arena, capacity, sizeof(*items));

                if (!items) {
                        headers->error = -ENOMEM;
                        return NULL;
                }
                if (headers->count)
                        memcpy(items, headers->items, headers->count * sizeof(*items));
                headers->items = items;
                headers->capacity = capacity;
        }
        return &headers->items[headers->count++];
}

static void set_value(struct bp_wire_headers *headers, const char *name, const struct bp_value *value, bool keep) {
        struct bp_member *member = find(headers, name);

        if (member && keep)
                return;
        if (!member)
                member = append(headers);
        if (!member)
                return;
        *member = (struct bp_member){.key = bp_arena_text(headers->arena, name, strlen(name)),
                                     .key_size = (uint32_t)strlen(name)};
        if (!member->key || bp_value_copy(headers->arena, value, &member->value) < 0) {
                headers->error = -ENOMEM;
                headers->count--;
        }
}

void bp_wire_header(struct bp_wire_headers *headers, const char *name, const char *value, bool keep) {
        const struct bp_value text = bp_value_text_borrow(value, strlen(value));

        set_value(headers, name, &text, keep);
}

const char *bp_wire_header_of(const struct bp_value *headers, const char *name) {
        for (uint32_t i = 0; headers && headers->type == BP_OBJECT && i < headers->count; i++) {
                const struct bp_member *member = &headers->as.members[i];

                if (strcasecmp(member->key, name) == 0 && member->value.type == BP_STRING)
                        return member->value.as.text;
        }
        return NULL;
}

void bp_wire_headers_merge(struct bp_wire_headers *headers, const struct bp_value *object, bool keep) {
        for (uint32_t i = 0; object && object->type == BP_OBJECT && i < object->count; i++)
                set_value(headers, object->as.members[i].key, &object->as.members[i].value, keep);
}

int bp_wire_headers_finish(const struct bp_wire_headers *headers, const struct bp_value **ret_headers) {
        struct bp_value *value = bp_arena_alloc(headers->arena, sizeof(*value));
        struct bp_object_builder object;

        if (headers->error || !value)
                return -ENOMEM;
        bp_object_init(&object, headers->arena);
        for (uint32_t i = 0; i < headers->count; i++)
                bp_object_set_z(&object, headers->items[i].key, headers->items[i].value);
        if (bp_object_finish(&object, value) < 0)
                return -ENOMEM;
        *ret_headers = value;
        return 0;
}

static bool is_nil(struct bp_id id) {
        static const struct bp_id nil;

        return memcmp(&id, &nil, sizeof(id)) == 0;
}

/* The execution is the trace, the call its span: whoever looks a call up finds all others of its execution. */
void bp_wire_trace(struct bp_wire_headers *headers, const struct bp_invoker_caller *caller) {
        char execution[BP_ID_TEXT_SIZE], call[64], trace[33], text[64];
        uint64_t span;
        size_t used = 0;

        if (!caller || is_nil(caller->execution))
                return;
        bp_id_format(caller->execution, execution);
        for (const char *at = execution; *at; at++)
                if (*at != '-')
                        trace[used++] = *at;
        trace[used] = '\0';
        snprintf(call, sizeof(call), "%u/%u", caller->attempt, caller->call);
        span = bp_hash64(call, strlen(call), bp_hash64(caller->execution.bytes, sizeof(caller->execution.bytes), 0));
        if (caller->step_id)
                span = bp_hash64(caller->step_id, strlen(caller->step_id), span);
        snprintf(text, sizeof(text), "00-%s-%016llx-01", trace, (unsigned long long)(span ? span : 1));
        bp_wire_header(headers, "traceparent", text, true);
}

/* ---------------------------------------------------------------------------------------------------------------
 * URLs
 */

void bp_wire_encode(struct bp_strbuf *buffer, const char *text, size_t size) {
        static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

        for (size_t i = 0; i < size; i++) {
                if (text[i] && strchr(unreserved, text[i]))
                        bp_strbuf_add_char(buffer, text[i]);
                else
                        bp_strbuf_printf(buffer, "%%%02X", (unsigned char)text[i]);
        }
}

static void add_pair(struct bp_strbuf *url, const struct bp_member *member, const struct bp_value *value,
                     char *separator) {
        struct bp_strbuf json;

        if (value->type == BP_NULL)
                return;
        bp_strbuf_add_char(url, *separator);
        *separator = '&';
        bp_wire_encode(url, member->key, member->key_size);
        bp_strbuf_add_char(url, '=');
        if (value->type == BP_STRING) {
                bp_wire_encode(url, value->as.text, value->count);
                return;
        }
        bp_strbuf_init(&json, NULL, URL_BYTES_MAX);
        bp_json_write(&json, value);
        bp_wire_encode(url, bp_strbuf_text(&json), json.size);
        if (json.error)
                url->error = json.error;
        bp_strbuf_done(&json);
}

/* A list stands for several values of its name. */
static void add_query(struct bp_strbuf *url, const struct bp_value *query, bool has_query) {
        char separator = has_query ? '&' : '?';

        for (uint32_t i = 0; query && query->type == BP_OBJECT && i < query->count; i++) {
                const struct bp_member *member = &query->as.members[i];

                if (member->value.type != BP_LIST)
                        add_pair(url, member, &member->value, &separator);
                for (uint32_t k = 0; member->value.type == BP_LIST && k < member->value.count; k++)
                        add_pair(url, member, &member->value.as.items[k], &separator);
        }
}

/* @return 0, -ENOMEM, or -E2BIG for one that is too long */
static int build_url(struct bp_arena *arena, const char *base, const char *path, const struct bp_value *query,
                     const char **ret_url) {
        size_t before_fragment = strcspn(path, "#");
        struct bp_strbuf url;

        bp_strbuf_init(&url, arena, URL_BYTES_MAX);
        bp_strbuf_add_text(&url, base);
        bp_strbuf_add(&url, path, before_fragment);
        add_query(&url, query, memchr(path, '?', before_fragment));
        bp_strbuf_add_text(&url, path + before_fragment);
        if (url.error)
                return url.error;
        *ret_url = bp_strbuf_text(&url);
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Bodies
 */

static int write_json(struct bp_arena *arena, const struct bp_value *json, struct bp_http_request *request) {
        struct bp_strbuf body;

        bp_strbuf_init(&body, arena, UINT32_MAX / 2);
        bp_json_write(&body, json);
        if (body.error)
                return -ENOMEM;
        request->body = bp_strbuf_text(&body);
        request->body_size = body.size;
        return 0;
}

static int take_body(struct bp_arena *arena, const struct bp_http_request *request, struct bp_http_request *wire) {
        if (request->json)
                return write_json(arena, request->json, wire);
        if (!request->body)
                return 0;
        wire->body = bp_arena_text(arena, request->body, request->body_size);
        wire->body_size = request->body_size;
        return wire->body ? 0 : -ENOMEM;
}

static int take_method(struct bp_arena *arena, const struct bp_http_request *request, struct bp_http_request *wire) {
        const char *method = request->method ? request->method : "GET";

        wire->struct_size = sizeof(*wire);
        wire->timeout_ms = request->timeout_ms;
        wire->method = bp_arena_text(arena, method, strlen(method));
        return wire->method ? 0 : -ENOMEM;
}

static int refuse_long_url(struct bp_wire_request *wire) {
        wire->options.refusal = "the URL is longer than 64 KiB";
        return 0;
}

int bp_wire_plain(struct bp_arena *arena, const struct bp_http_request *request, struct bp_wire_request *ret_wire) {
        struct bp_wire_headers headers = {.arena = arena};
        int r = take_method(arena, request, &ret_wire->request);

        if (r == 0)
                r = take_body(arena, request, &ret_wire->request);
        if (r == 0)
                r = build_url(arena, "", request->url ? request->url : "", request->query, &ret_wire->request.url);
        if (r == -E2BIG)
                return refuse_long_url(ret_wire);
        if (r < 0)
                return r;
        bp_wire_headers_merge(&headers, request->headers, false);
        if (request->json)
                bp_wire_header(&headers, "Content-Type", "application/json", true);
        return bp_wire_headers_finish(&headers, &ret_wire->request.headers);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Services
 */

static bool is_app_id(const char *name) {
        static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";

        return *name && name[strspn(name, allowed)] == '\0' && name[0] != '.';
}

/* One character of a path, its escape undone. */
static int decoded(const char **at) {
        unsigned code;
        int size = 0;

        if (**at == '%' && sscanf(*at, "%%%2x%n", &code, &size) == 1 && size == 3) {
                *at += 3;
                return (int)code;
        }
        return (unsigned char)*(*at)++;
}

/* "." and ".." between slashes of either kind, up to the query. */
static bool has_dot_segment(const char *path) {
        size_t n_dots = 0, n_others = 0;

        while (*path && *path != '?') {
                int c = decoded(&path);

                if (c == '/' || c == '\\') {
                        if (n_others == 0 && (n_dots == 1 || n_dots == 2))
                                return true;
                        n_dots = n_others = 0;
                } else if (c == '.') {
                        n_dots++;
                } else {
                        n_others++;
                }
        }
        return n_others == 0 && (n_dots == 1 || n_dots == 2);
}

static const char *path_refusal(const char *path) {
        if (strchr(path, '#') || strchr(path, '\\'))
                return "the path of a service must hold neither # nor a backslash";
        return has_dot_segment(path) ? "the path of a service must not hold . or .. as a segment" : NULL;
}

/* @return 0, `ret_refusal` then NULL when it may be sent; -ENOMEM */
static int check_refusal(struct bp_arena *arena, const struct bp_services *services,
                         const struct bp_service_entry *entry, const struct bp_http_request *request,
                         const char **ret_refusal) {
        *ret_refusal = NULL;
        if (!is_app_id(request->service)) {
                *ret_refusal = "the name of a service has letters, digits, '-', '_' and '.' only";
        } else if (!entry->base.text && !services->dapr.text) {
                *ret_refusal = bp_wire_text(arena,
                                            "service %.100s cannot be reached: neither its URL (services.%.100s.url) "
                                            "nor a Dapr sidecar (dapr.url) is configured",
                                            request->service, request->service);
                return *ret_refusal ? 0 : -ENOMEM;
        } else if (request->url) {
                *ret_refusal = path_refusal(request->url);
        }
        return 0;
}

static int service_url(struct bp_arena *arena, const struct bp_services *services, const struct bp_service_entry *entry,
                       const struct bp_http_request *request, const char **ret_url) {
        const char *path = request->url ? request->url : "";
        const char *app_id = entry->given.app_id ? entry->given.app_id : request->service;
        struct bp_strbuf base;

        bp_strbuf_init(&base, arena, URL_BYTES_MAX);
        if (entry->base.text)
                bp_strbuf_add_text(&base, entry->base.text);
        else
                bp_strbuf_printf(&base, "%s/v1.0/invoke/%s/method", services->dapr.text, app_id);
        if (*path != '/')
                bp_strbuf_add_char(&base, '/');
        if (base.error)
                return base.error;
        return build_url(arena, bp_strbuf_text(&base), path, request->query, ret_url);
}

static void add_token(struct bp_wire_headers *headers, const struct bp_service_entry *entry) {
        const char *token = entry->given.token;
        const char *bearer;

        if (!token)
                return;
        if (entry->given.token_header) {
                bp_wire_header(headers, entry->given.token_header, token, false);
                return;
        }
        bearer = bp_wire_text(headers->arena, "Bearer %s", token);
        if (bearer)
                bp_wire_header(headers, "Authorization", bearer, false);
        else
                headers->error = -ENOMEM;
}

static int service_headers(struct bp_arena *arena, const struct bp_service_entry *entry,
                           const struct bp_invoker_settings *settings, const struct bp_http_request *request,
                           const struct bp_invoker_caller *caller, const struct bp_value **ret_headers) {
        struct bp_wire_headers headers = {.arena = arena};

        bp_wire_headers_merge(&headers, request->headers, false);
        bp_wire_headers_merge(&headers, entry->given.headers, false);
        bp_wire_header(&headers, "Content-Type", "application/json", true);
        add_token(&headers, entry);
        if (!entry->base.text && settings->dapr_token) {
                bp_wire_header(&headers, "dapr-api-token", settings->dapr_token, false);
                bp_wire_header(&headers, "x-app-api-token", settings->dapr_token, false);
        }
        bp_wire_trace(&headers, caller);
        return bp_wire_headers_finish(&headers, ret_headers);
}

static bool carries_body(const char *method) {
        return strcmp(method, "GET") != 0 && strcmp(method, "DELETE") != 0 && strcmp(method, "HEAD") != 0;
}

int bp_wire_service(struct bp_arena *arena, const struct bp_services *services, const struct bp_service_entry *entry,
                    const struct bp_invoker_settings *settings, const struct bp_http_request *request,
                    const struct bp_invoker_caller *caller, struct bp_wire_request *ret_wire) {
        struct bp_http_request *wire = &ret_wire->request;
        int r = take_method(arena, request, wire);

        if (r == 0)
                r = check_refusal(arena, services, entry, request, &ret_wire->options.refusal);
        if (r < 0 || ret_wire->options.refusal)
                return r;
        if (entry->given.timeout_ms)
                wire->timeout_ms = entry->given.timeout_ms;
        r = service_url(arena, services, entry, request, &wire->url);
        if (r == -E2BIG)
                return refuse_long_url(ret_wire);
        if (r == 0 && carries_body(wire->method))
                r = take_body(arena, request, wire);
        if (r < 0)
                return r;
        ret_wire->options.allow_hosts = entry->base.text ? entry->base.hosts : services->dapr.hosts;
        ret_wire->options.ca_file = entry->base.text ? entry->given.ca_file : NULL;
        return service_headers(arena, entry, settings, request, caller, &wire->headers);
}
