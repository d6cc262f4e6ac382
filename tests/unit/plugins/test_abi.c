/* SPDX-License-Identifier: Apache-2.0 */
/* Plug-ins built against older, frozen and newer headers (tests/abi) load, and run on this host. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "host/host.h"
#include "plugins/plugins.h"
#include "registry/registry.h"

static struct bp_arena *arena;
static struct bp_registry *registry;
static const struct bp_registry_snapshot *snapshot;

static int load_plugins_of_other_days(void **state) {
        char program[480] = "", folder[512];
        struct bp_plugin_folder folders = {folder, true};
        const struct bp_plugins_options options = {.folders = &folders, .n_folders = 1};
        struct bp_registry_draft *draft;
        struct bp_plugins_found found;
        char *tail;

        (void)state;
        arena = bp_arena_new(BP_ARENA_UNLIMITED);
        registry = bp_registry_new();
        draft = bp_registry_draft_new(registry, true);
        if (readlink("/proc/self/exe", program, sizeof(program) - 1) <= 0 || !(tail = strstr(program, "/tests/unit/")))
                return -1;
        snprintf(folder, sizeof(folder), "%.*s/tests/abi", (int)(tail - program), program);
        if (bp_plugins_discover(draft, &options, arena, &found) != 0)
                return -1;
        for (size_t i = 0; i < found.count; i++)
                if (found.reports[i].reason != BP_PLUGIN_LOADED)
                        print_error("%s: %s\n", found.reports[i].path, found.reports[i].message);
        if (bp_registry_publish(registry, draft) != 0)
                return -1;
        snapshot = bp_registry_acquire(registry);
        return 0;
}

static int give_everything_back(void **state) {
        (void)state;
        bp_registry_release(snapshot);
        bp_registry_free(registry);
        bp_arena_free(arena);
        return 0;
}

static int complete(struct bp_action_context *context) {
        (void)context;
        return BP_COMPLETED;
}

static const struct bp_action_entry *run(const char *type) {
        static const struct bp_host host = {
                .struct_size = sizeof(host), .abi_version = BP_ABI_VERSION, .complete = complete};
        struct bp_action_context context = {
                .struct_size = sizeof(context), .abi_version = BP_ABI_VERSION, .host = &host};
        const struct bp_action_entry *entry = bp_registry_find(snapshot, type);

        assert_non_null(entry);
        assert_int_equal(bp_action_entry_executor(entry)->execute(&context), BP_COMPLETED);
        return entry;
}

static void a_plugin_of_an_older_header_loads_and_runs(void **state) {
        const struct bp_action_entry *entry = run("older");
        const struct bp_action_meta *meta = bp_action_entry_meta(entry);

        (void)state;
        assert_int_equal(meta->n_params, 3);
        assert_string_equal(meta->params[1].name, "second");
        assert_int_equal(meta->params[1].type, BP_PARAM_NUMBER);
        assert_string_equal(meta->params[2].name, "third");
        assert_null(meta->params[2].description);
        assert_string_equal(meta->outputs[1].name, "two");
        assert_null(meta->outputs[1].description);
        assert_null(bp_action_entry_executor(entry)->on_event);
        assert_null(bp_action_entry_executor(entry)->effect_of);
}

static void a_plugin_of_a_newer_header_loads_and_runs_on_a_host_that_lends_less(void **state) {
        const struct bp_action_meta *meta = bp_action_entry_meta(run("newer"));

        (void)state;
        assert_int_equal(meta->n_params, 2);
        assert_string_equal(meta->params[1].name, "second");
        assert_string_equal(meta->params[0].options[1].value, "b");
        assert_true(meta->params[1].rules == BP_RULE_MAX && meta->params[1].max == 9.0);
        assert_string_equal(meta->outputs[1].name, "two");
        assert_string_equal(meta->examples[1].title, "Two");
}

static void a_plugin_of_the_first_release_loads_and_runs(void **state) {
        const struct bp_action_meta *meta = bp_action_entry_meta(run("frozen"));

        (void)state;
        assert_string_equal(meta->version, "1.2.3");
        assert_int_equal(meta->execution_mode, BP_EVENT_DRIVEN);
        assert_int_equal(meta->effect, BP_IDEMPOTENT);
        assert_int_equal(meta->retry_policy->max_attempts, 2);
        assert_string_equal(meta->required_services[1], "two");
        assert_string_equal(meta->params[1].alias, "n");
        assert_string_equal(meta->params[1].visible_when_param, "mode");
        assert_string_equal(meta->examples[0].description, "Two of them");
}

/* ---------------------------------------------------------------------------------------------------------------
 * What is handed over in a call
 */

