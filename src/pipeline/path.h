/* SPDX-License-Identifier: Apache-2.0 */
/* Where in the document a check is: a chain on the stack, written out as a JSON Pointer when there is a problem. */
#ifndef BP_PIPELINE_PATH_H
#define BP_PIPELINE_PATH_H

#include <stddef.h>

struct bp_problem;

/** Bytes of a pointer, NUL included; what bp_problem keeps. */
#define BP_PATH_TEXT_SIZE 256

/** One step of a path. NULL stands for the whole document. */
struct bp_path {
        const struct bp_path *parent;
        const char *key; /**< member name, or NULL for an index */
        size_t index;
};

/** The path as a JSON Pointer; cut, ending in "...", where it is too long. @return `text`. */
const char *bp_path_write(const struct bp_path *path, char text[static BP_PATH_TEXT_SIZE]);

/** Puts the path in front of a problem's pointer. */
void bp_path_prefix(const struct bp_path *path, struct bp_problem *problem);

#endif
