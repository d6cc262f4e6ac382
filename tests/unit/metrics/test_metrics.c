/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "metrics/metrics.h"

static struct bp_strbuf text;

static const char *written(struct bp_metrics *metrics) {
        bp_strbuf_clear(&text);
        bp_metrics_write(metrics, &text);
        assert_int_equal(text.error, 0);
        return bp_strbuf_text(&text);
}

/* A whole line of the text. */
static void assert_line(struct bp_metrics *metrics, const char *line) {
        char whole[256];

        snprintf(whole, sizeof(whole), "\n%s\n", line);
        if (!strstr(written(metrics), whole))
                fail_msg("no line %s in:\n%s", line, bp_strbuf_text(&text));
}

static size_t count_of(const char *haystack, const char *needle) {
        size_t count = 0;

        for (const char *at = strstr(haystack, needle); at; at = strstr(at + 1, needle))
                count++;
        return count;
}

static void what_has_no_labels_is_there_from_the_start(void **state) {
        struct bp_metrics *metrics = bp_metrics_new();

        (void)state;
        assert_line(metrics, "budpipeline_active_executions 0");
        assert_line(metrics, "budpipeline_store_commit_seconds_count 0");
        assert_line(metrics, "# TYPE budpipeline_execution_created_total counter");
        assert_null(strstr(written(metrics), "budpipeline_execution_created_total{"));
        assert_null(bp_metrics_free(metrics));
}

static void counters_add_and_gauges_go_both_ways(void **state) {
        struct bp_metrics *metrics = bp_metrics_new();

        (void)state;
        bp_metrics_add(metrics, BP_METRIC_EXECUTION_COMPLETED, "COMPLETED", NULL, 2);
        bp_metrics_add(metrics, BP_METRIC_EXECUTION_COMPLETED, "FAILED", NULL, 1);
        bp_metrics_add(metrics, BP_METRIC_EXECUTION_COMPLETED, "COMPLETED", NULL, 3);
        bp_metrics_add(metrics, BP_METRIC_DB_ERRORS, "commit", "STORE_FULL", 1);
        bp_metrics_add(metrics, BP_METRIC_ACTIVE_EXECUTIONS, NULL, NULL, 7);
        bp_metrics_add(metrics, BP_METRIC_ACTIVE_EXECUTIONS, NULL, NULL, -4);
        bp_metrics_set(metrics, BP_METRIC_FALLBACK_ACTIVE, 1);
        assert_line(metrics, "budpipeline_execution_completed_total{status=\"COMPLETED\"} 5");
        assert_line(metrics, "budpipeline_execution_completed_total{status=\"FAILED\"} 1");
        assert_line(metrics, "budpipeline_db_errors_total{operation=\"commit\",error_type=\"STORE_FULL\"} 1");
        assert_line(metrics, "budpipeline_active_executions 3");
        assert_line(metrics, "budpipeline_fallback_active 1");
        bp_metrics_free(metrics);
}

static void an_unknown_initiator_counts_as_other(void **state) {
        struct bp_metrics *metrics = bp_metrics_new();

        (void)state;
        bp_metrics_add(metrics, BP_METRIC_EXECUTION_CREATED, "api", NULL, 1);
        bp_metrics_add(metrics, BP_METRIC_EXECUTION_CREATED, "mallory-1", NULL, 1);
        bp_metrics_add(metrics, BP_METRIC_EXECUTION_CREATED, "mallory-2", NULL, 1);
        bp_metrics_add(metrics, BP_METRIC_EXECUTION_CREATED, NULL, NULL, 1);
        assert_line(metrics, "budpipeline_execution_created_total{initiator=\"api\"} 1");
        assert_line(metrics, "budpipeline_execution_created_total{initiator=\"other\"} 3");
        assert_null(strstr(written(metrics), "mallory"));
        bp_metrics_free(metrics);
}

static void buckets_are_cumulative_and_their_bounds_belong_to_them(void **state) {
        struct bp_metrics *metrics = bp_metrics_new();

        (void)state;
        bp_metrics_observe(metrics, BP_HISTOGRAM_EXECUTION_DURATION, "COMPLETED", NULL, NULL, 1);
        bp_metrics_observe(metrics, BP_HISTOGRAM_EXECUTION_DURATION, "COMPLETED", NULL, NULL, 1.5);
        bp_metrics_observe(metrics, BP_HISTOGRAM_EXECUTION_DURATION, "COMPLETED", NULL, NULL, 100000);
        assert_line(metrics, "budpipeline_execution_duration_seconds_bucket{status=\"COMPLETED\",le=\"0.1\"} 0");
        assert_line(metrics, "budpipeline_execution_duration_seconds_bucket{status=\"COMPLETED\",le=\"1\"} 1");
        assert_line(metrics, "budpipeline_execution_duration_seconds_bucket{status=\"COMPLETED\",le=\"5\"} 2");
        assert_line(metrics, "budpipeline_execution_duration_seconds_bucket{status=\"COMPLETED\",le=\"7200\"} 2");
        assert_line(metrics, "budpipeline_execution_duration_seconds_bucket{status=\"COMPLETED\",le=\"+Inf\"} 3");
        assert_line(metrics, "budpipeline_execution_duration_seconds_count{status=\"COMPLETED\"} 3");
        assert_line(metrics, "budpipeline_execution_duration_seconds_sum{status=\"COMPLETED\"} 100002.5");
        bp_metrics_free(metrics);
}

