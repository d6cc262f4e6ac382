/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/handed_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "base/problem.h"
#include "daemon/config.h"

union address {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
        struct sockaddr_storage storage;
};

/* "" for a socket that is no matter of addresses. */
static int address_of(int fd, char text[INET6_ADDRSTRLEN]) {
        union address address;
        socklen_t size = sizeof(address);

        memset(&address, 0, sizeof(address));
        text[0] = '\0';
        if (getsockname(fd, &address.any, &size) < 0)
                return -errno;
        if (address.any.sa_family == AF_INET)
                inet_ntop(AF_INET, &address.four.sin_addr, text, INET6_ADDRSTRLEN);
        else if (address.any.sa_family == AF_INET6)
                inet_ntop(AF_INET6, &address.six.sin6_addr, text, INET6_ADDRSTRLEN);
        return 0;
}

int bp_handed_socket_check(const struct bp_config *config, int fd, struct bp_problem *reterr_problem) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = NULL;
        struct bp_problem_list problems = {0};
        char address[INET6_ADDRSTRLEN];
        int r;

        if (!fd)
                return 0;
        r = address_of(fd, address);
        if (r)
                return bp_problem_set(reterr_problem, "LISTEN", "the socket that was handed over is none: %s",
                                      strerror(-r));
        if (!address[0])
                return 0;
        arena = bp_arena_new(BP_ARENA_UNLIMITED);
        if (!arena)
                return -ENOMEM;
        problems.arena = arena;
        r = bp_config_check_address(config, address, &problems);
        if (r == BP_PROBLEM)
                *reterr_problem = *problems.items[0];
        return r;
}
