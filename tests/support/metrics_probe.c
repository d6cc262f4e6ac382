/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the metrics of a process that has counted a little of everything, for an independent reader of the format. */
#include <stdio.h>

#include "base/strbuf.h"
#include "metrics/metrics.h"

static void count(struct bp_metrics *metrics) {
        bp_metrics_add(metrics, BP_METRIC_EXECUTION_CREATED, "api", NULL, 3);
        bp_metrics_add(metrics, BP_METRIC_EXECUTION_COMPLETED, "COMPLETED", NULL, 2);
        bp_metrics_add(metrics, BP_METRIC_DB_ERRORS, "commit", "quote \" backslash \\ line\n", 1);
        bp_metrics_add(metrics, BP_METRIC_EVENTS_PUBLISHED, "step_started", NULL, 9);
        bp_metrics_set(metrics, BP_METRIC_ACTIVE_EXECUTIONS, 4);
        bp_metrics_observe(metrics, BP_HISTOGRAM_EXECUTION_DURATION, "COMPLETED", NULL, NULL, 0.25);
        bp_metrics_observe(metrics, BP_HISTOGRAM_EXECUTION_DURATION, "COMPLETED", NULL, NULL, 90);
        bp_metrics_observe(metrics, BP_HISTOGRAM_HTTP_REQUEST, "GET", "listSteps", "200", 0.002);
        bp_metrics_observe(metrics, BP_HISTOGRAM_COMMIT_GROUP, NULL, NULL, NULL, 17);
}

int main(void) {
        struct bp_metrics *metrics = bp_metrics_new();
        struct bp_strbuf buffer;
        int failed;

        if (!metrics)
                return 1;
        bp_strbuf_init(&buffer, NULL, SIZE_MAX);
        count(metrics);
        bp_metrics_write(metrics, &buffer);
        failed = buffer.error || fwrite(buffer.text, 1, buffer.size, stdout) != buffer.size;
        bp_strbuf_done(&buffer);
        bp_metrics_free(metrics);
        return failed;
}
