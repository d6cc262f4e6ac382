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
        RECEIVE_BYTES = 4096,   /* at once; libcurl has 16 KiB for it */
        SEND_BYTES = 16 * 1024, /* and 64 KiB for this; it takes no less */
        LANE_NAME_BYTES = BP_HTTP_HOST_SIZE + 8,
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

/* ---------------------------------------------------------------------------------------------------------------
 * Packing a request
 */

static const char *text_at(const struct bp_http_exchange *exchange, size_t place) {
        return bp_strbuf_text(&exchange->texts) + place;
}

/* A memory error is found at the end, in the buffer. @return its place */
static size_t pack(struct bp_http_exchange *exchange, const char *text) {
        size_t place = exchange->texts.size;

        bp_strbuf_add(&exchange->texts, text, strlen(text) + 1);
        return place;
}

__attribute__((format(printf, 3, 4))) static void refuse(struct bp_http_exchange *exchange, uint32_t as,
                                                         const char *format, ...) {
        char text[BP_HTTP_HOST_SIZE + 96];
        va_list arguments;

        if (exchange->refused_as)
                return;
        exchange->refused_as = as;
        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        exchange->refusal = pack(exchange, text);
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

static void add_header_line(struct bp_http_exchange *exchange, const char *name, const char *mark, const char *value) {
        bp_strbuf_add_text(&exchange->texts, name);
        bp_strbuf_add_text(&exchange->texts, mark);
        pack(exchange, value);
        exchange->n_header_lines++;
}

const char *bp_http_header_refusal(const char *name, const char *value) {
        if (!is_token(name))
                return "has characters in its name that are not allowed";
        if (IS_ONE_OF(name, framing_headers))
                return "is set by the client itself";
        if (!value || !is_header_value(value))
                return "is no text or holds a line break";
        return NULL;
}

static void take_header(struct bp_http_exchange *exchange, const struct bp_member *header) {
        const char *value = header->value.type == BP_STRING ? header->value.as.text : NULL;
        const char *why = bp_http_header_refusal(header->key, value);

        if (why)
                refuse(exchange, BP_HTTP_UNSENT, "header %.64s %s", header->key, why);
        else /* libcurl takes "Name:" for removing a header, "Name;" for an empty one. */
                add_header_line(exchange, header->key, *value ? ": " : ";", value);
}

static bool has_header(const struct bp_value *headers, const char *name) {
        for (uint32_t i = 0; headers && i < headers->count; i++)
                if (strcasecmp(headers->as.members[i].key, name) == 0)
                        return true;
        return false;
}

static void take_headers(struct bp_http_exchange *exchange, const struct bp_value *headers) {
        if (headers && headers->type != BP_OBJECT) {
                if (headers->type != BP_NULL)
                        refuse(exchange, BP_HTTP_UNSENT, "the headers are no object");
                headers = NULL;
        }
        exchange->header_lines = exchange->texts.size;
        for (uint32_t i = 0; headers && i < headers->count && !exchange->refused_as; i++)
                take_header(exchange, &headers->as.members[i]);
        /* libcurl would add these by itself. */
        if (!has_header(headers, "content-type"))
                add_header_line(exchange, "Content-Type", ":", "");
        add_header_line(exchange, "Expect", ":", "");
}

static void take_method(struct bp_http_exchange *exchange, const char *method) {
        size_t size = method ? strlen(method) : 0;

        if (method && (size > METHOD_SIZE_MAX || !is_token(method)))
                refuse(exchange, BP_HTTP_UNSENT, "the method has characters that are not allowed");
        exchange->method = pack(exchange, exchange->refused_as || !method ? "GET" : method);
}

/* The host and port that libcurl will connect to. */
static void take_target(struct bp_http_exchange *exchange, CURLU *url, struct bp_http_target *target) {
        char *host = NULL, *port = NULL;
        unsigned long number = 0;

        if (curl_url_get(url, CURLUPART_HOST, &host, 0) || curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT))
                refuse(exchange, BP_HTTP_UNSENT, "Invalid URL: no host or port");
        else
                number = strtoul(port, NULL, 10);
        if (host && !bp_http_target_set(target, host, strlen(host), (uint16_t)number))
                refuse(exchange, BP_HTTP_UNSENT, "Invalid URL: the host name is too long");
        curl_free(host);
        curl_free(port);
}

