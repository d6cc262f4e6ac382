/* SPDX-License-Identifier: Apache-2.0 */
/* The forms in which events come: CloudEvents 1.0 as its HTTP binding writes them, Dapr's envelope, plain bodies. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "events/events.h"

#include <budpipeline/service.h>

_Static_assert(BP_CORRELATION_ID_MAX == BP_EVENTS_CORRELATION_BYTES, "a step waits for no id that events cannot bring");

#define STRUCTURED "application/cloudevents+json; charset=utf-8"
#define BATCH "application/cloudevents-batch+json"
#define ENVELOPE "\"specversion\":\"1.0\",\"id\":\"A\",\"source\":\"/s\",\"type\":\"t\""

struct headers {
        const char *id, *source, *type;
};

static const char *header(void *userdata, const char *name) {
        const struct headers *headers = userdata;

        if (strcasecmp(name, "ce-specversion") == 0)
                return "1.0";
        if (strcasecmp(name, "ce-id") == 0)
                return headers->id;
        if (strcasecmp(name, "ce-source") == 0)
                return headers->source;
        return strcasecmp(name, "ce-type") == 0 ? headers->type : NULL;
}

static struct bp_event *read_all(struct bp_arena *arena, const char *content_type, const char *body, size_t *ret_n) {
        struct bp_events_message message = {.content_type = content_type, .body = body, .size = strlen(body)};
        struct bp_problem problem;
        struct bp_event *events;

        if (bp_events_read(arena, &message, &events, ret_n, &problem))
                fail_msg("%s: %s", body, problem.message);
        return events;
}

static struct bp_event read_one(struct bp_arena *arena, const char *content_type, const char *body) {
        size_t n;
        const struct bp_event *events = read_all(arena, content_type, body, &n);

        assert_int_equal(n, 1);
        return events[0];
}

static void assert_data(struct bp_arena *arena, const struct bp_event *event, const char *expected) {
        struct bp_strbuf text;

        bp_strbuf_init(&text, arena, SIZE_MAX);
        bp_json_write(&text, &event->data);
        assert_string_equal(bp_strbuf_text(&text), expected);
}

static void assert_text(const char *text, const char *expected) {
        if (expected)
                assert_string_equal(text, expected);
        else
                assert_null(text);
}

static void the_data_is_what_the_envelope_holds(void **state) {
        static const struct {
                const char *content_type, *body, *data;
        } cases[] = {
                {STRUCTURED, "{" ENVELOPE ",\"data\":{\"x\":1}}", "{\"x\":1}"},
                {STRUCTURED, "{" ENVELOPE ",\"data\":\"{\\\"x\\\":1}\"}", "{\"x\":1}"},
                {STRUCTURED, "{" ENVELOPE ",\"data\":\"[1]\"}", "\"[1]\""},
                {STRUCTURED, "{" ENVELOPE ",\"data\":\"plain\"}", "\"plain\""},
                {STRUCTURED, "{" ENVELOPE ",\"data_base64\":\"eyJ4IjoxfQ==\"}", "{\"x\":1}"},
                {STRUCTURED, "{" ENVELOPE ",\"data_base64\":\"eHk=\"}", "\"eHk=\""},
                {STRUCTURED, "{" ENVELOPE "}", "{" ENVELOPE "}"},
                {"application/json", "{" ENVELOPE ",\"data\":{\"x\":1}}", "{\"x\":1}"},
                {"application/json", "{\"type\":\"t\",\"data\":{\"x\":1}}", "{\"x\":1}"},
                {"application/json", "{\"x\":1}", "{\"x\":1}"},
                {"application/json", "{\"x\":1,\"data\":null}", "{\"x\":1,\"data\":null}"},
                {NULL, "{\"x\":1,\"data_base64\":\"eHk=\"}", "{\"x\":1,\"data_base64\":\"eHk=\"}"},
                {"text/plain", "{\"x\":1}", "{\"x\":1}"},
        };

        (void)state;
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
                struct bp_event event = read_one(arena, cases[i].content_type, cases[i].body);

                assert_data(arena, &event, cases[i].data);
                bp_arena_free(arena);
        }
}

static void attributes_of_the_binary_form_stand_in_headers(void **state) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct headers headers = {"A%20234", "urn:b%C3%BCro", "com.example"};
        static const char body[] = "{\"workflow_id\":\"w\",\"data\":1}";
        struct bp_events_message message = {.content_type = "application/json",
                                            .body = body,
                                            .size = sizeof(body) - 1,
                                            .header = header,
                                            .userdata = &headers};
        struct bp_problem problem;
        struct bp_event *events;
        size_t n;

        (void)state;
        assert_int_equal(bp_events_read(arena, &message, &events, &n, &problem), 0);
        assert_string_equal(events->id, "A 234");
        assert_string_equal(events->source, "urn:b\xc3\xbcro");
        assert_string_equal(events->type, "com.example");
        assert_string_equal(events->correlation, "w");
        assert_data(arena, events, body);
        headers.source = NULL;
        assert_int_equal(bp_events_read(arena, &message, &events, &n, &problem), BP_PROBLEM);
        assert_non_null(strstr(problem.message, "ce-source"));
        bp_arena_free(arena);
}

static void a_batch_is_read_in_order(void **state) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        size_t n;
        const struct bp_event *events = read_all(arena, BATCH,
                                                 "[{" ENVELOPE ",\"data\":{\"workflow_id\":\"1\"}},{" ENVELOPE
                                                 ",\"data\":{\"workflow_id\":\"2\"}}]",
                                                 &n);

        (void)state;
        assert_int_equal(n, 2);
        assert_string_equal(events[0].correlation, "1");
        assert_string_equal(events[1].correlation, "2");
        read_all(arena, BATCH, "[]", &n);
        assert_int_equal(n, 0);
        bp_arena_free(arena);
}

/* Two bodies and whether they are the same event. */
static void source_and_id_or_the_body_say_what_is_a_repetition(void **state) {
        static const struct {
                const char *content_type, *a, *b;
                bool same;
        } cases[] = {
                {STRUCTURED, "{" ENVELOPE ",\"data\":1}", "{" ENVELOPE ",\"data\":2}", true},
                {STRUCTURED, "{" ENVELOPE "}",
                 "{\"specversion\":\"1.0\",\"id\":\"B\",\"source\":\"/s\",\"type\":\"t\"}", false},
                {STRUCTURED, "{" ENVELOPE "}",
                 "{\"specversion\":\"1.0\",\"id\":\"A\",\"source\":\"/other\",\"type\":\"t\"}", false},
                {"application/json", "{\"x\":1}", "{ \"x\": 1 }", true},
                {"application/json", "{\"x\":1}", "{\"x\":2}", false},
                {"application/json", "{\"id\":\"A\",\"source\":\"/s\",\"x\":1}",
                 "{\"id\":\"A\",\"source\":\"/s\",\"x\":2}", false},
                {"application/json", "{\"data\":{},\"x\":1}", "{\"data\":{},\"x\":2}", false},
        };

        (void)state;
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
                struct bp_event a = read_one(arena, cases[i].content_type, cases[i].a);
                struct bp_event b = read_one(arena, cases[i].content_type, cases[i].b);

                if ((memcmp(&a.identity, &b.identity, sizeof(a.identity)) == 0) != cases[i].same)
                        fail_msg("case %zu", i);
                bp_arena_free(arena);
        }
}

