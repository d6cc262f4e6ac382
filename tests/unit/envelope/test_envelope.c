/* SPDX-License-Identifier: Apache-2.0 */
/* Events as subscribers of the original know them: reference engine.md section 10, field by field. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "engine/engine.h"
#include "envelope/envelope.h"
#include "pipeline/definition.h"

#define AT "2026-01-17T09:30:00.000000+00:00"
#define SECOND(n) \
        { 1768642200000000 + (n)*1000000 }
#define ID "01234567-89ab-cdef-0123-456789abcdef"

struct desk {
        struct bp_arena *arena;
        const struct bp_definition *definition;
        struct bp_track *track;
        struct bp_envelope_facts facts;
        uint64_t sequence;
        struct bp_told_event events[BP_TOLD_MAX];
        size_t n_events;
};

static struct bp_value json(struct desk *desk, const char *text) {
        struct bp_value value;

        assert_int_equal(bp_json_parse(desk->arena, text, strlen(text), NULL, &value, NULL), 0);
        return value;
}

static struct desk *desk_new(const char *source) {
        const struct bp_definition_options options = {.structure_only = true};
        struct desk *desk = test_calloc(1, sizeof(*desk));
        struct bp_problem_list problems = {0};
        const struct bp_definition_report report = {&problems, &problems};

        desk->arena = problems.arena = bp_arena_new(BP_ARENA_UNLIMITED);
        assert_int_equal(
                bp_definition_read(source, strlen(source), BP_FORMAT_JSON, &options, &report, &desk->definition), 0);
        assert_int_equal(bp_track_new(desk->definition, &desk->track), 0);
        desk->facts =
                (struct bp_envelope_facts){.envelope = BP_ENVELOPE_SEED, .source = "budpipeline", .topic = "my-topic"};
        assert_true(bp_id_parse(ID, &desk->facts.execution));
        return desk;
}

static void desk_free(struct desk *desk) {
        bp_track_free(desk->track);
        bp_definition_unref(desk->definition);
        bp_arena_free(desk->arena);
        test_free(desk);
}

static int setup(void **state) {
        *state = desk_new("{\"name\": \"p\", \"steps\": [{\"id\": \"load\", \"name\": \"Load it\", \"action\": \"a\"}, "
                          "{\"id\": \"rate\", \"name\": \"Rate it\", \"action\": \"a\"}]}");
        return 0;
}

static int teardown(void **state) {
        desk_free(*state);
        return 0;
}

/* The next record, and what subscribers are told of it. */
static void happens(struct desk *desk, struct bp_record record) {
        record.sequence = ++desk->sequence;
        if (record.at.us == 0)
                record.at = (struct bp_wall)SECOND(0);
        bp_track_apply(desk->track, &record);
        assert_int_equal(
                bp_envelope_make(&desk->facts, desk->track, &record, desk->arena, desk->events, &desk->n_events), 0);
}

static void assert_json(struct desk *desk, const struct bp_value *actual, const char *expected) {
        struct bp_value wanted = json(desk, expected);
        struct bp_strbuf text;

        if (bp_value_equal(actual, &wanted))
                return;
        bp_strbuf_init(&text, desk->arena, SIZE_MAX / 2);
        bp_json_write(&text, actual);
        fail_msg("%s\nis not\n%s", bp_strbuf_text(&text), expected);
}

static const struct bp_value *at(const struct bp_value *value, const char *pointer) {
        const struct bp_value *found = bp_value_at(value, pointer);

        if (!found)
                fail_msg("nothing at %s", pointer);
        return found;
}

static void assert_text(const struct bp_value *value, const char *pointer, const char *expected) {
        assert_true(bp_value_is_text(at(value, pointer), expected));
}

/* One event of this type, with this data in the seed form. */
static void assert_told(struct desk *desk, const char *type, const char *data) {
        assert_int_equal(desk->n_events, 1);
        assert_string_equal(desk->events[0].type, type);
        assert_json(desk, at(&desk->events[0].event, "/data/data"), data);
}

