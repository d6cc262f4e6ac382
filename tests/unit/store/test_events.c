/* SPDX-License-Identifier: Apache-2.0 */
/* Events from outside: kept once, settled with what they led to, expired, replayed, forgotten. */
#include "unit.h"

#include <sqlite3.h>

#include "execution.h"
#include "pipeline.h"
#include "store/migrate.h"

#define HOUR INT64_C(3600000000)
#define DAY (24 * HOUR)

static const struct bp_wall start = {1700000000000000};

/* What the writer thread told. */
struct told {
        struct fixture *fixture;
        bool there; /* under the fixture's mutex */
        int result;
        enum bp_inbox_state first_state;
        enum bp_inbox_effect first_effect;
        struct bp_awaited awaited;
};

static void on_kept(void *userdata, int result, const struct bp_event_kept *kept) {
        struct told *told = userdata;

        pthread_mutex_lock(&told->fixture->mutex);
        told->there = true;
        told->result = result;
        told->first_state = kept->first.state;
        told->first_effect = kept->first.effect;
        told->awaited = kept->awaited;
        pthread_cond_broadcast(&told->fixture->changed);
        pthread_mutex_unlock(&told->fixture->mutex);
}

static void on_done(void *userdata, int result, const void *row) {
        (void)row;
        on_kept(userdata, result, &(struct bp_event_kept){0});
}

static int wait_for(struct told *told) {
        pthread_mutex_lock(&told->fixture->mutex);
        while (!told->there)
                pthread_cond_wait(&told->fixture->changed, &told->fixture->mutex);
        pthread_mutex_unlock(&told->fixture->mutex);
        return told->result;
}

static struct bp_store_event event_of(const char *id, const char *correlation, int64_t after) {
        return (struct bp_store_event){.id = id_of(id),
                                       .source = "urn:s",
                                       .event_id = id,
                                       .type = "t",
                                       .correlation = correlation,
                                       .body = {"{\"x\":1}", 7},
                                       .at = {start.us + after}};
}

static struct told keep(struct fixture *fixture, const char *id, const char *correlation, int64_t after) {
        struct bp_store_event event = event_of(id, correlation, after);
        struct told told = {.fixture = fixture};

        assert_int_equal(bp_store_event_keep(fixture->store, &event, on_kept, &told), 0);
        wait_for(&told);
        return told;
}

static int settle(struct fixture *fixture, const struct bp_event_settlement *settlement) {
        struct told told = {.fixture = fixture};

        assert_int_equal(bp_store_event_settle(fixture->store, settlement, on_done, &told), 0);
        return wait_for(&told);
}

static struct told replay(struct fixture *fixture, const char *id, int64_t after) {
        struct told told = {.fixture = fixture};

        assert_int_equal(
                bp_store_event_replay(fixture->store, id_of(id), (struct bp_wall){start.us + after}, on_kept, &told),
                0);
        wait_for(&told);
        return told;
}

static int delete_event(struct fixture *fixture, const char *id) {
        struct told told = {.fixture = fixture};

        assert_int_equal(bp_store_event_delete(fixture->store, id_of(id), on_done, &told), 0);
        return wait_for(&told);
}

static void expire(struct fixture *fixture, int64_t after) {
        assert_int_equal(bp_store_events_expire(fixture->store, (struct bp_wall){start.us + after}), 0);
        assert_int_equal(delete_event(fixture, "nobody"), BP_STORE_NOT_FOUND); /* all before it is done */
}

static int find(struct fixture *fixture, const char *id, struct bp_event_row *ret_row) {
        return bp_store_event(fixture->store, id_of(id), fixture->arena, ret_row);
}

static enum bp_inbox_state state_of(struct fixture *fixture, const char *id) {
        struct bp_event_row row;

        return find(fixture, id, &row) == 0 ? row.state : (enum bp_inbox_state)0;
}

static uint64_t total(struct fixture *fixture, const struct bp_event_filter *filter) {
        struct bp_event_filter page = *filter;
        struct bp_event_row *rows;
        uint64_t found;
        size_t n;

        page.limit = 10;
        assert_int_equal(bp_store_events(fixture->store, &page, fixture->arena, &rows, &n, &found), 0);
        return found;
}

