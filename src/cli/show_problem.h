/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file show_problem.h
 * Problems for a person: where, how bad, what, and on a terminal the line of the source with a mark under the place.
 */
#ifndef BP_CLI_SHOW_PROBLEM_H
#define BP_CLI_SHOW_PROBLEM_H

struct bp_cli;
struct bp_problem;
struct bp_problem_list;
struct bp_source;

/** How bad a problem is. */
enum bp_severity {
        BP_SEVERITY_ERROR = 1,
        BP_SEVERITY_WARNING,
};

/** Writes "file:line:column: error CODE: message" to the error stream, and on a terminal the source line and a hint. */
void bp_report_problem(const struct bp_cli *cli, const struct bp_source *source, enum bp_severity severity,
                       const struct bp_problem *problem);

/** Writes each problem of a list. */
void bp_report_problems(const struct bp_cli *cli, const struct bp_source *source, enum bp_severity severity,
                        const struct bp_problem_list *problems);

/** Says what a function of input.h returned. @return BP_EXIT_INVALID for a problem, BP_EXIT_FAILED for a fault. */
int bp_report_input(const struct bp_cli *cli, int r, const struct bp_source *source, const struct bp_problem *problem);

#endif
