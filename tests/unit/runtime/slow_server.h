/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP server on a free local port that answers "ok", but only once so many requests have come together. */
#ifndef TEST_RUNTIME_SLOW_SERVER_H
#define TEST_RUNTIME_SLOW_SERVER_H

#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
        CONNECTIONS_MAX = 8192,
};

struct slow_server {
        pthread_t thread;
        int listener, quit[2];
        uint16_t port;
        unsigned together; /* requests that have to be there before any is answered */
        unsigned most_waiting;
        struct pollfd sockets[2 + CONNECTIONS_MAX];
        char last[2 + CONNECTIONS_MAX][4]; /* of what each has sent, to find the end of its request */
        bool asked[2 + CONNECTIONS_MAX];
        size_t n_sockets;
        unsigned n_waiting;
        char heard[16384]; /* what came in, as far as it fits; one request at a time reads as sent */
        size_t n_heard;
};

static inline void drop_connection(struct slow_server *server, size_t i) {
        close(server->sockets[i].fd);
        server->n_waiting -= server->asked[i];
        server->n_sockets--;
        server->sockets[i] = server->sockets[server->n_sockets];
        server->asked[i] = server->asked[server->n_sockets];
        memcpy(server->last[i], server->last[server->n_sockets], 4);
}

static inline void answer_all(struct slow_server *server) {
        static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

        for (size_t i = server->n_sockets; i-- > 2;)
                if (server->asked[i]) {
                        ssize_t sent = send(server->sockets[i].fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL);

                        (void)sent; /* a client that has gone away needs no answer */
                        drop_connection(server, i);
                }
}

static inline void accept_connection(struct slow_server *server) {
        int fd = accept(server->listener, NULL, NULL);

        if (fd < 0 || server->n_sockets == 2 + CONNECTIONS_MAX)
                return;
        server->sockets[server->n_sockets] = (struct pollfd){.fd = fd, .events = POLLIN};
        server->asked[server->n_sockets] = false;
        memset(server->last[server->n_sockets], 0, 4);
        server->n_sockets++;
}

static inline void read_request(struct slow_server *server, size_t i) {
        char bytes[4096];
        ssize_t size = recv(server->sockets[i].fd, bytes, sizeof(bytes), 0);

        if (size <= 0) {
                drop_connection(server, i);
                return;
        }
        if (server->n_heard + (size_t)size < sizeof(server->heard)) {
                memcpy(server->heard + server->n_heard, bytes, (size_t)size);
                server->n_heard += (size_t)size;
        }
        for (ssize_t k = 0; k < size; k++) {
                memmove(server->last[i], server->last[i] + 1, 3);
                server->last[i][3] = bytes[k];
                if (memcmp(server->last[i], "\r\n\r\n", 4) == 0 && !server->asked[i]) {
                        server->asked[i] = true;
                        server->n_waiting++;
                }
        }
}

static inline void *serve_slowly(void *argument) {
        struct slow_server *server = argument;

        while (poll(server->sockets, server->n_sockets, -1) > 0 && !server->sockets[1].revents) {
                for (size_t i = server->n_sockets; i-- > 2;)
                        if (server->sockets[i].revents)
                                read_request(server, i);
                if (server->sockets[0].revents)
                        accept_connection(server);
                if (server->n_waiting > server->most_waiting)
                        server->most_waiting = server->n_waiting;
                if (server->n_waiting >= server->together)
                        answer_all(server);
        }
        return NULL;
}

static inline struct slow_server *slow_server_open(unsigned together) {
        struct slow_server *server = test_calloc(1, sizeof(*server));
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(address);

        server->together = together;
        server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(server->listener >= 0);
        assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(listen(server->listener, 4096), 0);
        assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
        assert_int_equal(pipe(server->quit), 0);
        server->port = ntohs(address.sin_port);
        server->sockets[0] = (struct pollfd){.fd = server->listener, .events = POLLIN};
        server->sockets[1] = (struct pollfd){.fd = server->quit[0], .events = POLLIN};
        server->n_sockets = 2;
        assert_int_equal(pthread_create(&server->thread, NULL, serve_slowly, server), 0);
        return server;
}

/* Lets the thread go, so that what it has heard can be looked at. */
static inline void slow_server_stop(struct slow_server *server) {
        if (server->quit[1] < 0)
                return;
        close(server->quit[1]);
        server->quit[1] = -1;
        pthread_join(server->thread, NULL);
}

static inline void slow_server_close(struct slow_server *server) {
        slow_server_stop(server);
        for (size_t i = 0; i < server->n_sockets; i++)
                close(server->sockets[i].fd);
        test_free(server);
}

#endif
