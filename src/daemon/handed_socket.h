/* SPDX-License-Identifier: Apache-2.0 */
/* A listening socket that the service manager handed over. Inside the room only. */
#ifndef BP_DAEMON_HANDED_SOCKET_H
#define BP_DAEMON_HANDED_SOCKET_H

struct bp_config;
struct bp_problem;

/** Whether the configuration guards where it listens; 0 is no socket. @return 0, BP_PROBLEM, or -ENOMEM. */
int bp_handed_socket_check(const struct bp_config *config, int fd, struct bp_problem *reterr_problem);

#endif
