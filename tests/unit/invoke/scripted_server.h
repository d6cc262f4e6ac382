/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP server on a free local port that answers what it is told, request after request, and keeps what it heard. */
#ifndef TEST_INVOKE_SCRIPTED_SERVER_H
#define TEST_INVOKE_SCRIPTED_SERVER_H

#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEARD_MAX = 32, HEARD_BYTES = 8192 };

struct scripted_server {
        pthread_t thread;
        pthread_mutex_t lock;
        int listener;
        uint16_t port;
        char url[64];
        const char *const
                *answers;     /* whole responses, NULL-terminated; "": the connection is cut; the last one stays */
        bool stops_after_one; /* whoever connects later is refused */
        size_t n_heard;
        char heard[HEARD_MAX][HEARD_BYTES];
};

/* A whole response; the connection's end is that of the body. */
#define ANSWER(status, headers, body) "HTTP/1.1 " status " Test\r\nConnection: close\r\n" headers "\r\n" body

static inline size_t body_size_in(const char *request) {
        const char *length = strcasestr(request, "\r\ncontent-length:");

        return length ? strtoul(length + 17, NULL, 10) : 0;
}

/* @return false when the peer went away before */
static inline bool hear(int fd, char *heard) {
        size_t size = 0;

        for (;;) {
                ssize_t n = recv(fd, heard + size, HEARD_BYTES - 1 - size, 0);
                const char *end;

                if (n <= 0)
                        return false;
                size += (size_t)n;
                heard[size] = '\0';
                end = strstr(heard, "\r\n\r\n");
                if (end && size >= (size_t)(end + 4 - heard) + body_size_in(heard))
                        return true;
        }
}

static inline void *serve_script(void *argument) {
        struct scripted_server *server = argument;
        size_t place = 0;
        int fd;

        while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
                char request[HEARD_BYTES];
                const char *answer = server->answers[place];

                if (hear(fd, request)) {
                        pthread_mutex_lock(&server->lock);
                        assert_true(server->n_heard < HEARD_MAX);
                        memcpy(server->heard[server->n_heard++], request, sizeof(request));
                        pthread_mutex_unlock(&server->lock);
                        if (server->stops_after_one)
                                shutdown(server->listener, SHUT_RDWR);
                        if (*answer)
                                assert_int_equal(send(fd, answer, strlen(answer), MSG_NOSIGNAL), strlen(answer));
                        if (server->answers[place + 1])
                                place++;
                }
                close(fd);
        }
        return NULL;
}

static inline struct scripted_server *scripted_server_open(const char *const *answers) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        struct scripted_server *server = test_calloc(1, sizeof(*server));
        socklen_t size = sizeof(address);

        server->answers = answers;
        pthread_mutex_init(&server->lock, NULL);
        server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(server->listener >= 0);
        assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(listen(server->listener, 64), 0);
        assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
        server->port = ntohs(address.sin_port);
        snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%u", server->port);
        assert_int_equal(pthread_create(&server->thread, NULL, serve_script, server), 0);
        return server;
}

static inline size_t scripted_server_count(struct scripted_server *server) {
        size_t count;

        pthread_mutex_lock(&server->lock);
        count = server->n_heard;
        pthread_mutex_unlock(&server->lock);
        return count;
}

static inline void scripted_server_close(struct scripted_server *server) {
        shutdown(server->listener, SHUT_RDWR);
        pthread_join(server->thread, NULL);
        close(server->listener);
        pthread_mutex_destroy(&server->lock);
        test_free(server);
}

/* True when a request has this line among its head, whatever the case of a header's name. */
static inline bool has_line(const char *request, const char *line) {
        const char *found = strcasestr(request, line);

        return found && (found == request || found[-1] == '\n') && found[strlen(line)] == '\r';
}

static inline const char *body_in(const char *request) {
        return strstr(request, "\r\n\r\n") + 4;
}

#endif
