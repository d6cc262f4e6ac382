/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers behind a metric. Inside the room only. */
#ifndef BP_METRICS_SERIES_H
#define BP_METRICS_SERIES_H

#include <stdatomic.h>
#include <stdint.h>

#include "metrics/table.h"

/** Slots for what has labels, a power of two; at most half of them are used. */
#define BP_METRIC_SLOTS 2048

/** Longest value of a label, NUL included; longer ones are cut. */
#define BP_METRIC_LABEL_SIZE 64

/** One counter, gauge or histogram with one set of label values. Never changes but for its numbers. */
struct bp_series {
        const struct bp_metric_spec *spec;
        char labels[BP_METRIC_LABELS][BP_METRIC_LABEL_SIZE];
        _Atomic int64_t value;                           /**< of counters and gauges */
        _Atomic double sum;                              /**< of histograms */
        _Atomic uint64_t buckets[BP_METRIC_BUCKETS + 1]; /**< observations in each; the last one is +Inf */
};

/** Everything. */
struct bp_metrics {
        struct bp_series plain[BP_N_METRICS];               /**< those without labels */
        struct bp_series plain_histograms[BP_N_HISTOGRAMS]; /**< likewise */
        _Atomic(struct bp_series *) slots[BP_METRIC_SLOTS]; /**< the others, open addressing, never removed */
        _Atomic uint32_t n_series;                          /**< in slots */
        _Atomic int64_t dropped;                            /**< observations that found no slot or no memory */
};

/** Appends the figures of the process. */
void bp_metrics_write_process(struct bp_strbuf *buffer);

#endif
