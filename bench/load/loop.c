/* SPDX-License-Identifier: Apache-2.0 */
/* Connections and their epoll: connects, sends what a handler wants sent, reads answers, connects again. */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

#define MILLISECOND UINT64_C(1000000)

enum { EVENTS = 256, TOLD_FAILURES = 5, SLOW_BUFFER = 4096 };

uint64_t load_now(void) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void load_die(const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        fputs("load: ", stderr);
        vfprintf(stderr, format, arguments);
        fputc('\n', stderr);
        va_end(arguments);
        exit(EXIT_FAILURE);
}

void load_fail(struct load_loop *loop, const char *format, ...) {
        va_list arguments;

        if (loop->failures++ >= TOLD_FAILURES)
                return;
        va_start(arguments, format);
        fputs("load: ", stderr);
        vfprintf(stderr, format, arguments);
        fputc('\n', stderr);
        va_end(arguments);
}

void load_loop_init(struct load_loop *loop, const struct load_options *options, unsigned n_connections) {
        *loop = (struct load_loop){.options = options, .epoll = epoll_create1(EPOLL_CLOEXEC)};
        loop->connections = calloc(n_connections, sizeof(*loop->connections));
        if (loop->epoll < 0 || !loop->connections)
                load_die("cannot begin: %s", strerror(errno));
        loop->n_connections = n_connections;
        for (unsigned i = 0; i < n_connections; i++)
                loop->connections[i].fd = -1;
}

void load_loop_done(struct load_loop *loop) {
        for (unsigned i = 0; i < loop->n_connections; i++) {
                if (loop->connections[i].fd >= 0)
                        close(loop->connections[i].fd);
                free(loop->connections[i].out);
                free(loop->connections[i].in);
        }
        free(loop->connections);
        close(loop->epoll);
}

static void reserve(char **buffer, size_t *capacity, size_t size) {
        if (*capacity >= size)
                return;
        *capacity = size * 2 > 4096 ? size * 2 : 4096;
        *buffer = realloc(*buffer, *capacity);
        if (!*buffer)
                load_die("no memory");
}

void load_write(struct load_connection *connection, const struct load_options *options, const char *method,
                const char *path, const char *headers, const char *body, size_t body_size) {
        int size;

        reserve(&connection->out, &connection->out_capacity, strlen(path) + strlen(headers) + body_size + 1024);
        size = snprintf(connection->out, connection->out_capacity, "%s %s HTTP/1.1\r\nHost: %s\r\n%s%s%s", method, path,
                        options->host, headers, options->header ? options->header : "", options->header ? "\r\n" : "");
        if (body)
                size += snprintf(connection->out + size, connection->out_capacity - (size_t)size,
                                 "Content-Type: application/json\r\nContent-Length: %zu\r\n", body_size);
        memcpy(connection->out + size, "\r\n", 2);
        if (body)
                memcpy(connection->out + size + 2, body, body_size);
        connection->out_size = (size_t)size + 2 + body_size;
        connection->out_sent = 0;
}

void load_sleep(struct load_connection *connection, uint64_t ns) {
        connection->state = LOAD_SLEEPING;
        connection->repeat = false;
        connection->wake_at = load_now() + ns;
}

static void watch(struct load_loop *loop, struct load_connection *connection, int operation, uint32_t events) {
        struct epoll_event event = {.events = events, .data.ptr = connection};

        if (epoll_ctl(loop->epoll, operation, connection->fd, &event))
                load_die("epoll_ctl: %s", strerror(errno));
}

static void disconnect(struct load_connection *connection) {
        if (connection->fd >= 0)
                close(connection->fd);
        connection->fd = -1;
        connection->in_size = connection->head_size = connection->body_size = 0;
        connection->chunked = connection->close = false;
}

/* The server is gone: what was under way is repeated soon, or given up. */
static void lost(struct load_loop *loop, struct load_connection *connection, const char *why) {
        disconnect(connection);
        if (!loop->options->survive) {
                connection->state = LOAD_CLOSED;
                load_fail(loop, "connection lost: %s", why);
                return;
        }
        if (!loop->lost_at)
                loop->lost_at = load_now();
        loop->back_at = 0;
        loop->reconnects++;
        load_sleep(connection, MILLISECOND);
        connection->repeat = true;
}

