/* SPDX-License-Identifier: Apache-2.0 */
/* What each metric is called and how it is divided. Inside the room only. */
#ifndef BP_METRICS_TABLE_H
#define BP_METRICS_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "metrics/metrics.h"

/** Numbers of entries; index 0 of both tables is empty. */
#define BP_N_METRICS (BP_METRIC_EVENTS_BACKLOG + 1)
#define BP_N_HISTOGRAMS (BP_HISTOGRAM_LOOP_LAG + 1)

/** Most labels a metric has, and most buckets a histogram has without the last one, +Inf. */
#define BP_METRIC_LABELS 3
#define BP_METRIC_BUCKETS 15

/** How a metric is written. */
struct bp_metric_spec {
        const char *name; /**< on the wire */
        const char *type; /**< counter, gauge or histogram */
        const char *help;
        const char *labels[BP_METRIC_LABELS + 1]; /**< NULL-terminated */
        const char *const *words;                 /**< of the first label; any other value counts as "other"; or NULL */
        double bounds[BP_METRIC_BUCKETS + 1];     /**< upper ones of a histogram, ended by 0 */
};

extern const struct bp_metric_spec bp_metric_specs[BP_N_METRICS];
extern const struct bp_metric_spec bp_histogram_specs[BP_N_HISTOGRAMS];

#endif
