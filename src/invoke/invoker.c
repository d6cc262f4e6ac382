/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls under way. A call is known by its number from its beginning to its callback, and all its tries are one exchange
 * of the HTTP client, which keeps the request; here is only what decides about the next try. Everything shared is under
 * one lock, which is held while an exchange begins, so that a call can be cancelled as soon as it has a number. The
 * HTTP client calls back without any lock of its own.
 */
#include "invoke/invoke.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/value.h"
#include "http/client.h"
#include "invoke/repeat.h"
#include "invoke/request.h"
#include "invoke/services.h"
#include "metrics/metrics.h"

enum {
        TABLE_SIZE = 4096,
        DEFAULT_TRIES = 3,
        DEFAULT_WAIT_MS = 200,
        DEFAULT_WAIT_MAX_MS = 5000,
        DEFAULT_FAILURES = 5,
        DEFAULT_OPEN_SECONDS = 30,
        DEFAULT_TIMEOUT_MS = 30000,
        REFUSAL_BYTES = 200,
        LANE_BYTES = 128,
};

/** Where a call is, for the metrics. */
enum stage {
        STAGE_NONE, /* between two tries, or over */
        STAGE_QUEUED,
        STAGE_RUNNING,
};

/** One call. Heap. Small: there may be a hundred thousand. */
struct call {
        LIST_ENTRY(call) in_table;
        uint64_t number, exchange;
        struct bp_invoker *invoker;
        bp_invoker_done *done;
        void *userdata;

        struct bp_service_entry *entry; /* NULL: a plain request, never repeated */
        struct bp_mono deadline;
        uint64_t seed;
        uint32_t n_tries, openings;
        enum stage stage;
        bool is_repeatable, is_refused, is_cancelled;
        bool has_passed;  /* the breaker awaits what its try comes to */
        bool was_cut_off; /* an earlier try broke after it had left */
};

LIST_HEAD(bucket, call);

struct bp_invoker {
        struct bp_arena *arena;
        struct bp_invoker_settings settings; /* complete */
        struct bp_http_client_settings http;

        pthread_mutex_t lock; /* what follows */
        struct bucket table[TABLE_SIZE];
        uint64_t last_number;
        struct bp_http_client *client; /* made with the first call */
        bool is_closed;
        struct bp_services services;
};

/* ---------------------------------------------------------------------------------------------------------------
 * Tries, under the lock
 */

static void count_state(struct bp_invoker *invoker, const struct bp_service_entry *entry,
                        enum bp_breaker_state before) {
        enum bp_breaker_state after = entry->breaker.state;

        if ((before == BP_BREAKER_CLOSED) != (after == BP_BREAKER_CLOSED))
                bp_metrics_add(invoker->settings.metrics, BP_METRIC_SERVICE_BREAKER, entry->given.name, NULL,
                               after == BP_BREAKER_CLOSED ? -1 : 1);
}

/* @return 0 when the breaker lets the call pass, else in how many microseconds it may */
static int64_t ask_breaker(struct call *call) {
        int64_t left_us;

        if (!call->entry || !call->entry->has_breaker || call->is_refused)
                return 0;
        left_us = bp_breaker_ask(&call->entry->breaker, bp_mono_now());
        call->has_passed = left_us == 0;
        call->openings = call->entry->breaker.n_openings;
        return left_us;
}

/* A call that has waited for its turn is not sent to a service that was found ill meanwhile. */
static int64_t ask_breaker_again(struct call *call) {
        if (!call->has_passed || call->openings == call->entry->breaker.n_openings)
                return 0;
        return ask_breaker(call);
}

static void tell_breaker(struct bp_invoker *invoker, struct call *call, enum bp_breaker_news news) {
        enum bp_breaker_state before;

        if (!call->has_passed)
                return;
        call->has_passed = false;
        before = call->entry->breaker.state;
        bp_breaker_tell(&call->entry->breaker, news, invoker->settings.breaker.failures,
                        (int64_t)invoker->settings.breaker.seconds * 1000000, bp_mono_now());
        count_state(invoker, call->entry, before);
}

