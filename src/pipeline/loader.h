/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A definition under construction. Loading is a row of passes over it, each in a file of its own; a pass reports what
 * it finds and goes on, so that one look at a document tells everything that is wrong with it. Inside the room only.
 */
#ifndef BP_PIPELINE_LOADER_H
#define BP_PIPELINE_LOADER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pipeline/definition.h"
#include "pipeline/report.h"

/** A definition and what only this room knows of it. Lives in its own arena. */
struct bp_loaded {
        struct bp_definition definition; /**< first: the public pointer is this one */
        atomic_uint owners;
        struct bp_arena *arena;
        struct bp_value normal;       /**< the normal form of the document */
        struct bp_value step_numbers; /**< object: index of the step by id */
};

/** The room's own view of a definition. */
static inline const struct bp_loaded *bp_loaded_of(const struct bp_definition *definition) {
        return (const struct bp_loaded *)(const void *)definition;
}

/** What the passes work on. */
struct bp_loader {
        const struct bp_definition_options *options;
        struct bp_definition_limits limits; /**< without zeros */
        struct bp_findings findings;
        struct bp_arena *arena; /**< of the definition */
        struct bp_loaded *loaded;
        struct bp_definition *definition;    /**< of `loaded` */
        struct bp_step_definition *steps;    /**< of `definition` */
        struct bp_parameter *parameters;     /**< of `definition` */
        struct bp_output_template *outputs;  /**< of `definition` */
        struct bp_value parameter_numbers;   /**< object: index of the parameter by name */
        bool knows_parameters;               /**< `parameters` is a list: what is not in it is not declared */
        const struct bp_value *steps_normal; /**< list: the steps in normal form, null where one is no object */
        bool is_ordered;                     /**< the graph has no cycle: levels and ancestors mean something */
};

/** Fills in everything that follows from the normal form alone. @return 0 or -ENOMEM. */
int bp_loader_build(struct bp_loader *loader);

/** Looks up the actions of the steps. @return 0 or -ENOMEM. */
int bp_loader_find_actions(struct bp_loader *loader);

/** Reads the dependencies, written and implied, and orders the steps. @return 0 or -ENOMEM. */
int bp_loader_order(struct bp_loader *loader);

/** Compiles every template and condition. @return 0 or -ENOMEM. */
int bp_loader_compile(struct bp_loader *loader);

/** Checks what the templates read. @return 0 or -ENOMEM. */
int bp_loader_check_references(struct bp_loader *loader);

/** Checks the parameters of the steps against the metadata of their actions. @return 0 or -ENOMEM. */
int bp_loader_check_params(struct bp_loader *loader);

/** A branch of a step whose action routes. */
struct bp_branch {
        size_t index;
        const struct bp_value *condition; /**< or NULL */
        const char *target_step;          /**< or NULL */
};

/**
 * Calls `visit` with each branch of a step, none where its action does not route. `path` is that of the branch.
 * Stops at the first return that is not 0.
 */
int bp_step_branches(const struct bp_step_definition *step,
                     int (*visit)(void *userdata, const struct bp_branch *branch, const struct bp_path *path),
                     void *userdata);

/** The number of a name in an object of numbers, or -1. */
int64_t bp_number_of(const struct bp_value *numbers, const char *name);

/** The step id that looks most like `wanted`, or NULL. */
const char *bp_loader_nearest_step(const struct bp_loader *loader, const char *wanted);

#endif
