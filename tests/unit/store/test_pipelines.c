/* SPDX-License-Identifier: Apache-2.0 */
/* Pipelines and their revisions, on both drivers. */
#include "unit.h"

#include <errno.h>
#include <sqlite3.h>

#include "execution.h"
#include "pipeline.h"

#define FIRST "{ \"name\" : \"inner\", \"steps\":[ 1.50, \"\\u00e9\" ] }"
#define SECOND "{\"steps\":[],\"name\":\"inner\"}"

static void test_comes_back_as_it_was_saved(void **state) {
        struct fixture *fixture = *state;
        struct bp_store_pipeline pipeline = pipeline_of("a", "Alpha", FIRST);
        struct bp_pipeline_row row;
        struct answer answer;

        pipeline.description = "what it does";
        pipeline.icon = "rocket";
        pipeline.status = BP_PIPELINE_DRAFT;
        pipeline.has_user = true;
        pipeline.user = id_of("user");
        pipeline.system_owned = true;
        assert_int_equal(create_pipeline(fixture, &pipeline, &answer), 0);
        assert_true(answer.has_row);
        assert_int_equal(answer.row.revision, 1);
        assert_string_equal(answer.name, "Alpha");
        assert_string_equal(answer.dag, FIRST);

        assert_int_equal(bp_store_pipeline(fixture->store, pipeline.id, 0, fixture->arena, &row), 0);
        assert_memory_equal(&row.id, &pipeline.id, sizeof(row.id));
        assert_int_equal(row.revision, 1);
        assert_string_equal(row.name, "Alpha");
        assert_string_equal(row.description, "what it does");
        assert_string_equal(row.icon, "rocket");
        assert_int_equal(row.status, BP_PIPELINE_DRAFT);
        assert_true(row.has_user);
        assert_memory_equal(&row.user, &pipeline.user, sizeof(row.user));
        assert_true(row.system_owned);
        assert_string_equal(row.created_by, "ada");
        assert_string_equal(row.saved_by, "ada");
        assert_int_equal(row.restored_from, 0);
        assert_int_equal(row.created_at.us, 1700000000000000);
        assert_int_equal(row.updated_at.us, 1700000000000000);
        assert_int_equal(row.n_steps, 1);
        assert_memory_equal(&row.digest, &pipeline.digest, sizeof(row.digest));
        assert_int_equal(row.dag.size, strlen(FIRST));
        assert_string_equal(row.dag.text, FIRST);
        assert_int_equal(row.execution_count, 0);
        assert_int_equal(row.last_execution_at.us, 0);
}

static void test_each_save_is_a_revision(void **state) {
        struct fixture *fixture = *state;
        struct bp_store_pipeline pipeline = pipeline_of("a", "Alpha", FIRST);
        struct bp_pipeline_row row, *rows;
        struct answer answer;
        size_t n;

        assert_int_equal(create_pipeline(fixture, &pipeline, &answer), 0);
        pipeline = pipeline_of("a", "Beta", SECOND);
        pipeline.saved_by = "grace";
        pipeline.now.us += 1000000;
        pipeline.n_steps = 2;
        assert_int_equal(save_pipeline(fixture, &pipeline, &answer), 0);
        assert_int_equal(answer.row.revision, 2);
        pipeline = pipeline_of("a", "Alpha", FIRST);
        pipeline.restored_from = 1;
        pipeline.now.us += 2000000;
        assert_int_equal(save_pipeline(fixture, &pipeline, &answer), 0);
        assert_int_equal(answer.row.revision, 3);

        assert_int_equal(bp_store_pipeline(fixture->store, pipeline.id, 2, fixture->arena, &row), 0);
        assert_string_equal(row.name, "Beta");
        assert_string_equal(row.dag.text, SECOND);
        assert_string_equal(row.saved_by, "grace");
        assert_string_equal(row.created_by, "ada");
        assert_int_equal(row.created_at.us, 1700000000000000);
        assert_int_equal(row.updated_at.us, 1700000001000000);
        assert_int_equal(bp_store_pipeline(fixture->store, pipeline.id, 4, fixture->arena, &row), BP_STORE_NOT_FOUND);

        assert_int_equal(bp_store_pipeline_revisions(fixture->store, pipeline.id, fixture->arena, &rows, &n), 0);
        assert_int_equal(n, 3);
        for (uint32_t i = 0; i < 3; i++) {
                assert_int_equal(rows[i].revision, 3 - i);
                assert_null(rows[i].dag.text);
        }
        assert_int_equal(rows[0].restored_from, 1);
        assert_int_equal(rows[0].definition, rows[2].definition); /* one document, kept once */
        assert_int_equal(rows[1].n_steps, 2);
        assert_int_equal(bp_store_pipeline_revisions(fixture->store, id_of("nobody"), fixture->arena, &rows, &n),
                         BP_STORE_NOT_FOUND);
}

