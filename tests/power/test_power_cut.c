/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The power goes at any moment of a workload: whatever was reported durable is there afterwards, in order and whole,
 * and the store is sound and can be written to. Recovery is interrupted by further cuts.
 */
#include "unit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workload.h"

enum {
        KINDS = DISK_LOSSES - DISK_KEEPS,
        BESIDE_SYNCS = 16, /* a place beside a sync is cut at so many times as often as another one */
};

/* How long a test is: in CI some twenty seconds of a core for all, with BUDPIPELINE_TESTS=full some three minutes. */
struct extent {
        unsigned runs, steps;
        unsigned cuts; /* of a run, about: the places are a sample when it has more */
};

static struct extent extent(void) {
        const char *tests = getenv("BUDPIPELINE_TESTS");
        bool full = tests && strcmp(tests, "full") == 0;

        return full ? (struct extent){.runs = 12, .steps = 180, .cuts = 1000}
                    : (struct extent){.runs = 2, .steps = 80, .cuts = 500};
}

/* Where the numbers of a run begin; BUDPIPELINE_SEED chooses. */
static uint64_t first_seed(void) {
        const char *seed = getenv("BUDPIPELINE_SEED");

        return seed ? strtoull(seed, NULL, 10) : 1;
}

/* One power cut, for the words of a failure. */
struct cut {
        struct workload *workload;
        char folder[64];
        size_t at;
        enum disk_loss loss;
        uint64_t seed;
        const char *which;
};

static void wrong(const struct cut *cut, const char *words) {
        fail_msg("%s power cut at %zu, unsynced writes: %s, seed %llu: %s", cut->which, cut->at,
                 disk_loss_name(cut->loss), (unsigned long long)cut->seed, words);
}

/* What a checker of its own says of the file. */
static void check_file(const struct cut *cut) {
        char path[96], words[256] = "";
        sqlite3_stmt *stmt;
        sqlite3 *db;

        snprintf(path, sizeof(path), "%s/store", cut->folder);
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        if (sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt, NULL) || sqlite3_step(stmt) != SQLITE_ROW)
                snprintf(words, sizeof(words), "%s", sqlite3_errmsg(db));
        else if (strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") != 0)
                snprintf(words, sizeof(words), "%s", sqlite3_column_text(stmt, 0));
        sqlite3_finalize(stmt);
        sqlite3_close(db);
        if (*words)
                wrong(cut, words);
}

/* Opens what survived, looks at it and writes to it. */
static void check_survivors(const struct cut *cut) {
        char url[96], words[512];
        const struct bp_store_settings settings = {.url = url, .mode = BP_STORE_EXECUTE};
        struct bp_token_row token = {.name = "after", .owner = "power", .created_at = {1}};
        struct bp_problem problem = {0};
        struct bp_store *store;
        bool ok;

        snprintf(url, sizeof(url), "sqlite:%s/store", cut->folder);
        if (bp_store_open(&settings, &store, &problem)) {
                wrong(cut, problem.message);
                return;
        }
        ok = workload_check(cut->workload, store, cut->at, words, sizeof(words));
        if (ok && bp_store_token_add(store, &token))
                ok = (snprintf(words, sizeof(words), "it cannot be written to"), false);
        bp_store_close(store);
        if (!ok)
                wrong(cut, words);
        check_file(cut);
}

/* The power goes again while the store is being opened. */
static void cut_recovery(const struct cut *first, uint64_t *random) {
        char url[96];
        const struct bp_store_settings settings = {.url = url, .mode = BP_STORE_EXECUTE};
        struct disk_trace *trace = disk_record(first->workload->disk, first->folder);
        struct cut cut = *first;
        struct disk_replay *replay;
        struct bp_problem problem;
        struct bp_store *store;

        snprintf(url, sizeof(url), "sqlite:%s/store", first->folder);
        if (bp_store_open(&settings, &store, &problem))
                wrong(first, problem.message);
        bp_store_close(store);
        disk_stop(first->workload->disk);
        replay = disk_replay_new(trace);
        disk_replay_to(replay, next_random(random) % (disk_trace_size(trace) + 1));
        make_folder(cut.folder, sizeof(cut.folder));
        cut.loss = DISK_KEEPS + next_random(random) % (DISK_LOSSES - DISK_KEEPS);
        cut.which = "second";
        disk_replay_cut(replay, cut.loss, next_random(random), cut.folder);
        check_survivors(&cut);
        remove_folder(cut.folder);
        disk_replay_free(replay);
        disk_trace_free(trace);
}

