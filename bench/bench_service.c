/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains of ten steps through the durable service, on SQLite, without HTTP: one at a time (W1) and 64 in flight (W2),
 * with pure steps and with steps that are committed one by one. Each step resolves a template. Then executions that
 * wait on a delay: what each costs in memory, and how long a restart takes with all of them.
 *
 *     bench-service FOLDER [seconds [waiting]]
 */
#include <budpipeline/action.h>

#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "pipeline/definition.h"
#include "registry/registry.h"
#include "service/service.h"

#include "measure.h"

enum { STEPS = 10, IN_FLIGHT = 64, MOST_SAMPLES = 1 << 20 };

struct slot {
        struct slot *next;
        struct bench *bench;
        struct bp_service_wait *wait;
        struct bp_arena *arena;
        double began;
};

struct bench {
        struct bp_service *service;
        struct bp_registry *registry;
        struct bp_arena *arena;
        struct bp_id pipelines[3]; /* pure, idempotent, waiting */
        pthread_t thread;
        pthread_mutex_t mutex;
        pthread_cond_t changed;
        struct slot *free;
        double *samples;
        size_t n_samples;
        int n_saved;
};

static struct bp_value chain(struct bp_arena *arena, const char *name, const char *effect) {
        struct bp_strbuf text;
        struct bp_problem problem;
        struct bp_value value;

        bp_strbuf_init(&text, arena, SIZE_MAX / 2);
        bp_strbuf_printf(&text, "{\"name\": \"%s\", \"parameters\": [{\"name\": \"n\", \"default\": 1}], \"steps\": [",
                         name);
        for (int i = 0; i < STEPS; i++) {
                bp_strbuf_printf(&text, "%s{\"id\": \"s%d\", \"name\": \"%d\", \"action\": \"set_output\"%s, ",
                                 i ? ", " : "", i, i, effect);
                if (i == 0)
                        bp_strbuf_add_text(&text, "\"params\": {\"outputs\": {\"n\": \"{{ params.n + 1 }}\"}}}");
                else
                        bp_strbuf_printf(&text,
                                         "\"depends_on\": [\"s%d\"], \"params\": {\"outputs\": {\"n\": \"{{ "
                                         "steps.s%d.outputs.n + 1 }}\"}}}",
                                         i - 1, i - 1);
        }
        bp_strbuf_add_text(&text, "]}");
        measure_demand(bp_json_parse(arena, bp_strbuf_text(&text), text.size, NULL, &value, &problem) == 0, "no JSON");
        return value;
}

static struct bp_value wait_long(struct bp_arena *arena) {
        static const char text[] = "{\"name\": \"waiting\", \"steps\": [{\"id\": \"w\", \"name\": \"w\", \"action\": "
                                   "\"delay\", \"params\": {\"duration_seconds\": 3000}}]}";
        struct bp_problem problem;
        struct bp_value value;

        measure_demand(bp_json_parse(arena, text, strlen(text), NULL, &value, &problem) == 0, "no JSON");
        return value;
}

static void open_registry(struct bench *bench) {
        struct bp_registry_draft *draft;
        struct bp_problem_list problems = {.arena = bench->arena};

        bench->registry = bp_registry_new();
        draft = bench->registry ? bp_registry_draft_new(bench->registry, true) : NULL;
        measure_demand(draft && bp_registry_draft_add_all(draft, bp_builtin_actions, &problems) == 0 &&
                               bp_registry_publish(bench->registry, draft) == 0,
                       "no registry");
}

static void saved(void *userdata, int result, const void *row) {
        struct bench *bench = userdata;

        measure_demand(result == 0, "a pipeline was not saved");
        pthread_mutex_lock(&bench->mutex);
        bench->pipelines[bench->n_saved++] = ((const struct bp_pipeline_row *)row)->id;
        pthread_cond_signal(&bench->changed);
        pthread_mutex_unlock(&bench->mutex);
}

