/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A world for one execution: gives it inputs, keeps every record, and follows along with a second execution that is
 * built from the records alone. After each input the two must look the same.
 */
#ifndef TEST_ENGINE_WORLD_H
#define TEST_ENGINE_WORLD_H

#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actions.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "engine/engine.h"
#include "pipeline/definition.h"
#include "registry/registry.h"
#include "trace.h"

/* Time at which worlds begin: not zero, which would mean "never". */
#define WORLD_BEGIN_US INT64_C(1700000000000000)

struct world {
        struct bp_arena *arena; /* of everything that lives as long as the world */
        const struct bp_definition *definition;
        struct bp_engine_settings settings;
        struct bp_value params;
        struct bp_execution *execution, *mirror;
        struct bp_batch batch; /* of the last input */
        struct bp_wall now;
        struct bp_record *records;
        size_t n_records, records_capacity;
        struct bp_effect_item *resolves; /* BP_EFFECT_RESOLVE not answered yet */
        size_t n_resolves;
        struct trace *trace; /* or NULL: not kept */
        bool tortured;       /* every memory request of every input fails once; only with BP_TORTURE */
};

/* JSON with ' in place of ", which reads better in C. */
static inline struct bp_value parse(struct bp_arena *arena, const char *text) {
        size_t size = strlen(text);
        char *json = bp_arena_text(arena, text, size);
        struct bp_problem problem;
        struct bp_value value;

        for (size_t i = 0; i < size; i++)
                if (json[i] == '\'')
                        json[i] = '"';
        if (bp_json_parse(arena, json, size, NULL, &value, &problem) != 0)
                fail_msg("%s: %s", problem.message, text);
        return value;
}

static inline const struct bp_definition *definition_load(struct bp_registry *registry,
                                                          const struct bp_value *document) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_problem_list errors = {.arena = arena}, warnings = {.arena = arena};
        const struct bp_registry_snapshot *snapshot = bp_registry_acquire(registry);
        const struct bp_definition *definition;

        if (bp_definition_load(document, &(struct bp_definition_options){.registry = snapshot},
                               &(struct bp_definition_report){.errors = &errors, .warnings = &warnings},
                               &definition) != 0)
                fail_msg("%s: %s", errors.items[0]->pointer, errors.items[0]->message);
        bp_registry_release(snapshot);
        return definition;
}

static inline struct bp_execution *execution_make(const struct world *world, const struct bp_value *params) {
        struct bp_execution *execution;
        struct bp_execution_start start = {
                .id = bp_id_derive("world", 5), .definition = world->definition, .params = params};

        assert_int_equal(bp_execution_new(&start, &world->settings, &execution), 0);
        return execution;
}

/* Takes the definition over. */
static inline void world_init(struct world *world, const struct bp_definition *definition,
                              const struct bp_engine_settings *settings) {
        *world = (struct world){.arena = bp_arena_new(BP_ARENA_UNLIMITED),
                                .definition = definition,
                                .params = bp_value_empty_object,
                                .now = {WORLD_BEGIN_US}};
        if (settings)
                world->settings = *settings;
        bp_engine_settings_complete(&world->settings);
        assert_non_null(world->arena);
        assert_int_equal(bp_batch_init(&world->batch), 0);
        world->execution = execution_make(world, &world->params);
        world->mirror = execution_make(world, NULL);
}

static inline void world_drop_resolves(struct world *world) {
        for (size_t i = 0; i < world->n_resolves; i++)
                bp_arena_free(world->resolves[i].arena);
        world->n_resolves = 0;
}

static inline void world_done(struct world *world) {
        world_drop_resolves(world);
        bp_execution_free(world->execution);
        bp_execution_free(world->mirror);
        bp_batch_done(&world->batch);
        bp_definition_unref(world->definition);
        free(world->records);
        free(world->resolves);
        bp_arena_free(world->arena);
}

static inline struct bp_value copied(struct bp_arena *arena, const struct bp_value *value) {
        struct bp_value copy;

        assert_int_equal(bp_value_copy(arena, value, &copy), 0);
        return copy;
}