static void set_stage(struct call *call, enum stage stage) {
        static const enum bp_metric metrics[] = {
                [STAGE_QUEUED] = BP_METRIC_CALLS_QUEUED, [STAGE_RUNNING] = BP_METRIC_CALLS_RUNNING};
        struct bp_metrics *to = call->invoker->settings.metrics;
        const char *name = call->entry ? call->entry->given.name : "http";

        if (call->stage != STAGE_NONE)
                bp_metrics_add(to, metrics[call->stage], name, NULL, -1);
        if (stage != STAGE_NONE)
                bp_metrics_add(to, metrics[stage], name, NULL, 1);
        call->stage = stage;
}

static bool may_try_again(struct bp_invoker *invoker, const struct call *call, const struct bp_http_response *response,
                          enum bp_http_end end) {
        return call->entry && !call->is_cancelled && !invoker->is_closed && !call->is_refused &&
               call->n_tries < invoker->settings.retry.tries && bp_repeat_may(call->is_repeatable, response, end);
}

/* @return after how many milliseconds there is another try, or BP_HTTP_OVER */
static int64_t next_try_ms(struct bp_invoker *invoker, struct call *call, const struct bp_http_response *response,
                           enum bp_http_end end) {
        uint64_t wait_ms;
        int64_t left_us;

        if (!may_try_again(invoker, call, response, end))
                return BP_HTTP_OVER;
        wait_ms = bp_repeat_wait_ms(&invoker->settings.retry, call->n_tries, call->seed, response);
        left_us = call->deadline.us - bp_mono_now().us;
        if (left_us <= 0 || (uint64_t)left_us / 1000 <= wait_ms || ask_breaker(call) > 0)
                return BP_HTTP_OVER;
        call->n_tries++;
        bp_metrics_add(invoker->settings.metrics, BP_METRIC_SERVICE_RETRIES, call->entry->given.name, NULL, 1);
        return (int64_t)wait_ms;
}

/* ---------------------------------------------------------------------------------------------------------------
 * On the client's thread
 */

static void explain_open(const struct call *call, int64_t left_us, char *ret_text, size_t size) {
        snprintf(ret_text, size,
                 "service %.80s has failed again and again and is left alone; it is tried again in %lld seconds",
                 call->entry->given.name, (long long)((left_us + 999999) / 1000000));
}

static bool leaves(void *userdata, char *ret_refusal, size_t size) {
        struct call *call = userdata;
        struct bp_invoker *invoker = call->invoker;
        int64_t left_us;

        pthread_mutex_lock(&invoker->lock);
        left_us = ask_breaker_again(call);
        if (left_us > 0)
                explain_open(call, left_us, ret_refusal, size);
        else
                set_stage(call, STAGE_RUNNING);
        pthread_mutex_unlock(&invoker->lock);
        return left_us == 0;
}

static void count_outcome(struct bp_invoker *invoker, const struct call *call, const struct bp_http_response *response,
                          enum bp_http_end end) {
        if (call->entry)
                bp_metrics_add(invoker->settings.metrics, BP_METRIC_SERVICE_CALLS, call->entry->given.name,
                               bp_repeat_outcome(response, end), 1);
}

/* What all tries together came to: one that never left does not undo an earlier one that did. An answer counts, since
 * it tells what the service made of the same key. */
static struct bp_http_response outcome_of(const struct call *call, const struct bp_http_response *response, char *text,
                                          size_t size) {
        struct bp_http_response outcome = *response;

        if (!call->was_cut_off || (response->failure != BP_HTTP_UNSENT && response->failure != BP_HTTP_BLOCKED))
                return outcome;
        snprintf(text, size, "an earlier try broke after it was sent, and then: %s", response->message);
        outcome.failure = response->timed_out ? BP_HTTP_TIMEOUT : BP_HTTP_BROKEN;
        outcome.message = text;
        outcome.no_connection = 0;
        return outcome;
}

