/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever an action does, its call ends as the contract says. Each rule has an action that keeps or breaks it. */
#include "action_fixture.h"

static struct bp_action action_with(int (*function)(struct bp_action_context *)) {
        return (struct bp_action){.struct_size = sizeof(struct bp_action),
                                  .abi_version = BP_ABI_VERSION,
                                  .type = "probe",
                                  .name = "Probe",
                                  .category = "Tests",
                                  .description = "Does what a test wants.",
                                  .effect = BP_IDEMPOTENT,
                                  .execute = function};
}

static int complete(struct bp_action_context *context) {
        bp_output_int(context, "a", 1);
        bp_output_string(context, "b", NULL);
        bp_output_int(context, "a", 2);
        return bp_complete(context);
}

static int fail_definitely(struct bp_action_context *context) {
        bp_output_bool(context, "half", true);
        return bp_fail(context, "NO_LUCK", "%s of %d", "one", 7);
}

static int fail_unknown(struct bp_action_context *context) {
        return bp_unknown(context, "", "who knows");
}

static int end_not_at_all(struct bp_action_context *context) {
        (void)context;
        return BP_COMPLETED;
}

static int end_twice(struct bp_action_context *context) {
        bp_complete(context);
        return bp_complete(context);
}

static int return_something_else(struct bp_action_context *context) {
        bp_complete(context);
        return 42;
}

static int complete_an_event(struct bp_action_context *context) {
        return bp_event_complete(context);
}

static int await_an_event(struct bp_action_context *context) {
        return bp_await_event(context, "wf-1", 60);
}

static int await_an_event_without_id(struct bp_action_context *context) {
        return bp_await_event(context, "", 0);
}

static int await_a_reply(struct bp_action_context *context) {
        const struct bp_http_request request = {.struct_size = sizeof(request), .url = "http://h/"};

        return bp_await_reply(context, &request, NULL);
}

static int report_a_finding(struct bp_action_context *context) {
        bp_finding(context, "not here");
        return bp_complete(context);
}

static int use_a_list_as_an_object(struct bp_action_context *context) {
        struct bp_builder *list = context->host->list_new(context);

        context->host->object_set(list, "a", context->host->make_null(context));
        return bp_complete(context);
}

static int set_an_output_of_nothing(struct bp_action_context *context) {
        bp_output(context, "a", NULL);
        return bp_complete(context);
}

static int set_an_output_without_bound(struct bp_action_context *context) {
        bp_output_float(context, "a", 1e308 * 10);
        return bp_complete(context);
}

static int nest_without_end(struct bp_action_context *context) {
        const struct bp_value *value = context->host->make_null(context);

        for (int i = 0; i < 1000; i++) {
                struct bp_builder *list = context->host->list_new(context);

                context->host->list_add(list, value);
                value = context->host->finish(list);
        }
        bp_output(context, "a", value);
        return bp_complete(context);
}

static int fill_the_arena(struct bp_action_context *context) {
        static const char text[4096] = {[0 ... 4094] = 'x'};

        for (int i = 0; i < 1000; i++)
                bp_output_string(context, "a", text);
        return bp_complete(context);
}

struct ending_case {
        const char *name;
        int (*execute)(struct bp_action_context *);
        enum bp_effect effect;
        enum bp_execution_mode mode;
        int outcome;
        const char *code, *message;
};

static int ignore_event(struct bp_action_context *context, const struct bp_event_context *event) {
        (void)event;
        return bp_event_ignore(context);
}

static int complete_on_reply(struct bp_action_context *context, const struct bp_http_response *reply) {
        bp_output_int(context, "status", reply->status);
        return bp_complete(context);
}

