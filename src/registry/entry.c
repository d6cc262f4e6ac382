/* SPDX-License-Identifier: Apache-2.0 */
/* Entries: made from constant data or from a description, counted, and read through accessors. */
#include "registry/entry.h"

#include <errno.h>
#include <string.h>

#include "registry/entry_set.h"

/* More metadata than any action has use for; an entry's arena is bounded since plug-ins fill it. */
enum { ENTRY_SIZE_MAX = 16 << 20 };

static const char *copy_origin(struct bp_arena *arena, const char *text) {
        return bp_arena_text(arena, text, strlen(text));
}

static int set_origin(struct bp_action_entry *entry, const struct bp_action_origin *origin) {
        static const struct bp_action_origin built_in = {.publisher = NULL};

        origin = origin ? origin : &built_in;
        entry->publisher = copy_origin(entry->arena, origin->publisher ? origin->publisher : "budpipeline");
        if (!entry->publisher)
                return -ENOMEM;
        if (origin->source && !(entry->source = copy_origin(entry->arena, origin->source)))
                return -ENOMEM;
        if (origin->unavailable && !(entry->unavailable = copy_origin(entry->arena, origin->unavailable)))
                return -ENOMEM;
        return 0;
}

static struct bp_action_entry *entry_new(const struct bp_action_origin *origin) {
        struct bp_arena *arena = bp_arena_new(ENTRY_SIZE_MAX);
        struct bp_action_entry *entry;

        if (!arena)
                return NULL;
        entry = bp_arena_alloc(arena, sizeof(*entry));
        if (!entry) {
                bp_arena_free(arena);
                return NULL;
        }
        entry->arena = arena;
        atomic_init(&entry->references, 1);
        if (set_origin(entry, origin) < 0) {
                bp_arena_free(arena);
                return NULL;
        }
        return entry;
}

/* Until its type is known, an action is called by where it comes from. */
static struct bp_finder finder_for(const struct bp_action_entry *entry, struct bp_problem_list *problems) {
        return (struct bp_finder){.problems = problems, .action = entry->source ? entry->source : "an action"};
}

/* A limit that is reached is the action's fault, not the machine's. */
static int explain_limit(int r, const struct bp_action_entry *entry, struct bp_finder *finder) {
        if (r != -ENOMEM || !bp_arena_over_limit(entry->arena))
                return r;
        finder->error = 0;
        bp_finder_add(finder, "", "its metadata is larger than %d bytes", ENTRY_SIZE_MAX);
        return bp_finder_result(finder);
}

static int fill_from_action(struct bp_action_entry *entry, const struct bp_action *action, struct bp_finder *finder) {
        const struct bp_meta_source source = {.built_in = entry->source == NULL};
        struct bp_action *own = NULL;
        int r = bp_action_copy(entry->arena, action, finder, &own);

        if (r == 0)
                r = bp_action_meta_build(entry->arena, own, &source, finder, &entry->meta);
        if (r == 0 && !entry->unavailable)
                entry->executor = own;
        return r;
}

static int fill_from_description(struct bp_action_entry *entry, const struct bp_value *description,
                                 struct bp_finder *finder) {
        const struct bp_meta_source source = {.described = true};
        struct bp_action *own = NULL;
        int r = bp_action_from_description(entry->arena, description, finder, &own);

        if (r == 0)
                r = bp_action_meta_build(entry->arena, own, &source, finder, &entry->meta);
        if (r == 0 && !entry->unavailable)
                entry->unavailable = "it is described only, its code is not loaded";
        return r;
}

static int keep_or_drop(int r, struct bp_action_entry *entry, struct bp_finder *finder,
                        struct bp_action_entry **ret_entry) {
        r = explain_limit(r, entry, finder);
        if (r == 0)
                *ret_entry = entry;
        else
                bp_action_entry_unref(entry);
        return r;
}

int bp_action_entry_new(const struct bp_action *action, const struct bp_action_origin *origin,
                        struct bp_problem_list *problems, struct bp_action_entry **ret_entry) {
        struct bp_action_entry *entry = entry_new(origin);
        struct bp_finder finder;

        if (!entry)
                return -ENOMEM;
        finder = finder_for(entry, problems);
        return keep_or_drop(fill_from_action(entry, action, &finder), entry, &finder, ret_entry);
}

int bp_action_entry_new_described(const struct bp_value *description, const struct bp_action_origin *origin,
                                  struct bp_problem_list *problems, struct bp_action_entry **ret_entry) {
        struct bp_action_entry *entry = entry_new(origin);
        struct bp_finder finder;

        if (!entry)
                return -ENOMEM;
        finder = finder_for(entry, problems);
        return keep_or_drop(fill_from_description(entry, description, &finder), entry, &finder, ret_entry);
}

const struct bp_action_meta *bp_action_entry_meta(const struct bp_action_entry *entry) {
        return &entry->meta;
}

const struct bp_action *bp_action_entry_executor(const struct bp_action_entry *entry) {
        return entry->executor;
}

const char *bp_action_entry_publisher(const struct bp_action_entry *entry) {
        return entry->publisher;
}

const char *bp_action_entry_source(const struct bp_action_entry *entry) {
        return entry->source;
}

const char *bp_action_entry_unavailable(const struct bp_action_entry *entry) {
        return entry->unavailable;
}

/* Readers hold entries as constants; the count is the one thing in them that changes. */
static atomic_uint *count_of(const struct bp_action_entry *entry) {
        return (atomic_uint *)(uintptr_t)&entry->references;
}

const struct bp_action_entry *bp_action_entry_ref(const struct bp_action_entry *entry) {
        atomic_fetch_add_explicit(count_of(entry), 1, memory_order_relaxed);
        return entry;
}

const struct bp_action_entry *bp_action_entry_unref(const struct bp_action_entry *entry) {
        if (entry && atomic_fetch_sub_explicit(count_of(entry), 1, memory_order_acq_rel) == 1)
                bp_arena_free(entry->arena);
        return NULL;
}

void bp_action_meta_required(const struct bp_action_meta *meta,
                             void (*visit)(void *userdata, const struct bp_param_meta *param), void *userdata) {
        for (size_t i = 0; i < meta->n_params; i++)
                if (meta->params[i].required)
                        visit(userdata, &meta->params[i]);
}

const struct bp_param_meta *bp_action_meta_param(const struct bp_action_meta *meta, const char *name) {
        for (size_t i = 0; i < meta->n_params; i++)
                if (strcmp(meta->params[i].name, name) == 0)
                        return &meta->params[i];
        for (size_t i = 0; i < meta->n_params; i++)
                if (meta->params[i].alias && strcmp(meta->params[i].alias, name) == 0)
                        return &meta->params[i];
        return NULL;
}

const struct bp_output_definition *bp_action_meta_output(const struct bp_action_meta *meta, const char *name) {
        for (size_t i = 0; i < meta->n_outputs; i++)
                if (strcmp(meta->outputs[i].name, name) == 0)
                        return &meta->outputs[i];
        return NULL;
}
