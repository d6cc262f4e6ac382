/* SPDX-License-Identifier: Apache-2.0 */
/* Migrations: from every earlier version on, each whole or not at all. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "store/connection.h"
#include "store/migrate.h"

static const struct bp_migration steps[] = {
        {1, "first", "CREATE TABLE things (name TEXT) STRICT; INSERT INTO things VALUES ('one');"},
        {2, "second", "ALTER TABLE things ADD COLUMN size INTEGER NOT NULL DEFAULT 2;"},
        {3, "third", "UPDATE things SET size = size + 1; INSERT INTO things VALUES ('two', 9);"},
};

static int64_t number_of(struct bp_connection *connection, const char *sql) {
        sqlite3_stmt *stmt;
        int64_t number;

        assert_int_equal(sqlite3_prepare_v2(connection->db, sql, -1, &stmt, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
        number = sqlite3_column_int64(stmt, 0);
        sqlite3_finalize(stmt);
        return number;
}

static int setup(void **state) {
        struct bp_connection *connection = bp_calloc(1, sizeof(*connection));

        assert_non_null(connection);
        assert_int_equal(bp_connection_open(connection, "file::memory:", BP_CONNECTION_WRITER), 0);
        *state = connection;
        return 0;
}

static int teardown(void **state) {
        bp_connection_close(*state);
        bp_freep(state);
        return 0;
}

static void test_from_every_earlier_version(void **state) {
        struct bp_connection *connection = *state;

        for (size_t from = 0; from <= 3; from++) {
                uint32_t number;

                assert_int_equal(bp_migrate(connection, steps, from), 0);
                assert_int_equal(bp_migrate_number(connection, &number), 0);
                assert_int_equal(number, from);
                assert_int_equal(bp_migrate(connection, steps, 3), 0);
                assert_int_equal(bp_migrate_number(connection, &number), 0);
                assert_int_equal(number, 3);
                assert_int_equal(number_of(connection, "SELECT count(*) FROM migrations"), 3);
                assert_int_equal(number_of(connection, "SELECT sum(size) FROM things"), 12);
                assert_int_equal(bp_connection_exec(connection, "DROP TABLE things; DROP TABLE migrations"), 0);
                bp_connection_close(connection);
                assert_int_equal(bp_connection_open(connection, "file::memory:", BP_CONNECTION_WRITER), 0);
        }
}

static void test_a_failing_one_leaves_nothing(void **state) {
        struct bp_connection *connection = *state;
        const struct bp_migration broken[] = {
                steps[0], {2, "broken", "INSERT INTO things VALUES ('half'); INSERT INTO nowhere VALUES (1);"}};
        uint32_t number;

        assert_true(bp_migrate(connection, broken, 2) < 0);
        assert_non_null(strstr(bp_connection_message(connection), "nowhere"));
        assert_int_equal(bp_migrate_number(connection, &number), 0);
        assert_int_equal(number, 1);
        assert_int_equal(number_of(connection, "SELECT count(*) FROM things"), 1);
        assert_int_equal(bp_migrate(connection, steps, 3), 0);
}

static void test_shipped_ones_from_every_earlier_version(void **state) {
        struct bp_connection *connection = *state;

        for (size_t from = 0; from <= bp_n_migrations; from++) {
                assert_int_equal(bp_migrate(connection, bp_migrations, from), 0);
                assert_int_equal(bp_migrate(connection, bp_migrations, bp_n_migrations), 0);
                assert_int_equal(number_of(connection, "SELECT count(*) FROM migrations"), bp_n_migrations);
                assert_int_equal(number_of(connection, "SELECT value FROM meta WHERE key = 'record_format'"), 1);
                bp_connection_close(connection);
                assert_int_equal(bp_connection_open(connection, "file::memory:", BP_CONNECTION_WRITER), 0);
        }
}

static void test_something_else_is_refused(void **state) {
        struct bp_connection *connection = *state;

        assert_int_equal(bp_connection_exec(connection, "CREATE TABLE strangers (name TEXT)"), 0);
        assert_int_equal(bp_migrate(connection, steps, 3), -EMEDIUMTYPE);
        assert_int_equal(number_of(connection, "SELECT count(*) FROM sqlite_schema"), 1);
}

#define ON_A_CONNECTION(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_A_CONNECTION(test_from_every_earlier_version),
                ON_A_CONNECTION(test_a_failing_one_leaves_nothing),
                ON_A_CONNECTION(test_shipped_ones_from_every_earlier_version),
                ON_A_CONNECTION(test_something_else_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