static void every_ending_keeps_its_rules(void **state) {
        static const struct ending_case cases[] = {
                {"completes", complete, BP_PURE, BP_SYNC, BP_COMPLETED, NULL, NULL},
                {"fails", fail_definitely, BP_PURE, BP_SYNC, BP_FAILED, "NO_LUCK", "one of 7"},
                {"unknown", fail_unknown, BP_ONCE, BP_SYNC, BP_UNKNOWN, "ACTION_FAILED", "who knows"},
                {"no ending", end_not_at_all, BP_PURE, BP_SYNC, BP_FAILED, "INVALID_RESULT",
                 "the action ended without saying how"},
                {"two endings", end_twice, BP_PURE, BP_SYNC, BP_FAILED, "INVALID_RESULT",
                 "the action ended more than once"},
                {"another return", return_something_else, BP_PURE, BP_SYNC, BP_FAILED, "INVALID_RESULT",
                 "the action did not return what its ending returned"},
                {"an ending of on_event", complete_an_event, BP_PURE, BP_SYNC, BP_FAILED, "INVALID_RESULT",
                 "this call cannot end that way"},
                {"waits for an event", await_an_event, BP_IDEMPOTENT, BP_EVENT_DRIVEN, BP_AWAITING_EVENT, NULL, NULL},
                {"sync, yet waits for an event", await_an_event, BP_IDEMPOTENT, BP_SYNC, BP_FAILED, "INVALID_RESULT",
                 "only an event-driven action with on_event may wait for an event"},
                {"pure, yet waits for an event", await_an_event, BP_PURE, BP_EVENT_DRIVEN, BP_FAILED, "INVALID_RESULT",
                 "an action whose effect is pure must not wait for the outside"},
                {"waits without an id", await_an_event_without_id, BP_IDEMPOTENT, BP_EVENT_DRIVEN, BP_FAILED,
                 "INVALID_RESULT", "a wait for an event needs an external id"},
                {"waits for a reply", await_a_reply, BP_ONCE, BP_SYNC, BP_AWAITING_REPLY, NULL, NULL},
                {"pure, yet waits for a reply", await_a_reply, BP_PURE, BP_SYNC, BP_FAILED, "INVALID_RESULT",
                 "an action whose effect is pure must not wait for the outside"},
                {"a finding in execute", report_a_finding, BP_PURE, BP_SYNC, BP_FAILED, "INVALID_RESULT",
                 "findings are for validate_params"},
                {"a list as an object", use_a_list_as_an_object, BP_PURE, BP_SYNC, BP_FAILED, "INVALID_RESULT",
                 "a list was used as an object, or an object as a list"},
                {"an output of NULL", set_an_output_of_nothing, BP_PURE, BP_SYNC, BP_FAILED, "LIMIT",
                 "an output has no value"},
                {"an infinite output", set_an_output_without_bound, BP_PURE, BP_SYNC, BP_FAILED, "LIMIT",
                 "a number is not finite"},
                {"too deep", nest_without_end, BP_PURE, BP_SYNC, BP_FAILED, "LIMIT", "a value is nested too deeply"},
                {"too much", fill_the_arena, BP_PURE, BP_SYNC, BP_FAILED, "LIMIT",
                 "the call used more memory than it may"},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                _cleanup_(bp_arena_freep) struct bp_arena *bounded = bp_arena_new(1 << 20);
                struct bp_action action = action_with(cases[i].execute);
                struct bp_call_result result;
                struct fixture *fixture;

                action.effect = cases[i].effect;
                action.execution_mode = cases[i].mode;
                action.on_event = ignore_event;
                action.on_reply = complete_on_reply;
                fixture = fixture_new(&action);
                fixture->call.arena = bounded;
                assert_int_equal(bp_call_execute(&fixture->call, &result), 0);
                if (result.outcome != cases[i].outcome)
                        fail_msg("%s: outcome %d, %s", cases[i].name, result.outcome, result.message);
                if (cases[i].code) {
                        assert_string_equal(result.code, cases[i].code);
                        assert_string_equal(result.message, cases[i].message);
                } else {
                        assert_null(result.code);
                }
                fixture_free(fixture);
        }
}

static void outputs_survive_a_failure_and_the_last_value_counts(void **state) {
        struct bp_action completing = action_with(complete), failing = action_with(fail_definitely);
        struct fixture *fixture = fixture_new(&completing);
        struct bp_call_result result;

        (void)state;
        assert_int_equal(bp_call_execute(&fixture->call, &result), 0);
        assert_string_equal(json(fixture, &result.outputs), "{\"a\":2,\"b\":null}");
        fixture_free(fixture);
        fixture = fixture_new(&failing);
        assert_int_equal(bp_call_execute(&fixture->call, &result), 0);
        assert_string_equal(json(fixture, &result.outputs), "{\"half\":true}");
        fixture_free(fixture);
}

static void a_wait_tells_what_it_waits_for(void **state) {
        struct bp_action action = action_with(await_an_event);
        struct bp_call_result result;
        struct fixture *fixture;

        (void)state;
        action.execution_mode = BP_EVENT_DRIVEN;
        action.on_event = ignore_event;
        fixture = fixture_new(&action);
        assert_int_equal(bp_call_execute(&fixture->call, &result), 0);
        assert_string_equal(result.external_id, "wf-1");
        assert_int_equal(result.timeout_seconds, 60);
        fixture_free(fixture);
}

