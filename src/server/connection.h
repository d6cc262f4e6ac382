/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file connection.h
 * A connection and the request that it carries at the moment. The only file that knows how libmicrohttpd calls, is
 * connection.c. Private to the room.
 */
#ifndef BP_SERVER_CONNECTION_H
#define BP_SERVER_CONNECTION_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/networks.h"
#include "server/request.h"

struct bp_server;

/** What a connection is at. What its deadline means depends on it. */
enum bp_phase {
        BP_PHASE_IDLE = 1, /**< waits for the first line of a request */
        BP_PHASE_READING,  /**< headers and body */
        BP_PHASE_HANDLING, /**< checks and handler */
        BP_PHASE_SLEEPING, /**< deferred */
        BP_PHASE_WRITING,  /**< the answer leaves */
        BP_PHASE_STREAMING,
        BP_PHASE_CUT, /**< the socket is shut down; nothing more counts */
};

/** A connection. One of the library's threads uses it, the watch looks at it. */
struct bp_connection {
        struct bp_server *server;
        struct MHD_Connection *mhd;
        struct bp_connection *previous, *next; /**< of the watch */
        int fd;
        _Atomic uint32_t phase;
        _Atomic int64_t deadline_us;
        pthread_mutex_t lock; /**< guards `request.deferred` and `request.stream` against the watch */
        char peer[BP_ADDRESS_SIZE];
        bool is_surplus;                /**< over the limit: its request is answered with 503 */
        bool is_fresh;                  /**< has not carried a request yet */
        bool waits_for_acknowledgement; /**< sends bodies when their headers have been acknowledged */

        bool has_request, is_open, has_run; /**< the request's first line, headers, and body have been seen */
        int64_t latest_us;                  /**< when the request must be complete */
        struct bp_arena *arena;             /**< of the request; kept while it is small */
        struct bp_request request;
        uint64_t sent_bytes;
};

/** What the library is started with. */
enum MHD_Result bp_connection_access(void *server, struct MHD_Connection *mhd, const char *url, const char *method,
                                     const char *version, const char *upload_data, size_t *upload_data_size,
                                     void **request_context);
void *bp_connection_begin_request(void *data, const char *target, struct MHD_Connection *mhd);
void bp_connection_end_request(void *data, struct MHD_Connection *mhd, void **request_context,
                               enum MHD_RequestTerminationCode how);
void bp_connection_notify(void *server, struct MHD_Connection *mhd, void **socket_context,
                          enum MHD_ConnectionNotificationCode code);

/** The deadline of a connection has passed. On the watch's thread, under its lock. */
void bp_connection_overdue(struct bp_connection *connection, int64_t now_us);

/** Close a connection that carries no request, one whose request is not complete, one whose answer has not left. Under
 * the watch's lock. */
void bp_connection_cut_idle(struct bp_connection *connection);
void bp_connection_cut_reading(struct bp_connection *connection);
void bp_connection_cut_writing(struct bp_connection *connection);

/** Lets a deferred request of this connection finish with what it has, or ends its stream. Under the watch's lock. */
void bp_connection_hurry(struct bp_connection *connection);

#endif
