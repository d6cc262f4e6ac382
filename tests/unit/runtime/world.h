/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A runtime with the test actions, and an observer that keeps what it is told. The loop runs on the test's thread until
 * everything has ended (world_run), or on a thread of its own (world_begin, world_end).
 */
#ifndef TEST_RUNTIME_WORLD_H
#define TEST_RUNTIME_WORLD_H

#include "stage.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "pipeline/definition.h"
#include "registry/registry.h"
#include "runtime/runtime.h"

enum {
        ENDED_MAX = 2048,
        STEPS_KEPT = 16,
        KEPT_MAX = 65536,
};

struct ended_step {
        enum bp_step_state state;
        uint32_t attempt;
        char code[32];
        int64_t n;     /* outputs.n, outputs.until or outputs.rounds; -1 when there is none */
        char text[64]; /* outputs.body or outputs.type */
};

struct ended {
        struct bp_id id;
        enum bp_execution_state state;
        char code[32];
        int64_t lasted_us;
        struct ended_step steps[STEPS_KEPT];
};

struct kept_record {
        struct bp_id execution;
        enum bp_record_type type;
        uint32_t step, attempt;
        uint64_t sequence;
        double percent;
};

struct kept_line {
        uint32_t step, attempt;
        size_t n_records_before;
        char message[64];
};

struct world {
        pthread_mutex_t mutex;
        pthread_cond_t changed;
        struct bp_arena *arena;
        struct bp_registry *registry;
        const struct bp_registry_snapshot *snapshot;
        struct bp_runtime *runtime;
        struct journal_double *journal;
        pthread_t thread;
        uint64_t n_started;
        struct ended ended[ENDED_MAX];
        size_t n_ended, n_broken;
        int broken_error;
        struct kept_record records[KEPT_MAX];
        struct kept_line lines[KEPT_MAX];
        size_t n_records, n_lines, n_not_durable, n_after_end;
};

static inline int64_t number_of(const struct bp_value *outputs) {
        static const char *const names[] = {"n", "until", "rounds"};

        for (size_t i = 0; i < BP_COUNT(names); i++) {
                const struct bp_value *value = bp_value_get(outputs, names[i]);

                if (value && value->type == BP_INT)
                        return value->as.integer;
        }
        return -1;
}

static inline const char *text_in(const struct bp_value *outputs) {
        const struct bp_value *value = bp_value_get(outputs, "body");

        if (!value)
                value = bp_value_get(outputs, "type");
        return value && value->type == BP_STRING ? value->as.text : "";
}

static inline void keep_step(struct ended_step *kept, const struct bp_execution *execution, uint32_t index) {
        struct bp_step_view step = bp_execution_step(execution, index);

        kept->state = step.state;
        kept->attempt = step.attempt;
        kept->n = number_of(&step.outputs);
        snprintf(kept->code, sizeof(kept->code), "%s", step.code ? step.code : "");
        snprintf(kept->text, sizeof(kept->text), "%s", text_in(&step.outputs));
}

static inline void observe_ended(void *userdata, const struct bp_execution *execution) {
        struct bp_execution_view view = bp_execution_view(execution);
        struct world *world = userdata;
        struct ended *ended;

        pthread_mutex_lock(&world->mutex);
        assert_true(world->n_ended < ENDED_MAX);
        ended = &world->ended[world->n_ended++];
        ended->id = view.id;
        ended->state = view.state;
        ended->lasted_us = view.ended_at.us - view.started_at.us;
        snprintf(ended->code, sizeof(ended->code), "%s", view.code ? view.code : "");
        for (uint32_t i = 0; i < view.definition->n_steps && i < STEPS_KEPT; i++)
                keep_step(&ended->steps[i], execution, i);
        pthread_cond_broadcast(&world->changed);
        pthread_mutex_unlock(&world->mutex);
}

/* Who was told of the end may have forgotten the execution. */
static inline bool has_ended_locked(const struct world *world, struct bp_id id) {
        for (size_t i = 0; i < world->n_ended; i++)
                if (memcmp(&world->ended[i].id, &id, sizeof(id)) == 0)
                        return true;
        return false;
}