static int64_t ended(void *userdata, const struct bp_http_response *response, enum bp_http_end end) {
        struct call *call = userdata;
        struct bp_invoker *invoker = call->invoker;
        struct bp_http_response outcome;
        char text[512];
        int64_t wait_ms;

        pthread_mutex_lock(&invoker->lock);
        tell_breaker(invoker, call, bp_repeat_news(response, end));
        wait_ms = next_try_ms(invoker, call, response, end);
        if (wait_ms < 0)
                LIST_REMOVE(call, in_table);
        set_stage(call, wait_ms < 0 ? STAGE_NONE : STAGE_QUEUED);
        pthread_mutex_unlock(&invoker->lock);
        if (wait_ms >= 0) {
                call->was_cut_off |= response->failure == BP_HTTP_BROKEN;
                return wait_ms;
        }
        outcome = outcome_of(call, response, text, sizeof(text));
        count_outcome(invoker, call, &outcome, end);
        call->done(call->userdata, &outcome);
        free(call);
        return BP_HTTP_OVER;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Beginnings
 */

static bool is_plain(const struct bp_http_request *request) {
        return !request->service && !request->topic;
}

static uint64_t seed_of(const struct bp_invoker_caller *caller, uint64_t number) {
        uint64_t seed;

        if (!caller)
                return number;
        seed = bp_hash64(caller->execution.bytes, sizeof(caller->execution.bytes), caller->call);
        return caller->step_id ? bp_hash64(caller->step_id, strlen(caller->step_id), seed + caller->attempt) : seed;
}

/* The request as it goes over the wire, in the arena: the client copies it. */
static int build(struct bp_invoker *invoker, struct call *call, struct bp_arena *arena,
                 const struct bp_http_request *request, const struct bp_invoker_caller *caller,
                 struct bp_wire_request *ret_wire) {
        struct bp_services *services = &invoker->services;

        if (!arena)
                return -ENOMEM;
        if (is_plain(request))
                return bp_wire_plain(arena, request, ret_wire);
        if (request->topic) {
                call->entry = &services->bus;
                return bp_wire_event(arena, services, &invoker->settings, request, caller, ret_wire);
        }
        call->entry = bp_services_find(services, request->service);
        return bp_wire_service(arena, services, call->entry, &invoker->settings, request, caller, ret_wire);
}

/* Calls to one service wait for each other, also where a sidecar has the address of all. */
static void name_lane(const struct call *call, const struct bp_http_request *request, char *text, size_t size) {
        if (request->topic)
                snprintf(text, size, "the bus");
        else
                snprintf(text, size, "service %.100s", call->entry->given.name);
}

/* The client starts a thread, so it is made when the first call is. */
static int ensure_client(struct bp_invoker *invoker) {
        if (invoker->is_closed)
                return -ECANCELED;
        return invoker->client ? 0 : bp_http_client_new(&invoker->http, &invoker->client);
}

static int send_off(struct bp_invoker *invoker, struct call *call, struct bp_wire_request *wire) {
        uint32_t timeout_ms = wire->request.timeout_ms ? wire->request.timeout_ms : DEFAULT_TIMEOUT_MS;
        char refusal[REFUSAL_BYTES];
        int64_t left_us;
        int r;

        call->deadline = (struct bp_mono){bp_mono_now().us + (int64_t)timeout_ms * 1000};
        call->is_repeatable = bp_repeat_is_repeatable(wire->request.method);
        call->is_refused = wire->options.refusal != NULL;
        left_us = ask_breaker(call);
        if (left_us > 0) {
                explain_open(call, left_us, refusal, sizeof(refusal));
                wire->options.refusal = refusal;
                call->is_refused = true;
        }
        wire->options.leaves = leaves;
        call->n_tries = 1;
        set_stage(call, STAGE_QUEUED);
        r = bp_http_client_begin_with(invoker->client, &wire->request, &wire->options, ended, call, &call->exchange);
        if (r < 0) {
                tell_breaker(invoker, call, BP_BREAKER_NOTHING);
                set_stage(call, STAGE_NONE);
        }
        return r;
}

static int begin_call(struct bp_invoker *invoker, struct call *call, const struct bp_http_request *request,
                      const struct bp_invoker_caller *caller) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = NULL;
        struct bp_wire_request wire = {.request = *request};
        char lane[LANE_BYTES];
        int r = ensure_client(invoker);

        if (r < 0)
                return r;
        call->number = ++invoker->last_number;
        call->seed = seed_of(caller, call->number);
        if (!is_plain(request) || request->json || request->query) {
                arena = bp_arena_new(BP_ARENA_UNLIMITED);
                wire.request = (struct bp_http_request){0};
                r = build(invoker, call, arena, request, caller, &wire);
                if (r < 0)
                        return r;
        }
        if (call->entry) {
                name_lane(call, request, lane, sizeof(lane));
                wire.options.lane = lane;
        }
        r = send_off(invoker, call, &wire);
        if (r == 0)
                LIST_INSERT_HEAD(&invoker->table[call->number % TABLE_SIZE], call, in_table);
        return r;
}

