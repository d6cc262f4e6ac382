/* SPDX-License-Identifier: Apache-2.0 */
#include "facts.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "pipeline/definition.h"

static const struct bp_wall start = {1700000000000000};

__attribute__((format(printf, 2, 3))) static const char *text(struct bp_arena *arena, const char *format, ...) {
        char buffer[256];
        va_list arguments;
        int size;

        va_start(arguments, format);
        size = vsnprintf(buffer, sizeof(buffer), format, arguments);
        va_end(arguments);
        return bp_arena_text(arena, buffer, (size_t)size);
}

__attribute__((format(printf, 2, 3))) static struct bp_value value(struct bp_arena *arena, const char *format, ...) {
        char buffer[256];
        struct bp_value made;
        va_list arguments;
        int size;

        va_start(arguments, format);
        size = vsnprintf(buffer, sizeof(buffer), format, arguments);
        va_end(arguments);
        assert_int_equal(bp_json_parse(arena, buffer, (size_t)size, NULL, &made, NULL), 0);
        return made;
}

static struct bp_id id(const char *kind, uint32_t subject) {
        char name[64];
        int size = snprintf(name, sizeof(name), "%s %u", kind, subject);

        return bp_id_derive(name, (size_t)size);
}

struct bp_id pipeline_id(uint32_t subject) {
        return id("pipeline", subject);
}

struct bp_id execution_id(uint32_t subject) {
        return id("execution", subject);
}

struct bp_store_pipeline pipeline_revision(struct bp_arena *arena, uint32_t subject, uint32_t revision, size_t bulk) {
        const char *head = text(arena, "{\"pipeline\": %u, \"revision\": %u, \"pad\": \"", subject, revision);
        size_t size = strlen(head);
        char *dag = bp_arena_alloc(arena, size + bulk + 3);

        assert_non_null(dag);
        memcpy(dag, head, size);
        memset(dag + size, 'a' + (int)((subject * 5 + revision) % 26), bulk);
        memcpy(dag + size + bulk, "\"}", 3);
        size += bulk + 2;
        return (struct bp_store_pipeline){.id = pipeline_id(subject),
                                          .name = text(arena, "pipeline %u.%u", subject, revision),
                                          .description = text(arena, "description %u", revision),
                                          .status = BP_PIPELINE_ACTIVE,
                                          .saved_by = "power",
                                          .now = {start.us + revision},
                                          .n_steps = revision,
                                          .dag = {dag, size},
                                          .digest = bp_digest_of(dag, size)};
}

struct bp_store_key pipeline_key(struct bp_arena *arena, uint32_t subject) {
        return (struct bp_store_key){.scope = "create pipeline",
                                     .key = text(arena, "p%u", subject),
                                     .subject = pipeline_id(subject),
                                     .created_at = start};
}

struct bp_store_key execution_key(struct bp_arena *arena, uint32_t subject) {
        return (struct bp_store_key){.scope = "start execution",
                                     .key = text(arena, "e%u", subject),
                                     .subject = execution_id(subject),
                                     .created_at = start};
}

struct bp_store_key kept_key(struct bp_arena *arena, uint32_t number) {
        const char *answer = text(arena, "{\"answer\":%u}", number);

        return (struct bp_store_key){.scope = "keep",
                                     .key = text(arena, "k%u", number),
                                     .body = bp_digest_of(answer, strlen(answer)),
                                     .status = 200,
                                     .answer = answer,
                                     .answer_size = strlen(answer),
                                     .created_at = start};
}

struct bp_value params_of(struct bp_arena *arena, uint32_t subject) {
        return value(arena, "{\"execution\":%u}", subject);
}

static const struct bp_definition *definition_of(struct bp_arena *arena, uint32_t subject) {
        const char *source =
                text(arena,
                     "{\"name\":\"definition "
                     "%u\",\"version\":\"1\",\"steps\":[{\"id\":\"s\",\"name\":\"s\",\"action\":\"a\",\"params\":{}}]}",
                     subject % 3);
        struct bp_problem_list problems = {.arena = arena};
        struct bp_definition_report report = {&problems, &problems};
        struct bp_definition_options options = {.structure_only = true};
        const struct bp_definition *definition;

        if (bp_definition_read(source, strlen(source), BP_FORMAT_JSON, &options, &report, &definition))
                fail_msg("%s: %s", source, problems.count ? problems.items[0]->message : "");
        return definition;
}