static void send_more(struct load_loop *loop, struct load_connection *connection) {
        while (connection->out_sent < connection->out_size) {
                ssize_t n = send(connection->fd, connection->out + connection->out_sent,
                                 connection->out_size - connection->out_sent, MSG_NOSIGNAL);

                if (n < 0 && errno == EAGAIN) {
                        watch(loop, connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
                        return;
                }
                if (n < 0) {
                        lost(loop, connection, strerror(errno));
                        return;
                }
                connection->out_sent += (size_t)n;
        }
}

static void connect_to(struct load_loop *loop, struct load_connection *connection) {
        int one = 1, small = SLOW_BUFFER;

        connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (connection->fd < 0)
                load_die("socket: %s", strerror(errno));
        setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        if (connection->slow)
                setsockopt(connection->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
        connection->state = LOAD_CONNECTING;
        connection->out_sent = 0;
        if (connect(connection->fd, (const struct sockaddr *)&loop->options->peer, sizeof(loop->options->peer)) &&
            errno != EINPROGRESS) {
                lost(loop, connection, strerror(errno));
                return;
        }
        watch(loop, connection, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
}

/* Gives the connection something to do. */
static void proceed(struct load_loop *loop, struct load_connection *connection) {
        if (!loop->handler->next(loop, connection)) {
                connection->state = LOAD_IDLE;
                return;
        }
        if (connection->state == LOAD_SLEEPING)
                return;
        if (connection->fd < 0) {
                connect_to(loop, connection);
                return;
        }
        connection->state = LOAD_BUSY;
        send_more(loop, connection);
}

static void connected(struct load_loop *loop, struct load_connection *connection) {
        int error = 0;
        socklen_t size = sizeof(error);

        getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error) {
                lost(loop, connection, strerror(error));
                return;
        }
        connection->state = LOAD_BUSY;
        watch(loop, connection, EPOLL_CTL_MOD, connection->slow ? 0 : EPOLLIN);
        send_more(loop, connection);
}

static void answered(struct load_loop *loop, struct load_connection *connection, const struct load_answer *answer) {
        bool closing = connection->close;

        if (loop->lost_at && !loop->back_at)
                loop->back_at = load_now();
        connection->state = LOAD_IDLE;
        loop->handler->answered(loop, connection, answer);
        load_forget(connection);
        if (closing)
                disconnect(connection);
        if (connection->state == LOAD_IDLE)
                proceed(loop, connection);
}

static void take(struct load_loop *loop, struct load_connection *connection) {
        struct load_answer answer = {0};
        bool streaming = loop->handler->received != NULL;

        switch (load_take(connection, streaming, &answer)) {
        case LOAD_MORE:
                break;
        case LOAD_STREAMING:
                loop->handler->received(loop, connection, answer.body, answer.size);
                load_forget(connection);
                break;
        case LOAD_COMPLETE:
                if (streaming) {
                        if (answer.status == 200)
                                loop->handler->received(loop, connection, answer.body, answer.size);
                        else
                                load_fail(loop, "answer %u to a stream: %.200s", answer.status, answer.body);
                        disconnect(connection);
                        connection->state = LOAD_CLOSED;
                } else {
                        answered(loop, connection, &answer);
                }
                break;
        case LOAD_BROKEN:
                load_die("the server does not speak HTTP/1.1: %.80s", connection->in);
        }
}

static void receive(struct load_loop *loop, struct load_connection *connection) {
        ssize_t n;

        reserve(&connection->in, &connection->in_capacity, connection->in_size + 16384);
        n = recv(connection->fd, connection->in + connection->in_size,
                 connection->in_capacity - connection->in_size - 1, 0);
        if (n < 0 && errno == EAGAIN)
                return;
        if (n > 0) {
                connection->in_size += (size_t)n;
                loop->bytes += (uint64_t)n;
                take(loop, connection);
        } else if (connection->state == LOAD_BUSY && !loop->handler->received) {
                lost(loop, connection, n ? strerror(errno) : "closed without an answer");
        } else { /* kept alive for nothing, or the end of a stream */
                disconnect(connection);
                if (connection->state == LOAD_BUSY)
                        connection->state = LOAD_CLOSED;
        }
}

static void happened(struct load_loop *loop, struct load_connection *connection, uint32_t events) {
        if (connection->fd < 0)
                return;
        if (connection->state == LOAD_CONNECTING) {
                connected(loop, connection);
        } else if (connection->slow) {
                if (events & (EPOLLHUP | EPOLLERR)) {
                        disconnect(connection);
                        connection->state = LOAD_CLOSED;
                }
        } else {
                if (events & EPOLLOUT && connection->state == LOAD_BUSY) {
                        watch(loop, connection, EPOLL_CTL_MOD, EPOLLIN);
                        send_more(loop, connection);
                }
                if (connection->fd >= 0 && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                        receive(loop, connection);
        }
}

static void wake(struct load_loop *loop, struct load_connection *connection) {
        connection->state = LOAD_IDLE;
        if (!connection->repeat) {
                proceed(loop, connection);
        } else if (connection->fd < 0) {
                connect_to(loop, connection);
        } else {
                connection->state = LOAD_BUSY;
                connection->out_sent = 0;
                send_more(loop, connection);
        }
}

/* Wakes who has slept enough. @return ms until the next one wakes; -1: nobody sleeps; -2: nothing is left to do */
static int look_after(struct load_loop *loop) {
        uint64_t now = load_now(), next = UINT64_MAX;
        bool working = false;

        if (loop->stop_at && now >= loop->stop_at)
                return -2;
        for (unsigned i = 0; i < loop->n_connections; i++) {
                struct load_connection *connection = &loop->connections[i];

                if (connection->state == LOAD_SLEEPING && connection->wake_at <= now)
                        wake(loop, connection);
                if (connection->state == LOAD_SLEEPING && connection->wake_at < next)
                        next = connection->wake_at;
                working |= connection->state != LOAD_IDLE && connection->state != LOAD_CLOSED;
        }
        if (!working)
                return -2;
        if (loop->stop_at && loop->stop_at < next)
                next = loop->stop_at;
        if (next == UINT64_MAX)
                return -1;
        return next <= now ? 0 : (int)((next - now) / MILLISECOND) + 1;
}

void load_loop_run(struct load_loop *loop, const struct load_handler *handler) {
        struct epoll_event events[EVENTS];
        int timeout;

        loop->handler = handler;
        for (unsigned i = 0; i < loop->n_connections; i++)
                if (loop->connections[i].state != LOAD_CLOSED)
                        proceed(loop, &loop->connections[i]);
        while ((timeout = look_after(loop)) != -2) {
                int n = epoll_wait(loop->epoll, events, EVENTS, timeout);

                if (n < 0 && errno != EINTR)
                        load_die("epoll_wait: %s", strerror(errno));
                for (int i = 0; i < n; i++)
                        happened(loop, events[i].data.ptr, events[i].events);
        }
}
