/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file route.h
 * Which route a path names. A tree of path segments, built once: literal segments before placeholders, and a later
 * placeholder where the literal has no such method. Private to the room.
 */
#ifndef BP_SERVER_ROUTE_H
#define BP_SERVER_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/server.h"

struct bp_arena;
struct bp_problem;
struct bp_route_tree;

/** Most segments of a path: one with more has no route. */
#define BP_PATH_SEGMENTS 16

/** A route with what follows from its tables. */
struct bp_compiled_route {
        const struct bp_route *route;
        size_t n_path, n_query, n_headers, n_body;
        const struct bp_value *query_defaults, *header_defaults, *body_defaults; /**< type 0: no default */
};

/** A path as segments, percent-decoded. */
struct bp_segments {
        const char *texts[BP_PATH_SEGMENTS];
        size_t count;
};

/** What a path names. */
struct bp_match {
        const struct bp_compiled_route *route; /**< NULL: none */
        size_t alias;
        const char *const *names;             /**< of the placeholders, in order */
        const char *values[BP_PATH_SEGMENTS]; /**< of the placeholders, in order */
        size_t n_values;
        uint32_t allowed; /**< bits 1 << enum bp_method of all routes of this path */
};

/** Builds the tree of all tables in the arena. @return 0; BP_PROBLEM (ROUTES: two routes of the same path and method, a
 * path or default that cannot be read); -ENOMEM. */
int bp_routes_new(struct bp_arena *arena, const struct bp_route *const *tables, size_t n_tables,
                  struct bp_route_tree **ret_tree, struct bp_problem *reterr_problem);

/** Finds the route of a method and path; without one of this method, `allowed` tells which there are (0: no such path).
 */
void bp_routes_find(const struct bp_route_tree *tree, enum bp_method method, const struct bp_segments *segments,
                    struct bp_match *ret_match);

/** Number of fields of a list that may be NULL. */
size_t bp_fields_count(const struct bp_field *fields);

#endif
