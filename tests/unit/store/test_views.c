/* SPDX-License-Identifier: Apache-2.0 */
/* The views for people say what the records say, and the examples of docs/store.md run. */
#include "unit.h"

#include <sqlite3.h>

#include "base/id.h"
#include "execution.h"
#include "fixture.h"

static const int64_t t0 = 1760000000123456; /* 2025-10-09T08:53:20.123456Z */

/* First column of the first row, as text; "" for NULL. */
static const char *ask(struct fixture *fixture, const char *sql) {
        static char answer[4096];
        sqlite3_stmt *stmt;
        sqlite3 *db;

        assert_int_equal(sqlite3_open_v2(fixture->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
        if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
                fail_msg("%s: %s", sql, sqlite3_errmsg(db));
        assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
        snprintf(answer, sizeof(answer), "%s",
                 sqlite3_column_text(stmt, 0) ? (const char *)sqlite3_column_text(stmt, 0) : "");
        assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
        sqlite3_close(db);
        return answer;
}

static void expect(struct fixture *fixture, const char *sql, const char *expected) {
        const char *answer = ask(fixture, sql);

        if (strcmp(answer, expected) != 0)
                fail_msg("%s\n gave `%s`, not `%s`", sql, answer, expected);
}

static void test_names(void **state) {
        struct fixture *fixture = *state;
        char sql[128], count[16];

        for (int i = BP_RECORD_EXECUTION_STARTED; i <= BP_RECORD_LATE; i++) {
                snprintf(sql, sizeof(sql), "SELECT name FROM record_names WHERE number = %d", i);
                expect(fixture, sql, bp_record_type_name((enum bp_record_type)i));
        }
        for (int i = BP_EXECUTION_PENDING; i <= BP_EXECUTION_INTERRUPTED; i++) {
                snprintf(sql, sizeof(sql), "SELECT name FROM execution_state_names WHERE number = %d", i);
                expect(fixture, sql, bp_execution_state_name((enum bp_execution_state)i));
        }
        for (int i = BP_STEP_PENDING; i <= BP_STEP_INTERRUPTED; i++) {
                snprintf(sql, sizeof(sql), "SELECT name FROM step_state_names WHERE number = %d", i);
                expect(fixture, sql, bp_step_state_name((enum bp_step_state)i));
        }
        snprintf(count, sizeof(count), "%d", BP_RECORD_LATE + BP_EXECUTION_INTERRUPTED + BP_STEP_INTERRUPTED);
        expect(fixture,
               "SELECT (SELECT count(*) FROM record_names) + (SELECT count(*) FROM execution_state_names) + "
               "(SELECT count(*) FROM step_state_names)",
               count);
}

static void write_one(struct fixture *fixture) {
        const struct bp_definition *definition = definition_of("viewed", 3);
        struct bp_store_new_execution execution = plain_execution(definition, t0);
        struct bp_store_line line = {.step = 1, .attempt = 2, .at = {t0 + 7}, .level = 3, .message = "careful"};
        struct bp_value params = json(fixture->arena, "{\"p\": 1}");
        struct bp_record records[] = {
                started(1, t0),
                step_started(2, t0 + 1000, 0),
                {.type = BP_RECORD_STEP_ENDED,
                 .step = 0,
                 .attempt = 1,
                 .step_state = BP_STEP_COMPLETED,
                 .data = json(fixture->arena, "{\"n\": 5}")},
                {.type = BP_RECORD_STEP_WAITING,
                 .step = 1,
                 .attempt = 2,
                 .external_id = "order-7",
                 .deadline = {t0 + 60000000}},
                {.type = BP_RECORD_STEP_ENDED, .step = 2, .step_state = BP_STEP_SKIPPED, .code = "CONDITION_FALSE"},
                ended(6, t0 + 2000000, BP_EXECUTION_FAILED),
        };
        uint64_t number;

        execution.id = bp_id_derive("viewed", 6);
        execution.params = &params;
        records[5].code = "STEP_FAILED";
        records[5].data = json(fixture->arena, "{\"o\": 2}");
        for (size_t i = 0; i < 6; i++) {
                records[i].sequence = i + 1;
                if (!records[i].at.us)
                        records[i].at.us = t0 + 1500000;
        }
        number = create(fixture, &execution);
        assert_int_equal(bp_store_append(fixture->store, number, records, 3, NULL), 0);
        fixture_commit(fixture);
        assert_int_equal(bp_store_append(fixture->store, number, records + 3, 3, NULL), 0);
        assert_int_equal(bp_store_log(fixture->store, number, &line), 0);
        fixture_commit(fixture);
        bp_definition_unref(definition);
}

static void test_views(void **state) {
        struct fixture *fixture = *state;
        char id[BP_ID_TEXT_SIZE];

        write_one(fixture);
        expect(fixture, "SELECT id FROM execution_list", bp_id_format(bp_id_derive("viewed", 6), id));
        expect(fixture,
               "SELECT name || ' ' || state || ' ' || code || ' ' || created_at || ' ' || seconds FROM execution_list",
               "viewed FAILED STEP_FAILED 2025-10-09T08:53:20.123Z 2.0");
        expect(fixture,
               "SELECT group_concat(sequence || ':' || event) FROM (SELECT * FROM execution_events "
               "ORDER BY sequence)",
               "1:execution_started,2:step_started,3:step_ended,4:step_waiting,5:step_ended,6:execution_ended");
        expect(fixture, "SELECT data FROM execution_events WHERE sequence = 1", "{\"p\":1}");
        expect(fixture, "SELECT step || attempt || state || data || at FROM execution_events WHERE sequence = 3",
               "s01COMPLETED{\"n\":5}2025-10-09T08:53:21.623Z");
        expect(fixture, "SELECT step || attempt || external_id || deadline FROM execution_events WHERE sequence = 4",
               "s12order-72025-10-09T08:54:20.123Z");
        expect(fixture, "SELECT step || attempt || state || code FROM execution_events WHERE sequence = 5",
               "s20SKIPPEDCONDITION_FALSE");
        expect(fixture, "SELECT state || code || data FROM execution_events WHERE sequence = 6",
               "FAILEDSTEP_FAILED{\"o\":2}");
        expect(fixture,
               "SELECT group_concat(step || ' ' || state) FROM (SELECT * FROM execution_steps ORDER BY "
               "step_index)",
               "s0 COMPLETED,s1 WAITING,s2 SKIPPED");
        expect(fixture, "SELECT step || attempt || level || message || at FROM execution_logs",
               "s12warningcareful2025-10-09T08:53:20.123Z");
}

/* Every statement in the fenced examples of the page. */
static void test_examples_of_the_page(void **state) {
        struct fixture *fixture = *state;
        char text[65536], *at = text;
        FILE *page = fopen(STORE_PAGE, "r");
        size_t size, n = 0;
        sqlite3 *db;

        assert_non_null(page);
        size = fread(text, 1, sizeof(text) - 1, page);
        fclose(page);
        text[size] = '\0';
        write_one(fixture);
        assert_int_equal(sqlite3_open_v2(fixture->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
        while ((at = strstr(at, "```sql\n"))) {
                char *end = strstr(at + 7, "```");

                assert_non_null(end);
                *end = '\0';
                if (sqlite3_exec(db, at + 7, NULL, NULL, NULL) != SQLITE_OK)
                        fail_msg("%s: %s", at + 7, sqlite3_errmsg(db));
                at = end + 1;
                n++;
        }
        sqlite3_close(db);
        assert_true(n >= 4);
}

#define IN_A_FILE(test) cmocka_unit_test_setup_teardown(test, fixture_setup_sqlite, fixture_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_A_FILE(test_names),
                IN_A_FILE(test_views),
                IN_A_FILE(test_examples_of_the_page),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
