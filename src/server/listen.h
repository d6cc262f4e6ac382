/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file listen.h
 * Sockets that listen. Private to the room.
 */
#ifndef BP_SERVER_LISTEN_H
#define BP_SERVER_LISTEN_H

struct bp_problem;
struct bp_server;

/** Opens what the settings say and sets `listen_fd`, `unix_path` and `url`. @return 0; BP_PROBLEM (LISTEN); -ENOMEM */
int bp_listen_open(struct bp_server *server, struct bp_problem *reterr_problem);

/** Closes and removes. */
void bp_listen_close(struct bp_server *server);

/** Takes the name of a socket in the file system away, so that nobody finds it any more. */
void bp_listen_unlink(struct bp_server *server);

#endif
