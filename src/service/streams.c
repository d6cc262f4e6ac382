/* SPDX-License-Identifier: Apache-2.0 */
/* The engine thread walks the subscribers with the lock held, so that one who has unsubscribed is not called any more.
 * Each hands the event on and returns. */
#include "service/streams.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "metrics/metrics.h"
#include "service/state.h"

struct bp_service_subscription {
        struct bp_service_subscription *next, **place;
        bool to_one;
        struct bp_id execution; /* of to_one */
        void (*event)(void *userdata, const struct bp_service_event *event);
        void *userdata;
};

int bp_streams_init(struct bp_streams *streams) {
        int r;

        streams->one = bp_calloc(BP_STREAM_BUCKETS, sizeof(struct bp_service_subscription *));
        if (!streams->one)
                return -ENOMEM;
        r = pthread_mutex_init(&streams->mutex, NULL);
        streams->has_mutex = r == 0;
        return -r;
}

static void free_list(struct bp_service_subscription *subscription) {
        while (subscription) {
                struct bp_service_subscription *next = subscription->next;

                free(subscription);
                subscription = next;
        }
}

void bp_streams_done(struct bp_streams *streams) {
        free_list(streams->all);
        for (size_t i = 0; streams->one && i < BP_STREAM_BUCKETS; i++)
                free_list(streams->one[i]);
        free(streams->one);
        if (streams->has_mutex)
                pthread_mutex_destroy(&streams->mutex);
        streams->has_mutex = false;
}

static struct bp_service_subscription **bucket_of(struct bp_streams *streams, struct bp_id execution) {
        return &streams->one[bp_hash64(execution.bytes, sizeof(execution.bytes), 0) % BP_STREAM_BUCKETS];
}

int bp_service_subscribe(struct bp_service *service, const struct bp_id *execution,
                         void (*event)(void *userdata, const struct bp_service_event *event), void *userdata,
                         struct bp_service_subscription **ret_subscription) {
        struct bp_streams *streams = &service->streams;
        struct bp_service_subscription *subscription = bp_calloc(1, sizeof(*subscription)), **place;

        if (!subscription)
                return -ENOMEM;
        subscription->event = event;
        subscription->userdata = userdata;
        subscription->to_one = execution != NULL;
        if (execution)
                subscription->execution = *execution;
        pthread_mutex_lock(&streams->mutex);
        place = execution ? bucket_of(streams, *execution) : &streams->all;
        subscription->next = *place;
        subscription->place = place;
        if (subscription->next)
                subscription->next->place = &subscription->next;
        *place = subscription;
        atomic_fetch_add(&streams->n, 1);
        pthread_mutex_unlock(&streams->mutex);
        *ret_subscription = subscription;
        return 0;
}

void bp_service_unsubscribe(struct bp_service *service, struct bp_service_subscription *subscription) {
        struct bp_streams *streams = &service->streams;

        pthread_mutex_lock(&streams->mutex);
        *subscription->place = subscription->next;
        if (subscription->next)
                subscription->next->place = subscription->place;
        atomic_fetch_sub(&streams->n, 1);
        pthread_mutex_unlock(&streams->mutex);
        free(subscription);
}

/*
 * Percent as bp_execution_progress() counts, of what is durable: the execution may be further already, so the steps
 * that are done are those whose records were seen here.
 */
static double durable_percent(const struct bp_context *context, const struct bp_execution *execution) {
        uint32_t n_steps = bp_execution_view(execution).definition->n_steps;
        double total = 100.0 * context->n_done;

        if (n_steps == 0)
                return 100.0;
        for (uint32_t i = 0; i < n_steps; i++) {
                struct bp_step_view step = bp_execution_step(execution, i);
                bool counts =
                        step.state == BP_STEP_RUNNING || step.state == BP_STEP_WAITING || step.state == BP_STEP_FAILED;

                if (counts && step.percent > 0.0)
                        total += step.percent;
        }
        return round(total / n_steps * 100.0) / 100.0;
}

static void tell_list(struct bp_service_subscription *subscription, const struct bp_service_event *event) {
        for (; subscription; subscription = subscription->next)
                if (!subscription->to_one ||
                    memcmp(&subscription->execution, &event->execution, sizeof(event->execution)) == 0)
                        subscription->event(subscription->userdata, event);
}

void bp_streams_tell(struct bp_service *service, const struct bp_context *context, const struct bp_execution *execution,
                     struct bp_service_event *event) {
        struct bp_streams *streams = &service->streams;
        struct bp_service_subscription *one;

        if (atomic_load_explicit(&streams->n, memory_order_acquire) == 0)
                return;
        pthread_mutex_lock(&streams->mutex);
        one = *bucket_of(streams, context->id);
        if (one || streams->all) {
                event->percent = durable_percent(context, execution);
                tell_list(streams->all, event);
                tell_list(one, event);
                if (event->record)
                        bp_metrics_add(service->metrics, BP_METRIC_EVENTS_STREAMED,
                                       bp_record_type_name(event->record->type), NULL, 1);
        }
        pthread_mutex_unlock(&streams->mutex);
}
