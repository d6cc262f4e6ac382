/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service over a real store of either driver, with the actions of the runtime's tests, and what its callbacks said.
 * The engine thread is one of the test's, or of a child process that the test kills.
 */
#ifndef TEST_SERVICE_HOUSE_H
#define TEST_SERVICE_HOUSE_H

#include "../runtime/stage.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "pipeline/definition.h"
#include "registry/registry.h"
#include "service/service.h"

/* clang-format off */
TEST_ACTION(gate_pure, BP_PURE, .execute = do_gate);
TEST_ACTION(flaky_once, BP_ONCE, BP_PARAMS(TEST_NUMBER("times")), .execute = do_flaky);
/* clang-format on */

static const struct bp_action *const house_actions[] = {&test_gate_pure, &test_flaky_once, NULL};

struct house {
        char folder[64], path[96], url[112];
        bool running;
        struct bp_arena *arena;
        struct bp_registry *registry;
        struct bp_service *service;
        pthread_t thread;
        uint32_t drain_seconds;
        struct bp_service_telling telling;
        char notices[4096]; /* what the operator was told, line by line */
};

/* An answer, waited for. */
struct told {
        pthread_mutex_t mutex;
        pthread_cond_t changed;
        unsigned n;
        int result;
        struct bp_id id;
        enum bp_execution_state state;
        char code[32], outputs[512];
        struct bp_wall started_at, ended_at;
};

#define TOLD \
        { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .result = -1000 }

static inline void tell(void *userdata, const struct bp_service_answer *answer) {
        struct told *told = userdata;
        struct bp_strbuf json;

        bp_strbuf_init(&json, NULL, sizeof(told->outputs) - 1);
        if (answer->outputs)
                bp_json_write(&json, answer->outputs);
        pthread_mutex_lock(&told->mutex);
        told->n++;
        told->result = answer->result;
        told->id = answer->id;
        told->state = answer->state;
        told->started_at = answer->started_at;
        told->ended_at = answer->ended_at;
        snprintf(told->code, sizeof(told->code), "%s", answer->code ? answer->code : "");
        snprintf(told->outputs, sizeof(told->outputs), "%s", bp_strbuf_text(&json));
        pthread_cond_broadcast(&told->changed);
        pthread_mutex_unlock(&told->mutex);
        bp_strbuf_done(&json);
}

static inline void await_told(struct told *told) {
        struct timespec until = patience_ends();
        bool timed_out = false;

        pthread_mutex_lock(&told->mutex);
        while (told->n == 0 && !timed_out)
                timed_out = pthread_cond_timedwait(&told->changed, &told->mutex, &until) == ETIMEDOUT;
        assert_int_equal(told->n, 1);
        pthread_mutex_unlock(&told->mutex);
}

static inline void house_notice(void *userdata, enum bp_log_level level, const char *message) {
        struct house *house = userdata;
        size_t size = strlen(house->notices);

        (void)level;
        snprintf(house->notices + size, sizeof(house->notices) - size, "%s\n", message);
}

static inline void register_all(struct house *house) {
        struct bp_problem_list problems = {.arena = house->arena};
        struct bp_registry_draft *draft;

        house->registry = bp_registry_new();
        draft = bp_registry_draft_new(house->registry, true);
        assert_non_null(draft);
        if (bp_registry_draft_add_all(draft, test_actions, &problems) != 0 ||
            bp_registry_draft_add_all(draft, house_actions, &problems) != 0)
                fail_msg("%s", problems.count ? problems.items[0]->message : "actions were refused");
        assert_int_equal(bp_registry_publish(house->registry, draft), 0);
}

static inline int house_try_open(struct house *house, struct bp_problem *reterr_problem) {
        const struct bp_service_settings settings = {
                .store_url = house->url,
                .registry = house->registry,
                .runtime = {.drain_seconds = house->drain_seconds ? house->drain_seconds : 5},
                .telling = house->telling,
                .notice = house_notice,
                .userdata = house};

        return bp_service_new(&settings, &house->service, reterr_problem);
}