/* The order of the reference, its empty values, and Python's texts of what is no text. */
static void the_correlation_id_is_the_first_that_is_not_empty(void **state) {
        static const struct {
                const char *event, *id;
        } cases[] = {
                {"{\"workflow_id\":\"a\",\"payload\":{\"workflow_id\":\"b\"}}", "a"},
                {"{\"workflow_id\":null,\"payload\":{\"workflow_id\":\"b\"}}", "b"},
                {"{\"workflow_id\":0,\"payload\":{\"workflow_id\":\"b\"}}", "b"},
                {"{\"workflow_id\":\"\",\"notification_metadata\":{\"workflow_id\":\"c\"}}", "c"},
                {"{\"payload\":{\"workflow_id\":\"b\"},\"notification_metadata\":{\"workflow_id\":\"c\"}}", "b"},
                {"{\"notification_metadata\":{\"workflow_id\":\"c\"},"
                 "\"payload\":{\"content\":{\"result\":{\"workflow_id\":\"d\"}}}}",
                 "c"},
                {"{\"payload\":{\"content\":{\"result\":{\"workflow_id\":\"d\"}}}}", "d"},
                {"{\"workflow_id\":42}", "42"},
                {"{\"workflow_id\":4.0}", "4.0"},
                {"{\"workflow_id\":true}", "True"},
                {"{\"payload\":null}", NULL},
                {"{\"payload\":\"text\"}", NULL},
                {"{\"payload\":[]}", NULL},
                {"{\"payload\":{\"content\":{\"result\":null}}}", NULL},
                {"{}", NULL},
        };

        (void)state;
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
                struct bp_value event;
                const char *id;

                assert_int_equal(bp_json_parse(arena, cases[i].event, strlen(cases[i].event), NULL, &event, NULL), 0);
                assert_int_equal(bp_event_correlation(arena, &event, &id), 0);
                assert_text(id, cases[i].id);
                bp_arena_free(arena);
        }
}