/* The table is bounded whatever the callers do: what found no place is counted. */
static void labels_cannot_make_the_table_grow_without_end(void **state) {
        struct bp_metrics *metrics = bp_metrics_new();

        (void)state;
        for (int i = 0; i < 1500; i++) {
                char label[32];

                snprintf(label, sizeof(label), "route%d", i);
                bp_metrics_observe(metrics, BP_HISTOGRAM_HTTP_REQUEST, "GET", label, "200", 0.25);
        }
        assert_int_equal(count_of(written(metrics), "budpipeline_http_request_duration_seconds_count{"), 1024);
        assert_line(metrics, "budpipeline_metrics_dropped_total 476");
        bp_metrics_free(metrics);
}

static void a_label_is_escaped_and_cut(void **state) {
        struct bp_metrics *metrics = bp_metrics_new();
        char longest[101];

        (void)state;
        memset(longest, 'x', 100);
        longest[100] = '\0';
        bp_metrics_add(metrics, BP_METRIC_EVENTS_PUBLISHED, "a\"b\\c\nd", NULL, 1);
        bp_metrics_add(metrics, BP_METRIC_EVENTS_PUBLISHED, longest, NULL, 1);
        bp_metrics_add(metrics, BP_METRIC_EVENTS_PUBLISHED, longest, NULL, 1);
        assert_line(metrics, "budpipeline_events_published_total{event_type=\"a\\\"b\\\\c\\nd\"} 1");
        longest[63] = '\0';
        assert_non_null(strstr(written(metrics), longest));
        longest[63] = 'x';
        longest[64] = '\0';
        assert_null(strstr(written(metrics), longest));
        bp_metrics_free(metrics);
}

static void no_metrics_are_no_fault(void **state) {
        (void)state;
        bp_metrics_add(NULL, BP_METRIC_COMMITS, NULL, NULL, 1);
        bp_metrics_set(NULL, BP_METRIC_FALLBACK_ACTIVE, 1);
        bp_metrics_observe(NULL, BP_HISTOGRAM_LOOP_LAG, NULL, NULL, NULL, 1);
        assert_null(bp_metrics_free(NULL));
}

enum { N_THREADS = 4, N_ROUNDS = 20000 };

/* Every thread enters the same new series at about the same time. */
static void *count_much(void *userdata) {
        static const char *const statuses[] = {"200", "201", "400", "404", "409", "422", "500", "503"};

        for (int i = 0; i < N_ROUNDS; i++) {
                bp_metrics_observe(userdata, BP_HISTOGRAM_HTTP_REQUEST, "GET", "listSteps", statuses[i % 8], 0.5);
                bp_metrics_add(userdata, BP_METRIC_COMMITS, NULL, NULL, 1);
        }
        return NULL;
}

static void nothing_is_lost_between_threads(void **state) {
        struct bp_metrics *metrics = bp_metrics_new();
        pthread_t threads[N_THREADS];

        (void)state;
        for (int i = 0; i < N_THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, count_much, metrics), 0);
        for (int i = 0; i < 50; i++)
                written(metrics);
        for (int i = 0; i < N_THREADS; i++)
                pthread_join(threads[i], NULL);
        assert_line(metrics, "budpipeline_store_commits_total 80000");
        assert_int_equal(count_of(written(metrics), "budpipeline_http_request_duration_seconds_count{"), 8);
        assert_line(metrics, "budpipeline_http_request_duration_seconds_count{method=\"GET\",handler=\"listSteps\","
                             "status=\"503\"} 10000");
        assert_line(metrics, "budpipeline_http_request_duration_seconds_sum{method=\"GET\",handler=\"listSteps\","
                             "status=\"503\"} 5000.0");
        bp_metrics_free(metrics);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_has_no_labels_is_there_from_the_start),
                cmocka_unit_test(counters_add_and_gauges_go_both_ways),
                cmocka_unit_test(an_unknown_initiator_counts_as_other),
                cmocka_unit_test(buckets_are_cumulative_and_their_bounds_belong_to_them),
                cmocka_unit_test(labels_cannot_make_the_table_grow_without_end),
                cmocka_unit_test(a_label_is_escaped_and_cut),
                cmocka_unit_test(no_metrics_are_no_fault),
                cmocka_unit_test(nothing_is_lost_between_threads),
        };
        int failed;

        bp_strbuf_init(&text, NULL, SIZE_MAX);
        failed = cmocka_run_group_tests(tests, NULL, NULL);
        bp_strbuf_done(&text);
        return failed;
}
