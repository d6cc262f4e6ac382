/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file streams.h
 * Subscriptions. Seen inside this room only.
 */
#ifndef BP_SERVICE_STREAMS_H
#define BP_SERVICE_STREAMS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct bp_context;
struct bp_execution;
struct bp_record;
struct bp_service;
struct bp_service_event;
struct bp_service_subscription;

/** Buckets of the subscriptions to single executions. */
enum { BP_STREAM_BUCKETS = 1024 };

/** Who is told. The mutex is held while they are told. */
struct bp_streams {
        pthread_mutex_t mutex;
        bool has_mutex;
        atomic_size_t n;                      /**< subscriptions: nothing is done while there are none */
        struct bp_service_subscription *all;  /**< to every execution */
        struct bp_service_subscription **one; /**< to one, by its id */
};

/** Nobody. @return 0 or negative errno. */
int bp_streams_init(struct bp_streams *streams);

/** Gives everything back. */
void bp_streams_done(struct bp_streams *streams);

/** Tells a durable record, or a line. Engine thread. The percentage is filled in when somebody listens. */
void bp_streams_tell(struct bp_service *service, const struct bp_context *context, const struct bp_execution *execution,
                     struct bp_service_event *event);

#endif
