/* SPDX-License-Identifier: Apache-2.0 */
/* Saving and deleting pipelines. What is refused is found by the schema (a unique name per owner) or by the update
 * itself (the revision), never by looking first. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/connection.h"
#include "store/definitions.h"
#include "store/keys.h"
#include "store/pipeline_rows.h"
#include "store/write.h"

enum { MOST_BYTES = 64 << 20 }; /* of a pipeline with its document, far above what the service lets in */

struct save {
        struct bp_write write;
        struct bp_arena *copies, *answers;
        struct bp_store_pipeline pipeline;
        struct bp_store_key key;
        struct bp_pipeline_row row;
        bp_store_done *done;
        void *userdata;
};

static void free_save(struct save *save) {
        bp_arena_free(save->copies);
        bp_arena_free(save->answers);
        free(save);
}

static void done_save(struct bp_write *write, int result) {
        struct save *save = (struct save *)write;

        if (save->done)
                save->done(save->userdata, result, result ? NULL : &save->row);
        free_save(save);
}

/* The definition's own name, which need not be the pipeline's, or NULL. Belongs to the arena. */
static int document_name(struct bp_connection *connection, struct bp_text dag, struct bp_arena *arena,
                         const char **ret_name) {
        _cleanup_(bp_statement_reset) sqlite3_stmt *stmt = NULL;
        int r = bp_connection_prepare(connection,
                                      "SELECT CASE WHEN json_valid(?1) AND json_type(?1, '$.name') = 'text' "
                                      "THEN json_extract(?1, '$.name') END",
                                      &stmt);

        if (r)
                return r;
        bp_bind_text_n(stmt, 1, dag.text, dag.size);
        r = bp_connection_step(connection, stmt);
        return r ? r : bp_column_text(stmt, 0, arena, ret_name);
}

static int keep_document(struct save *save, struct bp_connection *connection, uint64_t *ret_definition) {
        const struct bp_store_pipeline *pipeline = &save->pipeline;
        const char *name = NULL;
        int r = bp_definitions_find(connection, &pipeline->digest, ret_definition);

        if (r != BP_STORE_NOT_FOUND)
                return r;
        r = document_name(connection, pipeline->dag, save->answers, &name);
        if (r)
                return r;
        return bp_definitions_keep(connection, &pipeline->digest, name ? name : pipeline->name, pipeline->n_steps,
                                   pipeline->dag, ret_definition);
}

static int insert_revision(struct save *save, struct bp_connection *connection, uint64_t definition) {
        const struct bp_store_pipeline *pipeline = &save->pipeline;
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(
                connection,
                "INSERT INTO pipeline_revisions (pipeline, revision, name, description, icon, status, saved_by, "
                "saved_at, restored_from, n_steps, definition) SELECT number, revision, name, ?2, ?3, ?4, ?5, ?6, ?7, "
                "?8, ?9 FROM pipelines WHERE id = ?1",
                &stmt);

        if (r)
                return r;
        bp_bind_id(stmt, 1, true, &pipeline->id);
        bp_bind_text(stmt, 2, pipeline->description);
        bp_bind_text(stmt, 3, pipeline->icon);
        bp_bind_int(stmt, 4, pipeline->status);
        bp_bind_text(stmt, 5, pipeline->saved_by);
        bp_bind_int(stmt, 6, pipeline->now.us);
        bp_bind_optional(stmt, 7, pipeline->restored_from);
        bp_bind_int(stmt, 8, pipeline->n_steps);
        bp_bind_int(stmt, 9, (int64_t)definition);
        return bp_connection_run(connection, stmt);
}

/* What a new pipeline and a new revision of an old one have in common, after the row in `pipelines` is right. */
static int finish(struct save *save, struct bp_connection *connection) {
        uint64_t definition;
        int r = keep_document(save, connection, &definition);

        if (!r)
                r = insert_revision(save, connection, definition);
        if (!r && save->pipeline.key)
                r = bp_key_insert(connection, save->pipeline.key);
        return r ? r : bp_pipeline_row(connection, &save->pipeline.id, 0, save->answers, &save->row);
}

static int apply_create(struct bp_write *write, struct bp_connection *connection) {
        struct save *save = (struct save *)write;
        const struct bp_store_pipeline *pipeline = &save->pipeline;
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection,
                                      "INSERT INTO pipelines (id, name, revision, user, system_owned, created_by, "
                                      "created_at) VALUES (?, ?, 1, ?, ?, ?, ?)",
                                      &stmt);

        if (r)
                return r;
        bp_arena_reset(save->answers);
        bp_bind_id(stmt, 1, true, &pipeline->id);
        bp_bind_text(stmt, 2, pipeline->name);
        bp_bind_id(stmt, 3, pipeline->has_user, &pipeline->user);
        bp_bind_int(stmt, 4, pipeline->system_owned);
        bp_bind_text(stmt, 5, pipeline->saved_by);
        bp_bind_int(stmt, 6, pipeline->now.us);
        r = bp_connection_run(connection, stmt);
        if (r)
                return r == -EEXIST ? BP_STORE_DUPLICATE : r;
        return finish(save, connection);
}

static int is_there(struct bp_connection *connection, const struct bp_id *id) {
        _cleanup_(bp_statement_reset) sqlite3_stmt *stmt = NULL;
        int r = bp_connection_prepare(connection, "SELECT 1 FROM pipelines WHERE id = ?", &stmt);

        if (r)
                return r;
        bp_bind_id(stmt, 1, true, id);
        return bp_connection_step(connection, stmt);
}

