/* SPDX-License-Identifier: Apache-2.0 */
#include "server/watch.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/connection.h"
#include "server/stream.h"

enum {
        STACK_BYTES = 128 << 10,
        LINGER_US = 2000000,
        LINGER_BYTES = 16 << 20,
};

void bp_watch_wake(struct bp_watch *watch) {
        uint64_t one = 1;
        ssize_t n;

        do
                n = write(watch->event_fd, &one, sizeof(one));
        while (n < 0 && errno == EINTR);
}

void bp_watch_add(struct bp_watch *watch, struct bp_connection *connection) {
        pthread_mutex_lock(&watch->lock);
        connection->next = watch->connections;
        if (connection->next)
                connection->next->previous = connection;
        watch->connections = connection;
        pthread_mutex_unlock(&watch->lock);
}

void bp_watch_remove(struct bp_watch *watch, struct bp_connection *connection) {
        pthread_mutex_lock(&watch->lock);
        if (connection->previous)
                connection->previous->next = connection->next;
        else
                watch->connections = connection->next;
        if (connection->next)
                connection->next->previous = connection->previous;
        pthread_mutex_unlock(&watch->lock);
}

/* @return true when the thread would have slept longer */
static bool wake_by(struct bp_watch *watch, int64_t deadline_us) {
        int64_t wake_us = atomic_load(&watch->wake_us);

        while (deadline_us < wake_us) {
                if (atomic_compare_exchange_weak(&watch->wake_us, &wake_us, deadline_us))
                        return true;
        }
        return false;
}

void bp_watch_expect(struct bp_watch *watch, struct bp_connection *connection, int64_t deadline_us) {
        atomic_store(&connection->deadline_us, deadline_us);
        if (wake_by(watch, deadline_us))
                bp_watch_wake(watch);
}

void bp_watch_each(struct bp_watch *watch, void (*look)(struct bp_connection *connection)) {
        pthread_mutex_lock(&watch->lock);
        for (struct bp_connection *connection = watch->connections; connection; connection = connection->next)
                look(connection);
        pthread_mutex_unlock(&watch->lock);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Lingering
 */

void bp_watch_linger(struct bp_watch *watch, int fd) {
        bool is_taken;

        pthread_mutex_lock(&watch->lock);
        is_taken = watch->n_lingering < BP_LINGERING;
        if (is_taken)
                watch->lingering[watch->n_lingering++] =
                        (struct bp_lingering){.fd = fd, .until_us = bp_mono_now().us + LINGER_US};
        pthread_mutex_unlock(&watch->lock);
        if (!is_taken) {
                close(fd);
                return;
        }
        wake_by(watch, bp_mono_now().us);
        bp_watch_wake(watch);
}

/* @return true when the client is done, or has had its time */
static bool drain(struct bp_lingering *lingering, int64_t now_us) {
        char dropped[16384];
        ssize_t n;

        while ((n = recv(lingering->fd, dropped, sizeof(dropped), MSG_DONTWAIT)) > 0) {
                lingering->bytes += (uint64_t)n;
                if (lingering->bytes > LINGER_BYTES)
                        return true;
        }
        return n == 0 || (errno != EAGAIN && errno != EINTR) || now_us >= lingering->until_us;
}

static int64_t drain_all(struct bp_watch *watch, int64_t now_us) {
        int64_t earliest = BP_NEVER_US;

        for (uint32_t i = 0; i < watch->n_lingering;) {
                struct bp_lingering *lingering = &watch->lingering[i];

                if (drain(lingering, now_us)) {
                        close(lingering->fd);
                        *lingering = watch->lingering[--watch->n_lingering];
                        continue;
                }
                if (lingering->until_us < earliest)
                        earliest = lingering->until_us;
                i++;
        }
        return earliest;
}

/* ---------------------------------------------------------------------------------------------------------------
 * The thread
 */

static int64_t look_at_connections(struct bp_watch *watch, int64_t now_us) {
        int64_t earliest = BP_NEVER_US;

        for (struct bp_connection *connection = watch->connections; connection; connection = connection->next) {
                if (atomic_load(&connection->deadline_us) <= now_us)
                        bp_connection_overdue(connection, now_us);
                if (atomic_load(&connection->deadline_us) < earliest)
                        earliest = atomic_load(&connection->deadline_us);
        }
        return earliest;
}

/* A deadline that is set while this looks around finds `wake_us` at its latest, so it cannot be overlooked. */
static void look_around(struct bp_watch *watch) {
        int64_t now_us = bp_mono_now().us, earliest, lingering;

        atomic_store(&watch->wake_us, BP_NEVER_US);
        pthread_mutex_lock(&watch->lock);
        earliest = look_at_connections(watch, now_us);
        lingering = drain_all(watch, now_us);
        pthread_mutex_unlock(&watch->lock);
        wake_by(watch, lingering < earliest ? lingering : earliest);
}

/* @return true when a client that lingers has sent something or is gone */
static bool wait_until(struct bp_watch *watch, int64_t wake_us) {
        struct pollfd fds[1 + BP_LINGERING] = {{.fd = watch->event_fd, .events = POLLIN}};
        int64_t left = wake_us == BP_NEVER_US ? 0 : wake_us - bp_mono_now().us;
        struct timespec timeout = {0};
        bool is_lingering = false;
        uint64_t count;
        uint32_t n;

        pthread_mutex_lock(&watch->lock);
        n = watch->n_lingering;
        for (uint32_t i = 0; i < n; i++)
                fds[1 + i] = (struct pollfd){.fd = watch->lingering[i].fd, .events = POLLIN};
        pthread_mutex_unlock(&watch->lock);
        if (left > 0)
                timeout = (struct timespec){.tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000};
        if (ppoll(fds, 1 + n, wake_us == BP_NEVER_US ? NULL : &timeout, NULL) <= 0)
                return false;
        for (uint32_t i = 0; i < n; i++)
                is_lingering |= fds[1 + i].revents != 0;
        if (fds[0].revents && read(watch->event_fd, &count, sizeof(count)) < 0)
                return is_lingering;
        return is_lingering;
}

static void *run(void *data) {
        struct bp_watch *watch = data;
        bool is_lingering = false;

        while (!atomic_load(&watch->is_stopping)) {
                bp_streams_wake(watch);
                if (is_lingering || atomic_load(&watch->wake_us) <= bp_mono_now().us)
                        look_around(watch);
                is_lingering = wait_until(watch, atomic_load(&watch->wake_us));
        }
        return NULL;
}

int bp_watch_init(struct bp_watch *watch) {
        *watch = (struct bp_watch){.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .wake_us = BP_NEVER_US};
        if (watch->event_fd < 0)
                return -errno;
        pthread_mutex_init(&watch->lock, NULL);
        pthread_mutex_init(&watch->ready_lock, NULL);
        return 0;
}

int bp_watch_start(struct bp_watch *watch) {
        pthread_attr_t attributes;
        int r;

        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, STACK_BYTES);
        r = pthread_create(&watch->thread, &attributes, run, watch);
        pthread_attr_destroy(&attributes);
        watch->is_running = r == 0;
        return -r;
}

void bp_watch_done(struct bp_watch *watch) {
        if (watch->is_running) {
                atomic_store(&watch->is_stopping, true);
                bp_watch_wake(watch);
                pthread_join(watch->thread, NULL);
        }
        for (uint32_t i = 0; i < watch->n_lingering; i++)
                close(watch->lingering[i].fd);
        pthread_mutex_destroy(&watch->ready_lock);
        pthread_mutex_destroy(&watch->lock);
        close(watch->event_fd);
}