static int judge_target(struct bp_http_exchange *exchange, const struct bp_http_exchange_options *options,
                        const struct bp_http_target *target, struct bp_arena *scratch) {
        const char *refusal;

        exchange->target_is_allowed = bp_http_target_is_allowed(target, exchange->settings->allow_hosts) ||
                                      bp_http_target_is_allowed(target, options->allow_hosts);
        refusal = exchange->target_is_allowed ? NULL : bp_http_target_refusal(target, scratch);
        if (refusal == bp_http_guard_no_memory)
                return -ENOMEM;
        if (refusal)
                refuse(exchange, BP_HTTP_BLOCKED, "%s", refusal);
        return 0;
}

static void name_lane(struct bp_http_exchange *exchange, const struct bp_http_exchange_options *options,
                      const struct bp_http_target *target) {
        char name[LANE_NAME_BYTES];

        snprintf(name, sizeof(name), strchr(target->host, ':') ? "[%s]:%u" : "%s:%u", target->host, target->port);
        exchange->lane_name = pack(exchange, options->lane ? options->lane : name);
}

/* The same for a text every time. @return CURLUE_OK, then `ret_url` is the caller's */
static CURLUcode parse_url(const char *text, CURLU **ret_url) {
        CURLU *url = curl_url();
        CURLUcode code = url ? curl_url_set(url, CURLUPART_URL, text, CURLU_ALLOW_SPACE | CURLU_URLENCODE)
                             : CURLUE_OUT_OF_MEMORY;

        if (code)
                curl_url_cleanup(url);
        else
                *ret_url = url;
        return code;
}

static bool is_web(CURLU *url) {
        char *scheme = NULL;
        bool is_it = !curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) &&
                     (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);

        curl_free(scheme);
        return is_it;
}

static int take_parsed(struct bp_http_exchange *exchange, const struct bp_http_exchange_options *options, CURLU *url,
                       struct bp_arena *scratch) {
        struct bp_http_target target = {0};

        if (!is_web(url))
                refuse(exchange, BP_HTTP_UNSENT, "Invalid URL: only http and https are supported");
        else
                take_target(exchange, url, &target);
        if (exchange->refused_as)
                return 0;
        name_lane(exchange, options, &target);
        return judge_target(exchange, options, &target, scratch);
}

/* What is parsed here is parsed again when it has its turn: it would be the larger part of what waits. */
static int take_url(struct bp_http_exchange *exchange, const struct bp_http_exchange_options *options,
                    const char *text) {
        _cleanup_(bp_arena_freep) struct bp_arena *scratch = bp_arena_new(BP_ARENA_UNLIMITED);
        const char *refusal;
        CURLU *url;
        CURLUcode code;
        int r;

        if (!scratch)
                return -ENOMEM;
        refusal = bp_http_guard_named(exchange->settings, options->allow_hosts, text, scratch);
        if (refusal == bp_http_guard_no_memory)
                return -ENOMEM;
        if (refusal) {
                refuse(exchange, BP_HTTP_BLOCKED, "%s", refusal);
                return 0;
        }
        code = parse_url(text, &url);
        if (code == CURLUE_OUT_OF_MEMORY)
                return -ENOMEM;
        if (code) {
                refuse(exchange, BP_HTTP_UNSENT, "Invalid URL: %s", curl_url_strerror(code));
                return 0;
        }
        exchange->url = pack(exchange, text);
        r = take_parsed(exchange, options, url, scratch);
        curl_url_cleanup(url);
        return r;
}

static int take_body(struct bp_http_exchange *exchange, const struct bp_http_request *request) {
        if (!request->body)
                return 0;
        exchange->body = bp_memdup_text(request->body, request->body_size);
        exchange->body_size = request->body_size;
        return exchange->body ? 0 : -ENOMEM;
}

static int take_all(struct bp_http_exchange *exchange, const struct bp_http_exchange_options *options,
                    const struct bp_http_request *request) {
        int r;

        pack(exchange, "");
        if (options->refusal) {
                refuse(exchange, BP_HTTP_UNSENT, "%s", options->refusal);
                return exchange->texts.error;
        }
        if (options->ca_file)
                exchange->ca_file = pack(exchange, options->ca_file);
        take_method(exchange, request->method);
        r = take_url(exchange, options, request->url ? request->url : "");
        if (r < 0)
                return r;
        take_headers(exchange, request->headers);
        return exchange->texts.error ? exchange->texts.error : take_body(exchange, request);
}

