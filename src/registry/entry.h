/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file entry.h
 * How an entry comes to be. Private to the room.
 *
 * Whatever the source, it first becomes a struct bp_action of the host's own size in the entry's arena (action_copy.c
 * from constant data, described.c from JSON); meta.c then checks that and makes the metadata from it.
 */
#ifndef BP_REGISTRY_ENTRY_H
#define BP_REGISTRY_ENTRY_H

#include <stdatomic.h>

#include "base/memory.h"
#include "base/problem.h"
#include "registry/pattern.h"
#include "registry/registry.h"

/** An entry lives in its own arena, and dies with it. */
struct bp_action_entry {
        atomic_uint references;
        struct bp_arena *arena;
        struct bp_action_meta meta;
        const struct bp_action *executor; /**< or NULL */
        const char *publisher, *source, *unavailable;
};

/** Where findings about one action go; both loaders and meta.c report through it. A failure sticks. */
struct bp_finder {
        struct bp_problem_list *problems;
        const char *action; /**< what to call it in messages */
        size_t count;       /**< findings so far */
        int error;          /**< 0 or -ENOMEM */
};

/** Adds an ACTION_INVALID at this pointer: "action 'log': <text>". */
__attribute__((format(printf, 3, 4))) void bp_finder_add(struct bp_finder *finder, const char *pointer,
                                                         const char *format, ...);

/** 0, BP_PROBLEM when there were findings, or -ENOMEM. */
int bp_finder_result(const struct bp_finder *finder);

/**
 * Copies constant data of another header's sizes, everything it points to included, into full-size structs.
 * @return 0; -ENOMEM; BP_PROBLEM when the copy can't be made (another ABI, sizes or counts that make no sense).
 */
int bp_action_copy(struct bp_arena *arena, const struct bp_action *foreign, struct bp_finder *finder,
                   struct bp_action **ret_action);

/** Makes the struct from the JSON that bp_action_meta_write() writes; it has no functions. Returns as above. */
int bp_action_from_description(struct bp_arena *arena, const struct bp_value *description, struct bp_finder *finder,
                               struct bp_action **ret_action);

/** What meta.c looks at besides the data. */
struct bp_meta_source {
        bool described; /**< no functions to expect */
        bool built_in;  /**< may run on the engine's thread */
};

/** Checks an action and makes its metadata. Returns as above, all findings added. */
int bp_action_meta_build(struct bp_arena *arena, const struct bp_action *action, const struct bp_meta_source *source,
                         struct bp_finder *finder, struct bp_action_meta *ret_meta);

/** Checks one parameter and makes its metadata; findings add to the finder. `index` is for messages and pointers. */
void bp_param_meta_build(struct bp_arena *arena, const struct bp_action *action, size_t index, struct bp_finder *finder,
                         struct bp_param_meta *ret_param);

struct bp_text_members;

/** Checks that mandatory texts are there and all are readable. `pointer` and `what` name the object they belong to. */
void bp_texts_check(const struct bp_text_members *members, size_t first, size_t count, const void *object,
                    const char *pointer, const char *what, struct bp_finder *finder);

/** Parses a JSON text of the metadata. @return true when `ret_value` was set. */
bool bp_meta_json(struct bp_arena *arena, const char *text, const char *pointer, const char *what,
                  struct bp_finder *finder, struct bp_value *ret_value);

/** Checks one value (not null, not missing) against one parameter; findings point to `key`. @return 0 or -ENOMEM. */
int bp_param_check_value(const struct bp_param_meta *param, const char *key, const struct bp_value *value,
                         bool templates, struct bp_problem_list *findings);

/** Appends a bound as Python prints the number it was declared with: 1, 0.5, 1e+20. */
void bp_bound_write(struct bp_strbuf *buffer, double bound);

#endif
