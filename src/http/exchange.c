/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From request to response. The judgement at the end is what retries rest on: an exchange counts as not sent only when
 * libcurl has not written a byte of the request. For the same reason requests that are not safe to repeat never use a
 * connection a second time, since libcurl silently repeats a request when such a connection turns out to be dead.
 */
#include "http/exchange.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "base/value.h"
#include "http/address.h"
#include "http/deadlines.h"

enum {
        METHOD_SIZE_MAX = 32,
        HEADERS_MAX = 500,
        DEFAULT_TIMEOUT_MS = 30000,
};

static const char *const safe_to_repeat[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"};
static const char *const with_empty_body[] = {"POST", "PUT", "PATCH"};

/* Headers that say where a message ends: the client's own affair. */
static const char *const framing_headers[] = {"content-length", "transfer-encoding", "upgrade", "trailer"};

static bool is_one_of(const char *text, const char *const *list, size_t count) {
        for (size_t i = 0; i < count; i++)
                if (strcasecmp(text, list[i]) == 0)
                        return true;
        return false;
}

#define IS_ONE_OF(text, list) is_one_of((text), (list), sizeof(list) / sizeof((list)[0]))

__attribute__((format(printf, 3, 4))) static void refuse(struct bp_http_exchange *exchange, uint32_t as,
                                                         const char *format, ...) {
        va_list arguments;

        if (exchange->refused_as)
                return;
        exchange->refused_as = as;
        va_start(arguments, format);
        vsnprintf(exchange->refusal, sizeof(exchange->refusal), format, arguments);
        va_end(arguments);
}

/* A token of RFC 9110: method and header names. */
static bool is_token(const char *text) {
        static const char allowed[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

        return *text && text[strspn(text, allowed)] == '\0';
}

/* No line break, no other control character but tab. */
static bool is_header_value(const char *text) {
        for (; *text; text++)
                if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7f)
                        return false;
        return true;
}

static int add_header_line(struct bp_http_exchange *exchange, const char *format, const char *name, const char *value) {
        struct bp_strbuf line;
        struct curl_slist *longer;

        bp_strbuf_init(&line, exchange->arena, SIZE_MAX);
        bp_strbuf_add_text(&line, name);
        bp_strbuf_add_text(&line, format);
        bp_strbuf_add_text(&line, value);
        if (line.error)
                return -ENOMEM;
        longer = curl_slist_append(exchange->header_lines, bp_strbuf_text(&line));
        if (!longer)
                return -ENOMEM;
        exchange->header_lines = longer;
        return 0;
}

static int take_header(struct bp_http_exchange *exchange, const struct bp_member *header) {
        const char *value = header->value.as.text;

        if (!is_token(header->key)) {
                refuse(exchange, BP_HTTP_UNSENT, "a header name has characters that are not allowed");
                return 0;
        }
        if (IS_ONE_OF(header->key, framing_headers)) {
                refuse(exchange, BP_HTTP_UNSENT, "header %.64s is set by the client itself", header->key);
                return 0;
        }
        if (header->value.type != BP_STRING || !is_header_value(value)) {
                refuse(exchange, BP_HTTP_UNSENT, "header %.64s is no text or holds a line break", header->key);
                return 0;
        }
        /* libcurl takes "Name:" for removing a header, "Name;" for an empty one. */
        return add_header_line(exchange, *value ? ": " : ";", header->key, value);
}

static bool has_header(const struct bp_value *headers, const char *name) {
        for (uint32_t i = 0; headers && i < headers->count; i++)
                if (strcasecmp(headers->as.members[i].key, name) == 0)
                        return true;
        return false;
}

static int take_headers(struct bp_http_exchange *exchange, const struct bp_value *headers) {
        int r;

        if (headers && headers->type != BP_OBJECT) {
                if (headers->type != BP_NULL)
                        refuse(exchange, BP_HTTP_UNSENT, "the headers are no object");
                headers = NULL;
        }
        for (uint32_t i = 0; headers && i < headers->count; i++) {
                r = take_header(exchange, &headers->as.members[i]);
                if (r < 0)
                        return r;
        }
        /* libcurl would add these by itself. */
        r = has_header(headers, "content-type") ? 0 : add_header_line(exchange, ":", "Content-Type", "");
        return r < 0 ? r : add_header_line(exchange, ":", "Expect", "");
}

static int take_method(struct bp_http_exchange *exchange, const char *method) {
        size_t size = method ? strlen(method) : 0;

        if (method && (size > METHOD_SIZE_MAX || !is_token(method)))
                refuse(exchange, BP_HTTP_UNSENT, "the method has characters that are not allowed");
        exchange->method = exchange->refused_as || !method ? bp_arena_text(exchange->arena, "GET", 3)
                                                           : bp_arena_text(exchange->arena, method, size);
        return exchange->method ? 0 : -ENOMEM;
}

/* The host and port that libcurl will connect to. */
static void take_target(struct bp_http_exchange *exchange) {
        char *host = NULL, *port = NULL;
        unsigned long number = 0;

        if (curl_url_get(exchange->url, CURLUPART_HOST, &host, 0) ||
            curl_url_get(exchange->url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT))
                refuse(exchange, BP_HTTP_UNSENT, "Invalid URL: no host or port");
        else
                number = strtoul(port, NULL, 10);
        if (host && !bp_http_target_set(&exchange->target, host, strlen(host), (uint16_t)number))
                refuse(exchange, BP_HTTP_UNSENT, "Invalid URL: the host name is too long");
        curl_free(host);
        curl_free(port);
}

static int judge_target(struct bp_http_exchange *exchange) {
        const char *refusal;

        exchange->target_is_allowed = bp_http_target_is_allowed(&exchange->target, exchange->settings->allow_hosts) ||
                                      bp_http_target_is_allowed(&exchange->target, exchange->allow_hosts);
        refusal = exchange->target_is_allowed ? NULL : bp_http_target_refusal(&exchange->target, exchange->arena);
        if (refusal == bp_http_guard_no_memory)
                return -ENOMEM;
        if (refusal)
                refuse(exchange, BP_HTTP_BLOCKED, "%s", refusal);
        return 0;
}

static int take_url(struct bp_http_exchange *exchange, const char *url) {
        const char *refusal = bp_http_guard_named(exchange->settings, exchange->allow_hosts, url, exchange->arena);
        char *scheme = NULL;
        CURLUcode code;

        if (refusal == bp_http_guard_no_memory)
                return -ENOMEM;
        if (refusal) {
                refuse(exchange, BP_HTTP_BLOCKED, "%s", refusal);
                return 0;
        }
        exchange->url = curl_url();
        if (!exchange->url)
                return -ENOMEM;
        code = curl_url_set(exchange->url, CURLUPART_URL, url, CURLU_ALLOW_SPACE | CURLU_URLENCODE);
        if (code == CURLUE_OUT_OF_MEMORY)
                return -ENOMEM;
        if (code) {
                refuse(exchange, BP_HTTP_UNSENT, "Invalid URL: %s", curl_url_strerror(code));
                return 0;
        }
        if (curl_url_get(exchange->url, CURLUPART_SCHEME, &scheme, 0) ||
            (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
                refuse(exchange, BP_HTTP_UNSENT, "Invalid URL: only http and https are supported");
        curl_free(scheme);
        if (exchange->refused_as)
                return 0;
        take_target(exchange);
        return judge_target(exchange);
}

static int take_body(struct bp_http_exchange *exchange, const struct bp_http_request *request) {
        if (!request->body)
                return 0;
        exchange->body = bp_arena_text(exchange->arena, request->body, request->body_size);
        exchange->body_size = request->body_size;
        return exchange->body ? 0 : -ENOMEM;
}

static int take_request(struct bp_http_exchange *exchange, const struct bp_http_request *request) {
        int r = take_method(exchange, request->method);

        if (r < 0)
                return r;
        r = take_url(exchange, request->url ? request->url : "");
        if (r < 0)
                return r;
        r = take_headers(exchange, request->headers);
        return r < 0 ? r : take_body(exchange, request);
}

static int take_options(struct bp_http_exchange *exchange, const struct bp_http_exchange_options *options) {
        if (options->refusal)
                refuse(exchange, BP_HTTP_UNSENT, "%s", options->refusal);
        if (options->ca_file) {
                exchange->ca_file = bp_arena_text(exchange->arena, options->ca_file, strlen(options->ca_file));
                if (!exchange->ca_file)
                        return -ENOMEM;
        }
        if (options->allow_hosts &&
            bp_http_copy_hosts(exchange->arena, options->allow_hosts, &exchange->allow_hosts) < 0)
                return -ENOMEM;
        if (options->delay_ms) {
                exchange->is_delayed = true;
                exchange->deadline = (struct bp_mono){bp_mono_now().us + (int64_t)options->delay_ms * 1000};
        }
        return 0;
}

static int take_all(struct bp_http_exchange *exchange, const struct bp_http_exchange_options *options,
                    const struct bp_http_request *request) {
        int r = take_options(exchange, options);

        return r < 0 || exchange->refused_as ? r : take_request(exchange, request);
}

void bp_http_exchange_undelay(struct bp_http_exchange *exchange) {
        exchange->is_delayed = false;
        exchange->deadline = (struct bp_mono){bp_mono_now().us + (int64_t)exchange->timeout_ms * 1000};
}

int bp_http_exchange_new(const struct bp_http_client_settings *settings, const struct bp_http_request *request,
                         const struct bp_http_exchange_options *options, struct bp_http_exchange **ret_exchange) {
        struct bp_http_exchange *exchange = bp_calloc(1, sizeof(*exchange));
        int r;

        if (!exchange)
                return -ENOMEM;
        exchange->stage = BP_HTTP_QUEUED;
        exchange->settings = settings;
        exchange->deadline_index = BP_HTTP_NO_DEADLINE;
        exchange->timeout_ms = request->timeout_ms ? request->timeout_ms : DEFAULT_TIMEOUT_MS;
        exchange->deadline = (struct bp_mono){bp_mono_now().us + (int64_t)exchange->timeout_ms * 1000};
        bp_strbuf_init(&exchange->header_text, NULL, settings->response_header_bytes);
        bp_strbuf_init(&exchange->body_text, NULL, settings->response_bytes);
        /* What goes in is bounded before: the request by whoever made it, the response by the settings. */
        exchange->arena = bp_arena_new(BP_ARENA_UNLIMITED);
        r = exchange->arena ? take_all(exchange, options, request) : -ENOMEM;
        if (r < 0) {
                bp_http_exchange_free(exchange);
                return r;
        }
        *ret_exchange = exchange;
        return 0;
}

struct bp_http_exchange *bp_http_exchange_free(struct bp_http_exchange *exchange) {
        if (!exchange)
                return NULL;
        if (exchange->easy)
                curl_easy_cleanup(exchange->easy);
        curl_url_cleanup(exchange->url);
        curl_slist_free_all(exchange->header_lines);
        bp_strbuf_done(&exchange->header_text);
        bp_strbuf_done(&exchange->body_text);
        bp_arena_free(exchange->arena);
        free(exchange);
        return NULL;
}

/* Called for every address a name resolved to, one at a time, right before connecting. */
static curl_socket_t open_socket(void *userdata, curlsocktype purpose, struct curl_sockaddr *socket_address) {
        struct bp_http_exchange *exchange = userdata;
        struct bp_http_address address;
        char text[BP_HTTP_ADDRESS_TEXT_SIZE];

        (void)purpose;
        if (!bp_http_address_of_socket(&socket_address->addr, &address))
                return CURL_SOCKET_BAD;
        if (!exchange->target_is_allowed && bp_http_address_is_blocked(&address)) {
                exchange->blocked_an_address = true;
                snprintf(exchange->refusal, sizeof(exchange->refusal), "IP address %s is in blocked range",
                         bp_http_address_format(&address, text));
                return CURL_SOCKET_BAD;
        }
        exchange->tried_an_address = true;
        return socket(socket_address->family, socket_address->socktype | SOCK_CLOEXEC, socket_address->protocol);
}

static size_t receive_body(char *bytes, size_t size, size_t count, void *userdata) {
        struct bp_http_exchange *exchange = userdata;

        bp_strbuf_add(&exchange->body_text, bytes, size * count);
        if (exchange->body_text.error) {
                exchange->over_limit = true;
                return 0;
        }
        return size * count;
}

/* An informational response came before, or nothing: what is here now is the beginning of the real one. */
static void restart_headers(struct bp_http_exchange *exchange) {
        bp_strbuf_clear(&exchange->header_text);
        exchange->n_headers = 0;
}

/* Header bytes beyond ASCII that are no UTF-8 are taken for ISO 8859-1, as HTTP once had it. */
static void add_header_value(struct bp_strbuf *text, const char *value, size_t size) {
        if (bp_utf8_valid(value, size)) {
                bp_strbuf_add(text, value, size);
                return;
        }
        for (size_t i = 0; i < size; i++) {
                char bytes[4];

                bp_strbuf_add(text, bytes,
                              bp_utf8_encode((unsigned char)value[i] ? (unsigned char)value[i] : ' ', bytes));
        }
}

static void add_header(struct bp_http_exchange *exchange, const char *line, size_t size) {
        const char *colon = memchr(line, ':', size);
        const char *value;

        while (size && strchr("\r\n \t", line[size - 1]))
                size--;
        if (!colon || colon == line)
                return;
        value = colon + 1;
        while (value < line + size && (*value == ' ' || *value == '\t'))
                value++;
        for (const char *c = line; c < colon; c++)
                bp_strbuf_add_char(&exchange->header_text,
                                   (*c & 0x80) || *c == 0 ? '?' : (char)((*c >= 'A' && *c <= 'Z') ? *c | 0x20 : *c));
        bp_strbuf_add_char(&exchange->header_text, '\0');
        if (value < line + size)
                add_header_value(&exchange->header_text, value, (size_t)(line + size - value));
        bp_strbuf_add_char(&exchange->header_text, '\0');
        exchange->n_headers++;
}

static size_t receive_header(char *line, size_t size, size_t count, void *userdata) {
        struct bp_http_exchange *exchange = userdata;

        size *= count;
        exchange->header_bytes += size;
        if (size >= 5 && memcmp(line, "HTTP/", 5) == 0)
                restart_headers(exchange);
        else
                add_header(exchange, line, size);
        if (exchange->header_bytes > exchange->settings->response_header_bytes || exchange->n_headers > HEADERS_MAX ||
            exchange->header_text.error) {
                exchange->over_limit = true;
                return 0;
        }
        return size;
}

static bool set_body(struct bp_http_exchange *exchange) {
        bool has_body = exchange->body || IS_ONE_OF(exchange->method, with_empty_body);

        if (!has_body)
                return true;
        return !curl_easy_setopt(exchange->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->body_size) &&
               !curl_easy_setopt(exchange->easy, CURLOPT_POSTFIELDS, exchange->body ? exchange->body : "");
}

static bool set_request(struct bp_http_exchange *exchange) {
        CURL *easy = exchange->easy;
        bool is_head = strcasecmp(exchange->method, "HEAD") == 0;
        bool is_repeatable = IS_ONE_OF(exchange->method, safe_to_repeat);

        return !curl_easy_setopt(easy, CURLOPT_CURLU, exchange->url) && set_body(exchange) &&
               !curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, exchange->method) &&
               !curl_easy_setopt(easy, CURLOPT_NOBODY, is_head ? 1L : 0L) &&
               !curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->header_lines) &&
               !curl_easy_setopt(easy, CURLOPT_USERAGENT, exchange->settings->user_agent) &&
               !curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, is_repeatable ? 0L : 1L);
}

