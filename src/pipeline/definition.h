/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file definition.h
 * A pipeline as its author wrote it, read, checked and compiled once: the form that executions run on.
 *
 * A definition is immutable and counted; executions keep the one they started with. It owns everything it points to:
 * compiled templates, the graph, and references to the registry entries of its actions.
 */
#ifndef BP_PIPELINE_DEFINITION_H
#define BP_PIPELINE_DEFINITION_H

#include <budpipeline/action.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "base/value.h"

struct bp_action_entry;
struct bp_arena;
struct bp_condition;
struct bp_problem;
struct bp_problem_list;
struct bp_registry_snapshot;
struct bp_strbuf;
struct bp_template;
struct bp_template_limits;
struct bp_template_tree;

/** What follows when a step fails. */
enum bp_on_failure {
        BP_ON_FAILURE_FAIL = 1, /**< `fail`: the execution fails */
        BP_ON_FAILURE_CONTINUE, /**< `continue`: dependents run, the execution goes on */
        BP_ON_FAILURE_RETRY,    /**< `retry`: repeated by the retry settings, then as `fail` */
};

/** What follows when a `once` attempt is interrupted. */
enum bp_on_interrupt {
        BP_ON_INTERRUPT_FAIL = 1, /**< `fail`: the step ends INTERRUPTED */
        BP_ON_INTERRUPT_RETRY,    /**< `retry`: the author says that repeating does no harm */
};

/** Which skipped dependencies skip a step too. */
enum bp_skip_propagation {
        BP_SKIP_NONE = 1, /**< `none`: skipped counts as ended, dependents run */
        BP_SKIP_ALL,      /**< `all`: a step all of whose dependencies were skipped is skipped */
};

/** Retry settings of a step or of the pipeline. */
struct bp_retry {
        uint32_t max_attempts; /**< 1..10, the first attempt included */
        uint32_t backoff_seconds;
        double backoff_multiplier;
        uint32_t max_backoff_seconds;
        double jitter; /**< 0..1, ours: share of the delay drawn at random; default 0 */
};

/** A parameter of the pipeline. */
struct bp_parameter {
        const char *name, *type, *description; /**< description or NULL */
        bool required;
        bool has_default;
        struct bp_value default_value;
        bool has_type; /**< the author stated one; only then it is demanded of what is given */
};

/** One step. Steps are named by index everywhere inside. */
struct bp_step_definition {
        uint32_t index;          /**< in the order of the definition */
        uint32_t level;          /**< longest path from a root */
        uint32_t start_position; /**< place in the definition's start_order */
        const char *id, *name, *action;
        const struct bp_action_entry *entry; /**< NULL: not installed when the definition was loaded */
        struct bp_value params;              /**< as written */
        const struct bp_template_tree *params_tree;
        const struct bp_condition *condition; /**< NULL: always */
        const char *condition_text;           /**< as written, or NULL */
        const uint32_t *depends_on;           /**< step indexes, ascending, without duplicates, implied ones included */
        uint32_t n_depends_on;
        const uint32_t *dependents; /**< step indexes, ascending */
        uint32_t n_dependents;
        const uint64_t *ancestors;  /**< bit set of step indexes: what this step may read */
        const char *const *outputs; /**< names, informational */
        size_t n_outputs;
        enum bp_on_failure on_failure;
        enum bp_on_interrupt on_interrupt;
        enum bp_effect effect;        /**< 0: the action's own */
        uint32_t timeout_seconds;     /**< 0: the action's own, or none */
        const struct bp_retry *retry; /**< or NULL */
        bool reads_steps;             /**< a template of it reads `steps` */
};

/** One output of the pipeline. */
struct bp_output_template {
        const char *name, *text;
        const struct bp_template *template;
};

/** A pipeline. */
struct bp_definition {
        const char *name, *version, *description; /**< description or NULL */
        const struct bp_parameter *parameters;
        size_t n_parameters;
        const struct bp_step_definition *steps;
        uint32_t n_steps;
        const uint32_t *start_order; /**< step indexes by (level, index): the order in which ready steps start */
        const struct bp_output_template *outputs;
        size_t n_outputs;
        bool has_timeout;         /**< the author stated one; only then it is enforced */
        uint32_t timeout_seconds; /**< 7200 unless stated */
        bool fail_fast;
        uint32_t max_parallel_steps;
        enum bp_skip_propagation skip_propagation;
        const struct bp_retry *retry_policy; /**< or NULL */
        struct bp_value source;              /**< the document as it was written */
        struct bp_digest digest;             /**< of the document's JSON text */
};

