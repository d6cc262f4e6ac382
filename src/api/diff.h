/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file diff.h
 * What changed between two definitions: for programs as a JSON Patch, for people by step. Private to the room.
 */
#ifndef BP_API_DIFF_H
#define BP_API_DIFF_H

struct bp_arena;
struct bp_strbuf;
struct bp_value;

/** Appends a list of RFC 6902 operations (add, remove, replace) that make `to` of `from`; each says what was there as
 * `old`. Linear in the size of the two for a given depth, and minimal only where items were added, removed or changed
 * in one place. */
void bp_api_write_patch(struct bp_strbuf *buffer, const struct bp_value *from, const struct bp_value *to);

/** Appends a list with an entry for each step, by its id, that was added, removed or changed:
 * {"id", "change", "fields": [names of members that differ]}. The arena is for the work. */
void bp_api_write_step_changes(struct bp_strbuf *buffer, const struct bp_value *from, const struct bp_value *to,
                               struct bp_arena *arena);

/** Appends a list of the names of members other than `steps` that differ. */
void bp_api_write_changed_fields(struct bp_strbuf *buffer, const struct bp_value *from, const struct bp_value *to);

#endif
