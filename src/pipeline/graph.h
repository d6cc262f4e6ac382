/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file graph.h
 * The graph of a definition, for people and programs to look at.
 */
#ifndef BP_PIPELINE_GRAPH_H
#define BP_PIPELINE_GRAPH_H

struct bp_definition;
struct bp_strbuf;

/** How a graph is written. */
enum bp_graph_format {
        BP_GRAPH_DOT = 1, /**< for Graphviz */
        BP_GRAPH_MERMAID, /**< a Mermaid flowchart */
        BP_GRAPH_JSON,    /**< an object: name, steps, edges, and the members of bp_definition_write_order() */
};

/** Appends the graph. A failure sticks to the buffer. */
void bp_definition_write_graph(struct bp_strbuf *buffer, const struct bp_definition *definition,
                               enum bp_graph_format format);

/** Appends a JSON list of lists: the ids of the steps of each level, sorted by code points. */
void bp_definition_write_batches(struct bp_strbuf *buffer, const struct bp_definition *definition);

/**
 * Appends members of a JSON object, without its braces: `batches` as above, `roots` and `leaves` (ids, sorted),
 * `levels` (level by id), `transitive_deps` (sorted ids of all ancestors by id).
 */
void bp_definition_write_order(struct bp_strbuf *buffer, const struct bp_definition *definition);

#endif
