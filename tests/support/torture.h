/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Torture: runs a piece of work again and again, and lets another memory request fail each time, until it gets through.
 * Work that ignores a failed request crashes here; work that does not report it fails the test; work that leaks shows
 * under the address sanitizer.
 */
#ifndef BP_TESTS_TORTURE_H
#define BP_TESTS_TORTURE_H

#include "unit.h"

#include <errno.h>

#include "base/memory.h"

enum { TORTURE_MOST_REQUESTS = 1000000 };

/* @param work returns what the code under test returned; must give back everything it made
 * @return what the work returned once nothing failed any more */
static inline int torture(int (*work)(const void *data), const void *data) {
        for (int64_t request = 0; request < TORTURE_MOST_REQUESTS; request++) {
                int r;

                bp_torture_fail_after(request);
                r = work(data);
                if (!bp_torture_has_failed()) {
                        bp_torture_fail_after(-1);
                        return r;
                }
                bp_torture_fail_after(-1);
                if (r != -ENOMEM)
                        fail_msg("memory request %lld failed and the work returned %d", (long long)request, r);
        }
        fail_msg("the work makes more than %d memory requests", TORTURE_MOST_REQUESTS);
        return -E2BIG;
}

#endif