static int ask(struct bp_action_context *context) {
        char url[] = "http://h/", body[] = "abc";
        struct bp_builder *headers = context->host->object_new(context);
        struct bp_http_request request = {.struct_size = sizeof(request), .url = url, .body = body, .body_size = 2};
        int outcome;

        context->host->object_set(headers, "X-A", bp_make_text(context, "1"));
        request.headers = context->host->finish(headers);
        bp_output_int(context, "asked", 1);
        outcome = bp_await_reply(context, &request, context->host->make_int(context, 7));
        memset(url, 'x', sizeof(url));
        memset(body, 'x', sizeof(body));
        return outcome;
}

static int take_reply(struct bp_action_context *context, const struct bp_http_response *reply) {
        bp_output(context, "state", reply->state);
        bp_output_string(context, "body", reply->body);
        return bp_complete(context);
}

static void a_request_is_copied_and_its_reply_finds_the_outputs(void **state) {
        struct bp_action action = action_with(ask);
        struct bp_http_response reply = {
                .struct_size = sizeof(reply), .failure = BP_HTTP_OK, .body = "B", .body_size = 1};
        struct bp_call_result asked, result;
        struct fixture *fixture;

        (void)state;
        action.on_reply = take_reply;
        fixture = fixture_new(&action);
        assert_int_equal(bp_call_execute(&fixture->call, &asked), 0);
        assert_string_equal(asked.request->url, "http://h/");
        assert_string_equal(asked.request->method, "GET");
        assert_string_equal(asked.request->body, "ab");
        assert_string_equal(json(fixture, asked.request->headers), "{\"X-A\":\"1\"}");
        reply.state = asked.state;
        fixture->call.outputs = &asked.outputs;
        assert_int_equal(bp_call_reply(&fixture->call, &reply, &result), 0);
        assert_string_equal(json(fixture, &result.outputs), "{\"asked\":1,\"state\":7,\"body\":\"B\"}");
        fixture_free(fixture);
}

static int fail_its_way(struct bp_action_context *context, const struct bp_http_response *reply) {
        return bp_fail(context, "MY_CODE", "could not: %s", reply->message);
}

static int do_not_know(struct bp_action_context *context, const struct bp_http_response *reply) {
        return bp_unknown(context, "MY_CODE", "could not: %s", reply->message);
}

static void what_failed_for_want_of_a_connection_has_a_code_that_says_so(void **state) {
        static const struct {
                int (*on_reply)(struct bp_action_context *context, const struct bp_http_response *reply);
                uint32_t no_connection;
                const char *code;
        } cases[] = {
                {fail_its_way, 1, "CONNECTION_LIMIT"},
                {fail_its_way, 0, "MY_CODE"},
                {do_not_know, 1, "MY_CODE"},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct bp_action action = action_with(ask);
                struct bp_http_response reply = {.struct_size = sizeof(reply),
                                                 .failure = BP_HTTP_UNSENT,
                                                 .no_connection = cases[i].no_connection,
                                                 .body = "",
                                                 .message = "waited"};
                struct bp_call_result result;
                struct fixture *fixture;

                action.on_reply = cases[i].on_reply;
                fixture = fixture_new(&action);
                assert_int_equal(bp_call_reply(&fixture->call, &reply, &result), 0);
                assert_string_equal(result.code, cases[i].code);
                assert_string_equal(result.message, "could not: waited");
                fixture_free(fixture);
        }
}

static int use_http(struct bp_action_context *context) {
        const struct bp_http_request request = {.struct_size = sizeof(request), .url = "http://h/"};
        const struct bp_http_response *response = bp_http(context, &request);

        bp_output_int(context, "failure", response->failure);
        bp_output_string(context, "message", response->message);
        bp_output_string(context, "body", response->body);
        return bp_complete(context);
}

static void a_pure_action_has_no_network_and_a_host_without_one_says_so(void **state) {
        struct bp_action action = action_with(use_http);
        struct bp_call_result result;
        struct fixture *fixture = fixture_new(&action);

        (void)state;
        assert_int_equal(bp_call_execute(&fixture->call, &result), 0);
        assert_int_equal(bp_value_get(&result.outputs, "failure")->as.integer, BP_HTTP_UNSENT);
        fixture_free(fixture);
        action.effect = BP_PURE;
        fixture = fixture_new(&action);
        assert_int_equal(bp_call_execute(&fixture->call, &result), 0);
        assert_int_equal(bp_value_get(&result.outputs, "failure")->as.integer, BP_HTTP_BLOCKED);
        fixture_free(fixture);
}