static void a_correlation_id_has_a_bound(void **state) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        char long_id[BP_EVENTS_CORRELATION_BYTES + 2], body[sizeof(long_id) + 32];
        struct bp_event event;

        (void)state;
        memset(long_id, 'x', sizeof(long_id) - 1);
        long_id[sizeof(long_id) - 1] = '\0';
        snprintf(body, sizeof(body), "{\"workflow_id\":\"%s\"}", long_id);
        event = read_one(arena, NULL, body);
        assert_null(event.correlation);
        snprintf(body, sizeof(body), "{\"workflow_id\":\"%s\"}", long_id + 1);
        event = read_one(arena, NULL, body);
        assert_string_equal(event.correlation, long_id + 1);
        bp_arena_free(arena);
}

static void what_is_no_event_is_named(void **state) {
        static const struct {
                const char *content_type, *body, *code, *pointer;
        } cases[] = {
                {NULL, "", "EVENT_SYNTAX", ""},
                {NULL, "{\"a\":1,\"a\":2}", "EVENT_SYNTAX", ""},
                {NULL, "1", "EVENT_INVALID", ""},
                {STRUCTURED, "[]", "EVENT_INVALID", ""},
                {STRUCTURED, "{}", "EVENT_INVALID", "/specversion"},
                {STRUCTURED, "{\"specversion\":\"1.0\",\"id\":\"A\",\"source\":\"\",\"type\":\"t\"}", "EVENT_INVALID",
                 "/source"},
                {STRUCTURED, "{\"specversion\":\"1.0\",\"id\":7,\"source\":\"s\",\"type\":\"t\"}", "EVENT_INVALID",
                 "/id"},
                {STRUCTURED, "{\"specversion\":\"2.0\",\"id\":\"A\",\"source\":\"s\",\"type\":\"t\"}", "EVENT_INVALID",
                 "/specversion"},
                {STRUCTURED, "{" ENVELOPE ",\"data_base64\":\"eHk\"}", "EVENT_INVALID", "/data_base64"},
                {STRUCTURED, "{" ENVELOPE ",\"data_base64\":\"e=k=\"}", "EVENT_INVALID", "/data_base64"},
                {STRUCTURED, "{" ENVELOPE ",\"data_base64\":1}", "EVENT_INVALID", "/data_base64"},
                {BATCH, "{}", "EVENT_INVALID", ""},
                {BATCH, "[{" ENVELOPE "},null]", "EVENT_INVALID", "/1"},
        };

        (void)state;
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
                struct bp_events_message message = {
                        .content_type = cases[i].content_type, .body = cases[i].body, .size = strlen(cases[i].body)};
                struct bp_problem problem = {0};
                struct bp_event *events;
                size_t n;

                assert_int_equal(bp_events_read(arena, &message, &events, &n, &problem), BP_PROBLEM);
                assert_string_equal(problem.code, cases[i].code);
                assert_string_equal(problem.pointer, cases[i].pointer);
                bp_arena_free(arena);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_data_is_what_the_envelope_holds),
                cmocka_unit_test(attributes_of_the_binary_form_stand_in_headers),
                cmocka_unit_test(a_batch_is_read_in_order),
                cmocka_unit_test(source_and_id_or_the_body_say_what_is_a_repetition),
                cmocka_unit_test(the_correlation_id_is_the_first_that_is_not_empty),
                cmocka_unit_test(a_correlation_id_has_a_bound),
                cmocka_unit_test(what_is_no_event_is_named),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