static inline void observe_records(void *userdata, const struct bp_execution *execution,
                                   const struct bp_record *records, size_t n_records) {
        struct bp_id id = bp_execution_view(execution).id;
        struct world *world = userdata;

        pthread_mutex_lock(&world->mutex);
        world->n_after_end += has_ended_locked(world, id) ? 1 : 0;
        for (size_t i = 0; i < n_records && world->n_records < KEPT_MAX; i++) {
                world->records[world->n_records++] = (struct kept_record){.execution = id,
                                                                          .type = records[i].type,
                                                                          .step = records[i].step,
                                                                          .attempt = records[i].attempt,
                                                                          .sequence = records[i].sequence,
                                                                          .percent = records[i].percent};
                if (world->journal && !journal_has_durable(world->journal, id, records[i].sequence))
                        world->n_not_durable++;
        }
        pthread_cond_broadcast(&world->changed);
        pthread_mutex_unlock(&world->mutex);
}

static inline void observe_line(void *userdata, const struct bp_execution *execution, uint32_t step, uint32_t attempt,
                                struct bp_wall at, enum bp_log_level level, const char *message) {
        struct world *world = userdata;

        (void)at;
        (void)level;
        pthread_mutex_lock(&world->mutex);
        world->n_after_end += has_ended_locked(world, bp_execution_view(execution).id) ? 1 : 0;
        if (world->n_lines < KEPT_MAX) {
                struct kept_line *line = &world->lines[world->n_lines++];

                *line = (struct kept_line){.step = step, .attempt = attempt, .n_records_before = world->n_records};
                snprintf(line->message, sizeof(line->message), "%s", message);
        }
        pthread_mutex_unlock(&world->mutex);
}

static inline void observe_broken(void *userdata, const struct bp_execution *execution, int error) {
        struct world *world = userdata;

        (void)execution;
        pthread_mutex_lock(&world->mutex);
        world->n_broken++;
        world->broken_error = error;
        pthread_cond_broadcast(&world->changed);
        pthread_mutex_unlock(&world->mutex);
}

static inline void register_actions(struct world *world) {
        struct bp_problem_list problems = {.arena = world->arena};
        struct bp_registry_draft *draft;

        world->registry = bp_registry_new();
        assert_non_null(world->registry);
        draft = bp_registry_draft_new(world->registry, true);
        assert_non_null(draft);
        if (bp_registry_draft_add_all(draft, test_actions, &problems) != 0)
                fail_msg("%s", problems.count ? problems.items[0]->message : "actions were refused");
        assert_int_equal(bp_registry_publish(world->registry, draft), 0);
        world->snapshot = bp_registry_acquire(world->registry);
}

/* A journal given here is the test's, at rest. */
static inline struct world *world_new(const struct bp_runtime_settings *given, struct journal_double *journal) {
        struct world *world = test_calloc(1, sizeof(*world));
        struct bp_runtime_settings settings = *given;
        struct bp_observer observer = {.records = observe_records,
                                       .log = observe_line,
                                       .ended = observe_ended,
                                       .broken = observe_broken,
                                       .userdata = world};
        struct bp_journal interface = {.append = journal_append, .commit = journal_commit, .userdata = journal};

        stage_reset(journal);
        pthread_mutex_init(&world->mutex, NULL);
        pthread_cond_init(&world->changed, NULL);
        world->arena = bp_arena_new(BP_ARENA_UNLIMITED);
        world->journal = journal;
        register_actions(world);
        settings.observer = &observer;
        settings.journal = journal ? &interface : NULL;
        assert_int_equal(bp_runtime_new(&settings, &world->runtime), 0);
        if (journal)
                journal->runtime = world->runtime;
        return world;
}

static inline void world_free(struct world *world) {
        bp_runtime_free(world->runtime);
        bp_registry_release(world->snapshot);
        bp_registry_free(world->registry);
        bp_arena_free(world->arena);
        test_free(world);
}

static inline struct journal_double *journal_new(void) {
        struct journal_double *journal = test_calloc(1, sizeof(*journal));

        pthread_mutex_init(&journal->mutex, NULL);
        pthread_cond_init(&journal->changed, NULL);
        return journal;
}

static inline const struct bp_definition *define(struct world *world, const char *json) {
        struct bp_problem_list errors = {.arena = world->arena}, warnings = {.arena = world->arena};
        const struct bp_definition_options options = {.registry = world->snapshot};
        const struct bp_definition_report report = {.errors = &errors, .warnings = &warnings};
        const struct bp_definition *definition;

        if (bp_definition_read(json, strlen(json), BP_FORMAT_JSON, &options, &report, &definition) != 0)
                fail_msg("%s %s: %s", errors.items[0]->pointer, errors.items[0]->message, json);
        return definition;
}