static int write_many_lines(struct bp_action_context *context) {
        for (int i = 0; i < 25; i++)
                bp_log(context, BP_LOG_DEBUG, "line %d", i);
        return bp_complete(context);
}

static void lines_beyond_the_limit_are_counted(void **state) {
        struct bp_action action = action_with(write_many_lines);
        struct bp_call_result result;
        struct fixture *fixture = fixture_new(&action);

        (void)state;
        fixture->call.log_lines_max = 10;
        assert_int_equal(bp_call_execute(&fixture->call, &result), 0);
        assert_int_equal(fixture->n_log_lines, 11);
        assert_string_equal(fixture->log_line, "15 further lines were left out");
        assert_int_equal(fixture->log_level, BP_LOG_WARNING);
        fixture_free(fixture);
}

static int make_texts(struct bp_action_context *context) {
        bp_output(context, "cut", context->host->make_string(context, "a\xe2\x82", 3));
        bp_output(context, "nul", context->host->make_string(context, "a\0b", 3));
        bp_output(context, "good", context->host->make_string(context, "\xe2\x82\xac", 3));
        bp_output(context, "not_json", context->host->make_bool(context, !context->host->parse_json(context, "{", 1)));
        return bp_complete(context);
}

static void text_that_is_no_utf8_is_repaired(void **state) {
        struct bp_action action = action_with(make_texts);
        struct bp_call_result result;
        struct fixture *fixture = fixture_new(&action);
        struct bp_value expected;

        (void)state;
        assert_int_equal(bp_call_execute(&fixture->call, &result), 0);
        assert_int_equal(result.outcome, BP_COMPLETED);
        expected = parse(fixture, "{\"cut\": \"a\\ufffd\\ufffd\", \"nul\": \"a\\ufffdb\", \"good\": \"\\u20ac\","
                                  " \"not_json\": true}");
        assert_true(is_same(&result.outputs, &expected));
        fixture_free(fixture);
}

/* ---- on_event ---- */

static int complete_event(struct bp_action_context *context, const struct bp_event_context *event) {
        bp_output_string(context, "type", event->event_type);
        return bp_event_complete(context);
}

static int fail_event(struct bp_action_context *context, const struct bp_event_context *event) {
        (void)event;
        return bp_event_fail(context, "REMOTE", "said no");
}

static int progress_event(struct bp_action_context *context, const struct bp_event_context *event) {
        (void)event;
        return bp_event_progress(context, 40, -1);
}

static int eta_event(struct bp_action_context *context, const struct bp_event_context *event) {
        (void)event;
        return bp_event_progress(context, -1, 5);
}

static int progress_of_nothing(struct bp_action_context *context, const struct bp_event_context *event) {
        (void)event;
        return bp_event_progress(context, -1, -1);
}

static int progress_too_far(struct bp_action_context *context, const struct bp_event_context *event) {
        (void)event;
        return bp_event_progress(context, 101, -1);
}

static int end_event_like_an_attempt(struct bp_action_context *context, const struct bp_event_context *event) {
        (void)event;
        return bp_complete(context);
}

static void every_event_is_answered_or_ignored(void **state) {
        static const struct {
                int (*on_event)(struct bp_action_context *, const struct bp_event_context *);
                int outcome;
                bool success;
                const char *code;
                double percent, eta_minutes;
        } cases[] = {
                {complete_event, BP_EVENT_COMPLETE, true, NULL, -1, -1},
                {fail_event, BP_EVENT_COMPLETE, false, "REMOTE", -1, -1},
                {progress_event, BP_EVENT_UPDATE_PROGRESS, false, NULL, 40, -1},
                {eta_event, BP_EVENT_UPDATE_PROGRESS, false, NULL, -1, 5},
                {ignore_event, BP_EVENT_IGNORE, false, NULL, -1, -1},
                {progress_of_nothing, BP_EVENT_IGNORE, false, "INVALID_RESULT", -1, -1},
                {progress_too_far, BP_EVENT_IGNORE, false, "INVALID_RESULT", -1, -1},
                {end_event_like_an_attempt, BP_EVENT_IGNORE, false, "INVALID_RESULT", -1, -1},
                {NULL, BP_EVENT_IGNORE, false, "NOT_IMPLEMENTED", -1, -1},
        };
        const struct bp_event_context event = {.struct_size = sizeof(event), .event_type = "done"};

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct bp_action action = action_with(complete);
                struct bp_call_result result;
                struct fixture *fixture;

                action.on_event = cases[i].on_event;
                fixture = fixture_new(&action);
                assert_int_equal(bp_call_event(&fixture->call, &event, &result), 0);
                assert_int_equal(result.outcome, cases[i].outcome);
                assert_int_equal(result.success, cases[i].success);
                assert_true(result.percent == cases[i].percent && result.eta_minutes == cases[i].eta_minutes);
                if (cases[i].code)
                        assert_string_equal(result.code, cases[i].code);
                else
                        assert_null(result.code);
                fixture_free(fixture);
        }
}

