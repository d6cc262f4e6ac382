/* SPDX-License-Identifier: Apache-2.0 */
/* The text format of Prometheus, version 0.0.4. The count of a histogram is the sum of what its buckets say, so that a
 * text agrees with itself while others go on counting. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/value.h"
#include "metrics/metrics.h"
#include "metrics/series.h"

static void write_head(struct bp_strbuf *buffer, const struct bp_metric_spec *spec) {
        bp_strbuf_printf(buffer, "# HELP %s %s\n# TYPE %s %s\n", spec->name, spec->help, spec->name, spec->type);
}

static void write_escaped(struct bp_strbuf *buffer, const char *text) {
        for (; *text; text++) {
                if (*text == '\\' || *text == '"')
                        bp_strbuf_add_char(buffer, '\\');
                if (*text == '\n')
                        bp_strbuf_add_text(buffer, "\\n");
                else
                        bp_strbuf_add_char(buffer, *text);
        }
}

/* {status="COMPLETED",le="0.1"}; nothing where there are no labels. */
static void write_labels(struct bp_strbuf *buffer, const struct bp_series *series, const char *le) {
        const char *separator = "{";

        for (size_t i = 0; series->spec->labels[i]; i++) {
                bp_strbuf_printf(buffer, "%s%s=\"", separator, series->spec->labels[i]);
                write_escaped(buffer, series->labels[i]);
                bp_strbuf_add_char(buffer, '"');
                separator = ",";
        }
        if (le) {
                bp_strbuf_printf(buffer, "%sle=\"%s\"", separator, le);
                separator = ",";
        }
        if (*separator == ',')
                bp_strbuf_add_char(buffer, '}');
}

static void write_value(struct bp_strbuf *buffer, const struct bp_series *series) {
        bp_strbuf_add_text(buffer, series->spec->name);
        write_labels(buffer, series, NULL);
        bp_strbuf_printf(buffer, " %" PRId64 "\n", atomic_load_explicit(&series->value, memory_order_relaxed));
}

static void write_histogram(struct bp_strbuf *buffer, const struct bp_series *series) {
        const struct bp_metric_spec *spec = series->spec;
        uint64_t count = 0;
        bool is_last = false;

        for (size_t i = 0; !is_last; i++) {
                char le[32];

                is_last = !(spec->bounds[i] > 0);
                count += atomic_load_explicit(&series->buckets[i], memory_order_relaxed);
                snprintf(le, sizeof(le), "%g", is_last ? HUGE_VAL : spec->bounds[i]);
                bp_strbuf_printf(buffer, "%s_bucket", spec->name);
                write_labels(buffer, series, is_last ? "+Inf" : le);
                bp_strbuf_printf(buffer, " %" PRIu64 "\n", count);
        }
        bp_strbuf_printf(buffer, "%s_sum", spec->name);
        write_labels(buffer, series, NULL);
        bp_strbuf_add_char(buffer, ' ');
        bp_value_write_float(buffer, atomic_load_explicit(&series->sum, memory_order_relaxed));
        bp_strbuf_printf(buffer, "\n%s_count", spec->name);
        write_labels(buffer, series, NULL);
        bp_strbuf_printf(buffer, " %" PRIu64 "\n", count);
}

static int by_labels(const void *a, const void *b) {
        const struct bp_series *left = *(const struct bp_series *const *)a,
                               *right = *(const struct bp_series *const *)b;
        int order = 0;

        for (size_t i = 0; i < BP_METRIC_LABELS && order == 0; i++)
                order = strcmp(left->labels[i], right->labels[i]);
        return order;
}

/* What has labels, in their order. */
static void write_labelled(struct bp_strbuf *buffer, struct bp_metrics *metrics, const struct bp_metric_spec *spec,
                           void (*write)(struct bp_strbuf *buffer, const struct bp_series *series)) {
        const struct bp_series *found[BP_METRIC_SLOTS / 2];
        size_t count = 0;

        for (size_t i = 0; i < BP_METRIC_SLOTS && count < BP_METRIC_SLOTS / 2; i++) {
                const struct bp_series *series = atomic_load_explicit(&metrics->slots[i], memory_order_acquire);

                if (series && series->spec == spec)
                        found[count++] = series;
        }
        if (count)
                qsort(found, count, sizeof(*found), by_labels); /* NOLINT: pointers are what is sorted */
        for (size_t i = 0; i < count; i++)
                write(buffer, found[i]);
}

static void write_metric(struct bp_strbuf *buffer, struct bp_metrics *metrics, const struct bp_series *plain,
                         void (*write)(struct bp_strbuf *buffer, const struct bp_series *series)) {
        write_head(buffer, plain->spec);
        if (plain->spec->labels[0])
                write_labelled(buffer, metrics, plain->spec, write);
        else
                write(buffer, plain);
}

void bp_metrics_write(struct bp_metrics *metrics, struct bp_strbuf *buffer) {
        for (size_t i = 1; i < BP_N_METRICS; i++)
                write_metric(buffer, metrics, &metrics->plain[i], write_value);
        for (size_t i = 1; i < BP_N_HISTOGRAMS; i++)
                write_metric(buffer, metrics, &metrics->plain_histograms[i], write_histogram);
        bp_strbuf_printf(buffer,
                         "# HELP budpipeline_metrics_dropped_total Observations that found no place in the table.\n"
                         "# TYPE budpipeline_metrics_dropped_total counter\n"
                         "budpipeline_metrics_dropped_total %" PRId64 "\n",
                         atomic_load_explicit(&metrics->dropped, memory_order_relaxed));
        bp_metrics_write_process(buffer);
}
