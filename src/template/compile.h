/* SPDX-License-Identifier: Apache-2.0 */
/* What conditions and trees need of templates beyond the contract. */
#ifndef BP_TEMPLATE_COMPILE_H
#define BP_TEMPLATE_COMPILE_H

#include "template/evaluation.h"

/* How a text is read. */
enum bp_reading {
        BP_READ_TEMPLATE = 1,        /* text with tags in it */
        BP_READ_CONDITION_TEMPLATE,  /* same, with the methods of objects */
        BP_READ_CONDITION_EXPRESSION /* one expression without braces */
};

int bp_template_build(struct bp_arena *arena, const char *text, size_t size, const struct bp_template_limits *limits,
                      enum bp_reading reading, const struct bp_template **ret_template,
                      struct bp_problem *reterr_problem);

/*
 * Runs `judge` (NULL: none) over the value of a template before it is turned into JSON; a condition has no use for
 * that. `userdata` is handed to it.
 */
int bp_template_run(const struct bp_template *template, const struct bp_template_scope *scope, struct bp_arena *arena,
                    uint32_t *work,
                    int (*finish)(struct bp_evaluation *evaluation, const struct bp_value *value, void *userdata),
                    void *userdata, struct bp_problem *reterr_problem);

#endif
