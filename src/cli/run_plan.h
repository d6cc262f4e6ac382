/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file run_plan.h
 * What `run --dry-run` shows: the steps level by level, with every parameter that can be known before the run.
 */
#ifndef BP_CLI_RUN_PLAN_H
#define BP_CLI_RUN_PLAN_H

struct bp_arena;
struct bp_definition;
struct bp_strbuf;
struct bp_value;

/** Appends the plan for a person. @return 0 or -ENOMEM. */
int bp_run_plan_write_text(struct bp_strbuf *buffer, const struct bp_definition *definition,
                           const struct bp_value *params, struct bp_arena *arena);

/** Appends {"name", "params", "levels": [[{"id", "action", "depends_on", "condition", "params"}]]}. Returns as above.
 */
int bp_run_plan_write_json(struct bp_strbuf *buffer, const struct bp_definition *definition,
                           const struct bp_value *params, struct bp_arena *arena);

#endif
