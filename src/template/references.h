/* SPDX-License-Identifier: Apache-2.0 */
/* Finds what a compiled template reads. */
#ifndef BP_TEMPLATE_REFERENCES_H
#define BP_TEMPLATE_REFERENCES_H

struct bp_arena;
struct bp_template;

/* Fills the references of a template that is otherwise complete. @return 0 or -ENOMEM */
int bp_references_collect(struct bp_arena *arena, struct bp_template *template);

#endif
