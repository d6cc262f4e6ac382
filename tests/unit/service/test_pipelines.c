/* SPDX-License-Identifier: Apache-2.0 */
/* Stored pipelines: checks, drafts, revisions, owners, and a cache that is never out of date. */
#include "house.h"

#define STEPS(action) "\"steps\": [{\"id\": \"s0\", \"name\": \"n\", \"action\": \"" action "\"}]"

struct saved {
        pthread_mutex_t mutex;
        pthread_cond_t changed;
        unsigned n;
        int result;
        struct bp_id id;
        uint32_t revision, n_steps;
        enum bp_pipeline_status status;
        char name[64], description[64];
};

#define SAVED \
        { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .result = -1000 }

static void note_saved(void *userdata, int result, const void *data) {
        const struct bp_pipeline_row *row = data;
        struct saved *saved = userdata;

        pthread_mutex_lock(&saved->mutex);
        saved->n++;
        saved->result = result;
        if (row) {
                saved->id = row->id;
                saved->revision = row->revision;
                saved->n_steps = row->n_steps;
                saved->status = row->status;
                snprintf(saved->name, sizeof(saved->name), "%s", row->name);
                snprintf(saved->description, sizeof(saved->description), "%s",
                         row->description ? row->description : "-");
        }
        pthread_cond_broadcast(&saved->changed);
        pthread_mutex_unlock(&saved->mutex);
}

static struct saved await_saved(struct saved *saved) {
        struct timespec until = patience_ends();
        bool timed_out = false;

        pthread_mutex_lock(&saved->mutex);
        while (saved->n == 0 && !timed_out)
                timed_out = pthread_cond_timedwait(&saved->changed, &saved->mutex, &until) == ETIMEDOUT;
        pthread_mutex_unlock(&saved->mutex);
        assert_int_equal(saved->n, 1);
        return *saved;
}

static struct saved save(struct house *house, struct bp_service_pipeline pipeline, const char *json) {
        struct bp_problem_list errors = {.arena = house->arena};
        struct saved saved = SAVED;
        struct bp_value dag = read_json(house, json);
        int r;

        pipeline.dag = &dag;
        pipeline.saved_by = "tester";
        r = bp_service_pipeline_save(house->service, &pipeline, &errors, note_saved, &saved);
        if (r)
                fail_msg("%d: %s", r, errors.count ? errors.items[0]->message : "refused");
        return await_saved(&saved);
}

static const char *refused(struct house *house, struct bp_service_pipeline pipeline, const char *json) {
        struct bp_problem_list errors = {.arena = house->arena};
        struct saved saved = SAVED;
        struct bp_value dag = read_json(house, json);

        pipeline.dag = &dag;
        pipeline.saved_by = "tester";
        assert_int_equal(bp_service_pipeline_save(house->service, &pipeline, &errors, note_saved, &saved),
                         BP_SERVICE_INVALID);
        assert_int_equal(saved.n, 0);
        return errors.items[0]->code;
}

/* @return what the start came to: 0 (and how it ended in `told`), or why it was refused */
static int start_of(struct house *house, struct bp_id pipeline, struct told *told) {
        struct started tried = try_start(house, (struct bp_service_start){.pipeline = pipeline}, told);

        if (tried.result == 0)
                await_told(told);
        return tried.result;
}

