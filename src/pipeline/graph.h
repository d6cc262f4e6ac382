/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file graph.h
 * What follows from the graph of a definition, as JSON.
 */
#ifndef BP_PIPELINE_GRAPH_H
#define BP_PIPELINE_GRAPH_H

struct bp_definition;
struct bp_strbuf;

/** Appends a JSON list of lists: the ids of the steps of each level, sorted by code points. */
void bp_definition_write_batches(struct bp_strbuf *buffer, const struct bp_definition *definition);

/**
 * Appends members of a JSON object, without its braces: `batches` as above, `roots` and `leaves` (ids, sorted),
 * `levels` (level by id), `transitive_deps` (sorted ids of all ancestors by id).
 */
void bp_definition_write_order(struct bp_strbuf *buffer, const struct bp_definition *definition);

#endif
