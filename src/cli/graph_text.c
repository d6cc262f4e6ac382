/* SPDX-License-Identifier: Apache-2.0 */
/* The graph of a definition for Graphviz, Mermaid and programs. A branch that names its target labels the edge. */
#include <string.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "cli/cli.h"
#include "cli/graph_text.h"
#include "pipeline/definition.h"
#include "registry/registry.h"

static const char *text_of(const struct bp_value *object, const char *key) {
        const struct bp_value *value = bp_value_get(object, key);

        return value && value->type == BP_STRING ? value->as.text : NULL;
}

/* The label of the first branch of `from` whose target is `to`, or NULL. */
static const char *route_label(const struct bp_step_definition *from, const struct bp_step_definition *to) {
        const char *routes = from->entry ? bp_action_entry_meta(from->entry)->routes : NULL;
        const struct bp_value *branches = routes ? bp_value_get(&from->params, routes) : NULL;

        if (!branches || branches->type != BP_LIST)
                return NULL;
        for (uint32_t i = 0; i < branches->count; i++) {
                const char *target = text_of(&branches->as.items[i], "target_step");
                const char *label = text_of(&branches->as.items[i], "label");

                if (target && strcmp(target, to->id) == 0)
                        return label ? label : text_of(&branches->as.items[i], "id");
        }
        return NULL;
}

typedef void add_edge(struct bp_strbuf *buffer, const struct bp_step_definition *from,
                      const struct bp_step_definition *to, const char *label);

static void for_each_edge(struct bp_strbuf *buffer, const struct bp_definition *definition, add_edge *add) {
        for (uint32_t i = 0; i < definition->n_steps; i++) {
                const struct bp_step_definition *to = &definition->steps[i];

                for (uint32_t j = 0; j < to->n_depends_on; j++) {
                        const struct bp_step_definition *from = &definition->steps[to->depends_on[j]];

                        add(buffer, from, to, route_label(from, to));
                }
        }
}

/* ---------------------------------------------------------------------------------------------------------------
 * Graphviz
 */

static void add_dot_text(struct bp_strbuf *buffer, const char *text) {
        for (; *text; text++) {
                if (*text == '"' || *text == '\\')
                        bp_strbuf_add_char(buffer, '\\');
                bp_strbuf_add_char(buffer, *text == '\n' ? ' ' : *text);
        }
}

static void add_dot_edge(struct bp_strbuf *buffer, const struct bp_step_definition *from,
                         const struct bp_step_definition *to, const char *label) {
        bp_strbuf_add_text(buffer, "  \"");
        add_dot_text(buffer, from->id);
        bp_strbuf_add_text(buffer, "\" -> \"");
        add_dot_text(buffer, to->id);
        bp_strbuf_add_char(buffer, '"');
        if (label) {
                bp_strbuf_add_text(buffer, " [label=\"");
                add_dot_text(buffer, label);
                bp_strbuf_add_text(buffer, "\", style=dashed]");
        }
        bp_strbuf_add_text(buffer, ";\n");
}

void bp_graph_write_dot(struct bp_strbuf *buffer, const struct bp_definition *definition) {
        bp_strbuf_add_text(buffer, "digraph \"");
        add_dot_text(buffer, definition->name);
        bp_strbuf_add_text(buffer, "\" {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n");
        for (uint32_t i = 0; i < definition->n_steps; i++) {
                bp_strbuf_add_text(buffer, "  \"");
                add_dot_text(buffer, definition->steps[i].id);
                bp_strbuf_add_text(buffer, "\" [label=\"");
                add_dot_text(buffer, definition->steps[i].name);
                bp_strbuf_add_text(buffer, "\\n");
                add_dot_text(buffer, definition->steps[i].action);
                bp_strbuf_add_text(buffer, "\"];\n");
        }
        for_each_edge(buffer, definition, add_dot_edge);
        bp_strbuf_add_text(buffer, "}\n");
}

