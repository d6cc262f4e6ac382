/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP server without a thread: the test itself takes each request, and answers it when it wants to. */
#ifndef BP_TESTS_HELD_SERVER_H
#define BP_TESTS_HELD_SERVER_H

#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct held_server {
        int listener;
        char url[80];    /* "http://127.0.0.1:4711" */
        char target[64]; /* "127.0.0.1:4711" */
};

/* A request that was sent and awaits its answer. */
struct held_request {
        int fd;
        char head[4096];
};

static inline struct held_server held_server_open(void) {
        struct held_server server = {.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(address);

        assert_true(server.listener >= 0);
        assert_int_equal(bind(server.listener, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(listen(server.listener, 256), 0);
        assert_int_equal(getsockname(server.listener, (struct sockaddr *)&address, &size), 0);
        snprintf(server.target, sizeof(server.target), "127.0.0.1:%u", ntohs(address.sin_port));
        snprintf(server.url, sizeof(server.url), "http://%s", server.target);
        return server;
}

static inline void held_server_close(const struct held_server *server) {
        close(server->listener);
}

/* Waits for the next request, and for its head. */
static inline struct held_request held_server_take(const struct held_server *server) {
        struct held_request request = {.fd = accept(server->listener, NULL, NULL)};
        size_t size = 0;

        assert_true(request.fd >= 0);
        while (!strstr(request.head, "\r\n\r\n")) {
                ssize_t more = recv(request.fd, request.head + size, sizeof(request.head) - 1 - size, 0);

                assert_true(more > 0);
                size += (size_t)more;
        }
        return request;
}

/* True when nobody connects for a while; a client that does so later would be found by what is taken next. */
static inline bool held_server_is_quiet(const struct held_server *server) {
        struct pollfd socket = {.fd = server->listener, .events = POLLIN};

        return poll(&socket, 1, 30) == 0;
}

/* The connection ends with the answer. */
static inline void held_request_answer(struct held_request *request, const char *status) {
        char answer[128];
        int size = snprintf(answer, sizeof(answer),
                            "HTTP/1.1 %s Test\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", status);

        assert_int_equal(send(request->fd, answer, (size_t)size, MSG_NOSIGNAL), size);
        close(request->fd);
        request->fd = -1;
}

/* True for a request to this path. */
static inline bool held_request_is_for(const struct held_request *request, const char *path) {
        const char *found = strchr(request->head, ' ');

        return found && strncmp(found + 1, path, strlen(path)) == 0 && found[1 + strlen(path)] == ' ';
}

#endif
