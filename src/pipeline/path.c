/* SPDX-License-Identifier: Apache-2.0 */
/* The chain runs from the end to the root, and so does bp_problem_prefix(): both meet here. */
#include "pipeline/path.h"

#include <string.h>

#include "base/problem.h"

const char *bp_path_write(const struct bp_path *path, char text[static BP_PATH_TEXT_SIZE]) {
        struct bp_problem problem = {0};

        _Static_assert(sizeof(problem.pointer) == BP_PATH_TEXT_SIZE, "a path fits into a problem");
        for (; path; path = path->parent) {
                if (path->key)
                        bp_problem_prefix(&problem, path->key);
                else
                        bp_problem_prefix_index(&problem, path->index);
        }
        memcpy(text, problem.pointer, BP_PATH_TEXT_SIZE);
        return text;
}
