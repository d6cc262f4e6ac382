/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the actions share: runs one action as the engine does (parameters completed from its metadata) and
 * compares what came of it, types included, with JSON that was written by hand.
 */
#ifndef BP_TESTS_ACTION_FIXTURE_H
#define BP_TESTS_ACTION_FIXTURE_H

#include "unit.h"

#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "host/host.h"
#include "registry/registry.h"

/* 2026-01-17T09:30:00Z */
#define TEST_NOW_US INT64_C(1768642200000000)

/* What a service answers to calls of one path. The script ends with a path of NULL; the first that matches answers. */
struct scripted_reply {
        const char *path; /* "models/7", without the slash before it; or a topic */
        const char *body; /* of a complete answer; NULL: empty */
        uint32_t status;  /* 0: 200 */
        uint32_t failure; /* 0: BP_HTTP_OK, else there is no answer, and `body` is the message */
};

#define ANSWERS(to, with) \
        { .path = (to), .body = (with) }
#define REFUSES(to, with_status, with) \
        { .path = (to), .body = (with), .status = (with_status) }
#define BREAKS(to, how, text) \
        { .path = (to), .body = (text), .failure = (how) }

struct fixture {
        struct bp_arena *arena;
        struct bp_registry *registry;
        const struct bp_registry_snapshot *snapshot;
        const struct bp_action_entry *entry;
        struct bp_call call;
        enum bp_log_level log_level; /* of the last line */
        char log_line[256];
        unsigned n_log_lines;
        const char *guard_reason; /* what the address guard answers */
        const struct scripted_reply *script;
        struct bp_list_builder calls; /* as the services saw them, see record_call() */
};

/* Parameters in; in the results, `error` is text or the value given as error. */
struct action_case {
        const char *params;
        const char *result;
};

static inline struct bp_value parse(struct fixture *fixture, const char *text) {
        struct bp_value value;
        struct bp_problem problem = {0};

        if (bp_json_parse(fixture->arena, text, strlen(text), NULL, &value, &problem) != 0)
                fail_msg("%s: %s", text, problem.message);
        return value;
}

static inline const char *json(struct fixture *fixture, const struct bp_value *value) {
        struct bp_strbuf buffer;

        bp_strbuf_init(&buffer, fixture->arena, SIZE_MAX);
        bp_json_write(&buffer, value);
        return bp_strbuf_text(&buffer);
}

/* Equal in type too; the order of members does not count. */
static inline bool is_same(const struct bp_value *a, const struct bp_value *b) {
        if (a->type != b->type)
                return false;
        if (a->type == BP_LIST) {
                for (uint32_t i = 0; i < a->count && i < b->count; i++)
                        if (!is_same(&a->as.items[i], &b->as.items[i]))
                                return false;
                return a->count == b->count;
        }
        if (a->type == BP_OBJECT) {
                for (uint32_t i = 0; i < a->count; i++) {
                        const struct bp_value *other = bp_value_get(b, a->as.members[i].key);

                        if (!other || !is_same(&a->as.members[i].value, other))
                                return false;
                }
                return a->count == b->count;
        }
        return bp_value_equal(a, b);
}

static inline struct bp_wall test_now(void *userdata) {
        (void)userdata;
        return (struct bp_wall){TEST_NOW_US};
}

static inline void test_log(void *userdata, enum bp_log_level level, const char *message) {
        struct fixture *fixture = userdata;

        fixture->log_level = level;
        snprintf(fixture->log_line, sizeof(fixture->log_line), "%s", message);
        fixture->n_log_lines++;
}

static inline const char *test_guard(void *userdata, const char *url, struct bp_arena *arena) {
        const struct fixture *fixture = userdata;

        (void)url;
        (void)arena;
        return fixture->guard_reason;
}

/* ---- services ---- */

static inline const char *without_slash(const char *path) {
        return *path == '/' ? path + 1 : path;
}

static inline struct bp_value text_or_null(const char *text) {
        return text ? bp_value_text_borrow(text, strlen(text)) : bp_value_null;
}

static inline struct bp_value body_of_request(struct fixture *fixture, const struct bp_http_request *request) {
        if (request->json)
                return *request->json;
        return request->body ? parse(fixture, request->body) : bp_value_null;
}

/* {app_id, path, method, query, body, timeout}; of an event {topic, body, timeout}. The timeout is in seconds. */
static inline void record_call(struct fixture *fixture, const struct bp_http_request *request) {
        uint32_t timeout_ms = request->timeout_ms ? request->timeout_ms : 30000;
        struct bp_object_builder call;
        struct bp_value value;

        bp_object_init(&call, fixture->arena);
        if (request->topic) {
                bp_object_set_z(&call, "topic", text_or_null(request->topic));
        } else {
                bp_object_set_z(&call, "app_id", text_or_null(request->service));
                bp_object_set_z(&call, "path", text_or_null(without_slash(request->url)));
                bp_object_set_z(&call, "method", text_or_null(request->method ? request->method : "GET"));
                bp_object_set_z(&call, "query", request->query ? *request->query : bp_value_null);
        }
        bp_object_set_z(&call, "body", body_of_request(fixture, request));
        bp_object_set_z(&call, "timeout", bp_value_int(timeout_ms / 1000));
        assert_int_equal(bp_object_finish(&call, &value), 0);
        bp_list_add(&fixture->calls, value);
}

