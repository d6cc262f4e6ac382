/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file exchange.h
 * One request and what comes back: the request, packed, for as long as the exchange lives; its transfer (the libcurl
 * handle and the answer as far as it has arrived) while it is under way; and the judgement of how it ended. Knows
 * nothing of threads and queues; those are the client's.
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

struct bp_http_lane;

/** Where an exchange is. */
enum bp_http_stage {
        BP_HTTP_QUEUED = 1, /**< begun, not yet seen by the client's thread */
        BP_HTTP_LIVE,       /**< the client's thread has it */
        BP_HTTP_CANCELLED,  /**< to be ended by the client's thread */
};

/** Who is asked whether it may leave, and told how it ended. One of `ended` and `done`. */
struct bp_http_listener {
        bp_http_leaves *leaves; /**< or NULL */
        bp_http_ended *ended;
        bp_http_done *done;
        void *userdata;
};

/** A request under way, and its answer. */
struct bp_http_transfer {
        CURL *easy;
        CURLU *url;
        struct curl_slist *header_lines;
        bool tried_an_address, blocked_an_address;
        bool over_limit;
        struct bp_strbuf header_text; /**< pairs of NUL-terminated texts: name, value */
        size_t n_headers, header_bytes;
        struct bp_strbuf body_text;
        char blocked[96]; /**< which address was refused */
        char curl_error[CURL_ERROR_SIZE];
};

/** One exchange. Heap. Small while it waits: there may be a hundred thousand. */
struct bp_http_exchange {
        uint64_t number;
        enum bp_http_stage stage;
        LIST_ENTRY(bp_http_exchange) in_table;
        TAILQ_ENTRY(bp_http_exchange) in_list; /**< inbox, or the list of cancelled ones */

        const struct bp_http_client_settings *settings;
        struct bp_http_listener listener;
        struct bp_mono deadline; /**< its time is up */
        struct bp_mono due;      /**< when something is to be done: the deadline, or the end of its delay */
        bool is_delayed;
        size_t deadline_index;

        struct bp_http_lane *lane; /**< NULL: in none */
        TAILQ_ENTRY(bp_http_exchange) in_lane;
        struct bp_mono waits_since;
        bool has_turn;

        /** The request: NUL-terminated texts behind one another, the first of them empty, and where each begins. */
        struct bp_strbuf texts;
        size_t method, url, ca_file, lane_name, refusal, header_lines, n_header_lines;
        char *body;
        size_t body_size;
        bool target_is_allowed;
        uint32_t refused_as; /**< BP_HTTP_UNSENT or BP_HTTP_BLOCKED, or 0 when it may be tried */

        struct bp_http_transfer *transfer; /**< NULL: not under way */
};

/** How an exchange ends. */
struct bp_http_ending {
        enum bp_http_end end;
        CURLcode code;       /**< of BP_HTTP_END_CURL */
        const char *message; /**< of BP_HTTP_END_REFUSED, where the exchange has none, and of BP_HTTP_END_WAITED */
};

/**
 * Copies and checks a request. What is wrong with it is put down in `refused_as` and `refusal`.
 * Who is told how it ended is for the caller to fill in.
 * @param settings complete, and outliving the exchange
 * @return 0 or -ENOMEM.
 */
int bp_http_exchange_new(const struct bp_http_client_settings *settings, const struct bp_http_request *request,
                         const struct bp_http_exchange_options *options, struct bp_http_exchange **ret_exchange);

/** Frees it; its libcurl handle must be in no multi handle any more. NULL is allowed. */
struct bp_http_exchange *bp_http_exchange_free(struct bp_http_exchange *exchange);

/** Name of its lane. */
const char *bp_http_exchange_lane(const struct bp_http_exchange *exchange);

/** Makes the transfer. @return 0 or -ENOMEM. */
int bp_http_exchange_prepare(struct bp_http_exchange *exchange);

/** Drops the transfer, as before bp_http_exchange_prepare(). */
void bp_http_exchange_rewind(struct bp_http_exchange *exchange);

/** Judges how it ended and tells. @return BP_HTTP_OVER, or after how many milliseconds it is to be tried again */
int64_t bp_http_exchange_finish(struct bp_http_exchange *exchange, const struct bp_http_ending *ending);

#endif
