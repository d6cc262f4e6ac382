/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of the database in words for a person. */
#include <errno.h>

#include "base/problem.h"
#include "store/state.h"

int bp_store_fault_problem(int error, const char *path, const char *words, struct bp_problem *reterr_problem) {
        switch (error) {
        case -ENOMEM:
                return -ENOMEM;
        case -ENOSPC:
        case -EDQUOT:
                bp_problem_set(reterr_problem, "STORE_FULL", "no room left for the store %s: free some space", path);
                break;
        case -EROFS:
        case -EACCES:
        case -EPERM:
                bp_problem_set(reterr_problem, "STORE_READ_ONLY",
                               "the store %s cannot be written: check the permissions of the file and its folder (%s)",
                               path, words);
                break;
        case -EMEDIUMTYPE:
                bp_problem_set(reterr_problem, "STORE_CORRUPT",
                               "%s is not a store of this program: choose another path (%s)", path,
                               words[0] ? words : "its tables are another program's");
                break;
        case -EUCLEAN:
                bp_problem_set(reterr_problem, "STORE_CORRUPT",
                               "the store %s is damaged: restore it from a backup, nothing was changed (%s)", path,
                               words);
                break;
        case -ESTALE:
                bp_problem_set(reterr_problem, "STORE_FENCED",
                               "another process took the store %s over: stop this one, it writes nothing any more",
                               path);
                break;
        default:
                bp_problem_set(reterr_problem, "STORE_IO", "the store %s cannot be used: %s", path, words);
        }
        return BP_STORE_PROBLEM;
}