int bp_http_exchange_new(const struct bp_http_client_settings *settings, const struct bp_http_request *request,
                         const struct bp_http_exchange_options *options, struct bp_http_exchange **ret_exchange) {
        struct bp_http_exchange *exchange = bp_calloc(1, sizeof(*exchange));
        uint32_t timeout_ms = request->timeout_ms ? request->timeout_ms : DEFAULT_TIMEOUT_MS;
        int r;

        if (!exchange)
                return -ENOMEM;
        exchange->stage = BP_HTTP_QUEUED;
        exchange->settings = settings;
        exchange->deadline_index = BP_HTTP_NO_DEADLINE;
        exchange->due = exchange->deadline = (struct bp_mono){bp_mono_now().us + (int64_t)timeout_ms * 1000};
        /* What goes in is bounded before: the request by whoever made it, the response by the settings. */
        bp_strbuf_init(&exchange->texts, NULL, SIZE_MAX);
        r = take_all(exchange, options, request);
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
        bp_http_exchange_rewind(exchange);
        bp_strbuf_done(&exchange->texts);
        free(exchange->body);
        free(exchange);
        return NULL;
}

const char *bp_http_exchange_lane(const struct bp_http_exchange *exchange) {
        return text_at(exchange, exchange->lane_name);
}

/* ---------------------------------------------------------------------------------------------------------------
 * The transfer
 */

/* Called for every address a name resolved to, one at a time, right before connecting. */
static curl_socket_t open_socket(void *userdata, curlsocktype purpose, struct curl_sockaddr *socket_address) {
        const struct bp_http_exchange *exchange = userdata;
        struct bp_http_transfer *transfer = exchange->transfer;
        struct bp_http_address address;
        char text[BP_HTTP_ADDRESS_TEXT_SIZE];

        (void)purpose;
        if (!bp_http_address_of_socket(&socket_address->addr, &address))
                return CURL_SOCKET_BAD;
        if (!exchange->target_is_allowed && bp_http_address_is_blocked(&address)) {
                transfer->blocked_an_address = true;
                snprintf(transfer->blocked, sizeof(transfer->blocked), "IP address %s is in blocked range",
                         bp_http_address_format(&address, text));
                return CURL_SOCKET_BAD;
        }
        transfer->tried_an_address = true;
        return socket(socket_address->family, socket_address->socktype | SOCK_CLOEXEC, socket_address->protocol);
}

static size_t receive_body(char *bytes, size_t size, size_t count, void *userdata) {
        struct bp_http_transfer *transfer = userdata;

        bp_strbuf_add(&transfer->body_text, bytes, size * count);
        if (transfer->body_text.error) {
                transfer->over_limit = true;
                return 0;
        }
        return size * count;
}

/* An informational response came before, or nothing: what is here now is the beginning of the real one. */
static void restart_headers(struct bp_http_transfer *transfer) {
        bp_strbuf_clear(&transfer->header_text);
        transfer->n_headers = 0;
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

static void add_header(struct bp_http_transfer *transfer, const char *line, size_t size) {
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
                bp_strbuf_add_char(&transfer->header_text,
                                   (*c & 0x80) || *c == 0 ? '?' : (char)((*c >= 'A' && *c <= 'Z') ? *c | 0x20 : *c));
        bp_strbuf_add_char(&transfer->header_text, '\0');
        if (value < line + size)
                add_header_value(&transfer->header_text, value, (size_t)(line + size - value));
        bp_strbuf_add_char(&transfer->header_text, '\0');
        transfer->n_headers++;
}

static size_t receive_header(char *line, size_t size, size_t count, void *userdata) {
        const struct bp_http_exchange *exchange = userdata;
        struct bp_http_transfer *transfer = exchange->transfer;

        size *= count;
        transfer->header_bytes += size;
        if (size >= 5 && memcmp(line, "HTTP/", 5) == 0)
                restart_headers(transfer);
        else
                add_header(transfer, line, size);
        if (transfer->header_bytes > exchange->settings->response_header_bytes || transfer->n_headers > HEADERS_MAX ||
            transfer->header_text.error) {
                transfer->over_limit = true;
                return 0;
        }
        return size;
}

static bool set_body(struct bp_http_exchange *exchange) {
        CURL *easy = exchange->transfer->easy;
        bool has_body = exchange->body || IS_ONE_OF(text_at(exchange, exchange->method), with_empty_body);

        if (!has_body)
                return true;
        return !curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->body_size) &&
               !curl_easy_setopt(easy, CURLOPT_POSTFIELDS, exchange->body ? exchange->body : "");
}