static inline const char *copied_text(struct bp_arena *arena, const char *text) {
        return text ? bp_arena_text(arena, text, strlen(text)) : NULL;
}

static inline void world_keep_record(struct world *world, const struct bp_record *record) {
        struct bp_record *kept;

        if (world->n_records == world->records_capacity) {
                world->records_capacity = world->records_capacity ? world->records_capacity * 2 : 64;
                world->records = realloc(world->records, world->records_capacity * sizeof(*world->records));
                assert_non_null(world->records);
        }
        kept = &world->records[world->n_records++];
        *kept = *record;
        kept->code = copied_text(world->arena, record->code);
        kept->message = copied_text(world->arena, record->message);
        kept->external_id = copied_text(world->arena, record->external_id);
        kept->data = copied(world->arena, &record->data);
        kept->error = copied(world->arena, &record->error);
}

static inline void world_keep_resolve(struct world *world, struct bp_effect_item *effect) {
        world->resolves = realloc(world->resolves, (world->n_resolves + 1) * sizeof(*world->resolves));
        assert_non_null(world->resolves);
        world->resolves[world->n_resolves++] = *effect;
        effect->arena = NULL;
}

static inline bool same_text(const char *a, const char *b) {
        return a == b || (a && b && strcmp(a, b) == 0);
}

static inline bool same_step(const struct bp_step_view *a, const struct bp_step_view *b) {
        return a->state == b->state && a->attempt == b->attempt && same_text(a->code, b->code) &&
               same_text(a->message, b->message) && same_text(a->external_id, b->external_id) &&
               bp_value_equal(&a->error, &b->error) && bp_value_equal(&a->outputs, &b->outputs) &&
               a->started_at.us == b->started_at.us && a->ended_at.us == b->ended_at.us &&
               a->deadline.us == b->deadline.us && a->percent == b->percent && a->eta_minutes == b->eta_minutes &&
               a->reused == b->reused;
}

/* NULL when the two look the same, else what differs. */
static inline const char *executions_differ(const struct bp_execution *one, const struct bp_execution *other) {
        struct bp_execution_view a = bp_execution_view(one), b = bp_execution_view(other);

        if (a.state != b.state || a.sequence != b.sequence)
                return "state or sequence";
        if (!same_text(a.code, b.code) || !same_text(a.message, b.message))
                return "code or message";
        if (a.started_at.us != b.started_at.us || a.ended_at.us != b.ended_at.us)
                return "times";
        if (!bp_value_equal(&a.outputs, &b.outputs))
                return "outputs";
        if (a.state != BP_EXECUTION_PENDING && !bp_value_equal(&a.params, &b.params))
                return "parameters";
        for (uint32_t i = 0; i < a.definition->n_steps; i++) {
                struct bp_step_view x = bp_execution_step(one, i), y = bp_execution_step(other, i);

                if (!same_step(&x, &y))
                        return a.definition->steps[i].id;
        }
        return NULL;
}

/* What an entry points to must live as long as the world; judges look at no values. */
static inline void world_keep_trace(struct world *world, const struct bp_input *input) {
        size_t first = world->trace->count;

        trace_add_turn(world->trace, input, &world->batch);
        for (size_t i = first; i < world->trace->count; i++) {
                struct trace_entry *entry = &world->trace->entries[i];

                entry->record.data = entry->record.error = bp_value_null;
                entry->record.code = entry->record.message = NULL;
                entry->record.external_id = copied_text(world->arena, entry->record.external_id);
                entry->effect.external_id = copied_text(world->arena, entry->effect.external_id);
                entry->effect.arena = NULL;
        }
}

