/* SPDX-License-Identifier: Apache-2.0 */
/* One action called alone: parameters, rounds of replies, sleeping, and how it ended. */
#include "world.h"

#include "http/client.h"
#include "invoke/invoke.h"
#include "runtime/call_action.h"
#include "slow_server.h"

struct bench {
        struct bp_arena *arena;
        struct bp_registry *registry;
        const struct bp_registry_snapshot *snapshot;
        char lines[256];
};

static const struct bp_http_client_settings local = {.allow_hosts = (const char *const[]){"127.0.0.1", NULL}};
static const struct bp_invoker_settings local_invoker = {.http = &local};

static int execute_echo(struct bp_action_context *context) {
        if (strcmp(bp_param_string(context, "text", ""), "fail") == 0)
                return bp_fail_with(context, "ECHO", context->params);
        bp_log(context, BP_LOG_INFO, "heard %s", bp_param_string(context, "text", "nothing"));
        bp_output_string(context, "text", bp_param_string(context, "text", NULL));
        bp_output_int(context, "count", bp_param_int(context, "count", -1));
        return bp_complete(context);
}

static void refuse_shouting(struct bp_action_context *context) {
        const char *text = bp_param_string(context, "text", "");

        if (strchr(text, '!'))
                bp_finding(context, "text must not shout");
}

TEST_ACTION(
        echo, BP_PURE, .flags = BP_FLAG_INLINE,
        BP_PARAMS({.name = "text", .label = "Text", .type = BP_PARAM_STRING, .required = 1, .alias = "message"},
                  {.name = "count", .label = "Count", .type = BP_PARAM_NUMBER, .default_json = "7", BP_BETWEEN(0, 10)}),
        .execute = execute_echo, .validate_params = refuse_shouting);

static int set_up(void **state) {
        struct bench *bench = test_calloc(1, sizeof(*bench));
        struct bp_problem_list problems;
        struct bp_registry_draft *draft;

        stage_reset(NULL);
        bench->arena = bp_arena_new(BP_ARENA_UNLIMITED);
        problems = (struct bp_problem_list){.arena = bench->arena};
        bench->registry = bp_registry_new();
        draft = bp_registry_draft_new(bench->registry, true);
        assert_int_equal(bp_registry_draft_add_all(draft, test_actions, &problems), 0);
        assert_int_equal(bp_registry_draft_add(draft, &test_echo, NULL, &problems), 0);
        assert_int_equal(bp_registry_publish(bench->registry, draft), 0);
        bench->snapshot = bp_registry_acquire(bench->registry);
        *state = bench;
        return 0;
}

static int tear_down(void **state) {
        struct bench *bench = *state;

        bp_registry_release(bench->snapshot);
        bp_registry_free(bench->registry);
        bp_arena_free(bench->arena);
        test_free(bench);
        return 0;
}

static struct bp_value value_of(struct bench *bench, const char *json) {
        struct bp_problem problem;
        struct bp_value value;

        assert_int_equal(bp_json_parse(bench->arena, json, strlen(json), NULL, &value, &problem), 0);
        return value;
}

static struct bp_action_answer call(struct bench *bench, const char *type, const char *params,
                                    struct bp_action_run run) {
        struct bp_value given = value_of(bench, params);
        struct bp_action_answer answer;

        run.entry = bp_registry_find(bench->snapshot, type);
        run.params = &given;
        run.invoke = &local_invoker;
        assert_non_null(run.entry);
        assert_int_equal(bp_run_action(&run, bench->arena, &answer), 0);
        return answer;
}

static void assert_outputs(struct bench *bench, const struct bp_action_answer *answer, const char *json) {
        struct bp_value expected = value_of(bench, json);

        assert_true(bp_value_equal(&answer->outputs, &expected));
}

static void parameters_are_completed_and_checked_only_when_asked(void **state) {
        static const struct {
                const char *params;
                bool check;
                const char *code, *outputs;
        } cases[] = {
                {"{\"text\": \"a\"}", true, NULL, "{\"text\": \"a\", \"count\": 7}"},
                {"{\"message\": \"a\", \"count\": null}", true, NULL, "{\"text\": \"a\", \"count\": 7}"},
                {"{\"text\": \"a\", \"count\": 99}", false, NULL, "{\"text\": \"a\", \"count\": 99}"},
                {"{\"text\": \"a\", \"count\": 99}", true, "PARAM_INVALID", "{}"},
                {"{\"count\": 1}", true, "PARAM_INVALID", "{}"},
                {"{\"count\": 1}", false, NULL, "{\"text\": null, \"count\": 1}"},
                {"{\"text\": \"a\", \"cuont\": 1}", true, "PARAM_INVALID", "{}"},
                {"{\"text\": \"a!\"}", true, "PARAM_INVALID", "{}"},
                {"{\"text\": \"a!\"}", false, NULL, "{\"text\": \"a!\", \"count\": 7}"},
        };
        struct bench *bench = *state;

        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_action_answer answer =
                        call(bench, "echo", cases[i].params, (struct bp_action_run){.check_params = cases[i].check});

                assert_int_equal(answer.success, cases[i].code == NULL);
                if (cases[i].code) {
                        assert_string_equal(answer.code, cases[i].code);
                        assert_non_null(answer.message);
                }
                assert_outputs(bench, &answer, cases[i].outputs);
        }
}

