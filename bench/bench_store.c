/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store alone: chains of ten steps, 64 of them in flight, as the engine hands them over. Prints JSON lines; each
 * says the seconds a step took, by the median round and by the best, and the bytes that the kernel counted as written
 * to disk for it.
 *
 *     bench-store [FOLDER [EXECUTIONS]]
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "engine/engine.h"
#include "pipeline/definition.h"
#include "store/store.h"

#include "measure.h"

enum {
        STEPS = 10,
        IN_FLIGHT = 64,
        EXECUTIONS = 64000,
};

struct bench {
        struct bp_store *store;
        const struct bp_definition *definition;
        struct bp_value params, outputs;
        unsigned executions;
        pthread_mutex_t mutex;
        pthread_cond_t changed;
        uint64_t durable, ticket;
};

static void durable(void *userdata, uint64_t ticket) {
        struct bench *bench = userdata;

        pthread_mutex_lock(&bench->mutex);
        bench->durable = ticket;
        pthread_cond_signal(&bench->changed);
        pthread_mutex_unlock(&bench->mutex);
}

static void commit(struct bench *bench) {
        bp_store_commit(bench->store, ++bench->ticket);
}

static void wait_durable(struct bench *bench) {
        pthread_mutex_lock(&bench->mutex);
        while (bench->durable < bench->ticket)
                pthread_cond_wait(&bench->changed, &bench->mutex);
        pthread_mutex_unlock(&bench->mutex);
}

static const struct bp_definition *read_definition(struct bp_arena *arena) {
        struct bp_problem_list errors = {.arena = arena}, warnings = {.arena = arena};
        struct bp_definition_report report = {&errors, &warnings};
        struct bp_definition_options options = {.structure_only = true};
        const struct bp_definition *definition = NULL;
        struct bp_strbuf text;

        bp_strbuf_init(&text, arena, SIZE_MAX / 2);
        bp_strbuf_add_text(&text, "{\"name\": \"chain\", \"steps\": [");
        for (int i = 0; i < STEPS; i++)
                bp_strbuf_printf(&text, "%s{\"id\": \"s%d\", \"name\": \"%d\", \"action\": \"a\", \"params\": {}}",
                                 i ? ", " : "", i, i);
        bp_strbuf_add_text(&text, "]}");
        measure_demand(bp_definition_read(bp_strbuf_text(&text), text.size, BP_FORMAT_JSON, &options, &report,
                                          &definition) == 0,
                       "the definition was refused");
        return definition;
}

static struct bp_value one_member(struct bp_arena *arena, const char *key) {
        struct bp_object_builder object;
        struct bp_value value;

        bp_object_init(&object, arena);
        bp_object_set_z(&object, key, bp_value_int(41));
        measure_demand(bp_object_finish(&object, &value) == 0, "no memory");
        return value;
}

static uint64_t create(struct bench *bench) {
        struct bp_wall now = bp_wall_now();
        struct bp_store_new_execution execution = {.id = bp_id_new(now),
                                                   .definition = bench->definition,
                                                   .has_pipeline = true,
                                                   .pipeline = bp_id_derive("pipeline", 8),
                                                   .revision = 1,
                                                   .params = &bench->params,
                                                   .given = &bench->params,
                                                   .initiator = "api",
                                                   .created_at = now};
        uint64_t number;

        measure_demand(bp_store_execution_create(bench->store, &execution, &number) == 0, "no memory");
        return number;
}

static void append(struct bench *bench, uint64_t number, const struct bp_record *record) {
        measure_demand(bp_store_append(bench->store, number, record, 1, NULL) == 0, "records were refused");
}

static void append_start(struct bench *bench, uint64_t number) {
        append(bench, number,
               &(struct bp_record){.type = BP_RECORD_EXECUTION_STARTED,
                                   .sequence = 1,
                                   .at = bp_wall_now(),
                                   .step = BP_NO_STEP,
                                   .data = bench->params});
}

static void append_step(struct bench *bench, uint64_t number, uint32_t step, enum bp_effect effect) {
        append(bench, number,
               &(struct bp_record){.type = BP_RECORD_STEP_STARTED,
                                   .sequence = 2 + 2 * step,
                                   .at = bp_wall_now(),
                                   .step = step,
                                   .attempt = 1,
                                   .generation = 1,
                                   .effect = effect});
        append(bench, number,
               &(struct bp_record){.type = BP_RECORD_STEP_ENDED,
                                   .sequence = 3 + 2 * step,
                                   .at = bp_wall_now(),
                                   .step = step,
                                   .attempt = 1,
                                   .step_state = BP_STEP_COMPLETED,
                                   .data = bench->outputs});
}

