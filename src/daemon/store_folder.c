/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store_folder.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/problem.h"
#include "daemon/config.h"

int bp_store_folder_make(const struct bp_config *config, struct bp_problem *reterr_problem) {
        static const char scheme[] = "sqlite:";
        const char *url = bp_config_text(config, "store.url"), *detail;
        char path[PATH_MAX];

        if (!url || bp_config_origin(config, "store.url", &detail) != BP_FROM_DEFAULT)
                return 0;
        snprintf(path, sizeof(path), "%s", url + sizeof(scheme) - 1);
        for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                if (mkdir(path, 0700) < 0 && errno != EEXIST)
                        return bp_problem_set(reterr_problem, "STORE_IO", "the folder %s cannot be made: %s", path,
                                              strerror(errno));
                *slash = '/';
        }
        return 0;
}
