/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting without locks. What has no labels has a place of its own. What has is found by a hash of the metric and the
 * texts; a series is entered once, by exchanging an empty slot, and never removed, so that readers need no care.
 */
#include "metrics/metrics.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "metrics/series.h"

struct bp_metrics *bp_metrics_new(void) {
        struct bp_metrics *metrics = bp_calloc(1, sizeof(*metrics));

        if (!metrics)
                return NULL;
        for (size_t i = 1; i < BP_N_METRICS; i++)
                metrics->plain[i].spec = &bp_metric_specs[i];
        for (size_t i = 1; i < BP_N_HISTOGRAMS; i++)
                metrics->plain_histograms[i].spec = &bp_histogram_specs[i];
        return metrics;
}

struct bp_metrics *bp_metrics_free(struct bp_metrics *metrics) {
        if (!metrics)
                return NULL;
        for (size_t i = 0; i < BP_METRIC_SLOTS; i++)
                free(atomic_load_explicit(&metrics->slots[i], memory_order_relaxed));
        free(metrics);
        return NULL;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Finding a series by its labels
 */

/* The value that counts: one of the closed set, "" where it is missing. */
static const char *label_value(const struct bp_metric_spec *spec, size_t index, const char *given) {
        if (!spec->labels[index])
                return "";
        if (!given)
                given = "";
        if (index > 0 || !spec->words)
                return given;
        for (const char *const *word = spec->words; *word; word++)
                if (strcmp(*word, given) == 0)
                        return *word;
        return "other";
}

static uint64_t add_to_hash(uint64_t hash, const char *text) {
        for (size_t i = 0; i < BP_METRIC_LABEL_SIZE - 1 && text[i]; i++)
                hash = (hash ^ (unsigned char)text[i]) * 0x100000001B3u;
        return (hash ^ 0xFFu) * 0x100000001B3u;
}

static size_t slot_of(const struct bp_metric_spec *spec, const char *const labels[BP_METRIC_LABELS]) {
        uint64_t hash = add_to_hash(0xCBF29CE484222325u, spec->name);

        for (size_t i = 0; i < BP_METRIC_LABELS; i++)
                hash = add_to_hash(hash, labels[i]);
        return (size_t)(hash ^ hash >> 32) % BP_METRIC_SLOTS;
}

static bool is_series(const struct bp_series *series, const struct bp_metric_spec *spec,
                      const char *const labels[BP_METRIC_LABELS]) {
        if (series->spec != spec)
                return false;
        for (size_t i = 0; i < BP_METRIC_LABELS; i++)
                if (strncmp(series->labels[i], labels[i], BP_METRIC_LABEL_SIZE - 1) != 0)
                        return false;
        return true;
}

static struct bp_series *new_series(struct bp_metrics *metrics, const struct bp_metric_spec *spec,
                                    const char *const labels[BP_METRIC_LABELS]) {
        struct bp_series *series;

        if (atomic_fetch_add_explicit(&metrics->n_series, 1, memory_order_relaxed) >= BP_METRIC_SLOTS / 2) {
                atomic_fetch_sub_explicit(&metrics->n_series, 1, memory_order_relaxed);
                return NULL;
        }
        series = bp_calloc(1, sizeof(*series));
        if (!series) {
                atomic_fetch_sub_explicit(&metrics->n_series, 1, memory_order_relaxed);
                return NULL;
        }
        series->spec = spec;
        for (size_t i = 0; i < BP_METRIC_LABELS; i++)
                memcpy(series->labels[i], labels[i], strnlen(labels[i], BP_METRIC_LABEL_SIZE - 1));
        return series;
}

/* Half of the slots stay empty, so the walk ends. */
static struct bp_series *find_series(struct bp_metrics *metrics, const struct bp_metric_spec *spec,
                                     const char *const labels[BP_METRIC_LABELS]) {
        struct bp_series *made = NULL;

        for (size_t slot = slot_of(spec, labels);; slot = (slot + 1) % BP_METRIC_SLOTS) {
                struct bp_series *there = atomic_load_explicit(&metrics->slots[slot], memory_order_acquire);

                if (!there) {
                        if (!made)
                                made = new_series(metrics, spec, labels);
                        if (!made)
                                return NULL;
                        if (atomic_compare_exchange_strong_explicit(&metrics->slots[slot], &there, made,
                                                                    memory_order_acq_rel, memory_order_acquire))
                                return made;
                }
                if (!is_series(there, spec, labels))
                        continue;
                if (made) {
                        atomic_fetch_sub_explicit(&metrics->n_series, 1, memory_order_relaxed);
                        free(made);
                }
                return there;
        }
}

static struct bp_series *series_of(struct bp_metrics *metrics, const struct bp_metric_spec *spec,
                                   struct bp_series *plain, const char *label_1, const char *label_2,
                                   const char *label_3) {
        const char *labels[BP_METRIC_LABELS];
        struct bp_series *series;

        if (!spec->labels[0])
                return plain;
        labels[0] = label_value(spec, 0, label_1);
        labels[1] = label_value(spec, 1, label_2);
        labels[2] = label_value(spec, 2, label_3);
        series = find_series(metrics, spec, labels);
        if (!series)
                atomic_fetch_add_explicit(&metrics->dropped, 1, memory_order_relaxed);
        return series;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Counting
 */

void bp_metrics_add(struct bp_metrics *metrics, enum bp_metric metric, const char *label_1, const char *label_2,
                    int64_t by) {
        struct bp_series *series;

        if (!metrics)
                return;
        series = series_of(metrics, &bp_metric_specs[metric], &metrics->plain[metric], label_1, label_2, NULL);
        if (series)
                atomic_fetch_add_explicit(&series->value, by, memory_order_relaxed);
}

void bp_metrics_set(struct bp_metrics *metrics, enum bp_metric metric, int64_t value) {
        if (metrics)
                atomic_store_explicit(&metrics->plain[metric].value, value, memory_order_relaxed);
}

static void add_to_sum(_Atomic double *sum, double value) {
        double old = atomic_load_explicit(sum, memory_order_relaxed);

        while (!atomic_compare_exchange_weak_explicit(sum, &old, old + value, memory_order_relaxed,
                                                      memory_order_relaxed))
                continue;
}

void bp_metrics_observe(struct bp_metrics *metrics, enum bp_histogram histogram, const char *label_1,
                        const char *label_2, const char *label_3, double value) {
        const struct bp_metric_spec *spec = &bp_histogram_specs[histogram];
        struct bp_series *series;
        size_t bucket = 0;

        if (!metrics)
                return;
        series = series_of(metrics, spec, &metrics->plain_histograms[histogram], label_1, label_2, label_3);
        if (!series)
                return;
        while (spec->bounds[bucket] > 0 && value > spec->bounds[bucket])
                bucket++;
        atomic_fetch_add_explicit(&series->buckets[bucket], 1, memory_order_relaxed);
        add_to_sum(&series->sum, value);
}
