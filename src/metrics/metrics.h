/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file metrics.h
 * Numbers about the running service, as Prometheus reads them. Names and buckets: reference engine.md section 21.
 *
 * One fixed table, no registration at run time: every metric is a member of the enums below. Counting takes no lock
 * and may happen on any thread. Labels come from closed sets, so that no outsider makes the table grow.
 */
#ifndef BP_METRICS_METRICS_H
#define BP_METRICS_METRICS_H

#include <stdint.h>

struct bp_metrics;
struct bp_strbuf;

/** Content-Type of what bp_metrics_write() makes. */
#define BP_METRICS_MEDIA_TYPE "text/plain; version=0.0.4; charset=utf-8"

/** Counters and gauges. Names on the wire follow in metrics.c, prefixed budpipeline_; counters end in _total. */
enum bp_metric {
        BP_METRIC_EXECUTION_CREATED = 1, /**< label initiator: a closed set, others count as "other" */
        BP_METRIC_EXECUTION_COMPLETED,   /**< label status */
        BP_METRIC_DB_ERRORS,             /**< labels operation, error_type */
        BP_METRIC_EVENTS_PUBLISHED,      /**< label event_type: what subscribers were told */
        BP_METRIC_ACTIVE_EXECUTIONS,     /**< gauge */
        BP_METRIC_FALLBACK_ACTIVE,       /**< gauge: 1 while commits fail */
        BP_METRIC_HTTP_IN_PROGRESS,      /**< gauge */
        BP_METRIC_EVENTS_RECEIVED,       /**< events that came, by what was found of them at once: outcome */
        BP_METRIC_EVENTS_SETTLED,        /**< what became of them: outcome */
        BP_METRIC_EVENTS_WAITING,        /**< gauge: events that no step waits for yet */
        BP_METRIC_STREAMS,               /**< gauge: open event streams */
        BP_METRIC_STREAMS_CUT,           /**< streams ended because their client was too slow */
        BP_METRIC_RATE_LIMITED,          /**< requests refused by the rate limit */
        BP_METRIC_WRITE_QUEUE_BYTES,     /**< gauge: bytes that wait to be written */
        BP_METRIC_COMMITS,               /**< transactions of the store */
        BP_METRIC_COMMIT_ROWS,           /**< rows written by them */
        BP_METRIC_WORKERS_BUSY,          /**< gauge */
        BP_METRIC_WORKERS_QUEUED,        /**< gauge */
        BP_METRIC_SERVICE_CALLS,         /**< labels service, outcome */
        BP_METRIC_SERVICE_RETRIES,       /**< label service */
        BP_METRIC_SERVICE_BREAKER,       /**< gauge, label service: 1 while its breaker is open or half open */
        BP_METRIC_CALLS_QUEUED,          /**< gauge, label service ("http": none): calls that wait to be sent */
        BP_METRIC_CALLS_RUNNING,         /**< gauge, label service: calls that were sent and await their answer */
        BP_METRIC_EVENTS_STREAMED,       /**< label event_type: kind of record handed to streams */
        BP_METRIC_EVENTS_RETRIED,        /**< tries to publish that failed and are repeated */
        BP_METRIC_EVENTS_DEAD,           /**< events that were given up */
        BP_METRIC_EVENTS_BACKLOG,        /**< gauge: subscriptions that something is to be told */
};

/** Histograms, in seconds unless named otherwise. */
enum bp_histogram {
        BP_HISTOGRAM_EXECUTION_DURATION = 1, /**< label status */
        BP_HISTOGRAM_STEP_DURATION,          /**< label status */
        BP_HISTOGRAM_DB_OPERATION,           /**< labels operation, entity */
        BP_HISTOGRAM_HTTP_REQUEST,           /**< labels method, handler, status */
        BP_HISTOGRAM_EVENT_DURATION,         /**< from the arrival of an event until what became of it is durable */
        BP_HISTOGRAM_COMMIT_DURATION,
        BP_HISTOGRAM_COMMIT_GROUP, /**< records in one commit */
        BP_HISTOGRAM_LOOP_LAG,     /**< how late the engine's loop is */
};

/** All at zero, or NULL. */
struct bp_metrics *bp_metrics_new(void);

/** Gives it back. NULL is allowed. Always returns NULL. */
struct bp_metrics *bp_metrics_free(struct bp_metrics *metrics);

/**
 * Adds to a counter or gauge. `labels`: values of its labels in order, separated by NUL-terminated arguments; NULL
 * where it has fewer. Values are texts of a closed set (constants, names of routes) of at most 63 bytes. NULL metrics
 * are allowed: nothing happens.
 */
void bp_metrics_add(struct bp_metrics *metrics, enum bp_metric metric, const char *label_1, const char *label_2,
                    int64_t by);

/** Sets a gauge without labels. */
void bp_metrics_set(struct bp_metrics *metrics, enum bp_metric metric, int64_t value);

/** Adds an observation to a histogram; labels as above. */
void bp_metrics_observe(struct bp_metrics *metrics, enum bp_histogram histogram, const char *label_1,
                        const char *label_2, const char *label_3, double value);

/** Appends everything in the Prometheus text format, process figures (CPU, memory, open files) included. */
void bp_metrics_write(struct bp_metrics *metrics, struct bp_strbuf *buffer);

#endif
