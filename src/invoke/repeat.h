/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file repeat.h
 * Which answers may be followed by another try, what they say of the service, and when the next try is due. Inside the
 * room only.
 */
#ifndef BP_INVOKE_REPEAT_H
#define BP_INVOKE_REPEAT_H

#include <budpipeline/action.h>

#include <stdbool.h>
#include <stdint.h>

#include "http/client.h"
#include "invoke/breaker.h"
#include "invoke/invoke.h"

/** True for a method whose requests may arrive twice. NULL: that is GET. */
bool bp_repeat_is_repeatable(const char *method);

/**
 * True when a further try does no harm and may help: the request never left, or one that may be repeated met a broken
 * connection or a service that is busy (429, 502, 503, 504).
 */
bool bp_repeat_may(bool is_repeatable, const struct bp_http_response *response, enum bp_http_end end);

/**
 * How long to wait before the next try, in milliseconds: doubled each time, half of it spread by `seed`, and never
 * less than what the answer's Retry-After asks for.
 * @param n_tried how many tries there were; 1 at least
 */
uint64_t bp_repeat_wait_ms(const struct bp_invoker_retry *retry, uint32_t n_tried, uint64_t seed,
                           const struct bp_http_response *response);

/** What a try says about the service: transport failures and 5xx are its illness. */
enum bp_breaker_news bp_repeat_news(const struct bp_http_response *response, enum bp_http_end end);

/** One word for metrics: ok client_error server_error unsent timeout broken blocked limit cancelled waited. */
const char *bp_repeat_outcome(const struct bp_http_response *response, enum bp_http_end end);

#endif
