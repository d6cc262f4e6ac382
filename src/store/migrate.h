/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file migrate.h
 * Brings the schema of a database up to date. Seen inside this room only.
 */
#ifndef BP_STORE_MIGRATE_H
#define BP_STORE_MIGRATE_H

#include <stddef.h>
#include <stdint.h>

struct bp_connection;

/* One step of the schema. */
struct bp_migration {
        uint32_t number; /* 1, 2, 3 ... */
        const char *name, *sql;
};

/* Those of this program, made from src/store/schema/ when it is built. */
extern const struct bp_migration bp_migrations[];
extern const size_t bp_n_migrations;

/* The number of the last migration of this database; 0 for an empty one. @return 0; -EMEDIUMTYPE: not a store, but
 * something is in it; negative errno. */
int bp_migrate_number(struct bp_connection *connection, uint32_t *ret_number);

/* Applies those that are missing, each in a transaction of its own. @return 0 or negative errno. */
int bp_migrate(struct bp_connection *connection, const struct bp_migration *migrations, size_t n_migrations);

#endif