static void test_optimistic_revision(void **state) {
        struct fixture *fixture = *state;
        struct bp_store_pipeline pipeline = pipeline_of("a", "Alpha", FIRST);
        struct bp_pipeline_row row;
        struct answer answer, other;

        assert_int_equal(save_pipeline(fixture, &pipeline, &answer), BP_STORE_NOT_FOUND);
        assert_false(answer.has_row);
        assert_int_equal(create_pipeline(fixture, &pipeline, &answer), 0);
        pipeline.expected_revision = 1;
        other = answer = (struct answer){.fixture = fixture};
        assert_int_equal(bp_store_pipeline_save(fixture->store, &pipeline, answer_done, &answer), 0);
        assert_int_equal(bp_store_pipeline_save(fixture->store, &pipeline, answer_done, &other), 0);
        assert_int_equal(answer_wait(&answer), 0);
        assert_int_equal(answer_wait(&other), BP_STORE_CONFLICT);
        assert_int_equal(bp_store_pipeline(fixture->store, pipeline.id, 0, fixture->arena, &row), 0);
        assert_int_equal(row.revision, 2);
        pipeline.expected_revision = 0;
        assert_int_equal(save_pipeline(fixture, &pipeline, &answer), 0);
        assert_int_equal(answer.row.revision, 3);
}

static void test_names_are_the_owners(void **state) {
        struct fixture *fixture = *state;
        struct bp_store_pipeline pipeline = pipeline_of("a", "Alpha", FIRST);
        struct answer answer;

        assert_int_equal(create_pipeline(fixture, &pipeline, &answer), 0);
        assert_int_equal(create_pipeline(fixture, &pipeline, &answer), BP_STORE_DUPLICATE); /* the id */
        pipeline.id = id_of("b");
        assert_int_equal(create_pipeline(fixture, &pipeline, &answer),
                         BP_STORE_DUPLICATE); /* the name, without an owner */
        pipeline.has_user = true;
        pipeline.user = id_of("one");
        assert_int_equal(create_pipeline(fixture, &pipeline, &answer), 0);
        pipeline.id = id_of("c");
        assert_int_equal(create_pipeline(fixture, &pipeline, &answer), BP_STORE_DUPLICATE);
        pipeline.user = id_of("two");
        assert_int_equal(create_pipeline(fixture, &pipeline, &answer), 0);
        pipeline.id = id_of("d");
        pipeline.name = "alpha"; /* another name */
        assert_int_equal(create_pipeline(fixture, &pipeline, &answer), 0);
        pipeline.name = "Alpha";
        assert_int_equal(save_pipeline(fixture, &pipeline, &answer),
                         BP_STORE_DUPLICATE); /* taken by the other one of two's */
        pipeline.id = id_of("c");
        assert_int_equal(save_pipeline(fixture, &pipeline, &answer), 0); /* its own */
        assert_int_equal(delete_pipeline(fixture, id_of("c")), 0);
        pipeline.id = id_of("d");
        assert_int_equal(save_pipeline(fixture, &pipeline, &answer), 0); /* free again */
}

static size_t listed(struct fixture *fixture, const struct bp_pipeline_filter *filter, const char *names) {
        struct bp_pipeline_row *rows;
        char found[16] = "";
        size_t n;

        assert_int_equal(bp_store_pipelines(fixture->store, filter, fixture->arena, &rows, &n), 0);
        for (size_t i = 0; i < n; i++) {
                found[i] = *rows[i].name;
                assert_true(filter->with_documents == (rows[i].dag.text != NULL));
        }
        assert_string_equal(found, names);
        return n;
}

