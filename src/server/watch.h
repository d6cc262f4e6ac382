/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file watch.h
 * The one thread that looks at time: clients that send or read too slowly, answers that come too late, streams that
 * want a ping. It also wakes sleeping streams, so that whoever sends an event does not pay for it. It sleeps until the
 * earliest deadline. Private to the room.
 *
 * Locks are taken in this order: the watch's, a connection's, a stream's, the watch's list of ready streams.
 */
#ifndef BP_SERVER_WATCH_H
#define BP_SERVER_WATCH_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct bp_connection;
struct bp_stream;

/** No deadline. */
#define BP_NEVER_US INT64_MAX

/** A connection that is closed once its client has stopped sending, so that the answer is not lost. */
struct bp_lingering {
        int fd;
        int64_t until_us;
        uint64_t bytes;
};

/** Most connections that linger at a time; more are closed at once. */
#define BP_LINGERING 128

/** The thread and what it looks after. */
struct bp_watch {
        pthread_t thread;
        bool is_running;
        int event_fd;
        pthread_mutex_t lock; /**< guards the connections and those that linger */
        struct bp_connection *connections;
        struct bp_lingering lingering[BP_LINGERING];
        uint32_t n_lingering;
        pthread_mutex_t ready_lock;
        struct bp_stream *ready; /**< streams to be woken; each counted once */
        _Atomic int64_t wake_us; /**< when it wakes by itself */
        _Atomic bool is_stopping;
};

/** Prepares; the thread does not run yet. @return 0 or negative errno */
int bp_watch_init(struct bp_watch *watch);

/** Starts the thread. @return 0 or negative errno */
int bp_watch_start(struct bp_watch *watch);

/** Ends the thread and gives back. */
void bp_watch_done(struct bp_watch *watch);

/** Makes the thread look again at once. Any thread. */
void bp_watch_wake(struct bp_watch *watch);

/** Adds and removes a connection. */
void bp_watch_add(struct bp_watch *watch, struct bp_connection *connection);
void bp_watch_remove(struct bp_watch *watch, struct bp_connection *connection);

/** Sets the deadline of a connection. */
void bp_watch_expect(struct bp_watch *watch, struct bp_connection *connection, int64_t deadline_us);

/** Calls `look` with each connection, under the lock. */
void bp_watch_each(struct bp_watch *watch, void (*look)(struct bp_connection *connection));

/** Takes over a copy of a socket whose other copy is about to be closed: what its client still sends is dropped for a
 * moment, so that it reads the answer before it learns that nobody listens. */
void bp_watch_linger(struct bp_watch *watch, int fd);

#endif
