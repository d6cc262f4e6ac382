/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any JSON as the description of an action: what is taken can be written, reads back to the same text, has a schema
 * that is JSON, and checks any parameters; what is refused is refused with findings.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "registry/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition) {
        if (!condition)
                abort();
}

static struct bp_value parse(struct bp_arena *arena, const struct bp_strbuf *text) {
        struct bp_value value;

        demand(text->error == 0);
        demand(bp_json_parse(arena, bp_strbuf_text(text), text->size, NULL, &value, NULL) == 0);
        return value;
}

/* Registers a description and hands out what is then current; NULL when it was refused, with findings. */
static const struct bp_registry_snapshot *take(struct bp_arena *arena, struct bp_registry *registry,
                                               const struct bp_value *description) {
        struct bp_registry_draft *draft = bp_registry_draft_new(registry, true);
        struct bp_problem_list problems = {.arena = arena};
        int r;

        demand(draft != NULL);
        r = bp_registry_draft_add_described(draft, description, NULL, &problems);
        if (r != 0) {
                demand(r == BP_PROBLEM && problems.count > 0);
                for (size_t i = 0; i < problems.count; i++)
                        demand(bp_utf8_valid(problems.items[i]->message, strlen(problems.items[i]->message)));
                bp_registry_draft_free(draft);
                return NULL;
        }
        demand(problems.count == 0);
        demand(bp_registry_publish(registry, draft) == 0);
        return bp_registry_acquire(registry);
}

static void write_first(struct bp_arena *arena, const struct bp_registry_snapshot *snapshot,
                        struct bp_strbuf *ret_text) {
        bp_strbuf_init(ret_text, arena, SIZE_MAX / 2);
        bp_action_meta_write(ret_text, bp_registry_at(snapshot, 0));
}

static void check_schemas(struct bp_arena *arena, const struct bp_action_meta *meta) {
        struct bp_strbuf text;

        bp_strbuf_init(&text, arena, SIZE_MAX / 2);
        bp_action_meta_write_params_schema(&text, meta);
        parse(arena, &text);
        bp_strbuf_clear(&text);
        bp_action_meta_write_outputs_schema(&text, meta);
        parse(arena, &text);
}

/* The description stands in for parameters: it is some JSON. */
static void check_params(struct bp_arena *arena, const struct bp_action_meta *meta, const struct bp_value *params) {
        const struct bp_params_check how = {.unknown_names = true};
        struct bp_problem_list findings = {.arena = arena};
        struct bp_value completed;

        demand(bp_params_check(meta, params, &how, &findings) == 0);
        demand(bp_params_complete(meta, params, arena, &completed) == 0);
        demand(completed.type == BP_OBJECT);
}

static void check_taken(struct bp_arena *arena, struct bp_registry *registry,
                        const struct bp_registry_snapshot *snapshot, const struct bp_value *description) {
        const struct bp_action_meta *meta = bp_action_entry_meta(bp_registry_at(snapshot, 0));
        const struct bp_registry_snapshot *again;
        struct bp_strbuf first, second;
        struct bp_value written;

        write_first(arena, snapshot, &first);
        written = parse(arena, &first);
        again = take(arena, registry, &written);
        demand(again != NULL);
        write_first(arena, again, &second);
        demand(strcmp(bp_strbuf_text(&first), bp_strbuf_text(&second)) == 0);
        bp_registry_release(again);
        check_schemas(arena, meta);
        check_params(arena, meta, description);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_registry *registry = bp_registry_new();
        const struct bp_registry_snapshot *snapshot;
        struct bp_value description;

        demand(arena && registry);
        if (bp_json_parse(arena, (const char *)data, size, NULL, &description, NULL) == 0) {
                snapshot = take(arena, registry, &description);
                if (snapshot)
                        check_taken(arena, registry, snapshot, &description);
                bp_registry_release(snapshot);
        }
        bp_registry_free(registry);
        return 0;
}