#define STARTED(index)                                                      \
        (struct bp_record) {                                                \
                .type = BP_RECORD_STEP_STARTED, .step = index, .attempt = 1 \
        }
#define ENDED(index, how, ...)                                                                            \
        (struct bp_record) {                                                                              \
                .type = BP_RECORD_STEP_ENDED, .step = index, .attempt = 1, .step_state = how, __VA_ARGS__ \
        }

/* ---------------------------------------------------------------------------------------------------------------
 * The form of the first version
 */

static void test_the_seed_form_is_the_data_of_a_cloud_event(void **state) {
        struct desk *desk = *state;
        char id[BP_ID_TEXT_SIZE];

        happens(desk, STARTED(0));
        assert_int_equal(desk->n_events, 1);
        assert_text(&desk->events[0].event, "/specversion", "1.0");
        assert_text(&desk->events[0].event, "/source", "budpipeline");
        assert_text(&desk->events[0].event, "/type", "step_started");
        assert_text(&desk->events[0].event, "/datacontenttype", "application/json");
        assert_text(&desk->events[0].event, "/time", AT);
        assert_text(&desk->events[0].event, "/id", bp_id_format(desk->events[0].id, id));
        assert_json(desk, at(&desk->events[0].event, "/data"),
                    "{\"type\": \"step_started\", \"execution_id\": \"" ID "\", \"timestamp\": \"" AT
                    "\", \"step_id\": \"load\", \"data\": {\"step_id\": \"load\", \"step_name\": \"Load it\", "
                    "\"sequence_number\": 1, \"started_at\": \"" AT "\"}}");
}

static void test_what_each_type_says(void **state) {
        struct desk *desk = *state;

        happens(desk, STARTED(0));
        happens(desk,
                (struct bp_record){
                        .type = BP_RECORD_STEP_PROGRESS, .step = 0, .attempt = 1, .percent = 50, .eta_minutes = -1});
        assert_told(desk, "workflow_progress",
                    "{\"progress_percentage\": 25.0, \"eta_seconds\": null, \"current_step\": \"Load it\"}");
        happens(desk,
                (struct bp_record){
                        .type = BP_RECORD_STEP_PROGRESS, .step = 0, .attempt = 1, .percent = 60, .eta_minutes = 7});
        assert_told(desk, "eta_update",
                    "{\"eta_minutes\": 7, \"progress_percentage\": 30.0, \"updated_at\": \"" AT "\"}");
        happens(desk, ENDED(0, BP_STEP_COMPLETED, .at = SECOND(2)));
        assert_told(desk, "step_completed",
                    "{\"step_id\": \"load\", \"step_name\": \"Load it\", \"progress_percentage\": 50.0, "
                    "\"duration_seconds\": 2.0, \"completed_at\": \"2026-01-17T09:30:02.000000+00:00\"}");
        happens(desk, ENDED(1, BP_STEP_FAILED, .code = "HTTP_STATUS", .message = "it said 500"));
        assert_told(desk, "step_failed",
                    "{\"step_id\": \"rate\", \"step_name\": \"Rate it\", \"error_message\": \"it said 500\", "
                    "\"error_code\": \"HTTP_STATUS\", \"failed_at\": \"" AT "\"}");
        happens(desk, (struct bp_record){.type = BP_RECORD_EXECUTION_ENDED,
                                         .step = BP_NO_STEP,
                                         .execution_state = BP_EXECUTION_FAILED,
                                         .code = "STEP_FAILED",
                                         .message = "Rate it failed"});
        assert_told(desk, "workflow_failed",
                    "{\"success\": false, \"outputs\": {}, \"message\": \"Rate it failed\", \"completed_at\": \"" AT
                    "\", \"status\": \"FAILED\", \"error_code\": \"STEP_FAILED\"}");
        assert_null(bp_value_at(&desk->events[0].event, "/data/step_id"));
}

static void test_a_timeout_and_an_interruption_are_failures(void **state) {
        struct desk *desk = *state;

        happens(desk, ENDED(0, BP_STEP_TIMEOUT, .code = "TIMEOUT", .message = "too slow"));
        assert_string_equal(desk->events[0].type, "step_failed");
        happens(desk, ENDED(1, BP_STEP_INTERRUPTED, .code = "INTERRUPTED"));
        assert_string_equal(desk->events[0].type, "step_failed");
        assert_text(&desk->events[0].event, "/data/data/error_message", "Step Rate it failed");
}