/* Nothing of the environment, no other protocol, no redirect; the proxy "" is what keeps *_proxy variables out. */
static bool set_confinement(struct bp_http_exchange *exchange) {
        CURL *easy = exchange->easy;

        return !curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") &&
               !curl_easy_setopt(easy, CURLOPT_PROXY, "") && !curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) &&
               !curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) &&
               !curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
               (!exchange->ca_file || !curl_easy_setopt(easy, CURLOPT_CAINFO, exchange->ca_file)) &&
               !curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) &&
               !curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, exchange) &&
               !curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) &&
               /* Without it, an exchange that ends while its name is being resolved would hold up all others. */
               !curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) &&
               !curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)exchange->settings->connect_timeout_ms);
}

static bool set_receiving(struct bp_http_exchange *exchange) {
        CURL *easy = exchange->easy;

        return !curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate") &&
               !curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive_body) &&
               !curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange) &&
               !curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, receive_header) &&
               !curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange) &&
               !curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->curl_error) &&
               !curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
}

int bp_http_exchange_prepare(struct bp_http_exchange *exchange) {
        exchange->easy = curl_easy_init();
        if (!exchange->easy)
                return -ENOMEM;
        return set_confinement(exchange) && set_request(exchange) && set_receiving(exchange) ? 0 : -ENOMEM;
}

