/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file load_definition.h
 * A definition from a file or a batch line, with everything found wrong with it.
 */
#ifndef BP_CLI_LOAD_DEFINITION_H
#define BP_CLI_LOAD_DEFINITION_H

#include "base/problem.h"
#include "cli/input.h"

struct bp_arena;
struct bp_catalogue;
struct bp_cli;
struct bp_definition;
struct bp_strbuf;
struct bp_value;

/** A definition and its report. Lists and source belong to the arena; the definition is given back separately. */
struct bp_checked {
        struct bp_source source;
        const struct bp_definition *definition; /**< NULL when there are errors */
        struct bp_problem_list errors, warnings;
};

/** Reads a file; whatever is wrong, a missing file included, is in the lists. @return 0 or -ENOMEM. */
int bp_load_file(const struct bp_catalogue *catalogue, const char *path, struct bp_arena *arena,
                 struct bp_checked *ret_checked);

/** Reads the "dag", "yaml" or "json" member of a batch line. @return 0, -ENOMEM, or BP_PROBLEM with LINE_INVALID. */
int bp_load_line(const struct bp_catalogue *catalogue, const struct bp_value *line, struct bp_arena *arena,
                 struct bp_checked *ret_checked, struct bp_problem *reterr_problem);

/** Reads a JSON value. @return 0 or -ENOMEM. */
int bp_load_value(const struct bp_catalogue *catalogue, const struct bp_value *document, struct bp_arena *arena,
                  struct bp_checked *ret_checked);

/** Gives the definition back. */
void bp_checked_done(struct bp_checked *checked);

/** True when it may be used: no errors, and no warnings either when `strict`. */
bool bp_checked_is_valid(const struct bp_checked *checked, bool strict);

/** Writes errors and warnings for a person; under `strict` warnings are shown as errors. */
void bp_checked_report(const struct bp_cli *cli, const struct bp_checked *checked, bool strict);

#endif
