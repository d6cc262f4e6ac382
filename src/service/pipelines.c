/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stored pipelines: checked, saved as immutable revisions, and kept ready in a write-through cache, so that a start
 * reads no database. A definition without steps is a draft (reference engine.md section 15).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "service/state.h"

enum {
        NAME_CHARACTERS = 255,
};

/* ---------------------------------------------------------------------------------------------------------------
 * The cache
 */

static struct bp_stored_pipeline *stored_new(const struct bp_pipeline_row *row, uint64_t generation,
                                             const struct bp_definition *definition) {
        struct bp_stored_pipeline *pipeline = bp_calloc(1, sizeof(*pipeline));

        if (!pipeline)
                return NULL;
        atomic_init(&pipeline->owners, 1);
        pipeline->revision = row->revision;
        pipeline->has_user = row->has_user;
        pipeline->system_owned = row->system_owned;
        pipeline->user = row->user;
        pipeline->generation = generation;
        pipeline->definition = definition ? bp_definition_ref(definition) : NULL;
        return pipeline;
}

struct bp_stored_pipeline *bp_stored_pipeline_unref(struct bp_stored_pipeline *pipeline) {
        if (!pipeline || atomic_fetch_sub(&pipeline->owners, 1) > 1)
                return NULL;
        bp_definition_unref(pipeline->definition);
        free(pipeline);
        return NULL;
}

static void ref_stored(void *value) {
        struct bp_stored_pipeline *pipeline = value;

        atomic_fetch_add(&pipeline->owners, 1);
}

static void unref_stored(void *value) {
        bp_stored_pipeline_unref(value);
}

const struct bp_lru_kind bp_lru_pipelines = {.ref = ref_stored, .unref = unref_stored};

static struct bp_lru_key key_of(struct bp_id id) {
        struct bp_lru_key key = {0};

        memcpy(key.bytes, id.bytes, sizeof(id.bytes));
        return key;
}

static uint64_t generation_now(const struct bp_service *service) {
        const struct bp_registry_snapshot *snapshot = bp_registry_acquire(service->registry);
        uint64_t generation = bp_registry_generation(snapshot);

        bp_registry_release(snapshot);
        return generation;
}

static int read_stored(struct bp_service *service, struct bp_id id, struct bp_problem_list *errors,
                       struct bp_stored_pipeline **ret_pipeline) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        const struct bp_definition *definition = NULL;
        struct bp_stored_pipeline *pipeline;
        uint64_t generation = generation_now(service);
        struct bp_pipeline_row row;
        int r;

        if (!arena)
                return -ENOMEM;
        r = bp_store_pipeline(service->store, id, 0, arena, &row);
        if (r == 0 && row.n_steps > 0)
                r = bp_definition_by_number(service, row.definition, errors, &definition);
        if (r)
                return r;
        pipeline = stored_new(&row, generation, definition);
        bp_definition_unref(definition);
        if (!pipeline)
                return -ENOMEM;
        *ret_pipeline = pipeline;
        return 0;
}

