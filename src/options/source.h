/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file source.h
 * Where the things of the platform are listed: one row for each kind of parameter that names one. The same table stands
 * in docs/services.md. Private to the room.
 */
#ifndef BP_OPTIONS_SOURCE_H
#define BP_OPTIONS_SOURCE_H

#include <budpipeline/action.h>

/** One list of one service. */
struct bp_options_source {
        enum bp_param_type type;
        const char *service, *path;
        const char *search;                      /**< parameter of the query: the text that is looked for */
        const char *size;                        /**< parameter of the query: how many are wanted */
        const char *within;                      /**< parameter of the query, and member of an item; NULL: none */
        const char *list;                        /**< JSON Pointer into the answer */
        const char *total;                       /**< the same: how many there are in all, where the service says so */
        const char *value, *label, *description; /**< JSON Pointers into an item */
};

/** The list of things of a kind, or NULL. */
const struct bp_options_source *bp_options_source_of(enum bp_param_type type);

#endif
