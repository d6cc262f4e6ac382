/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a store: its process is killed, its disk is full, its log is cut off, it cannot keep up. */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <time.h>

#include "execution.h"
#include "fixture.h"
#include "store/state.h"

static const int64_t t0 = 1760000000000000;

static void sleep_us(long us) {
        nanosleep(&(struct timespec){.tv_nsec = us * 1000}, NULL);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Killed
 */

static struct bp_id id_of(uint64_t round, uint64_t ticket) {
        char name[48];
        int size = snprintf(name, sizeof(name), "%llu/%llu", (unsigned long long)round, (unsigned long long)ticket);

        return bp_id_derive(name, (size_t)size);
}

static int report_fd;

static void report(void *userdata, uint64_t ticket) {
        (void)userdata;
        if (write(report_fd, &ticket, sizeof(ticket)) != sizeof(ticket))
                _exit(2);
}

/* Writes executions of three records, each in a commit of its own, and reports what is durable, until it is killed. */
static void write_until_killed(const char *url, uint64_t round, const struct bp_definition *definition) {
        struct bp_store_settings settings = {.url = url, .mode = BP_STORE_EXECUTE, .durable = report};
        struct bp_store *store;

        if (bp_store_open(&settings, &store, NULL) != 0)
                _exit(3);
        for (uint64_t ticket = 1;; ticket++) {
                struct bp_store_new_execution execution = plain_execution(definition, t0);
                struct bp_record records[] = {started(1, t0), step_started(2, t0, 0),
                                              ended(3, t0, BP_EXECUTION_COMPLETED)};
                uint64_t number;

                execution.id = id_of(round, ticket);
                if (bp_store_execution_create(store, &execution, &number) ||
                    bp_store_append(store, number, records, 3, NULL))
                        _exit(4);
                bp_store_commit(store, ticket);
                while (bp_store_is_busy(store))
                        sleep_us(100);
        }
}

static uint64_t kill_one(struct fixture *fixture, uint64_t round, const struct bp_definition *definition) {
        uint64_t ticket, last = 0;
        int ends[2];
        pid_t pid;

        assert_int_equal(pipe(ends), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (!pid) {
                report_fd = ends[1];
                write_until_killed(fixture->url, round, definition);
        }
        close(ends[1]);
        assert_int_equal(read(ends[0], &last, sizeof(last)), sizeof(last));
        sleep_us((long)(round * 7919 % 30000));
        assert_int_equal(kill(pid, SIGKILL), 0);
        while (read(ends[0], &ticket, sizeof(ticket)) == sizeof(ticket))
                last = ticket;
        close(ends[0]);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        return last;
}

static void test_killed(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = definition_of("killed", 1);
        uint64_t acknowledged[15];

        for (uint64_t round = 0; round < 15; round++)
                acknowledged[round] = kill_one(fixture, round, definition);
        fixture_open(fixture);
        for (uint64_t round = 0; round < 15; round++)
                for (uint64_t ticket = 1;; ticket++) {
                        struct bp_execution_row row;
                        struct bp_record *records;
                        size_t n;
                        int r = bp_store_execution(fixture->store, id_of(round, ticket), fixture->arena, &row);

                        if (r == BP_STORE_NOT_FOUND) {
                                assert_true(ticket > acknowledged[round]);
                                break;
                        }
                        assert_int_equal(r, 0); /* what is there is whole, acknowledged or not */
                        assert_int_equal(row.state, BP_EXECUTION_COMPLETED);
                        assert_int_equal(
                                bp_store_records(fixture->store, row.number, 0, 0, fixture->arena, &records, &n), 0);
                        assert_int_equal(n, 3);
                        bp_arena_reset(fixture->arena);
                }
        bp_definition_unref(definition);
}

/* A log whose end is missing: what stands before it counts, and the store goes on. */
static void test_truncated_log(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = definition_of("cut", 1);
        uint64_t acknowledged = kill_one(fixture, 3, definition), found = 0;
        struct bp_execution_row row;
        struct stat status;
        char log[128];

        snprintf(log, sizeof(log), "%s-wal", fixture->path);
        assert_int_equal(stat(log, &status), 0);
        assert_int_equal(truncate(log, status.st_size / 2 + 17), 0);
        fixture_open(fixture);
        while (bp_store_execution(fixture->store, id_of(3, found + 1), fixture->arena, &row) == 0) {
                assert_int_equal(row.state, BP_EXECUTION_COMPLETED);
                found++;
        }
        assert_true(acknowledged > 0);
        for (uint64_t ticket = found + 1; ticket <= acknowledged; ticket++) /* cut at one place, no holes */
                assert_int_equal(bp_store_execution(fixture->store, id_of(3, ticket), fixture->arena, &row),
                                 BP_STORE_NOT_FOUND);
        bp_definition_unref(definition);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Full, and slow
 */

static void wait_for_health(struct fixture *fixture, const char *code) {
        pthread_mutex_lock(&fixture->mutex);
        while (!fixture->health != !code || (code && strcmp(fixture->health, code) != 0))
                pthread_cond_wait(&fixture->changed, &fixture->mutex);
        pthread_mutex_unlock(&fixture->mutex);
}

/* The database may grow no further for a while, as if the disk were full. */
static void limit_pages(struct fixture *fixture, long long pages) {
        char sql[64];

        snprintf(sql, sizeof(sql), "PRAGMA max_page_count=%lld", pages);
        assert_int_equal(sqlite3_exec(fixture->store->writer.db, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* The writer, which alone may use its connection, finds room again when it is told to. */
static void find_room(struct fixture *fixture) {
        pthread_mutex_lock(&fixture->mutex);
        while (!fixture->lift)
                pthread_cond_wait(&fixture->changed, &fixture->mutex);
        pthread_mutex_unlock(&fixture->mutex);
        limit_pages(fixture, 1 << 20);
}

static struct bp_value long_text(struct fixture *fixture, size_t size) {
        char *text = bp_arena_alloc(fixture->arena, size);
        struct bp_object_builder object;
        struct bp_value value;

        assert_non_null(text);
        memset(text, 'x', size - 1);
        bp_object_init(&object, fixture->arena);
        bp_object_set_z(&object, "text", bp_value_text_borrow(text, size - 1));
        assert_int_equal(bp_object_finish(&object, &value), 0);
        return value;
}

static void test_full_disk(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = definition_of("full", 1);
        struct bp_store_new_execution small = plain_execution(definition, t0),
                                      big = plain_execution(definition, t0 + 1);
        struct bp_value params = long_text(fixture, 1 << 20);
        struct bp_execution_row row;
        struct bp_problem problem;
        uint64_t number;

        create(fixture, &small);
        fixture_commit(fixture);
        fixture->on_health = find_room;
        limit_pages(fixture, 1);
        big.params = &params;
        number = create(fixture, &big);
        append(fixture, number, started(1, t0));
        bp_store_commit(fixture->store, ++fixture->last_ticket);
        wait_for_health(fixture, "STORE_FULL");
        assert_int_equal(bp_store_problem(fixture->store, &problem), BP_STORE_PROBLEM);
        assert_string_equal(problem.code, "STORE_FULL");
        assert_true(problem.retryable);
        /* reading goes on */
        assert_int_equal(bp_store_execution(fixture->store, small.id, fixture->arena, &row), 0);
        assert_int_equal(bp_store_execution(fixture->store, big.id, fixture->arena, &row), BP_STORE_NOT_FOUND);
        pthread_mutex_lock(&fixture->mutex);
        assert_int_equal(fixture->durable, fixture->last_ticket - 1);
        pthread_mutex_unlock(&fixture->mutex);
        pthread_mutex_lock(&fixture->mutex);
        fixture->lift = true;
        pthread_cond_broadcast(&fixture->changed);
        pthread_mutex_unlock(&fixture->mutex);
        wait_for_health(fixture, NULL);
        fixture_commit(fixture);
        assert_int_equal(bp_store_problem(fixture->store, NULL), 0);
        assert_int_equal(bp_store_execution(fixture->store, big.id, fixture->arena, &row), 0);
        assert_int_equal(row.state, BP_EXECUTION_RUNNING);
        assert_int_equal(row.params.size, (1 << 20) + 10);
        bp_definition_unref(definition);
}

static void test_closed_while_full(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = definition_of("full", 1);
        struct bp_store_new_execution big = plain_execution(definition, t0);
        struct bp_value params = long_text(fixture, 1 << 20);
        struct bp_execution_row row;

        fixture_open(fixture);
        limit_pages(fixture, 1);
        big.params = &params;
        create(fixture, &big);
        bp_store_commit(fixture->store, ++fixture->last_ticket);
        wait_for_health(fixture, "STORE_FULL");
        fixture_reopen(fixture);
        assert_int_equal(fixture->durable, 0);
        assert_int_equal(bp_store_execution(fixture->store, big.id, fixture->arena, &row), BP_STORE_NOT_FOUND);
        bp_definition_unref(definition);
}

/* What comes after a group that was given up may build on it, so it is given up too, even where it would fit. */
static void test_closed_while_full_leaves_no_gap(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = definition_of("full", 1);
        struct bp_store_new_execution small = plain_execution(definition, t0),
                                      big = plain_execution(definition, t0 + 1);
        struct bp_value params = long_text(fixture, 1 << 20);
        struct bp_execution_row row;
        uint64_t number;

        fixture_open(fixture);
        number = create(fixture, &small);
        fixture_commit(fixture);
        limit_pages(fixture, 1);
        big.params = &params;
        create(fixture, &big);
        append(fixture, number, started(1, t0));
        bp_store_commit(fixture->store, ++fixture->last_ticket);
        wait_for_health(fixture, "STORE_FULL");
        append(fixture, number, ended(2, t0, BP_EXECUTION_COMPLETED));
        bp_store_commit(fixture->store, ++fixture->last_ticket);
        fixture_reopen(fixture);
        assert_int_equal(fixture->durable, 1);
        assert_string_equal(fixture->health, "STORE_FULL");
        assert_int_equal(bp_store_execution(fixture->store, small.id, fixture->arena, &row), 0);
        assert_int_equal(row.state, BP_EXECUTION_PENDING);
        bp_definition_unref(definition);
}

static void test_back_pressure(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = definition_of("busy", 1);
        struct bp_value params = long_text(fixture, 100000);
        sqlite3 *db;

        fixture_open(fixture);
        fixture->store->queue_bytes = 1 << 20;
        assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK); /* nobody writes now */
        for (int i = 0; i < 10; i++) {
                struct bp_store_new_execution execution = plain_execution(definition, t0 + i);

                assert_false(bp_store_is_busy(fixture->store));
                execution.params = &params;
                create(fixture, &execution);
                bp_store_commit(fixture->store, ++fixture->last_ticket);
        }
        for (int i = 10; i < 12; i++) {
                struct bp_store_new_execution execution = plain_execution(definition, t0 + i);

                execution.params = &params;
                create(fixture, &execution);
        }
        assert_true(bp_store_is_busy(fixture->store));
        assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
        fixture_commit(fixture);
        assert_false(bp_store_is_busy(fixture->store));
        assert_int_equal(atomic_load(&fixture->store->queued), 0);
        bp_definition_unref(definition);
}

#define CLOSED(test) cmocka_unit_test_setup_teardown(test, fixture_setup_closed, fixture_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                CLOSED(test_killed),
                CLOSED(test_truncated_log),
                ON_BOTH_DRIVERS(test_full_disk),
                CLOSED(test_closed_while_full),
                CLOSED(test_closed_while_full_leaves_no_gap),
                CLOSED(test_back_pressure),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
