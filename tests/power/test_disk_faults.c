/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The disk is full, or fails, from the Nth operation of a kind on: the store says so in clear words, acknowledges
 * nothing meanwhile, and goes on by itself when the fault is gone. What was acknowledged before stays.
 */
#include "unit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"
#include "workload.h"

static const struct kind {
        const char *name;
        unsigned operations;
        int code;
        const char *problem;
} kinds[] = {
        {"a full disk", DISK_WRITE, SQLITE_FULL, "STORE_FULL"},
        {"writes that fail", DISK_WRITE, SQLITE_IOERR_WRITE, "STORE_IO"},
        {"flushes that fail", DISK_SYNC, SQLITE_IOERR_FSYNC, "STORE_IO"},
        {"reads that fail", DISK_READ, SQLITE_IOERR_READ, "STORE_IO"},
        {"a disk that is gone", DISK_ANY, SQLITE_IOERR, "STORE_IO"},
};

/* Where the next fault begins: with BUDPIPELINE_TESTS=full one operation later, else in steps that grow. */
static uint64_t next_place(uint64_t first) {
        const char *tests = getenv("BUDPIPELINE_TESTS");

        return first + 1 + (tests && strcmp(tests, "full") == 0 ? 0 : first / 3);
}

static void check(struct workload *workload, const char *when) {
        char words[512];

        if (!workload_check(workload, workload->store, SIZE_MAX, words, sizeof(words)))
                fail_msg("%s: %s", when, words);
}

static void check_power_cuts(struct workload *workload, uint64_t *random) {
        struct disk_replay *replay = disk_replay_new(workload->trace);
        size_t n = disk_trace_size(workload->trace);
        char folder[64], url[96], words[512];
        const struct bp_store_settings settings = {.url = url, .mode = BP_STORE_EXECUTE};

        make_folder(folder, sizeof(folder));
        snprintf(url, sizeof(url), "sqlite:%s/store", folder);
        for (size_t at = next_random(random) % 64; at <= n; at += 1 + next_random(random) % 128) {
                struct bp_problem problem = {0};
                struct bp_store *store;

                disk_replay_to(replay, at);
                disk_replay_cut(replay, DISK_DROPS + next_random(random) % (DISK_LOSSES - DISK_DROPS), at, folder);
                if (bp_store_open(&settings, &store, &problem))
                        fail_msg("after a power cut at %zu it does not open: %s", at, problem.message);
                if (!workload_check(workload, store, at, words, sizeof(words)))
                        fail_msg("after a power cut at %zu: %s", at, words);
                bp_store_close(store);
        }
        remove_folder(folder);
        disk_replay_free(replay);
}

/* While the fault lasts, nothing more is acknowledged however often it is tried. */
static void check_silence(struct workload *workload, const struct kind *kind) {
        uint64_t failed = disk_n_failed(workload->disk);
        size_t n = workload_n_acknowledged(workload);

        if (strcmp(workload_problem(workload), kind->problem) != 0)
                fail_msg("%s: the problem is %s", kind->name, workload_problem(workload));
        assert_int_equal(bp_store_problem(workload->store, NULL), BP_STORE_PROBLEM);
        for (int i = 0; i < 2000 && disk_n_failed(workload->disk) < failed + 2; i++)
                sqlite3_sleep(5);
        assert_true(disk_n_failed(workload->disk) >= failed + 2); /* it is tried again */
        assert_int_equal(workload_n_acknowledged(workload), n);
}

/* @return false when the fault never came */
static bool fail_while_running(struct disk *disk, const struct kind *kind, uint64_t first) {
        const struct disk_fault fault = {.operations = kind->operations, .first = first, .code = kind->code};
        struct workload *workload = workload_new(disk);
        uint64_t random = first;
        bool came;

        workload->trace = disk_record(disk, workload->folder);
        workload_open(workload);
        disk_break(disk, &fault);
        for (int i = 0; i < 12 && !*workload_problem(workload); i++) {
                workload_step(workload, &random);
                assert_true(workload_settle_or_problem(workload));
        }
        came = *workload_problem(workload);
        if (came)
                check_silence(workload, kind);
        disk_mend(disk);
        assert_true(workload_settle(workload));
        assert_string_equal(workload_problem(workload), "");
        assert_int_equal(bp_store_problem(workload->store, NULL), 0);
        check(workload, "after the fault");
        workload_close(workload);
        workload_open(workload);
        check(workload, "after a restart");
        workload_close(workload);
        disk_stop(disk);
        check_power_cuts(workload, &random);
        disk_trace_free(workload->trace);
        workload_free(workload);
        return came;
}

/* @return false when the fault never came */
static bool fail_while_opening(struct disk *disk, const struct kind *kind, uint64_t first, bool is_new) {
        const struct disk_fault fault = {.operations = kind->operations, .first = first, .code = kind->code};
        struct workload *workload = workload_new(disk);
        struct bp_problem problem = {0};
        uint64_t random = 7;
        int r;

        if (!is_new) {
                workload_open(workload);
                for (int i = 0; i < 6; i++)
                        workload_step(workload, &random);
                workload_close(workload);
        }
        disk_break(disk, &fault);
        r = workload_try_open(workload, &problem);
        disk_mend(disk);
        if (r) {
                assert_int_equal(r, BP_STORE_PROBLEM);
                assert_null(workload->store);
                if (strcmp(problem.code, kind->problem) != 0)
                        fail_msg("%s from the operation %llu on: %s: %s", kind->name, (unsigned long long)first,
                                 problem.code, problem.message);
                workload_open(workload);
        }
        check(workload, "opened after the fault");
        workload_close(workload);
        workload_free(workload);
        return r != 0;
}

static void test_while_running(void **state) {
        for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
                uint64_t first = 1;

                if (kinds[i].operations == DISK_READ) /* what is written is still in memory */
                        continue;
                while (fail_while_running(*state, &kinds[i], first))
                        first = next_place(first);
                print_message("%s: from %llu operations on\n", kinds[i].name, (unsigned long long)first);
                assert_true(first > 1);
        }
}

static void test_while_opening(void **state) {
        for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
                for (int is_new = 0; is_new < 2; is_new++) {
                        uint64_t first = 1;

                        while (fail_while_opening(*state, &kinds[i], first, is_new))
                                first = next_place(first);
                        print_message("%s: %s, from %llu operations on\n", kinds[i].name, is_new ? "new" : "old",
                                      (unsigned long long)first);
                }
}

/* What cannot be read is not taken for what is not there. */
static void test_reading(void **state) {
        const struct disk_fault fault = {.operations = DISK_READ, .first = 1, .code = SQLITE_IOERR_READ};
        struct workload *workload = workload_new(*state);
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        uint64_t random = 3;
        unsigned n_failed = 0;

        workload_open(workload);
        for (int i = 0; i < 20; i++)
                workload_step(workload, &random);
        workload_close(workload);
        workload_open(workload);
        disk_break(*state, &fault);
        for (uint32_t i = 0; i < WORKLOAD_PIPELINES; i++) {
                struct bp_pipeline_row row;
                int r = bp_store_pipeline(workload->store, pipeline_id(i), 0, arena, &row);

                if (workload->revisions[i] && !workload->deleted[i])
                        assert_int_not_equal(r, BP_STORE_NOT_FOUND);
                n_failed += r < 0;
        }
        assert_true(n_failed > 0);
        disk_mend(*state);
        check(workload, "after the fault");
        bp_arena_free(arena);
        workload_free(workload);
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
                cmocka_unit_test(test_while_running),
                cmocka_unit_test(test_while_opening),
                cmocka_unit_test(test_reading),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
