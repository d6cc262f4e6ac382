/* SPDX-License-Identifier: Apache-2.0 */
#include "store/migrate.h"

#include <errno.h>

#include "store/connection.h"

static int read_number(struct bp_connection *connection, const char *sql, int64_t *ret_number) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection, sql, &stmt);

        if (!r)
                r = bp_connection_step(connection, stmt);
        if (r)
                return r > 0 ? -EIO : r;
        *ret_number = sqlite3_column_int64(stmt, 0);
        bp_statement_reset(&stmt);
        return 0;
}

int bp_migrate_number(struct bp_connection *connection, uint32_t *ret_number) {
        int64_t tables, number = 0;
        int r = read_number(
                connection,
                "SELECT count(*) + sum(name = 'migrations') * (1 << 20) FROM sqlite_schema WHERE type = 'table'",
                &tables);

        if (r)
                return r;
        if (tables && tables < 1 << 20)
                return -EMEDIUMTYPE;
        if (tables)
                r = read_number(connection, "SELECT coalesce(max(number), 0) FROM migrations", &number);
        if (!r)
                *ret_number = (uint32_t)number;
        return r;
}

static int record(struct bp_connection *connection, const struct bp_migration *migration) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection, "INSERT INTO migrations (number, name, applied_at) VALUES (?, ?, ?)",
                                      &stmt);

        if (r)
                return r;
        bp_bind_int(stmt, 1, migration->number);
        bp_bind_text(stmt, 2, migration->name);
        bp_bind_int(stmt, 3, bp_wall_now().us);
        return bp_connection_run(connection, stmt);
}

static int apply(struct bp_connection *connection, const struct bp_migration *migration) {
        int r = bp_connection_exec(connection, "BEGIN IMMEDIATE");

        if (r)
                return r;
        r = bp_connection_exec(connection,
                               "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT "
                               "NOT NULL, applied_at INTEGER NOT NULL) STRICT");
        if (!r)
                r = bp_connection_exec(connection, migration->sql);
        if (!r)
                r = record(connection, migration);
        if (!r)
                r = bp_connection_exec(connection, "COMMIT");
        if (r) /* keeps the words of the first error: it fails only where the database has rolled back itself */
                sqlite3_exec(connection->db, "ROLLBACK", NULL, NULL, NULL);
        return r;
}

int bp_migrate(struct bp_connection *connection, const struct bp_migration *migrations, size_t n_migrations) {
        uint32_t number;
        int r = bp_migrate_number(connection, &number);

        for (size_t i = 0; !r && i < n_migrations; i++)
                if (migrations[i].number > number)
                        r = apply(connection, &migrations[i]);
        return r;
}
