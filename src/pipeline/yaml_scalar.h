/* SPDX-License-Identifier: Apache-2.0 */
/* What a plain YAML scalar means. Inside the room only. */
#ifndef BP_PIPELINE_YAML_SCALAR_H
#define BP_PIPELINE_YAML_SCALAR_H

struct bp_arena;
struct bp_problem;
struct bp_value;

/**
 * The value of an unquoted scalar, by the rules of YAML 1.1 as PyYAML's safe loader applies them, except that dates
 * and `=` stay text. The text must hold no NUL; a text value borrows it.
 * @return 0; -ENOMEM; BP_PROBLEM without a position for a number that has no place in JSON.
 */
int bp_yaml_resolve(struct bp_arena *arena, const char *text, struct bp_value *ret_value,
                    struct bp_problem *reterr_problem);

#endif
