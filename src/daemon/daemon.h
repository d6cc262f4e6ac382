/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file daemon.h
 * The composition root: a configuration in, a running service out. Wires registry, plug-ins, store, service, API and
 * server; signals, readiness, graceful stop. The one place beside the command line that may log and hold static state.
 */
#ifndef BP_DAEMON_DAEMON_H
#define BP_DAEMON_DAEMON_H

struct bp_config;
struct bp_problem;

/**
 * Serves until SIGTERM or SIGINT: then health says so, new requests are refused, executions drain within the
 * deadline, and everything is durable. @return 0; BP_PROBLEM (it could not start: the problem of the store, the server
 * or the configuration); negative errno.
 */
int bp_daemon_run(const struct bp_config *config, struct bp_problem *reterr_problem);

#endif
