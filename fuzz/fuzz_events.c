/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line with a content type, header lines "name: value" up to an empty one, and a body, as an event from outside. What
 * is read has an identity that is the same the second time, and a correlation id that is valid and not empty; what is
 * not is named by a code.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/utf8.h"
#include "events/events.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADERS_MAX = 8 };

struct input {
        char *names[HEADERS_MAX], *values[HEADERS_MAX];
        size_t n;
};

static void demand(bool condition) {
        if (!condition)
                abort();
}

static const char *header(void *userdata, const char *name) {
        const struct input *input = userdata;

        for (size_t i = 0; i < input->n; i++)
                if (strcasecmp(input->names[i], name) == 0)
                        return input->values[i];
        return NULL;
}

/* Takes a line off the text, without its end. NULL: there is no whole one. */
static char *take_line(char **text, const char *end) {
        char *line = *text, *newline = memchr(line, '\n', (size_t)(end - line));

        if (!newline)
                return NULL;
        *newline = '\0';
        *text = newline + 1;
        return line;
}

static void take_headers(struct input *input, char **text, const char *end) {
        char *line;

        while (input->n < HEADERS_MAX && (line = take_line(text, end)) && *line) {
                char *colon = strstr(line, ": ");

                if (!colon)
                        continue;
                *colon = '\0';
                input->names[input->n] = line;
                input->values[input->n++] = colon + 2;
        }
}

static void read_events(struct bp_arena *arena, const struct bp_events_message *message, struct bp_event **events,
                        size_t *n) {
        struct bp_problem problem = {0};
        int r = bp_events_read(arena, message, events, n, &problem);

        demand(r == 0 || (r == BP_PROBLEM && problem.code));
        if (r)
                *n = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_event *once, *twice;
        struct input input = {0};
        size_t n, again;
        char *copy, *text, *end;

        demand(arena);
        copy = text = bp_memdup_text((const char *)data, size);
        demand(copy);
        end = copy + size;
        {
                const char *type = take_line(&text, end);
                struct bp_events_message message = {.content_type = type, .header = header, .userdata = &input};

                take_headers(&input, &text, end);
                message.body = text;
                message.size = (size_t)(end - text);
                read_events(arena, &message, &once, &n);
                read_events(arena, &message, &twice, &again);
        }
        demand(n == again && n <= BP_EVENTS_BATCH);
        for (size_t i = 0; i < n; i++) {
                const char *id = once[i].correlation;

                demand(memcmp(&once[i].identity, &twice[i].identity, sizeof(struct bp_id)) == 0);
                demand(!id || (*id && strlen(id) <= BP_EVENTS_CORRELATION_BYTES && bp_utf8_valid(id, strlen(id))));
        }
        free(copy);
        bp_arena_free(arena);
        return 0;
}