static void the_outputs_of_an_event_come_over_those_of_execute(void **state) {
        const struct bp_event_context event = {.struct_size = sizeof(event), .event_type = "done"};
        struct bp_action action = action_with(complete);
        struct bp_call_result result;
        struct bp_value before;
        struct fixture *fixture;

        (void)state;
        action.on_event = complete_event;
        fixture = fixture_new(&action);
        before = parse(fixture, "{\"type\": \"none\", \"id\": 3}");
        fixture->call.outputs = &before;
        assert_int_equal(bp_call_event(&fixture->call, &event, &result), 0);
        assert_string_equal(json(fixture, &result.outputs), "{\"type\":\"done\",\"id\":3}");
        fixture_free(fixture);
}

/* ---- the rest ---- */

static void an_action_without_cleanup_is_clean(void **state) {
        struct bp_action action = action_with(complete);
        struct fixture *fixture = fixture_new(&action);
        struct bp_call_result result;

        (void)state;
        assert_int_equal(bp_call_cleanup(&fixture->call, &result), 0);
        assert_int_equal(result.outcome, BP_COMPLETED);
        fixture_free(fixture);
        action.cleanup = fail_definitely;
        fixture = fixture_new(&action);
        assert_int_equal(bp_call_cleanup(&fixture->call, &result), 0);
        assert_int_equal(result.outcome, BP_FAILED);
        fixture_free(fixture);
}

static uint32_t effect_of_nothing(struct bp_action_context *context) {
        (void)context;
        return 0;
}

static void an_effect_that_is_none_leaves_the_declared_one(void **state) {
        struct bp_action action = action_with(complete);
        struct fixture *fixture;

        (void)state;
        action.effect = BP_ONCE;
        action.effect_of = effect_of_nothing;
        fixture = fixture_new(&action);
        assert_int_equal(bp_call_effect(&fixture->call), BP_ONCE);
        fixture_free(fixture);
}

static void only_small_parameters_run_inline(void **state) {
        static const struct {
                uint32_t flags;
                enum bp_effect effect;
                size_t text_size;
                bool is_inline;
        } cases[] = {
                {BP_FLAG_INLINE, BP_PURE, 100, true},
                {BP_FLAG_INLINE, BP_PURE, 100000, false},
                {0, BP_PURE, 100, false},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct bp_action action = action_with(complete);
                struct bp_object_builder object;
                struct bp_value params;
                struct fixture *fixture;
                char *text;

                action.flags = cases[i].flags;
                action.effect = cases[i].effect;
                fixture = fixture_new(&action);
                text = bp_arena_alloc(fixture->arena, cases[i].text_size + 1);
                memset(text, 'x', cases[i].text_size);
                text[cases[i].text_size] = '\0';
                bp_object_init(&object, fixture->arena);
                bp_object_set_z(&object, "a", bp_value_text_borrow(text, cases[i].text_size));
                assert_int_equal(bp_object_finish(&object, &params), 0);
                fixture->call.params = &params;
                assert_int_equal(bp_call_is_inline(&fixture->call), cases[i].is_inline);
                fixture_free(fixture);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_ending_keeps_its_rules),
                cmocka_unit_test(outputs_survive_a_failure_and_the_last_value_counts),
                cmocka_unit_test(a_wait_tells_what_it_waits_for),
                cmocka_unit_test(a_request_is_copied_and_its_reply_finds_the_outputs),
                cmocka_unit_test(what_failed_for_want_of_a_connection_has_a_code_that_says_so),
                cmocka_unit_test(a_pure_action_has_no_network_and_a_host_without_one_says_so),
                cmocka_unit_test(lines_beyond_the_limit_are_counted),
                cmocka_unit_test(text_that_is_no_utf8_is_repaired),
                cmocka_unit_test(every_event_is_answered_or_ignored),
                cmocka_unit_test(the_outputs_of_an_event_come_over_those_of_execute),
                cmocka_unit_test(an_action_without_cleanup_is_clean),
                cmocka_unit_test(an_effect_that_is_none_leaves_the_declared_one),
                cmocka_unit_test(only_small_parameters_run_inline),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
