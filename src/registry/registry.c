/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry: one pointer to an immutable snapshot, which a writer replaces as a whole.
 *
 * Readers take no lock, so the one danger is the moment between reading the pointer and counting the reference: a
 * writer could free the snapshot there. Readers announce that moment in `entering`. A writer first swaps the pointer,
 * then waits until nobody is entering, then gives up the old snapshot: whoever announced itself before the swap has
 * its reference by then, and whoever does so later reads the new pointer. All four operations are sequentially
 * consistent, which is what makes "before the swap" mean the same to both sides. The moment is a few instructions
 * long, and readers never wait.
 */
#include "registry/registry.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/similar.h"
#include "base/strbuf.h"
#include "registry/snapshot.h"

struct bp_registry {
        _Atomic(struct bp_registry_snapshot *) current;
        atomic_uint entering;
};

struct bp_registry_draft {
        struct bp_entry_set set;
};

/* Icons of the categories that the shipped actions use, under both of the names they go by. */
static const struct {
        const char *category, *icon;
} icons[] = {
        {"Control Flow", "git-branch"},   {"Model", "cpu"},
        {"Model Operations", "cpu"},      {"Cluster", "server"},
        {"Cluster Operations", "server"}, {"Deployment", "rocket"},
        {"Integration", "plug"},          {"Simulation", "beaker"},
};

static const char *icon_of(const char *category) {
        for (size_t i = 0; i < sizeof(icons) / sizeof(icons[0]); i++)
                if (strcmp(icons[i].category, category) == 0)
                        return icons[i].icon;
        return "box";
}

static struct bp_registry_snapshot *snapshot_free(struct bp_registry_snapshot *snapshot) {
        if (!snapshot)
                return NULL;
        bp_entry_set_done(&snapshot->set);
        free(snapshot->categories);
        free(snapshot->by_category);
        free(snapshot->places);
        bp_registry_answer_free(atomic_load(&snapshot->answer));
        free(snapshot);
        return NULL;
}

/* An entry and its place in registration order, for a stable sort. */
struct placed {
        const struct bp_action_entry *entry;
        size_t place;
};

static int compare_placed(const void *left, const void *right) {
        const struct placed *a = left, *b = right;
        int order = strcmp(a->entry->meta.category, b->entry->meta.category);

        if (order)
                return order;
        return a->place < b->place ? -1 : a->place > b->place;
}

static void fill_categories(struct bp_registry_snapshot *snapshot, const struct placed *sorted) {
        for (size_t i = 0; i < snapshot->set.count; i++) {
                const char *name = sorted[i].entry->meta.category;
                struct bp_registry_category *last =
                        snapshot->n_categories ? &snapshot->categories[snapshot->n_categories - 1] : NULL;

                snapshot->by_category[i] = sorted[i].entry;
                snapshot->places[i] = sorted[i].place;
                if (!last || strcmp(last->name, name) != 0) {
                        last = &snapshot->categories[snapshot->n_categories++];
                        *last = (struct bp_registry_category){name, icon_of(name), &snapshot->by_category[i], 0};
                }
                last->n_entries++;
        }
}

static int make_categories(struct bp_registry_snapshot *snapshot) {
        size_t count = snapshot->set.count;
        _cleanup_(bp_freep) struct placed *sorted = bp_calloc(count, sizeof(*sorted));

        snapshot->by_category = bp_calloc(count, sizeof(const struct bp_action_entry *));
        snapshot->places = bp_calloc(count, sizeof(*snapshot->places));
        snapshot->categories = bp_calloc(count, sizeof(*snapshot->categories));
        if (!sorted || !snapshot->by_category || !snapshot->places || !snapshot->categories)
                return -ENOMEM;
        for (size_t i = 0; i < count; i++)
                sorted[i] = (struct placed){snapshot->set.entries[i], i};
        qsort(sorted, count, sizeof(*sorted), compare_placed);
        fill_categories(snapshot, sorted);
        return 0;
}

/* Takes the set over, also on failure. */
static struct bp_registry_snapshot *snapshot_new(struct bp_entry_set *set, uint64_t generation) {
        struct bp_registry_snapshot *snapshot = bp_calloc(1, sizeof(*snapshot));

        if (!snapshot) {
                bp_entry_set_done(set);
                return NULL;
        }
        atomic_init(&snapshot->references, 1);
        atomic_init(&snapshot->answer, NULL);
        snapshot->generation = generation;
        snapshot->set = *set;
        *set = (struct bp_entry_set){0};
        return make_categories(snapshot) == 0 ? snapshot : snapshot_free(snapshot);
}

struct bp_registry *bp_registry_new(void) {
        struct bp_registry *registry = bp_calloc(1, sizeof(*registry));
        struct bp_registry_snapshot *snapshot;
        struct bp_entry_set nothing = {0};

        if (!registry)
                return NULL;
        snapshot = snapshot_new(&nothing, 1);
        if (!snapshot) {
                free(registry);
                return NULL;
        }
        atomic_init(&registry->current, snapshot);
        atomic_init(&registry->entering, 0);
        return registry;
}

struct bp_registry *bp_registry_free(struct bp_registry *registry) {
        if (registry) {
                bp_registry_release(atomic_load(&registry->current));
                free(registry);
        }
        return NULL;
}

const struct bp_registry_snapshot *bp_registry_acquire(struct bp_registry *registry) {
        struct bp_registry_snapshot *snapshot;

        atomic_fetch_add(&registry->entering, 1);
        snapshot = atomic_load(&registry->current);
        atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
        atomic_fetch_sub(&registry->entering, 1);
        return snapshot;
}

