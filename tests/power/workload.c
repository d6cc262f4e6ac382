/* SPDX-License-Identifier: Apache-2.0 */
#include "workload.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "facts.h"

enum { PATIENCE_S = 10 };

uint64_t next_random(uint64_t *state) {
        uint64_t z = *state += 0x9E3779B97F4A7C15u;

        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        return z ^ (z >> 31);
}

void make_folder(char *folder, size_t size) {
        snprintf(folder, size, "%s/budpipeline-power-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        assert_non_null(mkdtemp(folder));
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk) {
        (void)status, (void)type, (void)walk;
        return remove(path);
}

void remove_folder(const char *folder) {
        nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

struct workload *workload_new(struct disk *disk) {
        struct workload *workload = bp_calloc(1, sizeof(*workload));
        pthread_condattr_t attributes;

        assert_non_null(workload);
        workload->disk = disk;
        workload->problem = "";
        make_folder(workload->folder, sizeof(workload->folder));
        snprintf(workload->path, sizeof(workload->path), "%s/store", workload->folder);
        snprintf(workload->url, sizeof(workload->url), "sqlite:%s", workload->path);
        pthread_mutex_init(&workload->mutex, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&workload->changed, &attributes);
        pthread_condattr_destroy(&attributes);
        return workload;
}

void workload_free(struct workload *workload) {
        bp_store_close(workload->store);
        remove_folder(workload->folder);
        pthread_cond_destroy(&workload->changed);
        pthread_mutex_destroy(&workload->mutex);
        free(workload);
}

/* ---------------------------------------------------------------------------------------------------------------
 * What the store says
 */

static void acknowledge(struct fact *fact, size_t at) {
        if (!fact->acknowledged) {
                fact->acknowledged = true;
                fact->at = at;
        }
}

static size_t now(const struct workload *workload) {
        return workload->trace ? disk_trace_size(workload->trace) : 0;
}

static void durable(void *userdata, uint64_t ticket) {
        struct workload *workload = userdata;
        size_t at = now(workload);

        pthread_mutex_lock(&workload->mutex);
        for (size_t i = 0; i < workload->n_facts; i++)
                if (is_of_the_journal(workload->facts[i].type) && workload->facts[i].ticket <= ticket)
                        acknowledge(&workload->facts[i], at);
        pthread_cond_broadcast(&workload->changed);
        pthread_mutex_unlock(&workload->mutex);
}

/* A write that is durable says so of the keys that were handed over before it: they have no answer of their own. */
static void write_done(void *userdata, int result, const void *row) {
        struct fact *fact = userdata;
        struct workload *workload = fact->workload;
        size_t at = now(workload);

        pthread_mutex_lock(&workload->mutex);
        fact->result = result;
        if (result != -ECANCELED) {
                acknowledge(fact, at);
                for (struct fact *key = workload->facts; key < fact; key++)
                        if (key->type == FACT_KEY)
                                acknowledge(key, at);
        }
        pthread_cond_broadcast(&workload->changed);
        pthread_mutex_unlock(&workload->mutex);
        (void)row;
}

static void health(void *userdata, const struct bp_problem *problem) {
        struct workload *workload = userdata;

        pthread_mutex_lock(&workload->mutex);
        workload->problem = problem ? problem->code : "";
        pthread_cond_broadcast(&workload->changed);
        pthread_mutex_unlock(&workload->mutex);
}

int workload_try_open(struct workload *workload, struct bp_problem *reterr_problem) {
        const struct bp_store_settings settings = {.url = workload->url,
                                                   .mode = BP_STORE_EXECUTE,
                                                   .durable = durable,
                                                   .health = health,
                                                   .userdata = workload};

        return bp_store_open(&settings, &workload->store, reterr_problem);
}

void workload_open(struct workload *workload) {
        struct bp_problem problem = {0};

        if (workload_try_open(workload, &problem))
                fail_msg("the store does not open: %s %s", problem.code, problem.message);
}

void workload_close(struct workload *workload) {
        workload->store = bp_store_close(workload->store);
}

/* ---------------------------------------------------------------------------------------------------------------
 * What is handed over
 */

static struct fact *add_fact(struct workload *workload, enum fact_type type, uint32_t subject, uint32_t number) {
        struct fact *fact;

        assert_true(workload->n_facts < WORKLOAD_FACTS);
        pthread_mutex_lock(&workload->mutex);
        fact = &workload->facts[workload->n_facts++];
        *fact = (struct fact){.workload = workload,
                              .type = type,
                              .subject = subject,
                              .number = number,
                              .ticket = workload->last_ticket + 1};
        pthread_mutex_unlock(&workload->mutex);
        return fact;
}

static void write_pipeline(struct workload *workload, uint32_t subject) {
        uint32_t revision = ++workload->revisions[subject];
        struct fact *fact = add_fact(workload, FACT_REVISION, subject, revision);
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_store_key key = pipeline_key(arena, subject);
        struct bp_store_pipeline pipeline = pipeline_revision(arena, subject, revision, workload->bulk);

        if (revision == 1) {
                pipeline.key = &key;
                assert_int_equal(bp_store_pipeline_create(workload->store, &pipeline, write_done, fact), 0);
        } else {
                pipeline.expected_revision = revision - 1;
                assert_int_equal(bp_store_pipeline_save(workload->store, &pipeline, write_done, fact), 0);
        }
        bp_arena_free(arena);
}

static void delete_pipeline(struct workload *workload, uint32_t subject) {
        struct fact *fact = add_fact(workload, FACT_DELETED, subject, 0);

        workload->deleted[subject] = true;
        assert_int_equal(bp_store_pipeline_delete(workload->store, pipeline_id(subject), write_done, fact), 0);
}

static void step_pipelines(struct workload *workload, uint64_t *random) {
        uint32_t one = next_random(random) % WORKLOAD_PIPELINES, other = next_random(random) % WORKLOAD_PIPELINES;
        uint32_t subject = one < other ? one : other; /* some often, so that they live their whole life */

        if (workload->deleted[subject])
                return;
        if (workload->revisions[subject] > 1 && next_random(random) % 2 == 0)
                delete_pipeline(workload, subject);
        else
                write_pipeline(workload, subject);
}

static void step_keys(struct workload *workload) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_store_key key;

        add_fact(workload, FACT_KEY, 0, workload->n_keys);
        key = kept_key(arena, workload->n_keys++);
        assert_int_equal(bp_store_key_keep(workload->store, &key), 0);
        bp_arena_free(arena);
}

static void commit(struct workload *workload) {
        workload->uncommitted = false;
        bp_store_commit(workload->store, ++workload->last_ticket);
}

static void delete_execution(struct workload *workload, uint32_t subject) {
        struct fact *fact = add_fact(workload, FACT_GONE, subject, 0);

        workload->gone[subject] = true;
        assert_int_equal(bp_store_execution_delete(workload->store, execution_id(subject), write_done, fact), 0);
}

static void append_line(struct workload *workload, struct bp_arena *arena, uint32_t subject) {
        struct bp_store_line line = line_of(arena, subject, workload->lines[subject]);

        assert_int_equal(bp_store_log(workload->store, workload->numbers[subject], &line), 0);
        add_fact(workload, FACT_LINES, subject, ++workload->lines[subject]);
}

static void step_executions(struct workload *workload, uint64_t *random) {
        uint32_t subject = next_random(random) % WORKLOAD_EXECUTIONS, *n = &workload->records[subject];
        uint32_t more = 1 + next_random(random) % 5, most = records_of(subject);
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);

        if (*n + more > most)
                more = most - *n;
        if (!more && !workload->gone[subject] && next_random(random) % 2) {
                delete_execution(workload, subject);
        } else if (more) {
                if (*n && next_random(random) % 2)
                        append_line(workload, arena, subject);
                if (!*n)
                        assert_int_equal(create_execution(workload->store, arena, subject, &workload->numbers[subject]),
                                         0);
                assert_int_equal(bp_store_append(workload->store, workload->numbers[subject],
                                                 records_from(arena, subject, *n + 1, more), more, NULL),
                                 0);
                *n += more;
                add_fact(workload, FACT_RECORDS, subject, *n);
                workload->uncommitted = true;
        }
        bp_arena_free(arena);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Events from outside
 */

static void event_kept(void *userdata, int result, const struct bp_event_kept *kept) {
        (void)kept;
        write_done(userdata, result, NULL);
}

static void keep_event(struct workload *workload, struct bp_arena *arena) {
        uint32_t subject = workload->n_events++;
        struct bp_store_event event = event_of(arena, subject);

        assert_int_equal(
                bp_store_event_keep(workload->store, &event, event_kept, add_fact(workload, FACT_EVENT, subject, 0)),
                0);
}

/* An execution that goes on, looked for from `first` on; WORKLOAD_EXECUTIONS: there is none. */
static uint32_t find_live(const struct workload *workload, uint32_t first) {
        for (uint32_t i = 0; i < WORKLOAD_EXECUTIONS; i++) {
                uint32_t subject = (first + i) % WORKLOAD_EXECUTIONS;

                if (workload->records[subject] > 0 && workload->records[subject] < records_of(subject))
                        return subject;
        }
        return WORKLOAD_EXECUTIONS;
}

/* What an event brings to an execution, and that it did, is one commit. */
static void handle_event(struct workload *workload, struct bp_arena *arena, uint32_t execution) {
        uint32_t subject = workload->n_handled++, sequence = ++workload->records[execution];
        struct bp_event_settlement settlement = settlement_of(subject, execution);

        workload->handlings[subject] = (struct handling){execution, sequence};
        assert_int_equal(bp_store_append(workload->store, workload->numbers[execution],
                                         records_from(arena, execution, sequence, 1), 1, NULL),
                         0);
        add_fact(workload, FACT_RECORDS, execution, sequence);
        assert_int_equal(bp_store_event_settle(workload->store, &settlement, write_done,
                                               add_fact(workload, FACT_HANDLED, subject, 0)),
                         0);
        commit(workload);
}

static void step_events(struct workload *workload, uint64_t *random) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        uint32_t live = find_live(workload, next_random(random) % WORKLOAD_EXECUTIONS);

        if (next_random(random) % 2 && workload->n_events < WORKLOAD_EVENTS)
                keep_event(workload, arena);
        if (workload->n_handled < workload->n_events && live < WORKLOAD_EXECUTIONS)
                handle_event(workload, arena, live);
        bp_arena_free(arena);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Telling
 */

/* Nothing is told before it is durable. @return the sequence of the last record that is */
static uint32_t durable_records(struct workload *workload, uint32_t subject) {
        uint32_t sequence = 0;

        pthread_mutex_lock(&workload->mutex);
        for (size_t i = 0; i < workload->n_facts; i++) {
                const struct fact *fact = &workload->facts[i];

                if (fact->type == FACT_RECORDS && fact->subject == subject && fact->acknowledged)
                        sequence = fact->number;
        }
        pthread_mutex_unlock(&workload->mutex);
        return sequence;
}

static void save_told(struct workload *workload, struct bp_arena *arena, uint32_t subject, uint64_t subscription) {
        uint32_t sequence = ++workload->told[subject];
        struct bp_dead_letter letter = letter_of(arena, subject, sequence);
        const struct bp_delivery delivery = {.subscription = subscription,
                                             .state = sequence == records_of(subject) ? BP_SUBSCRIPTION_DONE
                                                                                      : BP_SUBSCRIPTION_ACTIVE,
                                             .cursor = sequence,
                                             .dead_letter = letter_is_due(subject, sequence) ? &letter : NULL};

        letter.execution = workload->numbers[subject];
        assert_int_equal(bp_store_deliveries_save(workload->store, &delivery, 1, 1000, write_done,
                                                  add_fact(workload, FACT_TOLD, subject, sequence)),
                         0);
}

/* A store that cannot be read at the moment tells nobody. */
static void step_told(struct workload *workload, uint64_t *random) {
        uint32_t subject = next_random(random) % WORKLOAD_EXECUTIONS;
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_subscription_row *rows;
        size_t n_rows;

        if (!workload->gone[subject] && durable_records(workload, subject) > workload->told[subject] &&
            bp_store_subscriptions(workload->store, workload->numbers[subject], arena, &rows, &n_rows) == 0) {
                assert_int_equal(n_rows, 1);
                save_told(workload, arena, subject, rows[0].number);
        }
        bp_arena_free(arena);
}

void workload_step(struct workload *workload, uint64_t *random) {
        switch (next_random(random) % 14) {
        case 0:
        case 1:
        case 2:
                step_pipelines(workload, random);
                break;
        case 3:
                step_keys(workload);
                break;
        case 4:
        case 5:
                step_events(workload, random);
                break;
        case 6:
        case 7:
                step_told(workload, random);
                break;
        default:
                for (unsigned i = next_random(random) % 3 + 1; i > 0; i--)
                        step_executions(workload, random);
                if (workload->uncommitted)
                        commit(workload);
        }
}

/* ---------------------------------------------------------------------------------------------------------------
 * Waiting
 */

static bool all_acknowledged(const struct workload *workload) {
        for (size_t i = 0; i < workload->n_facts; i++)
                if (!workload->facts[i].acknowledged)
                        return false;
        return true;
}

static bool wait_until(struct workload *workload, bool problems) {
        struct timespec deadline;
        int r = 0;
        bool is;

        clock_gettime(CLOCK_MONOTONIC, &deadline);
        deadline.tv_sec += PATIENCE_S;
        pthread_mutex_lock(&workload->mutex);
        while (!(is = all_acknowledged(workload) || (problems && *workload->problem)) && r != ETIMEDOUT)
                r = pthread_cond_timedwait(&workload->changed, &workload->mutex, &deadline);
        pthread_mutex_unlock(&workload->mutex);
        return is;
}

/* Keys are acknowledged by a later write: one that changes nothing. */
static void push_keys(struct workload *workload) {
        struct fact *fact = add_fact(workload, FACT_NOTHING, 0, 0);

        assert_int_equal(bp_store_pipeline_delete(workload->store, pipeline_id(WORKLOAD_PIPELINES), write_done, fact),
                         0);
}

bool workload_settle(struct workload *workload) {
        push_keys(workload);
        return wait_until(workload, false);
}

bool workload_settle_or_problem(struct workload *workload) {
        push_keys(workload);
        return wait_until(workload, true);
}

const char *workload_problem(struct workload *workload) {
        const char *problem;

        pthread_mutex_lock(&workload->mutex);
        problem = workload->problem;
        pthread_mutex_unlock(&workload->mutex);
        return problem;
}

size_t workload_n_acknowledged(struct workload *workload) {
        size_t n = 0;

        pthread_mutex_lock(&workload->mutex);
        for (size_t i = 0; i < workload->n_facts; i++)
                n += workload->facts[i].acknowledged;
        pthread_mutex_unlock(&workload->mutex);
        return n;
}
