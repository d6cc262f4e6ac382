/* SPDX-License-Identifier: Apache-2.0 */
/* The chain runs from the end to the root, and so does bp_problem_prefix(): both meet here. */
#include "pipeline/path.h"

#include <string.h>

#include "base/problem.h"

/* Keys are as long as their author likes; no more of one is looked at than a pointer can hold. */
static void prefix_key(struct bp_problem *problem, const char *key) {
        char token[BP_PATH_TEXT_SIZE + 1] = "";

        memcpy(token, key, strnlen(key, BP_PATH_TEXT_SIZE));
        bp_problem_prefix(problem, token);
}

void bp_path_prefix(const struct bp_path *path, struct bp_problem *problem) {
        for (; path; path = path->parent) {
                if (path->key)
                        prefix_key(problem, path->key);
                else
                        bp_problem_prefix_index(problem, path->index);
        }
}

const char *bp_path_write(const struct bp_path *path, char text[static BP_PATH_TEXT_SIZE]) {
        struct bp_problem problem = {0};

        _Static_assert(sizeof(problem.pointer) == BP_PATH_TEXT_SIZE, "a path fits into a problem");
        bp_path_prefix(path, &problem);
        memcpy(text, problem.pointer, BP_PATH_TEXT_SIZE);
        return text;
}