static bool has_left(struct bp_http_exchange *exchange) {
        long size = 0;

        return exchange->easy && !curl_easy_getinfo(exchange->easy, CURLINFO_REQUEST_SIZE, &size) && size > 0;
}

static int join_values(struct bp_http_exchange *exchange, const struct bp_value *earlier, const char *value,
                       struct bp_value *ret_value) {
        struct bp_strbuf joined;

        bp_strbuf_init(&joined, exchange->arena, SIZE_MAX);
        if (earlier) {
                bp_strbuf_add(&joined, earlier->as.text, earlier->count);
                bp_strbuf_add_text(&joined, ", ");
        }
        bp_strbuf_add_text(&joined, value);
        if (joined.error)
                return -ENOMEM;
        *ret_value = bp_value_text_borrow(bp_strbuf_text(&joined), joined.size);
        return 0;
}

/* All values of a name in one, unless an earlier header of that name has done so. */
static int build_headers(struct bp_http_exchange *exchange, struct bp_value *ret_headers) {
        struct bp_object_builder headers;
        const char *text = exchange->header_text.text;

        bp_object_init(&headers, exchange->arena);
        for (size_t i = 0; i < exchange->n_headers; i++) {
                const char *name = text, *value = name + strlen(name) + 1;
                struct bp_value joined;
                int r;

                text = value + strlen(value) + 1;
                if (bp_object_has(&headers, name, strlen(name)))
                        continue;
                r = join_values(exchange, NULL, value, &joined);
                for (const char *other = text, *end = exchange->header_text.text + exchange->header_text.size;
                     r == 0 && other < end;) {
                        const char *other_value = other + strlen(other) + 1;

                        if (strcmp(other, name) == 0)
                                r = join_values(exchange, &joined, other_value, &joined);
                        other = other_value + strlen(other_value) + 1;
                }
                if (r < 0)
                        return r;
                bp_object_set_z(&headers, name, joined);
        }
        return bp_object_finish(&headers, ret_headers);
}

