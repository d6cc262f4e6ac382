/* SPDX-License-Identifier: Apache-2.0 */
#include "server/route.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/value.h"

/* What a path ends at, for one method. */
struct leaf {
        const struct bp_compiled_route *route;
        size_t alias;
        const char *const *names;
};

struct node {
        const char *literal; /* NULL: a placeholder */
        bool is_rest;        /* a placeholder that takes all that follows */
        struct node *next;   /* sibling: placeholders stand last */
        struct node *first_child;
        struct leaf leaves[BP_DELETE + 1];
        uint32_t allowed;
};

struct bp_route_tree {
        struct node root;
};

size_t bp_fields_count(const struct bp_field *fields) {
        size_t count = 0;

        while (fields && fields[count].name)
                count++;
        return count;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Building
 */

static int compile_defaults(struct bp_arena *arena, const struct bp_field *fields, size_t count,
                            const struct bp_value **ret_defaults, struct bp_problem *reterr_problem) {
        struct bp_value *defaults = bp_arena_array(arena, count, sizeof(*defaults));

        if (!defaults)
                return -ENOMEM;
        for (size_t i = 0; i < count; i++) {
                const char *text = fields[i].fallback;
                int r;

                if (!text)
                        continue;
                r = bp_json_parse(arena, text, strlen(text), NULL, &defaults[i], NULL);
                if (r < 0)
                        return r;
                if (r)
                        return bp_problem_set(reterr_problem, "ROUTES", "the default of field %s is not JSON: %s",
                                              fields[i].name, text);
        }
        *ret_defaults = defaults;
        return 0;
}

static int compile(struct bp_arena *arena, const struct bp_route *route, const struct bp_compiled_route **ret_compiled,
                   struct bp_problem *reterr_problem) {
        struct bp_compiled_route *compiled = bp_arena_alloc(arena, sizeof(*compiled));
        int r;

        if (!compiled)
                return -ENOMEM;
        *compiled = (struct bp_compiled_route){
                .route = route,
                .n_path = bp_fields_count(route->path_fields),
                .n_query = bp_fields_count(route->query),
                .n_headers = bp_fields_count(route->headers),
                .n_body = bp_fields_count(route->body),
        };
        r = compile_defaults(arena, route->query, compiled->n_query, &compiled->query_defaults, reterr_problem);
        if (!r)
                r = compile_defaults(arena, route->headers, compiled->n_headers, &compiled->header_defaults,
                                     reterr_problem);
        if (!r)
                r = compile_defaults(arena, route->body, compiled->n_body, &compiled->body_defaults, reterr_problem);
        *ret_compiled = compiled;
        return r;
}

/* The child for a segment of a route's path, made where it is missing. */
static struct node *child_for(struct bp_arena *arena, struct node *parent, const char *literal) {
        struct node **place = &parent->first_child, *child;

        for (; *place; place = &(*place)->next) {
                child = *place;
                if (!literal && !child->literal)
                        return child;
                if (literal && child->literal && strcmp(literal, child->literal) == 0)
                        return child;
                if (literal && !child->literal)
                        break;
        }
        child = bp_arena_alloc(arena, sizeof(*child));
        if (!child)
                return NULL;
        child->literal = literal;
        child->next = *place;
        *place = child;
        return child;
}

static int end_path(struct node *node, const struct bp_compiled_route *compiled, size_t alias, const char *path,
                    const char *const *names, struct bp_problem *reterr_problem) {
        enum bp_method method = compiled->route->method;

        if (method < BP_GET || method > BP_DELETE)
                return bp_problem_set(reterr_problem, "ROUTES", "%s has no method", path);
        if (node->leaves[method].route)
                return bp_problem_set(reterr_problem, "ROUTES", "%s stands in two routes, %s and %s", path,
                                      node->leaves[method].route->route->operation, compiled->route->operation);
        node->leaves[method] = (struct leaf){.route = compiled, .alias = alias, .names = names};
        node->allowed |= 1u << method;
        return 0;
}

static int add_path(struct bp_arena *arena, struct bp_route_tree *tree, const struct bp_compiled_route *compiled,
                    size_t alias, const char *path, struct bp_problem *reterr_problem) {
        const char **names = bp_arena_array(arena, BP_PATH_SEGMENTS, sizeof(*names));
        struct node *node = &tree->root;
        size_t n_names = 0, n_segments = 0;
        const char *at = path;

        if (!names)
                return -ENOMEM;
        while (*at == '/' && at[1]) {
                size_t size = strcspn(at + 1, "/");
                bool is_name = at[1] == '{' && at[size] == '}';
                bool is_rest = is_name && size > 5 && strncmp(at + size - 3, "...", 3) == 0;
                char *text = bp_arena_text(arena, is_name ? at + 2 : at + 1,
                                           is_rest   ? size - 5
                                           : is_name ? size - 2
                                                     : size);

                if (!text)
                        return -ENOMEM;
                if (!size || ++n_segments > BP_PATH_SEGMENTS)
                        break;
                if (is_name)
                        names[n_names++] = text;
                node = child_for(arena, node, is_name ? NULL : text);
                if (!node)
                        return -ENOMEM;
                at += 1 + size;
                if (is_rest) {
                        node->is_rest = true;
                        break;
                }
        }
        if (*at && strcmp(path, "/") != 0)
                return bp_problem_set(reterr_problem, "ROUTES", "'%s' is not a path", path);
        return end_path(node, compiled, alias, path, names, reterr_problem);
}

static int add_route(struct bp_arena *arena, struct bp_route_tree *tree, const struct bp_route *route,
                     struct bp_problem *reterr_problem) {
        const struct bp_compiled_route *compiled;
        int r;

        r = compile(arena, route, &compiled, reterr_problem);
        if (!r)
                r = add_path(arena, tree, compiled, 0, route->path, reterr_problem);
        for (size_t i = 0; !r && route->aliases && route->aliases[i]; i++)
                r = add_path(arena, tree, compiled, i + 1, route->aliases[i], reterr_problem);
        return r;
}

int bp_routes_new(struct bp_arena *arena, const struct bp_route *const *tables, size_t n_tables,
                  struct bp_route_tree **ret_tree, struct bp_problem *reterr_problem) {
        struct bp_route_tree *tree = bp_arena_alloc(arena, sizeof(*tree));

        if (!tree)
                return -ENOMEM;
        for (size_t i = 0; i < n_tables; i++) {
                for (const struct bp_route *route = tables[i]; route->handler; route++) {
                        int r = add_route(arena, tree, route, reterr_problem);

                        if (r)
                                return r;
                }
        }
        *ret_tree = tree;
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Finding
 */

/* Goes down at most BP_PATH_SEGMENTS levels. @return true when a route of the method was found. */
static bool descend(const struct node *node, enum bp_method method, const struct bp_segments *segments, size_t depth,
                    struct bp_match *match) {
        if (depth == segments->count) {
                const struct leaf *leaf = &node->leaves[method];

                match->allowed |= node->allowed;
                if (!leaf->route)
                        return false;
                match->route = leaf->route;
                match->alias = leaf->alias;
                match->names = leaf->names;
                return true;
        }
        for (const struct node *child = node->first_child; child; child = child->next) {
                size_t n_values = match->n_values, next = child->is_rest ? segments->count : depth + 1;

                if (child->literal && strcmp(child->literal, segments->texts[depth]) != 0)
                        continue;
                if (!child->literal)
                        match->values[match->n_values++] = segments->texts[depth];
                if (descend(child, method, segments, next, match))
                        return true;
                match->n_values = n_values;
        }
        return false;
}

void bp_routes_find(const struct bp_route_tree *tree, enum bp_method method, const struct bp_segments *segments,
                    struct bp_match *ret_match) {
        *ret_match = (struct bp_match){0};
        descend(&tree->root, method, segments, 0, ret_match);
}
