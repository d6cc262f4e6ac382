/* SPDX-License-Identifier: Apache-2.0 */
/* Lists and totals against a plain model of what is there: random work, random filters. */
#include "unit.h"

#include "execution.h"
#include "fixture.h"

enum {
        EXECUTIONS = 5000, /* over three blocks of numbers */
        PIPELINES = 4,
        FILTERS = 400,
        PAGE = 20,
};

static const int64_t t0 = 1760000000000000;

/* What a test knows of an execution. */
struct known {
        uint64_t number;
        struct bp_id id;
        int pipeline; /* -1: none */
        const char *initiator, *principal;
        int64_t created_at;
        enum bp_execution_state state;
        uint64_t sequence;
        bool deleted;
};

struct model {
        struct known *known;
        size_t n;
        uint64_t random;
};

static uint32_t draw(struct model *model, uint32_t below) {
        model->random = model->random * 6364136223846793005u + 1442695040888963407u;
        return (uint32_t)(model->random >> 33) % below;
}

static struct bp_id pipeline_id(int which) {
        char name[16];
        int size = snprintf(name, sizeof(name), "pipeline %d", which);

        return bp_id_derive(name, (size_t)size);
}

static const char *const initiators[] = {"api", "ann", "bob"};
static const char *const principals[] = {NULL, "ann", "system"};

static void create_random(struct fixture *fixture, struct model *model, const struct bp_definition *definition) {
        struct known *known = &model->known[model->n];
        int64_t at = t0 + (int64_t)model->n * 10000000 - draw(model, 30) * 1000000; /* clocks are not quite in order */
        struct bp_store_new_execution execution = plain_execution(definition, at);

        *known = (struct known){.id = execution.id,
                                .pipeline = (int)draw(model, PIPELINES + 1) - 1,
                                .initiator = initiators[draw(model, 3)],
                                .principal = principals[draw(model, 3)],
                                .created_at = at,
                                .state = BP_EXECUTION_PENDING};
        execution.has_pipeline = known->pipeline >= 0;
        execution.pipeline = pipeline_id(known->pipeline);
        execution.revision = 1;
        execution.initiator = known->initiator;
        execution.principal = known->principal;
        known->number = create(fixture, &execution);
        model->n++;
}

static void record(struct fixture *fixture, struct known *known, struct bp_record record,
                   enum bp_execution_state state) {
        record.sequence = ++known->sequence;
        record.at.us = known->created_at + 5;
        append(fixture, known->number, record);
        known->state = state;
}

/* One step on the way of an execution. */
static void advance(struct fixture *fixture, struct model *model, struct known *known) {
        enum bp_execution_state end = (enum bp_execution_state)(BP_EXECUTION_COMPLETED + draw(model, 5));

        if (known->state == BP_EXECUTION_PENDING)
                record(fixture, known, started(0, 0), BP_EXECUTION_RUNNING);
        else if (known->state == BP_EXECUTION_RUNNING && draw(model, 4) == 0)
                record(fixture, known, (struct bp_record){.type = BP_RECORD_EXECUTION_PAUSED, .step = BP_NO_STEP},
                       BP_EXECUTION_PAUSED);
        else if (known->state == BP_EXECUTION_RUNNING)
                record(fixture, known, ended(0, 0, end), end);
        else if (known->state == BP_EXECUTION_PAUSED)
                record(fixture, known, (struct bp_record){.type = BP_RECORD_EXECUTION_RESUMED, .step = BP_NO_STEP},
                       BP_EXECUTION_RUNNING);
}

static void count_done(void *userdata, int result, const void *row) {
        (void)row;
        assert_int_equal(result, 0);
        (*(unsigned *)userdata)++;
}

static void work(struct fixture *fixture, struct model *model) {
        const struct bp_definition *definition = definition_of("listed", 1);
        unsigned deleted = 0, n_deletions = 0;

        while (model->n < EXECUTIONS) {
                create_random(fixture, model, definition);
                for (int i = 0; i < 3; i++)
                        advance(fixture, model, &model->known[draw(model, (uint32_t)model->n)]);
                if (draw(model, 50) == 0)
                        fixture_commit(fixture);
        }
        fixture_commit(fixture);
        for (size_t i = 0; i < EXECUTIONS; i++)
                if (bp_execution_state_is_final(model->known[i].state) && draw(model, 10) == 0) {
                        assert_int_equal(
                                bp_store_execution_delete(fixture->store, model->known[i].id, count_done, &deleted), 0);
                        model->known[i].deleted = true;
                        n_deletions++;
                }
        fixture_commit(fixture);
        assert_int_equal(deleted, n_deletions);
        bp_definition_unref(definition);
}

