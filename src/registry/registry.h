/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file registry.h
 * The table of actions. Data only: what each action says of itself, checked and parsed once, and where its code is.
 *
 * The registry is an immutable snapshot that is replaced as a whole. Readers take a reference without a lock and keep
 * a consistent view for as long as they hold it; a writer prepares a draft and publishes it. Entries are shared by
 * snapshots and counted, since executions keep the entry of every step they started with.
 */
#ifndef BP_REGISTRY_REGISTRY_H
#define BP_REGISTRY_REGISTRY_H

#include <budpipeline/action.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/value.h"

struct bp_arena;
struct bp_pattern;
struct bp_problem;
struct bp_problem_list;
struct bp_strbuf;

/* ---------------------------------------------------------------------------------------------------------------
 * Metadata as the host keeps it: every JSON text parsed, every default filled in, every list with its size
 */

/** One parameter. */
struct bp_param_meta {
        const char *name, *label, *description, *placeholder, *group, *alias; /**< the last four or NULL */
        enum bp_param_type type;
        bool required;
        bool raw;          /**< templates inside reach the action unresolved */
        bool nullable;     /**< null is a value and no absence */
        bool form_default; /**< the default only fills forms */
        bool has_default;
        struct bp_value default_value;
        const struct bp_select_option *options;
        size_t n_options;
        uint32_t rules; /**< enum bp_rule bits */
        double min, max;
        uint32_t min_length, max_length;
        const char *pattern, *pattern_message; /**< or NULL */
        const struct bp_pattern *compiled_pattern;
        const char *visible_when_param; /**< or NULL: always visible */
        bool has_equals, has_not_equals;
        struct bp_value equals, not_equals;
};

/** One example, parameters parsed. */
struct bp_example_meta {
        const char *title, *description;
        struct bp_value params;
};

/** What an action says of itself (ActionMeta of the reference, and what this project adds). */
struct bp_action_meta {
        const char *type, *name, *category, *description, *version;
        const char *icon, *color;
        const struct bp_param_meta *params;
        size_t n_params;
        const struct bp_output_definition *outputs;
        size_t n_outputs;
        const struct bp_example_meta *examples;
        size_t n_examples;
        enum bp_execution_mode execution_mode;
        enum bp_effect effect;
        bool idempotent;
        bool is_inline, timeout_is_success;
        uint32_t timeout_seconds;                   /**< 0: none */
        const struct bp_retry_policy *retry_policy; /**< or NULL */
        const char *const *required_services;       /**< NULL-terminated, never NULL */
        const char *const *required_permissions;    /**< NULL-terminated, never NULL */
        const char *const *also_accepts;            /**< NULL-terminated, never NULL */
        const char *docs_url, *deprecated, *routes; /**< or NULL */
        const char *woken, *woken_at;               /**< or NULL */
};

/** Parameters that must be given, in declaration order: calls `visit` with each. */
void bp_action_meta_required(const struct bp_action_meta *meta,
                             void (*visit)(void *userdata, const struct bp_param_meta *param), void *userdata);

/** A parameter by its name or alias, or NULL. */
const struct bp_param_meta *bp_action_meta_param(const struct bp_action_meta *meta, const char *name);

/** An output by name, or NULL. */
const struct bp_output_definition *bp_action_meta_output(const struct bp_action_meta *meta, const char *name);

/* ---------------------------------------------------------------------------------------------------------------
 * Entries
 */

/** One action as registered: metadata, and the functions where there are any. Immutable, counted. */
struct bp_action_entry;

/** What it says of itself. Lives as long as the entry. */
const struct bp_action_meta *bp_action_entry_meta(const struct bp_action_entry *entry);

/** Its functions (the host's own copy, full size, zero where the action is older), or NULL when it cannot be run. */
const struct bp_action *bp_action_entry_executor(const struct bp_action_entry *entry);

/** "budpipeline" for built-ins, else the plug-in's name. */
const char *bp_action_entry_publisher(const struct bp_action_entry *entry);

/** Path of the shared object, or NULL for a built-in. */
const char *bp_action_entry_source(const struct bp_action_entry *entry);

/** Why it cannot be run ("from a folder that is not trusted"), or NULL when it can. */
const char *bp_action_entry_unavailable(const struct bp_action_entry *entry);

/** One more owner. @return the entry. */
const struct bp_action_entry *bp_action_entry_ref(const struct bp_action_entry *entry);

/** One owner fewer; NULL is allowed. Always returns NULL. */
const struct bp_action_entry *bp_action_entry_unref(const struct bp_action_entry *entry);

/* ---------------------------------------------------------------------------------------------------------------
 * The registry and its snapshots
 */

struct bp_registry;
struct bp_registry_snapshot;
struct bp_registry_draft;

/** An empty registry, or NULL. */
struct bp_registry *bp_registry_new(void);

/** Gives it back; snapshots that someone still holds stay valid. Always returns NULL. */
struct bp_registry *bp_registry_free(struct bp_registry *registry);

/** The current snapshot, never NULL. Takes no lock, may be called on any thread. */
const struct bp_registry_snapshot *bp_registry_acquire(struct bp_registry *registry);

/** Gives a snapshot back. NULL is allowed. */
void bp_registry_release(const struct bp_registry_snapshot *snapshot);

/** Number of this snapshot: 1, 2, 3 ... with each publish. For ETag and caches. */
uint64_t bp_registry_generation(const struct bp_registry_snapshot *snapshot);

/** How many actions there are. */
size_t bp_registry_count(const struct bp_registry_snapshot *snapshot);

/** An action by its place in registration order. */
const struct bp_action_entry *bp_registry_at(const struct bp_registry_snapshot *snapshot, size_t index);