static void test_lists_newest_first_by_owner(void **state) {
        struct fixture *fixture = *state;
        const struct {
                const char *name;
                const char *user;
                bool system_owned;
        } made[] = {
                {"A", NULL, false}, {"B", "one", false}, {"C", "two", true}, {"D", "one", false}, {"E", NULL, true}};
        struct bp_pipeline_filter filter = {0};
        struct answer answer;

        assert_int_equal(listed(fixture, &filter, ""), 0);
        for (size_t i = 0; i < 5; i++) {
                struct bp_store_pipeline pipeline = pipeline_of(made[i].name, made[i].name, SECOND);

                pipeline.has_user = made[i].user;
                if (made[i].user)
                        pipeline.user = id_of(made[i].user);
                pipeline.system_owned = made[i].system_owned;
                assert_int_equal(create_pipeline(fixture, &pipeline, &answer), 0);
        }
        listed(fixture, &filter, "EDCBA");
        filter.with_documents = true;
        listed(fixture, &filter, "EDCBA");
        filter = (struct bp_pipeline_filter){.has_user = true, .user = id_of("one")};
        listed(fixture, &filter, "DB");
        filter.include_system = true;
        listed(fixture, &filter, "EDCB");
        filter.user = id_of("nobody");
        filter.include_system = false;
        listed(fixture, &filter, "");
}

static void test_deleting(void **state) {
        struct fixture *fixture = *state;
        struct bp_store_pipeline pipeline = pipeline_of("a", "Alpha", FIRST);
        struct bp_pipeline_row row, *rows;
        struct answer answer;
        size_t n;

        assert_int_equal(create_pipeline(fixture, &pipeline, &answer), 0);
        assert_int_equal(save_pipeline(fixture, &pipeline, &answer), 0);
        assert_int_equal(delete_pipeline(fixture, pipeline.id), 0);
        assert_int_equal(delete_pipeline(fixture, pipeline.id), BP_STORE_NOT_FOUND);
        assert_int_equal(bp_store_pipeline(fixture->store, pipeline.id, 0, fixture->arena, &row), BP_STORE_NOT_FOUND);
        assert_int_equal(bp_store_pipeline(fixture->store, pipeline.id, 1, fixture->arena, &row), BP_STORE_NOT_FOUND);
        assert_int_equal(create_pipeline(fixture, &pipeline, &answer), 0); /* begins anew */
        assert_int_equal(answer.row.revision, 1);
        assert_int_equal(bp_store_pipeline_revisions(fixture->store, pipeline.id, fixture->arena, &rows, &n), 0);
        assert_int_equal(n, 1);
}

static void test_key_is_kept_with_the_pipeline_or_not_at_all(void **state) {
        struct fixture *fixture = *state;
        struct bp_store_pipeline pipeline = pipeline_of("a", "Alpha", FIRST);
        struct bp_store_key key = {.scope = "POST /pipelines",
                                   .key = "k1",
                                   .subject = pipeline.id,
                                   .created_at = {1000}},
                            found;
        struct bp_pipeline_row row;
        struct answer answer;

        pipeline.key = &key;
        assert_int_equal(create_pipeline(fixture, &pipeline, &answer), 0);
        assert_int_equal(bp_store_key_find(fixture->store, key.scope, "k1", key.created_at, fixture->arena, &found), 0);
        assert_memory_equal(&found.subject, &pipeline.id, sizeof(found.subject));
        assert_int_equal(found.status, 0);

        /* The key is taken: nothing of the second one remains. */
        pipeline.id = id_of("b");
        pipeline.name = "Beta";
        assert_int_equal(create_pipeline(fixture, &pipeline, &answer), BP_STORE_CONFLICT);
        assert_int_equal(bp_store_pipeline(fixture->store, pipeline.id, 0, fixture->arena, &row), BP_STORE_NOT_FOUND);

        /* The name is taken: the key is free. */
        pipeline.name = "Alpha";
        key.key = "k2";
        assert_int_equal(create_pipeline(fixture, &pipeline, &answer), BP_STORE_DUPLICATE);
        assert_int_equal(bp_store_key_find(fixture->store, key.scope, "k2", key.created_at, fixture->arena, &found),
                         BP_STORE_NOT_FOUND);
}

static uint64_t execute(struct fixture *fixture, const struct bp_definition *definition, struct bp_id pipeline,
                        int64_t at) {
        struct bp_store_new_execution execution = plain_execution(definition, at);
        uint64_t number;

        execution.has_pipeline = true;
        execution.pipeline = pipeline;
        execution.revision = 1;
        number = create(fixture, &execution);
        append(fixture, number, started(1, at));
        return number;
}

