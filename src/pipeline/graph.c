/* SPDX-License-Identifier: Apache-2.0 */
/* Ids and names come from outsiders: every format has its own way to keep them from being read as syntax. */
#include "pipeline/graph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "pipeline/definition.h"

/* ---- sorted ids ---- */

/* UTF-8 sorts by bytes as it does by code points. */
static int compare_ids(const void *a, const void *b) {
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The ids of some steps, for sorting. */
struct ids {
        const char **items;
        size_t count;
};

static void write_text(struct bp_strbuf *buffer, const char *text) {
        bp_json_write_string(buffer, text, strlen(text));
}

static void write_sorted(struct bp_strbuf *buffer, struct ids *ids) {
        qsort(ids->items, ids->count, sizeof(*ids->items), compare_ids);
        bp_strbuf_add_char(buffer, '[');
        for (size_t i = 0; i < ids->count; i++) {
                if (i)
                        bp_strbuf_add_char(buffer, ',');
                write_text(buffer, ids->items[i]);
        }
        bp_strbuf_add_char(buffer, ']');
        ids->count = 0;
}

static bool open_ids(struct bp_strbuf *buffer, const struct bp_definition *definition, struct ids *ret_ids) {
        *ret_ids = (struct ids){.items = bp_calloc(definition->n_steps, sizeof(*ret_ids->items))};
        if (!ret_ids->items && !buffer->error)
                buffer->error = -ENOMEM;
        return ret_ids->items != NULL;
}

static void close_ids(struct ids *ids) {
        free(ids->items);
}

static void add_batches(struct bp_strbuf *buffer, const struct bp_definition *definition, struct ids *ids) {
        bp_strbuf_add_char(buffer, '[');
        for (uint32_t i = 0; i < definition->n_steps; i++) {
                const struct bp_step_definition *step = &definition->steps[definition->start_order[i]];
                bool is_last = i + 1 == definition->n_steps ||
                               definition->steps[definition->start_order[i + 1]].level != step->level;

                ids->items[ids->count++] = step->id;
                if (!is_last)
                        continue;
                if (step->level)
                        bp_strbuf_add_char(buffer, ',');
                write_sorted(buffer, ids);
        }
        bp_strbuf_add_char(buffer, ']');
}

void bp_definition_write_batches(struct bp_strbuf *buffer, const struct bp_definition *definition) {
        _cleanup_(close_ids) struct ids ids;

        if (open_ids(buffer, definition, &ids))
                add_batches(buffer, definition, &ids);
}

static bool is_root(const struct bp_step_definition *step) {
        return step->n_depends_on == 0;
}

static bool is_leaf(const struct bp_step_definition *step) {
        return step->n_dependents == 0;
}

static void add_those(struct bp_strbuf *buffer, const struct bp_definition *definition, struct ids *ids,
                      bool (*belongs)(const struct bp_step_definition *step)) {
        for (uint32_t i = 0; i < definition->n_steps; i++)
                if (belongs(&definition->steps[i]))
                        ids->items[ids->count++] = definition->steps[i].id;
        write_sorted(buffer, ids);
}

static void add_levels(struct bp_strbuf *buffer, const struct bp_definition *definition) {
        for (uint32_t i = 0; i < definition->n_steps; i++) {
                bp_strbuf_add_char(buffer, i ? ',' : '{');
                write_text(buffer, definition->steps[i].id);
                bp_strbuf_printf(buffer, ":%u", definition->steps[i].level);
        }
        bp_strbuf_add_char(buffer, '}');
}

static void add_ancestors(struct bp_strbuf *buffer, const struct bp_definition *definition, struct ids *ids) {
        for (uint32_t i = 0; i < definition->n_steps; i++) {
                for (uint32_t other = 0; other < definition->n_steps; other++)
                        if (bp_step_is_after(&definition->steps[i], other))
                                ids->items[ids->count++] = definition->steps[other].id;
                bp_strbuf_add_char(buffer, i ? ',' : '{');
                write_text(buffer, definition->steps[i].id);
                bp_strbuf_add_char(buffer, ':');
                write_sorted(buffer, ids);
        }
        bp_strbuf_add_char(buffer, '}');
}

void bp_definition_write_order(struct bp_strbuf *buffer, const struct bp_definition *definition) {
        _cleanup_(close_ids) struct ids ids;

        if (!open_ids(buffer, definition, &ids))
                return;
        bp_strbuf_add_text(buffer, "\"batches\":");
        add_batches(buffer, definition, &ids);
        bp_strbuf_add_text(buffer, ",\"roots\":");
        add_those(buffer, definition, &ids, is_root);
        bp_strbuf_add_text(buffer, ",\"leaves\":");
        add_those(buffer, definition, &ids, is_leaf);
        bp_strbuf_add_text(buffer, ",\"levels\":");
        add_levels(buffer, definition);
        bp_strbuf_add_text(buffer, ",\"transitive_deps\":");
        add_ancestors(buffer, definition, &ids);
}

/* ---- drawings ---- */

/* Calls `edge` for every dependency, in the order of the definition. */
static void for_edges(struct bp_strbuf *buffer, const struct bp_definition *definition,
                      void (*edge)(struct bp_strbuf *buffer, const struct bp_step_definition *from,
                                   const struct bp_step_definition *to)) {
        for (uint32_t i = 0; i < definition->n_steps; i++)
                for (uint32_t d = 0; d < definition->steps[i].n_depends_on; d++)
                        edge(buffer, &definition->steps[definition->steps[i].depends_on[d]], &definition->steps[i]);
}

/* A quoted text of DOT knows two escapes; line ends and other controls become spaces. */
static void write_dot_text(struct bp_strbuf *buffer, const char *text) {
        for (; *text; text++) {
                if (*text == '"' || *text == '\\')
                        bp_strbuf_add_char(buffer, '\\');
                bp_strbuf_add_char(buffer, (unsigned char)*text < 0x20 ? ' ' : *text);
        }
}

static void write_dot_edge(struct bp_strbuf *buffer, const struct bp_step_definition *from,
                           const struct bp_step_definition *to) {
        bp_strbuf_add_text(buffer, "  \"");
        write_dot_text(buffer, from->id);
        bp_strbuf_add_text(buffer, "\" -> \"");
        write_dot_text(buffer, to->id);
        bp_strbuf_add_text(buffer, "\";\n");
}

static void write_dot(struct bp_strbuf *buffer, const struct bp_definition *definition) {
        bp_strbuf_add_text(buffer, "digraph \"");
        write_dot_text(buffer, definition->name);
        bp_strbuf_add_text(buffer, "\" {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n");
        for (uint32_t i = 0; i < definition->n_steps; i++) {
                const struct bp_step_definition *step = &definition->steps[i];

                bp_strbuf_add_text(buffer, "  \"");
                write_dot_text(buffer, step->id);
                bp_strbuf_add_text(buffer, "\" [label=\"");
                write_dot_text(buffer, step->name);
                bp_strbuf_add_text(buffer, "\\n");
                write_dot_text(buffer, step->action);
                bp_strbuf_add_text(buffer, step->condition_text ? "\", style=\"rounded,dashed\"];\n" : "\"];\n");
        }
        for_edges(buffer, definition, write_dot_edge);
        bp_strbuf_add_text(buffer, "}\n");
}

/* Everything that Mermaid or the HTML it makes could read as more than text goes by number. */
static void write_mermaid_text(struct bp_strbuf *buffer, const char *text) {
        for (; *text; text++) {
                unsigned char byte = (unsigned char)*text;

                if (byte < 0x20)
                        bp_strbuf_add_char(buffer, ' ');
                else if (strchr("\"#&<>`\\;%[]{}()|", byte))
                        bp_strbuf_printf(buffer, "#%u;", byte);
                else
                        bp_strbuf_add_char(buffer, *text);
        }
}

static void write_mermaid_edge(struct bp_strbuf *buffer, const struct bp_step_definition *from,
                               const struct bp_step_definition *to) {
        bp_strbuf_printf(buffer, "  s%u --> s%u\n", from->index, to->index);
}

static void write_mermaid(struct bp_strbuf *buffer, const struct bp_definition *definition) {
        bp_strbuf_add_text(buffer, "flowchart LR\n");
        for (uint32_t i = 0; i < definition->n_steps; i++) {
                const struct bp_step_definition *step = &definition->steps[i];

                bp_strbuf_printf(buffer, "  s%u[\"", i);
                write_mermaid_text(buffer, step->name);
                bp_strbuf_add_text(buffer, "<br/><small>");
                write_mermaid_text(buffer, step->action);
                bp_strbuf_add_text(buffer, "</small>\"]\n");
        }
        for_edges(buffer, definition, write_mermaid_edge);
}

/* ---- JSON ---- */

static void write_member(struct bp_strbuf *buffer, const char *lead, const char *text) {
        bp_strbuf_add_text(buffer, lead);
        write_text(buffer, text);
}

static void write_json_edge(struct bp_strbuf *buffer, const struct bp_step_definition *from,
                            const struct bp_step_definition *to) {
        if (buffer->text[buffer->size - 1] != '[')
                bp_strbuf_add_char(buffer, ',');
        write_member(buffer, "{\"from\":", from->id);
        write_member(buffer, ",\"to\":", to->id);
        bp_strbuf_add_char(buffer, '}');
}

static void write_json(struct bp_strbuf *buffer, const struct bp_definition *definition) {
        write_member(buffer, "{\"name\":", definition->name);
        bp_strbuf_add_text(buffer, ",\"steps\":[");
        for (uint32_t i = 0; i < definition->n_steps; i++) {
                const struct bp_step_definition *step = &definition->steps[i];

                write_member(buffer, i ? ",{\"id\":" : "{\"id\":", step->id);
                write_member(buffer, ",\"name\":", step->name);
                write_member(buffer, ",\"action\":", step->action);
                bp_strbuf_printf(buffer, ",\"level\":%u}", step->level);
        }
        bp_strbuf_add_text(buffer, "],\"edges\":[");
        if (!buffer->error)
                for_edges(buffer, definition, write_json_edge);
        bp_strbuf_add_text(buffer, "],");
        bp_definition_write_order(buffer, definition);
        bp_strbuf_add_text(buffer, "}\n");
}

void bp_definition_write_graph(struct bp_strbuf *buffer, const struct bp_definition *definition,
                               enum bp_graph_format format) {
        static void (*const writers[])(struct bp_strbuf *, const struct bp_definition *) = {
                [BP_GRAPH_DOT] = write_dot, [BP_GRAPH_MERMAID] = write_mermaid, [BP_GRAPH_JSON] = write_json};

        writers[format](buffer, definition);
}