static void append_end(struct bench *bench, uint64_t number) {
        append(bench, number,
               &(struct bp_record){.type = BP_RECORD_EXECUTION_ENDED,
                                   .sequence = 2 + 2 * STEPS,
                                   .at = bp_wall_now(),
                                   .step = BP_NO_STEP,
                                   .execution_state = BP_EXECUTION_COMPLETED,
                                   .data = bench->outputs});
}

/* Pure chains: each is whole in one commit. */
static void pure(struct bench *bench) {
        for (unsigned i = 0; i < IN_FLIGHT; i++) {
                uint64_t number = create(bench);

                append_start(bench, number);
                for (uint32_t step = 0; step < STEPS; step++)
                        append_step(bench, number, step, BP_PURE);
                append_end(bench, number);
        }
        commit(bench);
        wait_durable(bench);
}

/* Each step is committed before the next one starts. */
static void stepwise(struct bench *bench) {
        uint64_t numbers[IN_FLIGHT];

        for (unsigned i = 0; i < IN_FLIGHT; i++) {
                numbers[i] = create(bench);
                append_start(bench, numbers[i]);
        }
        for (uint32_t step = 0; step < STEPS; step++) {
                for (unsigned i = 0; i < IN_FLIGHT; i++) {
                        append_step(bench, numbers[i], step, BP_IDEMPOTENT);
                        if (step == STEPS - 1)
                                append_end(bench, numbers[i]);
                }
                commit(bench);
                wait_durable(bench);
        }
}

static long long bytes_written(void) {
        char text[512] = "";
        int fd = open("/proc/self/io", O_RDONLY);
        const char *at;

        if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
                return 0;
        close(fd);
        at = strstr(text, "\nwrite_bytes: ");
        return at ? strtoll(at + strlen("\nwrite_bytes: "), NULL, 10) : 0;
}

static void open_store(struct bench *bench, const char *path) {
        struct bp_store_settings settings = {
                .mode = BP_STORE_EXECUTE, .durable = durable, .userdata = bench, .url = NULL};
        struct bp_problem problem = {0};
        char url[512];

        snprintf(url, sizeof(url), "sqlite:%s", path);
        settings.url = url;
        if (bp_store_open(&settings, &bench->store, &problem) != 0) {
                fprintf(stderr, "%s\n", problem.message);
                exit(EXIT_FAILURE);
        }
        bench->durable = bench->ticket = 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Reading what is kept
 */

enum { READINGS = 300 };

static void print_times(const char *name, double *seconds, size_t n) {
        qsort(seconds, n, sizeof(*seconds), measure_order);
        printf("{\"name\": \"%s\", \"median\": %.9f, \"best\": %.9f, \"worst_of_100\": %.9f}\n", name, seconds[n / 2],
               seconds[0], seconds[n * 99 / 100]);
}

static void read_pages(struct bench *bench, const char *name, struct bp_execution_filter filter, bool narrow) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        double seconds[READINGS];

        for (size_t i = 0; i < READINGS; i++) {
                struct bp_execution_row *rows;
                struct bp_wall now = bp_wall_now();
                uint64_t total;
                size_t n;
                double start = measure_now();

                bp_arena_reset(arena);
                if (narrow) { /* all but the last second, from the middle of an hour */
                        filter.created_to.us = now.us - 1000000;
                        filter.created_from.us = now.us - INT64_C(7200) * 1000000;
                }
                filter.limit = 50;
                filter.offset = i % 10 * 50;
                measure_demand(bp_store_executions(bench->store, &filter, arena, &rows, &n, &total) == 0,
                               "a page was refused");
                seconds[i] = measure_now() - start;
        }
        print_times(name, seconds, READINGS);
        bp_arena_free(arena);
}

static void read_all(struct bench *bench) {
        struct bp_id pipeline = bp_id_derive("pipeline", 8);

        read_pages(bench, "page", (struct bp_execution_filter){0}, false);
        read_pages(bench, "page_of_state", (struct bp_execution_filter){.states = 1u << BP_EXECUTION_COMPLETED}, false);
        read_pages(bench, "page_of_rare_states",
                   (struct bp_execution_filter){.states = 1u << BP_EXECUTION_FAILED | 1u << BP_EXECUTION_TIMEOUT},
                   false);
        read_pages(bench, "page_of_pipeline",
                   (struct bp_execution_filter){.has_pipeline = true,
                                                .pipeline = pipeline,
                                                .initiator = "api",
                                                .states = 1u << BP_EXECUTION_COMPLETED},
                   false);
        read_pages(bench, "page_of_time", (struct bp_execution_filter){0}, true);
}