#ifdef BP_TORTURE
/* Until it gets through. In between nothing may have changed. */
static inline int handle_tortured(struct world *world, const struct bp_input *input) {
        for (int64_t request = 0;; request++) {
                const char *difference;
                bool failed;
                int r;

                bp_torture_fail_after(request);
                r = bp_execution_handle(world->execution, input, &world->batch);
                failed = bp_torture_has_failed();
                bp_torture_fail_after(-1);
                if (!failed)
                        return r;
                assert_int_equal(r, -ENOMEM);
                assert_int_equal(world->batch.n_records, 0);
                assert_int_equal(world->batch.n_effects, 0);
                difference = executions_differ(world->execution, world->mirror);
                if (difference)
                        fail_msg("without memory for request %lld the input changed: %s", (long long)request,
                                 difference);
        }
}

static inline int apply_tortured(struct bp_execution *execution, const struct bp_record *record) {
        for (int64_t request = 0;; request++) {
                uint64_t sequence = bp_execution_view(execution).sequence;
                bool failed;
                int r;

                bp_torture_fail_after(request);
                r = bp_execution_apply(execution, record);
                failed = bp_torture_has_failed();
                bp_torture_fail_after(-1);
                if (!failed)
                        return r;
                assert_int_equal(r, -ENOMEM);
                assert_int_equal(bp_execution_view(execution).sequence, sequence);
        }
}
#else
static inline int handle_tortured(struct world *world, const struct bp_input *input) {
        return bp_execution_handle(world->execution, input, &world->batch);
}

static inline int apply_tortured(struct bp_execution *execution, const struct bp_record *record) {
        return bp_execution_apply(execution, record);
}
#endif

static inline int handle(struct world *world, const struct bp_input *input) {
        if (world->tortured)
                return handle_tortured(world, input);
        return bp_execution_handle(world->execution, input, &world->batch);
}

static inline int apply(struct world *world, const struct bp_record *record) {
        return world->tortured ? apply_tortured(world->mirror, record) : bp_execution_apply(world->mirror, record);
}

/* Gives an input; the batch then holds what it led to. @return what bp_execution_handle() returned */
static inline int world_give(struct world *world, struct bp_input input) {
        const char *difference;
        int r;

        input.now = world->now;
        bp_batch_clear(&world->batch);
        r = handle(world, &input);
        if (r < 0)
                return r;
        if (world->trace)
                world_keep_trace(world, &input);
        for (size_t i = 0; i < world->batch.n_records; i++) {
                world_keep_record(world, &world->batch.records[i]);
                assert_int_equal(apply(world, &world->batch.records[i]), 0);
        }
        for (size_t i = 0; i < world->batch.n_effects; i++)
                if (world->batch.effects[i].type == BP_EFFECT_RESOLVE)
                        world_keep_resolve(world, &world->batch.effects[i]);
        difference = executions_differ(world->execution, world->mirror);
        if (difference)
                fail_msg("the state built from the records differs in: %s", difference);
        return 0;
}

/* The process dies: what remains are the first `n_records` records. */
static inline void world_crash(struct world *world, size_t n_records) {
        world_drop_resolves(world);
        bp_execution_free(world->execution);
        bp_execution_free(world->mirror);
        world->execution = execution_make(world, NULL);
        world->mirror = execution_make(world, NULL);
        world->n_records = n_records;
        for (size_t i = 0; i < n_records; i++) {
                assert_int_equal(bp_execution_apply(world->execution, &world->records[i]), 0);
                assert_int_equal(bp_execution_apply(world->mirror, &world->records[i]), 0);
        }
}

/* Answers the oldest request to resolve this step. */
static inline int world_resolve(struct world *world, uint32_t step) {
        struct bp_effect_item effect = {0};
        struct bp_resolution resolution;
        size_t at = 0;

        while (at < world->n_resolves && world->resolves[at].step != step)
                at++;
        assert_true(at < world->n_resolves);
        effect = world->resolves[at];
        world->resolves[at] = world->resolves[--world->n_resolves];
        assert_int_equal(bp_execution_resolve(world->execution, &effect, &resolution), 0);
        return world_give(world, (struct bp_input){.type = BP_INPUT_RESOLVED,
                                                   .step = step,
                                                   .resolution = &resolution,
                                                   .arena = effect.arena});
}

#endif
