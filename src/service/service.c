/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a service. The store is opened first and closed before the runtime goes: until then its writer thread
 * may report what became durable.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "metrics/metrics.h"
#include "service/state.h"

enum {
        CACHED_DEFINITIONS = 256,
        CACHED_PIPELINES = 1024,
};

void bp_service_notice(struct bp_service *service, enum bp_log_level level, const char *format, ...) {
        char message[1024];
        va_list arguments;

        if (!service->notice)
                return;
        va_start(arguments, format);
        vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);
        service->notice(service->userdata, level, message);
}

/* ---------------------------------------------------------------------------------------------------------------
 * The store's writer thread
 */

static void on_durable(void *userdata, uint64_t ticket) {
        struct bp_service *service = userdata;

        bp_runtime_durable(service->runtime, ticket);
}

static void on_health(void *userdata, const struct bp_problem *problem) {
        struct bp_service *service = userdata;

        bp_metrics_set(service->metrics, BP_METRIC_FALLBACK_ACTIVE, problem ? 1 : 0);
        if (problem)
                bp_service_notice(service, BP_LOG_ERROR,
                                  "the store does not write, starts are refused and executions wait: %s: %s",
                                  problem->code, problem->message);
        else
                bp_service_notice(service, BP_LOG_INFO, "the store writes again, executions go on");
}

/* ---------------------------------------------------------------------------------------------------------------
 * Made and freed
 */

static int open_store(struct bp_service *service, const struct bp_service_settings *settings,
                      struct bp_problem *reterr_problem) {
        const struct bp_store_settings store = {.url = settings->store_url,
                                                .mode = BP_STORE_EXECUTE,
                                                .queue_bytes = settings->queue_bytes,
                                                .inbox = settings->inbox,
                                                .metrics = settings->metrics,
                                                .durable = on_durable,
                                                .health = on_health,
                                                .userdata = service};

        return bp_store_open(&store, &service->store, reterr_problem);
}

static int open_runtime(struct bp_service *service, const struct bp_service_settings *settings) {
        struct bp_journal journal = bp_service_journal(service);
        struct bp_observer observer = bp_service_observer(service);
        struct bp_runtime_settings runtime = settings->runtime;

        runtime.journal = &journal;
        runtime.observer = &observer;
        return bp_runtime_new(&runtime, &service->runtime);
}

static int open_tables(struct bp_service *service, const struct bp_service_settings *settings) {
        size_t n = settings->cached_definitions ? settings->cached_definitions : CACHED_DEFINITIONS;
        int r = bp_contexts_init(&service->contexts);

        if (r == 0)
                r = bp_streams_init(&service->streams);
        if (r == 0)
                r = bp_events_init(&service->events);
        if (r == 0)
                r = bp_lru_init(&service->by_digest, &bp_lru_definitions, n);
        if (r == 0)
                r = bp_lru_init(&service->by_number, &bp_lru_definitions, n);
        return r ? r : bp_lru_init(&service->pipelines, &bp_lru_pipelines, CACHED_PIPELINES);
}

static int open_all(struct bp_service *service, const struct bp_service_settings *settings,
                    struct bp_problem *reterr_problem) {
        int r = open_tables(service, settings);

        if (r == 0)
                r = open_runtime(service, settings);
        if (r == 0)
                r = open_store(service, settings, reterr_problem);
        if (r == 0)
                r = bp_service_recover(service, reterr_problem);
        return r ? r : bp_events_recover(service, reterr_problem);
}

static int copy_notify_topic(struct bp_service *service) {
        const char *topic = service->telling.notify_topic;

        if (!topic)
                return 0;
        service->notify_topic = bp_memdup_text(topic, strlen(topic));
        service->telling.notify_topic = service->notify_topic;
        return service->notify_topic ? 0 : -ENOMEM;
}

