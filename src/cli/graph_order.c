/* SPDX-License-Identifier: Apache-2.0 */
/* The order that follows from a graph, as validation answers it: who may run together, and who needs whom. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "cli/graph_text.h"
#include "pipeline/definition.h"

/* Ids gathered to be written sorted; a failed request for memory sticks in the buffer. */
struct ids {
        struct bp_strbuf *buffer;
        const char **items;
        size_t count;
};

static int compare_ids(const void *a, const void *b) {
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void write_ids(struct ids *ids) {
        qsort(ids->items, ids->count, sizeof(*ids->items), compare_ids);
        bp_strbuf_add_char(ids->buffer, '[');
        for (size_t i = 0; i < ids->count; i++) {
                if (i)
                        bp_strbuf_add_char(ids->buffer, ',');
                bp_json_write_string(ids->buffer, ids->items[i], strlen(ids->items[i]));
        }
        bp_strbuf_add_char(ids->buffer, ']');
        ids->count = 0;
}

/* start_order lists the steps level by level. */
static void write_batches(struct ids *ids, const struct bp_definition *definition) {
        bp_strbuf_add_text(ids->buffer, "\"batches\":[");
        for (uint32_t i = 0; i < definition->n_steps; i++) {
                const struct bp_step_definition *step = &definition->steps[definition->start_order[i]];

                if (i > 0 && step->level != definition->steps[definition->start_order[i - 1]].level) {
                        write_ids(ids);
                        bp_strbuf_add_char(ids->buffer, ',');
                }
                ids->items[ids->count++] = step->id;
        }
        write_ids(ids);
        bp_strbuf_add_text(ids->buffer, "],");
}

static void write_ends(struct ids *ids, const struct bp_definition *definition) {
        bp_strbuf_add_text(ids->buffer, "\"roots\":");
        for (uint32_t i = 0; i < definition->n_steps; i++)
                if (definition->steps[i].n_depends_on == 0)
                        ids->items[ids->count++] = definition->steps[i].id;
        write_ids(ids);
        bp_strbuf_add_text(ids->buffer, ",\"leaves\":");
        for (uint32_t i = 0; i < definition->n_steps; i++)
                if (definition->steps[i].n_dependents == 0)
                        ids->items[ids->count++] = definition->steps[i].id;
        write_ids(ids);
        bp_strbuf_add_char(ids->buffer, ',');
}

static void write_key(struct bp_strbuf *buffer, uint32_t index, const char *id) {
        if (index)
                bp_strbuf_add_char(buffer, ',');
        bp_json_write_string(buffer, id, strlen(id));
        bp_strbuf_add_char(buffer, ':');
}

static void write_levels(struct bp_strbuf *buffer, const struct bp_definition *definition) {
        bp_strbuf_add_text(buffer, "\"levels\":{");
        for (uint32_t i = 0; i < definition->n_steps; i++) {
                write_key(buffer, i, definition->steps[i].id);
                bp_strbuf_printf(buffer, "%u", definition->steps[i].level);
        }
        bp_strbuf_add_text(buffer, "},");
}

static void write_ancestors(struct ids *ids, const struct bp_definition *definition) {
        bp_strbuf_add_text(ids->buffer, "\"transitive_deps\":{");
        for (uint32_t i = 0; i < definition->n_steps; i++) {
                write_key(ids->buffer, i, definition->steps[i].id);
                for (uint32_t j = 0; j < definition->n_steps; j++)
                        if (bp_step_is_after(&definition->steps[i], j))
                                ids->items[ids->count++] = definition->steps[j].id;
                write_ids(ids);
        }
        bp_strbuf_add_text(ids->buffer, "},");
}

void bp_graph_write_order(struct bp_strbuf *buffer, const struct bp_definition *definition) {
        struct ids ids = {.buffer = buffer, .items = bp_calloc(definition->n_steps, sizeof(*ids.items))};

        if (!ids.items) {
                buffer->error = -ENOMEM;
                return;
        }
        write_batches(&ids, definition);
        write_ends(&ids, definition);
        write_levels(buffer, definition);
        write_ancestors(&ids, definition);
        free(ids.items);
}
