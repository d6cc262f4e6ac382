/* SPDX-License-Identifier: Apache-2.0 */
/* Events of every form are read while every memory request fails in turn: nothing is taken for another event. */
#include "torture.h"

#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/problem.h"
#include "events/events.h"

struct sample {
        const char *content_type, *body;
        const char *const *headers; /* name, value, ..., NULL; or NULL */
        size_t n_events;
        const char *correlation; /* of the last event */
};

static const char *header_of(void *userdata, const char *name) {
        const struct sample *sample = userdata;

        for (const char *const *header = sample->headers; header && *header; header += 2)
                if (strcasecmp(header[0], name) == 0)
                        return header[1];
        return NULL;
}

static int read_events(const void *data) {
        struct sample sample = *(const struct sample *)data;
        struct bp_events_message message = {.content_type = sample.content_type,
                                            .body = sample.body,
                                            .size = strlen(sample.body),
                                            .header = header_of,
                                            .userdata = &sample};
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_event *events = NULL;
        struct bp_problem problem;
        size_t n = 0;
        int r = arena ? bp_events_read(arena, &message, &events, &n, &problem) : -ENOMEM;

        if (r == 0) {
                const char *correlation = events[n - 1].correlation;

                assert_int_equal(n, sample.n_events);
                assert_non_null(correlation);
                assert_string_equal(correlation, sample.correlation);
        }
        bp_arena_free(arena);
        return r;
}

#define ENVELOPE(id, rest) \
        "{\"specversion\": \"1.0\", \"id\": \"" id "\", \"source\": \"/s\", \"type\": \"t\", " rest "}"

static const char *const binary[] = {"ce-specversion", "1.0", "ce-id", "1%20a", "ce-source", "/s",
                                     "ce-type",        "t",   NULL};

static const struct sample samples[] = {
        {"application/cloudevents+json", ENVELOPE("1", "\"data\": {\"workflow_id\": \"w\"}"), NULL, 1, "w"},
        {"application/cloudevents+json", ENVELOPE("1", "\"data_base64\": \"eyJ3b3JrZmxvd19pZCI6ICJ3In0=\""), NULL, 1,
         "w"},
        {"application/cloudevents-batch+json",
         "[" ENVELOPE("1", "\"data\": {}") ", " ENVELOPE("2", "\"data\": {\"payload\": {\"workflow_id\": 7}}") "]",
         NULL, 2, "7"},
        {"application/json", "{\"notification_metadata\": {\"workflow_id\": \"n\"}}", binary, 1, "n"},
        {"application/json", "{\"payload\": {\"content\": {\"result\": {\"workflow_id\": \"deep\"}}}}", NULL, 1,
         "deep"},
};

static void events_are_read(void **state) {
        (void)state;
        for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
                assert_int_equal(torture(read_events, &samples[i]), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(events_are_read)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
