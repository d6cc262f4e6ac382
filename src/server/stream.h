/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file stream.h
 * Event streams as connection.c and watch.c use them. Private to the room.
 */
#ifndef BP_SERVER_STREAM_H
#define BP_SERVER_STREAM_H

#include <stdbool.h>
#include <stdint.h>

struct MHD_Response;
struct bp_connection;
struct bp_stream;
struct bp_watch;

/** The answer that carries the stream, or NULL. */
struct MHD_Response *bp_stream_response(struct bp_stream *stream);

/** The stream's ping is due: sends one when nothing else is under way. */
void bp_stream_ping(struct bp_stream *stream);

/** Ends the stream after an event that says so: the server stops. */
void bp_stream_farewell(struct bp_stream *stream);

/** The connection has ended: tells the owner, and gives the request's share back. */
void bp_stream_closed(struct bp_stream *stream);

/** Wakes the connections of streams that have something to send. On the watch's thread. */
void bp_streams_wake(struct bp_watch *watch);

#endif