/* To its readers a snapshot is constant; the count and the prepared answer are the host's bookkeeping in it. */
static struct bp_registry_snapshot *bookkeeping_of(const struct bp_registry_snapshot *snapshot) {
        return (struct bp_registry_snapshot *)(uintptr_t)snapshot;
}

void bp_registry_release(const struct bp_registry_snapshot *snapshot) {
        struct bp_registry_snapshot *own = bookkeeping_of(snapshot);

        if (own && atomic_fetch_sub_explicit(&own->references, 1, memory_order_acq_rel) == 1)
                snapshot_free(own);
}

int bp_registry_answer(const struct bp_registry_snapshot *snapshot, const char **ret_text, size_t *ret_size) {
        struct bp_registry_answer *answer = atomic_load(&snapshot->answer), *mine;

        if (!answer) {
                mine = bp_registry_answer_new(snapshot);
                if (!mine)
                        return -ENOMEM;
                if (atomic_compare_exchange_strong(&bookkeeping_of(snapshot)->answer, &answer, mine))
                        answer = mine;
                else
                        bp_registry_answer_free(mine);
        }
        *ret_text = answer->text;
        *ret_size = answer->size;
        return 0;
}

uint64_t bp_registry_generation(const struct bp_registry_snapshot *snapshot) {
        return snapshot->generation;
}

size_t bp_registry_count(const struct bp_registry_snapshot *snapshot) {
        return snapshot->set.count;
}

const struct bp_action_entry *bp_registry_at(const struct bp_registry_snapshot *snapshot, size_t index) {
        return index < snapshot->set.count ? snapshot->set.entries[index] : NULL;
}

const struct bp_action_entry *bp_registry_find(const struct bp_registry_snapshot *snapshot, const char *type) {
        return bp_entry_set_find(&snapshot->set, type);
}

const char *bp_registry_nearest(const struct bp_registry_snapshot *snapshot, const char *type) {
        struct bp_similar similar;

        bp_similar_init(&similar, type);
        for (size_t i = 0; i < snapshot->set.count; i++)
                bp_similar_offer(&similar, snapshot->set.entries[i]->meta.type);
        return similar.nearest;
}

const struct bp_registry_category *bp_registry_categories(const struct bp_registry_snapshot *snapshot,
                                                          size_t *ret_count) {
        *ret_count = snapshot->n_categories;
        return snapshot->categories;
}

struct bp_registry_draft *bp_registry_draft_new(struct bp_registry *registry, bool empty) {
        struct bp_registry_draft *draft = bp_calloc(1, sizeof(*draft));
        const struct bp_registry_snapshot *current;
        int r;

        if (!draft || empty)
                return draft;
        current = bp_registry_acquire(registry);
        r = bp_entry_set_copy(&draft->set, &current->set);
        bp_registry_release(current);
        if (r < 0)
                bp_registry_draft_free(draft);
        return r < 0 ? NULL : draft;
}

void bp_registry_draft_free(struct bp_registry_draft *draft) {
        if (!draft)
                return;
        bp_entry_set_done(&draft->set);
        free(draft);
}

static int refuse_duplicate(const struct bp_action_entry *entry, const struct bp_action_entry *earlier,
                            struct bp_problem_list *problems) {
        int r = bp_problem_list_addf(problems, "ACTION_DUPLICATE", "/type",
                                     "action '%.64s' is already registered by %.64s (%.200s); this one is left out",
                                     entry->meta.type, earlier->publisher,
                                     earlier->source ? earlier->source : "built in");

        return r < 0 ? r : BP_PROBLEM;
}

/* Takes the entry over, also on failure. */
static int take_entry(struct bp_registry_draft *draft, struct bp_action_entry *entry,
                      struct bp_problem_list *problems) {
        const struct bp_action_entry *earlier = bp_entry_set_find(&draft->set, entry->meta.type);
        int r = earlier ? refuse_duplicate(entry, earlier, problems) : bp_entry_set_take(&draft->set, entry);

        if (r != 0)
                bp_action_entry_unref(entry);
        return r;
}

int bp_registry_draft_add(struct bp_registry_draft *draft, const struct bp_action *action,
                          const struct bp_action_origin *origin, struct bp_problem_list *problems) {
        struct bp_action_entry *entry = NULL;
        int r = bp_action_entry_new(action, origin, problems, &entry);

        return r ? r : take_entry(draft, entry, problems);
}

int bp_registry_draft_add_described(struct bp_registry_draft *draft, const struct bp_value *description,
                                    const struct bp_action_origin *origin, struct bp_problem_list *problems) {
        struct bp_action_entry *entry = NULL;
        int r = bp_action_entry_new_described(description, origin, problems, &entry);

        return r ? r : take_entry(draft, entry, problems);
}

int bp_registry_draft_add_all(struct bp_registry_draft *draft, const struct bp_action *const *actions,
                              struct bp_problem_list *problems) {
        int result = 0;

        for (size_t i = 0; actions[i]; i++) {
                int r = bp_registry_draft_add(draft, actions[i], NULL, problems);

                if (r < 0)
                        return r;
                result = r ? r : result;
        }
        return result;
}

int bp_registry_draft_remove(struct bp_registry_draft *draft, const char *type) {
        return bp_entry_set_remove(&draft->set, type) ? 0 : 1;
}

int bp_registry_publish(struct bp_registry *registry, struct bp_registry_draft *draft) {
        uint64_t generation = atomic_load(&registry->current)->generation + 1;
        struct bp_registry_snapshot *next = snapshot_new(&draft->set, generation), *previous;

        bp_registry_draft_free(draft);
        if (!next)
                return -ENOMEM;
        previous = atomic_exchange(&registry->current, next);
        while (atomic_load(&registry->entering) != 0)
                sched_yield();
        bp_registry_release(previous);
        return 0;
}