static inline struct bp_id start_as(struct world *world, const struct bp_definition *definition) {
        char name[32];
        int size = snprintf(name, sizeof(name), "execution %llu", (unsigned long long)world->n_started++);
        struct bp_id id = bp_id_derive(name, (size_t)size);
        const struct bp_execution_start start = {.id = id, .definition = definition, .params = &bp_value_empty_object};

        assert_int_equal(bp_runtime_start(world->runtime, &start), 0);
        return id;
}

/* Starts an execution of a pipeline given as its `steps` and, before them, other members. */
static inline struct bp_id start(struct world *world, const char *members) {
        char json[8192];
        const struct bp_definition *definition;
        struct bp_id id;

        assert_true((size_t)snprintf(json, sizeof(json), "{\"name\": \"p\", %s}", members) < sizeof(json));
        definition = define(world, json);
        id = start_as(world, definition);
        bp_definition_unref(definition);
        return id;
}

static inline void send_event(struct world *world, const char *external_id, const char *json) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_problem problem;
        struct bp_value value;

        assert_int_equal(bp_json_parse(arena, json, strlen(json), NULL, &value, &problem), 0);
        assert_int_equal(bp_runtime_event(world->runtime, external_id, &value), 0);
        bp_arena_free(arena);
}

static inline void world_run(struct world *world) {
        assert_int_equal(bp_runtime_run(world->runtime, true), 0);
}

static inline void *run_world(void *argument) {
        struct world *world = argument;

        bp_runtime_run(world->runtime, false);
        return NULL;
}

static inline void world_begin(struct world *world) {
        assert_int_equal(pthread_create(&world->thread, NULL, run_world, world), 0);
}

static inline void world_end(struct world *world) {
        bp_runtime_stop(world->runtime);
        pthread_join(world->thread, NULL);
}

static inline void await_ended(struct world *world, size_t count) {
        struct timespec until = patience_ends();
        bool timed_out = false;

        pthread_mutex_lock(&world->mutex);
        while (world->n_ended < count && !timed_out)
                timed_out = pthread_cond_timedwait(&world->changed, &world->mutex, &until) == ETIMEDOUT;
        pthread_mutex_unlock(&world->mutex);
        assert_false(timed_out);
}

static inline size_t ended_count(struct world *world) {
        size_t n;

        pthread_mutex_lock(&world->mutex);
        n = world->n_ended;
        pthread_mutex_unlock(&world->mutex);
        return n;
}

static inline size_t line_count(struct world *world) {
        size_t n;

        pthread_mutex_lock(&world->mutex);
        n = world->n_lines;
        pthread_mutex_unlock(&world->mutex);
        return n;
}

/* What is known of an execution that has ended. */
static inline const struct ended *ended_as(struct world *world, struct bp_id id) {
        for (size_t i = 0; i < world->n_ended; i++)
                if (memcmp(&world->ended[i].id, &id, sizeof(id)) == 0)
                        return &world->ended[i];
        fail_msg("the execution has not ended");
        abort(); /* never reached; cmocka does not say so to the compiler */
}

static inline size_t count_records_locked(const struct world *world, enum bp_record_type type, uint32_t step) {
        size_t n = 0;

        for (size_t i = 0; i < world->n_records; i++)
                n += world->records[i].type == type && world->records[i].step == step;
        return n;
}

static inline size_t count_records(struct world *world, enum bp_record_type type, uint32_t step) {
        size_t n;

        pthread_mutex_lock(&world->mutex);
        n = count_records_locked(world, type, step);
        pthread_mutex_unlock(&world->mutex);
        return n;
}

static inline void await_record(struct world *world, enum bp_record_type type, uint32_t step) {
        struct timespec until = patience_ends();
        bool timed_out = false;

        pthread_mutex_lock(&world->mutex);
        while (count_records_locked(world, type, step) == 0 && !timed_out)
                timed_out = pthread_cond_timedwait(&world->changed, &world->mutex, &until) == ETIMEDOUT;
        pthread_mutex_unlock(&world->mutex);
        assert_false(timed_out);
}

#endif