static void test_kept_once(void **state) {
        struct fixture *fixture = *state;
        struct bp_event_row row;
        struct told told;

        assert_int_equal(keep(fixture, "e", "w", 0).result, 0);
        assert_int_equal(find(fixture, "e", &row), 0);
        assert_int_equal(row.state, BP_INBOX_WAITING);
        assert_string_equal(row.source, "urn:s");
        assert_string_equal(row.event_id, "e");
        assert_string_equal(row.type, "t");
        assert_string_equal(row.correlation, "w");
        assert_string_equal(row.body.text, "{\"x\":1}");
        assert_int_equal(row.size, 7);
        assert_int_equal(row.arrived_at.us, start.us);
        assert_int_equal(row.settled_at.us, 0);
        told = keep(fixture, "e", "w", 7 * DAY - 1);
        assert_int_equal(told.result, BP_STORE_DUPLICATE);
        assert_int_equal(told.first_state, BP_INBOX_WAITING);
        assert_int_equal(keep(fixture, "f", NULL, 0).result, 0);
        assert_int_equal(state_of(fixture, "f"), BP_INBOX_UNROUTABLE);
}

static void test_settled_ones_lose_their_body(void **state) {
        struct fixture *fixture = *state;
        struct bp_event_settlement settlement = {.id = id_of("e"),
                                                 .state = BP_INBOX_HANDLED,
                                                 .effect = BP_INBOX_PROGRESS,
                                                 .has_execution = true,
                                                 .execution = id_of("x"),
                                                 .step = "a",
                                                 .at = {start.us + 5}};
        struct bp_event_row row;
        struct told told;

        keep(fixture, "e", "w", 0);
        assert_int_equal(settle(fixture, &settlement), 0);
        assert_int_equal(find(fixture, "e", &row), 0);
        assert_int_equal(row.state, BP_INBOX_HANDLED);
        assert_int_equal(row.effect, BP_INBOX_PROGRESS);
        assert_true(row.has_execution);
        assert_memory_equal(&row.execution, &settlement.execution, sizeof(row.execution));
        assert_string_equal(row.step, "a");
        assert_int_equal(row.settled_at.us, start.us + 5);
        assert_null(row.body.text);
        told = keep(fixture, "e", "w", 1);
        assert_int_equal(told.result, BP_STORE_DUPLICATE);
        assert_int_equal(told.first_effect, BP_INBOX_PROGRESS);
        keep(fixture, "d", "w", 0);
        settle(fixture, &(struct bp_event_settlement){.id = id_of("d"), .state = BP_INBOX_DROPPED, .at = start});
        assert_int_equal(find(fixture, "d", &row), 0);
        assert_non_null(row.body.text);
}

/* An execution whose first step waits for `correlation`. */
static uint64_t waiting_execution(struct fixture *fixture, const char *correlation, struct bp_id *ret_id) {
        const struct bp_definition *definition = definition_of("p", 2);
        struct bp_store_new_execution execution = plain_execution(definition, start.us);
        uint64_t number = create(fixture, &execution);

        append(fixture, number, started(1, start.us));
        append(fixture, number, step_started(2, start.us, 1));
        append(fixture, number,
               (struct bp_record){.type = BP_RECORD_STEP_WAITING,
                                  .sequence = 3,
                                  .at = start,
                                  .step = 1,
                                  .attempt = 1,
                                  .external_id = correlation,
                                  .deadline = {start.us + HOUR},
                                  .data = bp_value_empty_object});
        fixture_commit(fixture);
        *ret_id = execution.id;
        bp_definition_unref(definition);
        return number;
}

static void test_who_waits_or_waited_is_known(void **state) {
        struct fixture *fixture = *state;
        struct bp_awaited awaited;
        struct bp_id id;
        struct told told;
        uint64_t number = waiting_execution(fixture, "w", &id);

        told = keep(fixture, "e", "w", 0);
        assert_true(told.awaited.found && !told.awaited.ended);
        assert_memory_equal(&told.awaited.execution, &id, sizeof(id));
        assert_int_equal(told.awaited.step, 1);
        assert_false(keep(fixture, "f", "other", 0).awaited.found);
        append(fixture, number, ended(4, start.us, BP_EXECUTION_CANCELLED));
        fixture_commit(fixture);
        assert_int_equal(bp_store_event_awaited(fixture->store, "w", &awaited), 0);
        assert_true(awaited.found && awaited.ended);
}

