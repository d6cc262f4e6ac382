/* SPDX-License-Identifier: Apache-2.0 */
#include "invoke/repeat.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/value.h"

bool bp_repeat_is_repeatable(const char *method) {
        static const char *const methods[] = {"GET", "HEAD", "PUT", "DELETE"};

        for (size_t i = 0; i < BP_COUNT(methods); i++)
                if (method && strcmp(method, methods[i]) == 0)
                        return true;
        return !method;
}

static bool is_busy(uint32_t status) {
        return status == 429 || status == 502 || status == 503 || status == 504;
}

bool bp_repeat_may(bool is_repeatable, const struct bp_http_response *response, enum bp_http_end end) {
        if (end != BP_HTTP_END_CURL)
                return false;
        if (response->failure == BP_HTTP_UNSENT)
                return true;
        if (!is_repeatable)
                return false;
        return response->failure == BP_HTTP_BROKEN || (response->failure == BP_HTTP_OK && is_busy(response->status));
}

/* Seconds, or a date (RFC 9110, 10.2.3). 0: not said. */
static uint64_t retry_after_ms(const struct bp_http_response *response) {
        const struct bp_value *header =
                response->failure == BP_HTTP_OK ? bp_value_get(response->headers, "retry-after") : NULL;
        struct tm date = {0};
        int64_t left_us;

        if (!header || header->type != BP_STRING)
                return 0;
        if (header->count < 10 && header->as.text[strspn(header->as.text, "0123456789")] == '\0')
                return strtoull(header->as.text, NULL, 10) * 1000;
        if (!strptime(header->as.text, "%a, %d %b %Y %H:%M:%S GMT", &date))
                return 0;
        left_us = (int64_t)timegm(&date) * 1000000 - bp_wall_now().us;
        return left_us > 0 ? (uint64_t)left_us / 1000 : 0;
}

uint64_t bp_repeat_wait_ms(const struct bp_invoker_retry *retry, uint32_t n_tried, uint64_t seed,
                           const struct bp_http_response *response) {
        uint32_t doublings = n_tried > 20 ? 20 : n_tried - 1;
        uint64_t wait_ms = (uint64_t)retry->wait_ms << doublings, asked_ms = retry_after_ms(response), half;

        if (wait_ms > retry->wait_max_ms)
                wait_ms = retry->wait_max_ms;
        half = wait_ms / 2;
        wait_ms = wait_ms - half + (half ? bp_hash64(&n_tried, sizeof(n_tried), seed) % (half + 1) : 0);
        return wait_ms > asked_ms ? wait_ms : asked_ms;
}

enum bp_breaker_news bp_repeat_news(const struct bp_http_response *response, enum bp_http_end end) {
        if (end == BP_HTTP_END_REFUSED || end == BP_HTTP_END_CANCEL || end == BP_HTTP_END_WAITED)
                return BP_BREAKER_NOTHING;
        switch (response->failure) {
        case BP_HTTP_OK:
                return response->status >= 500 ? BP_BREAKER_ILL : BP_BREAKER_WELL;
        case BP_HTTP_UNSENT:
        case BP_HTTP_TIMEOUT:
        case BP_HTTP_BROKEN:
                return BP_BREAKER_ILL;
        default:
                return BP_BREAKER_NOTHING;
        }
}

const char *bp_repeat_outcome(const struct bp_http_response *response, enum bp_http_end end) {
        static const char *const words[] = {[BP_HTTP_UNSENT] = "unsent",
                                            [BP_HTTP_TIMEOUT] = "timeout",
                                            [BP_HTTP_BROKEN] = "broken",
                                            [BP_HTTP_BLOCKED] = "blocked",
                                            [BP_HTTP_LIMIT] = "limit"};

        if (end == BP_HTTP_END_CANCEL)
                return "cancelled";
        if (end == BP_HTTP_END_WAITED)
                return "waited";
        if (response->failure != BP_HTTP_OK)
                return words[response->failure];
        if (response->status < 300)
                return "ok";
        return response->status < 500 ? "client_error" : "server_error";
}