/** Every limit of a definition. 0 means the default named beside it. */
struct bp_definition_limits {
        size_t source_bytes;                        /**< 4 MiB */
        uint32_t steps;                             /**< 1,000 */
        uint32_t parameters;                        /**< 1,000 */
        uint32_t outputs;                           /**< 1,000 */
        uint32_t depth;                             /**< 64 */
        uint32_t problems;                          /**< errors and warnings kept, each; 1,000 */
        size_t arena_bytes;                         /**< memory of one definition; 64 MiB */
        const struct bp_template_limits *templates; /**< or NULL */
};

/** How text is read. */
enum bp_definition_format {
        BP_FORMAT_JSON = 1,
        BP_FORMAT_YAML, /**< the safe subset: no tags, no aliases, no merge keys, no duplicate keys */
};

/** How a definition is loaded. */
struct bp_definition_options {
        const struct bp_registry_snapshot *registry; /**< NULL: nothing is known of actions */
        const struct bp_definition_limits *limits;   /**< or NULL */
        /**
         * Runs an action's own validate_params on parameters free of templates; pointers are within the parameters.
         * NULL: not done.
         */
        int (*check_action)(void *userdata, const struct bp_action_entry *entry, const struct bp_value *params,
                            struct bp_problem_list *findings);
        void *userdata;
        /**
         * Only the form of the document and its graph are looked at, nothing in templates, conditions and parameters;
         * the definition is for looking at, not for an execution.
         */
        bool structure_only;
};

/** What is wrong with a definition. Errors keep it from being used; warnings do not. Ordered as found. */
struct bp_definition_report {
        struct bp_problem_list *errors;
        struct bp_problem_list *warnings;
};

/**
 * Reads a text. Finds the line and column of every problem.
 * @return 0; -ENOMEM; BP_PROBLEM with at least one error in the report: PARSE_ERROR for text that is not the format or
 *         not an object, and the codes of bp_definition_load().
 */
int bp_definition_read(const char *text, size_t size, enum bp_definition_format format,
                       const struct bp_definition_options *options, const struct bp_definition_report *report,
                       const struct bp_definition **ret_definition);

/**
 * Reads a JSON value. Reports all problems at once; codes are listed in docs/errors.md: SCHEMA (a field is missing, of
 * the wrong type, or outside its bounds), DUPLICATE_STEP, UNKNOWN_STEP, SELF_DEPENDENCY, CYCLE, TEMPLATE_*,
 * CONDITION_*, UNKNOWN_PARAMETER, PARAM_*, LIMIT; as warnings UNKNOWN_ACTION, UNKNOWN_FIELD, NOT_AN_ANCESTOR,
 * UNKNOWN_OUTPUT, UNKNOWN_NAME, UNUSED_PARAMETER, PARAM_UNKNOWN, RETRY_UNUSED, IMPLIED_DEPENDENCY, DEPRECATED_ACTION.
 * @return as bp_definition_read().
 */
int bp_definition_load(const struct bp_value *document, const struct bp_definition_options *options,
                       const struct bp_definition_report *report, const struct bp_definition **ret_definition);

/** One more owner. @return the definition. */
const struct bp_definition *bp_definition_ref(const struct bp_definition *definition);

/** One owner fewer; NULL is allowed. Always returns NULL. May be called on any thread. */
const struct bp_definition *bp_definition_unref(const struct bp_definition *definition);

/** A step by id, or NULL. Constant time. */
const struct bp_step_definition *bp_definition_step(const struct bp_definition *definition, const char *id);

/** True when `ancestor` must have ended before `step` starts. */
bool bp_step_is_after(const struct bp_step_definition *step, uint32_t ancestor);

/** The document with every default filled in and nulls dropped (reference engine.md section 1). */
int bp_definition_normalize(const struct bp_definition *definition, struct bp_arena *arena,
                            struct bp_value *ret_document);

/** The parameters of an execution: defaults, then what was given, extra ones too (reference engine.md 6.1). */
int bp_definition_merge_params(const struct bp_definition *definition, const struct bp_value *given,
                               struct bp_arena *arena, struct bp_value *ret_params);

/**
 * Everything that must hold before an execution may start: every action installed and able to run, every required
 * parameter given, and every parameter whose type is stated of this type (an int is a float, a float without fraction
 * is an int, a `*_ref` is text, unknown types take anything). Pointers are `/steps/0/action` and `/params/NAME`.
 * @param params those of bp_definition_merge_params()
 * @return 0, -ENOMEM, or BP_PROBLEM with the errors added: UNKNOWN_ACTION, ACTION_UNAVAILABLE, PARAM_REQUIRED,
 * PARAM_TYPE.
 */
int bp_definition_check_start(const struct bp_definition *definition, const struct bp_value *params,
                              struct bp_problem_list *errors);

#endif
