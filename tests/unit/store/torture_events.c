/* SPDX-License-Identifier: Apache-2.0 */
/* Events from outside, subscriptions and dead letters while every memory request of the calling thread fails in turn.
 * What is not handed over says so; what is, gets done. */
#include "torture.h"

#include "execution.h"
#include "pipeline.h"

#include "store/deliveries.h"

struct work {
        struct fixture *fixture;
        unsigned *round;
        uint64_t execution, subscription; /* numbers */
};

static void event_kept(void *userdata, int result, const struct bp_event_kept *kept) {
        (void)kept;
        answer_done(userdata, result, NULL);
}

/* An event of another id each time, so that a round that failed late is not in the way. */
static int keep_and_settle(const void *data) {
        const struct work *work = data;
        struct bp_store *store = work->fixture->store;
        struct answer kept = {.fixture = work->fixture}, settled = {.fixture = work->fixture};
        char name[32];
        struct bp_store_event event = {.source = "s", .type = "t", .correlation = "w", .body = {"{}", 2}, .at = {1000}};
        struct bp_event_settlement settlement = {
                .state = BP_INBOX_HANDLED, .effect = BP_INBOX_COMPLETED, .step = "a", .at = {1001}};
        int r;

        snprintf(name, sizeof(name), "e%u", ++*work->round);
        event.event_id = name;
        event.id = settlement.id = id_of(name);
        r = bp_store_event_keep(store, &event, event_kept, &kept);
        if (r)
                return r;
        r = answer_wait(&kept);
        if (r == 0)
                r = bp_store_event_settle(store, &settlement, answer_done, &settled);
        return r ? r : answer_wait(&settled);
}

static int replay_and_delete(const void *data) {
        const struct work *work = data;
        struct bp_store *store = work->fixture->store;
        struct answer replayed = {.fixture = work->fixture}, deleted = {.fixture = work->fixture};
        int r = bp_store_events_expire(store, (struct bp_wall){1});

        if (r == 0)
                r = bp_store_event_replay(store, id_of("nobody"), (struct bp_wall){1}, event_kept, &replayed);
        if (r)
                return r;
        assert_int_equal(answer_wait(&replayed), BP_STORE_NOT_FOUND);
        r = bp_store_event_delete(store, id_of("nobody"), answer_done, &deleted);
        if (r)
                return r;
        assert_int_equal(answer_wait(&deleted), BP_STORE_NOT_FOUND);
        return 0;
}

static int visit(void *userdata, const struct bp_event_row *row, const struct bp_awaited *awaited) {
        (void)userdata, (void)row, (void)awaited;
        return 0;
}

static int read_events(const void *data) {
        const struct work *work = data;
        struct bp_store *store = work->fixture->store;
        struct bp_event_filter filter = {.correlation = "w", .limit = 10};
        struct bp_arena *arena = bp_arena_new(1 << 20);
        struct bp_event_row *rows, row;
        struct bp_awaited awaited;
        uint64_t total;
        size_t n;
        int r = arena ? bp_store_events(store, &filter, arena, &rows, &n, &total) : -ENOMEM;

        if (r == 0)
                r = bp_store_event(store, rows[0].id, arena, &row);
        if (r == 0)
                r = bp_store_event_awaited(store, "w", &awaited);
        if (r == 0)
                r = bp_store_each_waiting_event(store, visit, NULL);
        bp_arena_free(arena);
        return r;
}

static int give_up(const void *data) {
        const struct work *work = data;
        struct answer saved = {.fixture = work->fixture}, failed = {.fixture = work->fixture};
        char name[32];
        struct bp_dead_letter letter = {.execution = work->execution,
                                        .topic = "one",
                                        .type = "step_started",
                                        .sequence = 1,
                                        .event = {"{}", 2},
                                        .content_type = "application/json",
                                        .code = "REFUSED",
                                        .message = "it said 500",
                                        .attempts = 10,
                                        .at = {1000}};
        struct bp_delivery delivery = {.subscription = work->subscription,
                                       .state = BP_SUBSCRIPTION_ACTIVE,
                                       .cursor = 1,
                                       .attempts = 1,
                                       .next_at = {2000},
                                       .error = "it said 500",
                                       .dead_letter = &letter};
        int r;

        snprintf(name, sizeof(name), "l%u", ++*work->round);
        letter.id = id_of(name);
        r = bp_store_deliveries_save(work->fixture->store, &delivery, 1, 100, answer_done, &saved);
        if (r)
                return r;
        r = answer_wait(&saved);
        if (r == 0)
                r = bp_store_dead_letter_failed(work->fixture->store, letter.id, "REFUSED", "again",
                                                (struct bp_wall){1001}, answer_done, &failed);
        return r ? r : answer_wait(&failed);
}

static int read_deliveries(const void *data) {
        const struct work *work = data;
        struct bp_store *store = work->fixture->store;
        struct bp_dead_letter_filter filter = {.topic = "one", .limit = 10};
        struct bp_arena *arena = bp_arena_new(1 << 20);
        struct bp_subscription_row *rows;
        struct bp_dead_letter *letters, letter;
        struct bp_wall next;
        uint64_t total;
        size_t n;
        int r = arena ? bp_store_subscriptions(store, work->execution, arena, &rows, &n) : -ENOMEM;

        if (r == 0)
                r = bp_store_subscriptions_active(store, 0, 10, arena, &rows, &n);
        if (r == 0)
                r = bp_store_subscriptions_due(store, (struct bp_wall){3000}, 10, arena, &rows, &n);
        if (r == 0)
                r = bp_store_subscriptions_next(store, (struct bp_wall){0}, &next, &total);
        if (r == 0)
                r = bp_store_dead_letters(store, &filter, arena, &letters, &n, &total);
        if (r == 0)
                r = bp_store_dead_letter(store, letters[0].id, arena, &letter);
        bp_arena_free(arena);
        return r;
}

/* An execution that tells one topic, for the rest of the test. */
static void create_telling(struct work *work) {
        static const char *const topics[] = {"one", NULL};
        const struct bp_definition *definition = definition_of("p", 1);
        struct bp_store_new_execution execution = plain_execution(definition, 1000);
        struct bp_subscription_row *rows;
        size_t n;

        execution.topics = topics;
        work->execution = create(work->fixture, &execution);
        append(work->fixture, work->execution, started(1, 1000));
        fixture_commit(work->fixture);
        assert_int_equal(bp_store_subscriptions(work->fixture->store, work->execution, work->fixture->arena, &rows, &n),
                         0);
        assert_int_equal(n, 1);
        work->subscription = rows[0].number;
        bp_definition_unref(definition);
}

static void test_events_and_deliveries(void **state) {
        unsigned round = 0;
        struct work work = {.fixture = *state, .round = &round};

        create_telling(&work);
        assert_int_equal(torture(keep_and_settle, &work), 0);
        assert_int_equal(torture(replay_and_delete, &work), 0);
        assert_int_equal(torture(read_events, &work), 0);
        assert_int_equal(torture(give_up, &work), 0);
        assert_int_equal(torture(read_deliveries, &work), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {ON_BOTH_DRIVERS(test_events_and_deliveries)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
