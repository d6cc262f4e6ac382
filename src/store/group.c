/* SPDX-License-Identifier: Apache-2.0 */
#include "store/group.h"

#include <errno.h>

#include "store/connection.h"
#include "store/state.h"
#include "store/write.h"

void bp_group_init(struct bp_group *group) {
        *group = (struct bp_group){0};
        group->writes_end = &group->writes;
}

void bp_group_add_write(struct bp_group *group, struct bp_write *write) {
        write->next = NULL;
        *group->writes_end = write;
        group->writes_end = &write->next;
        group->bytes += write->bytes;
}

bool bp_group_is_empty(const struct bp_group *group) {
        return !group->writes && !group->ticket;
}

/* Faults of disk and memory say nothing about this write: the whole group is tried again. */
static bool fails_all(int error) {
        switch (error) {
        case -ENOMEM:
        case -ENOSPC:
        case -EIO:
        case -EROFS:
        case -EUCLEAN:
        case -EMEDIUMTYPE:
        case -EBUSY:
                return true;
        default:
                return false;
        }
}

static int run(struct bp_connection *connection, const char *sql) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection, sql, &stmt);

        return r ? r : bp_connection_run(connection, stmt);
}

static int apply_write(struct bp_write *write, struct bp_connection *connection) {
        int r = run(connection, "SAVEPOINT one_write");

        if (r)
                return r;
        write->result = write->apply(write, connection);
        if (fails_all(write->result))
                return write->result;
        if (write->result)
                r = run(connection, "ROLLBACK TO one_write");
        return r ? r : run(connection, "RELEASE one_write");
}

int bp_group_apply(struct bp_group *group, struct bp_store *store) {
        int r = 0;

        for (struct bp_write *write = group->writes; write && !r; write = write->next)
                r = apply_write(write, &store->writer);
        return r;
}

void bp_group_finish(struct bp_group *group, int error) {
        struct bp_write *write = group->writes;

        while (write) {
                struct bp_write *next = write->next; /* `done` frees it */

                write->done(write, error ? error : write->result);
                write = next;
        }
        bp_group_init(group);
}
