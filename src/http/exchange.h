/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file exchange.h
 * One request and what comes back: the copy of the request, its libcurl handle, the answer as far as it has arrived,
 * and the judgement of how it ended. Knows nothing of threads and queues; those are the client's.
 */
#ifndef BP_HTTP_EXCHANGE_H
#define BP_HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "http/client.h"
#include "http/curl_library.h"
#include "http/guard.h"

/** Where an exchange is. */
enum bp_http_stage {
        BP_HTTP_QUEUED = 1, /**< begun, not yet seen by the client's thread */
        BP_HTTP_LIVE,       /**< in the hands of libcurl */
        BP_HTTP_CANCELLED,  /**< to be ended by the client's thread */
};

/** Who is told how an exchange ended. One of the two functions. */
struct bp_http_listener {
        bp_http_ended *ended;
        bp_http_done *done;
        void *userdata;
};

/** One exchange. Heap. */
struct bp_http_exchange {
        uint64_t number;
        enum bp_http_stage stage;
        LIST_ENTRY(bp_http_exchange) in_table;
        TAILQ_ENTRY(bp_http_exchange) in_list; /**< inbox, or the list of cancelled ones */

        const struct bp_http_client_settings *settings;
        const char *const *allow_hosts; /**< besides those of the settings, or NULL */
        const char *ca_file;            /**< or NULL */
        struct bp_http_listener listener;
        struct bp_mono deadline; /**< of the exchange; while it `is_delayed`, when it begins */
        bool is_delayed;
        size_t deadline_index;
        uint32_t timeout_ms;

        struct bp_arena *arena; /**< the request; later the headers of the response */
        const char *method;
        const char *body;
        size_t body_size;
        struct curl_slist *header_lines;
        CURLU *url;
        struct bp_http_target target;
        bool target_is_allowed;
        uint32_t refused_as;                  /**< BP_HTTP_UNSENT or BP_HTTP_BLOCKED, or 0 when it may be tried */
        char refusal[BP_HTTP_HOST_SIZE + 96]; /**< why it must not be tried, or the address that was refused */

        CURL *easy;
        bool tried_an_address, blocked_an_address;
        bool over_limit;
        struct bp_strbuf header_text; /**< pairs of NUL-terminated texts: name, value */
        size_t n_headers, header_bytes;
        struct bp_strbuf body_text;
        char curl_error[CURL_ERROR_SIZE];
};

/**
 * Copies and checks a request. What is wrong with it is put down in `refused_as` and `refusal`.
 * Who is told how it ended is for the caller to fill in.
 * @param settings complete, and outliving the exchange
 * @return 0 or -ENOMEM.
 */
int bp_http_exchange_new(const struct bp_http_client_settings *settings, const struct bp_http_request *request,
                         const struct bp_http_exchange_options *options, struct bp_http_exchange **ret_exchange);

/** Begins a delayed exchange: from now on its deadline is that of the request. */
void bp_http_exchange_undelay(struct bp_http_exchange *exchange);

/** Frees it; its libcurl handle must be in no multi handle any more. NULL is allowed. */
struct bp_http_exchange *bp_http_exchange_free(struct bp_http_exchange *exchange);

/** Makes the libcurl handle. @return 0 or -ENOMEM. */
int bp_http_exchange_prepare(struct bp_http_exchange *exchange);

/** Judges how it ended and calls `done`. */
void bp_http_exchange_finish(struct bp_http_exchange *exchange, enum bp_http_end end, CURLcode code);

#endif