int bp_stored_pipeline(struct bp_service *service, struct bp_id id, struct bp_problem_list *errors,
                       struct bp_stored_pipeline **ret_pipeline) {
        struct bp_lru_key key = key_of(id);
        uint64_t changes;
        struct bp_stored_pipeline *pipeline = bp_lru_find(&service->pipelines, &key, &changes);
        int r;

        if (pipeline && pipeline->generation == generation_now(service)) {
                *ret_pipeline = pipeline;
                return 0;
        }
        bp_stored_pipeline_unref(pipeline);
        r = read_stored(service, id, errors, &pipeline);
        if (r)
                return r;
        bp_lru_offer(&service->pipelines, &key, pipeline, changes);
        *ret_pipeline = pipeline;
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Writes on their way
 */

/* What the cache has to know when a write is durable. malloc'ed. */
struct change {
        struct bp_service *service;
        struct bp_id id;
        uint64_t generation;
        const struct bp_definition *definition; /* or NULL */
        bp_store_done *done;
        void *userdata;
};

static struct change *change_new(struct bp_service *service, struct bp_id id, bp_store_done *done, void *userdata) {
        struct change *change = bp_calloc(1, sizeof(*change));

        if (!change)
                return NULL;
        *change = (struct change){.service = service, .id = id, .done = done, .userdata = userdata};
        return change;
}

static struct change *change_free(struct change *change) {
        bp_definition_unref(change->definition);
        free(change);
        return NULL;
}

static void on_saved(void *userdata, int result, const void *row) {
        struct change *change = userdata;
        struct bp_lru_key key = key_of(change->id);
        struct bp_stored_pipeline *pipeline =
                result == 0 && row ? stored_new(row, change->generation, change->definition) : NULL;

        if (result == 0)
                bp_lru_change(&change->service->pipelines, &key, pipeline);
        bp_stored_pipeline_unref(pipeline);
        change->done(change->userdata, result, row);
        change_free(change);
}

static void on_deleted(void *userdata, int result, const void *row) {
        struct change *change = userdata;
        struct bp_lru_key key = key_of(change->id);

        if (result == 0)
                bp_lru_change(&change->service->pipelines, &key, NULL);
        change->done(change->userdata, result, row);
        change_free(change);
}

int bp_service_pipeline_delete(struct bp_service *service, struct bp_id id, bp_store_done *done, void *userdata) {
        struct change *change = change_new(service, id, done, userdata);
        int r;

        if (!change)
                return -ENOMEM;
        r = bp_store_pipeline_delete(service->store, id, on_deleted, change);
        if (r < 0)
                change_free(change);
        return r;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Checks
 */

/* What is to be saved, checked. */
struct draft {
        struct bp_store_pipeline row;
        const struct bp_definition *definition; /* NULL: without steps */
        uint64_t generation;
        struct bp_strbuf dag;
        bool is_new;
};

static bool has_steps(const struct bp_value *dag) {
        const struct bp_value *steps = bp_value_get(dag, "steps");

        return steps && (steps->type != BP_LIST || steps->count > 0);
}

static const char *text_member(const struct bp_value *dag, const char *name) {
        const struct bp_value *value = bp_value_get(dag, name);

        return value && value->type == BP_STRING ? value->as.text : NULL;
}

static size_t characters(const char *text) {
        size_t n = 0;

        for (; *text; text++)
                n += ((unsigned char)*text & 0xc0) != 0x80;
        return n;
}

static int check_name(const char *name, struct bp_problem_list *errors) {
        int r;

        if (name && *name && characters(name) <= NAME_CHARACTERS)
                return 0;
        r = bp_problem_list_addf(errors, "SCHEMA", "/name", "A pipeline needs a name of 1 to %d characters",
                                 NAME_CHARACTERS);
        return r < 0 ? r : BP_SERVICE_INVALID;
}

static int write_dag(struct draft *draft, const struct bp_value *dag) {
        bp_strbuf_init(&draft->dag, NULL, SIZE_MAX / 2);
        bp_json_write(&draft->dag, dag);
        if (draft->dag.error)
                return draft->dag.error;
        draft->row.dag = (struct bp_text){.text = bp_strbuf_text(&draft->dag), .size = draft->dag.size};
        draft->row.digest = bp_digest_of(draft->dag.text, draft->dag.size);
        return 0;
}

/* Fills what follows from the document. */
static int check_dag(struct bp_service *service, const struct bp_value *dag, struct bp_problem_list *errors,
                     struct draft *draft) {
        struct bp_store_pipeline *row = &draft->row;
        int r = 0;

        draft->generation = generation_now(service);
        if (has_steps(dag))
                r = bp_service_definition(service, dag, errors, NULL, &draft->definition);
        if (r)
                return r;
        row->status = draft->definition ? BP_PIPELINE_ACTIVE : BP_PIPELINE_DRAFT;
        row->n_steps = draft->definition ? draft->definition->n_steps : 0;
        row->now = bp_wall_now();
        if (!row->name)
                row->name = text_member(dag, "name");
        r = check_name(row->name, errors);
        return r ? r : write_dag(draft, dag);
}

static int hand_over(struct bp_service *service, struct draft *draft, bp_store_done *done, void *userdata) {
        struct change *change = change_new(service, draft->row.id, done, userdata);
        int r;

        if (!change)
                return -ENOMEM;
        change->generation = draft->generation;
        if (draft->definition)
                change->definition = bp_definition_ref(draft->definition);
        if (draft->is_new)
                r = bp_store_pipeline_create(service->store, &draft->row, on_saved, change);
        else
                r = bp_store_pipeline_save(service->store, &draft->row, on_saved, change);
        if (r < 0)
                change_free(change);
        return r;
}

static int check_and_hand_over(struct bp_service *service, const struct bp_value *dag, struct bp_problem_list *errors,
                               struct draft *draft, bp_store_done *done, void *userdata) {
        int r = bp_start_admit(service, errors);

        if (r)
                return r;
        r = check_dag(service, dag, errors, draft);
        if (r == 0)
                r = hand_over(service, draft, done, userdata);
        bp_strbuf_done(&draft->dag);
        bp_definition_unref(draft->definition);
        return r;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Saving
 */

static bool is_zero(struct bp_id id) {
        static const struct bp_id zero;

        return memcmp(&id, &zero, sizeof(id)) == 0;
}

static int create(struct bp_service *service, const struct bp_service_pipeline *pipeline,
                  struct bp_problem_list *errors, bp_store_done *done, void *userdata) {
        struct draft draft = {.is_new = true,
                              .row = {.id = pipeline->key ? pipeline->key->subject : bp_id_new(bp_wall_now()),
                                      .name = pipeline->name,
                                      .description = text_member(pipeline->dag, "description"),
                                      .icon = pipeline->icon,
                                      .has_user = pipeline->has_user,
                                      .user = pipeline->user,
                                      .system_owned = pipeline->system_owned,
                                      .saved_by = pipeline->saved_by,
                                      .key = pipeline->key}};

        return check_and_hand_over(service, pipeline->dag, errors, &draft, done, userdata);
}

static bool may_see(const struct bp_pipeline_row *row, const struct bp_service_pipeline *pipeline) {
        if (!pipeline->has_user || row->system_owned)
                return true;
        return row->has_user && memcmp(&row->user, &pipeline->user, sizeof(row->user)) == 0;
}

/* What a save does not state stays as it was. */
static int save(struct bp_service *service, const struct bp_service_pipeline *pipeline, struct bp_arena *arena,
                struct bp_problem_list *errors, bp_store_done *done, void *userdata) {
        const char *description = text_member(pipeline->dag, "description");
        struct bp_pipeline_row old;
        struct draft draft;
        int r = bp_store_pipeline(service->store, pipeline->id, 0, arena, &old);

        if (r == 0 && !may_see(&old, pipeline))
                r = BP_STORE_NOT_FOUND;
        if (r == BP_STORE_NOT_FOUND) {
                done(userdata, r, NULL);
                return 0;
        }
        if (r < 0)
                return r;
        draft = (struct draft){.row = {.id = pipeline->id,
                                       .expected_revision = pipeline->expected_revision,
                                       .name = pipeline->name,
                                       .description = description ? description : old.description,
                                       .icon = pipeline->icon ? pipeline->icon : old.icon,
                                       .has_user = old.has_user,
                                       .user = old.user,
                                       .system_owned = old.system_owned,
                                       .saved_by = pipeline->saved_by,
                                       .key = pipeline->key}};
        return check_and_hand_over(service, pipeline->dag, errors, &draft, done, userdata);
}

int bp_service_pipeline_save(struct bp_service *service, const struct bp_service_pipeline *pipeline,
                             struct bp_problem_list *errors, bp_store_done *done, void *userdata) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = NULL;

        if (is_zero(pipeline->id))
                return create(service, pipeline, errors, done, userdata);
        arena = bp_arena_new(BP_ARENA_UNLIMITED);
        return arena ? save(service, pipeline, arena, errors, done, userdata) : -ENOMEM;
}

static int restore(struct bp_service *service, struct bp_id id, uint32_t revision, const char *saved_by,
                   const struct bp_store_key *key, struct bp_arena *arena, struct bp_problem_list *errors,
                   bp_store_done *done, void *userdata) {
        struct bp_pipeline_row old;
        struct bp_value dag;
        struct draft draft;
        int r = bp_store_pipeline(service->store, id, revision, arena, &old);

        if (r == BP_STORE_NOT_FOUND) {
                done(userdata, r, NULL);
                return 0;
        }
        if (r == 0)
                r = bp_stored_json(&old.dag, arena, &dag);
        if (r < 0)
                return r;
        draft = (struct draft){.row = {.id = id,
                                       .name = old.name,
                                       .description = old.description,
                                       .icon = old.icon,
                                       .has_user = old.has_user,
                                       .user = old.user,
                                       .system_owned = old.system_owned,
                                       .saved_by = saved_by,
                                       .restored_from = revision,
                                       .key = key}};
        return check_and_hand_over(service, &dag, errors, &draft, done, userdata);
}

int bp_service_pipeline_restore(struct bp_service *service, struct bp_id id, uint32_t revision, const char *saved_by,
                                const struct bp_store_key *key, struct bp_problem_list *errors, bp_store_done *done,
                                void *userdata) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);

        return arena ? restore(service, id, revision, saved_by, key, arena, errors, done, userdata) : -ENOMEM;
}
