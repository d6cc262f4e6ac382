/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs built-in actions on conformance vectors, without the command line: one JSON object a line in, one out, in order.
 *   {"action", "params", "workflow_params", "step_outputs"}  gives {"success", "outputs", "error"}
 *   {"validate": true, "action", "params"}                   gives {"errors": [...]}
 *   {"url"}                                                  gives {"allowed", "reason"}
 * What follows --allow may be requested although it is local. A wait costs no time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "host/host.h"
#include "http/client.h"
#include "registry/registry.h"

extern const struct bp_action *const bp_builtin_actions[];

struct services {
        struct bp_http_client_settings settings;
        struct bp_http_client *client;
};

static const char *guard(void *userdata, const char *url, struct bp_arena *arena) {
        struct services *services = userdata;

        return bp_http_guard(&services->settings, url, arena);
}

static const struct bp_host_services host_services = {.http_guard = guard};

static struct bp_registry *register_builtins(struct bp_arena *arena) {
        struct bp_registry *registry = bp_registry_new();
        struct bp_registry_draft *draft = registry ? bp_registry_draft_new(registry, true) : NULL;
        struct bp_problem_list problems = {.arena = arena};

        for (size_t i = 0; draft && bp_builtin_actions[i]; i++)
                if (bp_registry_draft_add(draft, bp_builtin_actions[i], NULL, &problems) != 0)
                        fprintf(stderr, "%s: %s\n", bp_builtin_actions[i]->type,
                                problems.count ? problems.items[problems.count - 1]->message : "out of memory");
        if (!draft || bp_registry_publish(registry, draft) < 0)
                return bp_registry_free(registry);
        return registry;
}

static int perform(const struct bp_call *call, struct services *services, struct bp_call_result *result) {
        const struct bp_http_response *response;
        struct bp_http_response given;
        struct bp_call again = *call;

        if (!services->client && bp_http_client_new(&services->settings, &services->client) < 0)
                return -1;
        if (bp_http_client_perform(services->client, result->request, call->arena, &response) < 0)
                return -1;
        given = *response;
        given.state = result->state;
        again.outputs = &result->outputs;
        return bp_call_reply(&again, &given, result);
}

static void write_result(struct bp_strbuf *line, const struct bp_call_result *result) {
        bool success = result->outcome != BP_FAILED && result->outcome != BP_UNKNOWN;

        bp_strbuf_printf(line, "{\"success\":%s,\"outputs\":", success ? "true" : "false");
        bp_json_write(line, &result->outputs);
        bp_strbuf_add_text(line, ",\"error\":");
        if (success || result->error.type != BP_NULL)
                bp_json_write(line, &result->error);
        else
                bp_json_write_string(line, result->message, strlen(result->message));
        bp_strbuf_add_char(line, '}');
}

static void write_findings(struct bp_strbuf *line, const struct bp_problem_list *findings) {
        bp_strbuf_add_text(line, "{\"errors\":[");
        for (size_t i = 0; i < findings->count; i++) {
                if (i > 0)
                        bp_strbuf_add_char(line, ',');
                bp_json_write_string(line, findings->items[i]->message, strlen(findings->items[i]->message));
        }
        bp_strbuf_add_text(line, "]}");
}

static int answer_action(const struct bp_registry_snapshot *snapshot, const struct bp_value *question,
                         struct services *services, struct bp_arena *arena, struct bp_strbuf *line) {
        const struct bp_value *action = bp_value_get(question, "action"), *given = bp_value_get(question, "params");
        struct bp_call call = {.arena = arena,
                               .step_id = "st",
                               .execution_id = "11111111-1111-4111-8111-111111111111",
                               .workflow_params = bp_value_get(question, "workflow_params"),
                               .step_outputs = bp_value_get(question, "step_outputs"),
                               .services = &host_services,
                               .userdata = services};
        struct bp_value params;
        struct bp_call_result result;
        struct bp_problem_list findings = {.arena = arena};
        int r;

        call.entry = action && action->type == BP_STRING ? bp_registry_find(snapshot, action->as.text) : NULL;
        if (!call.entry) {
                bp_strbuf_add_text(line, "{\"skipped\":\"no such action\"}");
                return 0;
        }
        r = bp_params_complete(bp_action_entry_meta(call.entry), given ? given : &bp_value_empty_object, arena,
                               &params);
        if (r < 0)
                return r;
        call.params = &params;
        if (bp_value_get(question, "validate")) {
                r = bp_call_validate(&call, &findings);
                write_findings(line, &findings);
                return r;
        }
        r = bp_call_execute(&call, &result);
        if (r == 0 && result.outcome == BP_AWAITING_REPLY)
                r = perform(&call, services, &result);
        if (r == 0)
                write_result(line, &result);
        return r;
}

static void answer_url(const struct bp_value *url, struct services *services, struct bp_arena *arena,
                       struct bp_strbuf *line) {
        const char *reason = bp_http_guard(&services->settings, url->as.text, arena);

        bp_strbuf_printf(line, "{\"allowed\":%s,\"reason\":", reason ? "false" : "true");
        bp_json_write_string(line, reason ? reason : "", reason ? strlen(reason) : 0);
        bp_strbuf_add_char(line, '}');
}

static int answer(const struct bp_registry_snapshot *snapshot, const char *text, size_t size,
                  struct services *services) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_value question;
        const struct bp_value *url;
        struct bp_strbuf line;

        if (!arena || bp_json_parse(arena, text, size, NULL, &question, NULL) != 0)
                return -1;
        bp_strbuf_init(&line, arena, SIZE_MAX);
        url = bp_value_get(&question, "url");
        if (url && url->type == BP_STRING)
                answer_url(url, services, arena, &line);
        else if (answer_action(snapshot, &question, services, arena, &line) < 0)
                return -1;
        return line.error || puts(bp_strbuf_text(&line)) < 0 ? -1 : 0;
}

static int answer_all(const struct bp_registry_snapshot *snapshot, struct services *services) {
        _cleanup_(bp_freep) char *line = NULL;
        size_t capacity = 0;
        ssize_t size;
        int r = 0;

        while (r == 0 && (size = getline(&line, &capacity, stdin)) > 0)
                r = answer(snapshot, line, (size_t)size, services);
        return r;
}

int main(int argc, char **argv) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct services services = {0};
        struct bp_registry *registry = arena ? register_builtins(arena) : NULL;
        const struct bp_registry_snapshot *snapshot;
        int r;

        if (!registry)
                return 2;
        if (argc > 1 && strcmp(argv[1], "--allow") == 0)
                services.settings.allow_hosts = (const char *const *)&argv[2];
        snapshot = bp_registry_acquire(registry);
        r = answer_all(snapshot, &services);
        bp_registry_release(snapshot);
        bp_http_client_free(services.client);
        bp_registry_free(registry);
        return r < 0 ? 2 : 0;
}
