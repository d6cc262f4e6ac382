/* SPDX-License-Identifier: Apache-2.0 */
/* Writes with an outcome of their own: order, savepoints, failing commits, closing. */
#include "unit.h"

#include <errno.h>

#include "fixture.h"
#include "store/connection.h"
#include "store/readers.h"
#include "store/state.h"
#include "store/write.h"

struct note {
        struct bp_write write;
        struct fixture *fixture;
        const char *key;
        int64_t value;
        int outcome; /* of apply, after it has written */
        unsigned applied;
        int result;
        bool done; /* under the fixture's mutex */
};

static int apply(struct bp_write *write, struct bp_connection *connection) {
        struct note *note = (struct note *)write;
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection, "INSERT INTO meta VALUES (?, ?)", &stmt);

        note->applied++;
        assert_int_equal(r, 0);
        bp_bind_text(stmt, 1, note->key);
        bp_bind_int(stmt, 2, note->value);
        r = bp_connection_run(connection, stmt);
        return r == -EEXIST ? BP_STORE_DUPLICATE : r ? r : note->outcome;
}

static void done(struct bp_write *write, int result) {
        struct note *note = (struct note *)write;

        pthread_mutex_lock(&note->fixture->mutex);
        note->result = result;
        note->done = true;
        pthread_cond_broadcast(&note->fixture->changed);
        pthread_mutex_unlock(&note->fixture->mutex);
}

static void submit(struct fixture *fixture, struct note *note, const char *key, int outcome) {
        *note = (struct note){.write = {.bytes = 100, .apply = apply, .done = done},
                              .fixture = fixture,
                              .key = key,
                              .value = 7,
                              .outcome = outcome};
        bp_write_submit(fixture->store, &note->write);
}

static int result_of(struct note *note) {
        pthread_mutex_lock(&note->fixture->mutex);
        while (!note->done)
                pthread_cond_wait(&note->fixture->changed, &note->fixture->mutex);
        pthread_mutex_unlock(&note->fixture->mutex);
        return note->result;
}

static bool is_there(struct fixture *fixture, const char *key) {
        struct bp_connection *connection;
        sqlite3_stmt *stmt;
        int r;

        assert_int_equal(bp_readers_acquire(fixture->store, &connection), 0);
        assert_int_equal(bp_connection_prepare(connection, "SELECT value FROM meta WHERE key = ?", &stmt), 0);
        bp_bind_text(stmt, 1, key);
        r = bp_connection_step(connection, stmt);
        assert_true(r == 0 || r == BP_STORE_NOT_FOUND);
        bp_statement_reset(&stmt);
        bp_readers_release(fixture->store, connection);
        return !r;
}

static void test_outcomes(void **state) {
        struct fixture *fixture = *state;
        struct note a, b, c, d;

        submit(fixture, &a, "a", 0);
        submit(fixture, &b, "a", 0);
        submit(fixture, &c, "c", BP_STORE_CONFLICT);
        submit(fixture, &d, "d", -EINVAL);
        assert_int_equal(result_of(&a), 0);
        assert_int_equal(result_of(&b), BP_STORE_DUPLICATE);
        assert_int_equal(result_of(&c), BP_STORE_CONFLICT);
        assert_int_equal(result_of(&d), -EINVAL);
        assert_true(is_there(fixture, "a"));
        assert_false(is_there(fixture, "c"));
        assert_false(is_there(fixture, "d"));
        assert_int_equal(atomic_load(&fixture->store->queued), 0);
}

static void test_a_write_is_done_when_it_is_durable(void **state) {
        struct fixture *fixture = *state;
        struct note notes[200];
        char keys[200][8];

        for (size_t i = 0; i < 200; i++) {
                snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
                submit(fixture, &notes[i], keys[i], 0);
        }
        for (size_t i = 0; i < 200; i++) {
                assert_int_equal(result_of(&notes[i]), 0);
                assert_true(is_there(fixture, keys[i]));
        }
}

static void test_closing_writes_what_waits(void **state) {
        struct fixture *fixture = *state;
        struct note notes[20];
        char keys[20][8];

        fixture_open(fixture);
        for (size_t i = 0; i < 20; i++) {
                snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
                submit(fixture, &notes[i], keys[i], 0);
        }
        fixture_reopen(fixture);
        for (size_t i = 0; i < 20; i++) {
                assert_true(notes[i].done);
                assert_int_equal(notes[i].result, 0);
                assert_true(is_there(fixture, keys[i]));
        }
}

/* The token is raised behind the store's back, as another process that takes it over does. */
static void test_a_fenced_store_writes_nothing(void **state) {
        struct fixture *fixture = *state;
        struct note before, after;
        struct bp_problem problem = {0};
        sqlite3 *db;

        fixture_open(fixture);
        submit(fixture, &before, "before", 0);
        assert_int_equal(result_of(&before), 0);
        assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, "UPDATE meta SET value = 99 WHERE key = 'fencing_token'", NULL, NULL, NULL),
                         SQLITE_OK);
        sqlite3_close(db);
        submit(fixture, &after, "after", 0);
        pthread_mutex_lock(&fixture->mutex);
        while (!fixture->health && !after.done)
                pthread_cond_wait(&fixture->changed, &fixture->mutex);
        assert_false(after.done);
        assert_string_equal(fixture->health, "STORE_FENCED");
        pthread_mutex_unlock(&fixture->mutex);
        assert_int_equal(bp_store_problem(fixture->store, &problem), BP_STORE_PROBLEM);
        assert_string_equal(problem.code, "STORE_FENCED");
        assert_true(is_there(fixture, "before")); /* reading goes on */
        fixture_close(fixture);
        assert_int_equal(after.result, -ECANCELED);
        fixture_open(fixture);
        assert_false(is_there(fixture, "after"));
}

/* A table that is gone makes every commit fail until it is back. */
static void test_a_failing_commit_is_tried_again(void **state) {
        struct fixture *fixture = *state;
        struct note note;
        sqlite3 *db;

        fixture_open(fixture);
        assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, "ALTER TABLE meta RENAME TO elsewhere", NULL, NULL, NULL), SQLITE_OK);
        submit(fixture, &note, "note", 0);
        pthread_mutex_lock(&fixture->mutex);
        while (!fixture->health)
                pthread_cond_wait(&fixture->changed, &fixture->mutex);
        assert_string_equal(fixture->health, "STORE_IO");
        assert_false(note.done);
        pthread_mutex_unlock(&fixture->mutex);
        assert_int_equal(sqlite3_exec(db, "ALTER TABLE elsewhere RENAME TO meta", NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
        assert_int_equal(result_of(&note), 0);
        pthread_mutex_lock(&fixture->mutex);
        assert_null(fixture->health);
        assert_int_equal(fixture->n_health, 2);
        pthread_mutex_unlock(&fixture->mutex);
        assert_int_equal(bp_store_problem(fixture->store, NULL), 0);
        assert_true(is_there(fixture, "note"));
}

#define CLOSED(test) cmocka_unit_test_setup_teardown(test, fixture_setup_closed, fixture_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_BOTH_DRIVERS(test_outcomes),
                ON_BOTH_DRIVERS(test_a_write_is_done_when_it_is_durable),
                CLOSED(test_closing_writes_what_waits),
                CLOSED(test_a_fenced_store_writes_nothing),
                CLOSED(test_a_failing_commit_is_tried_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