static void save(struct bench *bench, struct bp_value dag) {
        struct bp_problem_list errors = {.arena = bench->arena};
        const struct bp_service_pipeline pipeline = {.dag = &dag, .saved_by = "bench"};
        int before = bench->n_saved;

        measure_demand(bp_service_pipeline_save(bench->service, &pipeline, &errors, saved, bench) == 0,
                       "a pipeline was refused");
        pthread_mutex_lock(&bench->mutex);
        while (bench->n_saved == before)
                pthread_cond_wait(&bench->changed, &bench->mutex);
        pthread_mutex_unlock(&bench->mutex);
}

static void give_back(struct slot *slot) {
        struct bench *bench = slot->bench;

        pthread_mutex_lock(&bench->mutex);
        if (bench->n_samples < MOST_SAMPLES)
                bench->samples[bench->n_samples++] = measure_now() - slot->began;
        slot->next = bench->free;
        bench->free = slot;
        pthread_cond_signal(&bench->changed);
        pthread_mutex_unlock(&bench->mutex);
}

static void on_started(void *userdata, const struct bp_service_answer *answer) {
        measure_demand(answer->result == 0, "a start failed");
        if (userdata)
                give_back(userdata);
}

static void on_ended(void *userdata, const struct bp_service_answer *answer) {
        measure_demand(answer->state == BP_EXECUTION_COMPLETED, "an execution failed");
        give_back(userdata);
}

static struct slot *take(struct bench *bench) {
        struct slot *slot;

        pthread_mutex_lock(&bench->mutex);
        while (!bench->free)
                pthread_cond_wait(&bench->changed, &bench->mutex);
        slot = bench->free;
        bench->free = slot->next;
        pthread_mutex_unlock(&bench->mutex);
        if (slot->wait)
                bp_service_unwait(bench->service, slot->wait);
        slot->wait = NULL;
        return slot;
}

/* `which`: of the pipelines; only the second is waited for beyond the answer to its start. */
static void start(struct bench *bench, struct slot *slot, int which) {
        const struct bp_service_start start = {
                .pipeline = bench->pipelines[which], .params = &bp_value_empty_object, .initiator = "api"};
        struct bp_problem_list errors = {.arena = slot->arena};
        struct bp_service_started started;

        bp_arena_reset(slot->arena);
        slot->began = measure_now();
        measure_demand(bp_service_start(bench->service, &start, slot->arena, &errors, &started, on_started,
                                        which == 1 ? NULL : slot) == 0,
                       "a start was refused");
        bp_definition_unref(started.definition);
        if (which == 1)
                measure_demand(bp_service_wait(bench->service, started.id, on_ended, slot, &slot->wait) == 0,
                               "no wait");
}

