/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file client.h
 * Outgoing HTTP: one thread drives any number of exchanges, so that a waiting exchange costs memory and no thread.
 *
 * Only so many exchanges are under way at once, in all and of each lane: a target, or whatever `lane` of the options
 * names. The others wait, at less than 2 KiB each beside their body, those of a lane in the order they came; lanes take
 * turns. An exchange's time runs while it waits.
 *
 * Every address that a name resolves to is checked before a connection is made (no server-side request forgery): see
 * bp_http_guard(). No redirect is followed.
 */
#ifndef BP_HTTP_CLIENT_H
#define BP_HTTP_CLIENT_H

#include <budpipeline/action.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bp_arena;
struct bp_value;

/** What holds for all exchanges of a client. 0 means the default named beside it. */
struct bp_http_client_settings {
        /**
         * Named targets that may be reached although their address is private: "127.0.0.1:8080", "localhost:*",
         * "[::1]:443", "service.internal". `*` and no port mean any port. NULL-terminated, or NULL for none.
         */
        const char *const *allow_hosts;
        size_t response_bytes;        /**< largest body; 1 MiB */
        size_t response_header_bytes; /**< all headers of an answer; 64 KiB */
        uint32_t connect_timeout_ms;  /**< 10,000 */
        uint32_t max_connections;     /**< exchanges under way at once; 1,000 */
        uint32_t max_per_host;        /**< of them to one target, or of one lane; 100 */
        uint32_t max_waiting;         /**< exchanges that wait for their turn; those beyond fail; 100,000 */
        const char *user_agent;       /**< "budpipeline/VERSION" */
};

struct bp_http_client;

/** Starts the client and its thread. @return 0, -ENOMEM, -ELIBACC when libcurl cannot be loaded, or a
 * negative errno when the thread cannot start. */
int bp_http_client_new(const struct bp_http_client_settings *settings, struct bp_http_client **ret_client);

/**
 * Ends every exchange (their callbacks run, failure BP_HTTP_BROKEN or BP_HTTP_UNSENT) and the thread. NULL is allowed.
 * Not from a callback. @return NULL
 */
struct bp_http_client *bp_http_client_free(struct bp_http_client *client);

/** Why a request cannot carry this header, as the end of a sentence that begins with its name; NULL when it can. */
const char *bp_http_header_refusal(const char *name, const char *value);

/** Called once per exchange, on the client's thread: must not block. The response is borrowed until it returns. */
typedef void bp_http_done(void *userdata, const struct bp_http_response *response);

/**
 * Begins an exchange. The request is copied. What is wrong with the request itself (URL, method, a header with a line
 * break) is an answer too: the callback gets BP_HTTP_UNSENT with a message.
 * @param ret_exchange number for bp_http_client_cancel(), or NULL
 * @return 0 (the callback will run) or -ENOMEM (it will not).
 */
int bp_http_client_begin(struct bp_http_client *client, const struct bp_http_request *request, bp_http_done *done,
                         void *userdata, uint64_t *ret_exchange);

/** What ended an exchange. */
enum bp_http_end {
        BP_HTTP_END_REFUSED = 1, /**< never tried: the request is wrong, its target is blocked, or the caller said so */
        BP_HTTP_END_CURL,        /**< it took place, or could not: see the response */
        BP_HTTP_END_DEADLINE,    /**< its time was up */
        BP_HTTP_END_CANCEL,      /**< cancelled, or the client was closed */
        BP_HTTP_END_WAITED,      /**< its time was up before it had its turn, or too many waited already */
};

/**
 * Asked on the client's thread when an exchange has its turn, right before it is sent.
 * @return true when it may be sent, else false with the reason in `ret_refusal`: it ends as BP_HTTP_END_REFUSED
 */
typedef bool bp_http_leaves(void *userdata, char *ret_refusal, size_t size);

/** What holds for one exchange beyond its request. 0 and NULL: nothing. Copied. */
struct bp_http_exchange_options {
        const char *const *allow_hosts; /**< named targets besides those of the client; NULL-terminated */
        const char *ca_file;            /**< certificates in PEM that vouch for the target, in place of the system's */
        const char *refusal;            /**< it is not sent: BP_HTTP_UNSENT with this message */
        const char *lane;               /**< "service budapp"; NULL: host and port of the target */
        bp_http_leaves *leaves;         /**< with the exchange's userdata */
};

/** What bp_http_ended returns when there is no other try. */
#define BP_HTTP_OVER (-1)

/**
 * As bp_http_done, with what ended the exchange.
 * @return BP_HTTP_OVER, or after how many milliseconds the same exchange, under its number, is tried again, if its time
 *         is not up by then: that is heeded after BP_HTTP_END_CURL only
 */
typedef int64_t bp_http_ended(void *userdata, const struct bp_http_response *response, enum bp_http_end end);

/** As bp_http_client_begin(), with options. */
int bp_http_client_begin_with(struct bp_http_client *client, const struct bp_http_request *request,
                              const struct bp_http_exchange_options *options, bp_http_ended *ended, void *userdata,
                              uint64_t *ret_exchange);

/** Ends an exchange early; its callback runs with BP_HTTP_BROKEN or BP_HTTP_UNSENT. Unknown numbers are ignored. */
void bp_http_client_cancel(struct bp_http_client *client, uint64_t number);

/** A copy of a response in the arena, everything below included but its `state`. NULL when memory is exhausted. */
struct bp_http_response *bp_http_response_copy(struct bp_arena *arena, const struct bp_http_response *response);

/**
 * Performs an exchange and waits for it; the response belongs to the arena. Any thread but the client's.
 * @return 0 or -ENOMEM (the request may have been sent).
 */
int bp_http_client_perform(struct bp_http_client *client, const struct bp_http_request *request, struct bp_arena *arena,
                           const struct bp_http_response **ret_response);

/**
 * The part of the guard that needs no name resolution: a host, no blocked host name, no blocked literal address in any
 * spelling (decimal, octal, hexadecimal, IPv4 inside IPv6, trailing dot). The scheme is not its business: an exchange
 * of another than http and https is BP_HTTP_UNSENT.
 * @param settings for `allow_hosts`; or NULL
 * @return NULL when the URL may be tried, else the reason ("IP address 10.0.0.1 is in blocked range"), in the arena or
 * constant.
 */
const char *bp_http_guard(const struct bp_http_client_settings *settings, const char *url, struct bp_arena *arena);

#endif