static int count_live(void *userdata, const struct bp_live_execution *live) {
        *(size_t *)userdata += live->n_records == 3;
        return 0;
}

/* Executions that wait: written in one go, and visited as a restart does. */
static void live(struct bench *bench, const char *path) {
        size_t seen = 0;
        double start;

        open_store(bench, path);
        for (unsigned i = 0; i < bench->executions; i++) {
                uint64_t number = create(bench);

                append_start(bench, number);
                append(bench, number,
                       &(struct bp_record){.type = BP_RECORD_STEP_STARTED,
                                           .sequence = 2,
                                           .at = bp_wall_now(),
                                           .attempt = 1,
                                           .generation = 1,
                                           .effect = BP_PURE});
                append(bench, number,
                       &(struct bp_record){.type = BP_RECORD_STEP_WAITING,
                                           .sequence = 3,
                                           .at = bp_wall_now(),
                                           .attempt = 1,
                                           .deadline = {bp_wall_now().us + 3600000000}});
                if (i % IN_FLIGHT == 0) {
                        commit(bench);
                        wait_durable(bench);
                }
        }
        bench->store = bp_store_close(bench->store);
        start = measure_now();
        open_store(bench, path);
        printf("{\"name\": \"open\", \"median\": %.9f}\n", measure_now() - start);
        start = measure_now();
        measure_demand(bp_store_each_live(bench->store, count_live, &seen) == 0 && seen == bench->executions,
                       "executions are missing");
        printf("{\"name\": \"live\", \"median\": %.9f}\n", (measure_now() - start) / bench->executions);
        bench->store = bp_store_close(bench->store);
        unlink(path);
}

static void run(struct bench *bench, const char *name, void (*work)(struct bench *bench), const char *path) {
        unsigned rounds = bench->executions / IN_FLIGHT;
        double *seconds = calloc(rounds, sizeof(*seconds)), begin, all;
        long long before;
        struct stat status;

        measure_demand(seconds != NULL, "no memory");
        open_store(bench, path);
        before = bytes_written();
        begin = measure_now();
        for (unsigned i = 0; i < rounds; i++) {
                double start = measure_now();

                work(bench);
                seconds[i] = (measure_now() - start) / (IN_FLIGHT * STEPS);
        }
        all = measure_now() - begin;
        bench->store = bp_store_close(bench->store);
        measure_demand(stat(path, &status) == 0, "the store is gone");
        qsort(seconds, rounds, sizeof(*seconds), measure_order);
        printf("{\"name\": \"%s\", \"median\": %.9f, \"best\": %.9f, \"worst_of_100\": %.9f, \"steps_per_second\": "
               "%.0f, \"bytes_written_per_step\": %.0f, \"bytes_kept_per_step\": %.0f}\n",
               name, seconds[rounds / 2], seconds[0], seconds[rounds * 99 / 100],
               (double)rounds * IN_FLIGHT * STEPS / all,
               (double)(bytes_written() - before) / (rounds * IN_FLIGHT * STEPS),
               (double)status.st_size / (rounds * IN_FLIGHT * STEPS));
        free(seconds);
        open_store(bench, path);
        if (work == pure)
                read_all(bench);
        bench->store = bp_store_close(bench->store);
        unlink(path);
}

/* What the engine's thread pays for handing a chain over. */
static void hand_over(void *data) {
        struct bench *bench = data;
        uint64_t number = create(bench);

        append_start(bench, number);
        for (uint32_t step = 0; step < STEPS; step++)
                append_step(bench, number, step, BP_PURE);
        append_end(bench, number);
}

int main(int argc, char **argv) {
        struct bench bench = {.executions = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : EXECUTIONS};
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        char path[400], lock[416];

        snprintf(path, sizeof(path), "%s/bench-store-%ld", argc > 1 ? argv[1] : "/tmp", (long)getpid());
        snprintf(lock, sizeof(lock), "%s.lock", path);
        pthread_mutex_init(&bench.mutex, NULL);
        pthread_cond_init(&bench.changed, NULL);
        bench.definition = read_definition(arena);
        bench.params = one_member(arena, "amount");
        bench.outputs = one_member(arena, "n");
        run(&bench, "pure", pure, path);
        run(&bench, "stepwise", stepwise, path);
        live(&bench, path);
        open_store(&bench, path);
        measure("hand_over", hand_over, &bench, 100);
        bp_store_close(bench.store);
        unlink(path);
        unlink(lock);
        bp_definition_unref(bench.definition);
        bp_arena_free(arena);
        return EXIT_SUCCESS;
}
