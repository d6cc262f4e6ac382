/* SPDX-License-Identifier: Apache-2.0 */
/* Executions for tests of the store: definitions, creations and records of every kind. */
#ifndef BP_TESTS_STORE_EXECUTION_H
#define BP_TESTS_STORE_EXECUTION_H

#include "unit.h"

#include <string.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "engine/engine.h"
#include "pipeline/definition.h"

#include "fixture.h"

static inline struct bp_value json(struct bp_arena *arena, const char *text) {
        struct bp_value value;

        assert_int_equal(bp_json_parse(arena, text, strlen(text), NULL, &value, NULL), 0);
        return value;
}

/* A definition with this many steps; the caller gives it back. */
static inline const struct bp_definition *definition_of(const char *name, int n_steps) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_problem_list errors = {.arena = arena}, warnings = {.arena = arena};
        struct bp_definition_report report = {&errors, &warnings};
        struct bp_definition_options options = {.structure_only = true};
        const struct bp_definition *definition;
        struct bp_strbuf text;

        bp_strbuf_init(&text, arena, SIZE_MAX / 2);
        bp_strbuf_printf(&text, "{\"name\": \"%s\", \"steps\": [", name);
        for (int i = 0; i < n_steps; i++)
                bp_strbuf_printf(&text, "%s{\"id\": \"s%d\", \"name\": \"s%d\", \"action\": \"a\", \"params\": {}}",
                                 i ? "," : "", i, i);
        bp_strbuf_add_text(&text, "]}");
        if (bp_definition_read(bp_strbuf_text(&text), text.size, BP_FORMAT_JSON, &options, &report, &definition))
                fail_msg("%s", errors.items[0]->message);
        bp_arena_free(arena);
        return definition;
}

/* An execution that says little. */
static inline struct bp_store_new_execution plain_execution(const struct bp_definition *definition, int64_t at) {
        return (struct bp_store_new_execution){.id = bp_id_new((struct bp_wall){at}),
                                               .definition = definition,
                                               .params = &bp_value_empty_object,
                                               .given = &bp_value_empty_object,
                                               .initiator = "somebody",
                                               .created_at = {at}};
}

static inline uint64_t create(struct fixture *fixture, const struct bp_store_new_execution *execution) {
        uint64_t number = 0;

        assert_int_equal(bp_store_execution_create(fixture->store, execution, &number), 0);
        assert_int_not_equal(number, 0);
        return number;
}

static inline void append(struct fixture *fixture, uint64_t number, struct bp_record record) {
        assert_int_equal(bp_store_append(fixture->store, number, &record, 1, NULL), 0);
}

static inline struct bp_record started(uint64_t sequence, int64_t at) {
        return (struct bp_record){.type = BP_RECORD_EXECUTION_STARTED,
                                  .sequence = sequence,
                                  .at = {at},
                                  .step = BP_NO_STEP,
                                  .data = bp_value_empty_object};
}

static inline struct bp_record ended(uint64_t sequence, int64_t at, enum bp_execution_state state) {
        return (struct bp_record){.type = BP_RECORD_EXECUTION_ENDED,
                                  .sequence = sequence,
                                  .at = {at},
                                  .step = BP_NO_STEP,
                                  .execution_state = state,
                                  .data = bp_value_empty_object};
}

static inline struct bp_record step_started(uint64_t sequence, int64_t at, uint32_t step) {
        return (struct bp_record){.type = BP_RECORD_STEP_STARTED,
                                  .sequence = sequence,
                                  .at = {at},
                                  .step = step,
                                  .attempt = 1,
                                  .generation = 1,
                                  .effect = BP_PURE};
}

static inline void same_text(const char *a, const char *b) {
        if (a && b)
                assert_string_equal(a, b);
        else
                assert_ptr_equal(a, b);
}

static inline void same_value(struct bp_value a, struct bp_value b) {
        struct bp_strbuf first, second;

        bp_strbuf_init(&first, NULL, SIZE_MAX / 2);
        bp_strbuf_init(&second, NULL, SIZE_MAX / 2);
        bp_json_write(&first, &a);
        bp_json_write(&second, &b);
        assert_string_equal(bp_strbuf_text(&first), bp_strbuf_text(&second));
        bp_strbuf_done(&first);
        bp_strbuf_done(&second);
}

static inline void same_record(const struct bp_record *a, const struct bp_record *b) {
        assert_int_equal(a->type, b->type);
        assert_int_equal(a->sequence, b->sequence);
        assert_int_equal(a->at.us, b->at.us);
        assert_int_equal(a->step, b->step);
        assert_int_equal(a->attempt, b->attempt);
        assert_int_equal(a->generation, b->generation);
        assert_int_equal(a->effect, b->effect);
        assert_int_equal(a->unknown, b->unknown);
        assert_int_equal(a->step_state, b->step_state);
        assert_int_equal(a->execution_state, b->execution_state);
        same_text(a->code, b->code);
        same_text(a->message, b->message);
        same_text(a->external_id, b->external_id);
        assert_int_equal(a->deadline.us, b->deadline.us);
        assert_true(a->percent == b->percent);
        assert_true(a->eta_minutes == b->eta_minutes);
        same_value(a->data, b->data);
        same_value(a->error, b->error);
}

#endif