static inline void house_open(struct house *house) {
        struct bp_problem problem = {0};

        if (house_try_open(house, &problem))
                fail_msg("the service does not open: %s %s", problem.code, problem.message);
}

static inline void *run_house(void *argument) {
        struct house *house = argument;

        bp_service_run(house->service, false);
        return NULL;
}

static inline void house_begin(struct house *house) {
        assert_int_equal(pthread_create(&house->thread, NULL, run_house, house), 0);
        house->running = true;
}

static inline void house_end(struct house *house) {
        if (!house->running)
                return;
        bp_service_stop(house->service);
        pthread_join(house->thread, NULL);
        house->running = false;
}

static inline void house_close(struct house *house) {
        house_end(house);
        house->service = bp_service_free(house->service);
}

/* A house whose service is not open yet. */
static inline struct house *house_new(bool in_memory) {
        struct house *house = test_calloc(1, sizeof(*house));

        stage_reset(NULL);
        snprintf(house->folder, sizeof(house->folder), "/tmp/budpipeline-service-XXXXXX");
        assert_non_null(mkdtemp(house->folder));
        snprintf(house->path, sizeof(house->path), "%s/store", house->folder);
        snprintf(house->url, sizeof(house->url), in_memory ? "memory:" : "sqlite:%s", house->path);
        house->arena = bp_arena_new(BP_ARENA_UNLIMITED);
        register_all(house);
        return house;
}

static inline int house_remove(const char *path, const struct stat *status, int type, struct FTW *walk) {
        (void)status, (void)type, (void)walk;
        return remove(path);
}

static inline void house_free(struct house *house) {
        house_close(house);
        bp_registry_free(house->registry);
        bp_arena_free(house->arena);
        nftw(house->folder, house_remove, 8, FTW_DEPTH | FTW_PHYS);
        test_free(house);
}

static inline int setup_memory(void **state) {
        *state = house_new(true);
        house_open(*state);
        house_begin(*state);
        return 0;
}

static inline int setup_sqlite(void **state) {
        *state = house_new(false);
        house_open(*state);
        house_begin(*state);
        return 0;
}

/* A store in a file, and no service over it yet. */
static inline int setup_closed(void **state) {
        *state = house_new(false);
        return 0;
}

static inline int teardown(void **state) {
        house_free(*state);
        return 0;
}

#define ON_BOTH_DRIVERS(test)                                        \
        {"memory: " #test, test, setup_memory, teardown, NULL}, {    \
                "sqlite: " #test, test, setup_sqlite, teardown, NULL \
        }

static inline struct bp_value read_json(struct house *house, const char *json) {
        struct bp_problem problem;
        struct bp_value value;

        if (bp_json_parse(house->arena, json, strlen(json), NULL, &value, &problem))
                fail_msg("%s: %s", problem.message, json);
        return value;
}

/* A pipeline given as its `steps` and, before them, other members. */
static inline struct bp_value pipeline_of(struct house *house, const char *members) {
        char json[8192];

        assert_true((size_t)snprintf(json, sizeof(json), "{\"name\": \"p\", %s}", members) < sizeof(json));
        return read_json(house, json);
}

struct started {
        struct bp_service_started started;
        struct bp_problem_list errors;
        int result;
};

static inline struct started try_start(struct house *house, struct bp_service_start start, struct told *told) {
        struct started tried = {.errors.arena = house->arena};

        if (!start.params)
                start.params = &bp_value_empty_object;
        if (!start.initiator)
                start.initiator = "api";
        tried.result =
                bp_service_start(house->service, &start, house->arena, &tried.errors, &tried.started, tell, told);
        if (tried.result == 0)
                bp_definition_unref(tried.started.definition);
        return tried;
}