int bp_service_new(const struct bp_service_settings *settings, struct bp_service **ret_service,
                   struct bp_problem *reterr_problem) {
        struct bp_service *service = bp_calloc(1, sizeof(*service));
        int r;

        if (!service)
                return -ENOMEM;
        service->registry = settings->registry;
        service->metrics = settings->metrics;
        if (settings->observer)
                service->observer = *settings->observer;
        service->telling = settings->telling;
        service->notice = settings->notice;
        service->userdata = settings->userdata;
        if (settings->definition_limits)
                service->limits = *settings->definition_limits;
        r = copy_notify_topic(service);
        if (r == 0)
                r = open_all(service, settings, reterr_problem);
        if (r) {
                bp_service_free(service);
                return r;
        }
        *ret_service = service;
        return 0;
}

static void find_unanswered(void *userdata, struct bp_context *context) {
        struct bp_context **found = userdata;

        if (context->creation)
                *found = context;
}

/* Starts that did not become durable: nobody will tell any more. */
static void answer_the_rest(struct bp_service *service) {
        struct bp_context *context;

        do {
                context = NULL;
                bp_contexts_each(&service->contexts, find_unanswered, &context);
                if (context)
                        bp_start_answer(service, context,
                                        &(struct bp_service_answer){.id = context->id, .result = -ECANCELED});
        } while (context);
}

int bp_service_run(struct bp_service *service, bool until_idle) {
        int r = bp_runtime_run(service->runtime, until_idle);

        bp_journal_settle(service);
        if (!atomic_load(&service->stopping))
                return r;
        pthread_mutex_lock(&service->contexts.mutex);
        service->contexts.closed = true;
        pthread_mutex_unlock(&service->contexts.mutex);
        answer_the_rest(service);
        bp_events_close(service);
        return r;
}

void bp_service_stop(struct bp_service *service) {
        atomic_store(&service->stopping, true);
        bp_runtime_stop(service->runtime);
}

int bp_service_finish(struct bp_service *service, struct bp_problem *reterr_problem) {
        bp_events_close(service);
        return bp_store_finish(service->store, reterr_problem);
}

struct bp_service *bp_service_free(struct bp_service *service) {
        if (!service)
                return NULL;
        if (service->events.has_mutex)
                bp_events_close(service);
        bp_store_close(service->store);
        if (service->contexts.has_mutex)
                answer_the_rest(service);
        bp_runtime_free(service->runtime);
        bp_contexts_done(&service->contexts);
        bp_streams_done(&service->streams);
        bp_events_done(&service->events);
        bp_lru_done(&service->pipelines);
        bp_lru_done(&service->by_number);
        bp_lru_done(&service->by_digest);
        free(service->told.appended.places);
        free(service->notify_topic);
        free(service);
        return NULL;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Looking at it
 */

struct bp_store *bp_service_store(struct bp_service *service) {
        return service->store;
}

struct bp_registry *bp_service_registry(struct bp_service *service) {
        return service->registry;
}

int bp_service_ready(struct bp_service *service, struct bp_problem *reterr_problem) {
        struct bp_problem problem = {0};

        if (atomic_load(&service->stopping))
                bp_problem_set(&problem, "STOPPING", "The service is stopping and takes no new work");
        else if (bp_store_problem(service->store, &problem) == 0 && bp_store_is_busy(service->store))
                bp_problem_set(&problem, "STORE_BUSY", "Too much waits to be written: try again in a moment");
        if (!problem.code)
                return 0;
        problem.retryable = true;
        if (reterr_problem)
                *reterr_problem = problem;
        return BP_SERVICE_UNAVAILABLE;
}

void bp_service_waits(struct bp_service *service, struct bp_runtime_waits *ret_waits) {
        bp_runtime_waits(service->runtime, ret_waits);
}

size_t bp_service_early_events(struct bp_service *service) {
        return bp_runtime_load(service->runtime).early;
}

size_t bp_service_active(struct bp_service *service) {
        return atomic_load_explicit(&service->contexts.n, memory_order_relaxed);
}