/* A call that no line of the script answers does not get through. */
static inline const struct scripted_reply *find_reply(const struct fixture *fixture,
                                                      const struct bp_http_request *request) {
        static const struct scripted_reply nobody = {.failure = BP_HTTP_UNSENT, .body = "nobody answers"};
        const char *path = request->topic ? request->topic : without_slash(request->url);

        for (const struct scripted_reply *reply = fixture->script; reply && reply->path; reply++)
                if (strcmp(reply->path, path) == 0)
                        return reply;
        return &nobody;
}

static inline struct bp_http_response *answer_call(struct fixture *fixture, const struct bp_http_request *request) {
        struct bp_http_response *response = bp_arena_alloc(fixture->arena, sizeof(*response));
        const struct scripted_reply *reply = find_reply(fixture, request);
        const char *text = reply->body ? reply->body : "";

        record_call(fixture, request);
        assert_non_null(response);
        *response = (struct bp_http_response){.struct_size = sizeof(*response),
                                              .failure = reply->failure ? reply->failure : BP_HTTP_OK,
                                              .headers = &bp_value_empty_object,
                                              .timed_out = reply->failure == BP_HTTP_TIMEOUT,
                                              .body = "",
                                              .message = text};
        if (response->failure == BP_HTTP_OK) {
                response->status = reply->status ? reply->status : 200;
                response->body = text;
                response->body_size = strlen(text);
                response->message = "";
        }
        return response;
}

static inline int test_http(void *userdata, const struct bp_http_request *request, struct bp_arena *arena,
                            const struct bp_http_response **ret_response) {
        (void)arena;
        *ret_response = answer_call(userdata, request);
        return 0;
}

static const struct bp_host_services test_services = {
        .now = test_now, .log = test_log, .http = test_http, .http_guard = test_guard};

/* ---- one action ---- */

static inline struct fixture *fixture_new(const struct bp_action *action) {
        struct fixture *fixture = test_calloc(1, sizeof(*fixture));
        struct bp_registry_draft *draft;
        struct bp_problem_list problems;

        fixture->arena = bp_arena_new(BP_ARENA_UNLIMITED);
        fixture->registry = bp_registry_new();
        assert_non_null(fixture->arena);
        assert_non_null(fixture->registry);
        problems = (struct bp_problem_list){.arena = fixture->arena};
        draft = bp_registry_draft_new(fixture->registry, true);
        if (bp_registry_draft_add(draft, action, NULL, &problems) != 0)
                fail_msg("%s", problems.items[0]->message);
        assert_int_equal(bp_registry_publish(fixture->registry, draft), 0);
        fixture->snapshot = bp_registry_acquire(fixture->registry);
        fixture->entry = bp_registry_at(fixture->snapshot, 0);
        fixture->call = (struct bp_call){.entry = fixture->entry,
                                         .arena = fixture->arena,
                                         .step_id = "st",
                                         .execution_id = "11111111-1111-4111-8111-111111111111",
                                         .idempotency_key = "key-1",
                                         .services = &test_services,
                                         .userdata = fixture};
        bp_list_init(&fixture->calls, fixture->arena);
        return fixture;
}

static inline void fixture_free(struct fixture *fixture) {
        bp_registry_release(fixture->snapshot);
        bp_registry_free(fixture->registry);
        bp_arena_free(fixture->arena);
        test_free(fixture);
}

static inline void set_params(struct fixture *fixture, const char *params) {
        struct bp_value given = parse(fixture, params);
        struct bp_value *completed = bp_arena_alloc(fixture->arena, sizeof(*completed));

        assert_non_null(completed);
        assert_int_equal(bp_params_complete(bp_action_entry_meta(fixture->entry), &given, fixture->arena, completed),
                         0);
        fixture->call.params = completed;
}

static inline struct bp_call_result execute(struct fixture *fixture, const char *params) {
        struct bp_call_result result;

        set_params(fixture, params);
        assert_int_equal(bp_call_execute(&fixture->call, &result), 0);
        return result;
}

