/* SPDX-License-Identifier: Apache-2.0 */
#include "store/keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/connection.h"
#include "store/readers.h"
#include "store/state.h"
#include "store/write.h"

#define LIFE_US "86400000000" /* 24 hours */

enum { EXPIRE_AT_ONCE = 5000 }; /* keys that one transaction removes */

static bool is_zero(const struct bp_id *id) {
        static const struct bp_id zero;

        return memcmp(id, &zero, sizeof(zero)) == 0;
}

int bp_key_copy(struct bp_arena *arena, const struct bp_store_key *key, struct bp_store_key *ret_key) {
        struct bp_store_key copy = *key;

        if (key->answer && key->answer_size > BP_STORE_ANSWER_BYTES) {
                copy.answer = NULL;
                copy.answer_size = 0;
                copy.status = 0;
        }
        copy.scope = bp_arena_text(arena, key->scope, strlen(key->scope));
        copy.key = bp_arena_text(arena, key->key, strlen(key->key));
        if (copy.answer)
                copy.answer = bp_arena_text(arena, copy.answer, copy.answer_size);
        if (!copy.scope || !copy.key || (!copy.answer && copy.answer_size))
                return -ENOMEM;
        *ret_key = copy;
        return 0;
}

static int write_key(struct bp_connection *connection, const char *sql, const struct bp_store_key *key) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection, sql, &stmt);

        if (r)
                return r;
        bp_bind_text(stmt, 1, key->scope);
        bp_bind_text(stmt, 2, key->key);
        bp_bind_digest(stmt, 3, &key->body);
        bp_bind_id(stmt, 4, !is_zero(&key->subject), &key->subject);
        bp_bind_int(stmt, 5, key->status);
        if (key->answer)
                sqlite3_bind_blob64(stmt, 6, key->answer, key->answer_size, SQLITE_STATIC);
        bp_bind_int(stmt, 7, key->created_at.us);
        return bp_connection_run(connection, stmt);
}

#define INSERT_KEY                                                                                     \
        "INSERT INTO idempotency_keys AS old (scope, key, body, subject, status, answer, created_at) " \
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (scope, key) DO UPDATE SET "
#define IS_OLD "old.created_at <= excluded.created_at - " LIFE_US

