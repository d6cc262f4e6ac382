/* SPDX-License-Identifier: Apache-2.0 */
#include "server/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/problem.h"
#include "server/networks.h"
#include "server/state.h"

enum { BACKLOG = 1024 };

static int refuse(struct bp_problem *reterr_problem, const char *where, const char *what) {
        return bp_problem_set(reterr_problem, "LISTEN", "cannot listen on %s: %s", where, what);
}

static int read_address(const struct bp_server_settings *settings, struct sockaddr_storage *ret_address,
                        socklen_t *ret_size) {
        struct sockaddr_in *v4 = (void *)ret_address;
        struct sockaddr_in6 *v6 = (void *)ret_address;

        memset(ret_address, 0, sizeof(*ret_address));
        if (inet_pton(AF_INET, settings->address, &v4->sin_addr) == 1) {
                v4->sin_family = AF_INET;
                v4->sin_port = htons(settings->port);
                *ret_size = sizeof(*v4);
                return 0;
        }
        if (inet_pton(AF_INET6, settings->address, &v6->sin6_addr) != 1)
                return 1;
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(settings->port);
        *ret_size = sizeof(*v6);
        return 0;
}

static int open_tcp(struct bp_server *server, struct bp_problem *reterr_problem) {
        const struct bp_server_settings *settings = &server->settings;
        struct sockaddr_storage address;
        socklen_t size;
        char where[96];
        int on = 1;

        snprintf(where, sizeof(where), "%s port %u", settings->address, settings->port);
        if (read_address(settings, &address, &size))
                return refuse(reterr_problem, where, "this is neither an IPv4 nor an IPv6 address");
        server->listen_fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (server->listen_fd < 0)
                return refuse(reterr_problem, where, strerror(errno));
        setsockopt(server->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (bind(server->listen_fd, (const struct sockaddr *)&address, size) || listen(server->listen_fd, BACKLOG))
                return refuse(reterr_problem, where, strerror(errno));
        return 0;
}

/* A socket that nobody serves any more may be replaced; anything else at its place may not. */
static bool is_stale(const struct sockaddr_un *address) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct stat status;
        bool refused;

        if (fd < 0)
                return false;
        refused = connect(fd, (const struct sockaddr *)address, sizeof(*address)) && errno == ECONNREFUSED;
        close(fd);
        return refused && lstat(address->sun_path, &status) == 0 && S_ISSOCK(status.st_mode);
}

static int open_unix(struct bp_server *server, struct bp_problem *reterr_problem) {
        const char *path = server->settings.unix_path;
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        if (strlen(path) >= sizeof(address.sun_path))
                return refuse(reterr_problem, path, "the path is too long for a socket");
        memcpy(address.sun_path, path, strlen(path));
        server->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (server->listen_fd < 0)
                return refuse(reterr_problem, path, strerror(errno));
        if (is_stale(&address))
                unlink(path);
        if (bind(server->listen_fd, (const struct sockaddr *)&address, sizeof(address)) ||
            listen(server->listen_fd, BACKLOG))
                return refuse(reterr_problem, path, strerror(errno));
        server->unix_path = bp_memdup_text(path, strlen(path));
        snprintf(server->url, sizeof(server->url), "unix:%s", path);
        return server->unix_path ? 0 : -ENOMEM;
}

static int take_given(struct bp_server *server, struct bp_problem *reterr_problem) {
        int fd = server->settings.listen_fd, listens = 0;
        socklen_t size = sizeof(listens);

        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) || !listens)
                return refuse(reterr_problem, "the socket that was given", "it does not listen");
        server->listen_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (server->listen_fd < 0)
                return refuse(reterr_problem, "the socket that was given", strerror(errno));
        fcntl(server->listen_fd, F_SETFL, fcntl(server->listen_fd, F_GETFL) | O_NONBLOCK);
        return 0;
}

static void set_url(struct bp_server *server) {
        struct sockaddr_storage address;
        const struct sockaddr_in *v4 = (const void *)&address;
        socklen_t size = sizeof(address);
        char text[BP_ADDRESS_SIZE];

        memset(&address, 0, sizeof(address));
        if (server->url[0] || getsockname(server->listen_fd, (struct sockaddr *)&address, &size))
                return;
        bp_address_text((const struct sockaddr *)&address, text);
        if (address.ss_family == AF_UNIX)
                snprintf(server->url, sizeof(server->url), "unix:");
        else
                snprintf(server->url, sizeof(server->url), strchr(text, ':') ? "%s://[%s]:%u" : "%s://%s:%u",
                         server->is_tls ? "https" : "http", text, ntohs(v4->sin_port));
}

int bp_listen_open(struct bp_server *server, struct bp_problem *reterr_problem) {
        int r;

        if (server->settings.listen_fd)
                r = take_given(server, reterr_problem);
        else if (server->settings.unix_path)
                r = open_unix(server, reterr_problem);
        else
                r = open_tcp(server, reterr_problem);
        if (!r)
                set_url(server);
        return r;
}

void bp_listen_unlink(struct bp_server *server) {
        if (server->unix_path)
                unlink(server->unix_path);
        free(server->unix_path);
        server->unix_path = NULL;
}

void bp_listen_close(struct bp_server *server) {
        if (server->listen_fd >= 0)
                close(server->listen_fd);
        server->listen_fd = -1;
        bp_listen_unlink(server);
}
