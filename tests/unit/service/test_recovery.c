/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child process runs the service and kills itself with SIGKILL at a chosen point; then the store is opened here, and
 * what was under way must go on, or end, by its effect.
 */
#include "house.h"

#include "base/strbuf.h"

/* What the child does until it dies. */
struct plot {
        const char *members;             /* of the pipeline */
        enum bp_record_type until;       /* dies when this many records of the kind are durable ... */
        size_t count;                    /* ... 1 unless it says otherwise */
        unsigned inside;                 /* ... or as many calls stand at the gate */
        enum bp_service_command command; /* given before, once `inside` or `first` holds */
        enum bp_record_type first;
};

static struct bp_id plot_id(void) {
        return bp_id_derive("plot", 4);
}

static void begin_plot(struct house *house, const char *members) {
        struct bp_store_key key = {.scope = "test", .key = "plot", .subject = plot_id(), .created_at = bp_wall_now()};
        struct bp_value document = pipeline_of(house, members);
        struct told told = TOLD;
        struct started tried = try_start(house, (struct bp_service_start){.document = &document, .key = &key}, &told);

        if (tried.result)
                fail_msg("%d: %s", tried.result, tried.errors.count ? tried.errors.items[0]->message : "refused");
        await_told(&told);
        assert_int_equal(told.result, 0);
}

static void play(struct house *house, const struct plot *plot) {
        struct seen *seen;
        struct told told = TOLD;
        struct bp_id id = plot_id();

        house_open(house);
        seen = seen_new(house, &id);
        house_begin(house);
        if (plot->members)
                begin_plot(house, plot->members);
        if (plot->inside)
                await_inside(plot->inside);
        if (plot->first)
                await_seen(seen, plot->first, 1);
        if (plot->command)
                assert_int_equal(command(house, id, plot->command, &told), 0);
        if (plot->until)
                await_seen(seen, plot->until, plot->count ? plot->count : 1);
        kill(getpid(), SIGKILL);
}