/* Starts an ephemeral execution and waits until its start is durable. */
static inline struct bp_id begin(struct house *house, const char *members, struct told *told) {
        struct bp_value document = pipeline_of(house, members);
        struct started tried = try_start(house, (struct bp_service_start){.document = &document}, told);

        if (tried.result)
                fail_msg("%d: %s", tried.result, tried.errors.count ? tried.errors.items[0]->message : "refused");
        await_told(told);
        assert_int_equal(told->result, 0);
        assert_memory_equal(&told->id, &tried.started.id, sizeof(told->id));
        return tried.started.id;
}

static inline void await_end(struct house *house, struct bp_id id, struct told *told) {
        struct bp_service_wait *wait;

        assert_int_equal(bp_service_wait(house->service, id, tell, told, &wait), 0);
        await_told(told);
        assert_int_equal(told->result, 0);
        if (wait)
                assert_false(bp_service_unwait(house->service, wait));
}

/* Gives a command and waits for its answer. */
static inline int command(struct house *house, struct bp_id id, enum bp_service_command which, struct told *told) {
        assert_int_equal(bp_service_command(house->service, id, which, NULL, tell, told), 0);
        await_told(told);
        return told->result;
}

static inline struct bp_execution_row row_of(struct house *house, struct bp_id id) {
        struct bp_execution_row row;

        assert_int_equal(bp_store_execution(bp_service_store(house->service), id, house->arena, &row), 0);
        return row;
}

/* The execution as its durable records tell it; to be freed. */
static inline struct bp_execution *folded(struct house *house, struct bp_id id) {
        struct bp_execution_row row = row_of(house, id);
        struct bp_execution *execution;

        assert_int_equal(bp_service_execution(house->service, &row, &execution), 0);
        return execution;
}

static inline enum bp_step_state step_state(struct house *house, struct bp_id id, uint32_t step) {
        struct bp_execution *execution = folded(house, id);
        enum bp_step_state state = bp_execution_step(execution, step).state;

        bp_execution_free(execution);
        return state;
}

/* ---- records, as a subscriber sees them ---- */

enum { SEEN_MAX = 65536 };

struct seen {
        pthread_mutex_t mutex;
        pthread_cond_t changed;
        size_t n, n_lines;
        struct seen_record {
                struct bp_id execution;
                struct bp_position position;
                enum bp_record_type type;
                uint32_t step;
                double percent;
        } records[SEEN_MAX];
        struct bp_service_subscription *subscription;
};

static inline void see(void *userdata, const struct bp_service_event *event) {
        struct seen *seen = userdata;

        pthread_mutex_lock(&seen->mutex);
        if (event->line)
                seen->n_lines++;
        else if (seen->n < SEEN_MAX)
                seen->records[seen->n++] = (struct seen_record){.execution = event->execution,
                                                                .position = event->position,
                                                                .type = event->record->type,
                                                                .step = event->record->step,
                                                                .percent = event->percent};
        pthread_cond_broadcast(&seen->changed);
        pthread_mutex_unlock(&seen->mutex);
}

static inline struct seen *seen_new(struct house *house, const struct bp_id *id) {
        struct seen *seen = test_calloc(1, sizeof(*seen));

        pthread_mutex_init(&seen->mutex, NULL);
        pthread_cond_init(&seen->changed, NULL);
        assert_int_equal(bp_service_subscribe(house->service, id, see, seen, &seen->subscription), 0);
        return seen;
}

static inline void seen_free(struct house *house, struct seen *seen) {
        bp_service_unsubscribe(house->service, seen->subscription);
        test_free(seen);
}

static inline size_t count_seen(struct seen *seen, enum bp_record_type type) {
        size_t n = 0;

        for (size_t i = 0; i < seen->n; i++)
                n += seen->records[i].type == type;
        return n;
}

static inline void await_seen(struct seen *seen, enum bp_record_type type, size_t count) {
        struct timespec until = patience_ends();
        bool timed_out = false;

        pthread_mutex_lock(&seen->mutex);
        while (count_seen(seen, type) < count && !timed_out)
                timed_out = pthread_cond_timedwait(&seen->changed, &seen->mutex, &until) == ETIMEDOUT;
        pthread_mutex_unlock(&seen->mutex);
        assert_false(timed_out);
}

#endif
