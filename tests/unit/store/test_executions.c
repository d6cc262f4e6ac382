/* SPDX-License-Identifier: Apache-2.0 */
/* Executions and their records: what was handed over is what is read, on both drivers. */
#include "unit.h"

#include <errno.h>

#include "execution.h"
#include "fixture.h"
#include "store/connection.h"
#include "store/readers.h"

static const int64_t t0 = 1760000000000000; /* in October 2025 */

static int64_t query(struct fixture *fixture, const char *sql) {
        struct bp_connection *connection;
        sqlite3_stmt *stmt;
        int64_t result;

        assert_int_equal(bp_readers_acquire(fixture->store, &connection), 0);
        assert_int_equal(sqlite3_prepare_v2(connection->db, sql, -1, &stmt, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
        result = sqlite3_column_int64(stmt, 0);
        sqlite3_finalize(stmt);
        bp_readers_release(fixture->store, connection);
        return result;
}

static void read_back(struct fixture *fixture, uint64_t number, uint64_t after, uint32_t limit,
                      const struct bp_record *expected, size_t n_expected) {
        struct bp_record *records = NULL;
        size_t n = 0;

        assert_int_equal(bp_store_records(fixture->store, number, after, limit, fixture->arena, &records, &n), 0);
        assert_int_equal(n, n_expected);
        for (size_t i = 0; i < n; i++)
                same_record(&records[i], &expected[i]);
}

static struct bp_execution_row row_of(struct fixture *fixture, struct bp_id id) {
        struct bp_execution_row row;

        assert_int_equal(bp_store_execution(fixture->store, id, fixture->arena, &row), 0);
        return row;
}

/* A value of this many lists, each in the other. */
static struct bp_value nested(struct bp_arena *arena, unsigned depth) {
        struct bp_value value = bp_value_int(7);

        for (unsigned i = 0; i < depth; i++) {
                struct bp_list_builder list;

                bp_list_init(&list, arena);
                bp_list_add(&list, value);
                assert_int_equal(bp_list_finish(&list, &value), 0);
        }
        return value;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Every kind of record, with every member that it may use, and with none that it may do without
 */

static size_t every_record(struct bp_arena *arena, struct bp_record *records) {
        struct bp_value params =
                json(arena, "{\"url\": \"http://x/\\u00e9\\\"\\\\\", \"n\": 1.5, \"list\": [1, null]}");
        size_t n = 0;

        records[n++] = (struct bp_record){
                .type = BP_RECORD_EXECUTION_STARTED, .step = BP_NO_STEP, .deadline = {t0 + 5000000}, .data = params};
        records[n++] = (struct bp_record){.type = BP_RECORD_EXECUTION_PAUSED, .step = BP_NO_STEP};
        records[n++] =
                (struct bp_record){.type = BP_RECORD_EXECUTION_RESUMED, .step = BP_NO_STEP, .deadline = {t0 + 7000000}};
        records[n++] = (struct bp_record){.type = BP_RECORD_EXECUTION_RESUMED, .step = BP_NO_STEP};
        records[n++] =
                (struct bp_record){.type = BP_RECORD_CANCEL_REQUESTED, .step = BP_NO_STEP, .message = "tired of it"};
        records[n++] =
                (struct bp_record){.type = BP_RECORD_CANCEL_REQUESTED, .step = BP_NO_STEP, .code = BP_CODE_TIMEOUT};
        records[n++] =
                (struct bp_record){.type = BP_RECORD_STEP_REUSED, .step = 0, .data = json(arena, "{\"kept\": true}")};
        records[n++] = (struct bp_record){
                .type = BP_RECORD_STEP_STARTED, .step = 0, .attempt = 1, .generation = 1, .effect = BP_PURE};
        records[n++] = (struct bp_record){.type = BP_RECORD_STEP_STARTED,
                                          .step = 999,
                                          .attempt = 4,
                                          .generation = 3,
                                          .effect = BP_ONCE,
                                          .deadline = {t0 + 60000000}};
        records[n++] = (struct bp_record){.type = BP_RECORD_STEP_WAITING,
                                          .step = 1,
                                          .attempt = 2,
                                          .external_id = "order-7",
                                          .deadline = {t0 - 5},
                                          .data = json(arena, "{\"so\": \"far\"}")};
        records[n++] = (struct bp_record){.type = BP_RECORD_STEP_WAITING, .step = 1, .attempt = 1};
        records[n++] = (struct bp_record){.type = BP_RECORD_STEP_RETRYING,
                                          .step = 1,
                                          .attempt = 1,
                                          .step_state = BP_STEP_TIMEOUT,
                                          .code = "TIMEOUT",
                                          .message = "took\ntoo long",
                                          .unknown = true,
                                          .deadline = {t0 + 1}};
        records[n++] = (struct bp_record){
                .type = BP_RECORD_STEP_PROGRESS, .step = 2, .attempt = 1, .percent = 33.25, .eta_minutes = -1.0};
        records[n++] = (struct bp_record){
                .type = BP_RECORD_STEP_PROGRESS, .step = 2, .attempt = 2, .percent = -1.0, .eta_minutes = 0.1};
        records[n++] = (struct bp_record){.type = BP_RECORD_STEP_ENDED,
                                          .step = 2,
                                          .attempt = 1,
                                          .step_state = BP_STEP_COMPLETED,
                                          .data = json(arena, "{\"n\": 9007199254740993}")};
        records[n++] = (struct bp_record){.type = BP_RECORD_STEP_ENDED,
                                          .step = 3,
                                          .attempt = 0,
                                          .step_state = BP_STEP_SKIPPED,
                                          .code = "CONDITION_FALSE"};
        records[n++] = (struct bp_record){.type = BP_RECORD_STEP_ENDED,
                                          .step = 4,
                                          .attempt = 3,
                                          .step_state = BP_STEP_INTERRUPTED,
                                          .unknown = true,
                                          .code = "INTERRUPTED",
                                          .message = "stopped",
                                          .data = bp_value_empty_object,
                                          .error = json(arena, "[\"more\", {\"than\": \"text\"}]")};
        records[n++] = (struct bp_record){.type = BP_RECORD_STEP_ENDED,
                                          .step = 5,
                                          .attempt = 1,
                                          .step_state = BP_STEP_COMPLETED,
                                          .data = nested(arena, BP_VALUE_DEPTH_MAX),
                                          .error = nested(arena, BP_VALUE_DEPTH_MAX - 6)};
        records[n++] = (struct bp_record){.type = BP_RECORD_CLEANUP_STARTED, .step = 4, .attempt = 1};
        records[n++] = (struct bp_record){.type = BP_RECORD_CLEANUP_ENDED,
                                          .step = 4,
                                          .attempt = 2,
                                          .code = "BROKEN",
                                          .message = "no",
                                          .deadline = {t0 + 99}};
        records[n++] = (struct bp_record){.type = BP_RECORD_EXECUTION_ENDED,
                                          .step = BP_NO_STEP,
                                          .execution_state = BP_EXECUTION_FAILED,
                                          .code = "STEP_FAILED",
                                          .message = "step 4",
                                          .data = json(arena, "{\"result\": [1, 2]}")};
        records[n++] = (struct bp_record){.type = BP_RECORD_LATE, .step = 4, .attempt = 3, .message = "came late"};

        for (size_t i = 0; i < n; i++) {
                records[i].sequence = i + 1;
                records[i].at.us = t0 + (int64_t)i * 1000 - (i == 5 ? 9000 : 0); /* the wall clock may jump back */
                if (!records[i].data.type)
                        records[i].data = bp_value_null;
                if (!records[i].error.type)
                        records[i].error = bp_value_null;
        }
        return n;
}

enum { MOST_RECORDS = 64 };

static void test_every_record(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = definition_of("every", 6);
        struct bp_store_new_execution execution = plain_execution(definition, t0);
        struct bp_record *records = bp_arena_array(fixture->arena, MOST_RECORDS, sizeof(*records));
        size_t n = every_record(fixture->arena, records);

        execution.params = &records[0].data;
        for (size_t pieces = 1; pieces <= n; pieces += 5) { /* in one row, in some, in one each */
                uint64_t number;

                execution.id = bp_id_new((struct bp_wall){t0 + (int64_t)pieces});
                number = create(fixture, &execution);
                for (size_t i = 0; i < n; i++) {
                        append(fixture, number, records[i]);
                        if (i % pieces == 0)
                                fixture_commit(fixture);
                }
                fixture_commit(fixture);
                read_back(fixture, number, 0, 0, records, n);
                read_back(fixture, number, 0, 3, records, 3);
                for (size_t after = 0; after <= n; after++)
                        read_back(fixture, number, after, 0, records + after, n - after);
                read_back(fixture, number, 4, 6, records + 4, 6);
                read_back(fixture, number, UINT64_MAX, 0, NULL, 0);
        }
        read_back(fixture, 4711, 0, 0, NULL, 0);
        bp_definition_unref(definition);
}

static void test_everything_survives_a_restart(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = definition_of("every", 6);
        struct bp_store_new_execution execution = plain_execution(definition, t0);
        struct bp_record *records = bp_arena_array(fixture->arena, MOST_RECORDS, sizeof(*records));
        size_t n = every_record(fixture->arena, records);
        uint64_t number;

        fixture_open(fixture);
        execution.params = &records[0].data;
        number = create(fixture, &execution);
        assert_int_equal(bp_store_append(fixture->store, number, records, n, NULL), 0);
        fixture_reopen(fixture); /* closing writes what was handed over */
        read_back(fixture, number, 0, 0, records, n);
        assert_int_equal(create(fixture, &execution), number + 1);
        bp_definition_unref(definition);
}

static uint64_t append_one(struct fixture *fixture, uint64_t number, uint64_t sequence) {
        struct bp_record record = sequence == 1 ? started(1, t0) : step_started(sequence, t0, 0);
        struct bp_position position;

        assert_int_equal(bp_store_append(fixture->store, number, &record, 1, &position), 0);
        assert_int_equal(position.sequence, sequence);
        return position.row;
}

/* Whoever sees records as they are appended, and reads the rest later, sees each once. */
static void test_rows_keep_the_order_of_records(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = definition_of("order", 5);
        struct bp_store_new_execution execution = plain_execution(definition, t0);
        uint64_t a = create(fixture, &execution),
                 b = (execution.id = bp_id_new((struct bp_wall){t0}), create(fixture, &execution));
        uint64_t rows[] = {append_one(fixture, a, 1), append_one(fixture, a, 2), append_one(fixture, b, 1),
                           append_one(fixture, a, 3)};
        const uint64_t sequences[] = {1, 2, 1, 3};
        struct bp_feed_item *items;
        size_t n;

        assert_int_equal(rows[0], rows[1]);
        assert_true(rows[1] < rows[2] && rows[2] < rows[3]);
        fixture_commit(fixture);
        assert_int_equal(bp_store_feed(fixture->store, (struct bp_position){0}, 10, fixture->arena, &items, &n), 0);
        assert_int_equal(n, 4);
        for (size_t i = 0; i < n; i++) {
                assert_int_equal(items[i].position.row, rows[i]);
                assert_int_equal(items[i].position.sequence, sequences[i]);
        }
        assert_true(append_one(fixture, a, 4) > rows[3]);
        fixture_commit(fixture);
        bp_definition_unref(definition);
}

static void test_sequences_without_gaps(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = definition_of("gaps", 2);
        struct bp_store_new_execution execution = plain_execution(definition, t0);
        uint64_t number = create(fixture, &execution);
        struct bp_record records[] = {started(1, t0), step_started(2, t0 + 1, 0)};
        struct bp_record far = step_started(9, t0, 0), high = step_started((1 << 24) + 1, t0, 0);

        assert_int_equal(bp_store_append(fixture->store, number, records, 2, NULL), 0);
        assert_int_equal(bp_store_append(fixture->store, number, &far, 1, NULL), -EINVAL);
        assert_int_equal(bp_store_append(fixture->store, number, &high, 1, NULL), -E2BIG);
        fixture_commit(fixture);
        records[0].data = bp_value_empty_object;
        records[1].data = records[0].error = records[1].error = bp_value_null;
        read_back(fixture, number, 0, 0, records, 2);
        bp_definition_unref(definition);
}

/* ---------------------------------------------------------------------------------------------------------------
 * The row
 */

static void test_row_shows_what_was_created(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = definition_of("rows", 3);
        struct bp_value params = json(fixture->arena, "{\"a\": 1, \"b\": \"x\"}");
        struct bp_value given = json(fixture->arena, "{\"a\": 1}"), options = json(fixture->arena, "{\"o\": []}");
        struct bp_store_new_execution full = {.id = bp_id_new((struct bp_wall){t0}),
                                              .definition = definition,
                                              .has_pipeline = true,
                                              .pipeline = bp_id_derive("pipeline", 8),
                                              .revision = 4,
                                              .params = &params,
                                              .given = &given,
                                              .options = &options,
                                              .initiator = "api",
                                              .principal = "ann",
                                              .origin = "test",
                                              .has_retry_of = true,
                                              .retry_of = bp_id_derive("older", 5),
                                              .created_at = {t0}};
        struct bp_store_new_execution bare = plain_execution(definition, t0 + 1);
        struct bp_execution_row row;
        struct bp_digest digest;
        struct bp_text document;
        struct bp_value value;

        create(fixture, &full);
        bare.params = bare.given = &params;
        create(fixture, &bare);
        fixture_commit(fixture);
        row = row_of(fixture, full.id);
        assert_memory_equal(&row.id, &full.id, sizeof(row.id));
        assert_true(row.has_pipeline);
        assert_memory_equal(&row.pipeline, &full.pipeline, sizeof(row.pipeline));
        assert_true(row.has_retry_of);
        assert_memory_equal(&row.retry_of, &full.retry_of, sizeof(row.retry_of));
        assert_int_equal(row.revision, 4);
        assert_string_equal(row.name, "rows");
        assert_int_equal(row.n_steps, 3);
        assert_int_equal(row.state, BP_EXECUTION_PENDING);
        assert_int_equal(row.created_at.us, t0);
        assert_int_equal(row.updated_at.us, t0);
        assert_int_equal(row.started_at.us, 0);
        assert_int_equal(row.ended_at.us, 0);
        assert_int_equal(row.sequence, 0);
        assert_string_equal(row.initiator, "api");
        assert_string_equal(row.principal, "ann");
        assert_string_equal(row.origin, "test");
        assert_string_equal(row.params.text, "{\"a\":1,\"b\":\"x\"}");
        assert_string_equal(row.given.text, "{\"a\":1}");
        assert_string_equal(row.options.text, "{\"o\":[]}");
        assert_null(row.outputs.text);
        assert_null(row.code);
        assert_int_equal(bp_store_definition(fixture->store, row.definition, fixture->arena, &document, &digest), 0);
        assert_memory_equal(&digest, &definition->digest, sizeof(digest));
        assert_int_equal(bp_json_parse(fixture->arena, document.text, document.size, NULL, &value, NULL), 0);
        assert_true(bp_value_equal(&value, &definition->source));

        row = row_of(fixture, bare.id);
        assert_false(row.has_pipeline);
        assert_false(row.has_retry_of);
        assert_null(row.principal);
        assert_null(row.origin);
        assert_null(row.options.text);
        assert_string_equal(row.given.text, row.params.text);
        assert_int_equal(query(fixture, "SELECT count(*) FROM definitions"), 1);
        assert_int_equal(query(fixture, "SELECT count(*) FROM executions WHERE given IS NULL"), 1);
        assert_int_equal(bp_store_execution(fixture->store, bp_id_derive("none", 4), fixture->arena, &row),
                         BP_STORE_NOT_FOUND);
        assert_int_equal(bp_store_definition(fixture->store, 99, fixture->arena, &document, &digest),
                         BP_STORE_NOT_FOUND);
        bp_definition_unref(definition);
}

static void expect_state(struct fixture *fixture, struct bp_id id, enum bp_execution_state expected) {
        uint64_t counts[BP_EXECUTION_INTERRUPTED + 1];

        fixture_commit(fixture);
        assert_int_equal(row_of(fixture, id).state, expected);
        assert_int_equal(bp_store_execution_counts(fixture->store, counts), 0);
        for (int i = 0; i <= BP_EXECUTION_INTERRUPTED; i++)
                assert_int_equal(counts[i], i == (int)expected);
}

static void test_row_follows_its_records(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = definition_of("follows", 1);
        struct bp_store_new_execution execution = plain_execution(definition, t0);
        uint64_t number = create(fixture, &execution);
        struct bp_record end = ended(6, t0 + 60, BP_EXECUTION_CANCELLED);
        struct bp_execution_row row;

        expect_state(fixture, execution.id, BP_EXECUTION_PENDING);
        append(fixture, number, started(1, t0 + 10));
        expect_state(fixture, execution.id, BP_EXECUTION_RUNNING);
        append(fixture, number, (struct bp_record){BP_RECORD_EXECUTION_PAUSED, .sequence = 2, .at = {t0 + 20}});
        expect_state(fixture, execution.id, BP_EXECUTION_PAUSED);
        append(fixture, number, (struct bp_record){BP_RECORD_EXECUTION_RESUMED, .sequence = 3, .at = {t0 + 30}});
        append(fixture, number, step_started(4, t0 + 40, 0));
        expect_state(fixture, execution.id, BP_EXECUTION_RUNNING);
        append(fixture, number, step_started(5, t0 + 50, 0));
        fixture_commit(fixture);
        row = row_of(fixture, execution.id);
        assert_int_equal(row.sequence, 5);
        assert_int_equal(row.updated_at.us, t0 + 50);
        assert_int_equal(row.started_at.us, t0 + 10);
        assert_int_equal(row.ended_at.us, 0);
        end.code = "CANCELLED";
        end.message = "enough";
        end.data = json(fixture->arena, "{\"out\": 1}");
        append(fixture, number, end);
        expect_state(fixture, execution.id, BP_EXECUTION_CANCELLED);
        row = row_of(fixture, execution.id);
        assert_int_equal(row.started_at.us, t0 + 10);
        assert_int_equal(row.ended_at.us, t0 + 60);
        assert_int_equal(row.sequence, 6);
        assert_string_equal(row.code, "CANCELLED");
        assert_string_equal(row.message, "enough");
        assert_string_equal(row.outputs.text, "{\"out\":1}");
        append(fixture, number,
               (struct bp_record){BP_RECORD_LATE, .sequence = 7, .at = {t0 + 70}, .step = 0, .message = "late"});
        expect_state(fixture, execution.id, BP_EXECUTION_CANCELLED);
        row = row_of(fixture, execution.id);
        assert_int_equal(row.sequence, 7);
        assert_string_equal(row.outputs.text, "{\"out\":1}");
        bp_definition_unref(definition);
}

/* Executions whose records come one after the other cost one row each. */
static void test_one_row_for_each_execution_in_a_group(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = definition_of("merged", 20);
        struct bp_store_new_execution executions[10];
        uint64_t numbers[10];

        for (int i = 0; i < 10; i++) {
                executions[i] = plain_execution(definition, t0 + i);
                numbers[i] = create(fixture, &executions[i]);
                append(fixture, numbers[i], started(1, t0 + i));
                for (uint32_t step = 0; step < 20; step++)
                        append(fixture, numbers[i], step_started(step + 2, t0 + i, step));
                append(fixture, numbers[i], ended(22, t0 + 100, BP_EXECUTION_COMPLETED));
        }
        fixture_commit(fixture);
        assert_int_equal(query(fixture, "SELECT count(*) FROM journal"), 10);
        assert_int_equal(query(fixture, "SELECT count(*) FROM executions WHERE state = 4"), 10);
        assert_int_equal(query(fixture, "SELECT count(*) FROM execution_counts"), 1);
        for (int i = 0; i < 10; i++) {
                struct bp_record *records;
                size_t n;

                assert_int_equal(bp_store_records(fixture->store, numbers[i], 0, 0, fixture->arena, &records, &n), 0);
                assert_int_equal(n, 22);
                for (uint32_t step = 0; step < 20; step++)
                        assert_int_equal(records[step + 1].step, step);
        }
        bp_definition_unref(definition);
}

static void test_key_is_kept_with_its_execution(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = definition_of("keyed", 1);
        struct bp_store_new_execution execution = plain_execution(definition, t0);
        struct bp_store_key key = {.scope = "ann POST /executions",
                                   .key = "k1",
                                   .body = bp_digest_of("body", 4),
                                   .subject = execution.id,
                                   .created_at = {t0}};
        struct bp_store_key found;

        execution.key = &key;
        create(fixture, &execution);
        fixture_commit(fixture);
        assert_int_equal(
                bp_store_key_find(fixture->store, key.scope, "k1", (struct bp_wall){t0 + 1}, fixture->arena, &found),
                0);
        assert_memory_equal(&found.subject, &execution.id, sizeof(found.subject));
        assert_memory_equal(&found.body, &key.body, sizeof(found.body));
        row_of(fixture, execution.id);
        bp_definition_unref(definition);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Of all executions
 */

static void test_feed(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = definition_of("feed", 3);
        struct bp_position end = {9, 9}, after = {0};
        struct bp_value params = json(fixture->arena, "{\"p\": 1}"), outputs = json(fixture->arena, "{\"o\": 2}");
        uint64_t last_row = 0, seen[3] = {0}, numbers[3];
        struct bp_store_new_execution executions[3];
        struct bp_feed_item *items;
        size_t n, total = 0;

        assert_int_equal(bp_store_feed_end(fixture->store, &end), 0);
        assert_true(!end.row && !end.sequence);
        for (int i = 0; i < 3; i++) {
                executions[i] = plain_execution(definition, t0 + i);
                executions[i].params = &params;
                numbers[i] = create(fixture, &executions[i]);
        }
        for (uint32_t sequence = 1; sequence <= 5; sequence++) {
                for (int i = 0; i < 3; i++) {
                        struct bp_record record = sequence == 1   ? started(1, t0)
                                                  : sequence == 5 ? ended(5, t0, BP_EXECUTION_COMPLETED)
                                                                  : step_started(sequence, t0, 0);
                        if (sequence == 5)
                                record.data = outputs;
                        append(fixture, numbers[i], record);
                }
                if (sequence % 2)
                        fixture_commit(fixture);
        }
        do { /* pages of four cut rows in two */
                assert_int_equal(bp_store_feed(fixture->store, after, 4, fixture->arena, &items, &n), 0);
                for (size_t i = 0; i < n; i++) {
                        int which = 0;

                        while (memcmp(&items[i].execution, &executions[which].id, sizeof(struct bp_id)) != 0)
                                which++;
                        assert_true(items[i].position.row >= last_row);
                        last_row = items[i].position.row;
                        assert_int_equal(items[i].record.sequence, ++seen[which]);
                        assert_int_equal(items[i].position.sequence, items[i].record.sequence);
                        if (items[i].record.sequence == 1)
                                same_value(items[i].record.data, params);
                        if (items[i].record.sequence == 5)
                                same_value(items[i].record.data, outputs);
                        after = items[i].position;
                }
                total += n;
        } while (n);
        assert_int_equal(total, 15);
        assert_int_equal(bp_store_feed_end(fixture->store, &end), 0);
        assert_int_equal(end.row, after.row);
        assert_int_equal(end.sequence, after.sequence);
        bp_definition_unref(definition);
}

struct visited {
        struct fixture *fixture;
        uint64_t numbers[8];
        size_t n_records[8];
        size_t n, stop_at;
};

static int visit(void *userdata, const struct bp_live_execution *live) {
        struct visited *visited = userdata;
        struct bp_text document;
        struct bp_digest digest;

        visited->numbers[visited->n] = live->row->number;
        visited->n_records[visited->n++] = live->n_records;
        assert_string_equal(live->row->params.text, "{\"p\":1}");
        assert_int_equal(bp_value_get(live->params, "p")->as.integer, 1);
        if (live->n_records) /* EXECUTION_STARTED carries what stands in the row */
                same_value(live->records[0].data, *live->params);
        assert_int_equal(bp_store_definition(visited->fixture->store, live->row->definition, visited->fixture->arena,
                                             &document, &digest),
                         0);
        return visited->n == visited->stop_at ? 77 : 0;
}

static void test_each_live(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = definition_of("live", 3);
        struct bp_value params = json(fixture->arena, "{\"p\": 1}");
        struct visited visited = {.fixture = fixture};
        uint64_t numbers[4];

        for (int i = 0; i < 4; i++) {
                struct bp_store_new_execution execution = plain_execution(definition, t0 + i);

                execution.params = &params;
                numbers[i] = create(fixture, &execution);
                if (i)
                        append(fixture, numbers[i], started(1, t0));
        }
        fixture_commit(fixture);
        append(fixture, numbers[1], step_started(2, t0, 0));
        append(fixture, numbers[2], ended(2, t0, BP_EXECUTION_COMPLETED));
        append(fixture, numbers[3], (struct bp_record){BP_RECORD_EXECUTION_PAUSED, .sequence = 2, .at = {t0}});
        fixture_commit(fixture);
        append(fixture, numbers[1], step_started(3, t0, 1));
        fixture_commit(fixture);
        assert_int_equal(bp_store_each_live(fixture->store, visit, &visited), 0);
        assert_int_equal(visited.n, 3);
        assert_int_equal(visited.numbers[0], numbers[0]);
        assert_int_equal(visited.n_records[0], 0);
        assert_int_equal(visited.numbers[1], numbers[1]);
        assert_int_equal(visited.n_records[1], 3);
        assert_int_equal(visited.numbers[2], numbers[3]);
        assert_int_equal(visited.n_records[2], 2);
        visited.n = 0;
        visited.stop_at = 2;
        assert_int_equal(bp_store_each_live(fixture->store, visit, &visited), 77);
        assert_int_equal(visited.n, 2);
        bp_definition_unref(definition);
}

static void test_unknown_format_is_not_folded(void **state) {
        struct fixture *fixture = *state;
        sqlite3 *db;

        fixture_open(fixture);
        fixture_close(fixture);
        assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, "UPDATE meta SET value = 2 WHERE key = 'record_format'", NULL, NULL, NULL),
                         SQLITE_OK);
        sqlite3_close(db);
        fixture_open(fixture);
        assert_int_equal(bp_store_each_live(fixture->store, visit, NULL), -EPROTO);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Deleting
 */

struct deleted {
        struct fixture *fixture;
        int result;
        bool done;
};

static void note_deleted(void *userdata, int result, const void *row) {
        struct deleted *deleted = userdata;

        assert_null(row);
        pthread_mutex_lock(&deleted->fixture->mutex);
        deleted->result = result;
        deleted->done = true;
        pthread_cond_broadcast(&deleted->fixture->changed);
        pthread_mutex_unlock(&deleted->fixture->mutex);
}

static int delete_it(struct fixture *fixture, struct bp_id id) {
        struct deleted deleted = {.fixture = fixture};

        assert_int_equal(bp_store_execution_delete(fixture->store, id, note_deleted, &deleted), 0);
        pthread_mutex_lock(&fixture->mutex);
        while (!deleted.done)
                pthread_cond_wait(&fixture->changed, &fixture->mutex);
        pthread_mutex_unlock(&fixture->mutex);
        return deleted.result;
}

static void test_delete(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = definition_of("deleted", 1);
        struct bp_store_new_execution execution = plain_execution(definition, t0);
        uint64_t number = create(fixture, &execution), counts[BP_EXECUTION_INTERRUPTED + 1];
        struct bp_store_line line = {.step = 0, .attempt = 1, .at = {t0}, .level = 2, .message = "line"};
        struct bp_position before, after;
        struct bp_execution_row row;

        append(fixture, number, started(1, t0));
        assert_int_equal(bp_store_log(fixture->store, number, &line), 0);
        fixture_commit(fixture);
        assert_int_equal(delete_it(fixture, execution.id), BP_STORE_CONFLICT);
        append(fixture, number, ended(2, t0, BP_EXECUTION_COMPLETED));
        fixture_commit(fixture);
        assert_int_equal(bp_store_feed_end(fixture->store, &before), 0);
        assert_int_equal(delete_it(fixture, execution.id), 0);
        assert_int_equal(delete_it(fixture, execution.id), BP_STORE_NOT_FOUND);
        assert_int_equal(bp_store_execution(fixture->store, execution.id, fixture->arena, &row), BP_STORE_NOT_FOUND);
        assert_int_equal(bp_store_execution_counts(fixture->store, counts), 0);
        for (int i = 0; i <= BP_EXECUTION_INTERRUPTED; i++)
                assert_int_equal(counts[i], 0);
        append(fixture, number, (struct bp_record){BP_RECORD_LATE, .sequence = 3, .at = {t0}, .step = 0});
        fixture_commit(fixture);
        assert_int_equal(query(fixture, "SELECT (SELECT count(*) FROM journal) + (SELECT count(*) FROM logs) + "
                                        "(SELECT count(*) FROM log_counts)"),
                         0);
        if (!fixture->in_memory)
                fixture_reopen(fixture); /* numbers and positions are not given out again */
        assert_int_equal(create(fixture, &execution), number + 1);
        append(fixture, number + 1, started(1, t0));
        fixture_commit(fixture);
        assert_int_equal(bp_store_feed_end(fixture->store, &after), 0);
        assert_true(after.row > before.row);
        bp_definition_unref(definition);
}

/* Another thread's write does not tear what the engine appends between two commits. */
static void test_what_is_appended_stays_together(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = definition_of("together", 1);
        struct bp_store_new_execution execution = plain_execution(definition, t0);
        uint64_t number = create(fixture, &execution);
        struct deleted deleted = {.fixture = fixture};
        struct timespec until;
        int r = 0;

        append(fixture, number, started(1, t0));
        assert_int_equal(bp_store_execution_delete(fixture->store, bp_id_derive("nobody", 6), note_deleted, &deleted),
                         0);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 50000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_mutex_lock(&fixture->mutex);
        while (!deleted.done && r != ETIMEDOUT)
                r = pthread_cond_timedwait(&fixture->changed, &fixture->mutex, &until);
        assert_false(deleted.done);
        pthread_mutex_unlock(&fixture->mutex);
        append(fixture, number, ended(2, t0, BP_EXECUTION_COMPLETED));
        fixture_commit(fixture);
        assert_true(deleted.done);
        assert_int_equal(query(fixture, "SELECT count(*) FROM journal"), 1);
        bp_definition_unref(definition);
}

#define CLOSED(test) cmocka_unit_test_setup_teardown(test, fixture_setup_closed, fixture_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_BOTH_DRIVERS(test_every_record),
                CLOSED(test_everything_survives_a_restart),
                ON_BOTH_DRIVERS(test_rows_keep_the_order_of_records),
                ON_BOTH_DRIVERS(test_sequences_without_gaps),
                ON_BOTH_DRIVERS(test_row_shows_what_was_created),
                ON_BOTH_DRIVERS(test_row_follows_its_records),
                ON_BOTH_DRIVERS(test_one_row_for_each_execution_in_a_group),
                ON_BOTH_DRIVERS(test_key_is_kept_with_its_execution),
                ON_BOTH_DRIVERS(test_feed),
                ON_BOTH_DRIVERS(test_each_live),
                CLOSED(test_unknown_format_is_not_folded),
                ON_BOTH_DRIVERS(test_delete),
                ON_BOTH_DRIVERS(test_what_is_appended_stays_together),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
