/* SPDX-License-Identifier: Apache-2.0 */
#include "server/cors.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "server/request.h"
#include "server/state.h"

#define EXPOSED                                                                                                       \
        "Content-Location, ETag, Idempotency-Replayed, Location, Preference-Applied, Retry-After, X-Correlation-ID, " \
        "X-RateLimit-Limit, X-RateLimit-Remaining"

char *bp_cors_methods(uint32_t methods, char text[64]) {
        static const char *const words[] = {
                [BP_GET] = "GET, HEAD", [BP_POST] = "POST", [BP_PUT] = "PUT", [BP_DELETE] = "DELETE"};
        size_t n = 0;

        for (uint32_t method = BP_GET; method <= BP_DELETE; method++) {
                if (methods & 1u << method)
                        n += (size_t)snprintf(text + n, 64 - n, "%s, ", words[method]);
        }
        snprintf(text + n, 64 - n, "OPTIONS");
        return text;
}

/* @return what to put into Access-Control-Allow-Origin, or NULL */
static const char *allowed(const struct bp_request *request, const char *origin) {
        const char *const *origins = request->server->settings.cors_origins;

        for (size_t i = 0; origins && origins[i]; i++) {
                if (strcmp(origins[i], "*") == 0)
                        return "*";
                if (strcasecmp(origins[i], origin) == 0)
                        return origin;
        }
        return NULL;
}

/* A page that this host served itself. */
static bool is_own(const struct bp_request *request, const char *origin) {
        const char *host = bp_request_header(request, "Host"), *behind = strstr(origin, "://");
        const char *told = request->by_proxy ? bp_request_header(request, "X-Forwarded-Host") : NULL;

        if (!behind)
                return false;
        return (host && strcasecmp(behind + 3, host) == 0) || (told && strcasecmp(behind + 3, told) == 0);
}

void bp_cors_check(struct bp_request *request) {
        const char *origin = bp_request_header(request, "Origin"), *answer;

        if (!origin)
                return;
        answer = allowed(request, origin);
        if (answer) {
                bp_request_add_header(request, "Access-Control-Allow-Origin", answer);
                bp_request_add_header(request, "Access-Control-Expose-Headers", EXPOSED);
                if (strcmp(answer, "*") != 0) {
                        bp_request_add_header(request, "Access-Control-Allow-Credentials", "true");
                        bp_request_add_header(request, "Vary", "Origin");
                }
        } else if (request->method != BP_GET && !request->is_options && !is_own(request, origin)) {
                bp_request_failf(request, 403, "CROSS_ORIGIN",
                                 "Pages of this origin may not change anything here; the setting cors_origins names "
                                 "those that may");
        }
}

void bp_cors_answer_options(struct bp_request *request, uint32_t methods) {
        const char *origin = bp_request_header(request, "Origin");
        const char *headers = bp_request_header(request, "Access-Control-Request-Headers");
        char text[64];

        bp_cors_methods(methods, text);
        bp_request_add_header(request, "Allow", text);
        if (origin && allowed(request, origin)) {
                bp_request_add_header(request, "Access-Control-Allow-Methods", text);
                bp_request_add_header(request, "Access-Control-Max-Age", "600");
                if (headers)
                        bp_request_add_header(request, "Access-Control-Allow-Headers", headers);
        }
        bp_request_answer_empty(request, 204);
}
