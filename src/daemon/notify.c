/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/notify.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST_LISTEN_FD = 3 };

/* A variable that names a process must name this one; without it, the value is ours. */
static bool is_ours(const char *pid_variable) {
        const char *pid = getenv(pid_variable);

        return !pid || strtoll(pid, NULL, 10) == (long long)getpid();
}

static uint64_t number_of(const char *variable) {
        const char *text = getenv(variable);

        return text ? strtoull(text, NULL, 10) : 0;
}

/* A path, or a name without one that begins with @. */
static int connect_to(const char *path) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        size_t size = strlen(path);
        int fd;

        if (size < 2 || size >= sizeof(address.sun_path) || (path[0] != '/' && path[0] != '@'))
                return -1;
        memcpy(address.sun_path, path, size);
        if (path[0] == '@')
                address.sun_path[0] = '\0';
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -1;
        if (connect(fd, (const struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)) <
            0) {
                close(fd);
                return -1;
        }
        return fd;
}

void bp_notify_open(struct bp_notify *notify) {
        static const char *const variables[] = {"NOTIFY_SOCKET",  "LISTEN_FDS",    "LISTEN_PID",
                                                "LISTEN_FDNAMES", "WATCHDOG_USEC", "WATCHDOG_PID"};
        const char *path = getenv("NOTIFY_SOCKET");

        *notify = (struct bp_notify){.fd = path ? connect_to(path) : -1};
        if (getenv("LISTEN_PID") && is_ours("LISTEN_PID") && number_of("LISTEN_FDS") > 0)
                notify->listen_fd = FIRST_LISTEN_FD;
        if (is_ours("WATCHDOG_PID"))
                notify->watchdog_us = number_of("WATCHDOG_USEC");
        for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
                unsetenv(variables[i]);
}

void bp_notify_close(struct bp_notify *notify) {
        if (notify->fd >= 0)
                close(notify->fd);
        notify->fd = -1;
}

void bp_notify_send(const struct bp_notify *notify, const char *state) {
        if (notify->fd >= 0)
                (void)send(notify->fd, state, strlen(state), MSG_NOSIGNAL);
}