static int apply_save(struct bp_write *write, struct bp_connection *connection) {
        struct save *save = (struct save *)write;
        const struct bp_store_pipeline *pipeline = &save->pipeline;
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection,
                                      "UPDATE pipelines SET name = ?2, revision = revision + 1 "
                                      "WHERE id = ?1 AND (?3 = 0 OR revision = ?3)",
                                      &stmt);

        if (r)
                return r;
        bp_arena_reset(save->answers);
        bp_bind_id(stmt, 1, true, &pipeline->id);
        bp_bind_text(stmt, 2, pipeline->name);
        bp_bind_int(stmt, 3, pipeline->expected_revision);
        r = bp_connection_run(connection, stmt);
        if (r)
                return r == -EEXIST ? BP_STORE_DUPLICATE : r;
        if (bp_connection_changes(connection))
                return finish(save, connection);
        r = is_there(connection, &pipeline->id);
        return r ? r : BP_STORE_CONFLICT;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Handing over
 */

static int copy_text(struct bp_arena *arena, const char **text) {
        if (*text)
                *text = bp_arena_text(arena, *text, strlen(*text));
        return *text ? 0 : -ENOMEM;
}

static int copy(struct save *save) {
        struct bp_store_pipeline *pipeline = &save->pipeline;
        int r = copy_text(save->copies, &pipeline->name);

        if (!r && pipeline->description)
                r = copy_text(save->copies, &pipeline->description);
        if (!r && pipeline->icon)
                r = copy_text(save->copies, &pipeline->icon);
        if (!r)
                r = copy_text(save->copies, &pipeline->saved_by);
        if (r)
                return r;
        pipeline->dag.text = bp_arena_text(save->copies, pipeline->dag.text, pipeline->dag.size);
        if (!pipeline->dag.text)
                return -ENOMEM;
        if (pipeline->key) {
                r = bp_key_copy(save->copies, pipeline->key, &save->key);
                pipeline->key = &save->key;
        }
        return r;
}

static bool is_digest_of(const struct bp_digest *digest, struct bp_text text) {
        struct bp_digest right = bp_digest_of(text.text, text.size);

        return memcmp(digest, &right, sizeof(right)) == 0;
}

static int submit(struct bp_store *store, const struct bp_store_pipeline *pipeline,
                  int (*apply)(struct bp_write *, struct bp_connection *), bp_store_done *done, void *userdata) {
        struct save *save;

        /* A digest of something else would give another document back one day. */
        if (!pipeline->name || !pipeline->saved_by || !pipeline->dag.text ||
            !is_digest_of(&pipeline->digest, pipeline->dag))
                return -EINVAL;
        save = bp_calloc(1, sizeof(*save));
        if (!save)
                return -ENOMEM;
        *save = (struct save){.pipeline = *pipeline, .done = done, .userdata = userdata};
        save->copies = bp_arena_new(MOST_BYTES);
        save->answers = bp_arena_new(MOST_BYTES);
        if (!save->copies || !save->answers || copy(save)) {
                free_save(save);
                return -ENOMEM;
        }
        save->write = (struct bp_write){
                .bytes = sizeof(*save) + bp_arena_used(save->copies), .apply = apply, .done = done_save};
        bp_write_submit(store, &save->write);
        return 0;
}

int bp_store_pipeline_create(struct bp_store *store, const struct bp_store_pipeline *pipeline, bp_store_done *done,
                             void *userdata) {
        return submit(store, pipeline, apply_create, done, userdata);
}

int bp_store_pipeline_save(struct bp_store *store, const struct bp_store_pipeline *pipeline, bp_store_done *done,
                           void *userdata) {
        return submit(store, pipeline, apply_save, done, userdata);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Deleting
 */

struct deletion {
        struct bp_write write;
        struct bp_id id;
        bp_store_done *done;
        void *userdata;
};

static int delete_by_id(struct bp_connection *connection, const char *sql, const struct bp_id *id) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection, sql, &stmt);

        if (r)
                return r;
        bp_bind_id(stmt, 1, true, id);
        return bp_connection_run(connection, stmt);
}

static int apply_delete(struct bp_write *write, struct bp_connection *connection) {
        struct deletion *deletion = (struct deletion *)write;
        int r = delete_by_id(
                connection,
                "DELETE FROM pipeline_revisions WHERE pipeline = (SELECT number FROM pipelines WHERE id = ?)",
                &deletion->id);

        if (!r)
                r = delete_by_id(connection, "DELETE FROM pipelines WHERE id = ?", &deletion->id);
        if (r)
                return r;
        return bp_connection_changes(connection) ? 0 : BP_STORE_NOT_FOUND;
}

static void done_delete(struct bp_write *write, int result) {
        struct deletion *deletion = (struct deletion *)write;

        if (deletion->done)
                deletion->done(deletion->userdata, result, NULL);
        free(deletion);
}

int bp_store_pipeline_delete(struct bp_store *store, struct bp_id id, bp_store_done *done, void *userdata) {
        struct deletion *deletion = bp_calloc(1, sizeof(*deletion));

        if (!deletion)
                return -ENOMEM;
        *deletion = (struct deletion){.id = id, .done = done, .userdata = userdata};
        deletion->write = (struct bp_write){.bytes = sizeof(*deletion), .apply = apply_delete, .done = done_delete};
        bp_write_submit(store, &deletion->write);
        return 0;
}
