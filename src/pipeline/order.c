/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph: who waits for whom, levels, ancestors, cycles. Sets of steps are bit sets, one row for each step; a row
 * begins as the direct dependencies and becomes the ancestors once the order is known.
 */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/similar.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "pipeline/loader.h"

/* The graph while it is read. */
struct graph {
        struct bp_loader *loader;
        struct bp_arena *scratch;
        uint32_t n_steps, n_words;
        uint64_t *rows;      /* n_steps rows of n_words: direct dependencies */
        uint32_t *order;     /* steps in the order of their levels */
        uint32_t n_ordered;  /* fewer than n_steps when there is a cycle */
        uint32_t *remaining; /* dependencies not yet in `order`, by step */
};

static uint64_t *row_of(const struct graph *graph, uint32_t step) {
        return graph->rows + (size_t)step * graph->n_words;
}

static bool has_bit(const uint64_t *row, uint32_t bit) {
        return row[bit / 64] >> (bit % 64) & 1;
}

static void set_bit(uint64_t *row, uint32_t bit) {
        row[bit / 64] |= (uint64_t)1 << (bit % 64);
}

/* The first bit of a row from `from` on, or n_steps. */
static uint32_t next_bit(const struct graph *graph, const uint64_t *row, uint32_t from) {
        for (uint32_t word = from / 64; word < graph->n_words; word++) {
                uint64_t bits = row[word];

                if (word == from / 64)
                        bits &= UINT64_MAX << (from % 64);
                if (bits)
                        return word * 64 + (uint32_t)__builtin_ctzll(bits);
        }
        return graph->n_steps;
}

static uint32_t count_bits(const struct graph *graph, const uint64_t *row) {
        uint32_t count = 0;

        for (uint32_t word = 0; word < graph->n_words; word++)
                count += (uint32_t)__builtin_popcountll(row[word]);
        return count;
}

/* ---- ids and dependencies ---- */

static int number_steps(struct bp_loader *loader) {
        const struct bp_path steps = {.key = "steps"};
        struct bp_object_builder numbers;

        bp_object_init(&numbers, loader->arena);
        for (uint32_t i = 0; i < loader->definition->n_steps; i++) {
                const struct bp_path at = {.parent = &steps, .index = i}, path = {.parent = &at, .key = "id"};
                const char *id = loader->steps[i].id;
                int r = 0;

                if (!*id)
                        continue;
                if (bp_object_has(&numbers, id, strlen(id)))
                        r = bp_findings_error(&loader->findings, "DUPLICATE_STEP", &path, "Duplicate step ID '%s'", id);
                else
                        bp_object_set_z(&numbers, id, bp_value_int(i));
                if (r < 0)
                        return r;
        }
        return bp_object_finish(&numbers, &loader->loaded->step_numbers);
}

const char *bp_loader_nearest_step(const struct bp_loader *loader, const char *wanted) {
        struct bp_similar similar;

        if (!bp_findings_may_hint(&loader->findings) || strlen(wanted) < 3)
                return NULL;
        bp_similar_init(&similar, wanted);
        for (uint32_t i = 0; i < loader->definition->n_steps; i++)
                if (*loader->steps[i].id)
                        bp_similar_offer(&similar, loader->steps[i].id);
        return similar.nearest;
}

static int report_unknown_step(struct bp_loader *loader, const struct bp_path *path, const char *id) {
        char hint[96];

        return bp_findings_error(&loader->findings, "UNKNOWN_STEP", path, "Unknown step '%s'%s", id,
                                 bp_findings_hint(bp_loader_nearest_step(loader, id), hint));
}

static int report_self(struct bp_loader *loader, const struct bp_path *path, const char *id) {
        return bp_findings_error(&loader->findings, "SELF_DEPENDENCY", path, "Step '%s' cannot depend on itself", id);
}