static void test_skipped_steps_are_told_and_were_not_started(void **state) {
        struct desk *desk = *state;

        happens(desk, ENDED(0, BP_STEP_SKIPPED, .message = "its condition is false"));
        assert_told(desk, "step_skipped",
                    "{\"step_id\": \"load\", \"step_name\": \"Load it\", \"reason\": \"its condition is false\", "
                    "\"skipped_at\": \"" AT "\"}");
}

static void test_a_step_starts_once_however_often_it_is_tried(void **state) {
        struct desk *desk = *state;

        happens(desk, STARTED(0));
        assert_int_equal(desk->n_events, 1);
        happens(desk, (struct bp_record){.type = BP_RECORD_STEP_RETRYING,
                                         .step = 0,
                                         .attempt = 1,
                                         .step_state = BP_STEP_FAILED,
                                         .code = "FAILED",
                                         .message = "not yet",
                                         .deadline = SECOND(60)});
        assert_told(desk, "step_retrying",
                    "{\"step_id\": \"load\", \"step_name\": \"Load it\", \"error_message\": \"not yet\", "
                    "\"error_code\": \"FAILED\", \"attempt\": 1, \"retry_at\": \"2026-01-17T09:31:00.000000+00:00\"}");
        happens(desk, (struct bp_record){.type = BP_RECORD_STEP_STARTED, .step = 0, .attempt = 2});
        assert_int_equal(desk->n_events, 0);
}

static void test_progress_follows_a_step_that_an_event_ended(void **state) {
        struct desk *desk = *state;

        happens(desk, STARTED(0));
        happens(desk,
                (struct bp_record){.type = BP_RECORD_STEP_WAITING, .step = 0, .attempt = 1, .external_id = "job-7"});
        assert_int_equal(desk->n_events, 0);
        happens(desk, ENDED(0, BP_STEP_COMPLETED, .at = SECOND(4)));
        assert_int_equal(desk->n_events, 2);
        assert_string_equal(desk->events[0].type, "step_completed");
        assert_string_equal(desk->events[1].type, "workflow_progress");
        assert_json(desk, at(&desk->events[1].event, "/data/data"),
                    "{\"progress_percentage\": 50.0, \"eta_seconds\": 4, \"current_step\": null}");
        assert_memory_not_equal(&desk->events[0].id, &desk->events[1].id, sizeof(struct bp_id));
}

static void test_many_a_record_is_told_to_nobody(void **state) {
        static const enum bp_record_type silent[] = {BP_RECORD_EXECUTION_STARTED, BP_RECORD_CANCEL_REQUESTED,
                                                     BP_RECORD_CLEANUP_STARTED, BP_RECORD_CLEANUP_ENDED,
                                                     BP_RECORD_LATE};
        struct desk *desk = *state;

        for (size_t i = 0; i < BP_COUNT(silent); i++) {
                happens(desk, (struct bp_record){.type = silent[i], .step = i < 2 ? BP_NO_STEP : 0});
                assert_int_equal(desk->n_events, 0);
        }
}

static void test_percent_does_not_fall(void **state) {
        struct desk *desk = *state;

        happens(desk, STARTED(0));
        happens(desk, (struct bp_record){.type = BP_RECORD_STEP_PROGRESS, .step = 0, .percent = 80, .eta_minutes = -1});
        happens(desk, (struct bp_record){.type = BP_RECORD_STEP_PROGRESS, .step = 0, .percent = 10, .eta_minutes = -1});
        assert_told(desk, "workflow_progress",
                    "{\"progress_percentage\": 40.0, \"eta_seconds\": null, \"current_step\": \"Load it\"}");
}

/* ---------------------------------------------------------------------------------------------------------------
 * Notifications
 */