/* Runs the plot to its end in a child. */
static void crash(struct house *house, const struct plot *plot) {
        pid_t child = fork();
        int status;

        assert_true(child >= 0);
        if (child == 0) {
                play(house, plot);
                _exit(1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void revive(struct house *house) {
        house_open(house);
        house_begin(house);
}

#define STEP(id, action, more) "{\"id\": \"" id "\", \"name\": \"n\", \"action\": \"" action "\"" more "}"
#define AFTER(dependency) ", \"depends_on\": [\"" dependency "\"]"
#define STEPS(list) "\"steps\": [" list "]"

static void a_finished_chain_stays_finished(void **state) {
        const struct plot plot = {.members = STEPS(STEP("s0", "pure", "")), .until = BP_RECORD_EXECUTION_ENDED};
        struct told end = TOLD;

        crash(*state, &plot);
        revive(*state);
        await_end(*state, plot_id(), &end);
        assert_int_equal(end.state, BP_EXECUTION_COMPLETED);
        assert_int_equal(calls_of(NULL, NULL), 0);
}

/* The gate is open to what runs after the crash. */
static struct told finish(struct house *house) {
        struct told end = TOLD;

        stage_open_gate();
        revive(house);
        await_end(house, plot_id(), &end);
        return end;
}

static void a_pure_step_is_run_again(void **state) {
        const struct plot plot = {.members = STEPS(STEP("s0", "outside", "") ", " STEP("s1", "gate_pure", AFTER("s0"))),
                                  .inside = 1,
                                  .until = BP_RECORD_STEP_ENDED};

        crash(*state, &plot);
        assert_int_equal(finish(*state).state, BP_EXECUTION_COMPLETED);
        assert_int_equal(calls_of("outside", NULL), 0);
        assert_int_equal(calls_of("gate", "s1"), 1);
}

static void an_idempotent_step_is_run_again_with_its_key(void **state) {
        const struct plot plot = {.members = STEPS(STEP("s0", "gate", "")), .inside = 1};
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        const char *key;

        crash(*state, &plot);
        assert_int_equal(finish(*state).state, BP_EXECUTION_COMPLETED);
        assert_int_equal(calls_of("gate", NULL), 1);
        assert_int_equal(bp_idempotency_key(plot_id(), "s0", 1, 0, arena, &key), 0);
        assert_string_equal(stage.calls[0].key, key);
        bp_arena_free(arena);
}

static void a_once_step_is_not_repeated(void **state) {
        const struct plot plot = {.members = STEPS(STEP("s0", "gate_once", "")), .inside = 1};
        struct told end;

        crash(*state, &plot);
        end = finish(*state);
        assert_int_equal(end.state, BP_EXECUTION_INTERRUPTED);
        assert_string_equal(end.code, "INTERRUPTED");
        assert_int_equal(step_state(*state, plot_id(), 0), BP_STEP_INTERRUPTED);
        assert_int_equal(calls_of(NULL, NULL), 0);
}

static void a_once_step_is_repeated_where_its_author_says_so(void **state) {
        const struct plot plot = {.members = STEPS(STEP("s0", "gate_once", ", \"on_interrupt\": \"retry\"")),
                                  .inside = 1};

        crash(*state, &plot);
        assert_int_equal(finish(*state).state, BP_EXECUTION_COMPLETED);
        assert_int_equal(calls_of("gate", NULL), 1);
}

static void a_wait_ends_at_its_deadline(void **state) {
        const struct plot plot = {.members = STEPS(STEP("s0", "sleep", ", \"params\": {\"seconds\": 1.5}")),
                                  .until = BP_RECORD_STEP_WAITING};
        struct bp_execution *execution;
        struct bp_step_view step;
        struct told end;
        int64_t due_us;

        crash(*state, &plot);
        end = finish(*state);
        execution = folded(*state, plot_id());
        step = bp_execution_step(execution, 0);
        due_us = bp_value_get(&step.outputs, "until")->as.integer;
        assert_int_equal(end.state, BP_EXECUTION_COMPLETED);
        assert_true(end.ended_at.us >= due_us && end.ended_at.us < due_us + 1000000);
        assert_int_equal(calls_of(NULL, NULL), 0);
        bp_execution_free(execution);
}

static void paused_stays_paused(void **state) {
        struct house *house = *state;
        const struct plot plot = {
                .members = STEPS(STEP("s0", "sleep", ", \"params\": {\"seconds\": 600}") ", " STEP("s1", "gate", "")),
                .inside = 1,
                .command = BP_SERVICE_PAUSE,
                .until = BP_RECORD_EXECUTION_PAUSED};
        struct told pause = TOLD, resume = TOLD;

        crash(house, &plot);
        stage_open_gate();
        revive(house);
        assert_int_equal(command(house, plot_id(), BP_SERVICE_PAUSE, &pause), 0);
        assert_int_equal(pause.state, BP_EXECUTION_PAUSED);
        assert_int_equal(calls_of(NULL, NULL), 0);
        assert_int_equal(command(house, plot_id(), BP_SERVICE_RESUME, &resume), 0);
        assert_int_equal(resume.state, BP_EXECUTION_RUNNING);
        await_calls(1);
        assert_int_equal(calls_of("gate", "s1"), 1);
}

static void a_cancellation_goes_on(void **state) {
        const struct plot plot = {.members = STEPS(STEP("s0", "deaf", "") ", " STEP("s1", "outside", AFTER("s0"))),
                                  .inside = 1,
                                  .command = BP_SERVICE_CANCEL,
                                  .until = BP_RECORD_CANCEL_REQUESTED};

        crash(*state, &plot);
        assert_int_equal(finish(*state).state, BP_EXECUTION_CANCELLED);
        assert_int_equal(calls_of("outside", NULL), 0);
        assert_int_equal(calls_of("deaf", NULL), 0);
}

static void a_backoff_goes_on(void **state) {
        const struct plot plot = {.members = STEPS(STEP("s0", "flaky",
                                                        ", \"params\": {\"times\": 1}, \"on_failure\": \"retry\", "
                                                        "\"retry\": {\"max_attempts\": 3, \"backoff_seconds\": 1}")),
                                  .until = BP_RECORD_STEP_RETRYING};
        struct told end;

        crash(*state, &plot);
        end = finish(*state);
        assert_int_equal(end.state, BP_EXECUTION_COMPLETED);
        assert_true(end.ended_at.us - end.started_at.us >= 1000000);
        assert_int_equal(calls_of("flaky", NULL), 1);
        assert_int_equal(stage.calls[0].retry_count, 1);
}

static void what_always_crashes_is_given_up(void **state) {
        const struct plot first = {.members = STEPS(STEP("s0", "gate", "")), .inside = 1}, again = {.inside = 1};
        struct told end;

        crash(*state, &first);
        crash(*state, &again);
        crash(*state, &again);
        end = finish(*state);
        assert_int_equal(end.state, BP_EXECUTION_FAILED);
        assert_string_equal(end.code, "CRASH_LOOP");
        assert_int_equal(calls_of("gate", NULL), 0);
        assert_int_equal(calls_of("cleanup", NULL), 1);
}

static void a_missing_action_leaves_its_executions_alone(void **state) {
        struct house *house = *state;
        const struct plot plot = {.members = STEPS(STEP("s0", "gate", "")), .inside = 1};
        struct told end = TOLD, refused = TOLD;
        struct bp_registry_draft *draft;

        crash(house, &plot);
        draft = bp_registry_draft_new(house->registry, false);
        assert_int_equal(bp_registry_draft_remove(draft, "gate"), 0);
        assert_int_equal(bp_registry_publish(house->registry, draft), 0);
        revive(house);
        assert_non_null(strstr(house->notices, "left in the store"));
        assert_int_equal(bp_service_active(house->service), 0);
        assert_int_equal(row_of(house, plot_id()).state, BP_EXECUTION_RUNNING);
        assert_int_equal(command(house, plot_id(), BP_SERVICE_CANCEL, &refused), BP_STORE_CONFLICT);
        house_close(house);
        bp_registry_free(house->registry);
        register_all(house);
        end = finish(house);
        assert_int_equal(end.state, BP_EXECUTION_COMPLETED);
}

static void an_execution_without_records_is_started(void **state) {
        struct house *house = *state;
        struct bp_value document = pipeline_of(house, STEPS(STEP("s0", "pure", "")));
        const struct bp_definition *definition;
        struct bp_problem_list errors = {.arena = house->arena};
        struct bp_store_new_execution row = {.id = plot_id(),
                                             .params = &bp_value_empty_object,
                                             .given = &bp_value_empty_object,
                                             .initiator = "api",
                                             .created_at = bp_wall_now()};
        struct told end = TOLD;
        uint64_t number;

        house_open(house);
        assert_int_equal(bp_service_definition(house->service, &document, &errors, NULL, &definition), 0);
        row.definition = definition;
        assert_int_equal(bp_store_execution_create(bp_service_store(house->service), &row, &number), 0);
        bp_store_commit(bp_service_store(house->service), 1);
        bp_definition_unref(definition);
        house_close(house);
        revive(house);
        await_end(house, plot_id(), &end);
        assert_int_equal(end.state, BP_EXECUTION_COMPLETED);
        assert_int_equal(calls_of("pure", NULL), 1);
}

#define ON_A_FILE(test) cmocka_unit_test_setup_teardown(test, setup_closed, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_A_FILE(a_finished_chain_stays_finished),
                ON_A_FILE(a_pure_step_is_run_again),
                ON_A_FILE(an_idempotent_step_is_run_again_with_its_key),
                ON_A_FILE(a_once_step_is_not_repeated),
                ON_A_FILE(a_once_step_is_repeated_where_its_author_says_so),
                ON_A_FILE(a_wait_ends_at_its_deadline),
                ON_A_FILE(paused_stays_paused),
                ON_A_FILE(a_cancellation_goes_on),
                ON_A_FILE(a_backoff_goes_on),
                ON_A_FILE(what_always_crashes_is_given_up),
                ON_A_FILE(a_missing_action_leaves_its_executions_alone),
                ON_A_FILE(an_execution_without_records_is_started),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