static void a_definition_without_steps_is_a_draft(void **state) {
        struct house *house = *state;
        struct told told = TOLD;
        struct saved draft = save(house, (struct bp_service_pipeline){0}, "{\"name\": \"d\"}"), active;
        struct started tried;

        assert_int_equal(draft.result, 0);
        assert_int_equal(draft.status, BP_PIPELINE_DRAFT);
        assert_int_equal(draft.n_steps, 0);
        tried = try_start(house, (struct bp_service_start){.pipeline = draft.id}, &told);
        assert_int_equal(tried.result, BP_SERVICE_INVALID);
        assert_string_equal(tried.errors.items[0]->code, "PIPELINE_DRAFT");
        assert_string_equal(refused(house, (struct bp_service_pipeline){0}, "{\"steps\": []}"), "SCHEMA");
        active = save(house, (struct bp_service_pipeline){.id = draft.id},
                      "{\"name\": \"d\", \"description\": \"now with steps\", " STEPS("pure") "}");
        assert_int_equal(active.revision, 2);
        assert_int_equal(active.status, BP_PIPELINE_ACTIVE);
        assert_string_equal(active.description, "now with steps");
        assert_int_equal(start_of(house, draft.id, &told), 0);
        assert_int_equal(told.state, BP_EXECUTION_COMPLETED);
}

static void what_is_wrong_is_not_saved(void **state) {
        struct house *house = *state;
        struct bp_service_pipeline any = {0};
        struct bp_pipeline_row *rows;
        size_t n;

        assert_string_equal(refused(house, any, "{\"name\": \"w\", \"steps\": 3}"), "SCHEMA");
        assert_string_equal(refused(house, any,
                                    "{\"name\": \"w\", \"steps\": [{\"id\": \"a\", \"name\": \"a\", \"action\": "
                                    "\"pure\", \"depends_on\": [\"a\"]}]}"),
                            "SELF_DEPENDENCY");
        assert_int_equal(bp_store_pipelines(bp_service_store(house->service), &(struct bp_pipeline_filter){0},
                                            house->arena, &rows, &n),
                         0);
        assert_int_equal(n, 0);
}

static void names_and_revisions_are_guarded(void **state) {
        struct house *house = *state;
        struct bp_service_pipeline any = {0};
        struct saved first = save(house, any, "{\"name\": \"one\", " STEPS("pure") "}"),
                     twin = save(house, any, "{\"name\": \"one\", " STEPS("pure") "}"), stale, nobody;

        assert_int_equal(first.result, 0);
        assert_int_equal(first.revision, 1);
        assert_int_equal(twin.result, BP_STORE_DUPLICATE);
        assert_int_equal(save(house, (struct bp_service_pipeline){.id = first.id, .expected_revision = 1},
                              "{\"name\": \"one\", " STEPS("once") "}")
                                 .revision,
                         2);
        stale = save(house, (struct bp_service_pipeline){.id = first.id, .expected_revision = 1},
                     "{\"name\": \"one\", " STEPS("pure") "}");
        assert_int_equal(stale.result, BP_STORE_CONFLICT);
        nobody = save(house, (struct bp_service_pipeline){.id = bp_id_derive("x", 1)},
                      "{\"name\": \"x\", " STEPS("pure") "}");
        assert_int_equal(nobody.result, BP_STORE_NOT_FOUND);
}

static void starts_follow_the_newest_revision(void **state) {
        struct house *house = *state;
        struct saved first = save(house, (struct bp_service_pipeline){0}, "{\"name\": \"v\", " STEPS("pure") "}"),
                     saved;
        struct saved restored = SAVED, deleted = SAVED;
        struct bp_problem_list errors = {.arena = house->arena};
        struct told told[4] = {TOLD, TOLD, TOLD, TOLD};
        struct bp_id id = first.id;

        assert_int_equal(start_of(house, id, &told[0]), 0);
        assert_int_equal(row_of(house, told[0].id).revision, 1);
        saved = save(house, (struct bp_service_pipeline){.id = id}, "{\"name\": \"v\", " STEPS("heavy") "}");
        assert_int_equal(saved.revision, 2);
        assert_int_equal(start_of(house, id, &told[1]), 0);
        assert_int_equal(row_of(house, told[1].id).revision, 2);
        assert_int_equal(
                bp_service_pipeline_restore(house->service, id, 1, "tester", NULL, &errors, note_saved, &restored), 0);
        assert_int_equal(await_saved(&restored).revision, 3);
        assert_int_equal(start_of(house, id, &told[2]), 0);
        assert_int_equal(row_of(house, told[2].id).revision, 3);
        assert_true(row_of(house, told[2].id).definition == row_of(house, told[0].id).definition);
        assert_int_equal(bp_service_pipeline_delete(house->service, id, note_saved, &deleted), 0);
        assert_int_equal(await_saved(&deleted).result, 0);
        assert_int_equal(start_of(house, id, &told[3]), BP_STORE_NOT_FOUND);
        assert_int_equal(row_of(house, told[0].id).state, BP_EXECUTION_COMPLETED);
}