static bool matches(const struct known *known, const struct bp_execution_filter *filter, int pipeline) {
        return !known->deleted && (!filter->has_pipeline || known->pipeline == pipeline) &&
               (!filter->states || filter->states >> known->state & 1) &&
               (!filter->initiator || strcmp(filter->initiator, known->initiator) == 0) &&
               (!filter->principal || (known->principal && strcmp(filter->principal, known->principal) == 0)) &&
               (!filter->created_from.us || known->created_at >= filter->created_from.us) &&
               (!filter->created_to.us || known->created_at <= filter->created_to.us);
}

static int newest_first(const void *left, const void *right) {
        const struct known *a = *(const struct known *const *)left, *b = *(const struct known *const *)right;

        if (a->created_at != b->created_at)
                return a->created_at > b->created_at ? -1 : 1;
        return a->number > b->number ? -1 : 1;
}

static struct bp_execution_filter random_filter(struct model *model, int *ret_pipeline) {
        struct bp_execution_filter filter = {.limit = 1 + draw(model, PAGE)};

        *ret_pipeline = (int)draw(model, PIPELINES);
        filter.has_pipeline = draw(model, 3) == 0;
        filter.pipeline = pipeline_id(*ret_pipeline);
        if (draw(model, 2) == 0)
                for (int i = 0; i < 2; i++)
                        filter.states |= 1u << (1 + draw(model, 8));
        if (draw(model, 3) == 0)
                filter.initiator = draw(model, 9) ? initiators[draw(model, 3)] : "nobody";
        if (draw(model, 5) == 0)
                filter.principal = principals[1 + draw(model, 2)];
        if (draw(model, 2) == 0)
                filter.created_from.us = model->known[draw(model, EXECUTIONS)].created_at;
        if (draw(model, 2) == 0)
                filter.created_to.us = model->known[draw(model, EXECUTIONS)].created_at;
        filter.offset = draw(model, 3) ? draw(model, 40) : draw(model, EXECUTIONS);
        return filter;
}

static void compare(struct fixture *fixture, struct model *model, const struct known **expected) {
        struct bp_execution_row *rows;
        struct bp_execution_filter filter;
        uint64_t total;
        size_t n = 0, n_rows;
        int pipeline;

        filter = random_filter(model, &pipeline);
        for (size_t i = 0; i < model->n; i++)
                if (matches(&model->known[i], &filter, pipeline))
                        expected[n++] = &model->known[i];
        qsort(expected, n, sizeof(const struct known *), newest_first); /* NOLINT(bugprone-sizeof-expression) */
        assert_int_equal(bp_store_executions(fixture->store, &filter, fixture->arena, &rows, &n_rows, &total), 0);
        assert_int_equal(total, n);
        assert_int_equal(n_rows, filter.offset >= n                 ? 0
                                 : n - filter.offset < filter.limit ? n - filter.offset
                                                                    : filter.limit);
        for (size_t i = 0; i < n_rows; i++) {
                const struct known *known = expected[filter.offset + i];

                assert_int_equal(rows[i].number, known->number);
                assert_int_equal(rows[i].state, known->state);
                assert_int_equal(rows[i].sequence, known->sequence);
                assert_string_equal(rows[i].initiator, known->initiator);
        }
        bp_arena_reset(fixture->arena);
}

static void test_random_work_and_filters(void **state) {
        struct fixture *fixture = *state;
        struct model model = {.known = bp_calloc(EXECUTIONS, sizeof(struct known)), .random = 20261125};
        const struct known **expected = bp_calloc(EXECUTIONS, sizeof(const struct known *));
        uint64_t counts[BP_EXECUTION_INTERRUPTED + 1], found[BP_EXECUTION_INTERRUPTED + 1] = {0};

        assert_true(model.known && expected);
        work(fixture, &model);
        for (int i = 0; i < FILTERS; i++)
                compare(fixture, &model, expected);
        for (size_t i = 0; i < model.n; i++)
                found[model.known[i].state] += !model.known[i].deleted;
        assert_int_equal(bp_store_execution_counts(fixture->store, counts), 0);
        assert_memory_equal(counts, found, sizeof(counts));
        bp_freep(&expected);
        bp_freep(&model.known);
}

static void test_empty(void **state) {
        struct fixture *fixture = *state;
        struct bp_execution_row *rows;
        uint64_t total = 9;
        size_t n = 9;

        assert_int_equal(bp_store_executions(fixture->store, &(struct bp_execution_filter){.limit = 10}, fixture->arena,
                                             &rows, &n, &total),
                         0);
        assert_int_equal(n, 0);
        assert_int_equal(total, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_BOTH_DRIVERS(test_empty),
                ON_BOTH_DRIVERS(test_random_work_and_filters),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
