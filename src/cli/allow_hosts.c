/* SPDX-License-Identifier: Apache-2.0 */
/* --allow-host as the HTTP client wants it. */
#include "cli/allow_hosts.h"

#include "base/memory.h"
#include "cli/command.h"

const char *const *bp_allow_hosts_read(const struct bp_arguments *arguments, struct bp_arena *arena) {
        const char **hosts = bp_arena_array(arena, arguments->n_given + 1, sizeof(*hosts));
        size_t cursor = 0, count = 0;
        const char *host;

        if (!hosts)
                return NULL;
        while ((host = bp_arguments_next(arguments, BP_OPTION_ALLOW_HOST, &cursor)))
                hosts[count++] = host;
        return hosts;
}
