/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file scope.h
 * What a template or condition of the command line can see, and the text itself.
 */
#ifndef BP_CLI_SCOPE_H
#define BP_CLI_SCOPE_H

#include "base/value.h"
#include "cli/input.h"
#include "template/template.h"

struct bp_arena;
struct bp_arguments;
struct bp_problem;

/** A text to evaluate and what it can see. Belongs to the arena it was read into. */
struct bp_evaluation {
        struct bp_source source; /**< of the text */
        struct bp_value params, steps;
        struct bp_template_scope scope;
};

/**
 * Reads the operand or --file, --param, --params-file, --steps-file and --strict.
 * @param ret_source what the problem is in
 * @return 0; -ENOMEM; BP_PROBLEM.
 */
int bp_evaluation_read(const struct bp_arguments *arguments, const char *what, struct bp_arena *arena,
                       struct bp_evaluation *ret_evaluation, struct bp_source *ret_source,
                       struct bp_problem *reterr_problem);

/** Reads "params", "steps" and "strict" of a batch line. @return 0 or BP_PROBLEM with LINE_INVALID. */
int bp_scope_of_line(const struct bp_value *line, struct bp_template_scope *ret_scope,
                     struct bp_problem *reterr_problem);

#endif
