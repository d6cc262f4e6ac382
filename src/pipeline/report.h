/* SPDX-License-Identifier: Apache-2.0 */
/* The problems of one definition while it is loaded. Inside the room only. */
#ifndef BP_PIPELINE_REPORT_H
#define BP_PIPELINE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pipeline/path.h"

struct bp_problem;
struct bp_problem_list;

/** Where problems go, and how many there were. */
struct bp_findings {
        struct bp_problem_list *errors, *warnings; /**< or NULL */
        uint32_t limit;                            /**< kept of each; further ones are counted */
        size_t n_errors, n_warnings;
};

/** Adds an error. @return 0 or -ENOMEM. */
__attribute__((format(printf, 4, 5))) int bp_findings_error(struct bp_findings *findings, const char *code,
                                                            const struct bp_path *path, const char *format, ...);

/** Adds a warning. @return 0 or -ENOMEM. */
__attribute__((format(printf, 4, 5))) int bp_findings_warning(struct bp_findings *findings, const char *code,
                                                              const struct bp_path *path, const char *format, ...);

/**
 * Adds a problem found below `path`: its pointer continues the path. Line and column, which count within a text of
 * the document, are left out.
 * @return 0 or -ENOMEM.
 */
int bp_findings_add(struct bp_findings *findings, bool is_error, const struct bp_path *path,
                    const struct bp_problem *problem);

/** True while suggestions are given: past so many findings nobody needs them, and each costs a look at all names. */
static inline bool bp_findings_may_hint(const struct bp_findings *findings) {
        return findings->n_errors + findings->n_warnings < 30;
}

/** Writes "; did you mean 'x'?", or nothing when `nearest` is NULL. @return `text`. */
const char *bp_findings_hint(const char *nearest, char text[static 96]);

#endif