static void a_failure_keeps_its_error_as_it_was_given(void **state) {
        struct bench *bench = *state;
        struct bp_action_answer answer = call(bench, "echo", "{\"text\": \"fail\"}", (struct bp_action_run){0});
        struct bp_value expected = value_of(bench, "{\"text\": \"fail\", \"count\": 7}");

        assert_false(answer.success);
        assert_false(answer.unknown);
        assert_string_equal(answer.code, "ECHO");
        assert_true(bp_value_equal(&answer.error, &expected));
}

static void keep_line(void *userdata, enum bp_log_level level, const char *message) {
        struct bench *bench = userdata;

        assert_int_equal(level, BP_LOG_INFO);
        snprintf(bench->lines, sizeof(bench->lines), "%s", message);
}

static void lines_go_to_the_caller(void **state) {
        struct bench *bench = *state;

        call(bench, "echo", "{\"text\": \"you\"}", (struct bp_action_run){.log = keep_line, .userdata = bench});
        assert_string_equal(bench->lines, "heard you");
}

static void sleeping_takes_its_time_unless_it_is_virtual(void **state) {
        struct bench *bench = *state;
        int64_t begun_us = bp_mono_now().us;
        struct bp_action_answer answer =
                call(bench, "sleep", "{\"seconds\": 86400}", (struct bp_action_run){.virtual_time = true});

        assert_true(answer.success);
        assert_true(bp_mono_now().us - begun_us < INT64_C(20) * 1000000);
        begun_us = bp_mono_now().us;
        answer = call(bench, "sleep", "{\"seconds\": 0.15}", (struct bp_action_run){0});
        assert_true(answer.success);
        assert_true(bp_mono_now().us - begun_us >= 150000);
}

static bool always(void *userdata) {
        (void)userdata;
        return true;
}

static void a_sleeper_can_be_stopped(void **state) {
        struct bp_action_answer answer =
                call(*state, "sleep", "{\"seconds\": 86400}", (struct bp_action_run){.cancelled = always});

        assert_false(answer.success);
        assert_string_equal(answer.code, "CANCELLED");
}

static void waiting_for_an_event_is_a_success_so_far(void **state) {
        struct bench *bench = *state;
        struct bp_action_answer answer =
                call(bench, "await", "{\"id\": \"x-1\", \"timeout\": 60}", (struct bp_action_run){0});

        assert_true(answer.success);
        assert_true(answer.awaiting_event);
        assert_string_equal(answer.external_id, "x-1");
        assert_int_equal(answer.timeout_seconds, 60);
        assert_outputs(bench, &answer, "{\"asked\": 1}");
}

static void replies_are_fetched_and_given_back(void **state) {
        static const struct {
                const char *action, *more, *outputs;
        } cases[] = {
                {"fetch", ", \"rounds\": 3", "{\"rounds\": 3, \"body\": \"ok\"}"},
                {"call", "", "{\"body\": \"ok\"}"},
        };
        struct slow_server *server = slow_server_open(1);
        struct bench *bench = *state;

        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_action_answer answer;
                char params[128];

                snprintf(params, sizeof(params), "{\"url\": \"http://127.0.0.1:%u/\"%s}", server->port, cases[i].more);
                answer = call(bench, cases[i].action, params, (struct bp_action_run){0});
                assert_true(answer.success);
                assert_outputs(bench, &answer, cases[i].outputs);
        }
        slow_server_close(server);
}

static void each_call_has_an_idempotency_key_of_its_own(void **state) {
        call(*state, "outside", "{}", (struct bp_action_run){0});
        call(*state, "outside", "{}", (struct bp_action_run){0});
        assert_string_not_equal(stage.calls[0].key, "");
        assert_string_not_equal(stage.calls[0].key, stage.calls[1].key);
}

static void the_check_of_definitions_asks_the_action(void **state) {
        struct bench *bench = *state;
        const struct bp_action_entry *echo = bp_registry_find(bench->snapshot, "echo");
        struct bp_value quiet = value_of(bench, "{\"text\": \"a\"}"), loud = value_of(bench, "{\"text\": \"a!\"}");
        struct bp_problem_list findings = {.arena = bench->arena};

        assert_int_equal(bp_check_action(NULL, echo, &quiet, &findings), 0);
        assert_int_equal(findings.count, 0);
        assert_int_equal(bp_check_action(NULL, echo, &loud, &findings), 0);
        assert_int_equal(findings.count, 1);
        assert_string_equal(findings.items[0]->code, "PARAM_INVALID");
        assert_string_equal(findings.items[0]->message, "text must not shout");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(parameters_are_completed_and_checked_only_when_asked, set_up,
                                                tear_down),
                cmocka_unit_test_setup_teardown(a_failure_keeps_its_error_as_it_was_given, set_up, tear_down),
                cmocka_unit_test_setup_teardown(lines_go_to_the_caller, set_up, tear_down),
                cmocka_unit_test_setup_teardown(sleeping_takes_its_time_unless_it_is_virtual, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_sleeper_can_be_stopped, set_up, tear_down),
                cmocka_unit_test_setup_teardown(waiting_for_an_event_is_a_success_so_far, set_up, tear_down),
                cmocka_unit_test_setup_teardown(replies_are_fetched_and_given_back, set_up, tear_down),
                cmocka_unit_test_setup_teardown(each_call_has_an_idempotency_key_of_its_own, set_up, tear_down),
                cmocka_unit_test_setup_teardown(the_check_of_definitions_asks_the_action, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