static void test_a_notification_of_a_step(void **state) {
        struct desk *desk = *state;

        desk->facts.envelope = BP_ENVELOPE_NOTIFICATION;
        happens(desk, STARTED(0));
        happens(desk, ENDED(0, BP_STEP_COMPLETED, .at = SECOND(2)));
        assert_text(&desk->events[0].event, "/notification_type", "event");
        assert_text(&desk->events[0].event, "/name", "bud-notification");
        assert_int_equal(at(&desk->events[0].event, "/subscriber_ids")->type, BP_NULL);
        assert_text(&desk->events[0].event, "/source", "budpipeline");
        assert_text(&desk->events[0].event, "/source_topic", "my-topic");
        assert_null(bp_value_at(&desk->events[0].event, "/correlation_id"));
        assert_json(desk, at(&desk->events[0].event, "/payload"),
                    "{\"category\": \"internal\", \"source\": \"budpipeline\", \"type\": \"pipeline_execution\", "
                    "\"event\": \"load\", \"workflow_id\": \"" ID "\", \"content\": {\"title\": \"Load it\", "
                    "\"message\": \"Step Load it completed\", \"status\": \"COMPLETED\", \"result\": "
                    "{\"progress_percentage\": 50.0, \"duration_seconds\": 2.0, \"sequence_number\": 1}}}");
}

static void test_a_notification_of_the_end(void **state) {
        struct desk *desk = *state;

        desk->facts.envelope = BP_ENVELOPE_NOTIFICATION;
        desk->facts.subscriber_ids = "user-1";
        desk->facts.payload_type = "deploy_model";
        desk->facts.notification_workflow_id = "wf-9";
        happens(desk, (struct bp_record){.type = BP_RECORD_EXECUTION_ENDED,
                                         .step = BP_NO_STEP,
                                         .execution_state = BP_EXECUTION_COMPLETED,
                                         .data = json(desk, "{\"url\": \"http://x\"}")});
        assert_text(&desk->events[0].event, "/type", "workflow_completed");
        assert_text(&desk->events[0].event, "/subscriber_ids", "user-1");
        assert_json(
                desk, at(&desk->events[0].event, "/payload"),
                "{\"category\": \"internal\", \"source\": \"budpipeline\", \"type\": \"deploy_model\", "
                "\"event\": \"results\", \"workflow_id\": \"wf-9\", \"content\": {\"title\": \"Pipeline Execution\", "
                "\"message\": \"Pipeline execution completed successfully\", \"status\": \"COMPLETED\", "
                "\"result\": {\"success\": true, \"outputs\": {\"url\": \"http://x\"}}}}");
}

static void test_notifications_of_progress(void **state) {
        struct desk *desk = *state;

        desk->facts.envelope = BP_ENVELOPE_NOTIFICATION;
        happens(desk, STARTED(0));
        happens(desk, (struct bp_record){.type = BP_RECORD_STEP_PROGRESS, .step = 0, .percent = 25, .eta_minutes = -1});
        assert_text(&desk->events[0].event, "/payload/event", "progress");
        assert_text(&desk->events[0].event, "/payload/content/message", "Progress: 12.5%");
        assert_text(&desk->events[0].event, "/payload/content/status", "RUNNING");
        assert_null(bp_value_at(&desk->events[0].event, "/payload/content/result"));
        happens(desk, (struct bp_record){.type = BP_RECORD_STEP_PROGRESS, .step = 0, .percent = 25, .eta_minutes = 3});
        assert_text(&desk->events[0].event, "/payload/event", "eta");
        assert_text(&desk->events[0].event, "/payload/content/message", "3");
        assert_text(&desk->events[0].event, "/payload/content/status", "RUNNING");
        happens(desk, ENDED(0, BP_STEP_FAILED, .message = "no"));
        assert_text(&desk->events[0].event, "/payload/content/message", "no");
        assert_text(&desk->events[0].event, "/payload/content/status", "FAILED");
}

/* ---------------------------------------------------------------------------------------------------------------
 * Both
 */