int create_execution(struct bp_store *store, struct bp_arena *arena, uint32_t subject, uint64_t *ret_number) {
        const struct bp_definition *definition = definition_of(arena, subject);
        struct bp_value params = params_of(arena, subject);
        struct bp_store_key key = execution_key(arena, subject);
        static const char *const topics[] = {"told", NULL};
        const struct bp_store_new_execution execution = {.id = execution_id(subject),
                                                         .topics = topics,
                                                         .definition = definition,
                                                         .has_pipeline = true,
                                                         .pipeline = pipeline_id(subject % 2),
                                                         .revision = 1,
                                                         .params = &params,
                                                         .given = &params,
                                                         .initiator = "power",
                                                         .created_at = {start.us + subject},
                                                         .key = &key};
        int r = bp_store_execution_create(store, &execution, ret_number);

        bp_definition_unref(definition);
        return r;
}

struct bp_store_event event_of(struct bp_arena *arena, uint32_t subject) {
        const char *body = text(arena, "{\"event\":%u}", subject);

        return (struct bp_store_event){.id = id("event", subject),
                                       .source = "power",
                                       .event_id = text(arena, "e%u", subject),
                                       .type = "t",
                                       .correlation = text(arena, "c%u", subject),
                                       .body = {body, strlen(body)},
                                       .at = bp_wall_now()};
}

struct bp_event_settlement settlement_of(uint32_t subject, uint32_t execution) {
        return (struct bp_event_settlement){.id = id("event", subject),
                                            .state = BP_INBOX_HANDLED,
                                            .effect = BP_INBOX_COMPLETED,
                                            .has_execution = true,
                                            .execution = execution_id(execution),
                                            .step = "s",
                                            .at = {start.us + subject}};
}

bool letter_is_due(uint32_t subject, uint32_t sequence) {
        return (subject + sequence) % 3 == 0;
}

struct bp_dead_letter letter_of(struct bp_arena *arena, uint32_t subject, uint32_t sequence) {
        const char *event = text(arena, "{\"told\":%u}", sequence);

        return (struct bp_dead_letter){.id = id(text(arena, "letter %u", subject), sequence),
                                       .topic = "told",
                                       .type = "step_started",
                                       .sequence = sequence,
                                       .event = {event, strlen(event)},
                                       .content_type = "application/json",
                                       .code = "REFUSED",
                                       .message = "no",
                                       .attempts = 1,
                                       .at = start};
}

struct bp_store_line line_of(struct bp_arena *arena, uint32_t subject, uint32_t index) {
        return (struct bp_store_line){.step = index % 3,
                                      .attempt = 1,
                                      .at = {start.us + index},
                                      .level = BP_LOG_INFO,
                                      .message = text(arena, "line %u of %u", index, subject)};
}

uint32_t records_of(uint32_t subject) {
        return 3 + subject % 8;
}

static struct bp_record record_of(struct bp_arena *arena, uint32_t subject, uint32_t sequence) {
        struct bp_record record = {.sequence = sequence, .at = {start.us + sequence * 10}, .step = BP_NO_STEP};

        if (sequence == 1) {
                record.type = BP_RECORD_EXECUTION_STARTED;
                record.data = params_of(arena, subject);
        } else if (sequence == records_of(subject)) {
                record.type = BP_RECORD_EXECUTION_ENDED;
                record.execution_state = BP_EXECUTION_COMPLETED;
                record.data = value(arena, "{\"outputs\":%u}", subject);
        } else {
                record.type = sequence % 2 ? BP_RECORD_STEP_ENDED : BP_RECORD_STEP_STARTED;
                record.step = sequence / 2;
                record.attempt = 1;
                record.effect = sequence % 2 ? 0 : BP_IDEMPOTENT;
                record.step_state = sequence % 2 ? BP_STEP_COMPLETED : 0;
                if (sequence % 2)
                        record.data = value(arena, "{\"step\":%u,\"of\":%u}", sequence, subject);
        }
        return record;
}

struct bp_record *records_from(struct bp_arena *arena, uint32_t subject, uint32_t sequence, uint32_t n) {
        struct bp_record *records = bp_arena_array(arena, n, sizeof(*records));

        assert_non_null(records);
        for (uint32_t i = 0; i < n; i++)
                records[i] = record_of(arena, subject, sequence + i);
        return records;
}