static inline struct bp_value result_value(struct fixture *fixture, const struct bp_call_result *result) {
        bool success = result->outcome == BP_COMPLETED || result->outcome == BP_SLEEPING ||
                       result->outcome == BP_AWAITING_EVENT;
        struct bp_object_builder object;
        struct bp_value value, error = result->error;

        if (!success && error.type == BP_NULL)
                error = bp_value_text_borrow(result->message, strlen(result->message));
        bp_object_init(&object, fixture->arena);
        bp_object_set_z(&object, "success", bp_value_bool(success));
        bp_object_set_z(&object, "outputs", result->outputs);
        bp_object_set_z(&object, "error", success ? bp_value_null : error);
        if (result->outcome == BP_UNKNOWN)
                bp_object_set_z(&object, "unknown", bp_value_true);
        if (result->outcome == BP_AWAITING_EVENT) {
                bp_object_set_z(&object, "awaiting_event", bp_value_true);
                bp_object_set_z(&object, "external_workflow_id", text_or_null(result->external_id));
                bp_object_set_z(&object, "timeout_seconds", bp_value_int(result->timeout_seconds));
        }
        assert_int_equal(bp_object_finish(&object, &value), 0);
        return value;
}

static inline void check_result(struct fixture *fixture, const struct bp_call_result *result, const char *expected,
                                const char *what) {
        struct bp_value got = result_value(fixture, result), wanted = parse(fixture, expected);

        if (!is_same(&got, &wanted))
                fail_msg("%s\n  expected %s\n  got      %s", what, expected, json(fixture, &got));
}

static inline void check_cases(const struct bp_action *action, const struct action_case *cases, size_t count) {
        for (size_t i = 0; i < count; i++) {
                struct fixture *fixture = fixture_new(action);
                struct bp_call_result result = execute(fixture, cases[i].params);

                check_result(fixture, &result, cases[i].result, cases[i].params);
                fixture_free(fixture);
        }
}

/* `result` is the list of findings here, as a JSON list of texts. */
static inline void check_findings(const struct bp_action *action, const struct action_case *cases, size_t count) {
        for (size_t i = 0; i < count; i++) {
                struct fixture *fixture = fixture_new(action);
                struct bp_problem_list findings = {.arena = fixture->arena};
                struct bp_value expected = parse(fixture, cases[i].result);

                set_params(fixture, cases[i].params);
                assert_int_equal(bp_call_validate(&fixture->call, &findings), 0);
                if (findings.count != expected.count)
                        fail_msg("%s: %zu findings, expected %s", cases[i].params, findings.count, cases[i].result);
                for (size_t j = 0; j < findings.count; j++) {
                        assert_string_equal(findings.items[j]->message, expected.as.items[j].as.text);
                        assert_string_equal(findings.items[j]->code, "PARAM_INVALID");
                }
                fixture_free(fixture);
        }
}

/* Every example must pass both checks, as it stands. */
static inline void check_examples(const struct bp_action *action, size_t count) {
        struct fixture *fixture = fixture_new(action);
        const struct bp_action_meta *meta = bp_action_entry_meta(fixture->entry);
        const struct bp_params_check how = {.templates = true, .unknown_names = true};
        struct bp_problem_list findings = {.arena = fixture->arena};

        assert_int_equal(meta->n_examples, count);
        for (size_t i = 0; i < count; i++) {
                fixture->call.params = &meta->examples[i].params;
                assert_int_equal(bp_params_check(meta, &meta->examples[i].params, &how, &findings), 0);
                assert_int_equal(bp_call_validate(&fixture->call, &findings), 0);
        }
        if (findings.count)
                fail_msg("%s", findings.items[0]->message);
        fixture_free(fixture);
}

/* ---- actions that call services, and events ---- */

/* Expected values as vectors have them; `unknown` stands in a result where what was done is not known. */
struct service_case {
        const char *params;
        struct scripted_reply script[8];
        const char *workflow_params; /* NULL: {} */
        const char *calls;           /* list of what record_call() makes; NULL: any */
        const char *result;          /* NULL: any */
};

static inline void set_workflow_params(struct fixture *fixture, const char *params) {
        struct bp_value *value = bp_arena_alloc(fixture->arena, sizeof(*value));

        assert_non_null(value);
        *value = parse(fixture, params);
        fixture->call.workflow_params = value;
}

/* Executes and answers each call by the script, until the action ends or waits for an event. */
static inline struct bp_call_result execute_with_services(struct fixture *fixture, const char *params) {
        struct bp_call_result result = execute(fixture, params);

        for (unsigned i = 0; i < 100 && result.outcome == BP_AWAITING_REPLY; i++) {
                struct bp_http_response *reply = answer_call(fixture, result.request);
                struct bp_value *outputs = bp_arena_alloc(fixture->arena, sizeof(*outputs));

                assert_non_null(outputs);
                *outputs = result.outputs;
                reply->state = result.state;
                fixture->call.outputs = outputs;
                assert_int_equal(bp_call_reply(&fixture->call, reply, &result), 0);
        }
        return result;
}