static int read_dependency(const struct graph *graph, uint32_t step, const char *id, const struct bp_path *path) {
        struct bp_loader *loader = graph->loader;
        int64_t number = bp_number_of(&loader->loaded->step_numbers, id);

        if (strcmp(id, loader->steps[step].id) == 0)
                return report_self(loader, path, id);
        if (number < 0)
                return report_unknown_step(loader, path, id);
        set_bit(row_of(graph, step), (uint32_t)number);
        return 0;
}

static int read_dependencies(const struct graph *graph, uint32_t step) {
        const struct bp_value *list = bp_value_get(&graph->loader->steps_normal->as.items[step], "depends_on");
        const struct bp_path steps = {.key = "steps"}, at = {.parent = &steps, .index = step};
        const struct bp_path field = {.parent = &at, .key = "depends_on"};

        for (uint32_t i = 0; list && i < list->count; i++) {
                const struct bp_path path = {.parent = &field, .index = i};
                const struct bp_value *id = &list->as.items[i];
                int r = id->type == BP_STRING ? read_dependency(graph, step, id->as.text, &path) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- dependencies that follow from routing ---- */

struct route {
        const struct graph *graph;
        const struct bp_step_definition *step;
};

static int imply_dependency(const struct graph *graph, const struct bp_step_definition *step, uint32_t target) {
        const struct bp_path steps = {.key = "steps"}, at = {.parent = &steps, .index = target};
        const struct bp_path path = {.parent = &at, .key = "depends_on"};

        if (has_bit(row_of(graph, target), step->index))
                return 0;
        set_bit(row_of(graph, target), step->index);
        return bp_findings_warning(&graph->loader->findings, "IMPLIED_DEPENDENCY", &path,
                                   "Step '%s' is a target of '%s' and therefore runs after it; add '%s' to its "
                                   "depends_on",
                                   graph->loader->steps[target].id, step->id, step->id);
}

static int follow_branch(void *userdata, const struct bp_branch *branch, const struct bp_path *path) {
        const struct route *route = userdata;
        struct bp_loader *loader = route->graph->loader;
        const struct bp_path target_path = {.parent = path, .key = "target_step"};
        int64_t target;

        if (!branch->target_step)
                return 0;
        if (strcmp(branch->target_step, route->step->id) == 0)
                return report_self(loader, &target_path, branch->target_step);
        target = bp_number_of(&loader->loaded->step_numbers, branch->target_step);
        if (target < 0)
                return report_unknown_step(loader, &target_path, branch->target_step);
        return imply_dependency(route->graph, route->step, (uint32_t)target);
}

static int read_graph(const struct graph *graph) {
        for (uint32_t i = 0; i < graph->n_steps; i++) {
                int r = read_dependencies(graph, i);

                if (r < 0)
                        return r;
        }
        for (uint32_t i = 0; i < graph->n_steps; i++) {
                struct route route = {.graph = graph, .step = &graph->loader->steps[i]};
                int r = bp_step_branches(route.step, follow_branch, &route);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- lists ---- */

static int list_dependencies(const struct graph *graph, struct bp_step_definition *step) {
        const uint64_t *row = row_of(graph, step->index);
        uint32_t count = count_bits(graph, row), used = 0;
        uint32_t *list = bp_arena_array(graph->loader->arena, count, sizeof(*list));

        if (!list)
                return -ENOMEM;
        for (uint32_t bit = next_bit(graph, row, 0); bit < graph->n_steps; bit = next_bit(graph, row, bit + 1)) {
                list[used++] = bit;
                graph->loader->steps[bit].n_dependents++;
        }
        step->depends_on = list;
        step->n_depends_on = count;
        return 0;
}

static int list_dependents(const struct graph *graph) {
        struct bp_step_definition *steps = graph->loader->steps;
        uint32_t **lists = bp_arena_array(graph->scratch, graph->n_steps, sizeof(*lists));

        if (!lists)
                return -ENOMEM;
        for (uint32_t i = 0; i < graph->n_steps; i++) {
                lists[i] = bp_arena_array(graph->loader->arena, steps[i].n_dependents, sizeof(**lists));
                if (!lists[i])
                        return -ENOMEM;
                steps[i].dependents = lists[i];
        }
        for (uint32_t i = 0; i < graph->n_steps; i++)
                for (uint32_t d = 0; d < steps[i].n_depends_on; d++)
                        *lists[steps[i].depends_on[d]]++ = i;
        return 0;
}

static int list_edges(const struct graph *graph) {
        for (uint32_t i = 0; i < graph->n_steps; i++) {
                int r = list_dependencies(graph, &graph->loader->steps[i]);

                if (r < 0)
                        return r;
        }
        return list_dependents(graph);
}

/* ---- levels (Kahn) ---- */

static void place(struct graph *graph, uint32_t step) {
        graph->order[graph->n_ordered++] = step;
}

static void place_dependents(struct graph *graph, const struct bp_step_definition *step) {
        for (uint32_t i = 0; i < step->n_dependents; i++) {
                struct bp_step_definition *dependent = &graph->loader->steps[step->dependents[i]];

                if (dependent->level < step->level + 1)
                        dependent->level = step->level + 1;
                if (--graph->remaining[dependent->index] == 0)
                        place(graph, dependent->index);
        }
}

static void assign_levels(struct graph *graph) {
        for (uint32_t i = 0; i < graph->n_steps; i++) {
                graph->remaining[i] = graph->loader->steps[i].n_depends_on;
                if (!graph->remaining[i])
                        place(graph, i);
        }
        for (uint32_t at = 0; at < graph->n_ordered; at++)
                place_dependents(graph, &graph->loader->steps[graph->order[at]]);
}

/* A counting sort: steps of one level keep the order of the definition. */
static int order_starts(const struct graph *graph) {
        struct bp_step_definition *steps = graph->loader->steps;
        uint32_t *order = bp_arena_array(graph->loader->arena, graph->n_steps, sizeof(*order));
        uint32_t *next = bp_arena_array(graph->scratch, (size_t)graph->n_steps + 1, sizeof(*next));

        if (!order || !next)
                return -ENOMEM;
        for (uint32_t i = 0; i < graph->n_steps; i++)
                next[steps[i].level + 1]++;
        for (uint32_t level = 0; level < graph->n_steps; level++)
                next[level + 1] += next[level];
        for (uint32_t i = 0; i < graph->n_steps; i++) {
                steps[i].start_position = next[steps[i].level]++;
                order[steps[i].start_position] = i;
        }
        graph->loader->definition->start_order = order;
        return 0;
}

static void find_ancestors(const struct graph *graph) {
        for (uint32_t at = 0; at < graph->n_steps; at++) {
                struct bp_step_definition *step = &graph->loader->steps[graph->order[at]];
                uint64_t *row = row_of(graph, step->index);

                for (uint32_t d = 0; d < step->n_depends_on; d++) {
                        const uint64_t *other = row_of(graph, step->depends_on[d]);

                        for (uint32_t word = 0; word < graph->n_words; word++)
                                row[word] |= other[word];
                }
                step->ancestors = row;
        }
}

/* ---- cycles ---- */

/* A walk along the dependencies, depth first. The path from its start to where it is stands in `path`. */
struct walk {
        uint32_t *path, *next; /* steps; where to go on in the row of each */
        uint32_t depth;
        enum visit {
                NEW,
                ON_PATH,
                DONE,
        } *
                visits;
        bool *reported; /* steps of a cycle that is known */
};

static int report_cycle(const struct graph *graph, struct walk *walk, uint32_t first) {
        const struct bp_step_definition *steps = graph->loader->steps;
        const struct bp_path all = {.key = "steps"}, at = {.parent = &all, .index = steps[first].index};
        const struct bp_path path = {.parent = &at, .key = "depends_on"};
        struct bp_strbuf text;
        uint32_t from = walk->depth;
        bool is_known = false;

        while (walk->path[from - 1] != first)
                from--;
        for (uint32_t i = from - 1; i < walk->depth; i++) {
                is_known |= walk->reported[walk->path[i]];
                walk->reported[walk->path[i]] = true;
        }
        if (is_known)
                return 0;
        bp_strbuf_init(&text, graph->scratch, BP_ARENA_UNLIMITED / 2);
        for (uint32_t i = from - 1; i < walk->depth; i++)
                bp_strbuf_printf(&text, "%s -> ", steps[walk->path[i]].id);
        bp_strbuf_add_text(&text, steps[first].id);
        if (text.error)
                return text.error;
        return bp_findings_error(&graph->loader->findings, "CYCLE", &path, "Cyclic dependency detected: %s",
                                 bp_strbuf_text(&text));
}

static void enter(struct walk *walk, uint32_t step) {
        walk->visits[step] = ON_PATH;
        walk->next[walk->depth] = 0;
        walk->path[walk->depth++] = step;
}

static int walk_from(const struct graph *graph, struct walk *walk, uint32_t start) {
        enter(walk, start);
        while (walk->depth) {
                uint32_t step = walk->path[walk->depth - 1];
                uint32_t dependency = next_bit(graph, row_of(graph, step), walk->next[walk->depth - 1]);
                int r = 0;

                if (dependency == graph->n_steps) {
                        walk->visits[step] = DONE;
                        walk->depth--;
                        continue;
                }
                walk->next[walk->depth - 1] = dependency + 1;
                if (walk->visits[dependency] == ON_PATH)
                        r = report_cycle(graph, walk, dependency);
                else if (walk->visits[dependency] == NEW)
                        enter(walk, dependency);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Every knot of cycles is reported by one of its cycles, and no step is reported twice. */
static int report_cycles(const struct graph *graph) {
        struct walk walk = {
                .path = bp_arena_array(graph->scratch, graph->n_steps, sizeof(*walk.path)),
                .next = bp_arena_array(graph->scratch, graph->n_steps, sizeof(*walk.next)),
                .visits = bp_arena_array(graph->scratch, graph->n_steps, sizeof(*walk.visits)),
                .reported = bp_arena_array(graph->scratch, graph->n_steps, sizeof(*walk.reported)),
        };

        if (!walk.path || !walk.next || !walk.visits || !walk.reported)
                return -ENOMEM;
        for (uint32_t i = 0; i < graph->n_steps; i++) {
                int r = graph->remaining[i] && walk.visits[i] == NEW ? walk_from(graph, &walk, i) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

static int order_graph(struct graph *graph) {
        int r = read_graph(graph);

        if (r < 0)
                return r;
        r = list_edges(graph);
        if (r < 0)
                return r;
        assign_levels(graph);
        if (graph->n_ordered < graph->n_steps)
                return report_cycles(graph);
        graph->loader->is_ordered = true;
        find_ancestors(graph);
        return order_starts(graph);
}

int bp_loader_order(struct bp_loader *loader) {
        _cleanup_(bp_arena_freep) struct bp_arena *scratch = bp_arena_new(BP_ARENA_UNLIMITED);
        struct graph graph = {.loader = loader, .scratch = scratch, .n_steps = loader->definition->n_steps};
        int r;

        if (!scratch)
                return -ENOMEM;
        graph.n_words = (graph.n_steps + 63) / 64;
        graph.rows = bp_arena_array(loader->arena, (size_t)graph.n_steps * graph.n_words, sizeof(*graph.rows));
        graph.order = bp_arena_array(scratch, graph.n_steps, sizeof(*graph.order));
        graph.remaining = bp_arena_array(scratch, graph.n_steps, sizeof(*graph.remaining));
        if (!graph.rows || !graph.order || !graph.remaining)
                return -ENOMEM;
        r = number_steps(loader);
        return r < 0 ? r : order_graph(&graph);
}