struct visited {
        size_t n;
        const char *ids[4];
        bool awaited[4];
        struct bp_arena *arena;
};

static int visit(void *userdata, const struct bp_event_row *row, const struct bp_awaited *awaited) {
        struct visited *visited = userdata;

        visited->awaited[visited->n] = awaited->found;
        visited->ids[visited->n++] = bp_arena_text(visited->arena, row->event_id, strlen(row->event_id));
        return 0;
}

static void test_what_waits_is_visited_in_order(void **state) {
        struct fixture *fixture = *state;
        struct visited visited = {.arena = fixture->arena};
        struct bp_id id;

        waiting_execution(fixture, "w", &id);
        keep(fixture, "late-clock", "w", 5);
        keep(fixture, "settled", "w", 0);
        keep(fixture, "nowhere", NULL, 0);
        keep(fixture, "early-clock", "v", 0);
        settle(fixture, &(struct bp_event_settlement){.id = id_of("settled"), .state = BP_INBOX_LATE, .at = start});
        if (!fixture->in_memory)
                fixture_reopen(fixture);
        assert_int_equal(bp_store_each_waiting_event(fixture->store, visit, &visited), 0);
        assert_int_equal(visited.n, 2);
        assert_string_equal(visited.ids[0], "late-clock");
        assert_true(visited.awaited[0]);
        assert_string_equal(visited.ids[1], "early-clock");
        assert_false(visited.awaited[1]);
}

static void test_they_expire_after_a_day_and_are_forgotten_after_seven(void **state) {
        struct fixture *fixture = *state;

        keep(fixture, "e", "w", 0);
        keep(fixture, "u", NULL, 0);
        expire(fixture, DAY - 1);
        assert_int_equal(state_of(fixture, "e"), BP_INBOX_WAITING);
        expire(fixture, DAY);
        assert_int_equal(state_of(fixture, "e"), BP_INBOX_EXPIRED);
        expire(fixture, 7 * DAY - 1);
        assert_int_equal(state_of(fixture, "e"), BP_INBOX_EXPIRED);
        assert_int_equal(keep(fixture, "u", NULL, 7 * DAY - 1).result, BP_STORE_DUPLICATE);
        assert_int_equal(keep(fixture, "u", NULL, 7 * DAY).result, 0);
        expire(fixture, 7 * DAY);
        assert_int_equal(state_of(fixture, "e"), 0);
        assert_int_equal(state_of(fixture, "u"), BP_INBOX_UNROUTABLE);
}

static void test_an_expired_one_can_wait_again(void **state) {
        struct fixture *fixture = *state;

        keep(fixture, "e", "w", 0);
        assert_int_equal(replay(fixture, "e", 0).result, BP_STORE_CONFLICT);
        assert_int_equal(replay(fixture, "nobody", 0).result, BP_STORE_NOT_FOUND);
        expire(fixture, DAY);
        assert_int_equal(replay(fixture, "e", 2 * DAY).result, 0);
        expire(fixture, 3 * DAY - 1);
        assert_int_equal(state_of(fixture, "e"), BP_INBOX_WAITING);
        expire(fixture, 3 * DAY);
        assert_int_equal(state_of(fixture, "e"), BP_INBOX_EXPIRED);
        settle(fixture, &(struct bp_event_settlement){.id = id_of("e"), .state = BP_INBOX_LATE, .at = start});
        assert_int_equal(replay(fixture, "e", 0).result, BP_STORE_CONFLICT);
}

static void test_deleted_unless_a_step_had_it(void **state) {
        struct fixture *fixture = *state;

        keep(fixture, "e", "w", 0);
        keep(fixture, "f", "w", 0);
        settle(fixture, &(struct bp_event_settlement){.id = id_of("f"), .state = BP_INBOX_HANDLED, .at = start});
        assert_int_equal(delete_event(fixture, "e"), 0);
        assert_int_equal(delete_event(fixture, "e"), BP_STORE_NOT_FOUND);
        assert_int_equal(delete_event(fixture, "f"), BP_STORE_CONFLICT);
        assert_int_equal(state_of(fixture, "f"), BP_INBOX_HANDLED);
}