static double cpu_seconds(void) {
        struct rusage usage;

        getrusage(RUSAGE_SELF, &usage);
        return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double bytes_written(void) {
        FILE *file = fopen("/proc/self/io", "r");
        unsigned long long bytes = 0;
        char line[128];

        while (file && fgets(line, sizeof(line), file))
                sscanf(line, "write_bytes: %llu", &bytes);
        if (file)
                fclose(file);
        return (double)bytes;
}

static void run(struct bench *bench, const char *name, int which, int in_flight, double seconds) {
        struct slot *slots = calloc((size_t)in_flight, sizeof(*slots));
        double began = measure_now(), cpu = cpu_seconds(), bytes = bytes_written(), lasted;
        size_t n;

        bench->free = NULL;
        bench->n_samples = 0;
        for (int i = 0; i < in_flight; i++) {
                slots[i] =
                        (struct slot){.bench = bench, .arena = bp_arena_new(BP_ARENA_UNLIMITED), .next = bench->free};
                bench->free = &slots[i];
        }
        while (measure_now() - began < seconds)
                start(bench, take(bench), which);
        for (int i = 0; i < in_flight; i++)
                bp_arena_free(take(bench)->arena);
        lasted = measure_now() - began;
        n = bench->n_samples;
        qsort(bench->samples, n, sizeof(*bench->samples), measure_order);
        printf("{\"name\": \"%s\", \"chains_per_second\": %.0f, \"steps_per_second\": %.0f, \"p50_ms\": %.3f, "
               "\"p99_ms\": %.3f, \"cpu_per_1000_steps\": %.4f, \"bytes_per_step\": %.0f}\n",
               name, (double)n / lasted, (double)n * STEPS / lasted, bench->samples[n / 2] * 1e3,
               bench->samples[n * 99 / 100] * 1e3, (cpu_seconds() - cpu) / (double)n / STEPS * 1e3,
               (bytes_written() - bytes) / (double)n / STEPS);
        fflush(stdout);
        free(slots);
}

static double resident_bytes(void) {
        FILE *file = fopen("/proc/self/statm", "r");
        unsigned long pages = 0;

        if (file) {
                measure_demand(fscanf(file, "%*u %lu", &pages) == 1, "no memory figures");
                fclose(file);
        }
        return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void *engine(void *argument) {
        bp_service_run(argument, false);
        return NULL;
}

static void open_service(struct bench *bench, const char *url) {
        struct bp_problem problem = {0};

        measure_demand(bp_service_new(&(struct bp_service_settings){.store_url = url, .registry = bench->registry},
                                      &bench->service, &problem) == 0,
                       problem.message);
        measure_demand(pthread_create(&bench->thread, NULL, engine, bench->service) == 0, "no thread");
}

static void close_service(struct bench *bench) {
        bp_service_stop(bench->service);
        pthread_join(bench->thread, NULL);
        bp_service_free(bench->service);
}

/* Their starts are answered, so they are durable and wait. */
static void begin_waiting(struct bench *bench, size_t count) {
        struct slot slots[IN_FLIGHT] = {0};
        double before = resident_bytes();

        bench->free = NULL;
        for (int i = 0; i < IN_FLIGHT; i++) {
                slots[i] =
                        (struct slot){.bench = bench, .arena = bp_arena_new(BP_ARENA_UNLIMITED), .next = bench->free};
                bench->free = &slots[i];
        }
        for (size_t i = 0; i < count; i++)
                start(bench, take(bench), 2);
        for (int i = 0; i < IN_FLIGHT; i++)
                bp_arena_free(take(bench)->arena);
        printf("{\"name\": \"waiting\", \"executions\": %zu, \"bytes_each\": %.0f}\n", count,
               (resident_bytes() - before) / (double)count);
}

/* Until a start is answered by a service that has everything back. */
static void reopen(struct bench *bench, const char *url) {
        struct slot slot = {.bench = bench, .arena = bp_arena_new(BP_ARENA_UNLIMITED)};
        double began = measure_now(), opened, before = resident_bytes();

        open_service(bench, url);
        opened = measure_now();
        bench->free = NULL;
        start(bench, &slot, 0);
        take(bench);
        printf("{\"name\": \"restart\", \"executions\": %zu, \"open_seconds\": %.3f, \"answer_seconds\": %.3f, "
               "\"bytes_each\": %.0f}\n",
               bp_service_active(bench->service), opened - began, measure_now() - began,
               (resident_bytes() - before) / (double)bp_service_active(bench->service));
        bp_arena_free(slot.arena);
        close_service(bench);
}

int main(int argc, char **argv) {
        double seconds = argc > 2 ? strtod(argv[2], NULL) : 3.0;
        struct bench bench = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
        char url[512];

        measure_demand(argc > 1, "usage: bench-service FOLDER [seconds]");
        snprintf(url, sizeof(url), "sqlite:%s/bench-service.db", argv[1]);
        bench.arena = bp_arena_new(BP_ARENA_UNLIMITED);
        bench.samples = calloc(MOST_SAMPLES, sizeof(*bench.samples));
        open_registry(&bench);
        open_service(&bench, url);
        save(&bench, chain(bench.arena, "pure chain", ""));
        save(&bench, chain(bench.arena, "idempotent chain", ", \"effect\": \"idempotent\""));
        save(&bench, wait_long(bench.arena));
        run(&bench, "W1 pure", 0, 1, seconds);
        run(&bench, "W1 idempotent", 1, 1, seconds);
        run(&bench, "W2 pure", 0, IN_FLIGHT, seconds);
        run(&bench, "W2 idempotent", 1, IN_FLIGHT, seconds);
        if (argc > 3)
                begin_waiting(&bench, strtoul(argv[3], NULL, 10));
        close_service(&bench);
        if (argc > 3)
                reopen(&bench, url);
        bp_registry_free(bench.registry);
        bp_arena_free(bench.arena);
        free(bench.samples);
        return 0;
}
