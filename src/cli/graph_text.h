/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file graph_text.h
 * The graph of a definition, drawn.
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

#endif
