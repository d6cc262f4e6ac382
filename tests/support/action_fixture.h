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

static const struct bp_host_services test_services = {.now = test_now, .log = test_log, .http_guard = test_guard};

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
        bool success = result->outcome == BP_COMPLETED || result->outcome == BP_SLEEPING;
        struct bp_object_builder object;
        struct bp_value value, error = result->error;

        if (!success && error.type == BP_NULL)
                error = bp_value_text_borrow(result->message, strlen(result->message));
        bp_object_init(&object, fixture->arena);
        bp_object_set_z(&object, "success", bp_value_bool(success));
        bp_object_set_z(&object, "outputs", result->outputs);
        bp_object_set_z(&object, "error", error);
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

#define CASES(table) (table), sizeof(table) / sizeof((table)[0])

#endif
