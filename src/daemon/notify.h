/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file notify.h
 * What the service manager gives and is told, by the protocols of sd_notify(3) and sd_listen_fds(3). Without one,
 * nothing happens.
 */
#ifndef BP_DAEMON_NOTIFY_H
#define BP_DAEMON_NOTIFY_H

#include <stdint.h>

/** What was found in the environment. */
struct bp_notify {
        int fd;               /**< socket of the manager, or -1 */
        int listen_fd;        /**< socket to listen on, or 0 */
        uint64_t watchdog_us; /**< how often it wants to hear of us, or 0 */
};

/** Looks at the environment and clears what is meant for this process alone. */
void bp_notify_open(struct bp_notify *notify);

/** Closes. */
void bp_notify_close(struct bp_notify *notify);

/** Tells the manager: "READY=1\nSTATUS=..." */
void bp_notify_send(const struct bp_notify *notify, const char *state);

#endif