int bp_invoker_begin(struct bp_invoker *invoker, const struct bp_http_request *request,
                     const struct bp_invoker_caller *caller, bp_invoker_done *done, void *userdata,
                     uint64_t *ret_call) {
        struct call *call = bp_calloc(1, sizeof(*call));
        uint64_t number;
        int r;

        if (!call)
                return -ENOMEM;
        call->invoker = invoker;
        call->done = done;
        call->userdata = userdata;
        if (invoker->settings.trace)
                invoker->settings.trace(invoker->settings.trace_userdata, request);
        pthread_mutex_lock(&invoker->lock);
        r = begin_call(invoker, call, request, caller);
        number = call->number;
        pthread_mutex_unlock(&invoker->lock);
        if (r < 0) {
                free(call);
                return r;
        }
        if (ret_call)
                *ret_call = number;
        return 0;
}

static struct call *find_call(struct bp_invoker *invoker, uint64_t number) {
        struct call *call;

        LIST_FOREACH(call, &invoker->table[number % TABLE_SIZE], in_table) {
                if (call->number == number)
                        return call;
        }
        return NULL;
}

void bp_invoker_cancel(struct bp_invoker *invoker, uint64_t number) {
        struct call *call;

        pthread_mutex_lock(&invoker->lock);
        call = invoker->client ? find_call(invoker, number) : NULL;
        if (call) {
                call->is_cancelled = true;
                bp_http_client_cancel(invoker->client, call->exchange);
        }
        pthread_mutex_unlock(&invoker->lock);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Waiting for an answer
 */

struct waiter {
        pthread_mutex_t lock;
        pthread_cond_t answered;
        struct bp_arena *arena;
        const struct bp_http_response *response;
        bool is_answered;
};

/* The arena's owner sleeps meanwhile. */
static void wake_waiter(void *userdata, const struct bp_http_response *response) {
        struct waiter *waiter = userdata;

        pthread_mutex_lock(&waiter->lock);
        waiter->response = bp_http_response_copy(waiter->arena, response);
        waiter->is_answered = true;
        pthread_cond_signal(&waiter->answered);
        pthread_mutex_unlock(&waiter->lock);
}

int bp_invoker_perform(struct bp_invoker *invoker, const struct bp_http_request *request,
                       const struct bp_invoker_caller *caller, struct bp_arena *arena,
                       const struct bp_http_response **ret_response) {
        struct waiter waiter = {
                .lock = PTHREAD_MUTEX_INITIALIZER, .answered = PTHREAD_COND_INITIALIZER, .arena = arena};
        int r = bp_invoker_begin(invoker, request, caller, wake_waiter, &waiter, NULL);

        if (r == 0) {
                pthread_mutex_lock(&waiter.lock);
                while (!waiter.is_answered)
                        pthread_cond_wait(&waiter.answered, &waiter.lock);
                pthread_mutex_unlock(&waiter.lock);
        }
        pthread_cond_destroy(&waiter.answered);
        pthread_mutex_destroy(&waiter.lock);
        if (r < 0)
                return r;
        if (!waiter.response)
                return -ENOMEM;
        *ret_response = waiter.response;
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Life
 */

static int copy_text(struct bp_arena *arena, const char **text) {
        if (!*text)
                return 0;
        *text = bp_arena_text(arena, *text, strlen(*text));
        return *text ? 0 : -ENOMEM;
}

static int copy_texts(struct bp_invoker *invoker) {
        struct bp_invoker_settings *settings = &invoker->settings;
        const char **const texts[] = {&settings->dapr_url,      &settings->dapr_token, &settings->bus.pubsub,
                                      &settings->bus.url,       &settings->bus.token,  &settings->bus.source,
                                      &invoker->http.user_agent};

        for (size_t i = 0; i < BP_COUNT(texts); i++)
                if (copy_text(invoker->arena, texts[i]) < 0)
                        return -ENOMEM;
        return 0;
}

static int copy_hosts(struct bp_invoker *invoker, const char *const *hosts) {
        size_t count = 0;
        const char **copy;

        while (hosts[count])
                count++;
        copy = bp_arena_array(invoker->arena, count + 1, sizeof(*copy));
        if (!copy)
                return -ENOMEM;
        for (size_t i = 0; i < count; i++) {
                copy[i] = hosts[i];
                if (copy_text(invoker->arena, &copy[i]) < 0)
                        return -ENOMEM;
        }
        invoker->http.allow_hosts = copy;
        return 0;
}

static void complete(struct bp_invoker_settings *settings) {
        if (!settings->bus.kind)
                settings->bus.kind = BP_BUS_NONE;
        if (!settings->bus.pubsub)
                settings->bus.pubsub = "pubsub";
        if (!settings->bus.source)
                settings->bus.source = "budpipeline";
        if (!settings->retry.tries)
                settings->retry.tries = DEFAULT_TRIES;
        if (!settings->retry.wait_ms)
                settings->retry.wait_ms = DEFAULT_WAIT_MS;
        if (!settings->retry.wait_max_ms)
                settings->retry.wait_max_ms = DEFAULT_WAIT_MAX_MS;
        if (!settings->breaker.failures)
                settings->breaker.failures = DEFAULT_FAILURES;
        if (!settings->breaker.seconds)
                settings->breaker.seconds = DEFAULT_OPEN_SECONDS;
}

static int take_settings(struct bp_invoker *invoker, const struct bp_invoker_settings *settings) {
        int r;

        invoker->settings = *settings;
        if (settings->http)
                invoker->http = *settings->http;
        complete(&invoker->settings);
        r = copy_texts(invoker);
        if (r == 0 && invoker->http.allow_hosts)
                r = copy_hosts(invoker, invoker->http.allow_hosts);
        if (r == 0)
                r = bp_services_init(&invoker->services, invoker->arena, settings);
        invoker->settings.http = &invoker->http;
        invoker->settings.services = NULL;
        return r;
}

int bp_invoker_new(const struct bp_invoker_settings *settings, struct bp_invoker **ret_invoker) {
        static const struct bp_invoker_settings defaults;
        struct bp_invoker *invoker = bp_calloc(1, sizeof(*invoker));
        int r;

        if (!invoker)
                return -ENOMEM;
        pthread_mutex_init(&invoker->lock, NULL);
        invoker->arena = bp_arena_new(BP_ARENA_UNLIMITED);
        r = invoker->arena ? take_settings(invoker, settings ? settings : &defaults) : -ENOMEM;
        if (r < 0) {
                bp_invoker_free(invoker);
                return r;
        }
        *ret_invoker = invoker;
        return 0;
}

void bp_invoker_close(struct bp_invoker *invoker) {
        struct bp_http_client *client;

        pthread_mutex_lock(&invoker->lock);
        invoker->is_closed = true;
        client = invoker->client;
        invoker->client = NULL;
        pthread_mutex_unlock(&invoker->lock);
        bp_http_client_free(client);
}

struct bp_invoker *bp_invoker_free(struct bp_invoker *invoker) {
        if (!invoker)
                return NULL;
        bp_invoker_close(invoker);
        pthread_mutex_destroy(&invoker->lock);
        bp_arena_free(invoker->arena);
        free(invoker);
        return NULL;
}

const char *bp_invoker_guard(const struct bp_invoker *invoker, const char *url, struct bp_arena *arena) {
        return bp_http_guard(&invoker->http, url, arena);
}

bool bp_invoker_reaches(struct bp_invoker *invoker, const char *service) {
        bool is_reached;

        pthread_mutex_lock(&invoker->lock);
        is_reached = invoker->services.dapr.text || bp_services_find(&invoker->services, service)->base.text;
        pthread_mutex_unlock(&invoker->lock);
        return is_reached;
}

bool bp_invoker_has_bus(const struct bp_invoker *invoker) {
        return invoker->settings.bus.kind != BP_BUS_NONE;
}