static inline void check_calls(struct fixture *fixture, const char *expected, const char *what) {
        struct bp_value wanted = parse(fixture, expected), got;

        assert_int_equal(bp_list_finish(&fixture->calls, &got), 0);
        if (!is_same(&got, &wanted))
                fail_msg("%s\n  expected calls %s\n  got            %s", what, expected, json(fixture, &got));
}

static inline void check_service_cases(const struct bp_action *action, const struct service_case *cases, size_t count) {
        for (size_t i = 0; i < count; i++) {
                struct fixture *fixture = fixture_new(action);
                struct bp_call_result result;

                fixture->script = cases[i].script;
                set_workflow_params(fixture, cases[i].workflow_params ? cases[i].workflow_params : "{}");
                result = execute_with_services(fixture, cases[i].params);
                if (cases[i].calls)
                        check_calls(fixture, cases[i].calls, cases[i].params);
                if (cases[i].result)
                        check_result(fixture, &result, cases[i].result, cases[i].params);
                fixture_free(fixture);
        }
}

struct event_case {
        const char *event;
        const char *result; /* {action, status, outputs, error, progress, eta_minutes}; what is missing is null or {} */
        const char *step_outputs; /* NULL: {} */
        const char *params;       /* NULL: {} */
};

static inline struct bp_value event_result_value(struct fixture *fixture, const struct bp_call_result *result) {
        static const char *const actions[] = {"", "complete", "update_progress", "ignore"};
        bool completes = result->outcome == BP_EVENT_COMPLETE;
        struct bp_object_builder object;
        struct bp_value value;

        bp_object_init(&object, fixture->arena);
        bp_object_set_z(&object, "action", text_or_null(actions[result->outcome]));
        if (completes) {
                bp_object_set_z(&object, "status", text_or_null(result->success ? "COMPLETED" : "FAILED"));
                bp_object_set_z(&object, "outputs", result->outputs);
        }
        if (completes && !result->success)
                bp_object_set_z(&object, "error", text_or_null(result->message));
        if (result->percent >= 0)
                bp_object_set_z(&object, "progress", bp_value_float(result->percent));
        if (result->eta_minutes >= 0)
                bp_object_set_z(&object, "eta_minutes", bp_value_int((int64_t)result->eta_minutes));
        assert_int_equal(bp_object_finish(&object, &value), 0);
        return value;
}

/* The event matched the id XW. Outputs are those that the event sets, not those of before. */
static inline struct bp_call_result handle_event(struct fixture *fixture, const struct event_case *event) {
        struct bp_value data = parse(fixture, event->event);
        struct bp_value outputs = parse(fixture, event->step_outputs ? event->step_outputs : "{}");
        const struct bp_value *type = bp_value_get(&data, "type");
        struct bp_event_context context = {.struct_size = sizeof(context),
                                           .step_execution_id = "22222222-2222-4222-8222-222222222222",
                                           .execution_id = fixture->call.execution_id,
                                           .external_workflow_id = "XW",
                                           .event_type = type && type->type == BP_STRING ? type->as.text : "unknown",
                                           .event_data = &data,
                                           .step_outputs = &outputs};
        struct bp_call_result result;

        set_params(fixture, event->params ? event->params : "{}");
        assert_int_equal(bp_call_event(&fixture->call, &context, &result), 0);
        if (result.outcome == BP_EVENT_IGNORE && result.code)
                fail_msg("%s: %s", event->event, result.message);
        return result;
}

static inline void check_events(const struct bp_action *action, const struct event_case *cases, size_t count) {
        for (size_t i = 0; i < count; i++) {
                struct fixture *fixture = fixture_new(action);
                struct bp_call_result result = handle_event(fixture, &cases[i]);
                struct bp_value got = event_result_value(fixture, &result), wanted = parse(fixture, cases[i].result);

                if (!is_same(&got, &wanted))
                        fail_msg("%s\n  expected %s\n  got      %s", cases[i].event, cases[i].result,
                                 json(fixture, &got));
                fixture_free(fixture);
        }
}

/* What the cleanup asks the services, after an attempt that left these outputs. `calls` NULL: any. */
static inline void check_cleanup(const struct bp_action *action, const char *params, const char *outputs,
                                 const struct scripted_reply *script, const char *calls, int outcome) {
        struct fixture *fixture = fixture_new(action);
        struct bp_value left = parse(fixture, outputs);
        struct bp_call_result result;

        fixture->script = script;
        fixture->call.outputs = &left;
        set_params(fixture, params);
        assert_int_equal(bp_call_cleanup(&fixture->call, &result), 0);
        if (calls)
                check_calls(fixture, calls, params);
        assert_int_equal(result.outcome, outcome);
        fixture_free(fixture);
}

#define CASES(table) (table), sizeof(table) / sizeof((table)[0])

#endif
