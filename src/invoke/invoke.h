/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file invoke.h
 * Requests on their way out. A request that names a service goes to it directly or through a Dapr sidecar, one that
 * names a topic goes to the bus, and any other is sent as it is; so neither actions nor the engine know how services
 * are reached.
 *
 * A call to a service or to the bus may take several tries (struct bp_invoker_retry): only what cannot have been done
 * twice is repeated. Each service has a circuit breaker; while it is open nothing is sent. No thread is held by a call
 * that waits, be it for an answer or for its next try.
 */
#ifndef BP_INVOKE_INVOKE_H
#define BP_INVOKE_INVOKE_H

#include <budpipeline/action.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"

struct bp_arena;
struct bp_http_client_settings;
struct bp_metrics;
struct bp_value;

/** How one service is reached. */
struct bp_invoker_service {
        const char *name;               /**< as actions name it: "budapp"; mandatory */
        const char *url;                /**< base of its URLs: "http://budapp:9081/api"; NULL: through Dapr */
        const char *app_id;             /**< what Dapr calls it; NULL: `name` */
        const struct bp_value *headers; /**< object of texts that every call carries, or NULL */
        const char *token;              /**< or NULL */
        const char *token_header;       /**< which header carries it; NULL: `Authorization: Bearer` */
        const char *ca_file;            /**< certificates in PEM that vouch for it; NULL: those of the system */
        uint32_t timeout_ms;            /**< of a call, in place of what the action says; 0: as the action says */
};

/** Where events go. */
enum bp_bus_kind {
        BP_BUS_NONE = 1, /**< nowhere: publishing fails */
        BP_BUS_DAPR,     /**< the pub/sub component of a Dapr sidecar */
        BP_BUS_HTTP,     /**< a URL that takes CloudEvents */
};

/** Where events go, and how. 0 and NULL mean the default named beside the member. */
struct bp_invoker_bus {
        enum bp_bus_kind kind; /**< none */
        const char *pubsub;    /**< Dapr: name of the component; "pubsub" */
        const char *url;       /**< HTTP: mandatory; `{topic}` in it stands for the topic */
        const char *token;     /**< HTTP: sent as `Authorization: Bearer`, or NULL */
        const char *source;    /**< `source` of events that say none; "budpipeline" */
};

/** When a call is tried again. 0 means the default named beside the member. */
struct bp_invoker_retry {
        uint32_t tries;       /**< in all; 3; 1: nothing is repeated */
        uint32_t wait_ms;     /**< before the second try, doubled for each further one; 200 */
        uint32_t wait_max_ms; /**< longest wait; 5,000 */
};

/** When a service is left alone. 0 means the default named beside the member. */
struct bp_invoker_breaker {
        uint32_t failures; /**< in a row; 5 */
        uint32_t seconds;  /**< how long; 30 */
};

/** Everything an invoker is made with. 0 and NULL mean the default named beside the member. Copied. */
struct bp_invoker_settings {
        const struct bp_http_client_settings *http; /**< the client's defaults */
        const struct bp_invoker_service *services;
        size_t n_services;
        const char *dapr_url;   /**< of the sidecar: "http://localhost:3500"; none */
        const char *dapr_token; /**< or NULL */
        struct bp_invoker_bus bus;
        struct bp_invoker_retry retry;
        struct bp_invoker_breaker breaker;
        struct bp_metrics *metrics; /**< borrowed, or NULL */
        /** Told of each call before it is sent, in the thread that begins it. NULL: nobody. */
        void (*trace)(void *userdata, const struct bp_http_request *request);
        void *trace_userdata;
};

struct bp_invoker;

/**
 * Makes an invoker. It starts its thread with the first call.
 * @return 0, -ENOMEM, or -EINVAL for a URL that bp_invoker_url_refusal() refuses
 */
int bp_invoker_new(const struct bp_invoker_settings *settings, struct bp_invoker **ret_invoker);

/**
 * No call begins any more, and those under way end: their callbacks run before this returns. Not from a callback.
 */
void bp_invoker_close(struct bp_invoker *invoker);

/** Closes it and gives it back. NULL is allowed. @return NULL */
struct bp_invoker *bp_invoker_free(struct bp_invoker *invoker);

/** On whose behalf a call is made: for `traceparent`, and so that waits follow from it. Borrowed until begin returns.
 */
struct bp_invoker_caller {
        struct bp_id execution;
        const char *step_id; /**< or NULL */
        uint32_t attempt;
        uint32_t call; /**< place of the call among those of the attempt */
};

/** Called once for each call, on the invoker's thread: must not block. The response is borrowed until it returns. */
typedef void bp_invoker_done(void *userdata, const struct bp_http_response *response);

/**
 * Begins a call. The request is copied. Whatever is wrong with it, or with what the settings say of its service, is an
 * answer too: the callback gets BP_HTTP_UNSENT with a message.
 * @param caller or NULL
 * @param ret_call number for bp_invoker_cancel(), or NULL
 * @return 0 (the callback will run), or it will not: -ENOMEM, -ELIBACC without libcurl, -ECANCELED once closed.
 */
int bp_invoker_begin(struct bp_invoker *invoker, const struct bp_http_request *request,
                     const struct bp_invoker_caller *caller, bp_invoker_done *done, void *userdata, uint64_t *ret_call);

/** Ends a call early; its callback runs with BP_HTTP_BROKEN or BP_HTTP_UNSENT. Unknown numbers are ignored. */
void bp_invoker_cancel(struct bp_invoker *invoker, uint64_t number);

/**
 * Makes a call and waits for it; the response belongs to the arena. Any thread but the invoker's.
 * @return 0, or as bp_invoker_begin(); with -ENOMEM the request may have been sent
 */
int bp_invoker_perform(struct bp_invoker *invoker, const struct bp_http_request *request,
                       const struct bp_invoker_caller *caller, struct bp_arena *arena,
                       const struct bp_http_response **ret_response);

/** bp_http_guard() with the client settings of this invoker. */
const char *bp_invoker_guard(const struct bp_invoker *invoker, const char *url, struct bp_arena *arena);

/** True when the settings say how a service is reached: its URL, or a sidecar. */
bool bp_invoker_reaches(struct bp_invoker *invoker, const char *service);

/** True when events have somewhere to go. */
bool bp_invoker_has_bus(const struct bp_invoker *invoker);

/**
 * Why a base URL (of a service, of the sidecar, of the bus) cannot be one: http or https, a host, no user, query or
 * fragment. @return NULL when it can be
 */
const char *bp_invoker_url_refusal(const char *url);

/** The same for the URL of a bus, which may have a query. */
const char *bp_invoker_bus_url_refusal(const char *url);

#endif
