/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from the graph, written for programs: who may run together, and who needs whom. */
#include "pipeline/graph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "pipeline/definition.h"

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