struct judgement {
        uint32_t failure, timed_out;
        const char *message;
};

static struct judgement judge_curl(struct bp_http_exchange *exchange, CURLcode code) {
        const char *message = exchange->curl_error[0] ? exchange->curl_error : curl_easy_strerror(code);
        bool sent = has_left(exchange);

        if (exchange->over_limit)
                return (struct judgement){BP_HTTP_LIMIT, 0, "the answer is larger than allowed"};
        if (code == CURLE_OK)
                return (struct judgement){BP_HTTP_OK, 0, ""};
        if (exchange->blocked_an_address && !exchange->tried_an_address)
                return (struct judgement){BP_HTTP_BLOCKED, 0, exchange->refusal};
        if (code == CURLE_OPERATION_TIMEDOUT)
                return (struct judgement){sent ? BP_HTTP_TIMEOUT : BP_HTTP_UNSENT, 1, message};
        return (struct judgement){sent ? BP_HTTP_BROKEN : BP_HTTP_UNSENT, 0, message};
}

static struct judgement judge(struct bp_http_exchange *exchange, enum bp_http_end end, CURLcode code) {
        switch (end) {
        case BP_HTTP_END_REFUSED:
                return (struct judgement){exchange->refused_as, 0, exchange->refusal};
        case BP_HTTP_END_DEADLINE:
                return (struct judgement){has_left(exchange) ? BP_HTTP_TIMEOUT : BP_HTTP_UNSENT, 1,
                                          "no complete answer in time"};
        case BP_HTTP_END_CANCEL:
                return (struct judgement){has_left(exchange) ? BP_HTTP_BROKEN : BP_HTTP_UNSENT, 0, "cancelled"};
        case BP_HTTP_END_CURL:
        default:
                return judge_curl(exchange, code);
        }
}

void bp_http_exchange_finish(struct bp_http_exchange *exchange, enum bp_http_end end, CURLcode code) {
        struct judgement judgement = judge(exchange, end, code);
        struct bp_value headers = bp_value_empty_object;
        struct bp_http_response response = {.struct_size = sizeof(response), .body = "", .state = NULL};
        long status = 0;

        if (judgement.failure == BP_HTTP_OK) {
                curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
                if (build_headers(exchange, &headers) < 0)
                        judgement = (struct judgement){BP_HTTP_LIMIT, 0, "not enough memory for the answer"};
        }
        response.failure = judgement.failure;
        response.timed_out = judgement.timed_out;
        response.message = judgement.message;
        response.headers = &headers;
        if (judgement.failure == BP_HTTP_OK) {
                response.status = (uint32_t)status;
                response.body = bp_strbuf_text(&exchange->body_text);
                response.body_size = exchange->body_text.size;
        }
        if (exchange->listener.ended)
                exchange->listener.ended(exchange->listener.userdata, &response, end);
        else
                exchange->listener.done(exchange->listener.userdata, &response);
}