static void stored_pipelines_start_after_a_restart(void **state) {
        struct house *house = *state;
        struct saved saved = save(house, (struct bp_service_pipeline){0}, "{\"name\": \"r\", " STEPS("pure") "}");
        struct told told = TOLD;

        house_close(house);
        house_open(house);
        house_begin(house);
        assert_int_equal(start_of(house, saved.id, &told), 0);
        assert_int_equal(told.state, BP_EXECUTION_COMPLETED);
}

static void owners_see_their_own(void **state) {
        struct house *house = *state;
        struct bp_id ann = bp_id_derive("ann", 3), bob = bp_id_derive("bob", 3);
        struct saved hers = save(house, (struct bp_service_pipeline){.has_user = true, .user = ann},
                                 "{\"name\": \"o\", " STEPS("pure") "}"),
                     shared = save(house, (struct bp_service_pipeline){.system_owned = true},
                                   "{\"name\": \"s\", " STEPS("pure") "}"),
                     foreign;
        struct told told[3] = {TOLD, TOLD, TOLD}, none = TOLD;
        struct bp_service_start start = {.pipeline = hers.id, .has_user = true, .user = bob};

        assert_int_equal(try_start(house, start, &none).result, BP_STORE_NOT_FOUND);
        start.user = ann;
        assert_int_equal(try_start(house, start, &told[0]).result, 0);
        start.has_user = false;
        assert_int_equal(try_start(house, start, &told[1]).result, 0);
        start = (struct bp_service_start){.pipeline = shared.id, .has_user = true, .user = bob};
        assert_int_equal(try_start(house, start, &told[2]).result, 0);
        for (size_t i = 0; i < 3; i++)
                await_told(&told[i]);
        foreign = save(house, (struct bp_service_pipeline){.id = hers.id, .has_user = true, .user = bob},
                       "{\"name\": \"o\", " STEPS("pure") "}");
        assert_int_equal(foreign.result, BP_STORE_NOT_FOUND);
}

static void a_new_catalogue_is_seen_at_once(void **state) {
        struct house *house = *state;
        struct saved saved = save(house, (struct bp_service_pipeline){0}, "{\"name\": \"c\", " STEPS("pure") "}");
        struct told told[2] = {TOLD, TOLD};
        struct bp_registry_draft *draft;

        assert_int_equal(start_of(house, saved.id, &told[0]), 0);
        draft = bp_registry_draft_new(house->registry, false);
        assert_int_equal(bp_registry_draft_remove(draft, "pure"), 0);
        assert_int_equal(bp_registry_publish(house->registry, draft), 0);
        assert_int_equal(start_of(house, saved.id, &told[1]), BP_SERVICE_INVALID);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_BOTH_DRIVERS(a_definition_without_steps_is_a_draft),
                ON_BOTH_DRIVERS(what_is_wrong_is_not_saved),
                ON_BOTH_DRIVERS(names_and_revisions_are_guarded),
                ON_BOTH_DRIVERS(starts_follow_the_newest_revision),
                cmocka_unit_test_setup_teardown(stored_pipelines_start_after_a_restart, setup_sqlite, teardown),
                ON_BOTH_DRIVERS(owners_see_their_own),
                ON_BOTH_DRIVERS(a_new_catalogue_is_seen_at_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