int bp_key_insert(struct bp_connection *connection, const struct bp_store_key *key) {
        int r = write_key(connection,
                          INSERT_KEY "body = excluded.body, subject = excluded.subject, status = excluded.status, "
                                     "answer = excluded.answer, created_at = excluded.created_at WHERE " IS_OLD,
                          key);

        if (r)
                return r;
        return bp_connection_changes(connection) ? 0 : BP_STORE_CONFLICT;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Keeping an answer. It is found from the moment on that it is handed over, not only once it is durable: its request
 * has been answered, and may be repeated at once.
 */

struct bp_key_keep {
        struct bp_write write;
        struct bp_store *store; /* NULL: not among its keeps */
        struct bp_key_keep *next, **place;
        struct bp_arena *arena;
        struct bp_store_key key;
};

static struct bp_key_keep **bucket_of(struct bp_store *store, const char *scope, const char *key) {
        uint64_t hash = bp_hash64(key, strlen(key), bp_hash64(scope, strlen(scope), 0));

        return &store->keeps[hash & (BP_KEY_BUCKETS - 1)];
}

/* Newest first. */
static void enter_keep(struct bp_store *store, struct bp_key_keep *keep) {
        struct bp_key_keep **bucket = bucket_of(store, keep->key.scope, keep->key.key);

        pthread_mutex_lock(&store->mutex);
        keep->store = store;
        keep->place = bucket;
        keep->next = *bucket;
        if (*bucket)
                (*bucket)->place = &keep->next;
        *bucket = keep;
        pthread_mutex_unlock(&store->mutex);
}

static void leave_keeps(struct bp_key_keep *keep) {
        pthread_mutex_lock(&keep->store->mutex);
        *keep->place = keep->next;
        if (keep->next)
                keep->next->place = keep->place;
        pthread_mutex_unlock(&keep->store->mutex);
}

/* @return 0, BP_STORE_NOT_FOUND, -ENOMEM */
static int find_keep(struct bp_store *store, const char *scope, const char *key, struct bp_arena *arena,
                     struct bp_store_key *ret_key) {
        struct bp_key_keep *keep;
        int r = BP_STORE_NOT_FOUND;

        pthread_mutex_lock(&store->mutex);
        for (keep = *bucket_of(store, scope, key); keep && r == BP_STORE_NOT_FOUND; keep = keep->next)
                if (strcmp(keep->key.key, key) == 0 && strcmp(keep->key.scope, scope) == 0)
                        r = bp_key_copy(arena, &keep->key, ret_key);
        pthread_mutex_unlock(&store->mutex);
        return r;
}

/* The answer joins a key that a creation has kept with its subject; another body's key stays as it is. */
static int apply_keep(struct bp_write *write, struct bp_connection *connection) {
        struct bp_key_keep *keep = (struct bp_key_keep *)write;

        return write_key(connection,
                         INSERT_KEY "subject = iif(" IS_OLD
                                    ", excluded.subject, coalesce(excluded.subject, old.subject)), "
                                    "created_at = iif(" IS_OLD ", excluded.created_at, old.created_at), "
                                    "body = excluded.body, status = excluded.status, answer = excluded.answer "
                                    "WHERE old.body = excluded.body OR " IS_OLD,
                         &keep->key);
}

static void free_keep(struct bp_write *write, int result) {
        struct bp_key_keep *keep = (struct bp_key_keep *)write;

        if (keep->store)
                leave_keeps(keep);
        bp_arena_free(keep->arena);
        free(keep);
        (void)result;
}

static int new_write(const struct bp_store_key *key, int (*apply)(struct bp_write *, struct bp_connection *),
                     struct bp_key_keep **ret_keep) {
        struct bp_key_keep *keep = bp_calloc(1, sizeof(*keep));

        if (!keep)
                return -ENOMEM;
        keep->arena = bp_arena_new(BP_STORE_ANSWER_BYTES * 2);
        if (!keep->arena || bp_key_copy(keep->arena, key, &keep->key)) {
                free_keep(&keep->write, 0);
                return -ENOMEM;
        }
        keep->write = (struct bp_write){
                .bytes = sizeof(*keep) + bp_arena_used(keep->arena), .apply = apply, .done = free_keep};
        *ret_keep = keep;
        return 0;
}

int bp_store_key_keep(struct bp_store *store, const struct bp_store_key *key) {
        struct bp_key_keep *keep;
        int r = new_write(key, apply_keep, &keep);

        if (r)
                return r;
        enter_keep(store, keep);
        bp_write_submit(store, &keep->write);
        return 0;
}

static int apply_insert(struct bp_write *write, struct bp_connection *connection) {
        return bp_key_insert(connection, &((struct bp_key_keep *)write)->key);
}

int bp_key_write_new(const struct bp_store_key *key, struct bp_write **ret_write) {
        struct bp_key_keep *keep;
        int r = new_write(key, apply_insert, &keep);

        if (!r)
                *ret_write = &keep->write;
        return r;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Expiry
 */

struct expiry {
        struct bp_write write;
        struct bp_store *store;
        struct bp_wall before;
        int64_t n_removed;
};

static int apply_expiry(struct bp_write *write, struct bp_connection *connection) {
        struct expiry *expiry = (struct expiry *)write;
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection,
                                      "DELETE FROM idempotency_keys WHERE (scope, key) IN (SELECT scope, key FROM "
                                      "idempotency_keys WHERE created_at < ? ORDER BY created_at LIMIT ?)",
                                      &stmt);

        if (r)
                return r;
        bp_bind_int(stmt, 1, expiry->before.us);
        bp_bind_int(stmt, 2, EXPIRE_AT_ONCE);
        r = bp_connection_run(connection, stmt);
        if (!r)
                expiry->n_removed = bp_connection_changes(connection);
        return r;
}

/* Many keys go in several transactions, so that others get in between. */
static void done_expiry(struct bp_write *write, int result) {
        struct expiry *expiry = (struct expiry *)write;

        if (!result && expiry->n_removed == EXPIRE_AT_ONCE)
                bp_write_submit(expiry->store, write);
        else
                free(expiry);
}

int bp_store_keys_expire(struct bp_store *store, struct bp_wall before) {
        struct expiry *expiry = bp_calloc(1, sizeof(*expiry));

        if (!expiry)
                return -ENOMEM;
        *expiry = (struct expiry){.store = store, .before = before};
        expiry->write = (struct bp_write){.bytes = sizeof(*expiry), .apply = apply_expiry, .done = done_expiry};
        bp_write_submit(store, &expiry->write);
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Finding
 */

static int read_key(sqlite3_stmt *stmt, struct bp_arena *arena, struct bp_store_key *key) {
        const void *answer = sqlite3_column_blob(stmt, 3);

        if (!bp_column_digest(stmt, 0, &key->body))
                return -EUCLEAN;
        bp_column_id(stmt, 1, &key->subject);
        key->status = (uint32_t)sqlite3_column_int64(stmt, 2);
        key->created_at = bp_column_time(stmt, 4);
        if (sqlite3_column_type(stmt, 3) == SQLITE_NULL)
                return 0;
        key->answer_size = (size_t)sqlite3_column_bytes(stmt, 3);
        key->answer = bp_arena_text(arena, answer ? answer : "", key->answer_size);
        return key->answer ? 0 : -ENOMEM;
}

static int find_row(struct bp_store *store, const char *scope, const char *key, struct bp_wall now,
                    struct bp_arena *arena, struct bp_store_key *ret_key) {
        _cleanup_(bp_reader_release) struct bp_reader reader = {.operation = "get", .entity = "key"};
        struct bp_store_key found = {.scope = scope, .key = key};
        int r = bp_reader_begin(&reader, store,
                                "SELECT body, subject, status, answer, created_at FROM idempotency_keys "
                                "WHERE scope = ? AND key = ? AND created_at > ? - " LIFE_US);

        if (r)
                return r;
        bp_bind_text(reader.stmt, 1, scope);
        bp_bind_text(reader.stmt, 2, key);
        bp_bind_int(reader.stmt, 3, now.us);
        r = bp_connection_step(reader.connection, reader.stmt);
        if (!r)
                r = read_key(reader.stmt, arena, &found);
        if (!r)
                *ret_key = found;
        return r;
}

int bp_store_key_find(struct bp_store *store, const char *scope, const char *key, struct bp_wall now,
                      struct bp_arena *arena, struct bp_store_key *ret_key) {
        struct bp_store_key row, kept;
        int has_kept = find_keep(store, scope, key, arena, &kept), has_row;

        if (has_kept < 0)
                return has_kept;
        has_row = find_row(store, scope, key, now, arena, &row);
        if (has_row < 0 || (has_row && has_kept))
                return has_row;
        /* As apply_keep() will have it: an answer joins its own body's key, and leaves another one's as it is. */
        if (has_kept || (!has_row && memcmp(&row.body, &kept.body, sizeof(row.body)) != 0))
                *ret_key = row;
        else
                *ret_key = kept;
        return 0;
}