static void test_no_secret_leaves(void **state) {
        struct desk *desk = *state;

        happens(desk, (struct bp_record){.type = BP_RECORD_EXECUTION_ENDED,
                                         .step = BP_NO_STEP,
                                         .execution_state = BP_EXECUTION_COMPLETED,
                                         .data = json(desk, "{\"api_key\": \"k\", \"note\": \"password=hunter2\"}")});
        assert_json(desk, at(&desk->events[0].event, "/data/data/outputs"),
                    "{\"api_key\": \"***REDACTED***\", \"note\": \"password=***REDACTED***\"}");
        happens(desk, ENDED(0, BP_STEP_FAILED, .message = "refused: password=hunter2"));
        assert_text(&desk->events[0].event, "/data/data/error_message", "refused: password=***REDACTED***");
}

/* A letter of two bytes stands where the name is cut in the message. */
static void test_a_long_name_stays_text(void **state) {
        char source[512], name[256];
        struct desk *desk;

        (void)state;
        memset(name, 'n', sizeof(name));
        memcpy(name + 199, "\xc3\xa9", 2);
        name[255] = 0;
        snprintf(source, sizeof(source),
                 "{\"name\": \"p\", \"steps\": [{\"id\": \"a\", \"name\": \"%s\", \"action\": \"a\"}]}", name);
        desk = desk_new(source);
        desk->facts.envelope = BP_ENVELOPE_NOTIFICATION;
        happens(desk, STARTED(0));
        assert_text(&desk->events[0].event, "/payload/content/title", name);
        name[199] = '?';
        name[200] = 0;
        snprintf(source, sizeof(source), "Step %s started", name);
        assert_text(&desk->events[0].event, "/payload/content/message", source);
        desk_free(desk);
}

static void test_an_id_is_the_same_again_and_another_for_another_topic(void **state) {
        struct desk *desk = *state;
        struct bp_id first;

        happens(desk, STARTED(0));
        first = desk->events[0].id;
        desk->sequence--;
        happens(desk, STARTED(0));
        assert_memory_equal(&desk->events[0].id, &first, sizeof(first));
        desk->sequence--;
        desk->facts.topic = "another";
        happens(desk, STARTED(0));
        assert_memory_not_equal(&desk->events[0].id, &first, sizeof(first));
}

static void test_topics(void **state) {
        char longest[BP_TOPIC_SIZE_MAX + 2];
        static const char *const good[] = {"a", "budpipelineEvents", "a.b_c-d9"};
        static const char *const bad[] = {"", "9a", "_a", "a b", "a/b", "a\nb", "\xc3\xa9", "a#"};

        (void)state;
        for (size_t i = 0; i < BP_COUNT(good); i++)
                assert_null(bp_topic_problem(good[i], strlen(good[i])));
        for (size_t i = 0; i < BP_COUNT(bad); i++)
                assert_non_null(bp_topic_problem(bad[i], strlen(bad[i])));
        memset(longest, 'a', sizeof(longest));
        assert_null(bp_topic_problem(longest, BP_TOPIC_SIZE_MAX));
        assert_non_null(bp_topic_problem(longest, BP_TOPIC_SIZE_MAX + 1));
}

#define AT_A_DESK(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                AT_A_DESK(test_the_seed_form_is_the_data_of_a_cloud_event),
                AT_A_DESK(test_what_each_type_says),
                AT_A_DESK(test_a_timeout_and_an_interruption_are_failures),
                AT_A_DESK(test_skipped_steps_are_told_and_were_not_started),
                AT_A_DESK(test_a_step_starts_once_however_often_it_is_tried),
                AT_A_DESK(test_progress_follows_a_step_that_an_event_ended),
                AT_A_DESK(test_many_a_record_is_told_to_nobody),
                AT_A_DESK(test_percent_does_not_fall),
                AT_A_DESK(test_a_notification_of_a_step),
                AT_A_DESK(test_a_notification_of_the_end),
                AT_A_DESK(test_notifications_of_progress),
                cmocka_unit_test(test_a_long_name_stays_text),
                AT_A_DESK(test_no_secret_leaves),
                AT_A_DESK(test_an_id_is_the_same_again_and_another_for_another_topic),
                cmocka_unit_test(test_topics),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