static struct bp_value value_of(const char *json) {
        struct bp_value value;

        assert_int_equal(bp_json_parse(arena, json, strlen(json), NULL, &value, NULL), 0);
        return value;
}

static struct bp_call call_of(const char *type, const struct bp_value *params) {
        static const struct bp_host_services nothing;

        return (struct bp_call){.entry = bp_registry_find(snapshot, type),
                                .arena = arena,
                                .step_id = "s",
                                .execution_id = "e",
                                .params = params,
                                .metadata = &bp_value_empty_object,
                                .idempotency_key = "k",
                                .services = &nothing};
}

static void assert_outputs(const struct bp_call_result *result, const char *expected) {
        struct bp_strbuf text;

        assert_int_equal(result->outcome, BP_COMPLETED);
        bp_strbuf_init(&text, arena, SIZE_MAX);
        bp_json_write(&text, &result->outputs);
        assert_string_equal(bp_strbuf_text(&text), expected);
}

static const struct bp_http_response answer = {.struct_size = sizeof(answer),
                                               .failure = BP_HTTP_OK,
                                               .status = 200,
                                               .headers = &bp_value_empty_object,
                                               .body = "yes",
                                               .body_size = 3,
                                               .message = ""};

/* Behind a request of the first release lies what is no part of it: `service`, `topic`, `query`, `json` came later. */
static void a_request_of_the_first_release_says_nothing_that_came_later(void **state) {
        struct bp_value params = value_of("{\"mode\": \"m\"}");
        struct bp_call call = call_of("frozen_asks", &params);
        struct bp_http_response reply = answer;
        struct bp_call_result asked, result;

        (void)state;
        assert_int_equal(bp_call_execute(&call, &asked), 0);
        assert_int_equal(asked.outcome, BP_AWAITING_REPLY);
        assert_string_equal(asked.request->method, "PUT");
        assert_string_equal(asked.request->url, "http://h/");
        assert_string_equal(asked.request->body, "abc");
        assert_null(asked.request->service);
        assert_null(asked.request->topic);
        assert_null(asked.request->query);
        assert_null(asked.request->json);
        call.outputs = &asked.outputs;
        reply.state = asked.state;
        assert_int_equal(bp_call_reply(&call, &reply, &result), 0);
        assert_outputs(&result, "{\"status\":200,\"body\":\"yes\",\"message\":\"\",\"state\":\"m\"}");
}

static void of_a_newer_request_what_is_known_counts_and_less_is_handed_back(void **state) {
        struct bp_value params = value_of("{\"body\": {\"a\": 1}}");
        struct bp_call call = call_of("newer_asks", &params);
        struct bp_call_result asked, result;

        (void)state;
        assert_int_equal(bp_call_execute(&call, &asked), 0);
        assert_int_equal(asked.outcome, BP_AWAITING_REPLY);
        assert_int_equal(asked.request->struct_size, sizeof(*asked.request));
        assert_string_equal(asked.request->service, "budapp");
        assert_string_equal(asked.request->url, "/models");
        assert_int_equal(bp_value_get(asked.request->json, "a")->as.integer, 1);
        call.outputs = &asked.outputs;
        assert_int_equal(bp_call_reply(&call, &answer, &result), 0);
        assert_outputs(&result, "{\"knows_tenant\":false,\"status\":200,\"knows_time\":false}");
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_plugin_of_an_older_header_loads_and_runs),
                cmocka_unit_test(a_plugin_of_a_newer_header_loads_and_runs_on_a_host_that_lends_less),
                cmocka_unit_test(a_plugin_of_the_first_release_loads_and_runs),
                cmocka_unit_test(a_request_of_the_first_release_says_nothing_that_came_later),
                cmocka_unit_test(of_a_newer_request_what_is_known_counts_and_less_is_handed_back),
        };

        if (argc == 3 && strcmp(argv[1], BP_PLUGINS_DESCRIBE_COMMAND) == 0)
                return bp_plugins_describe_main(argv[2], BP_PLUGINS_DESCRIBE_FD);
        return cmocka_run_group_tests(tests, load_plugins_of_other_days, give_everything_back);
}