static void test_lists_are_filtered(void **state) {
        struct fixture *fixture = *state;
        struct bp_event_filter page = {.states = BP_INBOX_UNMATCHED, .offset = 1, .limit = 1};
        struct bp_event_row *rows;
        uint64_t found;
        size_t n;

        keep(fixture, "a", "w", 0);
        keep(fixture, "b", NULL, 1);
        keep(fixture, "c", "v", 2);
        settle(fixture, &(struct bp_event_settlement){.id = id_of("c"),
                                                      .state = BP_INBOX_HANDLED,
                                                      .has_execution = true,
                                                      .execution = id_of("x"),
                                                      .at = start});
        assert_int_equal(total(fixture, &(struct bp_event_filter){0}), 3);
        assert_int_equal(total(fixture, &(struct bp_event_filter){.states = BP_INBOX_UNMATCHED}), 2);
        assert_int_equal(total(fixture, &(struct bp_event_filter){.states = 1u << BP_INBOX_HANDLED}), 1);
        assert_int_equal(total(fixture, &(struct bp_event_filter){.correlation = "w"}), 1);
        assert_int_equal(total(fixture, &(struct bp_event_filter){.source = "urn:other"}), 0);
        assert_int_equal(total(fixture, &(struct bp_event_filter){.type = "t"}), 3);
        assert_int_equal(total(fixture, &(struct bp_event_filter){.has_execution = true, .execution = id_of("x")}), 1);
        assert_int_equal(total(fixture, &(struct bp_event_filter){.from = {start.us + 1}, .to = {start.us + 1}}), 1);
        assert_int_equal(bp_store_events(fixture->store, &page, fixture->arena, &rows, &n, &found), 0);
        assert_int_equal(found, 2);
        assert_int_equal(n, 1);
        assert_string_equal(rows[0].event_id, "a");
}

static void execute(const char *path, const char *sql) {
        char *error = NULL;
        sqlite3 *db;

        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        if (sqlite3_exec(db, sql, NULL, NULL, &error))
                fail_msg("%s", error);
        sqlite3_close(db);
}

/* A store as the first version left it: what its live executions wait for is known after the migration. */
static void test_waits_of_an_older_store_are_known(void **state) {
        struct fixture *fixture = *state;
        struct bp_awaited awaited;
        struct bp_id id;

        fixture_open(fixture);
        waiting_execution(fixture, "w", &id);
        fixture_close(fixture);
        execute(fixture->path, "DROP VIEW event_list; DROP VIEW event_state_names; DROP VIEW event_effect_names;"
                               "DROP TABLE events; DROP TABLE awaited; DELETE FROM migrations WHERE number = 2");
        if (bp_n_migrations > 2) {
                execute(fixture->path, bp_migrations[1].sql);
                execute(fixture->path, "INSERT INTO migrations VALUES (2, 'events', 0)");
        }
        fixture_open(fixture);
        assert_int_equal(bp_store_event_awaited(fixture->store, "w", &awaited), 0);
        assert_true(awaited.found && !awaited.ended);
        assert_memory_equal(&awaited.execution, &id, sizeof(id));
        assert_int_equal(awaited.step, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_BOTH_DRIVERS(test_kept_once),
                ON_BOTH_DRIVERS(test_settled_ones_lose_their_body),
                ON_BOTH_DRIVERS(test_who_waits_or_waited_is_known),
                ON_BOTH_DRIVERS(test_what_waits_is_visited_in_order),
                ON_BOTH_DRIVERS(test_they_expire_after_a_day_and_are_forgotten_after_seven),
                ON_BOTH_DRIVERS(test_an_expired_one_can_wait_again),
                ON_BOTH_DRIVERS(test_deleted_unless_a_step_had_it),
                ON_BOTH_DRIVERS(test_lists_are_filtered),
                cmocka_unit_test_setup_teardown(test_waits_of_an_older_store_are_known, fixture_setup_closed,
                                                fixture_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