/** An action by type, or NULL. Constant time. */
const struct bp_action_entry *bp_registry_find(const struct bp_registry_snapshot *snapshot, const char *type);

/** The registered type that looks most like `type`, or NULL when none is near. */
const char *bp_registry_nearest(const struct bp_registry_snapshot *snapshot, const char *type);

/** A category and its actions in registration order. Lives as long as the snapshot. */
struct bp_registry_category {
        const char *name, *icon;
        const struct bp_action_entry *const *entries;
        size_t n_entries;
};

/** Categories, sorted by name. */
const struct bp_registry_category *bp_registry_categories(const struct bp_registry_snapshot *snapshot,
                                                          size_t *ret_count);

/** A draft that starts as a copy of the current snapshot, or empty. NULL when memory is exhausted. One at a time. */
struct bp_registry_draft *bp_registry_draft_new(struct bp_registry *registry, bool empty);

/** Where an action comes from. */
struct bp_action_origin {
        const char *publisher;   /**< NULL: "budpipeline" */
        const char *source;      /**< path, or NULL */
        const char *unavailable; /**< why it must not be run, or NULL */
};

/**
 * Registers an action described by constant data; copies everything, so the data may go away unless it is run.
 * @return 0; -ENOMEM; BP_PROBLEM when it was not registered: every finding has been added to `problems`
 *         (ACTION_INVALID for metadata, ACTION_ABI for another ABI version, ACTION_DUPLICATE when the type is taken).
 */
int bp_registry_draft_add(struct bp_registry_draft *draft, const struct bp_action *action,
                          const struct bp_action_origin *origin, struct bp_problem_list *problems);

/** Registers an action described by the JSON that bp_action_meta_write() writes; it has no functions. Returns as above.
 */
int bp_registry_draft_add_described(struct bp_registry_draft *draft, const struct bp_value *description,
                                    const struct bp_action_origin *origin, struct bp_problem_list *problems);

/** The built-in actions, NULL-terminated: generated from the lists in actions/, linked into programs that use it. */
extern const struct bp_action *const bp_builtin_actions[];

/** Registers a NULL-terminated table of actions as built in. @return 0, -ENOMEM, or BP_PROBLEM if any was left out. */
int bp_registry_draft_add_all(struct bp_registry_draft *draft, const struct bp_action *const *actions,
                              struct bp_problem_list *problems);

/** Removes an action. @return 0, or 1 when there is none of this type. */
int bp_registry_draft_remove(struct bp_registry_draft *draft, const char *type);

/** Makes the draft the current snapshot and frees it. @return 0 or -ENOMEM (the draft is freed all the same). */
int bp_registry_publish(struct bp_registry *registry, struct bp_registry_draft *draft);

/** Throws a draft away. NULL is allowed. */
void bp_registry_draft_free(struct bp_registry_draft *draft);

/* ---------------------------------------------------------------------------------------------------------------
 * Parameters against metadata
 */

/** How bp_params_check() looks. */
struct bp_params_check {
        bool templates; /**< texts with `{{` or `{%` are not resolved yet: only what holds for any result is checked */
        bool unknown_names; /**< a parameter the action does not declare is reported, with the nearest name */
};

/**
 * Checks an object of parameters: required (absent, null and "" are missing; hidden ones are never demanded), type,
 * options, bounds, lengths, pattern. Aliases count as the name they stand for.
 * Findings have codes PARAM_REQUIRED, PARAM_TYPE, PARAM_OPTION, PARAM_RANGE, PARAM_LENGTH, PARAM_PATTERN,
 * PARAM_UNKNOWN, a pointer into the object, and the texts of the Actions API.
 * @return 0 or -ENOMEM; findings are data.
 */
int bp_params_check(const struct bp_action_meta *meta, const struct bp_value *params, const struct bp_params_check *how,
                    struct bp_problem_list *findings);

/** True when a text anywhere in the parameters, but for raw ones, holds `{{` or `{%`: an action's own check would judge
 * what is not resolved yet. */
bool bp_params_have_templates(const struct bp_action_meta *meta, const struct bp_value *params);

/** The parameters an executor receives: aliases renamed, nulls dropped, defaults applied (except "" and those for
 * forms). */
int bp_params_complete(const struct bp_action_meta *meta, const struct bp_value *params, struct bp_arena *arena,
                       struct bp_value *ret_params);

/** The outputs of a sleep that is over: as they were set, and the time it is where the action wants to say it.
 * @return 0, -ENOMEM or -E2BIG. */
int bp_outputs_at_wake(const struct bp_action_meta *meta, const struct bp_value *outputs, struct bp_wall now,
                       struct bp_arena *arena, struct bp_value *ret_outputs);

/* ---------------------------------------------------------------------------------------------------------------
 * Metadata as JSON
 */

/** Appends the action as the Actions API shows it (camelCase, reference api.md section 2, additions at the end). */
void bp_action_meta_write(struct bp_strbuf *buffer, const struct bp_action_entry *entry);

/**
 * The whole answer of GET /actions, made once per snapshot when first asked for. Lives as long as the snapshot.
 * @return 0 or -ENOMEM.
 */
int bp_registry_answer(const struct bp_registry_snapshot *snapshot, const char **ret_text, size_t *ret_size);

/** Appends the answer of bp_registry_answer(), which costs a copy: servers send that one. */
void bp_registry_write(struct bp_strbuf *buffer, const struct bp_registry_snapshot *snapshot);

/** Appends JSON Schema 2020-12 of the parameters. */
void bp_action_meta_write_params_schema(struct bp_strbuf *buffer, const struct bp_action_meta *meta);

/** Appends JSON Schema 2020-12 of the outputs. */
void bp_action_meta_write_outputs_schema(struct bp_strbuf *buffer, const struct bp_action_meta *meta);

#endif