static bool set_headers(struct bp_http_exchange *exchange) {
        struct bp_http_transfer *transfer = exchange->transfer;
        const char *line = text_at(exchange, exchange->header_lines);

        for (size_t i = 0; i < exchange->n_header_lines; i++) {
                struct curl_slist *longer = curl_slist_append(transfer->header_lines, line);

                if (!longer)
                        return false;
                transfer->header_lines = longer;
                line += strlen(line) + 1;
        }
        return !curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->header_lines);
}

static bool set_request(struct bp_http_exchange *exchange) {
        struct bp_http_transfer *transfer = exchange->transfer;
        CURL *easy = transfer->easy;
        const char *method = text_at(exchange, exchange->method);
        bool is_head = strcasecmp(method, "HEAD") == 0;
        bool is_repeatable = IS_ONE_OF(method, safe_to_repeat);

        return !parse_url(text_at(exchange, exchange->url), &transfer->url) &&
               !curl_easy_setopt(easy, CURLOPT_CURLU, transfer->url) && set_body(exchange) &&
               !curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method) &&
               !curl_easy_setopt(easy, CURLOPT_NOBODY, is_head ? 1L : 0L) && set_headers(exchange) &&
               !curl_easy_setopt(easy, CURLOPT_USERAGENT, exchange->settings->user_agent) &&
               !curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, is_repeatable ? 0L : 1L);
}

/* Nothing of the environment, no other protocol, no redirect; the proxy "" is what keeps *_proxy variables out. */
static bool set_confinement(struct bp_http_exchange *exchange) {
        CURL *easy = exchange->transfer->easy;

        return !curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") &&
               !curl_easy_setopt(easy, CURLOPT_PROXY, "") && !curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) &&
               !curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) &&
               !curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
               (!exchange->ca_file || !curl_easy_setopt(easy, CURLOPT_CAINFO, text_at(exchange, exchange->ca_file))) &&
               !curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) &&
               !curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, exchange) &&
               !curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) &&
               /* Without it, an exchange that ends while its name is being resolved would hold up all others. */
               !curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) &&
               !curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)exchange->settings->connect_timeout_ms);
}

static bool set_transport(struct bp_http_exchange *exchange) {
        struct bp_http_transfer *transfer = exchange->transfer;
        CURL *easy = transfer->easy;

        return !curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES) &&
               !curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)SEND_BYTES) &&
               !curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate") &&
               !curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive_body) &&
               !curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) &&
               !curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, receive_header) &&
               !curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange) &&
               !curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->curl_error) &&
               !curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
}

int bp_http_exchange_prepare(struct bp_http_exchange *exchange) {
        struct bp_http_transfer *transfer = bp_calloc(1, sizeof(*transfer));

        exchange->transfer = transfer;
        if (!transfer)
                return -ENOMEM;
        bp_strbuf_init(&transfer->header_text, NULL, exchange->settings->response_header_bytes);
        bp_strbuf_init(&transfer->body_text, NULL, exchange->settings->response_bytes);
        transfer->easy = curl_easy_init();
        if (!transfer->easy)
                return -ENOMEM;
        return set_confinement(exchange) && set_request(exchange) && set_transport(exchange) ? 0 : -ENOMEM;
}

void bp_http_exchange_rewind(struct bp_http_exchange *exchange) {
        struct bp_http_transfer *transfer = exchange->transfer;

        if (!transfer)
                return;
        if (transfer->easy)
                curl_easy_cleanup(transfer->easy);
        curl_url_cleanup(transfer->url);
        curl_slist_free_all(transfer->header_lines);
        bp_strbuf_done(&transfer->header_text);
        bp_strbuf_done(&transfer->body_text);
        free(transfer);
        exchange->transfer = NULL;
}

/* ---------------------------------------------------------------------------------------------------------------
 * The end
 */

static bool has_left(const struct bp_http_exchange *exchange) {
        const struct bp_http_transfer *transfer = exchange->transfer;
        long size = 0;

        return transfer && transfer->easy && !curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &size) &&
               size > 0;
}