/* As any other process may: pages go from the log to the database, and the log begins anew. */
static void checkpoint(const struct workload *workload) {
        sqlite3 *db;

        assert_int_equal(sqlite3_open(workload->path, &db), SQLITE_OK);
        sqlite3_busy_timeout(db, 5000);
        assert_int_equal(sqlite3_exec(db, "PRAGMA wal_checkpoint(RESTART)", NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
}

static void run(struct workload *workload, unsigned steps, uint64_t *random) {
        workload->trace = disk_record(workload->disk, workload->folder);
        workload_open(workload);
        for (unsigned i = 0; i < steps; i++) {
                workload_step(workload, random);
                switch (next_random(random) % 24) {
                case 0:
                        workload_close(workload);
                        workload_open(workload);
                        break;
                case 1:
                case 2:
                        checkpoint(workload);
                        break;
                default:
                        if (next_random(random) % 3 == 0)
                                assert_true(workload_settle(workload));
                }
        }
        assert_true(workload_settle(workload));
        workload_close(workload);
        disk_stop(workload->disk);
}

/* A workload that leaves a kind of write out would test less than it seems to. */
static void check_coverage(const unsigned counts[FACT_NOTHING]) {
        for (enum fact_type type = FACT_REVISION; type < FACT_NOTHING; type++)
                if (!counts[type])
                        fail_msg("no write of kind %u was made", type);
}

static bool is_beside_sync(struct disk_trace *trace, size_t at) {
        return (at && disk_trace_is_sync(trace, at - 1)) || disk_trace_is_sync(trace, at);
}

/* What all places would weigh together, and how much of it is cut at. */
struct sample {
        uint64_t whole, part;
};

static struct sample sample_of(struct disk_trace *trace, const struct extent *extent) {
        struct sample sample = {.part = extent->cuts / KINDS};

        for (size_t at = 0; at < disk_trace_size(trace); at++)
                sample.whole += is_beside_sync(trace, at) ? BESIDE_SYNCS : 1;
        return sample;
}

static bool is_cut_at(const struct workload *workload, size_t at, struct sample sample, uint64_t *random) {
        unsigned weight = is_beside_sync(workload->trace, at) ? BESIDE_SYNCS : 1;

        return at == disk_trace_size(workload->trace) || next_random(random) % sample.whole < sample.part * weight;
}

static unsigned cut_places(struct workload *workload, const struct extent *extent, uint64_t *random) {
        struct sample sample = sample_of(workload->trace, extent);
        struct disk_replay *replay = disk_replay_new(workload->trace);
        struct cut cut = {.workload = workload, .which = "the"};
        unsigned n = 0;

        make_folder(cut.folder, sizeof(cut.folder));
        for (cut.at = 0; cut.at <= disk_trace_size(workload->trace); cut.at++) {
                disk_replay_to(replay, cut.at);
                if (!is_cut_at(workload, cut.at, sample, random))
                        continue;
                for (cut.loss = DISK_KEEPS; cut.loss < DISK_LOSSES; cut.loss++, n++) {
                        cut.seed = next_random(random);
                        disk_replay_cut(replay, cut.loss, cut.seed, cut.folder);
                        if (next_random(random) % 8 == 0)
                                cut_recovery(&cut, random);
                        check_survivors(&cut);
                }
        }
        remove_folder(cut.folder);
        disk_replay_free(replay);
        return n;
}

static void cut_runs(struct disk *disk, const struct extent *extent, size_t bulk, uint64_t seed) {
        unsigned counts[FACT_NOTHING] = {0};

        for (unsigned i = 0; i < extent->runs; i++) {
                struct workload *workload = workload_new(disk);
                uint64_t random = seed + i;
                unsigned n;

                workload->bulk = bulk;
                run(workload, extent->steps, &random);
                for (size_t j = 0; j < workload->n_facts; j++)
                        if (workload->facts[j].type < FACT_NOTHING)
                                counts[workload->facts[j].type]++;
                n = cut_places(workload, extent, &random);
                print_message("seed %llu: %u power cuts in %zu operations, %zu facts\n", (unsigned long long)seed + i,
                              n, disk_trace_size(workload->trace), workload->n_facts);
                disk_trace_free(workload->trace);
                workload_free(workload);
        }
        check_coverage(counts);
}

static void test_at_every_sync(void **state) {
        struct extent how = extent();

        cut_runs(*state, &how, 0, first_seed());
}

/* Documents so large that the store itself copies its log into the database now and then. */
static void test_while_the_log_is_copied(void **state) {
        struct extent how = extent();

        how.runs = (how.runs + 3) / 4;
        how.steps *= 2;
        how.cuts /= 2;
        cut_runs(*state, &how, 400000, first_seed() + 999);
}

static int setup(void **state) {
        *state = disk_new();
        return 0;
}

static int teardown(void **state) {
        disk_free(*state);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_at_every_sync),
                cmocka_unit_test(test_while_the_log_is_copied),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