static void test_counts_its_executions(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = definition_of("d", 1);
        struct bp_store_pipeline a = pipeline_of("a", "Alpha", FIRST), b = pipeline_of("b", "Beta", FIRST);
        struct bp_execution_filter filter = {.has_pipeline = true, .pipeline = a.id, .limit = 10};
        struct bp_execution_row *executions;
        struct bp_pipeline_row row, *rows;
        struct answer answer;
        uint64_t number, total;
        size_t n;

        assert_int_equal(create_pipeline(fixture, &a, &answer), 0);
        assert_int_equal(create_pipeline(fixture, &b, &answer), 0);
        execute(fixture, definition, a.id, 1000);
        number = execute(fixture, definition, a.id, 2000);
        execute(fixture, definition, b.id, 9000);
        execute(fixture, definition, a.id, 3000);
        append(fixture, number, ended(2, 4000, BP_EXECUTION_COMPLETED));
        fixture_commit(fixture);
        assert_int_equal(save_pipeline(fixture, &a, &answer), 0); /* revisions do not matter */
        assert_int_equal(answer.row.execution_count, 3);
        assert_int_equal(bp_store_pipeline(fixture->store, a.id, 0, fixture->arena, &row), 0);
        assert_int_equal(row.execution_count, 3);
        assert_int_equal(row.last_execution_at.us, 3000);
        assert_int_equal(bp_store_pipelines(fixture->store, &(struct bp_pipeline_filter){0}, fixture->arena, &rows, &n),
                         0);
        assert_int_equal(n, 2);
        assert_int_equal(rows[0].execution_count, 1);
        assert_int_equal(rows[0].last_execution_at.us, 9000);
        assert_int_equal(rows[1].execution_count, 3);

        /* They stay when the pipeline goes. */
        assert_int_equal(delete_pipeline(fixture, a.id), 0);
        assert_int_equal(bp_store_executions(fixture->store, &filter, fixture->arena, &executions, &n, &total), 0);
        assert_int_equal(n, 3);
        assert_int_equal(total, 3);
        bp_definition_unref(definition);
}

static void test_a_wrong_digest_is_refused(void **state) {
        struct fixture *fixture = *state;
        struct bp_store_pipeline pipeline = pipeline_of("a", "Alpha", FIRST);
        struct answer answer = {.fixture = fixture};

        pipeline.digest = bp_digest_of("else", 4);
        assert_int_equal(bp_store_pipeline_create(fixture->store, &pipeline, answer_done, &answer), -EINVAL);
        assert_false(answer.done);
}

/* The row of the definition has the document's name: executions of it show that. */
static void test_document_keeps_its_own_name(void **state) {
        struct fixture *fixture = *state;
        struct bp_store_pipeline named = pipeline_of("a", "Alpha", FIRST), unnamed = pipeline_of("b", "Beta", "[]");
        const char *sql = "SELECT group_concat(name) FROM (SELECT name FROM definitions ORDER BY number)";
        sqlite3_stmt *stmt;
        struct answer answer;
        sqlite3 *db;

        fixture_open(fixture);
        assert_int_equal(create_pipeline(fixture, &named, &answer), 0);
        assert_int_equal(create_pipeline(fixture, &unnamed, &answer), 0);
        assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
        assert_string_equal(sqlite3_column_text(stmt, 0), "inner,Beta");
        sqlite3_finalize(stmt);
        sqlite3_close(db);
}

static void test_survive_a_restart(void **state) {
        struct fixture *fixture = *state;
        struct bp_store_pipeline pipeline = pipeline_of("a", "Alpha", FIRST);
        struct bp_pipeline_row row;
        struct answer answer;

        fixture_open(fixture);
        assert_int_equal(create_pipeline(fixture, &pipeline, &answer), 0);
        pipeline.expected_revision = 1;
        assert_int_equal(save_pipeline(fixture, &pipeline, &answer), 0);
        fixture_reopen(fixture);
        assert_int_equal(bp_store_pipeline(fixture->store, pipeline.id, 0, fixture->arena, &row), 0);
        assert_int_equal(row.revision, 2);
        assert_string_equal(row.dag.text, FIRST);
}

#define CLOSED(test) cmocka_unit_test_setup_teardown(test, fixture_setup_closed, fixture_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_BOTH_DRIVERS(test_comes_back_as_it_was_saved),
                ON_BOTH_DRIVERS(test_each_save_is_a_revision),
                ON_BOTH_DRIVERS(test_optimistic_revision),
                ON_BOTH_DRIVERS(test_names_are_the_owners),
                ON_BOTH_DRIVERS(test_lists_newest_first_by_owner),
                ON_BOTH_DRIVERS(test_deleting),
                ON_BOTH_DRIVERS(test_key_is_kept_with_the_pipeline_or_not_at_all),
                ON_BOTH_DRIVERS(test_counts_its_executions),
                ON_BOTH_DRIVERS(test_a_wrong_digest_is_refused),
                CLOSED(test_document_keeps_its_own_name),
                CLOSED(test_survive_a_restart),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
