/* SPDX-License-Identifier: Apache-2.0 */
/* Every memory request of a call fails in turn: the call says so and leaks nothing, whatever the action was doing. */
#include "torture.h"

#include "action_fixture.h"

extern const struct bp_action bp_action_aggregate, bp_action_conditional, bp_action_delay, bp_action_fail,
        bp_action_http_request, bp_action_log, bp_action_set_output, bp_action_transform;

struct work {
        struct fixture *fixture;
        const struct bp_value *params;
        bool with_reply;
};

static int call_action(const void *data) {
        const struct work *work = data;
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_http_response reply = {.struct_size = sizeof(reply),
                                         .failure = BP_HTTP_OK,
                                         .status = 200,
                                         .headers = &bp_value_empty_object,
                                         .body = "{\"a\":[1,2]}",
                                         .body_size = 11};
        struct bp_call call = work->fixture->call;
        struct bp_call_result result;
        int r;

        if (!arena)
                return -ENOMEM;
        call.arena = arena;
        call.params = work->params;
        r = bp_call_execute(&call, &result);
        if (r == 0 && work->with_reply)
                r = bp_call_reply(&call, &reply, &result);
        return r;
}

static int validate_action(const void *data) {
        const struct work *work = data;
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_problem_list findings = {.arena = arena};
        struct bp_call call = work->fixture->call;

        if (!arena)
                return -ENOMEM;
        call.arena = arena;
        call.params = work->params;
        return bp_call_validate(&call, &findings);
}

static void every_failed_request_is_reported(void **state) {
        static const struct {
                const struct bp_action *action;
                const char *params;
                bool with_reply;
        } cases[] = {
                {&bp_action_log, "{\"message\": {\"a\": [1, 2.5]}, \"level\": \"Error\"}", false},
                {&bp_action_delay, "{\"duration_seconds\": \"2\"}", false},
                {&bp_action_set_output, "{\"outputs\": {\"a\": {\"b\": [1, \"x\"]}}}", false},
                {&bp_action_fail, "{\"message\": {\"a\": 1}}", false},
                {&bp_action_transform, "{\"operation\": \"sort\", \"input\": [\"b\", 1, null, {\"k\": 1}]}", false},
                {&bp_action_transform, "{\"operation\": \"unique\", \"input\": [\"b\", 1, null, {\"k\": 1}]}", false},
                {&bp_action_transform, "{\"operation\": \"uppercase\", \"input\": {\"a\": \"x\"}}", false},
                {&bp_action_transform, "{\"operation\": \"reverse\", \"input\": \"abc\"}", false},
                {&bp_action_aggregate, "{\"operation\": \"join\", \"inputs\": [1, \"a\", null]}", false},
                {&bp_action_aggregate, "{\"operation\": \"merge\", \"inputs\": [{\"a\": 1}, {\"b\": 2}]}", false},
                {&bp_action_aggregate, "{\"operation\": \"bogus\", \"inputs\": 5}", false},
                {&bp_action_conditional, "{\"condition\": false}", false},
                {&bp_action_conditional,
                 "{\"branches\": [{\"id\": \"a\", \"condition\": \"{{ params.x > 1 }}\"},"
                 " {\"condition\": \"7\"}]}",
                 false},
                {&bp_action_http_request,
                 "{\"url\": \"http://h/\", \"method\": \"POST\", \"body\": {\"a\": 1},"
                 " \"headers\": {\"x\": 5}, \"include_metadata\": true}",
                 true},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct fixture *fixture = fixture_new(cases[i].action);
                struct bp_value params = parse(fixture, cases[i].params);
                struct work work = {fixture, &params, cases[i].with_reply};

                assert_int_equal(torture(call_action, &work), 0);
                assert_int_equal(torture(validate_action, &work), 0);
                fixture_free(fixture);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_failed_request_is_reported),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
