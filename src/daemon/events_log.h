/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to executions, in the log of the service: for log.level debug. Inside the room only. */
#ifndef BP_DAEMON_EVENTS_LOG_H
#define BP_DAEMON_EVENTS_LOG_H

struct bp_events_log;
struct bp_log;
struct bp_service;

/** Logs everything that becomes durable from now on. @return 0 or -ENOMEM. */
int bp_events_log_begin(struct bp_service *service, struct bp_log *log, struct bp_events_log **ret_events_log);

/** Ends it. NULL is allowed. */
void bp_events_log_end(struct bp_events_log *events_log);

#endif