static int join_values(struct bp_arena *arena, const struct bp_value *earlier, const char *value,
                       struct bp_value *ret_value) {
        struct bp_strbuf joined;

        bp_strbuf_init(&joined, arena, SIZE_MAX);
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
static int build_headers(const struct bp_http_transfer *transfer, struct bp_arena *arena,
                         struct bp_value *ret_headers) {
        struct bp_object_builder headers;
        const char *text = transfer->header_text.text;

        bp_object_init(&headers, arena);
        for (size_t i = 0; i < transfer->n_headers; i++) {
                const char *name = text, *value = name + strlen(name) + 1;
                struct bp_value joined;
                int r;

                text = value + strlen(value) + 1;
                if (bp_object_has(&headers, name, strlen(name)))
                        continue;
                r = join_values(arena, NULL, value, &joined);
                for (const char *other = text, *end = transfer->header_text.text + transfer->header_text.size;
                     r == 0 && other < end;) {
                        const char *other_value = other + strlen(other) + 1;

                        if (strcmp(other, name) == 0)
                                r = join_values(arena, &joined, other_value, &joined);
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

static struct judgement judge_curl(const struct bp_http_exchange *exchange, CURLcode code) {
        const struct bp_http_transfer *transfer = exchange->transfer;
        const char *message = transfer && transfer->curl_error[0] ? transfer->curl_error : curl_easy_strerror(code);
        bool sent = has_left(exchange);

        if (transfer && transfer->over_limit)
                return (struct judgement){BP_HTTP_LIMIT, 0, "the answer is larger than allowed"};
        if (code == CURLE_OK)
                return (struct judgement){BP_HTTP_OK, 0, ""};
        if (transfer && transfer->blocked_an_address && !transfer->tried_an_address)
                return (struct judgement){BP_HTTP_BLOCKED, 0, transfer->blocked};
        if (code == CURLE_OPERATION_TIMEDOUT)
                return (struct judgement){sent ? BP_HTTP_TIMEOUT : BP_HTTP_UNSENT, 1, message};
        return (struct judgement){sent ? BP_HTTP_BROKEN : BP_HTTP_UNSENT, 0, message};
}

static struct judgement judge_refused(const struct bp_http_exchange *exchange, const char *message) {
        if (exchange->refused_as)
                return (struct judgement){exchange->refused_as, 0, text_at(exchange, exchange->refusal)};
        return (struct judgement){BP_HTTP_UNSENT, 0, message};
}

static struct judgement judge(const struct bp_http_exchange *exchange, const struct bp_http_ending *ending) {
        switch (ending->end) {
        case BP_HTTP_END_REFUSED:
                return judge_refused(exchange, ending->message);
        case BP_HTTP_END_DEADLINE:
                return (struct judgement){has_left(exchange) ? BP_HTTP_TIMEOUT : BP_HTTP_UNSENT, 1,
                                          "no complete answer in time"};
        case BP_HTTP_END_WAITED:
                return (struct judgement){BP_HTTP_UNSENT, 0, ending->message};
        case BP_HTTP_END_CANCEL:
                return (struct judgement){has_left(exchange) ? BP_HTTP_BROKEN : BP_HTTP_UNSENT, 0, "cancelled"};
        case BP_HTTP_END_CURL:
        default:
                return judge_curl(exchange, ending->code);
        }
}

static int64_t tell(const struct bp_http_listener *listener, const struct bp_http_response *response,
                    enum bp_http_end end) {
        if (listener->ended)
                return listener->ended(listener->userdata, response, end);
        listener->done(listener->userdata, response);
        return BP_HTTP_OVER;
}

static int take_answer(const struct bp_http_transfer *transfer, struct bp_arena *arena, struct bp_value *headers,
                       struct bp_http_response *response) {
        long status = 0;

        if (!arena || build_headers(transfer, arena, headers) < 0)
                return -ENOMEM;
        curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
        response->status = (uint32_t)status;
        response->body = bp_strbuf_text(&transfer->body_text);
        response->body_size = transfer->body_text.size;
        return 0;
}

int64_t bp_http_exchange_finish(struct bp_http_exchange *exchange, const struct bp_http_ending *ending) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = NULL;
        struct judgement judgement = judge(exchange, ending);
        struct bp_value headers = bp_value_empty_object;
        struct bp_http_response response = {.struct_size = sizeof(response),
                                            .headers = &headers,
                                            .body = "",
                                            .state = NULL,
                                            .no_connection = ending->end == BP_HTTP_END_WAITED};

        if (judgement.failure == BP_HTTP_OK) {
                arena = bp_arena_new(BP_ARENA_UNLIMITED);
                if (take_answer(exchange->transfer, arena, &headers, &response) < 0)
                        judgement = (struct judgement){BP_HTTP_LIMIT, 0, "not enough memory for the answer"};
        }
        response.failure = judgement.failure;
        response.timed_out = judgement.timed_out;
        response.message = judgement.message;
        return tell(&exchange->listener, &response, ending->end);
}
