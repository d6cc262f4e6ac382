/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers what the registry makes of an action and parameters for it: for each line {"action": DESCRIPTION,
 * "params": [...]} one line {"schema": ..., "findings": [[messages], ...]}, a list for each set of parameters. An
 * action that is refused ends the program with status 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "registry/registry.h"

static void demand(bool condition, const char *message) {
        if (condition)
                return;
        fprintf(stderr, "registry-probe: %s\n", message);
        exit(1);
}

static const struct bp_registry_snapshot *take(struct bp_arena *arena, struct bp_registry *registry,
                                               const struct bp_value *description) {
        struct bp_registry_draft *draft = bp_registry_draft_new(registry, true);
        struct bp_problem_list problems = {.arena = arena};

        demand(draft != NULL, "out of memory");
        if (bp_registry_draft_add_described(draft, description, NULL, &problems) != 0)
                demand(false, problems.count ? problems.items[0]->message : "out of memory");
        demand(bp_registry_publish(registry, draft) == 0, "out of memory");
        return bp_registry_acquire(registry);
}

static void write_findings(struct bp_strbuf *answer, struct bp_arena *arena, const struct bp_action_meta *meta,
                           const struct bp_value *params) {
        const struct bp_params_check how = {0};
        struct bp_problem_list findings = {.arena = arena};

        demand(bp_params_check(meta, params, &how, &findings) == 0, "out of memory");
        bp_strbuf_add_char(answer, '[');
        for (size_t i = 0; i < findings.count; i++) {
                bp_strbuf_add_text(answer, i ? "," : "");
                bp_json_write_string(answer, findings.items[i]->message, strlen(findings.items[i]->message));
        }
        bp_strbuf_add_char(answer, ']');
}

static void answer_line(struct bp_arena *arena, const char *line, size_t size) {
        struct bp_registry *registry = bp_registry_new();
        const struct bp_registry_snapshot *snapshot;
        const struct bp_action_meta *meta;
        const struct bp_value *params;
        struct bp_strbuf answer;
        struct bp_value request;

        demand(bp_json_parse(arena, line, size, NULL, &request, NULL) == 0, "a line is not JSON");
        params = bp_value_get(&request, "params");
        demand(params && bp_value_get(&request, "action") && registry, "a line lacks action or params");
        snapshot = take(arena, registry, bp_value_get(&request, "action"));
        meta = bp_action_entry_meta(bp_registry_at(snapshot, 0));
        bp_strbuf_init(&answer, arena, SIZE_MAX);
        bp_strbuf_add_text(&answer, "{\"schema\":");
        bp_action_meta_write_params_schema(&answer, meta);
        bp_strbuf_add_text(&answer, ",\"findings\":[");
        for (uint32_t i = 0; i < params->count; i++) {
                bp_strbuf_add_text(&answer, i ? "," : "");
                write_findings(&answer, arena, meta, &params->as.items[i]);
        }
        printf("%s]}\n", bp_strbuf_text(&answer));
        bp_registry_release(snapshot);
        bp_registry_free(registry);
}

int main(void) {
        char *line = NULL;
        size_t capacity = 0;
        ssize_t size;

        while ((size = getline(&line, &capacity, stdin)) > 0) {
                struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);

                demand(arena != NULL, "out of memory");
                answer_line(arena, line, (size_t)size);
                bp_arena_free(arena);
        }
        free(line);
        return 0;
}
