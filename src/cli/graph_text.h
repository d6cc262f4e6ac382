/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file graph.h
 * The graph of a definition, written for programs that draw it and for programs that compare it.
 */
#ifndef BP_CLI_GRAPH_TEXT_H
#define BP_CLI_GRAPH_TEXT_H

struct bp_definition;
struct bp_strbuf;

/** Appends the graph in Graphviz's language. */
void bp_graph_write_dot(struct bp_strbuf *buffer, const struct bp_definition *definition);

/** Appends the graph as a Mermaid flow chart. */
void bp_graph_write_mermaid(struct bp_strbuf *buffer, const struct bp_definition *definition);

/** Appends {"name", "nodes": [{"id", "name", "action", "level"}], "edges": [{"from", "to", "label"}]}. */
void bp_graph_write_json(struct bp_strbuf *buffer, const struct bp_definition *definition);

/**
 * Appends the members "batches" (ids that may run together, sorted), "roots", "leaves", "levels" and
 * "transitive_deps", each followed by a comma.
 */
void bp_graph_write_order(struct bp_strbuf *buffer, const struct bp_definition *definition);

#endif