/* ---------------------------------------------------------------------------------------------------------------
 * Mermaid
 */

/* Characters that mean something to Mermaid or HTML are written as entities. */
static void add_mermaid_text(struct bp_strbuf *buffer, const char *text) {
        for (; *text; text++) {
                if (strchr("\"#&;<>\\`|", *text))
                        bp_strbuf_printf(buffer, "#%d;", *text);
                else
                        bp_strbuf_add_char(buffer, *text == '\n' ? ' ' : *text);
        }
}

static void add_mermaid_edge(struct bp_strbuf *buffer, const struct bp_step_definition *from,
                             const struct bp_step_definition *to, const char *label) {
        bp_strbuf_printf(buffer, "  s%u ", from->index);
        if (label) {
                bp_strbuf_add_text(buffer, "-.->|\"");
                add_mermaid_text(buffer, label);
                bp_strbuf_add_text(buffer, "\"|");
        } else {
                bp_strbuf_add_text(buffer, "-->");
        }
        bp_strbuf_printf(buffer, " s%u\n", to->index);
}

void bp_graph_write_mermaid(struct bp_strbuf *buffer, const struct bp_definition *definition) {
        bp_strbuf_add_text(buffer, "flowchart LR\n");
        for (uint32_t i = 0; i < definition->n_steps; i++) {
                bp_strbuf_printf(buffer, "  s%u[\"", i);
                add_mermaid_text(buffer, definition->steps[i].name);
                bp_strbuf_add_text(buffer, "<br/>");
                add_mermaid_text(buffer, definition->steps[i].action);
                bp_strbuf_add_text(buffer, "\"]\n");
        }
        for_each_edge(buffer, definition, add_mermaid_edge);
}

/* ---------------------------------------------------------------------------------------------------------------
 * JSON
 */

static void add_json_text(struct bp_strbuf *buffer, const char *text) {
        bp_json_write_string(buffer, text, strlen(text));
}

static void add_json_edge(struct bp_strbuf *buffer, const struct bp_step_definition *from,
                          const struct bp_step_definition *to, const char *label) {
        bp_strbuf_add_text(buffer, "{\"from\":");
        add_json_text(buffer, from->id);
        bp_strbuf_add_text(buffer, ",\"to\":");
        add_json_text(buffer, to->id);
        if (label) {
                bp_strbuf_add_text(buffer, ",\"label\":");
                add_json_text(buffer, label);
        }
        bp_strbuf_add_text(buffer, "},");
}

/* Takes the comma behind the last item away. */
static void close_list(struct bp_strbuf *buffer, char bracket) {
        if (!buffer->error && buffer->text[buffer->size - 1] == ',')
                buffer->text[--buffer->size] = '\0';
        bp_strbuf_add_char(buffer, bracket);
}

void bp_graph_write_json(struct bp_strbuf *buffer, const struct bp_definition *definition) {
        bp_strbuf_add_text(buffer, "{\"name\":");
        add_json_text(buffer, definition->name);
        bp_strbuf_add_text(buffer, ",\"nodes\":[");
        for (uint32_t i = 0; i < definition->n_steps; i++) {
                bp_strbuf_add_text(buffer, "{\"id\":");
                add_json_text(buffer, definition->steps[i].id);
                bp_strbuf_add_text(buffer, ",\"name\":");
                add_json_text(buffer, definition->steps[i].name);
                bp_strbuf_add_text(buffer, ",\"action\":");
                add_json_text(buffer, definition->steps[i].action);
                bp_strbuf_printf(buffer, ",\"level\":%u},", definition->steps[i].level);
        }
        close_list(buffer, ']');
        bp_strbuf_add_text(buffer, ",\"edges\":[");
        for_each_edge(buffer, definition, add_json_edge);
        close_list(buffer, ']');
        bp_strbuf_add_text(buffer, "}\n");
}
